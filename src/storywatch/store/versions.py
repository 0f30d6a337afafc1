"""Which version a database is of, and which one this program needs. Cheap: Alembic is not loaded for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD = "0006"
VERSION_TABLE = "alembic_version"
MARKS = "transfer"  # a table that is there while a transfer into the database is not finished


def version_of(connection: Connection) -> str | None:
    """The number of the last migration that was run on the database; None where there was none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  a constant


def is_unfinished(connection: Connection) -> bool:
    """Whether everything of another database is only being carried here."""
    return inspect(connection).has_table(MARKS)
