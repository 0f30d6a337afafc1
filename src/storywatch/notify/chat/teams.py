"""Microsoft Teams, by a webhook of Workflows: an Adaptive Card of text runs, in which nothing is Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from storywatch.errors import Rejected
from storywatch.notify.chat.channel import dump

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storywatch.errors import SendFailed
    from storywatch.notify.chat.post import Line, Link, Post
    from storywatch.notify.http import Answer

SIZE: Final = 26_000  # bytes; Teams takes 28 kB, and wraps the card in something of its own
ACTIONS: Final = 6
CARD: Final = "application/vnd.microsoft.card.adaptive"
GONE: Final = frozenset({"WorkflowNotFound", "WorkflowTriggerNotFound"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams:
    """A room or chat, by the address that its workflow was given."""

    url: str
    name: str = "Teams"
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self, post: Post) -> dict[str, Any]:
        """A message that holds one card."""
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [
                _block(_run(post.top, isSubtle=True)),
                _block(_run(post.title, weight="Bolder", size="Medium", color="Attention" if post.loud else "Default")),
                *(_block(_line(line)) for line in post.lines),
            ],
            "actions": [_open(link) for link in post.links[:ACTIONS]],
            "msteams": {"width": "Full"},
        }
        return {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}]}

    def fits(self, payload: Mapping[str, Any]) -> bool:
        """Below 28 kB."""
        return len(dump(payload)) <= SIZE

    def failure(self, answer: Answer, *, where: str) -> SendFailed | None:
        """A workflow that is turned off may be turned on again; one that was deleted is gone."""
        if answer.ok:
            return None
        error = answer.json.get("error")
        word = error.get("code") if isinstance(error, dict) else None
        if answer.code == 410 or word in GONE:  # noqa: PLR2004  Gone
            return Rejected(f"{where} answered {answer.code}: there is no such workflow", code=answer.code, gone=True)
        if word == "WorkflowTriggerIsNotEnabled":
            return answer.unsent(where, because="the workflow is turned off")
        if answer.code in {400, 413}:
            return Rejected(f"{where} answered {answer.code}: it does not take this message", code=answer.code)
        return answer.unsent(where)


def _block(run: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [run]}


def _run(text: str, **style: Any) -> dict[str, Any]:
    """Text as it stands: a run knows no Markdown, a text block would."""
    return {"type": "TextRun", "text": text, **style}


def _line(line: Line) -> dict[str, Any]:
    style: dict[str, Any] = {"weight": "Bolder"} if line.strong else {}
    if line.url:
        style["selectAction"] = {"type": "Action.OpenUrl", "url": line.url}
    return _run(line.text, **style)


def _open(link: Link) -> dict[str, Any]:
    return {"type": "Action.OpenUrl", "title": link.label, "url": link.url}
