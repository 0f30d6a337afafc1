"""Who has taken notice of a development, as rows: one for each development, and the first one counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from storywatch.core.model import AlertKind, DeliveryState, DevelopmentId, WatchId
from storywatch.core.silences import LONGEST_WORDS
from storywatch.errors import StorywatchError
from storywatch.store.tables import acknowledgement, alert, delivery, development

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.store.engine import Database

FEWEST_SIGNS = 4  # of an id's beginning, so that a slip of the finger names nothing
MOST_NAMED = 5  # of several that a beginning fits
KIND = "dev_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Who took notice of a development, and when."""

    by: str | None
    at: datetime

    def in_words(self) -> str:
        """For people."""
        return f"acknowledged{f' by {self.by}' if self.by else ''} on {self.at:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A development as it is spoken of."""

    id: DevelopmentId
    watch: WatchId
    headline: str
    acknowledged: Acknowledged | None


@dataclass(frozen=True, slots=True)
class Acknowledgements:
    """Takes notice for all. Each method is one transaction."""

    database: Database

    def find(self, reference: str) -> Named:
        """A development by its id or the first signs of it, with or without `dev_`. Raises `StorywatchError`."""
        prefix = reference if reference.startswith(KIND) else KIND + reference
        query = select(development.c.id, development.c.uid).order_by(development.c.id.desc()).limit(MOST_NAMED)
        with self.database.read() as connection:
            found = (
                connection.execute(query.where(development.c.uid.startswith(prefix, autoescape=True))).all()
                if len(prefix) >= len(KIND) + FEWEST_SIGNS
                else []
            )
            if len(found) == 1:
                return _named(connection, found[0].uid)
        if found:
            message = f"{reference!r} is more than one development: {', '.join(row.uid for row in found)}; name one"
            raise StorywatchError(message)
        message = (
            f"no development {reference!r}: name its id, or the first {FEWEST_SIGNS} signs of it or more after {KIND}; "
            "`storywatch timeline WATCH --json` has the ids"
        )
        raise StorywatchError(message)

    def load(self, development_id: DevelopmentId) -> Named | None:
        """A development by its whole id; None: there is none."""
        with self.database.read() as connection:
            there = connection.execute(select(development.c.id).where(development.c.uid == development_id)).first()
            return None if there is None else _named(connection, development_id)

    def acknowledge(self, development_id: DevelopmentId, *, by: str | None, now: datetime) -> tuple[Acknowledged, bool]:
        """Somebody takes notice: nobody is reminded any more. What stands then, and whether it is this one.

        Reminders that wait and were not tried yet are not sent. Raises `StorywatchError` where there is no such
        development, or the name is none.
        """
        if by is not None and (len(by) > LONGEST_WORDS or not by.isprintable()):
            message = f"a name is one line of at most {LONGEST_WORDS} signs"
            raise StorywatchError(message)
        with self.database.write() as connection:
            key = connection.execute(select(development.c.id).where(development.c.uid == development_id)).scalar()
            if key is None:
                message = f"there is no development {development_id!r}"
                raise StorywatchError(message)
            insert = self.database.insert(acknowledgement).values(development_id=key, by=by, at=now)
            first = connection.execute(insert.on_conflict_do_nothing().returning(acknowledgement.c.id)).first()
            stands = load_acknowledged(connection, [key])[key]
            reminders = select(alert.c.id).where(alert.c.development_id == key, alert.c.kind == AlertKind.REMINDER)
            connection.execute(
                update(delivery)
                .where(
                    delivery.c.alert_id.in_(reminders),
                    delivery.c.state == DeliveryState.WAITING,
                    delivery.c.message.is_(None),
                    delivery.c.lease.is_(None),
                )
                .values(state=DeliveryState.MUTED, reason=stands.in_words())
            )
        return stands, first is not None


def load_acknowledged(connection: Connection, developments: Collection[int]) -> dict[int, Acknowledged]:
    """Of these developments, by their keys, those that were acknowledged."""
    query = select(acknowledgement).where(acknowledgement.c.development_id.in_(developments))
    return {row.development_id: Acknowledged(by=row.by, at=row.at) for row in connection.execute(query)}


def _named(connection: Connection, development_id: str) -> Named:
    row = connection.execute(select(development).where(development.c.uid == development_id)).one()
    return Named(
        id=DevelopmentId(row.uid),
        watch=WatchId(row.watch),
        headline=row.headline,
        acknowledged=load_acknowledged(connection, [row.id]).get(row.id),
    )
