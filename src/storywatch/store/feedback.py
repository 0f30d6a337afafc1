"""What the desk said, as rows, and with it what follows for developments and deliveries; each method is one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, or_, select, update

from storywatch.core.corrections import Case, check_correction, label_after, moved_by, standing
from storywatch.core.followups import Level
from storywatch.core.model import (
    AlertKind,
    ArticleId,
    Correction,
    DeliveryState,
    DevelopmentId,
    FeedbackKind,
    Label,
    Severity,
    WatchId,
)
from storywatch.core.urls import url_key
from storywatch.errors import StorywatchError
from storywatch.store.addresses import load_article_keys
from storywatch.store.engine import DELIVERIES
from storywatch.store.judgements import Pen
from storywatch.store.packing import unpack_new
from storywatch.store.said import load_said
from storywatch.store.tables import alert, article, delivery, development, entry, feedback, known_sentence, verdict
from storywatch.store.vectors import article_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from storywatch.core.model import Alert, Development, PlannedDelivery, Sentence
    from storywatch.ports import Waker
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found, Query

WITHDRAWN = "withdrawn by the desk"
TAKEN_BACK = "the desk has taken that back"
FEWEST_SIGNS = 4  # of a prefix, so that a slip of the finger names nothing
MOST_NAMED = 5  # of several that a prefix fits


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackLine:
    """One thing that the desk said, with the article it is about. `holds`: not undone, and nothing was said after it."""

    watch: str
    article: str
    title: str
    url: str
    verdict: str
    feedback: str
    development: str | None
    off_topic: bool
    given_at: datetime
    by: str | None
    undone_at: datetime | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Feedback:
    """Implements `ports.Feedback`. The waker is given the driver's own connection, in the transaction."""

    database: Database
    waker: Waker

    def find_case(self, watch: WatchId, reference: str) -> Case:
        """A judged article by its id, a prefix of it, or its address. Raises `StorywatchError` with the way out."""
        with self.database.read() as connection:
            found = _find_articles(connection, reference)
            judged = [row for row in found if _verdict_on(connection, watch, row.id) is not None]
            if not judged:
                raise StorywatchError(_why_not_found(connection, watch, reference, found))
            if len(judged) > 1:
                named = ", ".join(row.uid for row in judged[:MOST_NAMED])
                message = f"{reference!r} is more than one article: {named}; name one of them"
                raise StorywatchError(message)
            said = load_said(connection, watch)
            return _case(watch, judged[0], _verdict_on(connection, watch, judged[0].id), said)

    def find_development(self, watch: WatchId, reference: str) -> DevelopmentId:
        """A development of the watch that stands, by its id or a prefix of it. Raises `StorywatchError`."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(development.c.uid, development.c.watch, article.c.uid.label("article"), verdict.c.label)
                .join(article, article.c.id == development.c.article_id)
                .join(verdict, and_(verdict.c.article_id == article.c.id, verdict.c.watch == development.c.watch))
                .where(_begins(development.c.uid, reference, "dev_"))
            ).all()
            said = load_said(connection, watch)
        own = [row for row in rows if row.watch == watch]
        if len(own) > 1:
            named = ", ".join(row.uid for row in own[:MOST_NAMED])
            message = f"{reference!r} is more than one development: {named}; name one of them"
            raise StorywatchError(message)
        if not own and rows:
            message = f"{rows[0].uid} is a development of the watch {rows[0].watch!r}, not of {watch!r}"
            raise StorywatchError(message)
        if not own:
            message = f"no development {reference!r} in {watch!r}; `storywatch timeline {watch} --json` has their ids"
            raise StorywatchError(message)
        found = DevelopmentId(own[0].uid)
        if label_after(Label(own[0].label), said.get(ArticleId(own[0].article))) is not Label.DEVELOPMENT:
            moved = moved_by(watch, said.values())
            instead = standing(found, moved) if found in moved else None
            message = f"{found} was withdrawn" + (f"; it is the same as {instead}" if instead else "")
            raise StorywatchError(message)
        return found

    def list_feedback(self, watch: WatchId) -> list[FeedbackLine]:
        """Everything that was said, the last first, what was undone too."""
        query = (
            select(feedback, article.c.uid, article.c.title, article.c.url, verdict.c.label)
            .join(article, article.c.id == feedback.c.article_id)
            .join(verdict, and_(verdict.c.article_id == article.c.id, verdict.c.watch == feedback.c.watch))
            .where(feedback.c.watch == watch)
            .order_by(feedback.c.id.desc())
        )
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        last: dict[str, int] = {}
        for row in rows:
            if row.undone_at is None:
                last.setdefault(row.uid, row.id)
        return [_line(row, holds=last.get(row.uid) == row.id) for row in rows]

    def record_feedback(
        self,
        case: Case,
        said: Correction,
        *,
        sentences: Sequence[Sentence] = (),
        encoder: str,
        told: Development | None = None,
        alert: Alert | None = None,
        deliveries: Sequence[PlannedDelivery] = (),
    ) -> None:
        """What was said, and what follows: a development made or withdrawn, its alert and deliveries, together.

        `sentences` are those of an article that was off-topic and is to be known from now on. A withdrawn
        development's deliveries that nobody tried to send are stopped. Raises `StorywatchError` where something
        was said since the case was looked up, and this makes no sense after it.
        """
        with self.database.write() as connection:
            self.database.lock(connection, DELIVERIES)
            key = _hold(connection, case)
            check_correction(replace(case, answer=load_said(connection, case.watch).get(case.article.id)), said)
            connection.execute(
                self.database.insert(feedback).values(
                    watch=case.watch,
                    article_id=key,
                    kind=said.kind,
                    off_topic=said.off_topic,
                    development=said.development,
                    given_at=said.given_at,
                    given_by=said.by,
                )
            )
            pen = Pen(self.database, connection)
            if sentences and not _knows(connection, case.watch, key, encoder):
                pen.sentences(case.watch, key, sentences, lang=case.article.lang, encoder=encoder)
            planned = pen.told(told, alert, deliveries, article_id=key)
            _settle(connection, case)
            if planned:
                self.waker.wake(connection.connection.driver_connection, planned)

    def undo_feedback(self, case: Case, *, now: datetime) -> Correction:
        """Take back what was said last of an article: what was said before it, or the verdict, holds again."""
        held = (
            select(feedback.c.id)
            .join(article, article.c.id == feedback.c.article_id)
            .where(feedback.c.watch == case.watch, article.c.uid == case.article.id, feedback.c.undone_at.is_(None))
            .order_by(feedback.c.id.desc())
            .limit(1)
        )
        with self.database.write() as connection:
            self.database.lock(connection, DELIVERIES)
            undone = load_said(connection, case.watch).get(case.article.id)
            if undone is None:
                message = f"nothing was said of {case.article.id} in {case.watch!r} that could be undone"
                raise StorywatchError(message)
            key = connection.execute(held).scalar_one()
            connection.execute(update(feedback).where(feedback.c.id == key).values(undone_at=now))
            _settle(connection, case)
        return undone


def _hold(connection: Connection, case: Case) -> int:
    """The article's row, kept from whoever else corrects it until the transaction ends: SQLite has one writer anyway."""
    query = select(article.c.id).where(article.c.uid == case.article.id).with_for_update(key_share=True)
    key: int = connection.execute(query).scalar_one()
    return key


def _settle(connection: Connection, case: Case) -> None:
    """Bring the article's own development in line with what holds now; alerts that were sent stay sent."""
    said = load_said(connection, case.watch).get(case.article.id)
    own = connection.execute(select(development.c.id).where(development.c.uid == case.development)).scalar()
    if own is None:
        return
    alerts = select(alert.c.id).where(alert.c.development_id == own)
    news = alerts.where(alert.c.kind != AlertKind.CORRECTED)
    corrections = alerts.where(
        alert.c.kind == AlertKind.CORRECTED, alert.c.detail["level"].as_string() == Level.DESK.value
    )
    stands = said.kind is FeedbackKind.NEW if said else case.verdict is Label.DEVELOPMENT
    if stands:
        _stop(connection, corrections, TAKEN_BACK)
        _go_on(connection, news, WITHDRAWN)
        return
    _stop(connection, news, WITHDRAWN)
    _go_on(connection, corrections, TAKEN_BACK)
    if case.verdict is not Label.DEVELOPMENT and connection.execute(alerts.limit(1)).first() is None:
        connection.execute(delete(development).where(development.c.id == own))  # made by the desk, told to nobody


def _stop(connection: Connection, alerts: Query, reason: str) -> None:
    """What nobody tried to send of these alerts is not sent, nor told by a message that is not made yet."""
    these = delivery.c.alert_id.in_(alerts)
    untried = and_(delivery.c.state == DeliveryState.WAITING, delivery.c.message.is_(None), delivery.c.lease.is_(None))
    stopped = {"state": DeliveryState.DEAD, "reason": reason, "folded_into": None}
    told_in = select(delivery.c.folded_into).where(these, delivery.c.folded_into.is_not(None))
    carriers = select(delivery.c.uid).where(untried, delivery.c.uid.in_(told_in)).with_for_update(skip_locked=True)
    unmade = connection.execute(carriers).scalars().all()
    connection.execute(update(delivery).where(these, untried).values(stopped))
    connection.execute(update(delivery).where(these, delivery.c.folded_into.in_(unmade)).values(stopped))


def _go_on(connection: Connection, alerts: Query, reason: str) -> None:
    """What was stopped for this reason waits again."""
    stopped = and_(delivery.c.state == DeliveryState.DEAD, delivery.c.reason == reason, delivery.c.message.is_(None))
    these = delivery.c.alert_id.in_(alerts)
    connection.execute(update(delivery).where(these, stopped).values(state=DeliveryState.WAITING, reason=None))


def _find_articles(connection: Connection, reference: str) -> Sequence[Found]:
    if reference.startswith(("http://", "https://")):
        key = url_key(reference)
        keys = {key, *load_article_keys(connection, (key,)).values()}
        these = or_(article.c.url == reference, article.c.url_key.in_(keys))
    else:
        these = _begins(article.c.uid, reference, "art_")
    return connection.execute(select(article).where(these).order_by(article.c.id.desc()).limit(100)).all()


def _begins(column: Any, reference: str, kind: str) -> ColumnElement[bool]:
    """An id in full, or its first signs, with or without its kind; too few name nothing."""
    prefix = reference if reference.startswith(kind) else kind + reference
    long_enough = len(prefix) >= len(kind) + FEWEST_SIGNS
    begins: ColumnElement[bool] = column.startswith(prefix, autoescape=True) if long_enough else column == reference
    return begins


def _verdict_on(connection: Connection, watch: WatchId, key: int) -> Found | None:
    return connection.execute(
        select(verdict).where(verdict.c.watch == watch, verdict.c.article_id == key)
    ).one_or_none()


def _why_not_found(connection: Connection, watch: WatchId, reference: str, found: Sequence[Found]) -> str:
    if found:
        keys = [row.id for row in found]
        others = connection.execute(
            select(verdict.c.watch).distinct().where(verdict.c.article_id.in_(keys)).order_by(verdict.c.watch)
        ).scalars()
        return f"{reference!r} was not judged in {watch!r}, only in: {', '.join(others) or 'none'}"
    key = url_key(reference) if reference.startswith(("http://", "https://")) else reference
    listed = connection.execute(
        select(entry.c.state, entry.c.note)
        .where(or_(entry.c.url == reference, entry.c.url_key == key))
        .order_by(entry.c.id.desc())
        .limit(1)
    ).first()
    if listed is not None:
        note = f" ({listed.note})" if listed.note else ""
        return (
            f"{reference!r} was listed but never judged: {listed.state}{note}; only what was judged can be corrected. "
            "Where it belongs to the story, add its text to the watch's seeds or a word of it to `any`"
        )
    return (
        f"no article {reference!r}: name its address, or its id or the first {FEWEST_SIGNS} signs of it after art_; "
        f"`storywatch explain` and the ledger on the page have them"
    )


def _case(watch: WatchId, row: Found, judged: Found | None, said: dict[ArticleId, Correction]) -> Case:
    assert judged is not None
    return Case(
        watch=watch,
        article=article_of(row),
        verdict=Label(judged.label),
        severity=judged.severity and Severity(judged.severity),
        score=judged.score,
        new=unpack_new(judged.new),
        judged_at=judged.judged_at,
        answer=said.get(ArticleId(row.uid)),
    )


def _knows(connection: Connection, watch: WatchId, key: int, encoder: str) -> bool:
    these = (
        select(func.count())
        .select_from(known_sentence)
        .where(known_sentence.c.watch == watch, known_sentence.c.article_id == key, known_sentence.c.encoder == encoder)
    )
    return bool(connection.execute(these).scalar_one())


def _line(row: Found, *, holds: bool) -> FeedbackLine:
    return FeedbackLine(
        watch=row.watch,
        article=row.uid,
        title=row.title,
        url=row.url,
        verdict=row.label,
        feedback=row.kind,
        development=row.development,
        off_topic=row.off_topic,
        given_at=row.given_at,
        by=row.given_by,
        undone_at=row.undone_at,
        holds=holds,
    )
