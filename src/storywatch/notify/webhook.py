"""Alerts by webhook: a JSON body, signed as Standard Webhooks says, to one address."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from storywatch import __version__
from storywatch.core.model import Tidings
from storywatch.core.retry import parse_retry_after
from storywatch.errors import ConfigError, FetchFailed, Forbidden, Rejected, Unsent
from storywatch.notify.body import alert_body, test_body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from storywatch.core.model import ChannelId, DeliveryClaim, DeliveryId, Message, Recipient
    from storywatch.notify.links import Linker

TRY_TIMEOUT: Final = 20.0
DRAIN_TIMEOUT: Final = 1.0
DRAIN_BYTES: Final = 16_384


class WebhookChannel:
    """An address that takes signed calls. Two secrets sign twice, while the receiver changes from one to the other.

    `client` brings its own guard against private addresses: what it forbids is rejected.
    """

    def __init__(
        self,
        id: ChannelId,  # noqa: A002  the word that all values use
        *,
        url: str,
        secrets: tuple[str, ...],
        client: httpx.AsyncClient,
        linker: Linker,
        timeout: float = TRY_TIMEOUT,
    ) -> None:
        self._id = id
        self._client = client
        self._linker = linker
        self._timeout = timeout
        try:
            self._url = httpx.URL(url)
            self._signers = _signers(secrets)
        except (httpx.InvalidURL, EmptyWebhookSecretError, ValueError) as exc:
            fault = f'channel {id!r}: the url is no web address, or a secret is not "whsec_" and base64'
            raise ConfigError((fault,)) from exc

    def render(self, message: Message) -> bytes:
        """The body; the same message gives the same bytes."""
        assert isinstance(message, Tidings)
        return alert_body(message, linker=self._linker)

    def render_test(self, recipient: Recipient, delivery: DeliveryId, *, now: datetime) -> bytes:  # noqa: ARG002  as for mail
        """A body that says that the channel works."""
        return test_body(self._id, now=now)

    async def send(self, claim: DeliveryClaim, *, now: datetime) -> None:
        """Call the address with the body, signed for this moment. Raises `Unsent` or `Rejected`."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._call(claim, now=now)
        except Forbidden as exc:
            message = f"{self._where}: {exc}"
            raise Rejected(message) from exc
        except FetchFailed as exc:
            message = f"{self._where}: {exc}"
            raise Unsent(message) from exc
        except (TimeoutError, httpx.TimeoutException) as exc:
            message = f"{self._where}: no answer within {self._timeout:g} s"
            raise Unsent(message) from exc
        except httpx.RequestError as exc:
            message = f"{self._where}: {str(exc) or type(exc).__name__}"
            raise Unsent(message) from exc

    async def _call(self, claim: DeliveryClaim, *, now: datetime) -> None:
        async with self._client.stream(
            "POST",
            self._url,
            content=claim.message,
            headers=self._headers(claim, now=now),
            follow_redirects=False,
            timeout=self._timeout,
        ) as response:
            if response.is_success:
                await _drain(response)
            else:
                self._refuse(response, now=now)

    def _refuse(self, response: httpx.Response, *, now: datetime) -> None:
        code = response.status_code
        message = f"{self._where} answered {code}"
        if code == HTTPStatus.GONE:
            message += ": it takes no calls any more"
            raise Rejected(message, code=code)
        if response.is_redirect:
            message += ": redirects are not followed, the channel's url must be the final address"
        retry_after = parse_retry_after(response.headers.get("retry-after"), now=now)
        raise Unsent(message, code=code, retry_after=retry_after)

    def _headers(self, claim: DeliveryClaim, *, now: datetime) -> dict[str, str]:
        at = now.astimezone(UTC)  # the library takes any other zone's wall time for UTC
        body = claim.message.decode("utf-8")
        return {
            "content-type": "application/json",
            "user-agent": f"storywatch/{__version__}",
            "webhook-id": claim.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signer.sign(claim.id, at, body) for signer in self._signers),
        }

    @property
    def _where(self) -> str:
        """The host only: paths and queries of such addresses are often secrets."""
        return f"webhook at {self._url.host}"


def _signers(secrets: tuple[str, ...]) -> tuple[Webhook, ...]:
    if not secrets:
        message = "every call is signed"
        raise EmptyWebhookSecretError(message)
    return tuple(Webhook(secret) for secret in secrets)


async def _drain(response: httpx.Response) -> None:
    """Hear a short answer out rather than hang up on the receiver. The call was accepted, whatever comes."""
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(DRAIN_TIMEOUT):
            await _read_some(response.aiter_raw())


async def _read_some(chunks: AsyncIterator[bytes]) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > DRAIN_BYTES:
            return
