"""How many messages a channel may take at once: a bucket of tokens that fills with time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.core.alerting import Rate


def tokens_now(rate: Rate, *, tokens: float | None, at: datetime | None, now: datetime) -> float:
    """What `tokens` of a moment have become. A bucket that nobody used is full; a clock that went back fills nothing.

    If it went back further than a bucket takes to fill, that moment may be years ahead, and the bucket counts as full.
    """
    if tokens is None or at is None or at - now > rate.per:
        return float(rate.messages)
    passed = max(now - at, timedelta(0))
    return min(float(rate.messages), tokens + rate.messages * (passed / rate.per))


def next_token_at(rate: Rate, tokens: float, *, now: datetime) -> datetime:
    """When one token is there, from `tokens` at `now` on."""
    lacking = max(0.0, 1 - tokens)
    return now + rate.per * (lacking / rate.messages)
