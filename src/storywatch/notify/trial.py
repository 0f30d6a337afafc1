"""A test message by a channel: what `test-channel` sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from storywatch.core.ids import digest
from storywatch.core.model import DeliveryClaim, DeliveryId
from storywatch.ports import Channel

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.core.model import Recipient


class TestableChannel(Channel, Protocol):
    """A channel that can also say that it works."""

    def render_test(self, recipient: Recipient, delivery: DeliveryId, *, now: datetime) -> bytes:
        """The bytes of a test message."""
        ...


async def send_test(channel: TestableChannel, recipient: Recipient, *, now: datetime) -> DeliveryId:
    """Send a test message on the way that alerts take. Raises `Unsent` or `Rejected`."""
    delivery = DeliveryId(digest("dlv", "test", recipient.channel, recipient.address, now.isoformat()))
    claim = DeliveryClaim(
        id=delivery,
        lease="",
        recipient=recipient,
        message=channel.render_test(recipient, delivery, now=now),
        attempt=1,
        first_try_at=now,
    )
    await channel.send(claim, now=now)
    return delivery
