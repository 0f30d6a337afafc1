"""`feeds add` and `feeds discover`: look at an address, show what can be followed there, write it into feeds.toml."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from storywatch.app import SystemClock, open_outside
from storywatch.cli.checking import quiet_logs
from storywatch.cli.printing import console, one_line, print_json, when
from storywatch.config import NewFeed, add_feeds, load_config, read_feed, table_of
from storywatch.core.model import FeedKind
from storywatch.core.naming import free_id, is_news_search, shared_owner
from storywatch.core.urls import is_news_search_link, url_key, web_address, without_password
from storywatch.errors import ConfigError, StorywatchError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from storywatch.config import Config
    from storywatch.core.model import ListedEntry
    from storywatch.fetch.discovery import Look, Offer

SHOWN = 5  # entries
LONGEST_MESSAGE = 1_000  # characters
RELOAD = "A service that runs takes it up by `systemctl reload storywatch`, or by SIGHUP to its process."
SEARCH_NOTE = "a news search: what it lists is told by title and summary, its links are not followed"
OPTIONS = {"owner": "--owner", "lang": "--lang", "every": "--every", "backfill": "--backfill", "select": "--select"}


# --------------------------------------------------------------------------- feeds discover


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An offer as it is shown: `newest` is the newest date in it, `fault` why it can't be followed."""

    kind: str
    url: str
    title: str | None
    lang: str | None
    entries: int
    newest: datetime | None
    how: str
    select: str | None
    asked: bool
    fault: str | None
    there: str | None  # the id under which it is configured already


def discover(options: Namespace) -> int:
    """`storywatch feeds discover SITE`. Status 1 where there is nothing to follow."""
    config = load_config(options.config, environ=os.environ)
    quiet_logs()
    look = _looked(config, _address(options.site))
    found = [_found(offer, config) for offer in look.offers]
    if options.json:
        print_json({"url": look.url, "requests": look.requests, "found": found})
    elif sys.stdout.isatty():
        _show(look, found)
    else:
        for one in found:
            entries = str(one.entries) if one.asked else "-"
            cells = (one.kind, one.url, one.title or "-", entries, when(one.newest), _note(one))
            print("\t".join(map(one_line, cells)))
    return 0 if any(one.asked and not one.fault for one in found) else 1


def _show(look: Look, found: Sequence[Found]) -> None:
    """For people: an address stands on a line of its own, so that it can be copied."""
    if not found:
        print(f"Nothing to follow was found at {one_line(look.url)}: no feed, no sitemap, no list of articles.")
        print("Try the page of a section, or look for the feed's own address in the page's foot.")
    for one in found:
        size = f"{_count(one.entries, one.kind)}, " if one.asked and not one.fault else ""
        newest = f"the newest of {when(one.newest)}, " if one.newest else ""
        title = f'"{one_line(one.title)[:80]}", ' if one.title else ""
        print(f"{one.kind:8} {one_line(one.url)}")
        print(f"{'':8} {title}{size}{newest}{one_line(_note(one))}")


def _count(number: int, kind: str) -> str:
    """`1 entry`, `6 links`."""
    one, more = ("link", "links") if kind == FeedKind.PAGE else ("entry", "entries")
    return f"{number} {one if number == 1 else more}"


def _found(offer: Offer, config: Config) -> Found:
    dates = [entry.published_at for entry in offer.entries if entry.published_at]
    return Found(
        kind=offer.kind.value,
        url=without_password(offer.url),
        title=offer.title,
        lang=offer.lang,
        entries=len(offer.entries),
        newest=max(dates, default=None),
        how=offer.how,
        select=offer.select,
        asked=offer.asked,
        fault=offer.fault,
        there=_known(config, offer.url),
    )


def _note(found: Found) -> str:
    if found.there:
        return f"there already: {found.there}"
    if found.fault:
        return found.fault
    if not found.asked:
        return "not asked"
    return f"select = {json.dumps(found.select, ensure_ascii=False)}" if found.select else found.how


# --------------------------------------------------------------------------- feeds add


def add(options: Namespace) -> int:
    """`storywatch feeds add URL`: what is there, and then its table at the end of feeds.toml."""
    config = load_config(options.config, environ=os.environ)
    quiet_logs()
    address = _address(options.url)
    wishes = {key: getattr(options, key) for key in OPTIONS if getattr(options, key) is not None}
    _check(options.id, wishes, config)
    _refuse_known(config, address)
    look = _looked(config, address, select=options.select)
    talks = sys.stdin.isatty() and sys.stdout.isatty() and not options.json
    offer = _chosen(look, ask=talks and not options.yes)
    _refuse_known(config, offer.url)
    new = _new_feed(offer, options.id, wishes, config)
    writes = options.yes or (talks and _agreed(offer, new, look, config.directory / "feeds.toml"))
    if writes:
        add_feeds(config.directory / "feeds.toml", [new])
    _tell(options, offer, new, look, written=writes, shown=talks and not options.yes, config=config)
    return 0


def _check(name: str | None, wishes: dict[str, str], config: Config) -> None:
    """What was typed is checked before anybody is asked. Raises `ConfigError` with all that is wrong."""
    faults = []
    if name is not None and name in config.feeds:
        faults.append(f"--id: {name!r} is there already: {without_password(config.feeds[name].url)}")  # type: ignore[index]
    page = {"kind": "page"} if "select" in wishes else {}
    try:
        read_feed(name if name is not None else "new", {"url": "https://example.org/", **page, **wishes})
    except ConfigError as error:
        for fault in error.faults:
            key, _, words = fault.partition(": ")
            faults.append(f"{OPTIONS.get(key, '--id')}: {words}")
    if faults:
        raise ConfigError(tuple(f"storywatch: {fault}" for fault in faults))


def _address(typed: str) -> str:
    """The address that somebody typed, who may have left https:// out."""
    address = web_address(typed if "://" in typed else f"https://{typed}")
    if address is None:
        message = f"{typed[:200]!r} is not an address such as https://harbor-times.example/"
        raise StorywatchError(message)
    return address.partition("#")[0]


def _looked(config: Config, address: str, *, select: str | None = None) -> Look:
    async def look() -> Look:
        async with open_outside(config, clock=SystemClock()) as outside:
            return await outside.discoverer.look(address, select=select)

    with console(error=True).status(f"looking at {one_line(address)}") if sys.stderr.isatty() else _Silent():
        return asyncio.run(look())


class _Silent:
    def __enter__(self) -> None:
        """Nothing to show."""

    def __exit__(self, *_: object) -> None:
        """Nothing to take away."""


def _known(config: Config, url: str) -> str | None:
    key = url_key(url)
    return next((feed.id for feed in config.feeds.values() if url_key(feed.url) == key), None)


def _refuse_known(config: Config, url: str) -> None:
    there = _known(config, url)
    if there:
        message = f"{without_password(url)} is there already: it is feeds.{there} in {config.directory / 'feeds.toml'}"
        raise StorywatchError(message)


def _chosen(look: Look, *, ask: bool) -> Offer:
    """The offer to follow: the best one that was read, or the one that somebody picks."""
    good = [offer for offer in look.offers if offer.good]
    if not good:
        faults = "; ".join(f"{offer.url}: {offer.fault}" for offer in look.offers if offer.fault)
        message = f"nothing to follow was found at {look.url}" + (f" ({faults})" if faults else "")
        raise StorywatchError(one_line(message)[:LONGEST_MESSAGE])
    if not ask or len(good) == 1:
        return good[0]
    print(f"{one_line(look.url)} offers:")
    for number, offer in enumerate(good, 1):
        print(f"  {number}  {_in_a_line(offer)}")
    while True:
        try:
            answer = input("Which one? [1] ").strip() or "1"
        except EOFError as error:
            message = "none was chosen, so nothing was written"
            raise StorywatchError(message) from error
        if answer.isdecimal() and 1 <= int(answer) <= len(good):
            return good[int(answer) - 1]


def _new_feed(offer: Offer, name: str | None, wishes: dict[str, str], config: Config) -> NewFeed:
    written = {"url": offer.url, **wishes}
    if offer.kind is FeedKind.PAGE:
        written |= {"kind": "page", "select": offer.select or ""}
    if "lang" not in wishes and offer.lang and len(offer.lang) == 2:  # noqa: PLR2004  as ISO 639-1 has them
        written["lang"] = offer.lang
    owner = shared_owner(offer.url, config.feeds.values())
    if "owner" not in wishes and owner:
        written["owner"] = owner
    feed = read_feed(name or free_id(offer.url, config.feeds), written)
    remark = one_line(offer.title or "")
    if _is_search(offer):
        remark = f"{remark} ({SEARCH_NOTE})" if remark else SEARCH_NOTE
    return NewFeed(feed=feed, remark=remark)


def _is_search(offer: Offer) -> bool:
    return is_news_search(offer.url) or any(is_news_search_link(entry.url) for entry in offer.entries)


# --------------------------------------------------------------------------- what is told


def _agreed(offer: Offer, new: NewFeed, look: Look, file: Path) -> bool:
    print("", *_description(offer, new, look), "", table_of(new), sep="\n")
    try:
        answer = input(f"Add this to {file}? [Y/n] ")
    except EOFError:
        return False
    return answer.strip().lower() in {"", "y", "yes"}


def _tell(
    options: Namespace, offer: Offer, new: NewFeed, look: Look, *, written: bool, shown: bool, config: Config
) -> None:
    file = config.directory / "feeds.toml"
    if options.json:
        told = {"written": written, "id": new.feed.id, "table": table_of(new), "found": asdict(_found(offer, config))}
        print_json(told | {"samples": [asdict(entry) for entry in _newest(offer.entries)], "requests": look.requests})
        return
    if not shown:
        print(*_description(offer, new, look), "", sep="\n", file=sys.stdout if written else sys.stderr)
        print(table_of(new), end="", flush=True)
    if written:
        print(f"\n{new.feed.id} stands in {file} now.\n{RELOAD}")
    elif shown:
        print("Nothing was written.")
    else:
        print(f"Nothing was written: --yes puts this at the end of {file}.", file=sys.stderr)


def _description(offer: Offer, new: NewFeed, look: Look) -> Sequence[str]:
    """What was found, with its newest entries, as lines for a person."""
    lines = [_in_a_line(offer)]
    if offer.kind is FeedKind.PAGE:
        lines.append(
            f"The selector {one_line(offer.select or '')} finds these links; if they are not the articles, give --select CSS:"
        )
    for entry in _newest(offer.entries):
        date = f"{when(entry.published_at)}  " if entry.published_at else ""
        lines.append(f"  {date}{one_line(entry.title)[:100] or one_line(entry.url)[:100]}")
        if offer.kind is FeedKind.PAGE:
            lines.append(f"    {one_line(entry.url)[:150]}")
    if _is_search(offer):
        lines.append(f"note: {SEARCH_NOTE}.")
    if new.feed.owner != new.feed.id:
        lines.append(f"owner {new.feed.owner}: feeds of one owner do not confirm each other.")
    others = [other for other in look.offers if other.good and other is not offer and other.kind is not FeedKind.PAGE]
    lines += [
        one_line(f"also there: {without_password(other.url)} ({other.title or other.kind.value})") for other in others
    ]
    return lines


def _in_a_line(offer: Offer) -> str:
    title = f'"{one_line(offer.title)[:80]}", ' if offer.title else ""
    lang = f"in {offer.lang}, " if offer.lang else ""
    count = _count(len(offer.entries), offer.kind)
    return f"{offer.kind.value} at {one_line(without_password(offer.url))}: {title}{lang}{count}"


def _newest(entries: Sequence[ListedEntry]) -> Sequence[ListedEntry]:
    """The newest first where they have dates, else in their own order."""
    dated = sorted(
        (entry for entry in entries if entry.published_at), key=lambda entry: str(entry.published_at), reverse=True
    )
    return (dated or list(entries))[:SHOWN]
