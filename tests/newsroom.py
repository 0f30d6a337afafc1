"""A configuration directory as a desk would write it, for commands and processes under test."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

SECRET_ENV = "NEWSROOM_SECRET"
SECRET = "whsec_" + b64encode(b"thirty-two bytes that both know!").decode()
STRIKE = """\
name = "Harbour strike"
about = "The dockers' strike in the harbour of Sandvik: talks, demands, and when ships sail again."
seeds = ["../seeds/strike.txt"]
"""
SEED = """\
Dockers in Sandvik walk out over pay

Dockers in the harbour of Sandvik walked out on Monday in a dispute over pay. Forty ships are waiting at anchor.
The dockers' union demands eight percent more. The harbour board offers three percent.
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@dataclass
class ConfigDir:
    """What stands in the files; `write` puts it there, again as often as it changes."""

    folder: Path
    feeds: dict[str, str] = field(default_factory=dict)  # address by id
    langs: dict[str, str] = field(default_factory=dict)
    channels: str = ""  # TOML
    watches: dict[str, str] = field(default_factory=lambda: {"harbour-strike": STRIKE + "channels = []\n"})
    port: int = field(default_factory=free_port)
    url: str | None = None  # of the database; None: an SQLite file

    @property
    def path(self) -> Path:
        return self.folder / "config"

    @property
    def database(self) -> str:
        return self.url or f"sqlite:///{self.folder / 'data' / 'storywatch.db'}"

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self) -> Path:
        for name in ("watchlist", "seeds"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        for old in (self.path / "watchlist").iterdir():
            old.unlink()
        self._file("storywatch.toml", self._main())
        self._file("feeds.toml", "".join(map(self._feed, self.feeds)))
        self._file("seeds/strike.txt", SEED)
        for name, text in self.watches.items():
            self._file(f"watchlist/{name}.toml", text)
        return self.path

    def _file(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")

    def _main(self) -> str:
        return f"""\
[service]
database = {json.dumps(self.database)}

[fetch]
contact = "desk@localhost.localdomain"
allow_networks = ["127.0.0.0/8"]
host_spacing = "0s"
host_parallel = 8

[web]
listen = "127.0.0.1:{self.port}"
base_url = "{self.page}"

{self.channels}"""

    def _feed(self, name: str) -> str:
        lang = f'lang = "{self.langs[name]}"\n' if name in self.langs else ""
        return f'[feeds.{name}]\nurl = "{self.feeds[name]}"\nevery = "1s"\n{lang}\n'


def webhook(url: str, name: str = "newsroom") -> str:
    return f'[channels.{name}]\ntype = "webhook"\nurl = "{url}"\nsecret_env = "{SECRET_ENV}"\n\n'


def email(port: int, name: str = "desk", to: str = "desk@desk.test") -> str:
    return (
        f'[channels.{name}]\ntype = "email"\nto = ["{to}"]\nfrom = "storywatch@desk.test"\n'
        f'smtp = "smtp://127.0.0.1:{port}"\ntls = "none"\n\n'
    )


@contextmanager
def beside(server: AbstractAsyncContextManager[object]) -> Iterator[None]:
    """A server that runs in a thread of its own until the block ends."""
    started, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with server:
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
