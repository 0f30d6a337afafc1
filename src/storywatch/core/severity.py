"""Minor or major, from what a development changes: never from capitals, exclamation marks, length or words of alarm.

A logistic model over some figures, in `trained/severity.json`: what kind of state turns or figure moves, whether the
title itself says it, how long the story was silent before, and whether it only follows what was told hours ago.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from storywatch.core.model import Reason, Severity
from storywatch.core.novelty import QUITE_LIKE
from storywatch.core.numbers import changed_figure
from storywatch.core.statuses import flipped, statuses_of
from storywatch.core.weights import Linear, probability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from storywatch.core.memory import Look, Memory
    from storywatch.core.novelty import News

MAJOR = 0.5  # the chance from which on it is major
LARGEST = 3.0  # natural logarithm of a figure's change
TOLD = 2  # pieces of evidence that are told in words
FAINT = 0.05

FIGURES = {
    "died": "somebody died",
    "freed": "somebody or something was let go",
    "held": "somebody was taken or held",
    "agreed": "something was agreed, granted or signed",
    "refused": "something was refused",
    "denied": "something was denied",
    "stopped": "something ended, was put off or called off",
    "flipped": "a state of things turned",
    "changed_by": "a known figure changed",
    "decided": "a court, parliament or government acts",
    "new_figures": "its top has new figures",
    "new_names": "its top has new names",
    "title_says": "the title itself says it",
    "place": "it stands far down",
    "spoken": "it is in somebody's words",
    "silence": "the story was silent before",
    "lately": "the story was in the news these days",
    "follows": "it is close to what was told these days",
    "known_top": "its top is like what is known",
}
_TOWARDS = ("died", "freed", "held", "agreed", "refused", "stopped", "flipped", "changed_by", "decided", "new_figures")
SIGNS = dict.fromkeys((*_TOWARDS, "new_names", "title_says", "silence"), 1) | dict.fromkeys(
    ("place", "spoken", "lately", "follows", "denied", "known_top"), -1
)  # the way that each may pull

_STATES = {
    "died": {("life", "dead")},
    "freed": {("custody", "released"), ("order", "lifted")},
    "held": {("custody", "held"), ("charge", "charged"), ("verdict", "guilty")},
    "agreed": {("answer", "agreed"), ("signing", "signed")},
    "refused": {("answer", "rejected"), ("claim", "withdrawn")},
    "denied": {("word", "denied")},
    "stopped": {("course", "postponed"), ("course", "cancelled"), ("course", "ended"), ("course", "paused")},
}
_DECIDED = re.compile(
    r"\b(?:court|tribunal|judges?|parliament|senate|congress|vote[ds]?|referendum|government|gericht\w*|bundestag|parlament\w*|regierung|parlement|cour|gouvernement"
    r"|corte|gobierno|sąd\w*|sejm\w*|rząd\w*|głosowa\w*|суд|суда|судья|парламент\w*|правительств\w*|голосов\w*|уряд\w*|рада|верховн\w+)\b"
    r"|法院|裁判|最高裁|地裁|高裁|議会|国会|議决|政府|内閣|议会|법원|대법원|재판부|국회|정부|의회",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A severity, the chance that the development is major, and the strongest evidence for it in words."""

    severity: Severity
    reason: Reason


@cache
def shipped_gravity() -> Linear:
    """The model in the package."""
    raw = json.loads((resources.files("storywatch.core") / "trained" / "severity.json").read_text("utf-8"))
    return Linear.load(raw["severity"])


def severity_figures(look: Look, news: News, known: Sequence[str], *, told: Sequence[int]) -> dict[str, float]:
    """What a development changes; `told` are the places of its sentences, the one that tells most first.

    `known` is what `known_alike` finds.
    """
    first, marks = told[0], look.marks
    texts = [marks.texts[at] for at in told]
    states = {
        (state.axis, state.pole)
        for text in {*texts, marks.texts[0]}
        for state in statuses_of(text)
        if state.holds and not state.due
    }
    pairs = [(known[at], marks.texts[at]) for at in told if known[at]]
    return {
        **{name: float(bool(states & poles)) for name, poles in _STATES.items()},
        "flipped": float(any(flipped(statuses_of(old), statuses_of(text)) for old, text in pairs)),
        "changed_by": max((_change(old, text) for old, text in pairs), default=0.0),
        "decided": float(any(_DECIDED.search(text) for text in texts)),
        "new_figures": news.features["new_numbers_head"],
        "new_names": news.features["new_names_head"],
        "title_says": float(look.sentences[first] @ look.sentences[0]),
        "place": first / max(1, len(marks.texts) - 1),
        "spoken": float(any(mark in texts[0] for mark in '"“„«「')),
        "silence": news.features["silence"],
        "lately": news.features["reports_recent"],
        "follows": news.features["lead_told"],
        "known_top": news.features["head_nearest"],
    }


def weigh_severity(figures: Mapping[str, float], model: Linear) -> Weighed:
    """Minor or major, and why."""
    chance = round(probability(model.logit(figures)), 4)
    severity = Severity.MAJOR if chance >= MAJOR else Severity.MINOR
    pulls = {name: pull if severity is Severity.MAJOR else -pull for name, pull in model.pulls(figures).items()}
    usual = dict(zip(model.names, model.mean.tolist(), strict=True))  # below it the words for a figure are not true
    strongest = sorted(
        (name for name in pulls if pulls[name] >= FAINT and figures[name] > max(0.0, usual[name])),
        key=lambda name: (-pulls[name], name),
    )
    why = " and ".join(FIGURES[name] for name in strongest[:TOLD])
    words = f"told as {severity}, since it is major with a chance of {chance:.0%}" + (f": {why}" if why else "")
    return Weighed(severity=severity, reason=Reason(name="severity", figure=chance, pull=0.0, words=words))


def known_alike(look: Look, memory: Memory) -> tuple[str, ...]:
    """For each sentence the known one that is about the same; empty where there is none."""
    rows = look.likeness.argmax(axis=1).tolist()
    nearest = look.nearest
    return tuple(known_text(row, memory) if nearest[at] > QUITE_LIKE else "" for at, row in enumerate(rows))


def known_text(row: int, memory: Memory) -> str:
    """The known sentence behind a row of the memory."""
    by = int(memory.owners[row])
    start = 0 if by < 0 else int(memory.starts[by])
    return memory.marks[by + 1].texts[row - start]


def _change(old: str, new: str) -> float:
    """By what factor a figure moved, as a natural logarithm without its sign."""
    change = changed_figure(old, new)
    if change is None or min(change) <= 0:
        return LARGEST if change else 0.0
    return min(LARGEST, abs(math.log(change[1] / change[0])))
