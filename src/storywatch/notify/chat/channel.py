"""A channel to a chat service: the message is written once, and posted as it was written at every try."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

import httpx

from storywatch.errors import ConfigError
from storywatch.notify.chat.post import fit, post_of, trial_post
from storywatch.notify.http import JSON, TRY_TIMEOUT, Caller

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from storywatch.core.model import ChannelId, DeliveryClaim, DeliveryId, Message, Recipient
    from storywatch.errors import SendFailed
    from storywatch.notify.chat.post import Post
    from storywatch.notify.http import Answer
    from storywatch.notify.links import Linker


class Service(Protocol):
    """How one chat service wants its messages, and what its answers mean."""

    @property
    def name(self) -> str:
        """As people call it."""
        ...

    @property
    def url(self) -> str:
        """The address that is posted to. It is a secret, but for its host."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """What is sent beside the message; perhaps secrets."""
        ...

    def payload(self, post: Post) -> dict[str, Any]:
        """The post as the service takes it: nothing in it can be taken for the service's markup."""
        ...

    def fits(self, payload: Mapping[str, Any]) -> bool:
        """It is within the service's limits."""
        ...

    def failure(self, answer: Answer, *, where: str) -> SendFailed | None:
        """What an answer means for the message; None where it was accepted. `where` names the service in words."""
        ...


class ChatChannel:
    """One room of a chat service. `client` brings its own guard; `timezone` is the readers', for times in the text."""

    def __init__(
        self,
        id: ChannelId,  # noqa: A002  the word that all values use
        *,
        service: Service,
        client: httpx.AsyncClient,
        linker: Linker,
        timezone: str = "UTC",
        timeout: float = TRY_TIMEOUT,
    ) -> None:
        self._id = id
        self._service = service
        self._linker = linker
        self._zone = ZoneInfo(timezone)
        try:
            self._url = httpx.URL(service.url)
        except httpx.InvalidURL as exc:
            fault = f"channel {id!r}: its url is no web address"
            raise ConfigError((fault,)) from exc
        self._caller = Caller(client, where=f"{service.name} at {self._url.host}", timeout=timeout)

    @property
    def where(self) -> str:
        """What is posted to, without its secrets."""
        return self._caller.where

    def render(self, message: Message) -> bytes:
        """The body; the same message gives the same bytes."""
        return self._write(post_of(message, linker=self._linker, zone=self._zone))

    def render_test(self, recipient: Recipient, delivery: DeliveryId, *, now: datetime) -> bytes:  # noqa: ARG002  as for mail
        """A body that says that the channel works."""
        return self._write(trial_post(self._id, delivery, page=self._linker.page()))

    async def send(self, claim: DeliveryClaim, *, now: datetime) -> None:
        """Post the body. Raises `Unsent` or `Rejected`."""
        headers = {"content-type": JSON, **self._service.headers}
        answer = await self._caller.call(self._url, now=now, content=claim.message, headers=headers)
        if failure := self._service.failure(answer, where=self._caller.where):
            raise failure

    def _write(self, post: Post) -> bytes:
        fitted = fit(post, lambda one: self._service.fits(self._service.payload(one)))
        return dump(self._service.payload(fitted))


def dump(payload: Mapping[str, Any]) -> bytes:
    """The payload in as few bytes as it can be."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def units(text: str) -> int:
    """How long chats take a text to be: in units of UTF-16, of which an emoji is two."""
    return len(text.encode("utf-16-le")) // 2
