"""The links in messages: to the page, and signed ones that do one thing for whoever holds them.

A signed link names what it does, to which story or development, and to whom the message went. It can't be made without
the key, and it ends. Following it changes nothing: the page that it leads to asks, and acts on POST.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from itsdangerous import BadSignature, URLSafeSerializer

from storywatch.core.model import ChannelId, DevelopmentId, Recipient, WatchId

if TYPE_CHECKING:
    from collections.abc import Sequence

PATH: Final = "/links/"
SALT: Final = "storywatch link"
ENDS_AFTER: Final = timedelta(days=90)  # long after the last reminder and the last retry


class LinkAction(StrEnum):
    """What a signed link does."""

    ACKNOWLEDGE = "acknowledge"
    MUTE = "mute"
    UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a signed link says. `recipient` is whom the message went to; `ends_at` is when it does nothing any more."""

    action: LinkAction
    watch: WatchId
    development: DevelopmentId | None
    recipient: Recipient
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Linker:
    """Makes the links of messages. Keys are of 32 bytes; the last one signs, all are believed."""

    base_url: str
    keys: tuple[bytes, ...]

    def timeline(self, watch: WatchId, development: DevelopmentId) -> str:
        """Where the page shows a development in its story."""
        return f"{self._root}/stories/{watch}#{development}"

    def story(self, watch: WatchId) -> str:
        """Where the page shows a story."""
        return f"{self._root}/stories/{watch}"

    def page(self) -> str:
        """The page."""
        return f"{self._root}/"

    def signed(
        self,
        action: LinkAction,
        watch: WatchId,
        recipient: Recipient,
        *,
        at: datetime,
        development: DevelopmentId | None = None,
    ) -> str:
        """A signed link; the same for the same arguments, so that a message's bytes are too. `at` is the alert's time."""
        said = {
            "a": action,
            "w": watch,
            "d": development,
            "c": recipient.channel,
            "r": recipient.address,
            "x": int((at + ENDS_AFTER).timestamp()),
        }
        return f"{self._root}{PATH}{_serializer(self.keys).dumps(said)}"

    @property
    def _root(self) -> str:
        return self.base_url.rstrip("/")


def read_link(token: str, keys: Sequence[bytes]) -> Link | None:
    """What a token says; None where it is none of ours. Whether it has ended is for the reader to see."""
    try:
        said: dict[str, Any] = _serializer(keys).loads(token)
        return Link(
            action=LinkAction(said["a"]),
            watch=WatchId(said["w"]),
            development=DevelopmentId(said["d"]) if said["d"] else None,
            recipient=Recipient(channel=ChannelId(said["c"]), address=said["r"]),
            ends_at=datetime.fromtimestamp(said["x"], UTC),
        )
    except (BadSignature, KeyError, TypeError, ValueError):
        return None


def _serializer(keys: Sequence[bytes]) -> URLSafeSerializer:
    return URLSafeSerializer(list(keys), salt=SALT)
