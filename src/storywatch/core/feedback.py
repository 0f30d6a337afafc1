"""Learning from the desk: what its corrections do to a watch's score.

The adjustment is fitted anew from the judgements that were corrected whenever one is said or undone, so that undoing it
leaves nothing of it. It adds to the log-odds of the shipped models: a part of the log-odds themselves, a constant, and a part of
what each group of evidence said. It is the maximum a posteriori of a logistic regression with the shipped log-odds as
offset and a normal prior around "change nothing" (Bishop, Pattern Recognition and Machine Learning, 4.5), by Newton's method.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from storywatch.core.memory import centred
from storywatch.core.model import FeedbackKind, Label, Precedent, Reason
from storywatch.core.weights import logit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from storywatch.core.memory import Look
    from storywatch.core.model import (
        ArticleId,
        Correction,
        Judged,
        StoryMemory,
        Vector,
    )
    from storywatch.core.weights import Weights

LEFT_ALONE = 0.2  # what an alert that nobody corrected counts as a right answer, beside a correction's 1
PRECEDENTS_KEPT = 40  # of those left alone, the newest
NEWTON_STEPS = 30
HALVINGS = 20
LONGEST_STEP = 2.0
PLACES = 4

SLOPE_SPREAD, BIAS_SPREAD, GROUP_SPREAD, ALIKE_SPREAD = 0.1, 0.3, 0.1, 1.5  # of the prior
ALIKE_WIDTH = 0.4  # log-odds by which the evidence of two articles may differ and still be much alike
CASES_KEPT = 50  # corrected articles that move their like by themselves, the newest
ABOUT_BIAS_SPREAD, ABOUT_GROUP_SPREAD = 0.4, 0.2
LIKE_REJECTED, LIKE_REJECTED_SPREAD = -2.5, 2.0  # in log-odds for what is the rejected article itself
RESEMBLES = 0.3  # the least cosine of two leads, without their language's mean, that means anything
NEARER = 0.4  # so much nearer to a rejected article than to any accepted one: as if it were that article

NOVELTY_GROUPS = {
    "same report": ("same_", "covered_", "copied_"),
    "unlike the known": ("title_", "lead_", "head_", "body_", "late_", "new_and_close", "close_"),
    "reads like news": ("telling_", "genre_", "background_", "live", "quotes", "dated_", "names_and_close"),
    "names and figures": ("new_names", "new_numbers", "changed_"),
    "pace": ("silence", "reports_", "stale", "undated"),
}
RELEVANCE_GROUPS = {
    "your texts": ("lead_", "own_"),
    "the story so far": ("accepted_", "known_"),
    "names and words": ("names_", "name_", "terms"),
}


class Model(Protocol):
    """A trained model whose log-odds are adjusted."""

    @property
    def names(self) -> tuple[str, ...]:
        """The features that it weighs."""
        ...

    def logit(self, features: Mapping[str, float]) -> float:
        """The log-odds for one set of features."""
        ...

    def pulls(self, features: Mapping[str, float]) -> dict[str, float]:
        """What each feature adds to them."""
        ...


# --------------------------------------------------------------------------- what to learn from


def precedent_of(judged: Judged, answer: Correction | None) -> Precedent:
    """One judgement as something to learn from."""
    return Precedent(
        article=judged.remembered.article,
        lang=judged.remembered.lang,
        lead=judged.remembered.lead,
        verdict=judged.verdict.verdict,
        score=judged.verdict.score,
        match_features=judged.match.features,
        features=judged.verdict.features,
        answer=answer,
    )


def precedents_among(judged: Sequence[Judged], answers: Mapping[ArticleId, Correction]) -> tuple[Precedent, ...]:
    """Of all that was judged before the last correction: what was corrected, and the newest that was left alone."""
    told = [one for one in judged if one.verdict.verdict is Label.DEVELOPMENT and one.remembered.article not in answers]
    alone = {one.remembered.article for one in told[-PRECEDENTS_KEPT:]}
    return tuple(
        precedent_of(one, answers.get(one.remembered.article))
        for one in judged
        if one.remembered.article in answers or one.remembered.article in alone
    )


# --------------------------------------------------------------------------- the score


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What is added to the log-odds of one model. All zero: nothing."""

    slope: float = 0.0  # of the log-odds themselves
    bias: float = 0.0
    groups: Mapping[str, float] = field(default_factory=dict)  # of what each group of evidence said
    cases: tuple[tuple[tuple[float, ...], float], ...] = ()  # what the groups said of a corrected article: for its like

    def of(self, logit: float, pulls: Mapping[str, float], groups: Mapping[str, tuple[str, ...]]) -> float:
        """How far it moves one article, in log-odds."""
        if not self.groups:
            return 0.0
        said = group_pulls(pulls, groups)
        parts = sum(self.groups[name] * pull for name, pull in zip(groups, said, strict=True))
        like = sum(moved * alike(said, case) for case, moved in self.cases)
        return self.slope * logit + self.bias + parts + like


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjustment:
    """All that the desk's feedback does to a watch's score. `revision` is that of the feedback it was made from."""

    given: int = 0  # articles that were corrected
    novelty: Shift = Shift()
    relevance: Shift = Shift()
    like_rejected: float = 0.0  # log-odds for what is a rejected article over again
    rejected: tuple[tuple[str, Vector], ...] = ()  # language and lead, raw
    revision: int = 0

    def of_novelty(self, model: Model, features: Mapping[str, float]) -> float:
        """How far it moves the log-odds that an article tells something new."""
        return self._rounded(self.novelty.of(model.logit(features), model.pulls(features), NOVELTY_GROUPS))

    def of_relevance(
        self, model: Model, features: Mapping[str, float], look: Look, *, centre: Callable[[str], Vector]
    ) -> float:
        """How far it moves the log-odds that an article is about the story. `centre` gives a language's mean vector."""
        shift = self.relevance.of(model.logit(features), model.pulls(features), RELEVANCE_GROUPS)
        if self.rejected:
            rows = _centred_leads(self.rejected, centre)
            shift += self.like_rejected * likeness_to_rejected(look.lead, rows, near=features["accepted_near"])
        return self._rounded(shift)

    def reasons(self, moved: float) -> tuple[Reason, ...]:
        """It in words, where it moved anything."""
        if not moved:
            return ()
        articles = "article" if self.given == 1 else "articles"
        words = f"your feedback on {self.given} {articles} moves the score by {moved:+.1f}"
        return (Reason(name="feedback", figure=float(self.given), pull=moved, words=words),)

    @staticmethod
    def _rounded(shift: float) -> float:
        return round(shift, PLACES)


UNADJUSTED = Adjustment()


def group_pulls(pulls: Mapping[str, float], groups: Mapping[str, tuple[str, ...]]) -> list[float]:
    """What each group of evidence adds to the log-odds; evidence of no group is left alone."""
    return [sum(pull for name, pull in pulls.items() if name.startswith(starts)) for starts in groups.values()]


def alike(one: Sequence[float], other: Sequence[float]) -> float:
    """How much two articles are judged on like evidence: 1 where all groups say the same, 0 far from it."""
    distance = sum((mine - its) ** 2 for mine, its in zip(one, other, strict=True))
    return math.exp(-distance / (2 * ALIKE_WIDTH**2))


def likeness_to_rejected(lead: Vector, rejected: npt.NDArray[np.float32], *, near: float) -> float:
    """How much an article is a rejected one over again: 0 to 1. `near` is its cosine to the nearest accepted one.

    Leads are without the mean of their language.
    """
    if not len(rejected):
        return 0.0
    cosine = float((rejected @ lead).max())
    if cosine < RESEMBLES:
        return 0.0
    return min(1.0, max(0.0, 0.5 + (cosine - near) / NEARER))


def adjust(memory: StoryMemory, weights: Weights, *, centre: Callable[[str], Vector]) -> Adjustment:
    """The adjustment that follows from the precedents of a story: the same ones give the same, to the last digit."""
    said = [past for past in memory.precedents if past.answer is not None]
    if not said:
        return replace(UNADJUSTED, revision=memory.revision)
    rejected = tuple((past.lang, past.lead) for past in said if past.answer is not None and past.answer.off_topic)
    relevance, like_rejected = _learn_relevance(
        memory.precedents, weights, rejected=_centred_leads(rejected, centre), centre=centre
    )
    return Adjustment(
        given=len(said),
        novelty=_learn_novelty(memory.precedents, weights),
        relevance=relevance,
        like_rejected=like_rejected,
        rejected=rejected,
        revision=memory.revision,
    )


def _centred_leads(leads: Sequence[tuple[str, Vector]], centre: Callable[[str], Vector]) -> npt.NDArray[np.float32]:
    if not leads:
        return np.zeros((0, 0), dtype=np.float32)
    return np.concatenate([centred(lead[None, :], centre(lang)) for lang, lead in leads])


@dataclass(slots=True, kw_only=True)
class _Lessons:
    """Rows for one logistic regression."""

    offsets: list[float] = field(default_factory=list)
    rows: list[list[float]] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, offset: float, row: list[float], *, answer: float, weight: float) -> None:
        self.offsets.append(offset)
        self.rows.append(row)
        self.answers.append(answer)
        self.weights.append(weight)

    def learn(self, mean: Sequence[float], spread: Sequence[float]) -> npt.NDArray[np.float64]:
        prior, spread_ = np.array(mean, dtype=np.float64), np.array(spread, dtype=np.float64)
        if not self.rows:
            return prior
        return fit_shift(
            np.array(self.rows),
            np.array(self.offsets),
            np.array(self.answers),
            weights=np.array(self.weights),
            mean=prior,
            spread=spread_,
        )


def fit_shift(
    rows: npt.NDArray[np.float64],
    offsets: npt.NDArray[np.float64],
    answers: npt.NDArray[np.float64],
    *,
    weights: npt.NDArray[np.float64],
    mean: npt.NDArray[np.float64],
    spread: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """The most probable parameters: rows are float64[n, k], answers 0 to 1, `mean` and `spread` the prior's of each.

    Newton's method. A step that would make the answers less probable is halved till it does not: where they contradict
    each other sharply, whole steps go round in circles. Rounded at the end: the same on every machine.
    """
    precision = 1 / spread**2

    def plausibility(at: npt.NDArray[np.float64]) -> float:
        """The log of prior and answers together, up to a constant."""
        logits = np.clip(offsets + rows @ at, -40, 40)
        return float((weights * (answers * logits - np.logaddexp(0, logits))).sum() - precision @ (at - mean) ** 2 / 2)

    found, best = mean.copy(), plausibility(mean)
    for _ in range(NEWTON_STEPS):
        chances = 1 / (1 + np.exp(-np.clip(offsets + rows @ found, -40, 40)))
        slope = rows.T @ (weights * (answers - chances)) - precision * (found - mean)
        curve = (rows.T * (weights * chances * (1 - chances))) @ rows + np.diag(precision)
        step = np.linalg.solve(curve, slope)
        step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-12))
        for _ in range(HALVINGS):
            reached = plausibility(found + step)
            if reached >= best:
                found, best = found + step, reached
                break
            step = step / 2
    rounded: npt.NDArray[np.float64] = np.round(found, PLACES) + 0.0
    return rounded


def _learn_novelty(precedents: Sequence[Precedent], weights: Weights) -> Shift:
    """From what was called new, wrong or the same; those about another matter say nothing about novelty."""
    lessons, model = _Lessons(), weights.novelty
    usable = [past for past in precedents if past.features and _is_new(past) is not None]  # a copy is none by features
    read = [_read(model, past.features, past.score) for past in usable]
    said = [tuple(group_pulls(pulls, NOVELTY_GROUPS)) for _, pulls in read]
    cases = [groups for past, groups in zip(usable, said, strict=True) if past.answer is not None][-CASES_KEPT:]
    for past, (offset, _), groups in zip(usable, read, said, strict=True):
        row = [offset, 1.0, *groups, *(alike(groups, case) for case in cases)]
        lessons.add(offset, row, answer=_is_new(past) or 0.0, weight=_weight(past))
    spread = [SLOPE_SPREAD, BIAS_SPREAD, *[GROUP_SPREAD] * len(NOVELTY_GROUPS), *[ALIKE_SPREAD] * len(cases)]
    found = lessons.learn([0.0] * len(spread), spread)
    shared = len(spread) - len(cases)
    shift = _shift(found[:shared], NOVELTY_GROUPS)
    return replace(shift, cases=tuple(zip(cases, found[shared:].tolist(), strict=True)))


def _is_new(past: Precedent) -> float | None:
    if past.answer is None:
        return 1.0 if past.verdict is Label.DEVELOPMENT else None
    if past.answer.off_topic:
        return None
    return float(past.answer.kind is FeedbackKind.NEW)


def _weight(past: Precedent) -> float:
    return LEFT_ALONE if past.answer is None else 1.0


def _learn_relevance(
    precedents: Sequence[Precedent],
    weights: Weights,
    *,
    rejected: npt.NDArray[np.float32],
    centre: Callable[[str], Vector],
) -> tuple[Shift, float]:
    """From what was called another matter, and from what was told or corrected as a part of the story."""
    lessons, model = _Lessons(), weights.relevance
    for past in precedents:
        answer = _is_about(past)
        if answer is None:
            continue
        offset, pulls = _read(model, past.match_features, 0.5)
        lead = centred(past.lead[None, :], centre(past.lang))[0]
        likeness = likeness_to_rejected(lead, rejected, near=past.match_features.get("accepted_near", 1.0))
        row = [offset, 1.0, *group_pulls(pulls, RELEVANCE_GROUPS), likeness]
        lessons.add(offset, row, answer=answer, weight=_weight(past))
    groups = len(RELEVANCE_GROUPS)
    mean = [0.0, 0.0, *[0.0] * groups, LIKE_REJECTED if len(rejected) else 0.0]
    spread = [SLOPE_SPREAD, ABOUT_BIAS_SPREAD, *[ABOUT_GROUP_SPREAD] * groups, LIKE_REJECTED_SPREAD]
    found = lessons.learn(mean, spread)
    return _shift(found[:-1], RELEVANCE_GROUPS), min(0.0, float(found[-1]))


def _is_about(past: Precedent) -> float | None:
    """A plain "wrong" says only that it is not new."""
    if past.answer is None:
        return 1.0
    if past.answer.kind is FeedbackKind.WRONG:
        return 0.0 if past.answer.off_topic else None
    return 1.0


def _read(model: Model, features: Mapping[str, float], score: float) -> tuple[float, dict[str, float]]:
    """Log-odds and pulls of stored features; of the score alone where an earlier version measured other ones."""
    if all(name in features for name in model.names):
        return model.logit(features), model.pulls(features)
    return logit_of(score), {}


def _shift(found: npt.NDArray[np.float64], groups: Mapping[str, tuple[str, ...]]) -> Shift:
    slope, bias, *parts = found.tolist()
    return Shift(slope=slope, bias=bias, groups=dict(zip(groups, parts, strict=True)))
