"""robots.txt: asked once a day for each site, through the same guard and caps as everything else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from storywatch.errors import FetchFailed, Forbidden, Unreadable
from storywatch.fetch.client import OK, TOO_MANY, in_host
from storywatch.fetch.hosts import LONGEST_DELAY

if TYPE_CHECKING:
    from storywatch.fetch.client import Web
    from storywatch.fetch.workers import Readers
    from storywatch.ports import Clock

KEEP = timedelta(hours=24)
KEEP_FAILURE = timedelta(hours=1)
KEPT_SITES = 2_000
DECODED_CAP = 512_000
SERVER_ERROR = 500


@dataclass
class _Site:
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    rules: bytes | None = None  # None: the server is failing, and may not be asked
    delay: timedelta | None = None  # that it wants between two requests
    good_until: datetime | None = None


class Robots:
    """What each site allows us. 4xx means no rules; a failing server, or one in a rush, is left alone for an hour.

    Where the network fails, nothing is concluded: that may be on our side.
    """

    def __init__(
        self, web: Web, readers: Readers, clock: Clock, *, agent: str = "storywatch", kept_sites: int = KEPT_SITES
    ) -> None:
        self._web = web
        self._readers = readers
        self._clock = clock
        self._agent = agent
        self._kept_sites = kept_sites
        self._sites: dict[str, _Site] = {}

    async def permit(self, url: str) -> timedelta | None:
        """The time that the site wants between two requests, where it lets us fetch `url`; None: it does not say.

        Raises `Forbidden`, or `FetchFailed` where that can't be known, with the time to wait where it is a site's server
        that fails.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        site = await self._site(origin)
        rules = site.rules
        if rules is None:
            message = f"{in_host(url)}: robots.txt could not be had, so nothing is fetched there for an hour"
            until = site.good_until or self._clock.now()
            raise FetchFailed(message, retry_after=max(until - self._clock.now(), timedelta()))
        if rules and not await self._readers.read("permission", body=rules, url=url, agent=self._agent):
            message = f"{in_host(url)}: robots.txt does not allow {parts.path or '/'}"
            raise Forbidden(message)
        return site.delay

    async def _site(self, origin: str) -> _Site:
        site = self._sites.setdefault(origin, _Site())
        async with site.asking:
            if site.good_until is None or site.good_until <= self._clock.now():
                site.rules, keep = await self._asked(f"{origin}/robots.txt")
                site.delay = await self._delay(site.rules)
                site.good_until = self._clock.now() + keep
        self._forget_old()
        return site

    async def _delay(self, rules: bytes | None) -> timedelta | None:
        if not rules or b"delay" not in rules.lower():
            return None
        try:
            seconds = await self._readers.read("crawl_delay", body=rules, agent=self._agent)
        except Unreadable:
            return None
        return timedelta(seconds=min(seconds, LONGEST_DELAY.total_seconds())) if seconds is not None else None

    async def _asked(self, url: str) -> tuple[bytes | None, timedelta]:
        try:
            answer = await self._web.fetch(url, headers={"Accept": "text/plain, */*;q=0.1"}, decoded_cap=DECODED_CAP)
        except Unreadable:  # too large, or packed in an unknown way: no rules that anybody could follow
            return b"", KEEP
        if answer.status in OK:
            return answer.body, KEEP
        failing = answer.status >= SERVER_ERROR or answer.status == TOO_MANY
        return (None, KEEP_FAILURE) if failing else (b"", KEEP)

    def _forget_old(self) -> None:
        if len(self._sites) > self._kept_sites:
            now = self._clock.now()
            self._sites = {
                origin: site
                for origin, site in self._sites.items()
                if site.asking.locked() or (site.good_until and site.good_until > now)
            }
