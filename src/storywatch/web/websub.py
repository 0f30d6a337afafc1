"""The addresses that hubs call, one for each subscription. Whoever has one may say "ask this feed now", and no more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from storywatch.core.websub import Called, callback_path, is_callback
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from starlette.requests import Request

    from storywatch.hubs import Hubs
    from storywatch.web.metrics import Metrics

log = structlog.get_logger()

LARGEST_CALL = 5 * 1024 * 1024
CALLS_AT_ONCE = 8  # whose bodies are held in memory
PATIENCE_SECONDS = 30.0
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
NOBODY = "Nobody waits for a call at this address.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCallback:
    """Answers hubs."""

    hubs: Hubs
    metrics: Metrics
    patience_seconds: float = PATIENCE_SECONDS
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CALLS_AT_ONCE))

    def routes(self) -> list[Route]:
        """The one route. Every method leads here, so that none is answered with a page of ours."""
        return [Route("/websub/{token:path}", self.answer, methods=METHODS)]

    async def answer(self, request: Request) -> Response:
        """GET asks whether we asked; POST says that there is news."""
        token = request.path_params["token"]
        if not is_callback(callback_path(token)):
            return PlainTextResponse(NOBODY, status_code=404)
        if request.method not in {"GET", "POST"}:
            return PlainTextResponse("GET or POST.\n", status_code=405, headers={"allow": "GET, POST"})
        try:
            if request.method == "GET":
                return await self._verify(token, dict(reversed(request.query_params.multi_items())))
            return await self._hear(token, request)
        except StorywatchError as error:  # what is wrong with our database is no stranger's business
            log.error("hub_not_answered", error=str(error))  # noqa: TRY400  the message is for a person
            return PlainTextResponse("Not now.\n", status_code=503, headers={"retry-after": "60"})

    async def _verify(self, token: str, asked: dict[str, str]) -> Response:
        if asked.get("hub.mode") == "denied":
            known = await self.hubs.denied(token, asked)
            return Response(status_code=204) if known else PlainTextResponse(NOBODY, status_code=404)
        challenge = await self.hubs.verify(token, asked)
        return PlainTextResponse(NOBODY if challenge is None else challenge, status_code=200 if challenge else 404)

    async def _hear(self, token: str, request: Request) -> Response:
        """What is signed wrongly is answered as if it were right: who guesses learns nothing."""
        known = await self.hubs.find(token)
        if known is None:
            self.metrics.hub_called(Called.UNKNOWN)
            return PlainTextResponse(NOBODY, status_code=410)
        try:
            async with asyncio.timeout(self.patience_seconds), self.turns:
                body = await _read(request)
                if body is None:
                    self.metrics.hub_called("too-large")
                    return PlainTextResponse("The call is too large.\n", status_code=413)
                led_to = await self.hubs.hear(token, known, body, request.headers.get("x-hub-signature"))
        except TimeoutError:
            self.metrics.hub_called("too-slow")
            return PlainTextResponse("The call took too long.\n", status_code=408)
        self.metrics.hub_called(led_to)
        if led_to is Called.UNKNOWN:
            return PlainTextResponse(NOBODY, status_code=410)
        return Response(status_code=204)


async def _read(request: Request) -> bytes | None:
    """The body; None where it is larger than may be."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_CALL:
            return None
    return bytes(body)
