"""Carries everything from an SQLite file to PostgreSQL, in batches that a kill between any two lines can't spoil.

Each batch is one transaction with the mark of how far its table has come. The marks stand in a table of the target,
from before it has any other until all was compared; as long as it is there, `open_database` refuses the target.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, delete, func, inspect, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from storywatch.errors import SchemaError, StorywatchError
from storywatch.store.engine import lock_database, parse_url, postgresql_engine, told_as_ours
from storywatch.store.migrate import migrate_database
from storywatch.store.plain import Carried, PlainTable, clean_text, plain_tables
from storywatch.store.versions import HEAD, MARKS, VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from storywatch.store.plain import Plain

PATIENCE = timedelta(seconds=10)
BATCH = 5_000  # rows; they stream, so that it costs no memory
LARGEST = 2**63 - 1
ONE_AT_A_TIME = 7_846_251_094  # the advisory lock of who carries; any number beside `migrate.ADVISORY_LOCK`

marks = Table(
    MARKS,
    MetaData(),
    Column("table_name", Text, primary_key=True),
    Column("last_id", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was just done."""

    doing: str  # "checking" what is there, "carrying" or "comparing"
    table: str
    rows: int  # that are done so far, of all in the source


class Transfer:
    """What is carried from where to where. Do all `steps`, then read what was `carried`."""

    def __init__(self, source: Source, target: Target) -> None:
        self._source, self._target = source, target
        self._tables = plain_tables()
        self.rows = sum(map(source.count, self._tables))
        self.resumed = target.resumed
        self.redone: tuple[str, ...] = ()  # tables that were carried before and have changed since
        self.carried: tuple[Carried, ...] = ()

    def steps(self, *, batch: int = BATCH) -> Generator[Step, None, None]:
        """Carry what is not there yet, compare all, and finish."""
        if self.resumed:
            yield from self._check()
        yield from self._carry(batch)
        yield from self._compare()
        self._source.assert_unchanged()
        self._target.finish(self._tables)

    def _check(self) -> Iterator[Step]:
        """The source may have been at work since. Rows that are new go on top; what has changed is carried anew."""
        there, done, changed = self._target.marks(), 0, set()
        for plain in self._tables:
            found = self._target.summed_up(plain)
            if found != self._source.summed_up(plain, until=there.get(plain.name, 0)):
                changed.add(plain.name)
            done += found.rows
            yield Step(doing="checking", table=plain.name, rows=done)
        if changed:
            self.redone = tuple(_with_those_that_refer(self._tables, changed))
            self._target.empty(self.redone)

    def _carry(self, batch: int) -> Iterator[Step]:
        there = self._target.marks()
        done = sum(self._source.count(plain, until=there.get(plain.name, 0)) for plain in self._tables)
        for plain in self._tables:
            rows = self._source.rows(plain, after=there.get(plain.name, 0))
            while count := self._target.take(plain, islice(rows, batch)):
                done += count
                yield Step(doing="carrying", table=plain.name, rows=done)

    def _compare(self) -> Iterator[Step]:
        done, carried, other = 0, [], []
        for plain in self._tables:
            carried.append(self._source.summed_up(plain))
            if self._target.summed_up(plain) != carried[-1]:
                other.append(plain.name)
            done += carried[-1].rows
            yield Step(doing="comparing", table=plain.name, rows=done)
        if other:
            message = (
                f"database {self._target.name}: {', '.join(other)} differ from what was carried there. "
                "Something else writes into it: end that, and run the same command again"
            )
            raise StorywatchError(message)
        self.carried = tuple(carried)


@contextmanager
def open_transfer(source: str, target: str, *, patience: timedelta = PATIENCE) -> Iterator[Transfer]:
    """Hold both for this alone. The source is only read; the target gets its tables, and is marked as unfinished.

    `patience` is how long to wait for another that carries: the server may not know yet that it was killed.
    Raises `StorywatchError` where either can't serve: in use, of another version, or with data in the target.
    """
    path, name = _addresses(source, target)
    with ExitStack() as closing_:
        _lock(closing_, path)
        opened = closing_.enter_context(_open_source(path))
        yield Transfer(opened, closing_.enter_context(_open_target(target, name, patience)))


def _addresses(source: str, target: str) -> tuple[Path, str]:
    from_, to = parse_url(source), parse_url(target)
    if from_.get_backend_name() != "sqlite" or to.get_backend_name() != "postgresql":
        message = "only an SQLite file can be carried, and only to PostgreSQL: --from sqlite:///… --to postgresql+…"
        raise StorywatchError(message)
    path = Path(str(from_.database))
    if not path.is_file():
        message = f"database {path}: there is no such file"
        raise StorywatchError(message)
    return path, to.render_as_string(hide_password=True)


def _lock(closing_: ExitStack, path: Path) -> None:
    try:
        closing_.enter_context(lock_database(path))
    except StorywatchError as error:
        message = f"{error}: `systemctl stop storywatch`, `docker compose stop`, or Ctrl-C where it was started"
        raise StorywatchError(message) from error


def _with_those_that_refer(tables: Sequence[PlainTable], changed: set[str]) -> Iterator[str]:
    """Rows can't be taken out from under those that refer to them."""
    taken = set(changed)
    for plain in tables:
        referred = {key.column.table.name for key in plain.table.foreign_keys}
        if plain.name in taken or referred & taken:
            taken.add(plain.name)
            yield plain.name


# --------------------------------------------------------------------------- the source


class Source:
    """The SQLite file at one moment."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self._path = connection, path
        self._written = self._data_version()
        connection.execute("BEGIN")
        self._check_schema()

    def _check_schema(self) -> None:
        known = self._one("SELECT count(*) FROM sqlite_master WHERE name = ?", VERSION_TABLE)
        version = self._one(f"SELECT version_num FROM {VERSION_TABLE}") if known else None  # noqa: S608  a constant
        if version != HEAD:
            message = (
                f"database {self._path}: its schema is {version or 'none'}, this storywatch carries {HEAD}; "
                "run `storywatch migrate` while the configuration names this file (it keeps a copy)"
            )
            raise SchemaError(message)

    def _one(self, statement: str, *parameters: object) -> Any:
        with _source_told(self._path):
            found = self._connection.execute(statement, parameters).fetchone()
        return found[0] if found else None

    def _data_version(self) -> object:
        return self._one("PRAGMA data_version")

    def count(self, plain: PlainTable, *, until: int = LARGEST) -> int:
        """How many rows there are, with ids of `until` at most."""
        return int(self._one(f'SELECT count(*) FROM "{plain.name}" WHERE id <= ?', until))  # noqa: S608  our own names

    def rows(self, plain: PlainTable, *, after: int = 0, until: int = LARGEST) -> Iterator[Plain]:
        """By their ids, as they are read."""
        with _source_told(self._path):
            yield from plain.with_moments(self._connection.execute(plain.from_sqlite(), (after, until)))

    def summed_up(self, plain: PlainTable, *, until: int = LARGEST) -> Carried:
        """Count and checksum."""
        return plain.summed_up(self.rows(plain, until=until))

    def assert_unchanged(self) -> None:
        """Commands like `mute` write without the lock of the service: what they wrote meanwhile is not carried yet."""
        self._connection.execute("COMMIT")
        if self._data_version() != self._written:
            message = (
                f"database {self._path} was written to while it was carried, perhaps by a command such as `mute`; "
                "run the same command again: it carries what has changed"
            )
            raise StorywatchError(message)


@contextmanager
def _open_source(path: Path) -> Iterator[Source]:
    with _source_told(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    with closing(connection):
        connection.text_factory = clean_text
        yield Source(connection, path)


@contextmanager
def _source_told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        message = f"database {path}: {exc}"
        raise StorywatchError(message) from exc


# --------------------------------------------------------------------------- the target


class Target:
    """The PostgreSQL database, which nobody else fills: the connection holds the lock of who does."""

    def __init__(self, connection: Connection, name: str, *, resumed: bool) -> None:
        self._connection, self.name, self.resumed = connection, name, resumed

    @property
    def _driver(self) -> psycopg.Connection:
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        return driver

    def marks(self) -> dict[str, int]:
        """How far each table has come, by its name."""
        with self._transaction():
            return {row.table_name: row.last_id for row in self._connection.execute(select(marks))}

    def take(self, plain: PlainTable, rows: Iterable[Plain]) -> int:
        """One batch and its mark, in one transaction; how many rows it had."""
        rows, count, last = iter(rows), 0, 0
        first = next(rows, None)
        if first is None:
            return 0
        with self._transaction(f"table {plain.name} from id {first[0]}"):
            with self._driver.cursor() as cursor, cursor.copy(plain.to_postgresql().encode()) as copy:
                for row in (first, *rows):
                    copy.write_row(row)
                    count, last = count + 1, row[0]
            self._mark(plain.name, last)
        return count

    def _mark(self, name: str, last_id: int) -> None:
        mark = insert(marks).values(table_name=name, last_id=last_id)
        self._connection.execute(
            mark.on_conflict_do_update(index_elements=["table_name"], set_={"last_id": mark.excluded.last_id})
        )

    def summed_up(self, plain: PlainTable) -> Carried:
        """Count and checksum."""
        with self._transaction(), self._driver.cursor(name="rows", binary=True) as cursor:
            cursor.itersize = 200  # pages among them
            cursor.execute(plain.from_postgresql().encode())
            return plain.summed_up(cursor)

    def empty(self, names: Sequence[str]) -> None:
        """Take everything out of these tables, and their marks with it."""
        with self._transaction():
            self._connection.execute(text(f"TRUNCATE {', '.join(map(_quoted, names))}"))
            self._connection.execute(delete(marks).where(marks.c.table_name.in_(names)))

    def finish(self, tables: Sequence[PlainTable]) -> None:
        """Ids go on after those that are there; from now on the target can be worked on."""
        with self._transaction():
            for plain in tables:
                last = self._connection.execute(select(func.max(plain.table.c.id))).scalar()
                if last is not None:
                    sequence = func.pg_get_serial_sequence(_quoted(plain.name), "id")
                    self._connection.execute(select(func.setval(sequence, last)))
            marks.drop(self._connection)

    @contextmanager
    def _transaction(self, at: str | None = None) -> Iterator[None]:
        try:
            with told_as_ours(self.name), self._connection.begin():
                yield
        except psycopg.Error as exc:  # of a COPY, whose context would tell what is stored
            said = exc.diag.message_primary or " ".join(str(exc).split())
            message = f"database {self.name}: {f'{at}: ' if at else ''}{said}"
            raise StorywatchError(message) from exc


@contextmanager
def _open_target(url: str, name: str, patience: timedelta) -> Iterator[Target]:
    engine = postgresql_engine(parse_url(url), patience=patience)
    try:
        with ExitStack() as closing_:
            with told_as_ours(name):
                connection = closing_.enter_context(engine.connect())
                _hold(connection, name)
            before: list[bool] = []
            migrate_database(url, prepare=lambda other: before.append(_mark_as_unfinished(other, name)))
            yield Target(connection, name, resumed=any(before))
    finally:
        engine.dispose()


def _hold(connection: Connection, name: str) -> None:
    """Two that carry at once would be in each other's way. The lock ends with the connection."""
    with connection.begin():
        encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        message = f"database {name}: its encoding is {encoding}; make it with ENCODING 'UTF8'"
        raise StorywatchError(message)
    try:
        with connection.begin():
            connection.execute(select(func.pg_advisory_lock(ONE_AT_A_TIME)))
    except OperationalError as exc:
        if not isinstance(exc.orig, psycopg.errors.LockNotAvailable):
            raise
        message = f"database {name}: another storywatch is carrying data into it"
        raise StorywatchError(message) from exc


def _mark_as_unfinished(connection: Connection, name: str) -> bool:
    """In the transaction that makes the tables, before they are there. Whether a transfer had begun before."""
    there = set(inspect(connection).get_table_names())
    if MARKS in there:
        return True
    for plain in plain_tables():
        if plain.name in there and connection.execute(select(plain.table.c.id).limit(1)).first():
            message = (
                f"database {name}: its table {plain.name} has rows: a storywatch works on it, or a transfer into it "
                "was finished. Name an empty database"
            )
            raise StorywatchError(message)
    marks.create(connection)
    return False


def _quoted(name: str) -> str:
    return f'"{name}"'
