"""The rows of a table as plain values: the same tuples from SQLite and from PostgreSQL, so that they can be compared.

Moments are text in UTC with microseconds, JSON is the text that was stored, and truth is 0 or 1. Leases are not
read from SQLite: who held them is no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Boolean, DateTime
from sqlalchemy.types import TypeDecorator

from storywatch.errors import StorywatchError
from storywatch.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from sqlalchemy import Column, Table
    from sqlalchemy.types import TypeEngine

    Plain: TypeAlias = tuple[Any, ...]

LEASES = {"lease", "lease_until"}
MOMENT = len("2026-03-02 12:00:00.000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A table as it was read from one of the databases."""

    table: str
    rows: int
    checksum: str  # over all values of all rows, in the order of their ids


@dataclass(frozen=True, slots=True)
class PlainTable:
    """How one table is read and written as plain values. The first one of each row is its id."""

    table: Table

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.table.name)

    @property
    def columns(self) -> list[Column[Any]]:
        """In the order of the values."""
        return [self.table.c.id, *(column for column in self.table.c if column.name != "id")]

    def from_sqlite(self) -> str:
        """Rows with ids of more than the one parameter and at most the other."""
        return self._select(", ".join(map(_in_sqlite, self.columns)), "id > ? AND id <= ?")

    def from_postgresql(self) -> str:
        """All rows."""
        return self._select(", ".join(map(_in_postgresql, self.columns)), "true")

    def _select(self, values: str, where: str) -> str:
        return f'SELECT {values} FROM "{self.name}" WHERE {where} ORDER BY id'  # noqa: S608  our own names

    def to_postgresql(self) -> str:
        """Takes what `from_sqlite` gives."""
        return f'COPY "{self.name}" ({", ".join(map(_quoted, self.columns))}) FROM STDIN'

    def with_moments(self, rows: Iterable[Plain]) -> Iterable[Plain]:
        """The rows of SQLite, with every moment written in the one way. Hardly any was not."""
        places = [place for place, column in enumerate(self.columns) if _is(column, DateTime)]
        for row in rows:
            odd = [place for place in places if row[place] is not None and len(str(row[place])) != MOMENT]
            yield self._mended(row, odd) if odd else row

    def _mended(self, row: Plain, odd: list[int]) -> Plain:
        values = list(row)
        for place in odd:
            try:
                values[place] = _moment(str(row[place]))
            except ValueError:
                message = f"table {self.name}, row {row[0]}: {self.columns[place].name} is no moment"
                raise StorywatchError(message) from None
        return tuple(values)

    def summed_up(self, rows: Iterable[Plain]) -> Carried:
        """Count them, and take the checksum of their values."""
        count, digest = 0, sha256()
        for row in rows:
            count += 1
            digest.update(repr(row).encode("utf-8", "backslashreplace"))
        return Carried(table=self.name, rows=count, checksum=digest.hexdigest()[:16])


def plain_tables() -> list[PlainTable]:
    """All of them; each comes after those that it refers to."""
    return [PlainTable(table) for table in metadata.sorted_tables]


def clean_text(stored: bytes) -> str:
    """What SQLite has as text, without what PostgreSQL can't have: see `tables.CleanText`."""
    return stored.decode("utf-8", "replace").replace("\0", "")


def _in_sqlite(column: Column[Any]) -> str:
    if column.name in LEASES:
        return "NULL"
    if _is(column, JSON):  # SQLite makes a number of a text that looks like one
        return f"CAST({_quoted(column)} AS TEXT)"
    return _quoted(column)


def _in_postgresql(column: Column[Any]) -> str:
    if _is(column, DateTime):
        return f"to_char({_quoted(column)} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    if _is(column, JSON):
        return f"{_quoted(column)}::text"
    return f"{_quoted(column)}::int" if _is(column, Boolean) else _quoted(column)


def _quoted(column: Column[Any]) -> str:
    return f'"{column.name}"'


def _is(column: Column[Any], kind: type[TypeEngine[Any]]) -> bool:
    stored = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    return isinstance(stored, kind)


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
