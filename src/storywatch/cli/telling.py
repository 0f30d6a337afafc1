"""`stories`, `timeline` and `deliveries`: what the database holds, for a terminal or a program."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from storywatch.app import hold_database
from storywatch.cli.printing import console, narrow, one_line, print_json, print_table, when
from storywatch.config import load_config
from storywatch.core.model import ChannelId, DeliveryState, WatchId
from storywatch.errors import StorywatchError
from storywatch.store.engine import parse_url
from storywatch.store.views import Views

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from storywatch.config import Config
    from storywatch.core.model import NewSentence
    from storywatch.store.fates import DeliveryView, FateView
    from storywatch.store.views import DevelopmentView

ID_SIGNS = 12


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
    lines += [development.acknowledged.in_words()] if development.acknowledged else []
    for line in map(one_line, lines):
        _indented(out, line)
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
    """`storywatch deliveries [DLV]`."""
    config = load_config(options.config, environ=os.environ)
    with open_views(config) as views:
        if options.delivery:
            fate = views.delivery(options.delivery)
            return _tell_fate(replace(fate, delivery=_as_configured(fate.delivery, config)), as_json=options.json)
        state = DeliveryState(options.state) if options.state else None
        rows = views.deliveries(state=state, channel=options.channel, watch=options.watch, limit=options.limit)
    found = [_as_configured(row, config) for row in rows]
    if options.json:
        print_json(found)
        return 0
    if found and narrow():
        _tell_in_blocks(found)
        return 0
    print_table(
        ("state", "when (UTC)", "to", "tries", "story", "headline", "why", "id"),
        [
            (
                delivery.state,
                when(delivery.sent_at or delivery.not_before),
                to_whom(delivery),
                str(delivery.attempts),
                delivery.watch or "-",
                delivery.headline,
                delivery.why or "",
                short_id(delivery.id),
            )
            for delivery in found
        ],
        empty="No such delivery." if state or options.channel or options.watch else "No delivery yet.",
        texts=("headline", "why"),
    )
    return 0


def _indented(out: Console, line: str) -> None:
    """Wrapped on a terminal; whole elsewhere."""
    out.print(Padding(Text(line), (0, 0, 0, 2), expand=False) if out.is_terminal else Text(f"  {line}"))


def _as_configured(one: DeliveryView, config: Config) -> DeliveryView:
    """What waits on a channel that can't send now says so, before all else."""
    if one.state != DeliveryState.WAITING:
        return one
    channel = config.channels.get(ChannelId(one.channel))
    if channel is None:
        return replace(
            one, why=f"channel {one.channel} is not in storywatch.toml any more; waits until it is there again"
        )
    return replace(one, why=f"the channel is disabled: {channel.disabled}") if channel.disabled else one


def _tell_in_blocks(found: Sequence[DeliveryView]) -> None:
    """Where a table has no room: for each what it is, what it says, and why it is there."""
    out = console()
    for one in found:
        moment = when(one.sent_at or one.not_before)
        out.print(Text.assemble((one.state, "bold"), f"  {moment}  {to_whom(one)}  ", (short_id(one.id), "dim")))
        for line in (f"{one.watch}: {one.headline}" if one.watch else one.headline, one.why):
            if line:
                _indented(out, one_line(line))


def _tell_fate(fate: FateView, *, as_json: bool) -> int:
    if as_json:
        print_json(fate)
        return 0
    one, out = fate.delivery, console()
    lines = [
        ("state", f"{one.state}{f', {one.why}' if one.why else ''}"),
        ("to", to_whom(one)),
        ("story", one.watch),
        ("development", one.development),
        ("says", f"{one.kind}: {one.headline}"),
        ("was to go", f"{when(one.due_at)} UTC"),
        ("next try", f"{when(one.not_before)} UTC" if one.state == DeliveryState.WAITING else None),
        ("sent", f"{when(one.sent_at)} UTC" if one.sent_at else None),
        *(("tells", f"{told.id} {told.headline}") for told in fate.tells),
    ]
    out.print(Text(one.id, "bold"))
    for name, told in lines:
        if told:
            _indented(out, one_line(f"{name}: {told}"))
    print_table(
        ("try", "when (UTC)", "outcome", "code", "reason"),
        [
            (
                str(attempt.number),
                f"{attempt.at:%Y-%m-%d %H:%M:%S}",
                attempt.state,
                "-" if attempt.code is None else str(attempt.code),
                attempt.reason or "",
            )
            for attempt in fate.attempts
        ],
        empty="  not tried yet",
    )
    return 0


def short_id(uid: str) -> str:
    """On a terminal as much of an id as tells it from others; in a pipe all of it."""
    return uid[:ID_SIGNS] if sys.stdout.isatty() else uid


def to_whom(delivery: DeliveryView) -> str:
    """The channel, and the address where it is another."""
    return delivery.channel if delivery.address == delivery.channel else f"{delivery.channel} {delivery.address}"
