"""When a channel may be told, by the clock on the wall of its readers: quiet hours and digests.

A zone's clock skips an hour in spring and repeats one in autumn. A time of day that is skipped is taken for the first
moment after the gap; of one that is repeated the first is meant, and in quiet hours both are quiet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from storywatch.core.ids import digest
from storywatch.core.model import Alert, AlertId, AlertKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from storywatch.core.model import ChannelId, Severity, WatchId

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When a channel keeps quiet, by the clock on the wall of `timezone`; `end` before `start` crosses midnight.

    A development of severity `let_through` or more is told all the same.
    """

    start: time
    end: time
    timezone: str  # IANA
    let_through: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestTimes:
    """When a channel tells in one digest what it has not told at once; by the clock on the wall of `timezone`.

    A development of severity `let_through` or more is told at once.
    """

    at: time
    weekday: int | None  # of a weekly one, Monday is 0; None: daily
    timezone: str  # IANA
    let_through: Severity | None = None

    @property
    def period(self) -> timedelta:
        """What lies between two of them where no clock is changed."""
        return DAY if self.weekday is None else WEEK


# --------------------------------------------------------------------------- quiet hours


def quiet_until(quiet: QuietHours, at: datetime) -> datetime | None:
    """The first moment from `at` on that is not quiet, or None where `at` is not.

    Quiet is whenever the clock on the wall says so: an hour that a clock change skips or repeats is treated as the
    reader of that clock would.
    """
    zone = ZoneInfo(quiet.timezone)
    if not _is_quiet(quiet, at.astimezone(zone)):
        return None
    while True:
        local = at.astimezone(zone)
        end = at + _until(quiet.end, local)
        change = _change(zone, at, end)
        if change is None:
            return end
        if not _is_quiet(quiet, change.astimezone(zone)):
            return change
        at = change


def _is_quiet(quiet: QuietHours, local: datetime) -> bool:
    wall = local.time()
    if quiet.start <= quiet.end:
        return quiet.start <= wall < quiet.end
    return wall >= quiet.start or wall < quiet.end


def _until(wall: time, local: datetime) -> timedelta:
    """How long until the clock shows `wall`, if nobody changes it; never nothing."""
    midnight = local.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    ahead = datetime.combine(midnight, wall) - local.replace(tzinfo=None)
    return ahead if ahead > timedelta() else ahead + DAY


def _change(zone: ZoneInfo, begin: datetime, end: datetime) -> datetime | None:
    """The moment after `begin`, to the second and not after `end`, from which the zone's clock goes otherwise.

    No zone changes its clock twice within a day.
    """
    offset = begin.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == offset:
        return None
    before, after = begin.replace(microsecond=0), end
    while after - before > SECOND:
        middle = before + ((after - before) // 2 // SECOND) * SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return before + SECOND


# --------------------------------------------------------------------------- digests


def next_digest(times: DigestTimes, after: datetime) -> datetime:
    """The first moment after this one at which a digest is told."""
    first = after.astimezone(ZoneInfo(times.timezone)).date() - DAY
    return next(moment for moment in _digests(times, (first + number * DAY for number in range(20))) if moment > after)


def last_digest(times: DigestTimes, at: datetime) -> datetime:
    """The last moment up to this one at which a digest was to be told."""
    last = at.astimezone(ZoneInfo(times.timezone)).date() + DAY
    return next(moment for moment in _digests(times, (last - number * DAY for number in range(20))) if moment <= at)


def _digests(times: DigestTimes, days: Iterable[date]) -> Iterator[datetime]:
    zone = ZoneInfo(times.timezone)
    for day in days:
        if times.weekday is None or day.weekday() == times.weekday:
            yield at_wall(day, times.at, zone)


def at_wall(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, when the zone's clock shows this time of this day for the first time, or skips it."""
    shown = datetime.combine(day, wall)
    moment = shown.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == shown:
        return moment
    before_gap = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    change = _change(zone, before_gap, moment)
    assert change is not None  # a time that no clock shows is in a gap
    return change


def waits_for(times: DigestTimes, moment: datetime) -> str:
    """Why something is not told yet: "waits for the digest of 2026-03-24 08:00 (Europe/Kyiv)"."""
    return f"waits for the digest of {moment.astimezone(ZoneInfo(times.timezone)):%Y-%m-%d %H:%M} ({times.timezone})"


def digest_title(times: DigestTimes, moment: datetime) -> str:
    """What a digest is called: "Daily digest of 24 March"."""
    local = moment.astimezone(ZoneInfo(times.timezone))
    return f"{'Daily' if times.weekday is None else 'Weekly'} digest of {local.day} {local:%B}"


def plan_digest(
    channel: ChannelId,
    times: DigestTimes,
    moment: datetime,
    *,
    since: datetime,
    watches: Sequence[WatchId],
    now: datetime,
) -> Alert:
    """The digest of a channel that was due at `moment` and tells what is new since the last one, of these watches.

    The id follows from channel and moment: it is made once, whenever it is looked for.
    """
    detail = {
        "because": "digest",
        "words": digest_title(times, moment),
        "since": since.isoformat(),
        "until": moment.isoformat(),
        "watches": list(watches),
        "channel": channel,
    }
    uid = AlertId(digest("alr", AlertKind.DIGEST, channel, moment.isoformat()))
    return Alert(id=uid, watch=None, development=None, kind=AlertKind.DIGEST, created_at=now, detail=detail)
