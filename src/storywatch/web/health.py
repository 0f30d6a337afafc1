"""What probes ask: does it run, can it work, how is it doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from storywatch.store.troubles import delivery_health
from storywatch.web.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from starlette.requests import Request

    from storywatch.ports import Clock
    from storywatch.store.ledger import Ledger
    from storywatch.store.opinions import OpinionView
    from storywatch.store.subscriptions import Subscriptions
    from storywatch.store.views import Views
    from storywatch.web.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Answers probes and Prometheus. `may_explain`: whoever asks may read what is wrong."""

    reads: Views
    ledger: Ledger
    metrics: Metrics
    clock: Clock
    ready: Callable[[], Awaitable[Sequence[str]]]
    ticked_at: Callable[[], datetime | None]
    opinion: Callable[[], OpinionView]
    hubs: Subscriptions
    may_explain: bool

    def routes(self) -> list[Route]:
        """/healthz, /readyz and /metrics."""
        return [
            Route("/healthz", self.healthz),
            Route("/readyz", self.readyz),
            Route("/metrics", self.scrape),
        ]

    async def healthz(self, _request: Request) -> Response:
        """The event loop turns, or nobody would have answered."""
        return PlainTextResponse("ok\n")

    async def readyz(self, _request: Request) -> Response:
        """200 if the service can work; else 503 and, where nobody else listens, what is in the way."""
        faults = await self.ready()
        if not faults:
            return PlainTextResponse("ready\n")
        told = "".join(f"{fault}\n" for fault in faults) if self.may_explain else ""
        return PlainTextResponse(f"not ready\n{told}", status_code=503)

    async def scrape(self, _request: Request) -> Response:
        """Everything that `Metrics` knows, and what the database says now."""
        return await run_in_threadpool(self._scrape)

    def _scrape(self) -> Response:
        now = self.clock.now()
        text = self.metrics.expose(
            self.reads.gauges(now=now),
            self.ledger.tally(),
            delivery_health(self.reads.database, now=now),
            now=now,
            ticked_at=self.ticked_at(),
            opinion=self.opinion(),
            hubs=self.hubs.tally(),
        )
        return Response(text, media_type=CONTENT_TYPE)
