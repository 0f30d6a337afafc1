from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from builders import NOON, a_claim
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.model import Blame, DeliveryId, DeliveryState
from storywatch.core.retry import JITTER, WAITS, parse_retry_after, plan_attempt
from storywatch.errors import Rejected, Unsent

LAST = len(WAITS)


def test_what_was_accepted_is_sent() -> None:
    """Nothing follows a success."""
    outcome = plan_attempt(a_claim(), None, now=NOON)
    assert (outcome.state, outcome.at, outcome.retry_at, outcome.reason) == (DeliveryState.SENT, NOON, None, None)


def test_what_was_rejected_is_dead() -> None:
    """A refusal for good is not tried again and keeps its words and code."""
    outcome = plan_attempt(a_claim(), Rejected("no such mailbox", code=550), now=NOON)
    assert (outcome.state, outcome.retry_at) == (DeliveryState.DEAD, None)
    assert (outcome.code, outcome.reason) == (550, "no such mailbox")


@pytest.mark.parametrize(
    ("failure", "blame"),
    [
        (Rejected("gone", code=410, gone=True), Blame.GONE),
        (Rejected("no such mailbox", code=550, recipient_refused=True), Blame.RECIPIENT),
        (Rejected("no calls from you", code=403), Blame.CHANNEL),
        (Rejected("is no longer a recipient"), None),
        (Unsent("busy"), Blame.CHANNEL),
    ],
)
def test_a_failure_says_who_is_to_blame(failure: Rejected | Unsent, blame: Blame | None) -> None:
    """The recipient that is refused or gone, the channel that takes nothing; nobody for what we found ourselves."""
    assert plan_attempt(a_claim(), failure, now=NOON).blame is blame


@pytest.mark.parametrize(
    ("code", "wish", "pause"),
    [
        (429, timedelta(minutes=2), timedelta(minutes=2)),
        (429, timedelta(days=9), timedelta(days=1)),
        (429, None, None),
        (503, timedelta(minutes=2), None),
    ],
)
def test_too_many_requests_pause_the_channel(code: int, wish: timedelta | None, pause: timedelta | None) -> None:
    """As long as the receiver wishes, a day at most; what else it says with a wish is about one message."""
    outcome = plan_attempt(a_claim(attempt=LAST + 1), Unsent("slow", code=code, retry_after=wish), now=NOON)
    assert outcome.pause_until == (None if pause is None else NOON + pause)


@pytest.mark.parametrize("attempt", range(1, LAST + 1))
def test_each_wait_is_the_one_of_the_schedule(attempt: int) -> None:
    """The waits grow from seconds to a day, each lengthened by a fifth at the most."""
    outcome = plan_attempt(a_claim(attempt=attempt), Unsent("busy", code=503), now=NOON)
    assert outcome.state is DeliveryState.WAITING
    assert outcome.retry_at is not None
    wait = outcome.retry_at - NOON
    assert WAITS[attempt - 1] <= wait <= WAITS[attempt - 1] * (1 + JITTER)
    assert (outcome.code, outcome.reason) == (503, "busy")


def test_the_schedule_lasts_three_days() -> None:
    """A receiver that is down over a weekend still gets everything."""
    assert sum(WAITS, timedelta(0)) == timedelta(hours=75, minutes=35, seconds=5)


def test_the_last_try_ends_it() -> None:
    """After the last wait the delivery is dead, and says how often it was tried and what came last."""
    outcome = plan_attempt(a_claim(attempt=LAST + 1), Unsent("busy", code=503), now=NOON)
    assert outcome.state is DeliveryState.DEAD
    assert outcome.reason == "gave up after 10 tries: busy"
    assert outcome.code == 503


@pytest.mark.parametrize(
    ("wish", "least", "most"),
    [
        (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=6)),
        (timedelta(hours=1), timedelta(hours=1), timedelta(hours=1)),
        (timedelta(days=30), timedelta(hours=24), timedelta(hours=24)),
    ],
)
def test_the_receivers_wish_counts_where_it_is_longer(wish: timedelta, least: timedelta, most: timedelta) -> None:
    """Retry-After lengthens a wait up to a day, and never shortens one."""
    outcome = plan_attempt(a_claim(), Unsent("slow down", retry_after=wish), now=NOON)
    assert outcome.retry_at is not None
    assert least <= outcome.retry_at - NOON <= most


@given(st.text(), st.integers(1, LAST))
def test_the_same_try_waits_the_same(delivery: str, attempt: int) -> None:
    """The jitter follows from the delivery and the try, so planning twice plans the same."""
    claim = a_claim(id=DeliveryId(delivery), attempt=attempt)
    assert plan_attempt(claim, Unsent("busy"), now=NOON) == plan_attempt(claim, Unsent("busy"), now=NOON)


def test_deliveries_that_failed_together_do_not_come_back_together() -> None:
    """Different deliveries get different waits."""
    claims = [a_claim(id=DeliveryId(f"dlv_{i}"), attempt=3) for i in range(50)]
    assert len({plan_attempt(claim, Unsent("busy"), now=NOON).retry_at for claim in claims}) == 50


@pytest.mark.parametrize(
    ("value", "wish"),
    [
        ("120", timedelta(seconds=120)),
        (" 7 ", timedelta(seconds=7)),
        ("Mon, 02 Mar 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Mon, 02 Mar 2026 13:05:00 +0100", timedelta(minutes=5)),
        ("Mon, 02 Mar 2026 12:05:00 -0000", timedelta(minutes=5)),
        ("Mon, 02 Mar 2026 11:00:00 GMT", None),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("9" * 5000, None),
        ("9" * 30, None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, wish: timedelta | None) -> None:
    """Seconds or a date; what can't be read, or is over, is no wish."""
    assert parse_retry_after(value, now=NOON) == wish


@given(st.text())
def test_no_retry_after_breaks_the_reader(value: str) -> None:
    """Whatever a server says, it is a wish in the future or none."""
    wish = parse_retry_after(value, now=datetime(2026, 3, 2, tzinfo=UTC))
    assert wish is None or wish > timedelta(0)
