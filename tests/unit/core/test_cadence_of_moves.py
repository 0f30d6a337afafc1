"""Moves, ends, lies and pauses of feeds: what a poll means beyond its entries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_feed, a_feed_claim, a_listed, a_listing
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.cadence import first_known, is_due_afresh, learn_interval, plan_poll
from storywatch.core.model import EntryState, Freshness, Move, NoticeKind, NotModified, PollFailure

if TYPE_CHECKING:
    from storywatch.core.model import PollPlan

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEW = "https://new.example/feed"
OTHER = "https://other.example/feed"
SEEN = Move(to=NEW, since=NOON - DAY, polls=2)


def test_a_move_is_believed_after_three_polls_over_a_day() -> None:
    """A redirect for good is followed at once, and the address is rewritten when it stood for a day."""
    move, polls = None, []
    for hours in (0, 12, 23, 24, 36):
        plan = plan_poll(a_feed_claim(move=move), a_listing(moved_to=NEW), now=NOON + hours * HOUR)
        polls.append(plan.moved_to)
        move = plan.move
        if plan.moved_to:
            break
    assert polls == [None, None, None, NEW]
    assert plan.move is None
    assert [(notice.kind, notice.mark) for notice in plan.notices] == [(NoticeKind.MOVED, NEW)]
    assert "https://harbor-times.example/feed.xml" in plan.notices[0].told


def test_two_polls_are_too_few_for_a_move_however_long_they_take() -> None:
    """A feed that is asked once a day is rewritten on the third day."""
    seen = Move(to=NEW, since=NOON - 3 * DAY, polls=1)
    plan = plan_poll(a_feed_claim(move=seen), a_listing(moved_to=NEW), now=NOON)
    assert (plan.moved_to, plan.move) == (None, Move(to=NEW, since=seen.since, polls=2))


def test_not_modified_at_the_new_address_counts() -> None:
    """A list that is behind a redirect and did not change is there all the same."""
    assert plan_poll(a_feed_claim(move=SEEN), NotModified(moved_to=NEW), now=NOON).moved_to == NEW


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (a_listing(moved_to=OTHER), Move(to=OTHER, since=NOON)),
        (a_listing(), None),
        (NotModified(), None),
        (PollFailure(reason="not a feed", status=200), None),
        (PollFailure(reason="no connection"), SEEN),
    ],
)
def test_another_answer_starts_a_move_anew(answer: Any, left: Move | None) -> None:
    """Another target, the old address itself or a page that is no feed; silence says nothing."""
    plan = plan_poll(a_feed_claim(move=SEEN), answer, now=NOON)
    assert (plan.moved_to, plan.move, plan.notices) == (None, left, ())


def test_a_feed_that_moved_is_not_moved_to_where_it_is() -> None:
    """A move is told once."""
    plan = plan_poll(a_feed_claim(url=NEW), a_listing(moved_to=NEW), now=NOON)
    assert (plan.moved_to, plan.move, plan.notices) == (None, None, ())


GONE = PollFailure(reason="410: the feed is gone for good", status=410)


def test_the_second_410_an_hour_later_ends_a_feed() -> None:
    """410 is not transient, but servers make mistakes: it is asked once more, and people are told."""
    first = plan_poll(a_feed_claim(feed=a_feed(every=MINUTE), status=200, polled_at=NOON - HOUR), GONE, now=NOON)
    assert (first.gone_at, first.next_poll_at, first.notices) == (None, NOON + HOUR, ())
    second = plan_poll(a_feed_claim(status=410, polled_at=NOON, failures=1), GONE, now=first.next_poll_at)
    assert second.gone_at == NOON + HOUR
    assert [notice.kind for notice in second.notices] == [NoticeKind.GONE]
    assert "once --all" in second.notices[0].told


def test_a_410_soon_after_the_first_is_no_second_opinion() -> None:
    """Who is asked again within the hour tells nothing new."""
    soon = plan_poll(a_feed_claim(status=410, polled_at=NOON - 59 * MINUTE), GONE, now=NOON)
    assert (soon.gone_at, soon.notices) == (None, ())


def test_a_feed_is_asked_afresh_a_day_after_the_last_whole_body() -> None:
    """Some servers say "not modified" for ever; one that lied is always asked afresh."""
    assert is_due_afresh(validators_lie=False, afresh_at=None, now=NOON)
    assert not is_due_afresh(validators_lie=False, afresh_at=NOON - DAY + MINUTE, now=NOON)
    assert is_due_afresh(validators_lie=False, afresh_at=NOON - DAY, now=NOON)
    assert is_due_afresh(validators_lie=True, afresh_at=NOON, now=NOON)


@pytest.mark.parametrize(
    ("answer", "whole"),
    [(a_listing(), True), (NotModified(status=200), True), (NotModified(), False), (PollFailure(reason="x"), False)],
)
def test_a_whole_body_is_noted_whether_or_not_it_was_news(answer: Any, *, whole: bool) -> None:
    """After any of them the next one without validators is a day away."""
    assert plan_poll(a_feed_claim(), answer, now=NOON).afresh_at == (NOON if whole else None)


def test_a_short_retry_after_is_a_minute() -> None:
    """A server that refuses us and says "in a second" is not asked in a second."""
    busy = PollFailure(reason="429", status=429, retry_after=timedelta(seconds=1))
    plan = plan_poll(a_feed_claim(feed=a_feed(every=timedelta(seconds=1))), busy, now=NOON)
    assert plan.next_poll_at == NOON + MINUTE


# ---------------------------------------------------------------------- skipHours, skipDays


def next_poll(now: datetime, answer: Any = None, **freshness: Any) -> datetime:
    answer = answer or a_listing(freshness=Freshness(**freshness))
    return plan_poll(a_feed_claim(feed=a_feed(every=30 * MINUTE)), answer, now=now).next_poll_at


def test_skipped_hours_and_days_are_waited_out() -> None:
    """The next poll moves to the first hour that is not skipped, and feeds do not all come at its first second."""
    night = frozenset(range(6))
    late = NOON.replace(hour=23, minute=45)
    assert next_poll(late) == late + 30 * MINUTE
    morning = NOON.replace(hour=6) + DAY
    assert morning <= next_poll(late, skip_hours=night) <= morning + 5 * MINUTE
    assert next_poll(NOON, skip_hours=night) == NOON + 30 * MINUTE
    monday = frozenset({NOON.weekday()})
    midnight = NOON.replace(hour=0) + DAY
    assert midnight <= next_poll(NOON, skip_days=monday) <= midnight + 5 * MINUTE
    both = next_poll(NOON, skip_days=monday, skip_hours=night)
    assert morning <= both <= morning + 5 * MINUTE


def test_a_list_of_all_hours_or_days_is_a_mistake() -> None:
    """It silences no feed; and a weekend is a day at most."""
    assert next_poll(NOON, skip_hours=frozenset(range(24))) == NOON + 30 * MINUTE
    assert next_poll(NOON, skip_days=frozenset(range(7))) == NOON + 30 * MINUTE
    days = frozenset({0, 1, 2, 3, 4, 5})
    assert next_poll(NOON, skip_days=days) == NOON + 30 * MINUTE + DAY


@given(
    st.frozensets(st.integers(0, 23)),
    st.frozensets(st.integers(0, 6)),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001  made aware below
)
def test_no_list_of_hours_and_days_moves_a_poll_by_more_than_a_day(hours: Any, days: Any, at: datetime) -> None:
    """Nor ever forward in time."""
    now = at.replace(tzinfo=NOON.tzinfo)
    assert 30 * MINUTE <= next_poll(now, skip_hours=hours, skip_days=days) - now <= DAY + 30 * MINUTE


def test_what_a_feed_said_of_its_pace_holds_while_it_says_nothing_new() -> None:
    """A "not modified" has no ttl and no skipped hours: those of the last list hold."""
    listing = a_listing(freshness=Freshness(ttl=2 * HOUR, max_age=5 * HOUR, skip_hours=frozenset({14})))
    plan = plan_poll(a_feed_claim(), listing, now=NOON)
    assert plan.pace == Freshness(ttl=2 * HOUR, skip_hours=frozenset({14}))
    claim = a_feed_claim(feed=a_feed(every=MINUTE), pace=plan.pace)
    later = plan_poll(claim, NotModified(), now=NOON).next_poll_at
    assert NOON + 3 * HOUR <= later <= NOON + 3 * HOUR + 5 * MINUTE
    own = NotModified(freshness=Freshness(ttl=4 * HOUR))
    assert plan_poll(claim, own, now=NOON).next_poll_at == NOON + 4 * HOUR


# ---------------------------------------------------------------------- the habit


def learned(last: timedelta, moments: list[datetime], *, listed: int = 20, new: int = 1, changed: int = 0) -> PollPlan:
    claim = a_feed_claim(interval=last)
    plan = plan_poll(claim, a_listing(), now=NOON)
    return learn_interval(claim, plan, moments=moments, listed=listed, new=new, changed=changed)


def test_a_habit_is_learned_from_when_entries_came_up() -> None:
    """Half the usual time between them, whatever dates they claim; at most halved, at most a quarter more."""
    hourly = [NOON - number * HOUR for number in range(20)]
    assert learned(30 * MINUTE, hourly).interval == 30 * MINUTE
    assert learned(3 * HOUR, hourly).interval == 90 * MINUTE
    assert learned(12 * MINUTE, hourly).interval == 15 * MINUTE
    together = sorted([*hourly, *hourly], reverse=True)
    assert learned(30 * MINUTE, together).interval == 30 * MINUTE  # what came up at one poll came up at once
    assert learned(10 * MINUTE, [NOON, NOON - MINUTE]).interval == 10 * MINUTE
    assert learned(6 * HOUR, [NOON, NOON - 9 * DAY]).interval == 6 * HOUR
    assert learned(40 * MINUTE, [NOON]).interval == 40 * MINUTE


def test_nothing_new_makes_a_feed_rarer_and_a_changed_entry_does_not() -> None:
    """A list whose bytes changed and whose entries are known is nothing new."""
    assert learned(40 * MINUTE, [], new=0).interval == 50 * MINUTE
    assert learned(40 * MINUTE, [], new=0, changed=1).interval == 40 * MINUTE


def test_a_list_that_runs_on_quickly_is_asked_twice_as_often_at_once() -> None:
    """Less than 30 % of it was known: soon entries would be lost between two polls."""
    rare = [NOON, NOON - 9 * DAY]
    assert learned(2 * HOUR, rare, listed=10, new=8).interval == HOUR
    assert learned(2 * HOUR, rare, listed=10, new=7).interval == 2.5 * HOUR


def test_the_learned_interval_moves_the_next_poll() -> None:
    """And what the server says is a lower bound still."""
    claim = a_feed_claim(interval=HOUR)
    plan = plan_poll(claim, a_listing(freshness=Freshness(max_age=5 * HOUR)), now=NOON)
    plan = learn_interval(claim, plan, moments=[], listed=10, new=9, changed=0)
    assert plan.interval == 30 * MINUTE
    assert 5 * HOUR <= plan.next_poll_at - NOON <= 5.5 * HOUR


def test_a_fixed_interval_and_a_first_poll_learn_nothing() -> None:
    """The desk's own wish stands; and a first list is learned from by its dates alone."""
    for claim in (a_feed_claim(feed=a_feed(every=HOUR)), a_feed_claim(first_poll=True)):
        plan = plan_poll(claim, a_listing(), now=NOON)
        assert learn_interval(claim, plan, moments=[NOON], listed=10, new=10, changed=0) == plan


def test_when_an_entry_came_up() -> None:
    """As we saw it; what stood there before us, as it says, unless it says what can not be."""
    before = NOON - DAY
    assert first_known(seen_at=NOON, published_at=before, baseline=False) == NOON
    assert first_known(seen_at=NOON, published_at=before, baseline=True) == before
    assert first_known(seen_at=NOON, published_at=None, baseline=True) is None
    assert first_known(seen_at=NOON, published_at=NOON + MINUTE, baseline=True) is None


# ---------------------------------------------------------------------- the first poll


def test_a_backfill_makes_the_youngest_of_the_first_list_news() -> None:
    """What is older, or bears no date, is the baseline."""
    claim = a_feed_claim(feed=a_feed(backfill=3 * DAY), first_poll=True)
    plan = plan_poll(claim, a_listing(), now=NOON)
    states = [
        plan.state_of(a_listed(published_at=date)) for date in (NOON - 3 * DAY, NOON - 3 * DAY - MINUTE, None, NOON)
    ]
    waiting, baseline = EntryState.WAITING, EntryState.BASELINE
    assert states == [waiting, baseline, baseline, waiting]
    assert plan_poll(a_feed_claim(first_poll=True), a_listing(), now=NOON).state_of(a_listed()) is baseline


def test_only_the_first_list_of_all_is_filled_back() -> None:
    """A feed that got another address in the configuration begins with a baseline; later polls are news anyway."""
    feed = a_feed(backfill=3 * DAY)
    moved = plan_poll(a_feed_claim(feed=feed, first_poll=True, succeeded_at=NOON - DAY), a_listing(), now=NOON)
    assert moved.state_of(a_listed(published_at=NOON)) is EntryState.BASELINE
    later = plan_poll(a_feed_claim(feed=feed), a_listing(), now=NOON)
    assert later.state_of(a_listed(published_at=NOON - 9 * DAY)) is EntryState.WAITING
