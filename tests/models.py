"""Tiny models for encoders of other libraries, made on disk: every word of a short list has a vector of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from storywatch.core.model import Vector

WORDS = ("[PAD]", "[UNK]", "the", "harbour", "reopens", "strike", "ships", "sail", "query", ":", "storywatch")
DIM = 16
INT64, FLOAT = 7, 1  # of ONNX
LIBRARIES = Path(__file__).parent / "data/encoders"  # stand for libraries that are too large to install for tests


def table(seed: int = 1) -> Vector:
    """One row a word."""
    rows = np.random.default_rng(seed).normal(size=(len(WORDS), DIM))
    return rows.astype(np.float32)


def a_tokenizer(folder: Path) -> Path:
    """Words of the list, by blanks and signs."""
    folder.mkdir(parents=True, exist_ok=True)
    special = [
        {
            "id": at,
            "content": WORDS[at],
            "special": True,
            **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False),
        }
        for at in (0, 1)
    ]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: at for at, word in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    return folder


def an_onnx_model(folder: Path, *, seed: int = 1, first_token: bool = False) -> Path:
    """A graph that looks each token's vector up, with what fastembed wants beside it."""
    a_tokenizer(folder)
    (folder / "model.onnx").write_bytes(_graph(table(seed)))
    a_plain_model(folder, seed=seed)
    (folder / "config.json").write_text(json.dumps({"hidden_size": DIM, "pad_token_id": 0}), "utf-8")
    settings = {"model_max_length": 128, "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    if first_token:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true}', "utf-8")
    return folder


def a_static_model(folder: Path, *, seed: int = 1) -> Path:
    """A model as model2vec saves it."""
    from model2vec import StaticModel  # noqa: PLC0415  for the tests that need it
    from tokenizers import Tokenizer  # noqa: PLC0415  same

    tokenizer = Tokenizer.from_file(str(a_tokenizer(folder) / "tokenizer.json"))
    StaticModel(table(seed), tokenizer).save_pretrained(str(folder))
    return folder


def a_plain_model(folder: Path, *, seed: int = 1) -> Path:
    """For the libraries that tests/data/encoders stands for."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = dict(zip(WORDS, table(seed).tolist(), strict=True))
    (folder / "rows.json").write_text(json.dumps(rows), "utf-8")
    return folder


def mean_of(*words: str, seed: int = 1) -> Vector:
    """The unit vector that a text of these words must have, as float16 holds it."""
    mean = np.stack([table(seed)[WORDS.index(word)] for word in words]).mean(axis=0)
    unit: Vector = (mean / np.linalg.norm(mean)).astype(np.float16).astype(np.float32)
    return unit


# --------------------------------------------------------------------------- an ONNX file, field by field


def _graph(rows: Vector) -> bytes:
    """ModelProto: Gather(table, input_ids) is the output `last_hidden_state`."""
    tensor = (
        _number(1, rows.shape[0])
        + _number(1, rows.shape[1])
        + _number(2, FLOAT)
        + _bytes(8, b"table")
        + _bytes(9, rows.tobytes())
    )
    node = _bytes(1, b"table") + _bytes(1, b"input_ids") + _bytes(2, b"last_hidden_state") + _bytes(4, b"Gather")
    graph = (
        _bytes(1, node)
        + _bytes(2, b"lookup")
        + _bytes(5, tensor)
        + _bytes(11, _value(b"input_ids", INT64, "batch", "length"))
        + _bytes(11, _value(b"attention_mask", INT64, "batch", "length"))
        + _bytes(12, _value(b"last_hidden_state", FLOAT, "batch", "length", "dim"))
    )
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _number(2, 13))


def _value(name: bytes, kind: int, *axes: str) -> bytes:
    shape = b"".join(_bytes(1, _bytes(2, axis.encode())) for axis in axes)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
