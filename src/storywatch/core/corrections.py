"""What the desk may say of a verdict, and what a story and its timeline are after it.

Nothing that was judged is changed. What holds follows from the verdicts and from the corrections that were not undone,
so that undoing one leaves nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from storywatch.core.ids import digest
from storywatch.core.model import (
    Correction,
    Development,
    DevelopmentId,
    FeedbackKind,
    Label,
    NewSentence,
    Severity,
)
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from storywatch.core.model import Article, ArticleId, Remembered, StoryMemory, WatchId

CONFIRMED = 0.95  # the relevance to remember what the desk says is about the story


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One judged article as the desk speaks of it: what it was, and what was said of it before."""

    watch: WatchId
    article: Article
    verdict: Label
    severity: Severity | None
    score: float
    new: tuple[NewSentence, ...]
    judged_at: datetime
    answer: Correction | None = None

    @property
    def label(self) -> Label:
        """What it is now, with what was said."""
        return label_after(self.verdict, self.answer)

    @property
    def development(self) -> DevelopmentId:
        """The id of the development that it breaks, if it breaks one."""
        return development_id(self.watch, self.article.id)


def development_id(watch: WatchId, article: ArticleId) -> DevelopmentId:
    """The id of the development that an article breaks in a watch."""
    return DevelopmentId(digest("dev", watch, article))


def label_after(verdict: Label, said: Correction | None) -> Label:
    """What an article is to its story after what was said of it."""
    if said is None:
        return verdict
    if said.kind is FeedbackKind.NEW:
        return Label.DEVELOPMENT
    if said.kind is FeedbackKind.SAME_AS:
        return Label.REPEAT
    return Label.OFF_TOPIC if said.off_topic else Label.BACKGROUND


# --------------------------------------------------------------------------- saying it


def plan_correction(
    case: Case,
    kind: FeedbackKind,
    *,
    development: DevelopmentId | None = None,
    off_topic: bool = False,
    now: datetime,
    by: str | None = None,
) -> Correction:
    """What is to be kept. Raises `StorywatchError`, with the way out, where it makes no sense of this article."""
    said = Correction(
        article=case.article.id,
        kind=kind,
        development=development if kind is FeedbackKind.SAME_AS else None,
        off_topic=off_topic and kind is FeedbackKind.WRONG,
        given_at=now,
        by=by,
    )
    check_correction(case, said)
    return said


def check_correction(case: Case, said: Correction) -> None:
    """Raises `StorywatchError`, with the way out, where this is no thing to say of an article as it counts now."""
    _check_unsaid(case, said)
    if said.kind is FeedbackKind.WRONG:
        _check_wrong(case, off_topic=said.off_topic)
    if said.kind is FeedbackKind.NEW and case.label is Label.DEVELOPMENT:
        message = f"{case.article.id} is a development already: {case.development}"
        raise StorywatchError(message)
    if said.kind is FeedbackKind.SAME_AS and said.development == case.development:
        message = f"{said.development} was broken by this very article: name another development, or say `wrong`"
        raise StorywatchError(message)


def _check_unsaid(case: Case, said: Correction) -> None:
    """The same said twice would need two undos: one would seem to have taken it back."""
    held = case.answer
    if held is None or (held.kind, held.development, held.off_topic) != (said.kind, said.development, said.off_topic):
        return
    message = (
        f"{case.article.id} is corrected so already, and it holds: {in_words(held)}; "
        f"to take it back: storywatch feedback --watch {case.watch} {case.article.id} undo"
    )
    raise StorywatchError(message)


def _check_wrong(case: Case, *, off_topic: bool) -> None:
    told = case.label in {Label.DEVELOPMENT, Label.POSSIBLE}
    if case.label is Label.OFF_TOPIC:
        message = f"{case.article.id} counts as off-topic already; where it was news, say `new`"
        raise StorywatchError(message)
    if not told and not off_topic:
        message = (
            f"{case.article.id} counts as {case.label} and was not told; where it was news, say `new`, "
            "and where it is about another matter, add --off-topic"
        )
        raise StorywatchError(message)


def told_anew(case: Case) -> Development:
    """The development that an article breaks because the desk says so."""
    title = NewSentence(sentence=case.article.title, lang=case.article.lang)
    return Development(
        id=case.development,
        watch=case.watch,
        article=case.article.id,
        headline=case.article.title or (case.new[0].sentence if case.new else case.article.url),
        lang=case.article.lang,
        severity=case.severity or Severity.MINOR,
        first_seen_at=case.judged_at,
        new=case.new or (title,),
    )


def in_words(said: Correction) -> str:
    """What was said, for people."""
    what = {
        FeedbackKind.WRONG: "wrong, it is about another matter" if said.off_topic else "wrong",
        FeedbackKind.SAME_AS: f"the same as {said.development}",
        FeedbackKind.NEW: "new",
    }[said.kind]
    return f"the desk said on {said.given_at:%Y-%m-%d %H:%M}{f' ({said.by})' if said.by else ''}: {what}"


# --------------------------------------------------------------------------- what holds after it


def moved_by(watch: WatchId, corrections: Iterable[Correction]) -> dict[DevelopmentId, DevelopmentId | None]:
    """Developments that are none any more, and which one stands in for each: None, or the one it is the same as."""
    return {
        development_id(watch, said.article): said.development
        for said in corrections
        if said.kind is not FeedbackKind.NEW
    }


def standing(
    development: DevelopmentId | None, moved: Mapping[DevelopmentId, DevelopmentId | None]
) -> DevelopmentId | None:
    """The development that holds in place of this one, however often it was corrected; None where none does."""
    seen = set()
    while development is not None and development in moved:
        if development in seen:  # an undo can leave two of which each is called the same as the other
            return None
        seen.add(development)
        development = moved[development]
    return development


def corrected(memory: StoryMemory, watch: WatchId) -> list[Remembered]:
    """What is remembered, as the desk wants it remembered."""
    said = {past.article: past.answer for past in memory.precedents if past.answer is not None}
    moved = moved_by(watch, said.values())
    return [_corrected(record, said.get(record.article), watch, moved) for record in memory.remembered]


def _corrected(
    record: Remembered,
    said: Correction | None,
    watch: WatchId,
    moved: Mapping[DevelopmentId, DevelopmentId | None],
) -> Remembered:
    if said is None:
        development = standing(record.development, moved)
        return record if development == record.development else replace(record, development=development)
    label = label_after(record.verdict, said)
    if label is Label.OFF_TOPIC:
        return replace(record, verdict=label, development=None, sentences=(), relevance=0.0)
    if label is Label.BACKGROUND:
        return replace(record, verdict=label, development=None)
    own = development_id(watch, record.article)
    development = own if label is Label.DEVELOPMENT else standing(said.development, moved)
    return replace(record, verdict=label, development=development, relevance=max(record.relevance, CONFIRMED))
