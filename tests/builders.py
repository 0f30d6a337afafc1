"""Values for tests: say only what the test is about, the rest has a default."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from storywatch.core.ids import digest
from storywatch.core.model import Article, ArticleId, Feed, FeedId, Watch, WatchId

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
