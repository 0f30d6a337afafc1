"""Values for tests: say only what the test is about, the rest has a default."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

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
    Entry,
    Feed,
    FeedClaim,
    FeedId,
    Judged,
    Label,
    LanguageMean,
    ListedEntry,
    Listing,
    Match,
    Nearest,
    NewSentence,
    Place,
    PlannedDelivery,
    PollPlan,
    Reason,
    Recipient,
    Remembered,
    Report,
    Sentence,
    Severity,
    Tidings,
    Vector,
    Verdict,
    Watch,
    WatchId,
)
from storywatch.core.websub import HubClaim
from storywatch.core.weights import Blend, Cuts, Linear, Weights, shipped_weights
from storywatch.notify.links import Linker

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


def a_listed(key: str = "1", **changes: Any) -> ListedEntry:
    """One item of a feed; its address follows from its key."""
    values: dict[str, Any] = {
        "key": key,
        "url": f"https://harbor-times.example/{key}?from=rss",
        "url_key": f"harbor-times.example/{key}",
        "title": f"Harbour news {key}",
        "summary": "Dockers return to work.",
        "published_at": None,
        **changes,
    }
    return ListedEntry(**values)


def a_poll_plan(*entries: ListedEntry, **changes: Any) -> PollPlan:
    """A poll at noon that listed these; the next one ten minutes later."""
    polled_at = changes.get("polled_at", NOON)
    values: dict[str, Any] = {
        "polled_at": polled_at,
        "next_poll_at": polled_at + timedelta(minutes=10),
        "interval": timedelta(minutes=10),
        "failures": 0,
        "status": 200,
        "entries": entries,
        **changes,
    }
    return PollPlan(**values)


def a_vector(seed: int, dim: int = 8) -> Vector:
    """A normalised vector that float16 can hold."""
    vector = np.random.default_rng(seed).standard_normal(dim)
    return (vector / np.linalg.norm(vector)).astype(np.float16).astype(np.float32)


def a_judged(article: Article | None = None, **changes: Any) -> Judged:
    """The article breaks a development: told to one mailbox at once. `label=` makes it something less."""
    article = article or an_article()
    watch = changes.pop("watch", WatchId("harbour-strike"))
    label = changes.pop("label", Label.DEVELOPMENT)
    recipients = changes.pop("recipients", ("desk@example.org",))
    development = alert = None
    deliveries: tuple[PlannedDelivery, ...] = ()
    repeats = changes.pop("repeats", None)
    not_before = changes.pop("not_before", article.seen_at)
    seed = int(digest("seed", article.id)[-6:], 16)
    if label is Label.DEVELOPMENT:
        uid = DevelopmentId(digest("dev", watch, article.id))
        development = a_development(
            id=uid, watch=watch, article=article.id, headline=article.title, first_seen_at=article.seen_at
        )
        alert = Alert(
            id=AlertId(digest("alr", uid)),
            watch=watch,
            development=uid,
            kind="development.reported",
            created_at=article.seen_at,
        )
        deliveries = tuple(
            PlannedDelivery(
                id=DeliveryId(digest("dlv", alert.id, address)),
                recipient=Recipient(channel=ChannelId("desk"), address=address),
                not_before=not_before,
            )
            for address in recipients
        )
    sentences = tuple(
        Sentence(text=text, place=Place.BODY, vector=a_vector(seed + number))
        for number, text in enumerate(article.paragraphs)
    )
    off_topic = label is Label.OFF_TOPIC
    values: dict[str, Any] = {
        "watch": watch,
        "match": Match(
            relevance=0.1 if off_topic else 0.97,
            about=not off_topic,
            reasons=(Reason(name="cosine", figure=0.81, pull=2.5, words="Close to what the watch describes."),),
            features={"cosine": 0.81},
        ),
        "verdict": Verdict(
            verdict=label,
            score=0.9312,
            severity=development and development.severity,
            new=development.new if development else (),
            nearest=Nearest(development=repeats, article=None, sentence="Dockers walk out.", score=0.4),
            reasons=(Reason(name="unlike", figure=0.4, pull=1.5, words="Unlike every known sentence."),),
            features={"unlike": 0.4},
        ),
        "remembered": Remembered(
            article=article.id,
            url_key=article.url_key,
            title=article.title,
            summary=article.summary,
            paragraphs=article.paragraphs,
            lang=article.lang,
            owner=article.owner,
            outlet=article.outlet,
            published_at=article.published_at,
            seen_at=article.seen_at,
            lead=a_vector(seed + 1000),
            sentences=() if off_topic else sentences,
            relevance=0.1 if off_topic else 0.97,
            verdict=label,
            score=0.9312,
            development=development.id if development else repeats,
        ),
        "mean": LanguageMean(lang=article.lang, total=np.full(8, 0.1) * (seed % 97), count=len(sentences)),
        "development": development,
        "alert": alert,
        "deliveries": deliveries,
        **changes,
    }
    return Judged(**values)


def a_hub_claim(**changes: Any) -> HubClaim:
    """A hub that is to be asked for the first time."""
    values: dict[str, Any] = {
        "feed": FeedId("harbor-times"),
        "hub": "https://hub.example/",
        "topic": "https://harbor-times.example/feed.xml?a=1&b=ü",
        "token": "t" * 43,
        "secret": "a-secret",
        "callback": "https://desk.example/websub/" + "t" * 43,
        "mode": "subscribe",
        "asks": 1,
        **changes,
    }
    return HubClaim(**values)


def a_feed_claim(**changes: Any) -> FeedClaim:
    """A feed that is due and was polled before."""
    feed = changes.pop("feed", None) or a_feed()
    values: dict[str, Any] = {"feed": feed, "url": feed.url, "lease": "a-lease", "first_poll": False, **changes}
    return FeedClaim(**values)


def a_listing(**changes: Any) -> Listing:
    """A feed that answered with one entry."""
    values: dict[str, Any] = {
        "url": "https://harbor-times.example/feed.xml",
        "moved_to": None,
        "title": "Harbor Times",
        "lang": "en",
        "entries": (a_listed(),),
        "body_hash": "0" * 64,
        **changes,
    }
    return Listing(**values)


def an_entry(**changes: Any) -> Entry:
    """A claimed entry whose page was not tried yet."""
    values: dict[str, Any] = {
        "id": 1,
        "lease": "a-lease",
        "feed": FeedId("harbor-times"),
        "outlet_name": "Harbor Times",
        "owner": "harbor-times",
        "url": "https://harbor-times.example/1",
        "url_key": "http://harbor-times.example/1",
        "title": "Harbour reopens after the strike",
        "summary": "Dockers return to work.",
        "lang": "en",
        "published_at": NOON,
        "seen_at": NOON,
        **changes,
    }
    return Entry(**values)


def plain_weights(*, news: float = 4) -> Weights:
    """A matcher that can be foretold: about the story is what has its terms, news is what no like title told before.

    `news` is how readily it takes something for news, in log-odds. An entry without its terms is
    read where its vector is no further from the watch than half a deviation below unrelated news.
    """
    shipped = shipped_weights()

    def model(names: tuple[str, ...], bias: float, **weights: float) -> Linear:
        weight = np.array([weights.get(name, 0.0) for name in names])
        return Linear(
            names=names, mean=np.zeros(len(weight)), scale=np.ones(len(weight)), weight=weight, bias=float(bias)
        )

    return replace(
        shipped,
        relevance=Blend(linear=model(shipped.relevance.names, -4, terms=8)),
        same=Blend(linear=model(shipped.same.names, -8, title_title=10)),
        telling=model(shipped.telling.names, 0),
        novelty=Blend(linear=model(shipped.novelty.names, news, same_most=-8)),
        cuts=Cuts(about=0.5, development=0.5, possible=0.2),
        entry_words=None,
        entry=model(("lead_best_z",), 0.5, lead_best_z=1),
    )


def linker_to(base_url: str) -> Linker:
    """Makes the links of messages, with a key that everybody knows."""
    return Linker(base_url=base_url, keys=(bytes(32),))
