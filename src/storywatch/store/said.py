"""What the desk said and did not take back: for everything that reads verdicts and developments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from storywatch.core.corrections import development_id
from storywatch.core.model import ArticleId, Correction, DevelopmentId, FeedbackKind, WatchId
from storywatch.store.tables import article, feedback

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.store.tables import Found


def load_said(connection: Connection, watch: WatchId | str) -> dict[ArticleId, Correction]:
    """What holds in one watch: the last thing said of each article."""
    return load_all_said(connection, [watch])[WatchId(watch)]


def load_all_said(
    connection: Connection, watches: Collection[WatchId | str]
) -> dict[WatchId, dict[ArticleId, Correction]]:
    """What holds in each of these watches."""
    query = (
        select(feedback, article.c.uid)
        .join(article, article.c.id == feedback.c.article_id)
        .where(feedback.c.watch.in_(list(watches)), feedback.c.undone_at.is_(None))
        .order_by(feedback.c.id)
    )
    found: dict[WatchId, dict[ArticleId, Correction]] = {WatchId(watch): {} for watch in watches}
    for row in connection.execute(query):
        found[WatchId(row.watch)][ArticleId(row.uid)] = _correction(row)
    return found


def load_taken_back(
    connection: Connection, watches: Collection[WatchId | str]
) -> dict[DevelopmentId, tuple[Correction, datetime]]:
    """Developments that the desk made and unmade, with what it said last and when it took that back; some may be made anew."""
    query = (
        select(feedback, article.c.uid)
        .join(article, article.c.id == feedback.c.article_id)
        .where(
            feedback.c.watch.in_(list(watches)),
            feedback.c.kind == FeedbackKind.NEW,
            feedback.c.undone_at.is_not(None),
        )
        .order_by(feedback.c.id)
    )
    return {
        development_id(WatchId(row.watch), ArticleId(row.uid)): (_correction(row), row.undone_at)
        for row in connection.execute(query)
    }


def load_revisions(connection: Connection) -> dict[WatchId, int]:
    """For each watch a number that grows with everything that is said or undone; a watch of which nothing was is missing."""
    counted = func.max(feedback.c.id) + func.count(feedback.c.undone_at)
    rows = connection.execute(select(feedback.c.watch, counted.label("revision")).group_by(feedback.c.watch))
    return {WatchId(row.watch): row.revision for row in rows}


def _correction(row: Found) -> Correction:
    return Correction(
        article=ArticleId(row.uid),
        kind=FeedbackKind(row.kind),
        development=row.development and DevelopmentId(row.development),
        off_topic=row.off_topic,
        given_at=row.given_at,
        by=row.given_by,
    )
