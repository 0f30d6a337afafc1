"""Several deliveries to one recipient told in one: the rows that were held, and the row that carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from storywatch.core.alerting import SEVERITIES
from storywatch.core.ids import digest
from storywatch.core.model import AlertId, AlertKind, DeliveryId, DeliveryState, Severity
from storywatch.store.alerts import alert_key
from storywatch.store.tables import alert, delivery

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.core.model import Alert, Recipient
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found


def folded_alert_id(rows: Sequence[Found]) -> AlertId:
    """The id of the digest that tells these deliveries: the same rows make the same digest."""
    return AlertId(digest("alr", AlertKind.DIGEST, *sorted(row.uid for row in rows)))


def carrier_id(carried_by: Alert, recipient: Recipient) -> DeliveryId:
    """The id of the delivery that brings a digest to one recipient."""
    return DeliveryId(digest("dlv", carried_by.id, recipient.channel, recipient.address))


def fold_rows(
    database: Database,
    connection: Connection,
    told: Alert,
    recipient: Recipient,
    rows: Sequence[Found],
    *,
    now: datetime,
) -> DeliveryId | None:
    """Tell these rows of `delivery` (id, uid, due_at, severity), all to this recipient, within one digest.

    The carrier stands in the line where the first of them stood, and goes at once. Only what still waits untried for
    a development is folded. Without rows the digest goes as it is; None: it was made before, or nothing is left to
    be folded, and then nothing is changed.
    """
    left = _still_waiting(connection, rows)
    if rows and not left:
        return None
    key = alert_key(database, connection, told)
    uid = carrier_id(told, recipient)
    carrier = {
        "uid": uid,
        "alert_id": key,
        "watch": told.watch,
        "severity": highest(row.severity for row in left),
        "channel": recipient.channel,
        "address": recipient.address,
        "state": DeliveryState.WAITING,
        "note": f"tells {len(left)} together" if left else None,
        "due_at": min(left[0].due_at, now) if left else now,
        "not_before": now,
        "attempts": 0,
    }
    insert = database.insert(delivery).values(carrier).on_conflict_do_nothing().returning(delivery.c.id)
    if connection.execute(insert).scalar_one_or_none() is None:
        return None
    ids = [row.id for row in left]
    folded = {"state": DeliveryState.FOLDED, "folded_into": uid, "reason": f"told {_with(len(left) - 1)}in {uid}"}
    connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(folded))
    return uid


def _with(others: int) -> str:
    if not others:
        return ""
    return "with 1 other " if others == 1 else f"with {others} others "


def highest(severities: Iterable[str | None]) -> Severity | None:
    """The highest of them; None: there is none."""
    known = [Severity(one) for one in severities if one]
    return max(known, key=SEVERITIES.index, default=None)


def _still_waiting(connection: Connection, rows: Sequence[Found]) -> Sequence[Found]:
    """Those that nobody has folded, tried or ended meanwhile, in the order in which they were to go; they are ours now.

    What is said of the service itself has no development: it can't be told among them and goes by itself.
    """
    query = (
        select(delivery)
        .join(alert, alert.c.id == delivery.c.alert_id)
        .where(
            delivery.c.id.in_([row.id for row in rows]),
            delivery.c.state == DeliveryState.WAITING,
            delivery.c.message.is_(None),
            delivery.c.lease.is_(None),
            alert.c.development_id.is_not(None),
        )
        .order_by(delivery.c.due_at, delivery.c.id)
        .with_for_update(skip_locked=True, of=delivery)
    )
    return connection.execute(query).all() if rows else ()
