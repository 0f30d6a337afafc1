"""A page's bytes to what a reader would take from it: its text, what it says about itself, and its state."""

from __future__ import annotations

import hashlib
import re
import time
from datetime import datetime  # noqa: TC003  small, and read by people
from itertools import accumulate, islice
from urllib.parse import urlsplit

from htmldate import find_date
from selectolax.lexbor import LexborHTMLParser

from storywatch.core.model import Page, PageState
from storywatch.errors import Unreadable
from storywatch.parse.body import parse_body
from storywatch.parse.charset import decode
from storywatch.parse.markup import hostility, shortened
from storywatch.parse.metadata import Metadata, day_of, parse_metadata

NOTHING = 20  # characters: a stray link, no news
SHORT = 250
STUB = 900
MAX_TEXT = 100_000  # characters; the longest of 181 recorded news pages has 53,000
MAX_PARAGRAPHS = 1_000
MAX_TITLE = 500
WALL = 600
CHALLENGE_TITLE = re.compile(
    r"^\s*(?:just a moment|attention required|access denied|pardon our interruption|ddos-guard|are you a robot"
    r"|one more step|please wait\.\.\. \| cloudflare|verifying you are human|security check)",
    re.IGNORECASE,
)
CHALLENGE = re.compile(r"_cf_chl_opt|captcha-delivery\.com|px-captcha|_Incapsula_Resource")
CONSENT_HOST = re.compile(r"^(?:consent|cmp|privacy-?gate|privacy-?mgmt)\.", re.IGNORECASE)
CONSENT_PATH = re.compile(r"^/(?:consent|privacy-?gate|cookie-?wall)\b", re.IGNORECASE)
CONSENT_MARK = re.compile(
    r"sp_message|onetrust|didomi|usercentrics|quantcast|cookiebot|consentmanager|tcfapi|gdpr-consent", re.IGNORECASE
)
CONSENT_WORD = re.compile(
    r"cookie|consent|privacy|datenschutz|einwillig|confidentialit|consentement|privacidad|consentimiento|prywatno|zgod"
    r"|конфиденциальн|конфіденційн|согласи|згод|куки|クッキー|同意|쿠키|동의|隐私",
    re.IGNORECASE,
)
ELLIPSIS = ("…", "...", "[…]", "[...]")


def parse_page(body: bytes, *, url: str, content_type: str | None = None, timezone: str | None = None) -> Page:
    """The page that came from `url`. Raises `Unreadable` where it holds no article that could be read.

    A bot check or a consent wall is no article either, but says so by its state.
    """
    begun = time.perf_counter()
    html = decode(body, content_type)
    reason = hostility(html)
    if reason is not None:
        message = f"a hostile page: {reason}"
        raise Unreadable(message)
    tree = LexborHTMLParser(html)
    meta = parse_metadata(tree, url=url, timezone=timezone)
    paragraphs: tuple[str, ...] = ()
    state = PageState.BLOCKED if _is_challenge(tree, html) or _is_consent_address(url) else None
    if state is None:
        paragraphs = _within_reason(_without_title(parse_body(html, tree, claimed=meta.body), meta.title))
        state = _state(paragraphs, meta, html)
    if state is PageState.BLOCKED:
        paragraphs = ()
    elif sum(map(len, paragraphs)) < NOTHING:
        message = "no article text was found on the page"
        raise Unreadable(message)
    published_at, to_the_day = meta.published_at, meta.dated_to_the_day
    if published_at is None and state is not PageState.BLOCKED:
        published_at = _day_shown(html)
        to_the_day = published_at is not None
    return Page(
        state=state,
        url=url,
        title=shortened(meta.title, MAX_TITLE),
        paragraphs=paragraphs,
        published_at=published_at,
        dated_to_the_day=to_the_day,
        authors=meta.authors,
        lang=meta.lang,
        canonical_url=meta.canonical_url,
        outlet_name=meta.outlet_name,
        raw_hash=hashlib.sha256(body).hexdigest(),
        ms=round((time.perf_counter() - begun) * 1000, 1),
    )


def _is_challenge(tree: LexborHTMLParser, html: str) -> bool:
    title = tree.css_first("title")
    return bool((title is not None and CHALLENGE_TITLE.match(title.text())) or CHALLENGE.search(html))


def _is_consent_address(url: str) -> bool:
    parts = urlsplit(url)
    return bool(CONSENT_HOST.match(parts.hostname or "") or CONSENT_PATH.match(parts.path))


def _state(paragraphs: tuple[str, ...], meta: Metadata, html: str) -> PageState:
    length = sum(map(len, paragraphs))
    if (
        length < WALL
        and not meta.is_article
        and CONSENT_MARK.search(html)
        and CONSENT_WORD.search(" ".join(paragraphs))
    ):
        return PageState.BLOCKED
    cut_off = bool(paragraphs) and paragraphs[-1].endswith(ELLIPSIS)
    if length < SHORT or (length < STUB and (cut_off or not meta.free)):
        return PageState.PARTIAL
    return PageState.READ


def _within_reason(paragraphs: tuple[str, ...]) -> tuple[str, ...]:
    """The beginning of a text that is longer than any article: each sentence costs the encoder its time."""
    lengths = accumulate(map(len, paragraphs))
    kept = sum(1 for length in islice(lengths, MAX_PARAGRAPHS) if length <= MAX_TEXT)
    return paragraphs[:kept] or tuple(shortened(paragraph, MAX_TEXT) for paragraph in paragraphs[:1])


def _without_title(paragraphs: tuple[str, ...], title: str) -> tuple[str, ...]:
    return paragraphs[1:] if len(paragraphs) > 1 and paragraphs[0].casefold() == title.casefold() else paragraphs


def _day_shown(html: str) -> datetime | None:
    """The day that the page shows or its address of a picture betrays, where it claims none."""
    found = find_date(html, original_date=True, extensive_search=False)
    return day_of(found) if found else None
