"""Answers of language models, and what was asked of them each day, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from storywatch.core.opinion import Reservation, plan_pause
from storywatch.store.tables import opinion_answer, opinion_day, opinion_endpoint

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.store.engine import Database
    from storywatch.store.tables import Found

ANSWERS_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionView:
    """How asking does: calls of this day and of all, failures of all, and why nothing is asked now, if so."""

    calls_today: int = 0
    calls: int = 0
    failures: int = 0
    paused_until: datetime | None = None
    last_failure: str | None = None
    budget: int = 0  # calls a day; 0: nobody is asked

    @property
    def left(self) -> int:
        """Calls that may still be made this day."""
        return max(0, self.budget - self.calls_today)


@dataclass(frozen=True, slots=True)
class Opinions:
    """Implements `ports.Opinions`."""

    database: Database

    def reserve_call(self, endpoint: str, key: str, *, budget: int, now: datetime) -> Reservation:
        """The kept answer, or one call counted, or why not: a crash after it costs a call, never the budget."""
        with self.database.write() as connection:
            kept = connection.execute(select(opinion_answer.c.answer).where(opinion_answer.c.uid == key)).scalar()
            if kept is not None:
                return Reservation(answer=kept)
            refused = _paused(_endpoint(connection, endpoint), now)
            if refused is None and not self._count(connection, budget=budget, now=now):
                refused = f"all {budget} calls of this day are made"
            return Reservation(refused=refused)

    def record_answer(self, endpoint: str, key: str, answer: str, *, now: datetime) -> None:
        """Keep it for a month: what is judged again after a crash is answered alike."""
        with self.database.write() as connection:
            connection.execute(delete(opinion_answer).where(opinion_answer.c.answered_at < now - ANSWERS_KEPT))
            row = {"uid": key, "answer": answer, "answered_at": now}
            connection.execute(self.database.insert(opinion_answer).values(row).on_conflict_do_nothing())
            self._note(connection, endpoint, failures=0, paused_until=None)

    def record_failure(self, endpoint: str, reason: str, *, now: datetime) -> datetime | None:
        """One more in a row, and the pause that follows from it."""
        with self.database.write() as connection:
            self._add_failure(connection, now)
            before = _endpoint(connection, endpoint)
            failures = (before.failures if before else 0) + 1
            paused_until = plan_pause(failures, now=now)
            self._note(connection, endpoint, failures=failures, paused_until=paused_until, last_failure=reason)
            return paused_until

    def record_odd_answer(self, endpoint: str, *, now: datetime) -> None:
        """It failed, and yet it answers."""
        with self.database.write() as connection:
            self._add_failure(connection, now)
            self._note(connection, endpoint, failures=0, paused_until=None)

    def view(self, endpoint: str | None = None, *, budget: int = 0, now: datetime) -> OpinionView:
        """How it stands; without an endpoint, only what was asked so far."""
        totals = select(func.sum(opinion_day.c.calls), func.sum(opinion_day.c.failures))
        with self.database.read() as connection:
            calls, failures = connection.execute(totals).one()
            today = connection.execute(select(opinion_day.c.calls).where(opinion_day.c.day == _day(now))).scalar()
            health = None if endpoint is None else _endpoint(connection, endpoint)
        paused = health is not None and health.paused_until is not None and health.paused_until > now
        return OpinionView(
            calls_today=today or 0,
            calls=calls or 0,
            failures=failures or 0,
            paused_until=health.paused_until if health and paused else None,
            last_failure=health.last_failure if health else None,
            budget=budget,
        )

    def _count(self, connection: Connection, *, budget: int, now: datetime) -> bool:
        """One call more for this day, unless they are all made. Two at once can't both get the last one."""
        first = self.database.insert(opinion_day).values(day=_day(now), calls=1, failures=0)
        counted = first.on_conflict_do_update(
            index_elements=["day"],
            set_={"calls": opinion_day.c.calls + 1},
            where=opinion_day.c.calls < budget,
        ).returning(opinion_day.c.calls)
        return connection.execute(counted).scalar() is not None

    def _add_failure(self, connection: Connection, now: datetime) -> None:
        first = self.database.insert(opinion_day).values(day=_day(now), calls=0, failures=1)
        set_ = {"failures": opinion_day.c.failures + 1}
        connection.execute(first.on_conflict_do_update(index_elements=["day"], set_=set_))

    def _note(self, connection: Connection, endpoint: str, **values: Any) -> None:
        row = self.database.insert(opinion_endpoint).values(uid=endpoint, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["uid"], set_=values))


def _endpoint(connection: Connection, uid: str) -> Found | None:
    return connection.execute(select(opinion_endpoint).where(opinion_endpoint.c.uid == uid)).one_or_none()


def _paused(row: Found | None, now: datetime) -> str | None:
    if row is None or row.paused_until is None or row.paused_until <= now:
        return None
    until = f"{row.paused_until.astimezone(UTC):%H:%M} UTC"
    return f"paused until {until} after {row.failures} failures in a row"


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()
