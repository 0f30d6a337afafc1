from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import NOON, a_vector, plain_weights
from hypothesis import example, given
from hypothesis import strategies as st

from storywatch.core.feedback import (
    NOVELTY_GROUPS,
    RELEVANCE_GROUPS,
    UNADJUSTED,
    Adjustment,
    Shift,
    adjust,
    alike,
    fit_shift,
    likeness_to_rejected,
)
from storywatch.core.model import ArticleId, Correction, FeedbackKind, Label, Precedent, StoryMemory, Vector
from storywatch.core.weights import Weights, probability, shipped_weights

DIM = 8


def centre(_lang: str) -> Vector:
    return np.zeros(DIM, dtype=np.float32)


def features_of(names: tuple[str, ...], **changes: float) -> dict[str, float]:
    return {name: changes.get(name, 0.0) for name in names}


def a_precedent(number: int = 0, kind: FeedbackKind | None = None, **changes: Any) -> Precedent:
    """A told article; `same_most` says how surely an earlier one reports the same."""
    weights = changes.pop("weights", plain_weights())
    off_topic = changes.pop("off_topic", False)
    article = ArticleId(f"art_{number}")
    answer = kind and Correction(article=article, kind=kind, off_topic=off_topic, given_at=NOON)
    same = changes.pop("same_most", 0.4)
    values: dict[str, Any] = {
        "article": article,
        "lang": "en",
        "lead": a_vector(number, DIM),
        "verdict": Label.DEVELOPMENT,
        "score": 0.7,
        "match_features": features_of(weights.relevance.names, terms=1.0, accepted_near=0.5),
        "features": features_of(weights.novelty.names, same_most=same),
        "answer": answer,
        **changes,
    }
    return Precedent(**values)


def adjusted(*precedents: Precedent, weights: Weights | None = None) -> Adjustment:
    memory = StoryMemory(precedents=precedents, revision=len(precedents))
    return adjust(memory, weights or plain_weights(), centre=centre)


def moved(adjustment: Adjustment, past: Precedent) -> float:
    return adjustment.of_novelty(plain_weights().novelty, past.features)


def chance(adjustment: Adjustment, past: Precedent) -> float:
    model = plain_weights().novelty
    return probability(model.logit(past.features) + moved(adjustment, past))


def test_without_feedback_nothing_moves() -> None:
    """A watch that was never corrected is judged by the shipped weights to the last digit."""
    past = a_precedent()
    found = adjusted(past)
    assert (found.given, found.novelty, found.relevance, found.rejected, found.revision) == (0, Shift(), Shift(), (), 1)
    assert (moved(UNADJUSTED, past), UNADJUSTED.reasons(0.0)) == (0.0, ())


@pytest.mark.parametrize(
    ("kind", "same"), [(FeedbackKind.WRONG, 0.4), (FeedbackKind.SAME_AS, 0.3), (FeedbackKind.NEW, 0.65)]
)
def test_one_correction_turns_its_own_verdict_and_pulls_its_like(kind: FeedbackKind, same: float) -> None:
    """The corrected article falls, or rises, over the even odds; what was judged on like evidence moves the same way."""
    past, like = a_precedent(0, kind, same_most=same), a_precedent(1, same_most=same + 0.03)
    adjustment = adjusted(past)
    way = 1 if kind is FeedbackKind.NEW else -1
    assert (chance(UNADJUSTED, past) - 0.5) * way < 0
    assert (chance(adjustment, past) - 0.5) * way > -0.1
    assert moved(adjustment, like) * way > 0


def test_ten_corrections_do_not_wreck_it() -> None:
    """Even if all say the same, what was surely new stays so, and what was surely told before too."""
    wrong = adjusted(*(a_precedent(n, FeedbackKind.WRONG, same_most=0.3 + n / 50) for n in range(10)))
    assert chance(wrong, a_precedent(same_most=0.0)) > 0.5
    new = adjusted(*(a_precedent(n, FeedbackKind.NEW, same_most=0.5 + n / 50) for n in range(10)))
    assert chance(new, a_precedent(same_most=1.0)) < 0.5


def test_what_was_left_as_it_was_holds_against_one_correction() -> None:
    """Alerts that nobody corrected are weak right answers, and a part of the cut comes back."""
    wrong, alone = a_precedent(0, FeedbackKind.WRONG), [a_precedent(n, same_most=0.35) for n in range(1, 20)]
    other = a_precedent(99, same_most=0.2)
    assert moved(adjusted(wrong), other) < moved(adjusted(wrong, *alone), other)


def test_the_same_precedents_give_the_same_adjustment() -> None:
    """It follows from them alone, to the last digit, and another one changes it."""
    first, second = a_precedent(0, FeedbackKind.WRONG), a_precedent(1, FeedbackKind.NEW, same_most=0.7)
    assert adjusted(first, second).novelty == adjusted(first, second).novelty
    assert adjusted(first).novelty != adjusted(first, second).novelty


def test_another_matter_moves_relevance_and_not_novelty() -> None:
    """What resembles the rejected article loses much, what is unlike it little; novelty has its own answers."""
    past = a_precedent(0, FeedbackKind.WRONG, off_topic=True)
    adjustment = adjusted(past)
    assert adjustment.novelty == Shift(groups=dict.fromkeys(NOVELTY_GROUPS, 0.0))
    assert adjustment.rejected == (("en", past.lead),)
    assert adjustment.like_rejected < -1
    lead = past.lead / np.linalg.norm(past.lead)
    rows = lead[None, :]
    assert likeness_to_rejected(lead, rows, near=0.5) == 1.0
    assert likeness_to_rejected(-lead, rows, near=0.5) == 0.0
    assert likeness_to_rejected(lead, np.zeros((0, DIM), dtype=np.float32), near=0.5) == 0.0


def test_the_rejected_article_itself_would_be_rejected() -> None:
    """What is that article over again falls from surely about the story to under even odds."""
    weights = plain_weights()
    sure = features_of(weights.relevance.names, terms=0.87, accepted_near=0.5)  # log-odds of three
    past = a_precedent(0, FeedbackKind.WRONG, off_topic=True, match_features=sure)
    adjustment = adjusted(past)
    model = weights.relevance
    moved_by_texts = adjustment.relevance.of(model.logit(sure), model.pulls(sure), RELEVANCE_GROUPS)
    assert probability(model.logit(sure)) > 0.94
    assert probability(model.logit(sure) + moved_by_texts + adjustment.like_rejected) < 0.5


def test_what_was_missed_as_off_topic_raises_relevance() -> None:
    """A report that was wrongly left out makes the next one of its kind more likely to be taken."""
    weights = plain_weights()
    missed = a_precedent(0, FeedbackKind.NEW, verdict=Label.OFF_TOPIC, features={}, score=0.0)
    missed = replace(missed, match_features=features_of(weights.relevance.names, terms=0.2))
    adjustment = adjusted(missed)
    assert adjustment.relevance.bias > 0
    assert adjustment.novelty.bias == 0


def test_features_of_another_version_count_by_their_score_alone() -> None:
    """A verdict that was stored by other weights still teaches: its groups say nothing, its score does."""
    past = a_precedent(0, FeedbackKind.WRONG, features={"of an earlier version": 1.0}, match_features={})
    adjustment = adjusted(past)
    assert adjustment.novelty.bias < 0
    assert set(adjustment.novelty.groups.values()) == {0.0}


def test_it_is_told_in_words() -> None:
    """`explain` names how many articles were corrected and how far that moves this one."""
    [one] = adjusted(a_precedent(0, FeedbackKind.WRONG)).reasons(-0.83)
    assert (one.name, one.pull, one.words) == ("feedback", -0.83, "your feedback on 1 article moves the score by -0.8")
    two = adjusted(a_precedent(0, FeedbackKind.WRONG), a_precedent(1, FeedbackKind.NEW))
    assert two.reasons(0.5)[0].words == "your feedback on 2 articles moves the score by +0.5"


def test_the_groups_know_the_evidence_of_the_shipped_models() -> None:
    """No group is empty, and no feature is in two of them."""
    weights = shipped_weights()
    for groups, names in ((NOVELTY_GROUPS, weights.novelty.names), (RELEVANCE_GROUPS, weights.relevance.names)):
        members = [[name for name in names if name.startswith(starts)] for starts in groups.values()]
        assert all(members)
        assert len({name for some in members for name in some}) == sum(map(len, members))


def test_likeness_of_evidence_falls_with_its_distance() -> None:
    """1 for the very same, and never negative."""
    assert alike([1.0, 2.0], [1.0, 2.0]) == 1.0
    assert 0 < alike([0.0, 0.0], [1.0, 1.0]) < alike([0.0, 0.0], [0.5, 0.5]) < 1


numbers = st.floats(-6, 6)


@example([(3.0, -4.0, False), (5.0, -6.0, False)])  # whole steps go round in circles
@given(st.lists(st.tuples(numbers, numbers, st.booleans()), min_size=1, max_size=30))
def test_the_fit_is_the_most_probable_one(lessons: list[tuple[float, float, bool]]) -> None:
    """At the found parameters the gradient of prior and answers together is nil, whatever the answers."""
    rows = np.array([[1.0, figure] for _, figure, _ in lessons])
    offsets = np.array([offset for offset, _, _ in lessons])
    answers = np.array([float(answer) for _, _, answer in lessons])
    weights, spread = np.ones(len(lessons)), np.array([0.9, 0.5])
    found = fit_shift(rows, offsets, answers, weights=weights, mean=np.zeros(2), spread=spread)
    chances = 1 / (1 + np.exp(-(offsets + rows @ found)))
    assert np.abs(rows.T @ (answers - chances) - found / spread**2).max() < 0.1
    again = fit_shift(rows, offsets, answers, weights=weights, mean=np.zeros(2), spread=spread)
    assert found.tobytes() == again.tobytes()
