"""What is said later of a development that was told: that others report it too, that it was corrected, that nobody took notice.

Each is planned from what was told to whom; its id follows from the development and from what it says, so that planning
it again plans the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from storywatch.core.alerting import plan_deliveries
from storywatch.core.ids import digest
from storywatch.core.model import Alert, AlertId, AlertKind
from storywatch.core.silences import covering

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from storywatch.core.alerting import ChannelRules
    from storywatch.core.model import (
        ChannelId,
        Correction,
        DevelopmentId,
        PlannedDelivery,
        Recipient,
        Severity,
        Silence,
        Watch,
    )

MOST_REMINDERS = 10
REMINDED_LATE = timedelta(days=1)  # what should have been told again longer ago is left alone
CORROBORATED_LATE = timedelta(days=1)  # a level that was reached longer ago, when nobody asked for it, is no news
FOLLOWED = timedelta(days=14)  # how long corroborations and corrections of a development are told
SECOND_THOUGHTS = timedelta(minutes=10)  # in which the desk may take back what it said before others hear of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """An article that carries a development. `known_at` is since when we know that it does."""

    url_key: str
    owner: str
    is_copy: bool
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """When a development was told to somebody, and when the message was made: it knows nothing of what came later."""

    sent_at: datetime
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A follow-up that was planned for somebody. `sent_at` None: it was not sent, or not yet."""

    kind: AlertKind
    detail: Mapping[str, Any]
    recipient: Recipient
    created_at: datetime
    waits: bool
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A development, and what was told of it to whom."""

    key: int  # of its row
    development: DevelopmentId
    severity: Severity
    told: Mapping[Recipient, Told] = field(default_factory=dict)
    waits: bool = False  # somebody is still to be told
    later: Sequence[Later] = ()

    def planned(self, kind: AlertKind, **detail: Any) -> set[Recipient]:
        """Who hears of such a follow-up, or has heard."""
        return {
            one.recipient
            for one in self.later
            if one.kind is kind and all(one.detail.get(name) == value for name, value in detail.items())
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Followup:
    """An alert about a development that was told, and to whom it goes."""

    key: int  # of the development's row
    alert: Alert
    deliveries: tuple[PlannedDelivery, ...]


# --------------------------------------------------------------------------- reminders


def plan_reminder(
    history: History,
    watch: Watch,
    *,
    silences: Iterable[Silence],
    rules: Mapping[ChannelId, ChannelRules],
    now: datetime,
) -> Followup | None:
    """Tell it again where `remind` has passed since it was told last; None: not now.

    Nobody is reminded of what was taken back, of a story that is silenced for them, or while a reminder still waits.
    The caller knows that nobody took notice.
    """
    number = 1 + max((one.detail["number"] for one in history.later if one.kind is AlertKind.REMINDER), default=0)
    if watch.remind is None or number > MOST_REMINDERS or not history.told:
        return None
    if any(one.detail.get("retracted") for one in history.later if one.kind is AlertKind.CORRECTED):
        return None
    due_at = last_told_at(history) + watch.remind
    if not due_at <= now <= due_at + REMINDED_LATE:
        return None
    waiting = {one.recipient for one in history.later if one.waits and one.kind is AlertKind.REMINDER}
    silences = tuple(silences)
    to = {one for one in history.told if one not in waiting and covering(silences, watch.id, one, None) is None}
    return _followup(history, watch, AlertKind.REMINDER, str(number), {"number": number}, to=to, rules=rules, now=now)


def last_told_at(history: History) -> datetime:
    """When somebody was told of it last, or a reminder was made; of what was told to somebody."""
    moments = [told.sent_at for told in history.told.values()]
    moments += [one.created_at for one in history.later if one.kind is AlertKind.REMINDER]
    moments += [one.sent_at for one in history.later if one.sent_at is not None]
    return max(moments)


# --------------------------------------------------------------------------- corroboration


def independent_owners(carriers: Iterable[Carrier], *, before: datetime | None = None) -> int:
    """How many owners report it on their own, as far as we knew before a moment; who carries another's text does not count."""
    return len({one.owner for one in carriers if not one.is_copy and (before is None or one.known_at < before)})


def _reached_at(carriers: Sequence[Carrier], level: int) -> datetime:
    """When we knew of so many owners."""
    first: dict[str, datetime] = {}
    for one in carriers:
        if not one.is_copy:
            first[one.owner] = min(one.known_at, first.get(one.owner, one.known_at))
    return sorted(first.values())[level - 1]


def plan_corroboration(
    history: History,
    carriers: Sequence[Carrier],
    watch: Watch,
    *,
    rules: Mapping[ChannelId, ChannelRules],
    now: datetime,
) -> Followup | None:
    """Tell that it is reported by as many owners as the highest level asks for that is reached; each level once.

    To those whose own message did not know of so many. None: nobody is to be told.
    """
    owners = independent_owners(carriers)
    level = max((level for level in watch.corroborate if level <= owners), default=None)
    said = max((one.detail["level"] for one in history.later if one.kind is AlertKind.CORROBORATED), default=0)
    if level is None or level < said or now - _reached_at(carriers, level) > CORROBORATED_LATE:
        return None
    heard = history.planned(AlertKind.CORROBORATED, level=level)
    to = {
        recipient
        for recipient, told in history.told.items()
        if recipient not in heard and independent_owners(carriers, before=told.made_at) < level
    }
    detail = {"owners": owners, "level": level, "words": f"now reported by {owners} independent owners"}
    return _followup(history, watch, AlertKind.CORROBORATED, str(level), detail, to=to, rules=rules, now=now)


# --------------------------------------------------------------------------- corrections


class Level(StrEnum):
    """How a development is corrected; each is told once."""

    CORRECTION = "correction"  # by the outlet that broke it
    RETRACTION = "retraction"  # by it, or its page is gone and nobody else reports it
    DESK = "desk"  # the desk calls it wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What there is to say against a development. `sentence` is the outlet's own."""

    level: Level
    words: str
    url: str | None = None
    sentence: str | None = None


def plan_correction(
    history: History,
    watch: Watch,
    said: Revision,
    *,
    heard: Collection[Recipient] = (),
    rules: Mapping[ChannelId, ChannelRules],
    now: datetime,
) -> Followup | None:
    """Tell those who were told of it that it is corrected, or taken back. `heard` are those who know by another message."""
    to = history.told.keys() - history.planned(AlertKind.CORRECTED, level=said.level) - set(heard)
    detail = {
        "words": said.words,
        "url": said.url,
        "sentence": said.sentence,
        "retracted": said.level is Level.RETRACTION,
        "level": said.level,
    }
    return _followup(history, watch, AlertKind.CORRECTED, said.level, detail, to=to, rules=rules, now=now)


def desk_in_words(said: Correction) -> str:
    """What others hear when the desk calls a development wrong."""
    what = "it is not about this story" if said.off_topic else "it tells nothing new"
    return f"the desk{f' ({said.by})' if said.by else ''} says: {what}"


def _followup(
    history: History,
    watch: Watch,
    kind: AlertKind,
    level: str,
    detail: dict[str, Any],
    *,
    to: Collection[Recipient],
    rules: Mapping[ChannelId, ChannelRules],
    now: datetime,
) -> Followup | None:
    alert = Alert(
        id=AlertId(digest("alr", history.development, kind, level)),
        watch=watch.id,
        development=history.development,
        kind=kind,
        created_at=now,
        detail=detail,
    )
    planned = plan_deliveries(alert, watch.channels, severity=history.severity, rules=rules, now=now) if to else ()
    deliveries = tuple(one for one in planned if one.recipient in to)
    return Followup(key=history.key, alert=alert, deliveries=deliveries) if deliveries else None
