"""Vectors kept between runs, so that a text is encoded once: float16 rows in one SQLite file."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from typing import TYPE_CHECKING

import numpy as np

from storywatch.encode import encoder_here
from storywatch.encode.choice import BUNDLED, parse_choice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from storywatch.core.model import Vector
    from storywatch.ports import Encoder


class KeptVectors:
    """An encoder that asks another one only for texts it has not seen."""

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self._encoder = encoder
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path)
        self._db.execute("create table if not exists e (k blob primary key, v blob)")

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
        found = {text: self._kept(text) for text in texts}
        missing = [text for text, vector in found.items() if vector is None]
        for text, vector in zip(missing, self._encoder.encode(missing), strict=True):
            self._db.execute(
                "insert or ignore into e values (?, ?)", (key_of(text), vector.astype(np.float16).tobytes())
            )
            found[text] = vector
        if missing:
            self._db.commit()
        return np.stack([found[text] for text in texts]) if texts else np.zeros((0, self.dim), dtype=np.float32)

    def _kept(self, text: str) -> Vector | None:
        row = self._db.execute("select v from e where k = ?", (key_of(text),)).fetchone()
        return None if row is None else np.frombuffer(row[0], dtype=np.float16).astype(np.float32)


def key_of(text: str) -> bytes:
    """What a text is kept under."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


def open_vectors(name: str, prefix: str, path: Path) -> KeptVectors:
    """The encoder of this name, with its own file of vectors: the same text has another vector in each.

    It stands here and not beside the commands: a worker process can load a module, but not the folder that was run.
    """
    encoder = encoder_here(parse_choice(name, prefix=prefix))
    if name != BUNDLED:
        path = path.with_name(f"{path.stem}-{re.sub('[^A-Za-z0-9.-]+', '-', encoder.name)}{path.suffix}")
    return KeptVectors(encoder, path)
