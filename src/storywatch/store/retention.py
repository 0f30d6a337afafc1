"""What is kept no longer is dropped, a little at a time: each call is one short transaction.

A mark says where to go on. Who begins anew finds less to do; what two drop at once is dropped once.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, func, or_, select, tuple_

from storywatch.core.cadence import HABIT
from storywatch.core.level import FLOW
from storywatch.core.model import EntryState, Label
from storywatch.core.retention import OFF_THE_LIST, Mark, Stretch
from storywatch.store.tables import (
    article,
    article_address,
    development,
    entry,
    feed,
    feedback,
    known_sentence,
    revisit,
    verdict,
    watch,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.store.engine import Database
    from storywatch.store.tables import Found, Query

ARTICLES_AT_ONCE = 50
ENTRIES_AT_ONCE = 150
FEEDS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Shelves:
    """Implements `ports.Shelves`."""

    database: Database

    def load_floors(self) -> dict[str, int]:
        """By watch the oldest verdict of which its base rate is taken; 0 where all of them are."""
        with self.database.read() as connection:
            watches = connection.execute(select(watch.c.uid)).scalars()
            return {uid: connection.execute(_floor(uid)).scalar() or 0 for uid in watches.all()}

    def drop_articles(self, mark: Mark, *, before: datetime, floors: Mapping[str, int]) -> Stretch:
        """Drop some of the articles that were seen before a moment and are about no story, with their verdicts.

        Kept is what a story rests on, and each version of an article of which one is kept: what is about a story by
        verdict, what the desk has spoken of, what broke a development, what sentences are known from, and the newest
        verdicts of a watch, from which its base rate is taken.
        """
        with self.database.write() as connection:
            page = connection.execute(_old_articles(mark, before)).all()
            if not page:
                return Stretch(dropped=0, mark=None)
            doomed = _doomed(connection, {row.url_key for row in page}, before=before, floors=floors)
            _drop_articles(connection, doomed)
            ended = len(page) < ARTICLES_AT_ONCE
            last = page[-1]
            return Stretch(dropped=len(doomed), mark=None if ended else Mark(at=last.seen_at, key=last.id))

    def drop_entries(self, mark: Mark, *, before: datetime) -> Stretch:
        """Drop some of the entries that were seen before a moment, lead to no article and are listed no more.

        A feed that has given no list since this is noted keeps all; each keeps those of which its habit is taken.
        """
        dropped, looked_at = 0, 0
        with self.database.write() as connection:
            for _ in range(FEEDS_AT_ONCE):
                row = connection.execute(_next_feed(mark)).first()
                if row is None:
                    return Stretch(dropped=dropped, mark=None)
                until = min(before, row.listed_at - OFF_THE_LIST)
                page = connection.execute(_old_entries(row.id, mark, until)).all()
                dropped += _drop_entries(connection, row.id, page)
                looked_at += len(page)
                if len(page) == ENTRIES_AT_ONCE:
                    mark = Mark(feed=row.id, at=page[-1].seen_at, key=page[-1].id)
                else:
                    mark = Mark(feed=row.id + 1)
                if looked_at >= ENTRIES_AT_ONCE:
                    break
        return Stretch(dropped=dropped, mark=mark)


# ---------------------------------------------------------------------- articles


def _floor(uid: str) -> Query:
    return select(verdict.c.id).where(verdict.c.watch == uid).order_by(verdict.c.id.desc()).offset(FLOW - 1).limit(1)


def _old_articles(mark: Mark, before: datetime) -> Query:
    order = (article.c.seen_at, article.c.id)
    query = select(article.c.id, article.c.url_key, article.c.seen_at).where(article.c.seen_at < before)
    if mark.at is not None:
        query = query.where(article.c.seen_at >= mark.at, tuple_(*order) > tuple_(mark.at, mark.key))
    return query.order_by(*order).limit(ARTICLES_AT_ONCE)


def _doomed(
    connection: Connection, keys: Collection[str], *, before: datetime, floors: Mapping[str, int]
) -> list[Found]:
    """Of the articles of these keys those of which no version is to be kept. Locked first, then looked at."""
    versions: defaultdict[str, list[Found]] = defaultdict(list)
    query = select(article.c.id, article.c.url_key, article.c.seen_at).where(article.c.url_key.in_(keys))
    for row in connection.execute(query.order_by(article.c.id).with_for_update()):
        versions[row.url_key].append(row)
    old = {key: rows for key, rows in versions.items() if all(row.seen_at < before for row in rows)}
    kept = _kept(connection, [row.id for rows in old.values() for row in rows], floors)
    return [row for rows in old.values() if kept.isdisjoint(row.id for row in rows) for row in rows]


def _kept(connection: Connection, articles: Sequence[int], floors: Mapping[str, int]) -> set[int]:
    verdicts = connection.execute(
        select(verdict.c.id, verdict.c.article_id, verdict.c.watch, verdict.c.label).where(
            verdict.c.article_id.in_(articles)
        )
    )
    kept = {
        int(row.article_id) for row in verdicts if row.label != Label.OFF_TOPIC or row.id >= floors.get(row.watch, 0)
    }
    for table in (development, feedback, known_sentence):
        of_articles = select(table.c.article_id).where(table.c.article_id.in_(articles)).distinct()
        kept |= set(connection.execute(of_articles).scalars())
    return kept


def _drop_articles(connection: Connection, doomed: Sequence[Found]) -> None:
    if not doomed:
        return
    ids = [row.id for row in doomed]
    connection.execute(delete(verdict).where(verdict.c.article_id.in_(ids)))
    connection.execute(
        delete(article_address).where(article_address.c.article_key.in_({row.url_key for row in doomed}))
    )
    connection.execute(delete(article).where(article.c.id.in_(ids)))


# ---------------------------------------------------------------------- entries


def _next_feed(mark: Mark) -> Query:
    """The first feed from the mark on that has given a list."""
    query = select(feed.c.id, feed.c.listed_at).where(feed.c.id >= mark.feed, feed.c.listed_at.is_not(None))
    return query.order_by(feed.c.id).limit(1)


def _old_entries(feed_id: int, mark: Mark, until: datetime) -> Query:
    """With each, whether anything holds it."""
    order = (entry.c.seen_at, entry.c.id)
    of_article = exists().where(article.c.uid == entry.c.article)
    of_visit = exists().where(revisit.c.entry_id == entry.c.id)
    free = and_(
        entry.c.state != EntryState.WAITING,
        entry.c.lease.is_(None),
        func.coalesce(entry.c.listed_at, entry.c.seen_at) < until,
        or_(entry.c.article.is_(None), ~of_article),
        ~of_visit,
    )
    query = select(entry.c.id, entry.c.seen_at, free.label("free")).where(
        entry.c.feed_id == feed_id, entry.c.seen_at < until
    )
    if mark.at is not None and mark.feed == feed_id:
        query = query.where(entry.c.seen_at >= mark.at, tuple_(*order) > tuple_(mark.at, mark.key))
    return query.order_by(*order).limit(ENTRIES_AT_ONCE)


def _drop_entries(connection: Connection, feed_id: int, page: Sequence[Found]) -> int:
    free = [row for row in page if row.free]
    if not free:
        return 0
    newest = select(entry.c.id, entry.c.seen_at).where(entry.c.feed_id == feed_id)
    habit = connection.execute(newest.order_by(entry.c.seen_at.desc(), entry.c.id.desc()).limit(HABIT)).all()[-1]
    doomed = [row.id for row in free if (row.seen_at, row.id) < (habit.seen_at, habit.id)]
    if doomed:
        connection.execute(delete(entry).where(entry.c.id.in_(doomed)))
    return len(doomed)
