"""Vectors of the texts encoded last: a headline is looked at more than once, and an edit repeats most of its sentences."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from storywatch.encode.wire import HALF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.model import Vector
    from storywatch.ports import Encoder

CACHE_BYTES = 8 * 1024 * 1024
PER_TEXT = 300  # key, objects and table beside the vector itself


class CachedEncoder:
    """An encoder that asks another one for each text once, as long as it remembers. Within a bound of bytes."""

    def __init__(self, encoder: Encoder, *, capacity: int = CACHE_BYTES) -> None:
        self._encoder = encoder
        self._capacity = capacity
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The inner encoder's name."""
        return self._encoder.name

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._encoder.dim

    def __len__(self) -> int:
        return len(self._kept)

    def encode(self, texts: Sequence[str]) -> Vector:
        """As the inner encoder does; it is asked once, for the texts that are missing, each of them once."""
        keys = [_key_of(text) for text in texts]
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
            if missing:
                rows = self._encoder.encode(list(missing.values()))
                found |= {key: row.astype(HALF).tobytes() for key, row in zip(missing, rows, strict=True)}
            self._keep({key: found[key] for key in keys})
        if not keys:
            return np.zeros((0, self.dim), dtype=np.float32)
        return np.stack([np.frombuffer(found[key], HALF) for key in keys]).astype(np.float32)

    def _keep(self, used: dict[bytes, bytes]) -> None:
        for key, vector in used.items():
            self._kept[key] = vector
            self._kept.move_to_end(key)
        if self._kept:
            most = max(1, self._capacity // (len(next(iter(self._kept.values()))) + PER_TEXT))
            while len(self._kept) > most:
                self._kept.popitem(last=False)


def _key_of(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
