"""Encoders for tests: quick ones, and kept vectors of the bundled one."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.model import Vector


class WordEncoder:
    """Texts that share words have similar vectors: enough for stories told in tests, and quick."""

    name = "words"

    def __init__(self, dim: int = 64) -> None:
        self.dim = dim

    def encode(self, texts: Sequence[str]) -> Vector:
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()) or [" "]:
                row[zlib.crc32(word.encode("utf-8", "replace")) % self.dim] += 1
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return rows.astype(np.float16).astype(np.float32)
