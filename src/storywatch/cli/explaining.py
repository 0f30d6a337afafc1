"""`explain`: why a verdict is what it is."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from storywatch.cli.printing import console, one_line, print_json, when
from storywatch.core.corrections import development_id
from storywatch.core.entries import article_of
from storywatch.core.model import ArticleId, Entry, FeedId, Label, Match, Page, PageState, Severity, Verdict, WatchId
from storywatch.core.sites import feed_at
from storywatch.core.urls import url_key, without_password
from storywatch.errors import FetchFailed, StorywatchError, Unreadable
from storywatch.pipeline import follow, read_closely

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Iterable, Sequence

    from storywatch.app import App
    from storywatch.config import Config
    from storywatch.core.model import Article, Judged, Nearest, Reason, Watch
    from storywatch.store.views import ArticleView, Explanation, VerdictView

STANDARD_INPUT = "-"
MOST_REASONS = 12
COLUMNS = 80
TURN = "turn"  # the name of reasons that say what would have turned a verdict
_INSTEAD = {
    PageState.FEED_ONLY: "it could not be had",
    PageState.BLOCKED: "a bot check came instead",
    PageState.CONSENT: "a consent wall came instead",
    PageState.GONE: "the front page, a section or a message that it is not there came instead",
}
STATEMENTS = frozenset({"term", "copy", "seed", "conflict", "opinion", "severity"})  # they say something, pull or not
NO_PULL = 0.005  # what is less is printed as nothing
PULL_IN_WORDS = re.compile(r", speaks (?:for|against) it \([+-]\d+\.\d\)$")
MOVE_IN_WORDS = re.compile(r" by [+-]\d+\.\d$")  # of the reason "feedback"
ID = "art_"
LARGEST_TEXT = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What is known of an article: the stored verdicts, and those of now for the watches that have none."""

    known: Explanation
    article: Article | None  # as it reads now; None: it was not read
    fresh: Sequence[tuple[Watch, Judged]] = ()
    unread: str | None = None  # why the page could not be read


def explain(options: Namespace) -> int:
    """`storywatch explain`: the stored verdicts on an article; where a watch has none, judge it and leave no trace."""
    from storywatch.config import load_config  # noqa: PLC0415  `replay` needs no configuration
    from storywatch.logs import set_up_logs  # noqa: PLC0415

    set_up_logs(stream=sys.stderr, level="warning")
    config = load_config(options.config, environ=os.environ)
    watches = _chosen(config, options.watch)
    only = {options.watch} if options.watch else None
    answer = asyncio.run(_explain(config, options.article, watches, only=only, opinion=options.opinion))
    if options.json:
        print_json(_as_json(answer))
    else:
        _tell_all(answer)
    return 0


def _as_json(answer: _Answer) -> dict[str, object]:
    stored = [{"article": one.id, **asdict(verdict)} for one in answer.known.articles for verdict in one.verdicts]
    return {
        "article": answer.article or _without_verdicts(next(one for one in answer.known.articles if one.verdicts)),
        "judged": [_plain(judged) for _, judged in answer.fresh],
        "before": _before(answer.known),
        "addresses": answer.known.addresses,
        "revisits": answer.known.revisits,
        "stored": stored,
        "unread": answer.unread,
    }


def _without_verdicts(article: ArticleView) -> dict[str, object]:
    return {key: value for key, value in asdict(article).items() if key != "verdicts"}


def _tell_all(answer: _Answer) -> None:
    """What was stored first, each version of the article with its verdicts; then what is judged now."""
    stored = [one for one in answer.known.articles if one.verdicts]
    for number, version in enumerate(stored):
        if number:
            console().print()
        _tell_title(version)
        for verdict in version.verdicts:
            _tell_stored(version, verdict)
    if answer.article and not stored:
        _tell_title(answer.article, note=", not stored")
    if stored and answer.fresh:
        console().print()
        console().print(Text("judged now against the stories as they stand, and not stored:", style="italic"))
    for watch, judged in answer.fresh:
        _tell(watch, judged)
    entries = [*_entries(answer.known), *_elsewhere(answer.known)]
    if entries or answer.unread:
        console().print()
    for line in entries:
        _line(line, style="dim", indent="")
    if answer.unread:
        _line(f"The page could not be read now: {answer.unread}", indent="")


def _tell_title(article: Article | ArticleView, *, note: str = "") -> None:
    console().print(Text.assemble((one_line(article.title), "bold"), f"  ({article.lang}, {article.state})"))
    console().print(Text(f"article {article.id}{note}"))


def _chosen(config: Config, watch: str | None) -> Sequence[Watch]:
    chosen = [each for each in config.watches if watch in (None, each.id)]
    if not chosen:
        there = ", ".join(each.id for each in config.watches) or "none"
        message = f"no watch {watch!r}; there are: {there}" if watch else "the watchlist is empty"
        raise StorywatchError(message)
    return chosen


async def _explain(
    config: Config, what: str, watches: Sequence[Watch], *, only: Collection[str] | None, opinion: bool
) -> _Answer:
    from storywatch.app import open_app  # noqa: PLC0415  heavy; `replay` needs none of it

    async with open_app(config, environ=os.environ, alone=False) as app:
        if _is_id(what):
            return _Answer(known=_known_by_id(app, what, watches, only=only), article=None)
        before = _known_at(app, what, only=only) if _is_address(what) else None
        judged_before = {verdict.watch for one in before.articles for verdict in one.verdicts} if before else set()
        try:
            article = await _article(app, what)
        except (FetchFailed, Unreadable) as error:
            if before is None or not judged_before:
                raise
            return _Answer(known=before, article=None, unread=str(error))
        if before and judged_before and article.state.is_unread:
            return _Answer(known=before, article=None, unread=_INSTEAD[article.state])
        asked = [watch for watch in watches if opinion or watch.id not in judged_before]
        fresh = await _judge(config, app, article, asked, opinion=opinion) if asked else []
        known = before or _of(app.views.explain(article.url_key), only)
        return _Answer(known=known, article=article, fresh=list(zip(asked, fresh, strict=True)))


async def _judge(
    config: Config, app: App, article: Article, watches: Sequence[Watch], *, opinion: bool
) -> list[Judged]:
    await app.check_vectors(watches)
    reading = read_closely(article, app.pipeline.encoder)
    now = app.clock.now()
    stories = [await app.pipeline.story(watch) for watch in watches]
    judged = [follow(reading, story, now=now) for story in stories]
    if not opinion:
        return judged
    if app.pipeline.adviser is None:
        missing = config.opinion.disabled if config.opinion else "storywatch.toml has no table [opinion]"
        message = f"nobody can be asked: {missing}"
        raise StorywatchError(message)
    return await app.pipeline.advise(reading, list(zip(judged, stories, strict=True)), now=now)


def _known_at(app: App, address: str, *, only: Collection[str] | None) -> Explanation:
    """What is known of an address, as it is compared, or else as it was listed."""
    known = _of(app.views.explain(url_key(address)), only)
    return known if known.entries or known.articles else _of(app.views.explain(address), only)


def _known_by_id(app: App, what: str, watches: Sequence[Watch], *, only: Collection[str] | None) -> Explanation:
    """The verdicts on the article of an id, or of its first signs. Raises `StorywatchError` where there is none."""
    exact = _of(app.views.explain(what), only)
    if any(one.verdicts for one in exact.articles):
        return exact
    found: set[ArticleId] = set()
    faults: list[StorywatchError] = []
    for watch in watches:
        try:
            found.add(app.feedback.find_case(watch.id, what).article.id)
        except StorywatchError as fault:
            faults.append(fault)
    if not found:
        raise faults[0]
    if len(found) > 1:
        message = f"{what!r} is more than one article: {', '.join(sorted(found))}; name one of them"
        raise StorywatchError(message)
    return _of(app.views.explain(found.pop()), only)


def _of(known: Explanation, only: Collection[str] | None) -> Explanation:
    """With the verdicts of these watches alone; None: of all, also of those that are followed no more."""
    if only is None:
        return known
    articles = (
        replace(one, verdicts=tuple(verdict for verdict in one.verdicts if verdict.watch in only))
        for one in known.articles
    )
    return replace(known, articles=tuple(articles))


def _before(known: Explanation) -> list[str]:
    """What became of the address when it came by itself, a line each."""
    lines = _entries(known)
    for article in known.articles:
        for verdict in article.verdicts:
            line = f"judged {when(verdict.judged_at)} for {verdict.watch}: {verdict.label}, score {verdict.score:.2f}"
            opinions = [reason.words for reason in verdict.reasons if reason.name == "opinion"]
            feedback = [verdict.feedback] if verdict.feedback else []
            lines.append("; ".join([line, *feedback, *opinions]))
    return lines


def _entries(known: Explanation) -> list[str]:
    return [
        f"listed by {entry.feed} and seen {when(entry.seen_at)}: {entry.state}{f', {entry.note}' if entry.note else ''}"
        for entry in known.entries
    ]


def _elsewhere(known: Explanation) -> list[str]:
    """The article's addresses, and how its page is looked at again, a line each."""
    lines = [f"{address.kind} address {without_password(address.url)}" for address in known.addresses]
    for visit in known.revisits:
        when_next = f"the next look {when(visit.next_at)}" if visit.next_at else "no more looks"
        note = f", {visit.note}" if visit.note else ""
        lines.append(f"its page was looked at again {visit.visits} times, {when_next}{note}")
    return lines


def _is_id(what: str) -> bool:
    return what.startswith(ID) and not Path(what).exists()


def _is_address(what: str) -> bool:
    return what.startswith(("http://", "https://"))


async def _article(app: App, what: str) -> Article:
    address = _is_address(what)
    page = await _page_at(app, what) if address else await _page_in(app, what)
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


async def _page_at(app: App, url: str) -> Page:
    """The page at an address, read as the service reads it: by the rules of the feed at its site."""
    feed = feed_at(url, app.config.feeds.values())
    return await app.outside.pages.fetch_page(url, feed=feed.id if feed else None)


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
    repeated = None if judged.development else judged.remembered.development
    _tell_verdict(watch.id, judged.match, judged.verdict, [_one_more(repeated)] if repeated else [])


def _tell_stored(article: ArticleView, stored: VerdictView) -> None:
    match = Match(
        relevance=stored.relevance,
        rate_shift=stored.rate_shift,
        about=stored.about,
        copy_of=ArticleId(stored.copy_of) if stored.copy_of else None,
        reasons=stored.match_reasons,
    )
    verdict = Verdict(
        verdict=Label(stored.label),
        score=stored.score,
        severity=Severity(stored.severity) if stored.severity else None,
        new=stored.new,
        nearest=stored.nearest,
        reasons=stored.reasons,
    )
    notes = [f"judged {when(stored.judged_at)}"]
    if stored.development:
        own = stored.development == development_id(WatchId(stored.watch), ArticleId(article.id))
        notes.append(f"development {stored.development}" if own else _one_more(stored.development))
    if stored.feedback:
        notes.append(stored.feedback)
    _tell_verdict(stored.watch, match, verdict, notes)


def _one_more(development: str) -> str:
    return f"one more report of development {development}"


def _tell_verdict(watch: str, match: Match, verdict: Verdict, notes: Sequence[str]) -> None:
    out = console()
    about = "about the story" if match.about else "not about the story"
    severity = f", {verdict.severity}" if verdict.severity else ""
    figures = f"{severity}, score {verdict.score:.2f}; {about}, {match.relevance:.2f}"
    out.print()
    out.print(Text.assemble((f"{watch}: {verdict.verdict}", "bold"), figures))
    for note in notes:
        _line(note)
    for new in verdict.new:
        who = f" ({new.old_by})" if new.old_by else ""
        change = f"{new.old or '?'}{who} {'against' if new.conflict else '->'} {new.new}: " if new.new else ""
        _line(f"new: {change}“{new.sentence}”")
    if verdict.nearest and verdict.nearest.sentence:
        _line(_in_words(verdict.nearest))
    _tell_reasons(match.reasons, verdict.reasons)


def _in_words(nearest: Nearest) -> str:
    """The nearest known report: who said it when, in which development, how like it is, the chance that it is the same."""
    alike = f"likeness {nearest.alike:.2f}, " if nearest.alike is not None else ""
    said = ", ".join(part for part in (nearest.outlet, nearest.day, nearest.development) if part)
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
    """Statements first, then what pulls, the strongest first; what does neither is left out."""
    told = [reason for reason in reasons if reason.name in STATEMENTS or abs(reason.pull) >= NO_PULL]
    told.sort(key=lambda reason: (reason.name not in STATEMENTS, -abs(reason.pull)))
    if told:
        console().print(Text(f"  {question}", style="italic"))
    for reason in told[:MOST_REASONS]:
        pull = f"{reason.pull:+6.2f}" if abs(reason.pull) >= NO_PULL else " " * 6
        _line(_without_pull(reason), before=f"{pull}  ")


def _without_pull(reason: Reason) -> str:
    """Its words without the pull at their end, which stands before them here."""
    if reason.name in STATEMENTS:
        return reason.words
    return (MOVE_IN_WORDS if reason.name == "feedback" else PULL_IN_WORDS).sub("", reason.words)


def _line(words: str, *, before: str = "", indent: str = "  ", style: str = "") -> None:
    """A text of foreign origin, broken at 80 columns, its further lines moved in."""
    start = f"{indent}{before}"
    further = " " * (len(start) + 2 - 2 * bool(before))
    out = console()
    # not textwrap: it counts signs, and those of Chinese, Japanese and Korean are two columns wide
    lines = Text(one_line(words), style=style).wrap(out, COLUMNS - len(further))
    for number, line in enumerate(lines):
        line.rstrip()
        out.print(Text(further if number else start) + line, soft_wrap=True)
