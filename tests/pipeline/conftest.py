from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storywatch.store.engine import open_database

sys.path.append(str(Path(__file__).resolve().parents[2] / "training"))

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storywatch.store.engine import Database


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """A new SQLite file."""
    opened = open_database(sqlite_url)
    yield opened
    opened.dispose()
