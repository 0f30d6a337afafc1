"""What a reload has replaced: used to the end by the steps that began with it, and then closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import structlog
from newsroom import SECRET, SECRET_ENV, ConfigDir, free_port

from storywatch.app import App, open_app
from storywatch.config import load_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENVIRON = {SECRET_ENV: SECRET}


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


async def _step(app: App, end: asyncio.Event) -> asyncio.Task[bool]:
    """A step of the service that is under way until `end`."""
    task = app.service.group.create_task(end.wait())
    app.service.polls.running.add(task)  # type: ignore[arg-type]  # what it gives does not matter
    task.add_done_callback(app.service.polls.running.discard)  # type: ignore[arg-type]  # same
    return task


def test_connections_of_before_a_reload_outlast_the_steps_that_use_them(tmp_path: Path) -> None:
    """A request under way is not cut off by a reload; once it has ended, nothing of the old connections stays."""

    async def play() -> None:
        files = ConfigDir(tmp_path, feeds={"harbor-times": f"http://127.0.0.1:{free_port()}/feed.xml"})
        async with open_app(load_config(files.write(), environ=ENVIRON), environ=ENVIRON) as app, app.service:
            first, end = app.outside.client, asyncio.Event()
            await _step(app, end)
            assert await app.reload() is True
            closing = asyncio.create_task(app.close_retired())
            again = asyncio.create_task(app.close_retired())
            await asyncio.sleep(0)
            assert not first.is_closed
            end.set()
            await asyncio.gather(closing, again)
            assert first.is_closed
            assert app.retired == []
            last = app.outside.client
            assert not last.is_closed
        assert last.is_closed

    asyncio.run(play())
