"""Several workers on one database, each with its own connections, threads and memory; the news are those of whole streams."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders import a_feed, a_poll_plan
from desks import DESK, RecordingWaker
from fakes import FakeClock
from sqlalchemy import select, update
from streams import load_stream

from storywatch.core.alerting import ChannelRules
from storywatch.core.model import EntryState, FeedId, Fetched, ListedEntry, Page, PageState, RawPage
from storywatch.core.urls import url_key
from storywatch.encode import detect_language
from storywatch.errors import FetchFailed
from storywatch.pipeline import Pipeline
from storywatch.service import Service
from storywatch.store import tables
from storywatch.store.engine import open_database
from storywatch.store.judgements import Judgements
from storywatch.store.migrate import migrate_database
from storywatch.store.outbox import Outbox
from storywatch.store.polls import Polls
from storywatch.store.revisits import Revisits
from storywatch.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from datetime import datetime

    from storywatch.core.model import Article, Feed, Watch
    from storywatch.ports import Encoder
    from storywatch.store.engine import Database

STREAMS = Path(__file__).resolve().parent / "data/streams"
KEYS = {"id", "article_id", "alert_id", "development_id", "delivery_id"}  # given by the database


@dataclass(frozen=True, kw_only=True)
class Newsstand:
    """What several stories' outlets publish: one feed an outlet, all articles in the order in which they are seen."""

    articles: tuple[Article, ...]
    watches: tuple[Watch, ...]
    feeds: tuple[Feed, ...]

    @property
    def closes_at(self) -> datetime:
        return self.articles[-1].seen_at + timedelta(minutes=1)

    @classmethod
    def of(cls, *folders: Path, most: int | None = None) -> Newsstand:
        """The news of these streams; `most`: only the first so many."""
        articles: dict[str, Article] = {}
        followed: defaultdict[str, set[FeedId]] = defaultdict(set)
        watches = []
        for folder in folders:
            stream, name = load_stream(folder), folder.name
            for labelled in stream.items:
                article = labelled.item.article
                articles.setdefault(article.url, article)
                followed[name].add(FeedId(article.outlet))
            watches.append(
                replace(stream.watch, feeds=frozenset(followed[name]), channels=(DESK,), settle=timedelta(0))
            )
        feeds = sorted({article.outlet for article in articles.values()})
        return cls(
            articles=tuple(sorted(articles.values(), key=lambda one: (one.seen_at, one.url))[:most]),
            watches=tuple(watches),
            feeds=tuple(a_feed(id=FeedId(name), url=f"https://{name}.example/feed", owner=name) for name in feeds),
        )

    def publish(self, database: Database) -> None:
        """All of it waits in the database to be read."""
        polls, began_at = Polls(database), self.articles[0].seen_at - timedelta(days=1)
        polls.sync_feeds(self.feeds, now=began_at)
        Judgements(database, RecordingWaker()).sync_watches(self.watches)
        claims = {one.feed.id: one for one in polls.claim_feeds(now=began_at, limit=999, lease=timedelta(days=9999))}
        for article in self.articles:
            listed = ListedEntry(
                key=article.url,
                url=article.url,
                url_key=url_key(article.url),
                title=article.title,
                summary=article.summary,
                published_at=article.published_at,
            )
            plan = a_poll_plan(listed, polled_at=article.seen_at, state=EntryState.WAITING)
            polls.record_earlier(claims[FeedId(article.outlet)], plan)


@dataclass
class Pages:
    """Each page comes after a while of its own, different for each worker; some are missing."""

    stand: Newsstand
    worker: int
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._articles = {article.url: article for article in self.stand.articles}

    async def fetch_raw(self, url: str, **_: object) -> Fetched:
        self.asked.append(url)
        chance = hashlib.blake2b(f"{self.worker} {url}".encode(), digest_size=2).digest()
        for _ in range(chance[0]):  # other tasks of the loop go first, more or fewer of them
            await asyncio.sleep(0)
        article = self._articles[url]
        if hashlib.blake2b(url.encode(), digest_size=1).digest()[0] < 12:
            message = f"{url}: 404"
            raise FetchFailed(message, status=404)
        body = url.encode()
        raw_hash = hashlib.sha256(body).hexdigest()
        page = Page(
            state=PageState.READ,
            url=url,
            title=article.title,
            paragraphs=article.paragraphs,
            published_at=article.published_at,
            lang=article.lang,
            raw_hash=raw_hash,
        )
        return Fetched(page=page, raw=RawPage(raw_hash=raw_hash, url=url, headers={}, body=body))


class Silent:
    """An observer that only remembers what broke."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def polled(self, *_: object, **__: object) -> None: ...
    def judged(self, *_: object, **__: object) -> None: ...
    def visited(self, *_: object, **__: object) -> None: ...
    def tried(self, *_: object, **__: object) -> None: ...
    def step_failed(self, step: str) -> None:
        self.failures.append(step)


@asynccontextmanager
async def a_worker(
    url: str, stand: Newsstand, encoder: Encoder, *, number: int = 0, **how: Any
) -> AsyncIterator[Service]:
    """A service with a pipeline of its own, as a process of its own would have it."""
    clock = how.pop("clock", None) or FakeClock(stand.closes_at)
    async with AsyncExitStack() as closing:
        database = open_database(url)
        closing.callback(database.dispose)
        writer, thinker = (closing.enter_context(ThreadPoolExecutor(1)) for _ in range(2))
        polls = Polls(database)
        pipeline = Pipeline(
            clock=clock,
            polls=polls,
            judgements=how.pop("judgements", None) or Judgements(database, how.pop("waker", None) or RecordingWaker()),
            revisits=Revisits(database),
            outbox=Outbox(database),
            feeds=None,  # type: ignore[arg-type]  nothing is polled
            pages=how.pop("pages", None) or Pages(stand, number),
            encoder=encoder,
            detect_language=detect_language,
            watches=stand.watches,
            channels={},
            rules={DESK: ChannelRules(recipients=("desk@desk.test",))},
            writer=writer,
            thinker=thinker,
        )
        pipeline.turns = Turns(clock=clock, polls=polls, writer=writer, watches_of=pipeline.watches_of)
        async with Service(pipeline=pipeline, observer=Silent(), **how) as service:
            yield service


async def read_all(service: Service) -> None:
    """Take part until nothing waits any more, for nobody."""
    while await asyncio.get_running_loop().run_in_executor(service.pipeline.writer, waiting, service):
        await service.tick_readings()
        running = service.readings.running
        if running:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(0.005)  # another worker has what is left


def waiting(service: Service) -> int:
    polls = service.pipeline.polls
    with polls.database.read() as connection:  # type: ignore[attr-defined]  the real one
        entry = tables.entry
        due = (entry.c.state == EntryState.WAITING, entry.c.not_before <= service.pipeline.clock.now())
        return len(connection.execute(select(entry.c.id).where(*due).limit(1)).all())


async def share(url: str, stand: Newsstand, encoder: Encoder, *, workers: int) -> list[Service]:
    """So many workers read and judge all that waits, together."""
    async with AsyncExitStack() as running, asyncio.TaskGroup() as group:
        services = [
            await running.enter_async_context(a_worker(url, stand, encoder, number=number)) for number in range(workers)
        ]
        for service in services:
            group.create_task(read_all(service))
    return services


def decisions(database: Database) -> dict[str, list[Any]]:
    """All that was decided, in the order of each story: what the database numbers is left out, everything else is there."""
    with database.read() as connection:
        articles = {row.id: row.uid for row in connection.execute(select(tables.article))}
        alerts = {row.id: row.uid for row in connection.execute(select(tables.alert))}

        def rows(table: Any, *order: Any) -> list[dict[str, Any]]:
            found = connection.execute(select(table).order_by(*order))
            return [_plain(row._mapping, articles=articles, alerts=alerts) for row in found]

        verdict, known, mean = tables.verdict, tables.known_sentence, tables.story_mean
        return {
            "verdicts": rows(verdict, verdict.c.watch, verdict.c.id),
            "sentences": rows(known, known.c.watch, known.c.id),
            "means": rows(mean, mean.c.watch, mean.c.lang),
            "developments": rows(tables.development, tables.development.c.uid),
            "alerts": rows(tables.alert, tables.alert.c.uid),
            "deliveries": rows(tables.delivery, tables.delivery.c.uid),
            "articles": rows(tables.article, tables.article.c.uid),
            "entries": rows(tables.entry, tables.entry.c.uid),
        }


def _plain(row: Mapping[Any, Any], *, articles: Mapping[int, str], alerts: Mapping[int, str]) -> dict[str, Any]:
    plain = {name: value for name, value in row.items() if name not in KEYS}
    if row.get("article_id") is not None:
        plain["of_article"] = articles[row["article_id"]]
    if row.get("alert_id") is not None:
        plain["of_alert"] = alerts[row["alert_id"]]
    return plain


def names_of(counted: Mapping[str, Sequence[Any]]) -> str:
    return ", ".join(f"{len(rows)} {name}" for name, rows in counted.items())


def expire_leases(database: Database) -> None:
    """As if the time of every lease had passed."""
    with database.write() as connection:
        for table in (tables.entry, tables.delivery, tables.feed):
            past = table.c.lease_until - timedelta(hours=1)
            connection.execute(update(table).where(table.c.lease.is_not(None)).values(lease_until=past))


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A new database, open."""
    migrate_database(url)
    database = open_database(url)
    try:
        yield database
    finally:
        database.dispose()
