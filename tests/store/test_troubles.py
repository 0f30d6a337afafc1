"""Trouble as rows: told once, on a channel that works, again after a day, and told to be over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_feed, a_listed, a_poll_plan, a_watch, an_article
from desks import Desk as Store
from sqlalchemy import delete, insert, select, update

from storywatch.core.alerting import ChannelRules, DigestTimes, QuietHours
from storywatch.core.model import (
    AlertKind,
    AttemptOutcome,
    ChannelId,
    DeliveryState,
    EntryState,
    FeedId,
    Sign,
    TroubleTidings,
)
from storywatch.core.troubles import LONG_SILENCE
from storywatch.ports import Desk
from storywatch.store.tables import alert, channel_state, delivery, recipient_state, trouble
from storywatch.store.tables import entry as entries
from storywatch.store.tables import feed as feeds
from storywatch.store.troubles import Troubles, delivery_health

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storywatch.core.model import Message
    from storywatch.store.engine import Database

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DESK, OPS = ChannelId("desk"), ChannelId("ops")
LEASE = timedelta(minutes=5)
Told = tuple[str, list[str], list[str]]  # kind, subjects, channels


@dataclass
class World:
    """Two channels and some feeds that one watch follows; `look` moves the clock."""

    database: Database
    feeds: int = 1
    now: datetime = NOON
    told_before: int = 0
    rules: dict[ChannelId, ChannelRules] = field(
        default_factory=lambda: {
            DESK: ChannelRules(recipients=("desk@desk.example",)),
            OPS: ChannelRules(recipients=("ops",)),
        }
    )

    def __post_init__(self) -> None:
        self.store = Store(self.database)
        self.names = [FeedId(f"times-{number}") for number in range(self.feeds)]
        configured = [a_feed(id=name, url=f"https://{name}.example/feed") for name in self.names]
        self.store.polls.sync_feeds(configured, now=self.now)
        watch = a_watch(feeds=frozenset(self.names), channels=(DESK,))
        self.source = Troubles(database=self.database, desk=Desk([watch], self.rules))
        self.poll()

    def poll(self, *names: str, **changes: Any) -> None:
        """These feeds, or all, were polled now: read, where nothing else is said."""
        values = {
            "polled_at": self.now,
            "succeeded_at": self.now,
            "next_poll_at": self.now + 10 * DAY,
            "interval_seconds": 600,
            "failures": 0,
            "status": 200,
            "error": None,
            **changes,
        }
        with self.database.write() as connection:
            connection.execute(update(feeds).where(feeds.c.uid.in_(names or self.names)).values(values))

    def fail(self, *names: str, failures: int = 5, status: int | None = 503) -> None:
        """These feeds, or all, failed again and again for the last hours."""
        was_read = self.now - 3 * HOUR
        self.poll(*names, failures=failures, status=status, error="no answer", succeeded_at=was_read)

    def channel(self, name: str, *, failures: int, since: timedelta = 6 * MINUTE) -> None:
        """So many messages in a row could not be sent on the channel."""
        with self.database.write() as connection:
            connection.execute(delete(channel_state).where(channel_state.c.channel == name))
            failing_since = self.now - since if failures else None
            values = {"channel": name, "failures": failures, "failing_since": failing_since}
            connection.execute(insert(channel_state).values(**values, last_failure="421 too busy"))

    def look(self, after: timedelta = timedelta(seconds=30)) -> list[Told]:
        """What is told a while later."""
        self.now += after
        self.source.announce(now=self.now)
        with self.database.read() as connection:
            rows = connection.execute(select(alert).where(alert.c.id > self.told_before).order_by(alert.c.id)).all()
            told = []
            for row in rows:
                self.told_before = row.id
                where = select(delivery.c.channel).where(delivery.c.alert_id == row.id).order_by(delivery.c.id)
                channels = list(connection.execute(where).scalars())
                told.append((row.kind, [sign["subject"] for sign in row.detail["signs"]], channels))
        return told

    def rows(self) -> Sequence[Any]:
        with self.database.read() as connection:
            return connection.execute(select(trouble).order_by(trouble.c.id)).all()


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def trouble_of(*subjects: str, on: tuple[str, ...] = ("desk",)) -> list[Told]:
    return [(AlertKind.TROUBLE, list(subjects), list(on))]


def recovery_of(*subjects: str, on: tuple[str, ...] = ("desk",)) -> list[Told]:
    return [(AlertKind.RECOVERED, list(subjects), list(on))]


def test_a_feed_that_fails_is_told_once_again_after_a_day_and_when_it_is_read(world: World) -> None:
    """None before enough failures, one after them, one a day later, and one ten minutes after it was read again."""
    world.fail(failures=4)
    assert world.look() == []
    world.fail(failures=5)
    assert world.look() == trouble_of("feed:times-0")
    assert [world.look(12 * HOUR), world.look(11 * HOUR)] == [[], []]
    assert world.look(HOUR) == trouble_of("feed:times-0")
    world.poll()
    assert [world.look(MINUTE), world.look(9 * MINUTE)] == [[], []]
    assert world.look(MINUTE) == recovery_of("feed:times-0")
    assert world.look(2 * DAY) == []
    [row] = world.rows()
    assert (row.times, row.ended_at) == (2, row.clear_at)


def test_what_flaps_is_told_once(world: World) -> None:
    """A feed that is read once within ten minutes and fails again is the same trouble."""
    world.fail()
    assert world.look() == trouble_of("feed:times-0")
    for _ in range(3):
        world.poll()
        assert world.look(5 * MINUTE) == []
        world.fail()
        assert world.look(5 * MINUTE) == []
    assert len(world.rows()) == 1


def test_who_looks_seldom_hears_that_it_is_over_too(world: World) -> None:
    """A process of its own for each look, as cron starts it, knows since when all is well from the row."""
    world.fail()
    assert world.look() == trouble_of("feed:times-0")
    world.poll()
    for expected in ([], recovery_of("feed:times-0")):
        world.source = Troubles(database=world.database, desk=world.source.desk)
        assert world.look(HOUR) == expected


def test_a_channel_that_fails_is_told_on_the_other_one(world: World) -> None:
    """Not after two failures, not within five minutes; never on itself."""
    world.channel("desk", failures=2)
    assert world.look() == []
    world.channel("desk", failures=3, since=MINUTE)
    assert world.look() == []
    assert world.look(5 * MINUTE) == trouble_of("channel:desk", on=("ops",))
    world.fail()
    assert world.look() == trouble_of("feed:times-0", on=("ops",))
    world.channel("desk", failures=0)
    world.poll()
    assert world.look() == []
    assert world.look(10 * MINUTE) == recovery_of("channel:desk", "feed:times-0", on=("ops",))


def test_what_waits_on_a_channel_that_fails_itself_is_told_on_another_one(world: World) -> None:
    """The message that nobody got is dead and says why; when it is over, only who heard of it hears that."""
    world.fail()
    assert world.look() == trouble_of("feed:times-0")
    world.channel("desk", failures=3)
    assert world.look() == trouble_of("feed:times-0", "channel:desk", on=("ops",))
    with world.database.read() as connection:
        first, second = connection.execute(select(delivery).order_by(delivery.c.id)).all()
    assert (first.state, first.reason) == ("dead", "told elsewhere: channel desk is in trouble itself")
    assert second.state == "waiting"
    assert world.look(HOUR) == []
    world.channel("desk", failures=0)
    world.poll()
    assert world.look() == []
    assert world.look(10 * MINUTE) == recovery_of("feed:times-0", "channel:desk", on=("ops",))


def test_where_no_channel_works_it_is_told_on_the_first_that_works_again(world: World) -> None:
    """What was never told is not told to be over."""
    for name in ("desk", "ops"):
        world.channel(name, failures=9)
    world.fail()
    assert world.look() == []
    assert [row.told_at for row in world.rows()] == [None, None, None]
    world.channel("ops", failures=0)
    assert world.look(HOUR) == trouble_of("channel:desk", "feed:times-0", on=("ops",))
    assert world.look(10 * MINUTE) == []
    ended = {row.subject: row.ended_at is not None for row in world.rows()}
    assert ended == {"channel:desk": False, "channel:ops": True, "feed:times-0": False}


def test_it_is_told_on_the_channels_that_are_named(world: World) -> None:
    """`[service] trouble`; where these don't work, on one that does."""
    world.source.desk.trouble = (OPS,)
    world.fail()
    assert world.look() == trouble_of("feed:times-0", on=("ops",))
    world.channel("ops", failures=9)
    assert world.look() == trouble_of("feed:times-0", "channel:ops", on=("desk",))


def test_fifty_feeds_that_fail_at_once_are_one_message(database: Database) -> None:
    """In one line, which names some; and one message says that they are read again."""
    world = World(database, feeds=50)
    world.fail()
    assert world.look() == trouble_of("feeds")
    world.poll()
    assert world.look() == []
    assert world.look(10 * MINUTE) == recovery_of("feeds")
    assert [world.look(HOUR), world.look(2 * DAY)] == [[], []]


def test_feeds_that_fail_one_after_the_other_are_told_once_an_hour(database: Database) -> None:
    """The second message tells all that came within the hour."""
    world = World(database, feeds=4)
    told = []
    for name in world.names:
        world.fail(name)
        told += world.look(20 * MINUTE)
    assert told == [*trouble_of("feed:times-0"), *trouble_of("feed:times-1", "feed:times-2", "feed:times-3")]


def test_a_network_that_is_down_is_one_trouble(database: Database) -> None:
    """However long it lasts no feed is told of; nor, when it is back, the feeds that were not asked yet."""
    world = World(database, feeds=8)
    world.fail(failures=1, status=None)
    assert world.look() == trouble_of("network")
    world.fail(failures=7, status=None)
    assert world.look(10 * HOUR) == []
    world.poll("times-0")
    assert world.look(HOUR) == []
    assert world.look(10 * MINUTE) == recovery_of("network")
    assert world.look(HOUR) == []
    world.fail("times-1", failures=8, status=None)
    assert world.look() == trouble_of("feed:times-1")


def test_a_feed_that_is_silent_beyond_its_habit(world: World) -> None:
    """It answers as ever, and for days it lists nothing new; one that was always so slow is not told of."""
    with world.database.write() as connection:
        connection.execute(update(feeds).values(next_poll_at=NOON - DAY))
    for hour in range(6):
        [claim] = world.store.polls.claim_feeds(now=NOON + hour * HOUR, limit=1, lease=LEASE)
        listed = a_listed(str(hour))
        at = NOON + hour * HOUR
        world.store.polls.record_poll(claim, a_poll_plan(listed, polled_at=at, next_poll_at=at + HOUR))
    with world.database.write() as connection:
        connection.execute(update(entries).values(state=EntryState.PASSED_OVER))
    last = NOON + 5 * HOUR
    world.now = last + LONG_SILENCE - MINUTE
    world.poll()
    assert world.look() == []
    world.now = last + LONG_SILENCE
    world.poll()
    assert world.look(11 * MINUTE) == trouble_of("silent-feed:times-0")
    [row] = world.rows()
    assert (row.since, row.words.rpartition("than ")[2]) == (last, "60 minutes")


def test_a_recipient_that_refused_is_told_to_the_others(world: World) -> None:
    """On another channel where there is one; who is no longer configured is nobody's trouble."""
    with world.database.write() as connection:
        for address in ("desk@desk.example", "gone@desk.example"):
            values = {"channel": "desk", "address": address, "refusals": 3, "stopped_at": NOON, "reason": "550 unknown"}
            connection.execute(insert(recipient_state).values(values))
    assert world.look() == trouble_of("recipient:desk:desk@desk.example", on=("ops",))
    assert "redeliver --channel desk --dead" in world.rows()[0].words


def test_a_disabled_channel_is_told_where_a_watch_uses_it(world: World) -> None:
    """Its secret is missing; one that nothing uses may be disabled for ever."""
    del world.rules[DESK]
    world.source.desk.disabled = {DESK: "DESK_PASSWORD is not set", ChannelId("other"): "OTHER is not set"}
    assert world.look() == trouble_of("channel:desk", on=("ops",))
    assert world.rows()[0].words == "the channel is disabled: DESK_PASSWORD is not set"


def test_feeds_that_nobody_asks_are_told(world: World) -> None:
    """After a quarter of an hour in which this process had the time to."""
    world.poll(next_poll_at=world.now + MINUTE)
    told = [world.look(minutes * MINUTE) for minutes in (1, 14, 1)]
    assert told == [[], [], trouble_of("polls")]
    [row] = world.rows()
    assert row.words.startswith("1 feed is due, and none is asked")
    world.poll()
    assert world.look() == []
    assert world.look(10 * MINUTE) == recovery_of("polls")


def test_entries_that_nobody_judges_are_told_after_an_hour(world: World) -> None:
    """One judgement after they came, and all is well."""
    with world.database.write() as connection:
        connection.execute(update(feeds).values(next_poll_at=NOON - DAY, first_poll=False))
    world.look()
    world.store.poll(a_listed("1"), next_poll_at=NOON + 10 * DAY)
    assert world.look(59 * MINUTE) == []
    assert world.look(MINUTE) == trouble_of("judging")
    [claimed] = world.store.entries(world.now)
    world.store.judgements.record_article(claimed, an_article(), (), encoder="enc", now=world.now)
    assert world.look() == []
    assert world.look(10 * MINUTE) == recovery_of("judging")


def test_quiet_hours_hold_it_and_a_digest_does_not(world: World) -> None:
    """The channel keeps quiet until one; nothing waits to be folded."""
    quiet = QuietHours(start=time(11), end=time(13), timezone="UTC")
    world.rules[DESK] = ChannelRules(
        recipients=("desk@desk.example",),
        quiet_hours=quiet,
        digest=DigestTimes(at=time(7), weekday=None, timezone="UTC"),
        min_interval=HOUR,
    )
    world.fail()
    assert world.look() == trouble_of("feed:times-0")
    with world.database.read() as connection:
        [row] = connection.execute(select(delivery)).all()
    assert (row.watch, row.hold, row.not_before) == (None, None, NOON + HOUR)
    assert row.note == "quiet hours until 13:00 (UTC)"


def test_it_goes_out_on_the_way_of_every_alert(world: World) -> None:
    """Past the digest and the interval of its channel, with the signs as they were found; then nothing waits."""
    digest = DigestTimes(at=time(7), weekday=None, timezone="UTC")
    rules = ChannelRules(recipients=("desk@desk.example",), digest=digest, min_interval=HOUR)
    world.rules[DESK] = rules
    heard: list[Message] = []

    def render(message: Message) -> bytes:
        heard.append(message)
        return b"{}"

    def send() -> None:
        outbox = world.store.outbox
        how = {"now": world.now, "limit": 9, "lease": LEASE, "render": render, "rules": rules}
        [claim] = outbox.claim_deliveries([DESK], **how)
        outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.SENT, at=world.now))

    world.fail()
    world.look()
    send()
    world.poll()
    world.look()
    world.look(10 * MINUTE)
    send()

    told = [message for message in heard if isinstance(message, TroubleTidings)]
    assert [message.alert.kind for message in told] == [AlertKind.TROUBLE, AlertKind.RECOVERED]
    [[trouble_sign], [recovery]] = [message.signs for message in told]
    words = "can't be read: no answer, 5 tries in a row"
    assert trouble_sign == Sign(subject="feed:times-0", words=words, since=NOON - 3 * HOUR)
    assert recovery.ended_at == world.now - 10 * MINUTE


def test_looking_twice_in_half_a_minute_looks_once(world: World) -> None:
    """The announcer asks every five seconds; that is more often than anything here changes."""
    assert world.look() == []
    world.fail()
    assert world.look(timedelta(seconds=29)) == []
    assert world.look(timedelta(seconds=1)) == trouble_of("feed:times-0")


def test_how_delivery_stands(world: World) -> None:
    """By channel: what is due, held and retrying, what is dead, since when it fails; and the open troubles."""
    world.fail()
    world.look()
    world.channel("ops", failures=4, since=HOUR)
    world.look()
    with world.database.write() as connection:
        [first, second] = connection.execute(select(delivery.c.id).order_by(delivery.c.id)).scalars()
        connection.execute(update(delivery).where(delivery.c.id == first).values(state=DeliveryState.DEAD))
        connection.execute(update(delivery).where(delivery.c.id == second).values(attempts=2))
    health = delivery_health(world.database, now=world.now)
    desk, ops = health.channels
    assert (desk.id, dict(desk.waiting), desk.dead, desk.oldest_due_at) == ("desk", {"retrying": 1}, 1, world.now)
    assert (ops.id, ops.failures, ops.failing_since) == ("ops", 4, world.now - timedelta(seconds=30) - HOUR)
    assert [one.subject for one in health.troubles] == ["feed:times-0", "channel:ops"]
