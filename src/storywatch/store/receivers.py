"""How channels and their recipients do, as rows: failures in a row, pauses, tokens, and recipients that are stopped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from storywatch.core.model import Blame, DeliveryState
from storywatch.core.rates import next_token_at, tokens_now
from storywatch.core.retry import LONGEST_WISH
from storywatch.core.troubles import CHANNEL_FAILURES
from storywatch.store.tables import channel_state, delivery, recipient_state

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from storywatch.core.alerting import Rate
    from storywatch.core.model import AttemptOutcome, ChannelId, Recipient
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found

MOST_REFUSALS = 3  # in a row; a mail server's "no such user" may be its own mistake once
NEARLY = 1e-9  # of a token, lost where fractions are added


def note_outcome(database: Database, connection: Connection, to: Recipient, outcome: AttemptOutcome) -> None:
    """What a try says of its channel and its recipient, beside its message."""
    if outcome.state is DeliveryState.SENT:
        _go_on(connection, to.channel, at=outcome.at)
        _channel(database, connection, to.channel, failures=0, failing_since=None, succeeded_at=outcome.at)
        _lift(connection, _is(to))
    elif outcome.blame is Blame.CHANNEL:
        _channel_failed(database, connection, to.channel, outcome)
    elif outcome.blame is not None:
        _recipient_refused(database, connection, to, outcome)


def _go_on(connection: Connection, channel: ChannelId, *, at: datetime) -> None:
    """A channel that was down works again: what waits for another try there need not wait out its hours.

    It was down after several failures in a row: one message that a receiver minds must not be tried again and again.
    """
    down = select(channel_state.c.id).where(
        channel_state.c.channel == channel, channel_state.c.failures >= CHANNEL_FAILURES
    )
    if connection.execute(down).first() is None:
        return
    waiting = (
        delivery.c.state == DeliveryState.WAITING,
        delivery.c.channel == channel,
        delivery.c.attempts > 0,
        delivery.c.not_before > at,
        delivery.c.lease.is_(None),
    )
    connection.execute(update(delivery).where(*waiting).values(not_before=at))


def _channel(database: Database, connection: Connection, channel: ChannelId, **values: Any) -> None:
    insert = database.insert(channel_state).values({"channel": channel, "failures": 0} | values)
    connection.execute(insert.on_conflict_do_update(index_elements=["channel"], set_=values))


def _channel_failed(database: Database, connection: Connection, channel: ChannelId, outcome: AttemptOutcome) -> None:
    first = {"channel": channel, "failures": 1, "failing_since": outcome.at, "last_failure": outcome.reason}
    again: dict[str, Any] = {
        "failures": channel_state.c.failures + 1,
        "failing_since": func.coalesce(channel_state.c.failing_since, outcome.at),
        "last_failure": outcome.reason,
    }
    if outcome.pause_until is not None:
        first["not_before"] = again["not_before"] = outcome.pause_until
    insert = database.insert(channel_state).values(first)
    connection.execute(insert.on_conflict_do_update(index_elements=["channel"], set_=again))


def _recipient_refused(database: Database, connection: Connection, to: Recipient, outcome: AttemptOutcome) -> None:
    row = {"channel": to.channel, "address": to.address, "refusals": 1, "reason": outcome.reason}
    again = {"refusals": recipient_state.c.refusals + 1, "reason": outcome.reason}
    insert = (
        database.insert(recipient_state)
        .values(row)
        .on_conflict_do_update(index_elements=["channel", "address"], set_=again)
        .returning(recipient_state.c.refusals)
    )
    refusals = connection.execute(insert).scalar_one()
    if outcome.blame is Blame.GONE or refusals >= MOST_REFUSALS:
        going = recipient_state.c.stopped_at.is_(None)
        connection.execute(update(recipient_state).where(_is(to), going).values(stopped_at=outcome.at))


def load_stopped(connection: Connection, channel: ChannelId) -> list[Found]:
    """The recipients of a channel to which nothing is sent any more (address, stopped_at, reason)."""
    stopped = recipient_state.c.stopped_at.is_not(None)
    return list(connection.execute(select(recipient_state).where(recipient_state.c.channel == channel, stopped)))


def lift_stops(connection: Connection, channel: ChannelId, addresses: Collection[str]) -> int:
    """Send to these recipients of a channel again; says how many were stopped."""
    these = recipient_state.c.address.in_(list(addresses))
    return _lift(connection, (recipient_state.c.channel == channel) & these)


def _lift(connection: Connection, where: ColumnElement[bool]) -> int:
    counted = recipient_state.c.refusals > 0
    stopped = select(func.count()).where(where, recipient_state.c.stopped_at.is_not(None))
    number: int = connection.execute(stopped).scalar_one()
    lifted = {"refusals": 0, "stopped_at": None, "reason": None}
    connection.execute(update(recipient_state).where(where, counted).values(lifted))
    return number


def _is(to: Recipient) -> ColumnElement[bool]:
    return (recipient_state.c.channel == to.channel) & (recipient_state.c.address == to.address)


# --------------------------------------------------------------------------- pauses and tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much a channel may be given now: `messages`, or nothing before `not_before`."""

    messages: int
    tokens: float | None = None  # None: its rate is not limited
    not_before: datetime | None = None


def room_of(
    connection: Connection, channel: ChannelId, rate: Rate | None, *, now: datetime, limit: int, lock: bool = False
) -> Room:
    """What pause and rate of a channel leave of `limit`; with `lock` nobody else takes of it in this transaction."""
    query = select(channel_state).where(channel_state.c.channel == channel)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is not None and row.not_before is not None and now < row.not_before <= now + LONGEST_WISH:
        return Room(messages=0, not_before=row.not_before)
    if rate is None:
        return Room(messages=limit)
    known = {"tokens": row.tokens, "at": row.tokens_at} if row is not None else {"tokens": None, "at": None}
    tokens = tokens_now(rate, now=now, **known)
    messages = min(limit, math.floor(tokens + NEARLY))
    return Room(messages=messages, tokens=tokens, not_before=None if messages else next_token_at(rate, tokens, now=now))


def take_tokens(
    database: Database, connection: Connection, channel: ChannelId, room: Room, taken: int, *, now: datetime
) -> None:
    """So many messages are given to the channel."""
    if room.tokens is not None and taken:
        _channel(database, connection, channel, tokens=room.tokens - taken, tokens_at=now)


@dataclass(frozen=True, slots=True)
class Receivers:
    """What commands do about recipients."""

    database: Database

    def lift_stop(self, to: Recipient) -> int:
        """What was sent there has arrived: go on sending; 1 where the recipient was stopped."""
        with self.database.write() as connection:
            return lift_stops(connection, to.channel, [to.address])
