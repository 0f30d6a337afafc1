"""How long what is kept is kept; and how far a walk through it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

YEAR_AND_MORE = timedelta(days=400)  # whatever is asked of the last year has its answer
SHORTEST_KEPT = timedelta(days=30)
LISTED_ANEW = timedelta(days=30)  # an entry that stays on its feed's list is noted no more often
OFF_THE_LIST = timedelta(days=90)  # before the feed's last list: then an entry has left it, and not for one odd answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how long; None: for good.

    `articles`: those about no story, with their verdicts. `entries`: those that led to no article, once their feed lists
    them no more. `pages`: the bytes that articles about a story were read from. All else is kept for good.
    """

    articles: timedelta | None = YEAR_AND_MORE
    entries: timedelta | None = YEAR_AND_MORE
    pages: timedelta | None = YEAR_AND_MORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a walk through articles or entries has come to: everything up to here was looked at."""

    feed: int = 0  # of entries: they are walked feed by feed
    at: datetime | None = None  # when the last one was seen
    key: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What one short transaction came to: how many were dropped, and where to go on. None: the walk is at its end."""

    dropped: int
    mark: Mark | None
