"""Feeds as text of feeds.toml: tables that are put at the file's end, which stays as its owner wrote it."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from storywatch.config.load import read_feed
from storywatch.core.model import FeedKind
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from pathlib import Path

    from storywatch.core.model import Feed

UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
LONGEST_REMARK = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFeed:
    """A feed that is to be written down, and what its line says of it: foreign text, so one line of it."""

    feed: Feed
    remark: str = ""


def written_feed(feed: Feed) -> dict[str, Any]:
    """The keys of a feed's table, in their order; what is so without them is left out."""
    keys = {
        "url": feed.url,
        "kind": feed.kind.value if feed.kind is not FeedKind.AUTO else None,
        "select": feed.select,
        "owner": feed.owner if feed.owner != feed.id else None,
        "lang": feed.lang,
        "every": _duration(feed.every),
        "timezone": feed.timezone,
        "backfill": _duration(feed.backfill),
        "article": {key: text for key, text in asdict(feed.article).items() if text} if feed.article else None,
    }
    return {key: value for key, value in keys.items() if value is not None}


def table_of(new: NewFeed) -> str:
    """The feed's table, from `[feeds.ID]` to the end of its last line."""
    remark = "".join(sign if sign.isprintable() else " " for sign in new.remark)
    remark = " ".join(remark.split())[:LONGEST_REMARK].rstrip()
    head = f"[feeds.{new.feed.id}]" + (f"  # {remark}" if remark else "")
    return "\n".join([head, *(f"{key} = {_value(value)}" for key, value in written_feed(new.feed).items()), ""])


def add_feeds(file: Path, feeds: Sequence[NewFeed]) -> None:
    """Put tables at the end of feeds.toml: all of them, or none. Raises `StorywatchError` where that can't be.

    The rest of the file is not touched, so that its text, its comments, its rights and its owner stay.
    """
    try:
        with file.open("r+b") as target:
            old = target.read()
            added = _added(file, old.decode(), feeds)
            try:
                target.write(added.encode())
                target.flush()
                os.fsync(target.fileno())
            except OSError:
                target.truncate(len(old))
                raise
    except OSError as error:
        message = f"{file}: can't be written: {error.strerror}"
        raise StorywatchError(message) from error


def _added(file: Path, old: str, feeds: Sequence[NewFeed]) -> str:
    """The text to append, of which it is certain that it means what it should."""
    line_end = "\r\n" if "\r\n" in old else "\n"
    gap = "" if not old else ("\n" if old.endswith("\n") else "\n\n")
    added = (gap + "\n".join(map(table_of, feeds))).replace("\n", line_end)
    before = tomllib.loads(old.removeprefix("\ufeff").replace("\r\n", "\n")).get("feeds", {})
    wanted = before | {new.feed.id: written_feed(new.feed) for new in feeds}
    try:
        after = tomllib.loads((old.removeprefix("\ufeff") + added).replace("\r\n", "\n")).get("feeds")
    except tomllib.TOMLDecodeError as error:
        message = f"{file}: no table [feeds.ID] can follow at its end ({error}): write its feeds as tables of that form"
        raise StorywatchError(message) from error
    if after != wanted or len(wanted) != len(before) + len(feeds):
        message = f"{file}: {', '.join(new.feed.id for new in feeds)} can't be added: an id is taken"
        raise StorywatchError(message)
    for new in feeds:
        read_feed(new.feed.id, written_feed(new.feed))
    return added


def _duration(length: timedelta | None) -> str | None:
    if length is None:
        return None
    seconds = int(length.total_seconds())
    unit = next(unit for unit, size in UNITS.items() if seconds % size == 0 and (seconds or unit == "s"))
    return f"{seconds // UNITS[unit]}{unit}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
