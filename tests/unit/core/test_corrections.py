from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from builders import NOON, a_judged, an_article

from storywatch.core.corrections import (
    Case,
    corrected,
    development_id,
    in_words,
    label_after,
    moved_by,
    plan_correction,
    standing,
    told_anew,
)
from storywatch.core.feedback import precedent_of
from storywatch.core.model import (
    Article,
    ArticleId,
    Correction,
    DevelopmentId,
    FeedbackKind,
    Label,
    NewSentence,
    Severity,
    StoryMemory,
    WatchId,
)
from storywatch.errors import StorywatchError

HARBOUR = WatchId("harbour-strike")
FIRST, SECOND, THIRD = (an_article(url=f"https://harbor-times.example/{n}") for n in range(3))


def dev(article: Article) -> DevelopmentId:
    return development_id(HARBOUR, article.id)


def said(article: Article, kind: FeedbackKind, **more: Any) -> Correction:
    return Correction(article=article.id, kind=kind, given_at=NOON, **more)


def a_case(**changes: Any) -> Case:
    values: dict[str, Any] = {
        "watch": HARBOUR,
        "article": FIRST,
        "verdict": Label.DEVELOPMENT,
        "severity": Severity.MAJOR,
        "score": 0.8,
        "new": (),
        "judged_at": NOON,
        **changes,
    }
    return Case(**values)


def recalled(*answers: Correction) -> dict[ArticleId, tuple[Label, DevelopmentId | None, int, float]]:
    """Three articles: two developments, and a repeat of the second; as they are remembered after the answers."""
    judged = [a_judged(FIRST), a_judged(SECOND), a_judged(THIRD, label=Label.REPEAT, repeats=dev(SECOND))]
    by_article = {answer.article: answer for answer in answers}
    memory = StoryMemory(
        remembered=tuple(one.remembered for one in judged),
        precedents=tuple(precedent_of(one, by_article.get(one.remembered.article)) for one in judged),
    )
    return {
        one.article: (one.verdict, one.development, len(one.sentences), one.relevance)
        for one in corrected(memory, HARBOUR)
    }


def test_what_nobody_corrected_is_remembered_as_it_was() -> None:
    """Without feedback, memory is what was judged."""
    assert recalled() == {
        FIRST.id: (Label.DEVELOPMENT, dev(FIRST), 2, 0.97),
        SECOND.id: (Label.DEVELOPMENT, dev(SECOND), 2, 0.97),
        THIRD.id: (Label.REPEAT, dev(SECOND), 2, 0.97),
    }


def test_a_wrong_alert_stays_known_and_is_no_development() -> None:
    """Its sentences are known, so that they are not told again; what repeated it repeats nothing that was told."""
    after = recalled(said(SECOND, FeedbackKind.WRONG))
    assert after[SECOND.id] == (Label.BACKGROUND, None, 2, 0.97)
    assert after[THIRD.id][:2] == (Label.REPEAT, None)


def test_another_matter_is_no_part_of_the_story() -> None:
    """Its sentences are not known, and it draws nothing in after it."""
    assert recalled(said(SECOND, FeedbackKind.WRONG, off_topic=True))[SECOND.id] == (Label.OFF_TOPIC, None, 0, 0.0)


def test_what_is_the_same_takes_its_repeats_along() -> None:
    """A development that is called the same as another one goes over to it, with all that repeated it."""
    after = recalled(said(SECOND, FeedbackKind.SAME_AS, development=dev(FIRST)))
    assert after[SECOND.id] == (Label.REPEAT, dev(FIRST), 2, 0.97)
    assert after[THIRD.id][:2] == (Label.REPEAT, dev(FIRST))


def test_what_was_missed_becomes_a_development_that_is_surely_about_the_story() -> None:
    """From then on it is what later reports repeat."""
    assert recalled(said(THIRD, FeedbackKind.NEW))[THIRD.id] == (Label.DEVELOPMENT, dev(THIRD), 2, 0.97)


def test_corrections_of_corrections_are_followed_to_the_end() -> None:
    """The same as what is the same as a third; the same as what was wrong; and two that are the same as each other."""
    first, second, third = dev(FIRST), dev(SECOND), dev(THIRD)
    chain = {first: second, second: third}
    assert standing(first, chain) == third
    assert standing(first, {first: second, second: None}) is None
    assert standing(first, {first: second, second: first}) is None
    assert standing(None, chain) is None
    assert moved_by(HARBOUR, [said(FIRST, FeedbackKind.NEW), said(SECOND, FeedbackKind.WRONG)]) == {second: None}


@pytest.mark.parametrize(
    ("kind", "more", "label"),
    [
        (FeedbackKind.NEW, {}, Label.DEVELOPMENT),
        (FeedbackKind.SAME_AS, {"development": DevelopmentId("dev_1")}, Label.REPEAT),
        (FeedbackKind.WRONG, {}, Label.BACKGROUND),
        (FeedbackKind.WRONG, {"off_topic": True}, Label.OFF_TOPIC),
    ],
)
def test_each_word_has_its_label(kind: FeedbackKind, more: dict[str, Any], label: Label) -> None:
    """What an article is after the desk has spoken."""
    assert label_after(Label.POSSIBLE, said(FIRST, kind, **more)) is label
    assert label_after(Label.POSSIBLE, None) is Label.POSSIBLE


@pytest.mark.parametrize(
    ("case", "kind", "more", "words"),
    [
        (a_case(verdict=Label.OFF_TOPIC), FeedbackKind.WRONG, {}, "off-topic already; where it was news, say `new`"),
        (a_case(verdict=Label.REPEAT), FeedbackKind.WRONG, {}, "counts as repeat and was not told.*--off-topic"),
        (a_case(), FeedbackKind.NEW, {}, "a development already: dev_"),
        (a_case(), FeedbackKind.SAME_AS, {"development": dev(FIRST)}, "by this very article"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(
    case: Case, kind: FeedbackKind, more: dict[str, Any], words: str
) -> None:
    """Each refusal says what the article counts as, and what could be said instead."""
    with pytest.raises(StorywatchError, match=words):
        plan_correction(case, kind, now=NOON, **more)


def test_what_was_said_before_counts_for_what_may_be_said() -> None:
    """A development that was called wrong may be called new again, and not wrong twice."""
    case = a_case(answer=said(FIRST, FeedbackKind.WRONG))
    assert plan_correction(case, FeedbackKind.NEW, now=NOON, by="Ana").by == "Ana"
    with pytest.raises(StorywatchError, match="is corrected so already, and it holds: "):
        plan_correction(case, FeedbackKind.WRONG, now=NOON)


def test_off_topic_may_be_said_of_what_was_not_told() -> None:
    """An article of another matter that is known to the story can be put out of it."""
    planned = plan_correction(a_case(verdict=Label.BACKGROUND), FeedbackKind.WRONG, off_topic=True, now=NOON)
    assert (planned.off_topic, planned.development) == (True, None)


def test_a_development_made_by_the_desk_says_what_was_thought_new() -> None:
    """The sentences that were doubted, else the title; from the time when it was judged."""
    doubted = (NewSentence(sentence="Ships sail.", lang="en"),)
    later = NOON + timedelta(days=1)
    made = told_anew(a_case(verdict=Label.POSSIBLE, severity=None, new=doubted, judged_at=later))
    assert (made.id, made.new, made.severity, made.first_seen_at) == (dev(FIRST), doubted, Severity.MINOR, later)
    assert told_anew(a_case(verdict=Label.REPEAT)).new[0].sentence == FIRST.title
    untitled = an_article(title="")
    assert told_anew(a_case(article=untitled)).headline == untitled.url
    assert told_anew(a_case(article=untitled, new=doubted)).headline == "Ships sail."


def test_what_was_said_can_be_read() -> None:
    """Who said what, and when."""
    assert in_words(said(FIRST, FeedbackKind.WRONG, off_topic=True, by="Ana")) == (
        "the desk said on 2026-03-02 12:00 (Ana): wrong, it is about another matter"
    )
    same = said(FIRST, FeedbackKind.SAME_AS, development=DevelopmentId("dev_1"))
    assert in_words(same) == "the desk said on 2026-03-02 12:00: the same as dev_1"
