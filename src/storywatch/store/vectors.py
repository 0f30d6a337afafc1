"""Vectors of another encoder: how many there are, the texts behind them, and new ones in their place.

What was judged stays as it is: no verdict, development, alert or delivery is touched. A story counts as done when its
newest articles and its means carry the encoder's name, so that work which was cut off goes on where it stopped.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, or_, select, update

from storywatch.core.model import Article, ArticleId, FeedbackKind, FeedId, Label, PageState, WatchId
from storywatch.core.story import REMEMBERED
from storywatch.core.vectors import KeptArticle, Stale
from storywatch.store import tables
from storywatch.store.packing import pack_total, pack_vector, unpack_paragraphs
from storywatch.store.said import load_said
from storywatch.store.tables import known_sentence, story_mean, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from storywatch.core.model import LanguageMean
    from storywatch.core.vectors import Reencoded
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found, Query


@dataclass(frozen=True, slots=True)
class Vectors:
    """Implements `ports.Vectors`. Each method is one transaction."""

    database: Database

    def stale(self, *, encoder: str) -> list[Stale]:
        """The stories that hold vectors of another encoder, by watch; those without a watch file too."""
        with self.database.read() as connection:
            found = [_stale_in(connection, watch, encoder) for watch in _watches(connection, encoder)]
        return [one for one in found if one]

    def load_stale(self, watch: WatchId, *, encoder: str, limit: int) -> list[KeptArticle]:
        """The newest remembered articles whose vectors are another encoder's."""
        with self.database.read() as connection:
            keys = [key for key, name in _remembered(connection, watch) if name != encoder][:limit]
            return _kept(connection, watch, _articles(watch).where(verdict.c.id.in_(keys)))

    def load_before(self, watch: WatchId, *, key: int | None, limit: int) -> list[KeptArticle]:
        """The articles judged for the watch before the one of this key, or the last ones, the newest first."""
        query = _articles(watch).limit(limit)
        with self.database.read() as connection:
            return _kept(connection, watch, query if key is None else query.where(verdict.c.id < key))

    def record_reencoded(self, watch: WatchId, done: Sequence[Reencoded], *, encoder: str) -> None:
        """Put new vectors in the place of the old ones, for these articles together; one at least."""
        leads = [{"at": one.key, "lead_": pack_vector(one.lead), "encoder_": encoder} for one in done]
        with self.database.write() as connection:
            articles = dict(_pairs(connection, select(verdict.c.id, verdict.c.article_id).where(_is(done))))
            rows = [
                {"of": articles[one.key], "at": position, "vector_": pack_vector(vector), "encoder_": encoder}
                for one in done
                for position, vector in enumerate(one.sentences)
            ]
            connection.execute(_NEW_LEAD, leads)
            if rows:
                connection.execute(_NEW_SENTENCE.where(known_sentence.c.watch == watch), rows)

    def record_means(self, watch: WatchId, means: Iterable[LanguageMean], *, encoder: str) -> None:
        """Put new means in the place of those of every encoder."""
        rows = [
            {
                "watch": watch,
                "encoder": encoder,
                "lang": mean.lang,
                "total": pack_total(mean.total),
                "sentences": mean.count,
            }
            for mean in means
        ]
        with self.database.write() as connection:
            connection.execute(delete(story_mean).where(story_mean.c.watch == watch))
            if rows:
                connection.execute(self.database.insert(story_mean), rows)


_NEW_LEAD = (
    update(verdict)
    .where(verdict.c.id == bindparam("at"))
    .values(lead=bindparam("lead_"), encoder=bindparam("encoder_"))
)
_NEW_SENTENCE = (
    update(known_sentence)
    .where(known_sentence.c.article_id == bindparam("of"), known_sentence.c.position == bindparam("at"))
    .values(vector=bindparam("vector_"), encoder=bindparam("encoder_"))
)


def _is(done: Sequence[Reencoded]) -> Any:
    return verdict.c.id.in_([one.key for one in done])


def _pairs(connection: Connection, query: Query) -> list[tuple[int, int]]:
    return [(int(key), int(article)) for key, article in connection.execute(query)]


def _watches(connection: Connection, encoder: str) -> list[WatchId]:
    """Those with anything of another encoder; answered from the index alone."""
    told = [select(table.c.watch).where(table.c.encoder != encoder).distinct() for table in (verdict, story_mean)]
    return sorted({WatchId(watch) for query in told for (watch,) in connection.execute(query)})


def _remembered(connection: Connection, watch: WatchId) -> list[tuple[int, str]]:
    """Key and encoder of the articles that the story remembers, the newest first."""
    claimed = [one for one, said in load_said(connection, watch).items() if said.kind is not FeedbackKind.WRONG]
    article = tables.article
    query = (
        select(verdict.c.id, verdict.c.encoder)
        .join(article, article.c.id == verdict.c.article_id)
        .where(verdict.c.watch == watch, or_(verdict.c.label != Label.OFF_TOPIC, article.c.uid.in_(claimed)))
        .order_by(verdict.c.id.desc())
        .limit(REMEMBERED)
    )
    return [(int(key), str(encoder)) for key, encoder in connection.execute(query)]


def _stale_in(connection: Connection, watch: WatchId, encoder: str) -> Stale:
    old = {key: name for key, name in _remembered(connection, watch) if name != encoder}
    of_articles = select(verdict.c.article_id).where(verdict.c.id.in_(old))
    sentences = connection.execute(
        select(func.count())
        .select_from(known_sentence)
        .where(known_sentence.c.watch == watch, known_sentence.c.article_id.in_(of_articles))
    ).scalar_one()
    means = connection.execute(
        select(story_mean.c.encoder).where(story_mean.c.watch == watch, story_mean.c.encoder != encoder)
    ).all()
    return Stale(
        watch=watch,
        articles=len(old),
        texts=len(old) + int(sentences),
        means=len(means),
        encoders=tuple(sorted({*old.values(), *(row.encoder for row in means)})),
    )


def _articles(watch: WatchId) -> Query:
    article = tables.article
    return (
        select(verdict.c.id.label("key"), article)
        .join(article, article.c.id == verdict.c.article_id)
        .where(verdict.c.watch == watch)
        .order_by(verdict.c.id.desc())
    )


def _kept(connection: Connection, watch: WatchId, query: Query) -> list[KeptArticle]:
    rows = connection.execute(query).all()
    sentences: defaultdict[int, list[str]] = defaultdict(list)
    told = (
        select(known_sentence.c.article_id, known_sentence.c.text)
        .where(known_sentence.c.watch == watch, known_sentence.c.article_id.in_([row.id for row in rows]))
        .order_by(known_sentence.c.article_id, known_sentence.c.position)
    )
    for article, text in connection.execute(told):
        sentences[article].append(text)
    return [KeptArticle(key=row.key, article=article_of(row), sentences=tuple(sentences[row.id])) for row in rows]


def article_of(row: Found) -> Article:
    """The article of a row that has all columns of its table."""
    return Article(
        id=ArticleId(row.uid),
        url=row.url,
        url_key=row.url_key,
        title=row.title,
        summary=row.summary,
        paragraphs=unpack_paragraphs(row.body),
        lang=row.lang,
        outlet=FeedId(row.outlet),
        outlet_name=row.outlet_name,
        owner=row.owner,
        published_at=row.published_at,
        seen_at=row.seen_at,
        state=PageState(row.state),
        raw_hash=row.raw_hash,
    )
