from __future__ import annotations

import math

from storywatch.core.terms import TermHits
from storywatch.core.weights import shipped_weights
from storywatch.core.wording import NOVELTY, RELEVANCE, tell_novelty, tell_relevance

NOVELTY_NAMES = [name for one in NOVELTY for name in one.features]


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
    assert first.words == "chance that an earlier article reports the same: 50%, speaks against it (-2.0)"
    assert (second.name, second.pull) == ("pace", 0.4)


def test_figures_are_in_units_that_a_person_counts_in() -> None:
    """The model takes logarithms; a person reads hours, names and characters."""
    features = dict.fromkeys((one.shown for one in (*RELEVANCE, *NOVELTY)), 0.0)
    features |= {"stale": math.log1p(36), "new_names": math.log1p(3), "length": math.log(12), "chars": math.log1p(900)}
    told = tell_novelty(features, {"stale": -0.3, "new_names": 0.2, "length": 0.1}, count=5)
    assert [reason.words.split(",")[0] for reason in told] == [
        "hours from its publication until it was seen: 36.0",
        "names new to the story: 3",
        "its length in sentences: 12",
    ]
    assert told[0].figure == 36.0
    [length] = tell_relevance(features, {"chars": -0.2}, TermHits(), count=3)
    assert length.words == "its length in characters: 900, speaks against it (-0.2)"


def test_the_users_words_are_named() -> None:
    """Terms found are told before all figures, vetoes before them."""
    features = dict.fromkeys((one.shown for one in RELEVANCE), 0.0)
    told = tell_relevance(features, {}, TermHits(any=("Kursk",), vetoes=("football",)), count=3)
    assert [reason.words for reason in told] == ["your excluded word 'football' is in it", "your word 'Kursk' is in it"]


def test_what_is_sought_is_told_only_where_it_is_there() -> None:
    """That nothing is announced weighs a little in every article, and is no answer to why."""
    features = dict.fromkeys(NOVELTY_NAMES, 0.0)
    pulls = {"planned_head": 0.4, "same_most": -0.2}
    assert [reason.name for reason in tell_novelty(features, pulls, count=5)] == ["same"]
    told = tell_novelty(features | {"eve_title": 1.0}, pulls, count=5)
    assert [reason.words.split(",")[0] for reason in told] == [
        "its top tells of what is still to come: 1",
        "chance that an earlier article reports the same: 0%",
    ]
