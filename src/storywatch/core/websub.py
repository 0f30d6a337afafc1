"""Hubs that tell of a feed's news (WebSub): when one is asked, what its signature is worth, how far it is trusted.

A hub's call only says "ask now". What is new is what the next poll finds, and a hub that stays silent about what
polls find is trusted no more.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from storywatch.core.cadence import LONGEST
from storywatch.core.urls import web_address

if TYPE_CHECKING:
    from storywatch.core.model import FeedId

Mode = Literal["subscribe", "unsubscribe"]

LEASE = timedelta(days=10)  # the recommendation's own proposal
LONGEST_LEASE = timedelta(days=30)
RENEWED_AT = 0.8  # of the lease
SOONEST_RENEWAL = timedelta(minutes=10)
FIRST_RETRY = timedelta(minutes=5)
LAST_RETRY = timedelta(days=1)
AFTER_DENIAL = timedelta(days=30)
ANSWER_WITHIN = timedelta(days=1)  # a hub may take its time to verify, but not for ever
LEAVE_TRIES = 2
CALL_SPACING = timedelta(seconds=30)  # a feed is not asked more often, however often its hub calls
LATE_CALL = timedelta(minutes=10)  # the poll was quicker than the hub: that is no silence
SILENCES = 2  # and the hub is trusted no more
MOST_DOUBLINGS = 5
LONGEST_ADDRESS = 2_048
LONGEST_CHALLENGE = 1_024
ALGORITHMS = frozenset({"sha256", "sha384", "sha512"})
OLD_ALGORITHM = "sha1"


class HubState(StrEnum):
    """Where a subscription is."""

    WANTED = "wanted"  # the feed names a hub, which was not asked yet
    ASKED = "asked"  # it took the request, and has not called back to verify it
    CONFIRMED = "confirmed"  # it verified, and calls when there is news
    EXPIRED = "expired"  # it was not renewed in time, and is asked again
    DENIED = "denied"  # it said no
    FAILED = "failed"  # it could not be asked, and is tried again
    LEAVING = "leaving"  # nothing is wanted of it any more


class Signature(StrEnum):
    """What the signature of a call is worth."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"
    TOO_WEAK = "too-weak"  # sha1, where nothing else protects the call


class Called(StrEnum):
    """What a hub's call led to."""

    DUE = "due"  # the feed is asked now
    FOLDED = "folded"  # it is asked soon anyway
    UNKNOWN = "unknown"  # no such subscription, or none any more


@dataclass(frozen=True, slots=True, kw_only=True)
class HubClaim:
    """A hub that is to be asked now. `asks`: which try this is, from 1, since it last verified one."""

    feed: FeedId
    hub: str
    topic: str
    token: str
    secret: str
    callback: str
    mode: Mode
    asks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCall:
    """What is known about the address that a hub calls. `secure`: it is called over https."""

    secret: str
    secure: bool


def callback_path(token: str) -> str:
    """Where a hub calls us, on the web port."""
    return f"/websub/{token}"


def is_callback(path: str) -> bool:
    """Does the path have exactly the shape of an address that was given to a hub?"""
    return re.fullmatch(r"/websub/[A-Za-z0-9_-]{43}", path) is not None


def offers_hub(hub: str | None, topic: str | None) -> bool:
    """Can a subscription be made of what a feed says?"""
    return all(
        said and len(said) <= LONGEST_ADDRESS and said.isprintable() and web_address(said) == said
        for said in (hub, topic)
    )


def addresses_of(hub: str) -> tuple[str, ...]:
    """Where to ask a hub, https first, even where the feed says http: the request holds a secret."""
    parts = urlsplit(hub)
    if parts.scheme.lower() == "http" and parts.port in {None, 80}:
        netloc = parts.netloc.removesuffix(":80")
        return (parts._replace(scheme="https", netloc=netloc).geturl(), hub)
    return (hub,)


# --------------------------------------------------------------------------- time


def lease_of(said: str | None) -> timedelta:
    """How long a hub says that it will call; what it does not say in plain digits is what we asked for."""
    if said is None or not re.fullmatch(r"[0-9]{1,12}", said) or int(said) == 0:
        return LEASE
    return min(timedelta(seconds=min(int(said), 10**9)), LONGEST_LEASE)


def renew_at(lease: timedelta, *, now: datetime) -> datetime:
    """When to ask again, well before the lease ends; never at once, whatever lease a hub makes up."""
    return now + max(lease * RENEWED_AT, SOONEST_RENEWAL)


def retry_at(asks: int, *, now: datetime) -> datetime:
    """When to ask again where this ask leads to nothing: twice as long each time, up to a day."""
    return now + min(FIRST_RETRY * (1 << min(max(asks - 1, 0), 20)), LAST_RETRY)


def due_after_call(polled_at: datetime | None, *, now: datetime) -> datetime:
    """When the feed is asked after its hub called: now, but not sooner than half a minute after the last time."""
    if polled_at is None or polled_at > now:
        return now
    return max(now, polled_at + CALL_SPACING)


# --------------------------------------------------------------------------- what a call proves


def judge_signature(header: str | None, body: bytes, *, secret: str, secure: bool) -> Signature:
    """Is the call signed with our secret? In a time that tells nothing about it.

    sha1 counts only where the call came over https: W3C WebSub demands at least sha256 where nothing but the
    signature protects it.
    """
    method, found, shown = (header or "").strip().partition("=")
    method = method.lower()
    if not found:
        return Signature.MISSING
    if method == OLD_ALGORITHM and not secure:
        return Signature.TOO_WEAK
    if method not in ALGORITHMS | {OLD_ALGORITHM}:
        return Signature.WRONG
    expected = hmac.new(secret.encode(), body, method).hexdigest()
    right = hmac.compare_digest(expected.encode(), shown.strip().lower().encode("utf-8", "replace"))
    return Signature.RIGHT if right else Signature.WRONG


def is_challenge(text: str | None) -> bool:
    """May it be sent back? Short and plain, so that nobody makes us say something else."""
    return text is not None and 0 < len(text) <= LONGEST_CHALLENGE and text.isascii() and text.isprintable()


# --------------------------------------------------------------------------- trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How a hub did lately: news that it told before a poll found them, and news that polls found without it."""

    told: int = 0
    silent: int = 0

    @property
    def earned(self) -> bool:
        """Does it tell of news before polls find them?"""
        return self.told > 0 and not self.lost

    @property
    def lost(self) -> bool:
        """Did polls find news twice about which it was silent? Only a renewed subscription begins again."""
        return self.silent >= SILENCES

    def after_news(self, *, called: bool) -> Trust:
        """A poll found news: had the hub called?"""
        if self.lost:
            return self
        return Trust(told=self.told + 1) if called else Trust(silent=self.silent + 1)

    def after_late_call(self, *, checked_at: datetime | None, now: datetime) -> Trust:
        """The hub called shortly after a poll had found its news: it was late, not silent."""
        late = checked_at is not None and now - checked_at <= LATE_CALL
        return Trust(told=self.told, silent=self.silent - 1) if self.silent and late and not self.lost else self


def relaxed(wait: timedelta, trust: Trust) -> timedelta:
    """How long to wait for the next poll where the hub will call anyway.

    Twice as long for each time in a row that it told first, up to six hours: polls go on, as the check on it.
    """
    if not trust.earned:
        return wait
    return max(wait, min(wait * (1 << min(trust.told, MOST_DOUBLINGS)), LONGEST))
