from __future__ import annotations

import pytest

from storywatch.core.sites import site_of


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
