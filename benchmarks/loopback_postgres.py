"""A PostgreSQL server of our own for a benchmark, on loopback, with the settings that it comes with."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBIAN = Path("/usr/lib/postgresql")


@contextmanager
def loopback_postgres() -> Iterator[str | None]:
    """The address of an empty database, gone when the block ends. None where PostgreSQL is not installed."""
    found = sorted(DEBIAN.glob("*/bin/initdb"))
    initdb = found[-1] if found else Path(shutil.which("initdb") or "/nowhere/initdb")
    if not initdb.exists():
        yield None
        return
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    account = accounts.get("postgres") or accounts["nobody"]
    identity = {} if os.getuid() else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="storywatch-pg-") as folder:
        if identity:
            os.chown(folder, account.pw_uid, account.pw_gid)
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def run(program: str, *words: str) -> None:
            command = [str(initdb.with_name(program)), "-D", f"{folder}/data", *words]
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=120, **identity)  # noqa: S603  its own

        run("initdb", "-U", "storywatch", "-A", "trust", "-E", "UTF8", "--locale=C")
        run(
            "pg_ctl", "-l", f"{folder}/log", "-o", f"-p {port} -k {folder} -c listen_addresses=127.0.0.1", "-w", "start"
        )
        try:
            yield f"postgresql+psycopg://storywatch@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "-w", "stop")
