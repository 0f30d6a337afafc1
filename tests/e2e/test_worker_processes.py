"""Workers as they run: processes on one PostgreSQL database that die, stop, and see the database go and come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.request import urlopen

import psycopg
import pytest
from newsroom import ConfigDir, webhook
from newsweb import OUTLETS, WATCH, Counts, NewsWeb, environment, load_stream, storywatch, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import PostgresServer

TESTS = Path(__file__).resolve().parents[1]


@dataclass
class Team(Counts):
    """As many `storywatch worker` as are hired, on one configuration."""

    files: ConfigDir
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.files.write()
        migrated = storywatch("migrate", "--config", str(self.files.path), cwd=self.files.folder)
        assert migrated.returncode == 0, migrated.stderr
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running:
            process.kill()
            process.wait(timeout=30)

    @property
    def log(self) -> Path:
        return self.files.folder / "workers.log"

    def hire(self, *words: str) -> subprocess.Popen[bytes]:
        """One more, at work."""
        return self._start("worker", *words, says="worker_started")

    def open_page(self, *words: str) -> subprocess.Popen[bytes]:
        """`storywatch run`, which has the page."""
        return self._start("run", *words, says="service_started")

    def _start(self, name: str, *words: str, says: str) -> subprocess.Popen[bytes]:
        begun = self.said(says)
        command = [sys.executable, "-m", "storywatch", name, "--config", str(self.files.path), *words]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.files.folder, env=environment()
            )
        self.running.append(process)
        wait_until(lambda: self.said(says) > begun or process.poll() is not None, "a worker works", seconds=60)
        return process

    def said(self, event: str) -> int:
        return self.log.read_text(encoding="utf-8").count(f'"event": "{event}"') if self.log.exists() else 0

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        url = self.files.database.replace("postgresql+psycopg", "postgresql")
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture
def team(tmp_path: Path, web: NewsWeb, postgres_url: str) -> Iterator[Team]:
    files = ConfigDir(
        tmp_path,
        feeds=web.feeds(*OUTLETS),
        langs=OUTLETS,
        channels=webhook(web.hook),
        watches={"harbour-strike": WATCH.replace(', "desk"', "").replace('"desk", ', "")},
        url=postgres_url,
    )
    with Team(files) as team:
        yield team


def told_once(team: Team, web: NewsWeb) -> None:
    sent = [uid for (uid,) in team.rows("SELECT uid FROM delivery WHERE state = 'sent'")]
    assert len(sent) >= 2
    assert Counter(call.id for call in web.calls) == Counter(sent)
    assert team.count("alert") == team.count("development")


def test_workers_by_queue_carry_news_from_feed_to_webhook(team: Team, web: NewsWeb) -> None:
    """Each kind of work has a worker of its own, and one hears of the other's work through the database."""
    stream = load_stream()
    for queue in ("poll", "judge", "deliver"):
        team.hire("--queues", queue, "--alive", str(team.files.folder / queue))
    wait_until(team.has_baseline, "every feed was polled once", seconds=60)
    web.stand.show(*stream[3:])
    wait_until(lambda: team.is_done(len(stream)), "all is judged and sent", seconds=90)
    told_once(team, web)
    assert all((team.files.folder / queue).exists() for queue in ("poll", "judge", "deliver"))
    for process in team.running:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(timeout=30) for process in team.running] == [0, 0, 0]
    assert team.count("entry WHERE lease IS NOT NULL") == 0


def test_workers_come_back_after_the_database(team: Team, web: NewsWeb, postgres: PostgresServer) -> None:
    """The database restarts at once, as after a crash: the same processes go on, and nothing is told twice or not at all."""
    stream = load_stream()
    workers = [team.hire(), team.hire()]
    wait_until(team.has_baseline, "every feed was polled once", seconds=60)
    web.stand.show(*stream[3:])
    wait_until(lambda: team.count("entry") > 3, "something was found", seconds=60)
    postgres.restart()
    wait_until(lambda: team.said("queue_rejoined") >= 2, "both workers are back", seconds=90)
    wait_until(lambda: team.is_done(len(stream)), "all is judged and sent", seconds=180)
    told_once(team, web)
    assert [process.poll() for process in workers] == [None, None]


def test_the_page_alone_does_no_work_and_with_its_queues_all_of_it(team: Team, web: NewsWeb) -> None:
    """`run --page-only` shows what others do; `run` is a worker as well."""
    stream = load_stream()
    page = team.open_page("--page-only")
    with urlopen(f"{team.files.page}/healthz", timeout=10) as answer:
        assert answer.status == 200
    assert team.count("feed WHERE polled_at IS NOT NULL") == 0
    page.send_signal(signal.SIGTERM)
    assert page.wait(timeout=30) == 0
    team.open_page()
    wait_until(team.has_baseline, "every feed was polled once", seconds=60)
    web.stand.show(*stream[3:])
    wait_until(lambda: team.is_done(len(stream)), "all is judged and sent", seconds=90)
    told_once(team, web)


def test_another_worker_takes_over_from_a_dead_one(team: Team, web: NewsWeb) -> None:
    """kill -9 while a call is under way: its delivery waits for the lease, and goes again under the same id."""
    stream = load_stream()
    first, _ = team.hire(), team.hire("--queues", "poll,judge")
    wait_until(team.has_baseline, "every feed was polled once", seconds=60)
    web.before_answer = first.kill
    web.stand.show(*stream[3:])
    wait_until(lambda: first.poll() is not None, "it died while it sent", seconds=90)
    team.hire()
    for table in ("feed", "entry", "delivery"):  # in place of the minutes that a lease lasts
        team.rows(f"UPDATE {table} SET lease_until = now() WHERE lease IS NOT NULL RETURNING id")
    wait_until(lambda: team.is_done(len(stream)), "all is judged and sent", seconds=180)
    sent = {uid for (uid,) in team.rows("SELECT uid FROM delivery WHERE state = 'sent'")}
    calls = Counter(call.id for call in web.calls)
    assert set(calls) == sent
    assert sum(calls.values()) <= len(sent) + 4  # at most what the dead one had under way
    assert team.count("alert") == team.count("development")


def test_what_is_not_migrated_is_refused_in_words(tmp_path: Path, postgres_url: str) -> None:
    """An empty database ends `worker` with 1 and the command that helps; so does an SQLite file."""
    files = ConfigDir(tmp_path, url=postgres_url)
    refused = storywatch("worker", "--config", str(files.write()), cwd=tmp_path)
    assert refused.returncode == 1
    assert "storywatch migrate" in refused.stderr
    alone = ConfigDir(tmp_path)
    refused = storywatch("worker", "--config", str(alone.write()), cwd=tmp_path)
    assert refused.returncode == 1
    assert "SQLite" in refused.stderr


@pytest.mark.parametrize(("variant", "status"), [("none", 0), ("mark-first", 1)])
def test_killed_workers_lose_and_double_nothing(variant: str, status: int) -> None:
    """Kills among three workers cost nothing, and what is made wrong on purpose is found out."""
    restarts = "1" if variant == "none" else "0"
    command = [sys.executable, "-m", "crash.team", "--kills", "4", "--restarts", restarts, "--variant", variant]
    path = os.pathsep.join(str(folder) for folder in (TESTS, TESTS / "e2e"))
    done = subprocess.run(
        command, capture_output=True, text=True, env={**environment(), "PYTHONPATH": path}, timeout=300, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert ("NOT KEPT: lost" in done.stdout) == bool(status)
