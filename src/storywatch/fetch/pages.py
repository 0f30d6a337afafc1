"""Read the page behind an entry, where its site allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from storywatch.core.urls import is_news_search_link
from storywatch.errors import FetchFailed, Forbidden, Unreadable
from storywatch.fetch.client import MIB, OK, in_host, retry_after

if TYPE_CHECKING:
    from datetime import timedelta

    from storywatch.core.model import Page
    from storywatch.fetch.client import Answer, Web
    from storywatch.fetch.robots import Robots
    from storywatch.fetch.workers import Readers
    from storywatch.ports import Clock

DECODED_CAP = 5 * MIB
ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", ""})


class HttpPageFetcher:
    """`PageFetcher` over HTTP."""

    def __init__(self, web: Web, robots: Robots, readers: Readers, clock: Clock) -> None:
        self._web = web
        self._robots = robots
        self._readers = readers
        self._clock = clock

    async def fetch_page(self, url: str) -> Page:
        """The page's text and metadata; raises `FetchFailed`, `Forbidden` or `Unreadable`."""
        answer = await self._web.fetch(url, headers={"Accept": ACCEPT}, decoded_cap=DECODED_CAP, permit=self._permit)
        self._check(url, answer)
        page: Page = await self._readers.read(
            "page", body=answer.body, url=answer.url, content_type=answer.content_type
        )
        return page

    async def _permit(self, url: str) -> timedelta | None:
        if is_news_search_link(url):
            message = f"{in_host(url)}: a news search's own links are not followed"
            raise Forbidden(message)
        return await self._robots.permit(url)

    def _check(self, url: str, answer: Answer) -> None:
        if answer.status not in OK:
            message = f"{in_host(answer.url)}: {answer.status} for {urlsplit(answer.url).path or '/'}"
            wait = retry_after(answer, now=self._clock.now())
            raise FetchFailed(message, status=answer.status, retry_after=wait)
        kind = (answer.content_type or "").partition(";")[0].strip().lower()
        if kind not in HTML_TYPES:
            message = f"{in_host(answer.url)}: {kind[:60]}, not a page"
            raise Unreadable(message)
        if urlsplit(answer.url).path.strip("/") == "" != urlsplit(url).path.strip("/"):
            message = f"{in_host(answer.url)}: the article's address leads to the front page"
            raise Unreadable(message)
