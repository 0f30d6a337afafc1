"""One message of each kind, about a strike in a harbour that we invented, in several languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import NOON, a_development, a_report, tidings

from storywatch.core.ids import digest
from storywatch.core.model import (
    Alert,
    AlertId,
    AlertKind,
    ArticleId,
    ChannelId,
    DeliveryId,
    DevelopmentId,
    DigestTidings,
    Doubt,
    Gist,
    Message,
    NewSentence,
    Recipient,
    Report,
    Severity,
    Sign,
    Tidings,
    TroubleTidings,
    WatchId,
)

DESK = Recipient(channel=ChannelId("desk"), address="desk@example.org")
HARBOUR = WatchId("harbour-strike")
FERRY = WatchId("ferry-line")
HOUR = timedelta(hours=1)

KOREAN = "정부는 월요일 항구가 다시 열렸으며 마흔 척의 배가 기다리고 있다고 밝혔다."
ARABIC = "أعلنت السلطات إعادة فتح الميناء يوم الاثنين بعد ستة أيام من الإضراب."
HEBREW = "הנמל נפתח מחדש ביום שני אחרי שישה ימי שביתה."


def an_alert(kind: AlertKind, of: int, *, watch: WatchId | None = HARBOUR, **detail: Any) -> Alert:
    """The alert of a message; each `of` is another one."""
    return Alert(
        id=AlertId(digest("alr", kind, str(of))),
        watch=watch,
        development=None,
        kind=kind,
        created_at=NOON + of * HOUR,
        detail=detail,
    )


def a_delivery(kind: str, number: int = 1) -> DeliveryId:
    return DeliveryId(digest("dlv", kind, str(number)))


def reopened() -> Tidings:
    """A development as it comes: three scripts, one of them from the right, several outlets, one owner twice."""
    new = (
        NewSentence(sentence=KOREAN, lang="ko", old="closed", new="다시 열렸으며"),
        NewSentence(sentence=ARABIC, lang="ar"),
        NewSentence(
            sentence="The dockers' union counts 52 waiting ships.",
            lang="en",
            old="40",
            new="52",
            old_by="Port Authority",
            conflict=True,
        ),
    )
    reports = (
        a_report(
            url="https://port.example/1?a=1&b=2", title="항구 파업 끝에 재개", outlet="항구일보", owner="p", lang="ko"
        ),
        a_report(title="Harbour reopens after six days", seen_at=NOON + timedelta(minutes=40)),
        a_report(title="إعادة فتح الميناء", outlet="الميناء", owner="p", lang="ar", seen_at=NOON + 3 * HOUR),
    )
    why = (
        "The status differs from a known sentence of 12 January: “The harbour stays closed until further notice.”",
        "Nearest development: talks begin, 27 February, 0.71 alike.",
    )
    development = a_development(headline="항구 파업 끝에 재개", lang="ko", new=new)
    return tidings(development=development, reports=reports, why=why, delivery=a_delivery("reported"))


def follow_up(kind: AlertKind, of: int = 1, **detail: Any) -> Tidings:
    """The same development told again."""
    told = reopened()
    more = tuple(
        a_report(title=f"Ships sail again ({i})", outlet=f"Outlet {i}", owner=f"o{i}", seen_at=NOON + i * HOUR)
        for i in (1, 2)
    )
    return replace(
        told,
        alert=an_alert(kind, of, **detail),
        delivery=a_delivery(kind, of),
        reports=told.reports + more,
        rendered_at=NOON + of * HOUR,
    )


def a_gist(number: int, *, watch: WatchId = HARBOUR, **changes: Any) -> Gist:
    """One of several developments, each of another article."""
    headline = f"Pier {number} of the harbour is open again"
    sentence = f"Pier {number} opened on Monday, and {number * 7} ships went in."
    values: dict[str, Any] = {
        "watch": watch,
        "watch_name": "Harbour strike" if watch == HARBOUR else "Паромна лінія",
        "development": a_development(
            id=DevelopmentId(digest("dev", watch, str(number))),
            watch=watch,
            headline=headline,
            severity=Severity.MINOR,
            new=(NewSentence(sentence=sentence, lang="en", old="closed", new="opened"),),
        ),
        "reports": (a_report(title=headline, seen_at=NOON + number * HOUR),),
        **changes,
    }
    return Gist(**values)


def in_hebrew() -> Gist:
    """A development that reads from the right."""
    development = a_development(
        id=DevelopmentId("dev_hebrew"),
        watch=FERRY,
        headline="הנמל נפתח מחדש",
        lang="he",
        new=(NewSentence(sentence=HEBREW, lang="he", new="נפתח מחדש"),),
    )
    report = a_report(title="הנמל נפתח מחדש", outlet="עיתון הנמל", owner="n", lang="he")
    return a_gist(1, watch=FERRY, development=development, reports=(report,))


def a_doubt(number: int = 1, **changes: Any) -> Doubt:
    """An article that may be new."""
    report: Report = a_report(
        title=f"Union hints at a new strike ({number})", url=f"https://harbor-times.example/d{number}"
    )
    values: dict[str, Any] = {
        "watch": HARBOUR,
        "watch_name": "Harbour strike",
        "article": ArticleId(f"art_{number}"),
        "report": report,
        "score": 0.4178,
        "why": ("“hints at” is said of something that has not happened.", "Only one outlet has it."),
        **changes,
    }
    return Doubt(**values)


def a_digest(*gists: Gist, number: int = 1, watch: WatchId | None = None, **changes: Any) -> DigestTidings:
    """Several developments told together; with a watch, in its thread."""
    detail = changes.pop(
        "detail", {"because": "digest", "since": "2026-03-01T06:00:00+00:00", "until": "2026-03-02T06:00:00+00:00"}
    )
    values: dict[str, Any] = {
        "alert": an_alert(AlertKind.DIGEST, number, watch=watch, **detail),
        "delivery": a_delivery("digest", number),
        "recipient": DESK,
        "gists": gists,
        "rendered_at": NOON + number * HOUR,
        **changes,
    }
    return DigestTidings(**values)


def trouble(*signs: Sign, kind: AlertKind = AlertKind.TROUBLE, number: int = 1) -> TroubleTidings:
    """What is told of the service itself."""
    return TroubleTidings(
        alert=an_alert(kind, number, watch=None),
        delivery=a_delivery(kind, number),
        recipient=DESK,
        signs=signs or (failing_feed(), Sign(subject="polls", words="no feed was polled for 20 minutes", since=NOON)),
        rendered_at=NOON + number * HOUR,
    )


def failing_feed(**changes: Any) -> Sign:
    words = "12 failures in a row: 503 from https://harbor-times.example/feed.xml"
    return Sign(**{"subject": "feed:harbor-times", "words": words, "since": NOON, **changes})


def every_kind() -> dict[str, Message]:
    """A message of each kind, by a name that says which."""
    daily = a_digest(
        a_gist(1),
        a_gist(2, kind=AlertKind.CORROBORATED, words="now reported by 4 independent owners"),
        in_hebrew(),
        told=(a_gist(4), a_gist(5, watch=FERRY)),
        doubts=(a_doubt(1), a_doubt(2, watch=FERRY, watch_name="Паромна лінія")),
    )
    held = {"because": "quiet", "since": "2026-03-01T21:00:00+00:00", "until": "2026-03-02T05:00:00+00:00"}
    return {
        "reported": reopened(),
        "corroborated": follow_up(AlertKind.CORROBORATED, owners=4, words="now reported by 4 independent owners"),
        "corrected": follow_up(
            AlertKind.CORRECTED,
            words="corrected by Harbor Times",
            url="https://harbor-times.example/1",
            sentence="An earlier version said that all piers had opened; two of five have.",
            retracted=False,
        ),
        "retracted": follow_up(
            AlertKind.CORRECTED,
            2,
            words="retracted by 항구일보",
            url="https://port.example/1",
            sentence="This article has been withdrawn.",
            retracted=True,
        ),
        "reminder": follow_up(AlertKind.REMINDER, number=2),
        "digest-daily": daily,
        "digest-quiet": a_digest(a_gist(1), in_hebrew(), number=2, detail=held),
        "digest-snooze": a_digest(a_gist(1), a_gist(2), number=3, watch=HARBOUR, detail={"because": "snooze"}),
        "digest-interval": a_digest(
            a_gist(1), a_gist(2), a_gist(3), number=4, watch=HARBOUR, detail={"because": "interval"}
        ),
        "digest-nothing-new": a_digest(number=5, told=(a_gist(4),), doubts=(a_doubt(),)),
        "trouble": trouble(),
        "recovered": trouble(failing_feed(ended_at=NOON + 3 * HOUR), kind=AlertKind.RECOVERED),
    }
