"""Text that a page holds only for its script: escaped HTML inside a long JSON string."""

from __future__ import annotations

import html as entities
import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from storywatch.parse.markup import plain_text, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script", re.IGNORECASE | re.DOTALL)
# Always matches at a quote, closed or not: nothing is looked at twice.
STRING = re.compile(r'"((?:[^"\\]++|\\.)*+)("|\Z)', re.DOTALL)
PARAGRAPH = re.compile(r"<(?:p|br|div)\b", re.IGNORECASE)
STRING_MIN = 300  # characters in the script
TEXT_MIN = 250
MAX_STRINGS = 200
NESTED = 2  # a JSON document in a JSON string, and no deeper
RELATED = 0.3  # of the words of title and description: less, and it is a notice or another story


def parse_script_text(html: str, *, about: str) -> list[str]:
    """The paragraphs of the longest such string that has to do with `about`, the page's title and description."""
    wanted = Counter(tokens(about))
    best: list[str] = []
    for markup in _long_strings(html):
        text = plain_text(markup)
        if len(text) >= max(TEXT_MIN, sum(map(len, best)) + 1) and _is_related(text, wanted):
            best = text.split("\n")
    return best


def _is_related(text: str, wanted: Counter[str]) -> bool:
    common = (Counter(tokens(text)) & wanted).total()
    return bool(wanted) and common >= RELATED * wanted.total()


def _long_strings(html: str) -> Iterator[str]:
    """The strings with paragraphs in them, unescaped."""
    budget = MAX_STRINGS
    waiting = [(found[1], NESTED) for found in SCRIPT.finditer(html) if len(found[1]) >= STRING_MIN]
    while waiting and budget:
        source, depth = waiting.pop()
        for found in STRING.finditer(source):
            if len(found[1]) < STRING_MIN or not budget:
                continue
            budget -= 1
            text = _unescaped(found[1])
            if text.lstrip().startswith(("{", "[")) and depth > 1:
                waiting.append((text, depth - 1))
                continue
            markup = entities.unescape(text) if "<" not in text and "&lt;" in text else text
            if PARAGRAPH.search(markup):
                yield markup


def _unescaped(source: str) -> str:
    try:
        return str(json.loads(f'"{source}"', strict=False))
    except ValueError:
        return ""
