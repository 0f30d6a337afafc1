from __future__ import annotations

import pytest

from storywatch.parse.robots import parse_crawl_delay, parse_permission

RULES = b"User-agent: storywatch\nDisallow: /private/\nAllow: /private/open\n\nUser-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    ("path", "allowed"), [("/news/1", True), ("/private/1", False), ("/private/open/1", True), ("/", True)]
)
def test_a_site_says_what_may_be_fetched(path: str, allowed: bool) -> None:  # noqa: FBT001  the expectation
    """The rules for us count before the rules for all."""
    assert parse_permission(RULES, url=f"https://a.example{path}", agent="storywatch") is allowed


def test_rules_for_all_are_rules_for_us() -> None:
    """Where we are not named."""
    assert not parse_permission(b"User-agent: *\nDisallow: /", url="https://a.example/x", agent="storywatch")
    assert parse_permission(b"\xff\xfe nothing to be read here", url="https://a.example/x", agent="storywatch")


@pytest.mark.parametrize(
    ("rules", "seconds"),
    [
        (b"User-agent: *\nCrawl-delay: 10", 10.0),
        (b"User-agent: storywatch\nCrawl-delay: 1.5\n\nUser-agent: *\nCrawl-delay: 10", 1.5),
        (b"User-agent: *\nCrawl-delay: soon", None),
        (b"User-agent: *\nDisallow: /", None),
        (b"", None),
    ],
)
def test_the_time_between_two_requests_is_read(rules: bytes, seconds: float | None) -> None:
    """Ours, where the file names us."""
    assert parse_crawl_delay(rules, agent="storywatch") == seconds
