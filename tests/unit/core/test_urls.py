from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.urls import host_of, is_news_search_link, url_key, web_address, without_password

SAME = [
    ("https://a.example/x", "http://a.example/x"),
    ("https://A.Example:443/x", "https://a.example/x"),
    ("http://a.example:80/x", "https://a.example./x"),
    ("https://user:secret@a.example/x", "https://a.example/x"),
    ("https://a.example/x#comments", "https://a.example/x"),
    ("https://a.example/x?b=2&a=1", "https://a.example/x?a=1&b=2"),
    ("https://a.example/x?utm_source=rss&utm_medium=feed", "https://a.example/x"),
    ("https://a.example/x?id=7&fbclid=abc&at_medium=RSS&xtor=1&wt_mc=2&cmp=3", "https://a.example/x?id=7"),
    ("https://a.example/x?ref=rss", "https://a.example/x"),
    ("https://a.example", "https://a.example/"),
    ("https://a.example/%7Euser", "https://a.example/~user"),
    (" https://a.example/x\n", "https://a.example/x"),
    ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
]
DIFFERENT = [
    ("https://a.example/board?no=1", "https://a.example/board?no=2"),
    ("https://a.example/x?page=1", "https://a.example/x?page=2"),
    ("https://a.example/x?ref=chapter-2", "https://a.example/x"),
    ("https://a.example:8443/x", "https://a.example/x"),
    ("https://a.example/x/", "https://a.example/x"),
    ("https://a.example/a//b", "https://a.example/a/b"),
    ("https://www.a.example/x", "https://a.example/x"),
    ("https://a.example/x?q=%EA%B0%80", "https://a.example/x?q=%EB%82%98"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_address_share_a_key(one: str, other: str) -> None:
    """What does not change the article does not change the key."""
    assert url_key(one) == url_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_may_name_another_article_stays_in_the_key(one: str, other: str) -> None:
    """Two articles are never merged by a rule that guesses."""
    assert url_key(one) != url_key(other)


@given(st.text(max_size=80))
def test_any_text_has_a_key_that_is_its_own_key(text: str) -> None:
    """A key never raises, and making it twice changes nothing."""
    key = url_key("https://a.example/" + text)
    assert url_key(key) == key


@pytest.mark.parametrize("broken", ["http://[::1", "https://a.example:99999999/x", "https://a.example:port/"])
def test_a_broken_address_is_its_own_key(broken: str) -> None:
    """What can't be parsed is compared as it stands."""
    assert url_key(broken) == broken
    assert host_of(broken) == ""


def test_a_host_is_told_with_its_port() -> None:
    """Two ports of one machine are two hosts; the scheme's own port is said."""
    assert host_of("https://A.example/x") == "a.example:443"
    assert host_of("http://a.example:8801/x") == "a.example:8801"
    assert host_of("mailto:desk@a.example") == ""


def test_only_web_addresses_come_out_of_links() -> None:
    """A relative link becomes absolute; javascript, data and broken ones become nothing."""
    assert web_address("../b?x=1", "https://a.example/n/a") == "https://a.example/b?x=1"
    assert web_address(" /b c ", "https://a.example/") == "https://a.example/b%20c"
    assert [
        web_address(link, "https://a.example/") for link in ("javascript:x", "data:,x", "http://[::1", "http://")
    ] == [
        None,
        None,
        None,
        None,
    ]


def test_a_news_searchs_links_are_known() -> None:
    """They lead to the publisher only through the search itself; its ordinary pages are not meant."""
    assert is_news_search_link("https://news.google.com/rss/articles/CBMiabc?oc=5")
    assert is_news_search_link("http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=x")
    assert not is_news_search_link("https://www.bing.com/news/search?q=x")
    assert not is_news_search_link("https://a.example/news.google.com")
    assert not is_news_search_link("https://[news.google.com")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://desk:hunter2@a.example:8443/feed?x=1", "https://a.example:8443/feed?x=1"),
        ("https://desk@a.example/feed", "https://a.example/feed"),
        ("https://a.example/@desk", "https://a.example/@desk"),
        ("https://[broken/feed", ""),
    ],
)
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    """What is shown of an address leads to the same place, without who asks there."""
    assert without_password(url) == shown
