"""Hostile HTML: what must not reach a parser, and plain text out of what may."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from selectolax.lexbor import LexborHTMLParser

MAX_CHARS = 5_000_000
MAX_DEPTH = 1_000
MAX_ATTRIBUTES = 1_000
LONG_TAG = 4_000  # shorter ones can't hold that many attributes

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
LONG_TAGS = re.compile(rf"<[a-zA-Z][^>]{{{LONG_TAG},}}")
QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
# These hold nothing, or are closed by what follows them.
NEVER_DEEP = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "optgroup", "colgroup", "rp", "rt",
    "html", "head", "body", "path", "circle", "rect", "line", "use", "polygon", "stop", "script", "style",
})  # fmt: skip
# As a parser closes for a sloppy page: these hold nothing; these end their like; these end a paragraph.
EMPTY = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "html", "head", "body", "path", "circle", "rect", "line", "use", "polygon", "stop",
})  # fmt: skip
SIBLINGS = frozenset(
    {"p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "optgroup", "a", "nobr"}
)
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "li", "main",
    "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "table", "ul", "dt", "dd",
})  # fmt: skip
BORDERS = frozenset({"table", "ul", "ol", "dl", "select", "button", "object", "template", "svg"})
# A parser opens these again in the next paragraph, where they were left open.
FORMATTING = frozenset({"b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"})
FORMATTING_SHOWN = 60  # characters of the tag, to tell different ones apart
MAX_REPEATED = 200
MAX_STEPS = 5_000_000
BLOCK = re.compile(
    r"<(?:/?(?:p|div|li|tr|h[1-6]|ul|ol|dl|dt|dd|blockquote|figure|figcaption|section|table)|br|hr)\b[^>]*>",
    re.IGNORECASE,
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff\u00ad]")
WORD = re.compile(r"[^\W_]+")
WIDE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
SPACES = re.compile(r"[^\S\n]+")
TEXTLESS = ["script", "style", "noscript", "template", "iframe", "object", "svg"]


def hostility(text: str) -> str | None:
    """Why this text must not be parsed, in words: it would take a parser minutes, or all memory."""
    if len(text) > MAX_CHARS:
        return f"more than {MAX_CHARS:,} characters"
    if is_deeper(text, MAX_DEPTH) and _is_really_deeper(text, MAX_DEPTH):
        return f"tags nested more than {MAX_DEPTH:,} deep"
    return f"a tag with more than {MAX_ATTRIBUTES:,} attributes" if has_crowded_tag(text) else None


def has_crowded_tag(text: str) -> bool:
    """Has a tag more attributes than any that was written in earnest? Parsers compare each with all others."""
    return any(len(QUOTED.sub("", found[0]).split()) > MAX_ATTRIBUTES for found in LONG_TAGS.finditer(text))


def is_deeper(text: str, limit: int) -> bool:
    """Are tags opened inside one another more than `limit` deep, as far as one can tell without parsing?"""
    depth = 0
    opened: Counter[str] = Counter()
    for found in TAG.finditer(text):
        name = found[2].lower()
        if name in NEVER_DEEP:
            continue
        if not found[1]:
            opened[name] += 1
            depth += 1
        elif opened[name]:  # what closes nothing counts for nothing
            opened[name] -= 1
            depth -= 1
        if depth > limit:
            return True
    return False


def _is_really_deeper(text: str, limit: int) -> bool:
    """The same with a stack, as a parser of HTML would: a closing tag closes what is open inside it, a paragraph the last one.

    A page may leave thousands of tags open and be flat all the same, because what comes next closes them. True as well where so many different bold and italic tags stay open that a parser repeats them in each paragraph.
    """
    stack: list[str] = []
    opened: Counter[str] = Counter()
    repeated: set[str] = set()
    steps = 0
    for found in TAG.finditer(text):
        name = found[2].lower()
        if name in EMPTY:
            continue
        if found[1]:
            closing = name if opened[name] else ""
        else:
            closing = name if name in SIBLINGS and opened[name] else "p" if name in BLOCKS and opened["p"] else ""
        if closing:
            steps += _close(stack, opened, repeated, closing, own=bool(found[1]))
        if not found[1]:
            stack.append(text[found.start() : _end_of(text, found.end())] if name in FORMATTING else name)
            opened[name] += 1
        if len(stack) > limit or len(repeated) > MAX_REPEATED or steps > MAX_STEPS:
            return True
    return False


def _close(stack: list[str], opened: Counter[str], repeated: set[str], name: str, *, own: bool) -> int:
    """Take the innermost `name` and all inside it off the stack, but not through a table or list; the steps it took."""
    place = len(stack) - 1
    while place >= 0 and stack[place] != name and _name(stack[place]) != name:
        if not own and stack[place] in BORDERS:
            return len(stack) - place
        place -= 1
    steps = len(stack) - place
    for inner in stack[place + 1 :]:
        if inner.startswith("<"):
            repeated.add(inner)
        opened[_name(inner)] -= 1
    opened[name] -= 1
    del stack[place:]
    return steps


def _end_of(text: str, place: int) -> int:
    """Where the tag ends, or so much of it as tells it from others."""
    end = text.find(">", place, place + FORMATTING_SHOWN)
    return end if end >= 0 else place + FORMATTING_SHOWN


def _name(entry: str) -> str:
    found = TAG.match(entry)
    return found[2].lower() if found else entry


def plain_text(value: str) -> str:
    """What a reader would see of a piece of HTML or text, a block a line; nothing of what is hostile."""
    if "<" in value or "&" in value:
        if hostility(value):
            return ""
        tree = LexborHTMLParser(BLOCK.sub(r"\n\g<0>", value))
        tree.strip_tags(TEXTLESS)
        value = tree.body.text(deep=True) if tree.body else ""
    return tidy(value)


def tidy(text: str) -> str:
    """Without control characters, with single spaces, without empty lines."""
    lines = (SPACES.sub(" ", line).strip() for line in CONTROLS.sub("", text.replace("\r", "\n")).split("\n"))
    return "\n".join(line for line in lines if line)


def one_line(text: str) -> str:
    """Tidy, and on one line: for titles and names."""
    return tidy(text).replace("\n", " ")


def shortened(text: str, limit: int) -> str:
    """At most so many characters, cut between words where there are words."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    cut = max(head.rfind(" "), head.rfind("\n"))
    return (head[:cut] if cut > limit // 2 else head).rstrip() + "…"


def extent(text: str) -> int:
    """How much a text says, in letters: a Chinese, Japanese or Korean sign says as much as two."""
    return len(text) + len(DENSE.findall(text))


def tokens(text: str) -> list[str]:
    """Words, case folded; one Chinese, Japanese, Korean or Thai character is one."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return WORD.findall(WIDE.sub(r" \g<0> ", plain))


def agreement(one: str, other: str) -> float:
    """F1 of the two texts' tokens."""
    left, right = Counter(tokens(one)), Counter(tokens(other))
    common = (left & right).total()
    return 2 * common / (left.total() + right.total()) if common else 0.0
