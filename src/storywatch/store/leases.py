"""Claims on rows that ask for work: taken for a while, and given back only by who still holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import or_, update

from storywatch.errors import LeaseLost

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import BindParameter, ColumnElement, Connection, Table

    from storywatch.store.tables import Found, Query


def is_free(table: Table, now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Nobody works on the row, or who did is thought to be dead."""
    return or_(table.c.lease.is_(None), table.c.lease_until <= now)


def claim_rows(
    connection: Connection, table: Table, query: Query, *, limit: int, until: datetime
) -> tuple[str, Sequence[Found]]:
    """Take up to `limit` rows of `query`, which must give the row's `id`; the lease's token, and the rows in its order.

    On PostgreSQL rows that another worker is just taking are skipped; on SQLite there is no other.
    """
    rows = connection.execute(query.limit(limit).with_for_update(skip_locked=True, of=table)).all()
    token = uuid4().hex
    if rows:
        ids = [row.id for row in rows]
        connection.execute(update(table).where(table.c.id.in_(ids)).values(lease=token, lease_until=until))
    return token, rows


def give_back(connection: Connection, table: Table, where: ColumnElement[bool], *, lease: str, **values: Any) -> int:
    """Write what became of a claimed row, and end its lease; gives the row's id. Raises `LeaseLost`."""
    given = (
        update(table)
        .where(where, table.c.lease == lease)
        .values(lease=None, lease_until=None, **values)
        .returning(table.c.id)
    )
    key: int | None = connection.execute(given).scalar_one_or_none()
    if key is None:
        raise lost(table)
    return key


def lost(table: Table) -> LeaseLost:
    """What is said to who holds a row no more."""
    return LeaseLost(f"{table.name}: the lease ran out, and somebody else has taken the row over")
