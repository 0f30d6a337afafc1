"""Telegram, by a bot: HTML of which only our own tags are tags, without previews of what it links to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape as escape_html
from html import unescape
from typing import TYPE_CHECKING, Any, Final

from storywatch.errors import Rejected, Unsent
from storywatch.notify.chat.channel import units
from storywatch.notify.chat.discord import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storywatch.errors import SendFailed
    from storywatch.notify.chat.post import Line, Post
    from storywatch.notify.http import Answer

TEXT: Final = 4_096  # units of UTF-16, tags not counted
ENTITIES: Final = 100  # tags beyond are not shown
TAG: Final = re.compile(r"<[^>]*>")
NAME: Final = re.compile(r"([@/#])(?=\w)")  # of a member, a command, a tag: none of them is meant
NO_CHAT: Final = ("chat not found", "group is deactivated", "user is deactivated", "bot was kicked", "bot was blocked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """A chat that a bot may write to. `api` is where the Bot API answers, `thread` a topic of a group with topics."""

    api: str
    token: str
    chat: str
    thread: int | None = None
    name: str = "Telegram"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The method's address, which holds the bot's token."""
        return f"{self.api}/bot{self.token}/sendMessage"

    def payload(self, post: Post) -> dict[str, Any]:
        """The text, and how it is to be read."""
        links = " · ".join(_link(link.url, link.label) for link in post.links)
        head = f"{_text(post.top)}\n<b>{_link(post.url, _text(post.title))}</b>"
        text = "\n".join(map(_line, post.lines))
        return {
            "chat_id": self.chat,
            **({"message_thread_id": self.thread} if self.thread else {}),
            "text": "\n\n".join(filter(None, (head, text, links))),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }

    def fits(self, payload: Mapping[str, Any]) -> bool:
        """What is shown counts, not the tags."""
        text = payload["text"]
        tags = text.count("</")
        return units(unescape(TAG.sub("", text))) <= TEXT and tags <= ENTITIES

    def failure(self, answer: Answer, *, where: str) -> SendFailed | None:
        """The answer says in its `description` what is wrong; only what is known of it is repeated."""
        if answer.ok and answer.json.get("ok", True):
            return None
        if gone := _gone(answer):
            return Rejected(f"{where} answered {answer.code}: {gone}", code=answer.code, gone=True)
        if answer.code in {400, 413}:
            return Rejected(f"{where} answered {answer.code}: it does not take this message", code=answer.code)
        if answer.code in {401, 404}:
            return answer.unsent(where, because="the bot's token is not accepted")
        if wish := seconds(_parameters(answer).get("retry_after")):
            return Unsent(answer.told(where), code=answer.code, retry_after=wish)
        return answer.unsent(where)


def _gone(answer: Answer) -> str | None:
    """Why nothing can be written to this chat any more, and what to do."""
    moved = _parameters(answer).get("migrate_to_chat_id")
    if isinstance(moved, int):
        return f'the group is a supergroup now, set chat_id = "{moved}"'
    description = str(answer.json.get("description", "")).lower()
    if answer.code == 403 or any(words in description for words in NO_CHAT):  # noqa: PLR2004  Forbidden
        return "the bot can't write to this chat: let it in, or start it there"
    return None


def _parameters(answer: Answer) -> dict[str, Any]:
    said = answer.json.get("parameters")
    return said if isinstance(said, dict) else {}


def _text(text: str) -> str:
    """Foreign text: nothing in it is a tag, and no name in it calls anybody."""
    return escape_html(NAME.sub("\\1\u2060", text), quote=False)


def _line(line: Line) -> str:
    text = _text(line.text)
    if line.url:
        text = _link(line.url, text)
    return f"<b>{text}</b>" if line.strong else text


def _link(url: str, text: str) -> str:
    return f'<a href="{escape_html(url)}">{text}</a>'
