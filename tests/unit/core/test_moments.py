"""The clock on the wall: quiet hours and digests through every change of it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from storywatch.core.moments import (
    DigestTimes,
    QuietHours,
    at_wall,
    digest_title,
    last_digest,
    next_digest,
    quiet_until,
    waits_for,
)

NIGHT = QuietHours(start=time(23), end=time(6, 30), timezone="Europe/Kyiv")
ZONES = ("Europe/Kyiv", "America/New_York", "America/Santiago", "Australia/Lord_Howe")
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NOBODY_ASLEEP = timedelta(0)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


KYIV_SPRING = "2026-03-29T01:00"  # 03:00 becomes 04:00
KYIV_AUTUMN = "2026-10-25T01:00"  # 04:00 becomes 03:00
YORK_SPRING = "2026-03-08T07:00"  # 02:00 becomes 03:00
YORK_AUTUMN = "2026-11-01T06:00"  # 02:00 becomes 01:00


@pytest.mark.parametrize(
    ("zone", "start", "end", "at", "until"),
    [
        # an ordinary night, across midnight and within one day
        ("Europe/Kyiv", "23:00", "06:30", "2026-03-02T20:59:59", None),
        ("Europe/Kyiv", "23:00", "06:30", "2026-03-02T21:00", "2026-03-03T04:30"),
        ("Europe/Kyiv", "23:00", "06:30", "2026-03-03T04:29:59", "2026-03-03T04:30"),
        ("Europe/Kyiv", "23:00", "06:30", "2026-03-03T04:30", None),
        ("Europe/Kyiv", "01:00", "05:00", "2026-03-02T23:30", "2026-03-03T03:00"),
        ("Europe/Kyiv", "01:00", "05:00", "2026-03-03T03:00", None),
        ("Asia/Kathmandu", "22:15", "06:45", "2026-03-02T17:00", "2026-03-03T01:00"),
        # the night is an hour shorter or longer
        ("Europe/Kyiv", "23:00", "06:30", "2026-03-28T21:30", "2026-03-29T03:30"),
        ("Europe/Kyiv", "23:00", "06:30", "2026-10-24T20:30", "2026-10-25T04:30"),
        ("America/New_York", "23:00", "06:30", "2026-03-08T04:30", "2026-03-08T10:30"),
        ("America/New_York", "23:00", "06:30", "2026-11-01T03:30", "2026-11-01T11:30"),
        # the end is skipped by the clock: quiet until the clock jumps
        ("Europe/Kyiv", "23:00", "03:30", "2026-03-28T22:00", KYIV_SPRING),
        ("America/New_York", "23:00", "02:30", "2026-03-08T06:45", YORK_SPRING),
        # the end comes twice: quiet until the first, and again when the clock is set back before it
        ("Europe/Kyiv", "23:00", "03:30", "2026-10-24T22:00", "2026-10-25T00:30"),
        ("Europe/Kyiv", "23:00", "03:30", "2026-10-25T00:45", None),
        ("Europe/Kyiv", "23:00", "03:30", KYIV_AUTUMN, "2026-10-25T01:30"),
        ("America/New_York", "23:00", "01:30", "2026-11-01T05:15", "2026-11-01T05:30"),
        ("America/New_York", "23:00", "01:30", YORK_AUTUMN, "2026-11-01T06:30"),
        # the start is skipped: quiet from the jump on
        ("Europe/Kyiv", "03:30", "08:00", KYIV_SPRING, "2026-03-29T05:00"),
        ("America/New_York", "02:30", "08:00", "2026-03-08T06:59", None),
        # the one hour that is not quiet is skipped: quiet until it comes the day after
        ("America/Santiago", "01:00", "00:00", "2026-09-06T02:00", "2026-09-07T03:00"),
    ],
)
def test_quiet_hours_go_by_the_clock_on_the_wall(zone: str, start: str, end: str, at: str, until: str | None) -> None:
    """Across midnight and through both clock changes, quiet is when the reader's clock says so."""
    quiet = QuietHours(start=time.fromisoformat(start), end=time.fromisoformat(end), timezone=zone)
    assert quiet_until(quiet, utc(at)) == (utc(until) if until else None)


def test_the_end_of_quiet_hours_is_the_first_moment_that_is_not_quiet() -> None:
    """Sending at the planned moment is never again in the quiet hours, whenever the year begins it."""
    zone = ZoneInfo(NIGHT.timezone)
    for hour in range(0, 24 * 365, 7):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        end = quiet_until(NIGHT, at)
        if end is not None:
            assert end.astimezone(zone).time() == NIGHT.end
            assert quiet_until(NIGHT, end) is None


def changes_of(zone: str) -> list[datetime]:
    """The moments of 2026 at which a zone's clock is changed, found minute by minute."""
    here, found, at = ZoneInfo(zone), [], YEAR
    while at.year == YEAR.year:
        if at.astimezone(here).utcoffset() != (at + timedelta(hours=1)).astimezone(here).utcoffset():
            while at.astimezone(here).utcoffset() == (at + MINUTE).astimezone(here).utcoffset():
                at += MINUTE
            found.append(at + MINUTE)
        at += timedelta(hours=1)
    return found


CHANGES = {zone: changes_of(zone) for zone in ZONES}
CLOCK = st.builds(time, st.integers(0, 23), st.integers(0, 59))
SECONDS = st.integers(-26 * 3600, 26 * 3600).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def around_a_change(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone, and a moment within a day or so of one of its two clock changes."""
    zone = draw(st.sampled_from(ZONES))
    return zone, draw(st.sampled_from(CHANGES[zone])) + draw(SECONDS)


def test_each_zone_changes_its_clock_twice_a_year() -> None:
    """What the properties below are about is there: half an hour in Lord Howe, an hour elsewhere; at midnight in Chile."""
    assert {zone: len(changes) for zone, changes in CHANGES.items()} == dict.fromkeys(ZONES, 2)
    assert [at.astimezone(ZoneInfo("America/Santiago")).hour for at in CHANGES["America/Santiago"]] == [23, 1]


def walked(quiet: QuietHours, at: datetime) -> datetime | None:
    """The first moment that is not quiet by asking the clock of each minute: slow, and plainly right."""

    def is_quiet(moment: datetime) -> bool:
        wall = moment.astimezone(ZoneInfo(quiet.timezone)).time()
        if quiet.start <= quiet.end:
            return quiet.start <= wall < quiet.end
        return wall >= quiet.start or wall < quiet.end

    if not is_quiet(at):
        return None
    moment = at.replace(second=0, microsecond=0)
    while is_quiet(moment):
        moment += MINUTE
    return moment


@given(around_a_change(), CLOCK, CLOCK)
def test_quiet_hours_end_when_the_clock_of_each_minute_says_so(
    place: tuple[str, datetime], start: time, end: time
) -> None:
    """Around both changes in four zones: never released inside, and at the very first moment that is outside."""
    zone, at = place
    quiet = QuietHours(start=start, end=end, timezone=zone)
    assert quiet_until(quiet, at) == walked(quiet, at)


@given(around_a_change(), CLOCK, CLOCK)
def test_what_waits_for_the_end_of_quiet_hours_waits_less_than_a_day_on_the_clock(
    place: tuple[str, datetime], start: time, end: time
) -> None:
    """It is released at the time on the wall, or when the clock jumps over it; never within quiet, never a day late.

    Where a channel may be told in one hour of the day only, a change can skip that hour, and then it is quiet all day.
    """
    zone, at = place
    minutes_free = (start.hour * 60 + start.minute - end.hour * 60 - end.minute) % (24 * 60)
    assume(minutes_free > 60)
    quiet = QuietHours(start=start, end=end, timezone=zone)
    released = quiet_until(quiet, at)
    if released is None:
        return
    assert quiet_until(quiet, released) is None
    assert released.astimezone(ZoneInfo(zone)).time() == end or released in CHANGES[zone]
    assert NOBODY_ASLEEP < released - at < timedelta(hours=25)


# --------------------------------------------------------------------------- digests


@pytest.mark.parametrize(
    ("zone", "at", "weekday", "now", "moment"),
    [
        ("Europe/Kyiv", "08:00", None, "2026-03-02T05:59:59", "2026-03-02T06:00"),
        ("Europe/Kyiv", "08:00", None, "2026-03-02T06:00", "2026-03-03T06:00"),
        ("Asia/Kathmandu", "00:00", None, "2026-03-02T18:00", "2026-03-02T18:15"),
        # a day of 23 hours, and one of 25
        ("Europe/Kyiv", "08:00", None, "2026-03-28T06:00", "2026-03-29T05:00"),
        ("America/New_York", "08:00", None, "2026-10-31T12:00", "2026-11-01T13:00"),
        # skipped by the clock: as soon as it has jumped
        ("Europe/Kyiv", "03:30", None, "2026-03-28T12:00", KYIV_SPRING),
        ("Europe/Kyiv", "03:00", None, "2026-03-28T12:00", KYIV_SPRING),
        ("America/New_York", "02:59", None, "2026-03-07T12:00", YORK_SPRING),
        ("Australia/Lord_Howe", "02:10", None, "2026-10-03T12:00", "2026-10-03T15:30"),
        ("America/Santiago", "00:20", None, "2026-09-05T12:00", "2026-09-06T04:00"),
        # shown twice by the clock: the first time
        ("Europe/Kyiv", "03:30", None, "2026-10-24T12:00", "2026-10-25T00:30"),
        ("Europe/Kyiv", "03:30", None, "2026-10-25T00:30", "2026-10-26T01:30"),
        # of a week
        ("Europe/Kyiv", "08:00", 0, "2026-03-23T06:00", "2026-03-30T05:00"),
        ("Europe/Kyiv", "08:00", 6, "2026-03-23T06:00", "2026-03-29T05:00"),
    ],
)
def test_a_digest_comes_at_its_time_on_the_wall(zone: str, at: str, weekday: int | None, now: str, moment: str) -> None:
    """The next one is at the time of day that was asked for, whatever the clock does that night."""
    times = DigestTimes(at=time.fromisoformat(at), weekday=weekday, timezone=zone)
    assert next_digest(times, utc(now)) == utc(moment)


@given(st.sampled_from(ZONES), CLOCK, st.sampled_from([None, *range(7)]))
@example("Europe/Kyiv", time(3, 30), None)
@example("America/New_York", time(1, 30), 6)
def test_over_a_year_there_is_one_digest_for_each_day_or_week(zone: str, at: time, weekday: int | None) -> None:
    """Through both changes: one a local day, or one a week on its day, at the time on the wall or when it is skipped."""
    times, here = DigestTimes(at=at, weekday=weekday, timezone=zone), ZoneInfo(zone)
    moments, moment = [], next_digest(times, datetime(2025, 12, 31, tzinfo=here))
    while moment.astimezone(here).year <= YEAR.year:
        moments.append(moment)
        moment = next_digest(times, moment)
    days = Counter(each.astimezone(here).date() for each in moments if each.astimezone(here).year == YEAR.year)
    asked = [date(2026, 1, 1) + timedelta(number) for number in range(365)]
    assert days == Counter(day for day in asked if weekday in {None, day.weekday()})
    late = [each for each in moments if each.astimezone(here).time() != at]
    assert len(late) <= 1
    assert set(late) <= set(CHANGES[zone])
    assert all(each.astimezone(here).fold == 0 for each in moments)


@given(around_a_change(), CLOCK, st.sampled_from([None, *range(7)]))
def test_the_last_digest_is_the_one_that_no_other_follows(
    place: tuple[str, datetime], at: time, weekday: int | None
) -> None:
    """Between the last and the next there is none: nothing can fall between two digests, or into both."""
    zone, now = place
    times = DigestTimes(at=at, weekday=weekday, timezone=zone)
    last, following = last_digest(times, now), next_digest(times, now)
    assert last <= now < following
    assert next_digest(times, last) == following
    assert last_digest(times, following) == following
    assert following - last <= times.period + timedelta(hours=1)


@given(around_a_change(), CLOCK)
def test_no_clock_is_asked_for_what_it_does_not_show(place: tuple[str, datetime], wall: time) -> None:
    """A moment is the first at which this day's clock shows the time, or the one at which it jumps over it."""
    zone, near = place
    here = ZoneInfo(zone)
    day = near.astimezone(here).date()
    moment = at_wall(day, wall, here)
    shown = moment.astimezone(here)
    assert (shown.date(), shown.time()) == (day, wall) or (moment in CHANGES[zone] and shown.time() > wall)


def test_a_digest_is_called_by_its_day() -> None:
    """The day and the time are those of the reader's clock."""
    daily = DigestTimes(at=time(0, 30), weekday=None, timezone="Asia/Seoul")
    weekly = DigestTimes(at=time(0, 30), weekday=1, timezone="Asia/Seoul")
    moment = utc("2026-03-23T15:30")
    assert digest_title(daily, moment) == "Daily digest of 24 March"
    assert digest_title(weekly, moment) == "Weekly digest of 24 March"
    assert waits_for(weekly, moment) == "waits for the digest of 2026-03-24 00:30 (Asia/Seoul)"
