"""Read the page behind an entry, where its site allows it."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from storywatch.core.model import Fetched, NotModified, RawPage
from storywatch.core.urls import is_news_search_link
from storywatch.errors import FetchFailed, Forbidden, Unreadable
from storywatch.fetch.client import MIB, OK, Answer, Headers, in_host, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from storywatch.core.model import Feed, FeedId, Page, Validators
    from storywatch.fetch.client import Web
    from storywatch.fetch.robots import Robots
    from storywatch.fetch.workers import Readers
    from storywatch.ports import Clock

DECODED_CAP = 5 * MIB
ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", ""})
NOT_MODIFIED = 304
MOST_HEADERS, LONGEST_HEADER = 60, 2_000
PRIVATE_HEADERS = frozenset({"set-cookie", "set-cookie2"})


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

    async def fetch_raw(
        self, url: str, *, feed: FeedId | None = None, title: str = "", validators: Validators | None = None
    ) -> Fetched | NotModified:
        """The page as from `fetch_page`, with its bytes; unless it is still what `validators` name. Raises the same."""
        answer = await self.fetch_answer(url, validators=validators)
        if answer.status == NOT_MODIFIED:
            return NotModified(validators=raw_of(answer).validators)
        page = await self.read_page(answer, asked=url, feed=feed, title=title)
        return Fetched(page=page, raw=raw_of(answer))

    async def read_raw(self, raw: RawPage, *, feed: FeedId | None = None, title: str = "") -> Page:
        """What the reader makes of these bytes now. Raises `Unreadable`."""
        answer = Answer(url=raw.url, status=200, headers=Headers(raw.headers), body=raw.body)
        return await self.read_page(answer, asked=raw.url, feed=feed, title=title)

    async def fetch_answer(self, url: str, *, validators: Validators | None = None) -> Answer:
        """The bytes of an HTML page, as politely as the service asks; with `validators` a 304 is an answer too.

        Raises as `fetch_page`.
        """
        headers = {"Accept": ACCEPT} | conditions(validators)
        answer = await self._web.fetch(url, headers=headers, decoded_cap=DECODED_CAP, permit=self._permit)
        if answer.status != NOT_MODIFIED or validators is None:
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


def conditions(validators: Validators | None) -> dict[str, str]:
    """The headers that ask for a page only if it is another one now."""
    if validators is None:
        return {}
    said = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in said.items() if value}


def raw_of(answer: Answer) -> RawPage:
    """The bytes of an answer and what came with them, without cookies, and not more of it than anybody reads."""
    said = ((name.lower(), value[:LONGEST_HEADER]) for name, value in answer.headers.items())
    headers = dict(islice((pair for pair in said if pair[0] not in PRIVATE_HEADERS), MOST_HEADERS))
    return RawPage(raw_hash=hashlib.sha256(answer.body).hexdigest(), url=answer.url, headers=headers, body=answer.body)
