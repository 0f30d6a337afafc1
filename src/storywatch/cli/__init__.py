"""The command line. Nothing heavy is imported before a command is chosen: `--help` answers at once."""

from __future__ import annotations

from storywatch.cli.main import main

__all__ = ["main"]
