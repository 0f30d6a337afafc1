"""`demo`: the product at work on a composed stream."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from storywatch.cli.printing import console
from storywatch.demo.show import run_demo
from storywatch.demo.stream import load_stream
from storywatch.logs import set_up_logs

if TYPE_CHECKING:
    from argparse import Namespace


def demo(options: Namespace) -> int:
    """`storywatch demo`: keeps the page up on a terminal, unless told to end."""
    set_up_logs(stream=sys.stderr, level="error")
    return asyncio.run(run_demo(load_stream(), stay=sys.stdout.isatty() and not options.exit, out=console()))
