"""The text of an article out of its page: two readers that must agree, and JSON-LD as a check on both.

trafilatura finds nearly all of an article, and a little more; a plain look at where the paragraphs
are finds a little less, and hardly anything else. What both have is the article.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trafilatura
from selectolax.lexbor import LexborHTMLParser

from storywatch.parse.markup import agreement, plain_text, tidy, tokens
from storywatch.parse.script import parse_script_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selectolax.lexbor import LexborNode

AGREE = 0.8
LONG_LINE = 13  # words; a shorter line must be there as it stands
NEARLY_ALL = 0.9
HALF = 0.5
LARGE = 2_000_000  # characters without scripts; the largest of 860 recorded pages has 1.3 million with them
LARGE_TAGS = 100_000
SHORT = 250  # characters below which nothing was really found
BODY_MIN = 700  # of JSON-LD's copy, to be believed: shorter ones are teasers
BODY_FAR = (0.5, 2.5)  # the found text is far from it: less or more than so many times its length

BULLET = re.compile(r"^(?:[-*•·]\s+)")
NOISE = (
    "script", "style", "noscript", "template", "iframe", "svg", "object", "form", "button", "select", "nav", "aside",
    "footer", "figure", "figcaption", "video", "audio", "canvas", "dialog", "menu",
)  # fmt: skip
UNLIKELY = re.compile(
    r"comment|related|recommend|newsletter|promo|share|social|sidebar|breadcrumb|footer|cookie|consent|advert|banner"
    r"|teaser|most-?read|popular|tags?-list|topics|byline|caption|subscribe|signup|paywall|trending|read-?more|read-?also"
    r"|outbrain|taboola|widget",
    re.IGNORECASE,
)
LABELLED = "div[class], div[id], section[class], section[id], ul[class], ol[class], p[class], li[class]"
PARAGRAPHS = "p, h2, h3, h4, li, blockquote, pre"
MAX_LINK_SHARE = 0.5
PARAGRAPH_MIN = 25
SMALL = 2_000  # what is larger is no box beside the article, whatever its class says
FADE, FAR = 0.75, 0.2  # a paragraph counts less for each element further up, and then not at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A text, and what found it: "both" readers agree, "thorough", "plain", "json-ld" or "script"."""

    lines: tuple[str, ...]
    by: str


def parse_body(html: str, tree: LexborHTMLParser, *, claimed: str = "", about: str = "") -> Body:
    """The article's paragraphs. Empties `tree` of its noise.

    `claimed` is JSON-LD's own copy of the text, `about` the title and description that a text in a script must fit.
    """
    clean = _without_scripts(html)
    plain = _paragraphs_of(tree)
    if _is_large(clean):
        lines, by = plain, "plain"
    else:
        lines, by = _agreed(clean, plain)
    if _length(lines) < SHORT < _length(plain):
        lines, by = plain, "plain"  # nested too deeply for libxml2, say
    copy = _copy(lines, claimed)
    if copy:
        lines, by = copy, "json-ld"
    elif _length(lines) < SHORT:
        hidden = parse_script_text(html, about=about)
        lines, by = (hidden, "script") if hidden else (lines, by)
    return Body(lines=tuple(lines), by=by)


def parse_texts(html: str, tree: LexborHTMLParser, *, claimed: str = "", about: str = "") -> dict[str, str]:
    """What each reader makes of the page by itself, by its name. Empties `tree` of its noise."""
    clean = _without_scripts(html)
    plain = _paragraphs_of(tree)
    large = _is_large(clean)
    texts = {
        "fast": [] if large else _trafilatura(clean, fast=True),
        "thorough": [] if large else _trafilatura(clean, fast=False),
        "plain": plain,
        "json-ld": plain_text(claimed).split("\n"),
        "script": parse_script_text(html, about=about),
    }
    return {name: "\n".join(lines) for name, lines in texts.items()}


def _agreed(clean: str, plain: list[str]) -> tuple[list[str], str]:
    lines = _both(_trafilatura(clean, fast=True), plain)
    if lines is not None:
        return lines, "both"
    thorough = _trafilatura(clean, fast=False)
    lines = _both(thorough, plain)
    return (lines, "both") if lines else (thorough, "thorough")


def _is_large(clean: str) -> bool:
    """libxml2 and trafilatura take seconds for a megabyte, and minutes for a quarter of a million links."""
    return len(clean) > LARGE or clean.count("<") > LARGE_TAGS


def _without_scripts(html: str) -> str:
    """libxml2 gives up on a page with ten megabytes in one script."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "template", "svg", "iframe"])
    return tree.html or ""


def _trafilatura(html: str, *, fast: bool) -> list[str]:
    text = trafilatura.extract(html, fast=fast, include_comments=False, output_format="txt", with_metadata=False)
    lines = tidy(text or "").split("\n")
    return [BULLET.sub("", line) for line in lines if line]


def _both(lines: list[str], plain: list[str]) -> list[str] | None:
    """The lines that the other reader has too; None where the two do not tell of the same text."""
    if agreement("\n".join(lines), "\n".join(plain)) < AGREE:
        return None
    known = Counter(tokens("\n".join(plain)))
    joined = " ".join(tokens("\n".join(plain)))
    if len(lines) == 1:
        return _parted(lines[0], plain)
    return [line for line in lines if _has(line, known, joined)]


def _parted(line: str, plain: list[str]) -> list[str]:
    """A short text comes from trafilatura in one piece, byline and all: the paragraphs that it is made of."""
    parts = [part for part in plain if part in line]
    return parts if sum(map(len, parts)) >= HALF * len(line) else [line]


def _has(line: str, known: Counter[str], joined: str) -> bool:
    words = tokens(line)
    if " ".join(words) in joined:
        return True
    return len(words) >= LONG_LINE and (Counter(words) & known).total() >= NEARLY_ALL * len(words)


def _copy(lines: list[str], claimed: str) -> list[str]:
    """JSON-LD's copy, where it is whole and what was found is far from its length; else nothing."""
    copy = plain_text(claimed) if claimed else ""
    if len(copy) >= BODY_MIN and not copy.endswith(("...", "…")):
        low, high = (share * len(copy) for share in BODY_FAR)
        if not low <= _length(lines) <= high:
            return copy.split("\n")
    if _length(lines) < SHORT <= len(copy):
        return copy.split("\n")
    return []


def _length(lines: Sequence[str]) -> int:
    return sum(map(len, lines))


# --------------------------------------------------------------------------- where the paragraphs are


def _paragraphs_of(tree: LexborHTMLParser) -> list[str]:
    _remove(tree.css(", ".join(NOISE)))
    _remove([element for element in tree.css(LABELLED) if _is_unlikely(element)])
    home = _home(tree)
    if home is None:
        return []
    blocks = [element for element in home.css(PARAGRAPHS) if not _is_link_list(element)]
    lines = [tidy(block.text(deep=True)).replace("\n", " ") for block in blocks if _is_innermost(block)]
    found = list(dict.fromkeys(line for line in lines if line))
    if found or _is_link_list(home):  # nothing but links is no article
        return found
    return tidy(home.text(deep=True, separator="\n")).split("\n")


def _is_innermost(block: LexborNode) -> bool:
    """A list item or a quotation that holds paragraphs is told by them; `css` finds the element itself too."""
    return block.tag == "p" or block.css_first("p") is None


def _remove(elements: list[LexborNode]) -> None:
    """The outermost of them only: what was inside a removed element must not be touched again."""
    places = {element.mem_id for element in elements}
    for element in [element for element in elements if not _is_inside(element, places)]:
        element.decompose()


def _is_inside(element: LexborNode, places: set[int]) -> bool:
    above = element.parent
    while above is not None:
        if above.mem_id in places:
            return True
        above = above.parent
    return False


def _is_unlikely(element: LexborNode) -> bool:
    label = f"{element.attributes.get('class') or ''} {element.attributes.get('id') or ''}"
    return UNLIKELY.search(label) is not None and len(element.text(deep=True)) < SMALL


def _home(tree: LexborHTMLParser) -> LexborNode | None:
    """The element that holds most of the paragraphs' text, close enough above them."""
    scores: dict[int, float] = {}
    elements: dict[int, LexborNode] = {}
    for paragraph in tree.css("p"):
        text = paragraph.text(deep=True).strip()
        if len(text) < PARAGRAPH_MIN or _is_link_list(paragraph):
            continue
        share, element = 1.0, paragraph.parent
        while element is not None and share > FAR and element.tag not in {"body", "html"}:
            scores[element.mem_id] = scores.get(element.mem_id, 0.0) + share * len(text)
            elements[element.mem_id] = element
            share, element = share * FADE, element.parent
    if not scores:
        return tree.css_first("article") or tree.css_first("main") or tree.body
    return elements[max(scores, key=lambda place: scores[place])]


def _is_link_list(element: LexborNode) -> bool:
    text = len(element.text(deep=True).strip())
    linked = sum(len(link.text(deep=True).strip()) for link in element.css("a"))
    return text > 0 and linked > MAX_LINK_SHARE * text
