"""Foreign text made fit for a message. A headline may hold anything; what leaves here is harmless."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ELLIPSIS: Final = "…"
BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")  # controls and line ends of any kind
BIDI: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069]")  # they would turn round what stands beside them
UNENCODABLE: Final = re.compile(r"[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
SPACES: Final = re.compile(r" {2,}")
LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
WEB_URL: Final = re.compile(r"https?://[^\s\"<>]+", re.IGNORECASE)
MARKS: Final = (  # accents of all scripts that stand above and below letters
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    r"\u06df-\u06e4\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
)
PILES: Final = re.compile(f"([{MARKS}]{{6}})[{MARKS}]+")  # more than any language writes, drawn across other lines
JOINERS: Final = ("\u200d", "\ufe0f")
LONG_WORD: Final = 30  # cells
AHEAD: Final = 4  # times the characters that show; what is cleaned away is seldom more
MARGIN: Final = 20  # characters in which the end of a part may be cleaned otherwise than in the whole
URL_LIMIT: Final = 4_000  # a longer address leads nowhere, and would fill a message by itself


def clean(text: str) -> str:
    """The text without controls, line ends, characters that change the direction of others, and piles of accents."""
    text = UNENCODABLE.sub("\ufffd", BIDI.sub("", text))
    return PILES.sub(r"\1", BREAKS.sub(" ", text))


def line(text: str, limit: int) -> str:
    """The text as one clean line of at most `limit` characters, cut with an ellipsis."""
    return _cut_clean(lambda part: SPACES.sub(" ", clean(part)).strip(), text, limit)


def clean_cut(text: str, limit: int) -> str:
    """The clean text, at most `limit` characters of it."""
    return _cut_clean(clean, text, limit)


def _cut_clean(cleaned: Callable[[str], str], text: str, limit: int) -> str:
    """Looks through no more of an endless text than can show: what begins it is cleaned to what begins the whole."""
    begin = cleaned(text[: AHEAD * limit])
    return cut(begin if len(begin) > limit + MARGIN else cleaned(text), limit)


def cut(text: str, limit: int) -> str:
    """The text, at most `limit` characters of it; never ends between a letter and its accent."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and (unicodedata.combining(text[end]) or text[end] in JOINERS or text[end - 1] == JOINERS[0]):
        end -= 1
    return text[:end].rstrip() + ELLIPSIS


def language_tag(lang: str) -> str:
    """The language as a tag that may stand in a header or an attribute; "und" where it is none."""
    return lang if LANGUAGE_TAG.fullmatch(lang) else "und"


def web_url(url: str) -> str | None:
    """The address if it is one of the web that can be linked to: `javascript:` and broken ones are not."""
    return url if len(url) <= URL_LIMIT and WEB_URL.fullmatch(url) and clean(url) == url else None


def wrap(text: str, *, width: int, prefix: str = "", rest: str | None = None) -> str:
    """The text on lines of at most `width` cells; a wide letter takes two cells and may begin a line.

    `prefix` stands before the first line, `rest` before the others. A web address is never broken.
    """
    rest = prefix if rest is None else rest
    lines, current = [], prefix
    fresh = True
    for piece in _pieces(text):
        if not fresh and cells(current) + cells(piece.rstrip()) > width:
            lines.append(current.rstrip())
            current, fresh = rest, True
        current += piece.lstrip() if fresh else piece
        fresh = fresh and not piece.strip()
    return "\n".join([*lines, current.rstrip()])


def cells(text: str) -> int:
    """The columns that a text takes in a fixed-width font, at the most."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _pieces(text: str) -> Iterator[str]:
    for word in re.findall(r" *[^ ]+", text):
        if cells(word) <= LONG_WORD or web_url(word.strip()):
            yield word
        else:
            yield from _letters(word)


def _letters(word: str) -> Iterator[str]:
    """A word too long to be one (Chinese has no spaces) may be broken anywhere but before its first letter."""
    start = len(word) - len(word.lstrip(" "))
    yield word[: start + 1]
    yield from word[start + 1 :]
