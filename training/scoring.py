"""How good decisions over a labelled stream are: an alert is right if it is the first to report some development."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams import Labelled, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one run over one stream."""

    precision: float
    recall: float
    f1: float
    relevance_precision: float
    relevance_recall: float
    relevance_f1: float
    alerts: int
    possible: int
    possible_recall: float
    major: float
    alerts_due: float  # for each development that is due
    alerts_told: float  # for each development that was told
    possible_share: float  # for 100 relevant articles


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one item: developments that the seed tells are none."""

    labelled: Labelled
    verdict: str
    first: frozenset[str]  # developments that it is the first in the stream to report
    told: frozenset[str]  # developments that its alert was the first to tell; empty where it is none, or a wrong one

    @property
    def alerted(self) -> bool:
        """Was it told to the desk?"""
        return self.verdict == "development"

    @property
    def right(self) -> bool:
        """Was an alert right?"""
        return bool(self.told)


def outcomes(stream: Stream, verdicts: Sequence[str]) -> list[Outcome]:
    """One for each item, in order."""
    reported, told = set(stream.seeded), set(stream.seeded)
    found = []
    for labelled, verdict in zip(stream.items, verdicts, strict=True):
        news = labelled.developments
        alerted = verdict == "development"
        found.append(
            Outcome(
                labelled=labelled, verdict=verdict, first=news - reported, told=news - told if alerted else frozenset()
            )
        )
        reported |= news
        if alerted:
            told |= news
    return found


def score(stream: Stream, verdicts: Sequence[str]) -> Figures:
    """The figures for one verdict an item."""
    steps = outcomes(stream, verdicts)
    told = frozenset[str]().union(*(one.told for one in steps))
    digested = frozenset[str]().union(*(one.labelled.developments for one in steps if one.verdict == "possible"))
    due = frozenset(stream.developments) - stream.seeded
    alerts, right = sum(one.alerted for one in steps), sum(one.right for one in steps)
    kept = [one.verdict != "off-topic" for one in steps]
    hits = sum(keep and one.labelled.relevant for keep, one in zip(kept, steps, strict=True))
    relevant = sum(one.labelled.relevant for one in steps)
    possible = sum(one.verdict == "possible" for one in steps)
    precision, recall = ratio(right, alerts), ratio(len(told & due), len(due))
    about, found = ratio(hits, sum(kept)), ratio(hits, relevant)
    return Figures(
        precision=precision,
        recall=recall,
        f1=harmonic(precision, recall),
        relevance_precision=about,
        relevance_recall=found,
        relevance_f1=harmonic(about, found),
        alerts=alerts,
        possible=possible,
        possible_recall=ratio(len((told | digested) & due), len(due)),
        major=ratio(len(told & due & stream.major), len(due & stream.major)),
        alerts_due=ratio(alerts, len(due)),
        alerts_told=ratio(alerts, len(told)),
        possible_share=100 * ratio(possible, relevant),
    )


def ratio(part: float, whole: float) -> float:
    """0 where there is nothing to divide by."""
    return part / whole if whole else 0.0


def harmonic(precision: float, recall: float) -> float:
    """The F1 of the two."""
    return ratio(2 * precision * recall, precision + recall)
