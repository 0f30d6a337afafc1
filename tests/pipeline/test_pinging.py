"""The sign of life: sent while all is well, withheld when it is not, and never in the way."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from builders import NOON
from fakes import FakeClock
from newsroom import ConfigDir, free_port
from structlog.testing import capture_logs
from webhook_receiver import Receiver, receiving

from storywatch.app import open_app, secrets_of
from storywatch.config import load_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storywatch.app import App

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def files(tmp_path: Path) -> ConfigDir:
    return ConfigDir(tmp_path, feeds={"harbor-times": f"http://127.0.0.1:{free_port()}/feed.xml"})


def write(files: ConfigDir, url: str) -> Path:
    """The configuration with this ping_url."""
    path = files.write()
    main = path / "storywatch.toml"
    main.write_text(main.read_text().replace("[service]\n", f'[service]\nping_url = "{url}"\n'))
    return path


async def ticked(app: App, *, round_ended: bool = True) -> None:
    """Feeds are looked for, and then it may ping; the other ticks have come to their end, or have not."""
    if round_ended:
        app.service.ticks()
    await app.service.tick_polls()
    await pinged(app)


async def pinged(app: App) -> None:
    await app.service.tick_ping()
    await app.service.outlast()


def outcomes(app: App) -> dict[str, float]:
    [family] = [one for one in app.metrics.registry.collect() if one.name == "storywatch_pings"]
    return {one.labels["outcome"]: one.value for one in family.samples if one.name.endswith("_total")}


def played(files: ConfigDir, receiver: Receiver, play: Any, *, at: str | None = None) -> None:
    async def within() -> None:
        async with receiving(receiver):
            config = load_config(write(files, at or receiver.url), environ={})
            clock = FakeClock(NOON)
            async with open_app(config, environ={}, clock=clock) as app, app.service:
                await play(app, clock)

    asyncio.run(within())


def test_it_pings_once_a_minute(files: ConfigDir) -> None:
    """Not before feeds were looked for, and not twice within a minute; the call is a plain GET."""
    receiver = Receiver()

    async def play(app: App, clock: FakeClock) -> None:
        await pinged(app)
        assert receiver.calls == []
        for seconds in (0, 59, 1, 30, 30):
            clock.advance(timedelta(seconds=seconds))
            await ticked(app)
        assert len(receiver.calls) == 3
        assert outcomes(app) == {"heard": 3, "failed": 0, "withheld": 0}
        assert receiver.calls[0].line == "GET /hook?key=very-secret HTTP/1.1"

    played(files, receiver, play)


def test_it_does_not_ping_when_something_is_wrong(files: ConfigDir) -> None:
    """An engine that stands still, a tick that does not end and a database that can't be written are each enough."""
    receiver = Receiver()

    async def play(app: App, clock: FakeClock) -> None:
        await ticked(app)
        clock.advance(MINUTE)
        await pinged(app)
        assert outcomes(app) == {"heard": 1, "failed": 0, "withheld": 1}
        clock.advance(2 * MINUTE)
        assert set(app.service.hanging()) == {"poll", "read", "deliver", "hub", "revisit", "tidy", "announce"}
        await app.service._tick(app.service.tick_deliveries, "deliver")
        assert "deliver" not in app.service.hanging()
        await ticked(app, round_ended=False)
        assert outcomes(app)["withheld"] == 2
        clock.advance(MINUTE)
        await ticked(app)
        assert outcomes(app)["heard"] == 2
        path = files.folder / "data"
        app.database.dispose()
        for name in path.iterdir():
            name.unlink()
        (path / "storywatch.db").mkdir()
        clock.advance(MINUTE)
        await pinged(app)
        assert outcomes(app) == {"heard": 2, "failed": 0, "withheld": 3}
        assert len(receiver.calls) == 2

    played(files, receiver, play)


def test_pings_that_fail_are_told_once_and_hold_up_nothing(files: ConfigDir) -> None:
    """One line for all of them, with the host alone; one when it is heard again. A redirect is no answer."""
    receiver = Receiver(answers=["500 Broken", "302 Found\nlocation: /elsewhere", "hang up"])

    async def play(app: App, clock: FakeClock) -> None:
        with capture_logs() as logs:
            for _ in range(5):
                clock.advance(MINUTE)
                await ticked(app)
        told = [line for line in logs if line["event"].startswith("ping")]
        assert [line["event"] for line in told] == ["ping_failed", "ping_heard_again"]
        assert told[0]["error"] == f"ping_url at 127.0.0.1:{receiver.port} answered 500"
        assert outcomes(app) == {"heard": 2, "failed": 3, "withheld": 0}
        assert "very-secret" not in str(logs)
        assert "/elsewhere" not in str([call.line for call in receiver.calls])

    played(files, receiver, play)


def test_a_ping_that_hangs_does_not_hold_up_the_end(files: ConfigDir) -> None:
    """Nor the next ticks: only one is under way, and it is dropped when the service stops."""
    receiver = Receiver(answers=["hang"])

    async def play(app: App, clock: FakeClock) -> None:
        await app.service.tick_polls()
        assert await app.service.tick_ping() == 1
        while not receiver.calls:  # noqa: ASYNC110  only the call tells
            await asyncio.sleep(0.01)
        clock.advance(MINUTE)
        assert await app.service.tick_ping() == 0
        app.service.drain_seconds = 60
        async with asyncio.timeout(30):
            assert await app.service.drain()

    played(files, receiver, play)


def test_a_private_address_is_not_asked_unless_it_is_allowed(files: ConfigDir) -> None:
    """The same guard as for everything else that is fetched."""
    receiver = Receiver()

    async def play(app: App, clock: FakeClock) -> None:
        with capture_logs() as logs:
            await ticked(app)
        assert outcomes(app) == {"heard": 0, "failed": 1, "withheld": 0}
        assert "10.0.0.1" in next(line["error"] for line in logs if line["event"] == "ping_failed")

    played(files, receiver, play, at="http://10.0.0.1/ping")


def test_a_reload_takes_another_address(files: ConfigDir) -> None:
    """And none, when it is taken out; the address is a secret to the logs."""
    receiver = Receiver()

    async def play(app: App, clock: FakeClock) -> None:
        assert receiver.url in secrets_of(app.config)
        await ticked(app)
        write(files, receiver.url.replace("/hook", "/other"))
        assert await app.reload() is True
        clock.advance(MINUTE)
        await ticked(app)
        files.write()
        assert await app.reload() is True
        clock.advance(MINUTE)
        await ticked(app)
        assert [call.line.split()[1] for call in receiver.calls] == ["/hook?key=very-secret", "/other?key=very-secret"]

    played(files, receiver, play)
