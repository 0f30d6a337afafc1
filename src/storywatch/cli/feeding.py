"""`feeds`: how the feeds do, and whether they answer."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.progress import MofNCompleteColumn, Progress, TextColumn

from storywatch.app import SystemClock, open_outside
from storywatch.cli import adding, listing
from storywatch.cli.checking import Finding, quiet_logs, report
from storywatch.cli.printing import console, one_line, print_json, print_table, when
from storywatch.cli.telling import open_views
from storywatch.config import load_config
from storywatch.core.model import FeedClaim, Listing, PollFailure
from storywatch.core.urls import without_password
from storywatch.core.websub import HubState
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from storywatch.config import Config
    from storywatch.core.model import Feed
    from storywatch.ports import FeedFetcher
    from storywatch.store.views import FeedView


MOST_NAMED = 5  # feeds in one line


def feeds(options: Namespace) -> int:
    """`storywatch feeds [list|check|add|discover|import|export]`."""
    match options.action:
        case "add":
            return adding.add(options)
        case "discover":
            return adding.discover(options)
        case "import":
            return listing.import_opml(options)
        case "export":
            return listing.export_opml(options)
    config = load_config(options.config, environ=os.environ)
    quiet_logs()
    unknown = set(options.feed) - set(config.feeds)
    if unknown:
        message = f"no feed {', '.join(sorted(unknown))} in {options.config / 'feeds.toml'}"
        raise StorywatchError(message)
    chosen = [feed for feed in config.feeds.values() if not options.feed or feed.id in options.feed]
    if options.action == "check":
        return report(asyncio.run(_check(config, chosen)), as_json=options.json)
    return _list(config, {feed.id for feed in chosen}, as_json=options.json)


async def _check(config: Config, chosen: Sequence[Feed]) -> list[Finding]:
    async with open_outside(config, clock=SystemClock()) as outside:
        return await ask_feeds(outside.feeds, chosen)


async def ask_feeds(fetcher: FeedFetcher, chosen: Sequence[Feed]) -> list[Finding]:
    """Each feed once, as politely as a poll; nothing is recorded. On a terminal it says how far it is."""
    columns = (TextColumn("asking the feeds"), MofNCompleteColumn())
    with Progress(*columns, console=console(error=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("asking", total=len(chosen))

        async def ask(feed: Feed) -> Finding:
            finding = await _ask(fetcher, feed)
            progress.advance(task)
            return finding

        return list(await asyncio.gather(*map(ask, chosen)))


async def _ask(fetcher: FeedFetcher, feed: Feed) -> Finding:
    what = f"feed {feed.id}"
    answer = await fetcher.fetch_feed(FeedClaim(feed=feed, url=feed.url, lease=""))
    match answer:
        case Listing():
            dates = [entry.published_at for entry in answer.entries if entry.published_at]
            newest = f", the newest of {when(max(dates))}" if dates else ", without dates"
            moved = f"; moved for good to {answer.moved_to}" if answer.moved_to else ""
            return Finding(
                what=what, ok=bool(answer.entries), told=f"{entry_count(len(answer.entries))}{newest}{moved}"
            )
        case PollFailure():
            return Finding(what=what, ok=False, told=f"{answer.reason} ({without_password(feed.url)})")
        case _:
            return Finding(what=what, ok=True, told="answers")


def entry_count(number: int) -> str:
    """`1 entry`, `6 entries`."""
    return f"{number} {'entry' if number == 1 else 'entries'}"


def _list(config: Config, chosen: Collection[str], *, as_json: bool) -> int:
    with open_views(config) as views:
        found = [feed for feed in views.feeds() if feed.id in chosen]
    if as_json:
        print_json(found)
        return 0
    if not sys.stdout.isatty():
        for feed in found:
            print("\t".join(map(one_line, _cells(feed))))
        return 0
    now = SystemClock().now()
    print_table(
        ("feed", "state", "every", "last good", "next", "week", "lang", "entries", "note"),
        [
            (
                feed.id,
                _state(feed),
                _every(feed),
                f"{span(now - feed.succeeded_at)} ago" if feed.succeeded_at else "-",
                _next(feed, now),
                f"{feed.listed}/{feed.about}/{feed.developments}",
                feed.lang or "-",
                str(feed.entries),
                _note(feed, now),
            )
            for feed in found
        ],
        empty="No feed was polled yet: `storywatch run` or `storywatch once` does."
        if chosen
        else "No feed is in feeds.toml yet: `storywatch feeds add URL` puts one there.",
        spare=("entries", "lang"),
    )
    if found:
        print("\nweek: entries / articles about a story / developments of the last seven days.")
        _tell_unpolled(sorted(set(chosen) - {feed.id for feed in found}))
    return 0


def _tell_unpolled(feeds: Sequence[str]) -> None:
    """What was added a moment ago is not in the database yet, and should not look lost."""
    if feeds:
        more = f" and {len(feeds) - MOST_NAMED} more" if len(feeds) > MOST_NAMED else ""
        print(f"not polled yet: {', '.join(feeds[:MOST_NAMED])}{more}")


def _cells(feed: FeedView) -> tuple[str, ...]:
    """For other programs; new cells come last."""
    return (
        feed.id,
        feed.lang or "-",
        _state(feed),
        str(feed.entries),
        when(feed.succeeded_at),
        when(feed.next_poll_at),
        feed.error or "",
        _every(feed),
        str(feed.listed),
        str(feed.about),
        str(feed.developments),
        feed.last_notice.told if feed.last_notice else "",
    )


def _state(feed: FeedView) -> str:
    if feed.gone_at:
        return "gone"
    if feed.failures:
        return f"failing ({feed.failures})"
    return "not polled yet" if feed.first_poll else "ok"


def _every(feed: FeedView) -> str:
    told = ", hub" if feed.hub and feed.hub.state is HubState.CONFIRMED else ""
    if feed.every_seconds is not None:
        return f"{span(timedelta(seconds=feed.every_seconds))} fixed{told}"
    return f"{span(timedelta(seconds=feed.interval_seconds))}{told}" if feed.interval_seconds is not None else "-"


def _next(feed: FeedView, now: datetime) -> str:
    if feed.gone_at:
        return "never"
    return f"in {span(feed.next_poll_at - now)}" if feed.next_poll_at > now else "due"


def _note(feed: FeedView, now: datetime) -> str:
    """What needs a look: why it fails, else where it is moving to, else what was last told of it."""
    if feed.error:
        return feed.error
    if feed.moving_to:
        return f"moving to {without_password(feed.moving_to)}"
    notice = feed.last_notice
    return f"{span(now - notice.at)} ago: {notice.told}" if notice else ""


def span(time: timedelta) -> str:
    """`45s`, `12m`, `5h`, `3d`: one figure, of the unit that says enough."""
    seconds = max(0, int(time.total_seconds()))
    for size, unit, most in ((1, "s", 90), (60, "m", 100), (3_600, "h", 48)):
        if seconds < size * most:
            return f"{seconds // size}{unit}"
    return f"{seconds // 86_400}d"
