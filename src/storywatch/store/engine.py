"""Opens the database: SQLite as one file beside the service, PostgreSQL where several machines work together.

Both get the same statements. What differs is here: how a transaction begins, how the schema is
brought up to date, and who may write.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from storywatch.core.ids import digest
from storywatch.errors import SchemaError, StorywatchError
from storywatch.store import tables
from storywatch.store.versions import HEAD, is_unfinished, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Table

PATIENCE = timedelta(seconds=30)
LOCKED = "database is locked"
READ_ONLY = "readonly database"

DELIVERIES = "deliveries"  # the lock of who folds, mutes or claims them: each looks at many rows at once
QUEUE_SCHEMA = "procrastinate"  # apart from our tables: it holds wake-ups only, and can be made anew at any time

# A machine that is gone without a word is noticed in a minute and not in hours: by the server, which then ends its locks,
# and by us. On a socket of the same machine all of it is ignored.
HANG_UP: dict[str, int] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
LET_GO = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 -c tcp_user_timeout=60000"

SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An open database. The readers can't write. On SQLite the writer takes the write lock as it begins."""

    name: str  # for people; holds no password
    path: Path | None  # the SQLite file
    writer: Engine
    readers: Engine

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that changes something: all of it, or nothing."""
        with told_as_ours(self.name), self.writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that sees the database at one moment."""
        with told_as_ours(self.name), self.readers.begin() as connection:
            yield connection

    def insert(self, table: Table) -> Any:
        """An INSERT that can say ON CONFLICT: the same words on both databases, but not the same class."""
        return sqlite.insert(table) if self.path else postgresql.insert(table)

    def lock(self, connection: Connection, *names: str) -> None:
        """Let nobody else into what these names stand for until the transaction ends.

        Taken in one order whatever order they are named in, so that no two wait for each other. On SQLite
        the write lock is that already.
        """
        if self.path is None:
            for number in sorted({lock_number(name) for name in names}):
                connection.execute(select(func.pg_advisory_xact_lock(number)))

    @contextmanager
    def only_one(self, name: str, *, wait: bool = False) -> Iterator[bool]:
        """Of all processes at most one is inside; the others hear False, or `wait`. A dead one holds nothing."""
        if self.path is not None:
            yield True
            return
        number = lock_number(name)
        with (
            told_as_ours(self.name),
            self.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            if wait:  # as long as it takes, and not as long as one waits for a row
                connection.execute(text("SET lock_timeout = 0"))
                connection.execute(select(func.pg_advisory_lock(number)))
                connection.execute(text("RESET lock_timeout"))
            mine = wait or bool(connection.execute(select(func.pg_try_advisory_lock(number))).scalar())
            try:
                yield mine
            finally:
                if mine:
                    connection.execute(select(func.pg_advisory_unlock(number)))

    def dispose(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.readers.dispose()


def lock_number(name: str) -> int:
    """The number by which PostgreSQL knows a lock: 63 bits of its name."""
    return int(digest("lock", name).rpartition("_")[2][:15], 16)


@contextmanager
def told_as_ours(name: str) -> Iterator[None]:
    """Turn what SQLAlchemy raises into our error, which names the database and holds none of its contents."""
    try:
        yield
    except SQLAlchemyError as exc:
        message = f"database {name}: {_words_of(exc)}"
        raise StorywatchError(message) from exc


def _words_of(exc: SQLAlchemyError) -> str:
    said = " ".join(str(getattr(exc, "orig", None) or exc).split())
    if LOCKED in said:
        return f"{said}: another process holds it; is a second storywatch or a database tool at work on it?"
    if READ_ONLY in said:
        return f"{said}: run it as the user who owns the file, who is the one that the service runs as"
    return said


def open_database(url: str, *, patience: timedelta = PATIENCE) -> Database:
    """Open the database at `url`; SQLite is created or brought up to date, PostgreSQL must be so already.

    `patience` is how long to wait for another writer. Raises `SchemaError` where the schema is of
    another version, and `StorywatchError` where nothing can be opened.
    """
    address = parse_url(url)
    name = address.render_as_string(hide_password=True)
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address, name, patience)
    return _open_postgresql(address, name, patience)


def parse_url(url: str) -> URL:
    """The address in its parts; refuses what storywatch can't store in."""
    wanted = "use sqlite:///data/storywatch.db or postgresql+psycopg://user@host/database"
    try:
        address = make_url(url)
    except ArgumentError:  # its message holds the address, which may hold a password
        message = f"the database address can't be read: {wanted}"
        raise StorywatchError(message) from None
    if address.drivername not in {"sqlite", "postgresql+psycopg"}:
        message = f"database {address.drivername}://…: storywatch can't store there; {wanted}"
        raise StorywatchError(message)
    if address.drivername == "sqlite" and address.database in {None, "", ":memory:"}:
        message = f"database {url}: an SQLite database needs a file; {wanted}"
        raise StorywatchError(message)
    return address


def _open_sqlite(address: URL, name: str, patience: timedelta) -> Database:
    path = Path(str(address.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        message = f"database {name}: {path.parent} can't be made: {exc.strerror}"
        raise StorywatchError(message) from exc
    database = Database(
        name=name,
        path=path,
        writer=sqlite_engine(address, begin="BEGIN IMMEDIATE", patience=patience),
        readers=sqlite_engine(address, begin="BEGIN", patience=patience, pragmas=("query_only=ON",)),
    )
    with _disposed_on_failure(database):
        _update_sqlite(database, path)
    return database


def _update_sqlite(database: Database, path: Path) -> None:
    with database.write() as connection:  # also proves that we may write
        version = version_of(connection)
    if version != HEAD:
        from storywatch.store.migrate import migrate_sqlite  # noqa: PLC0415  Alembic takes 0.2 s and is seldom needed

        migrate_sqlite(path, name=database.name)


def sqlite_engine(address: URL, *, begin: str, patience: timedelta, pragmas: tuple[str, ...] = ()) -> Engine:
    """An engine whose transactions begin as we say: Python's own driver begins them late, and then they fail."""
    engine = create_engine(
        address, hide_parameters=True, connect_args={"timeout": patience.total_seconds(), "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (*SQLITE_PRAGMAS, *pragmas):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _open_postgresql(address: URL, name: str, patience: timedelta) -> Database:
    engine = postgresql_engine(address, patience=patience)
    readers = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    database = Database(name=name, path=None, writer=engine, readers=readers)
    with _disposed_on_failure(database):
        _check_schema(database)
    return database


def _check_schema(database: Database) -> None:
    with database.read() as connection:
        version, unfinished = version_of(connection), is_unfinished(connection)
    if unfinished:
        message = (
            f"database {database.name}: a transfer into it is not finished; "
            "run `storywatch migrate --from … --to …` again, it goes on where it stopped"
        )
        raise SchemaError(message)
    if version != HEAD:
        message = (
            f"database {database.name}: its schema is {version or 'empty'}, "
            f"this storywatch needs {HEAD}; run `storywatch migrate`"
        )
        raise SchemaError(message)


def check_queue(database: Database, mark: str) -> None:
    """Raises `SchemaError` where the queue's schema on PostgreSQL is missing, or of another version."""
    if database.path is None and (found := queue_mark(database)) != mark:
        message = (
            f"database {database.name}: its queue is {found or 'missing'}, this storywatch needs {mark}; "
            "run `storywatch migrate`"
        )
        raise SchemaError(message)


def queue_mark(database: Database) -> str | None:
    """Of which version the queue's schema is."""
    with database.read() as connection:
        return queue_mark_of(connection)


def queue_mark_of(connection: Connection) -> str | None:
    """Of which version the queue's schema is: its comment says so."""
    found: str | None = connection.execute(
        text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name"),
        {"name": QUEUE_SCHEMA},
    ).scalar_one_or_none()
    return found


@contextmanager
def _disposed_on_failure(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.dispose()
        raise


def postgresql_engine(address: URL, *, patience: timedelta) -> Engine:
    """An engine that gives up waiting for a lock, or for the server, after a while."""
    milliseconds = int(patience.total_seconds() * 1000)
    return create_engine(
        address,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": max(2, int(patience.total_seconds())),
            "options": f"-c lock_timeout={milliseconds} -c timezone=UTC -c search_path=public,{QUEUE_SCHEMA} {LET_GO}",
            **HANG_UP,
        },
    )


@contextmanager
def lock_database(path: Path) -> Iterator[None]:
    """Hold the SQLite file for this process alone, until the block ends or the process dies.

    A second embedded service on the same file would take the first one's leases for those of a dead
    process. The lock is a file beside the database, so that commands which only read are not kept out.
    """
    beside = path.with_name(f"{path.name}.lock")
    with _opened(beside) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            holder = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
            message = f"database {path} is in use by another storywatch (process {holder}); stop it first"
            raise StorywatchError(message) from exc
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as exc:
        message = f"the lock file {path} can't be opened: {exc.strerror}"
        raise StorywatchError(message) from exc
    try:
        yield file
    finally:
        os.close(file)


def release_leases(database: Database) -> None:
    """Give back everything that a process which died had claimed. Only for who holds `lock_database`."""
    with database.write() as connection:
        for table in (tables.feed, tables.entry, tables.revisit, tables.delivery):
            held = table.c.lease.is_not(None)
            connection.execute(update(table).where(held).values(lease=None, lease_until=None))
