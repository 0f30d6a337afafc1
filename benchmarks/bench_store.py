"""How fast the store takes in entries and gives out work, by the very methods that the service calls.

    python benchmarks/bench_store.py [database address]

Without an address: a new SQLite file. On PostgreSQL give an empty database; it is migrated.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from storywatch.core.model import EntryState, Feed, FeedId, ListedEntry, PollPlan
from storywatch.store.engine import Database, open_database
from storywatch.store.migrate import migrate_database
from storywatch.store.polls import Polls

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)
FEEDS = 200
ENTRIES = 50  # in a listing
SUMMARY = "Dockers returned to work on Monday after nine days, and forty ships are waiting in the roads. " * 4


def main() -> None:
    """Open the database and measure."""
    with ExitStack() as closing:
        folder = closing.enter_context(tempfile.TemporaryDirectory())
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/storywatch.db"
        migrate_database(url)
        database = open_database(url)
        closing.callback(database.dispose)
        print(f"{'SQLite' if database.path else 'PostgreSQL'}, {FEEDS} feeds of {ENTRIES} entries")
        measure(database)


def measure(database: Database) -> None:
    """The service's day in a few seconds."""
    polls = Polls(database)
    feeds = [
        Feed(id=FeedId(f"feed-{number}"), url=f"https://{number}.example/feed", owner="x") for number in range(FEEDS)
    ]
    timed("feeds made known", FEEDS, lambda: polls.sync_feeds(feeds, now=NOON))
    timed("feeds claimed and polled, entries new", FEEDS * ENTRIES, lambda: poll_all(polls, NOON), unit="entries")
    later = NOON + timedelta(hours=1)
    timed("the same again, entries known", FEEDS * ENTRIES, lambda: poll_all(polls, later), unit="entries")
    timed("feeds claimed 20 at a time", FEEDS, lambda: claim_all(polls, later + timedelta(hours=1)))
    timed("entries claimed 20 at a time and settled", 2000, lambda: settle(polls, 2000), unit="entries")


def poll_all(polls: Polls, now: datetime) -> None:
    """T1 and T2 of every due feed."""
    while claims := polls.claim_feeds(now=now, limit=20, lease=LEASE):
        for claim in claims:
            polls.record_poll(claim, plan(claim.feed.id, now))


def claim_all(polls: Polls, now: datetime) -> None:
    """T1 alone."""
    while polls.claim_feeds(now=now, limit=20, lease=LEASE):
        pass


def settle(polls: Polls, count: int) -> None:
    """Entries claimed and passed over, each in its own transaction."""
    for _ in range(count // 20):
        for entry in polls.claim_entries(now=NOON + timedelta(days=1), limit=20, lease=LEASE):
            polls.settle_entry(entry, EntryState.PASSED_OVER, note="about none")


def plan(feed: str, now: datetime) -> PollPlan:
    """What a feed of so many entries gives."""
    entries = tuple(
        ListedEntry(
            key=f"{feed}/{number}",
            url=f"https://{feed}.example/{number}",
            url_key=f"{feed}.example/{number}",
            title=f"Harbour news {number}",
            summary=SUMMARY,
        )
        for number in range(ENTRIES)
    )
    return PollPlan(
        polled_at=now,
        next_poll_at=now + timedelta(minutes=30),
        interval=timedelta(minutes=30),
        failures=0,
        status=200,
        entries=entries,
    )


def timed(what: str, count: int, work: Callable[[], None], *, unit: str = "feeds") -> None:
    """Do it, and say how fast it went."""
    began = perf_counter()
    work()
    spent = perf_counter() - began
    print(f"  {what:45} {count / spent:10,.0f} {unit}/s")


if __name__ == "__main__":
    main()
