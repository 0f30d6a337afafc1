from __future__ import annotations

from datetime import timedelta

from builders import NOON
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.alerting import Rate
from storywatch.core.rates import next_token_at, tokens_now

RATES = st.builds(Rate, messages=st.integers(1, 500), per=st.timedeltas(timedelta(seconds=1), timedelta(days=1)))
SPANS = st.timedeltas(timedelta(0), timedelta(days=30))


@given(rate=RATES)
def test_a_bucket_that_nobody_used_is_full(rate: Rate) -> None:
    """The first messages go at once."""
    assert tokens_now(rate, tokens=None, at=None, now=NOON) == rate.messages
    assert tokens_now(rate, tokens=0.5, at=None, now=NOON) == rate.messages


@given(rate=RATES, share=st.floats(0, 1), passed=SPANS)
def test_a_bucket_fills_with_time_and_never_runs_over(rate: Rate, share: float, passed: timedelta) -> None:
    """After the whole time it is full; a clock that went back takes nothing away, and stops it for no longer."""
    tokens = share * rate.messages
    after = tokens_now(rate, tokens=tokens, at=NOON, now=NOON + passed)
    assert tokens <= after <= rate.messages
    assert tokens_now(rate, tokens=tokens, at=NOON, now=NOON + rate.per) == rate.messages
    back = tokens_now(rate, tokens=tokens, at=NOON, now=NOON - passed)
    assert back == (tokens if passed <= rate.per else rate.messages)


@given(rate=RATES, tokens=st.floats(0, 500))
def test_the_next_token_is_there_when_it_is_said_to_be(rate: Rate, tokens: float) -> None:
    """At that moment one may be taken; where one is there, that is now."""
    moment = next_token_at(rate, tokens, now=NOON)
    if tokens >= 1:
        assert moment == NOON
    else:
        there = tokens_now(rate, tokens=tokens, at=NOON, now=moment)
        assert there >= 1 - 1e-3  # to the microsecond


def test_thirty_a_minute_is_one_in_two_seconds() -> None:
    """The figure of the manual."""
    rate = Rate(messages=30, per=timedelta(minutes=1))
    assert next_token_at(rate, 0.0, now=NOON) == NOON + timedelta(seconds=2)
    assert tokens_now(rate, tokens=0.0, at=NOON, now=NOON + timedelta(seconds=10)) == 5.0
