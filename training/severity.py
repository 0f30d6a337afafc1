"""Learn what makes a development major, and measure it against calling all of them major and against the score."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from fit import logistic
from scoring import harmonic, ratio
from sklearn.metrics import roc_auc_score

from storywatch.core.severity import FIGURES, SIGNS, severity_figures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rightly import First
    from streams import Stream

    from storywatch.core.telling import Picker
    from storywatch.core.weights import Linear

STRENGTH = 0.1
TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A first report with its figures and its label."""

    stream: str
    figures: dict[str, float]
    major: bool


def cases_of(streams: Sequence[Stream], firsts: Sequence[First], pickers: Mapping[str, Picker]) -> list[Case]:
    """The cases to learn from, each stream's sentences chosen by its picker: one that was not learnt on it."""
    major = {stream.name: stream.major for stream in streams}
    return [
        Case(
            stream=one.stream,
            figures=severity_figures(one.look, one.weighed, one.known, told=_told(one, pickers[one.stream])),
            major=bool(one.news & major[one.stream]),
        )
        for one in firsts
    ]


def _told(one: First, picker: Picker) -> list[int]:
    chances = picker.chances({**one.figures, "direction": one.vectors @ picker.direction})
    found: list[int] = np.argsort(-chances, kind="stable")[:TOLD].tolist()
    return found


def fit_severity(cases: Sequence[Case]) -> Linear:
    """The weights; each figure may pull the way only that a reader would expect."""
    rows = np.array([[case.figures[name] for name in FIGURES] for case in cases])
    labels = np.array([case.major for case in cases])
    return logistic(tuple(FIGURES), rows, labels, weights=np.ones(len(cases)), strength=STRENGTH, signs=SIGNS)


def save_severity(model: Linear, folder: Path, *, provenance: Mapping[str, object]) -> None:
    """Write `severity.json`: the same model gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = {"provenance": dict(provenance), "severity": model.dump()}
    (folder / "severity.json").write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", "utf-8")


def print_severity(cases: Sequence[Case]) -> None:
    """How right severities are with whole streams left out, beside calling every development major."""
    names = list(dict.fromkeys(case.stream for case in cases))
    logits = np.zeros(len(cases))
    for name in names:
        model = fit_severity([case for case in cases if case.stream != name])
        for at, case in enumerate(cases):
            if case.stream == name:
                logits[at] = model.logit(case.figures)
    labels = np.array([case.major for case in cases])
    lines = [f"{'':24} right   AUC  AUC in a stream  F1 major  F1 minor  called major"]
    lines.append(_line("whole streams left out", cases, labels, logits))
    lines.append(_line("always major", cases, labels, np.ones(len(cases))))
    print("\n".join(lines))  # noqa: T201  it is a command


def _line(name: str, cases: Sequence[Case], labels: np.ndarray, logits: np.ndarray) -> str:
    called = logits > 0
    streams = np.array([case.stream for case in cases])
    within = [
        roc_auc_score(labels[streams == one], logits[streams == one])
        for one in dict.fromkeys(streams)
        if 0 < labels[streams == one].sum() < (streams == one).sum()
    ]
    return (
        f"{name:24} {(called == labels).mean():5.3f} {roc_auc_score(labels, logits):5.3f} {np.mean(within):16.3f}"
        f" {_f1(called, labels):9.3f} {_f1(~called, ~labels):9.3f} {called.mean():13.2f}"
    )


def _f1(called: np.ndarray, labels: np.ndarray) -> float:
    hits = int((called & labels).sum())
    return harmonic(ratio(hits, int(called.sum())), ratio(hits, int(labels.sum())))
