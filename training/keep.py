"""Weights to and from the two files of the package."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.weights import dump_trees

if TYPE_CHECKING:
    from pathlib import Path

    from storywatch.core.weights import Weights


def save_weights(weights: Weights, folder: Path) -> None:
    """Write `weights.json` and `priors.npz`: the same weights give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = {
        "provenance": dict(weights.provenance),
        "cuts": asdict(weights.cuts),
        "telling": weights.telling.dump(),
    }
    blends = {"relevance": weights.relevance, "same": weights.same, "novelty": weights.novelty}
    raw |= {name: blend.linear.dump() for name, blend in blends.items()}
    raw |= {name: model.dump() for name in ("entry_words", "entry") if (model := getattr(weights, name))}
    (folder / "weights.json").write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", "utf-8")
    priors = weights.priors
    arrays = {f"mean-{lang}": mean.astype(np.float32) for lang, mean in sorted(priors.means.items())}
    arrays |= {f"unrelated-{lang}": rows.astype(np.float16) for lang, rows in sorted(priors.unrelated.items())}
    arrays |= {"background": priors.background, "fresh": priors.fresh}
    for name, blend in blends.items():
        arrays |= dump_trees(name, blend.trees)
    if priors.frequency is not None:
        arrays |= {"articles": np.asarray(priors.articles), "frequency": priors.frequency}
    np.savez_compressed(folder / "priors.npz", **{name: np.asarray(array) for name, array in arrays.items()})
