"""The level of a story: its own high scores move its cut, the more the more articles stand behind them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.level import LAST, REACH, height_of, shift_of

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
