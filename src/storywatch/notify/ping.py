"""The ping of a dead man's switch: as long as it comes, all is well; who misses it tells people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx
import structlog

from storywatch.core.urls import host_of
from storywatch.errors import SendFailed
from storywatch.notify.http import Caller

if TYPE_CHECKING:
    from datetime import datetime

log = structlog.get_logger()

PING_TIMEOUT: Final = 10.0


class Pinger:
    """Asks one address. Its path is often its secret: logs have the host only.

    `client` brings its own guard against private addresses.
    """

    def __init__(self, url: str, *, client: httpx.AsyncClient, timeout: float = PING_TIMEOUT) -> None:
        self._url = httpx.URL(url)
        self._caller = Caller(client, where=f"ping_url at {host_of(url)}", timeout=timeout)
        self._failing = False

    async def ping(self, *, now: datetime) -> bool:
        """Was it heard? The first of several failures is logged, and so is the end of them."""
        failure = await self._ask(now)
        if failure and not self._failing:
            log.warning("ping_failed", error=failure, note="tried again each minute; logged once")
        elif self._failing and not failure:
            log.info("ping_heard_again")
        self._failing = failure is not None
        return failure is None

    async def _ask(self, now: datetime) -> str | None:
        try:
            answer = await self._caller.call(self._url, now=now)
        except SendFailed as error:
            return str(error)
        return None if answer.ok else f"{self._caller.where} answered {answer.code}"
