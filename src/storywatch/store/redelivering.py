"""Deliveries that are sent after all: dead letters, what was muted, and by name what was sent or waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, or_, select, update

from storywatch.core.model import ChannelId, DeliveryState, Hold
from storywatch.errors import StorywatchError
from storywatch.store.engine import DELIVERIES
from storywatch.store.fates import DeliveryView, deliveries_query, delivery_of, find_delivery
from storywatch.store.feedback import TAKEN_BACK, WITHDRAWN
from storywatch.store.leases import is_free
from storywatch.store.messages import NOTHING_LEFT
from storywatch.store.receivers import lift_stops, load_stopped
from storywatch.store.tables import delivery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.store.engine import Database
    from storywatch.store.tables import Found

NOT_MEANT = (WITHDRAWN, TAKEN_BACK, NOTHING_LEFT)  # by who asks for all that is dead: these go by name alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deliveries are to go: those named, else those in one of `states` that were to go from `since` on, but for what the desk withdrew."""

    named: Sequence[str] = ()
    states: Sequence[DeliveryState] = (DeliveryState.DEAD,)
    channel: ChannelId | None = None
    since: datetime | None = None
    again: bool = False  # of those named also the ones that were sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Redelivered:
    """What goes (as it was before), and to how many recipients is sent again that were stopped."""

    deliveries: tuple[DeliveryView, ...]
    stopped: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Redelivery:
    """Gives deliveries back to the outbox, each under its id and in the bytes that it had."""

    database: Database

    def redeliver(self, wanted: Wanted, *, now: datetime, by: str | None = None, dry_run: bool = False) -> Redelivered:
        """The tries begin anew, in the order in which the story was told; stops of these recipients are lifted.

        `dry_run` changes nothing. Raises `StorywatchError` where one that is named can't be sent again.
        """
        with self.database.write() as connection:
            self.database.lock(connection, DELIVERIES)
            rows = _named(connection, wanted, now=now) if wanted.named else _found(connection, wanted, now=now)
            ids = [row.id for row in rows]
            views = connection.execute(deliveries_query().where(delivery.c.id.in_(ids)).order_by(delivery.c.id))
            found = tuple(delivery_of(row) for row in views)
            stopped = _stopped(connection, rows)
            if not dry_run:
                _give_back(connection, ids, now=now, by=by)
                for channel, address in stopped:
                    lift_stops(connection, channel, [address])
        return Redelivered(deliveries=found, stopped=tuple(address for _, address in stopped))


def _named(connection: Connection, wanted: Wanted, *, now: datetime) -> list[Found]:
    rows = {row.id: row for row in (find_delivery(connection, name) for name in wanted.named)}
    faults = [fault for row in rows.values() if (fault := _fault(row, again=wanted.again, now=now))]
    if faults:
        raise StorywatchError("; ".join(faults))
    return list(rows.values())


def _fault(row: Found, *, again: bool, now: datetime) -> str | None:
    """Why a delivery that is named is not sent again."""
    if row.state == DeliveryState.FOLDED:
        return f"{row.uid} was told in {row.folded_into}: name that one"
    if row.state == DeliveryState.SENT and not again:
        return f"{row.uid} was sent {row.sent_at:%Y-%m-%d %H:%M} UTC: --again sends it once more"
    if row.lease is not None and row.lease_until > now:
        return f"{row.uid} is being sent just now"
    return None


def _found(connection: Connection, wanted: Wanted, *, now: datetime) -> Sequence[Found]:
    these = [
        delivery.c.state.in_(wanted.states),
        is_free(delivery, now),
        or_(delivery.c.reason.is_(None), delivery.c.reason.not_in(NOT_MEANT)),
    ]
    if wanted.channel is not None:
        these.append(delivery.c.channel == wanted.channel)
    if wanted.since is not None:
        these.append(delivery.c.due_at >= wanted.since)
    query = select(delivery).where(and_(*these)).order_by(delivery.c.id).with_for_update()
    return connection.execute(query).all()


def _stopped(connection: Connection, rows: Sequence[Found]) -> list[tuple[ChannelId, str]]:
    wanted = {(ChannelId(row.channel), row.address) for row in rows}
    stopped = {
        (channel, row.address)
        for channel in sorted({channel for channel, _ in wanted})
        for row in load_stopped(connection, channel)
    }
    return sorted(wanted & stopped)


def _give_back(connection: Connection, ids: Sequence[int], *, now: datetime, by: str | None) -> None:
    """Its place in the line stays what it was, so that a story is told in its order."""
    values: dict[str, Any] = {
        "state": DeliveryState.WAITING,
        "hold": Hold.ASKED,
        "note": f"asked for{f' by {by}' if by else ''} {now:%Y-%m-%d %H:%M} UTC",
        "reason": None,
        "attempts": 0,
        "not_before": now,
        "due_at": case((delivery.c.due_at > now, now), else_=delivery.c.due_at),
        "sent_at": None,
        "lease": None,
        "lease_until": None,
    }
    connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(values))
