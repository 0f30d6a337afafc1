"""One service's fetchers among hostile servers: what each case comes to, its time and memory, and whether the rest goes on."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
from hostile_web import GOOD, Case, certificates, said, serving

from storywatch.core.model import Feed, FeedClaim, FeedId, Listing, PollFailure
from storywatch.errors import FetchFailed, Unreadable
from storywatch.fetch.client import Web, build_client
from storywatch.fetch.feeds import HttpFeedFetcher
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.pages import HttpPageFetcher
from storywatch.fetch.robots import Robots
from storywatch.fetch.workers import Readers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHORT = httpx.Timeout(connect=0.8, read=0.8, write=2, pool=2)


class StandingClock:
    """It is noon."""

    def now(self) -> datetime:
        """Noon."""
        return NOON


@dataclass(frozen=True)
class Outcome:
    """What a case came to, in words; seconds; and whether a good feed was read right after it."""

    words: str
    seconds: float
    goes_on: bool


@dataclass
class HostileWorld:
    """The fetchers of one process, with small limits."""

    feeds: HttpFeedFetcher
    pages: HttpPageFetcher
    readers: Readers
    folder: Path

    async def meet(self, case: Case) -> Outcome:
        """Ask the case's server, then a good one."""
        async with serving(case, self.folder) as url:
            began = time.perf_counter()
            words = await (self._page(url) if case.page else self._feed(url))
            seconds = time.perf_counter() - began
        async with serving(Case(f"good after {case.name}", "", said(GOOD)), self.folder) as url:
            return Outcome(words, seconds, await self._feed(url) == "entries 1")

    async def _feed(self, url: str) -> str:
        feed = Feed(id=FeedId("feed"), url=url, owner="harbor")
        answer = await self.feeds.fetch_feed(FeedClaim(feed=feed, url=url, lease="lease"))
        if isinstance(answer, Listing):
            return f"entries {len(answer.entries)}"
        return answer.reason if isinstance(answer, PollFailure) else "not modified"

    async def _page(self, url: str) -> str:
        try:
            page = await self.pages.fetch_page(url)
        except (FetchFailed, Unreadable) as error:
            return str(error)
        return f"page {page.state}"


@asynccontextmanager
async def hostile_world(folder: Path, *, seconds: float = 1.0, reading: float = 5.0) -> AsyncIterator[HostileWorld]:
    """One process's fetchers: answers may take `seconds`, reading them `reading`."""

    async def resolve(host: str, _port: int) -> list[str]:
        return ["127.0.0.1" if host.endswith(".test") else host]

    clock, readers = StandingClock(), Readers(time_limit=reading)
    context = ssl.create_default_context(cafile=str(certificates(folder)))
    client = build_client(
        user_agent="t", allow_networks=["127.0.0.1/32"], ssl_context=context, timeout=SHORT, resolve=resolve
    )
    web = Web(client, Hosts(clock, spacing=timedelta()), clock, overall_seconds=seconds)
    robots = Robots(web, readers, clock)
    try:
        yield HostileWorld(
            HttpFeedFetcher(web, readers, clock, robots=robots),
            HttpPageFetcher(web, robots, readers, clock),
            readers,
            folder,
        )
    finally:
        await readers.aclose()
        await client.aclose()


async def meet_all(folder: Path, cases: tuple[Case, ...]) -> dict[str, Outcome]:
    """Each case after the other, in one process."""
    async with hostile_world(folder) as world:
        return {case.name: await world.meet(case) for case in cases}


def outcomes(folder: Path, cases: tuple[Case, ...]) -> dict[str, Outcome]:
    """The same, from outside an event loop."""
    return asyncio.run(meet_all(folder, cases))
