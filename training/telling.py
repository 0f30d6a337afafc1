"""Learn which sentence of a first report tells what is new, and measure how often the shown one is a labelled one."""

from __future__ import annotations

import json
from dataclasses import replace
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
from observe import begin
from rightly import is_labelled
from scipy.optimize import minimize
from scoring import ratio
from sklearn.linear_model import LogisticRegression

from storywatch.core.model import Label
from storywatch.core.novelty import TELLING_FIGURES
from storywatch.core.telling import Picker
from storywatch.core.weights import CLIP, Linear
from storywatch.errors import StorywatchError
from storywatch.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from judged_by import Judges
    from rightly import First
    from streams import Stream

    from storywatch.ports import Encoder

FIGURES = (
    *TELLING_FIGURES,
    "title_like",
    "wired",
    "below_known_lead",
    "reported",
)
STRENGTH = 0.1
DIRECTION_STRENGTH = 0.02
FOLDS = 4  # the direction answers for streams that it was not learnt on
SMALL = 1e-6
PLACES = 6


def fit_picker(firsts: Sequence[First], *, encoder: str) -> Picker:
    """The weights and the direction, from first reports with a labelled sentence."""
    useful = [one for one in firsts if one.told.any()]
    if not useful:
        message = "no first report has its `news` labelled in items.jsonl: which sentence tells cannot be learnt"
        raise StorywatchError(message)
    folds = {name: at % FOLDS for at, name in enumerate(sorted({one.stream for one in useful}))}
    scores: dict[int, np.ndarray] = {}
    for fold in range(FOLDS):
        rest = [one for one in useful if folds[one.stream] != fold] or useful
        direction = _direction(rest)
        scores |= {at: one.vectors @ direction for at, one in enumerate(useful) if folds[one.stream] == fold}
    rows = [np.column_stack([*(one.figures[name] for name in FIGURES), scores[at]]) for at, one in enumerate(useful)]
    model = _conditional((*FIGURES, "direction"), rows, [one.told for one in useful])
    return Picker(model=model, direction=_direction(useful), encoder=encoder)


def _direction(firsts: Sequence[First]) -> np.ndarray:
    vectors = np.concatenate([one.vectors for one in firsts])
    labels = np.concatenate([one.told for one in firsts])
    model = LogisticRegression(C=DIRECTION_STRENGTH, max_iter=1000).fit(vectors, labels)
    return model.coef_[0].astype(np.float16).astype(np.float32)


def _conditional(names: tuple[str, ...], rows: Sequence[np.ndarray], told: Sequence[np.ndarray]) -> Linear:
    """Weights under which a labelled sentence is the likeliest of its article: no bias, since only differences count."""
    figures, labels = np.concatenate(rows), np.concatenate(told).astype(np.float64)
    middle, scale = figures.mean(axis=0), figures.std(axis=0)
    scale = np.where(scale < SMALL, 1.0, scale)
    scaled = np.clip((figures - middle) / scale, -CLIP, CLIP)
    counts = [len(one) for one in rows]
    starts = np.cumsum([0, *counts[:-1]])
    owner = np.repeat(np.arange(len(counts)), counts)

    def loss(weight: np.ndarray) -> tuple[float, np.ndarray]:
        logits = scaled @ weight
        raised = np.exp(logits - np.maximum.reduceat(logits, starts)[owner])
        chances = raised / np.add.reduceat(raised, starts)[owner]
        right = np.maximum(np.add.reduceat(chances * labels, starts), SMALL**2)
        slope = scaled.T @ (chances - chances * labels / right[owner]) + weight / STRENGTH
        return float(-np.log(right).sum() + (weight**2).sum() / (2 * STRENGTH)), slope

    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x
    return Linear(names=names, mean=middle, scale=scale, weight=found, bias=0.0)


def save_picker(picker: Picker, folder: Path, *, provenance: Mapping[str, object]) -> None:
    """Write `telling.json` and `telling.npz`: the same picker gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = {"provenance": {"encoder": picker.encoder, **provenance}, "telling": picker.model.dump()}
    (folder / "telling.json").write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", "utf-8")
    np.savez(folder / "telling.npz", direction=picker.direction.astype(np.float16))


# --------------------------------------------------------------------------- measuring


def pick_held_out(firsts: Sequence[First], *, encoder: str) -> dict[str, tuple[int, int, int]]:
    """For each stream: first reports with a labelled sentence, those whose likeliest sentence is one, those whose three are."""
    table = {}
    for stream in dict.fromkeys(one.stream for one in firsts):
        held = [one for one in firsts if one.stream == stream and one.told.any()]
        if not held:
            continue
        picker = fit_picker([one for one in firsts if one.stream != stream] or firsts, encoder=encoder)
        ranked = [_ranked(one, picker) for one in held]
        right = sum(bool(one.told[order[0]]) for one, order in zip(held, ranked, strict=True))
        some = sum(bool(one.told[order[:3]].any()) for one, order in zip(held, ranked, strict=True))
        table[stream] = (len(held), right, some)
    return table


def _ranked(one: First, picker: Picker) -> np.ndarray:
    return np.argsort(-picker.chances({**one.figures, "direction": one.vectors @ picker.direction}), kind="stable")


def shown_along(
    judges: Judges, encoder: Encoder, firsts: Sequence[First] | None = None
) -> dict[str, tuple[int, int, int]]:
    """For each stream: right alerts with a labelled sentence, those whose first shown sentence is one, those with any.

    With `firsts` the picker of each stream is learnt on the first reports of the others, else it is the shipped one.
    """
    table = {}
    for stream, weights in judges:
        story = begin(stream, encoder, weights)
        if firsts is not None:
            others = [one for one in firsts if one.stream != stream.name] or firsts
            story = replace(story, picker=fit_picker(others, encoder=encoder.name))
        walk = Replay(story=story, encoder=encoder)
        table[stream.name] = shown_right(stream, [walk.decide(labelled.item) for labelled in stream.items])
    return {name: counts for name, counts in table.items() if counts[0]}


def shown_right(stream: Stream, decisions: Sequence[Mapping[str, object]]) -> tuple[int, int, int]:
    """Right alerts of items with labelled sentences; those that show one first; those that show one at all."""
    told: set[str] = set()
    alerts = first = some = 0
    for labelled, decision in zip(stream.items, decisions, strict=True):
        if decision["verdict"] != Label.DEVELOPMENT:
            continue
        news = labelled.developments - stream.seeded
        if news - told and labelled.news:
            shown = [is_labelled(str(new["sentence"]), labelled.news) for new in decision["new"]]  # type: ignore[attr-defined]
            alerts += 1
            first += bool(shown and shown[0])
            some += any(shown)
        told |= news
    return alerts, first, some


def print_told(table: Mapping[str, tuple[int, int, int]], what: str) -> None:
    """A line a stream, the mean over streams, and the share over all."""
    lines = [f"{what:30} count  first    any"]
    lines += [
        f"{name:30} {count:5} {ratio(first, count):6.2f} {ratio(some, count):6.2f}"
        for name, (count, first, some) in table.items()
    ]
    means = [mean(ratio(row[at], row[0]) for row in table.values()) for at in (1, 2)]
    count, first, some = (sum(row[at] for row in table.values()) for at in range(3))
    lines.append(f"{'mean over streams':30} {'':5} {means[0]:6.3f} {means[1]:6.3f}")
    lines.append(f"{'all':30} {count:5} {ratio(first, count):6.3f} {ratio(some, count):6.3f}")
    print("\n".join(lines))  # noqa: T201  it is a command
