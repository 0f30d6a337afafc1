from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

from storywatch.core.model import Discovered, FeedKind, FoundFeed, Listing
from storywatch.errors import Unreadable
from storywatch.parse.discovery import discover
from storywatch.parse.document import parse_document
from storywatch.parse.robots import sitemaps_of

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://www.harbor-times.example/news/"

STORIES = [
    ("Dockers return to work after nine weeks", "/2026/03/02/dockers-return-to-work"),
    ("Harbour basin reopens to the largest ships", "/2026/03/02/harbour-basin-reopens"),
    ("Council votes to double the ferry subsidy", "/2026/03/01/council-votes-ferry-subsidy"),
    ("Storm leaves three piers without any power", "/2026/03/01/storm-leaves-three-piers"),
    ("New crane arrives in parts from the north", "/2026/02/28/new-crane-arrives-in-parts"),
    ("Fishermen ask the court to lift the catch limit", "/2026/02/28/fishermen-ask-the-court"),
    ("Lighthouse museum counts its visitors again", "/2026/02/27/lighthouse-museum-counts"),
    ("Tide gate fails a test for the second time", "/2026/02/27/tide-gate-fails-a-test"),
]
SECTIONS = ("World", "Politics", "Culture", "Weather and tides for sailors", "Jobs")
ENTRIES = "".join(f"<li><a href='/section/{n}/'>{name}</a></li>" for n, name in enumerate(SECTIONS))
NAV = f"<nav><ul>{ENTRIES}</ul></nav>"
FOOT = "<footer><p><a href='/about/this-newspaper'>About the people behind this newspaper</a> <a href='/privacy/how-we-use-data'>How we use the data of readers</a></p></footer>"


def page(*items: str, before: str = "", after: str = "", head: str = "") -> str:
    return f"<!DOCTYPE html><html lang='en'><head><title>Harbor Times</title>{head}</head><body>{NAV}{before}{''.join(items)}{after}{FOOT}</body></html>"


def of_each(write: Callable[[int, str, str], str]) -> list[str]:
    return [write(number, title, path) for number, (title, path) in enumerate(STORIES)]


LAYOUTS = {
    "articles with headings": page(
        *of_each(
            lambda n, title, path: f"<article><a href='{path}'><img src='{n}.jpg' alt='Picture'></a><h2><a href='{path}'>{title}</a></h2>"
            f"<p>Teaser {n}.</p><a href='/tag/harbour/'>harbour</a></article>"
        )
    ),
    "a plain list": page(
        "<ul class='news-list'>",
        *of_each(lambda n, title, path: f"<li><span>0{n}.03.</span> <a href='{path}'>{title}</a></li>"),
        "</ul>",
    ),
    "cards that are links as a whole": page(
        "<div class='cards'>",
        *of_each(
            lambda n, title, path: f"<a class='card css-1x2y3z' href='{path}'><h3>{title}</h3><p>A teaser of some length that says more, number {n}.</p></a>"
        ),
        "</div>",
    ),
    "a table of a board": page(
        "<table id='board'>",
        *of_each(
            lambda n, title, path: f"<tr><td>{n}</td><td class='subject'><a href='/board/view.php?id=100{n}&page=1'>{title}</a></td><td>2026-03-02</td></tr>"
        ),
        "</table>",
    ),
    "links with a class of their own": page(
        *of_each(
            lambda n, title, path: f"<div class='row-{n} mt-4'><a class='story-link' href='{path}'>{title}</a><a href='/author/{n}'>By a reporter</a></div>"
        )
    ),
    "headings around everything": page(
        "<main>",
        *of_each(lambda n, title, path: f"<div><h4 class='title'><a href='{path}'>{title}</a></h4><p>Teaser.</p></div>"),
        "</main>",
        after="<div class='sidebar'><h4 class='widget'>Most read</h4>"
        + "".join(f"<p><a href='{path}'>{title}</a></p>" for title, path in STORIES[:3])
        + "</div>",
    ),
    "generated class names": page(
        "<div id='latest' class='sc-a1b2c3'>",
        *of_each(
            lambda n, title, path: f"<div class='css-{n}k2l9 Item_item__x7Yz2'><a class='_3fA9x' href='{path}'>{title}</a></div>"
        ),
        "</div>",
    ),
    "a longer list beside it": page(
        "<div class='latest'>",
        *of_each(lambda n, title, path: f"<p class='headline'><a href='{path}'>{title}</a></p>"),
        "</div><div class='most-read'>",
        *(f"<p><a href='/2025/12/0{n % 9}/an-old-story-number-{n}'>What everybody read in week {n}</a></p>" for n in range(12)),
        "</div>",
    ),
    "a definition list": page(
        "<dl>",
        *of_each(lambda n, title, path: f"<dt><a href='{path}'>{title}</a></dt><dd>Teaser, <a href='/more'>more</a></dd>"),
        "</dl>",
    ),
    "an old page of nested tables": page(
        "<table><tr><td width=600>",
        *of_each(lambda n, title, path: f"<table><tr><td><font><b><a href='{path}'>{title}</a></b></font></td></tr></table>"),
        "</td></tr></table>",
    ),
    "Korean headlines": page(
        "<ul class='list-news'>",
        *(
            f"<li><a href='/article/view/{1000 + n}'>{title}</a><span class='byline'><a href='/reporter/{n}'>기자</a></span></li>"
            for n, title in enumerate([
                "항만 노동자 구 주 만에 복귀", "최대 선박에 부두 다시 열려", "시의회 여객선 보조금 두 배로", "폭풍으로 부두 세 곳 정전",
                "북쪽에서 새 크레인 부품 도착", "어민들 어획 제한 해제 요청",
            ])
        ),
        "</ul>",
    ),
}  # fmt: skip


def wanted(layout: str) -> set[str]:
    if layout == "a table of a board":
        return {f"https://www.harbor-times.example/board/view.php?id=100{n}&page=1" for n in range(len(STORIES))}
    if layout == "Korean headlines":
        return {f"https://www.harbor-times.example/article/view/{1000 + n}" for n in range(6)}
    return {urljoin(URL, path) for _, path in STORIES}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_list_of_articles_is_found_and_its_selector_finds_the_very_same(layout: str) -> None:
    """Every headline, nothing of menu, footer, tags and authors; short, and without names that change with each build."""
    body = LAYOUTS[layout].encode()
    found = discover(body, url=URL, content_type="text/html; charset=utf-8")
    assert (found.kind, found.title) == (None, "Harbor Times")
    assert found.select is not None
    listing = parse_document(body, url=URL, kind=FeedKind.PAGE, select=found.select)
    assert isinstance(listing, Listing)
    assert {entry.url for entry in listing.entries} == wanted(layout)
    assert found.samples == tuple((entry.title, entry.url) for entry in listing.entries[:5])
    assert len(found.select) < 40
    assert not any(char.isdigit() for char in found.select.replace("h2", "").replace("h3", "").replace("h4", ""))


@pytest.mark.parametrize(
    "html",
    [
        page(),
        page("<article><h2><a href='/2026/03/02/one'>One single story on this page</a></h2></article>"),
        page(*(f"<p><a href='https://elsewhere.example/{n}'>A story of another outlet altogether, {n}</a></p>" for n in range(9))),
        page(*(f"<p><a href='/{n}/a-b-c'>A headline among many other links {n}</a> <a href='/x{n}'>x</a> <a href='/y{n}'>y</a></p>" for n in range(9))),
        page(*(f"<p><a href='/{word}'>{word}</a></p>" for word in ("news", "shop", "jobs", "map", "help", "chat", "radio"))),
    ],
)  # fmt: skip
def test_where_no_list_can_be_made_out_none_is_offered(html: str) -> None:
    """A menu, links to other sites and a single article are no list."""
    found = discover(html.encode(), url=URL)
    assert (found.select, found.samples) == (None, ())


def test_the_feeds_that_a_page_names_are_found() -> None:
    """Named in its head, linked in its text; likely ones first, each once, with how it was found."""
    head = (
        "<link rel='alternate' type='application/rss+xml' title='Comments' href='/comments/feed/'>"
        "<link rel='alternate' type='application/rss+xml' title='Harbor Times' href='/feed/'>"
        "<link rel='ALTERNATE' type='application/atom+xml; charset=utf-8' href='atom.xml'>"
        "<link rel='alternate' type='application/feed+json' href='/feed.json'>"
        "<link rel='alternate' type='application/json' href='/wp-json/wp/v2/pages/2'>"
        "<link rel='alternate' hreflang='de' href='/de/'>"
        "<link rel='alternate' type='application/rss+xml' href='javascript:alert(1)'>"
        "<link rel='sitemap' type='application/xml' href='/sitemap.xml'>"
        "<link rel='hub' href='https://hub.example/'>"
    )
    text = (
        "<a href='/feed/'>RSS</a> <a href='/politics/rss.xml'>Politics</a> <a href='/?feed=rss2'>All</a>"
        "<a href='/sitemap_news.xml.gz'>Map</a> <a href='https://elsewhere.example/feed/'>Theirs</a> <a href='/feedback'>Write</a>"
        "<a href='https://feeds.harbor-times.example/top.rss'>Top</a>"
    )
    found = discover(page(text, head=head).encode(), url=URL)
    named, linked = "the page names it as its feed", "a link that looks like a feed"
    site = "https://www.harbor-times.example"
    assert found.feeds == (
        FoundFeed(url=f"{site}/feed/", title="Harbor Times", kind=FeedKind.FEED, how=named),
        FoundFeed(url=f"{site}/news/atom.xml", title="", kind=FeedKind.FEED, how=named),
        FoundFeed(url=f"{site}/feed.json", title="", kind=FeedKind.FEED, how=named),
        FoundFeed(url=f"{site}/politics/rss.xml", title="Politics", kind=FeedKind.FEED, how=linked),
        FoundFeed(url=f"{site}/?feed=rss2", title="All", kind=FeedKind.FEED, how=linked),
        FoundFeed(url="https://feeds.harbor-times.example/top.rss", title="Top", kind=FeedKind.FEED, how=linked),
        FoundFeed(url=f"{site}/comments/feed/", title="Comments", kind=FeedKind.FEED, how=named),
        FoundFeed(url=f"{site}/sitemap.xml", title="", kind=FeedKind.SITEMAP, how="the page names it as its sitemap"),
        FoundFeed(
            url=f"{site}/sitemap_news.xml.gz",
            title="Map",
            kind=FeedKind.SITEMAP,
            how="a link that looks like a sitemap",
        ),
    )
    assert found.hub == "https://hub.example/"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<rss version='2.0'><channel><title>T</title><item><title>A</title></item></channel></rss>", FeedKind.FEED),
        ("<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title></feed>", FeedKind.FEED),
        (json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": []}), FeedKind.FEED),
        ("<urlset><url><loc>https://a.example/one-two</loc></url></urlset>", FeedKind.SITEMAP),
        ("https://a.example/one-two\nhttps://a.example/three\n", FeedKind.SITEMAP),
        ("<sitemapindex><sitemap><loc>https://a.example/s.xml</loc></sitemap></sitemapindex>", FeedKind.SITEMAP),
    ],
)
def test_an_address_that_is_a_source_itself_says_so(body: str, kind: FeedKind) -> None:
    """Its kind is told by its bytes, whatever the server calls them."""
    found = discover(body.encode(), url=URL, content_type="text/html")
    assert found.kind is kind
    assert found.feeds == ()


def test_a_page_that_begins_without_a_root_is_a_page() -> None:
    """Old content systems leave out html and head."""
    found = discover(b"<title>T</title><div><a href='/rss.xml'>RSS</a></div>", url=URL)
    assert found == Discovered(
        kind=None,
        title="T",
        feeds=(
            FoundFeed(
                url="https://www.harbor-times.example/rss.xml",
                title="RSS",
                kind=FeedKind.FEED,
                how="a link that looks like a feed",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "an empty answer"),
        (b'{"error": 1}', "a JSON document"),
        (b"nothing at all", "not a feed"),
        (b"<!DOCTYPE html><html>" + b"<div>" * 2_000, "nested more than 1,000 deep"),
        (b"%PDF-1.7 and more", "another file"),
    ],
)
def test_what_offers_nothing_is_said_in_words(body: bytes, reason: str) -> None:
    """Neither a source nor a page."""
    with pytest.raises(Unreadable, match=reason):
        discover(body, url=URL)


def test_a_robots_txt_names_sitemaps() -> None:
    """Each once, absolute ones only, and not without end."""
    lines = "User-agent: *\nDisallow: /x\nSitemap: https://a.example/s1.xml\nsitemap: https://a.example/s2.xml.gz\nSitemap: https://a.example/s1.xml\nSitemap: /relative.xml\n"
    assert sitemaps_of(lines.encode()) == ("https://a.example/s1.xml", "https://a.example/s2.xml.gz")
    many = "".join(f"Sitemap: https://a.example/{n}.xml\n" for n in range(100))
    assert len(sitemaps_of(many.encode())) == 20
    assert sitemaps_of(b"<html>\xff\x00</html>") == ()
