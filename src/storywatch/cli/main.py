"""Chooses the command, runs it, and turns what went wrong into one clear message and an exit status."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from storywatch.cli.parser import build_parser
from storywatch.errors import ConfigError, StorywatchError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

MODULES = {
    "worker": "running",
    "run": "running",
    "once": "running",
    "check": "checking",
    "doctor": "checking",
    "feeds": "feeding",
    "test-channel": "checking",
    "migrate": "checking",
    "version": "checking",
    "explain": "explaining",
    "fetch": "fetching",
    "replay": "replaying",
    "feedback": "feedback",
    "stories": "telling",
    "timeline": "telling",
    "deliveries": "telling",
    "redeliver": "redelivering",
    "mute": "silencing",
    "snooze": "silencing",
    "unmute": "silencing",
    "silences": "silencing",
    "acknowledge": "silencing",
    "reencode": "reencoding",
    "demo": "demonstrating",
}
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script: ends the process with 0, 1 (did not work) or 2 (usage or configuration)."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = build_parser().parse_args(arguments)
    try:
        return _call(options)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except StorywatchError as error:
        print(f"storywatch: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `storywatch timeline | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("STORYWATCH_DEBUG"):
            raise
        print(f"storywatch: {type(error).__name__}: {error} (STORYWATCH_DEBUG=1 shows where)", file=sys.stderr)
        return 1


def _call(options: Namespace) -> int:
    """The command's status. What failed among concurrent tasks is raised as if there had been one."""
    module = import_module(f"storywatch.cli.{MODULES[options.command]}")  # takes a second, in which Ctrl-C may come
    command: Callable[[Namespace], int] = getattr(module, options.command.replace("-", "_"))
    try:
        return int(command(options))
    except ExceptionGroup as group:
        error: Exception = group
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        raise error from group
