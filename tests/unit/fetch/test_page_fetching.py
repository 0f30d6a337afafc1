from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from builders import NOON
from fakes import FakeClock, FakeWeb, ReadersHere

from storywatch.core.model import ArticleRules, Feed, FeedId, Page, PageState
from storywatch.errors import FetchFailed, Forbidden, Unreadable
from storywatch.fetch.client import Web
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.pages import HttpPageFetcher
from storywatch.fetch.robots import Robots

if TYPE_CHECKING:
    from collections.abc import Sequence

SITE = "https://harbor-times.example"
URL = f"{SITE}/news/1"
ROBOTS = f"{SITE}/robots.txt"
HTML = "<html><body><article><h1>Harbour</h1><p>The harbour reopened on Monday after nine days of strike.</p></article></body></html>"


class World:
    """One site, one fetcher, a clock."""

    def __init__(self) -> None:
        self.web = FakeWeb()
        self.clock = FakeClock(NOON)
        self.client = self.web.client()
        asked = Web(self.client, Hosts(self.clock, spacing=timedelta()), self.clock)
        self.robots = Robots(asked, ReadersHere(), self.clock, kept_sites=20)
        self._asked = asked
        self.use()

    def use(self, *feeds: Feed) -> None:
        """With these feeds configured."""
        named = {feed.id: feed for feed in feeds}
        self.fetcher = HttpPageFetcher(self._asked, self.robots, ReadersHere(), self.clock, feeds=named)

    async def fetch(self, url: str) -> Page | Exception:
        try:
            return await self.fetcher.fetch_page(url)
        except (FetchFailed, Unreadable) as error:
            return error

    def read(self, urls: Sequence[str] = (URL,), *, wait: timedelta = timedelta()) -> list[Page | Exception]:
        async def run() -> list[Page | Exception]:
            answers = []
            for url in urls:
                answers.append(await self.fetch(url))
                self.clock.advance(wait)
            return answers

        return asyncio.run(run())


def test_a_page_is_read_where_its_site_allows_it() -> None:
    """robots.txt first, once; a site without one allows everything."""
    world = World()
    world.web.put(URL, HTML, content_type="text/html; charset=utf-8")
    page, again = world.read([URL, URL])
    assert isinstance(page, Page)
    assert (page.state, page.url, page.title) == (PageState.PARTIAL, URL, "Harbour")
    assert isinstance(again, Page)
    assert world.web.asked() == [ROBOTS, URL, URL]


def test_a_page_that_robots_txt_forbids_is_never_asked() -> None:
    """The reason names the site and the path."""
    world = World()
    world.web.put(ROBOTS, "User-agent: *\nDisallow: /news/")
    world.web.put(f"{SITE}/open", HTML)
    closed, opened = world.read([URL, f"{SITE}/open"])
    assert isinstance(closed, Forbidden)
    assert str(closed) == "harbor-times.example: robots.txt does not allow /news/1"
    assert isinstance(opened, Page)
    assert URL not in world.web.asked()


def test_robots_txt_is_asked_once_a_day() -> None:
    """And again after it."""
    world = World()
    world.web.put(URL, HTML)
    world.read([URL] * 26, wait=timedelta(hours=1))
    assert world.web.asked().count(ROBOTS) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failing_site_is_left_alone_for_an_hour(status: int) -> None:
    """Nobody knows what it would have allowed."""
    world = World()
    world.web.put(URL, HTML)
    world.web.put(ROBOTS, status=status)
    world.web.put(ROBOTS, "", status=404)
    first, second, third = world.read([URL] * 3, wait=timedelta(minutes=35))
    assert isinstance(first, FetchFailed)
    assert not isinstance(first, Forbidden), "it is not forbidden for good"
    assert "robots.txt could not be had" in str(first)
    assert first.retry_after == timedelta(hours=1)
    assert isinstance(second, FetchFailed)
    assert second.retry_after == timedelta(minutes=25)
    assert isinstance(third, Page)


def test_a_broken_network_says_nothing_about_a_site() -> None:
    """The next try asks again, and the wish of a resting host is passed on."""
    world = World()
    world.web.put(URL, HTML)
    world.web.break_off(ROBOTS, httpx.ConnectError("refused"))
    world.web.put(ROBOTS, "", status=503, retry_after="60")
    world.web.put(ROBOTS, "", status=404)
    broken, busy, resting, page = world.read([URL, URL, f"{SITE}/feed", URL], wait=timedelta(seconds=45))
    assert isinstance(broken, FetchFailed)
    assert "no connection" in str(broken)
    assert all("robots.txt could not be had" in str(answer) for answer in (busy, resting, page))


def test_rules_that_nobody_can_read_are_no_rules() -> None:
    """A robots.txt in an unknown packing, or of a megabyte."""
    for body, headers in ((b"x", {"content_encoding": "zstd"}), (b"x" * 1_000_000, {})):
        world = World()
        world.web.put(ROBOTS, body, **headers)
        world.web.put(URL, HTML)
        [page] = world.read()
        assert isinstance(page, Page)


def test_old_permissions_are_forgotten() -> None:
    """A year of links does not fill the memory."""
    world = World()
    world.read([f"https://h{number}.example/" for number in range(100)], wait=timedelta(hours=2))
    assert len(world.robots._sites) <= 20


def test_a_news_searchs_link_is_never_followed() -> None:
    """The feed's own text serves; not even robots.txt is asked."""
    world = World()
    [answer] = world.read(["https://news.google.com/rss/articles/CBMiabc?oc=5"])
    assert isinstance(answer, Forbidden)
    assert "news search" in str(answer)
    assert world.web.requests == []


def test_a_redirect_needs_the_other_sites_permission() -> None:
    """Its own robots.txt."""
    world = World()
    world.web.put(URL, status=302, location="https://other.example/1")
    world.web.put("https://other.example/robots.txt", "User-agent: storywatch\nDisallow: /")
    [answer] = world.read()
    assert isinstance(answer, Forbidden)
    assert "other.example" in str(answer)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [(404, {}, None), (500, {}, None), (503, {"retry_after": "60"}, timedelta(minutes=1))],
)
def test_a_status_is_a_failure_with_its_figure(status: int, headers: dict[str, str], wait: timedelta | None) -> None:
    """And with when to come again."""
    world = World()
    world.web.put(URL, status=status, **headers)
    [answer] = world.read()
    assert isinstance(answer, FetchFailed)
    assert (answer.status, answer.retry_after) == (status, wait)
    assert str(answer) == f"harbor-times.example: {status} for /news/1"


@pytest.mark.parametrize("kind", ["application/pdf", "image/jpeg", "application/rss+xml"])
def test_what_is_no_page_is_unreadable(kind: str) -> None:
    """By what the server calls it."""
    world = World()
    world.web.put(URL, "x", content_type=kind)
    [answer] = world.read()
    assert isinstance(answer, Unreadable)
    assert str(answer) == f"harbor-times.example: {kind}, not a page"


def test_an_article_that_became_the_front_page_is_gone() -> None:
    """What stands there is other news, and none of it is taken for the article's."""
    world = World()
    world.web.put(URL, status=302, location="/")
    world.web.put(f"{SITE}/", HTML)
    [page] = world.read()
    assert isinstance(page, Page)
    assert (page.state, page.paragraphs) == (PageState.GONE, ())
    assert page.notes == ("not there any more: the address leads to /",)


def test_a_feeds_own_rules_and_title_go_with_the_page() -> None:
    """Its outlet's pages are read by its selectors; a section that came instead is known by the feed's title."""
    long = "The harbour reopened on Monday after nine days of strike, said the board of the port. " * 4
    world = World()
    rules = ArticleRules(body=".story", title=".head")
    feed = Feed(id=FeedId("harbor-times"), url=f"{SITE}/feed", owner="harbor-times", article=rules)
    world.use(feed)
    world.web.put(
        URL, f"<html><body><b class=head>Open</b><div class=story><p>{long}</p></div><p>{long}x</p></body></html>"
    )
    page = asyncio.run(world.fetcher.fetch_page(URL, feed=feed.id))
    assert (page.title, page.paragraphs, page.read_by) == ("Open", (long.strip(),), "rules")
    world.web.put(f"{SITE}/news/2026/harbour", status=302, location="/news/")
    world.web.put(f"{SITE}/news/", f"<html><body><h1>All news</h1><p>{long}</p></body></html>")
    section = asyncio.run(world.fetcher.fetch_page(f"{SITE}/news/2026/harbour", title="Harbour reopens after strike"))
    assert section.state is PageState.GONE


def test_a_bot_check_with_a_status_of_its_own_is_told() -> None:
    """Some answer 403 with a header that says what it was."""
    world = World()
    world.web.put(URL, status=403, cf_mitigated="challenge")
    [answer] = world.read()
    assert isinstance(answer, FetchFailed)
    assert str(answer) == "harbor-times.example: 403 for /news/1, a bot check"


@pytest.mark.parametrize("url", ["gopher://harbor-times.example/1", "http://[::1", "https:///x", "", "//a.example/x"])
def test_what_is_no_web_address_is_forbidden(url: str) -> None:
    """A feed's link may be anything; nobody is asked, not even for robots.txt."""
    world = World()
    [answer] = world.read([url])
    assert isinstance(answer, Forbidden)
    assert world.web.requests == []


@pytest.mark.parametrize(("said", "wait"), [("7", 7.0), ("0.5", 2.0), ("4000", 60.0), ("soon", 2.0)])
def test_a_site_may_want_more_room_between_its_pages(said: str, wait: float) -> None:
    """Crawl-delay, up to a minute, and never less than the distance that we keep by ourselves."""
    world, slept = World(), []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        world.clock.advance(timedelta(seconds=seconds))

    asked = Web(world.client, Hosts(world.clock, sleep=sleep), world.clock)
    world.fetcher = HttpPageFetcher(asked, Robots(asked, ReadersHere(), world.clock), ReadersHere(), world.clock)
    world.web.put(ROBOTS, f"User-agent: *\nCrawl-delay: {said}\n")
    world.web.put(URL, HTML)
    pages = world.read([URL, URL])
    assert all(isinstance(page, Page) for page in pages)
    assert slept == [wait, wait]


def test_a_robots_txt_that_breaks_the_reader_gives_no_delay() -> None:
    """It is asked once a day all the same."""

    class Stumbling(ReadersHere):
        async def read(self, task: str, **arguments: Any) -> Any:
            if task == "crawl_delay":
                message = "the reader was stopped"
                raise Unreadable(message)
            return await super().read(task, **arguments)

    world = World()
    asked = Web(world.client, Hosts(world.clock, spacing=timedelta()), world.clock)
    world.fetcher = HttpPageFetcher(asked, Robots(asked, Stumbling(), world.clock), ReadersHere(), world.clock)
    world.web.put(ROBOTS, "User-agent: *\nCrawl-delay: 5\n")
    world.web.put(URL, HTML)
    assert all(isinstance(page, Page) for page in world.read([URL, URL]))
    assert world.web.asked().count(ROBOTS) == 1
