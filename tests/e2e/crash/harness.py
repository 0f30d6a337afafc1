"""Begins a life, ends it at a drawn moment, begins the next; at the end everything that was received is counted."""

from __future__ import annotations

import gc
import json
import os
import random
import select
import signal
import sqlite3
import time
from collections import Counter, defaultdict
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from crash.desk import CHANNELS, list_entries, number_of, write_config
from crash.receivers import listening
from crash.variants import GATES
from crash.worker import Gate, Life
from storywatch.core.model import DeliveryState, EntryState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from crash.receivers import Listening, Receipt

STORIES = 12
AT_START = 0.15  # of the kills fall into the time before the service works
READY_SECONDS = 60.0
GATE_SECONDS = 5.0  # a gate that is not come to: killed where it is
END_SECONDS = 120.0  # for what is left when nothing kills any more
STOP_SECONDS = 20.0
GUESSED_RATE = 30.0  # developments a second
GUESS = 3.0  # developments, which the guess weighs against what was seen


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done. `gates` are kills at a drawn place in the code, beside the `kills` at random moments."""

    kills: int
    gates: int
    developments: int
    seed: int
    variant: str = "none"


@dataclass(kw_only=True)
class Counts:
    """What came of it."""

    developments: int = 0
    expected: int = 0  # deliveries
    received: int = 0  # of the expected ones
    lost: int = 0
    two_ids: int = 0  # developments told to one channel under more than one id
    repeats: int = 0
    repeats_changed: int = 0  # of them with other bytes under the same id
    repeats_elsewhere: int = 0  # of them not under way at any kill
    bad_signatures: int = 0
    out_of_order: int = 0  # within a story and channel
    others: int = 0  # messages that tell no development
    not_sent: int = 0  # rows that do not say that they were sent
    kills: int = 0
    kills_at_start: int = 0
    kills_at_gates: dict[str, int] = field(default_factory=dict)
    kills_with_claims: int = 0  # deliveries were claimed and not given back
    claims_hit: int = 0  # such deliveries
    claims_answered: int = 0  # of them: the receiver had it, and that was not noted
    restarts: int = 0
    seconds: float = 0


@dataclass(eq=False)
class Child:
    """A life, seen from the process that forked it."""

    pid: int
    report: int
    heard: dict[str, Any] = field(default_factory=dict)
    _rest: bytes = b""
    _over: bool = False  # it has closed its end
    _reaped: bool = False

    def wait_for(self, word: str, seconds: float) -> bool:
        """Listen until it says so, ends, or the time is over."""
        until = time.monotonic() + seconds
        while word not in self.heard and not self._over and time.monotonic() < until:
            self._listen(until)
        return word in self.heard

    def listen_until(self, moment: float) -> None:
        """Listen until then."""
        while time.monotonic() < moment and not self._over:
            self._listen(moment)

    def kill(self) -> None:
        """SIGKILL, to this one process, and what it had still said."""
        if not self._reaped:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._reaped = True
        while not self._over:
            self._listen(time.monotonic() + 1)

    def stop(self) -> None:
        """Ask it to end by itself, as a supervisor does."""
        os.kill(self.pid, signal.SIGTERM)
        self.listen_until(time.monotonic() + STOP_SECONDS)
        assert self._over, f"the service did not stop within {STOP_SECONDS:g} s"
        os.waitpid(self.pid, 0)
        self._reaped = True

    def _listen(self, until: float) -> None:
        ready, _, _ = select.select([self.report], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return
        piece = os.read(self.report, 65536)
        self._over = not piece
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self.heard |= json.loads(line)


@dataclass
class Harness:
    """One run in a folder of its own."""

    plan: Plan
    folder: Path
    receivers: Mapping[str, Listening]
    config: Path
    tell: Callable[[str], None]
    counts: Counts = field(default_factory=Counts)
    hit: set[str] = field(default_factory=set)  # deliveries that were claimed at a kill
    had: set[str] = field(default_factory=set)  # what the receivers had at the last kill
    gates: Counter[str] = field(default_factory=Counter)  # that were come to
    doors: int = 0  # gates that were set
    start_seconds: float = 0.5
    worked_seconds: float = 0

    @property
    def database(self) -> Path:
        return self.folder / "data" / "storywatch.db"

    def run(self) -> Counts:
        """All lives, and the count."""
        began = time.monotonic()
        draw = random.Random(self.plan.seed)
        deaths = ["gate"] * self.plan.gates + ["moment"] * self.plan.kills
        draw.shuffle(deaths)
        for number, death in enumerate(deaths, start=1):
            self._live_and_die(death, draw, left=len(deaths) - number)
            if number % 50 == 0:
                self.tell(
                    f"{number} kills, {self._told():g} developments told, {time.monotonic() - began:.0f} s; "
                    f"a start {self.start_seconds:.2f} s, {self._rate():.0f} developments a second of work"
                )
        self._live_to_the_end()
        self._count()
        self.counts.restarts = len(deaths)
        self.counts.kills_at_gates = dict(sorted(self.gates.items()))
        self.counts.seconds = round(time.monotonic() - began, 1)
        return self.counts

    # ------------------------------------------------------------------ lives

    def _live_and_die(self, death: str, draw: random.Random, *, left: int) -> None:
        names = GATES[self.plan.variant]
        gate = Gate(names[self.doors % len(names)], draw.randint(1, 3)) if death == "gate" else None
        self.doors += gate is not None
        at_start = gate is None and draw.random() < AT_START
        moment, share = draw.random(), self._share(left)
        began = time.monotonic()
        with self._life(gate) as child:
            if at_start:
                child.listen_until(began + moment * self.start_seconds)
                self.counts.kills_at_start += 1
            else:
                self._work(child, gate, began=began, seconds=moment * 2 * share)
            child.kill()
        self.counts.kills += 1
        self._hear(child)
        self.had = {one.id for one in self._receipts()}

    def _work(self, child: Child, gate: Gate | None, *, began: float, seconds: float) -> None:
        assert child.wait_for("ready", READY_SECONDS), f"no start: {self._broken(child)}"
        ready = time.monotonic()
        self.start_seconds += (ready - began - self.start_seconds) / 4
        if gate is None:
            child.listen_until(ready + seconds)
        elif child.wait_for("gate", GATE_SECONDS):
            self.gates[gate.name] += 1
        self.worked_seconds += time.monotonic() - ready

    def _share(self, left: int) -> float:
        """Seconds of work that each of the lives which are left may have, so that the last one still finds some."""
        return (self.plan.developments - self._told()) / (left + 2) / self._rate()

    def _rate(self) -> float:
        """Developments told in a second of work, as far as that is known by now."""
        return (self._told() + GUESS) / (self.worked_seconds + GUESS / GUESSED_RATE)

    def _told(self) -> float:
        """Developments that were told, halves included."""
        return len({one.id for one in self._receipts()}) / len(CHANNELS)

    def _receipts(self) -> list[Receipt]:
        return [one for each in self.receivers.values() for one in each.ledger.read()]

    def _hear(self, child: Child) -> None:
        assert "broke" not in child.heard, self._broken(child)
        leased = child.heard.get("leased")
        if leased:  # what the life before had under way
            self.hit.update(leased)
            self.counts.kills_with_claims += 1
            self.counts.claims_hit += len(leased)
            self.counts.claims_answered += len(self.had.intersection(leased))

    def _broken(self, child: Child) -> str:
        return f"{child.heard.get('broke', 'the service ended by itself')}; its log is {self.folder / 'worker.log'}"

    def _live_to_the_end(self) -> None:
        with self._life(None) as child:
            assert child.wait_for("ready", READY_SECONDS), f"no start: {self._broken(child)}"
            until = time.monotonic() + END_SECONDS
            with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
                while waiting(connection) and time.monotonic() < until:
                    child.listen_until(time.monotonic() + 0.05)
            child.stop()
        self._hear(child)

    @contextmanager
    def _life(self, gate: Gate | None) -> Iterator[Child]:
        """Fork one; whatever happens, it is gone after the block."""
        hear, say = os.pipe()
        parent, lifeline = os.pipe()
        life = Life(
            config=self.config,
            database=self.database,
            log=self.folder / "worker.log",
            variant=self.plan.variant,
            gate=gate,
            report=say,
            parent=parent,
        )
        pid = os.fork()
        if pid == 0:
            os.close(hear)
            os.close(lifeline)
            life.run()
        os.close(say)
        os.close(parent)
        child = Child(pid, hear)
        try:
            yield child
        finally:
            child.kill()
            os.close(hear)
            os.close(lifeline)

    # ------------------------------------------------------------------ the count

    def _count(self) -> None:
        counts = self.counts
        counts.developments = self.plan.developments
        counts.expected = len(CHANNELS) * self.plan.developments
        rows = self._planned()
        counts.not_sent = sum(row[4] != DeliveryState.SENT for row in rows)
        for kind, receiver in self.receivers.items():
            self._count_channel(receiver.ledger.read(), [row for row in rows if row[1] == CHANNELS[kind]])

    def _planned(self) -> list[tuple[str, str, str, str, str]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(PLANNED).fetchall()

    def _count_channel(self, receipts: list[Receipt], rows: list[tuple[str, str, str, str, str]]) -> None:
        counts = self.counts
        ids: defaultdict[int, set[str]] = defaultdict(set)
        first: dict[str, Receipt] = {}
        for one in receipts:
            if one.number is None:
                counts.others += 1
                continue
            ids[one.number].add(one.id)
            if one.id in first:
                counts.repeats += 1
                counts.repeats_changed += one.sha != first[one.id].sha
                counts.repeats_elsewhere += one.id not in self.hit
            first.setdefault(one.id, one)
            counts.bad_signatures += not one.signed
        told = set(range(self.plan.developments)) & ids.keys()
        counts.received += len(told)
        counts.lost += self.plan.developments - len(told)
        counts.two_ids += sum(len(some) > 1 for some in ids.values())
        counts.out_of_order += out_of_order([one.number for one in first.values() if one.number is not None], rows)


PLANNED = """
SELECT delivery.uid, delivery.channel, delivery.watch, development.headline, delivery.state
FROM delivery JOIN alert ON alert.id = delivery.alert_id JOIN development ON development.id = alert.development_id
ORDER BY delivery.id
"""


def waiting(connection: sqlite3.Connection) -> bool:
    """Whether anything is still to be judged or sent."""
    entries = connection.execute("SELECT count(*) FROM entry WHERE state = ?", (str(EntryState.WAITING),)).fetchone()
    rows = connection.execute("SELECT count(*) FROM delivery WHERE state = ?", (str(DeliveryState.WAITING),)).fetchone()
    return bool(entries[0] or rows[0])


def out_of_order(told: list[int], rows: list[tuple[str, str, str, str, str]]) -> int:
    """How often one development of a story was received before one that was planned earlier, next to it in the story."""
    place = {number: at for at, number in enumerate(told)}
    stories: defaultdict[str, list[int]] = defaultdict(list)
    for _, _, story, headline, _ in rows:
        stories[story].append(number_of(headline))
    known = ([place[number] for number in numbers if number in place] for numbers in stories.values())
    return sum(after < before for places in known for before, after in pairwise(places))


def run(plan: Plan, folder: Path, *, tell: Callable[[str], None]) -> Counts:
    """One run: receivers, entries, lives, counts. Nothing else may run in this process, which forks."""
    with listening(folder) as receivers:
        config = write_config(
            folder, stories=STORIES, mail_port=receivers["mail"].port, hook_port=receivers["webhook"].port
        )
        list_entries(config, range(plan.developments))
        gc.collect()
        gc.freeze()
        return Harness(plan, folder, receivers, config, tell).run()
