"""A double of an OpenAI-compatible server: real HTTP on loopback, answers as a test tells it to."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from webhook_receiver import Receiver

if TYPE_CHECKING:
    from asyncio import StreamWriter

REFUSED = '400 Bad Request\n\n{"error": {"message": "response_format is not supported"}}'


@dataclass
class ModelServer(Receiver):
    """`answers` are used up one by one: what `said` or `raw` makes, a status line, or what a receiver knows ("hang", "endless")."""

    came: asyncio.Event = field(default_factory=asyncio.Event)  # set by the first question

    async def _answer(self, writer: StreamWriter, answer: str) -> None:
        self.came.set()
        await super()._answer(writer, answer)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The requests, read as the server would."""
        return [json.loads(call.body) for call in self.calls]

    @property
    def data(self) -> list[dict[str, Any]]:
        """What stands between the fences of each request's user message."""
        found = []
        for asked in self.asked:
            lines = asked["messages"][1]["content"].split("\n")
            found.append(json.loads("\n".join(lines[lines.index("<<<DATA") + 1 : lines.index("DATA>>>")])))
        return found


def said(**answer: Any) -> str:
    """A chat completion whose text is this object."""
    return raw(json.dumps(answer))


def raw(text: object) -> str:
    """A chat completion with this text."""
    body = {
        "id": "c1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}],
    }
    return f"200 OK\ncontent-type: application/json\n\n{json.dumps(body)}"


def yes(**more: Any) -> str:
    """It is new."""
    return said(**{"new": "yes", "about": "yes", "sentence": 1, "kind": "new fact", "old": None, "value": None, **more})


def no(**more: Any) -> str:
    """It is not."""
    return said(**{"new": "no", "about": "yes", "sentence": 0, "kind": "retelling", "old": None, "value": None, **more})
