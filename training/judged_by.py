"""By which weights a stream is judged when the matcher is measured: those in the package, or some that don't know it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fit import fit
from learn import choose_cuts, look_along, walk
from observe import feed_only, priors_from

from storywatch.core.weights import shipped_weights
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crew import Crew
    from learn import Decisions
    from observe import Seen
    from streams import Labelled, Stream

    from storywatch.core.weights import Cuts, Weights
    from storywatch.ports import Encoder

Judges = list[tuple["Stream", "Weights"]]
FEWEST_FOLDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Streams that are left out together, and those that are learnt from instead."""

    held: tuple[Stream, ...]
    rest: tuple[Stream, ...]


def in_folds(streams: Sequence[Stream], count: int) -> list[Fold]:
    """Every count-th stream together; as many folds as streams at the most. Raises `StorywatchError` below two."""
    count = min(count, len(streams))
    if count < FEWEST_FOLDS:
        message = "leaving streams out takes two streams and two folds at least; --shipped measures the weights in the package"
        raise StorywatchError(message)
    return [
        Fold(
            held=tuple(streams[at::count]),
            rest=tuple(stream for number, stream in enumerate(streams) if number % count != at),
        )
        for at in range(count)
    ]


def shipped(streams: Sequence[Stream]) -> Judges:
    """The weights in the package; streams named in their provenance are known to them."""
    return [(stream, shipped_weights()) for stream in streams]


def left_out(streams: Sequence[Stream], crew: Crew, *, folds: int) -> Judges:
    """Weights, priors and cut for each stream from streams of the other folds; in the order of the streams.

    Nothing behind the weights saw a stream of their fold: neither priors nor the rows of the walks. The cut is
    the one that is best on the other folds' streams, each walked by the weights that did not know it.
    """
    parts = in_folds(streams, folds)
    learnt = crew.map(_learn_and_walk, parts, doing="folds learnt")
    walked = [list(zip(fold.held, decisions, strict=True)) for fold, (_, decisions) in zip(parts, learnt, strict=True)]
    found: dict[str, Weights] = {}
    for fold, (weights, _), cuts in zip(parts, learnt, cuts_of(walked), strict=True):
        judge = replace(weights, cuts=cuts)
        found |= {stream.name: judge for stream in fold.held}
    return [(stream, found[stream.name]) for stream in streams]


def cuts_of(walked: Sequence[Sequence[tuple[Stream, Decisions]]]) -> list[Cuts]:
    """For each fold the cuts that are best on the walks of the others."""
    return [choose_cuts([pair for other in walked if other is not mine for pair in other]) for mine in walked]


def learn_from(streams: Sequence[Stream], encoder: Encoder) -> tuple[list[Seen], Weights]:
    """All rows of these streams, and the weights that are learnt from them alone."""
    seen = look_along(streams, encoder)
    return seen, fit(seen, priors_from(streams, encoder))


def _learn_and_walk(fold: Fold, encoder: Encoder) -> tuple[Weights, list[Decisions]]:
    _, weights = learn_from(fold.rest, encoder)
    return weights, [walk(stream, encoder, weights) for stream in fold.held]


def cut_short(judges: Judges) -> Judges:
    """The same with each item cut to title and summary, as where no page can be had."""
    return [(replace(stream, items=tuple(map(_cut, stream.items))), weights) for stream, weights in judges]


def _cut(labelled: Labelled) -> Labelled:
    return replace(labelled, item=replace(labelled.item, article=feed_only(labelled.article)))
