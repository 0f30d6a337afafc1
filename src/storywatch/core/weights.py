"""The trained part of the matcher: plain weights and priors, shipped as two files beside this module.

`weights.json` holds small logistic models by feature name, `priors.npz` the trees beside them, a mean vector per language,
vectors of unrelated articles to compare with, two directions, and how common words are, by their hashes.
Both are written by `make train` and hold no text.
This is the one place in `core` that reads a file: its own data, once.
"""

from __future__ import annotations

import json
import math
import zlib
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
SUREST = 0.002  # a forest of some hundred rows is never surer
STEEPEST = 6.0  # log-odds
TREE_PARTS = ("feature", "threshold", "left", "right", "value")
BUCKETS = 1 << 16  # of words: the table holds counts, and no word


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
class Trees:
    """Decision trees over named features, as flat arrays.

    A node with `left` 0 is a leaf (the root, 0, is nobody's child). Rows whose feature is at most the threshold go left.
    """

    names: tuple[str, ...]
    roots: npt.NDArray[np.intp]  # the first node of each tree
    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]  # what a node says of the rows that come through it

    def ends(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What the leaves say, one column a tree, for rows of features in the order of `names`."""
        plain = rows.astype(np.float32)
        nodes = np.broadcast_to(self.roots, (len(rows), len(self.roots))).copy()
        at = np.arange(len(rows))[:, None]
        while True:
            inner = self.left[nodes] > 0
            if not inner.any():
                break
            lower = plain[at, self.feature[nodes]] <= self.threshold[nodes]
            nodes = np.where(inner, np.where(lower, self.left[nodes], self.right[nodes]), nodes)
        return self.value[nodes].astype(np.float64)

    def steps(self, row: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What each feature moved the answer by on the way down the trees (Saabas 2014), summed over them."""
        plain = row.astype(np.float32)
        nodes = self.roots.copy()
        moved = np.zeros(len(self.names))
        while (inner := self.left[nodes] > 0).any():
            lower = plain[self.feature[nodes]] <= self.threshold[nodes]
            following = np.where(inner, np.where(lower, self.left[nodes], self.right[nodes]), nodes)
            steps = self.value[following].astype(np.float64) - self.value[nodes]
            np.add.at(moved, self.feature[nodes][inner], steps[inner])
            nodes = following
        return moved

    def dump(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Its arrays in `priors.npz`."""
        return {
            f"{name}-roots": self.roots.astype(np.int32),
            **{f"{name}-{part}": getattr(self, part) for part in TREE_PARTS},
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forest(Trees):
    """Randomised trees: a node says a share of positives, and the mean of the leaves is a probability."""

    def chances(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The probability for rows of features in the order of `names`."""
        means: npt.NDArray[np.float64] = self.ends(rows).mean(axis=1)
        return means

    def logits(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The log-odds of these, never surer than some hundred rows can be."""
        chances = np.clip(self.chances(rows), SUREST, 1 - SUREST)
        return np.log(chances / (1 - chances))

    def pulls(self, row: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What each feature adds to the log-odds: its steps in probability, stretched to what all of them add."""
        moved = self.steps(row) / len(self.roots)
        base = float(self.value[self.roots].mean(dtype=np.float64))
        total, end = float(moved.sum()), float(self.chances(row[None, :])[0])
        stretch = (
            (logit_of(end) - logit_of(base)) / total if abs(total) > SUREST else 1 / max(base * (1 - base), SUREST)
        )
        return moved * stretch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boosted(Trees):
    """Trees that mend each other's errors (Friedman 2001): a node says log-odds, and the leaves are added up."""

    base: float  # the log-odds without any tree

    def logits(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The log-odds for rows of features in the order of `names`."""
        sums: npt.NDArray[np.float64] = self.base + self.ends(rows).sum(axis=1)
        return np.clip(sums, -STEEPEST, STEEPEST)

    def pulls(self, row: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What each feature adds to the log-odds."""
        return self.steps(row)

    def dump(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Its arrays in `priors.npz`."""
        return {**Trees.dump(self, name), f"{name}-base": np.asarray(self.base)}


def load_trees(
    name: str, names: tuple[str, ...], arrays: Mapping[str, npt.NDArray[Any]]
) -> tuple[Forest | Boosted, ...]:
    """From their arrays in `priors.npz`, as `dump_trees` names them."""
    found: list[Forest | Boosted] = []
    at = 0
    while f"{name}-{at}-roots" in arrays:
        parts = {part: arrays[f"{name}-{at}-{part}"] for part in TREE_PARTS}
        roots, base = arrays[f"{name}-{at}-roots"].astype(np.intp), arrays.get(f"{name}-{at}-base")
        found.append(
            Forest(names=names, roots=roots, **parts)
            if base is None
            else Boosted(names=names, roots=roots, base=float(base), **parts)
        )
        at += 1
    return tuple(found)


def dump_trees(name: str, trees: tuple[Forest | Boosted, ...]) -> dict[str, npt.NDArray[Any]]:
    """Their arrays in `priors.npz`."""
    return {key: array for at, one in enumerate(trees) for key, array in one.dump(f"{name}-{at}").items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blend:
    """A logistic model and trees over the same features: half of the log-odds is the one's, half the mean of the others'.

    The logistic model goes on where the training rows end, the trees see what belongs together.
    """

    linear: Linear
    trees: tuple[Forest | Boosted, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in order."""
        return self.linear.names

    def logit(self, features: Mapping[str, float]) -> float:
        """The log-odds for one set of features."""
        return float(self.logits(np.array([[features[name] for name in self.names]]))[0])

    def logits(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The log-odds for rows of features in the order of `names`."""
        linear = self.linear.logits(rows)
        if not self.trees:
            return linear
        grown = np.mean([trees.logits(rows) for trees in self.trees], axis=0)
        mixed: npt.NDArray[np.float64] = (np.clip(linear, -STEEPEST, STEEPEST) + grown) / 2
        return mixed

    def pulls(self, features: Mapping[str, float]) -> dict[str, float]:
        """What each feature adds to the log-odds, against its usual value; the parts add up nearly, not exactly."""
        parts = self.linear.pulls(features)
        if not self.trees:
            return parts
        row = np.array([features[name] for name in self.names])
        moved = np.mean([trees.pulls(row) for trees in self.trees], axis=0)
        return {name: (parts[name] + moved[at]) / 2 for at, name in enumerate(self.names)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Priors:
    """What is known about vectors before any article: language means, unrelated articles, and directions of genre."""

    means: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    unrelated: Mapping[str, Matrix] = field(default_factory=dict)
    background: Matrix | None = None  # the direction, over lead and title, of explainers and opinion
    fresh: Matrix | None = None  # and of fresh reports
    articles: int = 0  # behind `frequency`
    frequency: npt.NDArray[np.uint16] | None = None  # in how many articles a word or name skeleton stands, by its hash

    def rarity(self, word: str) -> float:
        """The inverse document frequency of a word's stem or a name's skeleton in news at large, in nats."""
        found = 0 if self.frequency is None else int(self.frequency[bucket_of(word)])
        return math.log((self.articles + 1) / (found + 0.5))

    def share(self, word: str) -> float:
        """The share of news at large that a word's stem or a name's skeleton stands in."""
        return 0.0 if self.frequency is None else int(self.frequency[bucket_of(word)]) / max(1, self.articles)

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
    usual: float | None = None  # how high the scores of a story usually go, in log-odds: its own moves the cut
    share: float | None = None  # of judged articles about the story, the least of any that the weights were learnt on


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """Everything that was learnt from labelled streams."""

    relevance: Blend
    same: Blend  # do two articles report the same development?
    telling: Linear  # does this sentence tell what is new?
    novelty: Blend
    cuts: Cuts
    priors: Priors
    entry_words: Linear | None = None  # could an entry be about the story, by its words? From 0 on: perhaps
    entry: Linear | None = None  # and with the vector of its two lines? From 0 on: its page is read
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

    def blend(name: str) -> Blend:
        linear = Linear.load(raw[name])
        return Blend(linear=linear, trees=load_trees(name, linear.names, arrays))

    return Weights(
        relevance=blend("relevance"),
        same=blend("same"),
        telling=Linear.load(raw["telling"]),
        novelty=blend("novelty"),
        cuts=Cuts(**raw["cuts"]),
        priors=parse_priors(arrays),
        entry_words=Linear.load(raw["entry_words"]) if "entry_words" in raw else None,
        entry=Linear.load(raw["entry"]) if "entry" in raw else None,
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
        articles=int(arrays["articles"]) if "articles" in arrays else 0,
        frequency=arrays["frequency"].astype(np.uint16) if "frequency" in arrays else None,
    )


def bucket_of(word: str) -> int:
    """The place of a word in the table of frequencies."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) % BUCKETS


def probability(logit: float) -> float:
    """Log-odds as a probability."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, logit))))


def logit_of(chance: float) -> float:
    """A probability as log-odds, kept finite."""
    bounded = min(max(chance, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded))
