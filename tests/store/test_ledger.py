from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_judged, a_poll_plan, a_watch, an_article

from storywatch.core.model import AttemptOutcome, DeliveryState, Label, WatchId
from storywatch.ports import Desk as Whom
from storywatch.store.ledger import Ledger
from storywatch.store.troubles import Troubles

if TYPE_CHECKING:
    from conftest import Desk

STRIKE = WatchId("harbour-strike")


@pytest.fixture
def ledger(desk: Desk) -> Ledger:
    return Ledger(desk.database)


def test_an_empty_ledger_counts_nothing(ledger: Ledger) -> None:
    """Before anything was judged there are no lines and no counts."""
    assert ledger.lines() == []
    assert ledger.find_article(STRIKE, "art_0") is None
    tally = ledger.tally()
    assert tally.judged == tally.developments == tally.deliveries == {}


def test_lines_come_newest_first_and_can_be_chosen_by_watch_and_verdict(desk: Desk, ledger: Ledger) -> None:
    """Each line tells the article, its verdict and the evidence that weighed most."""
    first = desk.judge()
    second = an_article(url="https://harbor-times.example/2", title="Fog", seen_at=NOON + timedelta(minutes=1))
    desk.judge(
        second, a_judged(second, label=Label.OFF_TOPIC), a_judged(second, label=Label.REPEAT, watch=WatchId("fog"))
    )

    assert [(line.watch, line.article, line.label) for line in ledger.lines()] == [
        ("fog", second.id, "repeat"),
        (STRIKE, second.id, "off-topic"),
        (STRIKE, first.id, "development"),
    ]
    assert [line.article for line in ledger.lines(watch=STRIKE)] == [second.id, first.id]
    assert [line.watch for line in ledger.lines(label=Label.REPEAT)] == ["fog"]
    assert len(ledger.lines(limit=1)) == 1
    off_topic, development = ledger.lines(watch=STRIKE)
    assert off_topic.words == "Close to what the watch describes."
    assert development.words == "Unlike every known sentence."


def test_an_article_is_found_by_itself_and_by_what_it_broke(desk: Desk, ledger: Ledger) -> None:
    """A repeat carries the development's id too, and is not the one that broke it."""
    first = desk.judge()
    told = a_judged(first).development
    assert told
    copy = an_article(url="https://copy.example/1", seen_at=NOON + timedelta(minutes=1))
    desk.judge(copy, a_judged(copy, label=Label.REPEAT, repeats=told.id))

    assert ledger.find_article(STRIKE, told.id) == first.id
    assert ledger.find_article(STRIKE, copy.id) == copy.id
    assert ledger.find_article(WatchId("other"), copy.id) is None


def test_the_tally_counts_everything_that_is_kept(desk: Desk, ledger: Ledger) -> None:
    """By watch and verdict, by watch and severity, by channel and state."""
    desk.judge(an_article(), a_judged(recipients=("a@desk.example", "b@desk.example")))
    [claim, _] = desk.claims()
    desk.outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.SENT, at=NOON))

    tally = ledger.tally()

    assert tally.judged == {(STRIKE, "development"): 1}
    assert tally.developments == {(STRIKE, "major"): 1}
    assert tally.deliveries == {("desk", "sent"): 1, ("desk", "waiting"): 1}


def test_the_pulse_tells_what_is_wrong_now(desk: Desk, ledger: Ledger) -> None:
    """What goes on as a trouble, the last good poll, and dead letters."""
    assert ledger.pulse().read_at == NOON - timedelta(hours=1)
    desk.judge()
    [claim] = desk.claims()
    desk.outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.DEAD, at=NOON))
    [feed] = desk.polls.claim_feeds(now=NOON + timedelta(days=1), limit=1, lease=timedelta(minutes=1))
    desk.polls.record_poll(feed, a_poll_plan(polled_at=NOON + timedelta(days=1), failures=5, error="timed out"))
    Troubles(database=desk.database, desk=Whom([a_watch()], {})).announce(now=NOON + timedelta(days=1))

    pulse = ledger.pulse()

    assert (pulse.feeds, pulse.dead_letters) == (1, 1)
    assert [one.subject for one in pulse.troubles] == ["feed:harbor-times"]
    assert pulse.read_at == NOON
