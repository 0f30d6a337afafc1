from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from builders import NOON, a_development, a_judged, an_article

from storywatch.core.model import Label, NewSentence, Reason, Translation, WatchId
from storywatch.core.opinion import Reservation
from storywatch.store.ledger import Ledger
from storywatch.store.opinions import Opinions, OpinionView

if TYPE_CHECKING:
    from desks import Desk

    from storywatch.store.engine import Database

ENDPOINT = "ept_1"
HOUR = timedelta(hours=1)


def test_a_kept_answer_costs_no_call(database: Database) -> None:
    """Found by its key, for whoever asks; of two answers to one question the first is kept."""
    opinions = Opinions(database)
    assert opinions.reserve_call(ENDPOINT, "opn_1", budget=9, now=NOON) == Reservation()
    opinions.record_answer(ENDPOINT, "opn_1", '{"new": "yes"}', now=NOON)
    opinions.record_answer(ENDPOINT, "opn_1", '{"new": "no"}', now=NOON)
    assert opinions.reserve_call(ENDPOINT, "opn_1", budget=9, now=NOON) == Reservation(answer='{"new": "yes"}')
    assert opinions.reserve_call("ept_2", "opn_2", budget=9, now=NOON) == Reservation()
    assert opinions.view(ENDPOINT, budget=9, now=NOON) == OpinionView(calls_today=2, calls=2, budget=9)


def test_answers_are_kept_for_a_month(database: Database) -> None:
    """The table of answers does not grow for ever."""
    opinions = Opinions(database)
    opinions.record_answer(ENDPOINT, "opn_1", "{}", now=NOON)
    opinions.record_answer(ENDPOINT, "opn_2", "{}", now=NOON + timedelta(days=29))
    opinions.record_answer(ENDPOINT, "opn_3", "{}", now=NOON + timedelta(days=31))
    kept = [opinions.reserve_call(ENDPOINT, f"opn_{n}", budget=9, now=NOON).answer for n in (1, 2, 3)]
    assert kept == [None, "{}", "{}"]


def test_no_more_calls_are_counted_than_the_budget_has(database: Database) -> None:
    """Not even when many ask at once."""
    opinions = Opinions(database)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(opinions.reserve_call, ENDPOINT, f"opn_{n}", budget=5, now=NOON) for n in range(20)]
        refused = [one.result().refused for one in asked]
    assert refused.count(None) == 5
    assert set(refused) == {None, "all 5 calls of this day are made"}
    view = opinions.view(ENDPOINT, budget=5, now=NOON)
    assert (view.calls_today, view.left) == (5, 0)
    assert opinions.view(ENDPOINT, budget=3, now=NOON).left == 0


def test_a_day_is_one_in_utc(database: Database) -> None:
    """What was asked yesterday counts for the whole, and not for today."""
    opinions = Opinions(database)
    opinions.reserve_call(ENDPOINT, "opn_1", budget=1, now=NOON)
    assert opinions.reserve_call(ENDPOINT, "opn_2", budget=1, now=NOON + 11 * HOUR).refused is not None
    assert opinions.reserve_call(ENDPOINT, "opn_2", budget=1, now=NOON + 12 * HOUR).refused is None
    assert opinions.view(budget=1, now=NOON + 36 * HOUR) == OpinionView(calls=2, budget=1)


def test_failures_of_one_endpoint_are_its_own(database: Database) -> None:
    """Another model is asked meanwhile; an odd answer shows that the first one lives."""
    opinions = Opinions(database)
    pauses = [opinions.record_failure(ENDPOINT, f"failure {n}", now=NOON) for n in range(3)]
    assert pauses == [None, None, NOON + timedelta(minutes=10)]
    assert opinions.reserve_call("ept_2", "opn_1", budget=9, now=NOON).refused is None
    view = opinions.view(ENDPOINT, budget=9, now=NOON)
    assert (view.failures, view.last_failure, view.paused_until) == (3, "failure 2", pauses[2])
    opinions.record_odd_answer(ENDPOINT, now=NOON + HOUR)
    assert opinions.record_failure(ENDPOINT, "failure 3", now=NOON + HOUR) is None
    assert opinions.view(ENDPOINT, budget=9, now=NOON + HOUR).failures == 5


def test_the_ledger_tells_who_found_it_another_matter(desk: Desk) -> None:
    """Where a second opinion made an article off-topic, its line says so, and not what spoke for the story."""
    said = Reason(name="opinion", figure=-1.0, pull=-10.0, words="second opinion of a-model: not about the story")
    article = an_article()
    judged = a_judged(article, label=Label.OFF_TOPIC)
    verdict = replace(judged.verdict, reasons=(said, *judged.verdict.reasons))
    desk.judge(article, replace(judged, verdict=verdict))
    assert [line.words for line in Ledger(desk.database).lines()] == [said.words]


def test_translations_come_back_with_their_sentences(desk: Desk) -> None:
    """On the timeline, in the verdict and in what is sent; a sentence from before there were any has none."""
    translation = Translation(lang="en", text="The harbour is open.", by="a-model")
    new = (
        NewSentence(sentence="항구가 열렸다.", lang="ko", translation=translation),
        NewSentence(sentence="Ships sail.", lang="en"),
    )
    article = an_article()
    desk.judge(article, a_judged(article, development=a_development(new=new)))
    [development] = desk.views.timeline(WatchId("harbour-strike"))
    assert development.new == new
    with desk.database.write() as connection:
        old = '[{"sentence": "Ships sail.", "lang": "en", "old": null, "new": null}]'
        connection.exec_driver_sql(f"UPDATE development SET new = '{old}'")
    [development] = desk.views.timeline(WatchId("harbour-strike"))
    assert development.new == (NewSentence(sentence="Ships sail.", lang="en"),)
