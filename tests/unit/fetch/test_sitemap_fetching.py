from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from builders import NOON, a_feed, a_feed_claim, a_listed
from fakes import FakeClock, FakeWeb, ReadersHere

from storywatch.core.model import FeedAnswer, FeedClaim, FeedKind, Listing, NotModified, PollFailure, SitemapIndex
from storywatch.fetch.client import Answer, Web
from storywatch.fetch.feeds import HttpFeedFetcher, advertised, earlier_address, needs_permission
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.robots import Robots
from storywatch.fetch.sitemaps import KEPT_CHILDREN, KEPT_INDEXES, Indexes

SITE = "https://harbor-times.example"
INDEX = f"{SITE}/sitemap.xml"
ROBOTS = f"{SITE}/robots.txt"


class ListReaders(ReadersHere):
    """Reads two simple forms: `index` with `address date` a line, and titles, one a line; `cut` at the end is a cut."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def read(self, task: str, **arguments: Any) -> Any:
        if task != "feed":
            return await super().read(task, **arguments)
        self.asked.append(arguments)
        lines = arguments["body"].decode().splitlines()
        if lines[:1] == ["index"]:
            return SitemapIndex(children=tuple(_child(line) for line in lines[1:]))
        titles = [line for line in lines if line != "cut"]
        return Listing(
            url=arguments["url"],
            moved_to=None,
            title="Harbor Times",
            lang="en",
            entries=tuple(a_listed(title, title=title) for title in titles),
            body_hash=hashlib.sha256(arguments["body"]).hexdigest(),
            complete="cut" not in lines,
        )


def _child(line: str) -> tuple[str, datetime | None]:
    address, _, date = line.partition(" ")
    return f"{SITE}/{address}.xml", datetime.fromisoformat(date).replace(tzinfo=UTC) if date else None


class World:
    """One site with sitemaps, and a store that keeps the hash of the last listing."""

    def __init__(self, **options: Any) -> None:
        self.web, self.clock, self.readers = FakeWeb(), FakeClock(NOON), ListReaders()
        self.claim = a_feed_claim(feed=a_feed(url=INDEX, kind=FeedKind.SITEMAP), url=INDEX)
        self.fetcher = self.fetcher_of(**options)

    def fetcher_of(self, **options: Any) -> HttpFeedFetcher:
        web = Web(self.web.client(), Hosts(self.clock, spacing=timedelta()), self.clock)
        robots = Robots(web, self.readers, self.clock)
        return HttpFeedFetcher(web, self.readers, self.clock, robots=robots, **options)

    def put(self, path: str, *lines: str, **headers: Any) -> None:
        self.web.change(f"{SITE}/{path}.xml", "\n".join(lines), **headers)

    def poll(self, *, kept: bool = True) -> FeedAnswer:
        asked = len(self.web.requests)
        answer = asyncio.run(self.fetcher.fetch_feed(self.claim))
        if kept and isinstance(answer, Listing):
            self.claim = a_feed_claim(feed=self.claim.feed, url=INDEX, body_hash=answer.body_hash, first_poll=False)
        paths = [str(request.url).removeprefix(SITE) for request in self.web.requests[asked:]]
        self.asked = [path for path in paths if path != "/robots.txt"]
        return answer

    def titles(self, *, kept: bool = True) -> list[str]:
        answer = self.poll(kept=kept)
        assert isinstance(answer, Listing), answer
        return [entry.title for entry in answer.entries]


def test_an_index_is_followed_to_the_newest_five() -> None:
    """The newest first; what they list is one listing, each entry once."""
    world = World()
    world.put("sitemap", "index", *(f"s{day} 2026-02-{day:02}" for day in range(1, 9)))
    for day in range(1, 9):
        world.put(f"s{day}", f"entry {day}", f"entry {day + 1}")
    assert world.titles() == [f"entry {day}" for day in (8, 9, 7, 6, 5, 4)]
    assert world.asked == ["/sitemap.xml", "/s8.xml", "/s7.xml", "/s6.xml", "/s5.xml", "/s4.xml"]


def test_old_sitemaps_are_not_gone_through_poll_by_poll() -> None:
    """What last changed two days before the last good poll holds no news: its entries would be taken for some."""
    world = World()
    world.put("sitemap", "index", *(f"s{day} 2026-02-{day:02}" for day in range(20, 29)), "s1 2026-03-01", "plain")
    for name in (*range(20, 29), 1):
        world.put(f"s{name}", f"entry {name}")
    world.put("plain", "undated")
    assert len(world.titles()) == 5
    world.claim = replace(world.claim, succeeded_at=NOON)
    assert world.titles() == ["undated"]
    world.claim = replace(world.claim, succeeded_at=NOON)
    world.fetcher = world.fetcher_of()
    assert world.titles() == ["entry 1", "undated"]
    world.claim = replace(world.claim, succeeded_at=NOON)
    world.put("sitemap", "index", "s20 2026-03-02", "s21 2026-02-21")
    world.put("s20", "entry 20", "entry anew")
    assert world.titles() == ["entry 20", "entry anew"]
    world.claim = replace(world.claim, succeeded_at=NOON, first_poll=True)
    assert world.titles() == ["entry 21"]


def test_a_sitemap_that_did_not_change_is_not_asked_again() -> None:
    """By the index's dates; where there are none, by the validators; else by its bytes."""
    world = World()
    world.put("sitemap", "index", "dated 2026-03-01", "tagged", "plain")
    world.put("dated", "a")
    world.put("tagged", "b", etag='W/"b"')
    world.put("plain", "c")
    assert world.titles() == ["a", "b", "c"]
    world.web.change(f"{SITE}/tagged.xml", status=304)
    answer = world.poll()
    assert isinstance(answer, NotModified)
    assert world.asked == ["/sitemap.xml", "/tagged.xml", "/plain.xml"]
    assert world.web.requests[-2].headers["if-none-match"] == 'W/"b"'
    world.put("sitemap", "index", "dated 2026-03-02", "tagged", "plain")
    world.put("dated", "a", "d")
    assert world.titles() == ["a", "d"]
    assert isinstance(world.poll(), NotModified)


def test_what_was_read_and_not_stored_is_read_again() -> None:
    """The store may fail between the reading and the recording: nothing is lost by it."""
    world = World()
    world.put("sitemap", "index", "dated 2026-03-01")
    world.put("dated", "a")
    assert world.titles(kept=False) == ["a"]
    assert world.titles() == ["a"]
    assert isinstance(world.poll(), NotModified)


def test_a_sitemap_that_fails_does_not_take_the_others_with_it() -> None:
    """It is asked again at the next poll, and so is one whose end is missing."""
    world = World()
    world.put("sitemap", "index", "whole 2026-03-01", "failing 2026-03-02", "short 2026-03-03")
    world.put("whole", "a")
    world.put("failing", status=500)
    world.put("short", "b", "cut")
    assert world.titles() == ["b", "a"]
    world.put("failing", "c")
    world.put("short", "b", "d")
    assert world.titles() == ["b", "d", "c"]
    assert world.asked == ["/sitemap.xml", "/short.xml", "/failing.xml"]


def test_an_index_of_which_nothing_can_be_read_is_a_failure() -> None:
    """With the first reason; an index in an index is one."""
    world = World()
    world.put("sitemap", "index", "inner 2026-03-02", "failing 2026-03-01")
    world.put("inner", "index", "inner")
    world.put("failing", status=500)
    answer = world.poll()
    assert isinstance(answer, PollFailure)
    assert "an index in an index of sitemaps is not followed" in answer.reason
    world.put("sitemap", "index", "failing 2026-03-01")
    answer = world.poll()
    assert isinstance(answer, PollFailure)
    assert (answer.status, "500 for a sitemap that the index names" in answer.reason) == (500, True)
    world.put("sitemap", "index")
    assert world.titles() == []


def test_an_index_that_takes_too_long_goes_on_at_the_next_poll() -> None:
    """The lease of a poll is five minutes: after two no further sitemap is begun, and none is taken for known."""
    world = World(index_seconds=-1)
    world.put("sitemap", "index", "a 2026-03-02", "b 2026-03-01")
    assert world.titles() == []
    assert world.asked == ["/sitemap.xml"]
    world.fetcher = world.fetcher_of()
    world.put("a", "a")
    world.put("b", "b")
    assert world.titles() == ["a", "b"]


def test_robots_txt_is_asked_before_sitemaps_and_lists_but_not_before_feeds() -> None:
    """A sitemap that it forbids is never asked, in an index neither."""
    world = World()
    world.web.put(ROBOTS, "User-agent: *\nDisallow: /secret\nDisallow: /all.xml\n")
    world.put("sitemap", "index", "secret 2026-03-02", "open 2026-03-01")
    world.put("open", "a")
    assert world.titles() == ["a"]
    assert world.web.asked() == [INDEX.replace("sitemap.xml", "robots.txt"), INDEX, f"{SITE}/open.xml"]
    world.claim = a_feed_claim(
        feed=a_feed(url=f"{SITE}/all.xml", kind=FeedKind.PAGE, select="a"), url=f"{SITE}/all.xml"
    )
    answer = world.poll()
    assert isinstance(answer, PollFailure)
    assert "robots.txt does not allow /all.xml" in answer.reason
    world.claim = a_feed_claim(feed=a_feed(url=f"{SITE}/all.xml", kind=FeedKind.FEED), url=f"{SITE}/all.xml")
    world.put("all", "b")
    assert world.titles() == ["b"]


@pytest.mark.parametrize(
    ("kind", "path", "asks"),
    [
        (FeedKind.AUTO, "/sitemap_news.xml.gz", True),
        (FeedKind.AUTO, "/News-Sitemap/1.xml", True),
        (FeedKind.AUTO, "/feed", False),
        (FeedKind.FEED, "/sitemap.xml", False),
        (FeedKind.SITEMAP, "/news.xml", True),
        (FeedKind.PAGE, "/", True),
    ],
)
def test_what_robots_txt_is_about(kind: FeedKind, path: str, asks: bool) -> None:  # noqa: FBT001  the expectation
    """Where the kind is not configured, the address tells."""
    assert needs_permission(kind, f"{SITE}{path}") is asks


def test_the_reader_is_told_what_is_at_the_address() -> None:
    """The kind, and for a page the selector; a page is asked for as a page."""
    world = World()
    feed = a_feed(url=f"{SITE}/news", kind=FeedKind.PAGE, select="h2 a")
    world.claim = a_feed_claim(feed=feed, url=feed.url)
    world.web.put(feed.url, "a")
    assert world.titles() == ["a"]
    assert (world.readers.asked[0]["kind"], world.readers.asked[0]["select"]) == (FeedKind.PAGE, "h2 a")
    assert world.web.requests[-1].headers["accept"].startswith("text/html")


def test_the_memory_of_sitemaps_is_bounded() -> None:
    """The oldest go."""
    known = Indexes()
    for number in range(KEPT_INDEXES + 10):
        claim = a_feed_claim(feed=a_feed(id=f"feed-{number}"), body_hash="x")
        known.keep(claim, "x", dict.fromkeys(map(str, range(KEPT_CHILDREN + 10))))  # type: ignore[arg-type]
    assert len(known.kept) == KEPT_INDEXES
    assert len(known.known(claim)) == KEPT_CHILDREN


# ------------------------------------------------------------------ what came before, and hubs


@pytest.mark.parametrize(
    ("url", "earlier", "asked"),
    [
        (f"{SITE}/feed", f"{SITE}/archive/7", f"{SITE}/archive/7"),
        (f"{SITE}/category/port/feed/", None, f"{SITE}/category/port/feed/?paged=2"),
        (f"{SITE}/feed?lang=en", None, f"{SITE}/feed?lang=en&paged=2"),
        (f"{SITE}/feed?paged=2", None, None),
        (f"{SITE}/rss.xml", None, None),
    ],
)
def test_where_a_feed_keeps_what_came_before(url: str, earlier: str | None, asked: str | None) -> None:
    """As it says, else as WordPress does it."""
    assert earlier_address(_listing(url, earlier=earlier)) == asked


def _listing(url: str, **values: Any) -> Listing:
    return Listing(url=url, moved_to=None, title=None, lang=None, entries=(), body_hash="", **values)


def test_what_came_before_is_one_more_page() -> None:
    """On the same site only; what can't be had is nothing."""
    world = World()
    world.claim = a_feed_claim(url=f"{SITE}/feed", etag='"1"')
    world.web.put(f"{SITE}/archive", "old")
    world.web.put(f"{SITE}/none", status=404)

    def earlier(address: str) -> Listing | None:
        return asyncio.run(world.fetcher.fetch_earlier(world.claim, _listing(f"{SITE}/feed", earlier=address)))

    found = earlier(f"{SITE}/archive")
    assert found is not None
    assert [entry.title for entry in found.entries] == ["old"]
    assert "if-none-match" not in world.web.requests[-1].headers
    assert earlier(f"{SITE}/none") is None
    assert earlier("https://other.example/archive") is None
    world.web.put(f"{SITE}/index", "index")
    assert earlier(f"{SITE}/index") is None
    assert asyncio.run(world.fetcher.fetch_earlier(world.claim, _listing(f"{SITE}/rss.xml"))) is None
    assert world.web.asked() == [f"{SITE}/archive", f"{SITE}/none", f"{SITE}/index"]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        (['<https://hub.example/>; rel="hub", </feed>; rel="self"'], ("https://hub.example/", f"{SITE}/feed")),
        (["<https://hub.example/>; rel=hub", f"<{SITE}/f>; title=x; rel=self"], ("https://hub.example/", f"{SITE}/f")),
        (["<https://hub.example/a>; rel='preload hub'", "<https://two.example/>; rel=hub"], ("https://hub.example/a", None)),
        ([f'<{SITE}/f>; rel="self"'], (None, None)),
        (["<javascript:alert(1)>; rel=hub"], (None, None)),
        (["nonsense; rel=hub"], (None, None)),
        (["<" * 100_000], (None, None)),
    ],
)  # fmt: skip
def test_a_link_header_names_the_hub(links: list[str], expected: tuple[str | None, str | None]) -> None:
    """The first of several; an address that is none is none."""
    headers = httpx.Headers([("link", link) for link in links])
    assert advertised(Answer(url=f"{SITE}/feed", status=200, headers=headers, body=b"")) == expected


def test_a_feed_with_a_hub_says_so() -> None:
    """In the listing, for who subscribes."""
    world = World()
    claim: FeedClaim = a_feed_claim(url=f"{SITE}/feed")
    world.web.put(
        claim.url, "a", link='<https://hub.example/>; rel="hub", <https://harbor-times.example/feed>; rel="self"'
    )
    answer = asyncio.run(world.fetcher.fetch_feed(claim))
    assert isinstance(answer, Listing)
    assert (answer.hub, answer.topic) == ("https://hub.example/", f"{SITE}/feed")
