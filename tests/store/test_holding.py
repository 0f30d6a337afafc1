"""What is held, muted, stopped or folded before a claim, and what its row says then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_judged, a_watch, an_article
from desks import DESK, LEASE

from storywatch.core.alerting import ChannelRules, Rate
from storywatch.core.model import (
    Alert,
    AlertId,
    AlertKind,
    AttemptOutcome,
    Blame,
    DeliveryId,
    DeliveryState,
    DigestTidings,
    Hold,
    Label,
    PlannedDelivery,
    Recipient,
    Severity,
    SilenceKind,
    TroubleTidings,
    WatchId,
)
from storywatch.core.moments import DigestTimes, QuietHours
from storywatch.store import tables
from storywatch.store.alerts import record_alert
from storywatch.store.folding import fold_rows
from storywatch.store.receivers import Receivers
from storywatch.store.silences import Silences

if TYPE_CHECKING:
    from desks import Desk

    from storywatch.core.model import DeliveryClaim, Message

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
STRIKE, FERRY = WatchId("harbour-strike"), WatchId("ferry")
ANNA, BEN = "anna@example.org", "ben@example.org"
PLAIN = ChannelRules(recipients=(ANNA, BEN))
EVERY_FIVE = replace(PLAIN, min_interval=5 * MINUTE)


def tell(
    desk: Desk,
    number: int,
    *,
    at: datetime,
    to: tuple[str, ...] = (ANNA,),
    watch: WatchId = STRIKE,
    hold: Hold | None = None,
    severity: Severity | None = Severity.MINOR,
) -> None:
    """News `number` is to be told at a moment."""
    article = an_article(
        url=f"https://harbor-times.example/{watch}/{number}", title=f"News {number}", seen_at=NOON + number * MINUTE
    )
    judged = a_judged(article, watch=watch, recipients=to, not_before=at)
    note = f"held by {hold}" if hold else None
    deliveries = tuple(replace(one, hold=hold, severity=severity, note=note) for one in judged.deliveries)
    desk.judge(article, replace(judged, deliveries=deliveries))


def send(desk: Desk, at: datetime, rules: ChannelRules | None = PLAIN) -> list[str]:
    """What goes at a moment, one after the other, in words."""
    said = []
    while claims := desk.claims(at, rules=rules):
        for claim in claims:
            said.append(words(claim))
            desk.outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.SENT, at=at))
    return said


def words(claim: DeliveryClaim) -> str:
    told = claim.message.decode().partition(claim.id)[2].strip().replace(", 1 reports", "")
    return told if claim.recipient.address == ANNA else f"{told} to {claim.recipient.address}"


def fail(desk: Desk, at: datetime, rules: ChannelRules = PLAIN, **how: Any) -> None:
    """The only delivery that is due fails, and is tried again in an hour."""
    [claim] = desk.claims(at, rules=rules)
    outcome = AttemptOutcome(state=DeliveryState.WAITING, at=at, retry_at=at + HOUR, reason="busy", **how)
    desk.outbox.finish_delivery(claim, outcome)


def states(desk: Desk) -> list[str]:
    return [view.state for view in reversed(desk.views.deliveries())]


def whys(desk: Desk) -> list[str | None]:
    return [view.why for view in reversed(desk.views.deliveries())]


# --------------------------------------------------------------------------- interval


def test_a_story_is_told_at_most_once_in_its_interval_and_the_rest_together(desk: Desk) -> None:
    """What comes meanwhile waits, says until when, and is told in one message; another story does not wait."""
    tell(desk, 0, at=NOON)
    assert send(desk, NOON, EVERY_FIVE) == ["News 0"]
    tell(desk, 1, at=NOON + MINUTE, severity=Severity.MAJOR)
    tell(desk, 2, at=NOON + 2 * MINUTE)
    tell(desk, 3, at=NOON + 2 * MINUTE, watch=FERRY)
    assert send(desk, NOON + 3 * MINUTE, EVERY_FIVE) == ["News 3"]
    assert whys(desk)[1] == "the story was told at 12:00 UTC: waits until 12:05 UTC"
    assert send(desk, NOON + 5 * MINUTE, EVERY_FIVE) == ["2 together: News 1, News 2"]
    assert states(desk) == ["sent", "folded", "folded", "sent", "sent"]
    digest = desk.views.deliveries(limit=1)[0]
    assert (digest.watch, digest.kind, digest.headline) == (STRIKE, "digest", "2 together")
    assert whys(desk)[1] == f"told with 1 other in {digest.id}, which was sent 2026-03-02 12:05 UTC"
    with desk.database.read() as connection:
        [row] = connection.execute(tables.delivery.select().where(tables.delivery.c.uid == digest.id)).all()
        [told] = connection.execute(tables.alert.select().where(tables.alert.c.id == row.alert_id)).all()
    assert row.severity == "major"
    assert told.detail == {
        "because": "interval",
        "words": "2 more in this story",
        "since": "2026-03-02T12:01:00+00:00",
        "until": "2026-03-02T12:05:00+00:00",
    }


def test_the_message_that_tells_several_begins_the_next_interval(desk: Desk) -> None:
    """After it the story waits again; one that waited alone goes as the alert that it is."""
    for number in range(3):
        tell(desk, number, at=NOON + number * MINUTE)
    assert send(desk, NOON, EVERY_FIVE) == ["News 0"]
    assert send(desk, NOON + 2 * MINUTE, EVERY_FIVE) == []
    assert send(desk, NOON + 6 * MINUTE, EVERY_FIVE) == ["2 together: News 1, News 2"]
    tell(desk, 3, at=NOON + 7 * MINUTE)
    assert send(desk, NOON + 10 * MINUTE, EVERY_FIVE) == []
    assert send(desk, NOON + 11 * MINUTE, EVERY_FIVE) == ["News 3"]


def test_a_clock_that_went_back_holds_nothing_for_long(desk: Desk) -> None:
    """A last message a little ahead is taken for one of now; of one far ahead nobody knows when it was."""
    tell(desk, 0, at=NOON)
    assert send(desk, NOON + 2 * MINUTE, EVERY_FIVE) == ["News 0"]
    tell(desk, 1, at=NOON)
    assert send(desk, NOON, EVERY_FIVE) == []
    assert desk.outbox.next_due(DESK, now=NOON, rules=EVERY_FIVE) == NOON + 5 * MINUTE
    assert send(desk, NOON + 7 * MINUTE, EVERY_FIVE) == ["News 1"]
    tell(desk, 2, at=NOON - HOUR)
    assert send(desk, NOON - HOUR, EVERY_FIVE) == ["News 2"]


def test_a_pause_that_a_clock_left_far_ahead_is_none(desk: Desk) -> None:
    """No receiver is given more than a day: what lies further ahead is of a clock that went wrong."""
    tell(desk, 0, at=NOON)
    fail(desk, NOON, blame=Blame.CHANNEL, pause_until=NOON + 9 * HOUR)
    tell(desk, 1, at=NOON - 24 * HOUR, watch=FERRY)
    assert send(desk, NOON - 24 * HOUR) == ["News 1"]


# --------------------------------------------------------------------------- quiet hours and snoozes


def test_what_quiet_hours_held_is_told_in_one_message_to_each_recipient(desk: Desk) -> None:
    """Of all stories together; a recipient for whom one alone was held gets it as it is."""
    morning = NOON + 9 * HOUR
    tell(desk, 1, at=morning, hold=Hold.QUIET, to=(ANNA, BEN))
    tell(desk, 2, at=morning, hold=Hold.QUIET, watch=FERRY)
    assert send(desk, morning - MINUTE) == []
    assert sorted(send(desk, morning)) == ["2 together: News 1, News 2", f"News 1 to {BEN}"]
    assert [view.watch for view in desk.views.deliveries(limit=1)] == [None]


def test_quiet_hours_hold_what_comes_late_too(desk: Desk) -> None:
    """What was to go before them, and what a snooze or an interval moved into them, waits; what is let through goes."""
    quiet = QuietHours(start=time(22), end=time(7), timezone="UTC", let_through=Severity.MAJOR)
    rules = replace(PLAIN, quiet_hours=quiet)
    night = datetime(2026, 3, 2, 23, tzinfo=UTC)
    tell(desk, 1, at=NOON, hold=Hold.SNOOZE)
    tell(desk, 2, at=NOON, watch=FERRY, severity=None)
    tell(desk, 3, at=NOON, watch=FERRY, severity=Severity.MAJOR)
    assert send(desk, night, rules) == ["News 3"]
    assert whys(desk)[:2] == ["quiet hours until 07:00 (UTC)"] * 2
    assert send(desk, night + 8 * HOUR, rules) == ["2 together: News 1, News 2"]


def test_quiet_hours_let_nothing_through_by_themselves(desk: Desk) -> None:
    """Without a severity that passes even a major one waits; by day there are none."""
    rules = replace(PLAIN, quiet_hours=QuietHours(start=time(22), end=time(7), timezone="UTC"))
    tell(desk, 1, at=NOON, severity=Severity.MAJOR)
    assert send(desk, datetime(2026, 3, 2, 23, tzinfo=UTC), rules) == []
    assert send(desk, NOON + 24 * HOUR, rules) == ["News 1"]


def test_a_mute_that_came_after_it_was_planned_keeps_it_back(desk: Desk) -> None:
    """Until it was tried; what was tried goes on, and other stories do."""
    silences = Silences(desk.database)
    tell(desk, 0, at=NOON)
    fail(desk, NOON)
    tell(desk, 1, at=NOON + HOUR)
    tell(desk, 2, at=NOON, watch=FERRY)
    silences.begin(STRIKE, SilenceKind.MUTE, until=NOON + 2 * HOUR, by="anna", now=NOON)
    assert sorted(send(desk, NOON + HOUR)) == ["News 0", "News 2"]
    assert states(desk) == ["sent", "muted", "sent"]
    assert whys(desk)[1] == "muted by anna until 2026-03-02 14:00 UTC"


def test_a_mute_until_the_next_major_one_does_not_keep_that_back(desk: Desk) -> None:
    """What is major is told, though the mute came after it was planned; the minor one is muted."""
    tell(desk, 1, at=NOON)
    tell(desk, 2, at=NOON, severity=Severity.MAJOR)
    Silences(desk.database).begin(STRIKE, SilenceKind.MUTE, until_major=True, now=NOON)
    assert send(desk, NOON) == ["News 2"]
    assert states(desk) == ["muted", "sent"]


def test_a_snooze_holds_what_is_due_and_tells_it_together(desk: Desk) -> None:
    """Its end is the moment of one message, in the thread of its story."""
    silences = Silences(desk.database)
    silences.begin(STRIKE, SilenceKind.SNOOZE, until=NOON + HOUR, now=NOON)
    for number in (1, 2):
        tell(desk, number, at=NOON)
    with desk.database.write() as connection:  # as if it had been planned before, and missed
        connection.execute(tables.delivery.update().values(hold=None, note=None, not_before=NOON, due_at=NOON))
    assert send(desk, NOON + MINUTE) == []
    assert whys(desk) == ["snoozed until 2026-03-02 13:00 UTC"] * 2
    assert send(desk, NOON + HOUR) == ["2 together: News 1, News 2"]
    assert [view.watch for view in desk.views.deliveries(limit=1)] == [STRIKE]


def test_what_ends_a_snooze_goes_with_what_it_held(desk: Desk) -> None:
    """The next major development comes in one message with those before it, and does not settle for long."""
    tell(desk, 1, at=NOON, hold=Hold.SNOOZE)
    tell(desk, 2, at=NOON + MINUTE, hold=Hold.SETTLE, severity=Severity.MAJOR)
    tell(desk, 3, at=NOON + MINUTE, hold=Hold.SETTLE, watch=FERRY)
    assert send(desk, NOON) == ["2 together: News 1, News 2"]
    assert send(desk, NOON + MINUTE) == ["News 3"]


# --------------------------------------------------------------------------- digests


DAILY = replace(PLAIN, digest=DigestTimes(at=time(8), weekday=None, timezone="UTC"))


def test_what_waits_for_a_digest_is_not_sent_by_itself(desk: Desk) -> None:
    """Whoever makes the digest folds it; where the channel has no digests any more, it goes like after quiet hours."""
    for number in (1, 2):
        tell(desk, number, at=NOON, hold=Hold.DIGEST)
    tell(desk, 3, at=NOON, watch=FERRY)
    assert send(desk, NOON, DAILY) == ["News 3"]
    assert send(desk, NOON + 20 * HOUR) == ["2 together: News 1, News 2"]


def test_a_digest_tells_what_was_told_and_what_is_in_doubt(desk: Desk) -> None:
    """Beside what it brings: what went at once in its period, and the articles that may tell something new."""
    desk.judgements.sync_watches([a_watch(name="The strike")])
    tell(desk, 1, at=NOON)
    assert send(desk, NOON + MINUTE) == ["News 1"]
    doubtful = an_article(url="https://harbor-times.example/maybe", title="Maybe", seen_at=NOON)
    desk.judge(doubtful, a_judged(doubtful, label=Label.POSSIBLE))
    tell(desk, 2, at=NOON + HOUR, hold=Hold.DIGEST)
    period = {"since": (NOON - HOUR).isoformat(), "until": (NOON + HOUR).isoformat()}
    alert = Alert(
        id=AlertId("alr_digest"),
        watch=None,
        development=None,
        kind=AlertKind.DIGEST,
        created_at=NOON + HOUR,
        detail={"because": "digest", "watches": [STRIKE], **period},
    )
    to = Recipient(channel=DESK, address=ANNA)
    held = tables.delivery.select().where(tables.delivery.c.hold == Hold.DIGEST)
    with desk.database.write() as connection:
        rows = connection.execute(held).all()
        uid = fold_rows(desk.database, connection, alert, to, rows, now=NOON + HOUR)
        assert fold_rows(desk.database, connection, alert, to, rows, now=NOON + HOUR) is None
        assert fold_rows(desk.database, connection, alert, to, (), now=NOON + HOUR) is None
    seen: list[Message] = []
    desk.outbox.claim_deliveries(
        [DESK], now=NOON + HOUR, limit=9, lease=LEASE, render=lambda one: bytes(seen.append(one) or 1), rules=DAILY
    )
    [told] = seen
    assert isinstance(told, DigestTidings)
    assert told.delivery == uid
    assert [gist.development.headline for gist in told.gists] == ["News 2"]
    assert [(gist.development.headline, gist.kind, gist.watch_name) for gist in told.told] == [
        ("News 1", AlertKind.REPORTED, "The strike")
    ]
    assert [(doubt.report.title, doubt.score, doubt.watch_name) for doubt in told.doubts] == [
        ("Maybe", 0.9312, "The strike")
    ]
    assert whys(desk)[1] == f"told in {uid}, which waits: tells 1 together"


def test_a_digest_stands_in_the_line_of_each_of_its_stories(desk: Desk) -> None:
    """What was planned before it goes before, what was planned after it after; another story passes."""
    early, morning = NOON, NOON + 2 * HOUR
    tell(desk, 1, at=early)
    fail(desk, early)  # until one o'clock, and again until three
    fail(desk, early + HOUR)
    fail(desk, early + 2 * HOUR)
    for number, watch in ((2, STRIKE), (3, FERRY)):
        tell(desk, number, at=morning, hold=Hold.QUIET, watch=watch)
    tell(desk, 4, at=morning + MINUTE, watch=FERRY)
    tell(desk, 5, at=morning + MINUTE, watch=WatchId("other"))
    assert [words(claim) for claim in desk.claims(morning + MINUTE, rules=PLAIN)] == ["News 5"]
    for number, watch in ((6, WatchId("third")), (7, FERRY)):
        tell(desk, number, at=morning + 2 * MINUTE, hold=Hold.QUIET, watch=watch)
    assert desk.claims(morning + 2 * MINUTE, rules=PLAIN) == []
    assert send(desk, morning + HOUR) == [
        "News 1",
        "News 5",
        "2 together: News 2, News 3",
        "News 4",
        "2 together: News 6, News 7",
    ]


def test_what_is_said_of_the_service_is_never_folded(desk: Desk) -> None:
    """Trouble that quiet hours held comes by itself, and its message tells its signs."""
    sign = {"subject": "feed:x", "words": "x fails", "since": NOON.isoformat(), "ended_at": None}
    over = sign | {"ended_at": (NOON + HOUR).isoformat()}
    to = Recipient(channel=DESK, address=ANNA)
    with desk.database.write() as connection:
        for number, (kind, signs) in enumerate(((AlertKind.TROUBLE, [sign, over]), (AlertKind.RECOVERED, [over]))):
            alert = Alert(
                id=AlertId(f"alr_{number}"),
                watch=None,
                development=None,
                kind=kind,
                created_at=NOON,
                detail={"signs": signs},
            )
            uid = DeliveryId(f"dlv_{number}")
            planned = PlannedDelivery(id=uid, recipient=to, not_before=NOON, hold=Hold.QUIET)
            record_alert(desk.database, connection, alert, [planned])
            rows = connection.execute(tables.delivery.select().where(tables.delivery.c.uid == uid)).all()
            assert fold_rows(desk.database, connection, alert, to, rows, now=NOON) is None
    assert [view.headline for view in desk.views.deliveries()] == ["over: x fails", "trouble: x fails; and 1 more"]
    seen: list[Message] = []
    desk.outbox.claim_deliveries(
        [DESK], now=NOON, limit=9, lease=LEASE, render=lambda one: bytes(seen.append(one) or 1), rules=PLAIN
    )
    trouble, _ = seen
    assert isinstance(trouble, TroubleTidings)
    assert [(one.words, one.ended_at) for one in trouble.signs] == [("x fails", None), ("x fails", NOON + HOUR)]


# --------------------------------------------------------------------------- channels and recipients


def refuse(desk: Desk, number: int, blame: Blame) -> None:
    at = NOON + number * MINUTE
    tell(desk, number, at=at, to=(ANNA, BEN))
    for claim in desk.claims(at, rules=PLAIN):
        outcome = AttemptOutcome(state=DeliveryState.SENT, at=at)
        if claim.recipient.address == ANNA:
            outcome = AttemptOutcome(state=DeliveryState.DEAD, at=at, code=550, reason="no such user", blame=blame)
        desk.outbox.finish_delivery(claim, outcome)


@pytest.mark.parametrize(("blame", "refusals"), [(Blame.RECIPIENT, 3), (Blame.GONE, 1)])
def test_who_refuses_for_good_gets_nothing_more(desk: Desk, blame: Blame, refusals: int) -> None:
    """After three refusals in a row, or at once where nothing is there any more; the others go on being told."""
    for number in range(refusals):
        refuse(desk, number, blame)
    later = NOON + HOUR
    tell(desk, 9, at=later, to=(ANNA, BEN))
    assert send(desk, later) == [f"News 9 to {BEN}"]
    dead = next(view for view in desk.views.deliveries(state=DeliveryState.DEAD) if view.attempts == 0)
    stopped = NOON + (refusals - 1) * MINUTE
    assert dead.reason == (
        f"{ANNA} is stopped since {stopped:%Y-%m-%d %H:%M} UTC: no such user; "
        "`storywatch redeliver --channel desk --dead` tries again"
    )
    assert Receivers(desk.database).lift_stop(Recipient(channel=DESK, address=ANNA)) == 1
    tell(desk, 10, at=later, to=(ANNA,))
    assert send(desk, later) == ["News 10"]


def test_one_that_arrives_makes_up_for_refusals(desk: Desk) -> None:
    """Only refusals in a row count."""
    refuse(desk, 0, Blame.RECIPIENT)
    refuse(desk, 1, Blame.RECIPIENT)
    tell(desk, 2, at=NOON + 2 * MINUTE)
    assert send(desk, NOON + 2 * MINUTE) == ["News 2"]
    refuse(desk, 3, Blame.RECIPIENT)
    with desk.database.read() as connection:
        [row] = connection.execute(tables.recipient_state.select()).all()
    assert (row.address, row.refusals, row.stopped_at) == (ANNA, 1, None)


def test_how_a_channel_does_is_kept(desk: Desk) -> None:
    """Since when and how often it failed in a row, and when it last took something."""

    def row() -> Any:
        with desk.database.read() as connection:
            return connection.execute(tables.channel_state.select()).one()

    tell(desk, 0, at=NOON)
    fail(desk, NOON, blame=Blame.CHANNEL)
    fail(desk, NOON + HOUR, blame=Blame.CHANNEL)
    assert (row().failures, row().failing_since, row().last_failure) == (2, NOON, "busy")
    send(desk, NOON + 2 * HOUR)
    assert (row().failures, row().failing_since, row().succeeded_at) == (0, None, NOON + 2 * HOUR)


def test_a_receiver_that_asks_for_a_pause_gets_one(desk: Desk) -> None:
    """Nothing of the channel goes before it is over, whatever story it is about."""
    tell(desk, 0, at=NOON)
    fail(desk, NOON, blame=Blame.CHANNEL, pause_until=NOON + 30 * MINUTE)
    tell(desk, 1, at=NOON + MINUTE, watch=FERRY)
    assert send(desk, NOON + 29 * MINUTE) == []
    assert whys(desk)[1] == "the receiver asked for a pause until 2026-03-02 12:30 UTC"
    assert desk.outbox.next_due(DESK, now=NOON + 29 * MINUTE, rules=PLAIN) == NOON + 30 * MINUTE
    assert send(desk, NOON + 30 * MINUTE) == ["News 1"]


def test_a_rate_lets_go_so_many_at_once_and_the_others_when_their_turn_comes(desk: Desk) -> None:
    """Two a minute: two now, one after thirty seconds, and after a long while two again."""
    rules = replace(PLAIN, rate=Rate(messages=2, per=MINUTE))
    for number in range(6):
        tell(desk, number, at=NOON, watch=WatchId(f"story-{number}"))
    assert send(desk, NOON, rules) == ["News 0", "News 1"]
    half = timedelta(seconds=30)
    assert desk.outbox.next_due(DESK, now=NOON, rules=rules) == NOON + half
    assert send(desk, NOON + half - timedelta(seconds=1), rules) == []
    assert send(desk, NOON + half, rules) == ["News 2"]
    assert send(desk, NOON + HOUR, rules) == ["News 3", "News 4"]


def test_the_next_moment_is_known(desk: Desk) -> None:
    """The first of those that come; none where nothing waits."""
    assert desk.outbox.next_due(DESK, now=NOON) is None
    tell(desk, 0, at=NOON + HOUR)
    tell(desk, 1, at=NOON + 2 * HOUR)
    assert desk.outbox.next_due(DESK, now=NOON) == NOON + HOUR
    assert desk.outbox.next_due(DESK, now=NOON + HOUR) == NOON + 2 * HOUR
