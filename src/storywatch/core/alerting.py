"""Whom to tell about a development, and when; or why nobody is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storywatch.core.ids import digest
from storywatch.core.model import Alert, AlertId, AlertKind, DeliveryId, Hold, PlannedDelivery, Recipient, Severity
from storywatch.core.moments import DigestTimes, QuietHours, next_digest, quiet_until, waits_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from storywatch.core.model import Article, ChannelId, Development, Watch

AGE_LIMIT = timedelta(hours=72)
SEVERITIES = tuple(Severity)  # from the least to the most
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `messages` on a channel at once, and as many again in each `per`."""

    messages: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """Whom a channel reaches, and when. A webhook's only recipient is the channel itself, by its id.

    `min_interval` is the least time between two messages about one story to one recipient. `disabled` is why nothing
    can be sent on it now: what is planned for it waits.
    """

    recipients: tuple[str, ...]
    quiet_hours: QuietHours | None = None
    digest: DigestTimes | None = None
    min_interval: timedelta = NOTHING
    rate: Rate | None = None
    disabled: str | None = None


def plan_alert(
    development: Development, article: Article, watch: Watch, *, rules: Mapping[ChannelId, ChannelRules], now: datetime
) -> tuple[Alert, tuple[PlannedDelivery, ...]]:
    """The alert about a development, with one delivery for each recipient of each channel of the watch.

    `rules` holds the configured channels. An alert that is held has no deliveries and says why. The ids
    follow from the development alone, so planning it twice plans the same.
    """
    held = _reason_to_hold(development, article, watch, rules=rules)
    alert = Alert(
        id=AlertId(digest("alr", development.id, AlertKind.REPORTED)),
        watch=watch.id,
        development=development.id,
        kind=AlertKind.REPORTED,
        created_at=now,
        held=held,
    )
    if held:
        return alert, ()
    return alert, plan_deliveries(
        alert, watch.channels, severity=development.severity, rules=rules, now=now, settle=watch.settle
    )


def plan_deliveries(
    alert: Alert,
    channels: Sequence[ChannelId],
    *,
    severity: Severity | None,
    rules: Mapping[ChannelId, ChannelRules],
    now: datetime,
    settle: timedelta = NOTHING,
) -> tuple[PlannedDelivery, ...]:
    """One delivery of an alert for each recipient of each of these channels that is configured."""
    return tuple(
        _plan_delivery(
            alert,
            Recipient(channel=channel, address=address),
            severity=severity,
            rules=rules[channel],
            now=now,
            settle=settle,
        )
        for channel in dict.fromkeys(channels)
        if channel in rules
        for address in dict.fromkeys(rules[channel].recipients)
    )


def _reason_to_hold(
    development: Development, article: Article, watch: Watch, *, rules: Mapping[ChannelId, ChannelRules]
) -> str | None:
    if _rank(development.severity) < _rank(watch.minimum):
        return f"severity {development.severity} is below the watch's minimum, {watch.minimum}"
    if watch.languages and article.lang.partition("-")[0] not in watch.languages:
        return "language not asked for"
    if article.published_at and article.seen_at - article.published_at > AGE_LIMIT:
        published_on = article.published_at.astimezone(UTC).date()
        return f"published on {published_on}, more than {AGE_LIMIT // timedelta(hours=1)} hours before it was seen"
    if not watch.channels:
        return "the watch has no channels: its developments are on the page only"
    if not any(channel in rules and rules[channel].recipients for channel in watch.channels):
        return f"none of the watch's channels is configured: {', '.join(watch.channels)}"
    return None


def _plan_delivery(
    alert: Alert,
    recipient: Recipient,
    *,
    severity: Severity | None,
    rules: ChannelRules,
    now: datetime,
    settle: timedelta,
) -> PlannedDelivery:
    waits = _digest_moment(alert, severity, rules=rules, now=now)
    not_before, hold, note = waits or _moment(severity, rules=rules, now=now, settle=settle)
    if rules.disabled:
        note = f"channel {recipient.channel} is disabled: {rules.disabled}"
    return PlannedDelivery(
        id=DeliveryId(digest("dlv", alert.id, recipient.channel, recipient.address)),
        recipient=recipient,
        not_before=not_before,
        hold=hold,
        note=note,
        severity=severity,
    )


def _digest_moment(
    alert: Alert, severity: Severity | None, *, rules: ChannelRules, now: datetime
) -> tuple[datetime, Hold, str] | None:
    """What waits for the channel's next digest; None for what is told by itself."""
    times = rules.digest
    if times is None or alert.development is None or _is_let_through(times.let_through, severity):
        return None
    moment = next_digest(times, now)
    return moment, Hold.DIGEST, waits_for(times, moment)


def _moment(
    severity: Severity | None, *, rules: ChannelRules, now: datetime, settle: timedelta
) -> tuple[datetime, Hold | None, str | None]:
    """When a message may go, what it waits for, and the same in words."""
    ready_at = now + settle
    quiet = rules.quiet_hours
    if quiet and not _is_let_through(quiet.let_through, severity):
        quiet_end = quiet_until(quiet, ready_at)
        if quiet_end:
            return quiet_end, Hold.QUIET, f"quiet hours until {quiet.end:%H:%M} ({quiet.timezone})"
    return ready_at, Hold.SETTLE if settle else None, _settle_note(settle)


def _settle_note(settle: timedelta) -> str | None:
    return f"waits {settle.total_seconds():g} s for other reports of the same" if settle else None


def _is_let_through(least: Severity | None, severity: Severity | None) -> bool:
    return least is not None and severity is not None and _rank(severity) >= _rank(least)


def _rank(severity: Severity) -> int:
    return SEVERITIES.index(severity)
