"""Hostile HTML: what must not reach a parser, and plain text out of what may."""

from __future__ import annotations

import re

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
BLOCK = re.compile(
    r"<(?:/?(?:p|div|li|tr|h[1-6]|ul|ol|dl|dt|dd|blockquote|figure|figcaption|section|table)|br|hr)\b[^>]*>",
    re.IGNORECASE,
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff\u00ad]")
SPACES = re.compile(r"[^\S\n]+")
TEXTLESS = ["script", "style", "noscript", "template", "iframe", "object", "svg"]


def hostility(text: str) -> str | None:
    """Why this text must not be parsed, in words: it would take a parser minutes, or all memory."""
    if len(text) > MAX_CHARS:
        return f"more than {MAX_CHARS:,} characters"
    if is_deeper(text, MAX_DEPTH):
        return f"tags nested more than {MAX_DEPTH:,} deep"
    for found in LONG_TAGS.finditer(text):
        if len(QUOTED.sub("", found[0]).split()) > MAX_ATTRIBUTES:
            return f"a tag with more than {MAX_ATTRIBUTES:,} attributes"
    return None


def is_deeper(text: str, limit: int) -> bool:
    """Are tags opened inside one another more than `limit` deep, as far as one can tell without parsing?"""
    depth = 0
    for found in TAG.finditer(text):
        if found[2].lower() not in NEVER_DEEP:
            depth = max(0, depth - 1) if found[1] else depth + 1
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
