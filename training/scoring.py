"""How good decisions over a labelled stream are: an alert is right if it is the first to report some development."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams import Stream


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


def score(stream: Stream, verdicts: Sequence[str]) -> Figures:
    """The figures for one verdict an item."""
    told: set[str] = set()
    digested: set[str] = set()
    right = 0
    for labelled, verdict in zip(stream.items, verdicts, strict=True):
        news = labelled.developments - stream.seeded
        if verdict == "development":
            right += bool(news - told)
            told |= news
        elif verdict == "possible":
            digested |= news
    due = [one for one in stream.developments if one not in stream.seeded]
    major = [one for one in due if one in stream.major]
    alerts = sum(verdict == "development" for verdict in verdicts)
    kept = [verdict != "off-topic" for verdict in verdicts]
    hits = sum(keep and labelled.relevant for keep, labelled in zip(kept, stream.items, strict=True))
    precision, recall = ratio(right, alerts), ratio(len(told), len(due))
    about, found = ratio(hits, sum(kept)), ratio(hits, sum(labelled.relevant for labelled in stream.items))
    return Figures(
        precision=precision,
        recall=recall,
        f1=harmonic(precision, recall),
        relevance_precision=about,
        relevance_recall=found,
        relevance_f1=harmonic(about, found),
        alerts=alerts,
        possible=sum(verdict == "possible" for verdict in verdicts),
        possible_recall=ratio(len(told | digested), len(due)),
        major=ratio(sum(one in told for one in major), len(major)),
    )


def ratio(part: float, whole: float) -> float:
    """0 where there is nothing to divide by."""
    return part / whole if whole else 0.0


def harmonic(precision: float, recall: float) -> float:
    """The F1 of the two."""
    return ratio(2 * precision * recall, precision + recall)
