"""How the command line shows things: tables on a terminal, plain lines in a pipe, JSON for programs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """A table on a terminal; tab-separated lines, without the heads, in a pipe."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    if not rows:
        console().print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)


def one_line(cell: str) -> str:
    """Foreign text can't move the cursor or break a line."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in cell).split())


def when(moment: datetime | None) -> str:
    """A moment in UTC to the minute, or a dash."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "-"
