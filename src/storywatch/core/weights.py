"""The trained part of the matcher: plain weights and priors, shipped as two files beside this module.

`weights.json` holds small logistic models by feature name, `priors.npz` a mean vector per language, vectors of
unrelated articles to compare with, and two directions. Both are written by `make train` and hold no text.
This is the one place in `core` that reads a file: its own data, once.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

Matrix = npt.NDArray[np.float32]

ANY_LANGUAGE = "*"
FEWEST_UNRELATED = 8
CLIP = 8.0  # standard deviations: one odd figure must not decide alone


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linear:
    """A logistic model over named features."""

    names: tuple[str, ...]
    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]
    bias: float

    def logit(self, features: Mapping[str, float]) -> float:
        """The log-odds for one set of features."""
        return float(self.logits(np.array([[features[name] for name in self.names]]))[0])

    def logits(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The log-odds for rows of features in the order of `names`."""
        scaled: npt.NDArray[np.float64] = np.clip((rows - self.mean) / self.scale, -CLIP, CLIP)
        logits: npt.NDArray[np.float64] = (scaled * self.weight).sum(axis=1) + self.bias
        return logits

    def pulls(self, features: Mapping[str, float]) -> dict[str, float]:
        """What each feature adds to the log-odds, against its usual value."""
        row = np.array([features[name] for name in self.names])
        parts = np.clip((row - self.mean) / self.scale, -CLIP, CLIP) * self.weight
        return dict(zip(self.names, parts.tolist(), strict=True))

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Linear:
        """From its form in `weights.json`."""
        rows = raw["features"]
        return cls(
            names=tuple(rows),
            mean=np.array([row[0] for row in rows.values()]),
            scale=np.array([row[1] for row in rows.values()]),
            weight=np.array([row[2] for row in rows.values()]),
            bias=float(raw["bias"]),
        )

    def dump(self) -> dict[str, Any]:
        """Its form in `weights.json`: mean, scale and weight by feature."""
        rows = zip(self.names, self.mean, self.scale, self.weight, strict=True)
        features = {name: [round(float(part), 6) for part in parts] for name, *parts in rows}
        return {"bias": round(self.bias, 6), "features": features}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Priors:
    """What is known about vectors before any article: language means, unrelated articles, and directions of genre."""

    means: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    unrelated: Mapping[str, Matrix] = field(default_factory=dict)
    background: Matrix | None = None  # the direction, over lead and title, of explainers and opinion
    fresh: Matrix | None = None  # and of fresh reports

    def mean(self, lang: str, dim: int) -> npt.NDArray[np.float64] | None:
        """The language's mean vector; that of all languages for a strange one; None for another encoder's vectors."""
        found = self.means.get(lang, self.means.get(ANY_LANGUAGE))
        return found if found is not None and len(found) == dim else None

    def cohort(self, lang: str, dim: int) -> Matrix:
        """Lead vectors of unrelated articles in this language, or of all where there are too few."""
        found = self.unrelated.get(lang)
        if found is None or len(found) < FEWEST_UNRELATED:
            found = self.unrelated.get(ANY_LANGUAGE)
        return found if found is not None and found.shape[1] == dim else np.zeros((0, dim), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cuts:
    """Where probabilities become decisions."""

    about: float  # relevance from here on: about the story
    development: float  # score from here on: an alert
    possible: float  # score from here on: the digest


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """Everything that was learnt from labelled streams."""

    relevance: Linear
    same: Linear  # do two articles report the same development?
    telling: Linear  # does this sentence tell what is new?
    novelty: Linear
    cuts: Cuts
    priors: Priors
    provenance: Mapping[str, Any] = field(default_factory=dict)


@cache
def shipped_weights() -> Weights:
    """The weights in the package."""
    files = resources.files("storywatch.core") / "trained"
    raw = json.loads((files / "weights.json").read_text("utf-8"))
    with resources.as_file(files / "priors.npz") as path, np.load(path, allow_pickle=False) as arrays:
        return parse_weights(raw, dict(arrays))


def parse_weights(raw: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Weights:
    """The two files as values."""
    return Weights(
        relevance=Linear.load(raw["relevance"]),
        same=Linear.load(raw["same"]),
        telling=Linear.load(raw["telling"]),
        novelty=Linear.load(raw["novelty"]),
        cuts=Cuts(**raw["cuts"]),
        priors=parse_priors(arrays),
        provenance=raw["provenance"],
    )


def parse_priors(arrays: Mapping[str, npt.NDArray[Any]]) -> Priors:
    """Arrays named `mean-uk`, `unrelated-uk`, `background` and `fresh`."""
    means = {name[5:]: array.astype(np.float64) for name, array in arrays.items() if name.startswith("mean-")}
    unrelated = {name[10:]: array.astype(np.float32) for name, array in arrays.items() if name.startswith("unrelated-")}
    return Priors(
        means=means,
        unrelated=unrelated,
        background=arrays["background"].astype(np.float32),
        fresh=arrays["fresh"].astype(np.float32),
    )


def probability(logit: float) -> float:
    """Log-odds as a probability."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, logit))))


def logit_of(chance: float) -> float:
    """A probability as log-odds, kept finite."""
    bounded = min(max(chance, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded))
