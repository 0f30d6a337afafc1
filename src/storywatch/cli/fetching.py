"""`fetch`: what the reader makes of a page, or of many recorded ones."""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from storywatch.cli.checking import quiet_logs
from storywatch.cli.printing import console, one_line, print_json, when
from storywatch.core.model import PageState
from storywatch.core.sites import feed_at
from storywatch.core.urls import web_address, without_password
from storywatch.encode import detect_language
from storywatch.errors import ConfigError, StorywatchError, Unreadable
from storywatch.fetch.decoder import decoder_for
from storywatch.fetch.pages import DECODED_CAP
from storywatch.fetch.workers import Readers

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator, Sequence

    from storywatch.config import Config
    from storywatch.core.model import Candidate, Feed, Page

STANDARD_INPUT = "-"
COLUMNS = 80
NAME = 11  # columns of a fact's name
SHOWN = 200  # characters of a candidate
TOO_SHORT_TO_TELL = 30  # characters: a language detector guesses, and the page's word is worth more
UNREADABLE = "unreadable"
HEAD = 4096  # bytes, within which a document says what it is
FIRST_ELEMENT = re.compile(rb"<(?:\w+:)?(\w+)[\s>]")
LISTS = frozenset({b"rss", b"rdf", b"feed", b"urlset", b"sitemapindex"})
GZIP = b"\x1f\x8b"
KEYS = ("id", "file")
PROCESSES = 2
WINDOW = 8  # pages that are under way or wait for those before them


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A page and what was made of it; `unread` says why nothing was."""

    source: str
    page: Page | None
    unread: str = ""
    feed: str | None = None  # whose rules were used
    candidates: Sequence[Candidate] = ()
    fetch_ms: float | None = None
    read_ms: float = 0.0
    lists: bool = False  # it is a feed or a sitemap, and no article


def fetch(options: Namespace) -> int:
    """`storywatch fetch URL|FILE|-`, and `storywatch fetch --pages FILE --out FILE` for many."""
    quiet_logs()
    _check_usage(options)
    if options.pages is not None:
        return _batch(options)
    read = asyncio.run(_one(options))
    if options.json:
        print_json(_as_json(read))
    else:
        _tell(read)
    return 0 if read.page else 1


def _check_usage(options: Namespace) -> None:
    """Raises `ConfigError`, which ends with status 2."""
    fault = ""
    if (options.pages is None) == (options.page is None):
        fault = "give an address or a file, or else --pages with many"
    elif (options.pages is None) != (options.out is None):
        fault = "--pages and --out belong together"
    elif options.pages is not None and (options.candidates or options.json or options.url):
        fault = "--candidates, --json and --url are for one page"
    elif options.url and web_address(options.url) is None:
        fault = f"--url: {options.url!r} is not an http or https address"
    if fault:
        raise ConfigError((f"storywatch fetch: {fault}; see storywatch fetch --help",))


# --------------------------------------------------------------------------- one page


async def _one(options: Namespace) -> _Read:
    what: str = options.page
    if what.startswith(("http://", "https://")):
        return await _from_web(options, what)
    body = _bytes_of(what)
    feed = _feed_named(_config(options), options.feed) if options.feed else None
    readers = Readers()
    try:
        return await _parse(
            readers,
            body,
            source=what,
            url=options.url or _file_address(what),
            feed=feed,
            candidates=options.candidates,
        )
    finally:
        await readers.aclose()


async def _from_web(options: Namespace, url: str) -> _Read:
    """As politely as the service: through its guard, its robots.txt and its spacing. Nothing is stored."""
    from storywatch.app import SystemClock, open_outside  # noqa: PLC0415  heavy

    config = _config(options)
    feed = _feed_named(config, options.feed) if options.feed else feed_at(url, config.feeds.values())
    async with open_outside(config, clock=SystemClock()) as outside:
        begun = time.perf_counter()
        answer = await outside.pages.fetch_answer(url)
        fetch_ms = _since(begun)
        readers = Readers()
        try:
            read = await _parse(
                readers,
                answer.body,
                source=url,
                url=answer.url,
                asked=url,
                content_type=answer.content_type,
                feed=feed,
                candidates=options.candidates,
            )
        finally:
            await readers.aclose()
    return replace(read, fetch_ms=fetch_ms)


async def _parse(
    readers: Readers,
    body: bytes,
    *,
    source: str,
    url: str,
    asked: str = "",
    content_type: str | None = None,
    feed: Feed | None = None,
    candidates: bool = False,
) -> _Read:
    """What a worker makes of the bytes, within its limits; a page that it can't read is a value too."""
    begun = time.perf_counter()
    rules = feed.article if feed else None
    arguments: dict[str, Any] = {"body": body, "url": url, "content_type": content_type, "rules": rules}
    page, unread, found = None, "", ()
    try:
        timezone = feed.timezone if feed else None
        page = await readers.read("page", **arguments, timezone=timezone, asked=asked)
    except Unreadable as error:
        unread = str(error)
    read_ms = page.ms if page else _since(begun)
    if candidates:
        try:
            found = await readers.read("candidates", **arguments)
        except Unreadable as error:
            unread = unread or str(error)
    named = feed.id if feed and rules else None
    return _Read(
        source=source,
        page=page,
        unread=unread,
        feed=named,
        candidates=found,
        read_ms=read_ms,
        lists=_lists(body[:HEAD]),
    )


def _lists(head: bytes) -> bool:
    """Does a document begin as feeds and sitemaps do?"""
    first = FIRST_ELEMENT.search(head)
    return (first is not None and first[1].lower() in LISTS) or (
        head.lstrip().startswith(b"{") and b"jsonfeed.org" in head
    )


def _config(options: Namespace) -> Config:
    from storywatch.config import load_config  # noqa: PLC0415  a saved page needs none

    return load_config(options.config, environ=os.environ)


def _feed_named(config: Config, name: str) -> Feed:
    for feed in config.feeds.values():
        if feed.id == name:
            return feed
    message = f"no feed {name!r} in feeds.toml; there are: {', '.join(sorted(config.feeds)) or 'none'}"
    raise StorywatchError(message)


def _bytes_of(what: str) -> bytes:
    try:
        if what == STANDARD_INPUT:
            return _plain(sys.stdin.buffer.read(DECODED_CAP + 1))
        return _load(Path(what))
    except OSError as error:
        message = (
            f"{what}: {error.strerror}; give an address that begins with https://, a file, or - for standard input"
        )
        raise StorywatchError(message) from error


def _load(path: Path) -> bytes:
    """The file's bytes, unpacked. Raises `Unreadable` where it is larger than a page may be, or damaged."""
    with path.open("rb") as file:
        return _plain(file.read(DECODED_CAP + 1))


def _plain(data: bytes) -> bytes:
    return decoder_for("gzip" if data.startswith(GZIP) else None).feed(data, DECODED_CAP)


def _file_address(what: str) -> str:
    return f"file:{what}"


def _since(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 1)


def _lang(page: Page) -> str | None:
    """As the service decides: by the text, or by the page's word where there is hardly any."""
    text = " ".join((page.title, *page.paragraphs))
    return page.lang if len(text) < TOO_SHORT_TO_TELL else detect_language(text)


# --------------------------------------------------------------------------- telling it


def _facts(read: _Read) -> dict[str, Any]:
    """The keys of the batch form, in its order."""
    page = read.page
    return {
        "state": page.state if page else UNREADABLE,
        "title": page.title if page else "",
        "text": "\n".join(page.paragraphs) if page else "",
        "published_at": _moment(page) if page else None,
        "authors": list(page.authors) if page else [],
        "lang": _lang(page) if page else None,
        "canonical_url": page.canonical_url if page else None,
        "outlet": page.outlet_name if page else None,
        "ms": read.read_ms,
    }


def _more_facts(read: _Read) -> dict[str, Any]:
    page = read.page
    return {
        "dated_to_the_day": page.dated_to_the_day if page else False,
        "amp_url": page.amp_url if page else None,
        "is_amp": page.is_amp if page else False,
        "syndicated_from": page.syndicated_from if page else None,
        "correction": page.correction if page else None,
        "read_by": page.read_by if page else "",
        "notes": list(page.notes) if page else [read.unread],
    }


def _moment(page: Page) -> str | None:
    return page.published_at.isoformat().replace("+00:00", "Z") if page.published_at else None


def _as_json(read: _Read) -> dict[str, Any]:
    return {
        "source": read.source,
        "url": read.page.url if read.page else None,
        **_facts(read),
        **_more_facts(read),
        "blocks": read.page.blocks if read.page else (),
        "feed": read.feed,
        "fetch_ms": read.fetch_ms,
        "candidates": [
            {"name": one.name, "characters": len(one.text), "agreement": one.agreement, "text": one.text}
            for one in read.candidates
        ],
    }


def _tell(read: _Read) -> None:
    page = read.page
    if page is None:
        _fact("state", f"{UNREADABLE}: {read.unread}")
    else:
        _tell_page(page, read)
    if read.lists:
        address = without_password(read.source) if web_address(read.source) else "URL"
        _fact("note", f"a feed or a sitemap and no article: `storywatch feeds discover {address}` shows what it lists")
    spent = [f"{read.fetch_ms:.0f} ms to fetch"] if read.fetch_ms is not None else []
    _fact("time", ", ".join((*spent, f"{read.read_ms:.1f} ms to read")))
    if page and page.paragraphs:
        for paragraph in page.paragraphs:
            console().print()
            _wrapped(paragraph)
    if read.candidates:
        _tell_candidates(read)


def _tell_page(page: Page, read: _Read) -> None:
    why, *others = (*page.notes, "") if page.state is not PageState.READ else ("", *page.notes)
    _fact("state", f"{page.state}: {why}" if why else page.state)
    for note in filter(None, others):
        _fact("note", note)
    _fact("title", page.title)
    _fact("published", _told_moment(page))
    _fact("authors", ", ".join(page.authors))
    _fact("language", f"{_lang(page) or 'unknown'} (the page says {page.lang or 'nothing'})")
    _fact("outlet", page.outlet_name or "")
    if page.url != read.source and not page.url.startswith("file:"):
        _fact("address", without_password(page.url))
    _fact("canonical", page.canonical_url or "")
    _fact("AMP", "this page" if page.is_amp else page.amp_url or "")
    _fact("copy of", page.syndicated_from or "")
    _fact("correction", page.correction or "")
    if page.blocks:
        _fact("blocks", f"{len(page.blocks)}, the newest {when(page.blocks[0].published_at)}")
    if page.read_by:
        rules = f" of feed {read.feed}" if page.read_by == "rules" else ""
        _fact("text by", f"{page.read_by}{rules}, {sum(map(len, page.paragraphs)):,} characters")


def _told_moment(page: Page) -> str:
    if page.published_at is None:
        return "unknown"
    return f"{page.published_at:%Y-%m-%d}, the day only" if page.dated_to_the_day else f"{when(page.published_at)} UTC"


def _tell_candidates(read: _Read) -> None:
    console().print()
    console().print(
        Text("what each reader finds by itself, and how far it agrees with the text above:", style="italic")
    )
    for one in read.candidates:
        _fact(one.name, f"{len(one.text):,} characters, agreement {one.agreement:.2f}" if one.text else "nothing")
        if one.text:
            lines = one_line(one.text[: SHOWN + 1])
            _wrapped(lines if len(one.text) <= SHOWN else f"{lines[:SHOWN]}…", indent=NAME)


def _fact(name: str, value: str) -> None:
    if value:
        _wrapped(value, indent=NAME, first=f"{name:<{NAME}}")


def _wrapped(words: str, *, indent: int = 0, first: str = "") -> None:
    """A text of foreign origin in 80 columns, those of Chinese, Japanese and Korean signs counted as two."""
    out = console()
    for number, line in enumerate(Text(one_line(words)).wrap(out, COLUMNS - indent)):
        line.rstrip()
        out.print(Text(" " * indent if number or not first else first) + line, soft_wrap=True)


# --------------------------------------------------------------------------- many pages


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """One line of pages.jsonl."""

    where: str  # file:line, for messages
    id: str
    file: Path
    url: str
    content_type: str | None


def _batch(options: Namespace) -> int:
    """One line out for each page, in the order of the lines in. Status 1 where lines could not be used."""
    feed = _feed_named(_config(options), options.feed) if options.feed else None
    faults: list[str] = []
    recorded = list(_recorded(options.pages, faults))
    states: Counter[str] = Counter()
    times: list[float] = []
    try:
        with options.out.open("w", encoding="utf-8") as out:
            for row in _with_progress(_rows(recorded, feed, faults), total=len(recorded)):
                states[row["state"]] += 1
                times.append(row["ms"])
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
    except OSError as error:
        message = f"{options.out}: {error.strerror}"
        raise StorywatchError(message) from error
    for fault in faults:
        print(fault, file=sys.stderr)
    counts = ", ".join(f"{count} {state}" for state, count in states.most_common()) or "nothing"
    median = f", {statistics.median(times):.1f} ms a page (median)" if times else ""
    print(f"{len(times)} pages: {counts}{median}")
    return 1 if faults else 0


def _recorded(path: Path, faults: list[str]) -> Iterator[_Recorded]:
    """The usable lines; what is wrong with the others goes to `faults`."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise StorywatchError(message) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            yield _recorded_line(json.loads(line), where, path.parent)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else error
            faults.append(f"{where}: {'not JSON: ' if not isinstance(error, _Fault) else ''}{reason}")


class _Fault(ValueError):
    """What is wrong with a line that is JSON."""


def _recorded_line(raw: Any, where: str, folder: Path) -> _Recorded:
    if not isinstance(raw, dict):
        message = "an object is needed, with the keys id, file, url, content_type"
        raise _Fault(message)
    for key in KEYS:
        if not isinstance(raw.get(key), str) or not raw[key]:
            message = f"{key!r} is missing or not a text"
            raise _Fault(message)
    for key in ("url", "content_type"):
        if not isinstance(raw.get(key), str | None):
            message = f"{key!r} is not a text"
            raise _Fault(message)
    beside = folder / raw["file"]
    file = beside if beside.exists() else Path(raw["file"])
    url = raw.get("url") or _file_address(raw["file"])
    return _Recorded(where=where, id=raw["id"], file=file, url=url, content_type=raw.get("content_type"))


def _rows(recorded: Sequence[_Recorded], feed: Feed | None, faults: list[str]) -> Iterator[dict[str, Any]]:
    """The answers in order, a few pages at a time, each in a worker with its limits."""
    with asyncio.Runner() as runner:
        readers = Readers(processes=min(PROCESSES, os.cpu_count() or 1))

        async def read_some(some: Sequence[_Recorded]) -> list[dict[str, Any]]:
            return list(await asyncio.gather(*(_row(readers, one, feed, faults) for one in some)))

        try:
            waiting = iter(recorded)
            while some := list(islice(waiting, WINDOW)):
                yield from runner.run(read_some(some))
        finally:
            runner.run(readers.aclose())


async def _row(readers: Readers, one: _Recorded, feed: Feed | None, faults: list[str]) -> dict[str, Any]:
    try:
        body = _load(one.file)
    except OSError as error:
        faults.append(f"{one.where}: {one.file}: {error.strerror}")
        read = _Read(source=one.id, page=None, unread=f"{one.file}: {error.strerror}")
    except Unreadable as error:
        read = _Read(source=one.id, page=None, unread=str(error))
    else:
        read = await _parse(readers, body, source=one.id, url=one.url, content_type=one.content_type, feed=feed)
    return {"id": one.id, **_facts(read), **_more_facts(read)}


def _with_progress(rows: Iterable[dict[str, Any]], *, total: int) -> Iterable[dict[str, Any]]:
    if not sys.stderr.isatty():
        yield from rows
        return
    columns = (TextColumn("reading"), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(error=True), transient=True) as progress:
        yield from progress.track(rows, total=total)
