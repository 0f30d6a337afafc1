"""How deep a page's tags are nested, as a parser of HTML would find, without parsing.

A sloppy page leaves thousands of tags open and is flat all the same, because what comes next closes them. What
closes what follows the rules for tree construction of the HTML standard; where they are simplified here, a page
seems deeper than it is.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
EMPTY = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "html", "head", "body",
})  # fmt: skip
# Drawn in great numbers, and mostly closed in the tag itself; which counts inside of a drawing only.
SHAPES = frozenset({
    "circle", "ellipse", "g", "image", "line", "path", "polygon", "polyline", "rect", "stop", "use",
})  # fmt: skip
MAX_SHAPES = 10_000  # so deep a parser is still quick
# A parser opens these again in the next paragraph, where they were left open.
FORMATTING = frozenset({
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
})  # fmt: skip
ONE_AT_A_TIME = frozenset({"a", "nobr"})
TABLE_PARTS = frozenset({"caption", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
ITEMS = frozenset({"li", "dd"})
SAME = {"dt": "dd"}  # each ends the other
BLOCKS = HEADINGS | ITEMS | {
    "address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl", "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hgroup", "main", "menu", "nav", "ol", "p", "pre", "search",
    "section", "summary", "table", "ul",
}  # fmt: skip
SCOPE = frozenset({"caption", "marquee", "math", "object", "svg", "table", "td", "template", "th"})
SPECIAL = (
    BLOCKS | SCOPE | TABLE_PARTS | {"button", "iframe", "noscript", "script", "select", "style", "textarea", "title"}
)
NO_BORDERS: frozenset[str] = frozenset()
# What a closing tag, or one that closes its like, can't reach through.
ENDS = {
    **dict.fromkeys(TABLE_PARTS, frozenset({"table"})),
    "table": NO_BORDERS,
    "li": SCOPE | {"ul", "ol"},
    "p": SCOPE | {"button"},
    **dict.fromkeys(SCOPE - TABLE_PARTS - {"table"}, NO_BORDERS),
}
STARTS = {
    **{name: SPECIAL - {"address", "div", "p", name} for name in ITEMS},
    **dict.fromkeys(TABLE_PARTS, frozenset({"table"})),
    **dict.fromkeys(ONE_AT_A_TIME, SCOPE),
}
SHOWN = 1_000  # characters of a formatting tag, to tell different ones apart
MAX_REPEATED = 200
MAX_STEPS = 5_000_000


def tags_in(text: str) -> Iterator[tuple[str, bool, re.Match[str]]]:
    """The tags that open or close something: name, whether it closes, and where."""
    shapes = 0
    for found in TAG.finditer(text):
        name = found[2].lower()
        if name in EMPTY:
            continue
        if name in SHAPES and not found[1] and shapes < MAX_SHAPES and text[text.find(">", found.end()) - 1] == "/":
            shapes += 1
            continue
        yield SAME.get(name, name), bool(found[1]), found


def is_nested_deeper(text: str, limit: int) -> bool:
    """Are elements inside one another more than `limit` deep?

    True as well where so many different bold and italic tags stay open that a parser repeats them in each paragraph,
    and where it would take too long to say.
    """
    open_tags = _OpenTags()
    for name, closes, found in tags_in(text):
        if name in TABLE_PARTS and not open_tags.count["table"]:
            continue
        if closes:
            open_tags.end(name)
        else:
            open_tags.start(name, text[found.start() : _end_of(text, found.end())] if name in FORMATTING else "")
        if len(open_tags.stack) > limit or len(open_tags.repeated) > MAX_REPEATED or open_tags.steps > MAX_STEPS:
            return True
    return False


def _end_of(text: str, place: int) -> int:
    end = text.find(">", place, place + SHOWN)
    return end if end >= 0 else place + SHOWN


class _OpenTags:
    """The stack of open elements. `repeated` are the formatting tags that were closed by something else."""

    def __init__(self) -> None:
        self.stack: list[tuple[str, str]] = []  # name, and the whole tag of what is formatting
        self.count: Counter[str] = Counter()
        self.repeated: set[str] = set()
        self.steps = 0

    def start(self, name: str, tag: str) -> None:
        """Open an element, after closing what it closes."""
        top = self.stack[-1][0] if self.stack else ""
        if name in BLOCKS:
            self._close("p", ENDS["p"])
        if (name in HEADINGS and top in HEADINGS) or (name == "option" and top == "option"):
            self._pop_to(len(self.stack) - 1)
        elif name in STARTS:
            self._close(name, STARTS[name])
        self.stack.append((name, tag))
        self.count[name] += 1

    def end(self, name: str) -> None:
        """Close an element, with all inside it; not, if something is between that such a tag does not close."""
        if name != "form":
            self._close(name, ENDS.get(name, SCOPE if name in BLOCKS or name in FORMATTING else SPECIAL))
        elif self.stack and self.stack[-1][0] == name:  # else what is inside stays there
            self._pop_to(len(self.stack) - 1)

    def _close(self, name: str, borders: frozenset[str]) -> None:
        if not self.count[name]:
            return
        place, blocks = len(self.stack) - 1, False
        while place >= 0 and (inner := self.stack[place][0]) != name:
            self.steps += 1
            if inner in borders:
                return
            blocks = blocks or inner in SPECIAL
            place -= 1
        if place < 0:
            return
        if name in SPECIAL:
            self._pop_to(place)
        else:
            self._take_out(place, with_inline=not blocks)

    def _take_out(self, place: int, *, with_inline: bool) -> None:
        """Close an element in a line: blocks inside it stay open, and formatting that it closes is opened again at once."""
        inside = self.stack[place + 1 :]
        self.steps += len(inside)
        kept = [entry for entry in inside if entry[1] or not with_inline]
        self.count.subtract(name for name, _ in self.stack[place:])
        self.count.update(name for name, _ in kept)
        self.stack[place:] = kept

    def _pop_to(self, place: int) -> None:
        for number, (name, tag) in enumerate(self.stack[place:]):
            self.count[name] -= 1
            if tag and number:
                self.repeated.add(tag)
        del self.stack[place:]
