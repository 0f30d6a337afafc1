"""ntfy: plain text to a topic, with a tap that opens the page. The same delivery twice is one notification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from storywatch.errors import Rejected
from storywatch.notify.chat.channel import dump

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storywatch.errors import SendFailed
    from storywatch.notify.chat.post import Post
    from storywatch.notify.http import Answer

MESSAGE: Final = 4_096  # bytes; what is longer would become a file
ALL: Final = 8_000  # of the whole call: twice as much as of the message is read
ACTIONS: Final = 3
HIGH, NORMAL = 4, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ntfy:
    """A topic of a server. `url` is the server's; `token` where it asks for one."""

    url: str
    topic: str
    token: str | None = None
    name: str = "ntfy"

    @property
    def headers(self) -> Mapping[str, str]:
        """The token, where there is one."""
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    def payload(self, post: Post) -> dict[str, Any]:
        """`sequence_id`: a server that knows it (from 2.16) shows a repeated call in the place of the first."""
        links = [link for link in post.links if link.url != post.url]
        return {
            "topic": self.topic,
            "title": f"{post.top}: {post.title}",
            "message": "\n".join(line.text for line in post.lines),
            "priority": HIGH if post.loud else NORMAL,
            "tags": ["exclamation" if post.loud else "newspaper"],
            "click": post.url,
            "actions": [{"action": "view", "label": link.label, "url": link.url} for link in links[:ACTIONS]],
            "sequence_id": post.delivery,
        }

    def fits(self, payload: Mapping[str, Any]) -> bool:
        """In bytes, of the message and of all of it."""
        return len(payload["message"].encode()) <= MESSAGE and len(dump(payload)) <= ALL

    def failure(self, answer: Answer, *, where: str) -> SendFailed | None:
        """A server that wants a login may be given one."""
        if answer.ok:
            return None
        if answer.code in {400, 413}:
            return Rejected(f"{where} answered {answer.code}: it does not take this message", code=answer.code)
        if answer.code in {401, 403}:
            return answer.unsent(where, because="this topic asks for a token that may write to it")
        return answer.unsent(where)
