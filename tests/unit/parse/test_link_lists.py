from __future__ import annotations

import pytest

from storywatch.core.model import FeedKind, Listing
from storywatch.errors import Unreadable
from storywatch.parse.document import parse_document

URL = "https://harbor-times.example/news/"


def listed(html: str, select: str | None, timezone: str | None = None) -> Listing:
    body = f"<html lang='en-GB'><head><title>News\n of the harbour</title></head><body>{html}</body></html>".encode()
    listing = parse_document(body, url=URL, kind=FeedKind.PAGE, select=select, timezone=timezone)
    assert isinstance(listing, Listing)
    return listing


def test_each_link_that_the_selector_finds_is_an_entry() -> None:
    """Address absolute and known without what says where the reader came from; in the page's order."""
    listing = listed(
        "<a class='s' href='/a?utm_source=x#top'> One\n<b>story</b> </a><a href='/no'>No</a><a class='s' href='b'>Two</a>",
        "a.s",
    )
    assert (listing.title, listing.lang, listing.dropped, listing.complete) == ("News of the harbour", "en", 0, True)
    assert [(entry.title, entry.url, entry.key) for entry in listing.entries] == [
        ("One story", "https://harbor-times.example/a?utm_source=x", "http://harbor-times.example/a"),
        ("Two", "https://harbor-times.example/news/b", "http://harbor-times.example/news/b"),
    ]


@pytest.mark.parametrize(
    ("html", "select", "title"),
    [
        ("<li><a href='/a'>In it</a></li>", "li", "In it"),
        ("<li><a href='/a'><img></a><a href='/a'>The one with words</a></li>", "li", "The one with words"),
        ("<a href='/a'><h3>Around it</h3><p>Teaser that is longer</p></a>", "h3", "Around it"),
        ("<a href='/a'><h3>A card</h3><p>Teaser that is longer</p></a>", "a", "A card"),
        ("<a href='/a' aria-label='Said aloud' title='T'><img alt='P'></a>", "a", "Said aloud"),
        ("<a href='/a' title='A tip'><img alt='P'></a>", "a", "A tip"),
        ("<a href='/a'><img src='x' alt='Of the picture'></a>", "a", "Of the picture"),
        ("<div><a href='/a'><img alt='P'></a><h2><a href='/a'>Headline</a></h2><p><a href='/a'>Read more about this here</a></p></div>", "a", "Headline"),
    ],
)  # fmt: skip
def test_a_title_is_what_the_link_says(html: str, select: str, title: str) -> None:
    """Its words, else what it says to those who can't see; of several links to one address the headline."""
    assert [(entry.title, entry.url) for entry in listed(html, select).entries] == [
        (title, "https://harbor-times.example/a")
    ]


def test_links_that_lead_to_no_article_are_none() -> None:
    """To this page, to nowhere, to another program, or without a word."""
    html = "<a href=''>A</a><a href='#x'>B</a><a href='/news/#y'>C</a><a href='mailto:a@b.example'>D</a><a href='javascript:x()'>E</a><a href='/f'></a><a>G</a><p>H</p>"
    with pytest.raises(Unreadable, match=r"the selector 'a, p' finds no link on the page: was it rebuilt\?"):
        listed(html, "a, p")


def test_a_date_counts_for_the_item_that_it_stands_in() -> None:
    """A time in what holds this link and no other; not that of the neighbour, and not that of the page."""
    listing = listed(
        "<time datetime='2026-01-01T00:00:00Z'>Page</time>"
        "<div><div class='i'><h2><a href='/a'>A</a></h2><p><span><time datetime='2026-03-02T12:00:00+02:00'>today</time></span></p></div>"
        "<div class='i'><time datetime='2026-03-01 09:00'>y</time><a href='/b'>B</a></div><div class='i'><a href='/c'>C</a></div>"
        "<a href='/d'>D <time datetime='2026-03-04'>day</time></a></div>",
        "a",
        timezone="Europe/Kyiv",
    )
    assert [entry.published_at and entry.published_at.isoformat() for entry in listing.entries] == [
        "2026-03-02T10:00:00+00:00",
        "2026-03-01T07:00:00+00:00",
        None,
        None,
    ]


def test_a_base_address_counts() -> None:
    """Where the page has one."""
    assert (
        listed("<base href='https://cdn.example/x/'><a href='a'>A</a>", "a").entries[0].url == "https://cdn.example/x/a"
    )


def test_only_the_first_500_links_are_kept() -> None:
    """And the rest are counted."""
    listing = listed("".join(f"<a href='/{number}'>Story {number}</a>" for number in range(510)), "a")
    assert (len(listing.entries), listing.dropped) == (500, 10)


def test_without_title_and_language_the_page_has_none() -> None:
    """A fragment is a page too."""
    listing = parse_document(b"<a href='/a'>A</a>", url=URL, kind=FeedKind.PAGE, select="a")
    assert isinstance(listing, Listing)
    assert (listing.title, listing.lang) == (None, None)


@pytest.mark.parametrize(
    ("html", "select", "reason"),
    [
        ("<a href='/a'>A</a>", None, "needs select"),
        ("<a href='/a'>A</a>", "a[", "no CSS selector"),
        ("<div>" * 2_000, "a", "a hostile page: tags nested"),
    ],
)
def test_what_can_not_be_done_is_said_in_words(html: str, select: str | None, reason: str) -> None:
    """Without a selector, with a broken one, and a page that would take a parser minutes."""
    with pytest.raises(Unreadable, match=reason):
        listed(html, select)


@pytest.mark.parametrize("body", [b"{}", b"<?xml version='1.0'?><rss/>", b"<!-- x --><urlset/>"])
def test_data_is_no_page(body: bytes) -> None:
    """Who configured a page is told that a feed came."""
    with pytest.raises(Unreadable, match='say kind = "auto"'):
        parse_document(body, url=URL, kind=FeedKind.PAGE, select="a")
