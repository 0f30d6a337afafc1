"""The level of a story: its own high scores move its cut, the more the more articles stand behind them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.level import LAST, RAREST, REACH, TRUSTED, height_of, rate_shift, shift_of
from storywatch.core.weights import logit_of

USUAL = 0.0
SCORES = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=60)


def test_without_a_usual_height_or_any_score_the_cut_stays() -> None:
    assert shift_of([0.9, 0.8], None) == 0.0
    assert shift_of([], USUAL) == 0.0
    assert shift_of([0.0, 0.0], USUAL) == 0.0  # copies say nothing about the level


def test_a_story_of_high_scores_needs_more_and_one_of_low_scores_less() -> None:
    assert shift_of([0.95] * 30, USUAL) > 0 > shift_of([0.05] * 30, USUAL)


def test_the_first_articles_move_little() -> None:
    young, old = shift_of([0.95], USUAL), shift_of([0.95] * 200, USUAL)
    assert 0 < young < old / 10
    assert old < REACH * height_of([0.95] * 200)


def test_copies_do_not_dilute_what_counts() -> None:
    assert shift_of([0.9, 0.0, 0.0, 0.8], USUAL) == shift_of([0.9, 0.8], USUAL)


def test_what_is_long_past_counts_no_more() -> None:
    assert shift_of([0.99] * 500 + [0.2] * LAST, USUAL) == shift_of([0.2] * LAST, USUAL)


@given(SCORES)
def test_a_usual_story_keeps_the_usual_cut(scores: list[float]) -> None:
    assert shift_of(scores, height_of(scores)) == 0.0


@given(SCORES, SCORES)
def test_no_story_moves_by_more_than_its_share_of_the_distance(scores: list[float], others: list[float]) -> None:
    usual = height_of(others)
    assert abs(shift_of(scores, usual)) <= REACH * abs(height_of(scores) - usual) + 1e-4


# --------------------------------------------------------------------------- how seldom anything is about the story


@given(st.lists(st.booleans(), max_size=60))
def test_without_a_usual_share_the_rate_says_nothing(flow: list[bool]) -> None:
    assert rate_shift(flow, None, read=False) == 0.0


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_rate_as_usual_or_above_moves_nothing(about: int, other: int) -> None:
    flow = [True] * (about + other) + [False] * other
    assert rate_shift(flow, 0.5, read=False) == 0.0


def test_the_rarer_the_further_and_never_without_end() -> None:
    """Of ten thousand entries of a country's news one may be about the story."""
    shifts = [rate_shift([True] * about + [False] * (500 - about), 0.5, read=False) for about in (200, 100, 50, 5, 0)]
    assert shifts == sorted(shifts, reverse=True)
    assert shifts[0] == 0.0  # a story of which two in five are about it is nothing unusual
    assert shifts[1] < 0
    assert shifts[-1] > TRUSTED * (logit_of(RAREST) - logit_of(0.5))


def test_what_was_read_is_moved_less() -> None:
    """Two lines resemble much by chance, a whole article does not."""
    flow = [True] * 5 + [False] * 495
    assert rate_shift(flow, 0.5, read=False) < rate_shift(flow, 0.5, read=True) < 0


def test_a_few_articles_move_little() -> None:
    """A watch that begins with three strange articles is not yet one of a busy feed."""
    assert rate_shift([False] * 3, 0.5, read=False) == 0.0 > rate_shift([False] * 30, 0.5, read=False)
