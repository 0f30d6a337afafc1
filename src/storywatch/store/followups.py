"""Follow-ups to what was told, found in the rows: reminders, corroborations, corrections. Sources of the announcer.

Each looks twice a minute at the most, at developments of the last days, by indexes, and remembers until when each of
them needs no look; what it finds due it writes in one transaction with its deliveries.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select

from storywatch.core.corrections import development_id, moved_by
from storywatch.core.followups import (
    FOLLOWED,
    MOST_REMINDERS,
    REMINDED_LATE,
    SECOND_THOUGHTS,
    Followup,
    History,
    Later,
    Level,
    Revision,
    Told,
    desk_in_words,
    last_told_at,
    plan_correction,
    plan_corroboration,
    plan_reminder,
)
from storywatch.core.model import (
    AlertKind,
    ArticleId,
    ChannelId,
    DeliveryState,
    DevelopmentId,
    FeedbackKind,
    Recipient,
    Severity,
)
from storywatch.core.revisits import AmendmentKind
from storywatch.store.alerts import record_alert
from storywatch.store.reports import load_carriers
from storywatch.store.said import load_all_said, load_revisions
from storywatch.store.silences import active_silences
from storywatch.store.tables import acknowledgement, alert, amendment, article, delivery, development, feedback, verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from storywatch.core.followups import Carrier
    from storywatch.core.model import DeliveryId, Watch, WatchId
    from storywatch.ports import Desk
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found, Query

LOOK_EVERY = timedelta(seconds=30)
AGAIN_AFTER = timedelta(minutes=5)  # where it is not known what must happen first
SELDOM = timedelta(hours=1)  # where nothing more is expected
ALL_EVERY = timedelta(minutes=10)  # what may have slipped by, or waits for others
AT_ONCE = 500  # of one IN list
MOST_LOOKED_AT = 100  # of one watch, in one look: the store's thread has other work


@dataclass
class Followups:
    """A source of follow-ups; `_due` says which. A look within half a minute of the last one finds nothing."""

    database: Database
    desk: Desk
    looked_at: datetime | None = field(default=None, init=False)
    rests: dict[str, datetime] = field(default_factory=dict, init=False)  # developments that need no look until then
    asked: list[tuple[Any, ...]] = field(default_factory=list, init=False)

    def announce(self, *, now: datetime) -> list[DeliveryId]:
        """Write what there is to tell now; the deliveries that are new."""
        if self.looked_at is not None and timedelta() <= now - self.looked_at < LOOK_EVERY:
            return []
        self.looked_at = now
        asked: list[tuple[Any, ...]] = [
            (one.id, one.channels, one.remind, one.corroborate) for one in self.desk.watches
        ]
        asked += [(channel, rules.recipients) for channel, rules in self.desk.rules.items()]
        if asked != self.asked:  # a reload, or a look that failed: what was to rest by it need not
            self.rests.clear()
        self.asked = []
        with self.database.read() as connection:
            due = list(self._due(connection, now=now))
        new = self._write(due) if due else []
        self.asked = asked  # only now: what was not committed is looked at again
        return new

    def _write(self, due: Sequence[Followup]) -> list[DeliveryId]:
        with self.database.write() as connection:
            return [new for one in due if self._holds(connection, one) for new in self._record(connection, one)]

    def _due(self, connection: Connection, *, now: datetime) -> Iterator[Followup]:
        raise NotImplementedError

    def _awake(self, rows: Iterable[Found], *, now: datetime) -> list[Found]:
        """Those that may have something due."""
        return [row for row in rows if self.rests.get(row.uid, now) <= now][:MOST_LOOKED_AT]

    def _forget(self, *, before: datetime) -> None:
        """What is awake need not be remembered."""
        self.rests = {uid: until for uid, until in self.rests.items() if until > before}

    def _holds(self, connection: Connection, one: Followup) -> bool:  # noqa: ARG002  what may have changed since it was planned
        return True

    def _record(self, connection: Connection, one: Followup) -> list[DeliveryId]:
        return record_alert(self.database, connection, one.alert, one.deliveries, development_id=one.key)


class Reminders(Followups):
    """What was told and nobody took notice of is told again."""

    def _due(self, connection: Connection, *, now: datetime) -> Iterator[Followup]:
        silences = active_silences(connection, at=now)
        for watch in self.desk.watches:
            if watch.remind is None or not watch.channels:
                continue
            since = now - (watch.remind + REMINDED_LATE) * (MOST_REMINDERS + 1)
            unnoticed = (
                ~select(acknowledgement.c.id).where(acknowledgement.c.development_id == development.c.id).exists()
            )
            query = _developments(watch.id, since=since).where(unnoticed)
            rows = self._awake(_standing(connection, watch.id, query), now=now)
            for uid, history in load_histories(connection, rows).items():
                planned = plan_reminder(history, watch, silences=silences, rules=self.desk.rules, now=now)
                self.rests[uid] = self._rests_until(history, watch.remind, planned=planned is not None, now=now)
                if planned is not None:
                    yield planned
        self._forget(before=now)

    def _rests_until(self, history: History, remind: timedelta, *, planned: bool, now: datetime) -> datetime:
        """What happens meanwhile can only make the next reminder later."""
        if planned:
            return now + min(remind, SELDOM)
        if not history.told:
            return now + AGAIN_AFTER
        due_at = last_told_at(history) + remind
        if due_at > now:
            return due_at
        return now + (AGAIN_AFTER if now <= due_at + REMINDED_LATE else SELDOM)

    def _holds(self, connection: Connection, one: Followup) -> bool:
        noticed = select(acknowledgement.c.id).where(acknowledgement.c.development_id == one.key)
        return connection.execute(noticed).first() is None


@dataclass
class Corroborations(Followups):
    """Who was told a development hears when so many owners report it as the watch asks for."""

    carried: dict[str, tuple[int | None, int]] = field(default_factory=dict, init=False)

    def _due(self, connection: Connection, *, now: datetime) -> Iterator[Followup]:
        before, self.carried = self.carried, {}
        for watch in self.desk.watches:
            if not watch.corroborate or not watch.channels:
                continue
            rows = _standing(connection, watch.id, _reported_by_some(watch, since=now - FOLLOWED))
            revision = load_revisions(connection).get(watch.id, 0)
            self.carried |= {row.uid: (row.carried, revision) for row in rows}
            for row in rows:  # more articles carry it, or the desk has spoken of its story
                if before.get(row.uid) != self.carried[row.uid]:
                    self.rests.pop(row.uid, None)
            top = max(watch.corroborate)
            found = load_histories(connection, self._awake(rows, now=now))
            self.rests |= {uid: now + (AGAIN_AFTER if one.waits else FOLLOWED) for uid, one in found.items()}
            histories = {
                uid: history
                for uid, history in found.items()
                if history.told.keys() - history.planned(AlertKind.CORROBORATED, level=top)
            }
            for uid, carriers in _carriers(connection, histories).items():
                planned = plan_corroboration(histories[uid], carriers, watch, rules=self.desk.rules, now=now)
                if planned is not None:
                    yield planned
        self._forget(before=now)


class Corrections(Followups):
    """Who was told a development hears when its outlet corrects it or takes it back, or the desk calls it wrong."""

    def _due(self, connection: Connection, *, now: datetime) -> Iterator[Followup]:
        yield from self._by_outlets(connection, now=now)
        yield from self._by_desk(connection, now=now)

    def _by_desk(self, connection: Connection, *, now: datetime) -> Iterator[Followup]:
        """Where more than one was told: who was the only one has said it, and knows."""
        watches = {watch.id: watch for watch in self.desk.watches if watch.channels}
        for watch_id, answers in load_all_said(connection, watches.keys()).items():
            wrong = {
                development_id(watch_id, said.article): said
                for said in answers.values()
                if said.kind is FeedbackKind.WRONG and now - FOLLOWED <= said.given_at <= now - SECOND_THOUGHTS
            }
            rows = _in_parts(connection, select(development), development.c.uid, wrong)
            for uid, history in load_histories(connection, rows).items():
                if len(history.told) > 1:
                    said = Revision(level=Level.DESK, words=desk_in_words(wrong[DevelopmentId(uid)]))
                    planned = plan_correction(history, watches[watch_id], said, rules=self.desk.rules, now=now)
                    if planned is not None:
                        yield planned

    def _by_outlets(self, connection: Connection, *, now: datetime) -> Iterator[Followup]:
        query = select(amendment).where(amendment.c.found_at >= now - FOLLOWED).order_by(amendment.c.id)
        found = connection.execute(query).all()
        retracted = {row.url_key for row in found if row.kind != AmendmentKind.CORRECTION}
        amended = [row for row in found if self.rests.get(row.uid, now) <= now][:MOST_LOOKED_AT]
        if not amended:
            return
        self._forget(before=now)
        self.rests |= {row.uid: now + ALL_EVERY for row in amended}
        versions = _in_parts(
            connection,
            select(article.c.uid, article.c.url_key, article.c.outlet_name),
            article.c.url_key,
            {row.url_key for row in amended},
        )
        for watch in self.desk.watches:
            if watch.channels:
                yield from self._of_watch(connection, watch, amended, versions, retracted, now=now)

    def _of_watch(
        self,
        connection: Connection,
        watch: Watch,
        amended: Sequence[Found],
        versions: Sequence[Found],
        retracted: Collection[str],
        *,
        now: datetime,
    ) -> Iterator[Followup]:
        broken = {development_id(watch.id, ArticleId(row.uid)): row for row in versions}
        found = _in_parts(connection, select(development), development.c.uid, broken)
        standing = _standing_of(connection, watch.id, sorted(found, key=lambda row: int(row.id)))
        rows = {row.uid: row for row in standing}
        histories = load_histories(connection, list(rows.values()))
        told_as_news = _told(connection, rows)
        carriers = _carriers(connection, histories) if any(row.kind == AmendmentKind.GONE for row in amended) else {}
        for row in amended:
            if row.article and development_id(watch.id, ArticleId(row.article)) in told_as_news:
                continue  # what it corrects is told as a development
            level = Level.CORRECTION if row.kind == AmendmentKind.CORRECTION else Level.RETRACTION
            own = [
                history
                for uid, history in histories.items()
                if broken[DevelopmentId(uid)].url_key == row.url_key
                and broken[DevelopmentId(uid)].uid != row.article
                and rows[uid].first_seen_at <= row.found_at
            ]
            heard = {one for history in own for one in history.planned(AlertKind.CORRECTED, level=level)}
            for history in reversed(own):  # of one article the newest development that somebody was told
                if row.kind == AmendmentKind.GONE and any(
                    one.url_key not in retracted for one in carriers[history.development]
                ):
                    continue
                said = _revision(row, broken[history.development].outlet_name, level)
                planned = plan_correction(history, watch, said, heard=heard, rules=self.desk.rules, now=now)
                if planned is not None:
                    heard |= {one.recipient for one in planned.deliveries}
                    yield planned


def _revision(row: Found, outlet: str, level: Level) -> Revision:
    words = {
        AmendmentKind.CORRECTION: f"{outlet} has corrected its report",
        AmendmentKind.RETRACTION: f"{outlet} has taken its report back",
        AmendmentKind.GONE: f"{outlet} has removed its report, and nobody else reports it",
    }[AmendmentKind(row.kind)]
    return Revision(level=level, words=words, url=row.url, sentence=row.sentence)


# ---------------------------------------------------------------------- rows


def _developments(watch: WatchId, *, since: datetime) -> Query:
    return select(development.c.id, development.c.uid, development.c.severity).where(
        development.c.watch == watch, development.c.first_seen_at >= since
    )


def _reported_by_some(watch: Watch, *, since: datetime) -> Query:
    """Developments that as many articles may carry as the lowest level asks for; the desk may have added some."""
    recent = _developments(watch.id, since=since)
    uids = recent.with_only_columns(development.c.uid)
    carried = (
        select(verdict.c.development, func.count().label("carried"))
        .where(verdict.c.watch == watch.id, verdict.c.development.in_(uids))
        .group_by(verdict.c.development)
        .having(func.count() >= min(watch.corroborate))
        .subquery()
    )
    named = select(feedback.c.development).where(
        feedback.c.watch == watch.id, feedback.c.development.is_not(None), feedback.c.undone_at.is_(None)
    )
    counted = recent.outerjoin(carried, carried.c.development == development.c.uid).add_columns(carried.c.carried)
    return counted.where(carried.c.carried.is_not(None) | development.c.uid.in_(named))


def _standing(connection: Connection, watch: WatchId, query: Query) -> list[Found]:
    return _standing_of(connection, watch, connection.execute(query.order_by(development.c.id)).all())


def _standing_of(connection: Connection, watch: WatchId, rows: Sequence[Found]) -> list[Found]:
    """Those that the desk has not called something else."""
    if not rows:
        return []
    moved = moved_by(watch, load_all_said(connection, [watch])[watch].values())
    return [row for row in rows if row.uid not in moved]


def _told(connection: Connection, developments: Collection[str]) -> set[str]:
    """Those of them that were told as news."""
    query = (
        select(development.c.uid)
        .join(alert, alert.c.development_id == development.c.id)
        .where(alert.c.kind == AlertKind.REPORTED, alert.c.held.is_(None))
    )
    return {row.uid for row in _in_parts(connection, query, development.c.uid, developments)}


def _carriers(connection: Connection, histories: Mapping[str, History]) -> dict[str, tuple[Carrier, ...]]:
    uids = [uid for uid, history in histories.items() if history.told]
    found: dict[str, tuple[Carrier, ...]] = dict.fromkeys(histories, ())
    for start in range(0, len(uids), AT_ONCE):
        found |= load_carriers(connection, uids[start : start + AT_ONCE])
    return found


def load_histories(connection: Connection, rows: Sequence[Found]) -> dict[str, History]:
    """By their ids, for rows of `development`: to whom each was told and what was said of it later.

    What was folded into another message was told with it.
    """
    whole = delivery.alias("whole")
    query = (
        select(
            alert.c.development_id,
            alert.c.kind,
            alert.c.detail,
            alert.c.created_at,
            delivery.c.channel,
            delivery.c.address,
            delivery.c.state,
            delivery.c.sent_at,
            delivery.c.first_try_at,
            whole.c.state.label("whole_state"),
            whole.c.sent_at.label("whole_sent_at"),
            whole.c.first_try_at.label("whole_first_try_at"),
        )
        .join(delivery, delivery.c.alert_id == alert.c.id)
        .outerjoin(whole, and_(delivery.c.state == DeliveryState.FOLDED, whole.c.uid == delivery.c.folded_into))
        .order_by(delivery.c.id)
    )
    told: defaultdict[int, dict[Recipient, Told]] = defaultdict(dict)
    later: defaultdict[int, list[Later]] = defaultdict(list)
    waiting: set[int] = set()
    for row in _in_parts(connection, query, alert.c.development_id, [one.id for one in rows]):
        to = Recipient(channel=ChannelId(row.channel), address=row.address)
        folded = row.state == DeliveryState.FOLDED
        state = row.whole_state if folded else row.state
        sent_at = (row.whole_sent_at if folded else row.sent_at) if state == DeliveryState.SENT else None
        if row.kind != AlertKind.REPORTED:
            one = Later(
                kind=AlertKind(row.kind),
                detail=row.detail,
                recipient=to,
                created_at=row.created_at,
                waits=state == DeliveryState.WAITING,
                sent_at=sent_at,
            )
            later[row.development_id].append(one)
        elif sent_at is not None:
            made_at = row.whole_first_try_at if folded else row.first_try_at
            told[row.development_id][to] = Told(sent_at=sent_at, made_at=made_at or sent_at)
        elif state == DeliveryState.WAITING:
            waiting.add(row.development_id)
    return {
        row.uid: History(
            key=row.id,
            development=DevelopmentId(row.uid),
            severity=Severity(row.severity),
            told=told[row.id],
            waits=row.id in waiting,
            later=tuple(later[row.id]),
        )
        for row in rows
    }


def _in_parts(connection: Connection, query: Query, column: Any, values: Iterable[Any]) -> list[Found]:
    """The rows whose column has one of these values: asked in parts, since no database takes a list without an end."""
    wanted = list(values)
    return [
        row
        for start in range(0, len(wanted), AT_ONCE)
        for row in connection.execute(query.where(column.in_(wanted[start : start + AT_ONCE])))
    ]
