"""Silences, acknowledgements and follow-ups as rows, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_judged, a_watch, an_article
from desks import DESK, LEASE, render
from sqlalchemy import insert, select

from storywatch.core.alerting import ChannelRules
from storywatch.core.corrections import development_id
from storywatch.core.model import (
    AlertKind,
    AttemptOutcome,
    DeliveryState,
    Hold,
    Label,
    Recipient,
    Severity,
    SilenceKind,
    WatchId,
)
from storywatch.errors import StorywatchError
from storywatch.ports import Desk as Whom
from storywatch.store import tables
from storywatch.store.acknowledgements import Acknowledgements
from storywatch.store.followups import Corrections, Corroborations, Reminders
from storywatch.store.silences import Silences

if TYPE_CHECKING:
    from desks import Desk

    from storywatch.core.model import Article
    from storywatch.store.engine import Database

HARBOUR = WatchId("harbour-strike")
ANA, BEN = (Recipient(channel=DESK, address=f"{name}@desk.test") for name in ("ana", "ben"))
BOTH = (ANA.address, BEN.address)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def an_event(number: int, **changes: Any) -> Article:
    url = f"https://harbor-times.example/{number}"
    return an_article(url=url, title=f"Event {number}", paragraphs=(f"Event {number} happened.",), **changes)


def happens(desk: Desk, number: int, *, severity: Severity = Severity.MINOR, at: datetime = NOON) -> Article:
    """A development is found and planned to be told to both."""
    article = an_event(number, seen_at=at)
    judged = a_judged(article, recipients=BOTH)
    assert judged.development
    assert judged.alert
    development = replace(judged.development, severity=severity)
    alert = replace(judged.alert, created_at=at, kind=AlertKind.REPORTED)
    deliveries = tuple(replace(one, severity=severity, not_before=at) for one in judged.deliveries)
    return desk.judge(article, replace(judged, development=development, alert=alert, deliveries=deliveries))


def rows(desk: Desk, address: str = ANA.address) -> list[Any]:
    delivery = tables.delivery
    with desk.database.read() as connection:
        query = select(delivery).where(delivery.c.address == address).order_by(delivery.c.id)
        return list(connection.execute(query))


def states(desk: Desk, address: str = ANA.address) -> list[tuple[str, str | None]]:
    return [(row.state, row.hold) for row in rows(desk, address)]


def send(desk: Desk, at: datetime) -> list[str]:
    """All that is due is sent; how often each of them was claimed."""
    sent = []
    while claims := desk.outbox.claim_deliveries({DESK}, now=at, limit=9, lease=LEASE, render=render):
        for claim in claims:
            desk.outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.SENT, at=at))
            sent.append(f"{claim.recipient.address}: {claim.message.decode().partition(' dlv_')[2][25:]}")
    return sent


# --------------------------------------------------------------------------- silences


def test_a_snooze_takes_what_waits_and_gives_it_back_together(desk: Desk) -> None:
    """Ended early, what it held is due at once and comes in one message; what others snooze stays theirs."""
    silences = Silences(desk.database)
    happens(desk, 1)
    silences.begin(HARBOUR, SilenceKind.SNOOZE, until=NOON + DAY, by="Olena", now=NOON)
    happens(desk, 2)
    assert states(desk) == [("waiting", Hold.SNOOZE)] * 2
    assert {row.not_before for row in rows(desk)} == {NOON + DAY}
    assert send(desk, NOON + HOUR) == []
    silences.begin(HARBOUR, SilenceKind.SNOOZE, recipient=BEN, until=NOON + 2 * DAY, now=NOON + HOUR)
    assert silences.end(HARBOUR, now=NOON + 2 * HOUR) is not None
    assert {row.not_before for row in rows(desk, BEN.address)} == {NOON + 2 * DAY}
    assert [row.note for row in rows(desk)] == ["the snooze is over"] * 2
    [message] = send(desk, NOON + 2 * HOUR)
    assert message.startswith("ana@desk.test: 2 together")
    assert silences.end(HARBOUR, now=NOON + 3 * HOUR) is None
    [message] = send(desk, NOON + 2 * DAY)
    assert message.startswith("ben@desk.test: 2 together")


def test_a_newer_silence_takes_the_place_of_the_former(desk: Desk) -> None:
    """Of the same recipients: a longer snooze holds longer, a mute mutes what the snooze held."""
    silences = Silences(desk.database)
    silences.begin(HARBOUR, SilenceKind.SNOOZE, until=NOON + HOUR, now=NOON)
    happens(desk, 1)
    silences.begin(HARBOUR, SilenceKind.SNOOZE, until=NOON + DAY, by="Piotr", now=NOON)
    assert {row.not_before for row in rows(desk)} == {NOON + DAY}
    silences.begin(HARBOUR, SilenceKind.MUTE, by="Olena", reason="enough", now=NOON + HOUR)
    assert send(desk, NOON + HOUR) == []
    assert {(row.state, row.reason) for row in rows(desk)} == {("muted", "muted by Olena until it is ended: enough")}
    [first, second, third] = silences.list_silences(ended=True, now=NOON + HOUR)
    assert (first.ended_by, second.ended_by, third.active) == ("a newer one, by Piotr", "a newer one, by Olena", True)
    assert (third.muted, second.holds) == (2, 0)
    assert silences.list_silences(now=NOON + HOUR) == [third]


def test_an_unmute_in_time_loses_nothing(desk: Desk) -> None:
    """A mute by a slip of the finger: what waited for its moment is told."""
    silences = Silences(desk.database)
    happens(desk, 1, at=NOON + HOUR)
    silences.begin(HARBOUR, SilenceKind.MUTE, now=NOON)
    silences.end(HARBOUR, now=NOON + timedelta(minutes=1))
    assert len(send(desk, NOON + HOUR)) == 2


def test_a_major_development_ends_what_was_to_last_until_then(desk: Desk) -> None:
    """It goes, with what was held, in one message; the silence says what ended it. A minor one ends nothing."""
    silences = Silences(desk.database)
    silences.begin(HARBOUR, SilenceKind.SNOOZE, until_major=True, until=NOON + DAY, now=NOON)
    happens(desk, 1, at=NOON + HOUR)
    assert states(desk) == [("waiting", Hold.SNOOZE)]
    major = happens(desk, 2, severity=Severity.MAJOR, at=NOON + 2 * HOUR)
    [line] = silences.list_silences(ended=True, now=NOON + 2 * HOUR)
    assert (line.active, line.ended_by) == (False, development_id(HARBOUR, major.id))
    assert sorted(send(desk, NOON + 2 * HOUR)) == [
        "ana@desk.test: 2 together: Event 1, Event 2",
        "ben@desk.test: 2 together: Event 1, Event 2",
    ]
    happens(desk, 3, at=NOON + 3 * HOUR)
    assert len(send(desk, NOON + 3 * HOUR)) == 2


def test_a_mute_until_the_next_major_one_is_for_its_recipient(desk: Desk) -> None:
    """Ana hears nothing of minor ones until then, Ben hears all."""
    silences = Silences(desk.database)
    silences.begin(HARBOUR, SilenceKind.MUTE, recipient=ANA, until_major=True, now=NOON)
    happens(desk, 1)
    assert (states(desk), states(desk, BEN.address)) == ([("muted", None)], [("waiting", None)])
    happens(desk, 2, severity=Severity.MAJOR)
    happens(desk, 3)
    assert states(desk) == [("muted", None), ("waiting", None), ("waiting", None)]
    assert silences.find(HARBOUR, ANA, now=NOON) is None


def test_a_silence_ends_by_itself(desk: Desk) -> None:
    """It is over at its moment, and stays as it ended whoever mutes anew."""
    silences = Silences(desk.database)
    silences.begin(HARBOUR, SilenceKind.MUTE, until=NOON + HOUR, now=NOON)
    happens(desk, 1, at=NOON + 2 * HOUR)
    assert states(desk) == [("waiting", None)]
    silences.begin(HARBOUR, SilenceKind.MUTE, now=NOON + 3 * HOUR)
    [first, _] = silences.list_silences(ended=True, now=NOON + 3 * HOUR)
    assert (first.ended_at, first.ended_by, first.active) == (NOON + HOUR, None, False)


def test_muted_rows_are_counted_for_the_silence_that_muted_them(desk: Desk) -> None:
    """Two in the same words, one after the other, are not mixed up."""
    silences = Silences(desk.database)
    silences.begin(HARBOUR, SilenceKind.MUTE, recipient=ANA, now=NOON)
    happens(desk, 1, at=NOON + HOUR)
    silences.end(HARBOUR, recipient=ANA, now=NOON + 2 * HOUR)
    silences.begin(HARBOUR, SilenceKind.MUTE, recipient=ANA, now=NOON + 3 * HOUR)
    for number in (2, 3):
        happens(desk, number, at=NOON + 4 * HOUR)
    assert [line.muted for line in silences.list_silences(ended=True, now=NOON + 5 * HOUR)] == [1, 2]


def test_what_is_muted_for_one_is_counted_whenever_the_silence_of_another_ends(desk: Desk) -> None:
    """The end of an earlier silence of somebody else takes nothing away."""
    silences = Silences(desk.database)
    for recipient in (ANA, BEN):
        silences.begin(HARBOUR, SilenceKind.MUTE, recipient=recipient, now=NOON)
    happens(desk, 1, at=NOON + HOUR)
    silences.end(HARBOUR, recipient=ANA, now=NOON + 2 * HOUR)
    assert [line.muted for line in silences.list_silences(ended=True, now=NOON + 3 * HOUR)] == [1, 1]


# --------------------------------------------------------------------------- acknowledgements, follow-ups


def test_the_first_acknowledgement_counts(desk: Desk) -> None:
    """And of what is not there nothing can be acknowledged."""
    notices = Acknowledgements(desk.database)
    article = happens(desk, 1)
    uid = development_id(HARBOUR, article.id)
    stands, first = notices.acknowledge(uid, by="Olena", now=NOON)
    assert (stands.by, stands.at, first) == ("Olena", NOON, True)
    assert notices.acknowledge(uid, by=None, now=NOON + HOUR) == (stands, False)
    found = notices.find(uid[:12])
    assert (found.id, found.headline, found.acknowledged) == (uid, "Event 1", stands)
    assert notices.load(development_id(WatchId("other"), article.id)) is None
    for reference, by in ((development_id(WatchId("other"), article.id), "x"), (uid, "x\n"), (uid, "x" * 300)):
        with pytest.raises(StorywatchError):
            notices.acknowledge(reference, by=by, now=NOON)


def the_desk(**watch: Any) -> Whom:
    return Whom([a_watch(channels=(DESK,), **watch)], {DESK: ChannelRules(recipients=BOTH)})


def carry(desk: Desk, number: int, of: Article, **changes: Any) -> Article:
    """Another article reports the same."""
    article = an_event(number, **changes)
    uid = development_id(HARBOUR, of.id)
    judged = a_judged(article, label=Label.REPEAT, repeats=uid)
    return desk.judge(article, judged)


def amend(database: Database, article: Article, kind: str, **values: Any) -> None:
    row = {"uid": kind, "url_key": article.url_key, "kind": kind, "url": article.url, "found_at": NOON + HOUR, **values}
    with database.write() as connection:
        connection.execute(insert(tables.amendment).values(row))


def test_each_follow_up_is_written_once(desk: Desk) -> None:
    """Whichever process looks, however often: one alert of a level, one delivery for each who was told."""
    article = happens(desk, 1)
    send(desk, NOON)
    carry(desk, 2, article, owner="gazette", seen_at=NOON + HOUR)
    with desk.database.write() as connection:
        connection.exec_driver_sql("UPDATE verdict SET judged_at = '2026-03-02 13:00:00+00:00' WHERE label = 'repeat'")
    amend(desk.database, article, "correction", sentence="Correction: it was nine.")
    amend(desk.database, article, "retraction", sentence="We retract this article.")
    whom = the_desk(corroborate=(2,), remind=HOUR)
    found: dict[str, int] = {}
    for at in (NOON + 2 * HOUR, NOON + 2 * HOUR, NOON + 2 * HOUR + timedelta(minutes=1)):
        for source in (Reminders, Corroborations, Corrections):
            new = source(desk.database, whom).announce(now=at)
            found[source.__name__] = found.get(source.__name__, 0) + len(new)
    assert found == {"Reminders": 2, "Corroborations": 2, "Corrections": 4}
    with desk.database.read() as connection:
        details = {row.kind: row.detail for row in connection.execute(select(tables.alert))}
    assert details[AlertKind.CORROBORATED]["words"] == "now reported by 2 independent owners"
    assert details[AlertKind.CORRECTED]["sentence"] == "We retract this article."


def test_a_look_between_two_looks_costs_nothing(desk: Desk) -> None:
    """A source that was asked just now does not ask the database again."""
    source = Reminders(desk.database, the_desk(remind=HOUR))
    source.announce(now=NOON)
    happens(desk, 1)
    send(desk, NOON)
    later = NOON + HOUR
    source.looked_at = later
    assert source.announce(now=later + timedelta(seconds=20)) == []
    assert len(source.announce(now=later + timedelta(seconds=30))) == 2


class LateNotice(Reminders):
    """Somebody takes notice after the look and before the writing."""

    def _holds(self, connection: Any, one: Any) -> bool:
        values = {"development_id": one.key, "by": "Olena", "at": NOON}
        connection.execute(insert(tables.acknowledgement).values(values))
        return super()._holds(connection, one)


def test_who_takes_notice_between_look_and_writing_is_in_time(desk: Desk) -> None:
    """The reminder was planned already: it is not written."""
    happens(desk, 1)
    send(desk, NOON)
    assert LateNotice(desk.database, the_desk(remind=HOUR)).announce(now=NOON + HOUR) == []
    assert len(rows(desk)) == 1


def test_a_copy_and_the_same_house_are_no_second_source(desk: Desk) -> None:
    """Only owners who write for themselves are counted."""
    article = happens(desk, 1)
    send(desk, NOON - HOUR)
    send(desk, NOON)
    carry(desk, 2, article, owner=article.owner)
    carry(desk, 3, article, owner="gazette")
    with desk.database.write() as connection:
        connection.exec_driver_sql("UPDATE verdict SET judged_at = '2026-03-02 13:00:00+00:00' WHERE label = 'repeat'")
        connection.exec_driver_sql("UPDATE verdict SET copy_of = 'art_1' WHERE label = 'repeat'")
    whom = the_desk(corroborate=(2,))
    assert Corroborations(desk.database, whom).announce(now=NOON + 2 * HOUR) == []
    with desk.database.write() as connection:
        connection.exec_driver_sql("UPDATE verdict SET copy_of = NULL")
    assert len(Corroborations(desk.database, whom).announce(now=NOON + 2 * HOUR)) == 2
