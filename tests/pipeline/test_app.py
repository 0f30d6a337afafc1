"""The parts put together from a configuration directory, within this process."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from builders import NOON
from fakes import FakeClock
from newsroom import SECRET, SECRET_ENV, STRIKE, ConfigDir, email, free_port, webhook
from sqlalchemy import text
from structlog.testing import capture_logs

from storywatch.app import hold_database, migrate, open_app, open_outside, open_port, run_once, secrets_of, serve
from storywatch.config import load_config
from storywatch.core.model import DeliveryId
from storywatch.engine.distributed import DistributedWaker
from storywatch.errors import SchemaError, StorywatchError
from storywatch.store.engine import open_database
from storywatch.store.migrate import migrate_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from storywatch.app import App

ENVIRON = {SECRET_ENV: SECRET}


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def files(tmp_path: Path) -> ConfigDir:
    return ConfigDir(tmp_path, feeds={"harbor-times": f"http://127.0.0.1:{free_port()}/feed.xml"})


@asynccontextmanager
async def opened(files: ConfigDir, **how: Any) -> AsyncIterator[App]:
    async with open_app(load_config(files.write(), environ=ENVIRON), environ=ENVIRON, **how) as app:
        yield app


def test_one_round_ends_and_a_feed_that_is_dead_hurts_nobody(files: ConfigDir) -> None:
    """A round with a dead feed ends, records the failure, and plans the next poll; a second one has nothing to do."""

    async def play() -> None:
        clock = FakeClock(NOON)
        async with opened(files, clock=clock) as app:
            await run_once(app, every_feed=False)
        async with opened(files, clock=clock) as app:
            [feed] = app.views.feeds()
            assert (feed.failures, feed.polled_at) == (1, NOON)
            await run_once(app, every_feed=False)
            assert app.views.feeds() == [feed]
        async with opened(files, clock=clock) as app:
            await run_once(app, every_feed=True)
            assert app.views.feeds()[0].failures == 2

    asyncio.run(play())


def test_a_reload_that_cannot_be_stored_keeps_the_old_configuration(files: ConfigDir) -> None:
    """Where the database refuses, the service goes on as it was, and says so in the log and the metric."""

    async def play() -> None:
        async with opened(files) as app:
            path = files.database.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("ALTER TABLE watch RENAME TO elsewhere")
            files.watches["ferry"] = 'name = "Ferry"\nabout = "The ferry."\nchannels = []\n'
            files.write()
            with capture_logs() as logs:
                assert await app.reload() is False
            [told] = [line for line in logs if line["event"] == "config_rejected"]
            assert "no such table: watch" in told["faults"][0]
            assert [watch.id for watch in app.pipeline.watches] == ["harbour-strike"]
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("ALTER TABLE elsewhere RENAME TO watch")
            assert await app.reload() is True
            assert [watch.id for watch in app.pipeline.watches] == ["ferry", "harbour-strike"]

    asyncio.run(play())


def test_a_reload_takes_up_and_drops_a_language_model(files: ConfigDir) -> None:
    """Who is asked follows the configuration; one whose key is missing is not asked."""

    async def play() -> None:
        async with opened(files) as app:
            assert app.pipeline.adviser is None
            assert (app.opinion_view().budget, app.opinion_view().left) == (0, 0)
            files.channels = (
                '[opinion]\nurl = "http://127.0.0.1:9/v1"\nmodel = "a-model"\ndaily_budget = 7\nband = []\n'
            )
            files.write()
            assert await app.reload() is True
            assert app.pipeline.adviser is not None
            assert (app.pipeline.adviser.model, app.pipeline.adviser.band) == ("a-model", None)
            assert (app.opinion_view().budget, app.opinion_view().left) == (7, 7)
            files.channels += 'api_key_env = "NOBODY_SET_THIS"\n'
            files.write()
            assert await app.reload() is True
            assert app.pipeline.adviser is None

    asyncio.run(play())


def test_a_reload_says_what_needs_a_restart(files: ConfigDir) -> None:
    """Another web port is taken at the next start; a warning tells."""

    async def play() -> None:
        async with opened(files) as app:
            files.port = free_port()
            files.write()
            with capture_logs() as logs:
                assert await app.reload() is True
            assert [line["tables"] for line in logs if line["event"] == "config_needs_restart"] == [["service", "web"]]

    asyncio.run(play())


def test_it_serves_until_it_is_told_to_stop(files: ConfigDir) -> None:
    """`serve` ticks, answers on its port, is ready, and ends when the event is set."""
    files.channels = webhook(f"http://127.0.0.1:{free_port()}/hook") + email(free_port())

    async def play() -> None:
        async with opened(files) as app, asyncio.TaskGroup() as group:
            assert "the engine has not looked for work for a while" in await app.faults()
            stop = asyncio.Event()
            group.create_task(serve(app, stop))
            while app.service.last_tick_at is None:  # noqa: ASYNC110  only the tick tells
                await asyncio.sleep(0.02)
            assert await app.faults() == []
            _, writer = await asyncio.open_connection("127.0.0.1", files.port)
            writer.close()
            with pytest.raises(StorywatchError, match="Address already in use"):
                open_port(app.config)
            stop.set()

    asyncio.run(play())


def test_a_service_whose_database_is_gone_is_not_ready(files: ConfigDir) -> None:
    """Readiness takes the write lock: who can't have it is told why."""

    async def play() -> None:
        async with opened(files, clock=FakeClock(NOON)) as app:
            app.service.last_tick_at = NOON - timedelta(minutes=1)
            app.database.dispose()
            path = files.folder / "data" / "storywatch.db"
            for name in path.parent.iterdir():
                name.unlink()
            path.mkdir()
            told = await app.faults()
            assert len(told) == 2
            assert str(path) in told[0]

    asyncio.run(play())


def test_parts_can_be_had_without_a_database(files: ConfigDir) -> None:
    """Fetchers and channels alone, as for a test message; a disabled channel is left out; secrets are known."""
    files.channels = (
        webhook("http://127.0.0.1/x")
        + webhook("http://127.0.0.1/y", "mute").replace(SECRET_ENV, "NOBODY")
        + email(free_port())
        .replace('tls = "none"', 'tls = "none"\npassword_env = "MAIL_PASSWORD"')
        .replace("smtp://", "smtp://user@")
    )
    config = load_config(files.write(), environ={**ENVIRON, "MAIL_PASSWORD": "right horse"})

    async def play() -> None:
        async with open_outside(config, clock=FakeClock(NOON)) as outside:
            assert list(outside.channels) == ["newsroom", "desk"]
            assert outside.rules["desk"].recipients == ("desk@desk.test",)

    asyncio.run(play())
    assert sorted(secrets_of(config)) == sorted([SECRET, "right horse"])
    assert not (files.folder / "data").exists()


def test_a_server_without_the_queue_is_refused_in_words(files: ConfigDir, postgres_url: str) -> None:
    """Tables alone are not enough: the command that brings the rest is named, and then it opens."""
    files.url = postgres_url
    config = load_config(files.write(), environ=ENVIRON)
    migrate_database(postgres_url)
    with (
        pytest.raises(SchemaError, match=r"its queue is missing.*run `storywatch migrate`"),
        hold_database(config, alone=True),
    ):
        pass
    assert migrate(postgres_url) == migrate(postgres_url)
    with hold_database(config, alone=True), hold_database(config, alone=True):
        pass  # it is shared


def test_deliveries_ring_with_the_transaction_that_makes_them(files: ConfigDir, postgres_url: str) -> None:
    """Rolled back, nobody was called; committed, one job waits for whoever delivers."""
    migrate(postgres_url)
    database, waker = open_database(postgres_url), DistributedWaker()
    jobs = text("SELECT task_name, queue_name, status FROM procrastinate_jobs")
    try:
        for is_kept in (False, True):
            with database.writer.connect() as connection, connection.begin() as transaction:
                waker.wake(connection.connection.driver_connection, [DeliveryId("dlv_1"), DeliveryId("dlv_2")])
                with database.read() as other:
                    assert other.execute(jobs).all() == []
                if not is_kept:
                    transaction.rollback()
        with database.read() as other:
            assert [tuple(row) for row in other.execute(jobs)] == [("deliver", "deliver", "todo")]
    finally:
        database.dispose()


def test_one_round_does_not_wait_for_siblings(files: ConfigDir) -> None:
    """What is judged in a single round may be sent in it, whatever the watch's settle says."""
    files.watches = {"strike": STRIKE + 'channels = []\n[alert]\nsettle = "1h"\n'}

    async def play() -> None:
        async with opened(files, wait_for_siblings=False) as app:
            assert [watch.settle for watch in app.pipeline.watches] == [timedelta(0)]
        async with opened(files) as app:
            assert [watch.settle for watch in app.pipeline.watches] == [timedelta(hours=1)]

    asyncio.run(play())


def test_it_can_be_looked_at_while_it_works(files: ConfigDir) -> None:
    """A command beside the service opens the same database; a second service is refused."""

    async def play() -> None:
        async with opened(files) as app, opened(files, alone=False) as beside:
            assert beside.views.feeds() == app.views.feeds()
            with pytest.raises(StorywatchError, match="in use by another storywatch"):
                async with opened(files):
                    pass

    asyncio.run(play())
