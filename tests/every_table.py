"""Rows for every table that there is, also for those that come later: made from the types of their columns."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from builders import NOON
from sqlalchemy import JSON, Boolean, DateTime, Float, Integer, LargeBinary, Text, insert
from sqlalchemy.types import TypeDecorator

from storywatch.store import tables

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Table

WEIRD = (
    "plain",
    "",
    "tab\there, line\nthere, back\\slash, \\N and \\.",
    "Фронт, 항구, مرفأ, 🚢, e\u0301",
    'quotes " and \' and {"json": [1, null]}',
    "a right-to-left \u202e mark, a \ufeff mark, \u2028, \x7f, \x01",
)


def fill(connection: Connection, *, rows: int, first: int = 1) -> None:
    """So many rows for each table, with ids from `first` on; they refer to rows of the same number."""
    for table in tables.metadata.sorted_tables:
        for number in range(first, first + rows):
            connection.execute(insert(table).values(**a_row(table, number)))


def a_row(table: Table, number: int) -> dict[str, Any]:
    """Every column has a value; every third row has none where it may have none."""
    return {column.name: a_value(column, number) for column in table.c}


def a_value(column: Column[Any], number: int) -> Any:
    """What is told apart by its number."""
    if column.primary_key or column.foreign_keys:
        return number
    if column.nullable and number % 3 == 0:
        return None
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, DateTime):
        return NOON + timedelta(hours=number, microseconds=number * 1001)
    return {
        Text: f"{column.name} {number} {WEIRD[number % len(WEIRD)]}",
        JSON: [{}, [], {"sign \0": [number, 0.1 + number, None, True, "항구 \ud800"]}, "only text", number, 1e300][
            number % 6
        ],
        LargeBinary: bytes(range(256)) * (number % 3) + b"\\" + str(number).encode(),
        Boolean: number % 2 == 0,
        Float: [0.1, 1e-300, 1e300, -2.5, 1 / 3, float("inf")][number % 6] * 1.0,
        Integer: number - 2,
    }[next(base for base in type(kind).__mro__ if base in {Text, JSON, LargeBinary, Boolean, Float, Integer})]
