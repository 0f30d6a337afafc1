"""What the desk says of a verdict, taken in: found, checked, kept, with what follows from it.

A service that runs takes it up before its next judgement; whoever holds a story in memory sees by its revision that
something was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storywatch.core.alerting import plan_alert
from storywatch.core.corrections import plan_correction, told_anew
from storywatch.core.model import FeedbackKind, Label
from storywatch.pipeline import read_closely

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from storywatch.core.alerting import ChannelRules
    from storywatch.core.corrections import Case
    from storywatch.core.model import (
        Alert,
        ChannelId,
        Correction,
        Development,
        DevelopmentId,
        PlannedDelivery,
        Watch,
    )
    from storywatch.ports import Encoder, Feedback


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was said, and what followed."""

    case: Case
    said: Correction
    development: DevelopmentId | None  # made, withdrawn, or the one it is the same as
    alert: Alert | None = None
    deliveries: int = 0
    holds: Correction | None = None  # after an undo: what was said before, if anything was


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """Takes what the desk says into the store. Raises `StorywatchError`, with the way out, where it can't."""

    feedback: Feedback
    encoder: Encoder
    rules: Mapping[ChannelId, ChannelRules]

    def say(
        self,
        watch: Watch,
        reference: str,
        kind: FeedbackKind,
        *,
        development: str | None = None,
        off_topic: bool = False,
        alert: bool = False,
        now: datetime,
        by: str | None = None,
    ) -> Taken:
        """Keep it. `reference` and `development` are ids or prefixes of them; `alert`: tell a new development too."""
        case = self.feedback.find_case(watch.id, reference)
        target = self.feedback.find_development(watch.id, development) if development is not None else None
        said = plan_correction(case, kind, development=target, off_topic=off_topic, now=now, by=by)
        told = told_anew(case) if kind is FeedbackKind.NEW else None
        planned, deliveries = self._plan(told, case, watch, now=now) if told and alert else (None, ())
        unknown = case.verdict is Label.OFF_TOPIC and kind is not FeedbackKind.WRONG
        self.feedback.record_feedback(
            case,
            said,
            sentences=read_closely(case.article, self.encoder).sentences if unknown else (),
            encoder=self.encoder.name,
            told=told,
            alert=planned,
            deliveries=deliveries,
        )
        moved = case.development if case.label is Label.DEVELOPMENT or told else None
        return Taken(case=case, said=said, development=target or moved, alert=planned, deliveries=len(deliveries))

    def _plan(
        self, told: Development, case: Case, watch: Watch, *, now: datetime
    ) -> tuple[Alert, tuple[PlannedDelivery, ...]]:
        return plan_alert(told, case.article, watch, rules=self.rules, now=now)

    def undo(self, watch: Watch, reference: str, *, now: datetime) -> Taken:
        """Take back what was said last of an article."""
        case = self.feedback.find_case(watch.id, reference)
        undone = self.feedback.undo_feedback(case, now=now)
        holds = self.feedback.find_case(watch.id, case.article.id).answer
        return Taken(case=case, said=undone, development=undone.development, holds=holds)
