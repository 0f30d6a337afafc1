"""One judging order a story, whichever machine judges.

Entries that concern a shared watch have their turn one after the other, in the order in which they became known
(`seen_at`, then `id`). What is slow, the fetching of pages and the encoding, runs ahead of the turn. An entry that
is put off gives up its place; one whose worker died keeps it until its lease ends, and is then taken up first.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from storywatch.errors import OutOfTurn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from concurrent.futures import Executor
    from datetime import datetime

    from storywatch.core.model import Entry, FeedId, WatchId
    from storywatch.ports import Clock, Polls

LEASE = timedelta(minutes=1)  # of an entry that waits or has its turn: renewed while its worker lives
SHORTEST_LOOK, LONGEST_LOOK = 0.005, 0.1  # seconds between two looks at what other workers have before us


@dataclass(kw_only=True, eq=False)
class Place:
    """Where one of our entries stands in line."""

    entry: Entry
    watches: frozenset[WatchId]
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def order(self) -> tuple[datetime, int]:
        """Before whom it stands."""
        return (self.entry.seen_at, self.entry.id)


@dataclass(kw_only=True)
class Turns:
    """The line of one worker's entries, and its look at those of the others."""

    clock: Clock
    polls: Polls
    writer: Executor  # the store's own thread
    watches_of: Callable[[FeedId], frozenset[WatchId]]
    places: list[Place] = field(default_factory=list)
    closing: bool = False  # the worker is about to stop: who still waits gives its entry back

    @asynccontextmanager
    async def place(self, entry: Entry) -> AsyncIterator[Place]:
        """Stand in line with a claimed entry, and leave the line in the end, whatever became of it."""
        place = Place(entry=entry, watches=self.watches_of(entry.feed))
        self.places.append(place)
        try:
            yield place
        finally:
            self.places.remove(place)
            place.left.set()

    async def come(self, place: Place) -> None:
        """Wait until no earlier entry that concerns a shared watch is open.

        Raises `OutOfTurn` where such a one is nobody's: who waits for it in every slot would keep it from being taken.
        """
        pause = SHORTEST_LOOK
        while place.watches:
            if self.closing:
                message = f"entry {place.entry.id}: this worker stops"
                raise OutOfTurn(message)
            mine = next((one for one in self.places if one.order < place.order and one.watches & place.watches), None)
            if mine is not None:
                await mine.left.wait()
                continue
            look = partial(self.polls.ahead_of, place.entry, now=self.clock.now())
            ahead = await asyncio.get_running_loop().run_in_executor(self.writer, look)
            first = next((one for one in ahead if self.watches_of(one.feed) & place.watches), None)
            if first is None:
                return
            if first.free:
                message = f"entry {place.entry.id}: an earlier one of its story is nobody's"
                raise OutOfTurn(message)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_LOOK)

    async def renew(self) -> None:
        """What stands in line is still ours."""
        entries = [place.entry for place in self.places]
        if entries:
            renew = partial(self.polls.renew_entries, entries, until=self.clock.now() + LEASE)
            await asyncio.get_running_loop().run_in_executor(self.writer, renew)
