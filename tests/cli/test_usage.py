"""What can be typed, and what a wrong word gives."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from storywatch import __version__
from storywatch.cli.main import MODULES
from storywatch.cli.parser import build_parser

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Storywatch
    from newsroom import ConfigDir

HEAVY = ("pydantic", "sqlalchemy", "sqlmodel", "numpy", "rich", "httpx", "starlette", "asyncio", "structlog")


def test_help_imports_nothing_heavy() -> None:
    """`storywatch --help` answers at once: no library is loaded for it."""
    script = f"""
import sys
from storywatch.cli import main
try:
    main(["--help"])
except SystemExit as end:
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    sys.exit(f"loaded {{loaded}}" if loaded or end.code else 0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(re.search(rf"^    {command}\b", done.stdout, re.MULTILINE) for command in MODULES)


@pytest.mark.parametrize("command", sorted(MODULES))
def test_every_command_says_what_it_does(storywatch: Storywatch, command: str) -> None:
    """Each command has a help of its own, which says what it does in a sentence."""
    done = storywatch.typed(command, "--help")
    assert done.status == 0
    assert done.out.startswith(f"usage: storywatch {command}")
    assert re.search(r"\n\n[A-Z][^\n]+(\n[^\n]+)*\.\n", done.out)


def test_every_command_of_the_parser_has_its_module() -> None:
    """What can be typed is what can be run."""
    [commands] = [action.choices for action in build_parser()._actions if action.dest == "command"]
    assert commands is not None
    assert set(commands) == set(MODULES)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "required: COMMAND"),
        (("runn",), "invalid choice: 'runn'"),
        (("once", "--al", "--whatever"), "unrecognized arguments: --whatever"),
        (("timeline",), "required: WATCH"),
        (("timeline", "x", "--limit", "0"), "expected a number from 1, not '0'"),
        (("deliveries", "--state", "lost"), "invalid choice: 'lost'"),
        (("replay", "--watch", "w.toml"), "required: --items, --decisions"),
    ],
)
def test_wrong_usage_is_told_with_status_2(storywatch: Storywatch, words: tuple[str, ...], told: str) -> None:
    """A word that makes no sense ends with 2, says which, and prints nothing on standard output."""
    done = storywatch.typed(*words)
    assert done.status == 2
    assert told in done.err
    assert done.out == ""


def test_the_version_is_told_on_its_own(storywatch: Storywatch) -> None:
    """`--version` is one line; `version` names the parts and the schema too, for people and for programs."""
    assert storywatch.typed("--version").out == f"storywatch {__version__}\n"
    done = storywatch("version")
    assert done.lines[0] == f"storywatch {__version__}"
    assert dict(line.split(" ", 1) for line in done.lines) == storywatch("version", "--json").json
    assert "schema" in done.out


def test_the_configuration_is_found_by_option_or_environment(
    storywatch: Storywatch, desk_files: ConfigDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STORYWATCH_CONFIG names the directory where no option does; the option wins."""
    there = desk_files.write()
    monkeypatch.setenv("STORYWATCH_CONFIG", str(there))
    assert storywatch.typed("check").out.startswith(f"{there}: no faults.")
    lost = storywatch.typed("check", "--config", str(tmp_path / "elsewhere"))
    assert lost.status == 2
    assert lost.err == (
        f"{tmp_path / 'elsewhere'}: no such directory; name the right one with --config DIR or STORYWATCH_CONFIG\n"
    )


def test_the_configuration_may_be_named_before_the_command(
    storywatch: Storywatch, desk_files: ConfigDir, tmp_path: Path
) -> None:
    """`storywatch --config DIR check` is the same as `storywatch check --config DIR`; the later one holds."""
    there = str(desk_files.write())
    assert storywatch.typed("--config", there, "check").out.startswith(f"{there}: no faults.")
    assert storywatch.typed("--config", str(tmp_path / "x"), "check", "--config", there).status == 0


def test_ctrl_c_while_a_command_is_still_loading_is_no_traceback(
    storywatch: Storywatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading the libraries takes a second, and Ctrl-C in it ends like Ctrl-C later."""

    def interrupted(_name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["storywatch.cli.main"], "import_module", interrupted)
    done = storywatch.typed("doctor")
    assert (done.status, done.out, done.err) == (130, "", "")


def test_every_fault_of_the_configuration_is_told_at_once(storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """A broken configuration ends each command with 2 and one line a fault, where it stands."""
    desk_files.watches = {"harbour-strike": 'nam = "Harbour strike"\n', "ferry": "name = 3\n"}
    for command in (("check",), ("once",), ("stories",), ("doctor",), ("run",)):
        done = storywatch(*command)
        assert done.status == 2
        assert done.out == ""
        faults = done.err.splitlines()
        assert any('harbour-strike.toml:1:1 nam: unknown key, did you mean "name"?' in fault for fault in faults)
        assert any("ferry.toml:1:8 name:" in fault for fault in faults)


def test_what_nobody_expected_is_one_line_and_status_1(
    storywatch: Storywatch, desk_files: ConfigDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An error of an unknown kind is told in one line, and in full where it is asked for."""
    words = ("replay", "--watch", str(tmp_path / "x.toml"), "--items", "\0", "--decisions", str(tmp_path / "out"))
    (tmp_path / "x.toml").write_text('name = "Ferry"\nabout = "The ferry."\n')
    done = storywatch.typed(*words)
    assert done.status == 1
    assert done.err.splitlines() == ["storywatch: ValueError: embedded null byte (STORYWATCH_DEBUG=1 shows where)"]
    monkeypatch.setenv("STORYWATCH_DEBUG", "1")
    with pytest.raises(ValueError, match="null byte"):
        storywatch.typed(*words)


class Impatient(io.BytesIO):
    """Standard input of somebody who presses Ctrl-C."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise KeyboardInterrupt


def test_ctrl_c_ends_without_a_word(storywatch: Storywatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever interrupts a command gets status 130 and no traceback."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Impatient()))
    done = storywatch("explain", "-")
    assert (done.status, done.out, done.err) == (130, "", "")
