"""What each kind of evidence is worth, and each further stream: the matcher learnt without it, on the same streams left out.

Only what decides is learnt anew: rows of the walks along own decisions come from the whole matcher. Scores are cut again at the cut that
suits the other folds, and are not walked again with it; the line of the whole matcher is measured in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import mean
from typing import TYPE_CHECKING

import fit
import numpy as np
from fit import taken_of
from judged_by import cuts_of, in_folds, learn_from
from learn import GRID, f1_by_cut, walk
from scoring import score

from storywatch.core.wording import NOVELTY, RELEVANCE
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crew import Crew
    from judged_by import Fold
    from learn import Decisions
    from observe import Glimpse, Row, Seen
    from streams import Stream

    from storywatch.core.weights import Weights
    from storywatch.core.wording import Evidence
    from storywatch.ports import Encoder

SEED = 11  # of the draws
FEWEST = 2  # streams to learn from
EVERYTHING = "everything"
OTHER = "other"  # features that no evidence tells
Stacked = list[tuple["Row", dict[str, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One kind of evidence of one question, and the features behind it."""

    name: str
    features: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Means over the streams: development F1 with the cut that suits the others and with the best in hindsight, relevance F1."""

    name: str
    tuned: float
    hindsight: float
    relevance: float
    least: float  # the tuned development F1 of the worst stream


# --------------------------------------------------------------------------- evidence removed


def ablate(streams: Sequence[Stream], crew: Crew, *, folds: int) -> list[Compared]:
    """The whole matcher first, then each kind of evidence removed: from relevance and the glance, then from novelty."""
    parts = in_folds(streams, folds)
    walked = crew.map(_walk_without_each, parts, doing="folds learnt without each evidence")
    return [_compared(name, parts, [each[name] for each in walked]) for name in walked[0]]


def _walk_without_each(fold: Fold, encoder: Encoder) -> dict[str, list[Decisions]]:
    seen, weights = learn_from(fold.rest, encoder)
    return {
        name: [walk(stream, encoder, changed) for stream in fold.held] for name, changed in without_each(seen, weights)
    }


def without_each(seen: Sequence[Seen], weights: Weights) -> Iterator[tuple[str, Weights]]:
    """The weights as they are, then learnt from the same rows with one kind of evidence removed."""
    yield EVERYTHING, weights
    row = seen[0].rows[0]
    for removal in _removals(RELEVANCE, row.relevance):
        yield f"relevance: {removal.name}", without_relevance(seen, weights, removal.features)
    stacked = _stacked(seen, weights)
    for removal in _removals(NOVELTY, stacked[0][1]):
        yield f"novelty: {removal.name}", without_novelty(stacked, weights, removal.features)


def _removals(evidence: Sequence[Evidence], features: dict[str, float]) -> list[Removal]:
    """One for each kind whose features are there, and one for the features of no kind."""
    named = [Removal(name=one.name, features=frozenset(one.features) & features.keys()) for one in evidence]
    rest = frozenset(features).difference(*(one.features for one in named)) - {"relevance"}
    return [one for one in (*named, Removal(name=OTHER, features=rest)) if one.features]


def without_relevance(seen: Sequence[Seen], weights: Weights, features: frozenset[str]) -> Weights:
    """The models that tell what is about the story, an entry's two lines included, without these features."""
    less = [_less(one, features) for one in seen]
    return replace(
        weights,
        relevance=fit.fit_relevance(less),
        entry_words=fit.fit_entry(less, "words"),
        entry=fit.fit_entry(less, "evidence"),
    )


def _less(one: Seen, features: frozenset[str]) -> Seen:
    def strip(rows: Sequence[Row]) -> list[Row]:
        return [replace(row, relevance=_dropped(row.relevance, features)) for row in rows]

    def dim(glimpse: Glimpse) -> Glimpse:
        words, evidence = _dropped(glimpse.words, features), _dropped(glimpse.evidence, features)
        return replace(glimpse, words=words, evidence=evidence)

    return replace(
        one, rows=strip(one.rows), extra=strip(one.extra), own=strip(one.own), glances=list(map(dim, one.glances))
    )


def _dropped(figures: dict[str, float], features: frozenset[str]) -> dict[str, float]:
    return {name: figure for name, figure in figures.items() if name not in features}


def without_novelty(stacked: Stacked, weights: Weights, features: frozenset[str]) -> Weights:
    """The model that tells what is new without these features."""
    return replace(weights, novelty=fit.fit_novelty([(row, _dropped(figures, features)) for row, figures in stacked]))


def _stacked(seen: Sequence[Seen], weights: Weights) -> Stacked:
    """The rows that `fit.fit` learns from what is new: each with the answers of smaller models that did not know its stream."""
    found: Stacked = []
    for at in range(min(fit.FOLDS, len(seen))):
        held = seen[at :: fit.FOLDS]
        small = fit.fit_small([one for one in seen if one not in held] or held, weights.priors)
        found += [(row, fit.stack(row, small)) for one in held for row in taken_of(one)]
    return found


# --------------------------------------------------------------------------- the number of streams


def learning_curve(streams: Sequence[Stream], crew: Crew, *, folds: int, sizes: Sequence[int]) -> list[Compared]:
    """The matcher learnt from so many streams of the other folds, drawn by chance, and from all of them.

    The larger draw of a fold holds the smaller one. Raises `StorywatchError` where a fold does not leave so many.
    """
    parts = in_folds(streams, folds)
    most = min(len(fold.rest) for fold in parts)
    for size in sizes:
        if not FEWEST <= size <= most:
            message = (
                f"--curve: {size} is not between {FEWEST} and {most}, the streams that a fold leaves to learn from"
            )
            raise StorywatchError(message)
    drawn = [(size, [_draw(fold, number, size) for number, fold in enumerate(parts)]) for size in sizes]
    rows = [*((f"{size} streams", folded) for size, folded in drawn), (EVERYTHING, parts)]
    walked = iter(crew.map(_walk_held, [fold for _, folded in rows for fold in folded], doing="draws learnt"))
    return [_compared(name, parts, [next(walked) for _ in folded]) for name, folded in rows]


def _draw(fold: Fold, number: int, size: int) -> Fold:
    order = np.random.default_rng([SEED, number]).permutation(len(fold.rest))[:size]
    return replace(fold, rest=tuple(fold.rest[at] for at in sorted(order.tolist())))


def _walk_held(fold: Fold, encoder: Encoder) -> list[Decisions]:
    _, weights = learn_from(fold.rest, encoder)
    return [walk(stream, encoder, weights) for stream in fold.held]


# --------------------------------------------------------------------------- figures and printing


def _compared(name: str, folds: Sequence[Fold], walked: Sequence[Sequence[Decisions]]) -> Compared:
    pairs = [list(zip(fold.held, decisions, strict=True)) for fold, decisions in zip(folds, walked, strict=True)]
    tuned, best, about = [], [], []
    for mine, cuts in zip(pairs, cuts_of(pairs), strict=True):
        for stream, decisions in mine:
            by_cut = f1_by_cut(stream, decisions, usual=cuts.usual)
            tuned.append(by_cut[int(abs(GRID - cuts.development).argmin())])
            best.append(max(f1_by_cut(stream, decisions)))
            about.append(score(stream, [decision["verdict"] for decision in decisions]).relevance_f1)
    return Compared(name=name, tuned=mean(tuned), hindsight=mean(best), relevance=mean(about), least=min(tuned))


def print_compared(title: str, rows: Sequence[Compared]) -> None:
    """One line each; in brackets the difference from the whole matcher."""
    whole = next(row for row in rows if row.name == EVERYTHING)
    lines = [f"{title:28} {'dev F1 tuned':>16} {'in hindsight':>16} {'rel F1':>16}   worst stream"]
    for row in rows:
        cells = [
            f"{figure:.3f} ({figure - base:+.3f})"
            for figure, base in (
                (row.tuned, whole.tuned),
                (row.hindsight, whole.hindsight),
                (row.relevance, whole.relevance),
            )
        ]
        lines.append(f"{row.name:28} {' '.join(f'{cell:>16}' for cell in cells)} {row.least:14.3f}")
    print("\n".join(lines))  # noqa: T201  it is a command


def parse_sizes(text: str) -> list[int]:
    """`3,6,12` as numbers, the smallest first. Raises ValueError."""
    return sorted({int(part) for part in text.split(",")})
