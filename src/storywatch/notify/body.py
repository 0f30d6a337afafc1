"""The JSON bodies of webhooks; `schemas/` describes them. Keys are only ever added."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from storywatch.core.model import AlertKind, DigestTidings, Tidings
from storywatch.notify.links import LinkAction
from storywatch.notify.text import clean, clean_cut, cut
from storywatch.notify.weight import weightiest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storywatch.core.model import (
        Alert,
        ChannelId,
        Development,
        Doubt,
        Gist,
        Message,
        NewSentence,
        Recipient,
        Report,
        Sign,
        Translation,
        TroubleTidings,
    )
    from storywatch.notify.links import Linker

BODY_LIMIT: Final = 20_000  # bytes, as Standard Webhooks advises
URL_BYTES: Final = 4_000
MOST_CHARS: Final = 4_000  # of one text
REMINDED: Final = "nobody has acknowledged it yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """How much of a message goes into the body: entries of each list, and characters of one text."""

    articles: int = 40
    why: int = 40
    sentences: int = 40
    developments: int = 40
    told: int = 40
    possible: int = 20
    signs: int = 100
    chars: int = MOST_CHARS
    cleaned: dict[str, str] = field(
        default_factory=dict, repr=False, compare=False
    )  # one message's texts, cleaned once


OF_ONE: Final = _Room()
OF_SEVERAL: Final = _Room(articles=10, why=5, sentences=10, chars=1_000)


def body_of(message: Message, *, linker: Linker) -> bytes:
    """The body of any message, always valid and below 20 kB: the end of what is too long is left out."""
    if isinstance(message, Tidings):
        return alert_body(message, linker=linker)
    if isinstance(message, DigestTidings):
        return _fit(lambda room: _digest(message, room, linker=linker), *_lists_of_digest(message), room=OF_SEVERAL)
    return _fit(lambda room: _trouble(message, room), ("signs", len(message.signs), 1))


def alert_body(tidings: Tidings, *, linker: Linker) -> bytes:
    """The body of an alert about one development: articles go first, then reasons, then sentences."""
    return _fit(
        lambda room: _alert(tidings, room, linker=linker),
        ("articles", len(tidings.reports), 1),
        ("why", len(tidings.why), 1),
        ("sentences", len(tidings.development.new), 1),
    )


def test_body(channel: ChannelId, *, now: datetime) -> bytes:
    """The body of a test."""
    message = f"This is a test of channel {channel}. It works: alerts will arrive like this call."
    return _dump({"type": "test", "timestamp": _moment(now), "data": {"channel": channel, "message": message}})


def _fit(write: Callable[[_Room], dict[str, Any]], *lists: tuple[str, int, int], room: _Room = OF_ONE) -> bytes:
    """The body with as much as fits. `lists` are (name, length, the least of it) in the order in which their ends go."""
    room = replace(room, cleaned={})
    for name, length, least in lists:
        if len(body := _dump(write(room))) < BODY_LIMIT:
            return body
        most = max(least, min(getattr(room, name), length))
        sizes: list[dict[str, Any]] = [{name: size} for size in range(most, least - 1, -1)]
        rooms = [replace(room, **size) for size in sizes]
        first = bisect_left(rooms, x=True, key=lambda one: len(_dump(write(one))) < BODY_LIMIT)
        room = rooms[min(first, len(rooms) - 1)]
    while len(body := _dump(write(room))) >= BODY_LIMIT:
        room = replace(room, chars=room.chars // 2)
    return body


# --------------------------------------------------------------------------- one development


def _alert(tidings: Tidings, room: _Room, *, linker: Linker) -> dict[str, Any]:
    development, alert = tidings.development, tidings.alert
    data = {
        "watch": development.watch,
        "story": _text(tidings.watch_name, room),
        "development": _development(development, room),
        "articles": [_article(report, room) for report in tidings.reports[: room.articles]],
        "why": [_text(reason, room) for reason in tidings.why[: room.why]],
        "links": _links(alert, development, tidings.recipient, linker=linker),
        "left_out": {
            "articles": _beyond(tidings.reports, room.articles),
            "why": _beyond(tidings.why, room.why),
            "sentences": _beyond(development.new, room.sentences),
        },
    }
    if alert.kind != AlertKind.REPORTED:
        data["follow_up"] = _follow_up(alert, room)
    return {"type": alert.kind, "timestamp": _moment(tidings.rendered_at), "data": data}


def _follow_up(alert: Alert, room: _Room) -> dict[str, Any]:
    """What is told beside the development itself."""
    detail = alert.detail
    if alert.kind == AlertKind.REMINDER:
        return {"words": REMINDED, "number": int(detail.get("number") or 1)}
    said = detail.get("words")
    if alert.kind == AlertKind.CORROBORATED:
        owners = int(detail.get("owners") or 0)
        return {"words": _text(said or f"now reported by {owners} independent owners", room), "owners": owners}
    url, sentence = detail.get("url"), detail.get("sentence")
    return {
        "words": _text(said or ("retracted" if detail.get("retracted") else "corrected"), room),
        "url": None if url is None else _url(str(url)),
        "sentence": None if sentence is None else _text(str(sentence), room),
        "retracted": bool(detail.get("retracted")),
    }


def _links(alert: Alert, development: Development, recipient: Recipient, *, linker: Linker) -> dict[str, str]:
    """Where to look, and what can be done for whoever holds the message. They end some time after the alert."""
    watch, at = development.watch, alert.created_at
    return {
        "timeline": linker.timeline(watch, development.id),
        "acknowledge": linker.signed(LinkAction.ACKNOWLEDGE, watch, recipient, at=at, development=development.id),
        "mute": linker.signed(LinkAction.MUTE, watch, recipient, at=at),
    }


def _development(development: Development, room: _Room) -> dict[str, Any]:
    return {**_brief(development, room), "new": [_new(new, room) for new in development.new[: room.sentences]]}


def _brief(development: Development, room: _Room) -> dict[str, Any]:
    return {
        "id": development.id,
        "headline": _text(development.headline, room),
        "severity": development.severity,
        "first_seen_at": _moment(development.first_seen_at),
    }


def _new(new: NewSentence, room: _Room) -> dict[str, Any]:
    return {
        "sentence": _text(new.sentence, room),
        "lang": _text(new.lang, room),
        "old": None if new.old is None else _text(new.old, room),
        "new": None if new.new is None else _text(new.new, room),
        "translation": new.translation and _translation(new.translation, room),
    }


def _translation(translation: Translation, room: _Room) -> dict[str, Any]:
    return {
        "lang": _text(translation.lang, room),
        "text": _text(translation.text, room),
        "by": _text(translation.by, room),
    }


def _article(report: Report, room: _Room) -> dict[str, Any]:
    return {
        "url": _url(report.url),
        "title": _text(report.title, room),
        "outlet": _text(report.outlet, room),
        "owner": _text(report.owner, room),
        "lang": _text(report.lang, room),
        "published_at": report.published_at and _moment(report.published_at),
        "seen_at": _moment(report.seen_at),
    }


# --------------------------------------------------------------------------- several developments


def _lists_of_digest(digest: DigestTidings) -> tuple[tuple[str, int, int], ...]:
    """What goes first: doubts, what was told anyway, then who else reports; a development itself goes last."""
    return (
        ("possible", len(digest.doubts), 0),
        ("told", len(digest.told), 0),
        ("articles", max((len(gist.reports) for gist in digest.gists), default=0), 1),
        ("sentences", max((len(gist.development.new) for gist in digest.gists), default=0), 1),
        ("developments", len(digest.gists), 1),
    )


def _digest(digest: DigestTidings, room: _Room, *, linker: Linker) -> dict[str, Any]:
    detail = digest.alert.detail
    data = {
        "because": detail.get("because"),
        "words": _text(str(detail.get("words") or ""), room),
        "watch": digest.alert.watch,
        "since": _said_moment(detail.get("since")),
        "until": _said_moment(detail.get("until")),
        "developments": [
            _gist(gist, digest, room, linker=linker) for gist in weightiest(digest.gists, room.developments)
        ],
        "told": [_told(gist, room, linker=linker) for gist in digest.told[: room.told]],
        "possible": [_doubt(doubt, room) for doubt in digest.doubts[: room.possible]],
        "left_out": {
            "developments": _beyond(digest.gists, room.developments),
            "told": _beyond(digest.told, room.told),
            "possible": _beyond(digest.doubts, room.possible),
        },
    }
    return {"type": digest.alert.kind, "timestamp": _moment(digest.rendered_at), "data": data}


def _gist(gist: Gist, digest: DigestTidings, room: _Room, *, linker: Linker) -> dict[str, Any]:
    return {
        **_heading(gist, room),
        "development": _development(gist.development, room),
        "articles": [_article(report, room) for report in gist.reports[: room.articles]],
        "links": _links(digest.alert, gist.development, digest.recipient, linker=linker),
    }


def _told(gist: Gist, room: _Room, *, linker: Linker) -> dict[str, Any]:
    development = gist.development
    return {
        **_heading(gist, room),
        "development": _brief(development, room),
        "links": {"timeline": linker.timeline(development.watch, development.id)},
    }


def _heading(gist: Gist, room: _Room) -> dict[str, Any]:
    return {
        "watch": gist.watch,
        "story": _text(gist.watch_name, room),
        "kind": gist.kind,
        "words": None if gist.words is None else _text(gist.words, room),
    }


def _doubt(doubt: Doubt, room: _Room) -> dict[str, Any]:
    return {
        "watch": doubt.watch,
        "story": _text(doubt.watch_name, room),
        "article": _article(doubt.report, room),
        "score": doubt.score,
        "why": [_text(reason, room) for reason in doubt.why[: room.why]],
    }


# --------------------------------------------------------------------------- the service itself


def _trouble(tidings: TroubleTidings, room: _Room) -> dict[str, Any]:
    data = {
        "signs": [_sign(sign, room) for sign in tidings.signs[: room.signs]],
        "left_out": {"signs": _beyond(tidings.signs, room.signs)},
    }
    return {"type": tidings.alert.kind, "timestamp": _moment(tidings.rendered_at), "data": data}


def _sign(sign: Sign, room: _Room) -> dict[str, Any]:
    return {
        "subject": _text(sign.subject, room),
        "words": _text(sign.words, room),
        "since": _moment(sign.since),
        "ended_at": sign.ended_at and _moment(sign.ended_at),
    }


# --------------------------------------------------------------------------- values


def _beyond(entries: Sequence[object], room: int) -> int:
    return max(0, len(entries) - room)


def _text(text: str, room: _Room) -> str:
    cleaned = room.cleaned.get(text)
    if cleaned is None:
        cleaned = room.cleaned[text] = clean_cut(text, MOST_CHARS)
    return cut(cleaned, room.chars)


def _url(url: str) -> str:
    return clean(url[:URL_BYTES]).encode()[:URL_BYTES].decode(errors="ignore")


def _said_moment(said: object) -> str | None:
    """A moment that an alert's detail gives, in ISO 8601."""
    return _moment(datetime.fromisoformat(said)) if isinstance(said, str) else None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _dump(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
