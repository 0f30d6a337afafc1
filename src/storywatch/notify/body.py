"""The JSON bodies of webhooks; `schemas/` describes them. Keys are only ever added."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from storywatch.notify.text import URL_LIMIT, clean, cut

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.core.model import ChannelId, NewSentence, Report, Tidings, Translation
    from storywatch.notify.links import Linker

BODY_LIMIT: Final = 20_000  # bytes, as Standard Webhooks advises


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """How much of the tidings goes into the body."""

    articles: int = 40
    why: int = 40
    sentences: int = 40
    chars: int = 4_000  # of one text

    def less(self, tidings: Tidings) -> _Room:
        """The next smaller room: articles go first, then reasons, then sentences; at last all texts are cut."""
        if (articles := min(self.articles, len(tidings.reports))) > 1:
            return replace(self, articles=articles - 1)
        if (why := min(self.why, len(tidings.why))) > 1:
            return replace(self, why=why - 1)
        if (sentences := min(self.sentences, len(tidings.development.new))) > 1:
            return replace(self, sentences=sentences - 1)
        return replace(self, chars=self.chars // 2)


def alert_body(tidings: Tidings, *, linker: Linker) -> bytes:
    """The body of an alert, always valid and below 20 kB: the end of what is too long is left out."""
    room = _Room()
    while len(body := _dump(_alert(tidings, room, linker=linker))) >= BODY_LIMIT:
        room = room.less(tidings)
    return body


def test_body(channel: ChannelId, *, now: datetime) -> bytes:
    """The body of a test."""
    message = f"This is a test of channel {channel}. It works: alerts will arrive like this call."
    return _dump({"type": "test", "timestamp": _moment(now), "data": {"channel": channel, "message": message}})


def _alert(tidings: Tidings, room: _Room, *, linker: Linker) -> dict[str, Any]:
    development = tidings.development
    return {
        "type": tidings.alert.kind,
        "timestamp": _moment(tidings.rendered_at),
        "data": {
            "watch": development.watch,
            "story": _text(tidings.watch_name, room),
            "development": {
                "id": development.id,
                "headline": _text(development.headline, room),
                "severity": development.severity,
                "first_seen_at": _moment(development.first_seen_at),
                "new": [_new(new, room) for new in development.new[: room.sentences]],
            },
            "articles": [_article(report, room) for report in tidings.reports[: room.articles]],
            "why": [_text(reason, room) for reason in tidings.why[: room.why]],
            "links": {
                "timeline": linker.timeline(development.watch, development.id),
                "acknowledge": None,
                "mute": None,
            },
        },
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
        "url": clean(report.url)[:URL_LIMIT],
        "title": _text(report.title, room),
        "outlet": _text(report.outlet, room),
        "owner": _text(report.owner, room),
        "lang": _text(report.lang, room),
        "published_at": report.published_at and _moment(report.published_at),
        "seen_at": _moment(report.seen_at),
    }


def _text(text: str, room: _Room) -> str:
    return cut(clean(text), room.chars)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _dump(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
