"""Everything that was judged, told or not, and how much of each: for "what did you keep from me?" and for metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from storywatch.core.corrections import in_words
from storywatch.core.model import ArticleId, DeliveryState, Label, WatchId
from storywatch.store.packing import unpack_reasons
from storywatch.store.said import load_all_said
from storywatch.store.tables import article, delivery, development, feed, tally, verdict
from storywatch.store.troubles import open_troubles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from storywatch.core.model import Correction
    from storywatch.core.troubles import Trouble
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One article in one story: what it was, and the evidence that weighed most, in words."""

    watch: str
    article: str
    url: str
    title: str
    lang: str
    outlet_name: str
    label: str
    score: float
    words: str
    judged_at: datetime
    feedback: str | None  # what the desk said of it, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts over everything that is kept."""

    judged: dict[tuple[str, str], int]  # by watch and verdict; what is kept no longer counts too
    developments: dict[tuple[str, str], int]  # by watch and severity
    deliveries: dict[tuple[str, str], int]  # by channel and state


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Is anything wrong, at a glance."""

    feeds: int  # in use
    read_at: datetime | None  # when a feed was last read
    dead_letters: int
    troubles: Sequence[Trouble] = ()  # that go on


@dataclass(frozen=True, slots=True)
class Ledger:
    """Reads of the verdicts, each of one moment."""

    database: Database

    def lines(self, *, watch: WatchId | None = None, label: Label | None = None, limit: int = 50) -> list[LedgerLine]:
        """What was judged, the last first."""
        query = _lines().order_by(verdict.c.id.desc()).limit(limit)
        if watch is not None:
            query = query.where(verdict.c.watch == watch)
        if label is not None:
            query = query.where(verdict.c.label == label)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
            said = load_all_said(connection, {row.watch for row in rows})
        return [_line(row, said[WatchId(row.watch)].get(ArticleId(row.uid))) for row in rows]

    def find_article(self, watch: WatchId, reference: str) -> str | None:
        """The id of a judged article, by itself or by the development that it broke in this story."""
        broke = and_(verdict.c.development == reference, verdict.c.label == Label.DEVELOPMENT)
        query = (
            select(article.c.uid)
            .join(verdict, verdict.c.article_id == article.c.id)
            .where(verdict.c.watch == watch, or_(article.c.uid == reference, broke))
        )
        with self.database.read() as connection:
            return connection.execute(query.limit(1)).scalar()

    def tally(self) -> Tally:
        """How much there is of everything."""
        with self.database.read() as connection:
            return Tally(
                judged=load_tally(connection),
                developments=_pairs(connection, development.c.watch, development.c.severity),
                deliveries=_pairs(connection, delivery.c.channel, delivery.c.state),
            )

    def pulse(self) -> Pulse:
        """How it stands."""
        feeds = select(func.count(), func.max(feed.c.succeeded_at)).where(feed.c.enabled)
        dead = select(func.count()).where(delivery.c.state == DeliveryState.DEAD)
        with self.database.read() as connection:
            in_use, read_at = connection.execute(feeds).one()
            dead_letters = connection.execute(dead).scalar_one()
            troubles = [one for one in open_troubles(connection) if one.clear_at is None]
        return Pulse(feeds=in_use, read_at=read_at, dead_letters=dead_letters, troubles=troubles)


def _lines() -> Query:
    return select(
        verdict.c.watch,
        verdict.c.label,
        verdict.c.score,
        verdict.c.reasons,
        verdict.c.match_reasons,
        verdict.c.judged_at,
        article.c.uid,
        article.c.url,
        article.c.title,
        article.c.lang,
        article.c.outlet_name,
    ).join(article, article.c.id == verdict.c.article_id)


def _line(row: Found, said: Correction | None) -> LedgerLine:
    asked = any(reason["name"] == "opinion" for reason in row.reasons)  # which also finds that it is another matter
    reasons = unpack_reasons(row.match_reasons if row.label == Label.OFF_TOPIC and not asked else row.reasons)
    strongest = max(reasons, key=lambda reason: abs(reason.pull), default=None)
    return LedgerLine(
        watch=row.watch,
        article=row.uid,
        url=row.url,
        title=row.title,
        lang=row.lang,
        outlet_name=row.outlet_name,
        label=row.label,
        score=row.score,
        words=strongest.words if strongest else "",
        judged_at=row.judged_at,
        feedback=in_words(said) if said else None,
    )


def load_tally(connection: Connection) -> dict[tuple[str, str], int]:
    """How many articles were ever judged, by watch and verdict."""
    rows = connection.execute(select(tally).order_by(tally.c.watch, tally.c.label))
    return {(row.watch, row.label): row.verdicts for row in rows}


def _pairs(connection: Connection, first: ColumnElement[str], second: ColumnElement[str]) -> dict[tuple[str, str], int]:
    rows = connection.execute(select(first, second, func.count()).group_by(first, second).order_by(first, second))
    return {(row[0], row[1]): row[2] for row in rows}
