"""Unpack an answer's body without ever holding more than the cap: a kilobyte can stand for a gigabyte."""

from __future__ import annotations

import zlib
from typing import Protocol

import brotli

from storywatch.errors import Unreadable

ACCEPT_ENCODING = "gzip, deflate, br"  # what is advertised is what is understood
GZIP, RAW, ZLIB = zlib.MAX_WBITS | 16, -zlib.MAX_WBITS, zlib.MAX_WBITS


class TooLarge(Unreadable):
    """The answer is larger than anything that we read."""


class Decoder(Protocol):
    """Unpacks piece by piece."""

    def feed(self, data: bytes, room: int) -> bytes:
        """The next bytes in plain; raises `TooLarge` where they would be more than `room`."""
        ...


def decoder_for(encoding: str | None) -> Decoder:
    """The decoder that a Content-Encoding asks for; unknown and stacked ones are refused."""
    name = (encoding or "identity").strip().lower()
    if name in {"identity", ""}:
        return _Plain()
    if name in {"gzip", "x-gzip"}:
        return _Zlib(GZIP)
    if name == "deflate":
        return _Zlib(None)
    if name == "br":
        return _Brotli()
    message = f"the answer is packed as {name[:40]!r}, which we did not ask for"
    raise Unreadable(message)


class _Plain:
    def feed(self, data: bytes, room: int) -> bytes:
        return _within(data, room)


class _Zlib:
    """gzip, or what servers call deflate: zlib as the standard says, or bare deflate as some send it."""

    def __init__(self, window: int | None) -> None:
        self._packed = zlib.decompressobj(window) if window is not None else None

    def feed(self, data: bytes, room: int) -> bytes:
        if self._packed is None and data:
            self._packed = zlib.decompressobj(ZLIB if data[0] & 0x0F == zlib.DEFLATED else RAW)
        if self._packed is None or self._packed.eof:
            return b""  # whatever follows the end is not part of the document
        try:
            plain = self._packed.decompress(data, room + 1)
        except zlib.error as error:
            message = f"the packed answer is damaged ({error})"
            raise Unreadable(message) from error
        return _within(plain, room)


class _Brotli:
    def __init__(self) -> None:
        self._packed = brotli.Decompressor()

    def feed(self, data: bytes, room: int) -> bytes:
        try:
            plain = self._packed.process(data, output_buffer_limit=room + 1)  # stops somewhere beyond it
        except brotli.error as error:
            message = f"the packed answer is damaged ({error})"
            raise Unreadable(message) from error
        return _within(plain, room)


def _within(plain: bytes, room: int) -> bytes:
    if len(plain) > room:
        message = "the answer is larger than we read"
        raise TooLarge(message)
    return plain
