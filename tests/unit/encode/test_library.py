from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from models import DIM, LIBRARIES, a_plain_model, a_static_model, an_onnx_model, mean_of

from storywatch.encode import EncoderChoice, encoder_here
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from storywatch.ports import Encoder

MODELS: dict[str, Callable[[Path], Path]] = {
    "onnx": an_onnx_model,
    "model2vec": a_static_model,
    "fastembed": an_onnx_model,
    "sentence-transformers": a_plain_model,
}
STANDING_IN = ("fastembed", "sentence_transformers", "torch")


@pytest.fixture(autouse=True)
def _libraries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Those that are too large to install have their place taken."""

    def forget() -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] in STANDING_IN]:
            del sys.modules[name]

    forget()
    monkeypatch.syspath_prepend(str(LIBRARIES))
    yield
    forget()


@pytest.fixture(params=MODELS)
def encoder(request: pytest.FixtureRequest, tmp_path: Path) -> Encoder:
    folder = MODELS[request.param](tmp_path / "tiny")
    return encoder_here(EncoderChoice(kind=request.param, model=str(folder)))


def test_a_text_has_the_unit_vector_of_its_tokens(encoder: Encoder) -> None:
    """What the library makes of a text, normalised and as float16 holds it."""
    vectors = encoder.encode(["the harbour reopens", "ships"])
    assert np.array_equal(vectors, np.stack([mean_of("the", "harbour", "reopens"), mean_of("ships")]))
    assert vectors.dtype == np.float32
    assert encoder.dim == DIM


def test_a_text_has_one_vector_whatever_comes_with_it(encoder: Encoder) -> None:
    """Long neighbours change nothing."""
    texts = ["the strike", "ships sail the harbour reopens " * 20, "sail"]
    assert np.array_equal(encoder.encode(texts)[0], encoder.encode(texts[:1])[0])


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "unheard of", "the " * 5000])
def test_odd_texts_have_vectors_too(encoder: Encoder, text: str) -> None:
    """Text of which nothing is known gives a unit vector like any other."""
    [vector] = encoder.encode([text])
    assert np.isfinite(vector).all()
    assert (vector**2).sum() == pytest.approx(1, abs=2e-3)


def test_nothing_gives_no_rows(encoder: Encoder) -> None:
    """An empty batch is no special case for the caller."""
    assert encoder.encode([]).shape == (0, DIM)


@pytest.mark.parametrize("kind", MODELS)
def test_the_prefix_stands_before_every_text(kind: str, tmp_path: Path) -> None:
    """Models that were trained with one get it."""
    folder = MODELS[kind](tmp_path / "tiny")
    encoder = encoder_here(EncoderChoice(kind=kind, model=str(folder), prefix="query "))
    assert np.array_equal(encoder.encode(["ships"])[0], mean_of("query", "ships"))


@pytest.mark.parametrize("kind", ["onnx", "fastembed"])
def test_a_model_that_speaks_by_its_first_token_is_heard_so(kind: str, tmp_path: Path) -> None:
    """As its folder says in 1_Pooling/config.json."""
    folder = an_onnx_model(tmp_path / "tiny", first_token=True)
    encoder = encoder_here(EncoderChoice(kind=kind, model=str(folder)))
    assert np.array_equal(encoder.encode(["harbour the ships"])[0], mean_of("harbour"))


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_that_is_not_on_this_machine_is_told(kind: str) -> None:
    """No download is tried; the message names the model and says where it may be."""
    encoder = encoder_here(EncoderChoice(kind=kind, model="org/never-heard-of"))
    with pytest.raises(
        StorywatchError, match=rf"'org/never-heard-of' can't be loaded with {kind}: .*Nothing is downloaded"
    ):
        encoder.encode(["the harbour"])


def test_a_library_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With what to type."""
    monkeypatch.setitem(sys.modules, "fastembed", None)
    encoder = encoder_here(EncoderChoice(kind="fastembed", model=str(an_onnx_model(tmp_path / "tiny"))))
    with pytest.raises(StorywatchError, match=r'pip install "storywatch\[fastembed\]"'):
        encoder.encode(["the harbour"])
