"""When to ask a feed again, and whether to try a page again.

A feed is asked as often as the desk says, or as its own habit suggests; it is asked later, never
sooner, where the server says so or does not answer. Nothing here is drawn by lot: the jitter that
keeps feeds from marching in step follows from the feed's id and the time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from storywatch.core.ids import digest
from storywatch.core.model import EntryState, Listing, NotModified, PollPlan, Validators
from storywatch.errors import FetchFailed, Forbidden

if TYPE_CHECKING:
    from storywatch.core.model import Entry, FeedClaim, Freshness, ListedEntry, PollFailure
    from storywatch.errors import Unreadable

SHORTEST = timedelta(minutes=10)
START = timedelta(minutes=30)
LONGEST = timedelta(hours=6)
LONGEST_BACKOFF = timedelta(hours=24)
LONGEST_FRESHNESS = timedelta(hours=6)
FUTURE_TOLERANCE = timedelta(minutes=15)

GROW = 1.25  # nothing new: ask a little more rarely
SHRINK = 0.5  # at most, from one poll to the next
HABIT = 20  # the newest entries whose gaps are a feed's habit
FORWARD_JITTER = 0.1
BACKOFF_JITTER = 0.25

GONE = 410
GONE_FIRST = timedelta(hours=1)

AFRESH_EVERY = timedelta(days=1)

FIRST_AFTER_MISHAP = timedelta(minutes=5)
LAST_AFTER_MISHAP = timedelta(days=1)
PAGE_RETRIES = (timedelta(seconds=30), timedelta(minutes=2))
LONGEST_PAGE_WAIT = timedelta(minutes=10)
TRANSIENT_STATUS = frozenset({408, 425, 429})
SERVER_ERRORS = range(500, 600)


def plan_poll(claim: FeedClaim, answer: Listing | NotModified | PollFailure, *, now: datetime) -> PollPlan:
    """What the answer changes: entries, validators, and when to ask again."""
    if isinstance(answer, Listing):
        return _plan_listing(claim, answer, now)
    if isinstance(answer, NotModified):
        interval = claim.feed.every or _clamped(_last(claim) * GROW)
        said = answer.validators if answer.validators != Validators() else None
        return PollPlan(
            polled_at=now,
            next_poll_at=_next_poll_at(claim, interval, answer.freshness, now),
            interval=interval,
            failures=0,
            status=answer.status,
            validators=said,
        )
    return _plan_failure(claim, answer, now)


def _plan_listing(claim: FeedClaim, listing: Listing, now: datetime) -> PollPlan:
    interval = claim.feed.every or _learned_interval(claim, listing)
    return PollPlan(
        polled_at=now,
        next_poll_at=_next_poll_at(claim, interval, listing.freshness, now),
        interval=interval,
        failures=0,
        status=listing.status,
        state=EntryState.BASELINE if claim.first_poll else EntryState.WAITING,
        entries=tuple(_without_future(entry, now) for entry in listing.entries),
        # The tail of a truncated document would be lost if its validators were kept.
        validators=listing.validators if listing.complete else None,
        body_hash=listing.body_hash if listing.complete else None,
        title=listing.title,
        moved_to=listing.moved_to if listing.moved_to != claim.url else None,
    )


def _plan_failure(claim: FeedClaim, failure: PollFailure, now: datetime) -> PollPlan:
    """Twice as long after each failure, up to a day; never given up silently."""
    asked = failure.status is not None or failure.retry_after is None
    failures = claim.failures + 1 if asked else claim.failures  # waiting for the host is not the feed's fault
    interval = claim.feed.every or claim.interval or START
    # What was not asked for the host's sake is still due: it is asked as soon as the host may be.
    delay = _backoff(claim, interval, failures, now) if asked else timedelta()
    if failure.status == GONE:
        delay = max(delay, GONE_FIRST if failures == 1 else LONGEST_BACKOFF)
    if failure.retry_after is not None:
        delay = max(delay, min(failure.retry_after, LONGEST_BACKOFF))
    return PollPlan(
        polled_at=now,
        next_poll_at=now + delay,
        interval=interval,
        failures=failures,
        error=failure.reason,
        status=failure.status,
    )


def _backoff(claim: FeedClaim, interval: timedelta, failures: int, now: datetime) -> timedelta:
    doublings = min(max(failures - 1, 0), 20)  # beyond it the cap holds for any interval
    delay = min(interval * (1 << doublings), LONGEST_BACKOFF)
    delay *= 1 + BACKOFF_JITTER * (2 * _lot(claim, now) - 1)
    return max(interval, min(delay, LONGEST_BACKOFF))


def _learned_interval(claim: FeedClaim, listing: Listing) -> timedelta:
    """Half the usual gap between the newest entries, never far from the last interval."""
    last = _last(claim)
    dates = sorted((entry.published_at for entry in listing.entries if entry.published_at), reverse=True)[:HABIT]
    gaps = [(newer - older).total_seconds() for newer, older in pairwise(dates)]
    wish = timedelta(seconds=median(gaps) / 2) if gaps else last
    return _clamped(min(max(wish, last * SHRINK), last * GROW))


def _last(claim: FeedClaim) -> timedelta:
    return claim.interval or START


def _clamped(interval: timedelta) -> timedelta:
    return min(max(interval, SHORTEST), LONGEST)


def _next_poll_at(claim: FeedClaim, interval: timedelta, freshness: Freshness, now: datetime) -> datetime:
    said = max(freshness.max_age or timedelta(), freshness.ttl or timedelta())
    wait = max(interval, min(said, LONGEST_FRESHNESS))
    jitter = 1 + FORWARD_JITTER * _lot(claim, now) if claim.feed.every is None else 1
    return now + wait * jitter


def asks_afresh(claim: FeedClaim, *, now: datetime) -> bool:
    """Should this poll leave the validators out? About once a day: some servers say "not modified" when it is not."""
    share = (claim.feed.every or _last(claim)) / AFRESH_EVERY
    return _lot(claim, now) < share


def _lot(claim: FeedClaim, now: datetime) -> float:
    """A number in [0, 1) that differs from feed to feed and from poll to poll, and is never drawn."""
    return int(digest("lot", claim.feed.id, now.isoformat())[-8:], 16) / 2**32


def _without_future(entry: ListedEntry, now: datetime) -> ListedEntry:
    """A date that is yet to come is a mistake: better none."""
    if entry.published_at is None or entry.published_at <= now + FUTURE_TOLERANCE:
        return entry
    return replace(entry, published_at=None)


def plan_page_retry(entry: Entry, error: FetchFailed | Unreadable, *, now: datetime) -> datetime | None:
    """When to try the page again; None: no more, the feed's own text serves.

    Only what may heal by itself is tried again, and not for long: the news is waiting.
    """
    if not _may_heal(error) or entry.tries >= len(PAGE_RETRIES):
        return None
    wait = PAGE_RETRIES[entry.tries]
    if isinstance(error, FetchFailed) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    return now + wait if wait <= LONGEST_PAGE_WAIT else None


def plan_after_mishap(entry: Entry, *, now: datetime) -> datetime:
    """When to take up an entry again on which we ourselves stumbled: later each time, and never given up.

    Only a better version of the program helps, so it must not stand in the way of the others until then.
    """
    return now + min(FIRST_AFTER_MISHAP * (1 << min(entry.tries, 10)), LAST_AFTER_MISHAP)


def _may_heal(error: FetchFailed | Unreadable) -> bool:
    if isinstance(error, Forbidden) or not isinstance(error, FetchFailed):
        return False
    return error.status is None or error.status in TRANSIENT_STATUS or error.status in SERVER_ERRORS
