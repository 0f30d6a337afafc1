"""What a second opinion is worth: a simulated judge answers for the doubtful articles of walks that are done.

The judge is asked, as the service would, whether an article of the band reports something that was not told yet, and is
right so many times of a hundred. Its errors hang together: with a chance of `together` it is as right about an article as
about everything else that reports the same development, else it errs by itself. What a story would have remembered after
another verdict is not played again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from statistics import mean, pstdev
from typing import TYPE_CHECKING, Any

from learn import walk
from scoring import score

from storywatch.core.model import Label
from storywatch.core.opinion import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judged_by import Judges
    from learn import Decisions
    from streams import Labelled, Stream

    from storywatch.ports import Encoder

Walks = list[tuple["Stream", "Decisions"]]
BANDS = tuple(Band(low=low, high=high) for low, high in ((0.3, 0.6), (0.2, 0.6), (0.15, 0.7), (0.1, 0.7), (0.05, 0.95)))
RIGHT = (1.0, 0.95, 0.9, 0.8)
TOGETHER = 0.7
APART = (0.0, 0.7, 1.0)
DRAWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What one judge made of all streams: the mean development F1 over streams and draws, and how far draws lie apart."""

    band: Band
    right: float
    f1: float
    spread: float  # standard deviation of the mean over the draws
    major: float  # share of the major developments that were told
    calls: float  # for 100 relevant articles
    alerts: float  # for each development that was due


def walk_all(judges: Judges, encoder: Encoder) -> Walks:
    """The matcher's decisions along each stream."""
    return [(stream, walk(stream, encoder, weights)) for stream, weights in judges]


def measure_band(
    walks: Walks,
    *,
    bands: Sequence[Band] = BANDS,
    right: Sequence[float] = RIGHT,
    together: float = TOGETHER,
    draws: int = DRAWS,
) -> list[Worth]:
    """Every band with every judge. The same draws for all, so that they can be compared."""
    return [worth(walks, band, right=one, together=together, draws=draws) for band in bands for one in right]


def worth(walks: Walks, band: Band, *, right: float, together: float, draws: int) -> Worth:
    """One band with one judge, drawn anew several times."""
    drawn = [
        [
            score(stream, advised(stream, decisions, band, right=right, together=together, seed=seed))
            for stream, decisions in walks
        ]
        for seed in range(draws)
    ]
    means = [mean(one.f1 for one in figures) for figures in drawn]
    asked = sum(doubtful(decision, band) for _, decisions in walks for decision in decisions)
    relevant = sum(labelled.relevant for stream, _ in walks for labelled in stream.items)
    due = [len(set(stream.developments) - stream.seeded) for stream, _ in walks]
    return Worth(
        band=band,
        right=right,
        f1=mean(means),
        spread=pstdev(means),
        major=mean(one.major for figures in drawn for one in figures),
        calls=100 * asked / max(1, relevant),
        alerts=mean(one.alerts for figures in drawn for one in figures) / max(1e-9, mean(due)),
    )


def doubtful(decision: dict[str, Any], band: Band) -> bool:
    """Would the service ask about it?"""
    return decision["verdict"] != Label.OFF_TOPIC and band.holds(decision["score"])


def advised(stream: Stream, decisions: Decisions, band: Band, *, right: float, together: float, seed: int) -> list[str]:
    """The verdicts after one judge's answers: yes makes a development, no a repeat."""
    luck = _Luck(seed=f"{seed} {stream.name}", right=right, together=together)
    told = set(stream.seeded)
    verdicts: list[str] = []
    for labelled, decision in zip(stream.items, decisions, strict=True):
        verdict = str(decision["verdict"])
        lucky = luck.draw(labelled)  # drawn for every article, so that each band meets the same judge
        if doubtful(decision, band):
            says_new = bool(labelled.developments - told) is lucky
            verdict = str((Label.DEVELOPMENT if says_new else Label.REPEAT).value)
        if verdict == Label.DEVELOPMENT:
            told |= labelled.developments
        verdicts.append(verdict)
    return verdicts


class _Luck:
    """Whether a judge is right about an article."""

    def __init__(self, *, seed: str, right: float, together: float) -> None:
        self._random = random.Random(seed)  # noqa: S311  a simulation
        self._right, self._together = right, together
        self._shared: dict[str, float] = {}

    def draw(self, labelled: Labelled) -> bool:
        """The same numbers in the same order, whoever is asked about."""
        own, shared, coin = (self._random.random() for _ in range(3))
        subject = min(labelled.developments, default="")
        if subject and coin < self._together:
            own = self._shared.setdefault(subject, shared)
        return own < self._right


def print_band(walks: Walks, measured: Sequence[Worth], *, together: float = TOGETHER, draws: int = DRAWS) -> None:
    """The figures without a judge, then a line a band with a column a judge, then the shipped band looked at closely."""
    alone = [score(stream, [row["verdict"] for row in decisions]) for stream, decisions in walks]
    rights = list(dict.fromkeys(one.right for one in measured))
    lines = [
        f"without a judge: development F1 {mean(one.f1 for one in alone):.3f}, major {mean(one.major for one in alone):.2f}",
        f"mean F1 over {len(walks)} streams and {draws} draws (± of the draws); errors together with a chance of {together:.1f}",
        "band       calls for 100 relevant" + "".join(f"   right {one:4.0%}  " for one in rights),
    ]
    for band in dict.fromkeys(one.band for one in measured):
        row = [one for one in measured if one.band == band]
        figures = "".join(f"  {one.f1:.3f} ±{one.spread:.3f}" for one in row)
        lines.append(f"{band.low:.2f}-{band.high:.2f}  {row[0].calls:21.0f}{figures}")
    lines.append(f"the band {Band().low:.2f}-{Band().high:.2f} by how errors hang together")
    for chance in APART:
        closely = measure_band(walks, bands=(Band(),), right=rights, together=chance, draws=draws)
        lines += [
            f"together {chance:.1f}, right {one.right:4.0%}: F1 {one.f1:.3f} ±{one.spread:.3f}, major {one.major:.2f},"
            f" alerts for each development {one.alerts:.2f}"
            for one in closely
        ]
    print("\n".join(lines))  # noqa: T201  it is a command
