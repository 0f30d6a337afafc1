"""The two fetchers with what they share: a host is one host, whether it is asked for a feed or for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from storywatch.fetch.client import Web
from storywatch.fetch.feeds import HttpFeedFetcher
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.pages import HttpPageFetcher
from storywatch.fetch.robots import Robots
from storywatch.fetch.workers import Readers

if TYPE_CHECKING:
    import httpx

    from storywatch.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where entries and pages come from. Belongs to one event loop; close it there."""

    feeds: HttpFeedFetcher
    pages: HttpPageFetcher
    readers: Readers

    async def aclose(self) -> None:
        """End the worker processes. The client is closed by whoever made it."""
        await self.readers.aclose()


def build_sources(
    client: httpx.AsyncClient,
    clock: Clock,
    *,
    host_spacing: timedelta = timedelta(seconds=2),
    host_parallel: int = 1,
    processes: int = 1,
) -> Sources:
    """Both fetchers over one client, one politeness and the same few worker processes."""
    web = Web(client, Hosts(clock, spacing=host_spacing, parallel=host_parallel), clock)
    readers = Readers(processes=processes)
    return Sources(
        feeds=HttpFeedFetcher(web, readers, clock),
        pages=HttpPageFetcher(web, Robots(web, readers, clock), readers, clock),
        readers=readers,
    )
