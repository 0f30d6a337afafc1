"""What training makes is what the package reads and answers with."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import plain_weights
from fit import FEATURES_TRIED, SEED, boosted, booster, forest
from keep import save_weights
from sklearn.ensemble import ExtraTreesClassifier

from storywatch.core.weights import BUCKETS, STEEPEST, Blend, Linear, Weights
from storywatch.encode import load_weights

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from storywatch.core.weights import Forest

NAMES = ("first", "second", "third", "fourth", "fifth")
TREES, LEAF = 12, 3


def a_sample(count: int = 300) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Random rows; whether a row is positive hangs on two features together, and a little on chance."""
    dice = np.random.default_rng(11)
    rows = dice.standard_normal((count, len(NAMES)))
    rows[:, 2] = np.round(rows[:, 2])  # as counts are
    labels = rows[:, 0] * rows[:, 2] + 0.3 * dice.standard_normal(count) > 0
    return rows, labels, dice.uniform(0.2, 1.0, count)


def a_forest() -> Forest:
    rows, labels, weights = a_sample()
    return forest(NAMES, rows, labels, weights=weights, trees=TREES, leaf=LEAF)


def test_our_trees_answer_as_the_library_that_grew_them() -> None:
    """On rows of the sample and on others: the flat arrays are the library's own trees."""
    rows, labels, weights = a_sample()
    model = ExtraTreesClassifier(
        n_estimators=TREES, min_samples_leaf=LEAF, max_features=FEATURES_TRIED, random_state=SEED
    )
    model.fit(rows.astype(np.float32), labels, sample_weight=weights)
    others = np.random.default_rng(12).normal(0, 3, (500, len(NAMES)))
    grown = a_forest()
    for asked in (rows, others):
        assert grown.chances(asked) == pytest.approx(model.predict_proba(asked.astype(np.float32))[:, 1], abs=1e-6)
    assert np.ptp(grown.chances(others)) > 0.3


def test_our_boosted_trees_answer_as_the_library_that_grew_them() -> None:
    """On rows of the sample and on others, and the steps lead from the base to the answer."""
    rows, labels, weights = a_sample()
    model = booster()
    model.fit(rows.astype(np.float32), labels, sample_weight=weights)
    others = np.random.default_rng(12).normal(0, 3, (500, len(NAMES)))
    grown = boosted(NAMES, rows, labels, weights=weights)
    for asked in (rows, others):
        wanted = np.clip(model.decision_function(asked.astype(np.float32)), -STEEPEST, STEEPEST)
        assert grown.logits(asked) == pytest.approx(wanted, abs=1e-5)
    assert np.ptp(grown.logits(others)) > 1
    for row in rows[:20]:
        assert grown.base + grown.steps(row).sum() == pytest.approx(grown.logits(row[None, :])[0], abs=1e-5)


def test_what_moved_a_grown_forest_adds_up() -> None:
    """The steps down its trees lead from the share of positives to the answer; what was never asked moved nothing."""
    rows, labels, weights = a_sample()
    idle = rows.copy()
    idle[:, 4] = 0.0
    grown = forest(NAMES, idle, labels, weights=weights, trees=TREES, leaf=LEAF)
    base = float(grown.value[grown.roots].mean(dtype=np.float64))
    for row in rows[:20]:
        moved = grown.steps(row) / TREES
        assert base + moved.sum() == pytest.approx(grown.chances(row[None, :])[0], abs=1e-6)
        assert moved[4] == 0.0


def a_line(names: tuple[str, ...], seed: int) -> Linear:
    dice = np.random.default_rng(seed)
    mean, weight = dice.standard_normal(len(names)), dice.standard_normal(len(names))
    return Linear(names=names, mean=mean, scale=dice.uniform(0.5, 2, len(names)), weight=weight, bias=0.25)


def learnt_weights() -> Weights:
    """Weights with all that training may give them."""
    weights = plain_weights()
    table = np.random.default_rng(1).integers(0, 400, BUCKETS).astype(np.uint16)
    return replace(
        weights,
        novelty=Blend(
            linear=a_line(NAMES, 2), trees=(a_forest(), boosted(NAMES, *a_sample()[:2], weights=a_sample()[2]))
        ),
        priors=replace(weights.priors, articles=400, frequency=table),
        entry_words=a_line(("words_top", "names_any"), 3),
        entry=a_line(("own_most", "lead_best"), 4),
    )


def test_weights_survive_their_files(tmp_path: Path) -> None:
    """What training saves, trees and table of words and glances too, is what the matcher reads."""
    weights = learnt_weights()
    save_weights(weights, tmp_path / "out")
    again = load_weights(tmp_path / "out")
    rows = np.random.default_rng(5).standard_normal((40, len(NAMES)))
    assert again.novelty.names == NAMES
    assert len(again.novelty.trees) == 2
    for mine, its in zip(weights.novelty.trees, again.novelty.trees, strict=True):
        assert np.array_equal(mine.logits(rows), its.logits(rows))
    assert again.novelty.logits(rows) == pytest.approx(weights.novelty.logits(rows), abs=1e-4)
    assert (again.relevance.trees, again.same.trees) == ((), ())
    assert again.priors.rarity("strike") == weights.priors.rarity("strike")
    assert np.array_equal(again.priors.frequency, weights.priors.frequency)
    for name in ("entry_words", "entry"):
        saved, read = getattr(weights, name), getattr(again, name)
        assert read.names == saved.names
        pair = dict(zip(read.names, (0.3, -0.7), strict=True))
        assert read.logit(pair) == pytest.approx(saved.logit(pair), abs=1e-4)
    assert (asdict(again.cuts), again.provenance) == (asdict(weights.cuts), weights.provenance)


def test_weights_without_trees_table_or_glance_survive_too(tmp_path: Path) -> None:
    """What is not there is not there afterwards, and hinders nobody from reading the rest."""
    weights = plain_weights()
    weights = replace(weights, entry=None, priors=replace(weights.priors, articles=0, frequency=None))
    save_weights(weights, tmp_path)
    again = load_weights(tmp_path)
    assert (again.novelty.trees, again.entry_words, again.entry) == ((), None, None)
    assert (again.priors.frequency, again.priors.share("strike")) == (None, 0.0)
    features = dict.fromkeys(weights.novelty.names, 0.4)
    assert again.novelty.logit(features) == pytest.approx(weights.novelty.logit(features), abs=1e-4)


def test_the_same_weights_give_the_same_files(tmp_path: Path) -> None:
    """Training twice leaves nothing to commit; nor does reading and saving."""
    save_weights(learnt_weights(), tmp_path / "one")
    save_weights(load_weights(tmp_path / "one"), tmp_path / "two")
    for name in ("weights.json", "priors.npz"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
