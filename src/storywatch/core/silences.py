"""Which silence covers a message: the story's own, or the one of its recipient."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from storywatch.core.model import Severity, SilenceKind
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from storywatch.core.model import Recipient, Silence, WatchId

LONG = timedelta(days=36_500)  # a snooze without an end ends when somebody ends it, or with a major development
LONGEST_WORDS = 200  # of a name or a reason


def check_silence(
    kind: SilenceKind, *, until: datetime | None, until_major: bool, now: datetime, words: Iterable[str | None] = ()
) -> None:
    """Raises `StorywatchError` where such a silence makes no sense. `words` are who says so and why."""
    if until is not None and until <= now:
        message = f"{until:%Y-%m-%d %H:%M} UTC is past: name a moment to come"
        raise StorywatchError(message)
    if kind is SilenceKind.SNOOZE and until is None and not until_major:
        message = "a snooze needs an end: --until, --for or --until-major; mute needs none"
        raise StorywatchError(message)
    if any(text is not None and (len(text) > LONGEST_WORDS or not text.isprintable()) for text in words):
        message = f"a name or a reason is one line of at most {LONGEST_WORDS} signs"
        raise StorywatchError(message)


def snooze_end(silence: Silence) -> datetime:
    """When what a snooze holds may go, if nobody ends it before."""
    return silence.until or silence.created_at + LONG


def covering(
    silences: Iterable[Silence], watch: WatchId, recipient: Recipient, severity: Severity | None
) -> Silence | None:
    """The silence, of those in force, that a message about the story to this recipient falls under; a mute first.

    `severity` is that of the development; what a silence that ends with the next major one lets through is not covered.
    """
    found = [
        one
        for one in silences
        if one.watch == watch
        and one.recipient in {None, recipient}
        and not (one.until_major and severity is Severity.MAJOR)
    ]
    return min(found, key=lambda one: (one.kind is not SilenceKind.MUTE, one.id), default=None)


def in_words(silence: Silence) -> str:
    """Why something was not told, or not yet."""
    what = "muted" if silence.kind is SilenceKind.MUTE else "snoozed"
    said = f" by {silence.by}" if silence.by else ""
    whom = f" for {silence.recipient.address}" if silence.recipient else ""
    ends = [f"until {silence.until:%Y-%m-%d %H:%M} UTC"] if silence.until else []
    ends += ["until the next major development"] if silence.until_major else []
    why = f": {silence.reason}" if silence.reason else ""
    return f"{what}{said}{whom} {' or '.join(ends) or 'until it is ended'}{why}"
