"""Feeds and their entries as rows: what is due, what a poll found, what waits to be read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from storywatch.core.ids import digest
from storywatch.core.model import Entry, EntryState, Feed, FeedClaim, FeedId, FeedKind, PollOutcome
from storywatch.store.leases import claim_rows, give_back, is_free
from storywatch.store.tables import entry as entries
from storywatch.store.tables import feed as feeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.core.model import ArticleId, ListedEntry, PollPlan
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found

MOST_UPDATES = 24  # of one entry: a live blog is read once an hour for a day, a page that never rests no longer
START_AFRESH: dict[str, Any] = {
    "moved_to": None,
    "moving_to": None,
    "moving_since": None,
    "moving_polls": 0,
    "gone_at": None,
    "newest_at": None,
    "afresh_at": None,
    "validators_lie": False,
    "etag": None,
    "last_modified": None,
    "body_hash": None,
    "interval_seconds": None,
    "failures": 0,
    "status": None,
    "error": None,
    "first_poll": True,
    "lease": None,
    "lease_until": None,
}


@dataclass(frozen=True, slots=True)
class Polls:
    """Implements `ports.Polls`."""

    database: Database

    # ------------------------------------------------------------------ feeds

    def sync_feeds(self, configured: Sequence[Feed], *, now: datetime) -> None:
        """Make the feeds those of the configuration.

        A feed that is configured no more keeps its row and is not asked; one whose address changed
        starts with a baseline again, because what the new address lists is not news either. One that was
        asked in a time yet to come is due: the clock has been set back, and its plan may be years away.
        """
        with self.database.write() as connection:
            known = {row.uid: row for row in connection.execute(select(feeds.c.uid, feeds.c.url, feeds.c.enabled))}
            fresh = [_new_feed(feed, now) for feed in configured if feed.id not in known]
            if fresh:
                connection.execute(self.database.insert(feeds).on_conflict_do_nothing(), fresh)
            for feed in configured:
                if feed.id in known:
                    changes = _settings_of(feed)
                    if feed.url != known[feed.id].url:
                        changes |= START_AFRESH | {"next_poll_at": now}
                    connection.execute(update(feeds).where(feeds.c.uid == feed.id).values(changes))
            connection.execute(update(feeds).where(feeds.c.polled_at > now).values(next_poll_at=now))
            absent = known.keys() - {feed.id for feed in configured}
            connection.execute(update(feeds).where(feeds.c.uid.in_(absent)).values(enabled=False))

    def make_all_due(self, *, now: datetime) -> None:
        """Every feed is due now, whatever was planned; those being polled are left alone."""
        with self.database.write() as connection:
            connection.execute(update(feeds).where(is_free(feeds, now)).values(next_poll_at=now))

    def claim_feeds(self, *, now: datetime, limit: int, lease: timedelta) -> list[FeedClaim]:
        """T1: up to `limit` due feeds, the longest overdue first."""
        due = (
            select(feeds)
            .where(feeds.c.enabled, feeds.c.next_poll_at <= now, is_free(feeds, now))
            .order_by(feeds.c.next_poll_at, feeds.c.id)
        )
        with self.database.write() as connection:
            token, rows = claim_rows(connection, feeds, due, limit=limit, until=now + lease)
        return [_claim_of(row, token) for row in rows]

    def record_poll(self, claim: FeedClaim, plan: PollPlan) -> PollOutcome:
        """T2: entries, validators and the next poll, together. Raises `LeaseLost`."""
        with self.database.write() as connection:
            feed_id = give_back(
                connection, feeds, feeds.c.uid == claim.feed.id, lease=claim.lease, **_changes_of(claim, plan)
            )
            return self._record_entries(connection, feed_id, claim, plan)

    def _record_entries(self, connection: Connection, feed_id: int, claim: FeedClaim, plan: PollPlan) -> PollOutcome:
        listed = {_entry_uid(claim.feed.id, item): item for item in reversed(plan.entries)}  # the first one wins
        failed = plan.error is not None
        if not listed:
            return PollOutcome(failed=failed)
        rows = _known_rows(connection, feed_id, listed)
        changed = 0
        for uid, item in listed.items():
            row = rows.get(uid)
            if row is not None and row.fingerprint != item.fingerprint and row.updates < MOST_UPDATES:
                connection.execute(update(entries).where(entries.c.id == row.id).values(_update_of(item, row, plan)))
                changed += 1
        fresh = [_new_entry(uid, item, feed_id, plan) for uid, item in listed.items() if uid not in rows]
        fresh.sort(key=lambda values: values["published_at"] or plan.polled_at)  # the order in which they will be read
        new = self._insert_entries(connection, fresh)
        return PollOutcome(new=new, changed=changed, known=len(listed) - new - changed, failed=failed)

    def _insert_entries(self, connection: Connection, fresh: list[dict[str, Any]]) -> int:
        if not fresh:
            return 0
        insert = self.database.insert(entries).on_conflict_do_nothing().returning(entries.c.id)
        return len(connection.execute(insert, fresh).all())

    # ------------------------------------------------------------------ entries

    def claim_entries(self, *, now: datetime, limit: int, lease: timedelta) -> list[Entry]:
        """Up to `limit` waiting entries, the oldest first."""
        waiting = (
            select(entries, feeds.c.uid.label("feed"), feeds.c.owner, feeds.c.lang, feeds.c.title.label("feed_title"))
            .join(feeds, feeds.c.id == entries.c.feed_id)
            .where(entries.c.state == EntryState.WAITING, entries.c.not_before <= now, is_free(entries, now))
            .order_by(entries.c.seen_at, entries.c.id)
        )
        with self.database.write() as connection:
            token, rows = claim_rows(connection, entries, waiting, limit=limit, until=now + lease)
        return [_entry_of(row, token) for row in rows]

    def postpone_entry(self, entry: Entry, *, until: datetime, reason: str) -> None:
        """The page could not be had for now. Raises `LeaseLost`."""
        with self.database.write() as connection:
            where = entries.c.id == entry.id
            give_back(
                connection, entries, where, lease=entry.lease, not_before=until, note=reason, tries=entry.tries + 1
            )

    def settle_entry(self, entry: Entry, state: EntryState, *, note: str, article: ArticleId | None = None) -> None:
        """The entry needs no judging. Raises `LeaseLost`."""
        with self.database.write() as connection:
            where = entries.c.id == entry.id
            give_back(connection, entries, where, lease=entry.lease, state=state, note=note, article=article)


# ---------------------------------------------------------------------- values and rows


def _settings_of(feed: Feed) -> dict[str, Any]:
    return {
        "url": feed.url,
        "owner": feed.owner,
        "lang": feed.lang,
        "every_seconds": feed.every and feed.every.total_seconds(),
        "timezone": feed.timezone,
        "kind": feed.kind,
        "selector": feed.select,
        "backfill_seconds": feed.backfill and feed.backfill.total_seconds(),
        "enabled": True,
    }


def _new_feed(feed: Feed, now: datetime) -> dict[str, Any]:
    return {"uid": feed.id, "next_poll_at": now, **START_AFRESH, **_settings_of(feed)}


def _claim_of(row: Found, lease: str) -> FeedClaim:
    feed = Feed(
        id=FeedId(row.uid),
        url=row.url,
        owner=row.owner,
        lang=row.lang,
        every=_duration(row.every_seconds),
        timezone=row.timezone,
        kind=FeedKind(row.kind),
        select=row.selector,
        backfill=_duration(row.backfill_seconds),
    )
    return FeedClaim(
        feed=feed,
        url=row.moved_to or row.url,
        lease=lease,
        etag=row.etag,
        last_modified=row.last_modified,
        body_hash=row.body_hash,
        failures=row.failures,
        interval=_duration(row.interval_seconds),
        first_poll=row.first_poll,
    )


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _changes_of(claim: FeedClaim, plan: PollPlan) -> dict[str, Any]:
    """What a poll changes of its feed; what the plan leaves open stays as it was."""
    changes: dict[str, Any] = {
        "polled_at": plan.polled_at,
        "next_poll_at": plan.next_poll_at,
        "interval_seconds": plan.interval.total_seconds(),
        "failures": plan.failures,
        "error": plan.error,
        "status": plan.status,
        "first_poll": claim.first_poll and plan.state is not EntryState.BASELINE,
    }
    if plan.error is None:
        changes["succeeded_at"] = plan.polled_at
    if plan.validators is not None:
        changes |= {"etag": plan.validators.etag, "last_modified": plan.validators.last_modified}
    found = {"body_hash": plan.body_hash, "title": plan.title, "moved_to": plan.moved_to}
    return changes | {name: value for name, value in found.items() if value is not None}


def _known_rows(connection: Connection, feed_id: int, listed: dict[str, ListedEntry]) -> dict[str, Found]:
    """The rows of the listed entries that we know, by the uid under which they are listed now.

    Some feeds give an entry another key each day: an unknown key whose address is known is the same
    entry, unless the entry known there is itself still listed, or the address is that of several.
    """
    by_key = {row.uid: row for row in connection.execute(_KNOWN.where(entries.c.uid.in_(listed)))}
    addresses = {uid: _url_uid(item) for uid, item in listed.items() if uid not in by_key and item.url_key}
    if not addresses:
        return by_key
    same_address = _KNOWN.where(entries.c.feed_id == feed_id, entries.c.url_uid.in_(_once(addresses.values())))
    by_address = {row.url_uid: row for row in connection.execute(same_address) if row.uid not in listed}
    return by_key | {uid: by_address[address] for uid, address in addresses.items() if address in by_address}


_KNOWN = select(entries.c.id, entries.c.uid, entries.c.url_uid, entries.c.fingerprint, entries.c.updates).order_by(
    entries.c.id
)


def _once(addresses: Iterable[str]) -> set[str]:
    return {address for address, times in Counter(addresses).items() if times == 1}


def _entry_uid(feed: FeedId, item: ListedEntry) -> str:
    return digest("entry", feed, item.key)


def _url_uid(item: ListedEntry) -> str:
    return digest("url", item.url_key)


def _words_of(item: ListedEntry, plan: PollPlan) -> dict[str, Any]:
    return {
        "url": item.url,
        "url_key": item.url_key,
        "url_uid": _url_uid(item),
        "title": item.title,
        "summary": item.summary,
        "fingerprint": item.fingerprint,
        "published_at": item.published_at,
        "seen_at": plan.polled_at,
    }


def _new_entry(uid: str, item: ListedEntry, feed_id: int, plan: PollPlan) -> dict[str, Any]:
    fresh = {"state": plan.state, "not_before": plan.polled_at, "tries": 0, "updates": 0}
    return {"uid": uid, "feed_id": feed_id, **fresh, **_words_of(item, plan)}


def _update_of(item: ListedEntry, row: Found, plan: PollPlan) -> dict[str, Any]:
    """A changed entry is read anew; who is reading it just now loses the lease."""
    changes = {**_words_of(item, plan), "updates": row.updates + 1}
    if plan.state is EntryState.BASELINE:
        return changes
    anew = {"state": plan.state, "not_before": plan.polled_at, "tries": 0, "note": None}
    return changes | anew | {"lease": None, "lease_until": None}


def _entry_of(row: Found, lease: str) -> Entry:
    return Entry(
        id=row.id,
        lease=lease,
        feed=FeedId(row.feed),
        outlet_name=row.feed_title or row.feed,
        owner=row.owner,
        url=row.url,
        url_key=row.url_key,
        title=row.title,
        summary=row.summary,
        lang=row.lang,
        published_at=row.published_at,
        seen_at=row.seen_at,
        tries=row.tries,
    )
