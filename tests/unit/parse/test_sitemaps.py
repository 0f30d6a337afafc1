from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from storywatch.core.model import FeedKind, Listing, SitemapIndex
from storywatch.errors import Unreadable
from storywatch.parse.document import parse_document
from storywatch.parse.sitemap import words_of

URL = "https://harbor-times.example/sitemap.xml"
SITE = "https://harbor-times.example"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


def urlset(*urls: str, attributes: str = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"') -> bytes:
    inner = "".join(f"<url>{url}</url>" for url in urls)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {attributes}>{inner}</urlset>'.encode()


def news(prefix: str, path: str, title: str, date: str, lang: str = "en") -> str:
    p = f"{prefix}:" if prefix else ""
    return (
        f"<loc>{SITE}{path}</loc><{p}news><{p}publication><{p}name>Harbor Times</{p}name><{p}language>{lang}</{p}language></{p}publication>"
        f"<{p}publication_date>{date}</{p}publication_date><{p}title>{title}</{p}title></{p}news>"
        f"<image:image><image:loc>{SITE}/a.jpg</image:loc><image:title>Picture</image:title></image:image>"
    )


def listed(body: bytes, **arguments: object) -> Listing:
    listing = parse_document(body, url=URL, **arguments)  # type: ignore[arg-type]
    assert isinstance(listing, Listing)
    return listing


@pytest.mark.parametrize("prefix", ["news", "n", "ns1"])
def test_a_news_sitemap_gives_titles_dates_and_language(prefix: str) -> None:
    """Whatever prefix the publisher chose; pictures' addresses and titles are not the article's."""
    body = urlset(
        news(prefix, "/a", "Dockers &amp; ships &lt;b&gt;return&lt;/b&gt;", "2026-03-02T12:30:00+02:00", "en-GB"),
        news(prefix, "/b", "<![CDATA[Ferries & piers]]>", "2026-03-03", "en-GB"),
        attributes=f'xmlns:{prefix}="{NEWS}" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"',
    )
    listing = listed(body)
    assert (listing.title, listing.lang, listing.complete, listing.dropped) == ("Harbor Times", "en", True, 0)
    later, earlier = listing.entries
    assert (earlier.title, earlier.url, earlier.key) == (
        "Dockers & ships return",
        f"{SITE}/a",
        "http://harbor-times.example/a",
    )
    assert earlier.published_at == datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    assert (later.title, later.published_at) == (
        "Ferries & piers",
        None,
    )  # a bare day is no moment, but it counts for the order


def test_sitemaps_of_several_papers_have_no_name_and_no_language() -> None:
    """Only what all entries say is said of the whole."""
    one, other = news("news", "/a", "A", ""), news("news", "/b", "B", "", "de").replace("Harbor Times", "Hafenblatt")
    listing = listed(urlset(one, other, attributes=f'xmlns:news="{NEWS}" xmlns:image="i"'))
    assert (listing.title, listing.lang) == (None, None)


def test_a_plain_sitemap_gives_words_of_the_address_in_place_of_a_title() -> None:
    """And the last change for a date."""
    listing = listed(
        urlset(
            f"<loc> {SITE}/2026/03/02/harbour-reopens-at-last-1234567.html </loc><lastmod>2026-03-02T12:00:00Z</lastmod>",
            "<loc>/relative/storm_leaves_piers</loc>",
            "<loc>javascript:alert(1)</loc>",
            "<lastmod>2026-03-02</lastmod>",
        )
    )
    first, second = listing.entries
    assert (first.title, first.published_at) == ("harbour reopens at last", datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert (second.title, second.url) == ("storm leaves piers", f"{SITE}/relative/storm_leaves_piers")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/news/2026/harbour-reopens", "harbour reopens"),
        ("/harbour-reopens/123456", "harbour reopens"),
        ("/news/world-12345678", "world"),
        ("/a123456-dockers-return", "dockers return"),
        ("/%D0%BF%D0%BE%D1%80%D1%82-%D0%BE%D1%82%D0%BA%D1%80%D1%8B%D1%82", "порт открыт"),
        ("/article/view/123", "article"),
        ("/1234/5678", ""),
        ("/", ""),
        ("", ""),
    ],
)
def test_an_address_says_something_in_words(path: str, words: str) -> None:
    """The longest wordy part of the path, without numbers around it."""
    assert words_of(SITE + path) == words


def test_an_address_of_numbers_is_read_in_no_time() -> None:
    """An expression that tries all ways to part them would take the whole sitemap with it."""
    numbers = "-1234567" * 40
    assert words_of(f"{SITE}/fire{numbers}") == "fire"
    assert words_of(f"{SITE}/fire{numbers}-x").startswith("fire 1234567")
    assert words_of(f"{SITE}/fire{'-' * 7_000}x") == "fire x"


def test_the_newest_500_are_kept_and_the_rest_are_counted() -> None:
    """By date, wherever they stand; a date that is still to come does not push in."""
    days = [
        f"<loc>{SITE}/n/{n}</loc><lastmod>{2000 + n // 12}-{n % 12 + 1:02}-01T00:00:00Z</lastmod>" for n in range(600)
    ]
    body = urlset(*days, f"<loc>{SITE}/undated</loc>")
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    past = listed(body, now=now)
    assert (len(past.entries), past.dropped) == (500, 101)
    assert past.entries[0].url == f"{SITE}/n/312"
    assert listed(body).entries[0].url == f"{SITE}/n/599"


def test_an_index_names_its_children_the_newest_first() -> None:
    """Without a date the last named ones first, for lists grow at the end; each once, itself never, and not without end."""
    index = parse_document(
        b"<sitemapindex>"
        b"<sitemap><loc>https://harbor-times.example/old.xml</loc><lastmod>2026-03-01</lastmod></sitemap>"
        b"<sitemap><loc>https://harbor-times.example/x1.xml</loc></sitemap>"
        b"<sitemap><loc>https://harbor-times.example/x2.xml.gz</loc><lastmod>soon</lastmod></sitemap>"
        b"<sitemap><loc>https://harbor-times.example/new.xml</loc><lastmod>2026-03-02T10:00:00+01:00</lastmod></sitemap>"
        b"<sitemap><loc>https://harbor-times.example/new.xml</loc></sitemap>"
        b"<sitemap><loc>https://harbor-times.example/bad.xml</loc><lastmod>2026-99-99</lastmod></sitemap>"
        b"<sitemap><loc>https://harbor-times.example/sitemap.xml</loc></sitemap></sitemapindex>",
        url=URL,
    )
    assert index == SitemapIndex(
        children=(
            (f"{SITE}/new.xml", datetime(2026, 3, 2, 9, tzinfo=UTC)),
            (f"{SITE}/old.xml", datetime(2026, 3, 1, tzinfo=UTC)),
            (f"{SITE}/bad.xml", None),
            (f"{SITE}/x2.xml.gz", None),
            (f"{SITE}/x1.xml", None),
        )
    )
    many = "".join(f"<sitemap><loc>{SITE}/{n}.xml</loc></sitemap>" for n in range(250))
    bounded = parse_document(f"<sitemapindex>{many}</sitemapindex>".encode(), url=URL)
    assert isinstance(bounded, SitemapIndex)
    assert (len(bounded.children), bounded.children[0][0], bounded.dropped) == (200, f"{SITE}/249.xml", 50)


def test_a_sitemap_may_be_a_list_of_addresses() -> None:
    """One a line."""
    listing = listed(f"\ufeff{SITE}/one-two\r\n\r\n{SITE}/three-four\n".encode())
    assert [entry.title for entry in listing.entries] == ["one two", "three four"]
    with pytest.raises(Unreadable, match="neither XML nor an address a line"):
        parse_document(f"{SITE}/one\nand more words\n".encode(), url=URL)


def test_a_packed_sitemap_is_unpacked_whatever_it_is_called() -> None:
    """`sitemap.xml.gz` comes as application/gzip, in one piece or several."""
    body = urlset(f"<loc>{SITE}/one-two</loc>")
    half = len(body) // 2
    for packed in (
        gzip.compress(body),
        gzip.compress(body[:half]) + gzip.compress(body[half:]),
        gzip.compress(body) + b"\0\0",
    ):
        assert [entry.title for entry in listed(packed, content_type="application/gzip").entries] == ["one two"]


def test_more_than_the_standard_allows_is_counted() -> None:
    """50,000 addresses; what follows is dropped."""
    body = b"<urlset>" + b"<url><loc>https://a.example/x</loc></url>" * 50_010 + b"</urlset>"
    assert listed(body).dropped == 49_500 + 10
    assert listed(b"https://a.example/x\n" * 50_010).dropped == 49_500 + 10


def test_bare_ampersands_and_a_missing_end_lose_nothing_that_came() -> None:
    """Publishers forget to escape; a document that was cut off is read as far as it goes, and says so."""
    body = urlset(f"<loc>{SITE}/view?a=1&b=2</loc>", f"<loc>{SITE}/two&nbsp;x</loc>")
    whole = listed(body)
    assert (whole.entries[0].url, len(whole.entries), whole.complete) == (f"{SITE}/view?a=1&b=2", 2, True)
    cut = listed(body[:-20])
    assert (len(cut.entries), cut.complete) == (1, False)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<urlset><url><loc>x", "a damaged sitemap"),
        (b"<!DOCTYPE urlset [<!ENTITY a 'b'>]><urlset><url><loc>&a;</loc></url></urlset>", "declares a document type"),
        (b"<urlset>" + b"<url>" * 200, "nested more than 100 deep"),
        (b"<urlset " + b"a='1' " * 2_000 + b"/>", "a tag of"),
        (b"<html><body>Not found</body></html>", "an HTML page, not a sitemap"),
        (b"<x><urlset/></x>", "not a sitemap"),
        (b"<urlset", "not a sitemap"),
        (b"words", "not a sitemap"),
        (b"", "an empty answer"),
    ],
)
def test_what_is_no_sitemap_is_said_in_words(body: bytes, reason: str) -> None:
    """An error page, an attack, or nothing."""
    with pytest.raises(Unreadable, match=reason):
        parse_document(body, url=URL, kind=FeedKind.SITEMAP)


def test_a_feed_may_serve_as_a_sitemap_but_not_the_other_way_round() -> None:
    """The standard allows RSS and Atom; who asked for a feed is told."""
    rss = b"<rss version='2.0'><channel><item><title>A</title><link>/a</link></item></channel></rss>"
    assert len(listed(rss, kind=FeedKind.SITEMAP).entries) == 1
    with pytest.raises(Unreadable, match='say kind = "sitemap"'):
        parse_document(urlset(f"<loc>{SITE}/a</loc>"), url=URL, kind=FeedKind.FEED)


def test_a_namespace_less_news_element_is_read_too() -> None:
    """Elements are known by their place."""
    body = urlset(news("", "/a", "Ferries", "2026-03-02T12:30:00Z").partition("<image:image>")[0])
    assert listed(body).entries[0].title == "Ferries"
