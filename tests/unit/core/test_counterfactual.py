"""What would have turned a verdict."""

from __future__ import annotations

import numpy as np
import pytest

from storywatch.core.counterfactual import Turn, turn_novelty, turn_relevance
from storywatch.core.weights import Linear, probability


def model(bias: float = 0.0, **weights: float) -> Linear:
    size = len(weights)
    return Linear(
        names=tuple(weights), mean=np.zeros(size), scale=np.ones(size), weight=np.array([*weights.values()]), bias=bias
    )


def novelty(features: dict[str, float], one: Linear, *, relevance: float = 1.0) -> tuple[Turn, ...]:
    score = round(probability(one.logit(features)) * relevance, 4)
    return turn_novelty(features, one, relevance=relevance, score=score, cut=0.44)


def test_the_strongest_evidence_against_is_told_with_the_score_without_it() -> None:
    """Two pulls against it: the stronger alone would have been enough."""
    one = model(bias=0.5, same_most=-2.0, stale=-0.2)
    start, turn = novelty({"same_most": 1.0, "stale": 1.0}, one)
    assert start.words == "it would be told from a score of 0.44 on and has 0.15"
    assert (turn.without, turn.pull, turn.turns) == (("same",), -2.0, True)
    assert turn.figure == pytest.approx(probability(0.3), abs=1e-3)
    assert turn.words == (
        "strongest against it: chance that an earlier article reports the same (-2.0); were that as usual, it would have"
        " 0.57: it would be told"
    )


def test_what_only_together_turns_it_is_told_together() -> None:
    """Neither piece alone is enough; the fewest that are."""
    _, first, both = novelty({"same_most": 1.0, "stale": 1.0}, model(bias=0.0, same_most=-1.5, stale=-1.4))
    assert (first.without, first.turns) == (("same",), False)
    assert (both.without, both.turns, both.pull) == (("same", "stale"), True, -2.9)
    assert first.words.endswith("it would still not be told")


def test_an_alert_says_what_it_hangs_on() -> None:
    """Evidence for it is taken away; relevance stays in the score."""
    start, turn = novelty(
        {"telling_most": 1.0, "silence": 1.0},
        model(bias=-2.0, telling_most=3.0, silence=0.2),
        relevance=0.9,
    )
    assert start.words.startswith("it is told from a score of 0.44 on and has 0.6")
    assert turn.without == ("telling",)
    assert turn.figure == pytest.approx(0.9 * probability(-1.8), abs=1e-3)
    assert turn.words.endswith("it would not")


def test_what_is_surely_not_about_the_story_can_be_told() -> None:
    """Nothing is divided by nothing."""
    turns = turn_novelty({"stale": 0.0}, model(stale=-1.0), relevance=0.0, score=0.0, cut=0.44)
    assert [turn.figure for turn in turns] == [0.0]


def test_a_word_of_the_user_may_make_it_about_the_story() -> None:
    """Told only where the user has given words and none is in it."""
    one = model(bias=-1.0, terms=2.0, own_top=1.0)
    features = {"terms": 0.0, "own_top": -1.0}
    relevance = round(probability(one.logit(features)), 4)
    *_, term = turn_relevance(features, one, relevance=relevance, cut=0.4, termed=True)
    assert term.without == ("terms",)
    assert (term.figure, term.turns) == (pytest.approx(0.5, abs=1e-3), True)
    assert term.words == "one of your words in it would have made it about the story, with 0.50"
    assert all(
        turn.without != ("terms",) for turn in turn_relevance(features, one, relevance=relevance, cut=0.4, termed=False)
    )
    weak = model(bias=-6.0, terms=2.0, own_top=1.0)
    *_, term = turn_relevance(features, weak, relevance=0.0009, cut=0.4, termed=True)
    assert not term.turns
    assert "would not have made it" in term.words


def test_the_ledger_keeps_words_and_figure() -> None:
    """As a reason that pulls nothing."""
    [start, *_] = novelty({"stale": 1.0}, model(stale=-1.0))
    reason = start.reason()
    assert (reason.name, reason.pull, reason.words, reason.figure) == ("turn", 0.0, start.words, start.figure)
