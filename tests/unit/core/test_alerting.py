from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from builders import NOON, a_development, a_watch, an_article

from storywatch.core.alerting import ChannelRules, plan_alert, plan_deliveries
from storywatch.core.model import (
    Alert,
    AlertId,
    AlertKind,
    ChannelId,
    DevelopmentId,
    Hold,
    PlannedDelivery,
    Severity,
    Watch,
)
from storywatch.core.moments import DigestTimes, QuietHours

DESK, HOOK = ChannelId("desk"), ChannelId("newsroom")
RULES = {
    DESK: ChannelRules(recipients=("a@example.org", "b@example.org")),
    HOOK: ChannelRules(recipients=("newsroom",)),
}
NIGHT = QuietHours(start=time(23), end=time(6, 30), timezone="Europe/Kyiv")


def a_told_watch(**changes: Any) -> Watch:
    return a_watch(**{"channels": (DESK, HOOK), **changes})


def why_held(watch: Watch, **changes: Any) -> str | None:
    development = a_development(severity=changes.pop("severity", Severity.MAJOR))
    alert, deliveries = plan_alert(development, an_article(**changes), watch, rules=RULES, now=NOON)
    assert bool(alert.held) == (not deliveries)
    return alert.held


def the_delivery(quiet: QuietHours, *, severity: Severity = Severity.MAJOR, now: datetime = NOON) -> PlannedDelivery:
    rules = {DESK: ChannelRules(recipients=("a@example.org",), quiet_hours=quiet)}
    watch = a_watch(channels=(DESK,))
    _, [delivery] = plan_alert(a_development(severity=severity), an_article(), watch, rules=rules, now=now)
    return delivery


def test_every_recipient_of_every_channel_gets_a_delivery() -> None:
    """One delivery for each address, none before the watch's settling time is over."""
    alert, deliveries = plan_alert(a_development(), an_article(), a_told_watch(), rules=RULES, now=NOON)
    assert alert.held is None
    assert [(d.recipient.channel, d.recipient.address) for d in deliveries] == [
        ("desk", "a@example.org"),
        ("desk", "b@example.org"),
        ("newsroom", "newsroom"),
    ]
    assert {d.not_before for d in deliveries} == {NOON + timedelta(seconds=20)}
    assert {d.note for d in deliveries} == {"waits 20 s for other reports of the same"}


def test_without_settling_a_delivery_is_due_at_once() -> None:
    """A watch that wants no settling time is told immediately, and there is nothing to explain."""
    watch = a_told_watch(settle=timedelta(0))
    _, deliveries = plan_alert(a_development(), an_article(), watch, rules=RULES, now=NOON)
    assert {(d.not_before, d.note) for d in deliveries} == {(NOON, None)}


def test_an_address_named_twice_is_told_once() -> None:
    """Neither a channel nor an address counts twice."""
    rules = {DESK: ChannelRules(recipients=("a@example.org", "a@example.org"))}
    watch = a_watch(channels=(DESK, DESK))
    _, deliveries = plan_alert(a_development(), an_article(), watch, rules=rules, now=NOON)
    assert len(deliveries) == 1


def test_planning_twice_plans_the_same_ids() -> None:
    """A step that is redone later names the same alert and the same deliveries."""
    later = NOON + timedelta(hours=1)
    first = plan_alert(a_development(), an_article(), a_told_watch(), rules=RULES, now=NOON)
    again = plan_alert(a_development(), an_article(), a_told_watch(), rules=RULES, now=later)
    assert first[0].id == again[0].id
    assert [d.id for d in first[1]] == [d.id for d in again[1]]
    assert len({d.id for d in first[1]}) == 3


def test_another_development_has_other_ids() -> None:
    """Two developments never share an alert or a delivery."""
    other = replace(a_development(), id=DevelopmentId("dev_other"))
    one = plan_alert(a_development(), an_article(), a_told_watch(), rules=RULES, now=NOON)
    two = plan_alert(other, an_article(), a_told_watch(), rules=RULES, now=NOON)
    assert one[0].id != two[0].id
    assert not {d.id for d in one[1]} & {d.id for d in two[1]}


def test_a_minor_development_is_held_where_only_major_ones_are_asked_for() -> None:
    """The watch's minimum holds the alert and is named."""
    watch = a_told_watch(minimum=Severity.MAJOR)
    assert why_held(watch, severity=Severity.MINOR) == "severity minor is below the watch's minimum, major"
    assert why_held(watch, severity=Severity.MAJOR) is None
    assert why_held(a_told_watch(), severity=Severity.MINOR) is None


def test_a_language_not_asked_for_is_held() -> None:
    """An empty list of languages asks for all of them."""
    assert why_held(a_told_watch(languages=frozenset({"ko"}))) == "language not asked for"
    assert why_held(a_told_watch(languages=frozenset({"en", "ko"}))) is None
    assert why_held(a_told_watch(languages=frozenset({"pt"})), lang="pt-BR") is None


@pytest.mark.parametrize(
    ("published_at", "held"),
    [
        (NOON - timedelta(hours=73), "published on 2026-02-27, more than 72 hours before it was seen"),
        (NOON - timedelta(hours=72), None),
        (NOON + timedelta(hours=5), None),
        (None, None),
    ],
)
def test_old_news_is_held(published_at: datetime | None, held: str | None) -> None:
    """What was published three days before we saw it is no news; a missing or future date is no reason."""
    assert why_held(a_told_watch(), published_at=published_at) == held


def test_a_watch_without_channels_is_on_the_page_only() -> None:
    """Nobody to tell is a reason too, and so is a channel that is not in use."""
    assert why_held(a_watch()) == "the watch has no channels: its developments are on the page only"
    gone = a_watch(channels=(ChannelId("gone"), ChannelId("away")))
    assert why_held(gone) == "none of the watch's channels is configured: gone, away"


def test_a_channel_that_is_not_in_use_does_not_hold_the_others() -> None:
    """A disabled channel gets no delivery, the rest are told."""
    watch = a_watch(channels=(ChannelId("gone"), HOOK))
    alert, deliveries = plan_alert(a_development(), an_article(), watch, rules=RULES, now=NOON)
    assert alert.held is None
    assert [d.recipient.channel for d in deliveries] == [HOOK]


def test_quiet_hours_move_a_delivery_to_their_end() -> None:
    """At night the delivery waits for the morning and says so."""
    delivery = the_delivery(NIGHT, now=datetime(2026, 3, 2, 22, 0, tzinfo=UTC))
    assert delivery.not_before == datetime(2026, 3, 3, 4, 30, tzinfo=UTC)
    assert delivery.note == "quiet hours until 06:30 (Europe/Kyiv)"


def test_by_day_quiet_hours_change_nothing() -> None:
    """Outside of them only the settling time counts."""
    assert the_delivery(NIGHT).not_before == NOON + timedelta(seconds=20)


def test_a_delivery_that_settles_into_the_quiet_hours_waits_for_their_end() -> None:
    """The moment of sending counts, not the moment of deciding."""
    delivery = the_delivery(NIGHT, now=datetime(2026, 3, 2, 20, 59, 50, tzinfo=UTC))
    assert delivery.not_before == datetime(2026, 3, 3, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("let_through", "severity", "waits"),
    [
        (None, Severity.MAJOR, True),
        (Severity.MAJOR, Severity.MAJOR, False),
        (Severity.MAJOR, Severity.MINOR, True),
        (Severity.MINOR, Severity.MAJOR, False),
    ],
)
def test_what_is_grave_enough_passes_the_quiet_hours(
    let_through: Severity | None, severity: Severity, *, waits: bool
) -> None:
    """`let_through` is the least severity that does not wait."""
    night = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    delivery = the_delivery(replace(NIGHT, let_through=let_through), severity=severity, now=night)
    assert (delivery.not_before > night + timedelta(hours=1)) == waits


DAILY = DigestTimes(at=time(8), weekday=None, timezone="Europe/Kyiv")
NEXT_DIGEST = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)


def planned(severity: Severity = Severity.MINOR, *, now: datetime = NOON, **rules: Any) -> PlannedDelivery:
    """How a development is planned on a channel with these rules, in a watch that lets it settle for 20 s."""
    channel = {DESK: ChannelRules(recipients=("a@example.org",), **rules)}
    _, [delivery] = plan_alert(
        a_development(severity=severity), an_article(), a_watch(channels=(DESK,)), rules=channel, now=now
    )
    return delivery


def test_on_a_channel_with_a_digest_a_development_waits_for_it() -> None:
    """It says for which one, by the clock of the digest; settling makes no difference to it."""
    delivery = planned(digest=DAILY)
    assert (delivery.not_before, delivery.hold) == (NEXT_DIGEST, Hold.DIGEST)
    assert delivery.note == "waits for the digest of 2026-03-03 08:00 (Europe/Kyiv)"
    assert delivery.severity is Severity.MINOR
    assert planned(digest=DAILY, now=NEXT_DIGEST - timedelta(seconds=5)).not_before == NEXT_DIGEST
    assert planned(digest=DAILY, now=NEXT_DIGEST).not_before == NEXT_DIGEST + timedelta(days=1)


def test_what_the_digest_lets_through_settles_and_keeps_to_the_quiet_hours() -> None:
    """By day it goes after its settling time; at night the quiet hours have their own word."""
    grave = replace(DAILY, let_through=Severity.MAJOR)
    assert planned(digest=grave).hold is Hold.DIGEST
    by_day = planned(Severity.MAJOR, digest=grave)
    assert (by_day.not_before, by_day.hold) == (NOON + timedelta(seconds=20), Hold.SETTLE)
    night = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    asleep = planned(Severity.MAJOR, digest=grave, quiet_hours=NIGHT, now=night)
    assert (asleep.not_before, asleep.hold) == (datetime(2026, 3, 3, 4, 30, tzinfo=UTC), Hold.QUIET)
    loud = replace(NIGHT, let_through=Severity.MAJOR)
    assert planned(Severity.MAJOR, digest=grave, quiet_hours=loud, now=night).hold is Hold.SETTLE


def test_a_digest_comes_at_its_time_though_it_is_quiet_then() -> None:
    """Who asks for a digest at six in the morning gets it at six."""
    early = replace(DAILY, at=time(6))
    assert planned(digest=early, quiet_hours=NIGHT).not_before == datetime(2026, 3, 3, 4, 0, tzinfo=UTC)


def test_what_is_said_of_the_service_waits_for_no_digest() -> None:
    """Trouble is no news of a story: a digest can't tell it."""
    alert = Alert(id=AlertId("alr_1"), watch=None, development=None, kind=AlertKind.TROUBLE, created_at=NOON)
    rules = {DESK: ChannelRules(recipients=("a@example.org",), digest=DAILY)}
    [delivery] = plan_deliveries(alert, [DESK], severity=None, rules=rules, now=NOON)
    assert (delivery.not_before, delivery.hold) == (NOON, None)
