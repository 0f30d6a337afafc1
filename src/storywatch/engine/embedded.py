"""The embedded engine: one process, APScheduler's timers over the same functions that events call."""

from __future__ import annotations

import logging
from datetime import UTC
from typing import TYPE_CHECKING

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from storywatch.core.model import DeliveryId

TICK_SECONDS = 1.0


class EmbeddedEngine:
    """Calls each tick every second, one at a time, and never makes up for missed ones.

    A tick only starts what is due and returns; it must not wait for the work, or the next one is dropped.
    """

    def __init__(self, ticks: Mapping[str, Callable[[], Awaitable[object]]]) -> None:
        self._ticks = ticks
        # A tick that waits for a busy database lets the next ones pass: that is meant, and no news each second.
        quiet = logging.getLogger(f"{__name__}.scheduler")
        quiet.setLevel(logging.ERROR)
        self._scheduler = AsyncIOScheduler(
            logger=quiet,
            timezone=UTC,
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to tick, in the running event loop."""
        for name, tick in self._ticks.items():
            self._scheduler.add_job(tick, "interval", seconds=TICK_SECONDS, id=name, name=name)
        self._scheduler.start()

    def stop(self) -> None:
        """No tick begins after this."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


class EmbeddedWaker:
    """Wakes the deliverer of this very process.

    It is called inside the transaction, before the commit. That is soon enough: the deliverer claims on
    the store's one thread, so it stands in line behind the commit.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: Callable[[], None] | None = None

    def attach(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        """Say whom to call; `wake` runs in the event loop."""
        self._loop, self._wake = loop, wake

    def detach(self) -> None:
        """Nobody is to be called any more."""
        self._loop = self._wake = None

    def wake(self, connection: object, delivery_ids: Sequence[DeliveryId]) -> None:  # noqa: ARG002  the port's
        """Called on the store's thread."""
        if self._loop is not None and self._wake is not None and delivery_ids:
            self._loop.call_soon_threadsafe(self._wake)
