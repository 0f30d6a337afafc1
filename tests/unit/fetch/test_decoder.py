from __future__ import annotations

import gzip
import zlib

import brotli
import pytest

from storywatch.errors import Unreadable
from storywatch.fetch.decoder import TooLarge, decoder_for

TEXT = ("<rss>" + "북한군 포로 " * 5_000 + "</rss>").encode()
ROOM = 10 * 1024 * 1024


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED = [
    ("gzip", gzip.compress(TEXT)),
    ("x-gzip", gzip.compress(TEXT)),
    ("deflate", zlib.compress(TEXT)),
    ("deflate", bare(TEXT)),
    ("br", brotli.compress(TEXT)),
    ("identity", TEXT),
    (None, TEXT),
    (" GZIP ", gzip.compress(TEXT)),
]


@pytest.mark.parametrize(("encoding", "packed"), PACKED)
@pytest.mark.parametrize("size", [7, 1_000, 1_000_000])
def test_a_body_is_unpacked_piece_by_piece(encoding: str | None, packed: bytes, size: int) -> None:
    """However the pieces fall."""
    decoder = decoder_for(encoding)
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert b"".join(decoder.feed(piece, ROOM) for piece in [b"", *pieces]) == TEXT


@pytest.mark.parametrize(("encoding", "packed"), PACKED)
def test_an_answer_larger_than_the_cap_stops_there(encoding: str | None, packed: bytes) -> None:
    """One byte more than there is room for."""
    assert decoder_for(encoding).feed(packed, len(TEXT)) == TEXT
    with pytest.raises(TooLarge):
        decoder_for(encoding).feed(packed, len(TEXT) - 1)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(bytes(200 * 1024 * 1024), 1)),
        ("br", brotli.compress(bytes(200 * 1024 * 1024), quality=1)),
    ],
    ids=["gzip", "br"],
)
def test_a_bomb_is_stopped_at_the_cap(encoding: str, packed: bytes) -> None:
    """200 MB in a few kilobytes never come to be."""
    with pytest.raises(TooLarge):
        decoder_for(encoding).feed(packed, ROOM)


@pytest.mark.parametrize("encoding", ["zstd", "gzip, gzip", "br,gzip", "compress", "x" * 100])
def test_unknown_and_stacked_packings_are_refused(encoding: str) -> None:
    """We did not ask for them."""
    with pytest.raises(Unreadable, match="did not ask for"):
        decoder_for(encoding)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_damaged_body_is_unreadable(encoding: str) -> None:
    """And says so."""
    with pytest.raises(Unreadable, match="damaged"):
        decoder_for(encoding).feed(b"\x07 this was never packed \xff" * 20, ROOM)


def test_what_follows_the_end_is_not_part_of_the_document() -> None:
    """Some servers append to what they packed."""
    decoder = decoder_for("gzip")
    assert decoder.feed(gzip.compress(b"text"), ROOM) == b"text"
    assert decoder.feed(b"trailing", ROOM) == b""
