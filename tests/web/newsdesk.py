"""A desk with a real database and a few days of composed news, asked without a network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
from builders import NOON, a_development, a_feed, a_judged, a_listed, a_poll_plan, a_watch, an_article
from fakes import FakeClock

from storywatch.core.ids import digest
from storywatch.core.model import (
    Alert,
    AlertId,
    AttemptOutcome,
    ChannelId,
    DeliveryId,
    DeliveryState,
    DevelopmentId,
    EntryState,
    FeedId,
    Label,
    NewSentence,
    PlannedDelivery,
    Recipient,
    Severity,
    Watch,
    WatchId,
)
from storywatch.store.judgements import Judgements
from storywatch.store.outbox import Outbox
from storywatch.store.polls import Polls
from storywatch.store.views import Views
from storywatch.web.metrics import Metrics
from storywatch.web.server import build_web

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.applications import Starlette

    from storywatch.core.model import Article, Judged
    from storywatch.store.engine import Database

LEASE = timedelta(minutes=5)
NOW = NOON + timedelta(hours=3)
STRIKE = WatchId("harbour-strike")
BASE_URL = "http://127.0.0.1:8480"
HTML = {"accept": "text/html,application/xhtml+xml"}


class Sleeper:
    def wake(self, connection: object, delivery_ids: object) -> None:
        """Nobody is waiting."""


@dataclass
class Newsdesk:
    """The page over a real database, and the moves by which news come into it."""

    database: Database
    watches: list[Watch] = field(default_factory=lambda: [a_watch(channels=(ChannelId("desk"),))])
    faults: list[str] = field(default_factory=list)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    metrics: Metrics = field(default_factory=lambda: Metrics(version="1.2.3"))

    def __post_init__(self) -> None:
        self.polls = Polls(self.database)
        self.judgements = Judgements(self.database, Sleeper())
        self.outbox = Outbox(self.database)
        self.polls.sync_feeds([a_feed()], now=NOON - timedelta(days=9))
        self.judgements.sync_watches(self.watches)

    def app(self, **changes: Any) -> Starlette:
        values: dict[str, Any] = {
            "reads": Views(self.database),
            "watches": lambda: self.watches,
            "metrics": self.metrics,
            "ready": self.ready,
            "ticked_at": lambda: NOW,
            "clock": self.clock,
            "zone": ZoneInfo("Europe/Kyiv"),
            "base_url": BASE_URL,
            "token": None,
            "version": "1.2.3",
            **changes,
        }
        return build_web(**values)

    async def ready(self) -> list[str]:
        return self.faults

    def client(self, **changes: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app(**changes))
        return httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=HTML)

    def ask(
        self, path: str, *, method: str = "GET", given: dict[str, Any] | None = None, **asked: Any
    ) -> httpx.Response:
        """One request, as a browser makes it; `given` goes to the app."""

        async def between() -> httpx.Response:
            async with self.client(**given or {}) as client:
                return await client.request(method, path, **asked)

        return asyncio.run(between())

    # ------------------------------------------------------------------ news

    def poll(self, feed: str = "harbor-times", *, at: datetime = NOON, **plan: Any) -> None:
        """One poll of one feed, whether it was due or not."""
        self._only_due(feed)
        [claim] = self.polls.claim_feeds(now=at, limit=1, lease=LEASE)
        self.polls.record_poll(claim, a_poll_plan(*plan.pop("entries", ()), **{"polled_at": at, **plan}))

    def judge(self, article: Article, *judged: Judged) -> None:
        """The article comes by the first feed and is judged."""
        self.poll(at=article.seen_at, entries=[a_listed(article.id)])
        [entry] = self.polls.claim_entries(now=article.seen_at, limit=1, lease=LEASE)
        told = judged or (a_judged(article),)
        self.judgements.record_article(entry, article, told, encoder="enc", now=article.seen_at)

    def tell(self, at: datetime, *, sent: bool, reason: str | None = None, dead: bool = False) -> None:
        """Try the deliveries that are due."""
        for claim in self.outbox.claim_deliveries(
            {ChannelId("desk"), ChannelId("newsroom")}, now=at, limit=9, lease=LEASE, render=lambda _: b"{}"
        ):
            state = DeliveryState.SENT if sent else DeliveryState.DEAD if dead else DeliveryState.WAITING
            retry_at = at + timedelta(hours=6) if state is DeliveryState.WAITING else None
            self.outbox.finish_delivery(claim, AttemptOutcome(state=state, at=at, retry_at=retry_at, reason=reason))

    def _only_due(self, feed: str) -> None:
        with self.database.write() as connection:
            connection.exec_driver_sql("UPDATE feed SET next_poll_at = '2026-03-02 18:00:00+00:00'")
            connection.exec_driver_sql(
                f"UPDATE feed SET next_poll_at = '2020-01-01 00:00:00+00:00' WHERE uid = '{feed}'"
            )


def a_broken_story(
    headline: str,
    lang: str,
    *new: NewSentence,
    at: datetime,
    held: str | None = None,
    channels: tuple[str, ...] = ("desk",),
    watch: WatchId = STRIKE,
    severity: Severity = Severity.MAJOR,
    **article: Any,
) -> tuple[Article, Judged]:
    """An article and the development that it breaks, in any language."""
    told = an_article(
        **{
            "url": f"https://harbor-times.example/{digest('u', headline)}",
            "title": headline,
            "lang": lang,
            "seen_at": at,
        }
        | article
    )
    uid = DevelopmentId(digest("dev", watch, told.id))
    development = a_development(
        id=uid, watch=watch, article=told.id, headline=headline, lang=lang, severity=severity, first_seen_at=at, new=new
    )
    alert = Alert(
        id=AlertId(digest("alr", uid)),
        watch=watch,
        development=uid,
        kind="development.reported",
        created_at=at + timedelta(seconds=2),
        held=held,
    )
    recipients = [Recipient(channel=ChannelId(name), address=f"{name}@desk.example") for name in channels]
    deliveries = tuple(
        PlannedDelivery(id=DeliveryId(digest("dlv", alert.id, recipient.channel)), recipient=recipient, not_before=at)
        for recipient in recipients
        if held is None
    )
    judged = a_judged(told, watch=watch, development=development, alert=alert, deliveries=deliveries)
    return told, judged


def fill(desk: Newsdesk) -> None:
    """A week in several languages: something told, held, refused and waiting; repeats; a feed that fails."""
    desk.watches[:] = [
        a_watch(
            channels=(ChannelId("desk"), ChannelId("newsroom")),
            feeds=frozenset({FeedId("harbor-times"), FeedId("svobodny-kanal")}),
        ),
        a_watch(
            id=WatchId("ferry-line"),
            name="The ferry line to the islands",
            about="Whether the night ferry comes back.",
            feeds=frozenset({FeedId("island-post")}),
        ),
    ]
    feeds = [
        a_feed(),
        a_feed(id=FeedId("svobodny-kanal"), url="https://svobodny-kanal.example/rss", owner="svobodny", lang="ru"),
        a_feed(id=FeedId("island-post"), url="https://island-post.example/feed", owner="island-group", lang="ja"),
    ]
    desk.polls.sync_feeds(feeds, now=NOON - timedelta(days=9))
    desk.judgements.sync_watches(desk.watches)
    desk.poll(
        at=NOON - timedelta(days=9),
        state=EntryState.BASELINE,
        entries=[a_listed(str(n)) for n in range(12)],
        title="Harbor Times: all news",
    )
    desk.poll("svobodny-kanal", at=NOON, failures=7, status=403, error="403 Forbidden")
    days = [
        NOON - timedelta(days=6),
        NOON - timedelta(days=4, hours=2),
        NOON - timedelta(days=1),
        NOON - timedelta(hours=1),
        NOON + timedelta(hours=1),
    ]
    for at, (headline, lang, new, more) in zip(days, STORIES, strict=True):
        article, judged = a_broken_story(headline, lang, *new, at=at, **more)
        desk.judge(article, judged)
        if at == days[0]:
            desk.tell(at + timedelta(minutes=1), sent=True)
            for number, (outlet, lang_of_copy) in enumerate(
                [
                    ("Rheinblick", "de"),
                    ("Kanal Wschód", "pl"),
                    ("Volga Inform", "ru"),
                    ("Meridian Wire", "en"),
                    ("Nuevo Puerto", "es"),
                ],
                1,
            ):
                copy = an_article(
                    url=f"https://copy{number}.example/1",
                    title=f"Strike begins, says {outlet}",
                    lang=lang_of_copy,
                    outlet=f"o{number}",
                    outlet_name=outlet,
                    owner=f"group-{number % 3}",
                    seen_at=at + timedelta(minutes=40 * number),
                )
                desk.judge(
                    copy, a_judged(copy, label=Label.REPEAT, repeats=judged.development and judged.development.id)
                )
        if at == days[1]:
            desk.tell(at + timedelta(minutes=1), sent=False, dead=True, reason="550 5.1.1 no such user")
    desk.tell(NOW - timedelta(minutes=5), sent=False, reason="503 Service Unavailable")
    for number, label in enumerate([Label.POSSIBLE, Label.BACKGROUND, Label.OFF_TOPIC]):
        other = an_article(
            url=f"https://harbor-times.example/other{number}",
            title=f"Something {label} about the harbour",
            seen_at=NOON + timedelta(hours=2, minutes=number),
        )
        desk.judge(other, a_judged(other, label=label))
    desk.poll(at=NOW - timedelta(seconds=14), next_poll_at=NOW + timedelta(minutes=4), title="Harbor Times: all news")


STORIES: list[tuple[str, str, tuple[NewSentence, ...], dict[str, Any]]] = [
    (
        "Dockers walk out in all three harbours",
        "en",
        (NewSentence(sentence="About 2,400 dockers walked out at six on Monday morning in all three harbours of the coast, the union said, and no ship has been unloaded since.", lang="en"),),
        {"channels": ("desk", "newsroom"), "outlet_name": "Harbor Times"},
    ),
    (
        "Профспілка погодилася на переговори без попередніх умов",
        "uk",
        (NewSentence(sentence="«Ми сядемо за стіл без попередніх умов», — сказав голова профспілки, хоча ще вчора відмовлявся.", lang="uk", old="відмовляється від переговорів", new="погоджується на переговори"),),
        {"severity": Severity.MINOR},
    ),
    (
        "항만 노조, 파업 참가자 수 2,400명에서 3,100명으로 늘었다고 발표…선박 마흔 척 이상이 외항에서 대기 중",
        "ko",
        (NewSentence(sentence="노조는 파업 참가자가 3,100명으로 늘었다고 밝혔다.", lang="ko", old="2,400명", new="3,100명"),),
        {"held": "language not asked for: ko"},
    ),
    (
        "اتحاد عمال الميناء يعلن تعليق الإضراب لمدة يومين",
        "ar",
        (NewSentence(sentence="أعلن اتحاد عمال الميناء يوم الاثنين تعليق الإضراب لمدة يومين (48 ساعة) لإتاحة الفرصة للتفاوض.", lang="ar", new="معلّق"),),
        {"channels": ("newsroom",)},
    ),
    (
        "Harbour reopens <after> the strike & ships sail",
        "en",
        (
            NewSentence(sentence="The harbour reopened on Monday at noon.", lang="en", old="closed", new="reopened"),
            NewSentence(sentence="Forty ships are waiting; the first three sailed at one.", lang="en"),
        ),
        {},
    ),
]  # fmt: skip
