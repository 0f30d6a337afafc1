"""Deliveries as people and programs see them: to whom, where each is, and why it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from storywatch.core.model import AlertKind, DeliveryState, Hold
from storywatch.errors import StorywatchError
from storywatch.store.tables import alert, attempt, channel_state, delivery, development

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, ScalarSelect

    from storywatch.store.tables import Found, Query

MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One delivery: to whom, where it is, and why it is there. `note` is why it waits, `reason` why it failed.

    `why` is the same in words for people, None of what was sent. `kind` is an `AlertKind`. Of what is said of the
    service, and of a digest of several stories, there is no `watch` and no `development`, and the headline is ours.
    """

    id: str
    alert: str
    kind: str
    watch: str | None
    development: str | None
    headline: str
    channel: str
    address: str
    state: str
    hold: str | None
    folded_into: str | None
    note: str | None
    reason: str | None
    why: str | None
    due_at: datetime
    not_before: datetime
    attempts: int
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One try that came to an end."""

    number: int
    at: datetime
    state: str
    code: int | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FateView:
    """One delivery with all that was tried, and what it tells in place of others."""

    delivery: DeliveryView
    attempts: tuple[AttemptView, ...]
    tells: tuple[DeliveryView, ...]


def deliveries_query() -> Query:
    """Deliveries with what is to be known about each; `delivery_of` reads a row."""
    carrier = delivery.alias("carrier")
    return (
        select(
            delivery,
            alert.c.uid.label("alert"),
            alert.c.kind,
            alert.c.detail,
            development.c.uid.label("development"),
            development.c.headline,
            carrier.c.state.label("carrier_state"),
            carrier.c.sent_at.label("carrier_sent_at"),
            func.coalesce(carrier.c.reason, carrier.c.note).label("carrier_reason"),
            channel_state.c.not_before.label("pause_until"),
            _ahead().label("ahead"),
            _folded().label("folded"),
        )
        .join(alert, alert.c.id == delivery.c.alert_id)
        .outerjoin(development, development.c.id == alert.c.development_id)
        .outerjoin(carrier, carrier.c.uid == delivery.c.folded_into)
        .outerjoin(channel_state, channel_state.c.channel == delivery.c.channel)
    )


def _ahead() -> ScalarSelect[Any]:
    """What has to go before it: the first that waits of the same story for the same recipient."""
    ahead = delivery.alias("ahead")
    return (
        select(ahead.c.uid)
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
        .order_by(ahead.c.due_at, ahead.c.id)
        .limit(1)
        .correlate(delivery)
        .scalar_subquery()
    )


def _folded() -> ScalarSelect[Any]:
    told = delivery.alias("told")
    return select(func.count()).where(told.c.folded_into == delivery.c.uid).correlate(delivery).scalar_subquery()


def delivery_of(row: Found) -> DeliveryView:
    """A row of `deliveries_query`."""
    return DeliveryView(
        id=row.uid,
        alert=row.alert,
        kind=row.kind,
        watch=row.watch,
        development=row.development,
        headline=row.headline if row.headline is not None else _headline(row),
        channel=row.channel,
        address=row.address,
        state=row.state,
        hold=row.hold,
        folded_into=row.folded_into,
        note=row.note,
        reason=row.reason,
        why=_why(row),
        due_at=row.due_at,
        not_before=row.not_before,
        attempts=row.attempts,
        sent_at=row.sent_at,
    )


def _headline(row: Found) -> str:
    """What a message that is not about one development says first."""
    if row.kind == AlertKind.DIGEST:
        return f"{row.folded} together" if row.folded else "digest"
    signs = [sign["words"] for sign in row.detail.get("signs", ())]
    more = f"; and {len(signs) - 1} more" if len(signs) > 1 else ""
    return f"{'over' if row.kind == AlertKind.RECOVERED else 'trouble'}: {signs[0]}{more}" if signs else row.kind


def _why(row: Found) -> str | None:
    if row.state == DeliveryState.WAITING:
        return _why_waiting(row)
    if row.state == DeliveryState.FOLDED:
        return f"{row.reason}, {_fate_of_carrier(row)}"
    return None if row.state == DeliveryState.SENT else row.reason


def _why_waiting(row: Found) -> str | None:
    if row.pause_until is not None and row.pause_until > row.not_before:
        return f"the receiver asked for a pause until {row.pause_until:%Y-%m-%d %H:%M} UTC"
    if row.reason:
        return f"tried {row.attempts} times: {row.reason}" if row.attempts > 1 else f"{row.reason}"
    if row.ahead and row.hold in {None, Hold.SETTLE, Hold.ASKED}:
        return f"stands behind {row.ahead} of the same story"
    return row.note and str(row.note)


def _fate_of_carrier(row: Found) -> str:
    if row.carrier_state == DeliveryState.SENT:
        return f"which was sent {row.carrier_sent_at:%Y-%m-%d %H:%M} UTC"
    state = "waits" if row.carrier_state == DeliveryState.WAITING else f"is {row.carrier_state}"
    return f"which {state}: {row.carrier_reason}" if row.carrier_reason else f"which {state}"


def find_delivery(connection: Connection, reference: str) -> Found:
    """The row of `delivery` with this id, or whose id alone begins so. Raises `StorywatchError`."""
    begins = delivery.c.uid.startswith(reference, autoescape=True)
    rows = connection.execute(select(delivery).where(begins).order_by(delivery.c.id).limit(MOST_NAMED + 1)).all()
    exact = [row for row in rows if row.uid == reference]
    if len(rows) == 1 or exact:
        return (exact or rows)[0]
    if not rows or not reference:
        message = f"no delivery {reference!r}; `storywatch deliveries` names them"
        raise StorywatchError(message)
    named = ", ".join(row.uid for row in rows[:MOST_NAMED])
    more = " and more" if len(rows) > MOST_NAMED else ""
    message = f"{reference!r} is more than one delivery: {named}{more}; say more of its id"
    raise StorywatchError(message)


def load_fate(connection: Connection, reference: str) -> FateView:
    """All about one delivery. Raises `StorywatchError` where there is none."""
    found = find_delivery(connection, reference)
    this = connection.execute(deliveries_query().where(delivery.c.id == found.id)).one()
    tries = select(attempt).where(attempt.c.delivery_id == found.id).order_by(attempt.c.number)
    tells = deliveries_query().where(delivery.c.folded_into == found.uid).order_by(delivery.c.due_at, delivery.c.id)
    return FateView(
        delivery=delivery_of(this),
        attempts=tuple(
            AttemptView(number=row.number, at=row.at, state=row.state, code=row.code, reason=row.reason)
            for row in connection.execute(tries)
        ),
        tells=tuple(delivery_of(row) for row in connection.execute(tells)),
    )
