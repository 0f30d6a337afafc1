from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from desks import Desk

if TYPE_CHECKING:
    from storywatch.store.engine import Database


@pytest.fixture
def desk(database: Database) -> Desk:
    made = Desk(database)
    made.begin()
    return made
