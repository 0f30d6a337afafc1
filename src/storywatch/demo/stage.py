"""What the show is played on: a clock that leaps, and a configuration directory for the real service."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

from storywatch.demo.stream import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from storywatch.demo.stream import Item
    from storywatch.ports import Clock

WATCH = "detained-ferry"
SECRET_ENV = "DEMO_WEBHOOK_SECRET"  # noqa: S105  a name
SECRET = "whsec_" + b64encode(b"known to the demo's two ends").decode()


class LeapingClock:
    """Runs like `clock`, but can be set forward. Set while no work is under way: leases would run out."""

    def __init__(self, clock: Clock, start: datetime) -> None:
        self._clock = clock
        self._ahead = start - clock.now()

    def now(self) -> datetime:
        """The moment that the show has reached."""
        return self._clock.now() + self._ahead

    def leap(self, to: datetime) -> None:
        """Set forward, never back."""
        self._ahead += max(timedelta(), to - self.now())


def write_config(folder: Path, items: Iterable[Item], base: str) -> Path:
    """A configuration like a user's, in `folder`: the outlets of the stream as feeds, one watch, one webhook."""
    config = folder / "config"
    for name in ("watchlist", "seeds"):
        (config / name).mkdir(parents=True)
    (config / "storywatch.toml").write_text(_storywatch_toml(folder, base), encoding="utf-8")
    (config / "feeds.toml").write_text(_feeds_toml(items, base), encoding="utf-8")
    (config / "watchlist" / f"{WATCH}.toml").write_text(read_text("watch.toml"), encoding="utf-8")
    (config / "seeds" / f"{WATCH}.txt").write_text(read_text("seed.txt"), encoding="utf-8")
    return config


def _storywatch_toml(folder: Path, base: str) -> str:
    page = f"127.0.0.1:{_free_port()}"
    database = json.dumps(f"sqlite:///{folder / 'storywatch.db'}")
    return f"""\
[service]
database = {database}

[fetch]
contact = "demo@localhost.localdomain"
allow_networks = ["127.0.0.0/8"]
host_spacing = "0s"
host_parallel = 8

[web]
listen = "{page}"
base_url = "http://{page}"

[channels.newsroom]
type = "webhook"
url = "{base}/hook"
secret_env = "{SECRET_ENV}"
"""


def _feeds_toml(items: Iterable[Item], base: str) -> str:
    outlets = {item.outlet: item for item in items}
    return "".join(
        f'[feeds.{outlet}]\nurl = "{base}/{outlet}/feed.xml"\nevery = "1s"\nowner = "{item.owner}"\nlang = "{item.lang}"\n\n'
        for outlet, item in outlets.items()
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
