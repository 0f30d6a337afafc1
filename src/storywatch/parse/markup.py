"""Hostile HTML: what must not reach a parser, and plain text out of what may."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from selectolax.lexbor import LexborHTMLParser

from storywatch.parse.depth import is_nested_deeper, tags_in

MAX_CHARS = 5_000_000
MAX_DEPTH = 1_000
MAX_ATTRIBUTES = 1_000
LONG_TAG = 4_000  # shorter ones can't hold that many attributes

LONG_TAGS = re.compile(rf"<[a-zA-Z][^>]{{{LONG_TAG},}}")
QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
# These are closed by what follows them, but for what lies in tags that count themselves.
NEVER_DEEP = frozenset(
    {"p", "tr", "td", "th", "tbody", "thead", "tfoot", "caption", "colgroup", "option", "script", "style"}
)
BLOCK = re.compile(
    r"<(?:/?(?:p|div|li|tr|h[1-6]|ul|ol|dl|dt|dd|blockquote|figure|figcaption|section|table)|br|hr)\b[^>]*>",
    re.IGNORECASE,
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff\u00ad]")
WORD = re.compile(r"[^\W_]+")
WIDE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
TEXTLESS = ["script", "style", "noscript", "template", "iframe", "object", "svg"]


def hostility(text: str) -> str | None:
    """Why this text must not be parsed, in words: it would take a parser minutes, or all memory."""
    if len(text) > MAX_CHARS:
        return f"more than {MAX_CHARS:,} characters"
    if is_deeper(text, MAX_DEPTH) and is_nested_deeper(text, MAX_DEPTH):
        return f"tags nested more than {MAX_DEPTH:,} deep"
    return f"a tag with more than {MAX_ATTRIBUTES:,} attributes" if has_crowded_tag(text) else None


def has_crowded_tag(text: str) -> bool:
    """Has a tag more attributes than any that was written in earnest? Parsers compare each with all others."""
    return any(len(QUOTED.sub("", found[0]).split()) > MAX_ATTRIBUTES for found in LONG_TAGS.finditer(text))


def is_deeper(text: str, limit: int) -> bool:
    """Are tags opened inside one another more than `limit` deep, as far as one can tell without parsing?"""
    if text.count("<") <= limit:
        return False
    depth = 0
    opened: Counter[str] = Counter()
    for name, closes, _ in tags_in(text):
        if name in NEVER_DEEP:
            continue
        if not closes:
            opened[name] += 1
            depth += 1
        elif opened[name]:  # what closes nothing counts for nothing
            opened[name] -= 1
            depth -= 1
        if depth > limit:
            return True
    return False


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
    lines = (" ".join(line.split()) for line in CONTROLS.sub("", text.replace("\r", "\n")).split("\n"))
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
