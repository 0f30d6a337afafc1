"""A WebSub hub on loopback: takes subscription requests as forms, verifies them, and calls, as a test tells it to."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import httpx
from webhook_receiver import Receiver

if TYPE_CHECKING:
    from starlette.applications import Starlette

ACCEPTED = "202 Accepted\n\n"
CHALLENGE = "5f3c-a-challenge"


@dataclass
class Hub(Receiver):
    """Its answers to requests are those of a `Receiver`. It reaches the web port that is `page`, by any name."""

    page: Starlette | None = None
    lease: str = "864000"
    answers: list[str] = field(default_factory=lambda: [ACCEPTED] * 100)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hub"

    @property
    def forms(self) -> list[dict[str, str]]:
        """What it was asked."""
        posted = [call for call in self.calls if call.line.startswith("POST")]
        return [dict(parse_qsl(call.body.decode(), strict_parsing=True)) for call in posted]

    async def verify(self, form: dict[str, str] | None = None, **changes: str) -> httpx.Response:
        """Ask whether the last request was meant, with `changes` to what it asks (mode, topic, challenge, ...)."""
        form = form or self.forms[-1]
        asked = {
            "mode": form["hub.mode"],
            "topic": form["hub.topic"],
            "challenge": CHALLENGE,
            "lease_seconds": self.lease,
            **changes,
        }
        return await self.request("GET", form["hub.callback"], params={f"hub.{name}": asked[name] for name in asked})

    async def call(
        self,
        form: dict[str, str] | None = None,
        *,
        body: bytes = b"<feed>forged or not, nobody reads it</feed>",
        method: str = "sha256",
        secret: str | None = None,
        signature: str | None = "",
    ) -> httpx.Response:
        """Say that there is news, signed as told; `signature` takes the place of the right one, None: there is none."""
        form = form or self.forms[-1]
        key = (secret or form["hub.secret"]).encode()
        right = f"{method}={hmac.new(key, body, getattr(hashlib, method)).hexdigest()}"
        headers = {"content-type": "application/atom+xml"}
        if signature is not None:
            headers["x-hub-signature"] = signature or right
        return await self.request("POST", form["hub.callback"], content=body, headers=headers)

    async def request(self, verb: str, address: str, **how: object) -> httpx.Response:
        assert self.page
        transport = httpx.ASGITransport(app=self.page)
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.request(verb, address, **how)  # type: ignore[arg-type]  # as httpx takes them
