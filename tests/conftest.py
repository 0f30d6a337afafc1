"""What many tests need: databases, real ones."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from needs import skip_or_fail

from storywatch.store.engine import Database, open_database
from storywatch.store.migrate import migrate_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A server of our own, for this run of the tests."""

    port: int
    restart: Callable[[], None]  # at once, as after a crash

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://storywatch@127.0.0.1:{self.port}/{name}"

    def command(self, statement: str) -> None:
        address = f"postgresql://storywatch@127.0.0.1:{self.port}/postgres"
        with closing(psycopg.connect(address, autocommit=True)) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server of our own, until the block ends; for benchmarks too."""
    found = sorted(DEBIAN.glob("*/bin/initdb"))
    binaries = found[-1].parent if found else Path(shutil.which("initdb") or "/nowhere/initdb").parent
    if not (binaries / "initdb").exists():
        skip_or_fail("PostgreSQL is not installed (Debian: apt install postgresql)")
    account = _unprivileged() if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="storywatch-pg-") as folder, closing(socket.socket()) as probe:
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        run = _runner(account, cwd=folder)
        data = f"{folder}/data"
        run(f"{binaries}/initdb", "-D", data, "-U", "storywatch", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        # Who connects as it stops and says nothing (a process that is itself being killed, say) holds it up that long.
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c authentication_timeout=10s"
        restart = ("-D", data, "-l", f"{folder}/log", "-o", options, "-m", "immediate", "-w", "restart")
        run(f"{binaries}/pg_ctl", "-D", data, "-l", f"{folder}/log", "-o", options, "-w", "start")
        try:
            yield PostgresServer(port=port, restart=lambda: run(f"{binaries}/pg_ctl", *restart))
        finally:
            run(f"{binaries}/pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _unprivileged() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root."""
    names = {account.pw_name: account for account in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _runner(account: pwd.struct_passwd | None, *, cwd: str) -> Callable[..., None]:
    def run(*command: str) -> None:
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        subprocess.run(command, check=True, cwd=cwd, stdout=subprocess.DEVNULL, timeout=60, **identity)

    return run


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/data/storywatch.db"


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database."""
    name = f"t{os.urandom(6).hex()}"
    postgres.command(f"CREATE DATABASE {name}")
    yield postgres.url(name)
    postgres.command(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_urls(postgres: PostgresServer) -> Iterator[list[str]]:
    """Three empty databases."""
    names = [f"t{os.urandom(6).hex()}" for _ in range(3)]
    for name in names:
        postgres.command(f"CREATE DATABASE {name}")
    yield [postgres.url(name) for name in names]
    for name in names:
        postgres.command(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both kinds, one after the other; up to date."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    migrate_database(url)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.dispose()
