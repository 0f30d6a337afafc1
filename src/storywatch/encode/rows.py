"""What every encoder does to its texts and vectors, so that the same text gives the same bytes everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from storywatch.core.model import Vector

MAX_CHARS = 4000  # beyond 512 tokens models cut or average: time without use


def plain(text: str) -> str:
    """NUL would cut the text short in C, lone surrogates can't be encoded, and nothing at all is a space."""
    return text[:MAX_CHARS].replace("\x00", " ").encode("utf-8", "replace").decode("utf-8") or " "


def halved(vectors: Vector) -> Vector:
    """Rounded to what float16 holds, since the store keeps two bytes a figure."""
    return vectors.astype(np.float16).astype(np.float32)


def unit(vectors: Vector) -> Vector:
    """Rows of length one. A row of nothing becomes the same small step in every direction, so that it has one too."""
    rows = np.nan_to_num(np.asarray(vectors, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    even = np.full_like(rows, 1 / np.sqrt(rows.shape[1]))
    normal: Vector = np.where(lengths > 0, rows / np.where(lengths > 0, lengths, 1), even)
    return normal
