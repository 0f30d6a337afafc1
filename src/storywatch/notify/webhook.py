"""Alerts by webhook: a JSON body, signed as Standard Webhooks says, to one address."""

from __future__ import annotations

from datetime import UTC
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from storywatch.errors import ConfigError, Rejected
from storywatch.notify.body import body_of, test_body
from storywatch.notify.http import JSON, TRY_TIMEOUT, Caller

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.core.model import ChannelId, DeliveryClaim, DeliveryId, Message, Recipient
    from storywatch.notify.http import Answer
    from storywatch.notify.links import Linker


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
        self._linker = linker
        try:
            self._url = httpx.URL(url)
            self._signers = _signers(secrets)
        except (httpx.InvalidURL, EmptyWebhookSecretError, ValueError) as exc:
            fault = f'channel {id!r}: the url is no web address, or a secret is not "whsec_" and base64'
            raise ConfigError((fault,)) from exc
        self._caller = Caller(client, where=f"webhook at {self._url.host}", timeout=timeout)

    @property
    def where(self) -> str:
        """What is called, without its secrets."""
        return f"signed calls to {self._url.host}"

    def render(self, message: Message) -> bytes:
        """The body; the same message gives the same bytes."""
        return body_of(message, linker=self._linker)

    def render_test(self, recipient: Recipient, delivery: DeliveryId, *, now: datetime) -> bytes:  # noqa: ARG002  as for mail
        """A body that says that the channel works."""
        return test_body(self._id, now=now)

    async def send(self, claim: DeliveryClaim, *, now: datetime) -> None:
        """Call the address with the body, signed for this moment. Raises `Unsent` or `Rejected`."""
        answer = await self._caller.call(
            self._url, now=now, content=claim.message, headers=self._headers(claim, now=now)
        )
        if not answer.ok:
            self._refuse(answer)

    def _refuse(self, answer: Answer) -> None:
        """Only 410 is for good. Anything else, a 404 too, may be a receiver that is being mended."""
        where = self._caller.where
        if answer.code == HTTPStatus.GONE:
            message = f"{answer.told(where)}: it takes no calls any more"
            raise Rejected(message, code=answer.code, gone=True)
        raise answer.unsent(where)

    def _headers(self, claim: DeliveryClaim, *, now: datetime) -> dict[str, str]:
        at = now.astimezone(UTC)  # the library takes any other zone's wall time for UTC
        body = claim.message.decode("utf-8")
        return {
            "content-type": JSON,
            "webhook-id": claim.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signer.sign(claim.id, at, body) for signer in self._signers),
        }


def _signers(secrets: tuple[str, ...]) -> tuple[Webhook, ...]:
    if not secrets:
        message = "every call is signed"
        raise EmptyWebhookSecretError(message)
    return tuple(Webhook(secret) for secret in secrets)
