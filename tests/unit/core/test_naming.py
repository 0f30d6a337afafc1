"""Ids and owners for feeds that somebody adds."""

from __future__ import annotations

import re

import pytest
from builders import a_feed
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.naming import free_id, is_news_search, plain, shared_owner


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.harbor-times.example/feed.xml", "harbor-times"),
        ("https://feeds.sandvik.co.uk/world/rss.xml", "sandvik"),
        ("http://127.0.0.1:8080/feed", "127-0-0-1"),
        ("https://feeds.feedburner.com/HarborTimes", "harbortimes"),
        ("https://news.google.com/rss/search?q=harbour+strike+when:7d&hl=en-US", "search-harbour-strike"),
        ("https://www.bing.com/news/search?q=harbour&format=rss", "search-harbour"),
        ("https://газета.example/rss", "xn-80aahjj1e"),
        ("https://feeds.feedburner.com/", "feed"),
    ],
)
def test_a_feed_is_named_after_its_site(url: str, name: str) -> None:
    """Or after what tells it from others where a site carries many people's."""
    assert free_id(url, ()) == name


def test_an_id_that_is_taken_is_told_apart_by_a_word_then_by_a_number() -> None:
    """No id is given twice."""
    url = "https://www.harbor-times.example/rss/sport/all.xml"
    assert free_id(url, {"harbor-times"}) == "harbor-times-sport"
    assert free_id(url, {"harbor-times", "harbor-times-sport"}) == "harbor-times-sport-2"
    assert free_id(url, {"harbor-times", "harbor-times-sport", "harbor-times-sport-2"}) == "harbor-times-sport-3"
    assert free_id("https://harbor-times.example/feed/", {"harbor-times"}) == "harbor-times-2"
    assert free_id("https://de.harbor-times.example/feed/", {"harbor-times"}) == "harbor-times-de"


@given(st.from_regex(r"https?://[^\s/@]{1,30}(/[^\s]{0,40})?", fullmatch=True), st.sets(st.text(max_size=5)))
def test_every_id_is_one_that_the_configuration_takes(url: str, taken: set[str]) -> None:
    """Whatever stands in an address."""
    name = free_id(url, taken)
    assert re.fullmatch(r"[a-z0-9-]+", name)
    assert name not in taken
    assert free_id(url, {name, *taken}) not in {name, *taken}


def test_feeds_of_one_site_have_one_owner() -> None:
    """So that they do not confirm each other; a search and a site of many people's feeds say nothing of owners."""
    known = [
        a_feed(id="search", url="https://news.google.com/rss/search?q=x", owner="google"),
        a_feed(id="times", url="https://www.harbor-times.example/feed.xml", owner="harbor-group"),
        a_feed(id="burner", url="https://feeds.feedburner.com/One", owner="one"),
    ]
    assert shared_owner("https://sport.harbor-times.example/rss", known) == "harbor-group"
    assert shared_owner("http://harbor-times.example/rss", known) == "harbor-group"
    assert shared_owner("https://gazette.example/rss", known) is None
    assert shared_owner("https://feeds.feedburner.com/Two", known) is None
    assert shared_owner("https://news.google.com/rss/search?q=y", known) is None


def test_a_news_search_is_known_by_its_address() -> None:
    """Its links are never followed, which is to be said."""
    assert is_news_search("https://news.google.com/rss/search?q=x")
    assert is_news_search("https://www.bing.com/news/search?q=x&format=rss")
    assert not is_news_search("https://www.bing.com/search?q=x")
    assert not is_news_search("https://[broken")


def test_a_name_is_plain() -> None:
    """Small letters, digits and hyphens, not too long, none at the ends."""
    assert plain(" The Harbor Times! ") == "the-harbor-times"
    assert len(plain("x" * 100)) == 40
