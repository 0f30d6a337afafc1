"""How long a development takes from its commit to its receivers, and what one channel that is down costs the other.

    python benchmarks/bench_delivery.py [--developments 300] [--waiting 200] [--rate 10]

The whole service runs here, on an SQLite file, and records judged developments of twelve stories at a moderate pace.
A mail server and a webhook receiver, two processes, write down when they took each message. Nothing settles.

1. Commit to received: woken by the commit, and, in turns within the same run, with the waker taken off, so that only
   the engine's timer looks every second.
2. The webhook's receiver is up and down in turns, and then down for an hour of a moved clock, with alerts waiting; then
   it is up again. What came, in which order, how soon; and the mails' times while it was down against those while up.

Ends with 1 where something was lost, came out of order or came twice.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

from crash.desk import ENVIRON, list_entries, take_judged_news, write_config
from crash.receivers import listening

from storywatch.app import SystemClock, open_app, serve
from storywatch.config import load_config
from storywatch.logs import set_up_logs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from datetime import datetime

    from crash.receivers import Listening

    from storywatch.app import App

STORIES = 12
BLOCK = 50  # developments between two turns of the waker
MINUTE = timedelta(minutes=1)
PATIENCE = 60.0  # seconds
NOTICED = 0.01


class MovedClock:
    """The real time, and as much more as it was moved."""

    def __init__(self) -> None:
        self._real, self._more = SystemClock(), timedelta(0)

    def now(self) -> datetime:
        """The moved moment."""
        return self._real.now() + self._more

    def move(self, by: timedelta) -> None:
        """On, at once."""
        self._more += by


@dataclass
class Desk:
    """The running service, its receivers, and when each development was committed."""

    app: App
    clock: MovedClock
    receivers: Mapping[str, Listening]
    rate: float
    wake: Callable[[], None]
    committed: dict[int, float] = field(default_factory=dict)
    draw: random.Random = field(default_factory=lambda: random.Random(6))  # noqa: S311  no secret

    async def record(self, count: int) -> list[int]:
        """So many developments, in uneven steps; returns their numbers, in the order of their commits."""
        first = len(self.committed)
        pipeline = self.app.pipeline
        for _ in range(count):
            [entry] = await pipeline.claim_entries(1)
            article = await pipeline.read(entry)
            assert article is not None
            await pipeline.judge(entry, article)
            await asyncio.sleep(self.draw.uniform(0, 2 / self.rate))
        return list(self.committed)[first:]

    async def received(self, kind: str, numbers: Sequence[int]) -> dict[int, float]:
        """When each was received; waits for all of them."""
        until = time.monotonic() + PATIENCE
        while True:
            took = self.took(kind)
            if all(number in took for number in numbers):
                return {number: took[number] for number in numbers}
            assert time.monotonic() < until, f"{kind}: not all received within {PATIENCE:g} s"
            await asyncio.sleep(NOTICED)

    def took(self, kind: str) -> dict[int, float]:
        """When each development was received first."""
        first: dict[int, float] = {}
        for one in self.receivers[kind].ledger.read():
            if one.number is not None:
                first.setdefault(one.number, one.at)
        return first

    async def latencies(self, kind: str, numbers: Sequence[int]) -> list[float]:
        """Milliseconds from commit to received."""
        took = await self.received(kind, numbers)
        return [1000 * (at - self.committed[number]) for number, at in took.items()]

    def woken(self, by_event: bool) -> None:  # noqa: FBT001  it is what the word says
        """Let a commit wake the deliverer, or leave it to the timer."""
        self.app.waker.detach()
        if by_event:
            self.app.waker.attach(asyncio.get_running_loop(), self.wake)

    async def go_on(self) -> None:
        """A minute passes, and what is due by then is tried."""
        self.clock.move(MINUTE)
        await self.app.service.tick_deliveries()
        await self.app.service.outlast()

    async def catch_up(self, kind: str, numbers: Sequence[int]) -> tuple[datetime, datetime]:
        """Minutes pass until all of these were received; the moments of the first and of the last."""
        began, first = self.clock.now(), None
        while True:
            took = self.took(kind)
            if first is None and any(number in took for number in numbers):
                first = self.clock.now()
            if first is not None and all(number in took for number in numbers):
                return first, self.clock.now()
            assert self.clock.now() - began < timedelta(days=1), f"{kind}: not all received within a day"
            await self.go_on()


def main() -> int:
    """Measure both."""
    parser = argparse.ArgumentParser(description="commit to received")
    parser.add_argument("--developments", type=int, default=300)
    parser.add_argument("--waiting", type=int, default=200)
    parser.add_argument("--rate", type=float, default=10, help="developments a second")
    chosen = parser.parse_args()
    return asyncio.run(measure(chosen.developments, chosen.waiting, chosen.rate))


async def measure(developments: int, waiting: int, rate: float) -> int:
    """Both parts, each on a new desk."""
    print(f"{developments} developments of {STORIES} stories, {rate:g} a second, each by webhook and by mail")
    async with desk(2 * developments, rate) as at_work:
        await against_polling(at_work, developments)
        wrong = doubled(at_work)
    async with desk(3 * waiting, rate) as at_work:
        wrong += await one_channel_down(at_work, waiting)
        wrong += doubled(at_work)
    print(f"WRONG: {', '.join(wrong)}" if wrong else "nothing lost, nothing twice, order kept")
    return int(bool(wrong))


@asynccontextmanager
async def desk(entries: int, rate: float) -> AsyncIterator[Desk]:
    """The service at work, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="storywatch-bench-") as name, listening(Path(name)) as receivers:
        folder, clock = Path(name), MovedClock()
        ports = {"mail_port": receivers["mail"].port, "hook_port": receivers["webhook"].port}
        config = write_config(folder, stories=STORIES, **ports)
        list_entries(config, range(entries))
        with (folder / "log").open("w") as log:
            set_up_logs(stream=log)
            async with open_app(load_config(config, environ=ENVIRON), environ=ENVIRON, clock=clock) as app:
                at_work = Desk(app, clock, receivers, rate, wake=app.service.wake_deliveries)
                take_judged_news(app, recorded=lambda number: at_work.committed.setdefault(number, time.monotonic()))
                app.service.readings.limit = 0  # the benchmark says when
                stop = asyncio.Event()
                served = asyncio.create_task(serve(app, stop))
                try:
                    while app.service.last_tick_at is None:  # noqa: ASYNC110  the service knows of no event
                        await asyncio.sleep(NOTICED)
                    yield at_work
                finally:
                    stop.set()
                    with suppress(asyncio.CancelledError):
                        await served


async def against_polling(at_work: Desk, count: int) -> None:
    """Blocks in turn: woken by the commit, and polled every second."""
    found: defaultdict[tuple[str, bool], list[float]] = defaultdict(list)
    for _ in range(count // BLOCK):
        for by_event in (True, False):
            at_work.woken(by_event)
            numbers = await at_work.record(BLOCK)
            for kind in at_work.receivers:
                found[kind, by_event] += await at_work.latencies(kind, numbers)
    print(f"\n{'commit to received, ms':<34}{'n':>5}{'p50':>9}{'p95':>9}")
    for kind in ("webhook", "mail"):
        for by_event, words in ((True, "woken by the commit"), (False, "polled every second")):
            row(f"{kind}, {words}", found[kind, by_event])
        ratios = [percentile(found[kind, False], p) / percentile(found[kind, True], p) for p in (50, 95)]
        print(f"  polled to woken{'':<23}{ratios[0]:>8.0f}x{ratios[1]:>8.0f}x")


async def one_channel_down(at_work: Desk, count: int) -> list[str]:
    """The webhook is up and down in turns, then down for an hour, and up again; the mails go on."""
    hook = at_work.receivers["webhook"]
    both, alone = [], []
    for _ in range(count // BLOCK):
        both += await at_work.latencies("mail", await at_work.record(BLOCK))
        hook.stop()
        late = await at_work.record(BLOCK)
        alone += await at_work.latencies("mail", late)
        hook.start()
        await at_work.catch_up("webhook", late)

    hook.stop()
    began, before = at_work.clock.now(), tries_of(at_work.app)
    waiting = await at_work.record(count)
    alone += await at_work.latencies("mail", waiting)
    while at_work.clock.now() - began < timedelta(hours=1):
        await at_work.go_on()
    tries = tries_of(at_work.app) - before
    missing = sum(number not in at_work.took("webhook") for number in waiting)
    hook.start()
    up_at, up = at_work.clock.now(), time.monotonic()
    first_at, last_at = await at_work.catch_up("webhook", waiting)
    took = await at_work.received("webhook", list(at_work.committed))
    print(f"\nwebhook down for an hour of a moved clock, {missing} alerts of {STORIES} stories waiting")
    print(f"  tries that failed meanwhile      {tries:>7}")
    print(f"  delivered after it was up        {sum(number in took for number in waiting):>7}")
    print(f"  minutes by the clock to the first{(first_at - up_at) / MINUTE:>7.0f}  that was its next try")
    print(f"  ... and from the first to the last{(last_at - first_at) / MINUTE:>6.0f}")
    print(f"  seconds of work                  {time.monotonic() - up:>7.1f}")
    disorder = out_of_order(at_work, took)
    print(f"  out of order within a story      {disorder:>7}")
    print(f"\n{'mail, commit to received, ms':<34}{'n':>5}{'p50':>9}{'p95':>9}")
    row("both channels up", both)
    row("the webhook down", alone)
    print(f"  down to up{'':<27}" + "".join(f"{percentile(alone, p) / percentile(both, p):>9.2f}" for p in (50, 95)))
    return ["out of order"] * bool(disorder) + ["none was waiting"] * (missing != count)


def tries_of(app: App) -> int:
    """Tries that were noted as failed."""
    with app.database.read() as connection:
        count: Any = connection.exec_driver_sql("SELECT count(*) FROM attempt WHERE state != 'sent'").scalar()
    return int(count)


def out_of_order(at_work: Desk, took: Mapping[int, float]) -> int:
    """Developments received before one of their story that was committed before them."""
    stories: defaultdict[int, list[float]] = defaultdict(list)
    for number in at_work.committed:
        stories[number % STORIES].append(took[number])
    return sum(after < before for moments in stories.values() for before, after in pairwise(moments))


def doubled(at_work: Desk) -> list[str]:
    """What came more than once, by channel."""
    times = {
        kind: Counter(one.number for one in receiver.ledger.read() if one.number is not None)
        for kind, receiver in at_work.receivers.items()
    }
    return [f"{kind}: {number} came {n} times" for kind, some in times.items() for number, n in some.items() if n > 1]


def percentile(values: list[float], p: float) -> float:
    """The p-th percentile."""
    return float(np.percentile(values, p))


def row(name: str, values: list[float]) -> None:
    """One line of a table."""
    print(f"  {name:<32}{len(values):>5}{percentile(values, 50):>9.1f}{percentile(values, 95):>9.1f}")


if __name__ == "__main__":
    sys.exit(main())
