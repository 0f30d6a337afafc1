"""Read the page behind an entry, where its site allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from storywatch.core.urls import is_news_search_link
from storywatch.errors import FetchFailed, Forbidden, Unreadable
from storywatch.fetch.client import MIB, OK, in_host, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from storywatch.core.model import Feed, FeedId, Page
    from storywatch.fetch.client import Answer, Web
    from storywatch.fetch.robots import Robots
    from storywatch.fetch.workers import Readers
    from storywatch.ports import Clock

DECODED_CAP = 5 * MIB
ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", ""})


class HttpPageFetcher:
    """`PageFetcher` over HTTP. `feeds` are the configured ones: their rules say how their outlets' pages are read."""

    def __init__(
        self, web: Web, robots: Robots, readers: Readers, clock: Clock, *, feeds: Mapping[FeedId, Feed] | None = None
    ) -> None:
        self._web = web
        self._robots = robots
        self._readers = readers
        self._clock = clock
        self._feeds = feeds or {}

    async def fetch_page(self, url: str, *, feed: FeedId | None = None, title: str = "") -> Page:
        """The page's text and metadata, by the rules of `feed`; raises `FetchFailed`, `Forbidden` or `Unreadable`.

        `title` is the feed's: by it a front page that came instead is told from the article.
        """
        return await self.read_page(await self.fetch_answer(url), asked=url, feed=feed, title=title)

    async def fetch_answer(self, url: str) -> Answer:
        """The bytes of an HTML page, as politely as the service asks. Raises as `fetch_page`."""
        answer = await self._web.fetch(url, headers={"Accept": ACCEPT}, decoded_cap=DECODED_CAP, permit=self._permit)
        self._check(answer)
        return answer

    async def read_page(self, answer: Answer, *, asked: str, feed: FeedId | None = None, title: str = "") -> Page:
        """What a worker makes of these bytes. Raises `Unreadable`."""
        configured = self._feeds.get(feed) if feed else None
        page: Page = await self._readers.read(
            "page",
            body=answer.body,
            url=answer.url,
            content_type=answer.content_type,
            timezone=configured.timezone if configured else None,
            rules=configured.article if configured else None,
            asked=asked,
            expected=title,
        )
        return page

    async def _permit(self, url: str) -> timedelta | None:
        if is_news_search_link(url):
            message = f"{in_host(url)}: a news search's own links are not followed"
            raise Forbidden(message)
        return await self._robots.permit(url)

    def _check(self, answer: Answer) -> None:
        if answer.status not in OK:
            message = f"{in_host(answer.url)}: {answer.status} for {urlsplit(answer.url).path or '/'}"
            if "cf-mitigated" in answer.headers:
                message = f"{message}, a bot check"
            wait = retry_after(answer, now=self._clock.now())
            raise FetchFailed(message, status=answer.status, retry_after=wait)
        kind = (answer.content_type or "").partition(";")[0].strip().lower()
        if kind not in HTML_TYPES:
            message = f"{in_host(answer.url)}: {kind[:60]}, not a page"
            raise Unreadable(message)
