"""What is told without a new article: digests, follow-ups, trouble.

Each source looks at the database on its own and writes what is to be told as alerts with their deliveries, in one
transaction; this only calls them, one after the other, on the store's thread, and wakes whoever sends.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from storywatch.errors import StorywatchError
from storywatch.ports import Announcement, Desk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from storywatch.ports import Clock, Waker

__all__ = ["Announcement", "Announcer", "Desk"]

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=5)


@dataclass(kw_only=True)
class Announcer:
    """Asks each source what there is to tell. A source that fails is logged and asked again; the others go on."""

    clock: Clock
    writer: Executor  # the store's own thread
    waker: Waker
    sources: Sequence[Announcement]
    looked_at: datetime | None = field(default=None, init=False)

    async def announce_due(self) -> int:
        """As `announce`, but every five seconds at the most."""
        now = self.clock.now()
        if self.looked_at is not None and timedelta() <= now - self.looked_at < LOOK_EVERY:
            return 0
        return await self.announce()

    async def announce(self) -> int:
        """Let each source write what there is to tell now; how many deliveries are new."""
        self.looked_at = self.clock.now()
        return sum([await self._ask(source, now=self.looked_at) for source in self.sources])

    async def _ask(self, source: Announcement, *, now: datetime) -> int:
        name = type(source).__name__
        try:
            new = await asyncio.get_running_loop().run_in_executor(self.writer, partial(source.announce, now=now))
        except StorywatchError as error:
            log.error("announcement_failed", source=name, error=str(error))  # noqa: TRY400  the message is for a person
            return 0
        except Exception:
            log.exception("announcement_broke", source=name)
            return 0
        if new:
            self.waker.wake(None, new)
            log.info("announced", source=name, deliveries=len(new))
        return len(new)
