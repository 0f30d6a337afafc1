"""The demonstration as a user starts it: another process, no configuration, no terminal."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from rich.console import Console

from storywatch.demo.show import run_demo
from storywatch.demo.stream import load_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEMO = (sys.executable, "-m", "storywatch", "demo")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A home and a place for temporary files of the test's own, so that what is left behind is seen."""
    for name in ("home", "tmp", "here"):
        (tmp_path / name).mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "LANG": "C.UTF-8",
        "TERM": "xterm",
    }


def left_behind(tmp_path: Path) -> list[str]:
    return [str(path) for name in ("home", "tmp", "here") for path in (tmp_path / name).rglob("*")]


def test_the_demo_tells_what_is_new_and_why_the_rest_is_not(tmp_path: Path, environ: dict[str, str]) -> None:
    """In a pipe it prints alerts with their sentences and the others with their reasons, and ends with 0, traceless."""
    done = subprocess.run(
        DEMO, capture_output=True, text=True, cwd=tmp_path / "here", env=environ, timeout=110, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    alerts = re.findall(r"^\d\d \w{3} \d\d:\d\d  .+ \([a-z]{2}\)", done.stdout, re.MULTILINE)
    assert len(alerts) >= 3
    assert done.stdout.count("  new: ") >= len(alerts)
    assert f"{len(alerts)} of 26 articles were alerts" in done.stdout
    assert re.search(r"repeat +\d\.\d\d +\S", done.stdout)
    assert "off-topic" in done.stdout
    assert left_behind(tmp_path) == []


@pytest.fixture
def on_a_terminal(tmp_path: Path, environ: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(DEMO, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path / "here", env=environ)
    os.close(theirs)
    yield process, ours
    process.kill()
    process.wait()
    os.close(ours)


def test_ctrl_c_ends_the_demo_at_once_and_traceless(
    tmp_path: Path, on_a_terminal: tuple[subprocess.Popen[bytes], int]
) -> None:
    """Whoever has seen enough presses Ctrl-C in the middle: exit status 130, no traceback, nothing left behind."""
    process, screen = on_a_terminal
    shown = b""
    until = time.monotonic() + 60
    while b"invented story" not in shown and time.monotonic() < until:
        if select.select([screen], [], [], 1)[0]:
            shown += os.read(screen, 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    while select.select([screen], [], [], 0)[0]:
        try:
            shown += os.read(screen, 4096)
        except OSError:  # Linux says so when the other side is closed
            break
    assert b"Traceback" not in shown
    assert left_behind(tmp_path) == []


def test_a_demo_that_tells_nothing_says_so() -> None:
    """A stream without the story ends with 1: whoever tries an installation sees that something is wrong."""
    paper = io.StringIO()
    strange = [item for item in load_stream() if item.id in {"i002", "i020"}]
    status = asyncio.run(run_demo(strange, stay=False, out=Console(file=paper)))
    assert status == 1
    assert "0 of 1 articles were alerts" in paper.getvalue()
    assert "Nothing was alerted" in paper.getvalue()


def test_the_page_stays_up_until_it_is_told_to_end() -> None:
    """On a terminal the stories can be looked at after the stream's end, until a signal comes."""
    paper = io.StringIO()
    strange = [item for item in load_stream() if item.id in {"i002", "i020"}]

    async def look_and_end() -> tuple[int, str]:
        demo = asyncio.ensure_future(run_demo(strange, stay=True, out=Console(file=paper, width=120)))
        while not (found := re.search(r"The page is at (http\S+)", paper.getvalue())) and not demo.done():
            await asyncio.wait([demo], timeout=0.05)
        async with httpx.AsyncClient(trust_env=False) as client:
            page = await client.get(found[1] if found else "")
        os.kill(os.getpid(), signal.SIGINT)
        return await demo, page.text

    status, page = asyncio.run(look_and_end())
    assert status == 1
    assert "The ferry Astrid Lund" in page
