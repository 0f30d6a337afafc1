"""Feeds and their entries as rows: what is due, what a poll found, what waits to be read."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import bindparam, literal, select, tuple_, update

from storywatch.core.cadence import HABIT, first_known, is_due_afresh, learn_interval
from storywatch.core.ids import digest
from storywatch.core.model import (
    Ahead,
    Entry,
    EntryState,
    Feed,
    FeedClaim,
    FeedId,
    FeedKind,
    Freshness,
    Move,
    PollOutcome,
)
from storywatch.core.retention import LISTED_ANEW
from storywatch.core.window import Sifted, Sighting, asks_for_titles, same_title, sift
from storywatch.store.leases import claim_rows, give_back, is_free, lost
from storywatch.store.tables import entry as entries
from storywatch.store.tables import feed as feeds
from storywatch.store.tables import feed_notice as notices

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.core.model import ArticleId, FeedNotice, ListedEntry, PollPlan
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found

MOST_UPDATES = 24  # of one entry: a live blog is read once an hour for a day, a page that never rests no longer
TITLES = 1000  # the newest entries of a feed, among which an old one is looked for under a new key
CLAIMED = frozenset({  # what a claim is made of
    "id", "uid", "url", "owner", "lang", "every_seconds", "timezone", "kind", "selector", "backfill_seconds", "moved_to", "etag",
    "last_modified", "body_hash", "failures", "interval_seconds", "first_poll", "validators_lie", "afresh_at", "status", "polled_at",
    "succeeded_at", "newest_at", "moving_to", "moving_since", "moving_polls", "pace",
})  # fmt: skip
START_AFRESH: dict[str, Any] = {
    "moved_to": None,
    "moving_to": None,
    "moving_since": None,
    "moving_polls": 0,
    "gone_at": None,
    "newest_at": None,
    "listed_at": None,
    "afresh_at": None,
    "validators_lie": False,
    "pace": None,
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
            self.database.lock(connection, "configuration")
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
        """Every feed is due now, whatever was planned, those that are gone too; those being polled are left alone."""
        with self.database.write() as connection:
            connection.execute(update(feeds).where(is_free(feeds, now)).values(next_poll_at=now, gone_at=None))

    def claim_feeds(self, *, now: datetime, limit: int, lease: timedelta) -> list[FeedClaim]:
        """T1: up to `limit` due feeds, the longest overdue first."""
        token = uuid4().hex
        with self.database.write() as connection:
            rows = connection.execute(_DUE, {"now": now, "most": limit}).all()
            if rows:
                taken = {"rows": [row.id for row in rows], "lease": token, "lease_until": now + lease}
                connection.execute(_TAKEN, taken)
        return [_claim_of(row, token, now) for row in rows]

    def record_poll(self, claim: FeedClaim, plan: PollPlan) -> PollOutcome:
        """T2 for one poll. Raises `LeaseLost`."""
        [outcome] = self.record_polls([(claim, plan)])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def record_polls(self, polled: Sequence[tuple[FeedClaim, PollPlan]]) -> list[PollOutcome | Exception]:
        """T2: of each poll entries, validators, notices and the next poll, together. `LeaseLost` where it is.

        All of them in one transaction. Where something in it fails, each in one of its own: none spoils the others.
        """
        begun = False
        try:
            with self.database.write() as connection:
                begun = True
                return self._record_polls(connection, polled)
        except Exception as error:  # noqa: BLE001  each poll's error goes to whom it concerns
            if not begun or len(polled) == 1:
                return [error for _ in polled]
        return [outcome for one in polled for outcome in self.record_polls([one])]

    def _record_polls(
        self, connection: Connection, polled: Sequence[tuple[FeedClaim, PollPlan]]
    ) -> list[PollOutcome | Exception]:
        """The leases are looked at first, under lock; then all feeds are written by a few statements."""
        held = {row.uid: row for row in connection.execute(_HELD, {"uids": [claim.feed.id for claim, _ in polled]})}
        changes: defaultdict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
        outcomes: list[PollOutcome | Exception] = []
        for claim, plan in polled:
            row = held.get(claim.feed.id)
            if row is None or row.lease != claim.lease:
                outcomes.append(lost(feeds))
                continue
            del held[row.uid]
            outcome, values = self._record_poll(connection, row.id, claim, plan)
            changes[frozenset(values)].append({"row": row.id, "lease": None, "lease_until": None, **values})
            outcomes.append(outcome)
        for alike in changes.values():
            connection.execute(_GIVEN_BACK, alike)
        return outcomes

    def _record_poll(
        self, connection: Connection, feed_id: int, claim: FeedClaim, plan: PollPlan
    ) -> tuple[PollOutcome, dict[str, Any]]:
        """What the poll came to, and what is to be changed of its feed."""
        listed = {_entry_uid(claim.feed.id, item): item for item in reversed(plan.entries)}  # the first one wins
        look = _look_at(connection, feed_id, claim, plan, listed) if listed else _Look(plan=plan)
        plan = look.plan
        notices_due = (*plan.notices, *look.sifted.notices)
        told = self._record_notices(connection, feed_id, claim, notices_due) if notices_due else ()
        counts = self._record_entries(connection, feed_id, look) if listed else PollOutcome()
        failed = plan.error is not None
        outcome = PollOutcome(
            new=counts.new,
            changed=counts.changed,
            known=counts.known,
            held=counts.held,
            failed=failed,
            unchanged=not listed and not failed,
            notices=told,
            next_poll_at=plan.next_poll_at,
        )
        return outcome, _changes_of(claim, look)

    def record_earlier(self, claim: FeedClaim, plan: PollPlan) -> int:
        """Entries that were lost between two polls and found in an archive; how many are new to us."""
        listed = {_entry_uid(claim.feed.id, item): item for item in reversed(plan.entries)}
        with self.database.write() as connection:
            feed_id = connection.execute(select(feeds.c.id).where(feeds.c.uid == claim.feed.id)).scalar_one()
            rows = _known_rows(connection, feed_id, listed)
            look = _Look(plan=plan)
            fresh = [_new_entry(uid, item, feed_id, look) for uid, item in listed.items() if uid not in rows]
            return self._insert_entries(connection, _in_reading_order(fresh, plan))

    def _record_entries(self, connection: Connection, feed_id: int, look: _Look) -> PollOutcome:
        changed = 0
        fresh: list[dict[str, Any]] = []
        held: list[dict[str, Any]] = []
        for uid, sighting in look.seen.items():
            row = look.rows.get(uid)
            is_news = sighting.listed.key in look.sifted.news
            if row is not None and look.sifted.rename and row.uid != uid and not is_news:
                values = _rename(uid, sighting.listed)
            elif sighting.known and sighting.changed and row is not None:
                values = _update_of(sighting.listed, row, look.plan)
                changed += 1
            elif sighting.known:
                continue
            else:
                is_held = sighting.listed.key in look.sifted.held
                (held if is_held else fresh).append(_new_entry(uid, sighting.listed, feed_id, look))
                continue
            connection.execute(update(entries).where(entries.c.id == row.id).values(values))
        new = self._insert_entries(connection, _in_reading_order(fresh, look.plan))
        kept = self._insert_entries(connection, held)
        return PollOutcome(new=new, changed=changed, known=len(look.seen) - new - changed - kept, held=kept)

    def _insert_entries(self, connection: Connection, fresh: list[dict[str, Any]]) -> int:
        if not fresh:
            return 0
        # Counted by the driver: to hear the new ids back costs twice as much as the rows themselves.
        insert = self.database.insert(entries).on_conflict_do_nothing()
        return connection.execute(insert, fresh, execution_options={"preserve_rowcount": True}).rowcount

    def _record_notices(
        self, connection: Connection, feed_id: int, claim: FeedClaim, told: Iterable[FeedNotice]
    ) -> tuple[FeedNotice, ...]:
        """Those of them that were not told before."""
        insert = self.database.insert(notices).on_conflict_do_nothing().returning(notices.c.id)
        fresh = []
        for notice in told:
            uid = digest("notice", claim.feed.id, notice.kind, notice.mark)
            values = {"uid": uid, "feed_id": feed_id, "kind": notice.kind, "told": notice.told, "at": notice.at}
            if connection.execute(insert, values).all():
                fresh.append(notice)
        return tuple(fresh)

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

    def release_entry(self, entry: Entry) -> None:
        """Nothing was done about it: it waits as it did before. Raises `LeaseLost`."""
        with self.database.write() as connection:
            give_back(connection, entries, entries.c.id == entry.id, lease=entry.lease)

    def renew_entries(self, claimed: Collection[Entry], *, until: datetime) -> None:
        """They are being worked on: their leases last until then. One that is lost stays lost."""
        leases = {entry.lease for entry in claimed}
        held = update(entries).where(entries.c.id.in_([entry.id for entry in claimed]), entries.c.lease.in_(leases))
        with self.database.write() as connection:
            connection.execute(held.values(lease_until=until))

    def ahead_of(self, entry: Entry, *, now: datetime, limit: int = 500) -> list[Ahead]:
        """The entries that come before it in judging order and are due or being worked on, the first one first."""
        before = tuple_(entries.c.seen_at, entries.c.id) < tuple_(
            literal(entry.seen_at, entries.c.seen_at.type), literal(entry.id)
        )
        query = (
            select(feeds.c.uid, is_free(entries, now).label("free"))
            .join(feeds, feeds.c.id == entries.c.feed_id)
            .where(entries.c.state == EntryState.WAITING, entries.c.not_before <= now, before)
            .order_by(entries.c.seen_at, entries.c.id)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [Ahead(feed=FeedId(row.uid), free=row.free) for row in connection.execute(query)]

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


def _claim_of(row: Found, lease: str, now: datetime) -> FeedClaim:
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
        afresh=is_due_afresh(validators_lie=row.validators_lie, afresh_at=row.afresh_at, now=now),
        status=row.status,
        polled_at=row.polled_at,
        succeeded_at=row.succeeded_at,
        newest_at=row.newest_at,
        move=Move(to=row.moving_to, since=row.moving_since, polls=row.moving_polls) if row.moving_to else None,
        pace=_pace_of(row.pace),
    )


def _pace_of(kept: Any) -> Freshness | None:
    if kept is None:
        return None
    return Freshness(
        ttl=_duration(kept["ttl"]),
        skip_hours=frozenset(kept["skip_hours"]),
        skip_days=frozenset(kept["skip_days"]),
    )


def _packed_pace(pace: Freshness) -> dict[str, Any] | None:
    """None where the feed says nothing of it."""
    if pace == Freshness():
        return None
    ttl = pace.ttl and pace.ttl.total_seconds()
    return {"ttl": ttl, "skip_hours": sorted(pace.skip_hours), "skip_days": sorted(pace.skip_days)}


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _changes_of(claim: FeedClaim, look: _Look) -> dict[str, Any]:
    """What a poll changes of its feed; what the plan leaves open stays as it was."""
    plan = look.plan
    changes: dict[str, Any] = {
        "polled_at": plan.polled_at,
        "next_poll_at": plan.next_poll_at,
        "interval_seconds": plan.interval.total_seconds(),
        "failures": plan.failures,
        "error": plan.error,
        "status": plan.status,
        "first_poll": claim.first_poll and plan.state is not EntryState.BASELINE,
        "moving_to": plan.move and plan.move.to,
        "moving_since": plan.move and plan.move.since,
        "moving_polls": plan.move.polls if plan.move else 0,
        "gone_at": plan.gone_at,
    }
    if plan.error is None:
        changes["succeeded_at"] = plan.polled_at
    if look.seen:
        changes["listed_at"] = plan.polled_at
    if plan.validators is not None:
        changes |= {"etag": plan.validators.etag, "last_modified": plan.validators.last_modified}
    if plan.pace is not None:
        changes["pace"] = _packed_pace(plan.pace)
    if look.sifted.lied:
        changes["validators_lie"] = True
    found = {
        "body_hash": plan.body_hash,
        "title": plan.title,
        "moved_to": plan.moved_to,
        "afresh_at": plan.afresh_at,
        "newest_at": plan.newest_at,
    }
    return changes | {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A poll beside what is known: its plan, made whole, and by uid what was listed and the rows of what we have."""

    plan: PollPlan
    seen: dict[str, Sighting] = field(default_factory=dict)
    rows: dict[str, Found] = field(default_factory=dict)
    sifted: Sifted = field(default_factory=Sifted)


def _look_at(
    connection: Connection, feed_id: int, claim: FeedClaim, plan: PollPlan, listed: dict[str, ListedEntry]
) -> _Look:
    rows = _known_rows(connection, feed_id, listed)
    _note_listed(connection, rows.values(), plan)
    seen = {uid: _sighting(uid, item, rows.get(uid)) for uid, item in listed.items()}
    if asks_for_titles(claim, plan, list(seen.values())):
        familiar = _familiar_rows(connection, feed_id, seen, rows)
        for uid, row in familiar.items():
            seen[uid] = replace(seen[uid], familiar=True, changed=row.fingerprint != seen[uid].listed.fingerprint)
        rows |= familiar
    sightings = list(seen.values())
    new = sum(not sighting.known for sighting in sightings)
    changed = sum(sighting.changed for sighting in sightings)
    if not new and not changed:
        return _Look(plan=learn_interval(claim, plan, moments=(), listed=len(seen), new=0, changed=0), seen=seen)
    last = connection.execute(_LAST.where(entries.c.feed_id == feed_id)).all()
    moments = [moment for row in last if (moment := _first_known(row))]
    sifted = sift(claim, plan, sightings, knows=bool(last), moments=moments)
    if not sifted.rename:  # old entries in new clothes say nothing of how often news comes
        came = [*moments, plan.polled_at]
        plan = learn_interval(claim, plan, moments=came, listed=len(seen), new=new, changed=changed)
    return _Look(plan=plan, seen=seen, rows=rows, sifted=sifted)


def _note_listed(connection: Connection, rows: Iterable[Found], plan: PollPlan) -> None:
    """Who is still on the list after a month is kept: forgotten, it would be news. Most entries leave it sooner."""
    before = plan.polled_at - LISTED_ANEW
    stale = [row.id for row in rows if (row.listed_at or row.seen_at) < before]
    if stale:
        connection.execute(_LISTED, {"rows": stale, "listed_at": plan.polled_at})


def _sighting(uid: str, item: ListedEntry, row: Found | None) -> Sighting:
    if row is None:
        return Sighting(listed=item)
    changed = row.fingerprint != item.fingerprint and row.updates < MOST_UPDATES
    return Sighting(listed=item, known=True, renamed=row.uid != uid, changed=changed)


def _first_known(row: Found) -> datetime | None:
    baseline = row.state in {EntryState.BASELINE, EntryState.HELD}
    return first_known(seen_at=row.seen_at, published_at=row.published_at, baseline=baseline)


def _familiar_rows(
    connection: Connection, feed_id: int, seen: dict[str, Sighting], rows: dict[str, Found]
) -> dict[str, Found]:
    """By the uid under which they are listed now, rows that bear the title of an entry that is not known."""
    query = _TITLED.where(entries.c.feed_id == feed_id).order_by(entries.c.seen_at.desc()).limit(TITLES)
    taken = {row.id for row in rows.values()}
    by_title = {same_title(row.title): row for row in connection.execute(query) if row.id not in taken}
    by_title.pop(None, None)
    familiar: dict[str, Found] = {}
    for uid, sighting in reversed(seen.items()):  # the first one listed is the known one
        title = same_title(sighting.listed.title)
        if not sighting.known and title in by_title:
            familiar[uid] = by_title.pop(title)
    return familiar


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
    at_address = {uid: by_address[address] for uid, address in addresses.items() if address in by_address}
    # An address at which one thing after another stands: what was read often enough makes room for the next.
    worn = {uid for uid, row in at_address.items() if _is_worn(row, listed[uid])}
    return by_key | {uid: row for uid, row in at_address.items() if uid not in worn}


def _is_worn(row: Found, item: ListedEntry) -> bool:
    return bool(row.updates >= MOST_UPDATES and row.fingerprint != item.fingerprint)


# Put together once: to do so at each poll costs more than to run them.
_DUE = (
    select(*(column for column in feeds.c if column.name in CLAIMED))
    .where(
        feeds.c.enabled,
        feeds.c.gone_at.is_(None),
        feeds.c.next_poll_at <= bindparam("now"),
        is_free(feeds, bindparam("now")),
    )
    .order_by(feeds.c.next_poll_at, feeds.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKEN = update(feeds).where(feeds.c.id.in_(bindparam("rows", expanding=True)))
_HELD = (
    select(feeds.c.id, feeds.c.uid, feeds.c.lease)
    .where(feeds.c.uid.in_(bindparam("uids", expanding=True)))
    .order_by(feeds.c.id)
    .with_for_update()
)
_GIVEN_BACK = update(feeds).where(feeds.c.id == bindparam("row"))
_KNOWN = select(
    entries.c.id,
    entries.c.uid,
    entries.c.url_uid,
    entries.c.fingerprint,
    entries.c.updates,
    entries.c.seen_at,
    entries.c.listed_at,
).order_by(entries.c.id)
_LISTED = update(entries).where(entries.c.id.in_(bindparam("rows", expanding=True)))
_TITLED = select(entries.c.id, entries.c.uid, entries.c.title, entries.c.fingerprint)
_LAST = (
    select(entries.c.seen_at, entries.c.published_at, entries.c.state)
    .order_by(entries.c.seen_at.desc(), entries.c.id.desc())
    .limit(HABIT)
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


def _new_entry(uid: str, item: ListedEntry, feed_id: int, look: _Look) -> dict[str, Any]:
    held = item.key in look.sifted.held
    state, note = (EntryState.HELD, look.sifted.note) if held else (look.plan.state_of(item), None)
    fresh = {"state": state, "note": note, "not_before": look.plan.polled_at, "tries": 0, "updates": 0}
    return {"uid": uid, "feed_id": feed_id, **fresh, **_words_of(item, look.plan)}


def _in_reading_order(fresh: list[dict[str, Any]], plan: PollPlan) -> list[dict[str, Any]]:
    return sorted(fresh, key=lambda values: values["published_at"] or plan.polled_at)


def _rename(uid: str, item: ListedEntry) -> dict[str, Any]:
    """An old entry under a new key: nothing of it is news, and nothing that became of it changes."""
    words = {"title": item.title, "summary": item.summary, "fingerprint": item.fingerprint}
    return {"uid": uid, "url": item.url, "url_key": item.url_key, "url_uid": _url_uid(item), **words}


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
