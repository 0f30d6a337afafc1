"""`python training`, as typed: what is missing is told in a line, with status 2."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from streams import load_streams

from storywatch.errors import StorywatchError

ROOT = Path(__file__).resolve().parents[2]
KEPT_STREAMS = ROOT / "tests/data/streams"
# None in sys.modules is how Python itself has a module not be there.
WITHOUT = "import runpy, sys; sys.modules[sys.argv.pop(1)] = None; runpy.run_path('training', run_name='__main__')"


def typed(*words: str | Path) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("missing", ["scipy", "sklearn"])
def test_a_plain_install_is_told_what_it_lacks(missing: str) -> None:
    """One line names the package and the target that brings it."""
    told = f"training needs {missing}, which a plain install leaves out: make .venv/installed-dev brings it\n"
    assert typed("-c", WITHOUT, missing, "evaluate", KEPT_STREAMS) == (2, "", told)


def test_another_missing_module_is_an_error_of_ours() -> None:
    """It stays a traceback: no target brings it."""
    status, _, told = typed("-c", WITHOUT, "report", "evaluate", KEPT_STREAMS)
    assert status == 1
    assert "ModuleNotFoundError" in told
    assert "plain install" not in told


def test_the_command_names_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """One line and no traceback."""
    nowhere = tmp_path / "nope"
    status, out, told = typed("training", "evaluate", nowhere)
    assert (status, out) == (2, "")
    assert told == (
        f"{nowhere}: No such file or directory; expected a folder with story.toml, items.jsonl, developments.jsonl, "
        "or one that holds such folders\n"
    )


def test_each_folder_has_to_hold_a_stream(tmp_path: Path) -> None:
    """One with only some of the three files, an empty one and a file are refused, also beside a good one."""
    partial, empty, file = tmp_path / "partial", tmp_path / "empty", tmp_path / "items.jsonl"
    partial.mkdir()
    empty.mkdir()
    file.touch()
    (partial / "story.toml").touch()
    (partial / "items.jsonl").touch()
    for path, told in ((partial, "no labelled streams"), (empty, "no labelled streams"), (file, "Not a directory")):
        with pytest.raises(StorywatchError) as refused:
            load_streams([KEPT_STREAMS / "captured-sailors", path])
        assert str(refused.value).startswith(f"{path}: {told}; expected a folder with story.toml, items.jsonl, ")


A_STORY = 'name = "Bridge"\nabout = "The bridge."\n'
AN_ITEM = (
    '{"id": "i1", "seen_at": "2026-01-31T06:00:00Z", "url": "https://a.example/1", "title": "橋が閉鎖\u2028", '
    '"relevant": true, "role": "first", "developments": ["d1"]}\n'
)
A_DEVELOPMENT = '{"id": "d1", "severity": "major"}\n'


def a_folder(folder: Path, **files: str | bytes) -> Path:
    """A stream of one item; `story`, `items` and `developments` stand in for what is in its files."""
    folder.mkdir()
    good = {"story": A_STORY, "items": AN_ITEM, "developments": A_DEVELOPMENT}
    for name, text in {**good, **files}.items():
        path = folder / f"{name}.{'toml' if name == 'story' else 'jsonl'}"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_an_end_of_line_within_a_text_ends_no_item(tmp_path: Path) -> None:
    """JSON lets U+2028 stand as it is; blank lines are no items either."""
    [stream] = load_streams([a_folder(tmp_path / "bridge", items=f"\n{AN_ITEM}\r\n")])
    assert [one.article.title for one in stream.items] == ["橋が閉鎖\u2028"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "items.jsonl",
            f"\n{AN_ITEM}{{'id'",
            ":3:2: not JSON: Expecting property name enclosed in double quotes; each",
        ),
        ("items.jsonl", "[1]\n", ":1: not an object; each line is one JSON object"),
        ("items.jsonl", "[" * 200_000, ":1: not JSON that can be read: "),
        ("items.jsonl", "9" * 5_000, ":1: not JSON that can be read: "),
        ("items.jsonl", b"\xff", ": not UTF-8; save it as UTF-8"),
        ("items.jsonl", AN_ITEM.replace("true", "1"), ":1: 'relevant' is missing or not true or false"),
        ("items.jsonl", AN_ITEM.replace('["d1"]', "null"), ":1: 'developments' is missing or not a list"),
        ("items.jsonl", f"\n{AN_ITEM.replace('url', 'link')}", ":2: 'url' is missing or not a text"),
        ("developments.jsonl", f'{A_DEVELOPMENT}{{"id": "d2"', ":2:12: not JSON: Expecting ',' delimiter; each line"),
        ("developments.jsonl", '{"id": "d1"}\n', ":1: 'severity' is missing or not a text"),
        (
            "story.toml",
            'name = "Bridge"\nabout = The bridge.\n',
            ":2:9: not TOML: expected a value here, such as a text",
        ),
        ("story.toml", b"\xff", ":1:1: not UTF-8: save the file as UTF-8"),
        ("story.toml", 'name = "Bridge"\n', ": 'about' is missing or not a text"),
    ],
)
def test_a_fault_in_a_stream_is_named_with_its_place(tmp_path: Path, name: str, text: str | bytes, told: str) -> None:
    """File, line and what was expected there, whichever of the three files it is in."""
    folder = a_folder(tmp_path / "bridge", **{name.partition(".")[0]: text})
    with pytest.raises(StorywatchError) as refused:
        load_streams([folder])
    assert str(refused.value).startswith(f"{folder / name}{told}")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"items": "{"},
            "items.jsonl:1:2: not JSON: Expecting property name enclosed in double quotes; each line is one",
        ),
        ({"story": "name ="}, "story.toml:1:7: not TOML: expected a value here, such as a text in quotes"),
    ],
)
def test_the_command_tells_a_fault_in_a_line(tmp_path: Path, files: dict[str, str], told: str) -> None:
    """One line, no traceback, and not the status of success."""
    folder = a_folder(tmp_path / "bridge", **files)
    status, out, err = typed("training", "evaluate", folder)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"{folder}/{told}")


def test_what_the_commands_hand_to_workers_can_be_loaded_there() -> None:
    """The folder that is run is no module: a worker process can't load a function that stands beside the commands."""
    source = (ROOT / "training/__main__.py").read_text("utf-8")
    [opener] = re.findall(r"open_encoder=partial\((\w+)", source)
    assert f"def {opener}" not in source
    assert f"import KeptVectors, {opener}" in source
