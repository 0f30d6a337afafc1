"""Who is asked what there is to tell, how often, and what a source that fails does to the others."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import structlog
from builders import NOON
from desks import RecordingWaker
from fakes import FakeClock
from structlog.testing import capture_logs

from storywatch.announcing import LOOK_EVERY, Announcer
from storywatch.core.model import DeliveryId
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@dataclass
class Source:
    """Tells what a test puts in, once, or fails."""

    news: list[str] = field(default_factory=list)
    error: Exception | None = None
    asked_at: list[datetime] = field(default_factory=list)

    def announce(self, *, now: datetime) -> list[DeliveryId]:
        self.asked_at.append(now)
        if self.error is not None:
            raise self.error
        told, self.news = [DeliveryId(uid) for uid in self.news], []
        return told


def announced(sources: list[Source], *moves: str) -> tuple[list[int], RecordingWaker, FakeClock]:
    """How many deliveries each move led to: "tick", "now" or "later"."""
    waker, clock = RecordingWaker(), FakeClock(NOON)

    async def play() -> list[int]:
        with ThreadPoolExecutor(1) as writer:
            announcer = Announcer(clock=clock, writer=writer, waker=waker, sources=sources)
            counts = []
            for move in moves:
                if move == "later":
                    clock.advance(LOOK_EVERY)
                else:
                    counts.append(await (announcer.announce() if move == "now" else announcer.announce_due()))
            return counts

    return asyncio.run(play()), waker, clock


def test_each_source_is_asked_and_what_it_tells_wakes_the_sender() -> None:
    """The deliveries of every source are woken; a source with nothing to tell wakes nobody."""
    counts, waker, _ = announced([Source(["dlv_1", "dlv_2"]), Source(), Source(["dlv_3"])], "tick")
    assert (counts, waker.woken) == ([3], ["dlv_1", "dlv_2", "dlv_3"])


def test_sources_are_asked_every_five_seconds_at_the_most() -> None:
    """A tick that comes too soon asks nobody, unless it is told to look now."""
    source = Source()
    announced([source], "tick", "tick", "later", "tick", "tick", "now")
    assert source.asked_at == [NOON, *[NOON + timedelta(seconds=5)] * 2]


def test_a_clock_that_was_set_back_does_not_silence_the_sources() -> None:
    """Where the clock is earlier than the last look, the sources are asked."""
    source = Source()

    async def play() -> None:
        clock = FakeClock(NOON)
        with ThreadPoolExecutor(1) as writer:
            announcer = Announcer(clock=clock, writer=writer, waker=RecordingWaker(), sources=[source])
            await announcer.announce_due()
            clock.advance(timedelta(hours=-1))
            await announcer.announce_due()

    asyncio.run(play())
    assert len(source.asked_at) == 2


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (StorywatchError("the database is locked"), "announcement_failed"),
        (ValueError("a fault of ours"), "announcement_broke"),
    ],
)
def test_a_source_that_fails_stops_no_other(error: Exception, event: str) -> None:
    """The others are asked, the failure is told by the source's name, and the source is asked again."""
    broken, other = Source(["dlv_1"], error=error), Source(["dlv_2"])
    with capture_logs() as logs:
        counts, waker, _ = announced([broken, other], "tick", "later", "tick")
    assert (counts, waker.woken) == ([1, 0], ["dlv_2"])
    assert [(line["event"], line["source"]) for line in logs if line["log_level"] == "error"] == [(event, "Source")] * 2
    assert len(broken.asked_at) == 2
