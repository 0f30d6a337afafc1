"""What is wrong with a configuration, as lines for a person: where, which key, what was expected, the way out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storywatch.config.places import Path

LONGEST = 60  # characters of a wrong value that are repeated in a fault
BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
PERHAPS_SECRET = re.compile(r":.*@|whsec_", re.DOTALL)
NOT_YET = "not in this version yet: take the line out"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One thing that is wrong; sorted, faults follow files from top to bottom."""

    file: str
    line: int = 0  # 0: the file as a whole
    column: int = 0
    key: str = ""
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place} {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


def dotted(path: Path) -> str:
    """`feeds.ukrinform-en.every`, `seeds[0]`; a key that needs quotes gets them."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += ("." if words else "") + (
                part if BARE.match(part) and not PERHAPS_SECRET.search(part) else key_in_quotes(part)
            )
    return words


def key_in_quotes(key: str) -> str:
    """A key that is no bare word; somebody will paste a login there too."""
    return '"(not shown)"' if PERHAPS_SECRET.search(key) else quoted(key)


def found(value: Any) -> str:
    """A wrong value as a fault may repeat it: short, on one line, and never one that could hold a password."""
    match value:
        case bool() | int() | float():
            return str(value).lower()
        case str() if PERHAPS_SECRET.search(value):
            return "a text that may hold a secret (not shown)"
        case str():
            return quoted(value)
        case datetime() | date() | time():
            return f"the date or time {value.isoformat()}"
        case list():
            return "a list" if value else "an empty list"
    return "a table"


def quoted(text: str) -> str:
    """In quotes, control characters made visible, the tail of a long text left out."""
    short = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return '"' + "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in short) + '"'


def wrong(value: Any, expected: str, hint: str = "") -> ValueError:
    """The error of a value that is not what it should be."""
    return ValueError(f"expected {expected}, found {found(value)}{hint}")


def near_id(text: str) -> str:
    """What the text would be as an id; nothing where it could be a secret."""
    return "" if PERHAPS_SECRET.search(text) else re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`, did you mean "every"?`, or nothing where no known word is near."""
    near = get_close_matches(word, sorted(known), n=1)
    return f', did you mean "{near[0]}"?' if near else ""


def unknown(word: str, known: Iterable[str]) -> str:
    """What to say of a key that nobody knows."""
    names = sorted(known)
    return "unknown key" + (did_you_mean(word, names) or f"; known here: {', '.join(names)}")
