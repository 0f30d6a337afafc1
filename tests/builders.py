"""Values for tests: say only what the test is about, the rest has a default."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from storywatch.core.ids import digest
from storywatch.core.model import (
    Alert,
    AlertId,
    Article,
    ArticleId,
    ChannelId,
    DeliveryClaim,
    DeliveryId,
    Development,
    DevelopmentId,
    Feed,
    FeedId,
    NewSentence,
    Recipient,
    Report,
    Severity,
    Tidings,
    Watch,
    WatchId,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def an_article(**changes: Any) -> Article:
    """A short English article; its id follows from its address and text."""
    values: dict[str, Any] = {
        "url": "https://harbor-times.example/1",
        "title": "Harbour reopens after the strike",
        "summary": "Dockers return to work.",
        "paragraphs": ("The harbour reopened on Monday.", "Forty ships are waiting."),
        "lang": "en",
        "outlet": "harbor-times",
        "outlet_name": "Harbor Times",
        "owner": "harbor-times",
        "published_at": NOON,
        "seen_at": NOON,
        **changes,
    }
    values.setdefault("url_key", values["url"])
    values.setdefault("id", ArticleId(digest("art", values["url_key"], values["title"], *values["paragraphs"])))
    return Article(**values)


def a_watch(**changes: Any) -> Watch:
    """A watch on the harbour strike."""
    values: dict[str, Any] = {
        "id": WatchId("harbour-strike"),
        "name": "Harbour strike",
        "about": "The dockers' strike in the harbour: talks, demands, and when ships sail again.",
        "feeds": frozenset({FeedId("harbor-times")}),
        **changes,
    }
    return Watch(**values)


def a_feed(**changes: Any) -> Feed:
    """One English feed."""
    values: dict[str, Any] = {
        "id": FeedId("harbor-times"),
        "url": "https://harbor-times.example/feed.xml",
        "owner": "harbor-times",
        "lang": "en",
        **changes,
    }
    return Feed(**values)


def a_development(**changes: Any) -> Development:
    """The harbour reopens: one new sentence, of the article that `an_article` makes."""
    values: dict[str, Any] = {
        "id": DevelopmentId("dev_0123456789abcdef01234567"),
        "watch": WatchId("harbour-strike"),
        "article": an_article().id,
        "headline": "Harbour reopens after the strike",
        "lang": "en",
        "severity": Severity.MAJOR,
        "first_seen_at": NOON,
        "new": (NewSentence(sentence="The harbour reopened on Monday.", lang="en", old="closed", new="reopened"),),
        **changes,
    }
    return Development(**values)


def a_report(**changes: Any) -> Report:
    """The report of Harbor Times."""
    values: dict[str, Any] = {
        "url": "https://harbor-times.example/1",
        "title": "Harbour reopens after the strike",
        "outlet": "Harbor Times",
        "owner": "harbor-times",
        "lang": "en",
        "published_at": NOON,
        "seen_at": NOON,
        **changes,
    }
    return Report(**values)


def tidings(**changes: Any) -> Tidings:
    """An alert about the reopened harbour, half a minute after it was seen, to one mailbox."""
    development = changes.get("development") or a_development()
    values: dict[str, Any] = {
        "alert": Alert(
            id=AlertId("alr_0123456789abcdef01234567"),
            watch=development.watch,
            development=development.id,
            kind="development.reported",
            created_at=NOON,
        ),
        "delivery": DeliveryId("dlv_0123456789abcdef01234567"),
        "recipient": Recipient(channel=ChannelId("desk"), address="desk@example.org"),
        "watch_name": "Harbour strike",
        "development": development,
        "reports": (a_report(),),
        "why": ("Unlike every known sentence.",),
        "score": 0.9312,
        "rendered_at": NOON + timedelta(seconds=30),
        **changes,
    }
    return Tidings(**values)


def a_claim(**changes: Any) -> DeliveryClaim:
    """The first try at a delivery."""
    values: dict[str, Any] = {
        "id": DeliveryId("dlv_0123456789abcdef01234567"),
        "lease": "a-lease",
        "recipient": Recipient(channel=ChannelId("desk"), address="desk@example.org"),
        "message": b"{}",
        "attempt": 1,
        "first_try_at": NOON,
        **changes,
    }
    return DeliveryClaim(**values)
