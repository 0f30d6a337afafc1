"""Ask one feed, sparingly: validators go back byte for byte, and a body that we know is no news."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from storywatch.core.model import FeedKind, Freshness, Listing, NotModified, PollFailure, SitemapIndex, Validators
from storywatch.core.retry import http_date
from storywatch.core.sites import site_of
from storywatch.core.urls import web_address
from storywatch.errors import FetchFailed, Unreadable
from storywatch.fetch.client import MIB, OK, retry_after
from storywatch.fetch.sitemaps import Indexes, follow

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from datetime import datetime

    from storywatch.core.model import FeedAnswer, FeedClaim
    from storywatch.fetch.client import Answer, Web
    from storywatch.fetch.robots import Robots
    from storywatch.fetch.workers import Readers
    from storywatch.ports import Clock

DECODED_CAP = 10 * MIB
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
PATIENCE = timedelta(seconds=20)  # a poll that waits for its site keeps a slot from the other feeds
INDEX_SECONDS = 120.0  # then no further sitemap is begun: well below the lease of a poll
LINK_CAP = 16_384
LINK = re.compile(r"<([^<>]{1,2000})>([^<]{0,500})")
REL = re.compile(r";\s*rel\s*=\s*[\"']?([\w :/.+-]{1,200})", re.IGNORECASE)
NOT_MODIFIED = 304
WORDS = {
    401: "the feed wants a password",
    403: "the server refuses us",
    404: "there is no feed at this address",
    410: "the feed is gone for good",
    429: "the server says that we ask too often",
    500: "the server failed",
    502: "the server failed",
    503: "the server is not available",
    504: "the server failed",
}


class HttpFeedFetcher:
    """`FeedFetcher` over HTTP. `robots` is asked before sitemaps and lists on pages, not before feeds."""

    def __init__(
        self,
        web: Web,
        readers: Readers,
        clock: Clock,
        *,
        robots: Robots | None = None,
        index_seconds: float = INDEX_SECONDS,
    ) -> None:
        self._web = web
        self._readers = readers
        self._clock = clock
        self._robots = robots
        self._index_seconds = index_seconds
        self._indexes = Indexes()

    async def fetch_feed(self, claim: FeedClaim) -> FeedAnswer:
        """Entries, "not modified", or the failure in words. Never raises for what a server or a network does."""
        return await _told(self._poll(claim))

    async def fetch_earlier(self, claim: FeedClaim, listing: Listing) -> Listing | None:
        """What the feed listed before `listing`, one page of it, where it says or shows where that is. Never raises."""
        url = earlier_address(listing)
        if url is None or site_of(url) != site_of(listing.url):
            return None
        found = await _told(self._page_before(claim, url))
        return found if isinstance(found, Listing) else None

    async def _poll(self, claim: FeedClaim) -> FeedAnswer:
        until = asyncio.get_running_loop().time() + self._index_seconds
        known = Validators(etag=claim.etag, last_modified=claim.last_modified)
        answer = await self._ask(claim, claim.url, Validators() if claim.afresh else known)
        return await self._understood(claim, answer, until=until)

    async def _page_before(self, claim: FeedClaim, url: str) -> FeedAnswer:
        answer = await self._ask(claim, url, Validators())
        if answer.status not in OK:
            return PollFailure(reason=f"{answer.status}: {_words(answer)}", status=answer.status)
        found = await self._parse(claim, answer)
        return found if isinstance(found, Listing) else PollFailure(reason="an index of sitemaps, not an older page")

    async def _ask(self, claim: FeedClaim, url: str, validators: Validators) -> Answer:
        robots = self._robots if needs_permission(claim.feed.kind, url) else None
        return await self._web.fetch(
            url,
            headers=_headers(claim, validators),
            decoded_cap=DECODED_CAP,
            permit=robots.permit if robots else None,
            patience=PATIENCE,
        )

    async def _understood(self, claim: FeedClaim, answer: Answer, *, until: float) -> FeedAnswer:
        now = self._clock.now()
        validators = Validators(etag=answer.headers.get("etag"), last_modified=answer.headers.get("last-modified"))
        freshness = Freshness(max_age=max_age_of(answer, now=now))
        if answer.status == NOT_MODIFIED:
            return NotModified(validators=validators, freshness=freshness, moved_to=answer.moved_to)
        if answer.status not in OK:
            wait = retry_after(answer, now=now)
            return PollFailure(reason=f"{answer.status}: {_words(answer)}", status=answer.status, retry_after=wait)
        unchanged = NotModified(
            validators=validators, freshness=freshness, status=answer.status, moved_to=answer.moved_to
        )
        if hashlib.sha256(answer.body).hexdigest() == claim.body_hash:
            return unchanged
        try:
            found = await self._parse(claim, answer)
            if isinstance(found, SitemapIndex):
                # The index may stay as it is while the sitemaps change: its validators say nothing about them.
                found, validators = await self._follow(claim, found, answer, until=until), Validators()
        except Unreadable as error:
            return PollFailure(reason=str(error), status=answer.status)
        if found.body_hash == claim.body_hash:
            return replace(unchanged, validators=validators)
        hub, topic = advertised(answer)
        return replace(
            found,
            moved_to=answer.moved_to,
            validators=validators,
            freshness=replace(found.freshness, max_age=freshness.max_age),
            status=answer.status,
            hub=hub or found.hub,
            topic=topic or found.topic,
        )

    async def _follow(self, claim: FeedClaim, index: SitemapIndex, answer: Answer, *, until: float) -> Listing:
        loop = asyncio.get_running_loop()

        def ask(url: str, validators: Validators) -> Awaitable[Answer]:
            return self._ask(replace(claim, feed=replace(claim.feed, kind=FeedKind.SITEMAP)), url, validators)

        return await follow(
            index,
            claim,
            url=answer.url,
            known=self._indexes,
            ask=ask,
            read=partial(self._parse, claim),
            in_time=lambda: loop.time() < until,
        )

    async def _parse(self, claim: FeedClaim, answer: Answer) -> Listing | SitemapIndex:
        feed = claim.feed
        found: Listing | SitemapIndex = await self._readers.read(
            "feed",
            body=answer.body,
            url=answer.url,
            content_type=answer.content_type,
            timezone=feed.timezone,
            kind=feed.kind,
            select=feed.select,
            now=self._clock.now(),
        )
        return found


async def _told(asking: Awaitable[FeedAnswer]) -> FeedAnswer:
    try:
        return await asking
    except FetchFailed as error:
        return PollFailure(reason=str(error), status=error.status, retry_after=error.retry_after)
    except Unreadable as error:
        return PollFailure(reason=str(error))


def needs_permission(kind: FeedKind, url: str) -> bool:
    """Is what we ask for one of those that robots.txt is about? Feeds are there to be polled."""
    if kind is FeedKind.AUTO:
        return "sitemap" in urlsplit(url).path.lower()
    return kind in {FeedKind.SITEMAP, FeedKind.PAGE}


def earlier_address(listing: Listing) -> str | None:
    """Where the entries before these are: as the feed says, else as WordPress numbers the pages of its feeds."""
    if listing.earlier:
        return listing.earlier
    parts = urlsplit(listing.url)
    if not parts.path.rstrip("/").endswith("/feed") or "paged=" in parts.query:
        return None
    return urlunsplit(parts._replace(query=f"{parts.query}&paged=2".lstrip("&"), fragment=""))


def advertised(answer: Answer) -> tuple[str | None, str | None]:
    """The hub and the feed's own address that a Link header names (WebSub); None where it names none."""
    said = ", ".join(answer.headers.get_list("link"))[:LINK_CAP]
    found: dict[str, str] = {}
    for target, parameters in LINK.findall(said):
        relation = REL.search(parameters)
        for name in relation[1].lower().split() if relation else ():
            address = web_address(target, answer.url)
            if address:
                found.setdefault(name, address)
    return (found["hub"], found.get("self")) if "hub" in found else (None, None)


def _words(answer: Answer) -> str:
    return WORDS.get(answer.status, "not an answer that we can use")


def _headers(claim: FeedClaim, validators: Validators) -> dict[str, str]:
    headers = {"Accept": ACCEPT_PAGE if claim.feed.kind is FeedKind.PAGE else ACCEPT}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def max_age_of(answer: Answer, *, now: datetime) -> timedelta | None:
    """How long the server calls its answer fresh; nothing where it says not to keep it."""
    control = answer.headers.get("cache-control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return None
    if found := re.search(r"\bmax-age\s*=\s*\"?(\d{1,9})", control):
        age = answer.headers.get("age", "").strip()
        spent = int(age) if re.fullmatch(r"\d{1,9}", age) else 0
        return timedelta(seconds=max(0, int(found[1]) - spent))
    expires = http_date(answer.headers.get("expires", ""))
    return max(expires - (http_date(answer.headers.get("date", "")) or now), timedelta()) if expires else None
