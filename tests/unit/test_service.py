"""The service's slots, supervision and drain, with work that tests start and end by hand."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from builders import NOON
from fakes import FakeClock

from storywatch.core.model import ChannelId, PollOutcome
from storywatch.errors import LeaseLost, StorywatchError
from storywatch.service import Service, Slots

DESK, NEWSROOM = ChannelId("desk"), ChannelId("newsroom")


@dataclass
class Heard:
    """An observer that counts."""

    counts: Counter[str] = field(default_factory=Counter)

    def polled(self, *_: object, **__: object) -> None:
        self.counts["polled"] += 1

    def judged(self, *_: object, **__: object) -> None:
        self.counts["judged"] += 1

    def visited(self, *_: object, **__: object) -> None:
        self.counts["visited"] += 1

    def tried(self, *_: object, **__: object) -> None:
        self.counts["tried"] += 1

    def step_failed(self, step: str) -> None:
        self.counts[f"failed {step}"] += 1


class Bench:
    """Stands where the pipeline stands: due work is what a test puts in, and steps end when told."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOON)
        self.feeds: deque[str] = deque()
        self.entries: deque[str] = deque()
        self.visits: deque[str] = deque()
        self.tidied = 0
        self.outbox: dict[ChannelId, deque[str]] = {DESK: deque(), NEWSROOM: deque()}
        self.next_at: dict[ChannelId, datetime] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.errors: dict[str, BaseException] = {}
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.put_aside: list[str] = []
        self.hubs: Any = None
        self.turns: Any = None

    @property
    def channels(self) -> dict[ChannelId, object]:
        return dict.fromkeys(self.outbox, object())

    async def _step(self, name: str) -> None:
        self.begun.append(name)
        if name in self.gates:
            await self.gates[name].wait()
        if name in self.errors:
            raise self.errors[name]
        self.ended.append(name)

    @staticmethod
    def _take(line: deque[str], limit: int) -> list[str]:
        return [line.popleft() for _ in range(min(limit, len(line)))]

    async def claim_feeds(self, limit: int, *, due_by: object = None) -> list[str]:
        return self._take(self.feeds, limit)

    async def claim_entries(self, limit: int) -> list[str]:
        return self._take(self.entries, limit)

    async def claim_revisits(self, limit: int, *, due_by: object = None) -> list[str]:
        return self._take(self.visits, limit)

    async def revisit(self, visit: str) -> tuple[Any, list[str]]:
        await self._step(visit)
        return SimpleNamespace(outcome="noise"), []

    async def put_off_visit(self, visit: str, reason: str) -> None:
        self.put_aside.append(f"{visit}: {reason}")

    async def tidy(self) -> int:
        self.tidied += 1
        return 0

    async def claim_deliveries(self, channel: ChannelId, limit: int) -> list[str]:
        return self._take(self.outbox[channel], limit)

    async def next_delivery_at(self, channel: ChannelId) -> datetime | None:
        return self.next_at.get(channel)

    async def poll(self, claim: str) -> PollOutcome:
        await self._step(claim)
        return PollOutcome(new=len(self.entries))

    async def take(self, entry: str) -> list[str]:
        await self._step(entry)
        return [entry]

    async def put_off(self, entry: str, reason: str) -> None:
        self.put_aside.append(f"{entry}: {reason}")

    async def deliver(self, claim: str) -> str:
        await self._step(claim)
        return "sent"


def a_service(bench: Bench, **changes: Any) -> tuple[Service, Heard]:
    heard = Heard()
    return Service(pipeline=cast("Any", bench), observer=cast("Any", heard), **changes), heard


async def turn() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_one_tick_leads_from_feed_to_entry() -> None:
    """New entries are looked at when their poll ends, not at the next tick."""

    async def play() -> None:
        bench = Bench()
        bench.feeds.append("feed")
        bench.entries.extend(["first", "second"])
        service, heard = a_service(bench)
        async with service:
            assert await service.tick_polls() == 1
            await turn()
        assert bench.ended == ["feed", "first", "second"]
        assert heard.counts == {"polled": 1, "judged": 2}

    asyncio.run(play())


def test_hubs_are_asked_in_slots_of_their_own() -> None:
    """Four that hang hold up no poll, a fifth waits for its slot, and the drain waits for them like for any other."""

    class Hubs:
        def __init__(self, bench: Bench) -> None:
            self.bench = bench
            self.due = deque(f"hub {n}" for n in range(5))

        async def claim(self, limit: int) -> list[str]:
            return [self.due.popleft() for _ in range(min(limit, len(self.due)))]

        async def ask(self, claim: str) -> None:
            await self.bench._step(claim)

    async def play() -> None:
        bench = Bench()
        bench.hubs = Hubs(bench)
        bench.feeds.append("feed")
        bench.gates = {f"hub {n}": asyncio.Event() for n in range(5)}
        service, heard = a_service(bench)
        async with service:
            assert await service.tick_hubs() == 4
            assert await service.tick_hubs() == 0
            assert await service.tick_polls() == 1
            await turn()
            assert bench.ended == ["feed"]
            bench.errors["hub 0"] = StorywatchError("the database is locked")
            for gate in bench.gates.values():
                gate.set()
            await turn()
            assert await service.tick_hubs() == 1
        assert bench.ended == ["feed", "hub 1", "hub 2", "hub 3", "hub 4"]
        assert heard.counts["failed hub"] == 1

    asyncio.run(play())


def test_a_slow_channel_delays_no_other() -> None:
    """A channel whose sends all hang takes its own slots only."""

    async def play() -> None:
        bench = Bench()
        slow = [f"slow {n}" for n in range(10)]
        bench.gates = {name: asyncio.Event() for name in slow}
        bench.outbox[DESK].extend(slow)
        bench.outbox[NEWSROOM].append("quick")
        service, _ = a_service(bench)
        async with service:
            await service.tick_deliveries()
            await turn()
            assert bench.ended == ["quick"]
            assert [name for name in bench.begun if name in slow] == slow[:4]
            for gate in bench.gates.values():
                gate.set()
            await turn()
        assert set(bench.ended) == {"quick", *slow}

    asyncio.run(play())


def test_a_broken_step_takes_nothing_with_it() -> None:
    """Whatever one step raises, the others go on, and the failure is counted."""

    async def play() -> None:
        bench = Bench()
        bench.entries.extend(["broken", "told", "lost", "good"])
        bench.errors = {"broken": ValueError("?"), "told": StorywatchError("no"), "lost": LeaseLost("late")}
        service, heard = a_service(bench)
        async with service:
            await service.tick_readings()
            await turn()
        assert bench.ended == ["good"]
        assert bench.put_aside == [
            "broken: storywatch stumbled over it (ValueError)",
            "told: storywatch stumbled over it (no)",
        ]
        assert heard.counts == {"failed read": 2, "judged": 1}

    asyncio.run(play())


def test_drain_waits_for_what_runs_and_begins_nothing() -> None:
    """Stopping lets a send under way end, and claims no further one."""

    async def play() -> None:
        bench = Bench()
        bench.gates["send"] = asyncio.Event()
        bench.outbox[DESK].append("send")
        service, _ = a_service(bench)
        async with service:
            await service.tick_deliveries()
            await turn()
            bench.outbox[DESK].append("next")
            draining = asyncio.ensure_future(service.drain())
            await turn()
            assert not draining.done()
            bench.gates["send"].set()
            assert await draining is True
            service.wake_deliveries()
            assert await service.tick_polls() + await service.tick_readings() + await service.tick_deliveries() == 0
        assert bench.ended == ["send"]
        assert list(bench.outbox[DESK]) == ["next"]

    asyncio.run(play())


def test_drain_cuts_off_what_takes_too_long() -> None:
    """A send that hangs does not keep the process from ending."""

    async def play() -> None:
        bench = Bench()
        bench.gates["hangs"] = asyncio.Event()
        bench.outbox[DESK].append("hangs")
        service, _ = a_service(bench, drain_seconds=0.01)
        async with service:
            await service.tick_deliveries()
            await turn()
            assert await service.drain() is False
        assert bench.begun == ["hangs"]
        assert bench.ended == []

    asyncio.run(play())


def test_a_wake_up_sends_at_once() -> None:
    """Planned deliveries go out on the event, without a tick."""

    async def play() -> None:
        bench = Bench()
        service, heard = a_service(bench)
        async with service:
            bench.outbox[NEWSROOM].append("alert")
            service.wake_deliveries()
            await turn()
        assert bench.ended == ["alert"]
        assert heard.counts == {"tried": 1}

    asyncio.run(play())


def test_what_becomes_due_goes_at_its_moment() -> None:
    """Nobody waits for the next tick: the moment is known, and an earlier one takes the place of a later one."""

    async def play() -> None:
        bench = Bench()
        bench.next_at = {DESK: NOON + timedelta(hours=1)}
        service, heard = a_service(bench)
        async with service:
            await service.tick_deliveries()
            later = service.timers[DESK]
            bench.next_at = {DESK: NOON}  # it is now
            await service.tick_deliveries()
            assert later.cancelled()
            bench.next_at = {}
            bench.outbox[DESK].append("alert")
            arrived, deliver = asyncio.Event(), bench.deliver

            async def told(claim: str) -> str:
                arrived.set()
                return await deliver(claim)

            bench.deliver = told  # type: ignore[method-assign]  # tells when it is called
            await arrived.wait()
            await turn()
            assert service.timers == {}
        assert heard.counts == {"tried": 1}

    asyncio.run(play())


def test_no_timer_outlives_the_service() -> None:
    """What is due later is left to the next process; a look that ends meanwhile sets no other timer."""

    async def play() -> None:
        bench = Bench()
        bench.next_at = {DESK: NOON + timedelta(hours=1)}
        service, _ = a_service(bench)
        async with service:
            await service.tick_deliveries()
            timer = service.timers[DESK]
            await service.drain()
            assert timer.cancelled()
            service._wake_at(DESK, NOON)
            service._wake(DESK)
            assert service.timers == {}
        assert bench.begun == []

    asyncio.run(play())


def test_exhaust_ends_when_nothing_is_left() -> None:
    """One round does all that is due, whatever number of slots there are, and returns."""

    async def play() -> None:
        bench = Bench()
        bench.feeds.extend(f"feed {n}" for n in range(50))
        bench.entries.extend(f"entry {n}" for n in range(30))
        bench.outbox[DESK].extend(f"send {n}" for n in range(30))
        service, heard = a_service(bench)
        async with service:
            await service.exhaust(due_by=NOON)
        assert heard.counts == {"polled": 50, "judged": 30, "tried": 30}

    asyncio.run(play())


def test_what_is_read_and_known_is_not_judged() -> None:
    """An entry that needs no judging is settled by reading it; nobody is told of a verdict."""

    async def play() -> None:
        bench = Bench()
        bench.entries.append("known")

        async def take(entry: str) -> list[str]:
            bench.begun.append(entry)
            return []

        bench.take = take  # type: ignore[method-assign]  # this one gives no article
        service, heard = a_service(bench)
        async with service:
            await service.exhaust(due_by=NOON)
        assert bench.begun == ["known"]
        assert heard.counts == {}

    asyncio.run(play())


def test_exhaust_looks_again_after_steps_that_were_quick() -> None:
    """Steps may end while the round still looks for others: what follows from them is done too."""

    async def play() -> None:
        bench = Bench()
        bench.feeds.append("feed")
        claim = bench.claim_deliveries

        async def slowly(channel: ChannelId, limit: int) -> list[str]:
            await turn()
            return await claim(channel, limit)

        bench.claim_deliveries = slowly  # type: ignore[method-assign]  # as a busy database
        service, heard = a_service(bench)
        async with service:
            await service.exhaust(due_by=NOON)
        assert heard.counts == {"polled": 1}

    asyncio.run(play())


def test_a_tick_that_fails_is_told_like_a_step() -> None:
    """A timer's look at a locked database is counted and logged in a line; the other kinds of work go on."""

    async def play() -> None:
        bench = Bench()
        bench.entries.append("entry")

        async def locked(limit: int, *, due_by: object = None) -> list[str]:
            message = "database is locked"
            raise StorywatchError(message)

        bench.claim_feeds = locked  # type: ignore[method-assign]  # as a locked database
        service, heard = a_service(bench)
        async with service:
            for tick in service.ticks().values():
                await tick()
            await turn()
        assert heard.counts == {"failed poll": 1, "judged": 1}

    asyncio.run(play())


def test_pages_that_are_due_are_looked_at_again() -> None:
    """As many at once as there are slots, the next when one is done; a stumble puts the page off and goes on."""

    async def play() -> None:
        bench = Bench()
        bench.visits.extend(["first", "second", "third"])
        bench.errors["first"] = KeyError("odd")
        bench.errors["second"] = LeaseLost("taken over")
        service, heard = a_service(bench, visits=Slots(2))
        async with service:
            assert await service.tick_revisits() == 2
            assert await service.tick_revisits() == 0
            await turn()
            service.stopping = True
            bench.visits.append("fourth")
            assert await service.tick_revisits() == 0
        assert bench.ended == ["third"]
        assert bench.put_aside == ["first: storywatch stumbled over it (KeyError)"]
        assert heard.counts == {"visited": 1, "failed revisit": 1}

    asyncio.run(play())


def test_a_stumble_of_ours_is_told_in_our_words() -> None:
    """What we raise ourselves says what is wrong."""

    async def play() -> None:
        bench = Bench()
        bench.visits.append("first")
        bench.errors["first"] = StorywatchError("the database is locked")
        service, _ = a_service(bench)
        async with service:
            await service.tick_revisits()
            await turn()
        assert bench.put_aside == ["first: storywatch stumbled over it (the database is locked)"]

    asyncio.run(play())


def test_what_takes_long_to_drop_goes_on_at_the_next_tick() -> None:
    """Until nothing is left for this day."""

    class Forgets:
        left = 3

        async def go_on(self) -> bool:
            self.left -= 1
            return self.left > 0

    async def play() -> None:
        bench, forgets = Bench(), Forgets()
        service, _ = a_service(bench, forgetting=forgets)
        async with service:
            assert [await service.tick_tidy() for _ in range(4)] == [1, 1, 1, 0]
        assert (bench.tidied, forgets.left) == (1, 0)

    asyncio.run(play())


def test_where_workers_take_turns_one_of_them_drops_all_that_is_kept_no_longer() -> None:
    """The next one is called a day later, perhaps a moment early; what breaks is not tried over and over."""

    class Forgets:
        left = 3

        async def go_on(self) -> bool:
            if self.left < 0:
                message = "the database is away"
                raise StorywatchError(message)
            self.left -= 1
            return self.left > 0

    async def play() -> None:
        bench, forgets = Bench(), Forgets()
        service, _ = a_service(bench, forgetting=forgets)
        async with service:
            assert await service.tidy_all() == 3
            assert await service.tidy_all() == 0
            bench.clock.advance(timedelta(days=1) - timedelta(seconds=1))
            assert await service.tidy_all() == 1
            service.more_to_forget = True
            assert (await service.tidy_all(), service.more_to_forget) == (0, True)
        assert bench.tidied == 2

    asyncio.run(play())


def test_what_is_kept_no_longer_is_dropped_once_a_day() -> None:
    """At the first tick, and a day later; not while the service stops."""

    async def play() -> None:
        bench = Bench()
        service, _ = a_service(bench)
        async with service:
            assert [await service.tick_tidy() for _ in range(2)] == [1, 0]
            bench.clock.advance(timedelta(days=1))
            assert await service.tick_tidy() == 1
            bench.clock.advance(timedelta(days=1))
            service.stopping = True
            assert await service.tick_tidy() == 0
        assert bench.tidied == 2

    asyncio.run(play())


def test_a_long_queue_of_feeds_does_not_wait_for_the_timer() -> None:
    """As soon as half the slots are free the next are taken; where nothing was left over, nobody looks again."""

    async def play() -> None:
        bench = Bench()
        bench.feeds.extend(f"feed-{number}" for number in range(10))
        service, heard = a_service(bench)
        service.polls = Slots(4)
        async with service:
            await service.tick_polls()
            await turn()
        assert heard.counts["polled"] == 10
        assert service.more_polls is False

    asyncio.run(play())


class Telling:
    """Stands where the announcer stands: once there is something to tell, then nothing more."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.asked: list[str] = []

    async def announce_due(self) -> int:
        self.asked.append("tick")
        return 0

    async def announce(self) -> int:
        self.asked.append("now")
        if self.asked.count("now") > 1:
            return 0
        self.bench.outbox[DESK].append("digest")
        return 1


def test_exhaust_tells_what_is_to_be_told_without_an_article_last() -> None:
    """When nothing is left to be done, digests and the like are made, and what they bring is sent too."""

    async def play() -> None:
        bench = Bench()
        bench.feeds.append("feed")
        bench.entries.append("entry")
        bench.outbox[NEWSROOM].append("alert")
        telling = Telling(bench)
        service, _ = a_service(bench, announcer=cast("Any", telling))
        async with service:
            await service.exhaust(due_by=NOON)
        assert sorted(bench.ended[:-1]) == ["alert", "entry", "feed"]
        assert bench.ended[-1] == "digest"
        assert telling.asked == ["now", "now"]

    asyncio.run(play())


def test_the_announcer_is_asked_at_each_tick_until_the_service_stops() -> None:
    """A service without one has nothing to ask, and one that drains tells nothing new."""

    async def play() -> None:
        telling = Telling(Bench())
        service, _ = a_service(telling.bench, announcer=cast("Any", telling))
        async with service:
            await service.ticks()["announce"]()
            assert telling.asked == ["tick"]
            await service.drain()
            assert await service.tick_announcements() == 0
            assert telling.asked == ["tick"]
        plain, _ = a_service(Bench())
        async with plain:
            assert await plain.tick_announcements() == 0

    asyncio.run(play())
