"""`stories`, `timeline` and `deliveries`: what the database holds, for a terminal or a program."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from storywatch.app import hold_database
from storywatch.cli.printing import console, one_line, print_json, print_table, when
from storywatch.config import load_config
from storywatch.core.model import DeliveryState, WatchId
from storywatch.errors import StorywatchError
from storywatch.store.engine import parse_url
from storywatch.store.views import Views

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from storywatch.config import Config
    from storywatch.core.model import NewSentence
    from storywatch.store.views import DeliveryView, DevelopmentView


@contextmanager
def open_views(config: Config) -> Iterator[Views]:
    """The configured database, for looking; a service may be at work on it.

    Who looks from another directory than the service's would see an empty one and wonder: that is said.
    """
    path = Path(parse_url(config.service.database).database or "")
    new = not path.exists()
    with hold_database(config, alone=False) as database:
        if new:
            print(f"note: {path.absolute()} was not there; is it here that the service runs?", file=sys.stderr)
        yield Views(database)


def stories(options: Namespace) -> int:
    """`storywatch stories`."""
    with open_views(load_config(options.config, environ=os.environ)) as views:
        found = views.stories()
    if options.json:
        print_json(found)
        return 0
    print_table(
        ("story", "developments", "possible", "about it", "judged", "last development", "when (UTC)"),
        [
            (
                story.watch,
                str(story.developments),
                str(story.possible),
                str(story.about),
                str(story.judged),
                story.last_headline or "-",
                when(story.last_at),
            )
            for story in found
        ],
        empty="No story is followed yet: `storywatch run` begins with the watches of the configuration.",
        texts=("last development",),
        spare=("judged", "about it", "possible"),
    )
    return 0


def timeline(options: Namespace) -> int:
    """`storywatch timeline WATCH`."""
    config = load_config(options.config, environ=os.environ)
    with open_views(config) as views:
        known = {story.watch for story in views.stories()} | {watch.id for watch in config.watches}
        if options.watch not in known:
            message = f"no watch {options.watch!r}; there are: {', '.join(sorted(known)) or 'none yet'}"
            raise StorywatchError(message)
        found = views.timeline(WatchId(options.watch), limit=options.limit)
    if options.json:
        print_json(found)
        return 0
    for development in found:
        _tell(development)
    if not found:
        print("No development yet. What feeds listed at their first poll is a baseline, not news.")
    return 0


def _tell(development: DevelopmentView) -> None:
    out = console()
    out.print(
        Text.assemble(
            (when(development.first_seen_at), "dim"),
            "  ",
            (development.severity, "bold" if development.severity == "major" else ""),
            "  ",
            (one_line(development.headline), "bold"),
        )
    )
    lines = [*(_said(new) for new in development.new), _reported(development), _told(development)]
    for line in map(one_line, lines):
        out.print(Padding(Text(line), (0, 0, 0, 2), expand=False) if out.is_terminal else Text(f"  {line}"))
    out.print()


def _said(new: NewSentence) -> str:
    change = f"{new.old or '?'} -> {new.new}: " if new.new else ""
    other = new.translation
    translated = f"; machine translation by {other.by}: “{other.text}”" if other else ""
    return f"{change}“{new.sentence}” ({new.lang}){translated}"


def _reported(development: DevelopmentView) -> str:
    outlets = list(dict.fromkeys(report.outlet for report in development.reports))
    return f"reported by {', '.join(outlets)}: {development.reports[0].url}" if development.reports else "no report"


def _told(development: DevelopmentView) -> str:
    if development.withdrawn:
        return f"withdrawn: {development.withdrawn}"
    if development.held:
        return f"not sent: {development.held}"
    states = [f"{delivery.channel} {delivery.state}" for delivery in development.deliveries]
    return f"deliveries: {', '.join(states)}" if states else "no delivery"


def deliveries(options: Namespace) -> int:
    """`storywatch deliveries`."""
    with open_views(load_config(options.config, environ=os.environ)) as views:
        state = DeliveryState(options.state) if options.state else None
        found = views.deliveries(state=state, limit=options.limit)
    if options.json:
        print_json(found)
        return 0
    print_table(
        ("state", "when (UTC)", "to", "tries", "story", "headline", "note"),
        [
            (
                delivery.state,
                when(delivery.sent_at or delivery.not_before),
                delivery.channel if delivery.address == delivery.channel else f"{delivery.channel} {delivery.address}",
                str(delivery.attempts),
                delivery.watch,
                delivery.headline,
                _why_not_sent(delivery),
            )
            for delivery in found
        ],
        empty="No delivery yet.",
        texts=("headline", "note"),
        spare=("tries",),
    )
    return 0


def _why_not_sent(delivery: DeliveryView) -> str:
    """The reason why it waits or is dead. What made it wait is of no interest once it is sent."""
    return "" if delivery.state == DeliveryState.SENT else delivery.reason or delivery.note or ""
