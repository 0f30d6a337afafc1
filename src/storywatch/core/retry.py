"""What follows from a try at a delivery: it is sent, tried again later, or dead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from storywatch.core.ids import digest
from storywatch.core.model import AttemptOutcome, Blame, DeliveryState
from storywatch.errors import Rejected, Unsent

if TYPE_CHECKING:
    from storywatch.core.model import DeliveryClaim
    from storywatch.errors import SendFailed

# The waits that Standard Webhooks proposes: after the first try, the second, ...; together 75 hours and more.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.2  # a wait is lengthened by up to a fifth, so that what failed together does not come back together
LONGEST_WISH = timedelta(hours=24)
TOO_MANY = 429  # the receiver's wish is about everything that comes from us, not about one message


def plan_attempt(claim: DeliveryClaim, failure: SendFailed | None, *, now: datetime) -> AttemptOutcome:
    """How the try ended and, where it is worth another, when."""
    if failure is None:
        return AttemptOutcome(state=DeliveryState.SENT, at=now)
    reason = str(failure)
    if not isinstance(failure, Unsent):
        blame = _blame(failure) if isinstance(failure, Rejected) else None
        return AttemptOutcome(state=DeliveryState.DEAD, at=now, code=failure.code, reason=reason, blame=blame)
    wish = min(failure.retry_after or timedelta(0), LONGEST_WISH)
    pause_until = now + wish if failure.code == TOO_MANY and wish else None
    retry_at = None
    if claim.attempt > len(WAITS):
        reason = f"gave up after {claim.attempt} tries: {reason}"
    else:
        retry_at = now + max(_wait(claim), wish)
    return AttemptOutcome(
        state=DeliveryState.WAITING if retry_at else DeliveryState.DEAD,
        at=now,
        retry_at=retry_at,
        code=failure.code,
        reason=reason,
        blame=Blame.CHANNEL,
        pause_until=pause_until,
    )


def _blame(failure: Rejected) -> Blame | None:
    """What a receiver answers to nothing in particular is about the channel; what we find ourselves about nobody."""
    if failure.gone:
        return Blame.GONE
    if failure.recipient_refused:
        return Blame.RECIPIENT
    return Blame.CHANNEL if failure.code is not None else None


def parse_retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """An HTTP Retry-After, in seconds or as a date; None where it is missing, unreadable or over."""
    if not value:
        return None
    try:
        wish = timedelta(seconds=int(value)) if value.strip().isdecimal() else (http_date(value) or now) - now
    except (ValueError, OverflowError):
        return None
    return wish if wish > timedelta(0) else None


def http_date(text: str) -> datetime | None:
    """The moment an HTTP date names; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wait(claim: DeliveryClaim) -> timedelta:
    """The same delivery waits the same after the same try, whoever asks."""
    share = int(digest("try", claim.id, str(claim.attempt))[-8:], 16) / 2**32
    return WAITS[claim.attempt - 1] * (1 + JITTER * share)
