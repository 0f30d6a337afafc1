"""Does an article report the same development as an earlier one? Figures for each earlier article; age weighs most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.model import Label
from storywatch.core.names import is_among
from storywatch.core.text import share_within

if TYPE_CHECKING:
    import numpy.typing as npt

    from storywatch.core.memory import Known, Look, Marks, Memory
    from storywatch.core.weights import Blend

FIGURES = (
    "lead",
    "title_title",
    "title_any",
    "any_title",
    "heads",
    "covered",
    "covers",
    "covered_all",
    "covered_gap",
    "lead_gap",
    "young",
    "recent",
    "lead_young",
    "covered_young",
    "covered_recent",
    "rank",
    "same_language",
    "covered_same_language",
    "copied",
    "names",
    "numbers",
    "same_owner",
    "weakest",
    "unlike",
)
YOUNG = 48.0  # hours in which the evidence of age falls to a third
RECENT = 200.0
HEAD_SENTENCES = 6
LAST = 300  # earlier articles that are compared
UNLIKE = 0.45
NEUTRAL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """One row for each of the last articles of the story, the oldest first."""

    articles: tuple[Known, ...]
    ages: npt.NDArray[np.float64]  # hours
    figures: npt.NDArray[np.float64]
    covered: npt.NDArray[np.float64]  # sentences of the article by earlier articles: the best match in each

    @property
    def told(self) -> npt.NDArray[np.bool_]:
        """Which of them broke a development."""
        return np.array([known.told for known in self.articles], dtype=bool)

    @property
    def doubts(self) -> npt.NDArray[np.float64]:
        """The scores of those that were doubtful and not told; 0 for the others."""
        records = [known.record for known in self.articles]
        return np.array([record.score if record.verdict is Label.POSSIBLE else 0.0 for record in records])

    def chances(self, same: Blend) -> npt.NDArray[np.float64]:
        """For each earlier article the probability that it reports the same development."""
        logits = np.clip(same.logits(self.figures), -40, 40)
        chances: npt.NDArray[np.float64] = 1 / (1 + np.exp(-logits))
        return chances


def compare(look: Look, memory: Memory) -> Pairs:
    """The article against each of the last articles of the story."""
    articles = memory.articles[-LAST:]
    count = len(articles)
    if not count:
        empty = np.zeros((0, len(FIGURES)))
        return Pairs(articles=(), ages=np.zeros(0), figures=empty, covered=np.zeros((len(look.sentences), 0)))
    starts = memory.starts[-count:]
    likeness = look.likeness[:, starts[0] :].astype(np.float64)
    starts = starts - starts[0]
    covered = np.maximum.reduceat(likeness, starts, axis=1)
    ages = np.maximum(0.0, look.hours - memory.article_hours[-count:])
    leads = memory.leads[-count:].astype(np.float64) @ look.lead
    columns = {
        **_likeness(likeness, starts, covered, leads=leads),
        **_age(ages),
        **_words(look, articles),
    }
    columns["lead_young"] = leads * columns["young"]
    columns["covered_young"] = columns["covered"] * columns["young"]
    columns["covered_recent"] = columns["covered"] * columns["recent"]
    columns["covered_same_language"] = columns["covered"] * columns["same_language"]
    figures = np.column_stack([columns[name] for name in FIGURES])
    return Pairs(articles=articles, ages=ages, figures=figures, covered=covered)


def _likeness(
    likeness: npt.NDArray[np.float64],
    starts: npt.NDArray[np.intp],
    covered: npt.NDArray[np.float64],
    *,
    leads: npt.NDArray[np.float64],
) -> dict[str, npt.NDArray[np.float64]]:
    head = covered[:HEAD_SENTENCES].mean(axis=0)
    first_columns = _first_columns(starts, likeness.shape[1], 4)
    return {
        "lead": leads,
        "title_title": likeness[0, starts],
        "title_any": covered[0],
        "any_title": likeness[:, starts].max(axis=0),
        "heads": np.maximum.reduceat(np.where(first_columns, likeness[:4].max(axis=0), -1.0), starts),
        "covered": head,
        "covers": _mean_by(likeness.max(axis=0), starts, HEAD_SENTENCES),
        "covered_all": covered.mean(axis=0),
        "covered_gap": head - np.median(head),
        "lead_gap": leads - np.median(leads),
        "weakest": covered[:4].min(axis=0),
        "unlike": (covered < UNLIKE).mean(axis=0),
    }


def _first_columns(starts: npt.NDArray[np.intp], total: int, first: int) -> npt.NDArray[np.bool_]:
    """Which columns are among the first of their article."""
    positions = np.arange(total) - np.repeat(starts, np.diff(np.append(starts, total)))
    found: npt.NDArray[np.bool_] = positions < first
    return found


def _mean_by(figures: npt.NDArray[np.float64], starts: npt.NDArray[np.intp], first: int) -> npt.NDArray[np.float64]:
    """The mean over the first columns of each article."""
    wanted = _first_columns(starts, len(figures), first)
    sums = np.add.reduceat(np.where(wanted, figures, 0.0), starts)
    means: npt.NDArray[np.float64] = sums / np.add.reduceat(wanted.astype(np.float64), starts)
    return means


def _age(ages: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.float64]]:
    later = np.arange(len(ages), 0, -1, dtype=np.float64)
    return {"young": np.exp(-ages / YOUNG), "recent": np.exp(-ages / RECENT), "rank": np.log1p(later)}


def _words(look: Look, articles: tuple[Known, ...]) -> dict[str, npt.NDArray[np.float64]]:
    article = look.reading.article
    names, numbers = head_names(look.marks), head_numbers(look.marks)
    rows = [
        (
            float(known.record.lang == article.lang),
            share_within(look.marks.runs, known.marks.runs),
            _share_names(names, known.marks),
            len(numbers & known.marks.all_numbers()) / len(numbers) if numbers else NEUTRAL,
            float(known.record.owner == article.owner),
        )
        for known in articles
    ]
    columns = np.array(rows, dtype=np.float64).T
    return dict(zip(("same_language", "copied", "names", "numbers", "same_owner"), columns, strict=True))


def _share_names(names: frozenset[str], marks: Marks) -> float:
    if not names:
        return NEUTRAL
    return sum(is_among(name, marks.skeletons) for name in names) / len(names)


def head_names(marks: Marks) -> frozenset[str]:
    """The names in title, summary and first sentence."""
    return frozenset[str]().union(*(marks.names[at] for at in marks.head))


def head_numbers(marks: Marks) -> frozenset[float]:
    """The quantities in title, summary and first sentence."""
    return frozenset[float]().union(*(marks.numbers[at] for at in marks.head))


def new_names(names: frozenset[str], known: frozenset[str]) -> frozenset[str]:
    """The names not among the known ones (made by `beginnings_of`)."""
    return frozenset(name for name in names if not is_among(name, known))
