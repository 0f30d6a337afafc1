"""How good the matcher is: each stream judged by weights that were learnt on the others, or by the shipped ones."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean
from typing import TYPE_CHECKING

from fit import DEFAULT_CUTS, fit
from learn import choose_cut, look_along, priors_without, walk
from scoring import Figures, score

from storywatch.core.weights import shipped_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from learn import Decisions
    from streams import Stream

    from storywatch.ports import Encoder

HEADING = "stream                     dev F1     P     R major rel F1     P     R alerts maybe R with"
Table = list[tuple[str, Figures]]


def leave_one_out(streams: Sequence[Stream], encoder: Encoder) -> Table:
    """Weights, priors and cut for each stream come from the others."""
    seen = look_along(streams, encoder)
    learnt = []
    for one in seen:
        priors = priors_without(streams, [one.stream], encoder)
        weights = fit([other for other in seen if other is not one], priors)
        learnt.append((one.stream, weights, walk(one.stream, encoder, weights)))
    table: Table = []
    for stream, weights, _ in learnt:
        others = [(other, decisions) for other, _, decisions in learnt if other is not stream]
        cuts = replace(DEFAULT_CUTS, development=choose_cut(others))
        table.append((stream.name, measured(stream, walk(stream, encoder, replace(weights, cuts=cuts)))))
    return table


def run_shipped(streams: Sequence[Stream], encoder: Encoder) -> Table:
    """The weights in the package; streams named in their provenance are known to them."""
    return [(stream.name, measured(stream, walk(stream, encoder, shipped_weights()))) for stream in streams]


def measured(stream: Stream, decisions: Decisions) -> Figures:
    """The figures of one run."""
    return score(stream, [decision["verdict"] for decision in decisions])


def print_table(table: Table) -> None:
    """One line a stream, and the means."""
    fields = Figures.__dataclass_fields__
    means = Figures(**{field: mean(getattr(figures, field) for _, figures in table) for field in fields})
    lines = [HEADING, *(_line(name, figures) for name, figures in table), _line("mean", means)]
    print("\n".join(lines))  # noqa: T201  it is a command


def _line(name: str, one: Figures) -> str:
    return (
        f"{name:26} {one.f1:6.3f} {one.precision:5.2f} {one.recall:5.2f} {one.major:5.2f} {one.relevance_f1:6.3f}"
        f" {one.relevance_precision:5.2f} {one.relevance_recall:5.2f} {one.alerts:6.1f} {one.possible:5.1f} {one.possible_recall:6.2f}"
    )
