"""A page's bytes to what a reader would take from it: its text, what it says about itself, and its state."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  small, and read by people
from itertools import accumulate, islice
from urllib.parse import urlsplit

from htmldate import find_date
from selectolax.lexbor import LexborHTMLParser

from storywatch.core.model import ArticleRules, Candidate, Page, PageState
from storywatch.core.sites import site_of
from storywatch.errors import Unreadable
from storywatch.parse.body import Body, parse_body, parse_texts
from storywatch.parse.charset import decode
from storywatch.parse.live import lines_of
from storywatch.parse.markup import agreement, hostility, shortened
from storywatch.parse.metadata import Metadata, day_of, parse_metadata
from storywatch.parse.notices import correction_note
from storywatch.parse.rules import Ruled, parse_ruled
from storywatch.parse.states import judge_state, signs_of

NOTHING = 20  # characters: a stray link, no news
MAX_TEXT = 100_000  # characters; the longest of 181 recorded news pages has 53,000
MAX_PARAGRAPHS = 1_000
MAX_TITLE = 500
HALF = 0.5
WITHOUT_TEXT = frozenset({PageState.BLOCKED, PageState.CONSENT, PageState.GONE})
MACHINE = re.compile(r"^(?:www\d?|m|mobile|amp)\.")  # names that stand before an outlet's own


def parse_page(
    body: bytes,
    *,
    url: str,
    content_type: str | None = None,
    timezone: str | None = None,
    rules: ArticleRules | None = None,
    asked: str = "",
    expected: str = "",
) -> Page:
    """The page that came from `url`. Raises `Unreadable` where it holds no article that could be read.

    `rules` are the outlet's CSS selectors; what they don't yield falls back, and the notes say so. `asked` is the address
    before redirects and `expected` the title in the feed: with them the front page is not taken for the article. What
    came in place of an article (bot check, consent wall, "not found") has no text and says so by its state.
    """
    begun = time.perf_counter()
    html = _harmless(body, content_type)
    tree = LexborHTMLParser(html)
    meta = parse_metadata(tree, url=url, timezone=timezone)
    signs = signs_of(tree, html, url=url, asked=asked, expected=expected)
    ruled = parse_ruled(html, rules, timezone=timezone) if rules else Ruled()
    title = ruled.title or meta.title
    text = _text(html, tree, meta, ruled)
    paragraphs = _within_reason(_without_title(text.lines, title))
    state, why = judge_state(signs, meta, paragraphs, ruled=text.by == "rules")
    if state in WITHOUT_TEXT:
        paragraphs = ()
    elif state is PageState.MEDIA and not paragraphs and meta.description:
        paragraphs = (shortened(meta.description, MAX_TITLE),)
    elif state is not PageState.MEDIA and sum(map(len, paragraphs)) < NOTHING:
        message = "no article text was found on the page"
        raise Unreadable("; ".join((message, *ruled.notes)))
    dated = _dated(html, meta, ruled, look=state not in WITHOUT_TEXT)
    return Page(
        state=state,
        url=url,
        title=shortened(title, MAX_TITLE),
        paragraphs=paragraphs,
        published_at=dated.published_at,
        dated_to_the_day=dated.dated_to_the_day,
        authors=meta.authors,
        lang=meta.lang,
        canonical_url=meta.canonical_url,
        outlet_name=meta.outlet_name,
        raw_hash=hashlib.sha256(body).hexdigest(),
        ms=round((time.perf_counter() - begun) * 1000, 1),
        amp_url=meta.amp_url,
        is_amp=meta.is_amp,
        syndicated_from=_owner_elsewhere(meta.canonical_url, url),
        correction=correction_note(paragraphs),
        blocks=meta.blocks,
        read_by="" if state in WITHOUT_TEXT else text.by,
        notes=tuple(filter(None, (why, *ruled.notes))),
    )


def parse_candidates(
    body: bytes, *, url: str, content_type: str | None = None, rules: ArticleRules | None = None
) -> tuple[Candidate, ...]:
    """What each reader makes of the page by itself, and how far it agrees with the text that is taken."""
    html = _harmless(body, content_type)
    tree = LexborHTMLParser(html)
    meta = parse_metadata(tree, url=url)
    ruled = parse_ruled(html, rules) if rules else Ruled()
    texts = {"rules": "\n".join(ruled.found)} if rules and rules.body else {}
    texts |= parse_texts(html, tree, claimed=meta.body, about=_about(meta))
    if meta.is_live:
        texts["live"] = "\n".join(lines_of(meta.blocks))
    try:
        taken = "\n".join(parse_page(body, url=url, content_type=content_type, rules=rules).paragraphs)
    except Unreadable:
        taken = ""
    return tuple(
        Candidate(name=name, text=text[:MAX_TEXT], agreement=round(agreement(text, taken), 3))
        for name, text in texts.items()
    )


def _harmless(body: bytes, content_type: str | None) -> str:
    html = decode(body, content_type)
    reason = hostility(html)
    if reason is not None:
        message = f"a hostile page: {reason}"
        raise Unreadable(message)
    return html


def _text(html: str, tree: LexborHTMLParser, meta: Metadata, ruled: Ruled) -> Body:
    """The rules' text, else a live blog's blocks, else what the readers find."""
    if ruled.lines:
        return Body(lines=tuple(ruled.lines), by="rules")
    found = parse_body(html, tree, claimed="" if meta.is_live else meta.body, about=_about(meta))
    blocks = lines_of(meta.blocks)
    if sum(map(len, blocks)) >= HALF * sum(map(len, found.lines)) and blocks:
        return Body(lines=tuple(blocks), by="live")
    return found  # blocks that are headlines only say less than the page


def _about(meta: Metadata) -> str:
    return f"{meta.title} {meta.description}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dated:
    published_at: datetime | None
    dated_to_the_day: bool


def _dated(html: str, meta: Metadata, ruled: Ruled, *, look: bool) -> _Dated:
    """The rule's date, else the page's claim, else the day that it shows or that its address of a picture betrays."""
    for claim in (ruled, meta):
        if claim.published_at is not None:
            return _Dated(published_at=claim.published_at, dated_to_the_day=claim.dated_to_the_day)
    found = find_date(html, original_date=True, extensive_search=False) if look else None
    day = day_of(found) if found else None
    return _Dated(published_at=day, dated_to_the_day=day is not None)


def _owner_elsewhere(canonical: str | None, url: str) -> str | None:
    """The registered domain of the canonical address, where that is another outlet's."""
    if canonical is None or not url.startswith(("http://", "https://")):
        return None
    owner, own = _domain(canonical), _domain(url)
    same = owner.partition(".")[0] == own.partition(".")[0]  # one outlet in two countries
    return owner if owner and own and not same else None


def _domain(url: str) -> str:
    parts = urlsplit(url)
    host = MACHINE.sub("", (parts.hostname or "").lower())
    return site_of(f"http://{host}/").rpartition(":")[0]


def _within_reason(paragraphs: tuple[str, ...]) -> tuple[str, ...]:
    """The beginning of a text that is longer than any article: each sentence costs the encoder its time."""
    lengths = accumulate(map(len, paragraphs))
    kept = sum(1 for length in islice(lengths, MAX_PARAGRAPHS) if length <= MAX_TEXT)
    return paragraphs[:kept] or tuple(shortened(paragraph, MAX_TEXT) for paragraph in paragraphs[:1])


def _without_title(paragraphs: tuple[str, ...], title: str) -> tuple[str, ...]:
    return paragraphs[1:] if len(paragraphs) > 1 and paragraphs[0].casefold() == title.casefold() else paragraphs
