"""What must not go yet though its moment has come, or not at all, or only together: looked at before anything is claimed.

A delivery whose message was rendered once is past all this: it may have been sent, and goes as it is.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, false, func, or_, select, update

from storywatch.core.alerting import SEVERITIES
from storywatch.core.model import Alert, AlertKind, DeliveryState, Hold, Recipient, Severity, WatchId
from storywatch.core.moments import next_digest, quiet_until, waits_for
from storywatch.core.silences import covering
from storywatch.store.alerts import silenced
from storywatch.store.folding import fold_rows, folded_alert_id
from storywatch.store.leases import is_free
from storywatch.store.receivers import load_stopped
from storywatch.store.silences import active_silences
from storywatch.store.tables import alert, delivery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from storywatch.core.alerting import ChannelRules
    from storywatch.core.model import ChannelId, Silence
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found, Query

BECAUSE = {Hold.SNOOZE: "snooze", Hold.QUIET: "quiet", Hold.DIGEST: "quiet", Hold.INTERVAL: "interval"}
TOGETHER = (Hold.QUIET, Hold.SNOOZE)  # what these held is told in one message, whatever story it is about


def hold_back(
    database: Database, connection: Connection, channel: ChannelId, rules: ChannelRules | None, *, now: datetime
) -> None:
    """Of a channel's deliveries whose moment has come: mute, end, postpone and fold those that are not to go by themselves."""
    _end_stopped(connection, channel, now=now)
    silences = active_silences(connection, at=now)
    if silences:
        _silence(connection, channel, silences, now=now)
    if rules is not None:
        _keep_for_digest(connection, channel, rules, now=now)
        _keep_quiet(connection, channel, rules, now=now)
        _keep_interval(connection, channel, rules, now=now)
    _fold(database, connection, channel, rules, now=now)


def is_due(channel: ChannelId, now: datetime) -> ColumnElement[bool]:
    """It waits, nobody works on it, and its moment has come."""
    return and_(
        delivery.c.state == DeliveryState.WAITING,
        delivery.c.channel == channel,
        delivery.c.not_before <= now,
        is_free(delivery, now),
    )


def waits_for_digest(rules: ChannelRules | None) -> ColumnElement[bool]:
    """It is told in the channel's next digest, and by nothing else. Without digests it goes with what was held."""
    if rules is None or rules.digest is None:
        return false()
    return and_(delivery.c.hold.is_not_distinct_from(Hold.DIGEST), delivery.c.message.is_(None))


def _untried(channel: ChannelId, now: datetime) -> ColumnElement[bool]:
    return and_(
        is_due(channel, now),
        delivery.c.message.is_(None),
        or_(delivery.c.hold.is_(None), delivery.c.hold != Hold.ASKED),
    )


def _end_stopped(connection: Connection, channel: ChannelId, *, now: datetime) -> None:
    """Whoever has refused for good gets nothing more; the rows say so, and how to try again."""
    for stopped in load_stopped(connection, channel):
        told = (
            f"{stopped.address} is stopped since {stopped.stopped_at:%Y-%m-%d %H:%M} UTC: {stopped.reason}; "
            f"`storywatch redeliver --channel {channel} --dead` tries again"
        )
        rows = and_(is_due(channel, now), delivery.c.address == stopped.address)
        connection.execute(update(delivery).where(rows).values(state=DeliveryState.DEAD, reason=told))


def _silence(connection: Connection, channel: ChannelId, silences: Sequence[Silence], *, now: datetime) -> None:
    watches = {silence.watch for silence in silences}
    query = (
        select(delivery, alert.c.kind)
        .join(alert, alert.c.id == delivery.c.alert_id)
        .where(_untried(channel, now), delivery.c.watch.in_(watches))
        .with_for_update(skip_locked=True, of=delivery)
    )
    for row in connection.execute(query).all():
        news = row.severity if row.kind == AlertKind.REPORTED else None
        found = covering(silences, WatchId(row.watch), _recipient(row), Severity(news) if news else None)
        if found is not None:
            connection.execute(update(delivery).where(delivery.c.id == row.id).values(silenced(found)))


def _keep_for_digest(connection: Connection, channel: ChannelId, rules: ChannelRules, *, now: datetime) -> None:
    """What a digest has left, for a reload moved its hour or it is not made yet, stands in nobody's way until the next one.

    A digest takes what was planned before its moment, wherever that stands in the line.
    """
    times = rules.digest
    if times is None:
        return
    moment = next_digest(times, now)
    left = and_(is_due(channel, now), waits_for_digest(rules))
    values = {"note": waits_for(times, moment), "due_at": moment, "not_before": moment}
    connection.execute(update(delivery).where(left).values(values))


def _keep_quiet(connection: Connection, channel: ChannelId, rules: ChannelRules, *, now: datetime) -> None:
    """What comes out of a snooze, an interval or a time in which nobody was at work may come in quiet hours."""
    quiet = rules.quiet_hours
    until = quiet_until(quiet, now) if quiet else None
    if quiet is None or until is None:
        return
    least = quiet.let_through
    passing = SEVERITIES[SEVERITIES.index(least) :] if least else ()
    held = and_(
        _untried(channel, now),
        ~waits_for_digest(rules),
        ~_tells_others(),
        or_(delivery.c.severity.is_(None), delivery.c.severity.not_in(passing)),
    )
    note = f"quiet hours until {quiet.end:%H:%M} ({quiet.timezone})"
    values = {"hold": Hold.QUIET, "note": note, "due_at": until, "not_before": until}
    connection.execute(update(delivery).where(held).values(values))


def _keep_interval(connection: Connection, channel: ChannelId, rules: ChannelRules, *, now: datetime) -> None:
    """A story that was told to a recipient a moment ago is told to it again only after the channel's interval."""
    interval = rules.min_interval
    if interval <= timedelta(0):
        return
    held = and_(
        _untried(channel, now),
        delivery.c.watch.is_not(None),
        or_(delivery.c.hold.is_(None), delivery.c.hold.in_((Hold.SETTLE, Hold.INTERVAL))),
        ~_tells_others(),
    )
    for row in connection.execute(_told_last(held, since=now - interval, until=now + interval)).all():
        this = and_(delivery.c.address == row.address, delivery.c.watch == row.watch)
        until = min(row.last, now) + interval
        note = f"the story was told at {row.last:%H:%M} UTC: waits until {until:%H:%M} UTC"
        values = {"hold": Hold.INTERVAL, "note": note, "due_at": until, "not_before": until}
        connection.execute(update(delivery).where(held, this).values(values))


def _told_last(held: ColumnElement[bool], *, since: datetime, until: datetime) -> Query:
    """Of the stories and recipients of these deliveries those that were told of between two moments, and when last.

    `until` lies ahead: a clock may have gone back a little. Of what is further ahead nobody knows when it was.
    """
    pairs = select(delivery.c.channel, delivery.c.address, delivery.c.watch).where(held).distinct().subquery()
    sent = delivery.alias("sent")
    return (
        select(pairs.c.address, pairs.c.watch, func.max(sent.c.sent_at).label("last"))
        .join(
            sent,
            and_(
                sent.c.state == DeliveryState.SENT,
                sent.c.channel == pairs.c.channel,
                sent.c.address == pairs.c.address,
                sent.c.watch == pairs.c.watch,
                sent.c.sent_at > since,
                sent.c.sent_at < until,
            ),
        )
        .group_by(pairs.c.address, pairs.c.watch)
    )


# --------------------------------------------------------------------------- folding


def _fold(
    database: Database, connection: Connection, channel: ChannelId, rules: ChannelRules | None, *, now: datetime
) -> None:
    """What was held and may go now is told together: of one story after an interval, of all after anything else."""
    query = (
        select(delivery, alert.c.created_at.label("planned_at"))
        .join(alert, alert.c.id == delivery.c.alert_id)
        .where(
            _untried(channel, now),
            delivery.c.hold.in_((*TOGETHER, Hold.INTERVAL, Hold.DIGEST)),
            ~waits_for_digest(rules),
            alert.c.development_id.is_not(None),
        )
        .order_by(delivery.c.due_at, delivery.c.id)
        .with_for_update(skip_locked=True, of=delivery)
    )
    groups: defaultdict[tuple[str, str | None], list[Found]] = defaultdict(list)
    for row in connection.execute(query):
        groups[row.address, row.watch if row.hold == Hold.INTERVAL else None].append(row)
    for held in groups.values():
        rows = [*held, *_settling(connection, held)]
        if len(rows) > 1:
            fold_rows(database, connection, _digest_of(rows, now=now), _recipient(rows[0]), rows, now=now)


def _settling(connection: Connection, rows: Sequence[Found]) -> Sequence[Found]:
    """What came of these stories just now, as the development that ended their snooze: it goes with what was held."""
    first, watches = rows[0], {row.watch for row in rows if row.hold == Hold.SNOOZE}
    if not watches:
        return ()
    query = (
        select(delivery, alert.c.created_at.label("planned_at"))
        .join(alert, alert.c.id == delivery.c.alert_id)
        .where(
            delivery.c.state == DeliveryState.WAITING,
            delivery.c.channel == first.channel,
            delivery.c.address == first.address,
            delivery.c.watch.in_(watches),
            or_(delivery.c.hold.is_(None), delivery.c.hold == Hold.SETTLE),
            delivery.c.message.is_(None),
            delivery.c.lease.is_(None),
            alert.c.development_id.is_not(None),
        )
        .with_for_update(skip_locked=True, of=delivery)
    )
    return connection.execute(query).all()


def _digest_of(rows: Sequence[Found], *, now: datetime) -> Alert:
    watches = {row.watch for row in rows}
    hold = Hold(rows[0].hold)
    since = min(row.planned_at for row in rows)
    detail: dict[str, Any] = {"because": BECAUSE[hold], "since": since.isoformat(), "until": now.isoformat()}
    if hold is Hold.INTERVAL:
        detail["words"] = f"{len(rows)} more in this story"
    return Alert(
        id=folded_alert_id(rows),
        watch=WatchId(rows[0].watch) if len(watches) == 1 else None,
        development=None,
        kind=AlertKind.DIGEST,
        created_at=now,
        detail=detail,
    )


def _tells_others() -> ColumnElement[bool]:
    """It is a digest: it was held already, or has its own moment."""
    kind = select(alert.c.id).where(alert.c.id == delivery.c.alert_id, alert.c.kind == AlertKind.DIGEST)
    return kind.exists()


def _recipient(row: Found) -> Recipient:
    return Recipient(channel=row.channel, address=row.address)
