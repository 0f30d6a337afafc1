"""Slack, by an incoming webhook: blocks of plain text, in which nothing is markup, and links."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from storywatch.errors import Rejected
from storywatch.notify.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from storywatch.errors import SendFailed
    from storywatch.notify.chat.post import Line, Link, Post
    from storywatch.notify.http import Answer

HEADER: Final = 150  # characters
SECTION: Final = 3_000
BLOCKS: Final = 50
ALL: Final = 12_000  # of one message: what is longer is refused, though no page says so
# Words of its answers that mean that nothing will be taken here any more.
GONE: Final = frozenset(
    {
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_token",
        "no_active_hooks",
        "no_service",
        "no_service_id",
        "no_team",
        "team_disabled",
        "user_not_found",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """A room, by the address that Slack made for it."""

    url: str
    name: str = "Slack"
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self, post: Post) -> dict[str, Any]:
        """Blocks; `text` is what a notification shows."""
        return {
            "text": f"{escape(post.top)}: {escape(post.title)}",
            "blocks": [
                {"type": "context", "elements": [_plain(post.top)]},
                {"type": "header", "text": _plain(cut(post.title, HEADER))},
                *_sections(post.lines),
                {"type": "context", "elements": [_marked(" · ".join(map(_link, post.links)))]},
            ][: None if post.links else -1],
            "unfurl_links": False,
            "unfurl_media": False,
        }

    def fits(self, payload: Mapping[str, Any]) -> bool:
        """Sections of 3,000 characters, 50 blocks, and not too much in all."""
        blocks = payload["blocks"]
        sections = [block["text"]["text"] for block in blocks if block["type"] == "section"]
        return (
            len(blocks) <= BLOCKS
            and all(len(text) <= SECTION for text in sections)
            and sum(map(len, sections)) + len(payload["text"]) <= ALL
        )

    def failure(self, answer: Answer, *, where: str) -> SendFailed | None:
        """Slack says in one word what is wrong."""
        if answer.ok:
            return None
        word = answer.body.strip()
        if word in GONE or answer.code == 410:  # noqa: PLR2004  Gone
            told = f" {word}" if word in GONE else ""
            message = f"{where} answered {answer.code}{told}: it takes nothing here any more"
            return Rejected(message, code=answer.code, gone=True)
        if answer.code in {400, 413}:
            return Rejected(f"{where} answered {answer.code}: it does not take this message", code=answer.code)
        return answer.unsent(where)


def escape(text: str) -> str:
    """The text with nothing in it that Slack takes for a link, a mention or a command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _sections(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Lines one below the other; those with a link or in bold need markup, and foreign text is escaped in them."""
    return [
        {"type": "section", "text": _marked(_joined(run)) if marked else _plain("\n".join(line.text for line in run))}
        for marked, run in groupby(lines, key=lambda line: bool(line.url or line.heading))
    ]


def _joined(lines: Iterable[Line]) -> str:
    return "\n".join(_marked_line(line) for line in lines)


def _marked_line(line: Line) -> str:
    text = _tame(line.text)
    if line.url:
        text = f"<{_address(line.url)}|{text}>"
    return f"*{text}*" if line.heading else text


def _tame(text: str) -> str:
    """Foreign text inside markup: what would begin bold, italic, struck or code text looks the same and does not."""
    return escape(text).translate({ord("*"): "\u2217", ord("_"): "\uff3f", ord("~"): "\u223c", ord("`"): "\u02cb"})


def _link(link: Link) -> str:
    return f"<{_address(link.url)}|{link.label}>"


def _address(url: str) -> str:
    return re.sub(r"[|]", "%7C", escape(url))


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _marked(text: str) -> dict[str, Any]:
    """`verbatim`: Slack looks for no names, rooms and addresses in it by itself."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}
