from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storywatch.store.engine import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storywatch.store.engine import Database


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """A new SQLite file."""
    opened = open_database(sqlite_url)
    yield opened
    opened.dispose()
