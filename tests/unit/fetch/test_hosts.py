from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from builders import NOON
from fakes import FakeClock

from storywatch.errors import FetchFailed
from storywatch.fetch.hosts import Hosts

SECOND = timedelta(seconds=1)
A, B = "https://a.example/x", "https://b.example/x"


class Sleeper:
    """Sleeping moves the clock and takes no time."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))


def world(*, spacing: timedelta = 2 * SECOND, parallel: int = 1) -> tuple[Hosts, FakeClock, Sleeper]:
    clock = FakeClock(NOON)
    sleeper = Sleeper(clock)
    return Hosts(clock, spacing=spacing, parallel=parallel, sleep=sleeper), clock, sleeper


async def visit(hosts: Hosts, url: str) -> None:
    async with hosts.turn(url):
        await asyncio.sleep(0)


def test_two_requests_to_one_host_keep_their_distance() -> None:
    """The first goes at once, the next two seconds after it."""

    async def run() -> list[float]:
        hosts, clock, sleeper = world()
        await visit(hosts, A)
        clock.advance(0.5 * SECOND)
        await visit(hosts, A)
        clock.advance(5 * SECOND)
        await visit(hosts, A)
        return sleeper.slept

    assert asyncio.run(run()) == [1.5]


def test_different_hosts_do_not_wait_for_each_other() -> None:
    """Nor do two ports of one machine."""

    async def run() -> list[float]:
        hosts, _, sleeper = world()
        for url in (A, B, "https://a.example:8443/x"):
            await visit(hosts, url)
        return sleeper.slept

    assert asyncio.run(run()) == []


@pytest.mark.parametrize("parallel", [1, 3])
def test_no_more_requests_at_once_than_allowed(parallel: int) -> None:
    """The rest wait until one is done."""

    async def run() -> int:
        hosts, _, _ = world(spacing=timedelta(), parallel=parallel)
        inside = most = 0

        async def one() -> None:
            nonlocal inside, most
            async with hosts.turn(A):
                inside += 1
                most = max(most, inside)
                for _ in range(3):
                    await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(one() for _ in range(9)))
        return most

    assert asyncio.run(run()) == parallel


def test_a_host_that_asked_for_a_rest_gets_it() -> None:
    """All of its addresses, until the time is over; other hosts are asked on."""

    async def run() -> None:
        hosts, clock, _ = world()
        hosts.hold(A, 90 * SECOND)
        hosts.hold(A, 10 * SECOND)  # a shorter wish does not undo a longer one
        await visit(hosts, B)
        clock.advance(30 * SECOND)
        with pytest.raises(
            FetchFailed, match=r"a\.example:443: the host is left alone until 2026-03-02 12:01:30"
        ) as caught:
            await visit(hosts, "https://a.example/other")
        assert caught.value.retry_after == 60 * SECOND
        clock.advance(60 * SECOND)
        await visit(hosts, A)

    asyncio.run(run())


def test_a_rest_asked_for_meanwhile_holds_those_who_wait() -> None:
    """The second in the queue does not go just because it was there before."""

    async def run() -> None:
        hosts, _, _ = world()
        async with hosts.turn(A):
            waiting = asyncio.ensure_future(visit(hosts, A))
            await asyncio.sleep(0)
            hosts.hold(A, 90 * SECOND)
        with pytest.raises(FetchFailed, match="is left alone until"):
            await waiting

    asyncio.run(run())


def test_a_long_queue_is_sent_back_to_the_store() -> None:
    """Waiting longer than a lease would be work for nothing."""

    async def run() -> int:
        hosts, _, _ = world(spacing=50 * SECOND)
        async with hosts.turn(A):
            waiting = [asyncio.ensure_future(visit(hosts, A)) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(FetchFailed, match="asked already, with 3 in the queue") as caught:
                await visit(hosts, A)
            assert caught.value.retry_after == 150 * SECOND
            with pytest.raises(FetchFailed) as caught:
                await visit(hosts, A)
            assert caught.value.retry_after == 200 * SECOND  # not all of them at once
        await asyncio.gather(*waiting)
        return len(waiting)

    assert asyncio.run(run()) == 2


def test_a_cancelled_wait_leaves_nothing_behind() -> None:
    """The next one gets its turn."""

    async def run() -> None:
        clock = FakeClock(NOON)
        hosts = Hosts(clock, spacing=timedelta(hours=1) / 60, sleep=lambda _: asyncio.Event().wait())
        await visit(hosts, A)
        waiting = asyncio.ensure_future(visit(hosts, A))
        await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        clock.advance(timedelta(minutes=1))
        await visit(hosts, A)

    asyncio.run(run())


def test_a_clock_set_back_does_not_stop_the_world() -> None:
    """Nobody waits longer than the spacing."""

    async def run() -> list[float]:
        hosts, clock, sleeper = world()
        await visit(hosts, A)
        clock.advance(timedelta(hours=-1))
        await visit(hosts, A)
        return sleeper.slept

    assert asyncio.run(run()) == [2.0]


def test_idle_hosts_are_forgotten() -> None:
    """A year of links does not fill the memory; a host that asked for a rest is remembered."""

    async def run() -> int:
        hosts, clock, _ = world()
        hosts.hold(A, timedelta(hours=20))
        for number in range(1_200):
            await visit(hosts, f"https://h{number}.example/")
            clock.advance(SECOND)
        with pytest.raises(FetchFailed):
            await visit(hosts, A)
        return len(hosts._sites)

    assert asyncio.run(run()) < 1_010


def test_a_silent_host_is_left_alone_for_longer_each_time() -> None:
    """What waits in vain for one host holds up the others: so it is asked seldom, until it answers again."""

    async def run() -> None:
        hosts, clock, _ = world()
        rests = []
        for _ in range(6):
            async with hosts.turn(A):
                hosts.note_silence(A)
            with pytest.raises(FetchFailed) as caught:
                await visit(hosts, A)
            assert caught.value.retry_after is not None
            rests.append(caught.value.retry_after // (60 * SECOND))
            await visit(hosts, B)
            clock.advance(caught.value.retry_after)
        assert rests == [1, 2, 4, 8, 8, 8]
        async with hosts.turn(A):
            hosts.note_answer(A)
            hosts.note_silence(A)
        with pytest.raises(FetchFailed) as caught:
            await visit(hosts, A)
        assert caught.value.retry_after == 60 * SECOND

    asyncio.run(run())


def test_a_site_that_is_silent_on_one_host_is_asked_on_the_others() -> None:
    """An old machine that nobody switched off does not hold up the newspaper; its queue is one all the same."""

    async def run() -> list[float]:
        hosts, _, sleeper = world()
        async with hosts.turn("https://old.harbor.example/feed"):
            hosts.note_silence("https://old.harbor.example/feed")
        await visit(hosts, "https://www.harbor.example/feed")
        with pytest.raises(FetchFailed, match=r"old\.harbor\.example:443: the host is left alone"):
            await visit(hosts, "https://old.harbor.example/feed")
        return sleeper.slept

    assert asyncio.run(run()) == [2.0]


def test_a_wish_for_rest_holds_the_whole_site() -> None:
    """The servers of one site share what is too much for them."""

    async def run() -> None:
        hosts, _, _ = world()
        hosts.hold("https://feeds.harbor.example/a", 90 * SECOND)
        with pytest.raises(FetchFailed, match="is left alone until"):
            await visit(hosts, "https://www.harbor.example/b")

    asyncio.run(run())


@pytest.mark.parametrize(("delay", "slept"), [(1, 2.0), (10, 10.0), (3_600, 60.0)])
def test_a_robots_txt_may_ask_for_more_room(delay: int, slept: float) -> None:
    """Up to a minute; never for less than we give by ourselves."""

    async def run() -> list[float]:
        hosts, _, sleeper = world()
        await visit(hosts, A)
        async with hosts.turn(A, delay=delay * SECOND):
            pass
        return sleeper.slept

    assert asyncio.run(run()) == [slept]


def test_who_is_in_a_hurry_goes_back_sooner() -> None:
    """A poll has its slot among all feeds: it does not wait in a long queue."""

    async def run() -> None:
        hosts, _, _ = world()
        async with hosts.turn(A):
            with pytest.raises(FetchFailed, match="with 1 in the queue") as caught:
                async with hosts.turn(A, patience=SECOND):
                    pass
            assert caught.value.retry_after == 2 * SECOND

    asyncio.run(run())


def test_hosts_that_were_silent_once_are_forgotten() -> None:
    """The memory of them is bounded too."""

    async def run() -> int:
        hosts, clock, _ = world()
        for number in range(1_100):
            async with hosts.turn(f"https://h{number}.example/"):
                hosts.note_silence(f"https://h{number}.example/")
            clock.advance(SECOND)
        return len(hosts._silent)

    assert asyncio.run(run()) < 200


def test_the_distance_is_kept_from_the_end_of_a_slow_request() -> None:
    """A server that took its time is not asked again at once; where several are allowed, their starts keep the distance."""

    async def run(parallel: int) -> list[float]:
        hosts, clock, sleeper = world(parallel=parallel)
        async with hosts.turn(A):
            clock.advance(5 * SECOND)
        await visit(hosts, A)
        return sleeper.slept

    assert asyncio.run(run(1)) == [2.0]
    assert asyncio.run(run(2)) == []
