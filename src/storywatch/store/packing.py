"""Values that are no columns of their own: vectors, texts and pieces of evidence, packed and unpacked exactly."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from storywatch.core.model import ArticleId, DevelopmentId, Nearest, NewSentence, Reason, Translation

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from storywatch.core.model import Vector

HALF = np.dtype("<f2")
DOUBLE = np.dtype("<f8")


def pack_vector(vector: Vector) -> bytes:
    """Two bytes a number: an encoder gives only what float16 can hold."""
    return vector.astype(HALF).tobytes()


def unpack_vector(blob: bytes) -> Vector:
    """The very vector that was packed."""
    return np.frombuffer(blob, HALF).astype(np.float32)


def pack_total(total: npt.NDArray[np.float64]) -> bytes:
    """Eight bytes a number: a running sum must not lose anything."""
    return total.astype(DOUBLE).tobytes()


def unpack_total(blob: bytes) -> npt.NDArray[np.float64]:
    """The very sum that was packed."""
    return np.frombuffer(blob, DOUBLE).astype(np.float64)


def pack_paragraphs(paragraphs: tuple[str, ...]) -> bytes:
    """About half of the text's size."""
    text = json.dumps(paragraphs, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"))


def unpack_paragraphs(blob: bytes) -> tuple[str, ...]:
    """The very paragraphs that were packed."""
    return tuple(json.loads(zlib.decompress(blob).decode("utf-8", "surrogatepass")))


def pack_all(values: Iterable[NewSentence | Reason]) -> list[dict[str, Any]]:
    """For a JSON column."""
    return [asdict(value) for value in values]


def unpack_new(values: list[dict[str, Any]]) -> tuple[NewSentence, ...]:
    """From a JSON column."""
    return tuple(_unpack_sentence(value) for value in values)


def _unpack_sentence(value: dict[str, Any]) -> NewSentence:
    """Rows from before there were translations don't name one."""
    translation = value.get("translation")
    return NewSentence(**{**value, "translation": translation and Translation(**translation)})


def unpack_reasons(values: list[dict[str, Any]]) -> tuple[Reason, ...]:
    """From a JSON column."""
    return tuple(Reason(**value) for value in values)


def pack_nearest(nearest: Nearest | None) -> dict[str, Any] | None:
    """For a JSON column."""
    return None if nearest is None else asdict(nearest)


def unpack_nearest(value: dict[str, Any] | None) -> Nearest | None:
    """From a JSON column."""
    if value is None:
        return None
    development, article = value["development"], value["article"]
    return Nearest(
        development=development and DevelopmentId(development),
        article=article and ArticleId(article),
        sentence=value["sentence"],
        score=value["score"],
        alike=value.get("alike"),
        outlet=value.get("outlet"),
        day=value.get("day"),
    )
