"""By which weights a stream is judged when the matcher is measured: those in the package, or some that don't know it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from learn import choose_cut, held_out, look_along, walk
from observe import feed_only

from storywatch.core.weights import shipped_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams import Labelled, Stream

    from storywatch.core.weights import Weights
    from storywatch.ports import Encoder

Judges = list[tuple["Stream", "Weights"]]


def shipped(streams: Sequence[Stream]) -> Judges:
    """The weights in the package; streams named in their provenance are known to them."""
    return [(stream, shipped_weights()) for stream in streams]


def left_out(streams: Sequence[Stream], encoder: Encoder) -> Judges:
    """Weights, priors and cut for each stream from streams of the other folds; in the order of the streams."""
    walked = [
        (one.stream, weights, walk(one.stream, encoder, weights))
        for one, weights in held_out(look_along(streams, encoder), encoder)
    ]
    found: dict[str, Weights] = {}
    for stream, weights, _ in walked:
        cut = choose_cut([(other, decisions) for other, _, decisions in walked if other is not stream])
        found[stream.name] = replace(weights, cuts=replace(weights.cuts, development=cut))
    return [(stream, found[stream.name]) for stream in streams]


def cut_short(judges: Judges) -> Judges:
    """The same with each item cut to title and summary, as where no page can be had."""
    return [(replace(stream, items=tuple(map(_cut, stream.items))), weights) for stream, weights in judges]


def _cut(labelled: Labelled) -> Labelled:
    return replace(labelled, item=replace(labelled.item, article=feed_only(labelled.article)))
