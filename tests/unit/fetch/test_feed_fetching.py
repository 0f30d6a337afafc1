from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from builders import NOON, a_feed, a_feed_claim
from fakes import FakeClock, FakeWeb, ReadersHere

from storywatch.core.model import FeedAnswer, FeedClaim, Listing, NotModified, PollFailure, Validators
from storywatch.fetch.client import Answer, Web
from storywatch.fetch.feeds import HttpFeedFetcher, max_age_of
from storywatch.fetch.hosts import Hosts

URL = a_feed().url
RSS = "<rss version='2.0'><channel><title>Harbor Times</title>{ttl}<item><title>A</title><link>/1</link><pubDate>2026-03-02 12:00:00</pubDate></item></channel></rss>"
FEED = RSS.format(ttl="")


def ask(web: FakeWeb, claim: FeedClaim | None = None) -> FeedAnswer:
    async def run() -> FeedAnswer:
        clock = FakeClock(NOON)
        async with web.client() as client:
            fetcher = HttpFeedFetcher(Web(client, Hosts(clock, spacing=timedelta()), clock), ReadersHere(), clock)
            return await fetcher.fetch_feed(claim or a_feed_claim())

    return asyncio.run(run())


def listing(web: FakeWeb, claim: FeedClaim | None = None) -> Listing:
    answer = ask(web, claim)
    assert isinstance(answer, Listing)
    return answer


def failure(web: FakeWeb) -> PollFailure:
    answer = ask(web)
    assert isinstance(answer, PollFailure)
    return answer


def test_a_feed_answers_with_its_entries() -> None:
    """And with what the server wants to hear again, byte for byte."""
    web = FakeWeb()
    web.put(
        URL,
        RSS.format(ttl="<ttl>30</ttl>"),
        etag='W/"a,b"',
        last_modified="yesterday-ish",
        cache_control="public, max-age=60",
    )
    found = listing(web)
    assert [(entry.title, entry.url) for entry in found.entries] == [("A", "https://harbor-times.example/1")]
    assert found.validators == Validators(etag='W/"a,b"', last_modified="yesterday-ish")
    assert (found.freshness.max_age, found.freshness.ttl) == (timedelta(minutes=1), timedelta(minutes=30))
    assert (found.url, found.moved_to, found.status, found.complete) == (URL, None, 200, True)
    [request] = web.requests
    assert not {"if-none-match", "if-modified-since"} & set(request.headers)


def test_validators_go_back_as_they_came() -> None:
    """A 304 may bring new ones."""
    web = FakeWeb()
    web.put(URL, status=304, etag='"new"', cache_control="max-age=600")
    answer = ask(web, a_feed_claim(etag='W/"a,b"', last_modified="yesterday-ish"))
    assert isinstance(answer, NotModified)
    assert (answer.validators, answer.freshness.max_age, answer.status) == (
        Validators(etag='"new"'),
        timedelta(minutes=10),
        304,
    )
    [request] = web.requests
    assert (request.headers["if-none-match"], request.headers["if-modified-since"]) == ('W/"a,b"', "yesterday-ish")


def test_now_and_then_a_feed_is_asked_afresh() -> None:
    """Without what the server said last time."""
    web = FakeWeb()
    web.put(URL, FEED)
    listing(web, a_feed_claim(afresh=True, etag='"old"', last_modified="yesterday-ish"))
    assert not {"if-none-match", "if-modified-since"} & set(web.requests[0].headers)


def test_a_body_that_we_know_is_no_news() -> None:
    """Whatever the server says about it: the hash decides."""
    web = FakeWeb()
    web.put(URL, FEED, etag='"new"')
    answer = ask(web, a_feed_claim(body_hash=listing(web).body_hash, etag='"old"'))
    assert isinstance(answer, NotModified)
    assert (answer.status, answer.validators.etag) == (200, '"new"')


def test_a_feed_that_moved_for_good_says_where() -> None:
    """Entries are relative to the new address."""
    web = FakeWeb()
    web.put(URL, status=301, location="https://new.example/feed.xml")
    web.put("https://new.example/feed.xml", FEED)
    found = listing(web)
    assert (found.url, found.moved_to) == ("https://new.example/feed.xml", "https://new.example/feed.xml")
    assert found.entries[0].url == "https://new.example/1"


def test_a_feeds_own_time_zone_is_used() -> None:
    """For dates that come without one."""
    web = FakeWeb()
    web.put(URL, FEED)
    seoul = a_feed_claim(feed=a_feed(timezone="Asia/Seoul"))
    assert listing(web).entries[0].published_at is None
    assert listing(web, seoul).entries[0].published_at == NOON - timedelta(hours=9)


def test_a_truncated_feed_says_so() -> None:
    """Its entries count."""
    web = FakeWeb()
    web.put(URL, FEED[: FEED.index("</item>") + 7])
    found = listing(web)
    assert (len(found.entries), found.complete) == (1, False)


@pytest.mark.parametrize(
    ("status", "headers", "reason", "wait"),
    [
        (404, {}, "404: there is no feed at this address", None),
        (410, {}, "410: the feed is gone for good", None),
        (418, {}, "418: not an answer that we can use", None),
        (500, {}, "500: the server failed", None),
        (503, {"retry_after": "90"}, "503: the server is not available", timedelta(seconds=90)),
        (
            429,
            {"retry_after": "Mon, 02 Mar 2026 12:05:00 GMT"},
            "429: the server says that we ask too often",
            timedelta(minutes=5),
        ),
    ],
)
def test_a_status_is_told_in_words(status: int, headers: dict[str, str], reason: str, wait: timedelta | None) -> None:
    """With the server's own wish when to come again."""
    web = FakeWeb()
    web.put(URL, status=status, **headers)
    assert failure(web) == PollFailure(reason=reason, status=status, retry_after=wait)


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        ("<!doctype html><html><body>Log in</body></html>", {}, "an HTML page, not a feed"),
        ("", {}, "an empty answer, not a feed"),
        ("not packed at all", {"content_encoding": "gzip"}, "damaged"),
        ("x", {"content_encoding": "zstd"}, "did not ask for"),
    ],
)
def test_what_is_no_feed_is_a_failure_in_words(body: str, headers: dict[str, str], reason: str) -> None:
    """Never an exception, never an empty listing."""
    web = FakeWeb()
    web.put(URL, body, **headers)
    assert reason in failure(web).reason


def test_what_the_network_does_is_a_failure_in_words() -> None:
    """A poll never raises for it."""
    web = FakeWeb()
    web.break_off(URL, httpx.ConnectError("refused"))
    assert failure(web) == PollFailure(reason="harbor-times.example: no connection (refused)")


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({"cache-control": "public, max-age=300"}, 300),
        ({"cache-control": "max-age=300", "age": "100"}, 200),
        ({"cache-control": "max-age=300", "age": "900"}, 0),
        ({"cache-control": "no-cache, max-age=300"}, None),
        ({"cache-control": "no-store"}, None),
        ({"expires": "Mon, 02 Mar 2026 12:10:00 GMT"}, 600),
        ({"expires": "Mon, 02 Mar 2026 12:10:00 GMT", "date": "Mon, 02 Mar 2026 12:05:00 GMT"}, 300),
        ({"expires": "Mon, 02 Mar 2020 12:10:00 GMT"}, 0),
        ({"expires": "0"}, None),
        ({"cache-control": "max-age=300", "expires": "Mon, 02 Mar 2026 13:00:00 GMT"}, 300),
        ({}, None),
    ],
)
def test_a_server_says_how_long_its_answer_is_fresh(headers: dict[str, str], age: int | None) -> None:
    """max-age before Expires, less what it already spent in a cache."""
    answer = Answer(url=URL, status=200, headers=httpx.Headers(headers), body=b"")
    found: Any = max_age_of(answer, now=NOON)
    assert (found and found.total_seconds()) == (age or found)
    assert (found is None) == (age is None)
