"""Silences as rows: which stories are not to be told of for now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, or_, select, update

from storywatch.core.model import (
    AlertKind,
    ChannelId,
    DeliveryState,
    Hold,
    Recipient,
    Severity,
    Silence,
    SilenceKind,
    WatchId,
)
from storywatch.core.silences import check_silence, covering, in_words, snooze_end
from storywatch.store.tables import alert, delivery, silence

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from storywatch.store.engine import Database
    from storywatch.store.tables import Found, Query

OVER = "the snooze is over"
REPLACED = "a newer one"


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceLine:
    """A silence with what became of it. `muted` are deliveries that it kept from being told, `holds` those that wait."""

    id: int
    watch: str
    kind: str
    channel: str | None
    address: str | None
    created_at: datetime
    until: datetime | None
    until_major: bool
    by: str | None
    reason: str | None
    active: bool
    ended_at: datetime | None
    ended_by: str | None
    muted: int
    holds: int


@dataclass(frozen=True, slots=True)
class Silences:
    """What people say about being told of a story. Each method is one transaction."""

    database: Database

    def begin(
        self,
        watch: WatchId,
        kind: SilenceKind,
        *,
        recipient: Recipient | None = None,
        until: datetime | None = None,
        until_major: bool = False,
        by: str | None = None,
        reason: str | None = None,
        now: datetime,
    ) -> Silence:
        """From now on the story is silenced, for one recipient or for all; a former silence of the same is over.

        What waits and was not tried yet is held by a snooze too, and muted when its moment comes. Raises
        `StorywatchError` where it makes no sense.
        """
        check_silence(kind, until=until, until_major=until_major, now=now, words=(by, reason))
        values: dict[str, Any] = {
            "watch": watch,
            "channel": recipient and recipient.channel,
            "address": recipient and recipient.address,
            "kind": kind,
            "created_at": now,
            "until": until,
            "until_major": until_major,
            "by": by,
            "reason": reason,
        }
        with self.database.write() as connection:
            _end(connection, _of(watch, recipient), at=now, by=f"{REPLACED}, by {by}" if by else REPLACED)
            key = connection.execute(insert(silence).values(values).returning(silence.c.id)).scalar_one()
            settle_held(connection, watch, at=now)
            return silence_of(connection.execute(select(silence).where(silence.c.id == key)).one())

    def end(
        self, watch: WatchId, *, recipient: Recipient | None = None, by: str | None = None, now: datetime
    ) -> Silence | None:
        """End the silence of a story, or of one recipient of it; what it held is told now. None: there was none."""
        with self.database.write() as connection:
            found = _own(connection, watch, recipient, at=now)
            if found is not None:
                _end(connection, _of(watch, recipient), at=now, by=by or "a command")
                settle_held(connection, watch, at=now)
        return found

    def find(self, watch: WatchId, recipient: Recipient | None, *, now: datetime) -> Silence | None:
        """The silence in force of a story as a whole, or of just this recipient of it."""
        with self.database.read() as connection:
            return _own(connection, watch, recipient, at=now)

    def list_silences(self, *, ended: bool = False, now: datetime) -> list[SilenceLine]:
        """Those in force, the oldest first; with `ended` also those that are over, and these first."""
        going_on = and_(silence.c.ended_at.is_(None), or_(silence.c.until.is_(None), silence.c.until > now))
        query = select(silence).order_by(silence.c.id)
        with self.database.read() as connection:
            rows = connection.execute(query if ended else query.where(going_on)).all()
            lines = [_line(connection, row, now=now) for row in rows]
        return sorted(lines, key=lambda line: (line.active, line.id))


def end_with_major(
    connection: Connection, watch: WatchId, recipients: Collection[Recipient], *, by: str, at: datetime
) -> None:
    """A major development is told to these: silences that were to last until then are over, and what they held goes."""
    these = [
        row.id
        for row in connection.execute(
            select(silence).where(_open(), silence.c.watch == watch, silence.c.until_major.is_(True))
        )
        if silence_of(row).recipient in {None, *recipients}
    ]
    if these:
        _end(connection, silence.c.id.in_(these), at=at, by=by)
        settle_held(connection, watch, at=at)


def settle_held(connection: Connection, watch: WatchId, *, at: datetime) -> None:
    """Bring what waits of a story, and was not tried yet, in line with the silences in force.

    What a snooze held and none holds any more may go now: all of it together. What is muted is left to its moment:
    whoever ends the mute before loses nothing.
    """
    silences = active_silences(connection, at=at)
    untried = (
        delivery.c.state == DeliveryState.WAITING,
        delivery.c.watch == watch,
        delivery.c.message.is_(None),
        delivery.c.lease.is_(None),
        or_(delivery.c.hold.is_(None), delivery.c.hold != Hold.ASKED),
    )
    query = select(delivery, alert.c.kind).join(alert, alert.c.id == delivery.c.alert_id).where(*untried)
    for row in connection.execute(query).all():
        recipient = Recipient(channel=ChannelId(row.channel), address=row.address)
        news = row.severity if row.kind == AlertKind.REPORTED else None
        found = covering(silences, watch, recipient, Severity(news) if news else None)
        changes: dict[str, Any] = {}
        if found is not None and found.kind is SilenceKind.SNOOZE:
            until = snooze_end(found)
            if row.hold == Hold.SNOOZE or row.not_before < until:
                changes = {"hold": Hold.SNOOZE, "note": in_words(found), "due_at": until, "not_before": until}
        elif row.hold == Hold.SNOOZE and row.not_before > at:
            changes = {"note": OVER, "due_at": at, "not_before": at}
        if changes:
            connection.execute(update(delivery).where(delivery.c.id == row.id, *untried).values(changes))


def _open() -> ColumnElement[bool]:
    return silence.c.ended_at.is_(None)


def _of(watch: WatchId, recipient: Recipient | None) -> ColumnElement[bool]:
    whose = (
        silence.c.channel.is_(None)
        if recipient is None
        else and_(silence.c.channel == recipient.channel, silence.c.address == recipient.address)
    )
    return and_(silence.c.watch == watch, whose)


def _own(connection: Connection, watch: WatchId, recipient: Recipient | None, *, at: datetime) -> Silence | None:
    query = (
        select(silence)
        .where(_of(watch, recipient), _open(), or_(silence.c.until.is_(None), silence.c.until > at))
        .order_by(silence.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else silence_of(row)


def _end(connection: Connection, which: ColumnElement[bool], *, at: datetime, by: str) -> None:
    """Those that are over by themselves stay as they ended."""
    still = or_(silence.c.until.is_(None), silence.c.until > at)
    connection.execute(update(silence).where(which, _open(), still).values(ended_at=at, ended_by=by))


def _line(connection: Connection, row: Found, *, now: datetime) -> SilenceLine:
    ended_at = row.ended_at or (row.until if row.until and row.until <= now else None)
    return SilenceLine(
        id=row.id,
        watch=row.watch,
        kind=row.kind,
        channel=row.channel,
        address=row.address,
        created_at=row.created_at,
        until=row.until,
        until_major=row.until_major,
        by=row.by,
        reason=row.reason,
        active=ended_at is None,
        ended_at=ended_at,
        ended_by=row.ended_by,
        muted=connection.execute(_muted(row, ended_at)).scalar_one(),
        holds=connection.execute(_holds(row)).scalar_one(),
    )


def _muted(row: Found, ended_at: datetime | None) -> Query:
    """What has this silence for its reason: of two in the same words, what was found after the other had ended."""
    before = (
        select(func.max(silence.c.ended_at))
        .where(
            silence.c.watch == row.watch,
            silence.c.channel.is_not_distinct_from(row.channel),
            silence.c.address.is_not_distinct_from(row.address),
            silence.c.id < row.id,
            silence.c.kind == row.kind,
        )
        .scalar_subquery()
    )
    query = (
        select(func.count())
        .select_from(delivery.join(alert, alert.c.id == delivery.c.alert_id))
        .where(
            delivery.c.state == DeliveryState.MUTED,
            delivery.c.watch == row.watch,
            delivery.c.reason == in_words(silence_of(row)),
            or_(before.is_(None), alert.c.created_at > before),
        )
    )
    if row.channel is not None:  # two channels may have one address
        query = query.where(delivery.c.channel == row.channel)
    return query if ended_at is None else query.where(alert.c.created_at <= ended_at)


def _holds(row: Found) -> Query:
    return (
        select(func.count())
        .select_from(delivery)
        .where(
            delivery.c.state == DeliveryState.WAITING,
            delivery.c.watch == row.watch,
            delivery.c.hold == Hold.SNOOZE,
            delivery.c.note == in_words(silence_of(row)),
        )
    )


def active_silences(connection: Connection, *, at: datetime) -> tuple[Silence, ...]:
    """Those in force at a moment, the oldest first."""
    query = (
        select(silence)
        .where(silence.c.ended_at.is_(None), or_(silence.c.until.is_(None), silence.c.until > at))
        .order_by(silence.c.id)
    )
    return tuple(silence_of(row) for row in connection.execute(query))


def silence_of(row: Found) -> Silence:
    """The value of a row."""
    recipient = Recipient(channel=ChannelId(row.channel), address=row.address) if row.channel else None
    return Silence(
        id=row.id,
        watch=WatchId(row.watch),
        recipient=recipient,
        kind=SilenceKind(row.kind),
        created_at=row.created_at,
        until=row.until,
        until_major=row.until_major,
        by=row.by,
        reason=row.reason,
    )
