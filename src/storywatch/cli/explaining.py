"""`explain`: why a verdict is what it is."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.text import Text

from storywatch.cli.printing import console, one_line, print_json, when
from storywatch.core.entries import article_of
from storywatch.core.model import Entry, FeedId, Page, PageState
from storywatch.core.urls import url_key
from storywatch.errors import StorywatchError
from storywatch.pipeline import follow, read_closely

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence

    from storywatch.app import App
    from storywatch.config import Config
    from storywatch.core.model import Article, Judged, Nearest, Reason, Watch
    from storywatch.store.views import Explanation, VerdictView

STANDARD_INPUT = "-"
MOST_REASONS = 12
COLUMNS = 80
TURN = "turn"  # the name of reasons that say what would have turned a verdict
LARGEST_TEXT = 5_000_000


def explain(options: Namespace) -> int:
    """`storywatch explain`: judge an article against the stories as they are now, and leave no trace."""
    from storywatch.config import load_config  # noqa: PLC0415  `replay` needs no configuration
    from storywatch.logs import set_up_logs  # noqa: PLC0415

    set_up_logs(stream=sys.stderr, level="warning")
    config = load_config(options.config, environ=os.environ)
    watches = _chosen(config, options.watch)
    article, judged, known = asyncio.run(_explain(config, options.article, watches, opinion=options.opinion))
    if options.json:
        rows = [_plain(each) for each in judged]
        stored = [verdict for each in known.articles for verdict in each.verdicts]
        before = [line for line, _ in _before(known)]
        print_json({"article": article, "judged": rows, "before": before, "stored": stored})
        return 0
    console().print(Text.assemble((one_line(article.title), "bold"), f"  ({article.lang}, {article.state})"))
    for watch, each in zip(watches, judged, strict=True):
        _tell(watch, each)
    for line, verdict in _before(known):
        console().print(Text(line, style="dim"))
        if verdict:
            _tell_reasons(verdict.match_reasons, verdict.reasons)
    return 0


def _chosen(config: Config, watch: str | None) -> Sequence[Watch]:
    chosen = [each for each in config.watches if watch in (None, each.id)]
    if not chosen:
        there = ", ".join(each.id for each in config.watches) or "none"
        message = f"no watch {watch!r}; there are: {there}" if watch else "the watchlist is empty"
        raise StorywatchError(message)
    return chosen


async def _explain(
    config: Config, what: str, watches: Sequence[Watch], *, opinion: bool
) -> tuple[Article, list[Judged], Explanation]:
    from storywatch.app import open_app  # noqa: PLC0415  heavy; `replay` needs none of it

    async with open_app(config, environ=os.environ, alone=False) as app:
        await app.check_vectors(watches)
        article = await _article(app, what)
        reading = read_closely(article, app.pipeline.encoder)
        now = app.clock.now()
        stories = [await app.pipeline.story(watch) for watch in watches]
        judged = [follow(reading, story, now=now) for story in stories]
        if opinion:
            if app.pipeline.adviser is None:
                missing = config.opinion.disabled if config.opinion else "storywatch.toml has no table [opinion]"
                message = f"nobody can be asked: {missing}"
                raise StorywatchError(message)
            judged = await app.pipeline.advise(reading, list(zip(judged, stories, strict=True)), now=now)
        return article, judged, app.views.explain(article.url_key)


def _before(known: Explanation) -> list[tuple[str, VerdictView | None]]:
    """What became of the address when it came by itself: a line each, and the stored verdict that it is about."""
    lines: list[tuple[str, VerdictView | None]] = []
    for entry in known.entries:
        note = f", {entry.note}" if entry.note else ""
        lines.append((f"listed by {entry.feed} and seen {when(entry.seen_at)}: {entry.state}{note}", None))
    for article in known.articles:
        for verdict in article.verdicts:
            line = f"judged {when(verdict.judged_at)} for {verdict.watch}: {verdict.label}, score {verdict.score:.2f}"
            opinions = [reason.words for reason in verdict.reasons if reason.name == "opinion"]
            feedback = [verdict.feedback] if verdict.feedback else []
            lines.append(("; ".join([line, *feedback, *opinions]), verdict))
    return lines


async def _article(app: App, what: str) -> Article:
    address = what.startswith(("http://", "https://"))
    page = await app.outside.pages.fetch_page(what) if address else await _page_in(app, what)
    now = app.clock.now()
    entry = Entry(
        id=0,
        lease="",
        feed=FeedId("explain"),
        outlet_name=page.outlet_name or "",
        owner="explain",
        url=what if address else page.url,
        url_key=url_key(what) if address else page.url,
        title=page.title,
        summary="",
        lang=None,
        published_at=page.published_at,
        seen_at=now,
    )
    return article_of(entry, page, detect_language=app.pipeline.detect_language)


async def _page_in(app: App, what: str) -> Page:
    """A saved page, or plain text whose first line is the title."""
    body = _bytes_of(what)
    url = f"file:{what}"
    if b"<html" in body[:5000].lower() or b"<!doctype html" in body[:5000].lower():
        page: Page = await app.readers.read("page", body=body, url=url, content_type=None)
        return page
    try:
        lines = [line.strip() for line in body.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        message = f"{what}: neither a page nor text in UTF-8"
        raise StorywatchError(message) from error
    if not lines:
        message = f"{what}: there is no text in it"
        raise StorywatchError(message)
    return Page(state=PageState.READ, url=url, title=lines[0], paragraphs=tuple(lines[1:]))


def _bytes_of(what: str) -> bytes:
    try:
        body = sys.stdin.buffer.read(LARGEST_TEXT + 1) if what == STANDARD_INPUT else Path(what).read_bytes()
    except OSError as error:
        message = (
            f"{what}: {error.strerror}; give an address that begins with https://, a file, or - for standard input"
        )
        raise StorywatchError(message) from error
    if len(body) > LARGEST_TEXT:
        message = f"{what}: longer than {LARGEST_TEXT:,} bytes, that is no article"
        raise StorywatchError(message)
    return body


def _plain(judged: Judged) -> dict[str, object]:
    return {
        "watch": judged.watch,
        "match": judged.match,
        "verdict": judged.verdict,
        "development": judged.development,
    }


def _tell(watch: Watch, judged: Judged) -> None:
    verdict, match, out = judged.verdict, judged.match, console()
    about = "about the story" if match.about else "not about the story"
    severity = f", {verdict.severity}" if verdict.severity else ""
    figures = f"{severity}, score {verdict.score:.2f}; {about}, {match.relevance:.2f}"
    out.print()
    out.print(Text.assemble((f"{watch.id}: {verdict.verdict}", "bold"), figures))
    for new in verdict.new:
        who = f" ({new.old_by})" if new.old_by else ""
        change = f"{new.old or '?'}{who} {'against' if new.conflict else '->'} {new.new}: " if new.new else ""
        _line(f"new: {change}“{new.sentence}”")
    if verdict.nearest and verdict.nearest.sentence:
        _line(_in_words(verdict.nearest))
    _tell_reasons(match.reasons, verdict.reasons)


def _in_words(nearest: Nearest) -> str:
    """The nearest known report: who said it when, how like its sentence is, and the chance that it is the same report."""
    alike = f"likeness {nearest.alike:.2f}, " if nearest.alike is not None else ""
    said = ", ".join(part for part in (nearest.outlet, nearest.day) if part)
    figures = f"{alike}the same report with a chance of {nearest.score:.0%}"
    return f"nearest known ({figures}): “{nearest.sentence}”{f' ({said})' if said else ''}"


def _tell_reasons(about: Sequence[Reason], new: Sequence[Reason]) -> None:
    """The evidence for both questions by its pull, and what would have turned the verdict."""
    said = set(about)
    _evidence("is it about the story?", about)
    _evidence("is it new?", [reason for reason in new if reason not in said and reason.name != TURN])
    turns = [reason for reason in new if reason.name == TURN]
    if turns:
        console().print(Text("  what would have turned it?", style="italic"))
    for reason in turns:
        _line(reason.words)


def _evidence(question: str, reasons: Iterable[Reason]) -> None:
    strongest = sorted(reasons, key=lambda reason: -abs(reason.pull))[:MOST_REASONS]
    if strongest:
        console().print(Text(f"  {question}", style="italic"))
    for reason in strongest:
        _line(reason.words, before=f"{reason.pull:+6.2f}  ")


def _line(words: str, *, before: str = "") -> None:
    """A text of foreign origin, broken at 80 columns, its further lines moved in."""
    start = f"  {before}"
    for line in wrap(
        one_line(words), COLUMNS, initial_indent=start, subsequent_indent=" " * (len(start) + 2 - 2 * bool(before))
    ):
        console().print(Text(line), soft_wrap=True)
