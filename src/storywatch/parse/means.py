"""What of a feed is given to feedparser: as much as it reads in about a second, and nothing that it chokes on.

It takes some 20 microseconds for each tag, and for some shapes the square of that; the figures are in
`tests/unit/parse/test_hostile_feeds.py`. What slips through is ended by the worker's time limit.
"""

from __future__ import annotations

import re
from bisect import bisect
from itertools import pairwise

from storywatch.errors import Unreadable
from storywatch.parse.listed import MAX_ENTRIES
from storywatch.parse.markup import has_crowded_tag, is_deeper

MAX_ENTITIES = 20
MAX_DEPTH = 10_000  # a quarter of a second; sloppy HTML in 500 entries may well leave a thousand tags open
MAX_TAGS = 40_000  # outside of CDATA; 500 entries with eighty each
MAX_SUBJECTS = 5_000  # of one item: feedparser compares each with all others
AMPERSAND = 0.04  # of a tag's time
MAX_RUN = 20_000  # characters of a name without a blank: an expression for mail addresses goes through it over and over
MAX_BASE = 1_000  # of xml:base, which is joined to every address
WINDOW = 65_536

ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
ITEM = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s/>]", re.IGNORECASE)
ITEM_END = re.compile(r"</(?:[\w.-]{1,40}:)?(?:item|entry)\s*>", re.IGNORECASE)
RUN = re.compile(r"[A-Za-z0-9_.+-]*")
SUBJECT = re.compile(r"<(?:[\w.-]{1,40}:)?(?:category|subject|keywords)\b", re.IGNORECASE)
KEYWORDS = re.compile(r"<(?:[\w.-]{1,40}:)?keywords\b", re.IGNORECASE)
LONG_BASE = re.compile(rf"""xml:base\s*=\s*(?:"[^"]{{{MAX_BASE},}}|'[^']{{{MAX_BASE},}})""", re.IGNORECASE)
CDATA, CDATA_END = "<![CDATA[", "]]>"


def within_means(text: str) -> tuple[str, int]:
    """The document with as many items as can be read, and how many were left out. `Unreadable` where none can be."""
    entities = len(ENTITY.findall(text[:WINDOW]))
    if entities > MAX_ENTITIES:
        message = f"the document declares {entities} entities: refused"
        raise Unreadable(message)
    text, beyond = _cut(text)
    if is_deeper(text, MAX_DEPTH):
        message = f"tags nested more than {MAX_DEPTH:,} deep: refused"
        raise Unreadable(message)
    if has_crowded_tag(text):
        message = "a tag with more than 1,000 attributes: refused"
        raise Unreadable(message)
    if LONG_BASE.search(text):
        message = f"an xml:base of more than {MAX_BASE:,} characters: refused"
        raise Unreadable(message)
    if _has_many_subjects(text):
        message = f"an item with more than {MAX_SUBJECTS:,} subjects: refused"
        raise Unreadable(message)
    if _has_long_run(text):
        message = f"more than {MAX_RUN:,} characters without a blank: refused"
        raise Unreadable(message)
    return text, beyond


def _cut(text: str) -> tuple[str, int]:
    """Without the items past the bounds; what follows the last item stays, so that the document stays well-formed."""
    starts = [found.start() for found in ITEM.finditer(text)]
    if len(starts) <= MAX_ENTRIES and weight(text) <= MAX_TAGS:
        return text, 0
    spent = weight(text[: starts[0]]) if starts else weight(text)
    kept = 0
    for begin, end in pairwise((*starts[:MAX_ENTRIES], *(starts[MAX_ENTRIES:][:1] or [len(text)]))):
        spent += weight(text[begin:end])
        if spent > MAX_TAGS:
            break
        kept += 1
    if not kept:
        message = f"more than {MAX_TAGS:,} tags before the end of the first item: refused"
        raise Unreadable(message)
    ends = [found.end() for found in ITEM_END.finditer(text, starts[-1])]
    return text[: starts[kept]] + (text[ends[-1] :] if ends else ""), len(starts) - kept


def weight(text: str) -> float:
    """What reading it takes, in tags."""
    first, *others = text.split(CDATA)
    bare = [
        first,
        *(rest if closed else inner for inner, closed, rest in (part.partition(CDATA_END) for part in others)),
    ]
    return sum(part.count("<") + AMPERSAND * part.count("&") for part in bare) + len(others)


def _has_many_subjects(text: str) -> bool:
    """Elements of their own, or one with commas in it."""
    named = [found.end() for found in KEYWORDS.finditer(text)]
    for begin, end in pairwise((*named, len(text))):
        closed = text.find("keywords>", begin, end)
        if text.count(",", begin, closed if closed >= 0 else end) > MAX_SUBJECTS:
            return True
    subjects = [found.start() for found in SUBJECT.finditer(text)]
    if len(subjects) <= MAX_SUBJECTS:
        return False
    items = pairwise((*(found.start() for found in ITEM.finditer(text)), len(text)))
    return any(bisect(subjects, end) - bisect(subjects, begin) > MAX_SUBJECTS for begin, end in items)


def _has_long_run(text: str) -> bool:
    """A run of that length covers one of these places, and half of it from there on."""
    half = MAX_RUN // 2
    runs = (RUN.match(text, at) for at in range(0, len(text), half))
    return any(run is not None and run.end() - run.start() >= half for run in runs)
