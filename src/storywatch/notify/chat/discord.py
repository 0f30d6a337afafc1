"""Discord, by a webhook: one embed, in which every sign of Markdown is escaped, and nobody is mentioned."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from storywatch.errors import Rejected, Unsent
from storywatch.notify.chat.channel import units
from storywatch.notify.text import cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storywatch.errors import SendFailed
    from storywatch.notify.chat.post import Line, Post
    from storywatch.notify.http import Answer

CONTENT: Final = 2_000
TITLE: Final = 256
DESCRIPTION: Final = 4_096
ALL: Final = 6_000
TITLE_ROOM: Final = 120  # characters of a headline, which are at most twice as many once they are escaped
MARKS: Final = re.compile(r"([\\*_~`|<>\[\]()#:@-])")
LOUD, QUIET = 0xB3261E, 0x3B5B8C
GONE: Final = frozenset({10015, 50027})  # unknown webhook, its token is not valid
LONGEST: Final = 86_400.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Discord:
    """A room, by the address that Discord made for it."""

    webhook: str
    name: str = "Discord"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address; with `wait` it answers only when the message is there."""
        return f"{self.webhook}{'&' if '?' in self.webhook else '?'}wait=true"

    def payload(self, post: Post) -> dict[str, Any]:
        """What a notification shows is `content`."""
        links = " · ".join(f"[{link.label}]({_address(link.url)})" for link in post.links)
        text = "\n".join(map(_line, post.lines))
        return {
            "content": escape(post.top),
            "embeds": [
                {
                    "title": escape(cut(post.title, TITLE_ROOM)),
                    "url": post.url,
                    "description": f"{text}\n\n{links}" if links else text,
                    "color": LOUD if post.loud else QUIET,
                }
            ],
            "allowed_mentions": {"parse": []},
        }

    def fits(self, payload: Mapping[str, Any]) -> bool:
        """The limits of an embed, and of all of it."""
        [embed] = payload["embeds"]
        title, description = units(embed["title"]), units(embed["description"])
        return (
            units(payload["content"]) <= CONTENT
            and title <= TITLE
            and description <= DESCRIPTION
            and title + description <= ALL
        )

    def failure(self, answer: Answer, *, where: str) -> SendFailed | None:
        """A webhook that was deleted is gone; Discord shuts out who goes on calling it."""
        if answer.ok:
            return None
        if answer.json.get("code") in GONE:
            message = f"{where} answered {answer.code}: this webhook was deleted"
            return Rejected(message, code=answer.code, gone=True)
        if answer.code in {400, 413}:
            return Rejected(f"{where} answered {answer.code}: it does not take this message", code=answer.code)
        if (wish := seconds(answer.json.get("retry_after"))) and answer.code == 429:  # noqa: PLR2004  Too Many Requests
            return Unsent(answer.told(where), code=answer.code, retry_after=wish)
        return answer.unsent(where)


def seconds(wish: object) -> timedelta | None:
    """A wish to wait that is given as a number of seconds."""
    if isinstance(wish, bool) or not isinstance(wish, int | float) or not 0 < wish <= LONGEST:
        return None
    return timedelta(seconds=wish)


def escape(text: str) -> str:
    """The text with nothing in it that Discord takes for Markdown, a mention, an emoji or a time."""
    return MARKS.sub(r"\\\1", text)


def _line(line: Line) -> str:
    text = escape(line.text)
    if line.url:
        text = f"[{text}]({_address(line.url)})"
    return f"**{text}**" if line.strong else text


def _address(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace("\\", "%5C")
