"""`python training`, as typed: what is missing is told in a line, with status 2."""

from __future__ import annotations

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
