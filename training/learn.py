"""The whole of learning: look along the streams, learn, walk along them alone, learn again, choose the cuts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from fit import DEFAULT_CUTS, FOLDS, fit
from observe import Seen, begin, observe, observe_own, priors_from
from scoring import score

from storywatch.core.level import height_of, shift_of
from storywatch.core.model import Label
from storywatch.core.weights import logit_of, probability
from storywatch.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams import Stream

    from storywatch.core.weights import Cuts, Weights
    from storywatch.ports import Encoder

WALKS = 2  # along the matcher's own decisions
GRID = np.arange(0.1, 0.8, 0.02)
SMOOTH = 5
Decisions = list[dict[str, Any]]


def train(streams: Sequence[Stream], encoder: Encoder) -> Weights:
    """The weights to ship, learnt on all streams, with where they come from."""
    seen = look_along(streams, encoder)
    walked = [(one.stream, walk(one.stream, encoder, weights)) for one, weights in held_out(seen, encoder)]
    weights = fit(seen, priors_from(streams, encoder), cuts=choose_cuts(walked))
    provenance = {
        "encoder": encoder.name,
        "streams": [stream.name for stream in streams],
        "items": sum(len(stream.items) for stream in streams),
        "developments": sum(len(stream.developments) for stream in streams),
    }
    return replace(weights, provenance=provenance)


def look_along(streams: Sequence[Stream], encoder: Encoder) -> list[Seen]:
    """The rows of all streams, those of the matcher's own walks included, each by weights that did not know it.

    The first walk is by weights that have never seen a wrong decision, the second by some that have; the rows of both
    are kept (Ross et al. 2011).
    """
    seen = [observe(stream, streams, encoder, priors=priors_without(streams, [stream], encoder)) for stream in streams]
    for _ in range(WALKS):
        walked = [observe_own(one.stream, encoder, weights) for one, weights in held_out(seen, encoder)]
        for one, rows in zip(_in_folds(seen), walked, strict=True):
            one.own = [*one.own, *rows]
    return seen


def held_out(seen: Sequence[Seen], encoder: Encoder) -> list[tuple[Seen, Weights]]:
    """Each stream with weights learnt on the streams of the other folds."""
    found: list[tuple[Seen, Weights]] = []
    for fold in range(min(FOLDS, len(seen))):
        held = list(seen[fold::FOLDS])
        rest = [one for one in seen if one not in held] or held
        priors = priors_without([one.stream for one in seen], [one.stream for one in held], encoder)
        weights = fit(rest, priors)
        found += [(one, weights) for one in held]
    return found


def _in_folds(seen: Sequence[Seen]) -> list[Seen]:
    return [one for fold in range(min(FOLDS, len(seen))) for one in seen[fold::FOLDS]]


def priors_without(streams: Sequence[Stream], held: Sequence[Stream], encoder: Encoder) -> Any:
    """Priors from the other streams; from all where no other is left."""
    return priors_from([stream for stream in streams if stream not in held] or streams, encoder)


def walk(stream: Stream, encoder: Encoder, weights: Weights) -> Decisions:
    """The matcher's decisions along a stream."""
    replay = Replay(story=begin(stream, encoder, weights), encoder=encoder)
    return [replay.decide(labelled.item) for labelled in stream.items]


def choose_cuts(walked: Sequence[tuple[Stream, Decisions]]) -> Cuts:
    """The cut that is best on these walks, where each story's own level moves it."""
    usual = usual_height(walked)
    return replace(DEFAULT_CUTS, development=choose_cut(walked, usual=usual), usual=usual, share=least_share(walked))


def least_share(walked: Sequence[tuple[Stream, Decisions]]) -> float:
    """The share of a story's articles that are called about it, the least of all stories."""
    shares = [np.mean([one["verdict"] != Label.OFF_TOPIC for one in decisions]) for _, decisions in walked]
    return round(float(min(shares)), 4)


def usual_height(walked: Sequence[tuple[Stream, Decisions]]) -> float:
    """How high the scores of a story go on average, in log-odds."""
    scored = [[decision["score"] for decision in decisions if decision["score"] > 0] for _, decisions in walked]
    return round(float(np.mean([height_of(scores) for scores in scored if scores])), 4)


def choose_cut(walked: Sequence[tuple[Stream, Decisions]], *, usual: float | None = None) -> float:
    """The score from which on alerts are best on average, smoothed over its neighbours."""
    mean = np.mean([f1_by_cut(stream, decisions, usual=usual) for stream, decisions in walked], axis=0)
    smooth = np.convolve(np.pad(mean, SMOOTH // 2, mode="edge"), np.ones(SMOOTH) / SMOOTH, "valid")
    return round(float(GRID[smooth.argmax()]), 2)


def f1_by_cut(stream: Stream, decisions: Decisions, *, usual: float | None = None) -> list[float]:
    """The development F1 that each cut of the grid would give; with `usual` it follows the story's level."""
    shifts = _levels(decisions, usual)
    return [
        score(stream, [_cut(decision, cut, shift) for decision, shift in zip(decisions, shifts, strict=True)]).f1
        for cut in GRID
    ]


def _levels(decisions: Decisions, usual: float | None) -> list[float]:
    past: list[float] = []
    shifts = []
    for decision in decisions:
        shifts.append(shift_of(past, usual))
        if decision["verdict"] != Label.OFF_TOPIC:
            past.append(decision["score"])
    return shifts


def _cut(decision: dict[str, Any], cut: float, shift: float) -> str:
    if decision["verdict"] == Label.OFF_TOPIC:
        return str(Label.OFF_TOPIC.value)
    moved = probability(logit_of(cut) + shift)
    return str((Label.DEVELOPMENT if decision["score"] >= moved else Label.REPEAT).value)
