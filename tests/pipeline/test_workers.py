"""Several workers on one PostgreSQL database: one judging order a story, nothing lost, nothing told twice."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from encoders import KeptEncoder
from sharing import STREAMS, Newsstand, decisions, share

from storywatch.encode import CachedEncoder
from storywatch.store.engine import open_database
from storywatch.store.migrate import migrate_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storywatch.store.engine import Database


@pytest.fixture(scope="module")
def encoder() -> CachedEncoder:
    return CachedEncoder(KeptEncoder(STREAMS / "vectors.npz"))


@contextmanager
def opened(url: str) -> Iterator[Database]:
    migrate_database(url)
    database = open_database(url)
    try:
        yield database
    finally:
        database.dispose()


def test_any_number_of_workers_decides_the_same(postgres_urls: list[str], encoder: CachedEncoder) -> None:
    """One, two and four workers on two stories that share feeds: every row is the same, to the last bit."""
    stand = Newsstand.of(STREAMS / "pow-exchange", STREAMS / "captured-sailors", most=40)
    told = []
    for workers, url in zip((1, 2, 4), postgres_urls, strict=True):
        with opened(url) as database:
            stand.publish(database)
            services = asyncio.run(share(url, stand, encoder, workers=workers))
            told.append(decisions(database))
        assert [service.observer.failures for service in services] == [[]] * workers  # type: ignore[attr-defined]
    one, *more = told
    assert len(one["developments"]) > 5
    for other in more:
        for name, rows in one.items():
            assert other[name] == rows, name
