"""A day of 5,000 feeds in a simulated clock: the decisions and the database are the real ones, the web is made up.

bench_day.py [--feeds 5000] [--hours 24] [--seed 1]

Each feed has a habit of its own (from an entry in two minutes to one in three weeks, fewer at night) and a server with
ways of its own: validators that hold, none, or that lie; max-age and ttl; trouble, Retry-After, redirects for good, 410;
one changes its software and gives every entry a new key. As in the service, feeds are claimed once a second as far as
slots are free, and each poll holds its slot as long as its server takes. Nothing is drawn but from the seed.
"""

from __future__ import annotations

import argparse
import gc
import heapq
import math
import random
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from storywatch.core.cadence import asks_afresh, plan_poll
from storywatch.core.model import (
    Feed,
    FeedId,
    Freshness,
    ListedEntry,
    Listing,
    NoticeKind,
    NotModified,
    PollFailure,
    Validators,
)
from storywatch.engine.embedded import TICK_SECONDS
from storywatch.pipeline import POLL_LEASE
from storywatch.service import POLL_SLOTS
from storywatch.store.engine import open_database
from storywatch.store.migrate import migrate_database
from storywatch.store.polls import Polls

if TYPE_CHECKING:
    from storywatch.core.model import FeedAnswer, FeedClaim

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
SUMMARY = "Dockers returned to work on Monday after nine days, and forty ships are waiting in the roads. " * 2
HEADERS = 400  # bytes of an answer without its body
ENTRY_BYTES = 320  # of an entry in a list, packed by gzip
LIST_BYTES = 600
SETTLED = timedelta(hours=1)  # the first round is over
# Where it exists the database is there: this is about the work of a day, not about a disk.
IN_MEMORY = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it

# How often something happens: at a poll, to an outlet, to an outlet.
TROUBLE, BUSY, NO_LINE = 0.2, 0.3, 0.002
SLEEPS_AT_NIGHT, IS_SLOW, CHANGES_SOFTWARE = 0.02, 0.01, 0.005


@dataclass(slots=True)
class Server:
    """One outlet: when it publishes, how much of it it lists, and how it answers."""

    number: int
    times: list[datetime]
    window: int
    ways: str
    freshness: Freshness
    seconds: float  # to answer
    rekeyed_at: datetime | None = None
    luck: random.Random = field(default_factory=random.Random)
    shown: int | None = None  # entries that were there when it was last listed whole
    lost: int = 0  # entries that came and went between two lists

    def published(self, now: datetime) -> int:
        """How many entries there are by now."""
        return bisect_right(self.times, now)

    def answer(self, claim: FeedClaim, now: datetime) -> tuple[FeedAnswer, int]:
        """What it says, and in how many bytes."""
        if (failure := self._failure(now)) is not None:
            return failure, HEADERS
        count = self.published(now)
        moved = f"https://moved-{self.number}.example/feed" if self.ways == "moved" else None
        moved = None if moved == claim.url else moved
        etag = None if self.ways == "no validators" else '"always"' if self.ways == "lies" else f'"{count}"'
        said = None if asks_afresh(claim, now=now) else claim.etag
        validators = Validators(etag=etag)
        if said is not None and said == etag:
            return NotModified(validators=validators, freshness=self._bare(), moved_to=moved), HEADERS
        state = f"{count} {self.rekeyed_at is not None and now >= self.rekeyed_at}"
        size = HEADERS + LIST_BYTES + ENTRY_BYTES * min(count, self.window)
        if state == claim.body_hash:
            return NotModified(validators=validators, freshness=self._bare(), status=200, moved_to=moved), size
        if self.shown is not None:
            self.lost += max(0, count - self.window - self.shown)
        self.shown = count
        listing = Listing(
            url=claim.url,
            moved_to=moved,
            title=f"Outlet {self.number}",
            lang="en",
            entries=tuple(self._entry(index, now) for index in range(count - 1, max(-1, count - 1 - self.window), -1)),
            body_hash=state,
            validators=validators,
            freshness=self.freshness,
        )
        return listing, size

    def _failure(self, now: datetime) -> PollFailure | None:
        if self.ways == "gone" and now >= START + timedelta(hours=self.number % 20):
            return PollFailure(reason="410: the feed is gone for good", status=410)
        if self.ways == "trouble" and self.luck.random() < TROUBLE:
            return PollFailure(reason="500: the server failed", status=500)
        if self.ways == "busy" and self.luck.random() < BUSY:
            return PollFailure(reason="429: too often", status=429, retry_after=timedelta(minutes=20))
        return PollFailure(reason="no connection") if self.luck.random() < NO_LINE else None

    def _bare(self) -> Freshness:
        return Freshness(max_age=self.freshness.max_age)

    def _entry(self, index: int, now: datetime) -> ListedEntry:
        key = f"{self.number}/{index}"
        guid = f"new-{key}" if self.rekeyed_at and now >= self.rekeyed_at else key
        return ListedEntry(
            key=guid,
            url=f"https://outlet-{self.number}.example/{index}",
            url_key=f"outlet-{self.number}.example/{index}",
            title=f"Harbour news {index} of outlet {self.number}",
            summary=SUMMARY,
            published_at=self.times[index],
        )


def a_server(number: int, *, end: datetime, draw: random.Random) -> Server:
    """An outlet with a habit and ways that follow from the draw."""
    daily = min(700.0, max(0.05, math.exp(draw.gauss(1.8, 1.6))))  # a median of six entries a day
    window = draw.choice((10, 15, 20, 20, 25, 30, 50, 100))
    back = timedelta(days=min(60.0, 1.5 * window / daily))
    ways = draw.choices(
        ("honest", "no validators", "lies", "trouble", "busy", "moved", "gone"), (70, 18, 2, 5, 2, 2, 1)
    )[0]
    freshness = Freshness(
        max_age=draw.choice((None, None, None, timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))),
        ttl=draw.choice((None, None, None, None, timedelta(minutes=30), timedelta(hours=1))),
        skip_hours=frozenset(range(5)) if draw.random() < SLEEPS_AT_NIGHT else frozenset(),
    )
    return Server(
        number=number,
        times=arrivals(daily, begin=START - back, end=end, draw=draw),
        window=window,
        ways=ways,
        freshness=freshness,
        seconds=20.0 if draw.random() < IS_SLOW else 0.1 + draw.expovariate(2.0),
        rekeyed_at=START + timedelta(hours=12) if draw.random() < CHANGES_SOFTWARE else None,
        luck=random.Random(number),  # noqa: S311  a made-up web
    )


def arrivals(daily: float, *, begin: datetime, end: datetime, draw: random.Random) -> list[datetime]:
    """Moments of publication: a quarter as many at night as at noon."""
    times: list[datetime] = []
    at = begin
    while True:
        at += timedelta(days=draw.expovariate(daily * 1.6))
        if at >= end:
            return times
        if draw.random() < 0.25 + 0.75 * math.sin(math.pi * (at.hour + at.minute / 60) / 24) ** 2:
            times.append(at)


@dataclass(slots=True)
class Day:
    """What happened."""

    polls: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    sizes: int = 0
    entries: Counter[str] = field(default_factory=Counter)
    lags: list[float] = field(default_factory=list)  # seconds, after the first round
    first_lag: float = 0.0
    waits: Counter[str] = field(default_factory=Counter)


def main() -> None:
    """Live the day and print it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, default=5000)
    arguments.add_argument("--hours", type=float, default=24.0)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    end = START + timedelta(hours=options.hours)
    draw = random.Random(options.seed)  # noqa: S311  a made-up web
    servers = [a_server(number, end=end, draw=draw) for number in range(options.feeds)]
    with ExitStack() as closing:
        folder = closing.enter_context(tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
        path = Path(folder) / "storywatch.db"
        migrate_database(f"sqlite:///{path}")
        database = open_database(f"sqlite:///{path}")
        closing.callback(database.dispose)
        polls = Polls(database)
        feeds = [Feed(id=FeedId(f"f{s.number}"), url=f"https://{s.number}.example/feed", owner="x") for s in servers]
        polls.sync_feeds(feeds, now=START)
        gc.collect()
        before, began = memory(), time.process_time()
        day = live(polls, servers, end=end)
        spent = time.process_time() - began
        gc.collect()
        tell(day, servers, end=end, hours=options.hours)
        print(
            f"  {'CPU, the made-up web included':42} {spent:,.0f} s, {1000 * spent / day.polls.total():.2f} ms a poll"
        )
        print(f"  {'memory at start and end':42} {before:,.0f} and {memory():,.0f} MB")
        print(f"  {'database at the end':42} {path.stat().st_size / 1e6:,.0f} MB")


def live(polls: Polls, servers: list[Server], *, end: datetime) -> Day:
    """Second by second, but for those in which nothing is due."""
    day = Day()
    due = [(START, server.number) for server in servers]
    planned = {server.number: START for server in servers}
    busy: list[datetime] = []
    now = START
    while now < end:
        while busy and busy[0] <= now:
            heapq.heappop(busy)
        free = POLL_SLOTS - len(busy)
        claims = polls.claim_feeds(now=now, limit=free, lease=POLL_LEASE) if free else []
        for claim in claims:
            number = int(claim.feed.id[1:])
            note_lag(day, now, planned[number])
            done = now + timedelta(seconds=servers[number].seconds)
            planned[number] = poll(polls, claim, servers[number], now=done, day=day)
            heapq.heappush(busy, done)
            heapq.heappush(due, (planned[number], number))
        while due and (due[0][0] <= now - timedelta(days=1) or planned[due[0][1]] != due[0][0]):
            heapq.heappop(due)
        now += timedelta(seconds=TICK_SECONDS)
        if due and due[0][0] > now:
            now += timedelta(seconds=math.ceil((due[0][0] - now).total_seconds() / TICK_SECONDS) * TICK_SECONDS)
    return day


def note_lag(day: Day, now: datetime, planned: datetime) -> None:
    """How long after its time a feed was taken up; the first round, in which all are due at once, on its own."""
    lag = (now - planned).total_seconds()
    if planned == START:
        day.first_lag = max(day.first_lag, lag)
    elif planned >= START + SETTLED:
        day.lags.append(lag)


def poll(polls: Polls, claim: FeedClaim, server: Server, *, now: datetime, day: Day) -> datetime:
    """One poll, by the decisions and the store of the service."""
    answer, size = server.answer(claim, now)
    outcome = polls.record_poll(claim, plan_poll(claim, answer, now=now))
    day.polls[str(getattr(answer, "status", None) or "no answer")] += 1
    day.sizes += size
    day.entries.update(new=0 if claim.first_poll else outcome.new, known=outcome.known, held=outcome.held)
    day.notices.update(notice.kind for notice in outcome.notices)
    if any(notice.kind is NoticeKind.GONE for notice in outcome.notices):
        return datetime.max.replace(tzinfo=UTC)
    assert outcome.next_poll_at is not None
    return outcome.next_poll_at


def tell(day: Day, servers: list[Server], *, end: datetime, hours: float) -> None:
    """The figures."""
    total = day.polls.total()
    lags = sorted(day.lags) or [0.0]
    answered = day.polls["304"] + day.polls["200"]
    published = sum(server.published(end) - server.published(START) for server in servers)
    print(f"{len(servers):,} feeds in {hours:g} hours of a simulated clock")
    print(f"  {'polls':42} {total:,}, {total / len(servers):.1f} a feed")
    print(f"  {'by answer':42} {', '.join(f'{name}: {count:,}' for name, count in day.polls.most_common())}")
    print(f"  {'304 of what was answered':42} {day.polls['304'] / max(1, answered):.1%}")
    print(f"  {'bytes':42} {day.sizes / 1e6:,.0f} MB")
    lost = sum(server.lost for server in servers)
    print(f"  {'entries published, seen as new, and lost':42} {published:,}, {day.entries['new']:,}, {lost:,}")
    print(f"  {'entries known again, and held':42} {day.entries['known']:,}, {day.entries['held']:,}")
    print(f"  {'notices':42} {', '.join(f'{name}: {count:,}' for name, count in day.notices.most_common())}")
    print(f"  {'the first round took':42} {day.first_lag:,.0f} s")
    print(
        f"  {'lag behind the due time after an hour':42} p95 {lags[int(len(lags) * 0.95)]:.1f} s, longest {lags[-1]:.1f} s"
    )


def memory() -> float:
    """Of this process, in MB, as the system counts it."""
    if sys.platform != "linux":
        return float("nan")
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main()
