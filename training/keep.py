"""Weights to and from the two files of the package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from storywatch.core.weights import Weights


def save_weights(weights: Weights, folder: Path) -> None:
    """Write `weights.json` and `priors.npz`: the same weights give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = {
        "provenance": dict(weights.provenance),
        "cuts": {name: getattr(weights.cuts, name) for name in ("about", "development", "possible")},
        "relevance": weights.relevance.dump(),
        "same": weights.same.dump(),
        "telling": weights.telling.dump(),
        "novelty": weights.novelty.dump(),
    }
    (folder / "weights.json").write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", "utf-8")
    priors = weights.priors
    arrays = {f"mean-{lang}": mean.astype(np.float32) for lang, mean in sorted(priors.means.items())}
    arrays |= {f"unrelated-{lang}": rows.astype(np.float16) for lang, rows in sorted(priors.unrelated.items())}
    arrays |= {"background": priors.background, "fresh": priors.fresh}
    np.savez(folder / "priors.npz", **{name: np.asarray(array) for name, array in arrays.items()})
