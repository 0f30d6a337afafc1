"""A hub and the whole service, from the feed that names it to the poll that its call leads to."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest
import structlog
from builders import NOON
from fakes import FakeClock
from hub import ACCEPTED, CHALLENGE, Hub
from newsroom import ConfigDir
from webhook_receiver import receiving

from storywatch.app import build_server, open_app
from storywatch.config import load_config
from storywatch.core.websub import HubState
from storywatch.store.subscriptions import Subscriptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from starlette.applications import Starlette

    from storywatch.app import App

BASE = "https://desk.example"


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def write(files: ConfigDir, *, websub: bool) -> None:
    """The configuration, with or without hubs."""
    path = files.write() / "storywatch.toml"
    text = path.read_text("utf-8").replace(f'base_url = "{files.page}"', f'base_url = "{BASE}"')
    path.write_text(text.replace("[fetch]\n", f"[fetch]\nwebsub = {str(websub).lower()}\n"), "utf-8")


def a_feed(hub: Hub) -> str:
    """The answer with a feed that names the hub."""
    return (
        "200 OK\ncontent-type: application/rss+xml\n\n"
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Harbor Times</title>'
        f"<link>https://harbor-times.example/</link><description>.</description>"
        f'<atom:link rel="hub" href="{hub.address}"/><atom:link rel="self" href="{hub.address}/feed.xml"/>'
        "<item><title>Dockers walk out</title><link>https://harbor-times.example/1</link></item></channel></rss>"
    )


@asynccontextmanager
async def at_work(files: ConfigDir, hub: Hub, clock: FakeClock) -> AsyncIterator[App]:
    async with open_app(load_config(files.path, environ={}), environ={}, clock=clock) as app, app.service:
        hub.page = cast("Starlette", build_server(app).config.app)
        yield app


def test_a_hub_is_found_asked_believed_and_heard(tmp_path: Path) -> None:
    """Across a restart between asking and verifying; and a reload that takes it out ends it."""

    async def play() -> None:
        clock = FakeClock(NOON)
        async with receiving(Hub()) as hub:
            files = ConfigDir(tmp_path, feeds={"harbor-times": f"http://127.0.0.1:{hub.port}/feed.xml"})
            write(files, websub=True)
            hub.answers = [a_feed(hub), ACCEPTED, a_feed(hub)]
            async with at_work(files, hub, clock) as app:
                assert await app.service.tick_hubs() == 0
                assert await app.service.tick_polls() == 1
                await app.service.outlast()
                clock.advance(timedelta(seconds=10))
                assert await app.service.tick_hubs() == 1
                await app.service.outlast()
            assert [call.line for call in hub.calls] == ["GET /feed.xml HTTP/1.1", "POST /hub HTTP/1.1"]
            async with at_work(files, hub, clock) as app:
                form = hub.forms[-1]
                assert form["hub.callback"].startswith(f"{BASE}/websub/")
                assert (await hub.verify(form)).text == CHALLENGE
                [feed] = app.views.feeds()
                assert feed.hub
                assert (feed.hub.state, feed.hub.hub) == (HubState.CONFIRMED, hub.address)
                clock.advance(timedelta(seconds=1))
                assert (await hub.call(form)).status_code == 204
                clock.advance(timedelta(minutes=1))
                assert await app.service.tick_polls() == 1
                await app.service.outlast()
                assert hub.calls[-1].line == "GET /feed.xml HTTP/1.1"
                text = (await hub.request("GET", f"{BASE}/metrics")).text
                assert 'storywatch_websub_subscriptions{state="confirmed"} 1.0' in text
                assert 'storywatch_websub_subscriptions{state="denied"} 0.0' in text
                assert "storywatch_websub_trusted 0.0" in text
                write(files, websub=False)
                assert await app.reload() is True
                assert (await hub.call(form)).status_code == 410
                assert Subscriptions(app.database).views() == {}

    asyncio.run(play())


def test_without_the_key_no_hub_is_asked(tmp_path: Path) -> None:
    """It is off unless somebody turns it on."""

    async def play() -> None:
        clock = FakeClock(NOON)
        async with receiving(Hub()) as hub:
            files = ConfigDir(tmp_path, feeds={"harbor-times": f"http://127.0.0.1:{hub.port}/feed.xml"})
            files.write()
            hub.answers = [a_feed(hub)]
            async with at_work(files, hub, clock) as app:
                assert app.config.fetch.websub is False
                assert await app.service.tick_polls() == 1
                await app.service.outlast()
                clock.advance(timedelta(minutes=1))
                assert await app.service.tick_hubs() == 0
                assert Subscriptions(app.database).views() == {}
            assert len(hub.calls) == 1

    asyncio.run(play())
