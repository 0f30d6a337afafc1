"""What people and their tools look at: reads only, each of one moment.

All values are frozen dataclasses of plain things; `dataclasses.asdict` gives what JSON needs, but for times.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, or_, select

from storywatch.core.corrections import development_id, in_words, label_after, moved_by
from storywatch.core.model import (
    ArticleId,
    DeliveryState,
    EntryState,
    FeedbackKind,
    FeedId,
    Label,
    Nearest,
    NewSentence,
    Reason,
    Report,
    WatchId,
)
from storywatch.core.urls import url_key, without_password
from storywatch.store.acknowledgements import load_acknowledged
from storywatch.store.addresses import addresses_of, load_article_keys, url_uid
from storywatch.store.fates import DeliveryView, deliveries_query, delivery_of, load_fate
from storywatch.store.ledger import load_tally
from storywatch.store.messages import words_of
from storywatch.store.packing import unpack_nearest, unpack_new, unpack_reasons
from storywatch.store.reports import load_reports
from storywatch.store.revisits import visit_uid
from storywatch.store.said import load_all_said, load_taken_back
from storywatch.store.subscriptions import load_hubs
from storywatch.store.tables import (
    alert,
    article,
    delivery,
    development,
    entry,
    feed,
    feed_notice,
    revisit,
    verdict,
    watch,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.core.model import Correction
    from storywatch.store.acknowledgements import Acknowledged
    from storywatch.store.engine import Database
    from storywatch.store.fates import FateView
    from storywatch.store.subscriptions import HubView
    from storywatch.store.tables import Found, Query


YIELD_TIME = timedelta(days=7)
MOST_WAITING = 1_000_000
MOST_JUDGED = 10_000_000  # in a week
MOST_ADDRESSES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """One story at a glance. Articles are counted by what they were to it."""

    watch: str
    name: str
    judged: int
    about: int
    developments: int
    possible: int
    last_headline: str | None
    last_severity: str | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopmentView:
    """One development on a timeline: what is new, who reports it, why it was told and to whom, or why not."""

    id: str
    watch: str
    headline: str
    lang: str
    severity: str
    first_seen_at: datetime
    score: float
    new: tuple[NewSentence, ...]
    reports: tuple[Report, ...]
    why: tuple[str, ...]
    held: str | None
    deliveries: tuple[DeliveryView, ...]
    withdrawn: str | None  # what the desk said, where it holds no more
    acknowledged: Acknowledged | None  # who took notice first


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """Something about a feed that people should know; `kind` is a `NoticeKind`."""

    feed: str
    kind: str
    told: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedView:
    """A feed's health and what it gives. `entries` counts those that are known; `first_poll`: it never gave a list.

    Of the last seven days: `listed` counts its entries, `about` the articles behind them that were about a story, and
    `developments` those that broke one.
    """

    id: str
    kind: str
    url: str
    moved_to: str | None
    title: str | None
    owner: str
    lang: str | None
    enabled: bool
    first_poll: bool
    polled_at: datetime | None
    succeeded_at: datetime | None
    next_poll_at: datetime
    failures: int
    status: int | None
    error: str | None
    interval_seconds: float | None  # its habit: how often it is worth asking; None: not polled yet
    every_seconds: float | None  # as it is configured; None: by its habit
    moving_to: str | None  # where redirects for good lead, not believed yet
    gone_at: datetime | None  # asked no more
    validators_lie: bool  # asked for the whole list each time
    entries: int
    waiting: int
    listed: int
    about: int
    developments: int
    last_notice: NoticeView | None
    hub: HubView | None  # that calls when there is news, or was asked to


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """What became of an entry, and why."""

    feed: str
    url: str
    title: str
    state: str
    note: str | None
    tries: int
    published_at: datetime | None
    seen_at: datetime
    article: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictView:
    """What an article was to one watch, and all the evidence."""

    watch: str
    label: str
    score: float
    relevance: float
    rate_shift: float
    about: bool
    severity: str | None
    copy_of: str | None
    development: str | None
    new: tuple[NewSentence, ...]
    nearest: Nearest | None
    match_reasons: tuple[Reason, ...]
    match_features: dict[str, float]
    reasons: tuple[Reason, ...]
    features: dict[str, float]
    encoder: str
    judged_at: datetime
    feedback: str | None  # what the desk said of it, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """A judged article with its verdicts."""

    id: str
    url: str
    title: str
    lang: str
    outlet: str
    outlet_name: str
    owner: str
    state: str
    published_at: datetime | None
    seen_at: datetime
    verdicts: tuple[VerdictView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressView:
    """An address under which an article is known; `kind` is an `AddressKind`."""

    url: str
    kind: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisitView:
    """How an article's page is looked at again. `next_at` None: no more; `note` says why, or what was found last."""

    url: str
    visits: int
    visited_at: datetime | None
    next_at: datetime | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that is known of an address or an article id; no entries and no articles: never seen."""

    entries: tuple[EntryView, ...]
    articles: tuple[ArticleView, ...]
    addresses: tuple[AddressView, ...] = ()
    revisits: tuple[RevisitView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """How the service is doing, in numbers."""

    deliveries_waiting: int
    deliveries_sent: int
    deliveries_dead: int
    oldest_waiting_seconds: float  # since the oldest unsent delivery should have gone; 0: none is late
    entries_waiting: int
    feeds: int
    feeds_failing: int
    feeds_gone: int
    last_success: dict[str, datetime]  # by feed; a feed that never succeeded is missing


@dataclass(frozen=True, slots=True)
class Views:
    """The questions that the commands and the page ask."""

    database: Database

    def stories(self) -> list[StoryView]:
        """Every watch that is or was followed, by id."""
        with self.database.read() as connection:
            names = {row.uid: row.name for row in connection.execute(select(watch.c.uid, watch.c.name))}
            counts = _counts(load_tally(connection))
            said = load_all_said(connection, counts.keys())
            last = {row.watch: row for row in connection.execute(_last_developments(said))}
            for uid, count in counts.items():
                counts[uid] = count.after(_corrected_labels(connection, said[WatchId(uid)], uid))
        found = sorted(names.keys() | counts.keys())
        return [_story(uid, names.get(uid, uid), counts.get(uid), last.get(uid)) for uid in found]

    def timeline(self, watch_id: WatchId | None = None, *, limit: int = 50) -> list[DevelopmentView]:
        """The developments of one watch, or of all, the newest first."""
        with self.database.read() as connection:
            query = _developments().limit(limit)
            rows = connection.execute(query if watch_id is None else query.where(development.c.watch == watch_id)).all()
            return _timeline(connection, rows)

    def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        channel: str | None = None,
        watch: str | None = None,
        limit: int = 50,
    ) -> list[DeliveryView]:
        """Deliveries, the last planned first."""
        wanted = {delivery.c.state: state, delivery.c.channel: channel, delivery.c.watch: watch}
        these = [column == value for column, value in wanted.items() if value is not None]
        query = deliveries_query().where(*these).order_by(delivery.c.id.desc()).limit(limit)
        with self.database.read() as connection:
            return [delivery_of(row) for row in connection.execute(query)]

    def delivery(self, reference: str) -> FateView:
        """All about one delivery, by its id or how that begins. Raises `StorywatchError`."""
        with self.database.read() as connection:
            return load_fate(connection, reference)

    def feeds(self) -> list[FeedView]:
        """Every feed that is or was configured, by id, with its health; of seven days before the last poll of any."""
        with self.database.read() as connection:
            rows = connection.execute(select(feed).order_by(feed.c.uid)).all()
            since = max((row.polled_at for row in rows if row.polled_at), default=None)
            since = since and since - YIELD_TIME
            counted = _Entries(
                known=_by_feed(connection, _known()),
                waiting=_by_feed(connection, _waiting()),
                listed=_by_feed(connection, _known().where(entry.c.seen_at >= since)) if since else {},
            )
            yields = {row.feed_id: row for row in connection.execute(_yields(since))} if since else {}
            last = {row.feed: _notice(row) for row in connection.execute(_last_notices())}
            hubs = load_hubs(connection)
            return [
                _feed(row, counted, yields.get(row.id), last.get(row.uid), hub=hubs.get(FeedId(row.uid)))
                for row in rows
            ]

    def notices(self, *, limit: int = 50) -> list[NoticeView]:
        """What was told of the feeds that are in use, the last first."""
        query = _notices().where(feed.c.enabled).order_by(feed_notice.c.id.desc()).limit(limit)
        with self.database.read() as connection:
            return [_notice(row) for row in connection.execute(query)]

    def explain(self, reference: str, *, limit: int = 20) -> Explanation:
        """What became of an address, whichever of an article's it is, or of an article id; the newest first."""
        with self.database.read() as connection:
            own = {reference, url_key(reference)}
            keys = [*own, *load_article_keys(connection, own).values()]
            judged = connection.execute(
                select(article)
                .where(or_(article.c.url_key.in_(keys), article.c.uid == reference))
                .order_by(article.c.id.desc())
                .limit(limit)
            ).all()
            known = {row.url_key for row in judged}
            listed = connection.execute(
                select(entry, feed.c.uid.label("feed"))
                .join(feed, feed.c.id == entry.c.feed_id)
                .where(
                    or_(
                        entry.c.url_uid.in_([url_uid(key) for key in sorted(own | known)]),
                        entry.c.article.in_({reference, *(row.uid for row in judged)}),
                    )
                )
                .order_by(entry.c.id.desc())
                .limit(limit)
            ).all()
            addresses = addresses_of(connection, known, limit=MOST_ADDRESSES)
            visits = connection.execute(
                select(revisit).where(revisit.c.uid.in_(map(visit_uid, known))).order_by(revisit.c.id).limit(limit)
            )
            return Explanation(
                entries=tuple(map(_entry, listed)),
                articles=_articles(connection, judged),
                addresses=tuple(AddressView(url=row.url, kind=row.kind, seen_at=row.seen_at) for row in addresses),
                revisits=tuple(map(_revisit, visits)),
            )

    def gauges(self, *, now: datetime) -> Gauges:
        """What is waiting, late, dead or failing."""
        with self.database.read() as connection:
            states = {row.state: row.rows for row in connection.execute(_states())}
            oldest = connection.execute(_oldest_waiting()).scalar()
            feeds = connection.execute(
                select(feed.c.uid, feed.c.failures, feed.c.succeeded_at, feed.c.gone_at).where(feed.c.enabled)
            ).all()
            return Gauges(
                deliveries_waiting=states.get(DeliveryState.WAITING, 0),
                deliveries_sent=states.get(DeliveryState.SENT, 0),
                deliveries_dead=states.get(DeliveryState.DEAD, 0),
                oldest_waiting_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
                entries_waiting=_count(connection, select(entry.c.id).where(entry.c.state == EntryState.WAITING)),
                feeds=len(feeds),
                feeds_failing=sum(row.failures > 0 for row in feeds),
                feeds_gone=sum(row.gone_at is not None for row in feeds),
                last_success={row.uid: row.succeeded_at for row in feeds if row.succeeded_at},
            )


def _revisit(row: Found) -> RevisitView:
    return RevisitView(url=row.url, visits=row.visits, visited_at=row.visited_at, next_at=row.next_at, note=row.note)


# ---------------------------------------------------------------------- questions


def _counts(judged: Mapping[tuple[str, str], int]) -> dict[str, _Counts]:
    """By watch how many articles were what."""
    of_watch: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (uid, label), count in judged.items():
        of_watch[uid][label] = count
    return {
        uid: _Counts(
            judged=sum(labels.values()),
            about=sum(labels.values()) - labels.get(Label.OFF_TOPIC, 0),
            developments=labels.get(Label.DEVELOPMENT, 0),
            possible=labels.get(Label.POSSIBLE, 0),
        )
        for uid, labels in of_watch.items()
    }


def _last_developments(said: Mapping[WatchId, Mapping[ArticleId, Correction]]) -> Query:
    """Of each watch the development that was seen last, of those that stand: one the desk makes late is as old as it is."""
    answers = [(story, answer) for story, by_article in said.items() for answer in by_article.values()]
    withdrawn = [uid for story, by_article in said.items() for uid in moved_by(story, by_article.values())]
    made = [development_id(story, answer.article) for story, answer in answers if answer.kind is FeedbackKind.NEW]
    judged = or_(verdict.c.label == Label.DEVELOPMENT, development.c.uid.in_(made))
    order = (development.c.first_seen_at.desc(), development.c.id.desc())
    ranked = (
        select(
            development.c.id, func.row_number().over(partition_by=development.c.watch, order_by=order).label("place")
        )
        .join(verdict, and_(verdict.c.article_id == development.c.article_id, verdict.c.watch == development.c.watch))
        .where(development.c.uid.not_in(withdrawn), judged)
        .subquery()
    )
    return select(development).join(ranked, ranked.c.id == development.c.id).where(ranked.c.place == 1)


def _developments() -> Query:
    return (
        select(development, verdict.c.label, verdict.c.score, verdict.c.reasons, verdict.c.match_reasons)
        .join(
            verdict,
            and_(verdict.c.article_id == development.c.article_id, verdict.c.watch == development.c.watch),
        )
        .order_by(development.c.first_seen_at.desc(), development.c.id.desc())
    )


def _states() -> Query:
    return select(delivery.c.state, func.count().label("rows")).group_by(delivery.c.state)


def _oldest_waiting() -> Query:
    return select(func.min(delivery.c.due_at)).where(delivery.c.state == DeliveryState.WAITING)


def _count(connection: Connection, query: Query) -> int:
    return connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()


# ---------------------------------------------------------------------- rows to views


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """How many articles of one story were what."""

    judged: int
    about: int
    developments: int
    possible: int

    def after(self, changed: Sequence[tuple[Label, Label]]) -> _Counts:
        """With what the desk made of some of them: pairs of what each was and what it is."""

        def moved(which: Collection[Label]) -> int:
            return sum((after in which) - (before in which) for before, after in changed)

        return _Counts(
            judged=self.judged,
            about=self.about + moved(frozenset(Label) - {Label.OFF_TOPIC}),
            developments=self.developments + moved({Label.DEVELOPMENT}),
            possible=self.possible + moved({Label.POSSIBLE}),
        )


def _corrected_labels(
    connection: Connection, said: Mapping[ArticleId, Correction], story: str
) -> list[tuple[Label, Label]]:
    if not said:
        return []
    query = (
        select(article.c.uid, verdict.c.label)
        .join(verdict, verdict.c.article_id == article.c.id)
        .where(verdict.c.watch == story, article.c.uid.in_(list(said)))
    )
    labels = [(Label(row.label), said[row.uid]) for row in connection.execute(query)]
    return [(before, label_after(before, answer)) for before, answer in labels]


def _story(uid: str, name: str, counts: _Counts | None, last: Found | None) -> StoryView:
    return StoryView(
        watch=uid,
        name=name,
        judged=counts.judged if counts else 0,
        about=counts.about if counts else 0,
        developments=counts.developments if counts else 0,
        possible=counts.possible if counts else 0,
        last_headline=last.headline if last else None,
        last_severity=last.severity if last else None,
        last_at=last.first_seen_at if last else None,
    )


def _timeline(connection: Connection, rows: Sequence[Found]) -> list[DevelopmentView]:
    uids = [row.uid for row in rows]
    withdrawn = _withdrawn(connection, rows)
    acknowledged = load_acknowledged(connection, [row.id for row in rows])
    reports = load_reports(connection, uids)
    told_of = select(alert.c.id).where(alert.c.development_id.in_([row.id for row in rows]))
    told = deliveries_query().where(delivery.c.alert_id.in_(told_of)).order_by(delivery.c.id)
    deliveries = [delivery_of(row) for row in connection.execute(told)]
    held = {
        row.uid: row.held
        for row in connection.execute(
            select(development.c.uid, alert.c.held)
            .join(alert, alert.c.development_id == development.c.id)
            .where(development.c.uid.in_(uids))
            .order_by(alert.c.id.desc())
        )
    }
    return [
        DevelopmentView(
            id=row.uid,
            watch=row.watch,
            headline=row.headline,
            lang=row.lang,
            severity=row.severity,
            first_seen_at=row.first_seen_at,
            score=row.score,
            new=unpack_new(row.new),
            reports=reports[row.uid],
            why=words_of(row.reasons, row.match_reasons),
            held=held.get(row.uid),
            deliveries=tuple(one for one in deliveries if one.development == row.uid),
            withdrawn=withdrawn.get(row.uid),
            acknowledged=acknowledged.get(row.id),
        )
        for row in rows
    ]


def _withdrawn(connection: Connection, rows: Sequence[Found]) -> dict[str, str]:
    """Of these developments those that stand no more, and why: called something else, or made by the desk and taken back."""
    watches = {row.watch for row in rows}
    answers = {
        development_id(story, answer.article): answer
        for story, said in load_all_said(connection, watches).items()
        for answer in said.values()
    }
    found: dict[str, str] = {
        uid: in_words(answer) for uid, answer in answers.items() if answer.kind is not FeedbackKind.NEW
    }
    made = {row.uid for row in rows if row.label != Label.DEVELOPMENT} - answers.keys()
    if made:
        taken_back = load_taken_back(connection, watches)
        for uid in made & taken_back.keys():
            said, undone_at = taken_back[uid]
            found[uid] = f"{in_words(said)}; taken back on {undone_at:%Y-%m-%d %H:%M}"
    return found


def _yields(since: datetime) -> Query:
    """By feed the articles since then that were about a story. One article of two feeds counts for both."""
    broke = func.max(case((verdict.c.label == Label.DEVELOPMENT, 1), else_=0))
    about = [label for label in Label if label is not Label.OFF_TOPIC]  # not "!=": SQLite would go through all of them
    recent = select(article.c.id, article.c.uid).where(article.c.seen_at >= since)
    these = recent.order_by(article.c.seen_at).limit(MOST_JUDGED).subquery()  # limited, or SQLite looks at all others
    told = (
        select(these.c.uid, broke.label("broke"))
        .join(verdict, verdict.c.article_id == these.c.id)
        .where(verdict.c.label.in_(about))
        .group_by(these.c.uid)
        .subquery()
    )
    pairs = (  # few, of an index of those entries alone that have an article
        select(entry.c.feed_id, told.c.uid, told.c.broke)
        .distinct()
        .join(told, told.c.uid == entry.c.article)
        .where(entry.c.article.is_not(None))
        .subquery()
    )
    return select(pairs.c.feed_id, func.count().label("about"), func.sum(pairs.c.broke).label("developments")).group_by(
        pairs.c.feed_id
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entries:
    """How many each feed has, by the feed's key."""

    known: Mapping[int, int]
    waiting: Mapping[int, int]
    listed: Mapping[int, int]


def _known() -> Query:
    """By feed how many entries; an index alone tells, and must: entries are many."""
    return select(entry.c.feed_id, func.count().label("rows")).group_by(entry.c.feed_id)


def _waiting() -> Query:
    """By feed how many wait. In the order of the index of those that wait, and limited, or SQLite looks at all others."""
    those = select(entry.c.feed_id).where(entry.c.state == EntryState.WAITING)
    those = those.order_by(entry.c.seen_at, entry.c.id).limit(MOST_WAITING)
    waiting = those.subquery()
    return select(waiting.c.feed_id, func.count().label("rows")).group_by(waiting.c.feed_id)


def _by_feed(connection: Connection, query: Query) -> dict[int, int]:
    return {row.feed_id: row.rows for row in connection.execute(query)}


def _notices() -> Query:
    columns = (feed.c.uid.label("feed"), feed_notice.c.kind, feed_notice.c.told, feed_notice.c.at)
    return select(*columns).join(feed, feed.c.id == feed_notice.c.feed_id)


def _last_notices() -> Query:
    last = select(func.max(feed_notice.c.id)).group_by(feed_notice.c.feed_id)
    return _notices().where(feed_notice.c.id.in_(last))


def _notice(row: Found) -> NoticeView:
    return NoticeView(feed=row.feed, kind=row.kind, told=row.told, at=row.at)


def _feed(
    row: Found, counted: _Entries, yielded: Found | None, last: NoticeView | None, *, hub: HubView | None
) -> FeedView:
    return FeedView(
        id=row.uid,
        kind=row.kind,
        url=without_password(row.url),
        moved_to=row.moved_to and without_password(row.moved_to),
        title=row.title,
        owner=row.owner,
        lang=row.lang,
        enabled=row.enabled,
        first_poll=row.first_poll,
        polled_at=row.polled_at,
        succeeded_at=row.succeeded_at,
        next_poll_at=row.next_poll_at,
        failures=row.failures,
        status=row.status,
        error=row.error,
        interval_seconds=row.interval_seconds,
        every_seconds=row.every_seconds,
        moving_to=row.moving_to and without_password(row.moving_to),
        gone_at=row.gone_at,
        validators_lie=row.validators_lie,
        entries=counted.known.get(row.id, 0),
        waiting=counted.waiting.get(row.id, 0),
        listed=counted.listed.get(row.id, 0),
        about=yielded.about if yielded else 0,
        developments=yielded.developments if yielded else 0,
        last_notice=last,
        hub=hub,
    )


def _entry(row: Found) -> EntryView:
    return EntryView(
        feed=row.feed,
        url=row.url,
        title=row.title,
        state=row.state,
        note=row.note,
        tries=row.tries,
        published_at=row.published_at,
        seen_at=row.seen_at,
        article=row.article,
    )


def _articles(connection: Connection, rows: Sequence[Found]) -> tuple[ArticleView, ...]:
    query = select(verdict).where(verdict.c.article_id.in_([row.id for row in rows])).order_by(verdict.c.id)
    verdicts = connection.execute(query).all()
    said = load_all_said(connection, {one.watch for one in verdicts})
    return tuple(
        ArticleView(
            id=row.uid,
            url=row.url,
            title=row.title,
            lang=row.lang,
            outlet=row.outlet,
            outlet_name=row.outlet_name,
            owner=row.owner,
            state=row.state,
            published_at=row.published_at,
            seen_at=row.seen_at,
            verdicts=tuple(
                _verdict(one, said[WatchId(one.watch)].get(ArticleId(row.uid)))
                for one in verdicts
                if one.article_id == row.id
            ),
        )
        for row in rows
    )


def _verdict(row: Found, said: Correction | None) -> VerdictView:
    return VerdictView(
        watch=row.watch,
        label=row.label,
        score=row.score,
        relevance=row.relevance,
        rate_shift=row.rate_shift,
        about=row.about,
        severity=row.severity,
        copy_of=row.copy_of,
        development=row.development,
        new=unpack_new(row.new),
        nearest=unpack_nearest(row.nearest),
        match_reasons=unpack_reasons(row.match_reasons),
        match_features=row.match_features,
        reasons=unpack_reasons(row.reasons),
        features=row.features,
        encoder=row.encoder,
        judged_at=row.judged_at,
        feedback=in_words(said) if said else None,
    )
