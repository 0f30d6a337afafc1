"""The level: alerts with the cut in use against the best cut in hindsight, and how a young story fares.

Hindsight cuts the scores of the same walk: what the story would have remembered under another cut is not played again.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

from learn import GRID, f1_by_cut, walk
from scoring import harmonic, ratio, score

from storywatch.core.model import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judged_by import Judges
    from learn import Decisions
    from streams import Stream

    from storywatch.ports import Encoder

BANDS = ((1, 5), (6, 10), (11, 20), (21, 40), (41, 10_000))  # articles about the story, by number


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """One stream with the matcher's decisions and the fixed cut that its weights name."""

    stream: Stream
    decisions: Decisions
    cut: float


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of the articles of one band."""

    articles: int = 0
    due: int = 0  # developments first reported here
    at_once: int = 0  # of these: told by an alert on that very article
    ever: int = 0  # told by some alert
    alerts: int = 0
    right: int = 0
    possible: int = 0

    @property
    def f1(self) -> float:
        """Of the alerts in the band and the developments due in it."""
        return harmonic(ratio(self.right, self.alerts), ratio(self.ever, self.due))


def measure_level(judges: Judges, encoder: Encoder) -> list[Walked]:
    """Walk along each stream once."""
    return [
        Walked(stream=stream, decisions=walk(stream, encoder, weights), cut=weights.cuts.development)
        for stream, weights in judges
    ]


def tally(stream: Stream, verdicts: Sequence[str]) -> list[Tally]:
    """One tally for each band. An article that is not about the story counts where the story stands."""
    bands = [Tally() for _ in BANDS]
    told: set[str] = set()
    first: dict[str, Tally] = {}
    number = 0
    for labelled, verdict in zip(stream.items, verdicts, strict=True):
        number += labelled.relevant
        band = next(one for one, (_, last) in zip(bands, BANDS, strict=True) if number <= last)
        news = labelled.developments - stream.seeded
        fresh = [one for one in sorted(news) if one not in first]
        first.update(dict.fromkeys(fresh, band))
        band.articles += labelled.relevant
        band.due += len(fresh)
        band.possible += verdict == Label.POSSIBLE
        if verdict == Label.DEVELOPMENT:
            band.alerts += 1
            band.right += bool(news - told)
            band.at_once += len(fresh)
            for one in sorted(news - told):
                first[one].ever += 1
            told |= news
    return bands


def together(tallies: Sequence[Sequence[Tally]]) -> list[Tally]:
    """The bands of several streams, added up."""
    names = Tally.__dataclass_fields__
    return [
        Tally(**{name: sum(getattr(one, name) for one in band) for name in names})
        for band in zip(*tallies, strict=True)
    ]


def best_by_band(walked: Sequence[Walked]) -> list[tuple[float, float]]:
    """For each band the F1 of the best common cut, and that cut."""
    tried = [(float(cut), together([tally(one.stream, _cut(one, cut)) for one in walked])) for cut in GRID]
    return [max((bands[at].f1, cut) for cut, bands in tried) for at in range(len(BANDS))]


def _cut(walked: Walked, cut: float) -> list[str]:
    return [
        Label.DEVELOPMENT if decision["verdict"] != Label.OFF_TOPIC and decision["score"] >= cut else Label.OFF_TOPIC
        for decision in walked.decisions
    ]


def print_level(walked: Sequence[Walked]) -> None:
    """A line a stream, then a line a band."""
    rows = [(one.stream.name, *_line(one)) for one in walked]
    lines = ["stream                       in use   fixed    best  at cut   fixed cut"]
    lines += [
        f"{name:26} {used:8.3f}{fixed:8.3f}{best:8.3f}{at:8.2f}{cut:12.2f}" for name, used, fixed, best, at, cut in rows
    ]
    columns = [mean(column) for column in list(zip(*rows, strict=True))[1:4]]
    lines += [f"{'mean':26} {''.join(f'{one:8.3f}' for one in columns[:1])}{columns[1]:8.3f}{columns[2]:8.3f}", ""]
    lines.append(
        "articles of a story  count    due at once   ever alerts  right possible      P      R     F1  best F1  at cut"
    )
    bands = together([tally(one.stream, [row["verdict"] for row in one.decisions]) for one in walked])
    for (start, end), band, (best, cut) in zip(BANDS, bands, best_by_band(walked), strict=True):
        span = f"{start} to {end}" if end < BANDS[-1][1] else f"from {start}"
        lines.append(
            f"{span:20} {band.articles:5} {band.due:6} {band.at_once:7} {band.ever:6} {band.alerts:6} {band.right:6} {band.possible:8}"
            f" {ratio(band.right, band.alerts):6.2f} {ratio(band.ever, band.due):6.2f} {band.f1:6.3f} {best:8.3f} {cut:7.2f}"
        )
    print("\n".join(lines))  # noqa: T201  it is a command


def _line(one: Walked) -> tuple[float, float, float, float, float]:
    used = score(one.stream, [decision["verdict"] for decision in one.decisions]).f1
    by_cut = f1_by_cut(one.stream, one.decisions)
    best = max(by_cut)
    fixed = by_cut[int(abs(GRID - one.cut).argmin())]
    return used, fixed, best, float(GRID[by_cut.index(best)]), one.cut
