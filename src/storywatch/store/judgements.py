"""Articles, verdicts and what a story knows, as rows; with them, in one transaction, what is to be told."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, literal, select, text, union_all, update

from storywatch.core.feedback import PRECEDENTS_KEPT
from storywatch.core.identity import KnownArticle
from storywatch.core.level import FLOW, probably_about
from storywatch.core.model import (
    ArticleId,
    DevelopmentId,
    EntryState,
    FeedbackKind,
    Label,
    LanguageMean,
    PageState,
    Place,
    Precedent,
    Remembered,
    Sentence,
    StoryMemory,
    WatchId,
    at_rate,
)
from storywatch.core.story import REMEMBERED
from storywatch.errors import StoryMoved
from storywatch.store import tables
from storywatch.store.addresses import load_article_keys, record_addresses
from storywatch.store.alerts import record_alert
from storywatch.store.leases import give_back
from storywatch.store.packing import (
    pack_all,
    pack_nearest,
    pack_paragraphs,
    pack_total,
    pack_vector,
    unpack_paragraphs,
    unpack_total,
    unpack_vector,
)
from storywatch.store.revisits import compare_with_last, end_visit, is_about, keep_evidence, packed, plan_visits
from storywatch.store.said import load_revisions, load_said
from storywatch.store.tables import known_sentence, story_mean, tally, verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Table

    from storywatch.core.model import (
        Alert,
        Article,
        Correction,
        DeliveryId,
        Development,
        Entry,
        Judged,
        PlannedDelivery,
        Vector,
        Watch,
    )
    from storywatch.core.revisits import Visit, VisitPlan
    from storywatch.ports import Waker
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found, Query


ABOUT = "verdict.label != 'off-topic'"


@dataclass(frozen=True, slots=True)
class Judgements:
    """Implements `ports.Judgements`. The waker is given the driver's own connection, in the transaction."""

    database: Database
    waker: Waker

    def sync_watches(self, watches: Sequence[Watch]) -> None:
        """Keep the names of the watches; those of watches that are gone stay, for what was told of them."""
        rows = [{"uid": watch.id, "name": watch.name} for watch in watches]
        if not rows:
            return
        insert = self.database.insert(tables.watch)
        named = insert.on_conflict_do_update(index_elements=["uid"], set_={"name": insert.excluded.name})
        with self.database.write() as connection:
            self.database.lock(connection, "configuration")
            connection.execute(named, rows)

    # ------------------------------------------------------------------ what a story knows

    def load_story(self, watch: WatchId, *, encoder: str) -> StoryMemory:
        """What the watch's story remembers under this encoder, in judging order: the newest articles about it."""
        with self.database.read() as connection:
            said = load_said(connection, watch)
            keys = _keys_about(connection, watch, encoder, said)
            rows = connection.execute(_about(keys[:REMEMBERED])).all()[::-1]
            total = len(keys) if len(keys) < REMEMBERED else _count_about(connection, watch, encoder, said)
            sentences = _sentences(connection, watch, encoder, articles=[row.article_id for row in rows])
            means = connection.execute(
                select(story_mean)
                .where(story_mean.c.watch == watch, story_mean.c.encoder == encoder)
                .order_by(story_mean.c.lang)
            ).all()
            precedents = _precedents(connection, watch, encoder, said)
            revision = load_revisions(connection).get(watch, 0)
            flow = _flow(connection, watch)
            newest = _newest(connection, [watch]).get(watch, 0)
        return StoryMemory(
            remembered=tuple(_remembered(row, sentences[row.article_id]) for row in rows),
            total=total,
            means=tuple(
                LanguageMean(lang=row.lang, total=unpack_total(row.total), count=row.sentences) for row in means
            ),
            precedents=precedents,
            revision=revision,
            flow=flow,
            newest=newest,
        )

    def load_revisions(self) -> dict[WatchId, int]:
        """For each watch a number that grows with everything that the desk says or undoes; 0 where it is missing."""
        with self.database.read() as connection:
            return load_revisions(connection)

    def load_newest(self, watches: Collection[WatchId]) -> dict[WatchId, int]:
        """For each of these watches the number of its last verdict; one without any is missing."""
        with self.database.read() as connection:
            return _newest(connection, watches)

    def load_vectors(self, watch: WatchId, *, encoder: str) -> dict[str, Vector]:
        """Vectors of the watch's own texts, by text."""
        own = (
            select(known_sentence.c.text, known_sentence.c.vector)
            .where(_own_texts(watch), known_sentence.c.encoder == encoder)
            .order_by(known_sentence.c.position)
        )
        with self.database.read() as connection:
            return {row.text: unpack_vector(row.vector) for row in connection.execute(own)}

    def record_vectors(self, watch: WatchId, vectors: Mapping[str, Vector], *, encoder: str) -> None:
        """Keep the vectors of the watch's own texts; those kept before go, whatever encoder made them."""
        rows = [
            {"watch": watch, "encoder": encoder, "position": position, "text": text, "vector": pack_vector(vector)}
            for position, (text, vector) in enumerate(vectors.items())
        ]
        with self.database.write() as connection:
            self.database.lock(connection, watch)
            connection.execute(delete(known_sentence).where(_own_texts(watch)))
            if rows:
                connection.execute(self.database.insert(known_sentence), rows)

    def load_judged(self, article: ArticleId) -> frozenset[WatchId]:
        """The watches for which exactly this text at this address was judged before."""
        judged = (
            select(verdict.c.watch)
            .join(tables.article, tables.article.c.id == verdict.c.article_id)
            .where(tables.article.c.uid == article)
        )
        with self.database.read() as connection:
            return frozenset(WatchId(row.watch) for row in connection.execute(judged))

    # ------------------------------------------------------------------ T3

    def load_keys(self, keys: Collection[str]) -> dict[str, str]:
        """For the keys of addresses that lead to an article that was judged: the key of the article."""
        with self.database.read() as connection:
            return load_article_keys(connection, keys)

    def load_known(self, key: str) -> KnownArticle | None:
        """The newest judged version of the article that an address leads to."""
        article = tables.article
        with self.database.read() as connection:
            known = load_article_keys(connection, (key,)).get(key)
            if known is None:
                return None
            newest = select(article).where(article.c.url_key == known).order_by(article.c.id.desc()).limit(1)
            row = connection.execute(newest).one_or_none()
            if row is None:
                return None
            watches = connection.execute(select(verdict.c.watch).where(verdict.c.article_id == row.id)).scalars()
            return KnownArticle(
                id=ArticleId(row.uid),
                title=row.title,
                summary=row.summary,
                state=PageState(row.state),
                watches=frozenset(map(WatchId, watches)),
            )

    def record_known(self, entry: Entry, article: Article, *, note: str, now: datetime) -> None:
        """The article behind an entry was judged before: its addresses, and that the entry leads to it.

        Raises `LeaseLost`.
        """
        with self.database.write() as connection:
            where = tables.entry.c.id == entry.id
            settled = {"state": EntryState.KNOWN, "article": article.id, "note": note}
            give_back(connection, tables.entry, where, lease=entry.lease, **settled)
            record_addresses(self.database, connection, article, now=now)

    def record_article(
        self,
        entry: Entry,
        article: Article,
        judged: Sequence[Judged],
        *,
        encoder: str,
        now: datetime,
        visited: tuple[Visit, VisitPlan] | None = None,
        knows: Mapping[WatchId, int] | None = None,
    ) -> dict[WatchId, int]:
        """T3: article, verdicts, developments, known sentences, alerts and deliveries, together.

        Gives for each watch the number of its verdict. `knows`: the last verdict that each story knew as it decided;
        where another worker has written one since, nothing is recorded. Raises `StoryMoved` then, and `LeaseLost`.

        With the article go its addresses and, where it is about a story, the bytes that it was read from and the
        next visit to its page. `visited`: it was found by such a visit, which ends here in the place of the entry.
        """
        body = packed(article.raw) if is_about(judged) else None
        numbers: dict[WatchId, int] = {}
        with self.database.write() as connection:
            self.database.lock(connection, article.url_key, *(one.watch for one in judged))
            if knows is not None:
                self._check_stories(connection, knows)
            settled = {"state": EntryState.JUDGED, "article": article.id, "note": None}
            where = tables.entry.c.id == entry.id
            if visited is None:
                give_back(connection, tables.entry, where, lease=entry.lease, **settled)
            else:
                end_visit(self.database, connection, *visited, article)
                connection.execute(update(tables.entry).where(where).values(article=article.id))
            pen = Pen(self.database, connection)
            article_id = pen.article(article)
            record_addresses(self.database, connection, article, now=now)
            if is_about(judged):
                keep_evidence(self.database, connection, article, body, now=now)
                if visited is None:
                    compare_with_last(self.database, connection, article, now=now)
                    plan_visits(self.database, connection, entry.id, article, now=now)
            planned: list[DeliveryId] = []
            counted: list[Judged] = []
            for one in judged:
                # Where there is a verdict, the article was judged before, and all that follows is there.
                number = pen.verdict(one, article_id, encoder=encoder, now=now)
                if number is not None:
                    numbers[one.watch] = number
                    pen.knowledge(one, article_id, encoder=encoder)
                    planned += pen.told(one.development, one.alert, one.deliveries, article_id=article_id)
                    counted.append(one)
            pen.count(counted)
            if planned:
                self.waker.wake(connection.connection.driver_connection, planned)
        return numbers

    def _check_stories(self, connection: Connection, knows: Mapping[WatchId, int]) -> None:
        """Raises `StoryMoved`. On SQLite there is nobody else who judges."""
        if self.database.path is not None:
            return
        newest = _newest(connection, knows)
        moved = [watch for watch, known in knows.items() if newest.get(watch, 0) != known]
        if moved:
            message = f"another worker has judged for {', '.join(moved)} meanwhile"
            raise StoryMoved(message, watches=moved)


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes the pieces of T3. What has an id of its own is written once, however often it is tried."""

    database: Database
    connection: Connection

    def article(self, article: Article) -> int:
        """The article's key, new or known."""
        return self._insert_or_find(
            tables.article,
            uid=article.id,
            url=article.url,
            url_key=article.url_key,
            title=article.title,
            summary=article.summary,
            body=pack_paragraphs(article.paragraphs),
            raw_hash=article.raw_hash,
            lang=article.lang,
            outlet=article.outlet,
            outlet_name=article.outlet_name,
            owner=article.owner,
            state=article.state,
            published_at=article.published_at,
            seen_at=article.seen_at,
        )

    def verdict(self, judged: Judged, article_id: int, *, encoder: str, now: datetime) -> int | None:
        """Its number; None where there is one of this article for this watch already."""
        match, found = judged.match, judged.verdict
        values = {
            "article_id": article_id,
            "watch": judged.watch,
            "label": found.verdict,
            "score": found.score,
            "severity": found.severity,
            "relevance": match.relevance,
            "rate_shift": match.rate_shift,
            "about": match.about,
            "copy_of": match.copy_of,
            "development": judged.remembered.development,
            "new": pack_all(found.new),
            "nearest": pack_nearest(found.nearest),
            "match_reasons": pack_all(match.reasons),
            "match_features": match.features,
            "reasons": pack_all(found.reasons),
            "features": found.features,
            "encoder": encoder,
            "lead": pack_vector(judged.remembered.lead),
            "judged_at": now,
        }
        return self._insert(verdict, values)

    def count(self, judged: Sequence[Judged]) -> None:
        """Those that are new, by watch and verdict: always in this order, so that two workers never wait for each other."""
        rows = sorted((one.watch, one.verdict.verdict) for one in judged)
        if rows:
            insert = self.database.insert(tally)
            one_more = insert.on_conflict_do_update(
                index_elements=["watch", "label"], set_={"verdicts": tally.c.verdicts + 1}
            )
            values = [{"watch": watch, "label": label, "verdicts": 1} for watch, label in rows]
            self.connection.execute(one_more, values)

    def knowledge(self, judged: Judged, article_id: int, *, encoder: str) -> None:
        """Its sentences, and the mean of its language."""
        record = judged.remembered
        self.sentences(judged.watch, article_id, record.sentences, lang=record.lang, encoder=encoder)
        shared = {"watch": judged.watch, "encoder": encoder}
        if judged.mean is not None:
            mean = {"total": pack_total(judged.mean.total), "sentences": judged.mean.count}
            insert = self.database.insert(story_mean).values({**shared, "lang": judged.mean.lang, **mean})
            keys = ["watch", "encoder", "lang"]
            self.connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=mean))

    def sentences(
        self, watch: WatchId, article_id: int, sentences: Sequence[Sentence], *, lang: str, encoder: str
    ) -> None:
        """What an article tells, to be known from now on."""
        rows = [
            {
                "watch": watch,
                "encoder": encoder,
                "article_id": article_id,
                "position": position,
                "place": sentence.place,
                "text": sentence.text,
                "lang": lang,
                "vector": pack_vector(sentence.vector),
            }
            for position, sentence in enumerate(sentences)
        ]
        if rows:
            self.connection.execute(self.database.insert(known_sentence), rows)

    def told(
        self,
        development: Development | None,
        alert: Alert | None,
        deliveries: Sequence[PlannedDelivery],
        *,
        article_id: int,
    ) -> list[DeliveryId]:
        """The development, its alert and its deliveries; gives the deliveries that are new."""
        if development is None:
            return []
        development_id = self._development(development, article_id)
        if alert is None:
            return []
        return record_alert(self.database, self.connection, alert, deliveries, development_id=development_id)

    def _development(self, development: Development, article_id: int) -> int:
        return self._insert_or_find(
            tables.development,
            uid=development.id,
            watch=development.watch,
            article_id=article_id,
            headline=development.headline,
            lang=development.lang,
            severity=development.severity,
            first_seen_at=development.first_seen_at,
            new=pack_all(development.new),
        )

    def _insert_or_find(self, table: Table, **values: Any) -> int:
        key = self._insert(table, values)
        if key is None:
            key = self.connection.execute(select(table.c.id).where(table.c.uid == values["uid"])).scalar_one()
        return key

    def _insert(self, table: Table, values: dict[str, Any]) -> int | None:
        insert = self.database.insert(table).values(values).on_conflict_do_nothing().returning(table.c.id)
        key: int | None = self.connection.execute(insert).scalar_one_or_none()
        return key


def _own_texts(watch: WatchId) -> ColumnElement[bool]:
    return (known_sentence.c.watch == watch) & known_sentence.c.article_id.is_(None)


def _keys_about(
    connection: Connection, watch: WatchId, encoder: str, said: Mapping[ArticleId, Correction]
) -> list[int]:
    """Of the verdicts on the articles about the story, by verdict or by what the desk said, the last judged first.

    In two questions: one that asks for both looks at every verdict of the watch. More than are remembered are not all told.
    """
    judged = _told_about(watch, encoder, said).order_by(verdict.c.id.desc()).limit(REMEMBERED)
    claimed = _claimed(watch, encoder, said)
    keys = {*connection.execute(judged).scalars(), *(connection.execute(claimed).scalars() if said else ())}
    return sorted((int(key) for key in keys), reverse=True)


def _told_about(watch: WatchId, encoder: str, said: Mapping[ArticleId, Correction]) -> Query:
    """About the story by verdict. The label is said as the index says it."""
    rejected = [one for one, answer in said.items() if answer.off_topic]
    query = select(verdict.c.id).where(verdict.c.watch == watch, verdict.c.encoder == encoder, text(ABOUT))
    return query.where(verdict.c.article_id.not_in(_of(rejected))) if rejected else query


def _claimed(watch: WatchId, encoder: str, said: Mapping[ArticleId, Correction]) -> Query:
    """About the story by what the desk said."""
    claimed = [one for one, answer in said.items() if answer.kind is not FeedbackKind.WRONG]
    of_watch = select(verdict.c.id).where(verdict.c.watch == watch, verdict.c.encoder == encoder)
    return of_watch.where(verdict.c.article_id.in_(_of(claimed)))


def _of(articles: Sequence[ArticleId]) -> Query:
    return select(tables.article.c.id).where(tables.article.c.uid.in_(articles))


def _about(keys: Sequence[int]) -> Query:
    """The articles of these verdicts, the last judged first."""
    article = tables.article
    return (
        select(
            verdict.c.id,
            verdict.c.article_id,
            verdict.c.label,
            verdict.c.score,
            verdict.c.relevance,
            verdict.c.rate_shift,
            verdict.c.development,
            verdict.c.lead,
            article.c.uid,
            article.c.url_key,
            article.c.title,
            article.c.summary,
            article.c.body,
            article.c.lang,
            article.c.owner,
            article.c.outlet,
            article.c.published_at,
            article.c.seen_at,
        )
        .join(article, article.c.id == verdict.c.article_id)
        .where(verdict.c.id.in_(keys))
        .order_by(verdict.c.id.desc())
    )


def _newest(connection: Connection, watches: Collection[WatchId]) -> dict[WatchId, int]:
    """The number of each watch's last verdict; what changed a story is in one, or in its revision."""
    if not watches:
        return {}
    # Each by itself: grouped, every verdict of a watch would be looked at instead of the last one in the index.
    lasts = [
        select(literal(watch).label("watch"), func.max(verdict.c.id).label("newest")).where(verdict.c.watch == watch)
        for watch in watches
    ]
    rows = connection.execute(union_all(*lasts))
    return {WatchId(row.watch): row.newest for row in rows if row.newest is not None}


def _flow(connection: Connection, watch: WatchId) -> tuple[bool, ...]:
    """Of the last articles judged, whether they were probably about the story, as they were judged."""
    judged = select(verdict.c.relevance, verdict.c.rate_shift).where(verdict.c.watch == watch)
    rows = connection.execute(judged.order_by(verdict.c.id.desc()).limit(FLOW)).all()[::-1]
    return tuple(probably_about(at_rate(row.relevance, row.rate_shift)) for row in rows)


def _count_about(connection: Connection, watch: WatchId, encoder: str, said: Mapping[ArticleId, Correction]) -> int:
    """How many articles about the story there are, the forgotten ones included."""
    judged = _told_about(watch, encoder, said)
    count = int(connection.execute(select(func.count()).select_from(judged.subquery())).scalar_one())
    if not said:
        return count
    more = _claimed(watch, encoder, said).where(verdict.c.id.not_in(judged))
    return count + len(connection.execute(more).all())


def _precedents(
    connection: Connection, watch: WatchId, encoder: str, said: Mapping[ArticleId, Correction]
) -> tuple[Precedent, ...]:
    """What the desk corrected, and the newest alerts that it had before it and left as they were."""
    if not said:
        return ()
    article = tables.article
    judged = (
        select(
            verdict.c.id,
            verdict.c.label,
            verdict.c.score,
            verdict.c.lead,
            verdict.c.match_features,
            verdict.c.features,
            article.c.uid,
            article.c.lang,
        )
        .join(article, article.c.id == verdict.c.article_id)
        .where(verdict.c.watch == watch, verdict.c.encoder == encoder)
    )
    given_at = max(answer.given_at for answer in said.values())
    alone = (article.c.uid.not_in(list(said)), verdict.c.label == Label.DEVELOPMENT, verdict.c.judged_at < given_at)
    newest = judged.where(*alone).order_by(verdict.c.id.desc()).limit(PRECEDENTS_KEPT)
    rows = [*connection.execute(judged.where(article.c.uid.in_(list(said)))), *connection.execute(newest)]
    return tuple(_precedent(row, said) for row in sorted(rows, key=lambda row: int(row.id)))


def _precedent(row: Found, said: Mapping[ArticleId, Correction]) -> Precedent:
    return Precedent(
        article=ArticleId(row.uid),
        lang=row.lang,
        lead=unpack_vector(row.lead),
        verdict=Label(row.label),
        score=row.score,
        match_features=row.match_features,
        features=row.features,
        answer=said.get(ArticleId(row.uid)),
    )


def _sentences(
    connection: Connection, watch: WatchId, encoder: str, *, articles: Sequence[int]
) -> defaultdict[int, list[Sentence]]:
    """The sentences of these articles, by article and in their order."""
    found: defaultdict[int, list[Sentence]] = defaultdict(list)
    query = (
        select(known_sentence)
        .where(
            known_sentence.c.watch == watch,
            known_sentence.c.encoder == encoder,
            known_sentence.c.article_id.in_(articles),
        )
        .order_by(known_sentence.c.article_id, known_sentence.c.position)
    )
    for row in connection.execute(query):
        found[row.article_id].append(Sentence(text=row.text, place=Place(row.place), vector=unpack_vector(row.vector)))
    return found


def _remembered(row: Found, sentences: list[Sentence]) -> Remembered:
    return Remembered(
        article=ArticleId(row.uid),
        url_key=row.url_key,
        title=row.title,
        summary=row.summary,
        paragraphs=unpack_paragraphs(row.body),
        lang=row.lang,
        owner=row.owner,
        outlet=row.outlet,
        published_at=row.published_at,
        seen_at=row.seen_at,
        lead=unpack_vector(row.lead),
        sentences=tuple(sentences),
        relevance=at_rate(row.relevance, row.rate_shift),
        verdict=Label(row.label),
        score=row.score,
        development=row.development and DevelopmentId(row.development),
    )
