"""What the matcher does along labelled streams, in numbers: by stream, language and role, by cut, and each error."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from observe import begin
from scoring import harmonic, outcomes, ratio, score

from storywatch.core.developments import cut_of
from storywatch.core.model import Label
from storywatch.core.weights import logit_of, probability
from storywatch.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crew import Crew
    from judged_by import Judges
    from learn import Decisions
    from scoring import Figures, Outcome
    from streams import Labelled, Stream

    from storywatch.core.weights import Cuts, Weights
    from storywatch.ports import Encoder

COPIES = 1.0  # the relevance of a near copy of what is about the story
NO_SCORE = 0.0  # of what is off-topic
WRONG = ("off-topic", "repeat", "background")
MISSED = ("missed", "late")
CURVE = np.arange(0.05, 1.0, 0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One stream with the matcher's decisions."""

    stream: Stream
    decisions: Decisions  # one an item
    relevance: tuple[float | None, ...]  # one an item; None: passed over at a glance
    cut_at: tuple[float, ...]  # one an item: the score from which on the story told, its own level included
    cuts: Cuts

    @property
    def verdicts(self) -> list[str]:
        """One an item."""
        return [str(decision["verdict"]) for decision in self.decisions]

    @property
    def figures(self) -> Figures:
        """Of the whole walk."""
        return score(self.stream, self.verdicts)

    def outcomes(self) -> list[Outcome]:
        """One an item."""
        return outcomes(self.stream, self.verdicts)


def walk_all(judges: Judges, crew: Crew) -> list[Walk]:
    """Each stream walked along by its judge, in order."""
    return crew.map(walk_closely, judges, doing="streams walked")


def walk_closely(judge: tuple[Stream, Weights], encoder: Encoder) -> Walk:
    """The decisions of a replay, and how relevant it found each item."""
    stream, weights = judge
    replay = Replay(story=begin(stream, encoder, weights), encoder=encoder)
    decisions, cut_at = [], []
    for labelled in stream.items:
        cut_at.append(cut_of(replay.story))
        decisions.append(replay.decide(labelled.item))
    found = {
        one.remembered.article: COPIES if one.match.copy_of is not None else one.match.relevance
        for one in replay.judged
    }
    relevance = tuple(found.get(labelled.article.id) for labelled in stream.items)
    return Walk(stream=stream, decisions=decisions, relevance=relevance, cut_at=tuple(cut_at), cuts=weights.cuts)


# --------------------------------------------------------------------------- by language and by role


@dataclass(slots=True, kw_only=True)
class Part:
    """What came of the items of one language. A development belongs to the language that it was first reported in."""

    items: int = 0
    relevant: int = 0
    kept: int = 0  # not off-topic
    hits: int = 0  # of these: relevant
    alerts: int = 0
    right: int = 0
    possible: int = 0
    firsts: int = 0  # first reports
    at_once: int = 0  # of these: told by an alert on that very article
    due: int = 0  # developments first reported here
    ever: int = 0  # of these: told by some alert

    @property
    def f1(self) -> float:
        """Of the alerts on its articles and the developments first reported in it."""
        return harmonic(ratio(self.right, self.alerts), ratio(self.ever, self.due))

    @property
    def relevance_f1(self) -> float:
        """Everything but off-topic against the label."""
        return harmonic(ratio(self.hits, self.kept), ratio(self.hits, self.relevant))

    @property
    def found(self) -> float:
        """The share of first reports that were told at once."""
        return ratio(self.at_once, self.firsts)


def by_language(walks: Sequence[Walk]) -> dict[str, Part]:
    """All streams together; the languages with most items first."""
    parts: dict[str, Part] = {}
    for walk in walks:
        steps = walk.outcomes()
        told = frozenset[str]().union(*(one.told for one in steps))
        for one in steps:
            _count(parts.setdefault(one.labelled.article.lang, Part()), one, told)
    return dict(sorted(parts.items(), key=lambda pair: (-pair[1].items, pair[0])))


def _count(part: Part, one: Outcome, told: frozenset[str]) -> None:
    kept = one.verdict != Label.OFF_TOPIC
    part.items += 1
    part.relevant += one.labelled.relevant
    part.kept += kept
    part.hits += kept and one.labelled.relevant
    part.alerts += one.alerted
    part.right += one.right
    part.possible += one.verdict == Label.POSSIBLE
    part.firsts += bool(one.first)
    part.at_once += bool(one.first & one.told)
    part.due += len(one.first)
    part.ever += len(one.first & told)


@dataclass(slots=True, kw_only=True)
class Role:
    """What came of the items of one role."""

    items: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    wrong: int = 0  # alerts that told nothing new
    score: float = 0.0  # the sum


def by_role(walks: Sequence[Walk]) -> dict[str, Role]:
    """All streams together; the roles with most items first."""
    roles: dict[str, Role] = {}
    for walk in walks:
        for one, decision in zip(walk.outcomes(), walk.decisions, strict=True):
            role = roles.setdefault(one.labelled.role, Role())
            role.items += 1
            role.verdicts[one.verdict] += 1
            role.wrong += one.alerted and not one.right
            role.score += decision["score"]
    return dict(sorted(roles.items(), key=lambda pair: (-pair[1].items, pair[0])))


# --------------------------------------------------------------------------- by cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The figures at one cut, all streams counted together; `mean_f1` is the mean over streams."""

    cut: float
    precision: float
    recall: float
    mean_f1: float
    alerts: int


def development_curve(walks: Sequence[Walk]) -> list[Point]:
    """Alerts by the usual cut of the score, which each story's level moves. The same scores are cut again; what stories would have remembered is not played again."""
    return [_development_point(walks, float(cut)) for cut in CURVE]


def _development_point(walks: Sequence[Walk], cut: float) -> Point:
    steps = [outcomes(walk.stream, _alerts_from(walk, cut)) for walk in walks]
    alerts = sum(one.alerted for each in steps for one in each)
    right = sum(one.right for each in steps for one in each)
    told, due = sum(len(one.told) for each in steps for one in each), sum(map(_due, walks))
    f1 = float(np.mean([score(walk.stream, _alerts_from(walk, cut)).f1 for walk in walks]))
    return Point(cut=cut, precision=ratio(right, alerts), recall=ratio(told, due), mean_f1=f1, alerts=alerts)


def _alerts_from(walk: Walk, cut: float) -> list[str]:
    moved = logit_of(cut) - logit_of(walk.cuts.development)
    return [
        Label.DEVELOPMENT.value
        if decision["verdict"] != Label.OFF_TOPIC and decision["score"] >= probability(logit_of(used) + moved)
        else Label.OFF_TOPIC.value
        for decision, used in zip(walk.decisions, walk.cut_at, strict=True)
    ]


def _due(walk: Walk) -> int:
    return len(frozenset(walk.stream.developments) - walk.stream.seeded)


def relevance_curve(walks: Sequence[Walk]) -> list[Point]:
    """Articles about the story by the cut of the relevance; what a glance passed over is below every cut."""
    return [_relevance_point(walks, float(cut)) for cut in CURVE]


def _relevance_point(walks: Sequence[Walk], cut: float) -> Point:
    kept, hits, relevant, f1s = 0, 0, 0, []
    for walk in walks:
        taken = [one is not None and one >= cut for one in walk.relevance]
        labels = [labelled.relevant for labelled in walk.stream.items]
        both = sum(take and label for take, label in zip(taken, labels, strict=True))
        kept, hits, relevant = kept + sum(taken), hits + both, relevant + sum(labels)
        f1s.append(harmonic(ratio(both, sum(taken)), ratio(both, sum(labels))))
    return Point(
        cut=cut, precision=ratio(hits, kept), recall=ratio(hits, relevant), mean_f1=float(np.mean(f1s)), alerts=kept
    )


# --------------------------------------------------------------------------- errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One error with all that is needed to read it.

    `margin`: how far its score was from the development cut, or its relevance from the cut of what is about the story
    where that decided; negative below; None where a glance passed it over.
    """

    stream: str
    kind: str  # a wrong alert: off-topic, repeat, background; a first report: missed, or late (a later alert told it)
    labelled: Labelled
    verdict: str
    score: float
    relevance: float | None
    margin: float | None
    major: bool
    developments: tuple[str, ...]  # those that it should have told, or that it tells again
    nearest: Labelled | None  # the item that the matcher found most like it
    likeness: float
    other: str | None  # the item that told it before, or later
    reasons: tuple[str, ...]


def faults(walk: Walk) -> list[Fault]:
    """Every error of a walk, in the stream's order."""
    steps = walk.outcomes()
    told_by = {development: one.labelled.item.id for one in steps for development in sorted(one.told)}
    found = []
    for at, one in enumerate(steps):
        if one.alerted and not one.right:
            tells = one.labelled.developments
            before = next((told_by[name] for name in sorted(tells) if name in told_by), None)
            found.append(_fault(walk, at, one, kind=_wrong(one), developments=tells, other=before))
        missing = one.first - one.told
        if missing:
            later = next((told_by[name] for name in sorted(missing) if name in told_by), None)
            never = any(name not in told_by for name in missing)
            kind = MISSED[0] if never else MISSED[1]
            found.append(_fault(walk, at, one, kind=kind, developments=missing, other=None if never else later))
    return found


def _wrong(one: Outcome) -> str:
    if not one.labelled.relevant:
        return WRONG[0]
    return WRONG[2] if one.labelled.role == "background" else WRONG[1]


def _fault(walk: Walk, at: int, one: Outcome, *, kind: str, developments: frozenset[str], other: str | None) -> Fault:
    decision, relevance = walk.decisions[at], walk.relevance[at]
    off_topic = one.verdict == Label.OFF_TOPIC
    margin: float | None = decision["score"] - walk.cut_at[at]
    if off_topic:
        margin = None if relevance is None else relevance - walk.cuts.about
    nearest = decision["nearest"] or {"item": None, "score": 0.0}
    items = {labelled.item.id: labelled for labelled in walk.stream.items}
    return Fault(
        stream=walk.stream.name,
        kind=kind,
        labelled=one.labelled,
        verdict=one.verdict,
        score=NO_SCORE if off_topic else decision["score"],
        relevance=relevance,
        margin=margin,
        major=bool(developments & walk.stream.major),
        developments=tuple(sorted(developments)),
        nearest=items.get(nearest["item"]),
        likeness=nearest["score"],
        other=other,
        reasons=tuple(decision["reasons"]),
    )


def worst(found: Sequence[Fault], kind: str, count: int) -> list[Fault]:
    """Of one kind the farthest on the wrong side; what a glance passed over is the farthest."""
    return sorted((one for one in found if one.kind == kind), key=_distance, reverse=True)[:count]


def _distance(one: Fault) -> tuple[bool, float]:
    return one.margin is None, abs(one.margin or 0.0)
