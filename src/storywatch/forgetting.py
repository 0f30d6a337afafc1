"""Drops what is kept no longer, a little at a time: between two batches the store's thread is free for others."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import structlog

from storywatch.core.retention import Mark, Retention

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor
    from datetime import datetime

    from storywatch.core.retention import Stretch
    from storywatch.ports import Clock, Shelves

log = structlog.get_logger()

BATCHES = 200  # of one call, some milliseconds each
SECONDS = 20.0  # of one call, where they take longer: whoever waits for it must not take it for stuck


@dataclass(kw_only=True)
class Forgetting:
    """A walk through all that is old, from the oldest on; where it stands is in memory, and a restart begins anew."""

    clock: Clock
    shelves: Shelves
    writer: Executor
    retention: Retention = field(default_factory=Retention)
    walk: Iterator[Callable[[], Stretch | None]] | None = field(default=None, init=False)
    dropped: Counter[str] = field(default_factory=Counter, init=False)

    async def go_on(self, *, batches: int = BATCHES, seconds: float = SECONDS) -> bool:
        """Drop some of it; False: nothing is left to drop."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        walk = self.walk = self.walk or self._steps(now=self.clock.now())
        for _ in range(batches):
            step = next(walk, None)
            if step is None:
                self._end()
                return False
            await loop.run_in_executor(self.writer, step)
            if self.walk is not walk or loop.time() >= until:  # configured otherwise meanwhile: anew at the next call
                break
        return True

    def reconfigure(self, retention: Retention) -> None:
        """Go on with another configuration: a walk that is under way begins anew by it."""
        if retention != self.retention:
            self.retention, self.walk = retention, None

    def _end(self) -> None:
        self.walk = None
        if self.dropped:
            log.info("forgotten", articles=self.dropped["articles"], entries=self.dropped["entries"])
        self.dropped.clear()

    def _steps(self, *, now: datetime) -> Iterator[Callable[[], Stretch | None]]:
        """Articles first: the entries that led to them go after them."""
        if self.retention.articles is not None:
            floors: dict[str, int] = {}
            yield lambda: floors.update(self.shelves.load_floors())
            before = now - self.retention.articles
            yield from self._stretches("articles", partial(self.shelves.drop_articles, before=before, floors=floors))
        if self.retention.entries is not None:
            before = now - self.retention.entries
            yield from self._stretches("entries", partial(self.shelves.drop_entries, before=before))

    def _stretches(self, what: str, drop: Callable[[Mark], Stretch]) -> Iterator[Callable[[], Stretch | None]]:
        mark: Mark | None = Mark()

        def go_on() -> Stretch:
            nonlocal mark
            stretch = drop(mark or Mark())
            mark = stretch.mark
            self.dropped[what] += stretch.dropped
            return stretch

        while mark is not None:
            yield go_on
