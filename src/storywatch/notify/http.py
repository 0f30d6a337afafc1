"""One call over the guarded client, and the answer as a value: what webhooks, chats and the ping have in common."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httpx

from storywatch import __version__
from storywatch.core.retry import parse_retry_after
from storywatch.errors import FetchFailed, Forbidden, Rejected, Unsent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

TRY_TIMEOUT: Final = 20.0
DRAIN_TIMEOUT: Final = 1.0
DRAIN_BYTES: Final = 16_384
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver said. `body` is the beginning of its text, `retry_after` its own wish."""

    code: int
    body: str = ""
    retry_after: timedelta | None = None

    @property
    def ok(self) -> bool:
        """It was accepted: a redirect is no acceptance."""
        return HTTPStatus.OK <= self.code < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_redirect(self) -> bool:
        """It points elsewhere."""
        return HTTPStatus.MULTIPLE_CHOICES <= self.code < HTTPStatus.BAD_REQUEST

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def told(self, where: str) -> str:
        """The answer in words, without anything that the receiver wrote."""
        message = f"{where} answered {self.code}"
        if self.is_redirect:
            message += ": redirects are not followed, the channel's url must be the final address"
        return message

    def unsent(self, where: str, *, because: str = "") -> Unsent:
        """The failure that is tried again, when the receiver wishes."""
        message = f"{self.told(where)}: {because}" if because else self.told(where)
        return Unsent(message, code=self.code, retry_after=self.retry_after)


class Caller:
    """Calls addresses and says what came of it. No redirect is followed, no answer is waited for longer than `timeout`.

    `client` brings its own guard against private addresses: what it forbids is rejected. `where` names the receiver in
    messages, and never more of its address than the host: paths and queries of such addresses are often secrets.
    """

    def __init__(self, client: httpx.AsyncClient, *, where: str, timeout: float = TRY_TIMEOUT) -> None:
        self.where = where
        self._client = client
        self._timeout = timeout

    async def call(
        self, url: httpx.URL, *, now: datetime, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST the content, or GET where there is none. Raises `Unsent` or `Rejected` where no answer came."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._call(url, now=now, content=content, headers=headers or {})
        except Forbidden as exc:
            raise Rejected(self._told(exc)) from exc
        except FetchFailed as exc:
            raise Unsent(self._told(exc)) from exc
        except (TimeoutError, httpx.TimeoutException) as exc:
            message = f"{self.where}: no answer within {self._timeout:g} s"
            raise Unsent(message) from exc
        except httpx.RequestError as exc:
            raise Unsent(self._told(exc)) from exc
        except UnicodeError as exc:
            message = f"{self.where}: a token of this channel holds signs that no header can"
            raise Rejected(message) from exc

    async def _call(
        self, url: httpx.URL, *, now: datetime, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        async with self._client.stream(
            "GET" if content is None else "POST",
            url,
            content=content,
            headers={"user-agent": f"storywatch/{__version__}", "accept-encoding": "identity", **headers},
            follow_redirects=False,
            timeout=self._timeout,
        ) as response:
            return Answer(
                code=response.status_code,
                body=await _beginning(response),
                retry_after=parse_retry_after(response.headers.get("retry-after"), now=now),
            )

    def _told(self, exc: Exception) -> str:
        return f"{self.where}: {str(exc) or type(exc).__name__}"


async def _beginning(response: httpx.Response) -> str:
    """The beginning of an answer's text. A short one is heard out rather than hung up on; its head is what counts."""
    heard = bytearray()
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(DRAIN_TIMEOUT):
            async for chunk in response.aiter_raw():
                heard += chunk
                if len(heard) > DRAIN_BYTES:
                    break
    return bytes(heard[:DRAIN_BYTES]).decode("utf-8", errors="replace")
