"""The weights that go with an encoder: what was learnt from one encoder's vectors says nothing about another's."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.weights import Weights, parse_weights, shipped_weights
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from pathlib import Path

UNREADABLE = (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile)


def weights_for(encoder: str, folder: Path | None = None) -> Weights:
    """The weights to judge this encoder's vectors with: those of the folder, else the shipped ones as far as they fit.

    Raises `StorywatchError` where the folder's can't be read or were learnt with another encoder.
    """
    if folder is None:
        shipped = shipped_weights()
        return shipped if shipped.provenance["encoder"] == encoder else without_vectors(shipped)
    weights = load_weights(folder)
    learnt_with = weights.provenance.get("encoder")
    if learnt_with != encoder:
        message = (
            f"the weights in {folder} were learnt with {learnt_with}, and the configured encoder is {encoder}: "
            "choose that model and prefix, or learn anew with `make train ENCODER=KIND:MODEL OUT=FOLDER`"
        )
        raise StorywatchError(message)
    return weights


def load_weights(folder: Path) -> Weights:
    """The two files that training writes. Raises `StorywatchError` where they are not there, or not what they should be."""
    try:
        raw = json.loads((folder / "weights.json").read_text("utf-8"))
        with np.load(folder / "priors.npz", allow_pickle=False) as arrays:
            return parse_weights(raw, dict(arrays))
    except UNREADABLE as error:
        message = f"the weights in {folder} can't be read: {type(error).__name__}: {error}"
        raise StorywatchError(message) from error


def without_vectors(weights: Weights) -> Weights:
    """Weights without what belongs to the vectors they were learnt from, even where another encoder's are as long."""
    priors = replace(weights.priors, means={}, unrelated={}, background=None, fresh=None)
    return replace(weights, priors=priors, entry=None)
