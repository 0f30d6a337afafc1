"""How the command line shows things: tables on a terminal, plain lines in a pipe, JSON for programs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

NARROW = 100  # columns; below it, what is needed less is shortened or left out
TEXT = 20  # columns that a text should have at least, or lines get too many
LEAST_TEXT = 8
LONGEST_WORD = 40  # columns; an id is shorter, and an endless word can't push the rest off the terminal


def print_json(value: object) -> None:
    """One JSON document on standard output; times in ISO 8601 with Z, durations in seconds."""
    json.dump(value, sys.stdout, default=_plain, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def console(*, error: bool = False) -> Console:
    """Standard output, or standard error. Colours and wrapping only on a terminal; foreign text is never markup."""
    stream = sys.stderr if error else sys.stdout
    return Console(markup=False, highlight=False, emoji=False, soft_wrap=not stream.isatty(), stderr=error)


def narrow() -> bool:
    """Whether standard output is a terminal of less than a hundred columns."""
    return sys.stdout.isatty() and console().width < NARROW


def print_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    empty: str,
    texts: Collection[str] = (),
    spare: Sequence[str] = (),
) -> None:
    """A table on a terminal; tab-separated lines, without the heads, in a pipe.

    The columns in `texts` (else the last one) take the wrap; in the others no word is broken, so that ids can be
    copied. The columns in `spare` are left out, one after the other, where a narrow terminal has no room for them.
    """
    rows = [[one_line(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    if not rows:
        console().print(empty)
        return
    columns = [
        _Column(head=head, cells=cells, text=head in (texts or heads[-1:]))
        for head, *cells in zip(heads, *rows, strict=True)
    ]
    out = console()
    columns = _without_spare(columns, spare, room=out.width)
    gap = 2 if _room(columns, gap=2) <= out.width else 1
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for column, width in zip(columns, _widths(columns, room=out.width), strict=True):
        table.add_column(column.head, overflow="fold", width=width)
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*(Text(cell) for cell in row))
    out.print(table)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One column, with the columns of the terminal that it can do with."""

    head: str
    cells: Sequence[str]
    text: bool

    @property
    def full(self) -> int:
        return max(cell_len(cell) for cell in (self.head, *self.cells))

    @property
    def wanted(self) -> int:
        return min(self.full, TEXT) if self.text else self.full

    @property
    def least(self) -> int:
        if self.text:
            return min(self.full, LEAST_TEXT)
        return min(
            LONGEST_WORD, max(cell_len(word) for cell in (self.head, *self.cells) for word in cell.split() or [""])
        )


def _room(columns: Sequence[_Column], *, gap: int) -> int:
    return sum(column.full + gap for column in columns)


def _without_spare(columns: list[_Column], spare: Sequence[str], *, room: int) -> list[_Column]:
    for head in spare if room < NARROW else ():
        if sum(column.wanted + 1 for column in columns) <= room:
            break
        columns = [column for column in columns if column.head != head]
    return columns


def _widths(columns: Sequence[_Column], *, room: int) -> list[int | None]:
    """How wide each column is, with one more between them. None: not even the words fit, and they are folded."""
    widths = [column.least for column in columns]
    rest = room - sum(widths) - len(widths)
    if rest < 0:
        return [None] * len(widths)
    for goals in (
        [column.wanted if column.text else column.least for column in columns],
        [column.wanted for column in columns],
        [column.full for column in columns],
    ):
        for place, goal in enumerate(goals):
            more = max(0, min(goal - widths[place], rest))
            widths[place] += more
            rest -= more
    return list(widths)


def one_line(cell: str) -> str:
    """Foreign text can't move the cursor or break a line."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in cell).split())


def when(moment: datetime | None) -> str:
    """A moment in UTC to the minute, or a dash."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "-"
