"""Asks a hub to call us, or to call no more: a form, posted through the guard, whose answer is a status and no more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx

from storywatch.core.retry import parse_retry_after
from storywatch.core.urls import web_address
from storywatch.core.websub import LEASE, addresses_of
from storywatch.errors import FetchFailed, Forbidden
from storywatch.fetch.client import in_host
from storywatch.fetch.guard import AddressRefused

if TYPE_CHECKING:
    from storywatch.core.websub import HubClaim
    from storywatch.fetch.hosts import Hosts
    from storywatch.ports import Clock

OVERALL_SECONDS = 30.0
MAX_REDIRECTS = 3
ELSEWHERE = frozenset({307, 308})  # the only redirects that a hub may answer with


class HttpHubCaller:
    """Implements `ports.HubCaller`."""

    def __init__(
        self, client: httpx.AsyncClient, hosts: Hosts, clock: Clock, *, overall_seconds: float = OVERALL_SECONDS
    ) -> None:
        self._client = client
        self._hosts = hosts
        self._clock = clock
        self._overall_seconds = overall_seconds

    async def ask_hub(self, claim: HubClaim) -> None:
        """Returns when the hub has taken the request. Raises `FetchFailed`, `Forbidden`.

        A hub that is named with http is asked by https first.
        """
        *safer, named = addresses_of(claim.hub)
        for address in safer:
            try:
                await self._post(address, claim)
            except Forbidden:
                raise
            except FetchFailed:
                continue
            return
        await self._post(named, claim)

    async def _post(self, hub: str, claim: HubClaim) -> None:
        form = {"hub.mode": claim.mode, "hub.topic": claim.topic, "hub.callback": claim.callback}
        if claim.mode == "subscribe":
            form |= {"hub.lease_seconds": str(int(LEASE.total_seconds())), "hub.secret": claim.secret}
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._exchange(hub, form)
            if response.is_success:
                return
            if response.status_code not in ELSEWHERE:
                raise self._refusal(hub, response)
            target = web_address(urljoin(hub, response.headers.get("location", "")))
            if target is None or (hub.startswith("https:") and not target.startswith("https:")):
                message = f"the hub {in_host(hub)}: {response.status_code} leads nowhere that may be asked"
                raise FetchFailed(message, status=response.status_code)
            hub = target
        message = f"the hub {in_host(claim.hub)}: more than {MAX_REDIRECTS} redirects"
        raise FetchFailed(message)

    async def _exchange(self, hub: str, form: dict[str, str]) -> httpx.Response:
        """The head of the answer; nobody reads its body."""
        async with self._hosts.turn(hub):
            try:
                async with (
                    asyncio.timeout(self._overall_seconds),
                    self._client.stream("POST", hub, data=form, follow_redirects=False) as response,
                ):
                    return response
            except TimeoutError as error:
                message = f"the hub {in_host(hub)}: no answer in {self._overall_seconds:g} s"
                raise FetchFailed(message) from error
            except AddressRefused as error:
                raise Forbidden(str(error)) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                message = f"the hub {in_host(hub)}: {str(error) or type(error).__name__}"
                raise FetchFailed(message) from error

    def _refusal(self, hub: str, response: httpx.Response) -> FetchFailed:
        code = response.status_code
        wait = parse_retry_after(response.headers.get("retry-after"), now=self._clock.now())
        if wait is not None:
            self._hosts.hold(hub, wait)
        return FetchFailed(f"the hub {in_host(hub)} answered {code}", status=code, retry_after=wait)
