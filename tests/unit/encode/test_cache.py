from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from encoders import WordEncoder
from hypothesis import given
from hypothesis import strategies as st

from storywatch.encode import CachedEncoder
from storywatch.encode.cache import PER_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.model import Vector


class CountingEncoder(WordEncoder):
    """Writes down what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Vector:
        self.asked.append(list(texts))
        return super().encode(texts)


def test_a_text_is_encoded_once() -> None:
    """Of an edit only what changed is encoded, in one call; a text that stands there twice counts once."""
    inner = CountingEncoder()
    cached = CachedEncoder(inner)
    first = cached.encode(["the harbour", "ships sail", "the harbour"])
    again = cached.encode(["ships sail", "the strike", "the harbour"])
    assert inner.asked == [["the harbour", "ships sail"], ["the strike"]]
    assert np.array_equal(first[[1, 0]], again[[0, 2]])
    assert (cached.name, cached.dim) == (inner.name, inner.dim)


@given(st.lists(st.lists(st.text(max_size=4), max_size=6), max_size=8), st.integers(0, 6))
def test_the_cache_changes_no_vector(calls: list[list[str]], room: int) -> None:
    """Whatever is asked in whatever order, and however little is remembered."""
    plain = WordEncoder()
    cached = CachedEncoder(WordEncoder(), capacity=room * (2 * plain.dim + PER_TEXT))
    for texts in calls:
        assert np.array_equal(cached.encode(texts), plain.encode(texts))
        assert len(cached) <= max(1, room)


def test_the_longest_unused_text_is_forgotten_first() -> None:
    """Memory is bounded, and what is asked often stays."""
    inner = CountingEncoder()
    cached = CachedEncoder(inner, capacity=2 * (2 * inner.dim + PER_TEXT))
    for text in ("one", "two", "one", "three", "one", "two"):
        cached.encode([text])
    assert inner.asked == [["one"], ["two"], ["three"], ["two"]]
    assert len(cached) == 2
