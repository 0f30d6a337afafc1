from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import NOON, a_judged, a_listed, a_vector, a_watch, an_article
from sqlalchemy import func, select

from storywatch.core.corrections import plan_correction, told_anew
from storywatch.core.model import DevelopmentId, FeedbackKind, Label, LanguageMean, PageState, WatchId
from storywatch.core.story import REMEMBERED, Story, size_of_memory, watch_texts
from storywatch.errors import LeaseLost
from storywatch.store import tables
from storywatch.store.feedback import Feedback
from storywatch.store.judgements import Judgements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desks import Desk

    from storywatch.core.model import Judged, Remembered

MINUTE = timedelta(minutes=1)
HARBOUR = WatchId("harbour-strike")


def rows(desk: Desk) -> dict[str, int]:
    """How many rows each table of T3 holds."""
    names = ("article", "verdict", "development", "known_sentence", "alert", "delivery", "story_mean")
    with desk.database.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(getattr(tables, name))).scalar_one()
            for name in names
        }


def plain(remembered: Remembered) -> dict[str, Any]:
    """All of it, comparable: vectors as bytes."""
    values = {name: getattr(remembered, name) for name in remembered.__slots__}
    values["lead"] = remembered.lead.tobytes(), remembered.lead.dtype
    values["sentences"] = [
        (one.text, one.place, one.vector.tobytes(), one.vector.dtype) for one in remembered.sentences
    ]
    return values


def test_everything_about_an_article_is_written_together(desk: Desk) -> None:
    """A judged article leaves its text, verdict, development, sentences, alert, deliveries and mean, and wakes the engine."""
    article = an_article()
    judged = a_judged(article, recipients=("a@example.org", "b@example.org"))
    desk.judge(article, judged)
    assert rows(desk) == {
        "article": 1,
        "verdict": 1,
        "development": 1,
        "known_sentence": 2,
        "alert": 1,
        "delivery": 2,
        "story_mean": 1,
    }
    assert desk.waker.woken == [planned.id for planned in judged.deliveries]
    assert desk.judgements.load_judged(article.id) == {judged.watch}
    assert desk.entries() == []


def test_nothing_is_written_once_the_lease_is_lost(desk: Desk) -> None:
    """Who lost the entry writes nothing of its judgement, and wakes nobody."""
    entry = desk.entry()
    with pytest.raises(LeaseLost):
        desk.judge(an_article(), entry=replace(entry, lease="another"))
    assert set(rows(desk).values()) == {0}
    assert desk.judgements.load_judged(an_article().id) == frozenset()
    assert desk.waker.woken == []


def test_a_failing_waker_undoes_nothing_by_half(desk: Desk) -> None:
    """Whatever fails inside the transaction leaves the entry to be judged again, and no trace else."""

    class Broken:
        def wake(self, connection: object, delivery_ids: object) -> None:
            raise ConnectionError

    entry = desk.entry()
    with pytest.raises(ConnectionError):
        Judgements(desk.database, Broken()).record_article(entry, an_article(), [a_judged()], encoder="enc", now=NOON)
    assert set(rows(desk).values()) == {0}
    assert [again.id for again in desk.entries(NOON + 5 * MINUTE)] == [entry.id]


def test_the_waker_may_use_the_connection(desk: Desk) -> None:
    """What the engine writes through the connection it is given is committed with the deliveries."""

    class Writing:
        def wake(self, connection: Any, delivery_ids: object) -> None:
            connection.execute("UPDATE feed SET title = 'woken'")

    entry = desk.entry()
    Judgements(desk.database, Writing()).record_article(entry, an_article(), [a_judged()], encoder="enc", now=NOON)
    assert [view.title for view in desk.views.feeds()] == ["woken"]


def test_judging_the_same_text_twice_tells_once(desk: Desk) -> None:
    """A second entry with the very same article changes nothing but itself."""
    desk.judge()
    before = rows(desk)
    desk.judge(
        an_article(),
        a_judged(mean=LanguageMean(lang="en", total=np.ones(8), count=99)),
        entry=desk.entry("2", NOON + 15 * MINUTE),
    )
    assert rows(desk) == before
    assert len(desk.waker.woken) == 1
    assert desk.judgements.load_story(HARBOUR, encoder="enc").means[0].count != 99
    assert desk.entries(NOON + 15 * MINUTE) == []


def test_two_articles_may_name_one_development_and_it_is_told_once(desk: Desk) -> None:
    """The ids follow from what is told, so the same development of another article has no second alert."""
    first, second = an_article(), an_article(url="https://other.example/1")
    judged = a_judged(first)
    desk.judge(first, judged)
    desk.judge(
        second,
        replace(a_judged(second), development=judged.development, alert=judged.alert, deliveries=judged.deliveries),
    )
    assert {name: count for name, count in rows(desk).items() if name in {"development", "alert", "delivery"}} == {
        "development": 1,
        "alert": 1,
        "delivery": 1,
    }
    assert len(desk.waker.woken) == 1


def test_a_development_without_an_alert_is_kept(desk: Desk) -> None:
    """A development that nobody is told about is on the timeline all the same."""
    desk.judge(an_article(), replace(a_judged(), alert=None, deliveries=()))
    assert (rows(desk)["development"], rows(desk)["alert"], desk.waker.woken) == (1, 0, [])


def test_a_story_comes_back_exactly_as_it_was_learnt(desk: Desk) -> None:
    """After a restart each remembered article is the very same: order, texts, times, vectors to the last bit."""
    articles = [
        an_article(url=f"https://harbor-times.example/{number}", title=title, paragraphs=paragraphs, published_at=None)
        for number, (title, paragraphs) in enumerate(
            [
                ("항구 재개", ("평양은 침묵했다.", "두 번째\n줄")),
                ("Порт відкрито", ()),
                ("Hafen 🕊", ("a" * 50_000, "b", "c")),
            ]
        )
    ]
    labels = [Label.DEVELOPMENT, Label.BACKGROUND, Label.REPEAT]
    told = [
        a_judged(article, label=label, repeats=DevelopmentId("dev_1") if label is Label.REPEAT else None)
        for article, label in zip(articles, labels, strict=True)
    ]
    for article, judged in zip(articles, told, strict=True):
        desk.judge(article, judged)
    memory = desk.judgements.load_story(HARBOUR, encoder="enc")
    assert [plain(one) for one in memory.remembered] == [plain(one.remembered) for one in told]
    [mean] = memory.means
    expected = told[-1].mean
    assert expected is not None
    assert (mean.lang, mean.count, mean.total.tobytes()) == ("en", expected.count, expected.total.tobytes())


def test_a_story_knows_only_its_own_watch_and_encoder(desk: Desk) -> None:
    """One article judged for two watches is two memories; vectors of another encoder are not mixed in."""
    article = an_article()
    desk.judge(article, a_judged(article), a_judged(article, watch=WatchId("other"), label=Label.OFF_TOPIC, mean=None))
    harbour = desk.judgements.load_story(HARBOUR, encoder="enc")
    other = desk.judgements.load_story(WatchId("other"), encoder="enc")
    assert [len(one.sentences) for one in harbour.remembered] == [2]
    assert (other.remembered, other.means) == ((), ())
    assert desk.judgements.load_story(HARBOUR, encoder="another").remembered == ()


def a_story() -> Story:
    """The harbour strike before its first article, with vectors as long as those of `a_judged`."""
    watch = a_watch()
    vectors = {text: a_vector(number) for number, text in enumerate(watch_texts(watch))}
    return Story.begin(watch, vectors, lang="en")


def learnt(judged: Iterable[Judged]) -> Story:
    story = a_story()
    for one in judged:
        story = story.learn(one)
    return story


def assert_same_story(recalled: Story, never_stopped: Story) -> None:
    assert recalled.total == never_stopped.total
    assert [one.record.article for one in recalled.known] == [one.record.article for one in never_stopped.known]
    assert recalled.flow == never_stopped.flow
    assert recalled.facts.table == never_stopped.facts.table
    assert np.array_equal(recalled.memory.sentences, never_stopped.memory.sentences)


def test_a_long_story_comes_back_as_if_it_had_never_stopped(desk: Desk) -> None:
    """A story of years loads in bounded memory: its newest articles, none that is off-topic, and all of it as it was learnt.

    What the desk rejected or claimed counts as if it had been judged so.
    """
    many = REMEMBERED + 5
    articles = [
        an_article(
            url=f"https://a.example/{n}",
            title=f"Harbour news {n}",
            paragraphs=(f"The port counts {1000 + n} waiting trucks.",),
            seen_at=NOON + timedelta(hours=n),
        )
        for n in range(many)
    ]
    judged = [a_judged(article, label=Label.BACKGROUND) for article in articles]
    off_topic = many - 2
    about = [article for article in articles if article is not articles[off_topic]]
    judged[off_topic] = a_judged(articles[off_topic], label=Label.OFF_TOPIC)
    desk.poll(*(a_listed(str(n)) for n in range(many)))
    for entry, article, one in zip(desk.entries(limit=many), articles, judged, strict=True):
        desk.judge(article, one, entry=entry)

    memory = desk.judgements.load_story(HARBOUR, encoder="enc")
    assert memory.total == many - 1
    assert [one.article for one in memory.remembered] == [article.id for article in about[-REMEMBERED:]]
    assert [len(one.sentences) for one in memory.remembered] == [1] * REMEMBERED
    recalled = a_story().recall(memory)
    assert len(recalled.known) == size_of_memory(many - 1) < REMEMBERED
    assert recalled.facts.known()
    assert_same_story(recalled, learnt(judged))

    feedback = Feedback(desk.database, desk.waker)
    for article in articles[:2]:
        case = feedback.find_case(HARBOUR, article.id)
        said = plan_correction(case, FeedbackKind.WRONG, off_topic=True, now=NOON)
        feedback.record_feedback(case, said, encoder="enc", told=None)
    rejected = desk.judgements.load_story(HARBOUR, encoder="enc")
    assert rejected.total == many - 3
    assert_same_story(a_story().recall(rejected), learnt(judged[2:]))

    case = feedback.find_case(HARBOUR, articles[off_topic].id)
    said = plan_correction(case, FeedbackKind.NEW, now=NOON)
    feedback.record_feedback(case, said, encoder="enc", told=told_anew(case))
    assert desk.judgements.load_story(HARBOUR, encoder="enc").total == many - 2
    assert desk.judgements.load_story(HARBOUR, encoder="another").total == 0
    assert desk.judgements.load_story(WatchId("other"), encoder="enc").total == 0


def test_the_watchs_own_vectors_are_kept_and_replaced(desk: Desk) -> None:
    """The watch's texts are encoded once; another encoder or another text replaces what was kept."""
    vectors = {"Harbour strike": a_vector(1), "파업": a_vector(2)}
    desk.judgements.record_vectors(HARBOUR, vectors, encoder="enc")
    desk.judgements.record_vectors(WatchId("other"), {"x": a_vector(3)}, encoder="enc")
    found = desk.judgements.load_vectors(HARBOUR, encoder="enc")
    assert list(found) == list(vectors)
    assert all(np.array_equal(found[text], vectors[text]) and found[text].dtype == np.float32 for text in vectors)
    desk.judgements.record_vectors(HARBOUR, {"new": a_vector(4)}, encoder="another")
    assert desk.judgements.load_vectors(HARBOUR, encoder="enc") == {}
    assert list(desk.judgements.load_vectors(HARBOUR, encoder="another")) == ["new"]
    desk.judgements.record_vectors(HARBOUR, {}, encoder="another")
    assert desk.judgements.load_vectors(HARBOUR, encoder="another") == {}
    assert list(desk.judgements.load_vectors(WatchId("other"), encoder="enc")) == ["x"]


def test_own_texts_are_no_reports(desk: Desk) -> None:
    """Vectors of the watch's texts and sentences of articles live side by side without being mixed up."""
    desk.judge()
    desk.judgements.record_vectors(HARBOUR, {"Harbour strike": a_vector(1)}, encoder="enc")
    desk.judgements.record_vectors(HARBOUR, {"Strike": a_vector(1)}, encoder="enc")
    [one] = desk.judgements.load_story(HARBOUR, encoder="enc").remembered
    assert [sentence.text for sentence in one.sentences] == list(an_article().paragraphs)


def test_a_vector_keeps_every_bit_that_float16_can_hold(desk: Desk) -> None:
    """Zero, the smallest, the largest and negative numbers come back as they were."""
    edge = np.array([0.0, -0.0, 6e-8, 65504, -1, 0.33325195], dtype=np.float16).astype(np.float32)
    desk.judgements.record_vectors(HARBOUR, {"edge": edge}, encoder="enc")
    assert desk.judgements.load_vectors(HARBOUR, encoder="enc")["edge"].tobytes() == edge.tobytes()


def test_names_of_watches_follow_the_configuration(desk: Desk) -> None:
    """A renamed watch is called by its new name; one that is gone keeps its old one."""
    desk.judgements.sync_watches([a_watch(), a_watch(id=WatchId("gone"), name="Gone")])
    desk.judgements.sync_watches([a_watch(name="The strike")])
    desk.judgements.sync_watches([])
    assert [(view.watch, view.name) for view in desk.views.stories()] == [
        ("gone", "Gone"),
        ("harbour-strike", "The strike"),
    ]


def test_the_verdict_keeps_all_its_evidence(desk: Desk) -> None:
    """Why an article was told, or was not, can be asked by its address or its id, in numbers and words."""
    article = an_article(state=PageState.PARTIAL)
    judged = a_judged(article)
    desk.judge(article, judged)
    for reference in (article.url, article.url_key, article.id):
        [view] = desk.views.explain(reference).articles
        [verdict] = view.verdicts
        assert (view.id, view.state, view.outlet_name) == (article.id, "partial", "Harbor Times")
        assert (verdict.watch, verdict.label, verdict.score, verdict.about) == (
            "harbour-strike",
            "development",
            0.9312,
            True,
        )
        assert (verdict.reasons, verdict.features) == (judged.verdict.reasons, judged.verdict.features)
        assert (verdict.match_reasons, verdict.match_features) == (judged.match.reasons, judged.match.features)
        assert (verdict.new, verdict.nearest) == (judged.verdict.new, judged.verdict.nearest)


def test_a_verdict_without_a_nearest_report_says_so(desk: Desk) -> None:
    """The first article of a story resembles nothing."""
    judged = a_judged()
    desk.judge(an_article(), replace(judged, verdict=replace(judged.verdict, nearest=None)))
    assert desk.views.explain(an_article().id).articles[0].verdicts[0].nearest is None


def test_half_surrogates_in_a_text_survive(desk: Desk) -> None:
    """A text that no encoding can hold is judged and remembered like any other."""
    article = an_article(title="Harbour \ud800", paragraphs=("Broken \udfff text.", "NUL \0 too."))
    desk.judge(article, a_judged(article))
    [one] = desk.judgements.load_story(HARBOUR, encoder="enc").remembered
    assert one.title == "Harbour ?"
    assert one.paragraphs == article.paragraphs
