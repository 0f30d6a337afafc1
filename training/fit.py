"""From rows to weights: four logistic models and two directions. scikit-learn is needed here and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from storywatch.core.novelty import TELLING_FIGURES, stacked_features
from storywatch.core.pairs import FIGURES
from storywatch.core.weights import Cuts, Linear, Priors, Weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from observe import Row, Seen

FOLDS = 4  # the smaller models answer for streams that they were not trained on
LAST_PAIRS = 50
HARD_NEGATIVES = 0.15  # the weight of off-topic articles when learning what is new
DEFAULT_CUTS = Cuts(about=0.5, development=0.4, possible=0.15)
IGNORED_NOVELTY: frozenset[str] = frozenset({"language_known", "reports_all", "same_language"})
IGNORED_RELEVANCE: frozenset[str] = frozenset({"same_language"})


def fit(seen: Sequence[Seen], priors: Priors, *, cuts: Cuts = DEFAULT_CUTS) -> Weights:
    """All weights from these streams."""
    small = fit_small(seen, priors)
    stacked: list[tuple[Row, dict[str, float]]] = []
    groups = [[one for number, one in enumerate(seen) if number % FOLDS == fold] for fold in range(min(FOLDS, len(seen)))]
    for group in groups:
        rest = [one for one in seen if one not in group] or list(group)
        inner = fit_small(rest, priors)
        stacked += [(row, stack(row, inner)) for one in group for row in one.rows]
    return replace(small, relevance=fit_relevance(seen), novelty=fit_novelty(stacked), cuts=cuts)


def fit_small(seen: Sequence[Seen], priors: Priors) -> Weights:
    """The models that novelty builds on."""
    rows = [row for one in seen for row in one.rows if row.relevant]
    background = _direction(rows, np.array([row.labelled.role == "background" for row in rows]))
    fresh = _direction(rows, np.array([row.fresh for row in rows]))
    nothing = Linear(names=(), mean=np.zeros(0), scale=np.ones(0), weight=np.zeros(0), bias=0.0)
    return Weights(
        relevance=nothing,
        same=fit_same(rows),
        telling=fit_telling(rows),
        novelty=nothing,
        cuts=DEFAULT_CUTS,
        priors=replace(priors, background=background, fresh=fresh),
    )


def stack(row: Row, small: Weights) -> dict[str, float]:
    """The row's features of novelty with the small models' answers in them."""
    same = 1 / (1 + np.exp(-np.clip(small.same.logits(row.pairs), -40, 40))) if len(row.pairs) else np.zeros(0)
    telling = 1 / (1 + np.exp(-np.clip(small.telling.logits(row.sentences), -40, 40)))
    genre = (float(small.priors.background @ row.genre), float(small.priors.fresh @ row.genre))
    return {**row.novelty, **stacked_features(same, row.ages, telling=telling, genre=genre)}


def fit_same(rows: Sequence[Row]) -> Linear:
    """Do two articles report the same development?"""
    paired = [row for row in rows if len(row.pairs)]
    figures = np.concatenate([row.pairs[-LAST_PAIRS:] for row in paired])
    labels = np.concatenate([row.same[-LAST_PAIRS:] for row in paired])
    counts = np.concatenate([np.full(len(row.pairs[-LAST_PAIRS:]), len(row.pairs[-LAST_PAIRS:]) ** -0.5) for row in paired])
    return logistic(FIGURES, figures, labels, weights=counts, strength=0.05)


def fit_telling(rows: Sequence[Row]) -> Linear:
    """Does a sentence tell what is new? From streams that name such sentences."""
    useful = [row for row in rows if not row.fresh or row.telling.any()]
    figures = np.concatenate([row.sentences for row in useful])
    labels = np.concatenate([row.telling for row in useful])
    return logistic(TELLING_FIGURES, figures, labels, weights=np.ones(len(labels)), strength=0.3)


def fit_relevance(seen: Sequence[Seen]) -> Linear:
    """Is an article about the story?"""
    rows = [row for one in seen for row in (*one.rows, *one.extra)]
    names = tuple(name for name in rows[0].relevance if name not in IGNORED_RELEVANCE)
    figures = np.array([[row.relevance[name] for name in names] for row in rows])
    labels = np.array([row.relevant for row in rows])
    return logistic(names, figures, labels, weights=np.array([row.weight for row in rows]), strength=0.3)


def fit_novelty(stacked: Sequence[tuple[Row, dict[str, float]]]) -> Linear:
    """Does an article report something new?"""
    names = tuple(name for name in stacked[0][1] if name not in IGNORED_NOVELTY and name != "relevance")
    figures = np.array([[features[name] for name in names] for _, features in stacked])
    labels = np.array([row.fresh for row, _ in stacked])
    weights = np.array([1.0 if row.relevant else HARD_NEGATIVES for row, _ in stacked])
    return logistic(names, figures, labels, weights=weights, strength=0.1)


def logistic(
    names: tuple[str, ...], figures: np.ndarray, labels: np.ndarray, *, weights: np.ndarray, strength: float
) -> Linear:
    """A logistic regression as plain weights."""
    mean, scale = figures.mean(axis=0), figures.std(axis=0)
    scale = np.where(scale < 1e-6, 1.0, scale)
    model = LogisticRegression(C=strength, max_iter=2000).fit(np.clip((figures - mean) / scale, -8, 8), labels, weights)
    return Linear(names=names, mean=mean, scale=scale, weight=model.coef_[0], bias=float(model.intercept_[0]))


def _direction(rows: Sequence[Row], labels: np.ndarray) -> np.ndarray:
    figures = np.stack([row.genre for row in rows])
    model = LogisticRegression(C=1.0, max_iter=1000).fit(figures, labels)
    return model.coef_[0].astype(np.float16).astype(np.float32)
