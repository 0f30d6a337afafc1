"""Messages of every kind, as the channels get them: say only what the test is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from builders import NOON, a_development, a_report, an_article, tidings

from storywatch.core.model import (
    Alert,
    AlertId,
    AlertKind,
    DigestTidings,
    Doubt,
    Gist,
    Sign,
    TroubleTidings,
    WatchId,
)


def an_alert(kind: AlertKind, **detail: Any) -> Alert:
    """An alert of a kind about the reopened harbour; of a digest and of trouble, about no story."""
    about = kind.startswith("development.")
    return Alert(
        id=AlertId("alr_0123456789abcdef01234567"),
        watch=WatchId("harbour-strike") if about else None,
        development=a_development().id if about else None,
        kind=kind,
        created_at=NOON,
        detail=detail,
    )


def a_gist(**changes: Any) -> Gist:
    """The reopened harbour among other developments."""
    development = changes.get("development") or a_development()
    values: dict[str, Any] = {
        "watch": development.watch,
        "watch_name": "Harbour strike",
        "development": development,
        "reports": (a_report(),),
        **changes,
    }
    return Gist(**values)


def a_doubt(**changes: Any) -> Doubt:
    """A report that may tell something new."""
    values: dict[str, Any] = {
        "watch": WatchId("harbour-strike"),
        "watch_name": "Harbour strike",
        "article": an_article().id,
        "report": a_report(title="Are ships about to sail?", url="https://harbor-times.example/2"),
        "score": 0.41,
        "why": ("It resembles what is known.",),
        **changes,
    }
    return Doubt(**values)


def a_digest(*gists: Gist, told: tuple[Gist, ...] = (), doubts: tuple[Doubt, ...] = (), **detail: Any) -> DigestTidings:
    """A digest, daily if nothing else is said."""
    like = tidings()
    return DigestTidings(
        alert=an_alert(AlertKind.DIGEST, **{"because": "digest", "words": "the digest of the day", **detail}),
        delivery=like.delivery,
        recipient=like.recipient,
        gists=gists or (a_gist(),),
        told=told,
        doubts=doubts,
        rendered_at=like.rendered_at,
    )


def a_sign(**changes: Any) -> Sign:
    """A feed that has not answered for two hours."""
    values: dict[str, Any] = {
        "subject": "feed:harbor-times",
        "words": "503 for two hours",
        "since": NOON - timedelta(hours=2),
        **changes,
    }
    return Sign(**values)


def trouble(*signs: Sign, kind: AlertKind = AlertKind.TROUBLE) -> TroubleTidings:
    """Trouble of the service itself, or that it is over."""
    like = tidings()
    return TroubleTidings(
        alert=an_alert(kind),
        delivery=like.delivery,
        recipient=like.recipient,
        signs=signs or (a_sign(),),
        rendered_at=like.rendered_at,
    )
