"""What an outlet's own CSS rules find on its page. They win over everything else; what they don't yield falls back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003  small, and read by people
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from storywatch.parse.dates import parse_moment
from storywatch.parse.markup import TEXTLESS, extent, one_line, plain_text
from storywatch.parse.metadata import day_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from storywatch.core.model import ArticleRules

BODY_MIN = 250  # letters, as `extent` counts them, for a text to be believed
MAX_ELEMENTS = 2_000


@dataclass(slots=True, kw_only=True)
class Ruled:
    """What the rules yielded; `notes` say of each that was given and yielded nothing, and why."""

    lines: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)  # the text as it is, too short or not
    title: str = ""
    published_at: datetime | None = None
    dated_to_the_day: bool = False
    notes: list[str] = field(default_factory=list)


def parse_ruled(html: str, rules: ArticleRules, *, timezone: str | None = None) -> Ruled:
    """Apply the rules to a page of its own: the tree is changed by `drop`."""
    tree = LexborHTMLParser(html)
    ruled = Ruled()
    _read_title(tree, rules.title, ruled)  # before `drop`: a rule may well take the head of the article out
    _read_date(tree, rules.date, ruled, timezone)
    if rules.body is not None:
        _drop(tree, rules.drop, ruled)
        _read_body(tree, rules.body, ruled)
    return ruled


def _read_title(tree: LexborHTMLParser, selector: str | None, ruled: Ruled) -> None:
    if selector is None:
        return
    for element in _matches(tree, selector, "title", ruled):
        ruled.title = one_line(element.attributes.get("content") or element.text(deep=True))
        if ruled.title:
            return
    ruled.notes.append("rule title: yielded nothing, the title was found without it")


def _read_date(tree: LexborHTMLParser, selector: str | None, ruled: Ruled, timezone: str | None) -> None:
    if selector is None:
        return
    days: list[datetime] = []
    for element in _matches(tree, selector, "date", ruled):
        attributes = element.attributes
        for claim in (attributes.get("datetime"), attributes.get("content"), element.text(deep=True)):
            ruled.published_at = parse_moment(claim, timezone_name=timezone) if claim else None
            if ruled.published_at is not None:
                return
            days += [day for day in [day_of(claim or "")] if day]
    if days:
        ruled.published_at, ruled.dated_to_the_day = days[0], True
        return
    ruled.notes.append("rule date: yielded no date that can be read, it was looked for without it")


def _drop(tree: LexborHTMLParser, selector: str | None, ruled: Ruled) -> None:
    tree.strip_tags(TEXTLESS)
    if selector is None:
        return
    for element in _outermost(_matches(tree, selector, "drop", ruled)):
        element.decompose()


def _read_body(tree: LexborHTMLParser, selector: str, ruled: Ruled) -> None:
    for element in _outermost(_matches(tree, selector, "body", ruled)):
        ruled.found += [line for line in plain_text(element.html or "").split("\n") if line]
    length = sum(map(extent, ruled.found))
    if length >= BODY_MIN:
        ruled.lines = ruled.found
    else:
        ruled.notes.append(f"rule body: yielded {length} letters, fewer than {BODY_MIN}: read without it")


def _matches(tree: LexborHTMLParser, selector: str, name: str, ruled: Ruled) -> list[LexborNode]:
    try:
        return tree.css(selector)[:MAX_ELEMENTS]
    except SelectolaxError:
        ruled.notes.append(f"rule {name}: {selector[:80]!r} is no selector that can be read")
        return []


def _outermost(elements: list[LexborNode]) -> list[LexborNode]:
    """Without those inside others of them: their text must not come twice, nor be removed twice."""
    places = {element.mem_id for element in elements}
    return [element for element in elements if not _is_inside(element, places)]


def _is_inside(element: LexborNode, places: set[int]) -> bool:
    above = element.parent
    while above is not None:
        if above.mem_id in places:
            return True
        above = above.parent
    return False
