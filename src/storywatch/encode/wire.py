"""What service and encoder process say to each other: one byte for the kind, eight for the length, then the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from storywatch.core.model import Vector

READY, TEXTS, VECTORS, FAILED = b"+", b"t", b"v", b"-"
HEAD = 9
HALF = np.dtype("<f2")


def send(line: socket.socket, kind: bytes, payload: bytes) -> None:
    """One message. Raises `OSError` where nobody reads it any more."""
    line.sendall(kind + len(payload).to_bytes(HEAD - 1, "big") + payload)


def receive(line: socket.socket) -> tuple[bytes, bytes]:
    """One message: its kind and what it says. Raises `EOFError` where the other side ends before it does."""
    head = _exactly(line, HEAD)
    return head[:1], _exactly(line, int.from_bytes(head[1:], "big"))


def _exactly(line: socket.socket, length: int) -> bytes:
    parts = bytearray(length)
    view, at = memoryview(parts), 0
    while at < length:
        got = line.recv_into(view[at:])
        if not got:
            raise EOFError
        at += got
    return bytes(parts)


def pack_texts(texts: Sequence[str]) -> bytes:
    """Any text, lone surrogates too."""
    return json.dumps(list(texts)).encode("ascii")


def unpack_texts(payload: bytes) -> list[str]:
    """The very texts."""
    return [str(text) for text in json.loads(payload)]


def pack_vectors(vectors: Vector) -> bytes:
    """Two bytes a figure: an encoder gives only what float16 can hold."""
    return vectors.astype(HALF).tobytes()


def unpack_vectors(payload: bytes, *, rows: int, dim: int) -> Vector:
    """The very vectors. Raises `ValueError` where there are not so many."""
    return np.frombuffer(payload, HALF).reshape(rows, dim).astype(np.float32)
