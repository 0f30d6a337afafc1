"""Where each key and value of a TOML document stands, so that a fault can point at it.

The standard parser reads the values but forgets where they stood. This walk goes over a text which that
parser has accepted, so it only has to tell keys, brackets and strings apart, never right from wrong.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\'', re.DOTALL)
PART = re.compile(r"[ \t]*(\"(?:\\.|[^\"\\])*\"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*")
SCALAR = re.compile(r"[^,\]}\n#]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Line and column of a key and of its value, both from 1."""

    key: tuple[int, int]
    value: tuple[int, int]


def places_of(text: str) -> dict[Path, Place]:
    """The place of every key, table and array element of a valid document, by its path."""
    walk = Walk(text=text, starts=[0, *(found.end() for found in re.finditer("\n", text))])
    walk.document()
    return walk.places


@dataclass(slots=True, kw_only=True)
class Walk:
    """One pass over a document; `at` is the offset reached."""

    text: str
    starts: list[int]
    at: int = 0
    places: dict[Path, Place] = field(default_factory=dict)
    lengths: dict[Path, int] = field(default_factory=dict)  # arrays of tables, so far

    def document(self) -> None:
        """Headers and key-value pairs to the end of the text."""
        table: Path = ()
        while self.skip() < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def header(self) -> Path:
        """`[table]` or `[[array of tables]]`; the path of the table that it opens."""
        start = self.at
        brackets = 2 if self.text.startswith("[[", start) else 1
        self.at += brackets
        *parents, last = self.key()
        self.at += brackets
        path: Path = ()
        for part in parents:
            path = self.newest((*path, part))
            self.mark(path, key=start, value=start)
        path = (*path, last)
        if brackets == 2:  # noqa: PLR2004  [[
            self.mark(path, key=start, value=start)
            self.lengths[path] = self.lengths.get(path, 0) + 1
        path = self.newest(path)
        self.mark(path, key=start, value=start)
        return path

    def newest(self, path: Path) -> Path:
        """The path itself, or its newest element where it is an array of tables."""
        return (*path, self.lengths[path] - 1) if path in self.lengths else path

    def pair(self, table: Path) -> None:
        """`key = value`, where a dotted key opens the tables on its way."""
        start = self.at
        path = table
        for part in self.key():
            path = (*path, part)
            self.mark(path, key=start, value=start)
        self.at += 1  # =
        self.value(path, key=start)

    def value(self, path: Path, *, key: int | None = None) -> None:
        """Whatever stands after an equals sign or in an array."""
        start = self.skip()
        self.places[path] = Place(key=self.spot(start if key is None else key), value=self.spot(start))
        if self.text[start] == "[":
            self.array(path)
        elif self.text[start] == "{":
            self.inline_table(path)
        else:
            found = STRING.match(self.text, start) or SCALAR.match(self.text, start)
            assert found, "the document was accepted by the parser"
            self.at = found.end()

    def array(self, path: Path) -> None:
        """`[value, …]`, over as many lines as it takes."""
        self.at += 1
        count = 0
        while self.text[self.skip()] != "]":
            self.value((*path, count))
            count += 1
            if self.text[self.skip()] == ",":
                self.at += 1
        self.at += 1

    def inline_table(self, path: Path) -> None:
        """`{ key = value, … }`."""
        self.at += 1
        while self.text[self.skip()] != "}":
            self.pair(path)
            if self.text[self.skip()] == ",":
                self.at += 1
        self.at += 1

    def key(self) -> list[str]:
        """The parts of a dotted key; `at` is left on what follows it."""
        parts: list[str] = []
        while not parts or self.text[self.at] == ".":
            self.at += bool(parts)
            found = PART.match(self.text, self.at)
            assert found, "the document was accepted by the parser"
            self.at = found.end()
            parts.append(next(iter(tomllib.loads(f"{found[1]} = 0"))) if found[1][0] in "\"'" else found[1])
        return parts

    def mark(self, path: Path, *, key: int, value: int) -> None:
        """The first mention of a path is its place."""
        self.places.setdefault(path, Place(key=self.spot(key), value=self.spot(value)))

    def skip(self) -> int:
        """Over white space and comments."""
        found = BLANK.match(self.text, self.at)
        assert found, "it matches the empty text"
        self.at = found.end()
        return self.at

    def spot(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1
