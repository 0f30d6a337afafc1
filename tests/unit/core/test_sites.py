from __future__ import annotations

import pytest

from storywatch.core.model import ArticleRules, Feed, FeedId
from storywatch.core.sites import feed_at, site_of


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.harbor.example/feed", "harbor.example:443"),
        ("http://feeds.news.harbor.example./feed", "harbor.example:80"),
        ("https://harbor.example:8443/", "harbor.example:8443"),
        ("https://feeds.harbor.co.uk/rss", "harbor.co.uk:443"),
        ("https://www.harbor.com.ar/", "harbor.com.ar:443"),
        ("https://co.uk/", "co.uk:443"),
        ("https://www.harbor.uk/", "harbor.uk:443"),
        ("https://one.wordpress.com/feed", "one.wordpress.com:443"),
        ("https://cdn.one.github.io/feed", "one.github.io:443"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("http://[2001:db8::1]/", "2001:db8::1:80"),
        ("http://localhost/", "localhost:80"),
        ("not an address", ":"),
    ],
)
def test_hosts_of_one_site_are_one(url: str, site: str) -> None:
    """By what somebody registered; numbers, platforms and machines by themselves."""
    assert site_of(url) == site


def test_an_address_belongs_to_the_feed_of_its_host_or_site() -> None:
    """Its host's before another of the site, one that says how pages are read before one that does not."""

    def a_feed(name: str, url: str, *, ruled: bool = False) -> Feed:
        return Feed(id=FeedId(name), url=url, owner=name, article=ArticleRules(body="p") if ruled else None)

    plain, ruled = a_feed("a", "https://www.harbor.example/a"), a_feed("b", "https://www.harbor.example/b", ruled=True)
    other = a_feed("c", "https://feeds.harbor.example/c", ruled=True)
    foreign = a_feed("d", "https://coast.example/d", ruled=True)
    assert feed_at("https://www.harbor.example/1", [foreign, other, plain, ruled]) is ruled
    assert feed_at("https://www.harbor.example/1", [other, plain]) is plain
    assert feed_at("https://m.harbor.example/1", [foreign, plain, other]) is other
    assert feed_at("https://elsewhere.example/1", [foreign, plain, other]) is None
