"""Silences as rows: which stories are not to be told of for now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from storywatch.core.model import ChannelId, Recipient, Silence, SilenceKind, WatchId
from storywatch.store.tables import silence

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.store.tables import Found


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
