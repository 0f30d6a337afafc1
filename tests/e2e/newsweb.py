"""A news web and a webhook receiver on loopback, and storywatch as a process beside them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.error import HTTPError
from urllib.request import urlopen

from newsroom import SECRET, SECRET_ENV, STRIKE

from storywatch.app import SystemClock
from storywatch.demo.newsstand import Newsstand
from storywatch.demo.stream import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from newsroom import ConfigDir

STREAM = Path(__file__).parents[1] / "data" / "e2e" / "stream.jsonl"
OUTLETS = {"sandvik-post": "en", "hafenblatt": "de", "prystan-news": "uk"}
WATCH = f'{STRIKE}channels = ["newsroom", "desk"]\n[alert]\nsettle = "0s"\nsensitivity = "eager"\n'
PAUSE = 0.05
SECRET_ENVIRONMENT = {SECRET_ENV: SECRET}


def wait_until(done: Callable[[], Any], what: str, *, seconds: float = 30) -> None:
    """Return as soon as `done` says so; fail with `what` when it takes too long."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not done():
        assert time.monotonic() < until, f"not within {seconds:g} s: {what}"
        pause.wait(PAUSE)


def load_stream() -> list[Item]:
    """All items, the three that outlets show from the beginning first; published a minute ago."""
    now = SystemClock().now() - timedelta(minutes=1)
    items = []
    for line in STREAM.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        path = f"/{told['outlet']}{told.pop('path')}"
        told["paragraphs"] = tuple(told["paragraphs"])
        items.append(Item(id=path, owner=told["outlet"], path=path, published_at=now, seen_at=now, **told))
    return items


@dataclass(frozen=True)
class Call:
    """One webhook call as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class NewsWeb:
    """What outlets show, and what was called.

    While `held` is set, calls are not answered; `before_answer` is called once, when the next call has come.
    """

    stand: Newsstand = field(default_factory=Newsstand)
    calls: list[Call] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    before_answer: Callable[[], None] | None = None
    base: str = ""

    @property
    def hook(self) -> str:
        return f"{self.base}/hook"

    def feeds(self, *outlets: str) -> dict[str, str]:
        return {outlet: f"{self.base}/{outlet}/feed.xml" for outlet in outlets}

    def release(self) -> None:
        self.held.clear()
        self.released.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    web: NewsWeb

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed hangs up."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        outlet, _, rest = self.path.lstrip("/").partition("/")
        web = self.server.web
        is_feed = rest == "feed.xml"
        body = web.stand.feed(outlet, web.base) if is_feed else web.stand.page(self.path, web.base)
        self._answer(200 if body else 404, body or b"", kind="application/rss+xml" if is_feed else "text/html")

    def do_POST(self) -> None:
        web = self.server.web
        body = self.rfile.read(int(self.headers["content-length"]))
        web.calls.append(Call({name.lower(): value for name, value in self.headers.items()}, body))
        act, web.before_answer = web.before_answer, None
        if act is not None:
            act()
        if web.held.is_set():
            web.released.wait(60)
        self._answer(204)

    def _answer(self, status: int, body: bytes = b"", *, kind: str = "text/plain") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests look at what was called."""


@contextmanager
def news_web() -> Iterator[NewsWeb]:
    web = NewsWeb()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.web = web
    web.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": PAUSE}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.release()
        server.shutdown()
        thread.join()
        server.server_close()


def storywatch(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    command = [sys.executable, "-m", "storywatch", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment(), timeout=60, check=False)


def environment() -> dict[str, str]:
    return {**os.environ, **SECRET_ENVIRONMENT, "OMP_NUM_THREADS": "1"}


class Counts:
    """What the database of a configuration says, in numbers. Who asks says by `rows` how."""

    files: ConfigDir

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def count(self, query: str) -> int:
        number: int = self.rows(f"SELECT count(*) FROM {query}")[0][0]
        return number

    def has_baseline(self) -> bool:
        return self.count("feed WHERE first_poll OR NOT enabled") == 0 and self.count("entry") >= len(self.files.feeds)

    def is_done(self, entries: int) -> bool:
        """So many entries were listed, all are settled, and nothing waits to be sent."""
        return (
            self.count("entry") == entries
            and not self.count("entry WHERE state = 'waiting'")
            and not self.count("delivery WHERE state = 'waiting'")
        )


class Running(Counts):
    """`storywatch run` on a configuration, as often as it is started. Its log is kept over all lives."""

    def __init__(self, files: ConfigDir) -> None:
        self.files = files
        self.process: subprocess.Popen[bytes] | None = None
        self._log = files.folder / "storywatch.log"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.kill()

    def start(self, *, wait: bool = True) -> None:
        """Another life; until it serves, unless told not to wait."""
        config = self.files.write()
        lives = self.said("service_started")
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "storywatch", "run", "--config", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.files.folder,
                env=environment(),
            )
        if wait:
            wait_until(lambda: len(self.said("service_started")) > len(lives), "the service serves")

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> int:
        """kill -9; the id of the process that was."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=30)
        return self.process.pid

    def die(self) -> None:
        """kill -9, from whatever thread, without waiting."""
        assert self.process is not None
        self.process.kill()

    def has_ended(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        assert self.process is not None
        return self.process.wait(timeout=30)

    def said(self, event: str) -> list[dict[str, Any]]:
        """The log lines of one event so far."""
        lines = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        found = []
        for line in lines:
            try:
                told = json.loads(line)
            except ValueError:  # the last line of a life that was killed
                continue
            if told["event"] == event:
                found.append(told)
        return found

    def ask(self, path: str) -> tuple[int, str]:
        """What the web port answers."""
        try:
            with urlopen(f"{self.files.page}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says, whoever works on it."""
        path = self.files.database.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as connection:
            return connection.execute(query).fetchall()
