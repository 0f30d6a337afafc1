from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from newsdesk import Newsdesk

from storywatch.store.engine import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def newsdesk(sqlite_url: str) -> Iterator[Newsdesk]:
    """One feed, one watch, and nothing has happened."""
    database = open_database(sqlite_url)
    yield Newsdesk(database)
    database.dispose()
