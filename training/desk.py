"""What feedback is worth: a desk that knows the labels corrects the first wrong decisions, and the rest is counted.

It corrects as a reader would, right after the item: an alert that tells nothing new is "wrong", or "same-as" the
development it repeats, or about another matter; a first report that was not told is "new".
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

from observe import begin
from scoring import harmonic, ratio

from storywatch.core.corrections import development_id
from storywatch.core.model import Correction, DevelopmentId, FeedbackKind, Label
from storywatch.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streams import Labelled, Stream

    from storywatch.core.weights import Weights
    from storywatch.ports import Encoder

CORRECTIONS = 5
HEADING = "stream                     corrected at  rest  F1 without   with   P without  with   R without  with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The figures of what comes after the last correction."""

    precision: float
    recall: float
    due: int  # developments that are first reported in it

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        return harmonic(self.precision, self.recall)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """One stream: the items until and after the last correction, and the rest without and with feedback."""

    stream: str
    corrections: int
    until: int
    after: int
    without: Rest
    with_feedback: Rest


def measure_feedback(
    streams: Iterable[tuple[Stream, Weights]], encoder: Encoder, *, corrections: int = CORRECTIONS
) -> list[Worth]:
    """One line a stream, each judged with the weights beside it."""
    return [_worth(stream, weights, encoder, corrections=corrections) for stream, weights in streams]


def _worth(stream: Stream, weights: Weights, encoder: Encoder, *, corrections: int) -> Worth:
    desk = Desk(stream, Replay(story=begin(stream, encoder, weights), encoder=encoder), corrections=corrections)
    alone = Replay(story=begin(stream, encoder, weights), encoder=encoder)
    taught = [desk.decide(labelled) for labelled in stream.items]
    plain = [alone.decide(labelled.item)["verdict"] for labelled in stream.items]
    return Worth(
        stream=stream.name,
        corrections=len(desk.corrected),
        until=desk.until,
        after=len(stream.items) - desk.until,
        without=score_rest(stream, plain, since=desk.until),
        with_feedback=score_rest(stream, taught, since=desk.until),
    )


class Desk:
    """Walks along a stream, and corrects what it knows to be wrong until it has done so often enough."""

    def __init__(self, stream: Stream, walk: Replay, *, corrections: int) -> None:
        self._walk, self._left = walk, corrections
        self._told: dict[str, DevelopmentId | None] = dict.fromkeys(stream.seeded)
        self.corrected: list[str] = []
        self.until = 0
        self._watch = stream.watch.id
        self._at = 0

    def decide(self, labelled: Labelled) -> str:
        """The verdict, as it was before a correction."""
        row = self._walk.decide(labelled.item)
        self._at += 1
        alerted = row["verdict"] == Label.DEVELOPMENT
        fresh = labelled.developments - self._told.keys()
        judged = bool(self._walk.judged) and self._walk.judged[-1].remembered.article == labelled.article.id
        if self._left and judged and alerted != bool(fresh):
            self._correct(labelled, new=bool(fresh))
            alerted = bool(fresh)
        if alerted:
            own = development_id(self._watch, labelled.article.id)
            self._told |= dict.fromkeys(fresh, own)
        return str(row["verdict"])

    def _correct(self, labelled: Labelled, *, new: bool) -> None:
        repeated = [told for one in sorted(labelled.developments) if (told := self._told.get(one))]
        kind = FeedbackKind.NEW if new else FeedbackKind.SAME_AS if repeated else FeedbackKind.WRONG
        said = Correction(
            article=labelled.article.id,
            kind=kind,
            development=repeated[-1] if kind is FeedbackKind.SAME_AS else None,
            off_topic=not labelled.relevant,
            given_at=labelled.article.seen_at,
        )
        self._walk.correct(labelled.item, said)
        self._left -= 1
        self.until = self._at
        self.corrected.append(labelled.item.id)


def score_rest(stream: Stream, verdicts: Sequence[str], *, since: int) -> Rest:
    """Development F1 over the items from `since` on: what was first reported before is no news in either run.

    An alert that makes good what was missed before `since` counts neither way: without feedback it is a late
    report, with it the desk has pointed it out.
    """
    before = {one for labelled in stream.items[:since] for one in labelled.developments} | stream.seeded
    told = set(stream.seeded)
    for labelled, verdict in zip(stream.items[:since], verdicts[:since], strict=True):
        if verdict == Label.DEVELOPMENT:
            told |= labelled.developments
    late = before - told
    due = {one for labelled in stream.items[since:] for one in labelled.developments} - before
    found: set[str] = set()
    right = alerts = 0
    for labelled, verdict in zip(stream.items[since:], verdicts[since:], strict=True):
        if verdict != Label.DEVELOPMENT:
            continue
        fresh = labelled.developments & (due - found)
        if not fresh and labelled.developments & late:
            continue
        alerts += 1
        right += bool(fresh)
        found |= fresh
    return Rest(precision=ratio(right, alerts), recall=ratio(len(found), len(due)), due=len(due))


def print_worth(table: Sequence[Worth]) -> None:
    """One line a stream, and the means over those that have anything new to tell after the last correction."""
    lines = [HEADING, *map(_line, table)]
    told = [one for one in table if one.without.due]
    if told:
        without, taught = mean(one.without.f1 for one in told), mean(one.with_feedback.f1 for one in told)
        lines.append(f"{'mean':26} {'':12} {'':5} {without:10.3f} {taught:6.3f}")
    print("\n".join(lines))  # noqa: T201  it is a command


def _line(one: Worth) -> str:
    before, after = one.without, one.with_feedback
    return (
        f"{one.stream:26} {one.corrections:3} in {one.until:5} {one.after:5} {before.f1:11.3f} {after.f1:6.3f}"
        f" {before.precision:11.2f} {after.precision:5.2f} {before.recall:11.2f} {after.recall:5.2f}"
    )
