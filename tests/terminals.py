"""A terminal of a given width, and what a command shows on it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

STYLE = re.compile(r"\x1b\[[0-9;]*m")


def shown(*words: str, cwd: Path, columns: int = 80, typed: str = "") -> tuple[int, str]:
    """The exit status of `storywatch WORDS` and what it wrote to its terminal, on which somebody has `typed`."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR", "CI"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "storywatch", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env={**environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    written = b""
    try:
        while True:
            written += os.read(ours, 65536)
    except OSError:  # Linux says so when the other side is closed
        pass
    finally:
        os.close(ours)
    return process.wait(timeout=60), written.decode().replace("\r\n", "\n")


def without_style(text: str) -> str:
    """The text without colours; whatever else steers a terminal stays."""
    return STYLE.sub("", text)
