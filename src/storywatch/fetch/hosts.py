"""Politeness: how many requests a site gets at once, how close together, and when it wants none at all."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from storywatch.core import sites, urls
from storywatch.errors import FetchFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from storywatch.ports import Clock

KEPT = 1_000  # idle sites beyond so many are forgotten
LONGEST_HOLD = timedelta(hours=24)
LONGEST_DELAY = timedelta(seconds=60)  # that a robots.txt may ask for between two requests
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=8)  # a page is waited for no longer than ten
PATIENCE = timedelta(minutes=2)  # well below the leases: longer waits go back to the store

ADDRESSES = 4_096  # that are remembered taken apart: feeds are asked again and again

site_of = lru_cache(ADDRESSES)(sites.site_of)
host_of = lru_cache(ADDRESSES)(urls.host_of)


@dataclass
class _Site:
    slots: asyncio.Semaphore
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    last_at: datetime | None = None  # the last request: its end, where it is one at a time, else its start
    free_at: datetime | None = None
    booked_until: datetime | None = None  # by those who were sent back
    held_until: datetime | None = None


@dataclass
class _Silence:
    count: int = 0  # in a row
    until: datetime | None = None


class Hosts:
    """Gives each site's requests their turn. A site is what somebody registered, and a port (`core.sites`)."""

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
        self._sites: dict[str, _Site] = {}
        self._most_sites = KEPT
        self._silent: dict[str, _Silence] = {}  # by host: one machine that is down says nothing of the others

    @asynccontextmanager
    async def turn(
        self, url: str, *, delay: timedelta | None = None, patience: timedelta = PATIENCE
    ) -> AsyncIterator[None]:
        """Wait until the site may be asked, and be one of its requests until the block ends.

        `delay` is what the site's robots.txt wants between this request and the last one. Raises
        `FetchFailed` with `retry_after` where the wait would be longer than `patience`: the site asked for a
        rest, the host does not answer, or too many are waiting already.
        """
        site = self._site(url)
        spacing = max(self._spacing, min(delay or timedelta(), LONGEST_DELAY))
        self._check_rest(url, site)
        self._check_queue(url, site, spacing, patience)
        site.users += 1
        try:
            async with site.slots:
                await self._wait(url, site, spacing)
                try:
                    yield
                finally:
                    if self._parallel == 1:  # how long a request was on its way there, nobody knows
                        site.last_at = self._clock.now()
                        site.free_at = site.last_at + spacing
        finally:
            site.users -= 1
            self._forget_idle()

    def hold(self, url: str, wait: timedelta) -> None:
        """The site asked to be left alone for so long: all of its addresses."""
        site = self._site(url)
        until = self._clock.now() + min(max(wait, timedelta()), LONGEST_HOLD)
        site.held_until = max(until, site.held_until or until)

    def note_silence(self, url: str) -> None:
        """The host let us wait in vain: it is left alone for a while, longer each time.

        Else each of its addresses would hold up the work on all other hosts for as long again.
        """
        silence = self._silent.setdefault(host_of(url), _Silence())
        silence.until = self._clock.now() + min(FIRST_REST * 2 ** min(silence.count, 10), LONGEST_REST)
        silence.count += 1

    def note_answer(self, url: str) -> None:
        """The host is there, whatever it answered."""
        self._silent.pop(host_of(url), None)

    def _site(self, url: str) -> _Site:
        name = site_of(url)
        site = self._sites.get(name)
        if site is None:
            site = self._sites[name] = _Site(slots=asyncio.Semaphore(self._parallel))
        return site

    def _check_queue(self, url: str, site: _Site, spacing: timedelta, patience: timedelta) -> None:
        """Who is sent back is told a time that nobody else was told: else all would come back at once."""
        queue = spacing * max(0, site.users + 1 - self._parallel)
        if queue <= patience:
            return
        now = self._clock.now()
        start = max(now + queue, site.booked_until or now)
        site.booked_until = start + self._spacing
        message = f"{host_of(url)}: this site is being asked already, with {site.users} in the queue"
        raise FetchFailed(message, retry_after=start - now)

    def _check_rest(self, url: str, site: _Site) -> None:
        now = self._clock.now()
        silence = self._silent.get(host_of(url))
        until = max((moment for moment in (site.held_until, silence and silence.until) if moment), default=now)
        if until > now:
            message = f"{host_of(url)}: the host is left alone until {until:%Y-%m-%d %H:%M:%S} UTC"
            raise FetchFailed(message, retry_after=until - now)

    async def _wait(self, url: str, site: _Site, spacing: timedelta) -> None:
        async with site.turn:
            now = self._clock.now()
            earliest = site.last_at + spacing if site.last_at else now
            # Never longer than the spacing, should the clock be set back.
            start = min(max(now, earliest), now + spacing)
            if start > now:
                await self._sleep((start - now).total_seconds())
            self._check_rest(url, site)
            site.last_at = max(start, self._clock.now()) if start > now else start  # a busy machine wakes us late
            site.free_at = site.last_at + spacing

    def _forget_idle(self) -> None:
        if len(self._sites) <= self._most_sites and len(self._silent) <= KEPT:
            return
        now = self._clock.now()
        if len(self._sites) > self._most_sites:
            self._sites = {
                name: site
                for name, site in self._sites.items()
                if site.users or max(site.free_at or now, site.held_until or now, site.booked_until or now) > now
            }
            self._most_sites = max(KEPT, 2 * len(self._sites))  # to look through them all each time would be dear
        if len(self._silent) > KEPT:
            self._silent = {name: one for name, one in self._silent.items() if one.until and one.until > now}
