"""Deliveries and attempts as rows: what is due, its final bytes, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, or_, select, update

from storywatch.core.model import AlertKind, ChannelId, DeliveryClaim, DeliveryId, DeliveryState, Recipient
from storywatch.errors import Rejected
from storywatch.store.engine import DELIVERIES
from storywatch.store.holding import hold_back, is_due, waits_for_digest
from storywatch.store.leases import claim_rows, give_back
from storywatch.store.messages import message_of
from storywatch.store.receivers import note_outcome, room_of, take_tokens
from storywatch.store.tables import alert, attempt, delivery, development

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Connection

    from storywatch.core.alerting import ChannelRules
    from storywatch.core.model import AttemptOutcome, Message
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found


@dataclass(frozen=True, slots=True)
class Outbox:
    """Implements `ports.Outbox`."""

    database: Database

    def claim_deliveries(
        self,
        channels: Collection[ChannelId],
        *,
        now: datetime,
        limit: int,
        lease: timedelta,
        render: Callable[[Message], bytes],
        rules: ChannelRules | None = None,
    ) -> list[DeliveryClaim]:
        """T4: due deliveries of these channels, in the order in which they were planned to go.

        Of one recipient and one watch only the first in line is given: the next one has to wait until
        that one is sent or dead. Which message is rendered is stored before it is ever sent. `rules` are
        those of each of the channels: what they hold back, stops, silences and the channel's rate is seen to first.
        """
        claims: list[DeliveryClaim] = []
        with self.database.write() as connection:
            for channel in channels:
                if not _any_due(connection, channel, now=now):
                    continue
                self.database.lock(connection, DELIVERIES)
                hold_back(self.database, connection, channel, rules, now=now)
                left = limit - len(claims)
                room = room_of(connection, channel, rules.rate if rules else None, now=now, limit=left, lock=True)
                if not room.messages:
                    continue
                due = (
                    select(delivery)
                    .where(is_due(channel, now), ~waits_for_digest(rules), *_first_in_line())
                    .order_by(delivery.c.due_at, delivery.c.id)
                )
                token, rows = claim_rows(connection, delivery, due, limit=room.messages, until=now + lease)
                taken = [_claim(connection, row, token, render=render, now=now) for row in rows]
                claims += [claim for claim in taken if claim is not None]
                take_tokens(self.database, connection, channel, room, len(rows), now=now)
        return claims

    def next_due(self, channel: ChannelId, *, now: datetime, rules: ChannelRules | None = None) -> datetime | None:
        """The next moment at which something more of a channel may be claimed; None: none is known.

        What is due and could be claimed now has no moment to come. It may be the moment of a digest that is not made
        yet, and a rate or a pause may move it: whoever looks then finds out.
        """
        with self.database.read() as connection:
            waiting = and_(delivery.c.state == DeliveryState.WAITING, delivery.c.channel == channel)
            later = select(func.min(delivery.c.not_before)).where(waiting, delivery.c.not_before > now)
            moments = [connection.execute(later).scalar_one()]
            if _any_due(connection, channel, now=now):
                room = room_of(connection, channel, rules.rate if rules else None, now=now, limit=1)
                moments.append(room.not_before)
        return min((moment for moment in moments if moment is not None), default=None)

    def finish_delivery(self, claim: DeliveryClaim, outcome: AttemptOutcome) -> None:
        """T5: note the attempt and what follows from it, for its channel and recipient too. Raises `LeaseLost`."""
        changes: dict[str, Any] = {
            "state": outcome.state,
            "attempts": claim.attempt,
            "reason": outcome.reason,
            "sent_at": outcome.at if outcome.state is DeliveryState.SENT else None,
        }
        if outcome.retry_at is not None:
            changes["not_before"] = outcome.retry_at
        with self.database.write() as connection:
            key = give_back(connection, delivery, delivery.c.uid == claim.id, lease=claim.lease, **changes)
            tries = select(func.coalesce(func.max(attempt.c.number), 0) + 1).where(attempt.c.delivery_id == key)
            connection.execute(
                insert(attempt).values(
                    delivery_id=key,
                    number=tries.scalar_subquery(),
                    at=outcome.at,
                    state=outcome.state,
                    code=outcome.code,
                    reason=outcome.reason,
                )
            )
            note_outcome(self.database, connection, claim.recipient, outcome)


def _any_due(connection: Connection, channel: ChannelId, *, now: datetime) -> bool:
    """Most looks find nothing: they end here."""
    return connection.execute(select(delivery.c.id).where(is_due(channel, now)).limit(1)).first() is not None


@cache  # the same words each time; to say them takes longer than to run them
def _first_in_line() -> tuple[ColumnElement[bool], ...]:
    """Nothing for the same recipient about the same watch was planned earlier and still waits.

    What waits for the end of quiet hours stands in line with that moment, so that a major
    development which is let through is not held up by the minor ones before it. A digest of several stories
    stands in the line of each story that it tells of.
    """
    ahead, told, mine = delivery.alias("ahead"), delivery.alias("told"), delivery.alias("mine")
    earlier = and_(
        ahead.c.state == DeliveryState.WAITING,
        ahead.c.channel == delivery.c.channel,
        ahead.c.address == delivery.c.address,
        or_(
            ahead.c.due_at < delivery.c.due_at,
            and_(ahead.c.due_at == delivery.c.due_at, ahead.c.id < delivery.c.id),
        ),
    )
    digests = ahead.c.watch.is_(None)
    of_one = select(ahead.c.id).where(earlier, ahead.c.watch == delivery.c.watch)
    of_several = (
        select(ahead.c.id)
        .join(told, told.c.folded_into == ahead.c.uid)
        .where(earlier, digests, told.c.watch == delivery.c.watch)
    )
    before_several = (
        select(ahead.c.id)
        .join(mine, mine.c.watch == ahead.c.watch)
        .where(earlier, mine.c.folded_into == delivery.c.uid, delivery.c.watch.is_(None))
    )
    several_before_several = (
        select(ahead.c.id)
        .join(told, told.c.folded_into == ahead.c.uid)
        .join(mine, mine.c.watch == told.c.watch)
        .where(earlier, digests, mine.c.folded_into == delivery.c.uid, delivery.c.watch.is_(None))
    )
    return tuple(~query.exists() for query in (of_one, of_several, before_several, several_before_several))


def _claim(
    connection: Connection, row: Found, lease: str, *, render: Callable[[Message], bytes], now: datetime
) -> DeliveryClaim | None:
    """The claim with its bytes, made now if they never were; None where they can't be made: a dead letter."""
    message, first_try_at = row.message, row.first_try_at or now
    this = delivery.c.id == row.id
    if message is None:
        try:
            message = render(message_of(connection, row, now=now))
        except Rejected as error:
            give_back(connection, delivery, this, lease=lease, state=DeliveryState.DEAD, reason=str(error))
            return None
        connection.execute(update(delivery).where(this).values(message=message, first_try_at=now))
    return DeliveryClaim(
        id=DeliveryId(row.uid),
        lease=lease,
        recipient=Recipient(channel=ChannelId(row.channel), address=row.address),
        message=bytes(message),
        attempt=row.attempts + 1,
        first_try_at=first_try_at,
        seen_at=_seen_at(connection, row.alert_id),
    )


def _seen_at(connection: Connection, alert_id: int) -> datetime | None:
    """When the development was seen that an alert reports; None: it says something else."""
    query = (
        select(development.c.first_seen_at)
        .join(alert, alert.c.development_id == development.c.id)
        .where(alert.c.id == alert_id, alert.c.kind == AlertKind.REPORTED)
    )
    return connection.execute(query).scalar_one_or_none()
