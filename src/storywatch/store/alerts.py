"""Alerts of every kind as rows, each with its deliveries; written within the transaction of what they tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from storywatch.core.model import AlertKind, DeliveryState, Hold, Severity, SilenceKind
from storywatch.core.silences import covering, in_words, snooze_end
from storywatch.store.silences import active_silences, end_with_major
from storywatch.store.tables import alert, delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from storywatch.core.model import Alert, DeliveryId, PlannedDelivery, Silence
    from storywatch.store.engine import Database


def silenced(silence: Silence) -> dict[str, Any]:
    """What a silence makes of a delivery's row."""
    words = in_words(silence)
    if silence.kind is SilenceKind.MUTE:
        return {"state": DeliveryState.MUTED, "reason": words}
    until = snooze_end(silence)
    return {"hold": Hold.SNOOZE, "note": words, "due_at": until, "not_before": until}


def alert_key(database: Database, connection: Connection, told: Alert, *, development_id: int | None = None) -> int:
    """The key of the alert's row, which is written if it is not there yet."""
    values = {
        "uid": told.id,
        "development_id": development_id,
        "watch": told.watch,
        "kind": told.kind,
        "created_at": told.created_at,
        "held": told.held,
        "detail": told.detail,
    }
    connection.execute(database.insert(alert).values(values).on_conflict_do_nothing())
    key: int = connection.execute(select(alert.c.id).where(alert.c.uid == told.id)).scalar_one()
    return key


def record_alert(
    database: Database,
    connection: Connection,
    told: Alert,
    deliveries: Sequence[PlannedDelivery],
    *,
    development_id: int | None = None,
) -> list[DeliveryId]:
    """Write an alert and its deliveries, once however often it is tried; gives the deliveries that are new.

    What a silence covers is written too, and says so. `development_id` is the key of the development's row.
    """
    key = alert_key(database, connection, told, development_id=development_id)
    is_news = told.kind is AlertKind.REPORTED  # what is said later of a major development is none
    if told.watch and is_news:
        major = [one.recipient for one in deliveries if one.severity is Severity.MAJOR]
        if major:
            end_with_major(connection, told.watch, major, by=told.development or told.id, at=told.created_at)
    silences = active_silences(connection, at=told.created_at) if told.watch else ()
    new = []
    for planned in deliveries:
        severity = planned.severity if is_news else None
        silence = covering(silences, told.watch, planned.recipient, severity) if told.watch else None
        row = {
            "uid": planned.id,
            "alert_id": key,
            "watch": told.watch,
            "severity": planned.severity,
            "channel": planned.recipient.channel,
            "address": planned.recipient.address,
            "state": DeliveryState.WAITING,
            "hold": planned.hold,
            "note": planned.note,
            "due_at": planned.not_before,
            "not_before": planned.not_before,
            "attempts": 0,
        }
        if silence is not None:
            row |= silenced(silence)
        insert = database.insert(delivery).values(row).on_conflict_do_nothing().returning(delivery.c.id)
        if connection.execute(insert).scalar_one_or_none() is not None:
            new.append(planned.id)
    return new
