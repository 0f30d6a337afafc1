"""What counts as trouble, and when it is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from builders import NOON

from storywatch.core.alerting import ChannelRules
from storywatch.core.model import ChannelId, FeedId, Recipient
from storywatch.core.troubles import (
    FeedHealth,
    Health,
    Trouble,
    channels_to_tell,
    is_failing,
    signs_of,
    silence_of,
    to_tell,
    told_together,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LONG_AGO = NOON - DAY


def a_feed_health(name: str = "harbor-times", **changes: Any) -> FeedHealth:
    """A feed that was read a minute ago."""
    values: dict[str, Any] = {
        "id": FeedId(name),
        "followed": True,
        "interval": 10 * MINUTE,
        "failures": 0,
        "error": None,
        "status": 200,
        "polled_at": NOON - MINUTE,
        "succeeded_at": NOON - MINUTE,
        **changes,
    }
    return FeedHealth(**values)


def a_trouble(number: int = 1, **changes: Any) -> Trouble:
    """A feed's, not told yet."""
    values: dict[str, Any] = {
        "id": number,
        "subject": f"feed:times-{number}",
        "words": "can't be read: 503, 5 tries in a row",
        "since": NOON - DAY,
        "told_at": None,
        "times": 0,
        "clear_at": None,
        **changes,
    }
    return Trouble(**values)


def health_of(*feeds: FeedHealth, **known: Any) -> Health:
    """What the rows of these feeds say."""
    answers = [at for one in feeds for at in (one.succeeded_at, one.polled_at if one.status else None) if at]
    asked = [one.polled_at for one in feeds if one.polled_at]
    found = {"answered_at": max(answers, default=None), "asked_at": max(asked, default=None), **known}
    return Health(feeds=[one for one in feeds if one.failures or one.gone_at], **found)


def subjects(health: Health, **how: Any) -> list[str]:
    signs = signs_of(health, **{"known": (), "watched_since": LONG_AGO, "now": NOON, **how})
    return [sign.subject for sign in signs]


@pytest.mark.parametrize(
    ("interval", "first"),
    [(MINUTE, 8), (10 * MINUTE, 5), (30 * MINUTE, 4), (None, 4), (6 * HOUR, 3)],
)
def test_a_feed_fails_when_it_was_not_had_for_hours(interval: timedelta | None, first: int) -> None:
    """How many failures that takes follows from its interval, because each wait is twice the one before."""
    assert [is_failing(failures, interval) for failures in (0, first - 1, first, 1000)] == [False, False, True, True]


def test_a_feed_is_a_sign_where_somebody_follows_it() -> None:
    """A feed that no watch follows may fail; one that is gone is one whatever its failures."""
    other = a_feed_health("other")
    failing = a_feed_health(failures=5, error="503: busy", status=503, succeeded_at=NOON - 3 * HOUR)
    assert subjects(health_of(other, failing)) == ["feed:harbor-times"]
    unfollowed = a_feed_health(failures=5, status=503, followed=False)
    assert subjects(health_of(other, unfollowed)) == []
    [sign] = signs_of(health_of(failing), known=(), watched_since=LONG_AGO, now=NOON)
    assert (sign.words, sign.since) == ("can't be read: 503: busy, 5 tries in a row", NOON - 3 * HOUR)
    assert subjects(health_of(a_feed_health(gone_at=NOON - HOUR, status=410))) == ["feed:harbor-times"]


def test_a_feed_is_silent_beyond_its_habit() -> None:
    """Three times its longest pause, four days at the least, counted to when it last answered; few entries are no habit."""

    def silent(pause: timedelta, quiet: timedelta, entries: int = 20) -> bool:
        moments = [NOON - quiet - number * pause for number in range(entries)]
        return silence_of(FeedId("times"), moments, succeeded_at=NOON) is not None

    assert [silent(HOUR, quiet) for quiet in (4 * DAY - MINUTE, 4 * DAY)] == [False, True]
    assert [silent(7 * DAY, quiet) for quiet in (20 * DAY, 21 * DAY)] == [False, True]
    assert [silent(HOUR, 9 * DAY, entries) for entries in (4, 5)] == [False, True]


def test_where_none_answers_it_is_the_network() -> None:
    """One sign for all of them; what was not asked since the network is back says nothing of the feed."""
    since = NOON - 3 * HOUR
    down = [
        a_feed_health(f"times-{number}", failures=5, status=None, error="no connection", succeeded_at=since)
        for number in range(12)
    ]
    assert subjects(health_of(*down)) == ["network"]
    [sign] = signs_of(health_of(*down), known=(), watched_since=LONG_AGO, now=NOON)
    assert sign.words == "none of 12 feeds that were asked could be reached: no connection"
    assert sign.since == since
    answers = a_feed_health("other", polled_at=NOON, succeeded_at=NOON)
    assert subjects(health_of(*down, answers), known=("network",)) == []
    assert subjects(health_of(*down, answers, network_back_at=NOON)) == []
    assert len(subjects(health_of(*down, answers, network_back_at=NOON - HOUR))) == 12


def test_dead_feeds_between_two_polls_of_a_lively_one_are_no_dead_network() -> None:
    """Who has not answered for days says nothing about the network."""
    dead = [
        a_feed_health(f"times-{number}", failures=9, status=None, succeeded_at=NOON - 30 * DAY) for number in range(3)
    ]
    lively = a_feed_health("lively", polled_at=NOON - 5 * HOUR, succeeded_at=NOON - 5 * HOUR)
    assert subjects(health_of(*dead, lively)) == ["feed:times-0", "feed:times-1", "feed:times-2"]


def test_feeds_that_are_due_and_not_asked_are_a_standstill() -> None:
    """Not right after the start, when there was no time to ask them yet."""
    due = Health(overdue=1, overdue_since=NOON - DAY, asked_at=NOON - 15 * MINUTE)
    assert subjects(due) == ["polls"]
    assert subjects(due, watched_since=NOON - 14 * MINUTE) == []
    assert subjects(Health(overdue=1, overdue_since=NOON - DAY, asked_at=NOON - 14 * MINUTE)) == []
    assert subjects(Health(asked_at=LONG_AGO)) == []
    assert subjects(Health(overdue=3, overdue_since=NOON - 15 * MINUTE)) == ["polls"]


def test_entries_that_nobody_judges_are_a_sign() -> None:
    """How many and since when the rows say."""
    waiting = Health(unjudged=3, unjudged_since=NOON - HOUR)
    assert subjects(waiting) == ["judging"]
    assert subjects(waiting, watched_since=NOON - MINUTE) == []


def test_new_troubles_of_feeds_wait_for_others_unless_something_else_is_told() -> None:
    """At most one message an hour about feeds; a channel's trouble takes along what waits."""
    apart = {"feed": NOON - 59 * MINUTE}
    new = a_trouble(1)
    channel = a_trouble(2, subject="channel:desk")
    assert to_tell([new], told_apart={}, now=NOON) == [new]
    assert to_tell([new], told_apart=apart, now=NOON) == []
    assert to_tell([new, channel], told_apart=apart, now=NOON) == [new, channel]
    assert to_tell([new], told_apart=apart, now=NOON + MINUTE) == [new]
    assert to_tell([new], told_apart=apart, now=NOON - DAY) == [new], "a clock that went back holds nothing for a day"


def test_what_lasts_is_told_again_and_ever_more_rarely() -> None:
    """After a day, then two, then four, then each week."""

    def told_again(times: int) -> timedelta:
        hours = (hour for hour in range(400) if to_tell([told(times)], told_apart={}, now=NOON + hour * HOUR))
        return next(hours) * HOUR

    def told(times: int) -> Trouble:
        return a_trouble(told_at=NOON, times=times)

    assert [told_again(times) / DAY for times in (1, 2, 3, 4, 50)] == [1, 2, 4, 7, 7]
    assert to_tell([a_trouble(told_at=NOON - 9 * DAY, times=1, clear_at=NOON)], told_apart={}, now=NOON) == []


def test_many_of_a_kind_are_told_in_one_line() -> None:
    """Five are told one by one; of more some are named, and the earliest beginning counts."""
    many = [a_trouble(number, since=NOON - number * HOUR) for number in range(12)]
    assert len(told_together(many[:5])) == 5
    [sign] = told_together(many)
    assert sign.words == "12 feeds can't be read: times-0, times-1, times-2, times-3, times-4 and 7 more"
    assert (sign.subject, sign.since, sign.ended_at) == ("feeds", NOON - 11 * HOUR, None)


def test_trouble_is_told_where_it_can_be_told() -> None:
    """The channels asked for, if they work; else the first that does, one with all its recipients rather than not."""
    rules = {
        ChannelId("desk"): ChannelRules(recipients=("a@desk.example", "b@desk.example")),
        ChannelId("chat"): ChannelRules(recipients=("chat",)),
        ChannelId("ops"): ChannelRules(recipients=("ops@desk.example",)),
    }

    def told(*wanted: str, broken: tuple[str, ...] = (), stopped: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
        recipients = [Recipient(channel=ChannelId("desk"), address=address) for address in stopped]
        wanted_ids, broken_ids = map(ChannelId, wanted), map(ChannelId, broken)
        found = channels_to_tell(list(wanted_ids), rules, broken=set(broken_ids), stopped=recipients)
        return {str(channel): addresses for channel, addresses in found.items()}

    assert told("ops", "chat") == {"ops": ("ops@desk.example",), "chat": ("chat",)}
    assert told("ops", broken=("ops",)) == {"desk": ("a@desk.example", "b@desk.example")}
    assert told() == {"desk": ("a@desk.example", "b@desk.example")}
    assert told(stopped=("a@desk.example",)) == {"chat": ("chat",)}
    assert told(broken=("chat", "ops"), stopped=("a@desk.example",)) == {"desk": ("b@desk.example",)}
    assert told(broken=("desk", "chat", "ops")) == {}
