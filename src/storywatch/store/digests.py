"""Daily and weekly digests as rows: what waited for one, told together with what is doubtful, once for each moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from storywatch.core.model import (
    AlertKind,
    ArticleId,
    ChannelId,
    DeliveryState,
    Hold,
    Label,
    Recipient,
    Severity,
    WatchId,
)
from storywatch.core.moments import last_digest, plan_digest
from storywatch.core.silences import covering
from storywatch.store.alerts import record_alert, silenced
from storywatch.store.engine import DELIVERIES
from storywatch.store.folding import fold_rows
from storywatch.store.said import load_all_said
from storywatch.store.silences import active_silences
from storywatch.store.tables import alert, article, delivery, verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from storywatch.core.model import Alert, DeliveryId, Silence
    from storywatch.ports import Desk
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found


@dataclass(slots=True)
class Digests:
    """Implements `ports.Announcement`: the last digest that is due, for each channel that has them.

    What was missed while nothing ran is told in one. A digest with nothing to tell is not sent, and its alert says so;
    nor is the first one, whose moment was before there were any, unless something waits for it.
    """

    database: Database
    desk: Desk
    done: dict[ChannelId, datetime] = field(default_factory=dict)  # moments that need not be looked at again

    def announce(self, *, now: datetime) -> list[DeliveryId]:
        """The deliveries of the digests that are due. Most of the time there are none, and no database is asked."""
        desk = replace(self.desk)  # a reload may come meanwhile
        moments = {
            channel: last_digest(rules.digest, now) for channel, rules in desk.rules.items() if rules.digest is not None
        }
        due = {channel: moment for channel, moment in moments.items() if self.done.get(channel) != moment}
        if not due:
            return []
        with self.database.write() as connection:
            self.database.lock(connection, DELIVERIES)
            silences = active_silences(connection, at=now)
            making = Making(self.database, connection, desk, silences, now)
            new = [uid for channel, moment in due.items() for uid in making.digest(channel, moment)]
        self.done |= due  # only now: what was not committed is looked at again
        return new


@dataclass(frozen=True, slots=True)
class Making:
    """The making of digests within one transaction."""

    database: Database
    connection: Connection
    desk: Desk
    silences: Sequence[Silence]
    now: datetime

    def digest(self, channel: ChannelId, moment: datetime) -> list[DeliveryId]:
        """One channel's digest of a moment, to each recipient who has something to read in it."""
        rules = self.desk.rules[channel]
        assert rules.digest is not None
        last = _last_until(self.connection, channel, now=self.now)
        if last is not None and last >= moment:
            return []
        held = _held(self.connection, channel, self.silences, before=moment)
        since = last or moment - rules.digest.period
        watches = self._watches(channel)
        told = plan_digest(channel, rules.digest, moment, since=since, watches=watches, now=self.now)
        if last is None and not held:
            return self._nothing(told, "it was due before there were digests: the next one is the first")
        doubtful = _has_doubts(self.connection, watches, since=since, until=moment)
        new = []
        for address in dict.fromkeys((*rules.recipients, *held)):
            to, rows = Recipient(channel=channel, address=address), held.get(address, ())
            if rows or doubtful or _was_told(self.connection, to, watches, since=since, until=moment):
                new.append(fold_rows(self.database, self.connection, told, to, rows, now=self.now))
        return [uid for uid in new if uid is not None] or self._nothing(told, "nothing to tell")

    def _watches(self, channel: ChannelId) -> tuple[WatchId, ...]:
        """The stories that are told on a channel and not silenced for all."""
        silent = {silence.watch for silence in self.silences if silence.recipient is None}
        return tuple(watch.id for watch in self.desk.watches if channel in watch.channels and watch.id not in silent)

    def _nothing(self, told: Alert, why: str) -> list[DeliveryId]:
        """The digest is not sent, and that is kept: the next one tells what is new since this moment."""
        return record_alert(self.database, self.connection, replace(told, held=why), ())


def _held(
    connection: Connection, channel: ChannelId, silences: Sequence[Silence], *, before: datetime
) -> dict[str, list[Found]]:
    """What waits for a digest on a channel, by recipient: what was planned before a moment, whatever its digest was then.

    A story that was silenced meanwhile is told otherwise, or not at all: its rows say so and are left out.
    """
    query = (
        select(delivery, alert.c.kind)
        .join(alert, alert.c.id == delivery.c.alert_id)
        .where(
            delivery.c.channel == channel,
            delivery.c.state == DeliveryState.WAITING,
            delivery.c.hold == Hold.DIGEST,
            delivery.c.lease.is_(None),
            alert.c.created_at < before,
        )
        .order_by(delivery.c.due_at, delivery.c.id)
    )
    held: dict[str, list[Found]] = {}
    for row in connection.execute(query).all():
        recipient = Recipient(channel=channel, address=row.address)
        news = row.severity if row.kind == AlertKind.REPORTED else None
        silence = covering(silences, WatchId(row.watch), recipient, Severity(news) if news else None)
        if silence is None:
            held.setdefault(row.address, []).append(row)
        else:
            connection.execute(update(delivery).where(delivery.c.id == row.id).values(silenced(silence)))
    return held


def _last_until(connection: Connection, channel: ChannelId, *, now: datetime) -> datetime | None:
    """Up to when the channel's last digest tells, sent or not."""
    query = (
        select(alert.c.detail)
        .where(
            alert.c.kind == AlertKind.DIGEST,
            alert.c.created_at <= now,  # where a clock was set back, what it then showed does not count
            alert.c.detail["because"].as_string() == "digest",
            alert.c.detail["channel"].as_string() == channel,
        )
        .order_by(alert.c.id.desc())
        .limit(1)
    )
    detail = connection.execute(query).scalar_one_or_none()
    return None if detail is None else datetime.fromisoformat(detail["until"])


def _was_told(
    connection: Connection, recipient: Recipient, watches: Collection[WatchId], *, since: datetime, until: datetime
) -> bool:
    """Was the recipient told of a development at once, between two moments?"""
    query = (
        select(delivery.c.id)
        .join(alert, alert.c.id == delivery.c.alert_id)
        .where(
            delivery.c.state == DeliveryState.SENT,
            delivery.c.channel == recipient.channel,
            delivery.c.address == recipient.address,
            delivery.c.watch.in_(watches),
            delivery.c.sent_at > since,
            delivery.c.sent_at <= until,
            alert.c.development_id.is_not(None),
        )
        .limit(1)
    )
    return connection.execute(query).first() is not None


def _has_doubts(connection: Connection, watches: Collection[WatchId], *, since: datetime, until: datetime) -> bool:
    """Is there an article of a period that may tell something new, and of which the desk has said nothing?"""
    query = (
        select(article.c.uid, verdict.c.watch)
        .join(article, article.c.id == verdict.c.article_id)
        .where(
            verdict.c.watch.in_(watches),
            verdict.c.label == Label.POSSIBLE,
            verdict.c.judged_at > since,
            verdict.c.judged_at <= until,
        )
    )
    said = load_all_said(connection, watches)
    return any(ArticleId(row.uid) not in said[WatchId(row.watch)] for row in connection.execute(query))
