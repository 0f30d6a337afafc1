from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from desks import Desk
from newsroom import SECRET, SECRET_ENV, ConfigDir

from storywatch.cli.main import run
from storywatch.store.engine import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands set up logging for their process: give this one's back as it was."""
    monkeypatch.delenv("STORYWATCH_CONFIG", raising=False)
    monkeypatch.setenv(SECRET_ENV, SECRET)
    root = logging.getLogger()
    handlers, level, shown = root.handlers[:], root.level, warnings.showwarning
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level, warnings.showwarning = handlers, level, shown
    structlog.reset_defaults()


@pytest.fixture
def desk_files(tmp_path: Path) -> ConfigDir:
    """One feed that does not answer, one watch, no channel; not yet written."""
    return ConfigDir(tmp_path, feeds={"harbor-times": "http://127.0.0.1:9/feed.xml"}, langs={"harbor-times": "en"})


@pytest.fixture
def told(desk_files: ConfigDir) -> Iterator[Desk]:
    """The database of `desk_files`, to be filled."""
    database = open_database(desk_files.database)
    desk = Desk(database)
    desk.begin()
    yield desk
    database.dispose()


class Storywatch:
    """The command line, as typed."""

    def __init__(self, files: ConfigDir, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._files, self._capsys, self._monkeypatch = files, capsys, monkeypatch

    def __call__(self, *words: str, stdin: bytes | None = None) -> Done:
        """One command on the written configuration."""
        config = () if words[0] in {"replay", "version"} else ("--config", str(self._files.write()))
        return self.typed(*words, *config, stdin=stdin)

    def typed(self, *words: str, stdin: bytes | None = None) -> Done:
        if stdin is not None:
            self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capsys.readouterr()
        try:
            status = run(list(words))
        except SystemExit as end:  # argparse
            status = int(end.code or 0)
        out, err = self._capsys.readouterr()
        return Done(status, out, err)


@pytest.fixture
def storywatch(
    desk_files: ConfigDir, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Storywatch:
    return Storywatch(desk_files, capsys, monkeypatch)
