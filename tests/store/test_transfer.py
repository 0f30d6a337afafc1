"""From an SQLite file to PostgreSQL: everything, once, whenever it is cut off."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from builders import NOON, a_judged, an_article
from desks import LEASE, Desk
from every_table import a_row, fill
from sqlalchemy import delete, func, insert, select, text, update

from storywatch.core.model import AttemptOutcome, DeliveryState, Validators
from storywatch.errors import SchemaError, StorywatchError
from storywatch.store import tables
from storywatch.store.engine import lock_database, open_database, release_leases
from storywatch.store.migrate import migrate_database
from storywatch.store.transfer import open_transfer
from storywatch.store.versions import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from conftest import PostgresServer

    from storywatch.core.model import DeliveryId
    from storywatch.store.engine import Database
    from storywatch.store.transfer import Transfer

ALL = tables.metadata.sorted_tables
ROWS = 7
IMPATIENT = timedelta(milliseconds=50)

# Carries what its arguments name, two rows at a time, in child after child; each is killed at a later line of the code
# that carries. Prints how each of them ended.
KILLED_AT_A_LINE = """
import os, signal, sys
from storywatch.store import plain, transfer

ours = {plain.__file__, transfer.__file__}

def carry(left):
    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename not in ours:
            return None
        left -= event == "line"
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    with transfer.open_transfer(sys.argv[1], sys.argv[2]) as carrying:
        for step in carrying.steps(batch=2):
            pass

line, status = 60, None
while status != 0 and line < 2**24:
    if not (child := os.fork()):
        status = 1
        try:
            carry(line)
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(status)
    line *= 2
"""


@pytest.fixture
def source(sqlite_url: str) -> Iterator[Database]:
    """An SQLite file with rows in every table."""
    database = open_database(sqlite_url)
    with database.write() as connection:
        fill(connection, rows=ROWS)
    yield database
    database.dispose()


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def carry(source: str, target: str, *, batch: int = 1000) -> Transfer:
    with open_transfer(source, target, patience=IMPATIENT) as transfer:
        list(transfer.steps(batch=batch))
    return transfer


def carry_partly(source: str, target: str, *, doing: str = "carrying") -> None:
    """Cut off when every table is carried, or compared: only the end is missing."""
    with open_transfer(source, target) as transfer:
        steps = transfer.steps()
        next(step for step in steps if (step.doing, step.table) == (doing, ALL[-1].name))
        steps.close()


def rows_of(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Everything, as the program reads it, without the leases."""
    with database.read() as connection:
        return {
            table.name: [
                {name: value for name, value in row._mapping.items() if not name.startswith("lease")}
                for row in connection.execute(select(table).order_by(table.c.id))
            ]
            for table in ALL
        }


def rows_at(url: str) -> dict[str, list[dict[str, Any]]]:
    database = open_database(url)
    try:
        return rows_of(database)
    finally:
        database.dispose()


def assert_unfinished(url: str) -> None:
    with pytest.raises(SchemaError, match="a transfer into it is not finished"):
        open_database(url)


# --------------------------------------------------------------------- everything


def test_every_row_of_every_table_is_there_as_it_was(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """What a service reads on PostgreSQL is what it read on SQLite, to the last bit of every type."""
    transfer = carry(sqlite_url, postgres_url, batch=3)
    found = rows_at(postgres_url)
    assert found == rows_of(source)
    assert [(one.table, one.rows) for one in transfer.carried] == [(table.name, ROWS) for table in ALL]
    assert transfer.rows == ROWS * len(ALL)
    assert len({one.checksum for one in transfer.carried}) == len(ALL)


def test_every_table_has_a_number_as_its_id() -> None:
    """By which its rows are carried: a table that is added needs one too."""
    assert all([*table.primary_key.columns.keys()] == ["id"] for table in ALL)


def test_new_rows_get_new_ids(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """PostgreSQL counts on after the ids that came from SQLite."""
    carry(sqlite_url, postgres_url)
    database = open_database(postgres_url)
    with database.write() as connection:
        for table in ALL:
            row = {name: value for name, value in a_row(table, ROWS + 1).items() if name != "id"}
            assert connection.execute(insert(table).values(**row).returning(table.c.id)).scalar() == ROWS + 1
    database.dispose()


def test_tables_without_rows_are_carried_too(sqlite_url: str, postgres_url: str) -> None:
    """A service that has just begun, and a table that nobody uses."""
    database = open_database(sqlite_url)
    assert {one.rows for one in carry(sqlite_url, postgres_url).carried} == {0}
    with database.read() as old, closing(psycopg.connect(postgres_url.replace("+psycopg", ""))) as new:
        assert old.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD
        assert new.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
    database.dispose()
    desk = Desk(open_database(postgres_url))
    desk.begin()
    desk.database.dispose()


def test_leases_are_not_carried(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """Who held them is no more: work that was under way is free at once."""
    carry(sqlite_url, postgres_url)
    database = open_database(postgres_url)
    with database.read() as connection:
        for table in (table for table in ALL if "lease" in table.c):
            held = select(func.count(table.c.lease), func.count(table.c.lease_until))
            assert connection.execute(held).one() == (0, 0)
    database.dispose()


def test_what_a_killed_service_left_in_its_log_is_carried(
    source: Database, sqlite_url: str, postgres_url: str, tmp_path: Path
) -> None:
    """After kill -9 the newest rows stand only in the file beside the database, and count as much."""
    copy = tmp_path / "killed" / "storywatch.db"
    copy.parent.mkdir()
    with source.read():  # keeps the log from being put into the file
        with source.write() as connection:
            fill(connection, rows=1, first=ROWS + 1)
        for end in ("", "-wal"):
            shutil.copy(f"{path_of(sqlite_url)}{end}", f"{copy}{end}")
    assert {one.rows for one in carry(f"sqlite:///{copy}", postgres_url).carried} == {ROWS + 1}


def test_texts_that_postgresql_does_not_take_lose_only_what_it_does_not_take(
    source: Database, sqlite_url: str, postgres_url: str
) -> None:
    """A file that other tools wrote into: NUL, halves of pairs, bytes that are no text."""
    with closing(sqlite3.connect(path_of(sqlite_url))) as connection:
        for id_, stored in ((1, b"a\0b"), (2, b"a\xed\xa0\x80b"), (3, b"a\xffb"), (4, "ж🚢".encode())):
            connection.execute("UPDATE entry SET title = CAST(? AS TEXT) WHERE id = ?", (stored, id_))
        connection.commit()
    carry(sqlite_url, postgres_url)
    assert [row["title"] for row in rows_at(postgres_url)["entry"]][:4] == [
        "ab",
        "a\ufffd\ufffd\ufffdb",
        "a\ufffdb",
        "ж🚢",
    ]


def test_moments_that_were_written_otherwise_are_the_same_moments(
    source: Database, sqlite_url: str, postgres_url: str
) -> None:
    """SQLite has no type for them: whole seconds, and zones, are understood."""
    with closing(sqlite3.connect(path_of(sqlite_url))) as connection:
        for id_, stored in ((1, "2026-03-02 12:00:00"), (2, "2026-03-02T14:00:00+02:00"), (3, "0900-01-01")):
            connection.execute("UPDATE entry SET seen_at = ? WHERE id = ?", (stored, id_))
        connection.commit()
    carry(sqlite_url, postgres_url)
    moments = [row["seen_at"] for row in rows_at(postgres_url)["entry"]][:3]
    assert moments == [NOON, NOON, NOON.replace(year=900, month=1, day=1, hour=0)]


# --------------------------------------------------------------------- cut off


def test_it_can_be_cut_off_again_and_again(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """After one batch, two more, three more: it goes on with the next one, and until all is there, no service starts."""
    tries, done, batches = 0, 0, 3 * len(ALL)  # of seven rows, three at a time
    while done + tries + 1 < batches:
        tries += 1
        with open_transfer(sqlite_url, postgres_url) as transfer:
            assert transfer.resumed == (tries > 1)
            carrying = (step for step in transfer.steps(batch=3) if step.doing == "carrying")
            *_, last = islice(carrying, tries)
        done += tries
        assert last.rows == ROWS * (done // 3) + 3 * (done % 3)
        assert_unfinished(postgres_url)
    assert carry(sqlite_url, postgres_url).redone == ()
    assert tries > 9
    assert rows_at(postgres_url) == rows_of(source)


def test_it_can_be_cut_off_while_it_compares(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """All is there, and it is not used before that is known."""
    for doing in ("carrying", "checking", "comparing"):
        carry_partly(sqlite_url, postgres_url, doing=doing)
        assert_unfinished(postgres_url)
    assert carry(sqlite_url, postgres_url).redone == ()
    assert rows_at(postgres_url) == rows_of(source)


def test_kill_9_at_any_line_loses_nothing(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """Killed at a later line each time, in whatever it did then, and started again, until it comes to its end."""
    program = [sys.executable, "-c", KILLED_AT_A_LINE, sqlite_url, postgres_url]
    environ = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(program, check=True, capture_output=True, env=environ, timeout=100).stdout.split()
    *killed, last = map(int, ended)
    assert set(killed) == {-signal.SIGKILL}
    assert len(killed) >= 6
    assert last == 0
    assert rows_at(postgres_url) == rows_of(source)


def test_rows_that_came_since_go_on_top(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """The service worked on between two tries: what is new is carried too, and nothing that was there again."""
    carry_partly(sqlite_url, postgres_url)
    with source.write() as connection:
        fill(connection, rows=2, first=ROWS + 1)
    transfer = carry(sqlite_url, postgres_url)
    assert (transfer.resumed, transfer.redone) == (True, ())
    assert {one.rows for one in transfer.carried} == {ROWS + 2}
    assert rows_at(postgres_url) == rows_of(source)


def test_rows_that_changed_since_are_carried_anew(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """With those that refer to them; it names the tables. What was unique before may be elsewhere now."""
    with source.write() as connection:
        connection.execute(update(tables.trouble).where(tables.trouble.c.id == 3).values(ended_at=None))
    carry_partly(sqlite_url, postgres_url)
    with source.write() as connection:
        subject = connection.execute(select(tables.trouble.c.subject).where(tables.trouble.c.id == 3)).scalar_one()
        connection.execute(update(tables.trouble).where(tables.trouble.c.id == 3).values(ended_at=NOON))
        again = {**a_row(tables.trouble, 9), "subject": subject, "ended_at": None}
        connection.execute(insert(tables.trouble).values(**again))  # of one subject one goes on at a time
        connection.execute(update(tables.alert).where(tables.alert.c.id == 1).values(kind="x"))
        connection.execute(delete(tables.opinion_day).where(tables.opinion_day.c.id == ROWS))
    assert carry(sqlite_url, postgres_url).redone == tuple(
        table.name for table in ALL if table.name in {"trouble", "alert", "delivery", "attempt", "opinion_day"}
    )
    assert rows_at(postgres_url) == rows_of(source)


def test_what_is_written_meanwhile_is_carried_by_the_next_try(
    source: Database, sqlite_url: str, postgres_url: str
) -> None:
    """Commands such as `mute` need no lock: what they did is not lost without a word."""
    with open_transfer(sqlite_url, postgres_url) as transfer:
        steps = transfer.steps()
        next(steps)
        with source.write() as connection:
            connection.execute(insert(tables.silence).values(**a_row(tables.silence, ROWS + 1)))
        with pytest.raises(StorywatchError, match=r"was written to while it was carried.*run the same command again"):
            list(steps)
    assert_unfinished(postgres_url)
    carry(sqlite_url, postgres_url)
    assert rows_at(postgres_url) == rows_of(source)


# --------------------------------------------------------------------- nothing is told again


def told_and_waiting(url: str) -> Database:
    """Of five developments one was sent, one is dead, one was being sent when the service died, and two wait."""
    desk = Desk(open_database(url))
    desk.begin()
    for number in range(5):
        told = an_article(url=f"https://harbor-times.example/{number}", title=f"Ships sail {number}")
        desk.judge(told, a_judged(told))
        at = NOON + timedelta(minutes=number)
        claims = desk.claims(at) if number < 3 else []
        for claim, state in zip(
            claims, {0: [DeliveryState.SENT], 1: [DeliveryState.DEAD]}.get(number, []), strict=False
        ):
            desk.outbox.finish_delivery(claim, AttemptOutcome(state=state, at=at, reason="so"))
    at = NOON + timedelta(days=1)
    desk.poll(at=at, validators=Validators(etag='"7"'), next_poll_at=at + timedelta(hours=1))
    desk.polls.claim_feeds(now=at + timedelta(hours=2), limit=9, lease=LEASE)  # it was being asked too
    return desk.database


def sent_from(database: Database) -> list[tuple[datetime, DeliveryId, bytes]]:
    """What a service sends within an hour."""
    outbox, sent = Desk(database), []
    for minute in range(5, 65):
        at = NOON + timedelta(minutes=minute)
        for claim in outbox.claims(at):
            outbox.outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.SENT, at=at))
            sent.append((at, claim.id, claim.message))
    return sent


def test_a_service_on_the_new_database_sends_only_what_waited(sqlite_url: str, postgres_url: str) -> None:
    """What was sent stays sent; what waited, or was under way, goes out once: the same bytes, at the same time."""
    old = told_and_waiting(sqlite_url)
    with old.read() as connection:
        found = connection.execute(select(tables.delivery.c.uid, tables.delivery.c.state))
        states = {row.uid: row.state for row in found}
        begun = connection.execute(select(tables.delivery.c.message).where(tables.delivery.c.lease.is_not(None)))
        begun_message = begun.scalar_one()
    assert sorted(states.values()) == ["dead", "sent", "waiting", "waiting", "waiting"]
    carry(sqlite_url, postgres_url)
    release_leases(old)  # as the service would that goes on with the file
    new = open_database(postgres_url)
    sent = sent_from(new)
    assert {delivery for _, delivery, _ in sent} == {uid for uid, state in states.items() if state == "waiting"}
    assert sent[0][2] == begun_message
    assert sent == sent_from(old)
    assert sent_from(new) == []
    old.dispose()
    new.dispose()


def test_feeds_go_on_as_they_would_have(sqlite_url: str, postgres_url: str) -> None:
    """When they are asked next, and with which validators; at once where they were being asked."""
    old = told_and_waiting(sqlite_url)
    carry(sqlite_url, postgres_url)
    release_leases(old)
    new = open_database(postgres_url)
    claims = [
        [replace(claim, lease="") for claim in Desk(database).polls.claim_feeds(now=now, limit=9, lease=LEASE)]
        for database in (old, new)
        for now in (NOON + timedelta(days=1), NOON + timedelta(days=2))
    ]
    assert claims[:2] == claims[2:]
    assert [len(some) for some in claims] == [0, 1, 0, 1]
    assert claims[1][0].etag
    old.dispose()
    new.dispose()


# --------------------------------------------------------------------- what can't serve


def test_a_running_service_is_named_with_how_to_stop_it(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """Its rows would change while they are carried, and its leases be taken for those of a dead one."""
    stop = f"process {os.getpid()}.*systemctl stop storywatch"
    with lock_database(path_of(sqlite_url)), pytest.raises(StorywatchError, match=stop):
        carry(sqlite_url, postgres_url)
    with pytest.raises(SchemaError, match="its schema is empty"):
        open_database(postgres_url)


def test_while_it_carries_no_service_starts_on_the_file(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """The lock is the one that a service takes."""
    with (
        open_transfer(sqlite_url, postgres_url),
        pytest.raises(StorywatchError, match="in use by another storywatch"),
        lock_database(path_of(sqlite_url)),
    ):
        pytest.fail("both got it")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", f"its schema is 0001, this storywatch carries {HEAD}"),
        ("DELETE FROM alembic_version", "its schema is none"),
        ("DROP TABLE alembic_version", "its schema is none"),
    ],
)
def test_a_file_of_another_version_is_not_carried(
    source: Database, sqlite_url: str, postgres_url: str, statement: str, said: str
) -> None:
    """It is brought up to date first, by the command that keeps a copy of it."""
    with source.write() as connection:
        connection.execute(text(statement))
    with pytest.raises(SchemaError, match=f"{said}.*`storywatch migrate`.*keeps a copy"):
        carry(sqlite_url, postgres_url)


def test_what_is_no_database_is_named(tmp_path: Path, postgres_url: str) -> None:
    """A file that is not there is not made, and one of another kind is left alone."""
    with pytest.raises(StorywatchError, match=r"gone\.db: there is no such file"):
        carry(f"sqlite:///{tmp_path}/gone.db", postgres_url)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("This is no database, and long enough to be one, isn't it? " * 50)
    with pytest.raises(StorywatchError, match="file: file is not a database"):
        carry(f"sqlite:///{tmp_path}/file", postgres_url)


def test_only_from_sqlite_and_only_to_postgresql(sqlite_url: str, postgres_url: str) -> None:
    """The other ways are refused before anything is opened."""
    for source, target in ((postgres_url, sqlite_url), (sqlite_url, sqlite_url), (postgres_url, postgres_url)):
        with pytest.raises(StorywatchError, match="only an SQLite file can be carried, and only to PostgreSQL"):
            carry(source, target)


def test_a_database_that_a_storywatch_works_on_is_left_alone(
    source: Database, sqlite_url: str, postgres_url: str
) -> None:
    """Also when it came there by a transfer that was finished; it stays usable."""
    migrate_database(postgres_url)
    database = open_database(postgres_url)
    with database.write() as connection:
        connection.execute(insert(tables.watch).values(uid="w", name="Watch"))
    with pytest.raises(StorywatchError, match=r"its table watch has rows.*Name an empty database"):
        carry(sqlite_url, postgres_url)
    assert [len(rows) for rows in rows_of(database).values() if rows] == [1]
    with database.write() as connection:
        connection.execute(delete(tables.watch))
    carry(sqlite_url, postgres_url)
    with pytest.raises(StorywatchError, match="a transfer into it was finished"):
        carry(sqlite_url, postgres_url)
    assert rows_of(database) == rows_of(source)
    database.dispose()


def test_a_newer_database_is_refused_and_stays_usable(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """It is not marked as the target of a transfer that can't be."""
    migrate_database(postgres_url)
    with closing(psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(SchemaError, match="9999, newer than this storywatch"):
            carry(sqlite_url, postgres_url)
        assert connection.execute("SELECT to_regclass('transfer')").fetchone() == (None,)


def test_a_database_of_another_encoding_is_refused(source: Database, sqlite_url: str, postgres: PostgresServer) -> None:
    """Most of the world's texts would not go in."""
    name = f"t{os.urandom(6).hex()}"
    postgres.command(f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0")
    try:
        with pytest.raises(StorywatchError, match="its encoding is LATIN1; make it with ENCODING 'UTF8'"):
            carry(sqlite_url, postgres.url(name))
    finally:
        postgres.command(f"DROP DATABASE {name} WITH (FORCE)")


def test_two_do_not_carry_at_once(source: Database, sqlite_url: str, postgres_url: str, tmp_path: Path) -> None:
    """From whichever file."""
    with closing(sqlite3.connect(path_of(sqlite_url))) as ours, closing(sqlite3.connect(tmp_path / "b.db")) as other:
        ours.backup(other)
    with (
        open_transfer(sqlite_url, postgres_url),
        pytest.raises(StorywatchError, match="another storywatch is carrying data into it"),
    ):
        carry(f"sqlite:///{tmp_path}/b.db", postgres_url)


def test_a_server_that_goes_away_is_named(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """And when it is back, the same command goes on."""
    with open_transfer(sqlite_url, postgres_url) as transfer:
        steps = transfer.steps(batch=3)
        next(steps)
        with closing(psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True)) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with pytest.raises(StorywatchError, match=r"database postgresql\+psycopg://.*connection"):
            list(steps)
    carry(sqlite_url, postgres_url)
    assert rows_at(postgres_url) == rows_of(source)


def test_what_postgresql_refuses_is_named_and_not_shown(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """The table and where in it; nothing of what is stored."""
    with source.write() as connection:
        big = {"visits": 2**40, "note": "a secret"}
        connection.execute(update(tables.revisit).where(tables.revisit.c.id == 5).values(**big))
    with pytest.raises(StorywatchError, match=r"table revisit from id 4: .*out of range") as refused:
        carry(sqlite_url, postgres_url, batch=3)
    assert "secret" not in str(refused.value)
    assert_unfinished(postgres_url)


def test_what_is_no_moment_is_named(source: Database, sqlite_url: str, postgres_url: str) -> None:
    """A file that was edited by hand is mended by hand."""
    with source.write() as connection:
        connection.execute(text("UPDATE entry SET seen_at = 'yesterday' WHERE id = 2"))
    with pytest.raises(StorywatchError, match="table entry, row 2: seen_at is no moment"):
        carry(sqlite_url, postgres_url)


def test_a_target_that_something_else_writes_into_is_not_taken_for_finished(
    source: Database, sqlite_url: str, postgres_url: str
) -> None:
    """What differs is named, and the next try puts it right."""
    with open_transfer(sqlite_url, postgres_url) as transfer:
        steps = transfer.steps()
        first = next(steps).table
        with closing(psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True)) as connection:
            connection.execute(f'DELETE FROM "{first}" WHERE id = 1'.encode())
        with pytest.raises(StorywatchError, match=f"{first} differ from what was carried there"):
            list(steps)
    assert_unfinished(postgres_url)
    assert carry(sqlite_url, postgres_url).redone == (first,)
    assert rows_at(postgres_url) == rows_of(source)
