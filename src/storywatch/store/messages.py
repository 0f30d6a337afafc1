"""What a delivery says, read from the database at the moment when it is rendered: the only moment, for it never changes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from storywatch.core.model import (
    Alert,
    AlertId,
    AlertKind,
    ArticleId,
    ChannelId,
    DeliveryId,
    DeliveryState,
    Development,
    DevelopmentId,
    DigestTidings,
    Doubt,
    Gist,
    Label,
    Recipient,
    Severity,
    Sign,
    Tidings,
    TroubleTidings,
    WatchId,
)
from storywatch.errors import Rejected
from storywatch.store.packing import unpack_new, unpack_reasons
from storywatch.store.reports import load_reports, report_of
from storywatch.store.said import load_all_said
from storywatch.store.tables import alert, article, delivery, development, verdict, watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from storywatch.core.model import Message
    from storywatch.store.tables import Found, Query

MOST_DOUBTS = 20
MOST_TOLD = 200
NOTHING_LEFT = "nothing is left of what it was to tell: the desk has withdrawn it"


def message_of(connection: Connection, row: Found, *, now: datetime) -> Message:
    """What the delivery of this row says, by the kind of its alert. Raises `Rejected` where nothing is left to say."""
    told = connection.execute(select(alert).where(alert.c.id == row.alert_id)).one()
    kind = AlertKind(told.kind)
    if kind is AlertKind.DIGEST:
        return _digest(connection, row, told, now=now)
    if kind in {AlertKind.TROUBLE, AlertKind.RECOVERED}:
        return TroubleTidings(
            alert=_alert(told),
            delivery=DeliveryId(row.uid),
            recipient=_recipient(row),
            signs=tuple(_sign(sign) for sign in told.detail.get("signs", ())),
            rendered_at=now,
        )
    return _tidings(connection, row, told, now=now)


def words_of(*reasons: list[dict[str, Any]]) -> tuple[str, ...]:
    """The evidence in words, each said once; not what would have turned the verdict."""
    told = (reason for some in reasons for reason in unpack_reasons(some) if reason.name != "turn")
    return tuple(dict.fromkeys(reason.words for reason in told))


# --------------------------------------------------------------------------- one development


def _tidings(connection: Connection, row: Found, told: Found, *, now: datetime) -> Tidings:
    broke = connection.execute(_developments().where(development.c.id == told.development_id)).one()
    why = connection.execute(
        select(verdict.c.reasons, verdict.c.match_reasons, verdict.c.score).where(
            verdict.c.article_id == broke.article_id, verdict.c.watch == broke.watch
        )
    ).one()
    return Tidings(
        alert=_alert(told, DevelopmentId(broke.uid)),
        delivery=DeliveryId(row.uid),
        recipient=_recipient(row),
        watch_name=broke.name or broke.watch,
        development=_development(broke),
        reports=load_reports(connection, [broke.uid])[broke.uid],
        why=words_of(why.reasons, why.match_reasons),
        score=why.score,
        rendered_at=now,
    )


def _developments() -> Query:
    """Developments with the name of their watch and the id of the article that broke them."""
    return (
        select(development, article.c.uid.label("article_uid"), watch.c.name)
        .join(article, article.c.id == development.c.article_id)
        .outerjoin(watch, watch.c.uid == development.c.watch)
    )


def _development(row: Found) -> Development:
    return Development(
        id=DevelopmentId(row.uid),
        watch=WatchId(row.watch),
        article=ArticleId(row.article_uid),
        headline=row.headline,
        lang=row.lang,
        severity=Severity(row.severity),
        first_seen_at=row.first_seen_at,
        new=unpack_new(row.new),
    )


def _alert(row: Found, broke: DevelopmentId | None = None) -> Alert:
    return Alert(
        id=AlertId(row.uid),
        watch=WatchId(row.watch) if row.watch else None,
        development=broke,
        kind=AlertKind(row.kind),
        created_at=row.created_at,
        held=row.held,
        detail=row.detail,
    )


def _recipient(row: Found) -> Recipient:
    return Recipient(channel=ChannelId(row.channel), address=row.address)


def _sign(sign: dict[str, Any]) -> Sign:
    ended_at = sign.get("ended_at")
    return Sign(
        subject=sign["subject"],
        words=sign["words"],
        since=datetime.fromisoformat(sign["since"]),
        ended_at=datetime.fromisoformat(ended_at) if ended_at else None,
    )


# --------------------------------------------------------------------------- several together


def _digest(connection: Connection, row: Found, told: Found, *, now: datetime) -> DigestTidings:
    detail = told.detail
    daily = detail["because"] == "digest"
    since, until = (datetime.fromisoformat(detail[key]) for key in ("since", "until"))
    watches = detail.get("watches", ())
    message = DigestTidings(
        alert=_alert(told),
        delivery=DeliveryId(row.uid),
        recipient=_recipient(row),
        gists=_gists(connection, delivery.c.folded_into == row.uid, delivery.c.due_at),
        told=_told(connection, row, watches, since=since, until=until) if daily else (),
        doubts=_doubts(connection, watches, since=since, until=until) if daily else (),
        rendered_at=now,
    )
    if not (message.gists or message.told or message.doubts):
        raise Rejected(NOTHING_LEFT)
    return message


def _told(
    connection: Connection, row: Found, watches: Sequence[str], *, since: datetime, until: datetime
) -> tuple[Gist, ...]:
    """What went to the same recipient, one by one, between two moments; the newest of very many."""
    sent = and_(
        delivery.c.state == DeliveryState.SENT,
        delivery.c.channel == row.channel,
        delivery.c.address == row.address,
        delivery.c.watch.in_(watches),
        delivery.c.sent_at > since,
        delivery.c.sent_at <= until,
        alert.c.kind != AlertKind.REMINDER,  # it says nothing that was not told
    )
    return _gists(connection, sent, delivery.c.sent_at, newest=MOST_TOLD)


def _gists(
    connection: Connection, which: ColumnElement[bool], order: ColumnElement[datetime], *, newest: int | None = None
) -> tuple[Gist, ...]:
    """The developments that some deliveries tell, in an order; of very many only so many of the newest are read."""
    query = (
        _developments()
        .add_columns(alert.c.kind.label("told_as"), alert.c.detail)
        .join(alert, alert.c.development_id == development.c.id)
        .join(delivery, delivery.c.alert_id == alert.c.id)
        .where(which)
    )
    if newest is None:
        rows = connection.execute(query.order_by(order, delivery.c.id)).all()
    else:
        rows = connection.execute(query.order_by(order.desc(), delivery.c.id.desc()).limit(newest)).all()[::-1]
    reports = load_reports(connection, [row.uid for row in rows])
    return tuple(
        Gist(
            watch=WatchId(row.watch),
            watch_name=row.name or row.watch,
            development=_development(row),
            reports=reports[row.uid],
            kind=AlertKind(row.told_as),
            words=row.detail.get("words"),
        )
        for row in rows
    )


def _doubts(connection: Connection, watches: Sequence[str], *, since: datetime, until: datetime) -> tuple[Doubt, ...]:
    """The articles of a period that may tell something new, the likeliest first; not those that the desk spoke of."""
    query = (
        select(article, verdict.c.watch, verdict.c.score, verdict.c.reasons, verdict.c.match_reasons, watch.c.name)
        .join(verdict, verdict.c.article_id == article.c.id)
        .outerjoin(watch, watch.c.uid == verdict.c.watch)
        .where(
            verdict.c.watch.in_(watches),
            verdict.c.label == Label.POSSIBLE,
            verdict.c.judged_at > since,
            verdict.c.judged_at <= until,
        )
        .order_by(verdict.c.score.desc(), verdict.c.id)
    )
    said = load_all_said(connection, watches)
    rows = [row for row in connection.execute(query) if ArticleId(row.uid) not in said[WatchId(row.watch)]]
    return tuple(
        Doubt(
            watch=WatchId(row.watch),
            watch_name=row.name or row.watch,
            article=ArticleId(row.uid),
            report=report_of(row),
            score=row.score,
            why=words_of(row.reasons, row.match_reasons),
        )
        for row in rows[:MOST_DOUBTS]
    )
