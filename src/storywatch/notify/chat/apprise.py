"""Every other service, through Apprise: an extra that is loaded when it is first sent with, in a thread."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from storywatch.errors import Rejected, Unsent
from storywatch.notify.chat.channel import dump
from storywatch.notify.chat.post import fit, post_of, trial_post

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from storywatch.core.model import ChannelId, DeliveryClaim, DeliveryId, Message, Recipient
    from storywatch.notify.chat.post import Post
    from storywatch.notify.links import Linker

TEXT: Final = 1_800  # characters: what most services take in one piece
TIMEOUT: Final = 30.0  # seconds
MISSING: Final = "apprise is not installed: pip install 'storywatch[chat]'"


def recipients_of(channel: ChannelId, urls: int) -> tuple[str, ...]:
    """What the addresses of a channel are called: they are secrets, so each goes by its number."""
    return (channel,) if urls == 1 else tuple(f"{channel}-{number}" for number in range(1, urls + 1))


class AppriseChannel:
    """Services by the addresses that Apprise has for them, each a recipient of its own. Apprise says no more than yes or no.

    It calls over connections of its own, so the guard of addresses does not watch them: the addresses are the
    operator's alone.
    """

    def __init__(
        self,
        id: ChannelId,  # noqa: A002  the word that all values use
        *,
        urls: tuple[str, ...],
        linker: Linker,
        timezone: str = "UTC",
        timeout: float = TIMEOUT,
    ) -> None:
        self._id = id
        self._urls = dict(zip(recipients_of(id, len(urls)), urls, strict=True))
        self._linker = linker
        self._zone = ZoneInfo(timezone)
        self._timeout = timeout

    @property
    def where(self) -> str:
        """What is posted to, without its secrets."""
        return f"Apprise with {len(self._urls)} address{'es' if len(self._urls) > 1 else ''}"

    def render(self, message: Message) -> bytes:
        """Title and text; the same message gives the same bytes."""
        return _write(post_of(message, linker=self._linker, zone=self._zone))

    def render_test(self, recipient: Recipient, delivery: DeliveryId, *, now: datetime) -> bytes:  # noqa: ARG002  as for mail
        """Title and text that say that the channel works."""
        return _write(trial_post(self._id, delivery, page=self._linker.page()))

    async def send(self, claim: DeliveryClaim, *, now: datetime) -> None:  # noqa: ARG002  a port's argument
        """Hand title and text to Apprise. Raises `Unsent` or `Rejected`."""
        said = json.loads(claim.message)
        address = claim.recipient.address
        if address not in self._urls:
            message = f"apprise: channel {self._id} has no address {address} any more"
            raise Rejected(message)
        try:
            async with asyncio.timeout(self._timeout):
                accepted = await asyncio.to_thread(_notify, self._urls[address], said, self._timeout)
        except TimeoutError as exc:
            message = f"apprise: no answer within {self._timeout:g} s"
            raise Unsent(message) from exc
        if not accepted:
            message = "apprise: the service did not take the message; it does not say why"
            raise Unsent(message)


def _notify(url: str, said: Mapping[str, str], timeout: float) -> bool:
    """Whether the service took it. Raises `Rejected` where the address is none that Apprise knows.

    Of services whose last answer was a redirect Apprise would say that they took it, so redirects are off.
    """
    try:
        import apprise  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415  an extra, and 2 s to load
    except ImportError as exc:
        raise Rejected(MISSING) from exc
    asset = apprise.AppriseAsset(http_redirects=False, app_id="storywatch", app_desc="storywatch")
    services = apprise.Apprise(asset=asset)
    if not services.add(url):
        message = "apprise: the address is none that it knows"
        raise Rejected(message)
    for service in services:
        service.socket_read_timeout = service.socket_connect_timeout = timeout
    return bool(services.notify(title=said["title"], body=said["body"], body_format=apprise.NotifyFormat.TEXT))


def _write(post: Post) -> bytes:
    return dump(_payload(fit(post, lambda one: len(_payload(one)["body"]) <= TEXT)))


def _payload(post: Post) -> dict[str, Any]:
    lines = [line.text for line in post.lines]
    links = [f"{link.label}: {link.url}" for link in post.links]
    return {"title": f"{post.top}: {post.title}", "body": "\n".join([*lines, "", *links])}
