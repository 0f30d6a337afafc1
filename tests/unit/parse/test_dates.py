from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.parse.dates import parse_local, parse_moment

MOMENTS = [
    ("Mon, 02 Mar 2026 12:00:00 GMT", "2026-03-02T12:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 +0900", "2026-03-02T03:00:00"),
    ("Mon, 2 Mar 2026 12:00 +0200", "2026-03-02T10:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 KST", "2026-03-02T03:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 MSK", "2026-03-02T09:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 EET", "2026-03-02T10:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 EEST", "2026-03-02T09:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 CEST", "2026-03-02T10:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 EST", "2026-03-02T17:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 +0900 (KST)", "2026-03-02T03:00:00"),
    ("Mon Mar 02 2026 12:00:00 GMT+0200", "2026-03-02T10:00:00"),
    ("2026-03-02T12:00:00Z", "2026-03-02T12:00:00"),
    ("2026-03-02T12:00:00.123+09:00", "2026-03-02T03:00:00.123000"),
    ("2026-03-02T12:00:00 +0900", "2026-03-02T03:00:00"),
    ("2026-03-02 12:00 CET", "2026-03-02T11:00:00"),
    ("2026.03.02. 12:00 KST", "2026-03-02T03:00:00"),
    (" 2026-03-02\n12:00:00Z ", "2026-03-02T12:00:00"),
]
WITHOUT_ZONE = ["2026-03-02T12:00:00", "Mon, 02 Mar 2026 12:00:00", "2026/03/02 12:00", "20260302T120000"]
NO_MOMENT = [
    "", "yesterday", "2 березня 2026", "2026-03-02", "20260302", "Mon, 02 Mar 2026", "Mon, 32 Mar 2026 12:00:00 GMT",
    "2026-13-02 12:00", "2026-03-02T12:00:00+99:99", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
    "Mon, 02 Mar 2026 12:00:00 +9900",
]  # fmt: skip


@pytest.mark.parametrize(("text", "utc"), MOMENTS)
def test_a_date_with_a_zone_is_a_moment(text: str, utc: str) -> None:
    """Zone names that newsrooms use are known, KST is not UTC."""
    moment = parse_moment(text)
    assert moment is not None
    assert moment.isoformat() == f"{utc}+00:00"


@pytest.mark.parametrize("text", WITHOUT_ZONE)
def test_a_zone_is_never_invented(text: str) -> None:
    """Local time is a moment only where the operator says whose local time it is."""
    assert parse_moment(text) is None
    moment = parse_moment(text, timezone_name="Asia/Seoul")
    assert moment is not None
    assert moment.isoformat() == "2026-03-02T03:00:00+00:00"
    assert parse_moment(text, timezone_name="Nowhere/Land") is None


@pytest.mark.parametrize("text", NO_MOMENT)
def test_what_is_no_date_is_none(text: str) -> None:
    """Words, bare days and impossible dates."""
    assert parse_moment(text, timezone_name="UTC") is None


@given(st.text(alphabet="0123456789-:+TZ., GMTKSa", max_size=40))
def test_no_text_raises(text: str) -> None:
    """A publisher can write anything."""
    parse_moment(text, timezone_name="Europe/Kyiv")
    parse_local(text)
