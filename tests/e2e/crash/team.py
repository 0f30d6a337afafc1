"""python -m crash.team [--kills N] [--restarts N] [--workers N] [--variant V] [--seed N]: several workers on PostgreSQL, killed one by one.

Each kill takes one drawn worker at a drawn moment, and another one takes its place; between kills the server itself is
restarted at once, as after a crash. The news, the receivers and the count are those of the harness for one process.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a process that forks has one thread

import psycopg
from conftest import PostgresServer, postgres_server

from crash.__main__ import faults, say, show
from crash.desk import ENVIRON, list_entries, take_judged_news, write_config
from crash.harness import PLANNED, STORIES, Child, Counts, Harness, Plan
from crash.receivers import listening
from crash.variants import GATES, spoil
from crash.worker import READINGS, Gate, Life, Watched
from storywatch import pipeline, turns
from storywatch.app import migrate, open_app, work
from storywatch.config import load_config
from storywatch.engine import QUEUES, distributed

LEASE = timedelta(seconds=8)  # in place of minutes, which nobody wants to wait for after each kill
END_SECONDS = 240.0
LONGEST_SHARE = 1.5


@dataclass
class Worker(Life):
    """One of several: it works, and has no page."""

    def _say_leased(self) -> None:
        """What others hold is theirs."""

    async def _serve(self) -> None:
        pipeline.SEND_LEASE = pipeline.LEASE = turns.LEASE = LEASE
        distributed.BEAT_SECONDS = 1.0
        loop = asyncio.get_running_loop()
        loop.add_reader(self.parent, lambda: os._exit(1))
        async with open_app(load_config(self.config, environ=ENVIRON), environ=ENVIRON, take_over=False) as app:
            take_judged_news(app, recorded=lambda _: None)
            spoil(app, self.variant, reach=self.reach)
            app.pipeline.channels = {name: Watched(channel, self) for name, channel in app.pipeline.channels.items()}
            app.service.readings.limit = READINGS
            self.say(ready=True)
            await work(app, asyncio.Event(), queues=QUEUES)


@dataclass
class Team(Harness):
    """Several lives at once."""

    server: PostgresServer | None = None
    url: str = ""
    size: int = 3
    restarts: int = 0
    gated: bool = True
    living: dict[Child, tuple[int, int]] = field(default_factory=dict)  # and the ends of their pipes

    def run(self) -> Counts:
        """All kills and restarts, and the count."""
        began = time.monotonic()
        draw = random.Random(self.plan.seed)
        deaths = ["kill"] * self.plan.kills + ["restart"] * self.restarts
        draw.shuffle(deaths)
        try:
            for _ in range(self.size):
                self._hire()
            for number, death in enumerate(deaths, start=1):
                self._wait(draw.random() * 2 * self._share(len(deaths) - number, time.monotonic() - began))
                self._strike(death, draw)
                if number % 25 == 0:
                    self.tell(f"{number} strikes, {self._told():g} told, {time.monotonic() - began:.0f} s")
            self.gated = False
            for child in [child for child in self.living if self.plan.variant != "none"]:
                self._end(child)  # it would wait at its gate for ever
                self._hire()
            until = time.monotonic() + END_SECONDS
            while self._waiting() and time.monotonic() < until:
                self._wait(0.2)
        finally:
            while self.living:
                self._end(next(iter(self.living)))
        self._count()
        self.counts.restarts = self.restarts
        self.counts.seconds = round(time.monotonic() - began, 1)
        return self.counts

    def _wait(self, seconds: float) -> None:
        """Listen to all of them meanwhile. One that began while the database was away ended, as it should: another begins."""
        until = time.monotonic() + seconds
        for child in list(self.living):
            child.listen_until(min(until, time.monotonic() + seconds / len(self.living)))
            if "broke" in child.heard:
                assert "ready" not in child.heard, child.heard
                self._end(child)
                self._hire()

    def _share(self, left: int, seconds: float) -> float:  # type: ignore[override]  by the clock: kills overlap with work
        """Seconds until the next strike, so that the last one still finds some work."""
        rate = (self._told() + 1) / (seconds + 1)
        return min(max(0.0, self.plan.developments - self._told()) / (left + 2) / rate, LONGEST_SHARE)

    def _strike(self, death: str, draw: random.Random) -> None:
        assert self.server is not None
        if death == "restart":
            self.hit.update(self._claimed())
            self.server.restart()
            self.hit.update(self._claimed())  # those too that were claimed until it went
            self.gates["server"] += 1
            return
        at_gate = [child for child in self.living if "gate" in child.heard]  # only what is made wrong has gates
        child = draw.choice(at_gate or list(self.living))
        child.wait_for("ready", draw.random() * 3)
        claimed = self._claimed()
        self._end(child)
        claimed |= self._claimed()
        self.hit.update(claimed)
        self.counts.kills += 1
        self.counts.kills_with_claims += bool(claimed)
        self.counts.claims_hit += len(claimed)
        self._hire()

    def _hire(self) -> None:
        hear, report = os.pipe()
        parent, lifeline = os.pipe()
        life = Worker(
            config=self.config,
            database=self.folder,
            log=self.folder / "worker.log",
            variant=self.plan.variant,
            gate=Gate(GATES[self.plan.variant][0], 2) if self.gated and self.plan.variant != "none" else None,
            report=report,
            parent=parent,
        )
        pid = os.fork()
        if pid == 0:
            os.close(hear)
            os.close(lifeline)
            for ends in self.living.values():
                for end in ends:
                    os.close(end)
            life.run()
        os.close(report)
        os.close(parent)
        self.living[Child(pid, hear)] = (hear, lifeline)

    def _end(self, child: Child) -> None:
        child.kill()
        for end in self.living.pop(child):
            os.close(end)

    def _claimed(self) -> set[str]:
        """The deliveries that anybody holds."""
        return {uid for (uid,) in self._rows("SELECT uid FROM delivery WHERE lease IS NOT NULL")}

    def _waiting(self) -> bool:
        entries, deliveries = (
            self._rows(f"SELECT count(*) FROM {table} WHERE state = 'waiting'")[0][0] for table in ("entry", "delivery")
        )
        return bool(entries or deliveries)

    def _planned(self) -> list[tuple[str, str, str, str, str]]:
        return self._rows(PLANNED)

    def _rows(self, query: str) -> list[Any]:
        with closing(psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True)) as connection:
            return connection.execute(query.encode()).fetchall()


def main() -> int:
    """Run and print; 0 if nothing was lost or doubled."""
    parser = argparse.ArgumentParser(prog="crash.team", description="workers on PostgreSQL, killed again and again")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--restarts", type=int, default=2, help="of the database, at once")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--developments", type=int, help="three for each kill")
    parser.add_argument("--variant", choices=tuple(GATES), default="none", help="made wrong on purpose")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = parser.parse_args()
    plan = Plan(
        kills=chosen.kills,
        gates=0,
        developments=chosen.developments or 3 * chosen.kills,
        seed=chosen.seed,
        variant=chosen.variant,
    )
    say(f"seed {plan.seed}: {chosen.workers} workers, {plan.kills} kills, {chosen.restarts} restarts of the database")
    with ExitStack() as closing_all:
        server = closing_all.enter_context(postgres_server())
        folder = Path(closing_all.enter_context(tempfile.TemporaryDirectory(prefix="storywatch-team-")))
        receivers = closing_all.enter_context(listening(folder))
        server.command("CREATE DATABASE team")
        url = server.url("team")
        migrate(url)
        ports = {"mail_port": receivers["mail"].port, "hook_port": receivers["webhook"].port}
        config = write_config(folder, stories=STORIES, **ports, url=url)
        list_entries(config, range(plan.developments))
        team = Team(
            plan, folder, receivers, config, say, server=server, url=url, size=chosen.workers, restarts=chosen.restarts
        )
        counts = team.run()
        show(counts)
        log = (folder / "worker.log").read_text()
        said = Counter(re.findall(r'"event": "(\w+)"', log))
        say(f"said in the log: {dict(said)}")
    return int(bool(faults(counts)))


if __name__ == "__main__":
    sys.exit(main())
