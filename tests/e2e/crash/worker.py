"""One life of the service: forked, begun anew on the database as the last one left it, ended by SIGKILL."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from crash.desk import ENVIRON, take_judged_news
from crash.variants import spoil
from storywatch.app import open_app, serve
from storywatch.config import load_config
from storywatch.core.model import DeliveryState
from storywatch.logs import set_up_logs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from storywatch.app import App
    from storywatch.core.model import DeliveryClaim, Message
    from storywatch.ports import Channel

READINGS = 2  # at once: what is recorded and what is sent keep step


@dataclass(frozen=True)
class Gate:
    """A place in the code that this life does not leave: at the `passes`-th time it waits there for its end."""

    name: str
    passes: int


@dataclass
class Life:
    """What is handed to a forked process. It writes lines of JSON to `report`; `parent` closes when that one dies."""

    config: Path
    database: Path
    log: Path
    variant: str
    gate: Gate | None
    report: int
    parent: int
    reached: int = 0

    def run(self) -> NoReturn:
        """All of it; never returns into what was forked."""
        code = 1
        try:
            log = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
            set_up_logs(stream=sys.stderr, level="warning")
            self._say_leased()
            asyncio.run(self._serve())
            code = 0
        except BaseException as error:  # noqa: BLE001  what it was is in the report; nothing may run on in the fork
            self.say(broke=repr(error))
        finally:
            os._exit(code)

    def _say_leased(self) -> None:
        self.say(leased=leased(self.database))

    async def _serve(self) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_reader(self.parent, lambda: os._exit(1))
        async with open_app(load_config(self.config, environ=ENVIRON), environ=ENVIRON) as app:
            take_judged_news(app, recorded=lambda _: self.reach("recorded"))
            spoil(app, self.variant, reach=self.reach)
            app.pipeline.channels = {name: Watched(channel, self) for name, channel in app.pipeline.channels.items()}
            app.service.readings.limit = READINGS
            self._begin_at_once(app)
            await serve(app, stop)

    def _begin_at_once(self, app: App) -> None:
        """As soon as the service runs, it looks for work, and not at the timer's first turn a second later."""
        waker: Any = app.waker
        attach = waker.attach

        def attached(loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
            attach(loop, wake)
            self.say(ready=True)
            wake()
            app.service.group.create_task(app.service.tick_readings())

        waker.attach = attached

    def reach(self, gate: str) -> None:
        """Wait here for ever, if it is this life's gate and the time has come."""
        if self.gate is None or gate != self.gate.name:
            return
        self.reached += 1
        if self.reached == self.gate.passes:
            self.say(gate=gate)
            os.read(self.parent, 1)
            os._exit(1)

    def say(self, **facts: Any) -> None:
        os.write(self.report, json.dumps(facts).encode() + b"\n")


class Watched:
    """A channel as it is, with a gate before and after the send."""

    def __init__(self, channel: Channel, life: Life) -> None:
        self._channel, self._life = channel, life

    def render(self, message: Message) -> bytes:
        return self._channel.render(message)

    async def send(self, claim: DeliveryClaim, *, now: datetime) -> None:
        self._life.reach("claimed")
        await self._channel.send(claim, now=now)
        self._life.reach("sent")


def leased(path: Path) -> list[str]:
    """The deliveries that the life before had claimed and not given back."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT uid FROM delivery WHERE lease IS NOT NULL AND state = ?", (str(DeliveryState.WAITING),)
        )
        return [uid for (uid,) in rows]
