"""When to ask a feed again, and whether to try a page again.

A feed is asked as often as the desk says, or as its own habit suggests; it is asked later, never
sooner, where the server says so or does not answer. Nothing here is drawn by lot: the jitter that
keeps feeds from marching in step follows from the feed's id and the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from storywatch.core.ids import digest
from storywatch.core.model import (
    EntryState,
    FeedNotice,
    Freshness,
    Listing,
    Move,
    NoticeKind,
    NotModified,
    PollPlan,
    Validators,
)
from storywatch.core.urls import without_password
from storywatch.errors import FetchFailed, Forbidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from storywatch.core.model import Entry, FeedClaim, ListedEntry, PollFailure
    from storywatch.errors import Unreadable

SHORTEST = timedelta(minutes=10)
START = timedelta(minutes=30)
LONGEST = timedelta(hours=6)
LONGEST_BACKOFF = timedelta(hours=24)
LONGEST_FRESHNESS = timedelta(hours=6)
LONGEST_SKIP = timedelta(hours=24)
SHORTEST_WISH = timedelta(seconds=60)  # of a server that says how long to wait
FUTURE_TOLERANCE = timedelta(minutes=15)
FIRST_DATE = datetime(1995, 1, 1, tzinfo=UTC)  # nothing on the web is older: such a date is a mistake

GROW = 1.25  # nothing new: ask a little more rarely
SHRINK = 0.5  # at most, from one poll to the next
LEAST_OVERLAP = 0.3  # of a list with the one before: below it, entries will soon be lost between two polls
HABIT = 20  # the newest entries whose gaps are a feed's habit
FORWARD_JITTER = 0.1
BACKOFF_JITTER = 0.25
AFTER_SKIP = timedelta(minutes=5)  # over which feeds are spread that all wait for the same hour
HOUR = timedelta(hours=1)
HOURS_OF_DAY, DAYS_OF_WEEK = 24, 7

GONE = 410
GONE_FIRST = timedelta(hours=1)

MOVE_POLLS = 3
MOVE_TIME = timedelta(hours=24)

AFRESH_EVERY = timedelta(days=1)
WHOLE = range(200, 300)  # statuses of an answer with a body, however much of it was news

FIRST_AFTER_MISHAP = timedelta(minutes=5)
LAST_AFTER_MISHAP = timedelta(days=1)
PAGE_RETRIES = (timedelta(seconds=30), timedelta(minutes=2))
LONGEST_PAGE_WAIT = timedelta(minutes=10)
TRANSIENT_STATUS = frozenset({408, 425, 429})
SERVER_ERRORS = range(500, 600)


def plan_poll(claim: FeedClaim, answer: Listing | NotModified | PollFailure, *, now: datetime) -> PollPlan:
    """What the answer changes: entries, validators, the address, and when to ask again."""
    if isinstance(answer, Listing):
        return _plan_listing(claim, answer, now)
    if isinstance(answer, NotModified):
        return _plan_not_modified(claim, answer, now)
    return _plan_failure(claim, answer, now)


def _plan_listing(claim: FeedClaim, listing: Listing, now: datetime) -> PollPlan:
    entries = tuple(_soundly_dated(entry, now) for entry in listing.entries)
    dates = [entry.published_at for entry in entries if entry.published_at]
    interval = claim.feed.every or _interval_by_dates(claim, dates, empty=not entries)
    moved = _moved(claim, listing.moved_to, now)
    return PollPlan(
        polled_at=now,
        next_poll_at=_next_poll_at(claim, interval, listing.freshness, now),
        interval=interval,
        failures=0,
        status=listing.status,
        state=EntryState.BASELINE if claim.first_poll else EntryState.WAITING,
        entries=entries,
        # The tail of a truncated document would be lost if its validators were kept.
        validators=listing.validators if listing.complete else None,
        body_hash=listing.body_hash if listing.complete else None,
        title=listing.title,
        moved_to=moved.to,
        move=moved.move,
        afresh_at=now,
        newest_at=max([*dates, *([claim.newest_at] if claim.newest_at else [])], default=None),
        news_since=_news_since(claim, now),
        pace=replace(listing.freshness, max_age=None),
        learns_from=listing.freshness if claim.feed.every is None and not claim.first_poll else None,
        notices=moved.notices,
    )


def plan_earlier(claim: FeedClaim, listing: Listing, *, now: datetime) -> PollPlan:
    """Of an older page of a list, what fills a gap: entries dated after all that was known. Only its entries count."""
    plan = _plan_listing(claim, listing, now)
    since = claim.newest_at
    missed = (entry for entry in plan.entries if since and entry.published_at and entry.published_at > since)
    return replace(plan, entries=tuple(missed))


def _plan_not_modified(claim: FeedClaim, answer: NotModified, now: datetime) -> PollPlan:
    interval = claim.feed.every or _clamped(_last(claim) * GROW)
    max_age = answer.freshness.max_age
    freshness = replace(claim.pace, max_age=max_age) if claim.pace else Freshness(max_age=max_age)
    if answer.freshness.ttl is not None:
        freshness = replace(freshness, ttl=answer.freshness.ttl)
    moved = _moved(claim, answer.moved_to, now)
    return PollPlan(
        polled_at=now,
        next_poll_at=_next_poll_at(claim, interval, freshness, now),
        interval=interval,
        failures=0,
        status=answer.status,
        validators=answer.validators if answer.validators != Validators() else None,
        moved_to=moved.to,
        move=moved.move,
        afresh_at=now if answer.status in WHOLE else None,
        notices=moved.notices,
    )


def _plan_failure(claim: FeedClaim, failure: PollFailure, now: datetime) -> PollPlan:
    """Twice as long after each failure, up to a day; never given up silently."""
    asked = failure.status is not None or failure.retry_after is None
    failures = claim.failures + 1 if asked else claim.failures  # waiting for the host is not the feed's fault
    interval = claim.feed.every or claim.interval or START
    # What was not asked for the host's sake is still due: it is asked as soon as the host may be.
    delay = _backoff(claim, interval, failures, now) if asked else timedelta()
    if failure.status == GONE:
        delay = max(delay, GONE_FIRST)
    if failure.retry_after is not None:
        wish = max(failure.retry_after, SHORTEST_WISH) if asked else failure.retry_after
        delay = max(delay, min(wish, LONGEST_BACKOFF))
    gone = failure.status == GONE and _was_gone(claim, now)
    return PollPlan(
        polled_at=now,
        next_poll_at=now + delay,
        interval=interval,
        failures=failures,
        error=failure.reason,
        status=failure.status,
        move=claim.move if failure.status is None else None,  # who does not answer says nothing of a move
        gone_at=now if gone else None,
        notices=(_gone(claim, now),) if gone else (),
    )


# ---------------------------------------------------------------------- moved, or gone


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moved:
    to: str | None = None
    move: Move | None = None
    notices: tuple[FeedNotice, ...] = ()


def _moved(claim: FeedClaim, target: str | None, now: datetime) -> _Moved:
    """A redirect for good is followed at once, and believed when it stands for a day: some are mistakes."""
    if target is None or target == claim.url:
        return _Moved()
    if claim.move is None or claim.move.to != target:
        return _Moved(move=Move(to=target, since=now))
    move = replace(claim.move, polls=claim.move.polls + 1)
    if move.polls < MOVE_POLLS or now - move.since < MOVE_TIME:
        return _Moved(move=move)
    old, new = without_password(claim.url), without_password(target)
    told = f"moved for good from {old} to {new}; it is asked there from now on, and feeds.toml may say so"
    return _Moved(to=target, notices=(FeedNotice(kind=NoticeKind.MOVED, told=told, at=now, mark=target),))


def _was_gone(claim: FeedClaim, now: datetime) -> bool:
    """Did it say so an hour ago or earlier, and nothing else since?"""
    return claim.status == GONE and claim.polled_at is not None and now - claim.polled_at >= GONE_FIRST


def _gone(claim: FeedClaim, now: datetime) -> FeedNotice:
    told = (
        f"{without_password(claim.url)} is gone for good (410, twice): it is asked no more. "
        "Give feeds.toml its new address or take it out; `storywatch once --all` asks it once more"
    )
    mark = f"{claim.succeeded_at} {claim.url}"  # once, until it answered again
    return FeedNotice(kind=NoticeKind.GONE, told=told, at=now, mark=mark)


# ---------------------------------------------------------------------- how long to wait


def _backoff(claim: FeedClaim, interval: timedelta, failures: int, now: datetime) -> timedelta:
    doublings = min(max(failures - 1, 0), 20)  # beyond it the cap holds for any interval
    delay = min(interval * (1 << doublings), LONGEST_BACKOFF)
    delay *= 1 + BACKOFF_JITTER * (2 * _lot(claim, now) - 1)
    return max(interval, min(delay, LONGEST_BACKOFF))


def first_known(*, seen_at: datetime, published_at: datetime | None, baseline: bool) -> datetime | None:
    """When an entry came up: as we saw it, or for what stood there before us as it says itself; None: unknown."""
    if not baseline:
        return seen_at
    return published_at if published_at is None or published_at <= seen_at else None


def learn_interval(
    claim: FeedClaim, plan: PollPlan, *, moments: Iterable[datetime], listed: int, new: int, changed: int
) -> PollPlan:
    """The plan with an interval by the feed's habit: `moments` are when its last entries came up, `first_known`."""
    if plan.learns_from is None or not listed:
        return plan
    last = _last(claim)
    if not new and not changed:
        interval = last * GROW
    elif new and 1 - new / listed < LEAST_OVERLAP:
        interval = last * SHRINK
    else:
        interval = _near_to(last, _half_gap(moments) or plan.interval)
    interval = _clamped(interval)
    next_poll_at = _next_poll_at(claim, interval, plan.learns_from, plan.polled_at)
    return replace(plan, interval=interval, next_poll_at=next_poll_at)


def _interval_by_dates(claim: FeedClaim, dates: Sequence[datetime], *, empty: bool) -> timedelta:
    """As the dates of a list suggest: all that is known of a feed at first."""
    last = _last(claim)
    newest = sorted(dates, reverse=True)[:HABIT]
    gaps = [(newer - older).total_seconds() for newer, older in pairwise(newest)]
    if empty or not gaps:
        return _clamped(last * GROW if empty else last)
    return _clamped(_near_to(last, timedelta(seconds=median(gaps) / 2)))


def _half_gap(moments: Iterable[datetime]) -> timedelta | None:
    """Half the usual time between two of them; what came up at one poll came up at once."""
    newest = sorted(set(moments), reverse=True)[:HABIT]
    gaps = [(newer - older).total_seconds() for newer, older in pairwise(newest)]
    return timedelta(seconds=median(gaps) / 2) if gaps else None


def _near_to(last: timedelta, wish: timedelta) -> timedelta:
    return min(max(wish, last * SHRINK), last * GROW)


def _last(claim: FeedClaim) -> timedelta:
    return claim.interval or START


def _clamped(interval: timedelta) -> timedelta:
    return min(max(interval, SHORTEST), LONGEST)


def _next_poll_at(claim: FeedClaim, interval: timedelta, freshness: Freshness, now: datetime) -> datetime:
    said = max(freshness.max_age or timedelta(), freshness.ttl or timedelta())
    wait = max(interval, min(said, LONGEST_FRESHNESS))
    lot = _lot(claim, now)
    jitter = 1 + FORWARD_JITTER * lot if claim.feed.every is None else 1
    return _after_skipped(now + wait * jitter, freshness, spread=AFTER_SKIP * lot)


def _after_skipped(moment: datetime, freshness: Freshness, *, spread: timedelta) -> datetime:
    """The first moment that the feed does not ask us to leave out, a day later at most. A list of all is a mistake."""
    hours = freshness.skip_hours if len(freshness.skip_hours) < HOURS_OF_DAY else frozenset()
    days = freshness.skip_days if len(freshness.skip_days) < DAYS_OF_WEEK else frozenset()
    if moment.hour not in hours and moment.weekday() not in days:
        return moment
    begun = moment.replace(minute=0, second=0, microsecond=0)
    later = (begun + step * HOUR for step in range(1, HOURS_OF_DAY + 1))
    allowed = (start + spread for start in later if start.hour not in hours and start.weekday() not in days)
    return min(next(allowed, moment + LONGEST_SKIP), moment + LONGEST_SKIP)


def is_due_afresh(*, validators_lie: bool, afresh_at: datetime | None, now: datetime) -> bool:
    """A day after the last whole body, or always where it lied: some servers say "not modified" when it is not."""
    return validators_lie or afresh_at is None or now - afresh_at >= AFRESH_EVERY


def _lot(claim: FeedClaim, now: datetime) -> float:
    """A number in [0, 1) that differs from feed to feed and from poll to poll, and is never drawn."""
    return int(digest("lot", claim.feed.id, now.isoformat())[-8:], 16) / 2**32


# ---------------------------------------------------------------------- entries and their dates


def _soundly_dated(entry: ListedEntry, now: datetime) -> ListedEntry:
    """A date that is yet to come, or older than the web, is a mistake: better none, and when we saw it stands in."""
    if entry.published_at is None or FIRST_DATE <= entry.published_at <= now + FUTURE_TOLERANCE:
        return entry
    return replace(entry, published_at=None)


def _news_since(claim: FeedClaim, now: datetime) -> datetime | None:
    """How far back a first poll is news. A feed that answered before, at another address, begins with a baseline."""
    if not claim.first_poll or claim.feed.backfill is None or claim.succeeded_at is not None:
        return None
    return now - claim.feed.backfill


# ---------------------------------------------------------------------- pages


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
