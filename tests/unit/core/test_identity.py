"""One article, whatever addresses lead to it."""

from __future__ import annotations

from typing import Any

import pytest
from builders import an_entry

from storywatch.core.identity import KnownArticle, addresses_of, is_variant, key_of, source_of
from storywatch.core.model import ArticleId, Page, PageState, WatchId
from storywatch.core.urls import url_key

URL = "https://times.example/news/2026/fire-at-the-harbour"


def a_page(url: str = URL, **changes: Any) -> Page:
    return Page(**{"state": PageState.READ, "url": url, "paragraphs": ("Text.",), **changes})


def kinds(entry_url: str, page: Page | None) -> dict[str, str]:
    entry = an_entry(url=entry_url, url_key=url_key(entry_url))
    return {address.url: str(address.kind) for address in addresses_of(entry, page)}


def key(entry_url: str, page: Page | None, **known: str) -> str:
    return key_of(addresses_of(an_entry(url=entry_url, url_key=url_key(entry_url)), page), known)


def test_listed_final_and_canonical_address_are_one_articles() -> None:
    """The page's own word is the best name, then where the redirects ended, then what the feed lists."""
    short, final = "https://go.example/1", "https://times.example/r/1"
    assert kinds(short, a_page(final, canonical_url=URL)) == {URL: "canonical", final: "final", short: "listed"}
    assert key(short, a_page(final, canonical_url=URL)) == url_key(URL)
    assert key(short, a_page(final)) == url_key(final)
    assert key(short, None) == url_key(short)
    assert kinds(URL, a_page()) == {URL: "listed"}


@pytest.mark.parametrize(
    "claimed",
    [
        "https://gazette.example/fire", "https://times.example/", "https://times.example/news", "https://times.example/news/2026/",
        "https://times-example.com/x", "ftp:",
    ],
)  # fmt: skip
def test_a_canonical_address_that_names_no_article_of_the_site_is_not_believed(claimed: str) -> None:
    """Another site's, the front page, a section: the article keeps its own key."""
    assert key(URL, a_page(canonical_url=claimed)) in {url_key(URL), "http://times.example/news/2026/"}
    if "2026" not in claimed:
        assert key(URL, a_page(canonical_url=claimed)) == url_key(URL)


def test_a_bare_script_does_not_name_the_article_whose_number_stands_behind_it() -> None:
    """Some boards claim one canonical address for all their articles."""
    board = "https://times.example/board/view.php?no=17"
    assert key(board, a_page(board, canonical_url="https://times.example/board/view.php")) == url_key(board)
    print_ = f"{URL}?outputType=amp"
    assert key(print_, a_page(print_, canonical_url=URL)) == url_key(URL)


@pytest.mark.parametrize(
    ("url", "claimed"),
    [
        ("https://times.example/a/12345-fire", "https://times.example/latest"),
        ("https://times.example/a/12345-fire", "https://times.example/world/europe/"),
        ("https://times.example/2026/11/30/fire-at-the-harbour", "https://times.example/2026/11/"),
        ("https://times.example/2026/11/30/fire-at-the-harbour", "https://times.example/2026/"),
        ("https://times.example/view3.php?no=17", "https://times.example/view3.php"),
        ("https://times.example/view.php?lang=en&no=17", "https://times.example/view.php?lang=en"),
        ("https://times.example/view.php?id=fire", "https://times.example/view.php?lang=en"),
    ],
)
def test_an_address_that_many_articles_claim_names_none_of_them(url: str, claimed: str) -> None:
    """A section beside, a month, a script: two articles would become one."""
    assert key(url, a_page(url, canonical_url=claimed)) == url_key(url)


@pytest.mark.parametrize(
    ("url", "claimed"),
    [
        ("https://times.example/a/12345-fire", "https://times.example/12345"),
        ("https://times.example/fire", "https://times.example/news/fire"),
        ("https://times.example/fire", "https://times.example/blaze"),
        (
            "https://times.example/2026/11/30/fire-at-the-harbour/17",
            "https://times.example/2026/11/30/fire-at-the-harbour",
        ),
        ("https://times.example/s/1?id=77", "https://times.example/deal"),
        ("https://times.example/story/4711?page=rss", "https://times.example/story/4711"),
        ("https://times.example/view.php?no=17&lang=en", "https://times.example/view.php?no=17"),
        ("https://times.example/a/12345-fire", "https://times.example/fire-at-harbour-kills"),
    ],
)
def test_an_address_that_is_as_exact_as_the_pages_own_is_believed(url: str, claimed: str) -> None:
    """A number, a title in words, or no less than what the page's own address says."""
    assert key(url, a_page(url, canonical_url=claimed)) == url_key(claimed)


@pytest.mark.parametrize(
    "final", ["https://times.example/login?next=1", "https://times.example/", "https://id.example/sign-in"]
)
def test_where_the_redirects_ended_names_the_article_only_where_it_is_as_exact(final: str) -> None:
    """A wall that nobody recognised as one is where all articles of a site lead."""
    assert key(URL, a_page(final)) == url_key(URL)
    assert kinds(URL, a_page(final)) == {URL: "listed"}


def test_a_foreign_canonical_address_is_a_hint() -> None:
    """It is kept, and leads to no other article."""
    there = "https://agency.example/fire"
    page = a_page(canonical_url=there)
    assert kinds(URL, page)[there] == "syndicated"
    assert key(URL, page, **{url_key(there): "another"}) == url_key(URL)


def test_what_is_known_under_any_address_keeps_its_key() -> None:
    """Also where the page has a new canonical address since."""
    page = a_page(canonical_url="https://times.example/news/2026/fire-at-the-harbour-kills-two")
    assert key(URL, page, **{url_key(URL): "known"}) == "known"


@pytest.mark.parametrize("state", [PageState.BLOCKED, PageState.CONSENT, PageState.GONE])
def test_what_came_instead_of_the_article_names_nothing(state: PageState) -> None:
    """All articles of a site lead to the same wall."""
    wall = a_page("https://consent.times.example/wall", canonical_url="https://consent.times.example/wall", state=state)
    assert kinds(URL, wall) == {URL: "listed"}
    assert addresses_of(an_entry(url="", url_key=""), wall) == ()
    assert key_of((), {}) == ""
    assert [address.url for address in addresses_of(an_entry(url="", url_key=""), a_page())] == [URL]


def test_an_amp_page_is_the_same_where_its_page_says_so() -> None:
    """Of the publisher's own, and of Google's copies."""
    for amp in (
        "https://times-example.cdn.ampproject.org/c/s/times.example/amp/fire-at-the-harbour",
        "https://www.google.com/amp/s/times.example/amp/fire-at-the-harbour?x=1",
        "https://amp.times.example/fire-at-the-harbour",
        "https://times.example/news/2026/fire-at-the-harbour/amp",
    ):
        assert key(amp, a_page(amp, canonical_url=URL)) == url_key(URL)
        assert kinds(amp, a_page(amp, canonical_url=URL)) == {URL: "canonical", amp: "amp"}
        assert key(amp, a_page(amp)) == url_key(amp)
    amp = "https://amp.times.example/fire"
    assert kinds(URL, a_page(amp_url=amp))[amp] == "amp"
    assert "https://other.example/amp" not in kinds(URL, a_page(amp_url="https://other.example/amp"))


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://x.cdn.ampproject.org/v/s/times.example/a?usqp=1", "https://times.example/a?usqp=1"),
        ("https://x.cdn.ampproject.org/c/times.example/a", "http://times.example/a"),
        ("https://www.google.de/amp/s/times.example/a", "https://times.example/a"),
        ("https://www.google.com/amplify", "https://www.google.com/amplify"),
        ("https://x.cdn.ampproject.org/", "https://x.cdn.ampproject.org/"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_a_caches_address_stands_for_the_publishers(url: str, source: str) -> None:
    """It holds it whole."""
    assert source_of(url) == source


@pytest.mark.parametrize(
    ("url", "variant"),
    [
        ("https://m.times.example/a", True), ("https://times.example/a?amp", True), ("https://times.example/a?outputType=amp", True),
        ("https://times.example/amp/a", True), ("https://times.example/a/print", True), ("https://times.example/a?print=1", True),
        ("https://times.example/a", False), ("https://times.example/champ/amp-guide", False), ("https://times.example/a?page=2", False),
        ("http://[::1", False),
    ],
)  # fmt: skip
def test_variants_have_their_looks(url: str, variant: bool) -> None:  # noqa: FBT001  a table
    """Hosts, folders and parameters for telephones, AMP and printing."""
    assert is_variant(url) is variant


def test_a_known_article_answers_an_entry_that_says_the_same() -> None:
    """Same title, same lines, a page that was read, for all of the watches."""
    watch, other = WatchId("a"), WatchId("b")
    entry = an_entry()
    known = KnownArticle(
        id=ArticleId("art_1"),
        title=entry.title,
        summary=entry.summary,
        state=PageState.READ,
        watches=frozenset({watch}),
    )
    assert known.answers(entry, [watch])
    assert not known.answers(entry, [watch, other])
    assert not known.answers(an_entry(title="Another"), [watch])
    assert not known.answers(an_entry(summary="Another"), [watch])
    unread = KnownArticle(
        id=ArticleId("art_1"),
        title=entry.title,
        summary=entry.summary,
        state=PageState.FEED_ONLY,
        watches=frozenset({watch}),
    )
    assert not unread.answers(entry, [watch])
