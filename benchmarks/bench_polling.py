"""What polling costs, over the service's own way from the tick to the row, against a web on loopback.

bench_polling.py [--feeds 3000] [--compared 100] [--reader-python PYTHON] [--only compare|sweep] [--log FILE]

1. The same 100 new feeds and then the same 100 unchanged ones, polled by storywatch and by lemon24/reader in the same
   run: feeds for each CPU second of all processes that work on it (their start is not counted). `--reader-python` is the
   Python of an environment with `reader` in it; without it one is made in a temporary folder with pip.
2. 3,000 feeds of all kinds, a quarter of them over TLS, some on shared hosts, in two rounds, with pages in between: wall
   time, how late the event loop is, memory, and every request held against the rules of politeness.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import resource
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from check_politeness import check
from loopback_web import Served, serving
from sqlalchemy import delete, func, select

from storywatch.app import SystemClock
from storywatch.core.model import Feed, FeedId
from storywatch.engine.embedded import EmbeddedEngine
from storywatch.errors import StorywatchError
from storywatch.fetch.client import Web, build_client, user_agent
from storywatch.fetch.feeds import HttpFeedFetcher
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.pages import HttpPageFetcher
from storywatch.fetch.robots import Robots
from storywatch.fetch.workers import Readers
from storywatch.logs import set_up_logs
from storywatch.pipeline import Pipeline
from storywatch.service import Service
from storywatch.store.engine import Database, open_database
from storywatch.store.polls import Polls
from storywatch.store.tables import entry, feed, feed_notice
from storywatch.web.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from storywatch.core.model import PollOutcome

LOOK_EVERY = 0.01
REST = 2.1  # between two rounds: no site is asked twice in two seconds, and rounds are half an hour apart in earnest
LAST = 9_999  # a feed that is asked before the measuring
SHARED_EVERY = 40  # every so many feeds, one is on a host that it shares with four others
READER = """
import json, socket, sys, time
from reader import make_reader
real = socket.getaddrinfo
def getaddrinfo(host, *rest, **more):
    host = host.decode() if isinstance(host, bytes) else host
    return real("127.0.0.1" if host.endswith(".test") else host, *rest, **more)
socket.getaddrinfo = getaddrinfo
port, count, path, workers = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
reader = make_reader(path)
reader.add_feed(f"http://f9999.test:{port}/feed/9999.xml")
for _ in range(2):
    reader.update_feeds(workers=workers)
reader.delete_feed(f"http://f9999.test:{port}/feed/9999.xml")
for number in range(count):
    reader.add_feed(f"http://f{number}.test:{port}/feed/{number}.xml")
rounds = []
for _ in range(2):
    cpu, wall = time.process_time(), time.perf_counter()
    reader.update_feeds(workers=workers, scheduled=False)
    rounds.append((time.process_time() - cpu, time.perf_counter() - wall))
read = sum(1 for one in reader.get_feeds() if one.last_exception is None and one.last_updated)
entries = reader.get_entry_counts().total
import resource
print(json.dumps({"rounds": rounds, "read": read, "entries": entries,
                  "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


class NoEncoder:
    """No watch, no text."""

    name, dim = "none", 8

    def encode(self, texts: Sequence[str]) -> Any:
        """Never asked."""
        raise StorywatchError(str(texts))


class Counted(Metrics):
    """The service's own metrics, and how many polls there were."""

    polls = 0

    def polled(self, outcome: PollOutcome, *, seconds: float) -> None:
        """One feed was asked."""
        self.polls += 1
        super().polled(outcome, seconds=seconds)


@dataclass
class Lag:
    """How much later than it asked for the event loop woke a sleeper, in seconds."""

    seen: list[float] = field(default_factory=list)

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(LOOK_EVERY)
            self.seen.append(time.perf_counter() - begun - LOOK_EVERY)

    def at(self, share: float) -> float:
        """Milliseconds."""
        return sorted(self.seen)[min(int(len(self.seen) * share), len(self.seen) - 1)] * 1000


@dataclass(frozen=True)
class Round:
    """One sweep over every feed that is due."""

    cpu: float
    wall: float
    lag: Lag
    states: dict[str, int]


@dataclass
class Machine:
    """The parts of the service that poll, as `app` puts them together, without watches."""

    database: Database
    polls: Polls
    service: Service
    readers: Readers
    pages: HttpPageFetcher
    counted: Counted

    async def sweep(self, *, look: bool = True) -> Round:
        """Let the timer tick until nothing is due and nothing runs."""
        lag, engine = Lag(), EmbeddedEngine({"poll": self.service.ticks()["poll"]})
        started = self.service.pipeline.clock.now()
        watching = asyncio.ensure_future(lag.watch()) if look else None
        due, before = self._left(started), self.counted.polls
        engine.start()  # it ticks a second later
        cpu, wall = self.cpu(), time.perf_counter()
        while self.service.polls.running or self.counted.polls - before < due:  # noqa: ASYNC110  the service is left alone
            await asyncio.sleep(0.1)
        wall, cpu = time.perf_counter() - wall, self.cpu() - cpu
        engine.stop()
        if left := self._left(started):
            message = f"{left} feeds were not asked"
            raise StorywatchError(message)
        if watching:
            watching.cancel()
        return Round(cpu, wall, lag, self._states())

    def cpu(self) -> float:
        """Seconds of this process and of its readers, the living ones included."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        dead = resource.getrusage(resource.RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime + dead.ru_utime + dead.ru_stime + sum(map(_cpu_of, self.readers.pids()))

    def memory(self) -> tuple[float, float]:
        """Peak MB of this process, and of its largest reader."""
        return _peak_of(os.getpid()), max(map(_peak_of, self.readers.pids()), default=0.0)

    def _left(self, started: Any) -> int:
        with self.database.read() as connection:
            waiting = (feed.c.polled_at.is_(None)) | (feed.c.next_poll_at <= started)
            return int(connection.execute(select(func.count()).where(waiting, feed.c.enabled)).scalar_one())

    def _states(self) -> dict[str, int]:
        with self.database.read() as connection:
            counted = connection.execute(select(feed.c.status, func.count()).group_by(feed.c.status))
            states = {str(status or "not asked"): count for status, count in counted}
            entries = connection.execute(select(func.count()).select_from(entry)).scalar_one()
        return {**dict(sorted(states.items())), "entries": entries}


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_of(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


async def resolve(host: str, _port: int) -> list[str]:
    """Every name is this machine."""
    return ["127.0.0.1" if host.endswith(".test") else host]


@asynccontextmanager
async def machine(path: Path, served: Served, *, processes: int = 1) -> AsyncIterator[Machine]:
    """The parts, on a database of their own."""
    clock, readers = SystemClock(), Readers(processes=processes)
    database = open_database(f"sqlite:///{path}")
    context = ssl.create_default_context(cafile=str(served.authority))
    client = build_client(
        user_agent=user_agent("benchmark", "desk@example.org"),
        allow_networks=["127.0.0.0/8"],
        ssl_context=context,
        resolve=resolve,
    )
    web = Web(client, Hosts(clock), clock)
    robots = Robots(web, readers, clock)
    pages = HttpPageFetcher(web, robots, readers, clock)
    polls: Any = Polls(database)
    nothing: Any = None
    with ThreadPoolExecutor(1, "store") as writer, ThreadPoolExecutor(1, "encoder") as thinker:
        pipeline = Pipeline(
            clock=clock,
            polls=polls,
            judgements=nothing,
            outbox=nothing,
            revisits=nothing,
            feeds=HttpFeedFetcher(web, readers, clock, robots=robots),
            pages=pages,
            encoder=NoEncoder(),
            detect_language=lambda _: "en",
            watches=(),
            channels={},
            rules={},
            writer=writer,
            thinker=thinker,
        )
        counted = Counted(version="benchmark")
        async with Service(pipeline=pipeline, observer=counted) as service:
            yield Machine(database, polls, service, readers, pages, counted)
        await readers.aclose()
        await client.aclose()
    database.dispose()


def feeds_of(served: Served, count: int, *, mixed: bool) -> list[Feed]:
    """Feeds by number; mixed: a quarter over TLS, and some on shared hosts."""
    made = []
    for number in range(count):
        secure = mixed and number % 4 == 0
        host = f"f{number - number % 5}" if mixed and number % SHARED_EVERY < 5 else f"f{number}"  # noqa: PLR2004
        port = served.tls_port if secure else served.port
        url = f"{'https' if secure else 'http'}://{host}.test:{port}/feed/{number}.xml"
        made.append(Feed(id=FeedId(f"f{number}"), url=url, owner=f"f{number}"))
    return made


async def compare(folder: Path, served: Served, count: int, processes: int) -> tuple[list[Round], tuple[float, float]]:
    """Two rounds of storywatch: all new, then nothing new."""
    async with machine(folder / "storywatch.db", served, processes=processes) as at_work:
        await warm_up(at_work, served)
        rounds = []
        at_work.polls.sync_feeds(feeds_of(served, count, mixed=False), now=SystemClock().now())
        gc.freeze()  # as the service does when it begins
        for _ in range(2):
            rounds.append(await at_work.sweep(look=False))
            await asyncio.sleep(REST)
            at_work.polls.make_all_due(now=SystemClock().now())
        return rounds, at_work.memory()


async def warm_up(at_work: Machine, served: Served) -> None:
    """One feed, twice, as for reader: what is loaded at the first one is not counted."""
    one = feeds_of(served, LAST + 1, mixed=False)[LAST:]
    at_work.polls.sync_feeds(one, now=SystemClock().now())
    for _ in range(2):
        await at_work.sweep()
        await asyncio.sleep(REST)
        at_work.polls.make_all_due(now=SystemClock().now())
    with at_work.database.write() as connection:
        for table in (feed_notice, entry, feed):
            connection.execute(delete(table))


def ask_reader(python: Path, folder: Path, served: Served, count: int, workers: int) -> dict[str, Any]:
    """The same for lemon24/reader."""
    command = [str(python), "-c", READER, str(served.port), str(count), str(folder / "reader.db"), str(workers)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)  # noqa: S603  our own words
    if done.returncode:
        raise StorywatchError(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


async def sweep(folder: Path, served: Served, count: int, processes: int) -> tuple[list[Round], tuple[float, float]]:
    """Two rounds over all kinds of feeds, and pages of some of their hosts between them."""
    async with machine(folder / "sweep.db", served, processes=processes) as at_work:
        await warm_up(at_work, served)
        at_work.polls.sync_feeds(feeds_of(served, count, mixed=True), now=SystemClock().now())
        rounds = [await at_work.sweep()]
        await read_pages(at_work.pages, served)
        at_work.polls.make_all_due(now=SystemClock().now())
        rounds.append(await at_work.sweep())
        return rounds, at_work.memory()


async def read_pages(pages: HttpPageFetcher, served: Served) -> None:
    """Three pages on each of ten hosts, one of them forbidden."""

    async def read(url: str) -> None:
        with suppress(StorywatchError):
            await pages.fetch_page(url)

    paths = ("news/1", "secret/2", "news/3")
    urls = [f"http://f{number}.test:{served.port}/{path}" for number in range(6, 16) for path in paths]
    await asyncio.gather(*map(read, urls))


def python_with_reader(folder: Path) -> Path:
    """An environment with `reader` in it."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "reader", "sgmllib3k"], check=True)  # noqa: S603  our own words
    return python


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, default=3_000)
    arguments.add_argument("--compared", type=int, default=100)
    arguments.add_argument("--reader-python", type=Path)
    arguments.add_argument("--reader-workers", type=int, default=1)
    arguments.add_argument("--processes", type=int, default=1, help="readers of storywatch")
    arguments.add_argument("--only", choices=["compare", "sweep"])
    arguments.add_argument("--log", type=Path, help="keep the server's log of the sweep here")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name, Path(os.devnull).open("w") as nowhere:
        folder = Path(name)
        set_up_logs(stream=nowhere)
        if options.only != "sweep":
            print_comparison(folder, options)
        return 0 if options.only == "compare" else print_sweep(folder, options)


def print_comparison(folder: Path, options: argparse.Namespace) -> None:
    """Feeds for each CPU second, ours and reader's."""
    count, python = options.compared, options.reader_python or python_with_reader(folder)
    with serving(folder, all_new=True) as served:
        ours, (own, reading) = asyncio.run(compare(folder, served, count, options.processes))
        theirs = ask_reader(python, folder, served, count, options.reader_workers)
    print(f"\n{count} feeds, storywatch: {ours[-1].states}; reader: {theirs['read']} read, {theirs['entries']} entries")
    print(f"{'round':<12}{'storywatch':>24}{'reader':>24}{'ratio':>8}")
    for title, mine, (cpu, wall) in zip(("all new", "unchanged"), ours, theirs["rounds"], strict=True):
        here, there = f"{count / mine.cpu:.0f}/CPU s, {mine.wall:.1f} s", f"{count / cpu:.0f}/CPU s, {wall:.1f} s"
        print(f"{title:<12}{here:>24}{there:>24}{cpu / mine.cpu:>8.2f}")
    print(f"peak memory: service {own:.0f} MB and its reader process {reading:.0f} MB; reader {theirs['rss']:.0f} MB")


def print_sweep(folder: Path, options: argparse.Namespace) -> int:
    """The two rounds over everything, and what the server saw of them."""
    with serving(folder) as served:
        rounds, (own, reading) = asyncio.run(sweep(folder, served, options.feeds, options.processes))
    print(f"\n{options.feeds} feeds of all kinds")
    print(
        f"{'round':<12}{'wall s':>8}{'CPU s':>8}{'feeds/CPU s':>13}{'loop late, ms: p50':>20}{'p95':>7}{'p99':>7}{'most':>7}"
    )
    for title, one in zip(("first", "second"), rounds, strict=True):
        late = "".join(f"{one.lag.at(share):>{width}.1f}" for share, width in ((0.5, 20), (0.95, 7), (0.99, 7), (1, 7)))
        print(f"{title:<12}{one.wall:>8.1f}{one.cpu:>8.1f}{options.feeds / one.cpu:>13.0f}{late}")
        print(f"{'':<12}{one.states}")
    print(f"peak memory: service {own:.0f} MB, its reader process {reading:.0f} MB")
    if options.log:
        shutil.copy(served.log, options.log)
    with served.log.open() as lines:
        report = check(lines)
    print(
        f"politeness: {report.requests} requests, {report.spaced} pairs to one site, {report.rested} wishes for rest,"
    )
    print(
        f"  {report.repeated} requests for what had validators, {report.permitted} for pages: {len(report.broken)} broken"
    )
    print(*report.broken[:20], sep="\n")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
