"""Politeness: how many requests a host gets at once, how close together, and when it wants none at all."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from storywatch.core.urls import host_of
from storywatch.errors import FetchFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from storywatch.ports import Clock

KEPT = 1_000  # idle hosts beyond so many are forgotten
LONGEST_HOLD = timedelta(hours=24)
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=8)  # a page is waited for no longer than ten
PATIENCE = timedelta(minutes=2)  # well below the leases: longer waits go back to the store


@dataclass
class _Host:
    slots: asyncio.Semaphore
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    free_at: datetime | None = None
    held_until: datetime | None = None
    silences: int = 0  # in a row


class Hosts:
    """Gives each host's requests their turn. A host is a name and a port."""

    def __init__(
        self,
        clock: Clock,
        *,
        spacing: timedelta = timedelta(seconds=2),
        parallel: int = 1,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._spacing = spacing
        self._parallel = parallel
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait until the host may be asked, and be one of its requests until the block ends.

        Raises `FetchFailed` with `retry_after` where the wait would be too long: the host asked for a
        rest or does not answer, or too many are waiting for it already.
        """
        name = host_of(url)
        host = self._hosts.setdefault(name, _Host(slots=asyncio.Semaphore(self._parallel)))
        self._check_patience(name, host)
        host.users += 1
        try:
            async with host.slots:
                await self._wait(name, host)
                yield
        finally:
            host.users -= 1
            self._forget_idle()

    def hold(self, url: str, wait: timedelta) -> None:
        """The host asked to be left alone for so long: all of its addresses."""
        host = self._hosts.setdefault(host_of(url), _Host(slots=asyncio.Semaphore(self._parallel)))
        until = self._clock.now() + min(max(wait, timedelta()), LONGEST_HOLD)
        host.held_until = max(until, host.held_until or until)

    def note_silence(self, url: str) -> None:
        """The host let us wait in vain: it is left alone for a while, longer each time.

        Else each of its addresses would hold up the work on all other hosts for as long again.
        """
        host = self._hosts[host_of(url)]
        self.hold(url, min(FIRST_REST * 2 ** min(host.silences, 10), LONGEST_REST))
        host.silences += 1

    def note_answer(self, url: str) -> None:
        """The host is there, whatever it answered."""
        self._hosts[host_of(url)].silences = 0

    def _check_patience(self, name: str, host: _Host) -> None:
        self._check_hold(name, host)
        queue = self._spacing * max(0, host.users + 1 - self._parallel)
        if queue > PATIENCE:
            message = f"{name}: {host.users} requests are waiting for this host already"
            raise FetchFailed(message, retry_after=queue)

    def _check_hold(self, name: str, host: _Host) -> None:
        now = self._clock.now()
        if host.held_until is not None and host.held_until > now:
            message = f"{name}: the host is left alone until {host.held_until:%Y-%m-%d %H:%M:%S} UTC"
            raise FetchFailed(message, retry_after=host.held_until - now)

    async def _wait(self, name: str, host: _Host) -> None:
        async with host.turn:
            now = self._clock.now()
            # Never longer than the spacing, should the clock be set back.
            start = min(max(now, host.free_at or now), now + self._spacing)
            if start > now:
                await self._sleep((start - now).total_seconds())
            self._check_hold(name, host)
            host.free_at = start + self._spacing

    def _forget_idle(self) -> None:
        if len(self._hosts) <= KEPT:
            return
        now = self._clock.now()
        self._hosts = {
            name: host
            for name, host in self._hosts.items()
            if host.users or max(host.free_at or now, host.held_until or now) > now
        }
