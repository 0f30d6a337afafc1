"""What one look at an address finds, and how often it asks for that."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from builders import NOON
from fakes import FakeClock, FakeWeb, ReadersHere

from storywatch.core.model import FeedKind
from storywatch.errors import FetchFailed, Forbidden
from storywatch.fetch.client import Web
from storywatch.fetch.discovery import MOST_REQUESTS, Discoverer, Look, Offer
from storywatch.fetch.hosts import Hosts

SITE = "https://sandvik-post.example"
ITEM = "<item><title>{title}</title><link>/{title}</link><pubDate>Mon, 02 Mar 2026 12:00:00 GMT</pubDate></item>"
HEADLINES = (
    "Dockers walk out over pay in Sandvik",
    "Talks on ferry fares begin at the town hall",
    "Storm closes the northern pier until Friday",
    "Council votes to widen the harbour road",
    "Fishing quota is cut by a fifth, crews protest",
    "Museum reopens after two years of repairs",
)


def rss(title: str, *titles: str) -> str:
    items = "".join(ITEM.format(title=one) for one in titles)
    return f'<rss version="2.0"><channel><title>{title}</title><language>en-gb</language>{items}</channel></rss>'


def sitemap(*titles: str) -> str:
    urls = "".join(f"<url><loc>{SITE}/{title}</loc><lastmod>2026-03-02</lastmod></url>" for title in titles)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'


def page(*links: str, body: str = "") -> str:
    head = "".join(f'<link rel="alternate" type="application/rss+xml" title="F" href="{link}">' for link in links)
    return f"<html><head><title>Sandvik Post</title>{head}</head><body>{body}</body></html>"


def headlines() -> str:
    return "".join(
        f'<article><h2><a href="/2026/{number}-a-story">{title}</a></h2></article>'
        for number, title in enumerate(HEADLINES, 1000)
    )


def look(web: FakeWeb, url: str = f"{SITE}/", *, select: str | None = None) -> Look:
    async def run() -> Look:
        clock = FakeClock(NOON)
        async with web.client() as client:
            hosts = Hosts(clock, spacing=timedelta())
            return await Discoverer(Web(client, hosts, clock), ReadersHere()).look(url, select=select)

    return asyncio.run(run())


def paths(web: FakeWeb) -> list[str]:
    return [url.removeprefix(SITE) for url in web.asked()]


def told(offer: Offer) -> tuple[FeedKind, str, int]:
    return offer.kind, offer.url.removeprefix(SITE), len(offer.entries)


def test_a_feed_is_known_by_the_first_answer() -> None:
    """One request tells that it is a feed, and what stands in it."""
    web = FakeWeb()
    web.put(f"{SITE}/feed", rss("Sandvik Post", "a", "b"))
    [offer] = look(web, f"{SITE}/feed").offers
    assert told(offer) == (FeedKind.FEED, "/feed", 2)
    assert (offer.title, offer.lang, offer.good) == ("Sandvik Post", "en", True)
    assert paths(web) == ["/feed"]


def test_where_an_address_moved_for_good_is_where_it_is_followed() -> None:
    """Not an address that answers only by sending everybody on; but one that does so for now is kept."""
    web = FakeWeb()
    web.put(f"{SITE}/old", status=301, location="/feed")
    web.put(f"{SITE}/today", status=302, location="/feed")
    web.put(f"{SITE}/feed", rss("Sandvik Post", "a"))
    assert look(web, f"{SITE}/old").offers[0].url == f"{SITE}/feed"
    found = look(web, f"{SITE}/today")
    assert (found.offers[0].url, found.requests) == (f"{SITE}/today", 2)


def test_the_feeds_that_a_page_names_are_asked_and_nothing_is_guessed() -> None:
    """Each with its entries, those that can be read before those that can't; the page's own list is offered last."""
    web = FakeWeb()
    web.put(f"{SITE}/", page("/gone.xml", "/news.xml", body=headlines()))
    web.put(f"{SITE}/news.xml", rss("News", "a", "b", "c"))
    found = look(web)
    assert [told(offer) for offer in found.offers] == [
        (FeedKind.FEED, "/news.xml", 3),
        (FeedKind.FEED, "/gone.xml", 0),
        (FeedKind.PAGE, "/", 6),
    ]
    assert found.offers[1].fault == "sandvik-post.example: 404: there is no feed at this address"
    assert paths(web) == ["/", "/gone.xml", "/news.xml"]


def test_a_look_never_takes_more_than_five_requests() -> None:
    """A page that names fifty feeds, and redirects on the way, do not make it more; the rest is named unasked."""
    web = FakeWeb()
    web.put(f"{SITE}/", page(*(f"/{number}.xml" for number in range(50))))
    web.put(f"{SITE}/0.xml", status=302, location="/elsewhere")
    web.put(f"{SITE}/elsewhere", rss("News", "a"))
    found = look(web)
    assert len(web.requests) == found.requests == MOST_REQUESTS
    assert [offer.asked for offer in found.offers[:4]] == [True, True, True, False]
    assert found.offers[0].good
    assert not any(offer.asked for offer in found.offers[3:])


def test_a_chain_of_redirects_uses_the_requests_up() -> None:
    """The first address counts like any other."""
    web = FakeWeb()
    for number in range(6):
        web.put(f"{SITE}/{number}", status=302, location=f"/{number + 1}")
    with pytest.raises(Forbidden, match="5 requests at most"):
        look(web, f"{SITE}/0")
    assert len(web.requests) == MOST_REQUESTS


def test_without_a_named_feed_the_usual_places_are_tried() -> None:
    """The first that holds a feed ends the search; an error page that answers 200 is none."""
    web = FakeWeb()
    web.put(f"{SITE}/", page())
    web.put(f"{SITE}/feed", page(body="Nothing here"))
    web.put(f"{SITE}/rss.xml", rss("News", "a"))
    [offer] = look(web).offers
    assert (told(offer), offer.how) == ((FeedKind.FEED, "/rss.xml", 1), "tried: many sites have it there")
    assert paths(web) == ["/", "/feed", "/rss.xml"]


def test_the_news_sitemap_of_robots_txt_is_found() -> None:
    """That of the news before others; /atom.xml is not tried where there is one."""
    web = FakeWeb()
    web.put(f"{SITE}/", page())
    web.put(f"{SITE}/robots.txt", f"User-agent: *\nSitemap: {SITE}/pages.xml\nSitemap: {SITE}/news-map.xml\n")
    web.put(f"{SITE}/news-map.xml", sitemap("dockers-walk-out", "ferry-fares"))
    [offer] = look(web).offers
    assert (told(offer), offer.how) == ((FeedKind.SITEMAP, "/news-map.xml", 2), "robots.txt names it")
    assert paths(web) == ["/", "/feed", "/rss.xml", "/robots.txt", "/news-map.xml"]


def test_the_last_guess_is_an_atom_feed() -> None:
    """Where robots.txt names no sitemap, there is one request left for it."""
    web = FakeWeb()
    web.put(f"{SITE}/", page())
    web.put(f"{SITE}/atom.xml", rss("News", "a"))
    assert [told(offer) for offer in look(web).offers] == [(FeedKind.FEED, "/atom.xml", 1)]
    assert len(web.requests) == MOST_REQUESTS


def test_an_index_of_sitemaps_shows_what_the_newest_lists() -> None:
    """One of them is asked; the index is what is followed."""
    web = FakeWeb()
    rows = "".join(f"<sitemap><loc>{SITE}/{day}.xml</loc><lastmod>2026-03-0{day}</lastmod></sitemap>" for day in (1, 2))
    web.put(f"{SITE}/index.xml", f"<sitemapindex>{rows}</sitemapindex>")
    web.put(f"{SITE}/2.xml", sitemap("dockers-walk-out"))
    [offer] = look(web, f"{SITE}/index.xml").offers
    assert told(offer) == (FeedKind.SITEMAP, "/index.xml", 1)
    web.change(f"{SITE}/2.xml", f"<sitemapindex>{rows}</sitemapindex>")
    [offer] = look(web, f"{SITE}/index.xml").offers
    assert offer.fault == "an index in an index of sitemaps is not followed"


def test_a_page_is_followed_by_a_selector_of_ones_own() -> None:
    """Nothing else is tried then; a selector that finds nothing is said to."""
    web = FakeWeb()
    web.put(f"{SITE}/press", page(body=headlines()))
    [offer] = look(web, f"{SITE}/press", select="h2 a").offers
    assert (told(offer), offer.select) == ((FeedKind.PAGE, "/press", 6), "h2 a")
    [offer] = look(web, f"{SITE}/press", select="h4 a").offers
    assert not offer.good
    assert offer.fault is not None
    assert paths(web) == ["/press", "/robots.txt", "/press"]


def test_what_robots_txt_forbids_is_no_good_offer() -> None:
    """A poll would be refused: better that is known before it is written down. Feeds are asked for by subscribers."""
    web = FakeWeb()
    web.put(f"{SITE}/robots.txt", "User-agent: *\nDisallow: /press\nDisallow: /map.xml\nDisallow: /feed\n")
    web.put(f"{SITE}/press", page(body=headlines()))
    web.put(f"{SITE}/map.xml", sitemap("dockers-walk-out"))
    web.put(f"{SITE}/rss", rss("Post", "a"))
    for url, select in ((f"{SITE}/press", "h2 a"), (f"{SITE}/press", None), (f"{SITE}/map.xml", None)):
        [offer] = look(web, url, select=select).offers
        assert (offer.good, offer.fault) == (False, "robots.txt does not allow us there")
    assert look(web, f"{SITE}/rss").offers[0].good
    assert look(web, f"{SITE}/press").requests == MOST_REQUESTS


def test_a_feed_that_the_server_names_in_a_header_is_found() -> None:
    """As the page's own links are; what is no feed is not."""
    web = FakeWeb()
    link = '</style.css>; rel=preload, </news.xml>; rel="alternate"; type="application/rss+xml"; title="All news"'
    web.put(f"{SITE}/", page(), link=link)
    web.put(f"{SITE}/news.xml", rss("", "a"))
    [offer] = look(web).offers
    assert (told(offer), offer.title) == ((FeedKind.FEED, "/news.xml", 1), "All news")
    assert offer.how == "a Link header names it"


def test_an_address_that_gives_nothing_is_an_error_in_words() -> None:
    """With the host and what it answered; an empty feed is an offer that is not good."""
    web = FakeWeb()
    with pytest.raises(FetchFailed, match=r"sandvik-post\.example: 404"):
        look(web)
    web.put(f"{SITE}/feed", rss("Sandvik Post"))
    [offer] = look(web, f"{SITE}/feed").offers
    assert (offer.good, offer.fault) == (False, "there is nothing in it")


def test_a_feed_that_breaks_off_does_not_hide_the_others() -> None:
    """What the network does to one of them is that one's fault alone."""
    web = FakeWeb()
    web.put(f"{SITE}/", page("/a.xml", "/b.xml"))
    web.break_off(f"{SITE}/a.xml", httpx.ConnectError("refused"))
    web.put(f"{SITE}/b.xml", rss("B", "a"))
    first, second = look(web).offers
    assert told(first) == (FeedKind.FEED, "/b.xml", 1)
    assert second.fault == "sandvik-post.example: no connection (refused)"
