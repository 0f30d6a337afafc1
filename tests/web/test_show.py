from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from builders import NOON

from storywatch.web.show import (
    Show,
    counted,
    direction,
    number,
    same_name,
    short_span,
    signed,
    span,
    web_address,
)

SHOW = Show(NOON, ZoneInfo("Europe/Kyiv"))


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=5), "5 h"),
        (timedelta(hours=5, minutes=32), "5 h 32 min"),
        (timedelta(days=1, hours=21), "1 day 21 h"),
        (timedelta(days=3, hours=21), "3 days"),
    ],
)
def test_a_span_is_told_in_its_largest_units(time: timedelta, words: str) -> None:
    """Seconds of a day ago help nobody."""
    assert span(time) == words


def test_a_narrow_column_leaves_out_the_small_unit() -> None:
    """An hour and twenty, and twenty minutes, stay apart."""
    assert short_span(timedelta(hours=1, minutes=20)) == "1 h 20"
    assert short_span(timedelta(minutes=20)) == "20 min"


def test_a_moment_is_local_and_as_long_as_needed() -> None:
    """Today the hour is enough; the year stands where it is another."""
    assert SHOW.moment(NOON) == '<time datetime="2026-03-02T14:00:00+02:00">14:00</time>'
    assert ">Sun 1 Mar, 14:00<" in SHOW.moment(NOON - timedelta(days=1))
    assert ">Mon 3 Mar 2025, 14:00<" in SHOW.moment(NOON - timedelta(days=364))
    assert "2025 <b>14:00</b>" in SHOW.day(NOON - timedelta(days=364))
    assert ">14:00<" in SHOW.clock_time(NOON)


def test_past_and_future_are_told_apart() -> None:
    """A next try lies ahead."""
    assert SHOW.ago(NOON - timedelta(minutes=3)) == "3 min ago"
    assert SHOW.ago(NOON + timedelta(minutes=3)) == "in 3 min"
    assert SHOW.ago(None) == "never"
    assert SHOW.brief(NOON - timedelta(hours=2)) == "2 h ago"
    assert SHOW.brief(NOON - timedelta(days=2)) == "28 Feb"
    assert SHOW.brief(NOON - timedelta(days=364)) == "3 Mar 2025"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//no.example",
        "http://",
        "http://[",
        "",
        "JaVaScript://x.example/%0aalert(1)",
    ],
)
def test_only_web_addresses_are_linked(url: str) -> None:
    """What a browser would run or open elsewhere stays text."""
    assert web_address(url) is None


def test_a_web_address_is_linked_as_it_is() -> None:
    """Blanks around it go."""
    assert web_address(" HTTPS://a.example/x?y=1 ") == "HTTPS://a.example/x?y=1"


def test_languages_have_directions() -> None:
    """Variants count as their language; of the rest the browser decides."""
    assert (direction("fa-IR"), direction("ko"), direction(None)) == ("rtl", "auto", "auto")


def test_figures_read_like_figures() -> None:
    """Whole numbers stay whole; a pull has its sign."""
    assert (number(12000), number(0.8123)) == ("12,000", "0.81")
    assert (signed(0.5), signed(-0.5)) == ("+0.50", "\N{MINUS SIGN}0.50")
    assert (counted(1, "story", "stories"), counted(2, "story", "stories"), counted(0, "feed")) == (
        "1 story",
        "2 stories",
        "0 feeds",
    )


def test_an_owner_that_is_the_outlet_is_not_said_twice() -> None:
    """Case, blanks and hyphens do not make another name."""
    assert same_name("harbor-times", "Harbor Times")
    assert not same_name("harbor-group", "Harbor Times")
