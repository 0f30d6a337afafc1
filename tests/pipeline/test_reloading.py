"""What a reload has replaced: used to the end by the steps that began with it, and then closed."""

from __future__ import annotations

import asyncio
from datetime import time
from typing import TYPE_CHECKING

import pytest
import structlog
from newsroom import SECRET, SECRET_ENV, ConfigDir, free_port, webhook
from sqlalchemy import select

from storywatch.app import App, open_app
from storywatch.config import load_config
from storywatch.core.model import ChannelId
from storywatch.core.moments import DigestTimes
from storywatch.store.tables import alert

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


def test_what_is_told_without_an_article_goes_by_the_new_configuration(tmp_path: Path) -> None:
    """After a reload digests know the channels' new times and the new watches, and keep the old where the reload failed."""

    async def play() -> None:
        files = ConfigDir(tmp_path, feeds={"harbor-times": f"http://127.0.0.1:{free_port()}/feed.xml"})
        files.channels = webhook("https://hooks.example/x")
        async with open_app(load_config(files.write(), environ=ENVIRON), environ=ENVIRON) as app, app.service:
            newsroom = ChannelId("newsroom")
            assert app.service.announcer is not None
            assert app.desk.rules[newsroom].digest is None
            files.channels = webhook("https://hooks.example/x").rstrip() + '\ndigest = { at = "08:00" }\n'
            files.watches["ferry"] = 'name = "Ferry"\nabout = "The ferry."\nchannels = ["newsroom"]\n'
            files.write()
            assert await app.reload() is True
            assert app.desk.rules[newsroom].digest == DigestTimes(at=time(8), weekday=None, timezone="UTC")
            assert [watch.id for watch in app.desk.watches] == ["ferry", "harbour-strike"]
            await app.service.announcer.announce()
            with app.database.read() as connection:
                held = connection.execute(select(alert.c.held)).scalar_one()
            assert held == "it was due before there were digests: the next one is the first"
            files.channels = "[channels.newsroom]\ndigest = 8\n"
            files.write()
            assert await app.reload() is False
            assert app.desk.rules[newsroom].digest is not None

    asyncio.run(play())
