"""Keeps the pipeline busy: takes due rows as slots come free, supervises each step, drains at the end.

The kinds of work (polls, readings, later visits, deliveries) have slots of their own, and so has each channel, so
that none waits behind a slow one. A step that fails is logged and its lease runs out: nothing is lost.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import structlog

from storywatch.errors import LeaseLost, StorywatchError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from storywatch.announcing import Announcer
    from storywatch.core.model import AttemptOutcome, ChannelId, DeliveryClaim, Entry, FeedClaim, Judged, PollOutcome
    from storywatch.core.revisits import Visit, VisitOutcome
    from storywatch.forgetting import Forgetting
    from storywatch.pipeline import Pipeline

T = TypeVar("T")

log = structlog.get_logger()

POLL_SLOTS = 32
READ_SLOTS = 8
SEND_SLOTS = 4  # of each channel
HUB_SLOTS = 4
VISIT_SLOTS = 4
SHORTEST_WAIT = 0.01  # seconds; a clock that stands still is not asked over and over
LONGEST_WAIT = 600.0  # the clock may be moved meanwhile
TIDY_EVERY = timedelta(days=1) - timedelta(minutes=10)  # who is called once a day may be called a moment early
PING_EVERY = timedelta(minutes=1)
LATE_ROUND = timedelta(minutes=2)  # no tick takes so long; the one that tidies up may take some of it
DRAIN_SECONDS = 3.5  # the whole stop stays below five


class Observer(Protocol):
    """Is told what happened, for metrics."""

    def polled(self, outcome: PollOutcome, *, seconds: float) -> None:
        """One feed was asked."""
        ...

    def judged(self, judged: Judged, *, seconds: float) -> None:
        """One article was judged for one watch."""
        ...

    def visited(self, outcome: VisitOutcome, told: Sequence[Judged], *, seconds: float) -> None:
        """One page was looked at again; `told` is what its new version was to the stories, where there was one."""
        ...

    def tried(self, claim: DeliveryClaim, outcome: AttemptOutcome, *, seconds: float) -> None:
        """One delivery was tried."""
        ...

    def step_failed(self, step: str) -> None:
        """A step ended in an error that nobody expected."""
        ...


@dataclass
class Slots:
    """How many steps of one kind may run at once, and which do."""

    limit: int
    running: set[asyncio.Task[None]] = field(default_factory=set)
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def free(self) -> int:
        """Steps that may still begin."""
        return self.limit - len(self.running)

    def has_room(self) -> bool:
        """Could another step begin?"""
        return self.free > 0


@dataclass(kw_only=True)
class Service:
    """The running service, to be entered with `async with`; leaving it drains.

    `tick_*` start what is due, as far as slots are free, and say how much they started.
    """

    pipeline: Pipeline
    observer: Observer
    announcer: Announcer | None = None  # None: only what is reported is told
    forgetting: Forgetting | None = None  # None: articles and entries are kept for good
    polls: Slots = field(default_factory=lambda: Slots(POLL_SLOTS))
    readings: Slots = field(default_factory=lambda: Slots(READ_SLOTS))
    sendings: dict[ChannelId, Slots] = field(default_factory=dict)
    send_slots: int = SEND_SLOTS
    timers: dict[ChannelId, asyncio.TimerHandle] = field(default_factory=dict)  # for the next delivery that is due
    askings: Slots = field(default_factory=lambda: Slots(HUB_SLOTS))
    visits: Slots = field(default_factory=lambda: Slots(VISIT_SLOTS))
    pings: Slots = field(default_factory=lambda: Slots(1))
    call_readers: Callable[[], Awaitable[object]] | None = None  # when a poll found entries; None: we are the readers
    ping: Callable[[], Awaitable[None]] | None = None  # says that all is well to who watches over it
    pinged_at: datetime | None = None
    tidied_at: datetime | None = None
    more_to_forget: bool = False
    drain_seconds: float = DRAIN_SECONDS
    stopping: bool = False
    more_polls: bool = False  # at the last claim more feeds were due than slots free
    going_on: bool = False  # a poll that ended is looking for more
    last_tick_at: datetime | None = None
    rounds: dict[str, datetime] = field(default_factory=dict)  # when each tick last ended
    group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)

    def limit(self, steps: int) -> None:
        """Let at most so many steps of each kind run at once; of deliveries, so many for each channel."""
        for slots in (self.polls, self.readings, self.visits):
            slots.limit = steps
        self.send_slots = steps

    async def __aenter__(self) -> Self:
        await self.group.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.drain()
        await self.group.__aexit__(None, None, None)

    # ------------------------------------------------------------------ ticks

    def ticks(self) -> dict[str, Callable[[], Awaitable[int]]]:
        """What a timer calls, by name: each tick, supervised like a step. That each comes to its end is watched."""
        looks = self.looks()
        self.rounds = dict.fromkeys(looks, self.pipeline.clock.now())
        return looks

    def looks(self) -> dict[str, Callable[[], Awaitable[int]]]:
        """Each tick by name, supervised like a step; gives what it started."""
        ticks = {
            "poll": self.tick_polls,
            "read": self.tick_readings,
            "deliver": self.tick_deliveries,
            "hub": self.tick_hubs,
            "revisit": self.tick_revisits,
            "tidy": self.tick_tidy,
            "announce": self.tick_announcements,
            "ping": self.tick_ping,
        }
        return {name: partial(self._tick, tick, name) for name, tick in ticks.items()}

    async def _tick(self, tick: Callable[[], Awaitable[int]], name: str) -> int:
        try:
            started = await self._supervise(tick(), name)
        except asyncio.CancelledError:
            if not self.stopping:
                raise
            return 0  # cut off by the end of the timer, not of the loop: no news to whoever runs it
        if name in self.rounds:
            self.rounds[name] = self.pipeline.clock.now()
        return started or 0

    def hanging(self) -> list[str]:
        """The ticks that have not come to their end for a while."""
        now = self.pipeline.clock.now()
        return [name for name, at in self.rounds.items() if name != "ping" and now - at > LATE_ROUND]

    async def tick_polls(self, due_by: datetime | None = None) -> int:
        """Ask the feeds that are due."""
        self.last_tick_at = self.pipeline.clock.now()
        async with self.polls.claiming:
            if self.stopping or self.polls.free <= 0:
                return 0
            wanted = self.polls.free
            claims = await self.pipeline.claim_feeds(wanted, due_by=due_by)
            for claim in claims:
                self._start(self.polls, self._poll(claim), "poll", then=partial(self.tick_polls_on, due_by))
            self.more_polls = len(claims) == wanted
            return len(claims)

    async def tick_polls_on(self, due_by: datetime | None = None) -> int:
        """Go on without waiting for the timer where more were due than slots free: by half the slots, not one by one."""
        if not self.more_polls or self.going_on:
            return 0
        self.going_on = True
        try:
            await asyncio.sleep(0)  # polls end in groups, as they are recorded: let the whole group end
            return await self.tick_polls(due_by) if self.polls.free >= self.polls.limit // 2 else 0
        finally:
            self.going_on = False

    async def tick_readings(self) -> int:
        """Look at the entries that wait."""
        async with self.readings.claiming:
            if self.stopping or self.readings.free <= 0:
                return 0
            entries = await self.pipeline.claim_entries(self.readings.free)
            for entry in entries:
                self._start(self.readings, self._read(entry), "read", then=self.tick_readings)
            return len(entries)

    async def tick_revisits(self, due_by: datetime | None = None) -> int:
        """Look again at the pages of articles whose turn it is."""
        async with self.visits.claiming:
            if self.stopping or self.visits.free <= 0:
                return 0
            visits = await self.pipeline.claim_revisits(self.visits.free, due_by=due_by)
            for visit in visits:
                self._start(self.visits, self._revisit(visit), "revisit", then=partial(self.tick_revisits, due_by))
            return len(visits)

    async def tick_tidy(self) -> int:
        """Once a day: drop what is kept no longer; as much of it as goes in a while, and at the next tick the rest."""
        now = self.pipeline.clock.now()
        is_due = self.tidied_at is None or now - self.tidied_at >= TIDY_EVERY
        if self.stopping or not (is_due or self.more_to_forget):
            return 0
        if is_due:
            self.tidied_at = now
            await self.pipeline.tidy()
        self.more_to_forget = self.forgetting is not None and await self.forgetting.go_on()
        return 1

    async def tidy_all(self) -> int:
        """As the tick, to its end: where workers take turns, the next tick is a day later and perhaps another one's."""
        tidy, rounds = self.looks()["tidy"], 0
        while await tidy():
            rounds += 1
        return rounds

    async def tick_announcements(self) -> int:
        """Tell what is to be told without a new article."""
        return 0 if self.announcer is None or self.stopping else await self.announcer.announce_due()

    async def tick_ping(self) -> int:
        """Once a minute, when feeds were looked for: say that all is well, where it is."""
        now = self.pipeline.clock.now()
        if self.ping is None or self.stopping or self.last_tick_at is None or self.pings.free <= 0:
            return 0
        if self.pinged_at is not None and timedelta() <= now - self.pinged_at < PING_EVERY:
            return 0
        self.pinged_at = now
        self._start(self.pings, self.ping(), "ping")
        return 1

    async def tick_hubs(self) -> int:
        """Ask the hubs whose turn it is."""
        hubs = self.pipeline.hubs
        async with self.askings.claiming:
            if hubs is None or self.stopping or self.askings.free <= 0:
                return 0
            claims = await hubs.claim(self.askings.free)
            for claim in claims:
                self._start(self.askings, hubs.ask(claim), "hub")
            return len(claims)

    async def tick_deliveries(self) -> int:
        """Send what is due. Each channel has its own slots: a slow one delays no other."""
        return sum([await self._send_due(channel) for channel in tuple(self.pipeline.channels)])

    async def _send_due(self, channel: ChannelId) -> int:
        slots = self.sendings.setdefault(channel, Slots(self.send_slots))
        async with slots.claiming:
            if self.stopping or slots.free <= 0 or channel not in self.pipeline.channels:
                return 0
            wanted = slots.free
            claims = await self.pipeline.claim_deliveries(channel, wanted)
            for claim in claims:
                self._start(slots, self._deliver(claim), "deliver", then=partial(self._send_due, channel))
            if len(claims) < wanted:  # else the next look comes as soon as one of them ends
                self._wake_at(channel, await self.pipeline.next_delivery_at(channel))
            return len(claims)

    def _wake_at(self, channel: ChannelId, moment: datetime | None) -> None:
        """Look at a channel again at a moment of the clock, in place of when it was to be looked at before."""
        timer = self.timers.pop(channel, None)
        if timer is not None:
            timer.cancel()
        if moment is None or self.stopping:
            return
        wait = (moment - self.pipeline.clock.now()).total_seconds()
        wait = min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)
        self.timers[channel] = asyncio.get_running_loop().call_later(wait, self._wake, channel)

    def _wake(self, channel: ChannelId) -> None:
        self.timers.pop(channel, None)
        if not self.stopping:
            self.group.create_task(self._supervise(self._send_due(channel), "deliver"))

    def wake_deliveries(self) -> None:
        """Deliveries were planned: look now and not at the next tick. Call it in the event loop."""
        if not self.stopping:
            self.group.create_task(self._supervise(self.tick_deliveries(), "deliver"))

    async def exhaust(self, *, due_by: datetime) -> None:
        """Poll what was due at `due_by`, each feed once, and work until nothing is left to be done now."""
        while True:
            started = await self.tick_polls(due_by) + await self.tick_readings()
            started += await self.tick_revisits(due_by) + await self.tick_deliveries()
            running = self._running()
            if not started and not running and (self.announcer is None or not await self.announcer.announce()):
                return
            if running:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)

    # ------------------------------------------------------------------ steps

    async def _poll(self, claim: FeedClaim) -> None:
        began = self._seconds()
        outcome = await self.pipeline.poll(claim)
        self.observer.polled(outcome, seconds=self._seconds() - began)
        if outcome.new or outcome.changed:
            await (self.call_readers or self.tick_readings)()

    async def _read(self, entry: Entry) -> None:
        began = self._seconds()
        try:
            told = await self.pipeline.take(entry)
        except LeaseLost:
            raise
        except Exception as error:
            what = error if isinstance(error, StorywatchError) else type(error).__name__
            await self.pipeline.put_off(entry, f"storywatch stumbled over it ({what})")
            raise
        for judged in told:
            self.observer.judged(judged, seconds=self._seconds() - began)

    async def _revisit(self, visit: Visit) -> None:
        began = self._seconds()
        try:
            plan, told = await self.pipeline.revisit(visit)
        except LeaseLost:
            raise
        except Exception as error:
            what = error if isinstance(error, StorywatchError) else type(error).__name__
            await self.pipeline.put_off_visit(visit, f"storywatch stumbled over it ({what})")
            raise
        self.observer.visited(plan.outcome, told, seconds=self._seconds() - began)

    async def _deliver(self, claim: DeliveryClaim) -> None:
        began = self._seconds()
        outcome = await self.pipeline.deliver(claim)
        self.observer.tried(claim, outcome, seconds=self._seconds() - began)

    # ------------------------------------------------------------------ supervision

    def _start(
        self, slots: Slots, step: Awaitable[None], name: str, *, then: Callable[[], Awaitable[int]] | None = None
    ) -> None:
        task = self.group.create_task(self._occupy(slots, step, name, then=then))
        slots.running.add(task)

    async def _occupy(
        self, slots: Slots, step: Awaitable[None], name: str, *, then: Callable[[], Awaitable[int]] | None
    ) -> None:
        """Run one step in its slot, give the slot back, and look for the next."""
        try:
            await self._supervise(step, name)
        finally:
            task = asyncio.current_task()
            assert task is not None
            slots.running.discard(task)
        if then is not None and not self.stopping:
            await self._supervise(then(), name)

    async def _supervise(self, step: Awaitable[T], name: str) -> T | None:
        """One step's errors are its own: they are told, the row's lease runs out, the rest goes on."""
        try:
            return await step
        except LeaseLost as error:
            log.info("lease_lost", step=name, error=str(error))
        except StorywatchError as error:
            self.observer.step_failed(name)
            log.error("step_failed", step=name, error=str(error))  # noqa: TRY400  the message is for a person
        except Exception:
            self.observer.step_failed(name)
            log.exception("step_broke", step=name)
        return None

    async def drain(self) -> bool:
        """Begin nothing more and wait for what runs; True if all of it ended by itself.

        What is cut off keeps its row: its lease ends with the process, and the next one takes it up.
        """
        self.stopping = True
        if self.pipeline.turns is not None:
            self.pipeline.turns.closing = True
        while self.timers:
            self.timers.popitem()[1].cancel()
        for task in self.pings.running:
            task.cancel()  # nothing is lost with it
        for slots in self._all_slots():
            async with slots.claiming:  # a claim under way still starts its steps: let it, then count
                pass
        running = self._running()
        if not running:
            return True
        _, late = await asyncio.wait(running, timeout=self.drain_seconds)
        for task in late:
            task.cancel()
        return not late

    async def outlast(self) -> None:
        """Wait until every step that runs now has ended."""
        running = self._running()
        if running:
            await asyncio.wait(running)

    def _running(self) -> set[asyncio.Task[None]]:
        return set().union(*(slots.running for slots in self._all_slots()))

    def _all_slots(self) -> tuple[Slots, ...]:
        return (self.polls, self.readings, self.askings, self.visits, self.pings, *self.sendings.values())

    def _seconds(self) -> float:
        return asyncio.get_running_loop().time()
