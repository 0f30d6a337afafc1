from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from builders import NOON, a_feed, a_feed_claim, a_listed, a_listing, an_entry
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.cadence import plan_after_mishap, plan_page_retry, plan_poll
from storywatch.core.model import EntryState, Freshness, NotModified, PollFailure, Validators
from storywatch.errors import FetchFailed, Forbidden, Unreadable

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def every(interval: timedelta, **changes: Any) -> Any:
    return a_feed_claim(feed=a_feed(every=interval), **changes)


def hourly(count: int) -> tuple[Any, ...]:
    return tuple(a_listed(str(number), published_at=NOON - number * HOUR) for number in range(count))


def test_the_first_poll_is_a_baseline() -> None:
    """What a feed lists when we first see it is known, never news; later it is."""
    assert plan_poll(a_feed_claim(first_poll=True), a_listing(), now=NOON).state is EntryState.BASELINE
    assert plan_poll(a_feed_claim(), a_listing(), now=NOON).state is EntryState.WAITING


def test_a_listing_brings_what_the_server_wants_to_hear_again() -> None:
    """Entries, validators, hash and title are kept, and earlier failures forgotten."""
    listing = a_listing(validators=Validators(etag='W/"x"'))
    plan = plan_poll(a_feed_claim(failures=3), listing, now=NOON)
    assert (plan.entries, plan.validators, plan.body_hash) == (listing.entries, listing.validators, listing.body_hash)
    assert (plan.title, plan.failures, plan.error, plan.status) == ("Harbor Times", 0, None, 200)


def test_a_truncated_documents_validators_are_not_kept() -> None:
    """Else the tail that is missing would never be asked for again."""
    plan = plan_poll(a_feed_claim(), a_listing(complete=False, validators=Validators(etag='"x"')), now=NOON)
    assert plan.entries
    assert (plan.validators, plan.body_hash) == (None, None)


def test_a_date_that_can_not_be_is_dropped() -> None:
    """A clock a little ahead is believed; the years 2126 and 1970 are not."""
    dates = (NOON + 14 * MINUTE, NOON + 16 * MINUTE, NOON.replace(year=1970), NOON.replace(year=1995), None)
    listed = tuple(a_listed(str(number), published_at=date) for number, date in enumerate(dates))
    plan = plan_poll(a_feed_claim(), a_listing(entries=listed), now=NOON)
    assert [entry.published_at for entry in plan.entries] == [dates[0], None, None, dates[3], None]
    assert plan.newest_at == dates[0]


def test_a_date_alone_changes_no_entry() -> None:
    """An old entry with a new date is the old entry: its fingerprint is of what a reader sees."""
    assert a_listed(published_at=NOON).fingerprint == a_listed(published_at=NOON - HOUR).fingerprint
    assert a_listed(title="Other words").fingerprint != a_listed().fingerprint


def test_a_304_changes_only_the_validators_it_names() -> None:
    """Without new ones the old ones stay."""
    assert plan_poll(a_feed_claim(), NotModified(), now=NOON).validators is None
    named = NotModified(validators=Validators(etag='"y"'))
    assert plan_poll(a_feed_claim(), named, now=NOON).validators == Validators(etag='"y"')


@pytest.mark.parametrize("answer", [a_listing(entries=hourly(20)), NotModified()])
def test_a_fixed_interval_is_kept_to_the_second(answer: Any) -> None:
    """`every = "1s"` means one second, whatever the feed's habit is."""
    assert plan_poll(every(SECOND), answer, now=NOON).next_poll_at == NOON + SECOND


def test_a_fixed_interval_is_lengthened_by_freshness_within_reason() -> None:
    """The server's max-age and the feed's ttl are lower bounds, six hours at most."""
    for freshness in (Freshness(max_age=20 * MINUTE), Freshness(ttl=20 * MINUTE, max_age=MINUTE)):
        plan = plan_poll(every(5 * MINUTE), NotModified(freshness=freshness), now=NOON)
        assert plan.next_poll_at == NOON + 20 * MINUTE
        assert plan.interval == 5 * MINUTE
    year = Freshness(max_age=timedelta(days=365))
    assert plan_poll(every(MINUTE), a_listing(freshness=year), now=NOON).next_poll_at == NOON + 6 * HOUR


def test_a_feed_is_learned_by_its_habit() -> None:
    """Half the usual gap, at most half as long or a quarter longer than before, between 10 min and 6 h."""

    def interval(last: timedelta, answer: Any) -> timedelta:
        return plan_poll(a_feed_claim(interval=last), answer, now=NOON).interval

    assert interval(40 * MINUTE, a_listing(entries=hourly(20))) == 30 * MINUTE
    assert interval(4 * HOUR, a_listing(entries=hourly(20))) == 2 * HOUR
    assert interval(12 * MINUTE, a_listing(entries=hourly(20))) == 15 * MINUTE
    assert interval(40 * MINUTE, a_listing()) == 40 * MINUTE
    assert interval(40 * MINUTE, a_listing(entries=())) == 50 * MINUTE
    assert interval(40 * MINUTE, NotModified()) == 50 * MINUTE
    assert interval(6 * HOUR, NotModified()) == 6 * HOUR
    burst = tuple(a_listed(str(number), published_at=NOON) for number in range(5))
    assert interval(10 * MINUTE, a_listing(entries=burst)) == 10 * MINUTE


def test_a_new_feed_is_asked_every_half_hour() -> None:
    """Until its habit is known."""
    assert plan_poll(a_feed_claim(), a_listing(), now=NOON).interval == 30 * MINUTE


def test_jitter_only_delays_and_is_never_drawn() -> None:
    """Up to a tenth later; the same poll of the same feed always by the same amount."""
    claim = a_feed_claim(interval=24 * MINUTE)
    plan = plan_poll(claim, NotModified(), now=NOON)
    assert plan == plan_poll(claim, NotModified(), now=NOON)
    assert 30 * MINUTE <= plan.next_poll_at - NOON <= 33 * MINUTE


def test_failures_double_the_wait_up_to_a_day() -> None:
    """A failing feed is asked ever more rarely, but never given up, and its interval is not forgotten."""
    waits = []
    for failures in range(12):
        plan = plan_poll(every(10 * MINUTE, failures=failures), PollFailure(reason="500", status=500), now=NOON)
        assert (plan.failures, plan.interval, plan.error) == (failures + 1, 10 * MINUTE, "500")
        waits.append(plan.next_poll_at - NOON)
    for doublings, wait in enumerate(waits):
        expected = min(10 * MINUTE * 2**doublings, 24 * HOUR)
        assert max(expected * 0.75, 10 * MINUTE) <= wait <= min(expected * 1.25, 24 * HOUR)


def test_a_busy_server_says_how_long_and_is_believed_up_to_a_day() -> None:
    """Retry-After is a lower bound."""
    asked = plan_poll(every(SECOND), PollFailure(reason="503", status=503, retry_after=90 * SECOND), now=NOON)
    assert asked.next_poll_at == NOON + 90 * SECOND
    for_long = PollFailure(reason="429", status=429, retry_after=timedelta(days=90))
    assert plan_poll(every(SECOND), for_long, now=NOON).next_poll_at == NOON + 24 * HOUR


def test_waiting_for_a_busy_host_is_not_the_feeds_failure() -> None:
    """A poll that was not made at all does not lengthen the next wait."""
    held = PollFailure(reason="the host asked not to be asked", retry_after=MINUTE)
    plan = plan_poll(every(SECOND, failures=2), held, now=NOON)
    assert (plan.failures, plan.next_poll_at) == (2, NOON + MINUTE)
    rare = plan_poll(every(6 * HOUR), held, now=NOON)
    assert (rare.failures, rare.interval, rare.next_poll_at) == (0, 6 * HOUR, NOON + MINUTE)


@given(st.integers(0, 10_000), st.timedeltas(min_value=SECOND, max_value=timedelta(days=3)))
def test_no_failure_ever_shortens_an_interval(failures: int, interval: timedelta) -> None:
    """However often a feed fails, it is asked after its interval at the soonest and some day for sure."""
    wait = (
        plan_poll(every(interval, failures=failures), PollFailure(reason="x", status=500), now=NOON).next_poll_at - NOON
    )
    assert interval <= wait <= max(interval, 24 * HOUR)


def test_a_page_is_tried_again_twice_and_then_the_feed_serves() -> None:
    """30 s, then 2 min, then no more: the news is waiting."""
    broken = FetchFailed("no connection")
    waits = [plan_page_retry(an_entry(tries=tries), broken, now=NOON) for tries in range(3)]
    assert waits == [NOON + 30 * SECOND, NOON + 2 * MINUTE, None]


@pytest.mark.parametrize(
    "error",
    [Forbidden("robots.txt"), Unreadable("no text"), FetchFailed("404", status=404), FetchFailed("403", status=403)],
)
def test_what_will_not_heal_is_not_tried_again(error: Any) -> None:
    """Asking again would only annoy."""
    assert plan_page_retry(an_entry(), error, now=NOON) is None


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_servers_trouble_may_heal(status: int) -> None:
    """Its own wish is followed while that is a matter of minutes."""

    def retry(wait: timedelta | None) -> Any:
        return plan_page_retry(an_entry(), FetchFailed("x", status=status, retry_after=wait), now=NOON)

    assert retry(None) == NOON + 30 * SECOND
    assert retry(SECOND) == NOON + 30 * SECOND
    assert retry(5 * MINUTE) == NOON + 5 * MINUTE
    assert retry(HOUR) is None


def test_what_we_stumble_over_is_tried_ever_more_seldom() -> None:
    """An entry that breaks us each time costs less and less, and is never given up."""
    waits = [plan_after_mishap(an_entry(tries=tries), now=NOON) - NOON for tries in (0, 1, 2, 50)]
    assert waits == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20), timedelta(days=1)]
