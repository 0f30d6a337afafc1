"""Later visits to the pages of articles, and the bytes that were judged, as rows."""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from storywatch.core.ids import digest
from storywatch.core.model import ArticleId, Entry, FeedId, Label, PageState, RawPage, Validators
from storywatch.core.revisits import AFRESH_EVERY, NONE, Visit, amendment_of, first_at, plan_next
from storywatch.core.versions import Version, what_changed
from storywatch.store import tables
from storywatch.store.leases import claim_rows, give_back, is_free
from storywatch.store.packing import unpack_paragraphs
from storywatch.store.tables import feed_notice, raw_page, revisit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from storywatch.core.model import Article, Judged
    from storywatch.core.revisits import Amendment, VisitPlan
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found

MOST_VERSIONS = 12  # of one article that a new one is compared with: the first, and the newest
DROPPED_AT_ONCE = 200  # raw pages of one transaction


@dataclass(frozen=True, slots=True)
class Revisits:
    """Implements `ports.Revisits`."""

    database: Database

    def claim_revisits(self, *, now: datetime, limit: int, lease: timedelta) -> list[Visit]:
        """Up to `limit` pages that are due to be looked at again, the longest overdue first."""
        due = (
            select(
                revisit,
                tables.entry.c.title.label("entry_title"),
                tables.entry.c.url.label("entry_url"),
                tables.entry.c.summary,
                tables.entry.c.published_at,
                tables.entry.c.url_key.label("entry_key"),
                tables.feed.c.uid.label("feed"),
                tables.feed.c.owner,
                tables.feed.c.lang,
                tables.feed.c.title.label("feed_title"),
            )
            .join(tables.entry, tables.entry.c.id == revisit.c.entry_id)
            .join(tables.feed, tables.feed.c.id == tables.entry.c.feed_id)
            .where(revisit.c.next_at <= now, is_free(revisit, now))
            .order_by(revisit.c.next_at, revisit.c.id)
        )
        with self.database.write() as connection:
            token, rows = claim_rows(connection, revisit, due, limit=limit, until=now + lease)
            versions = _versions(connection, {row.url_key: row.article for row in rows})
            feeds = _feeds(connection, versions)
        return [_visit_of(row, versions[row.url_key], feeds[row.url_key], token) for row in rows]

    def record_visit(self, visit: Visit, plan: VisitPlan) -> None:
        """What a visit found where nothing is to be judged. Raises `LeaseLost`."""
        with self.database.write() as connection:
            end_visit(self.database, connection, visit, plan)

    def load_raw(self, raw_hash: str) -> RawPage | None:
        """The bytes of a judged version; None: they are not kept, or no more."""
        with self.database.read() as connection:
            row = connection.execute(select(raw_page).where(raw_page.c.raw_hash == raw_hash)).one_or_none()
        if row is None:
            return None
        return RawPage(raw_hash=row.raw_hash, url=row.url, headers=dict(row.headers), body=zlib.decompress(row.body))

    def drop_notices(self, *, before: datetime) -> int:
        """Drop what was told of feeds before a moment, and is not the last word on its feed; says how many."""
        last = select(func.max(feed_notice.c.id)).group_by(feed_notice.c.feed_id)
        old = delete(feed_notice).where(feed_notice.c.at < before, feed_notice.c.id.not_in(last))
        with self.database.write() as connection:
            return connection.execute(old).rowcount

    def drop_raw_pages(self, *, before: datetime, most_bytes: int) -> int:
        """Drop what was fetched before a moment, and of the rest the oldest beyond so many bytes; says how many."""
        doomed = self._too_old(before) + self._too_many(before, most_bytes)
        for start in range(0, len(doomed), DROPPED_AT_ONCE):
            with self.database.write() as connection:
                connection.execute(delete(raw_page).where(raw_page.c.id.in_(doomed[start : start + DROPPED_AT_ONCE])))
        return len(doomed)

    def _too_old(self, before: datetime) -> list[int]:
        with self.database.read() as connection:
            return list(connection.execute(select(raw_page.c.id).where(raw_page.c.fetched_at < before)).scalars())

    def _too_many(self, before: datetime, most_bytes: int) -> list[int]:
        sizes = (
            select(raw_page.c.id, func.length(raw_page.c.body).label("size"))
            .where(raw_page.c.fetched_at >= before)
            .order_by(raw_page.c.fetched_at.desc(), raw_page.c.id.desc())
        )
        total, doomed = 0, []
        with self.database.read() as connection:
            for row in connection.execute(sizes):
                total += row.size
                if total > most_bytes:
                    doomed.append(int(row.id))
        return doomed


# ---------------------------------------------------------------------- what T3 writes of it


def packed(raw: RawPage | None) -> bytes | None:
    """The bytes as they are stored; to be called before the transaction begins."""
    return None if raw is None else zlib.compress(raw.body)


def keep_evidence(
    database: Database, connection: Connection, article: Article, body: bytes | None, *, now: datetime
) -> None:
    """The raw page of a version that was judged to be about a story."""
    if article.raw is None or body is None:
        return
    raw = article.raw
    row = {"raw_hash": raw.raw_hash, "url": raw.url, "headers": raw.headers, "body": body, "fetched_at": now}
    connection.execute(database.insert(raw_page).values(row).on_conflict_do_nothing())


def plan_visits(database: Database, connection: Connection, entry_id: int, article: Article, *, now: datetime) -> None:
    """The article's page is to be looked at again; one that is being looked at just now is left to this newer version."""
    if article.raw is None:
        return
    since = first_at(article)
    anew: dict[str, Any] = {
        "entry_id": entry_id,
        "url": article.raw.url,
        "article": article.id,
        "raw_hash": article.raw.raw_hash,
        "etag": article.raw.validators.etag,
        "last_modified": article.raw.validators.last_modified,
        "next_at": plan_next(article.url_key, since, now=now),
        "note": None,
        "failures": 0,
        "lease": None,
        "lease_until": None,
    }
    first = {"uid": visit_uid(article.url_key), "url_key": article.url_key, "first_at": since, "visits": 0}
    insert = database.insert(revisit).values({**first, **anew})
    connection.execute(insert.on_conflict_do_update(index_elements=["uid"], set_=anew))


def end_visit(
    database: Database, connection: Connection, visit: Visit, plan: VisitPlan, article: Article | None = None
) -> None:
    """Give the visit back with what it found, and with the version that is known from now on. Raises `LeaseLost`."""
    changes: dict[str, Any] = {
        "visited_at": plan.visited_at,
        "next_at": plan.next_at,
        "visits": revisit.c.visits + 1,
        "failures": plan.failures,
        "note": plan.note,
    }
    if plan.validators is not None:
        changes |= {"etag": plan.validators.etag, "last_modified": plan.validators.last_modified}
    if article is not None:
        changes |= {"article": article.id, "raw_hash": article.raw_hash}
    give_back(connection, revisit, revisit.c.id == visit.id, lease=visit.lease, **changes)
    if plan.amendment is not None:
        found_by = None if article is None else article.id
        _amend(database, connection, plan.amendment, visit.url_key, article=found_by, at=plan.visited_at)


def compare_with_last(database: Database, connection: Connection, article: Article, *, now: datetime) -> None:
    """A feed has listed an article anew: does its page say that the outlet corrects it, or takes it back?"""
    known = tables.article
    query = (
        select(known.c.title, known.c.body)
        .where(known.c.url_key == article.url_key, known.c.uid != article.id, known.c.raw_hash.is_not(None))
        .order_by(known.c.id.desc())
        .limit(1)
    )
    last = connection.execute(query).one_or_none() if article.raw_hash is not None else None
    if last is None:
        return
    before = Version(title=last.title, paragraphs=unpack_paragraphs(last.body))
    after = Version(title=article.title, paragraphs=article.paragraphs)
    changes = what_changed(before, after, titles=False, live=True)
    said = amendment_of(changes, before, after, url=article.url, correction=None)
    if said is not None:
        _amend(database, connection, said, article.url_key, article=article.id, at=now)


def _amend(
    database: Database, connection: Connection, said: Amendment, key: str, *, article: ArticleId | None, at: datetime
) -> None:
    row = {
        "uid": digest("amend", key, said.kind),
        "url_key": key,
        "kind": said.kind,
        "url": said.url,
        "sentence": said.sentence,
        "article": article,
        "found_at": at,
    }
    connection.execute(database.insert(tables.amendment).values(row).on_conflict_do_nothing())


def visit_uid(key: str) -> str:
    """Names the visits to the page of an article."""
    return digest("visit", key)


def is_about(judged: Sequence[Judged]) -> bool:
    """Is an article about any of the stories?"""
    return any(one.verdict.verdict is not Label.OFF_TOPIC for one in judged)


# ---------------------------------------------------------------------- rows and values


def _versions(connection: Connection, known: Mapping[str, str]) -> dict[str, list[Found]]:
    """By the article's key the versions to compare with, the known one last. `known` says which that is.

    A live blog has hundreds of versions, each as long as a book: only the texts of these are loaded.
    """
    article = tables.article
    if not known:
        return {}
    of_articles = select(article.c.id, article.c.uid, article.c.url_key).where(article.c.url_key.in_(known))
    judged: defaultdict[str, list[Found]] = defaultdict(list)
    for row in connection.execute(of_articles.order_by(article.c.id)):
        judged[row.url_key].append(row)
    chosen = {key: [row.id for row in _chosen(rows, known[key])] for key, rows in judged.items()}
    texts = select(article.c.id, article.c.uid, article.c.title, article.c.body, article.c.state)
    texts = texts.where(article.c.id.in_([one for ids in chosen.values() for one in ids]))
    by_id = {row.id: row for row in connection.execute(texts)}
    return {key: [by_id[one] for one in ids] for key, ids in chosen.items()}


def _feeds(connection: Connection, keys: Collection[str]) -> defaultdict[str, set[FeedId]]:
    """By the article's key the feeds that listed one of its versions."""
    query = (
        select(tables.article.c.url_key, tables.feed.c.uid)
        .distinct()
        .join(tables.entry, tables.entry.c.article == tables.article.c.uid)
        .join(tables.feed, tables.feed.c.id == tables.entry.c.feed_id)
        .where(tables.article.c.url_key.in_(keys))
    )
    found: defaultdict[str, set[FeedId]] = defaultdict(set)
    for row in connection.execute(query) if keys else ():
        found[row.url_key].add(FeedId(row.uid))
    return found


def _chosen(rows: Sequence[Found], known: str) -> Iterator[Found]:
    """The first version, the newest ones, and the known one at the end."""
    others = [row for row in rows if row.uid != known]
    yield from others[:1]
    yield from others[1:][-MOST_VERSIONS:]
    yield from (row for row in rows if row.uid == known)


def _visit_of(row: Found, versions: Sequence[Found], feeds: Collection[FeedId], lease: str) -> Visit:
    known = versions[-1]  # the row was written with its article
    is_afresh = row.visits % AFRESH_EVERY == AFRESH_EVERY - 1
    entry = Entry(
        id=row.entry_id,
        lease="",
        feed=FeedId(row.feed),
        outlet_name=row.feed_title or row.feed,
        owner=row.owner,
        url=row.entry_url,
        url_key=row.entry_key,
        title=row.entry_title,
        summary=row.summary,
        lang=row.lang,
        published_at=row.published_at,
        seen_at=row.first_at,
    )
    return Visit(
        id=row.id,
        lease=lease,
        entry=entry,
        feeds=frozenset({entry.feed, *feeds}),
        url=row.url,
        url_key=row.url_key,
        article=ArticleId(row.article),
        title=known.title,
        state=PageState(known.state),
        versions=tuple(Version(title=one.title, paragraphs=unpack_paragraphs(one.body)) for one in versions),
        raw_hash=row.raw_hash,
        validators=NONE if is_afresh else Validators(etag=row.etag, last_modified=row.last_modified),
        first_at=row.first_at,
        failures=row.failures,
        note=row.note,
    )
