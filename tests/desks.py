"""A store with the moves that tests make."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from builders import NOON, a_feed, a_judged, a_listed, a_poll_plan, an_article

from storywatch.core.model import ChannelId, DigestTidings, EntryState, TroubleTidings
from storywatch.store.judgements import Judgements
from storywatch.store.outbox import Outbox
from storywatch.store.polls import Polls
from storywatch.store.views import Views

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storywatch.core.alerting import ChannelRules
    from storywatch.core.model import (
        Article,
        DeliveryClaim,
        DeliveryId,
        Entry,
        Judged,
        ListedEntry,
        Message,
        PollOutcome,
    )
    from storywatch.store.engine import Database

LEASE = timedelta(minutes=5)
DESK = ChannelId("desk")


@dataclass
class RecordingWaker:
    """Writes down whom it was told to wake, and what it could ask of the connection."""

    woken: list[DeliveryId] = field(default_factory=list)

    def wake(self, connection: object, delivery_ids: Sequence[DeliveryId]) -> None:
        self.woken += delivery_ids


def render(tidings: Message) -> bytes:
    if isinstance(tidings, DigestTidings):
        heads = ", ".join(gist.development.headline for gist in tidings.gists)
        return f"{tidings.rendered_at} {tidings.delivery} {len(tidings.gists)} together: {heads}".encode()
    if isinstance(tidings, TroubleTidings):
        return f"{tidings.rendered_at} {tidings.delivery} {tidings.signs}".encode()
    reports = len(tidings.reports)
    return f"{tidings.rendered_at} {tidings.delivery} {tidings.development.headline}, {reports} reports".encode()


@dataclass
class Desk:
    """A store with the moves that tests make; it knows one feed, whose baseline is done."""

    database: Database
    waker: RecordingWaker = field(default_factory=RecordingWaker)

    def __post_init__(self) -> None:
        self.polls = Polls(self.database)
        self.judgements = Judgements(self.database, self.waker)
        self.outbox = Outbox(self.database)
        self.views = Views(self.database)

    def begin(self) -> None:
        self.polls.sync_feeds([a_feed()], now=NOON - timedelta(hours=1))
        self.poll(at=NOON - timedelta(hours=1), state=EntryState.BASELINE)

    def poll(self, *listed: ListedEntry, at: datetime = NOON, **plan: Any) -> PollOutcome:
        [claim] = self.polls.claim_feeds(now=at, limit=1, lease=LEASE)
        return self.polls.record_poll(claim, a_poll_plan(*listed, **{"polled_at": at, **plan}))

    def entries(self, at: datetime = NOON, limit: int = 100) -> list[Entry]:
        return self.polls.claim_entries(now=at, limit=limit, lease=LEASE)

    def entry(self, key: str = "1", at: datetime = NOON) -> Entry:
        """A claimed entry of its own."""
        self.poll(a_listed(key), at=at)
        [entry] = self.entries(at)
        return entry

    def judge(self, article: Article | None = None, *judged: Judged, entry: Entry | None = None) -> Article:
        article = article or an_article()
        if entry is None:
            at = max(article.seen_at, NOON)
            with self.database.write() as connection:  # the feed is due again, whenever it was asked last
                connection.exec_driver_sql("UPDATE feed SET next_poll_at = '2026-01-01 00:00:00+00:00'")
            entry = self.entry(article.id, at)
        self.judgements.record_article(entry, article, judged or (a_judged(article),), encoder="enc", now=NOON)
        return article

    def claims(self, at: datetime = NOON, limit: int = 100, rules: ChannelRules | None = None) -> list[DeliveryClaim]:
        return self.outbox.claim_deliveries({DESK}, now=at, limit=limit, lease=LEASE, render=render, rules=rules)
