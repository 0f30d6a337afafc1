"""Vectors of streams in one file, so that tests need not encode: keys of texts, and float16 rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from learn import walk
from vectors import key_of

from storywatch.core.weights import shipped_weights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams import Stream

    from storywatch.core.model import Vector
    from storywatch.ports import Encoder


class Noting:
    """An encoder that notes what it was asked."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.noted: dict[bytes, Vector] = {}

    @property
    def name(self) -> str:
        """The inner encoder's name."""
        return self._encoder.name

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._encoder.dim

    def encode(self, texts: Sequence[str]) -> Vector:
        """As the inner encoder does."""
        vectors = self._encoder.encode(texts)
        self.noted.update(zip(map(key_of, texts), vectors, strict=True))
        return vectors


def pack_vectors(streams: Sequence[Stream], encoder: Encoder, path: Path) -> int:
    """Write the vectors that a replay of these streams asks for; says how many."""
    noting = Noting(encoder)
    for stream in streams:
        walk(stream, noting, shipped_weights())
    keys = sorted(noting.noted)
    rows = np.stack([noting.noted[key] for key in keys]).astype(np.float16)
    np.savez_compressed(path, keys=np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), -1), vectors=rows)
    return len(keys)
