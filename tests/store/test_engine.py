from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from builders import (
    NOON,
    a_feed,
    a_feed_claim,
    a_hub_claim,
    a_judged,
    a_listed,
    a_listing,
    a_poll_plan,
    a_vector,
    a_watch,
    an_article,
)
from desks import DESK, LEASE, Desk, render
from sqlalchemy import create_engine, text

from storywatch.core.alerting import ChannelRules
from storywatch.core.corrections import development_id, plan_correction
from storywatch.core.model import (
    AttemptOutcome,
    DeliveryState,
    EntryState,
    FeedbackKind,
    LanguageMean,
    PollOutcome,
    RawPage,
    SilenceKind,
    WatchId,
)
from storywatch.core.moments import DigestTimes
from storywatch.core.retention import Mark
from storywatch.core.revisits import VisitOutcome, VisitPlan
from storywatch.core.vectors import Reencoded
from storywatch.errors import SchemaError, StorywatchError
from storywatch.ports import Desk as Room
from storywatch.store import migrate, tables
from storywatch.store.acknowledgements import Acknowledgements
from storywatch.store.digests import Digests
from storywatch.store.engine import lock_database, open_database, queue_mark_of, release_leases
from storywatch.store.feedback import Feedback
from storywatch.store.followups import Corrections, Corroborations, Reminders
from storywatch.store.ledger import Ledger
from storywatch.store.migrate import QueueSchema, alembic_config, migrate_database
from storywatch.store.opinions import Opinions
from storywatch.store.receivers import Receivers
from storywatch.store.redelivering import Redelivery, Wanted
from storywatch.store.retention import Shelves
from storywatch.store.revisits import Revisits
from storywatch.store.silences import Silences
from storywatch.store.subscriptions import Subscriptions
from storywatch.store.vectors import Vectors
from storywatch.store.versions import HEAD, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from storywatch.store.engine import Database

IMPATIENT = timedelta(milliseconds=50)
HARBOUR = WatchId("harbour-strike")


def a_visit_plan(*, now: datetime) -> VisitPlan:
    return VisitPlan(outcome=VisitOutcome.NOISE, visited_at=now, next_at=None)


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


# --------------------------------------------------------------------- opening


def test_a_new_sqlite_database_is_made_with_its_folder(sqlite_url: str) -> None:
    """The first start needs no preparation, and leaves no backup of nothing."""
    database = open_database(sqlite_url)
    with database.read() as connection:
        assert version_of(connection) == HEAD
    database.dispose()
    assert [path.name for path in file_of(sqlite_url).parent.iterdir()] == ["storywatch.db"]


def test_sqlite_is_set_up_to_lose_nothing(sqlite_url: str) -> None:
    """A committed transaction survives a power cut, readers don't block, and references hold."""
    database = open_database(sqlite_url)
    with database.write() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    database.dispose()


def test_readers_can_not_write(database: Database) -> None:
    """A page or a command that only looks can't change anything, by mistake or otherwise; and the writer still can."""
    with pytest.raises(StorywatchError, match=r"read-?only"), database.read() as connection:
        connection.execute(text("DELETE FROM feed"))
    with database.write() as connection:
        connection.execute(text("DELETE FROM feed"))


def test_a_reader_sees_one_moment_while_the_writer_goes_on(database: Database) -> None:
    """A view is consistent, and neither waits for the other."""
    desk = Desk(database)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM feed")).scalar() == 0
        desk.begin()
        assert connection.execute(text("SELECT count(*) FROM feed")).scalar() == 0
    assert len(desk.views.feeds()) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "can't be read"),
        ("mysql://user:hunter2@host/db", "can't store there"),
        ("postgresql://user:hunter2@host/db", r"postgresql\+psycopg://user@host/database"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_an_address_that_can_not_serve_is_refused_with_the_way_out(url: str, said: str) -> None:
    """A wrong database address is told as such, with a right one, and without the password in it."""
    with pytest.raises(StorywatchError, match=said) as refused:
        open_database(url)
    assert "hunter2" not in str(refused.value)
    assert "sqlite:///data/storywatch.db" in str(refused.value)


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    """A file of another kind, a directory, or a place where nothing can be made: each is told by its path."""
    (tmp_path / "file").write_text("This is no database, and long enough to be one, isn't it? " * 50)
    (tmp_path / "folder").mkdir()
    for place, said in [("file", "not a database"), ("folder", "unable to open"), ("file/data.db", "can't be made")]:
        with pytest.raises(StorywatchError, match=said) as refused:
            open_database(f"sqlite:///{tmp_path}/{place}")
        assert f"{tmp_path}/{place}" in str(refused.value)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    """PostgreSQL that is not there is told at once."""
    with pytest.raises(StorywatchError, match=r"127\.0\.0\.1") as refused:
        open_database("postgresql+psycopg://desk:hunter2@127.0.0.1:1/db", patience=IMPATIENT)
    assert "hunter2" not in str(refused.value)


def test_errors_do_not_spill_what_is_stored(database: Database) -> None:
    """An article's text never reaches a log by way of a database error."""
    with pytest.raises(StorywatchError) as failed, database.write() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": "a secret"})
    assert "a secret" not in str(failed.value)
    assert "a secret" not in str(failed.value.__cause__)


# --------------------------------------------------------------------- migrations


def test_the_tables_are_those_of_the_migrations(database: Database) -> None:
    """What the program believes of its tables is what the migrations make, on both databases."""
    with database.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_the_program_knows_its_own_version() -> None:
    """The version that is checked at start is the last migration's."""
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


def test_postgresql_is_not_touched_before_it_is_migrated(postgres_url: str) -> None:
    """A server that several use is changed only on purpose; until then the error says how."""
    with pytest.raises(SchemaError, match="storywatch migrate"):
        open_database(postgres_url)
    assert migrate_database(postgres_url) == HEAD
    assert migrate_database(postgres_url) == HEAD
    open_database(postgres_url).dispose()


def test_a_schema_of_another_program_is_not_dropped(postgres_url: str) -> None:
    """Who keeps a queue of the same name in that database keeps it, and storywatch says so."""
    other, ours = create_engine(postgres_url), QueueSchema(mark="procrastinate 3 0", statements="CREATE TABLE bell ()")
    with other.begin() as connection:
        connection.execute(text("CREATE SCHEMA procrastinate CREATE TABLE theirs (word text)"))
    with pytest.raises(SchemaError, match=r"'procrastinate'.*not storywatch's.*database of its own"):
        migrate_database(postgres_url, queue=ours)
    with other.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM procrastinate.theirs")).scalar() == 0
        connection.execute(text("DROP SCHEMA procrastinate CASCADE"))
    for mark in ("procrastinate 3 0", "procrastinate 4 0"):  # one of ours is made anew
        migrate_database(postgres_url, queue=replace(ours, mark=mark))
        with other.begin() as connection:
            assert queue_mark_of(connection) == mark
    other.dispose()


def test_who_waits_to_be_the_only_one_waits_as_long_as_it_takes(postgres_url: str) -> None:
    """Longer than anybody waits for a row; and on that connection a row is waited for as before."""
    migrate_database(postgres_url)
    one, other = (open_database(postgres_url, patience=timedelta(seconds=0.2)) for _ in range(2))
    leave = threading.Event()

    def stay() -> None:
        with one.only_one("reencode") as mine:
            assert mine
            inside.set()
            leave.wait(60)

    inside, thread = threading.Event(), threading.Thread(target=stay)
    thread.start()
    assert inside.wait(60)
    with other.only_one("reencode") as mine:
        assert not mine
    threading.Timer(0.6, leave.set).start()
    with other.only_one("reencode", wait=True) as mine:
        assert mine
    with other.write() as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "200ms"
    thread.join()
    one.dispose()
    other.dispose()


def test_the_server_soon_lets_go_of_a_machine_that_is_gone(postgres_url: str) -> None:
    """Its locks would else last as long as the operating system takes a silent connection for a living one: two hours."""
    migrate_database(postgres_url)
    database = open_database(postgres_url)
    for begin in (database.read, database.write):
        with begin() as connection:
            assert connection.execute(text("SHOW tcp_keepalives_idle")).scalar() == "30"
            assert connection.execute(text("SHOW tcp_user_timeout")).scalar() in {"1min", "60s", "60000"}
    database.dispose()


def test_a_newer_database_is_refused_and_left_alone(database_url: str) -> None:
    """An older program does not work on, or migrate, what a newer one has made."""
    database = open_database(database_url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()
    with pytest.raises(SchemaError, match="9999"):
        migrate_database(database_url)
    with pytest.raises(SchemaError, match="9999"):
        open_database(database_url)


def before_the_first(url: str) -> None:
    """A file as a version before the first migration might have left it: one table of its own."""
    file_of(url).parent.mkdir()
    with closing(sqlite3.connect(file_of(url))) as connection:
        connection.execute("CREATE TABLE kept (words TEXT)")
        connection.execute("INSERT INTO kept VALUES ('what was there')")
        connection.commit()


def test_an_older_sqlite_file_is_copied_before_it_is_migrated(sqlite_url: str) -> None:
    """The way back from a migration is the file as it was."""
    before_the_first(sqlite_url)
    open_database(sqlite_url).dispose()
    copy = file_of(sqlite_url).with_name(f"storywatch.db.before-{HEAD}")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT words FROM kept").fetchall() == [("what was there",)]
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)
    assert not copy.with_name(f"{copy.name}.part").exists()


def test_a_migration_that_fails_leaves_the_file_as_it_was(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a migration or nothing: the next start tries again."""
    before_the_first(sqlite_url)
    with closing(sqlite3.connect(file_of(sqlite_url))) as connection:
        connection.execute("CREATE TABLE watch (uid TEXT)")  # in the way of the first migration
    with pytest.raises(StorywatchError, match="already exists"):
        open_database(sqlite_url)
    with closing(sqlite3.connect(file_of(sqlite_url))) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert names == {"kept", "watch"}


def test_many_may_start_at_once(sqlite_url: str) -> None:
    """Two commands that find a new file both wait for one migration, and both go on."""
    program = "import sys; from storywatch.store.engine import open_database; open_database(sys.argv[1]).dispose()"
    started = [subprocess.Popen([sys.executable, "-c", program, sqlite_url]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]


def test_a_new_migration_is_written_from_the_tables(sqlite_url: str, tmp_path: Path) -> None:
    """Whoever changes a table gets a script that runs as it stands: imports, types and batches included."""
    open_database(sqlite_url).dispose()
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name in ("env.py", "script.py.mako"):
        (folder / name).write_bytes((migrate.SCRIPTS / name).read_bytes())
    config = alembic_config()
    config.set_main_option("script_location", str(folder))
    database = open_database(sqlite_url)
    with database.write() as connection:
        connection.execute(text("DROP TABLE attempt"))
        connection.execute(text("DELETE FROM alembic_version"))
        config.attributes["connection"] = connection
        command.revision(config, message="Attempts again", autogenerate=True, rev_id="0002")
        command.upgrade(config, "head")
        connection.execute(text("SELECT * FROM attempt"))
        assert version_of(connection) == "0002"
    [script] = (folder / "versions").glob("0002*.py")
    assert "sa.Text()" in script.read_text()
    database.dispose()


# --------------------------------------------------------------------- one process


def test_a_second_service_on_the_same_file_is_refused(tmp_path: Path) -> None:
    """Two embedded services would tear at each other's leases: the second is told who holds the file."""
    path = tmp_path / "data" / "storywatch.db"
    with lock_database(path), pytest.raises(StorywatchError, match=f"process {os.getpid()}"), lock_database(path):
        pytest.fail("both got it")
    with lock_database(path):
        pass


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    """After kill -9 the next start is not kept out."""
    path = tmp_path / "storywatch.db"
    program = (
        "import sys, pathlib; from storywatch.store.engine import lock_database\n"
        "with lock_database(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program, str(path)], **pipes) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StorywatchError, match=f"process {holder.pid}"), lock_database(path):
            pytest.fail("both got it")
        holder.kill()
    with lock_database(path):
        pass


def test_a_lock_that_can_not_be_made_says_so(tmp_path: Path) -> None:
    """A data folder that can't be used is told by its path."""
    (tmp_path / "file").touch()
    with pytest.raises(StorywatchError, match="can't be opened"), lock_database(tmp_path / "file" / "storywatch.db"):
        pytest.fail("got it")


def test_the_lock_file_can_be_read_by_all_and_holds_no_secret(tmp_path: Path) -> None:
    """Anyone may see which process holds the database."""
    with lock_database(tmp_path / "storywatch.db"):
        file = tmp_path / "storywatch.db.lock"
        assert file.read_text() == f"{os.getpid()}\n"
        assert stat.S_IMODE(file.stat().st_mode) & 0o111 == 0


def test_leases_of_a_dead_service_are_released_at_start(desk: Desk) -> None:
    """After kill -9 nothing waits for the leases to run out: feeds, entries and deliveries are free at once."""
    desk.judge()
    desk.poll(a_listed("x"), at=NOON + timedelta(minutes=20))
    later = NOON + timedelta(minutes=30)
    held = (
        desk.polls.claim_feeds(now=later, limit=1, lease=LEASE),
        desk.entries(later),
        desk.claims(later),
    )
    assert all(held)
    release_leases(desk.database)
    assert desk.polls.claim_feeds(now=later, limit=1, lease=LEASE)
    assert desk.entries(later)
    assert desk.claims(later)


# --------------------------------------------------------------------- a locked database


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody else holds the database, as a backup tool or a second program might."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(file_of(url))) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
    else:
        with closing(psycopg.connect(url.replace("+psycopg", ""))) as other:
            for table in tables.metadata.sorted_tables:
                other.execute(f'LOCK TABLE "{table.name}" IN ACCESS EXCLUSIVE MODE'.encode())
            yield


def test_every_method_survives_a_locked_database(database_url: str) -> None:
    """Whatever is asked while another holds the database waits, then says so, and works when it is free again."""
    database = open_database(database_url, patience=IMPATIENT)
    desk = Desk(database)
    desk.begin()
    [feed] = desk.polls.claim_feeds(now=NOON, limit=1, lease=LEASE)
    desk.polls.record_poll(feed, a_poll_plan(*(a_listed(key) for key in ("1", "2", "3", "3b", "3c"))))
    one, two, three, four, five = desk.entries()
    later = NOON + timedelta(minutes=10)
    [feed] = desk.polls.claim_feeds(now=later, limit=1, lease=LEASE)
    raw = RawPage(raw_hash="1", url="https://first.example/", headers={}, body=b"<html>")
    first = an_article(url="https://first.example/", raw=raw, raw_hash="1")
    desk.judgements.record_article(one, first, [a_judged(first)], encoder="enc", now=NOON)
    [claim] = desk.claims()
    outcome = AttemptOutcome(state=DeliveryState.SENT, at=NOON)
    a_reencoded = Reencoded(key=1, lead=a_vector(1), sentences=np.stack([a_vector(2)]))
    a_mean = LanguageMean(lang="en", total=np.ones(4), count=1)
    feedback, hubs, revisits = Feedback(database, desk.waker), Subscriptions(database), Revisits(database)
    [visit] = revisits.claim_revisits(now=NOON + timedelta(days=1), limit=1, lease=LEASE)
    case = feedback.find_case(HARBOUR, first.id)
    silences, notices, shelves = Silences(database), Acknowledgements(database), Shelves(database)
    rejected = plan_correction(case, FeedbackKind.WRONG, off_topic=True, now=NOON)

    eight = DigestTimes(at=time(8), weekday=None, timezone="UTC")
    digesting = {DESK: ChannelRules(recipients=("desk@example.org",), digest=eight)}

    writes: list[Callable[[], Any]] = [
        lambda: desk.polls.sync_feeds([a_feed()], now=NOON),
        lambda: desk.polls.make_all_due(now=NOON),
        lambda: desk.polls.record_earlier(a_feed_claim(), a_poll_plan(a_listed("older"))),
        lambda: desk.polls.record_poll(feed, a_poll_plan(a_listed("4"))),
        lambda: desk.polls.claim_feeds(now=later, limit=1, lease=LEASE),
        lambda: desk.polls.claim_entries(now=NOON, limit=1, lease=LEASE),
        lambda: desk.polls.renew_entries([five], until=later),
        lambda: desk.polls.release_entry(five),
        lambda: desk.polls.postpone_entry(two, until=later, reason="503"),
        lambda: desk.polls.settle_entry(three, EntryState.PASSED_OVER, note="about none"),
        lambda: desk.judgements.sync_watches([a_watch()]),
        lambda: desk.judgements.record_known(four, first, note="judged before", now=NOON),
        lambda: revisits.claim_revisits(now=NOON, limit=1, lease=LEASE),
        lambda: revisits.record_visit(visit, a_visit_plan(now=NOON + timedelta(days=1))),
        lambda: desk.judgements.record_vectors(HARBOUR, {"x": a_vector(1)}, encoder="enc"),
        lambda: Opinions(database).reserve_call("ept_1", "opn_1", budget=1, now=NOON),
        lambda: Opinions(database).record_answer("ept_1", "opn_1", "{}", now=NOON),
        lambda: Opinions(database).record_failure("ept_1", "503", now=NOON),
        lambda: Opinions(database).record_odd_answer("ept_1", now=NOON),
        lambda: Vectors(database).record_reencoded(HARBOUR, [a_reencoded], encoder="new"),
        lambda: Vectors(database).record_means(HARBOUR, [a_mean], encoder="new"),
        lambda: feedback.record_feedback(case, rejected, encoder="enc"),
        lambda: feedback.undo_feedback(case, now=NOON),
        lambda: hubs.note_poll(feed, a_listing(), a_poll_plan(), PollOutcome(), began_at=NOON),
        lambda: hubs.claim_hubs(now=NOON, limit=1, base_url="https://desk.example"),
        lambda: hubs.record_asked(a_hub_claim(), failure="503", now=NOON),
        lambda: hubs.confirm("token", mode="subscribe", topic="topic", lease=None, now=NOON),
        lambda: hubs.deny("token", topic="topic", reason=None, now=NOON),
        hubs.drop_all,
        lambda: Digests(database, Room([], digesting)).announce(now=NOON),
        lambda: silences.begin(HARBOUR, SilenceKind.MUTE, now=NOON),
        lambda: silences.end(HARBOUR, now=NOON),
        lambda: notices.acknowledge(development_id(HARBOUR, first.id), by=None, now=NOON),
        lambda: desk.outbox.finish_delivery(claim, outcome),
        lambda: desk.outbox.claim_deliveries([DESK], now=NOON, limit=1, lease=LEASE, render=render),
        lambda: Redelivery(database).redeliver(Wanted(), now=NOON),
        lambda: Receivers(database).lift_stop(claim.recipient),
        lambda: shelves.drop_articles(Mark(), before=NOON, floors={}),
        lambda: shelves.drop_entries(Mark(), before=NOON),
    ]
    reads: list[Callable[[], Any]] = [
        shelves.load_floors,
        lambda: desk.judgements.load_story(HARBOUR, encoder="enc"),
        lambda: desk.judgements.load_vectors(HARBOUR, encoder="enc"),
        lambda: desk.judgements.load_judged(first.id),
        desk.judgements.load_revisions,
        lambda: desk.judgements.load_newest([HARBOUR]),
        lambda: desk.polls.ahead_of(five, now=later),
        lambda: desk.judgements.load_keys(["http://first.example/"]),
        lambda: desk.judgements.load_known("http://first.example/"),
        lambda: revisits.load_raw("1"),
        lambda: revisits.drop_raw_pages(before=NOON - timedelta(days=400), most_bytes=10**9),
        lambda: feedback.find_case(HARBOUR, first.id),
        lambda: feedback.find_development(HARBOUR, development_id(HARBOUR, first.id)),
        lambda: feedback.list_feedback(HARBOUR),
        desk.views.stories,
        desk.views.timeline,
        desk.views.deliveries,
        lambda: desk.views.delivery(claim.id),
        lambda: desk.outbox.next_due(DESK, now=NOON),
        lambda: silences.find(HARBOUR, None, now=NOON),
        lambda: silences.list_silences(now=NOON),
        lambda: notices.find(development_id(HARBOUR, first.id)),
        lambda: notices.load(development_id(HARBOUR, first.id)),
        lambda: Reminders(database, Room([a_watch(remind=LEASE, channels=(DESK,))], {})).announce(now=NOON),
        lambda: Corroborations(database, Room([a_watch(corroborate=(2,), channels=(DESK,))], {})).announce(now=NOON),
        lambda: Corrections(database, Room([a_watch(channels=(DESK,))], {})).announce(now=NOON),
        desk.views.feeds,
        lambda: desk.views.explain(first.url),
        lambda: desk.views.gauges(now=NOON),
        lambda: Opinions(database).view("ept_1", now=NOON),
        Ledger(database).lines,
        Ledger(database).tally,
        lambda: Vectors(database).stale(encoder="new"),
        lambda: Vectors(database).load_stale(HARBOUR, encoder="new", limit=1),
        lambda: Vectors(database).load_before(HARBOUR, key=None, limit=1),
        lambda: hubs.take_call("token", now=NOON),
        lambda: hubs.find_call("token"),
        hubs.views,
        hubs.tally,
    ]
    with locked(database_url):
        for method in writes:
            with pytest.raises(StorywatchError, match="lock") as failed:
                method()
            assert database.name in str(failed.value)
        for method in reads:
            if database.path:
                method()  # a reader of SQLite does not wait for a writer
            else:
                with pytest.raises(StorywatchError, match="lock"):
                    method()
    for method in (*writes, *reads):
        method()
    again = an_article(url="https://second.example/")
    desk.poll(a_listed("5"), at=later + timedelta(minutes=20))
    entry = desk.entries(later + timedelta(minutes=20))[0]
    with locked(database_url), pytest.raises(StorywatchError, match="lock"):
        desk.judgements.record_article(entry, again, [a_judged(again)], encoder="enc", now=NOON)
    desk.judgements.record_article(entry, again, [a_judged(again)], encoder="enc", now=NOON)
    with locked(database_url), pytest.raises(StorywatchError, match="lock"):
        release_leases(database)
    release_leases(database)
    database.dispose()
