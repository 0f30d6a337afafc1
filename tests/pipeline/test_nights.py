"""Quiet hours and digests through the whole pipeline, in two zones, on the nights when the clocks are changed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from at_work import ARREST, DEAL, AtWork, News, RecordingChannel, the_watch
from builders import plain_weights
from desks import DESK
from fakes import FakeClock

from storywatch.announcing import Announcer
from storywatch.core.alerting import ChannelRules
from storywatch.core.model import AlertKind, DigestTidings, Severity, Tidings
from storywatch.core.moments import DigestTimes, QuietHours
from storywatch.ports import Desk
from storywatch.store.digests import Digests

if TYPE_CHECKING:
    from storywatch.core.model import Message
    from storywatch.store.engine import Database

ANNA, BORIS = "anna@desk.test", "boris@desk.test"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
NIGHTS = [
    ("Europe/Kyiv", date(2026, 3, 29)),
    ("Europe/Kyiv", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
]
IDS = [f"{zone.rpartition('/')[2]} {day:%B}" for zone, day in NIGHTS]


def small(path: str, title: str, last: str) -> News:
    """Local colour after two paragraphs that say what is known: news, but nothing that is grave."""
    known = (
        "In Sandvik the dockers walked out over pay.",
        "Forty ships are waiting at anchor off Sandvik, and the dockers demand more pay.",
    )
    return News(path=path, title=title, summary=known[0], paragraphs=(*known, last))


KNOWN = (  # what makes all that follows one more piece of news about a story of these days
    ARREST,
    small("/talks", "The harbour board of Sandvik hopes for talks", '"We hope for talks", the harbour board says.'),
    small("/thanks", "The dockers of Sandvik thank their neighbours", '"Thank you for the tea", the dockers say.'),
    small("/view", "What can be seen from the tower in Sandvik", '"Ships up to the horizon", the keeper says.'),
)
SMALL_NEWS = (
    small(
        "/song",
        "Sandvik schoolchildren sing for the dockers",
        '"It is a song about cranes", a teacher says at the gates.',
    ),
    small(
        "/paint",
        "A painter by the water in Sandvik",
        '"They stand still, so I can paint them", the painter says of the cranes.',
    ),
    small(
        "/letters",
        "Letters from readers in Sandvik",
        '"We see the ships from our window", a reader writes of the strike.',
    ),
)


@dataclass
class Mailbox(RecordingChannel):
    """Keeps what was sent, with the moment."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(LONG_AGO))
    messages: dict[bytes, Message] = field(default_factory=dict)
    got: list[tuple[datetime, Message]] = field(default_factory=list)

    def render(self, tidings: Message) -> bytes:
        words = f"message {len(self.messages)}".encode()
        self.messages[words] = tidings
        return words

    async def send(self, claim: object, *, now: datetime) -> None:
        self.got.append((now, self.messages[claim.message]))  # type: ignore[attr-defined]

    def to(self, address: str) -> list[tuple[datetime, Message]]:
        return [(at, message) for at, message in self.got if message.recipient.address == address]


@dataclass
class Night:
    """A newsroom in a zone, on a channel with rules; time passes by quarters of an hour, as a service would see it."""

    world: AtWork
    mailbox: Mailbox
    zone: ZoneInfo
    rules: ChannelRules
    is_up: bool = True

    def start(self) -> None:
        """A process that knows nothing but what is in the database."""
        world = self.world
        world.start()
        world.pipeline.rules = {DESK: self.rules}
        digests = Digests(world.database, Desk(world.watches, world.pipeline.rules))
        self.announcer = Announcer(
            clock=world.clock, writer=world.pipeline.writer, waker=world.waker, sources=[digests]
        )

    async def begin(self) -> None:
        """The story is known and was just in the news; nobody was told of anything yet that is looked at here."""
        self.start()
        await self.world.baseline()
        await self.breaks(*KNOWN)

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    async def until(self, day: date, wall: time, *, fold: int = 0) -> None:
        """Quarter by quarter until the clock on the wall shows that time."""
        end = datetime.combine(day, wall, self.zone).replace(fold=fold).astimezone(UTC)
        while self.now < end:
            quarter = QUARTER - (self.now - LONG_AGO) % QUARTER
            self.world.clock.advance(min(quarter, end - self.now))
            await self.tick()

    async def tick(self) -> None:
        if self.is_up:
            await self.announcer.announce()
            await self.world.deliver()

    async def breaks(self, *news: News) -> list[Severity | None]:
        """Each is found and judged at once; how grave they are."""
        found = []
        for one in news:
            self.world.publish(one)
            self.world.later(minutes=11)
            await self.world.poll()
            found += [judged.verdict.severity for judged in await self.world.read_and_judge()]
            await self.tick()
        return found

    def wall(self, at: datetime) -> datetime:
        return at.astimezone(self.zone).replace(tzinfo=None)


def a_night(database: Database, zone: str, evening: datetime, **rules: object) -> Night:
    clock = FakeClock(evening.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))
    mailbox = Mailbox(clock=clock)
    world = AtWork(database, channels={DESK: mailbox}, clock=clock, watches=[the_watch()])
    return Night(world, mailbox, ZoneInfo(zone), ChannelRules(recipients=(ANNA, BORIS), **rules))  # type: ignore[arg-type]


def headlines(message: Message) -> list[str]:
    assert isinstance(message, DigestTidings)
    return [gist.development.headline for gist in message.gists]


@pytest.mark.parametrize(("zone", "morning"), NIGHTS, ids=IDS)
def test_what_a_night_brings_comes_in_one_message_when_it_ends(database: Database, zone: str, morning: date) -> None:
    """Three developments in the quiet hours: one message to each reader, at the time on the wall; the grave one at once."""
    quiet = QuietHours(start=time(23), end=time(6, 30), timezone=zone, let_through=Severity.MAJOR)
    evening = morning - timedelta(days=1)

    async def play() -> None:
        night = a_night(database, zone, datetime.combine(evening, time(20)), quiet_hours=quiet)
        async with night.world:
            await night.begin()
            await night.until(evening, time(23, 5))
            night.mailbox.got.clear()
            assert await night.breaks(*SMALL_NEWS[:2]) == [Severity.MINOR] * 2
            await night.until(morning, time(1, 20))
            [grave] = await night.breaks(DEAL)
            assert grave is Severity.MAJOR
            for address in (ANNA, BORIS):
                [(at, alert)] = night.mailbox.to(address)
                assert isinstance(alert, Tidings)
                assert (night.wall(at).time(), alert.development.headline) == (time(1, 31), DEAL.title)
            await night.until(morning, time(5))
            assert await night.breaks(SMALL_NEWS[2]) == [Severity.MINOR]
            await night.until(morning, time(6, 29))
            assert len(night.mailbox.got) == 2
            await night.until(morning, time(12))
            for address in (ANNA, BORIS):
                [_, (at, told)] = night.mailbox.to(address)
                assert night.wall(at) == datetime.combine(morning, time(6, 30))
                assert headlines(told) == [news.title for news in SMALL_NEWS]
                assert told.alert.detail["because"] == "quiet"
        assert {row.state for row in night.world.rows("delivery")} == {"sent", "folded"}
        assert len([row for row in night.world.rows("delivery") if row.folded_into]) == 2 * len(SMALL_NEWS)

    asyncio.run(play())


@pytest.mark.parametrize(("zone", "morning"), NIGHTS, ids=IDS)
def test_a_single_thing_that_waited_comes_as_the_alert_that_it_is(database: Database, zone: str, morning: date) -> None:
    """One development in the night needs no digest around it; it comes when the night ends."""
    quiet = QuietHours(start=time(23), end=time(6, 30), timezone=zone)
    evening = morning - timedelta(days=1)

    async def play() -> None:
        night = a_night(database, zone, datetime.combine(evening, time(20)), quiet_hours=quiet)
        async with night.world:
            await night.begin()
            await night.until(evening, time(23, 5))
            night.mailbox.got.clear()
            await night.breaks(DEAL)
            await night.until(morning, time(12))
            [(at, alert)] = night.mailbox.to(ANNA)
            assert night.wall(at) == datetime.combine(morning, time(6, 30))
            assert (alert.alert.kind, isinstance(alert, Tidings)) == (AlertKind.REPORTED, True)

    asyncio.run(play())


@pytest.mark.parametrize(("zone", "morning"), NIGHTS, ids=IDS)
def test_a_digest_comes_once_a_day_at_its_time_on_the_wall(database: Database, zone: str, morning: date) -> None:
    """Over the change: each day one, at eight, with what waited, what was told at once, and what is doubtful."""
    digest = DigestTimes(at=time(8), weekday=None, timezone=zone, let_through=Severity.MAJOR)
    before, after = morning - timedelta(days=1), morning + timedelta(days=1)

    async def play() -> None:
        night = a_night(database, zone, datetime.combine(before, time(6)), digest=digest)
        async with night.world:
            await night.begin()
            await night.until(before, time(9))
            night.mailbox.got.clear()
            found = await night.breaks(SMALL_NEWS[0], DEAL, SMALL_NEWS[1])
            assert found == [Severity.MINOR, Severity.MAJOR, Severity.MINOR]
            await night.until(morning, time(7, 59))
            assert [isinstance(message, Tidings) for _, message in night.mailbox.to(ANNA)] == [True]
            await night.until(morning, time(9))
            night.world.weights = plain_weights(news=-0.5)
            night.start()  # from now on, everything is doubtful
            assert await night.breaks(SMALL_NEWS[2]) == [None]
            await night.until(after, time(12))
        for address in (ANNA, BORIS):
            [(_, alert), (first_at, first), (second_at, second)] = night.mailbox.to(address)
            assert night.wall(first_at) == datetime.combine(morning, time(8))
            assert headlines(first) == [SMALL_NEWS[0].title, SMALL_NEWS[1].title]
            assert isinstance(first, DigestTidings)
            assert isinstance(alert, Tidings)
            assert [gist.development.headline for gist in first.told] == [DEAL.title]
            assert first.doubts == ()
            assert night.wall(second_at) == datetime.combine(after, time(8))
            assert isinstance(second, DigestTidings)
            assert (second.gists, second.told) == ((), ())
            assert [doubt.report.title for doubt in second.doubts] == [SMALL_NEWS[2].title]
            assert first.alert.detail["until"] == second.alert.detail["since"]

    asyncio.run(play())


@pytest.mark.parametrize(("zone", "morning"), NIGHTS, ids=IDS)
def test_a_service_that_slept_through_its_digests_makes_up_for_them_once(
    database: Database, zone: str, morning: date
) -> None:
    """Down from the evening until the next but one at noon, over the change: one digest with everything since the last."""
    digest = DigestTimes(at=time(3, 30), weekday=None, timezone=zone)
    before = morning - timedelta(days=1)
    back = morning + timedelta(days=1)

    async def play() -> None:
        night = a_night(database, zone, datetime.combine(before, time(12)), digest=digest)
        async with night.world:
            await night.begin()
            await night.breaks(*SMALL_NEWS)
            night.is_up = False
            await night.until(back, time(12))
            night.start()
            night.is_up = True
            await night.tick()
            [(at, told)] = night.mailbox.to(ANNA)
            assert night.wall(at) == datetime.combine(back, time(12))
            assert headlines(told) == [news.title for news in (*KNOWN, *SMALL_NEWS)]
            assert told.alert.detail["words"] == f"Daily digest of {back.day} {back:%B}"
            await night.until(back + timedelta(days=3), time(12))
            assert len(night.mailbox.got) == 2
        moments = [
            datetime.fromisoformat(row.detail["until"]) for row in night.world.rows("alert") if row.kind == "digest"
        ]
        assert [night.wall(at) for at in moments[1:]] == [
            datetime.combine(back + timedelta(days=number), time(3, 30)) for number in range(4)
        ]
        assert all(one < other for one, other in pairwise(moments))

    asyncio.run(play())
