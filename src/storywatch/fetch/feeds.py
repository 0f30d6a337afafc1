"""Ask one feed, sparingly: validators go back byte for byte, and a body that we know is no news."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from storywatch.core.cadence import asks_afresh
from storywatch.core.model import Freshness, Listing, NotModified, PollFailure, Validators
from storywatch.core.retry import http_date
from storywatch.errors import FetchFailed, Unreadable
from storywatch.fetch.client import MIB, OK, retry_after

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.core.model import FeedAnswer, FeedClaim
    from storywatch.fetch.client import Answer, Web
    from storywatch.fetch.workers import Readers
    from storywatch.ports import Clock

DECODED_CAP = 10 * MIB
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)
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
    """`FeedFetcher` over HTTP."""

    def __init__(self, web: Web, readers: Readers, clock: Clock) -> None:
        self._web = web
        self._readers = readers
        self._clock = clock

    async def fetch_feed(self, claim: FeedClaim) -> FeedAnswer:
        """Entries, "not modified", or the failure in words. Never raises for what a server or a network does."""
        try:
            answer = await self._web.fetch(
                claim.url, headers=_headers(claim, now=self._clock.now()), decoded_cap=DECODED_CAP
            )
            return await self._understood(claim, answer)
        except FetchFailed as error:
            return PollFailure(reason=str(error), status=error.status, retry_after=error.retry_after)
        except Unreadable as error:
            return PollFailure(reason=str(error))

    async def _understood(self, claim: FeedClaim, answer: Answer) -> FeedAnswer:
        now = self._clock.now()
        validators = Validators(etag=answer.headers.get("etag"), last_modified=answer.headers.get("last-modified"))
        max_age = max_age_of(answer, now=now)
        if answer.status == NOT_MODIFIED:
            return NotModified(validators=validators, freshness=Freshness(max_age=max_age))
        if answer.status not in OK:
            words = WORDS.get(answer.status, "not an answer that we can use")
            wait = retry_after(answer, now=now)
            return PollFailure(reason=f"{answer.status}: {words}", status=answer.status, retry_after=wait)
        if hashlib.sha256(answer.body).hexdigest() == claim.body_hash:
            return NotModified(validators=validators, freshness=Freshness(max_age=max_age), status=answer.status)
        try:
            listing = await self._parse(claim, answer)
        except Unreadable as error:
            return PollFailure(reason=str(error), status=answer.status)
        freshness = replace(listing.freshness, max_age=max_age)
        return replace(
            listing, moved_to=answer.moved_to, validators=validators, freshness=freshness, status=answer.status
        )

    async def _parse(self, claim: FeedClaim, answer: Answer) -> Listing:
        listing: Listing = await self._readers.read(
            "feed",
            body=answer.body,
            url=answer.url,
            content_type=answer.content_type,
            timezone=claim.feed.timezone,
        )
        return listing


def _headers(claim: FeedClaim, *, now: datetime) -> dict[str, str]:
    headers = {"Accept": ACCEPT}
    if asks_afresh(claim, now=now):
        return headers
    if claim.etag:
        headers["If-None-Match"] = claim.etag
    if claim.last_modified:
        headers["If-Modified-Since"] = claim.last_modified
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
