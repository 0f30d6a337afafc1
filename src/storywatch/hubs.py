"""What is done about hubs: asked for calls, believed when they verify that, heard when they call.

    feed names a hub --note_poll--> subscription --ask--> hub --verify--> confirmed --hear--> the feed is due

Nothing that a hub sends is read as news: its call only makes the feed due, and the poll finds what is new.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import structlog

from storywatch.core.urls import without_password
from storywatch.core.websub import Called, Signature, is_challenge, judge_signature
from storywatch.errors import FetchFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from storywatch.core.model import FeedAnswer, FeedClaim, PollOutcome, PollPlan
    from storywatch.core.websub import HubClaim, KnownCall
    from storywatch.ports import Clock, HubCaller, Subscriptions

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=10)


@dataclass(kw_only=True)
class Hubs:
    """Does nothing while it is off. `base_url` is where hubs reach our web port."""

    clock: Clock
    subscriptions: Subscriptions
    caller: HubCaller
    writer: Executor  # the store's own thread
    base_url: str
    on: bool
    looked_at: datetime | None = field(default=None, init=False)

    def reconfigure(self, *, caller: HubCaller, base_url: str, on: bool) -> None:
        """Go on with another configuration."""
        self.caller, self.base_url, self.on = caller, base_url, on

    # ------------------------------------------------------------------ asking

    async def note_poll(
        self, claim: FeedClaim, answer: FeedAnswer, plan: PollPlan, outcome: PollOutcome, *, began_at: datetime
    ) -> None:
        """A poll was recorded: does its feed name a hub, and did the hub tell of what was found?"""
        if self.on:
            await self._store(self.subscriptions.note_poll, claim, answer, plan, outcome, began_at=began_at)

    async def claim(self, limit: int) -> list[HubClaim]:
        """The hubs that are to be asked now. They are looked for every ten seconds at the most."""
        now = self.clock.now()
        if not self.on or (self.looked_at is not None and timedelta() <= now - self.looked_at < LOOK_EVERY):
            return []
        self.looked_at = now
        return await self._store(self.subscriptions.claim_hubs, now=now, limit=limit, base_url=self.base_url)

    async def ask(self, claim: HubClaim) -> None:
        """Ask one hub, and write down what it answered."""
        failure, retry_after = None, None
        try:
            await self.caller.ask_hub(claim)
        except FetchFailed as error:
            failure, retry_after = str(error), error.retry_after
        await self._store(
            self.subscriptions.record_asked, claim, failure=failure, now=self.clock.now(), retry_after=retry_after
        )
        log.info("hub_asked", feed_id=claim.feed, mode=claim.mode, attempt=claim.asks, error=failure)

    # ------------------------------------------------------------------ being called

    async def verify(self, token: str, asked: dict[str, str]) -> str | None:
        """The challenge to send back where the hub asks about what we asked it; None where it does not."""
        challenge, mode, topic = asked.get("hub.challenge"), asked.get("hub.mode", ""), asked.get("hub.topic", "")
        if challenge is None or not is_challenge(challenge) or await self.find(token) is None:
            return None
        confirm = partial(self.subscriptions.confirm, mode=mode, topic=topic, lease=asked.get("hub.lease_seconds"))
        agreed = await self._store(confirm, token, now=self.clock.now())
        log.info("hub_verified", mode=mode, topic=without_password(topic), agreed=agreed)
        return challenge if agreed else None

    async def denied(self, token: str, asked: dict[str, str]) -> bool:
        """Take note that the hub refuses; False where it was not asked."""
        if await self.find(token) is None:
            return False
        topic, reason = asked.get("hub.topic", ""), asked.get("hub.reason")
        known = await self._store(self.subscriptions.deny, token, topic=topic, reason=reason, now=self.clock.now())
        log.info("hub_denied", topic=without_password(topic), known=known)
        return known

    async def find(self, token: str) -> KnownCall | None:
        """What is known about an address that is called. Anybody can ask: it must not keep the store's thread busy."""
        return await asyncio.to_thread(self.subscriptions.find_call, token) if self.on else None

    async def hear(self, token: str, known: KnownCall, body: bytes, signature: str | None) -> Called | Signature:
        """A call with news: what it led to, or why it was ignored."""
        judge = partial(judge_signature, signature, body, secret=known.secret, secure=known.secure)
        worth = await asyncio.to_thread(judge)
        if worth is not Signature.RIGHT:
            log.info("hub_ignored", signature=worth)
            return worth
        return await self._store(self.subscriptions.take_call, token, now=self.clock.now())

    async def _store(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.writer, partial(step, *args, **kwargs))
