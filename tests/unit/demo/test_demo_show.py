"""What the demo prints of what the service says."""

from __future__ import annotations

import asyncio
import io

from rich.console import Console

from storywatch.app import SystemClock
from storywatch.demo.show import Show
from storywatch.demo.stream import load_stream


def test_the_show_is_of_the_story_alone() -> None:
    """What the service says of itself, on a clock that runs far too fast, is no part of it."""
    page = io.StringIO()
    show = Show(load_stream(), SystemClock(), stop=asyncio.Event(), out=Console(file=page))
    show.tell({"type": "service.trouble", "timestamp": "2026-03-26T03:30:00Z", "data": {"signs": []}})
    assert page.getvalue() == ""
