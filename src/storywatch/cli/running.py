"""`run`, `worker` and `once`: the product at work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from storywatch.app import open_app, run_once, secrets_of, serve, work
from storywatch.cli.printing import print_json
from storywatch.config import load_config
from storywatch.core.model import DeliveryState
from storywatch.engine import QUEUES
from storywatch.errors import StorywatchError
from storywatch.logs import set_up_logs

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Awaitable, Callable, Sequence

    from storywatch.app import App
    from storywatch.config import Config
    from storywatch.core.model import AttemptOutcome, DeliveryClaim, Judged, PollOutcome
    from storywatch.core.revisits import VisitOutcome


def run(options: Namespace) -> int:
    """`storywatch run`: until SIGTERM or SIGINT; SIGHUP reads the configuration anew."""
    config = _load(options)
    if options.page_only:
        _check_shared(config, "run --page-only")
    queues = () if options.page_only else QUEUES
    asyncio.run(_run(config, partial(serve, queues=queues), judges="judge" in queues))
    return 0


def worker(options: Namespace) -> int:
    """`storywatch worker`: a share of the work of several machines, until SIGTERM or SIGINT; SIGHUP as for `run`."""
    config = _load(options)
    _check_shared(config, "worker")
    working = partial(work, queues=options.queues, alive=options.alive, concurrency=options.concurrency)
    asyncio.run(_run(config, working, judges="judge" in options.queues))
    return 0


def _load(options: Namespace) -> Config:
    config = load_config(options.config, environ=os.environ)
    set_up_logs(stream=sys.stderr, secrets=secrets_of(config))
    return config


def _check_shared(config: Config, command: str) -> None:
    """Raises `StorywatchError` where there is nothing to share."""
    if config.service.database.startswith("sqlite"):
        message = (
            f"`storywatch {command}` shares a PostgreSQL database with others, and service.database is an SQLite file: "
            "`storywatch run` does all its work in one process"
        )
        raise StorywatchError(message)


async def _run(config: Config, working: Callable[[App, asyncio.Event], Awaitable[None]], *, judges: bool) -> None:
    loop, stop, hangup = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    for number, event in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, hangup)):
        loop.add_signal_handler(number, event.set)
    async with open_app(config, environ=os.environ, take_over=judges) as app, asyncio.TaskGroup() as group:
        reloads = group.create_task(_reload_when_told(app, hangup, group))
        await working(app, stop)
        reloads.cancel()


async def _reload_when_told(app: App, hangup: asyncio.Event, group: asyncio.TaskGroup) -> None:
    while True:
        await hangup.wait()
        hangup.clear()
        if await app.reload():
            set_up_logs(stream=sys.stderr, secrets=secrets_of(app.config))
        group.create_task(app.close_retired())


def once(options: Namespace) -> int:
    """`storywatch once`: one round, and what it did. Status 1 where something failed."""
    config = load_config(options.config, environ=os.environ)
    set_up_logs(stream=sys.stderr, level="warning", secrets=secrets_of(config))
    tally = Tally()
    asyncio.run(_once(config, tally, every_feed=options.all))
    if options.json:
        print_json(tally.counts)
    else:
        print(tally.in_words())
    return 1 if tally.counts["failures"] else 0


async def _once(config: Config, tally: Tally, *, every_feed: bool) -> None:
    for notice in config.notices:
        print(f"note: {notice}", file=sys.stderr)
    async with open_app(config, environ=os.environ, observer=tally, wait_for_siblings=False) as app:
        await run_once(app, every_feed=every_feed)


class Tally:
    """Counts what one round does."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(
            ("feeds", "unread", "new", "changed", "revisited", "judged", "developments", "sent", "unsent", "failures"),
            0,
        )

    def polled(self, outcome: PollOutcome, *, seconds: float) -> None:  # noqa: ARG002  an observer's argument
        """One feed was asked."""
        self.counts["feeds"] += 1
        self.counts["unread"] += outcome.failed
        self.counts["new"] += outcome.new
        self.counts["changed"] += outcome.changed

    def judged(self, judged: Judged, *, seconds: float) -> None:  # noqa: ARG002  an observer's argument
        """One article was judged for one watch."""
        self.counts["judged"] += 1
        self.counts["developments"] += judged.development is not None

    def visited(self, outcome: VisitOutcome, told: Sequence[Judged], *, seconds: float) -> None:  # noqa: ARG002  same
        """One page was looked at again; a new version of an article is judged like any article."""
        self.counts["revisited"] += 1
        for judged in told:
            self.counts["judged"] += 1
            self.counts["developments"] += judged.development is not None

    def tried(self, claim: DeliveryClaim, outcome: AttemptOutcome, *, seconds: float) -> None:  # noqa: ARG002  same
        """One delivery was tried."""
        self.counts["sent" if outcome.state is DeliveryState.SENT else "unsent"] += 1

    def step_failed(self, step: str) -> None:  # noqa: ARG002  an observer's argument
        """A step ended in an error that nobody expected."""
        self.counts["failures"] += 1

    def in_words(self) -> str:
        """One line for a person."""
        if not any(self.counts.values()):
            return "Nothing was due."
        line = (
            "{feeds} feeds polled: {new} new entries, {changed} changed. {judged} articles judged: "
            "{developments} developments. {sent} messages sent, {unsent} not yet."
        ).format(**self.counts)
        if self.counts["revisited"]:
            line += " {revisited} pages looked at again.".format(**self.counts)
        if self.counts["unread"]:
            line += " {unread} of the feeds could not be read: `storywatch feeds` says why.".format(**self.counts)
        return f"{line} {self.counts['failures']} steps failed, see above." if self.counts["failures"] else line
