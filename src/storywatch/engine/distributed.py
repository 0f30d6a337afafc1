"""The engine for several machines: Procrastinate in the same PostgreSQL database, as a bell and nothing else.

A job says "look at the polls now", never which row: rows are claimed by whoever comes. A lost job costs time until the
next moment at which all are rung anyway, a doubled one finds nothing to do, and a rolled back transaction rings no bell.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import random
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import structlog
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, AppNotOpen, ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.schema import SchemaManager

from storywatch.engine import DELIVER, QUEUES
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from storywatch.core.model import DeliveryId

log = structlog.get_logger()
logging.getLogger("procrastinate").setLevel(logging.ERROR)  # a line for each job that is begun and ended

BEAT_SECONDS = 5.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # before the bell is picked up again
DEAD_AFTER = 30.0  # seconds without a sign of life: its jobs are dropped
HANG_UP = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}  # on a server that is gone
AT_ONCE = 4  # jobs; each only starts work and ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One kind of work: its queue, when all workers together look for it once, and what a look starts."""

    name: str
    queue: str
    cron: str  # with seconds
    look: Callable[[], Awaitable[int]]
    has_room: Callable[[], bool] = lambda: True  # False: this worker is full, so others are to look too


def queue_schema() -> tuple[str, str]:
    """The mark by which the queue's schema is known, and its statements."""
    statements = SchemaManager.get_schema()
    fingerprint = hashlib.blake2b(statements.encode(), digest_size=4).hexdigest()
    return f"procrastinate {version('procrastinate')} {fingerprint}", statements


def libpq_url(url: str) -> str:
    """SQLAlchemy's address as the driver itself reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _connecting(url: str, schema: str) -> dict[str, Any]:
    return {
        "conninfo": libpq_url(url),
        "kwargs": {"options": f"-c search_path={schema} -c timezone=UTC", "connect_timeout": 10, **HANG_UP},
    }


class Bell:
    """Rings for workers, on a connection of its own or within the transaction of another one."""

    def __init__(self) -> None:
        # Never opened: it only writes on connections that it is given.
        self._app = App(connector=SyncPsycopgConnector())
        self._tasks = {queue: self._app.task(name=queue, queue=queue)(_nothing) for queue in QUEUES}

    def ring_within(self, connection: object, queue: str) -> None:
        """Those who listen hear of it when the transaction is committed, and never if it is not.

        Without a queueing lock: a second job of the same lock is an error that would break the transaction.
        """
        self._tasks[queue].configure(connection=connection).defer()


def _nothing() -> None:
    """What is rung for is done by the workers' own tasks, which bear the same names."""


class DistributedWaker:
    """Implements `ports.Waker`: the job is deferred in the very transaction that writes the deliveries."""

    def __init__(self) -> None:
        self._bell = Bell()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ring: Callable[[], None] | None = None

    def attach(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        """Say who rings where there is no transaction; `ring` runs in the event loop."""
        self._loop, self._ring = loop, ring

    def detach(self) -> None:
        """Nobody rings any more."""
        self._loop = self._ring = None

    def wake(self, connection: object, delivery_ids: Sequence[DeliveryId]) -> None:
        """Called on the store's thread, or in the event loop with no connection."""
        if not delivery_ids:
            return
        if connection is not None:
            self._bell.ring_within(connection, DELIVER)
        elif self._loop is not None and self._ring is not None:
            self._loop.call_soon_threadsafe(self._ring)


@dataclass(kw_only=True)
class DistributedEngine:
    """One worker: hears the bells of its queues until it is told to stop, whatever becomes of the database meanwhile."""

    url: str
    schema: str  # where the queue is
    queues: Sequence[str]
    rounds: Sequence[Round]
    beat: Callable[[], Awaitable[None]]  # renews what is claimed; raises `StorywatchError` where the database is away
    app: App | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Work until `stop`. The queue's worker ends without an error where its database restarts: it begins anew."""
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(self._keep_beating())
            if self.queues:
                await self._keep_listening()
            else:
                await self.stopping.wait()
            beating.cancel()

    def stop(self) -> None:
        """Hear no more bells; what was begun goes on."""
        self.stopping.set()

    async def ring(self, queue: str) -> None:
        """Have somebody look for this kind of work now; where the bell is out of order, the next moment does."""
        if self.app is None:
            return
        with contextlib.suppress(AlreadyEnqueued, AppNotOpen, ConnectorException):
            await self.app.configure_task(queue, queue=queue, queueing_lock=queue).defer_async()

    async def _keep_listening(self) -> None:
        pause = SHORTEST_PAUSE
        loop = asyncio.get_running_loop()
        while not self.stopping.is_set():
            began = loop.time()
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001  whatever it is, the rows wait, and we must come back
                log.warning("queue_lost", error=f"{type(error).__name__}: {' '.join(str(error).split())}")
            finally:
                self.app = None
            if self.stopping.is_set():
                return
            pause = SHORTEST_PAUSE if loop.time() - began > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
            log.info("queue_rejoined", after=round(pause, 1))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), pause * random.uniform(0.7, 1.3))  # noqa: S311  spread only

    async def _listen(self) -> None:
        """Until `stop`, or until the database goes away."""
        app = App(
            connector=PsycopgConnector(min_size=1, max_size=AT_ONCE, timeout=10, **_connecting(self.url, self.schema))
        )
        self._define(app)
        async with app.open_async():
            self.app = app
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=list(self.queues),
                    concurrency=AT_ONCE,
                    install_signal_handlers=False,
                    delete_jobs=DeleteJobCondition.ALWAYS,
                    update_heartbeat_interval=BEAT_SECONDS,
                    stalled_worker_timeout=DEAD_AFTER,
                    shutdown_graceful_timeout=1.0,
                )
            )
            stopped = asyncio.create_task(self.stopping.wait())
            try:
                await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopped.cancel()
                worker.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await worker

    def _define(self, app: App) -> None:
        """For each queue the task that a bell asks for, and for each round the moments at which all are rung."""
        for queue in QUEUES:
            app.task(name=queue, queue=queue)(self._looking([one for one in self.rounds if one.name == queue]))
        for one in self.rounds:
            task = app.task(name=f"{one.name}-tick", queue=one.queue, queueing_lock=f"{one.name}-tick")
            app.periodic(cron=one.cron)(task(self._looking([one])))
        tidy = app.task(name="drop-stalled", queue=self.queues[0], queueing_lock="drop-stalled")
        app.periodic(cron="*/1 * * * *")(tidy(self._drop_stalled))

    def _looking(self, rounds: Sequence[Round]) -> Callable[..., Awaitable[None]]:
        async def look(**_: object) -> None:
            for one in rounds:
                started = 0 if self.stopping.is_set() else await one.look()
                if started and not one.has_room() and one.name in QUEUES:
                    await self.ring(one.name)

        return look

    async def _drop_stalled(self, **_: object) -> None:
        """Bells that a dead worker had heard: what they asked for was looked at since."""
        assert self.app is not None
        for job in await self.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER):
            assert job.id is not None
            await self.app.job_manager.finish_job_by_id_async(job_id=job.id, status=Status.FAILED, delete_job=True)

    async def _keep_beating(self) -> None:
        while True:
            try:
                await self.beat()
            except StorywatchError as error:
                log.warning("beat_missed", error=str(error))
            await asyncio.sleep(BEAT_SECONDS)
