"""What a page is, when it may be no plain article: each state with its evidence, in words.

The thresholds are from 860 recorded news pages: no sign that stands on ordinary pages counts alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from storywatch.core.model import PageState
from storywatch.parse.markup import agreement, extent, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selectolax.lexbor import LexborHTMLParser

    from storywatch.parse.metadata import Metadata

SHORT = 250  # letters, as `extent` counts them: less is no article's whole text
MEDIA_MAX = 300
WALL = 600
STUB = 900
CHALLENGE_MAX = 1_500  # what a bot check says is shorter
UNLIKE = 0.3  # F1 of a heading's words and the feed's title
ELLIPSIS = ("…", "...", "[…]", "[...]")

CHALLENGE_TITLE = re.compile(
    r"^\s*(?:just a moment|attention required|access denied|pardon our interruption|ddos-guard|are you a robot"
    r"|one more step|please wait\.\.\. \| cloudflare|verifying you are human|security check)",
    re.IGNORECASE,
)
CHALLENGE = ("_cf_chl_opt", "captcha-delivery.com", "px-captcha", "_Incapsula_Resource")
CONSENT_HOST = re.compile(r"^(?:consent|cmp|privacy-?gate|privacy-?mgmt)\.", re.IGNORECASE)
CONSENT_PATH = re.compile(r"^/(?:consent|privacy-?gate|cookie-?wall)(?:/|\.\w+$|$)", re.IGNORECASE)
CONSENT_MARKS = (
    "sp_message", "onetrust", "didomi", "usercentrics", "quantcast", "cookiebot", "consentmanager", "tcfapi",
    "gdpr-consent",
)  # fmt: skip
CONSENT_WORD = re.compile(
    r"cookie|consent|privacy|datenschutz|einwillig|confidentialit|consentement|privacidad|consentimiento|prywatno|zgod"
    r"|конфиденциальн|конфіденційн|согласи|згод|куки|クッキー|同意|쿠키|동의|隐私",
    re.IGNORECASE,
)
NOT_FOUND = re.compile(
    r"^\W*(?:(?:error|fehler|erreur|błąd|ошибка|помилка)\W*)?404(?:\W*$|\s*[|·:-]\s|\W+(?:error|page|not found|seite|página|strona|ошибка))"
    r"|page (?:not found|introuvable|non trouvée)|seite (?:wurde )?nicht gefunden|página no encontrada"
    r"|(?:nie znaleziono strony|strona nie (?:została znaleziona|istnieje))|страница не найдена|сторінк[ау] не знайдено"
    r"|ページが見つかりません|页面(?:不存在|未找到)|找不到(?:该)?页面|페이지를 찾을 수 없",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is seen of a page before its noise is removed."""

    url: str
    page_title: str  # of the title element
    headings: tuple[str, ...]
    challenge: str  # the script that gives a bot check away, if one does
    consent_tool: bool
    asked: str  # the address that was asked; empty where that is not known
    expected: str  # the feed's title; same


def signs_of(tree: LexborHTMLParser, html: str, *, url: str, asked: str = "", expected: str = "") -> Signs:
    """Look for everything that may tell a state."""
    title = tree.css_first("title")
    lower = html.lower()  # looking for words is ten times as fast as for an expression
    return Signs(
        url=url,
        page_title=one_line(title.text()) if title is not None else "",
        headings=tuple(one_line(heading.text(deep=True)) for heading in tree.css("h1")[:5]),
        challenge=next((mark for mark in CHALLENGE if mark in html), ""),
        consent_tool=any(mark in lower for mark in CONSENT_MARKS),
        asked=asked,
        expected=expected,
    )


def judge_state(
    signs: Signs, meta: Metadata, paragraphs: Sequence[str], *, ruled: bool = False
) -> tuple[PageState, str]:
    """The state and why, in words; no words for a plain article. `ruled`: the user's own rule found the text."""
    length = sum(map(extent, paragraphs))
    if meta.is_live:
        return PageState.LIVE, f"a live blog: its JSON-LD says so, with {len(meta.blocks)} blocks"
    if not ruled:
        for state, found in (
            (PageState.BLOCKED, _bot_check(signs, meta, length)),
            (PageState.CONSENT, _consent_wall(signs, meta, paragraphs)),
            (PageState.GONE, _gone(signs, meta, length)),
        ):
            if found:
                return state, found
    stub = _stub(meta, paragraphs)
    if meta.is_media and length < MEDIA_MAX and not stub:
        return PageState.MEDIA, f"a film, recording or pictures with a text of {length} letters"
    if length < STUB and stub:
        return PageState.PARTIAL, f"{length} letters, and {stub}"
    if length < SHORT:
        return PageState.PARTIAL, f"{length} letters: hardly the whole article"
    return PageState.READ, ""


def _bot_check(signs: Signs, meta: Metadata, length: int) -> str:
    """Its title or its script; a real article may be called "Access denied", and one on bot checks may quote them."""
    if meta.is_article or length > CHALLENGE_MAX:
        return ""
    if CHALLENGE_TITLE.match(signs.page_title):
        return f"a bot check: the page is called {signs.page_title[:60]!r} and holds no article"
    return f"a bot check: its script has {signs.challenge!r} and the page holds no article" if signs.challenge else ""


def _consent_wall(signs: Signs, meta: Metadata, paragraphs: Sequence[str]) -> str:
    """Its address; or a consent tool, hardly a text, and that about consent. Half of all articles have the tool."""
    parts = urlsplit(signs.url)
    if CONSENT_HOST.match(parts.hostname or "") or CONSENT_PATH.match(parts.path):
        return f"a consent wall: the address led to {parts.hostname}{parts.path}"[:120]
    text = " ".join(paragraphs)
    if signs.consent_tool and not meta.is_article and extent(text) < WALL and CONSENT_WORD.search(text):
        return "a consent wall: a consent tool, no article, and a short text about consent"
    return ""


def _gone(signs: Signs, meta: Metadata, length: int) -> str:
    """A page that says "not found" with a status of 200, or a front page or section, whose headings are unlike the feed's title."""
    if meta.is_article:
        return ""
    said = next((text for text in (*signs.headings, signs.page_title) if NOT_FOUND.search(text)), "")
    if said and length < STUB:
        return f"not there any more: the page is called {said[:60]!r}"
    asked, came = _segments(signs.asked), _segments(signs.url)
    if not signs.asked or not asked or came[: len(asked)] == asked or len(came) >= len(asked):
        return ""
    place = "/".join(("", *came)) or "/"
    if not signs.expected:
        return f"not there any more: the address leads to {place}" if _is_above(came, asked) else ""
    likeness = max((agreement(text, signs.expected) for text in (*signs.headings, meta.title)), default=0.0)
    if likeness < UNLIKE:
        return f"not there any more: the address leads to {place}, which is not called like the article"
    return ""


def _segments(url: str) -> tuple[str, ...]:
    return tuple(part for part in urlsplit(url).path.split("/") if part)


def _is_above(came: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    """Is it a folder that the article lay in? The front page is."""
    return asked[: len(came)] == came


def _stub(meta: Metadata, paragraphs: Sequence[str]) -> str:
    """Why a short text is a paywall's teaser. The claim alone says nothing: 29 of 258 whole articles carry it."""
    if paragraphs and paragraphs[-1].endswith(ELLIPSIS):
        return "it breaks off with an ellipsis"
    return "" if meta.free else "the page says that it is paid for"
