"""From one SQLite file to PostgreSQL: everything, once, whenever it is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from every_table import fill
from sqlalchemy import func, select

from storywatch.store import tables
from storywatch.store.engine import open_database
from storywatch.store.transfer import open_transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storywatch.store.engine import Database


@pytest.fixture
def source(sqlite_url: str) -> Iterator[Database]:
    database = open_database(sqlite_url)
    yield database
    database.dispose()


def test_everything(source: Database, sqlite_url: str, postgres_url: str) -> None:
    with source.write() as c:
        fill(c, rows=12)
    with open_transfer(sqlite_url, postgres_url) as t:
        for s in t.steps(batch=5): print(s)
    print(t.carried)
    target = open_database(postgres_url)
    for table in tables.metadata.sorted_tables:
        with source.read() as a, target.read() as b:
            x, y = (c.execute(select(table).order_by(table.c.id)).all() for c in (a, b))
        drop = {"lease", "lease_until"}
        assert len(x) == 12
        for i, j in zip(x, y):
            assert {k: v for k, v in i._mapping.items() if k not in drop} == {k: v for k, v in j._mapping.items() if k not in drop}
    target.dispose()
