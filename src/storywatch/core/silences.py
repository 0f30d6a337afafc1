"""Which silence covers a message: the story's own, or the one of its recipient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storywatch.core.model import Severity, SilenceKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storywatch.core.model import Recipient, Silence, WatchId


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
    whom = f" for {silence.recipient.address}" if silence.recipient else ""
    ends = [f"until {silence.until:%Y-%m-%d %H:%M} UTC"] if silence.until else []
    ends += ["until the next major development"] if silence.until_major else []
    said = f" by {silence.by}" if silence.by else ""
    why = f": {silence.reason}" if silence.reason else ""
    return f"{what}{whom} {' or '.join(ends) or 'until it is ended'}{said}{why}"
