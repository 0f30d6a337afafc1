from __future__ import annotations

from storywatch.core.terms import TermHits
from storywatch.core.weights import shipped_weights
from storywatch.core.wording import NOVELTY, RELEVANCE, tell_novelty, tell_relevance


def test_every_weight_can_be_told_in_words() -> None:
    """No feature decides without belonging to a piece of evidence that a person can read."""
    weights = shipped_weights()
    assert set(weights.relevance.names) <= {name for one in RELEVANCE for name in one.features}
    assert set(weights.novelty.names) <= {name for one in NOVELTY for name in one.features}


def test_the_strongest_evidence_comes_first_and_says_which_way_it_pulls() -> None:
    """A reason has its figure, its pull and its direction; what said nothing is left out."""
    features = dict.fromkeys((one.shown for one in NOVELTY), 0.5)
    pulls = {"silence": 0.4, "same_most": -1.0, "same_top": -1.0, "stale": 0.01}
    first, second = tell_novelty(features, pulls, count=5)
    assert (first.name, first.pull) == ("same", -2.0)
    assert first.words == "an earlier article reports the same (50% sure): speaks against it (-2.0)"
    assert (second.name, second.pull) == ("pace", 0.4)


def test_the_users_words_are_named() -> None:
    """Terms found are told before all figures, vetoes before them."""
    features = dict.fromkeys((one.shown for one in RELEVANCE), 0.0)
    told = tell_relevance(features, {}, TermHits(any=("Kursk",), vetoes=("football",)), count=3)
    assert [reason.words for reason in told] == ["your excluded word 'football' is in it", "your word 'Kursk' is in it"]
