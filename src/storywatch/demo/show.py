"""The show: the stream appears item by item, the real service follows it, and what it tells is printed."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from storywatch.app import SystemClock, open_app, serve
from storywatch.config import load_config
from storywatch.core.model import AlertKind, EntryState, Label
from storywatch.demo.newsstand import Newsstand, Receiver, open_newsstand, outlet_name
from storywatch.demo.stage import SECRET, SECRET_ENV, LeapingClock, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from storywatch.app import App
    from storywatch.core.model import Reason
    from storywatch.demo.stream import Item
    from storywatch.store.views import Explanation, VerdictView

NOTHING_TOLD = 1
INTERRUPTED = 130
INDENT = "  "
PIPE_WIDTH = 120
FIRST_TICK = 0.02  # seconds between two looks whether the engine turns


async def run_demo(items: Sequence[Item], *, stay: bool, out: Console) -> int:
    """Play a stream once; `stay` keeps the page up until SIGINT or SIGTERM.

    Returns 0, 1 if nothing was alerted, or 130 if it was stopped before the end.
    """
    loop = asyncio.get_running_loop()
    with TemporaryDirectory(prefix="storywatch-demo-") as folder, _stopped_by_signals() as stop:
        show = Show(items, SystemClock(), stop=stop, out=out)

        def take(call: dict[str, Any]) -> None:
            loop.call_soon_threadsafe(show.tell, call)

        with open_newsstand(show.stand, Receiver(SECRET, show.clock, take)) as base:
            environ = {SECRET_ENV: SECRET}
            config = load_config(write_config(Path(folder), items, base), environ=environ)
            async with open_app(config, environ=environ, clock=show.clock) as app, asyncio.TaskGroup() as group:
                group.create_task(serve(app, stop))
                await show.play(app, base)
                if stay and not stop.is_set():
                    show.say_where_the_page_is(app.config.web.base_url)
                    await stop.wait()
                stop.set()
    return show.status


@contextmanager
def _stopped_by_signals() -> Iterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class Show:
    """One performance: moves the clock and the newsstand, and prints what comes of it."""

    def __init__(self, items: Sequence[Item], clock: SystemClock, *, stop: asyncio.Event, out: Console) -> None:
        opening = {item.outlet: item for item in reversed(items)}  # the first of each outlet
        self._items = [item for item in items if opening[item.outlet] is not item]
        self._outlets, self._languages = len(opening), len({item.lang for item in items})
        self._stop, self._out = stop, out
        self._told: set[str] = set()  # headlines
        self._ended = False
        if not out.is_terminal:
            out.width = PIPE_WIDTH
        self.clock = LeapingClock(clock, items[0].seen_at)
        self.stand = Newsstand()
        self.stand.show(*opening.values())

    @property
    def status(self) -> int:
        """The exit status that the performance deserves."""
        if not self._ended:
            return INTERRUPTED
        return 0 if self._told else NOTHING_TOLD

    async def play(self, app: App, base: str) -> None:
        """The whole stream: each item appears when all is done that follows from the one before."""
        self._say_what_is_coming()
        while app.service.last_tick_at is None and not self._stop.is_set():  # noqa: ASYNC110  only the tick tells
            await asyncio.sleep(FIRST_TICK)
        await app.service.exhaust(due_by=self.clock.now())  # the baseline: what the feeds show already
        for item in self._items:
            if self._stop.is_set():
                return
            self.clock.leap(item.seen_at)
            self.stand.show(item)
            await app.service.exhaust(due_by=self.clock.now())
        self._ended = True
        rest = [item for item in self._items if item.title not in self._told]
        fates = [await asyncio.to_thread(app.views.explain, base + item.path) for item in rest]
        self._say_why_not([(item, *_fate(item, fate)) for item, fate in zip(rest, fates, strict=True)])

    def tell(self, call: dict[str, Any]) -> None:
        """A call arrived by webhook, its signature verified: print what it tells of the story.

        On a clock that runs a thousand times too fast feeds may seem to be left unasked for hours, and the service says so.
        """
        if call["type"] != AlertKind.REPORTED:
            return
        development, broke = call["data"]["development"], call["data"]["articles"][0]
        self._told.add(broke["title"])
        at = datetime.fromisoformat(broke["seen_at"])
        self._out.print(
            Text.assemble(
                (f"{at:%d %b %H:%M}  ", "dim"),
                (f"{outlet_name(broke['outlet'])} ({broke['lang']})", "cyan"),
                ("  major" if development["severity"] == "major" else "", "bold red"),
            )
        )
        self._print_indented(Text(development["headline"], "bold"))
        for new in development["new"]:
            if new["new"]:
                self._print_indented(Text(f"{new['old'] or '?'} -> {new['new']}", "yellow"))
            self._print_indented(Text.assemble(("new: ", "green"), new["sentence"]))
        self._out.print()

    def say_where_the_page_is(self, address: str) -> None:
        """The end, on a terminal."""
        self._out.print(f"\nThe page is at {address} until you press Ctrl-C.")

    def _say_what_is_coming(self) -> None:
        self._out.print(
            f"An invented story runs through {self._outlets} invented outlets in {self._languages} languages, three weeks "
            "of it in half a minute.\nThe service follows it; each alert is printed as its webhook call arrives. "
            "Times are in UTC.\n"
        )

    def _say_why_not(self, fates: Sequence[tuple[Item, str, str, str]]) -> None:
        self._out.print(f"{len(self._told)} of {len(self._items)} articles were alerts. Why the others were not:\n")
        table = Table(box=None, pad_edge=False, header_style="bold")
        for head, width in (("article", None), ("verdict", 11), ("score", 6), ("because", None)):
            table.add_column(head, min_width=width, overflow="fold", ratio=None if width else 1)
        for item, verdict, score, reason in fates:
            article = Text.assemble((f"{outlet_name(item.outlet)} ({item.lang})  ", "cyan"), item.title)
            table.add_row(article, Text(verdict), Text(score), Text(reason))
        self._out.print(table)
        if not self._told:
            self._out.print("\nNothing was alerted, which is not how it should be.")

    def _print_indented(self, text: Text) -> None:
        for line in text.wrap(self._out, self._out.width - len(INDENT)):
            line.rstrip()
            self._out.print(Text.assemble(INDENT, line))


def _fate(item: Item, known: Explanation) -> tuple[str, str, str]:
    """Verdict, score and main reason of an article that was not alerted."""
    for article in known.articles:
        if article.title == item.title and article.verdicts:
            [judged] = article.verdicts
            return judged.label, f"{judged.score:.2f}", _main_reason(judged)
    for entry in known.entries[:1]:
        verdict = Label.OFF_TOPIC if entry.state == EntryState.PASSED_OVER else entry.state
        return verdict, "", entry.note or ""
    return "unseen", "", "its feed did not list it"


def _main_reason(verdict: VerdictView) -> str:
    """What is known already, or what pulled hardest away from an alert."""
    if verdict.copy_of:
        return "a copy of an earlier article"
    if verdict.label == Label.REPEAT and verdict.nearest and verdict.nearest.sentence:
        return f"known: {verdict.nearest.sentence}"
    reasons: Sequence[Reason] = verdict.match_reasons if verdict.label == Label.OFF_TOPIC else verdict.reasons
    return min(reasons, key=lambda reason: reason.pull).words if reasons else ""
