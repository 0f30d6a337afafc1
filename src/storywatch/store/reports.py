"""The articles that carry a development, by their verdicts and by what the desk said of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import and_, select, union

from storywatch.core.corrections import development_id, label_after, moved_by, standing
from storywatch.core.followups import Carrier
from storywatch.core.model import ArticleId, FeedbackKind, Label, Report
from storywatch.store.said import load_all_said
from storywatch.store.tables import article, development, verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from storywatch.core.model import Correction, DevelopmentId, WatchId
    from storywatch.store.tables import Found, Query

Said = dict[ArticleId, "Correction"]
Moved = dict["DevelopmentId", "DevelopmentId | None"]


def load_reports(connection: Connection, developments: Sequence[str]) -> defaultdict[str, tuple[Report, ...]]:
    """The articles that carry each development: the one that broke it, then its repeats as they were seen.

    A withdrawn development keeps the article that broke it, so that it can be told what was withdrawn.
    """
    found: defaultdict[str, tuple[Report, ...]] = defaultdict(tuple)
    for uid, rows in _load_carrying(connection, developments).items():
        found[uid] = tuple(report_of(row) for row, _ in rows)
    return found


def load_carriers(connection: Connection, developments: Sequence[str]) -> dict[str, tuple[Carrier, ...]]:
    """Who carries each development, in the order of its reports: whose it is, since when we know, whether it copies."""
    return {
        uid: tuple(
            Carrier(
                url_key=row.url_key,
                owner=row.owner,
                is_copy=row.copy_of is not None,
                known_at=max(row.judged_at, answer.given_at) if answer else row.judged_at,
            )
            for row, answer in rows
        )
        for uid, rows in _load_carrying(connection, developments).items()
    }


def _load_carrying(
    connection: Connection, developments: Sequence[str]
) -> dict[str, list[tuple[Found, Correction | None]]]:
    """By development the articles that carry it, each with what the desk said of it."""
    broken = connection.execute(
        select(development.c.uid, development.c.watch, development.c.article_id).where(
            development.c.uid.in_(developments)
        )
    ).all()
    carried: defaultdict[str, list[tuple[Found, Correction | None]]] = defaultdict(list)
    for watch, said in load_all_said(connection, {row.watch for row in broken}).items():
        moved = moved_by(watch, said.values())
        own = {row.article_id: row.uid for row in broken if row.watch == watch}
        wanted = {*own.values(), *(one for one in moved if standing(one, moved) in own.values())}
        for row in connection.execute(_reports(watch, wanted, said)):
            now = _carried_by(row, watch, said, moved)
            for uid in own.values():
                if uid in {own.get(row.id), now}:
                    carried[uid].append((row, said.get(ArticleId(row.uid))))
    return {one.uid: _in_order(carried[one.uid], broke=one.article_id) for one in broken}


def _in_order(rows: Sequence[tuple[Found, Correction | None]], *, broke: int) -> list[tuple[Found, Correction | None]]:
    return sorted(rows, key=lambda pair: (pair[0].id != broke, pair[0].seen_at, pair[0].verdict_id))


def _reports(watch: WatchId, developments: Collection[str], said: Said) -> Query:
    """All that may carry one of these."""
    claimed = [one for one, answer in said.items() if answer.kind is not FeedbackKind.WRONG]
    judged = and_(verdict.c.development.in_(developments), verdict.c.label.in_((Label.DEVELOPMENT, Label.REPEAT)))
    named = verdict.c.article_id.in_(select(article.c.id).where(article.c.uid.in_(claimed)))
    # Each by its own index: an OR of the two reads every verdict of the story, for each message that is made.
    keys = union(*(select(verdict.c.id).where(verdict.c.watch == watch, these) for these in (judged, named)))
    return (
        select(
            article,
            verdict.c.label,
            verdict.c.development,
            verdict.c.copy_of,
            verdict.c.judged_at,
            verdict.c.id.label("verdict_id"),
        )
        .join(verdict, verdict.c.article_id == article.c.id)
        .where(verdict.c.id.in_(keys))
    )


def _carried_by(row: Found, watch: WatchId, said: Said, moved: Moved) -> str | None:
    """The development that an article carries now."""
    answer = said.get(ArticleId(row.uid))
    if answer is None:
        return standing(row.development, moved)
    label = label_after(Label(row.label), answer)
    if label is Label.REPEAT:
        return standing(answer.development, moved)
    return development_id(watch, answer.article) if label is Label.DEVELOPMENT else None


def report_of(row: Found) -> Report:
    """A row of `article` as an alert tells it."""
    return Report(
        url=row.url,
        title=row.title,
        outlet=row.outlet_name,
        owner=row.owner,
        lang=row.lang,
        published_at=row.published_at,
        seen_at=row.seen_at,
    )
