"""Subscriptions at hubs as rows: which hub is to be asked, what it answered, and what its calls change.

A hub that is asked needs no lease: its next try is written before it is asked, so that nobody else asks meanwhile,
and a process that dies in between only costs one wait.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, or_, select, update

from storywatch.core.ids import digest
from storywatch.core.model import FeedId, Listing, NoticeKind
from storywatch.core.urls import without_password
from storywatch.core.websub import (
    AFTER_DENIAL,
    ANSWER_WITHIN,
    CALL_SPACING,
    LEAVE_TRIES,
    Called,
    HubClaim,
    HubState,
    KnownCall,
    Trust,
    callback_path,
    due_after_call,
    lease_of,
    offers_hub,
    relaxed,
    renew_at,
    retry_at,
)
from storywatch.store.tables import feed as feeds
from storywatch.store.tables import feed_notice
from storywatch.store.tables import subscription as subscriptions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.core.model import FeedAnswer, FeedClaim, PollOutcome, PollPlan
    from storywatch.core.websub import Mode
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found

BUSY = (429, 503)  # such a server has said when it may be asked again: a hub can't take that back
LONGEST_REASON = 200
UNVERIFIED = "it took the request, but never called to verify it: can it reach base_url of [web]?"
FRESH: dict[str, Any] = {
    "state": HubState.WANTED,
    "asked_at": None,
    "expires_at": None,
    "called_at": None,
    "checked_at": None,
    "told": 0,
    "silent": 0,
    "base_url": "",
    "failures": 0,
    "note": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HubView:
    """A feed's hub, as people may see it. `trusted`: it told of news before polls found them, so these are rarer."""

    hub: str
    topic: str
    state: HubState
    trusted: bool
    expires_at: datetime | None
    called_at: datetime | None
    next_at: datetime | None  # when it is asked next
    note: str | None


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Implements `ports.Subscriptions`. Each method is one transaction."""

    database: Database

    # ------------------------------------------------------------------ what polls say

    def note_poll(
        self, claim: FeedClaim, answer: FeedAnswer, plan: PollPlan, outcome: PollOutcome, *, began_at: datetime
    ) -> None:
        """After a poll is recorded: the hub that the feed names, and how what was found compares with its calls.

        `began_at`: when the feed was asked. A call that came later may be about what the answer did not have yet.
        """
        with self.database.write() as connection:
            feed_id = connection.execute(select(feeds.c.id).where(feeds.c.uid == claim.feed.id)).scalar_one_or_none()
            if feed_id is None or plan.error is not None:
                return
            row = connection.execute(select(subscriptions).where(subscriptions.c.feed_id == feed_id)).one_or_none()
            if isinstance(answer, Listing):
                row = self._follow(connection, feed_id, row, answer, now=plan.polled_at)
            if row is not None and _calls(row, now=plan.polled_at):
                _compare(connection, claim, row, plan, outcome, began_at=began_at)

    def _follow(
        self, connection: Connection, feed_id: int, row: Found | None, listing: Listing, *, now: datetime
    ) -> Found | None:
        """Begin with the hub that the feed names; leave one that it names no more. The row that goes on as it was."""
        if row is None:
            if offers_hub(listing.hub, listing.topic):
                fresh = {"feed_id": feed_id, "hub": listing.hub, "topic": listing.topic, "next_at": now, **FRESH}
                keys = {"token": secrets.token_urlsafe(32), "secret": secrets.token_urlsafe(48)}
                connection.execute(self.database.insert(subscriptions).on_conflict_do_nothing(), [{**fresh, **keys}])
            return None
        if (row.hub, row.topic) == (listing.hub, listing.topic):
            return row
        if listing.complete or listing.hub is not None:  # a truncated document may have lost it
            _leave(connection, row, now=now)
        return None

    # ------------------------------------------------------------------ asking hubs

    def claim_hubs(self, *, now: datetime, limit: int, base_url: str) -> list[HubClaim]:
        """Up to `limit` hubs that are to be asked now, each with its next try written down already.

        One that was given another `base_url` is due too, and of a feed that is followed no more it is to be left.
        """
        with self.database.write() as connection:
            _leave_for_gone_feeds(connection, now=now)
            moved = and_(subscriptions.c.base_url != base_url, subscriptions.c.state != HubState.LEAVING)
            due = (
                select(subscriptions, feeds.c.uid.label("feed"))
                .join(feeds, feeds.c.id == subscriptions.c.feed_id)
                .where(or_(subscriptions.c.next_at <= now, and_(moved, subscriptions.c.next_at.is_not(None))))
                .order_by(subscriptions.c.next_at, subscriptions.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True, of=subscriptions)
            )
            rows = connection.execute(due).all()
            claims = [_claim(connection, row, now=now, base_url=base_url) for row in rows]
        return [claim for claim in claims if claim is not None]

    def record_asked(
        self, claim: HubClaim, *, failure: str | None, now: datetime, retry_after: timedelta | None = None
    ) -> None:
        """What the hub answered: it took the request, or why not, and when it wants to be asked again."""
        with self.database.write() as connection:
            row = _by_token(connection, claim.token)
            if row is None or failure is None or row.failures == 0:  # it verified already: all is well
                return
            changes: dict[str, Any] = {"note": failure}
            if row.state in {HubState.WANTED, HubState.ASKED, HubState.EXPIRED}:
                changes["state"] = HubState.FAILED
            if retry_after is not None and row.next_at is not None:
                changes["next_at"] = max(row.next_at, now + min(retry_after, ANSWER_WITHIN))
            _change(connection, row, changes)

    # ------------------------------------------------------------------ what hubs say

    def find_call(self, token: str) -> KnownCall | None:
        """What is known about an address that is called; None where no hub has it."""
        with self.database.read() as connection:
            row = _by_token(connection, token)
        if row is None:
            return None
        return KnownCall(secret=row.secret, secure=row.base_url.lower().startswith("https://"))

    def confirm(self, token: str, *, mode: str, topic: str, lease: str | None, now: datetime) -> bool:
        """The hub asks whether we asked it: only if we did, and lately, does the subscription begin, or end."""
        with self.database.write() as connection:
            row = _by_token(connection, token)
            if row is None or row.topic != topic or row.asked_at is None or now - row.asked_at > ANSWER_WITHIN:
                return False
            if row.state == HubState.DENIED or mode != _mode(row):
                return False
            if row.state == HubState.LEAVING:
                connection.execute(delete(subscriptions).where(subscriptions.c.id == row.id))
                return True
            _change(connection, row, _confirmed(row, lease_of(lease), now))
            return True

    def deny(self, token: str, *, topic: str, reason: str | None, now: datetime) -> bool:
        """The hub refuses, at first or later: the feed is polled as any other, and people are told."""
        with self.database.write() as connection:
            row = _by_token(connection, token)
            if row is None or row.topic != topic:
                return False
            if row.state == HubState.LEAVING:
                connection.execute(delete(subscriptions).where(subscriptions.c.id == row.id))
                return True
            said = "".join(sign if sign.isprintable() else " " for sign in reason or "").strip()[:LONGEST_REASON]
            changes = {"state": HubState.DENIED, "note": said or "without a reason", "expires_at": None}
            _change(connection, row, {**changes, "next_at": now + AFTER_DENIAL})
            hub, why = without_password(row.hub), said or "without a reason"
            told = f"the hub {hub} refuses to tell of its news ({why}); it is polled as before"
            feed = connection.execute(select(feeds.c.uid).where(feeds.c.id == row.feed_id)).scalar_one()
            notice = {
                "uid": digest("notice", feed, NoticeKind.HUB_DENIED, row.hub),
                "feed_id": row.feed_id,
                "kind": NoticeKind.HUB_DENIED,
                "told": told,
                "at": now,
            }
            connection.execute(self.database.insert(feed_notice).on_conflict_do_nothing(), [notice])
            return True

    def take_call(self, token: str, *, now: datetime) -> Called:
        """The hub says that there is news: the feed is due, with half a minute between two polls.

        A call that changes nothing is not written: a storm of them only reads.
        """
        with self.database.read() as connection:
            row = _called(connection, token)
        if row is None or row.state in {HubState.LEAVING, HubState.DENIED}:
            return Called.UNKNOWN
        due_at = due_after_call(row.polled_at, now=now)
        if row.called_at is not None and _is_folded(row, row.called_at, due_at=due_at, now=now):
            return Called.FOLDED
        with self.database.write() as connection:
            row = _called(connection, token)
            if row is None:
                return Called.UNKNOWN
            trust = _trust(row).after_late_call(checked_at=row.checked_at, now=now)
            _change(connection, row, {"called_at": now, "told": trust.told, "silent": trust.silent})
            sooner = (
                update(feeds)
                .where(feeds.c.id == row.feed_id, feeds.c.next_poll_at > due_at, feeds.c.gone_at.is_(None))
                .where(or_(feeds.c.status.is_(None), feeds.c.status.not_in(BUSY)))
                .values(next_poll_at=due_at)
            )
            return Called.DUE if connection.execute(sooner).rowcount else Called.FOLDED

    # ------------------------------------------------------------------ all of them

    def drop_all(self) -> None:
        """Hubs are not wanted: their calls get the answer that nobody is here, and they end by themselves."""
        with self.database.write() as connection:
            connection.execute(delete(subscriptions))

    def views(self) -> dict[FeedId, HubView]:
        """The hub of each feed that has one."""
        with self.database.read() as connection:
            return load_hubs(connection)

    def tally(self) -> tuple[dict[str, int], int]:
        """How many subscriptions are in each state, every state named; and how many hubs are trusted."""
        query = select(
            subscriptions.c.state, subscriptions.c.told, subscriptions.c.silent, func.count().label("rows")
        ).group_by(subscriptions.c.state, subscriptions.c.told, subscriptions.c.silent)
        states: Counter[str] = Counter(dict.fromkeys(HubState, 0))
        trusted = 0
        with self.database.read() as connection:
            for row in connection.execute(query):
                states[row.state] += row.rows
                trusted += row.rows if row.state == HubState.CONFIRMED and _trust(row).earned else 0
        return dict(states), trusted


def load_hubs(connection: Connection) -> dict[FeedId, HubView]:
    """The hub of each feed that has one."""
    query = select(subscriptions, feeds.c.uid.label("feed")).join(feeds, feeds.c.id == subscriptions.c.feed_id)
    return {FeedId(row.feed): _view(row) for row in connection.execute(query.order_by(feeds.c.uid))}


# ---------------------------------------------------------------------- values and rows


def _by_token(connection: Connection, token: str) -> Found | None:
    return connection.execute(select(subscriptions).where(subscriptions.c.token == token)).one_or_none()


def _called(connection: Connection, token: str) -> Found | None:
    query = (
        select(
            subscriptions,
            feeds.c.polled_at,
            feeds.c.next_poll_at,
            feeds.c.lease,
            feeds.c.status,
            feeds.c.gone_at,
        )
        .join(feeds, feeds.c.id == subscriptions.c.feed_id)
        .where(subscriptions.c.token == token)
    )
    return connection.execute(query).one_or_none()


def _is_folded(row: Found, called_at: datetime, *, due_at: datetime, now: datetime) -> bool:
    """Is what the call asks for done already by one before it?"""
    if row.status in BUSY or row.gone_at is not None:  # no call makes it due
        return timedelta() <= now - called_at < CALL_SPACING
    answered = row.polled_at is not None and called_at <= row.polled_at
    return row.lease is None and row.next_poll_at <= due_at and not answered


def _change(connection: Connection, row: Found, changes: dict[str, Any]) -> None:
    connection.execute(update(subscriptions).where(subscriptions.c.id == row.id).values(changes))


def _trust(row: Found) -> Trust:
    return Trust(told=row.told, silent=row.silent)


def _mode(row: Found) -> Mode:
    return "unsubscribe" if row.state == HubState.LEAVING else "subscribe"


def _calls(row: Found, *, now: datetime) -> bool:
    """Is the hub bound to call now?"""
    return row.state == HubState.CONFIRMED and row.expires_at is not None and row.expires_at > now


def _leave(connection: Connection, row: Found, *, now: datetime) -> None:
    """Ask the hub to call no more; one that was never asked is forgotten at once."""
    if row.asked_at is None:
        connection.execute(delete(subscriptions).where(subscriptions.c.id == row.id))
    elif row.state != HubState.LEAVING:
        _change(connection, row, {"state": HubState.LEAVING, "next_at": now, "failures": 0, "note": None})


def _leave_for_gone_feeds(connection: Connection, *, now: datetime) -> None:
    gone = (
        select(subscriptions)
        .join(feeds, feeds.c.id == subscriptions.c.feed_id)
        .where(subscriptions.c.state != HubState.LEAVING)
        .where(or_(feeds.c.enabled.is_(False), feeds.c.gone_at.is_not(None)))
    )
    for row in connection.execute(gone).all():
        _leave(connection, row, now=now)


def _claim(connection: Connection, row: Found, *, now: datetime, base_url: str) -> HubClaim | None:
    """Write down that the hub is asked, and when it would be asked again. None: it was asked to end often enough."""
    asks = row.failures + 1
    if row.state == HubState.LEAVING and asks > LEAVE_TRIES:
        connection.execute(delete(subscriptions).where(subscriptions.c.id == row.id))
        return None
    given = row.base_url if row.state == HubState.LEAVING else base_url
    changes: dict[str, Any] = {
        "asked_at": now,
        "next_at": retry_at(asks, now=now),
        "failures": asks,
        "base_url": given,
    }
    if row.state in {HubState.WANTED, HubState.FAILED, HubState.DENIED}:
        changes |= {"state": HubState.ASKED, "note": None}
    elif row.state == HubState.ASKED:
        changes["note"] = UNVERIFIED
    elif row.state == HubState.CONFIRMED and not _calls(row, now=now):
        changes |= {"state": HubState.EXPIRED, "note": "it was not renewed in time"}
    _change(connection, row, changes)
    return HubClaim(
        feed=FeedId(row.feed),
        hub=row.hub,
        topic=row.topic,
        token=row.token,
        secret=row.secret,
        callback=given + callback_path(row.token),
        mode=_mode(row),
        asks=asks,
    )


def _confirmed(row: Found, lease: timedelta, now: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "state": HubState.CONFIRMED,
        "next_at": renew_at(lease, now=now),
        "expires_at": now + lease,
        "failures": 0,
        "note": None,
    }
    if not _calls(row, now=now) or _trust(row).lost:  # what came before tells nothing about it
        changes |= {"checked_at": None, "told": 0, "silent": 0}
    return changes


def _compare(
    connection: Connection,
    claim: FeedClaim,
    row: Found,
    plan: PollPlan,
    outcome: PollOutcome,
    *,
    began_at: datetime,
) -> None:
    """Weigh what the poll found against the hub's calls, and plan the next one accordingly."""
    called = row.called_at is not None and row.checked_at is not None and row.called_at > row.checked_at
    trust = _trust(row)
    if outcome.new and row.checked_at is not None and not claim.first_poll:
        trust = trust.after_news(called=called)
    _change(connection, row, {"checked_at": began_at, "told": trust.told, "silent": trust.silent})
    next_poll_at = outcome.next_poll_at or plan.next_poll_at  # the store knows more of the feed's habit than the plan
    wait = next_poll_at - plan.polled_at
    if row.called_at is not None and row.called_at >= began_at:
        wait = min(wait, CALL_SPACING)  # it called while the feed was asked
    elif claim.feed.every is None and _may_be_rarer(outcome, called=called):
        wait = relaxed(wait, trust)
    planned = and_(feeds.c.id == row.feed_id, feeds.c.lease.is_(None), feeds.c.next_poll_at == next_poll_at)
    connection.execute(update(feeds).where(planned).values(next_poll_at=plan.polled_at + wait))


def _may_be_rarer(outcome: PollOutcome, *, called: bool) -> bool:
    """A call that was in vain may have been early, and what ran over between two polls was asked too rarely."""
    ran_over = any(notice.kind is NoticeKind.GAP for notice in outcome.notices)
    return (outcome.new > 0 or not called) and not ran_over


def _view(row: Found) -> HubView:
    return HubView(
        hub=without_password(row.hub),
        topic=without_password(row.topic),
        state=HubState(row.state),
        trusted=row.state == HubState.CONFIRMED and _trust(row).earned,
        expires_at=row.expires_at,
        called_at=row.called_at,
        next_at=row.next_at,
        note=row.note,
    )
