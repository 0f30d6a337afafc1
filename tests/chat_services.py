"""Doubles of chat services: each takes what the service documents, refuses what it refuses, and can be told to fail.

They check a message's limits as the service does, and answer with its codes and words.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from webhook_receiver import Receiver

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

SLACK_LIMITS = {"header": 150, "section": 3_000}
TELEGRAM_TAGS = {"b", "a"}


@dataclass
class ChatServer(Receiver):
    """All services at one port, by the path. `answers` are used up first; then each judges what it is sent."""

    taken: list[Any] = field(default_factory=list)  # payloads that were accepted

    async def _answer(self, writer: asyncio.StreamWriter, answer: str) -> None:
        if answer == "204 No Content":  # none was written for this call
            call = self.calls[-1]
            path = call.line.split()[1]
            judge = next(judge for start, judge in JUDGES.items() if path.startswith(start))
            payload = json.loads(call.body)
            answer = judge(payload, path)
            if answer[0] == "2":
                self.taken.append(payload)
        await super()._answer(writer, answer)

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def slack(payload: Any, path: str) -> str:
    blocks = payload.get("blocks", [])
    if "very-secret" not in path:
        return "404 Not Found\n\nno_service"
    if not payload.get("text") or len(blocks) > 50 or not all(map(_slack_block, blocks)):
        return "400 Bad Request\n\ninvalid_blocks"
    if sum(len(json.dumps(block, ensure_ascii=False)) for block in blocks) > 20_000:
        return "400 Bad Request\n\nmsg_blocks_too_long"
    return "200 OK\n\nok"


def _slack_block(block: Any) -> bool:
    match block["type"]:
        case "section":
            return _slack_text(block["text"], SLACK_LIMITS["section"])
        case "header":
            return block["text"]["type"] == "plain_text" and _slack_text(block["text"], SLACK_LIMITS["header"])
        case "context":
            return 1 <= len(block["elements"]) <= 10 and all(_slack_text(one, 3_000) for one in block["elements"])
    return False


def _slack_text(text: Any, limit: int) -> bool:
    marked = text["type"] == "mrkdwn"
    links = re.sub(r"<https?://[^<>|]+\|[^<>]+>", "", text["text"]) if marked else ""
    return 1 <= len(text["text"]) <= limit and "<" not in links and ">" not in links


def discord(payload: Any, path: str) -> str:
    if "very-secret" not in path:
        return '404 Not Found\n\n{"message": "Unknown Webhook", "code": 10015}'
    embeds = payload["embeds"]
    total = sum(_units(embed.get(key, "")) for embed in embeds for key in ("title", "description"))
    fine = (
        _units(payload["content"]) <= 2_000
        and len(embeds) <= 10
        and all(_units(one["title"]) <= 256 and _units(one["description"]) <= 4_096 for one in embeds)
        and total <= 6_000
        and all(len(one["url"]) <= 2_048 for one in embeds)
        and payload["allowed_mentions"] == {"parse": []}
    )
    if not fine:
        return '400 Bad Request\n\n{"embeds": ["0"], "code": 50035}'
    assert path.endswith("wait=true")
    return '200 OK\ncontent-type: application/json\n\n{"id": "1"}'


def telegram(payload: Any, path: str) -> str:
    if path != "/bot123456:very-secret/sendMessage":
        return '401 Unauthorized\n\n{"ok": false, "error_code": 401, "description": "Unauthorized"}'
    if payload["chat_id"] != "-1001234567890":
        return '400 Bad Request\n\n{"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}'
    shown = _Shown()
    shown.feed(payload["text"])
    shown.close()
    if shown.wrong or shown.open or payload["parse_mode"] != "HTML":
        return (
            '400 Bad Request\n\n{"ok": false, "error_code": 400, "description": "Bad Request: can\'t parse entities"}'
        )
    if not 1 <= _units(shown.text) <= 4_096:
        return '400 Bad Request\n\n{"ok": false, "error_code": 400, "description": "Bad Request: message is too long"}'
    assert payload["link_preview_options"] == {"is_disabled": True}
    return '200 OK\n\n{"ok": true, "result": {"message_id": 1}}'


class _Shown(HTMLParser):
    """What Telegram shows of a text, and whether a tag in it is none of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.open, self.wrong = "", [], False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.wrong |= tag not in TELEGRAM_TAGS or (tag == "a") != bool(attrs)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.wrong |= not self.open or self.open.pop() != tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.wrong = True

    handle_decl = unknown_decl = handle_pi = handle_comment


def teams(payload: Any, path: str) -> str:
    if "very-secret" not in path:
        return '404 Not Found\n\n{"error": {"code": "WorkflowNotFound"}}'
    if len(json.dumps(payload, ensure_ascii=False).encode()) > 28_000:
        return "413 Request Entity Too Large\n\n"
    [attachment] = payload["attachments"]
    card = attachment["content"]
    runs = [run for block in card["body"] for run in block["inlines"]]
    fine = (
        payload["type"] == "message"
        and attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        and (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
        and {block["type"] for block in card["body"]} == {"RichTextBlock"}
        and all(run["type"] == "TextRun" and run["text"] for run in runs)
        and all(action["type"] == "Action.OpenUrl" for action in card["actions"])
        and len(card["actions"]) <= 6
    )
    return "202 Accepted\n\n" if fine else '400 Bad Request\n\n{"error": {"code": "BadRequest"}}'


def ntfy(payload: Any, path: str) -> str:
    assert path == "/"
    size = len(json.dumps(payload, ensure_ascii=False).encode())
    if size > 8_192 or len(payload["message"].encode()) > 4_096:
        return '413 Request Entity Too Large\n\n{"code": 41301, "http": 413, "error": "message too large"}'
    fine = (
        re.fullmatch(r"[-_A-Za-z0-9]{1,64}", payload["topic"])
        and re.fullmatch(r"[-_A-Za-z0-9]{1,64}", payload["sequence_id"])
        and payload["priority"] in range(1, 6)
        and len(payload["actions"]) <= 3
    )
    return '200 OK\n\n{"event": "message"}' if fine else '400 Bad Request\n\n{"code": 40024}'


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


JUDGES: dict[str, Callable[[Any, str], str]] = {
    "/services/": slack,
    "/api/webhooks/": discord,
    "/bot": telegram,
    "/workflows/": teams,
    "/": ntfy,
}
