"""Brings a database to the version of this program, as a whole or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.engine import URL

from storywatch.errors import SchemaError
from storywatch.store.engine import (
    PATIENCE,
    QUEUE_SCHEMA,
    open_database,
    parse_url,
    postgresql_engine,
    queue_mark_of,
    sqlite_engine,
    told_as_ours,
)
from storywatch.store.versions import HEAD, version_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

SCRIPTS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 7_846_251_093  # any number, as long as every storywatch takes the same


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings: its scripts are inside the package, and it works on our connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSchema:
    """What the engine for several machines keeps beside our tables: statements, and the mark of their version."""

    mark: str
    statements: str


def migrate_database(
    url: str, *, prepare: Callable[[Connection], object] | None = None, queue: QueueSchema | None = None
) -> str:
    """Bring the database at `url` up to date; gives its version. Several may call it at once.

    On PostgreSQL `prepare` comes before it, and the queue after it, in the same transaction. What the queue held are
    wake-ups, so another version replaces it as a whole.
    """
    address = parse_url(url)
    name = address.render_as_string(hide_password=True)
    if address.get_backend_name() == "sqlite":
        open_database(url).dispose()  # which migrates
    else:
        _migrate_postgresql(address, name, prepare, queue)
    return HEAD


def migrate_sqlite(path: Path, *, name: str) -> None:
    """Copy what is there, then upgrade, while the write lock keeps everybody else out."""
    # Foreign keys stay off: SQLite changes a table by copying it, and dropping the old one would cascade.
    engine = sqlite_engine(
        URL.create("sqlite", database=str(path)),
        begin="BEGIN IMMEDIATE",
        patience=PATIENCE,
        pragmas=("foreign_keys=OFF",),
    )
    try:
        with told_as_ours(name), engine.begin() as connection:
            if inspect(connection).get_table_names() and version_of(connection) != HEAD:
                _back_up(path, path.with_name(f"{path.name}.before-{HEAD}"))
            _upgrade(connection, name)
    finally:
        engine.dispose()


def _back_up(path: Path, copy: Path) -> None:
    """Readers see what was there before the transaction that holds the write lock."""
    unfinished = copy.with_name(f"{copy.name}.part")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    unfinished.replace(copy)


def _migrate_postgresql(
    address: URL, name: str, prepare: Callable[[Connection], object] | None, queue: QueueSchema | None
) -> None:
    engine = postgresql_engine(address, patience=PATIENCE)
    try:
        with told_as_ours(name), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY_LOCK})
            if prepare is not None:
                prepare(connection)
            _upgrade(connection, name)
            if queue is not None and queue_mark_of(connection) != queue.mark:
                _make_queue(connection, queue, name)
    finally:
        engine.dispose()


def _make_queue(connection: Connection, queue: QueueSchema, name: str) -> None:
    """Both are words of the program's own; they are sent as they are, without parameters.

    Raises `SchemaError` where somebody else has a schema of that name: what is in it is not ours to drop.
    """
    if queue_mark_of(connection) is None and inspect(connection).has_schema(QUEUE_SCHEMA):
        message = (
            f"database {name}: the schema {QUEUE_SCHEMA!r} in it is not storywatch's; "
            "give storywatch a database of its own"
        )
        raise SchemaError(message)
    connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {QUEUE_SCHEMA} CASCADE")
    connection.exec_driver_sql(f"CREATE SCHEMA {QUEUE_SCHEMA}")
    connection.exec_driver_sql(f"SET LOCAL search_path = {QUEUE_SCHEMA}")
    driver: Any = connection.connection.driver_connection
    driver.execute(queue.statements)
    connection.exec_driver_sql(f"COMMENT ON SCHEMA {QUEUE_SCHEMA} IS '{queue.mark}'")


def _upgrade(connection: Connection, name: str) -> None:
    config = alembic_config(connection)
    version = version_of(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        message = f"database {name}: its schema is {version}, newer than this storywatch; upgrade the program"
        raise SchemaError(message)
    command.upgrade(config, "head")
