"""From rows to weights: logistic models, trees and two directions. The package itself needs no scikit-learn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.optimize import minimize
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from storywatch.core.novelty import TELLING_FIGURES, stacked_features
from storywatch.core.pairs import FIGURES
from storywatch.core.weights import Blend, Boosted, Cuts, Forest, Linear, Priors, Weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from observe import Row, Seen

FOLDS = 4  # the smaller models answer for streams that they were not trained on
LAST_PAIRS = 30
TREES = 200
FEATURES_TRIED = 0.3  # of the features, at each split
ROUNDS, PACE, LEAVES, SHRINKING, FEATURES_BOOSTED = 300, 0.03, 15, 5.0, 0.2
SEED = 7
PASSED = {"words": 0.99, "evidence": 0.995}  # of relevant entries
STRAYS = 1.5  # the weight of articles wrongly taken as relevant, when learning what is new
SHORT = 0.25  # the weight of items of which only the feed's lines are had, when learning what is new
EXTRA = 0.6  # the weight of cold starts, feed texts and strangers, when learning what is relevant
DEFAULT_CUTS = Cuts(about=0.45, development=0.4, possible=0.15)

SMALL = 1e-6
CLIP = 8.0
NOVELTY_SIGNS = dict.fromkeys(
    [
        "title_nearest",
        "lead_nearest",
        "head_nearest",
        "body_nearest",
        "body_least",
        "body_low",
        "late_least",
        "title_recent",
        "lead_recent",
        "body_recent",
        "covered_best",
        "covered_recent",
        "covered_low",
        "copied_recent",
        "lead_most",
        "lead_old",
        "same_most",
        "same_top",
        "same_recent",
        "same_old",
        "genre_background",
        "background_title",
        "background_summary",
        "live",
        "stale",
        "lead_unusual",
        "title_unusual",
    ],
    -1,
) | dict.fromkeys(
    [
        "body_new",
        "new_and_close",
        "new_and_close_title",
        "new_and_close_lead",
        "new_and_close_mean",
        "telling_most",
        "telling_two",
        "telling_head",
        "telling_sum",
        "genre_fresh",
        "new_names_head",
        "new_names",
        "new_names_share",
        "new_numbers_head",
        "new_numbers",
        "new_numbers_large",
        "changed_numbers",
        "dated_and_new",
        "names_and_close",
        "same_none",
        "silence",
        "silence_unusual",
    ],
    1,
)


def fit(seen: Sequence[Seen], priors: Priors, *, cuts: Cuts = DEFAULT_CUTS) -> Weights:
    """All weights from these streams."""
    stacked: list[tuple[Row, dict[str, float]]] = []
    for fold in range(min(FOLDS, len(seen))):
        held = seen[fold::FOLDS]
        inner = fit_small([one for one in seen if one not in held] or held, priors)
        stacked += [(row, stack(row, inner)) for one in held for row in taken_of(one)]
    return replace(
        fit_small(seen, priors),
        relevance=fit_relevance(seen),
        novelty=fit_novelty(stacked),
        cuts=cuts,
        entry_words=fit_entry(seen, "words"),
        entry=fit_entry(seen, "evidence"),
    )


def taken_of(one: Seen) -> list[Row]:
    """What is asked for something new: the relevant, and the strays that the matcher itself takes for relevant."""
    return [*(row for row in one.rows if row.relevant), *(row for row in one.own if row.novelty), *one.short]


def fit_small(seen: Sequence[Seen], priors: Priors) -> Weights:
    """The models that novelty builds on."""
    rows = [row for one in seen for row in one.rows if row.relevant]
    background = _direction(rows, np.array([row.labelled.role == "background" for row in rows]))
    fresh = _direction(rows, np.array([row.fresh for row in rows]))
    nothing = Linear(names=(), mean=np.zeros(0), scale=np.ones(0), weight=np.zeros(0), bias=0.0)
    return Weights(
        relevance=Blend(linear=nothing),
        same=fit_same(rows),
        telling=fit_telling(rows),
        novelty=Blend(linear=nothing),
        cuts=DEFAULT_CUTS,
        priors=replace(priors, background=background, fresh=fresh),
    )


def stack(row: Row, small: Weights) -> dict[str, float]:
    """The row's features of novelty with the small models' answers in them."""
    same = 1 / (1 + np.exp(-np.clip(small.same.logits(row.pairs), -40, 40))) if len(row.pairs) else np.zeros(0)
    telling = 1 / (1 + np.exp(-np.clip(small.telling.logits(row.sentences), -40, 40)))
    genre = (float(small.priors.background @ row.genre), float(small.priors.fresh @ row.genre))
    return {
        **row.novelty,
        **stacked_features(same, row.ages, told=row.told, doubts=row.doubts, telling=telling, genre=genre),
    }


def fit_same(rows: Sequence[Row]) -> Blend:
    """Do two articles report the same development?"""
    paired = [row for row in rows if len(row.pairs)]
    figures = np.concatenate([row.pairs[-LAST_PAIRS:] for row in paired])
    labels = np.concatenate([row.same[-LAST_PAIRS:] for row in paired])
    counts = np.concatenate(
        [np.full(len(row.pairs[-LAST_PAIRS:]), len(row.pairs[-LAST_PAIRS:]) ** -0.5) for row in paired]
    )
    linear = logistic(FIGURES, figures, labels, weights=counts, strength=0.05)
    return Blend(linear=linear, trees=(forest(FIGURES, figures, labels, weights=counts, trees=40, leaf=40),))


def fit_telling(rows: Sequence[Row]) -> Linear:
    """Does a sentence tell what is new? From streams that name such sentences."""
    useful = [row for row in rows if not row.fresh or row.telling.any()]
    figures = np.concatenate([row.sentences for row in useful])
    labels = np.concatenate([row.telling for row in useful])
    return logistic(TELLING_FIGURES, figures, labels, weights=np.ones(len(labels)), strength=0.3)


def fit_relevance(seen: Sequence[Seen]) -> Blend:
    """Is an article about the story?"""
    rows = [row for one in seen for row in (*one.rows, *one.extra, *one.own)]
    names = tuple(rows[0].relevance)
    figures = np.array([[row.relevance[name] for name in names] for row in rows])
    labels = np.array([row.relevant for row in rows])
    counts = [((1.0, len(one.rows)), (EXTRA, len(one.extra)), (1.0, len(one.own))) for one in seen]
    weights = np.concatenate([np.full(count, weight) for parts in counts for weight, count in parts])
    linear = logistic(names, figures, labels, weights=weights, strength=0.3)
    return Blend(linear=linear, trees=(forest(names, figures, labels, weights=weights, trees=TREES, leaf=6),))


def fit_entry(seen: Sequence[Seen], kind: Literal["words", "evidence"]) -> Linear:
    """Could an entry be about the story? Lenient: the bias is moved until nearly all relevant entries pass."""
    glimpses = [glimpse for one in seen for glimpse in one.glances]
    names = tuple(getattr(glimpses[0], kind))
    figures = np.array([[getattr(glimpse, kind)[name] for name in names] for glimpse in glimpses])
    labels = np.array([glimpse.relevant for glimpse in glimpses])
    model = logistic(names, figures, labels, weights=np.ones(len(labels)), strength=0.1)
    wanted = float(np.quantile(model.logits(figures)[labels], 1 - PASSED[kind]))
    return replace(model, bias=model.bias - wanted)


def fit_novelty(stacked: Sequence[tuple[Row, dict[str, float]]]) -> Blend:
    """Does an article report something new?"""
    names = tuple(name for name in stacked[0][1] if name != "relevance")
    figures = np.array([[features[name] for name in names] for _, features in stacked])
    labels = np.array([row.fresh for row, _ in stacked])
    weights = np.array([_weight(row) for row, _ in stacked])
    linear = logistic(names, figures, labels, weights=weights, strength=0.1, signs=NOVELTY_SIGNS)
    grown = forest(names, figures, labels, weights=weights, trees=TREES, leaf=4)
    return Blend(linear=linear, trees=(grown, boosted(names, figures, labels, weights=weights)))


def _weight(row: Row) -> float:
    if not row.relevant:
        return STRAYS
    return SHORT if row.novelty["feed_only"] else 1.0


def forest(
    names: tuple[str, ...], figures: np.ndarray, labels: np.ndarray, *, weights: np.ndarray, trees: int, leaf: int
) -> Forest:
    """Extremely randomised trees (Geurts et al. 2006) as flat arrays; `leaf` rows at least end in each leaf."""
    model = ExtraTreesClassifier(
        n_estimators=trees, min_samples_leaf=leaf, max_features=FEATURES_TRIED, random_state=SEED
    )
    model.fit(figures.astype(np.float32), labels, sample_weight=weights)
    grown = [one.tree_ for one in model.estimators_]
    sizes = [one.node_count for one in grown]
    roots = np.cumsum([0, *sizes[:-1]])
    inner = [one.children_left >= 0 for one in grown]
    shares = [one.value[:, 0, 1] / one.value[:, 0, :].sum(axis=1) for one in grown]
    return Forest(
        names=names,
        roots=roots,
        feature=np.concatenate([np.where(keep, one.feature, 0) for one, keep in zip(grown, inner, strict=True)]).astype(
            np.int16
        ),
        threshold=np.concatenate(
            [np.where(keep, one.threshold, 0) for one, keep in zip(grown, inner, strict=True)]
        ).astype(np.float32),
        left=np.concatenate(
            [np.where(keep, one.children_left + root, 0) for one, keep, root in zip(grown, inner, roots, strict=True)]
        ).astype(np.int32),
        right=np.concatenate(
            [np.where(keep, one.children_right + root, 0) for one, keep, root in zip(grown, inner, roots, strict=True)]
        ).astype(np.int32),
        value=np.concatenate(shares).astype(np.float32),
    )


def booster() -> HistGradientBoostingClassifier:
    """The library's own trees, not yet fitted."""
    return HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        learning_rate=PACE,
        max_leaf_nodes=LEAVES,
        l2_regularization=SHRINKING,
        max_features=FEATURES_BOOSTED,
        early_stopping=False,
        random_state=SEED,
    )


def boosted(names: tuple[str, ...], figures: np.ndarray, labels: np.ndarray, *, weights: np.ndarray) -> Boosted:
    """Boosted trees on histograms (Ke et al. 2017) as flat arrays, each split choosing from some of the features."""
    model = booster()
    model.fit(figures.astype(np.float32), labels, sample_weight=weights)
    grown = [one.nodes for [one] in model._predictors]  # noqa: SLF001  - the trees are offered nowhere else
    sizes = [len(one) for one in grown]
    roots = np.cumsum([0, *sizes[:-1]])
    nodes = np.concatenate(grown)
    inner = nodes["is_leaf"] == 0
    starts = np.repeat(roots, sizes)
    return Boosted(
        names=names,
        roots=roots,
        feature=np.where(inner, nodes["feature_idx"], 0).astype(np.int16),
        threshold=np.where(inner, nodes["num_threshold"], 0).astype(np.float32),
        left=np.where(inner, nodes["left"] + starts, 0).astype(np.int32),
        right=np.where(inner, nodes["right"] + starts, 0).astype(np.int32),
        value=(nodes["value"] * np.where(inner, PACE, 1)).astype(np.float32),  # scikit-learn slows the leaves alone
        base=float(model._baseline_prediction.ravel()[0]),  # noqa: SLF001
    )


def logistic(
    names: tuple[str, ...],
    figures: np.ndarray,
    labels: np.ndarray,
    *,
    weights: np.ndarray,
    strength: float,
    signs: Mapping[str, int] | None = None,
) -> Linear:
    """A logistic regression as plain weights; `signs` names features that may pull one way only.

    With signs the weights stay readable, and two features that say the same never pull against each other.
    """
    mean, scale = figures.mean(axis=0), figures.std(axis=0)
    scale = np.where(scale < SMALL, 1.0, scale)
    rows = np.clip((figures - mean) / scale, -CLIP, CLIP)
    target = labels.astype(np.float64)

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        logits = rows @ at[:-1] + at[-1]
        chances = 1 / (1 + np.exp(-np.clip(logits, -40, 40)))
        value = (weights * (np.logaddexp(0, logits) - target * logits)).sum() + (at[:-1] ** 2).sum() / (2 * strength)
        slope = weights * (chances - target)
        return float(value), np.append(rows.T @ slope + at[:-1] / strength, slope.sum())

    ways = [(signs or {}).get(name, 0) for name in names]
    bounds = [(0 if way > 0 else None, 0 if way < 0 else None) for way in ways] + [(None, None)]
    found = minimize(
        loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 3000}
    ).x
    return Linear(names=names, mean=mean, scale=scale, weight=found[:-1], bias=float(found[-1]))


def _direction(rows: Sequence[Row], labels: np.ndarray) -> np.ndarray:
    figures = np.stack([row.genre for row in rows])
    model = LogisticRegression(C=1.0, max_iter=1000).fit(figures, labels)
    return model.coef_[0].astype(np.float16).astype(np.float32)
