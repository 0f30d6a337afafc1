"""Troubles as rows: what is wrong now, what was told of it, and when it ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, case, exists, func, or_, select, update

from storywatch.core.alerting import NOTHING, plan_deliveries
from storywatch.core.cadence import HABIT, first_known
from storywatch.core.ids import digest
from storywatch.core.model import (
    Alert,
    AlertId,
    AlertKind,
    ChannelId,
    DeliveryState,
    EntryState,
    FeedId,
    Recipient,
)
from storywatch.core.troubles import (
    LONG_SILENCE,
    MANY,
    NETWORK,
    STANDSTILL,
    UNJUDGED,
    ChannelHealth,
    FeedHealth,
    FeedSilence,
    Health,
    StoppedRecipient,
    Trouble,
    channels_to_tell,
    is_broken,
    is_over,
    signs_of,
    silence_of,
    to_tell,
    told_together,
)
from storywatch.store.alerts import record_alert
from storywatch.store.tables import (
    alert,
    channel_state,
    delivery,
    entry,
    feed,
    recipient_state,
    trouble,
    verdict,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.core.alerting import ChannelRules
    from storywatch.core.model import DeliveryId, PlannedDelivery, Sign
    from storywatch.ports import Desk
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found

LOOK_EVERY = timedelta(seconds=30)
LOOK_AT_SILENCE = timedelta(minutes=10)  # it grows by days, and costs a look at the entries of each silent feed
MOST_ALERTS = 1000  # of trouble, the newest, among which those of one trouble are looked for


@dataclass(slots=True, kw_only=True)
class Troubles:
    """A source of announcements: `service.trouble` and `service.recovered`."""

    database: Database
    desk: Desk
    watched_since: datetime | None = field(default=None, init=False)
    looked_at: datetime | None = field(default=None, init=False)
    silences: tuple[FeedSilence, ...] = field(default=(), init=False)
    silences_at: datetime | None = field(default=None, init=False)

    def announce(self, *, now: datetime) -> list[DeliveryId]:
        """Look how things stand, at most every half minute, and write what is to be told of it."""
        if self.looked_at is not None and timedelta() <= now - self.looked_at < LOOK_EVERY:
            return []
        self.looked_at, self.watched_since = now, self.watched_since or now
        with self.database.read() as connection:
            health = self._look(connection, now=now)
            known = {one.subject: one for one in open_troubles(connection)}
            signs = signs_of(health, known=known, watched_since=self.watched_since, now=now)
            stranded = self._stranded(connection, health)
            if not stranded and not self._is_news(connection, known, signs, now=now):
                return []
        with self.database.write() as connection:
            known = {one.subject: one for one in open_troubles(connection)}
            _note_signs(self.database, connection, known, signs, now=now)
            _take_back(connection, self._stranded(connection, health))
            troubles = open_troubles(connection)
            over = [one for one in troubles if is_over(one, now)]
            return [
                *self._tell_recovered(connection, over, now=now),
                *self._tell_trouble(connection, troubles, health, now=now),
            ]

    def _is_news(
        self, connection: Connection, known: Mapping[str, Trouble], signs: Sequence[Sign], *, now: datetime
    ) -> bool:
        """Is there anything to write? Most looks end here, without the write lock."""
        seen = {sign.subject: sign.words for sign in signs}
        there = {one.subject: one.words for one in known.values() if one.clear_at is None}
        over = any(is_over(one, now) for one in known.values())
        return over or seen != there or bool(to_tell([*known.values()], told_apart=_told_apart(connection), now=now))

    # ------------------------------------------------------------------ how things stand

    def _look(self, connection: Connection, *, now: datetime) -> Health:
        followed = frozenset[FeedId]().union(*(watch.feeds for watch in self.desk.watches))
        used = {channel for watch in self.desk.watches for channel in watch.channels} | set(self.desk.trouble)
        unjudged, unjudged_since = _unjudged(connection, now=now)
        if self.silences_at is None or not timedelta() <= now - self.silences_at < LOOK_AT_SILENCE:
            self.silences_at = now
            self.silences = tuple(_silences(connection, followed, now=now))
        polled = connection.execute(_POLLED, {"overdue": now - STANDSTILL}).one()
        return Health(
            feeds=[_feed_health(row, followed) for row in connection.execute(_FAILING)],
            answered_at=max(filter(None, (polled.answered_at, polled.succeeded_at)), default=None),
            asked_at=polled.asked_at,
            overdue=polled.overdue,
            overdue_since=polled.overdue_since,
            silences=[one for one in self.silences if one.id in followed],
            channels=[one for one in _channels(connection) if one.id in self.desk.rules],
            stopped=[one for one in _stopped(connection) if _is_configured(one.recipient, self.desk.rules)],
            disabled={channel: why for channel, why in self.desk.disabled.items() if channel in used},
            unjudged=unjudged,
            unjudged_since=unjudged_since,
            network_back_at=_network_back_at(connection),
        )

    # ------------------------------------------------------------------ what is told

    def _tell_trouble(
        self, connection: Connection, troubles: Sequence[Trouble], health: Health, *, now: datetime
    ) -> list[DeliveryId]:
        """All that is to be told now in one alert, on channels that work; where none does, later."""
        due = to_tell(troubles, told_apart=_told_apart(connection), now=now)
        if not due:
            return []
        reached = self._reached(health)
        told = _alert(AlertKind.TROUBLE, due, now=now)
        planned = plan_service_deliveries(told, reached, self.desk.rules, now=now)
        if not planned:
            return []
        new = record_alert(self.database, connection, told, planned)
        rows = [{"row": one.id, "told_at": now, "times": one.times + 1} for one in due]
        connection.execute(update(trouble).where(trouble.c.id == bindparam("row")), rows)
        return new

    def _reached(self, health: Health) -> dict[ChannelId, tuple[str, ...]]:
        """Where trouble can be told now."""
        return channels_to_tell(
            self.desk.trouble,
            self.desk.rules,
            broken={one.id for one in health.channels if is_broken(one)},
            stopped={one.recipient for one in health.stopped},
        )

    def _stranded(self, connection: Connection, health: Health) -> list[Found]:
        """What was to be told of trouble on channels that have come into trouble themselves, where another one works."""
        broken = {one.id for one in health.channels if is_broken(one)}
        if not broken or not self._reached(health):
            return []
        query = (
            select(delivery.c.id, delivery.c.channel, delivery.c.alert_id, alert.c.detail)
            .join(alert, alert.c.id == delivery.c.alert_id)
            .where(
                alert.c.kind == AlertKind.TROUBLE,
                delivery.c.channel.in_(broken),
                delivery.c.state == DeliveryState.WAITING,
                delivery.c.lease.is_(None),
            )
        )
        return list(connection.execute(query))

    def _tell_recovered(self, connection: Connection, over: Sequence[Trouble], *, now: datetime) -> list[DeliveryId]:
        """What ended is told to those who were told of it: one alert for all that the same ones were told of."""
        if not over:
            return []
        rows = [{"row": one.id, "ended_at": one.clear_at} for one in over]
        connection.execute(update(trouble).where(trouble.c.id == bindparam("row")), rows)
        told = [one for one in over if one.told_at is not None]
        new: list[DeliveryId] = []
        for whom, those in _by_whom_was_told(connection, told).items():
            recovered = _alert(AlertKind.RECOVERED, those, now=now)
            reached = _recipients_in_use(whom, self.desk.rules)
            planned = plan_service_deliveries(recovered, reached, self.desk.rules, now=now)
            new += record_alert(self.database, connection, recovered, planned)
        return new


def plan_service_deliveries(
    told: Alert,
    reached: Mapping[ChannelId, Sequence[str]],
    rules: Mapping[ChannelId, ChannelRules],
    *,
    now: datetime,
) -> list[PlannedDelivery]:
    """To each of these at once, or after the channel's quiet hours; never folded into a digest."""
    alone = {
        channel: replace(rules[channel], recipients=tuple(addresses), digest=None, min_interval=NOTHING)
        for channel, addresses in reached.items()
    }
    planned = plan_deliveries(told, list(alone), severity=None, rules=alone, now=now)
    return [replace(one, hold=None) for one in planned]


def _take_back(connection: Connection, stranded: Sequence[Found]) -> None:
    """They count as not told, unless somebody else has heard of them, and are told elsewhere."""
    for row in stranded:
        words = f"told elsewhere: channel {row.channel} is in trouble itself"
        dead = {"state": DeliveryState.DEAD, "reason": words}
        connection.execute(update(delivery).where(delivery.c.id == row.id).values(dead))
        left = select(delivery.c.id).where(delivery.c.alert_id == row.alert_id, delivery.c.state != DeliveryState.DEAD)
        if connection.execute(left.limit(1)).first() is None:
            keys = row.detail.get("troubles", ())
            connection.execute(update(trouble).where(trouble.c.id.in_(keys)).values(told_at=None))


def _alert(kind: AlertKind, troubles: Sequence[Trouble], *, now: datetime) -> Alert:
    """`detail.troubles` holds the rows' keys: of them it is known later who was told."""
    keys = sorted(one.id for one in troubles)
    return Alert(
        id=AlertId(digest("alr", kind, now.isoformat(), *map(str, keys))),
        watch=None,
        development=None,
        kind=kind,
        created_at=now,
        detail={"signs": [_packed(sign) for sign in told_together(troubles)], "troubles": keys},
    )


def _packed(sign: Sign) -> dict[str, Any]:
    return {
        "subject": sign.subject,
        "words": sign.words,
        "since": sign.since.isoformat(),
        "ended_at": sign.ended_at.isoformat() if sign.ended_at else None,
    }


# ---------------------------------------------------------------------- troubles


def open_troubles(connection: Connection) -> list[Trouble]:
    """Those that have not ended, the oldest first."""
    rows = connection.execute(select(trouble).where(trouble.c.ended_at.is_(None)).order_by(trouble.c.id))
    return [
        Trouble(
            id=row.id,
            subject=row.subject,
            words=row.words,
            since=row.since,
            told_at=row.told_at,
            times=row.times,
            clear_at=row.clear_at,
        )
        for row in rows
    ]


def _note_signs(
    database: Database, connection: Connection, known: Mapping[str, Trouble], signs: Sequence[Sign], *, now: datetime
) -> None:
    """Begin what is new, take up what came back, and note what is not seen any more."""
    seen = {sign.subject: sign for sign in signs}
    new = [
        {"subject": sign.subject, "words": sign.words, "since": sign.since, "times": 0}
        for sign in seen.values()
        if sign.subject not in known
    ]
    if new:
        connection.execute(database.insert(trouble).on_conflict_do_nothing(), new)
    changed: list[dict[str, Any]] = [
        {"row": one.id, "words": seen[one.subject].words, "clear_at": None}
        for one in known.values()
        if one.subject in seen and (one.words != seen[one.subject].words or one.clear_at is not None)
    ]
    gone: list[dict[str, Any]] = [
        {"row": one.id, "words": one.words, "clear_at": now}
        for one in known.values()
        if one.subject not in seen and one.clear_at is None
    ]
    if changed or gone:
        connection.execute(update(trouble).where(trouble.c.id == bindparam("row")), changed + gone)


def _told_apart(connection: Connection) -> dict[str, datetime]:
    """When troubles of those kinds of which there are many were last told."""
    last = {}
    for kind in MANY:
        query = select(func.max(trouble.c.told_at)).where(trouble.c.subject.startswith(f"{kind}:", autoescape=True))
        at = connection.execute(query).scalar()
        if at is not None:
            last[kind] = at
    return last


def _network_back_at(connection: Connection) -> datetime | None:
    query = select(trouble.c.ended_at).where(trouble.c.subject == NETWORK).order_by(trouble.c.id.desc()).limit(1)
    return connection.execute(query).scalar()


def _by_whom_was_told(connection: Connection, troubles: Sequence[Trouble]) -> dict[frozenset[Recipient], list[Trouble]]:
    """The troubles by who was told of them."""
    if not troubles:
        return {}
    alerts = (
        select(alert.c.id, alert.c.detail)
        .where(alert.c.kind == AlertKind.TROUBLE)
        .order_by(alert.c.id.desc())
        .limit(MOST_ALERTS)
    )
    wanted = {one.id: one for one in troubles}
    told_by = {row.id: wanted.keys() & set(row.detail.get("troubles", ())) for row in connection.execute(alerts)}
    told_by = {key: about for key, about in told_by.items() if about}
    whom: dict[int, set[Recipient]] = {key: set() for key in wanted}
    query = select(delivery.c.alert_id, delivery.c.channel, delivery.c.address).where(
        delivery.c.alert_id.in_(told_by.keys()), delivery.c.state != DeliveryState.DEAD
    )
    for row in connection.execute(query):
        for key in told_by[row.alert_id]:
            whom[key].add(Recipient(channel=ChannelId(row.channel), address=row.address))
    grouped: dict[frozenset[Recipient], list[Trouble]] = {}
    for key, recipients in whom.items():
        grouped.setdefault(frozenset(recipients), []).append(wanted[key])
    return grouped


def _recipients_in_use(
    whom: Collection[Recipient], rules: Mapping[ChannelId, ChannelRules]
) -> dict[ChannelId, list[str]]:
    """Those of them that are still configured, in the order of the configuration."""
    return {
        channel: [address for address in those.recipients if Recipient(channel=channel, address=address) in whom]
        for channel, those in rules.items()
    }


# ---------------------------------------------------------------------- the rows that tell

_OVERDUE = and_(feed.c.gone_at.is_(None), feed.c.next_poll_at <= bindparam("overdue"))
_POLLED = select(
    func.max(feed.c.polled_at).label("asked_at"),
    func.max(feed.c.succeeded_at).label("succeeded_at"),
    func.max(case((feed.c.status.is_not(None), feed.c.polled_at))).label("answered_at"),
    func.count(case((_OVERDUE, 1))).label("overdue"),
    func.min(case((_OVERDUE, feed.c.next_poll_at))).label("overdue_since"),
).where(feed.c.enabled)
_FAILING = select(
    feed.c.uid,
    feed.c.every_seconds,
    feed.c.interval_seconds,
    feed.c.failures,
    feed.c.error,
    feed.c.status,
    feed.c.polled_at,
    feed.c.succeeded_at,
    feed.c.gone_at,
).where(feed.c.enabled, or_(feed.c.failures > 0, feed.c.gone_at.is_not(None)))
_LAST_ENTRIES = (
    select(entry.c.seen_at, entry.c.published_at, entry.c.state)
    .where(entry.c.feed_id == bindparam("feed"))
    .order_by(entry.c.seen_at.desc(), entry.c.id.desc())
    .limit(HABIT)
)


def _feed_health(row: Found, followed: Collection[FeedId]) -> FeedHealth:
    seconds = row.every_seconds or row.interval_seconds
    return FeedHealth(
        id=FeedId(row.uid),
        followed=row.uid in followed,
        interval=timedelta(seconds=seconds) if seconds else None,
        failures=row.failures,
        error=row.error,
        status=row.status,
        polled_at=row.polled_at,
        succeeded_at=row.succeeded_at,
        gone_at=row.gone_at,
    )


def _silences(connection: Connection, followed: Collection[FeedId], *, now: datetime) -> Iterable[FeedSilence]:
    """Of these feeds; only the entries of those are looked at that answer and had none for days."""
    recent = exists().where(and_(entry.c.feed_id == feed.c.id, entry.c.seen_at > now - LONG_SILENCE))
    answers = and_(feed.c.failures == 0, feed.c.gone_at.is_(None), feed.c.succeeded_at.is_not(None))
    query = select(feed.c.id, feed.c.uid, feed.c.succeeded_at).where(feed.c.enabled, answers, ~recent)
    for row in connection.execute(query).all():
        if row.uid not in followed:
            continue
        moments = [
            moment
            for one in connection.execute(_LAST_ENTRIES, {"feed": row.id})
            if (
                moment := first_known(
                    seen_at=one.seen_at, published_at=one.published_at, baseline=one.state == EntryState.BASELINE
                )
            )
        ]
        silence = silence_of(FeedId(row.uid), moments, succeeded_at=row.succeeded_at)
        if silence is not None:
            yield silence


def _unjudged(connection: Connection, *, now: datetime) -> tuple[int, datetime | None]:
    """The entries that have waited for too long and came after all that was judged: how many, and since when."""
    last = connection.execute(select(verdict.c.judged_at).order_by(verdict.c.id.desc()).limit(1)).scalar()
    if last is not None and now - last < UNJUDGED:
        return 0, None
    query = select(func.count(), func.min(entry.c.seen_at)).where(
        entry.c.state == EntryState.WAITING, entry.c.seen_at <= now - UNJUDGED
    )
    if last is not None:
        query = query.where(entry.c.seen_at > last)
    count, since = connection.execute(query).one()
    return count, since


def _channels(connection: Connection) -> list[ChannelHealth]:
    return [
        ChannelHealth(
            id=ChannelId(row.channel),
            failures=row.failures,
            failing_since=row.failing_since,
            last_failure=row.last_failure,
        )
        for row in connection.execute(select(channel_state).order_by(channel_state.c.id))
    ]


def _stopped(connection: Connection) -> list[StoppedRecipient]:
    query = select(recipient_state).where(recipient_state.c.stopped_at.is_not(None)).order_by(recipient_state.c.id)
    return [
        StoppedRecipient(
            recipient=Recipient(channel=ChannelId(row.channel), address=row.address),
            stopped_at=row.stopped_at,
            reason=row.reason,
        )
        for row in connection.execute(query)
    ]


def _is_configured(recipient: Recipient, rules: Mapping[ChannelId, ChannelRules]) -> bool:
    those = rules.get(recipient.channel)
    return those is not None and recipient.address in those.recipients


# ---------------------------------------------------------------------- for people and their tools


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """How delivery on one channel stands. `waiting` counts by why: due, held, retrying."""

    id: ChannelId
    waiting: Mapping[str, int]
    dead: int
    oldest_due_at: datetime | None
    failing_since: datetime | None
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryHealth:
    """How delivery stands, and what troubles there are."""

    channels: Sequence[ChannelView]
    stopped: Sequence[StoppedRecipient]
    troubles: Sequence[Trouble]


def delivery_health(database: Database, *, now: datetime) -> DeliveryHealth:
    """How delivery stands at this moment."""
    with database.read() as connection:
        waiting, oldest = _waiting(connection, now=now)
        dead_rows = connection.execute(
            select(delivery.c.channel, func.count().label("rows"))
            .where(delivery.c.state == DeliveryState.DEAD)
            .group_by(delivery.c.channel)
        )
        dead = {ChannelId(row.channel): row.rows for row in dead_rows}
        states = {one.id: one for one in _channels(connection)}
        return DeliveryHealth(
            channels=[
                ChannelView(
                    id=channel,
                    waiting=waiting.get(channel, {}),
                    dead=dead.get(channel, 0),
                    oldest_due_at=oldest.get(channel),
                    failing_since=states[channel].failing_since if channel in states else None,
                    failures=states[channel].failures if channel in states else 0,
                )
                for channel in sorted(waiting.keys() | dead.keys() | states.keys())
            ],
            stopped=_stopped(connection),
            troubles=open_troubles(connection),
        )


def _waiting(
    connection: Connection, *, now: datetime
) -> tuple[dict[ChannelId, dict[str, int]], dict[ChannelId, datetime]]:
    """Of each channel how many wait, by why they do, and since when the oldest should have been gone."""
    held = and_(delivery.c.attempts == 0, delivery.c.not_before > now)
    whys = (
        ("retrying", delivery.c.attempts > 0),
        ("held", held),
        ("due", and_(delivery.c.attempts == 0, delivery.c.not_before <= now)),
    )
    counts: dict[ChannelId, dict[str, int]] = {}
    for why, which in whys:
        query = (
            select(delivery.c.channel, func.count().label("rows"))
            .where(delivery.c.state == DeliveryState.WAITING, which)
            .group_by(delivery.c.channel)
        )
        for row in connection.execute(query):
            counts.setdefault(ChannelId(row.channel), {})[why] = row.rows
    oldest = (
        select(delivery.c.channel, func.min(delivery.c.due_at).label("at"))
        .where(delivery.c.state == DeliveryState.WAITING, delivery.c.due_at <= now)
        .group_by(delivery.c.channel)
    )
    return counts, {ChannelId(row.channel): row.at for row in connection.execute(oldest)}
