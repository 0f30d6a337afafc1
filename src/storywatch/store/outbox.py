"""Deliveries and attempts as rows: what is due, its final bytes, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, or_, select, update

from storywatch.core.model import (
    Alert,
    AlertId,
    AlertKind,
    ArticleId,
    ChannelId,
    DeliveryClaim,
    DeliveryId,
    DeliveryState,
    Development,
    DevelopmentId,
    Recipient,
    Severity,
    Tidings,
    WatchId,
)
from storywatch.errors import Rejected
from storywatch.store.leases import claim_rows, give_back, is_free
from storywatch.store.packing import unpack_new, unpack_reasons
from storywatch.store.reports import load_reports
from storywatch.store.tables import alert, article, attempt, delivery, development, verdict, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Connection

    from storywatch.core.model import AttemptOutcome, Message
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found, Query


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
    ) -> list[DeliveryClaim]:
        """T4: due deliveries of these channels, in the order in which they were planned to go.

        Of one recipient and one watch only the first in line is given: the next one has to wait until
        that one is sent or dead. Which message is rendered is stored before it is ever sent.
        """
        due = (
            select(delivery)
            .where(
                delivery.c.state == DeliveryState.WAITING,
                delivery.c.channel.in_(channels),
                delivery.c.not_before <= now,
                is_free(delivery, now),
                _first_in_line(),
            )
            .order_by(delivery.c.due_at, delivery.c.id)
        )
        with self.database.write() as connection:
            token, rows = claim_rows(connection, delivery, due, limit=limit, until=now + lease)
            claims = [_claim(connection, row, token, render=render, now=now) for row in rows]
        return [claim for claim in claims if claim is not None]

    def finish_delivery(self, claim: DeliveryClaim, outcome: AttemptOutcome) -> None:
        """T5: note the attempt and what follows from it. Raises `LeaseLost`."""
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
            connection.execute(
                insert(attempt).values(
                    delivery_id=key,
                    number=claim.attempt,
                    at=outcome.at,
                    state=outcome.state,
                    code=outcome.code,
                    reason=outcome.reason,
                )
            )


def _first_in_line() -> ColumnElement[bool]:
    """Nothing for the same recipient about the same watch was planned earlier and still waits.

    What waits for the end of quiet hours stands in line with that moment, so that a major
    development which is let through is not held up by the minor ones before it.
    """
    ahead = delivery.alias("ahead")
    return ~(
        select(ahead.c.id)
        .where(
            ahead.c.state == DeliveryState.WAITING,
            ahead.c.channel == delivery.c.channel,
            ahead.c.address == delivery.c.address,
            ahead.c.watch == delivery.c.watch,
            or_(
                ahead.c.due_at < delivery.c.due_at,
                and_(ahead.c.due_at == delivery.c.due_at, ahead.c.id < delivery.c.id),
            ),
        )
        .exists()
    )


def _claim(
    connection: Connection, row: Found, lease: str, *, render: Callable[[Message], bytes], now: datetime
) -> DeliveryClaim | None:
    """The claim with its bytes, made now if they never were; None where they can't be made: a dead letter."""
    message, first_try_at = row.message, row.first_try_at or now
    this = delivery.c.id == row.id
    if message is None:
        try:
            message = render(_tidings(connection, row, now=now))
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
    )


def _tidings(connection: Connection, row: Found, *, now: datetime) -> Tidings:
    told = connection.execute(_told_by(row.alert_id)).one()
    return Tidings(
        alert=Alert(
            id=AlertId(told.alert_uid),
            watch=WatchId(told.watch),
            development=DevelopmentId(told.uid),
            kind=AlertKind(told.kind),
            created_at=told.created_at,
            held=told.held,
            detail=told.detail,
        ),
        delivery=DeliveryId(row.uid),
        recipient=Recipient(channel=ChannelId(row.channel), address=row.address),
        watch_name=told.name or told.watch,
        development=Development(
            id=DevelopmentId(told.uid),
            watch=WatchId(told.watch),
            article=ArticleId(told.article_uid),
            headline=told.headline,
            lang=told.lang,
            severity=Severity(told.severity),
            first_seen_at=told.first_seen_at,
            new=unpack_new(told.new),
        ),
        reports=load_reports(connection, [told.uid])[told.uid],
        why=words_of(told.reasons, told.match_reasons),
        score=told.score,
        rendered_at=now,
    )


def _told_by(alert_id: int) -> Query:
    return (
        select(
            development,
            alert.c.uid.label("alert_uid"),
            alert.c.kind,
            alert.c.created_at,
            alert.c.held,
            alert.c.detail,
            article.c.uid.label("article_uid"),
            verdict.c.reasons,
            verdict.c.match_reasons,
            verdict.c.score,
            watch.c.name,
        )
        .join(alert, alert.c.development_id == development.c.id)
        .join(article, article.c.id == development.c.article_id)
        .join(verdict, and_(verdict.c.article_id == article.c.id, verdict.c.watch == development.c.watch))
        .outerjoin(watch, watch.c.uid == development.c.watch)
        .where(alert.c.id == alert_id)
    )


def words_of(*reasons: list[dict[str, Any]]) -> tuple[str, ...]:
    """The evidence in words, each said once; not what would have turned the verdict."""
    told = (reason for some in reasons for reason in unpack_reasons(some) if reason.name != "turn")
    return tuple(dict.fromkeys(reason.words for reason in told))
