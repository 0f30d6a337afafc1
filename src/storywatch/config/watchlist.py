"""Watches: one file each, with the texts that it names as seeds."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from storywatch.config.document import Document, load_document, load_text
from storywatch.config.faults import Fault, did_you_mean, found, near_id
from storywatch.config.tables import WatchFile
from storywatch.config.values import ID
from storywatch.core.model import ChannelId, FeedId, Sensitivity, Severity, Terms, Watch, WatchId
from storywatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

PATTERN_SIGNS = re.compile(r"[*?\[]")


def load_watch(path: Path) -> Watch:
    """One watch file by itself. Its seeds are read; its feeds and channels need not exist."""
    document = load_document(path)
    watch = watch_of(document)
    if watch is None:
        raise ConfigError(tuple(str(fault) for fault in sorted(document.faults)))
    return watch


def watch_of(
    document: Document,
    feeds: Collection[str] | None = None,
    channels: Collection[str] | None = None,
    *,
    may_translate: bool = True,
) -> Watch | None:
    """The watch that a file describes; None, with its faults noted, where it can't be followed.

    With `feeds` and `channels`, those that it names must exist; without, it is taken by its word and
    follows whatever feed it is given.
    """
    check_stem(document)
    if not document.usable:
        return None
    written = document.check(WatchFile, document.data)
    seeds = load_seeds(document)
    followed = match_feeds(document, feeds) if feeds is not None else frozenset()
    if channels is not None:
        check_channels(document, channels)
    if "translate_to" in document.data and not may_translate:
        document.fault(("translate_to",), "needs the table [opinion] in storywatch.toml: nothing else translates")
    if written is None or document.faults:
        return None
    return Watch(
        id=WatchId(document.file.stem),
        name=written.name,
        about=written.about,
        seeds=seeds,
        feeds=frozenset(FeedId(feed) for feed in followed),
        channels=tuple(ChannelId(channel) for channel in written.channels),
        languages=frozenset(written.languages),
        terms=Terms(
            any=tuple(written.terms.any),
            all_groups=tuple(tuple(group) for group in written.terms.all_groups),
            none=tuple(written.terms.none),
        ),
        minimum=Severity(written.alert.minimum),
        sensitivity=Sensitivity(written.alert.sensitivity),
        settle=written.alert.settle,
        corroborate=written.alert.corroborate,
        remind=written.alert.remind,
        translate_to=written.translate_to,
    )


def check_stem(document: Document) -> None:
    """The name of the file is the watch's id."""
    stem = document.file.stem
    if re.fullmatch(ID, stem):
        return
    near = near_id(stem)
    hint = f', such as "{near}.toml"' if near else ""
    message = f"the name of the file is the watch's id: small letters, digits and hyphens{hint}"
    document.faults.append(Fault(file=str(document.file), message=message))
    document.usable = False


def load_seeds(document: Document) -> tuple[str, ...]:
    """The texts of the seeds, in the order of the file."""
    texts = []
    for place, name in named(document, "seeds"):
        path = document.file.parent / name
        shown = os.path.normpath(path)
        reading = Document(file=path)
        text = load_text(reading, path) if "\0" not in name else None
        for fault in reading.faults:
            at = f" at line {fault.line}" if fault.line else ""
            document.fault(("seeds", place), f"{shown}: {fault.message}{at}", at_value=True)
        if text is not None and not text.strip():
            document.fault(("seeds", place), f"{shown}: the file is empty, paste an article into it", at_value=True)
        texts.append((text or "").removeprefix("\ufeff").strip())
    return tuple(texts)


def match_feeds(document: Document, feeds: Collection[str]) -> frozenset[str]:
    """The feeds that the watch's ids and patterns name. All feeds may be none: before the first `feeds add`."""
    matched: set[str] = set()
    patterns = named(document, "feeds") if "feeds" in document.data else [(0, "*")]
    for place, pattern in patterns:
        hits = {feed for feed in feeds if fnmatchcase(feed, pattern)}
        if not hits and pattern != "*":
            kind = "pattern matches no feed" if PATTERN_SIGNS.search(pattern) else "no such feed"
            hint = did_you_mean(pattern, feeds)
            document.fault(("feeds", place), f"{found(pattern)}: {kind} of feeds.toml{hint}", at_value=True)
        matched |= hits
    return frozenset(matched)


def check_channels(document: Document, channels: Collection[str]) -> None:
    """Every channel that the watch names must be one of storywatch.toml."""
    for place, channel in named(document, "channels"):
        if channel not in channels:
            known = did_you_mean(channel, channels) or (
                f"; known there: {', '.join(sorted(channels))}" if channels else "; none is set up there"
            )
            document.fault(
                ("channels", place), f"{found(channel)}: no such channel in storywatch.toml{known}", at_value=True
            )


def named(document: Document, key: str) -> list[tuple[int, str]]:
    """The texts of a list with their place in it; what is no text is a fault already."""
    values = document.data.get(key)
    return (
        [(place, value) for place, value in enumerate(values) if isinstance(value, str) and value.strip()]
        if isinstance(values, list)
        else []
    )
