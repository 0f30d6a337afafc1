"""States in words: how a feed does, what a story's alerts do. Normal is quiet; only trouble has a strong colour."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from storywatch.core.troubles import CHANNEL, FEED, JUDGING, NETWORK, POLLS, RECIPIENT, SILENT_FEED, is_failing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from storywatch.core.model import ChannelId, Watch
    from storywatch.core.troubles import Trouble
    from storywatch.store.ledger import Pulse
    from storywatch.store.views import FeedView, StoryView

LATE = timedelta(minutes=10)
STANDSTILL = timedelta(minutes=2)
QUIET = timedelta(days=14)
TROUBLES = {  # what colour, which page tells more, and whether it says since when
    NETWORK: ("bad", "/sources", True),
    POLLS: ("bad", "/sources", True),
    JUDGING: ("bad", "/sources", True),
    CHANNEL: ("bad", "/deliveries", False),
    RECIPIENT: ("bad", "/deliveries", False),
    FEED: ("wait", "/sources", False),
    SILENT_FEED: ("wait", "/sources", False),
}


@dataclass(frozen=True, slots=True)
class State:
    """A state as it is shown: `kind` gives the colour (ok, wait, bad, off), `shape` the sign before the word."""

    kind: str
    shape: str
    word: str
    detail: str = ""

    @property
    def is_trouble(self) -> bool:
        """Should somebody look?"""
        return self.kind == "bad"


@dataclass(frozen=True, slots=True)
class Sign:
    """A state in the head of each page, with the page that tells more."""

    state: State
    leads_to: str
    at: datetime | None = None


def signs_of_trouble(pulse: Pulse, *, ticked_at: datetime | None, now: datetime) -> list[Sign]:
    """What the head of each page says: when something was last read, and only then what is wrong."""
    signs = []
    if ticked_at is None or now - ticked_at > STANDSTILL:
        signs.append(Sign(State("bad", "bad", "Nothing is being done"), "/sources", ticked_at))
    elif pulse.read_at is not None:
        signs.append(Sign(State("ok", "ok", "Read"), "/sources", pulse.read_at))
    signs += _troubles(pulse)
    if pulse.dead_letters:
        word = "dead letter" if pulse.dead_letters == 1 else "dead letters"
        signs.append(Sign(State("bad", "bad", f"{pulse.dead_letters} {word}"), "/deliveries"))
    return signs


def _troubles(pulse: Pulse) -> list[Sign]:
    """The troubles that go on, counted where there may be many of a kind, and since when the oldest does."""
    since = {one.kind: one.since for one in reversed(pulse.troubles)}
    counts = Counter(one.kind for one in pulse.troubles)
    return [
        Sign(State(kind, "bad", _in_words(what, counts[what], pulse.feeds)), leads_to, since[what] if at else None)
        for what, (kind, leads_to, at) in TROUBLES.items()
        if counts[what]
    ]


def _in_words(kind: str, count: int, feeds: int) -> str:
    s = "" if count == 1 else "s"
    return {
        NETWORK: "No feed can be reached",
        POLLS: "No feed is asked",
        JUDGING: "Nothing is judged",
        FEED: f"{count} of {feeds} feeds failing",
        SILENT_FEED: f"{count} of {feeds} feeds silent",
        CHANNEL: f"{count} channel{s} failing",
        RECIPIENT: f"{count} recipient{s} stopped",
    }[kind]


def state_of_feed(feed: FeedView, *, now: datetime, silence: Trouble | None = None) -> State:
    """How the feed does, the gravest thing first. `silence` is the trouble that it lists nothing new, if it is one."""
    if feed.gone_at is not None:
        return State("bad", "bad", "Gone for good", "its server says so: it is asked no more")
    if feed.failures:
        seconds = feed.every_seconds or feed.interval_seconds
        grave = is_failing(feed.failures, timedelta(seconds=seconds) if seconds else None)
        tries = f", {feed.failures} tries in a row" if feed.failures > 1 else ""
        return State("bad" if grave else "wait", "bad", "Failing", f"{feed.error or 'no answer'}{tries}")
    if feed.polled_at is None:
        return State("off", "wait", "Not polled yet", "its first poll is a baseline: what it lists then is not news")
    if feed.next_poll_at < now - LATE:
        return State("bad", "bad", "Late", "its poll is overdue: is the service running?")
    if silence is not None:
        return State("bad", "bad", "Silent", silence.words)
    return State("ok", "ok", "Read")


def needs_a_look(feeds: Iterable[FeedView], *, now: datetime) -> list[FeedView]:
    """The feeds whose state is trouble."""
    return [feed for feed in feeds if state_of_feed(feed, now=now).is_trouble]


def states_of_story(
    watch: Watch, story: StoryView, feeds: Sequence[FeedView], *, disabled: Mapping[ChannelId, str], now: datetime
) -> list[State]:
    """Whom it tells, what it can't see, how long it has been quiet."""
    own = [feed for feed in feeds if feed.id in watch.feeds and feed.enabled]
    states = _alerts(watch, disabled)
    failing = len(needs_a_look(own, now=now))
    if failing:
        states.append(State("wait", "bad", f"{failing} of {len(own)} feeds failing"))
    if story.last_at is not None and now - story.last_at >= QUIET:
        states.append(State("off", "none", f"Quiet for {(now - story.last_at).days} days"))
    return states


def _alerts(watch: Watch, disabled: Mapping[ChannelId, str]) -> list[State]:
    if not watch.channels:
        return [State("off", "none", "Page only", "its file names no channel")]
    working = [channel for channel in watch.channels if channel not in disabled]
    silent = [channel for channel in watch.channels if channel in disabled]
    states = [State("ok", "ok", "Alerts on", ", ".join(working))] if working else []
    return states + [State("bad", "bad", f"{channel} is disabled", disabled[channel]) for channel in silent]


def tell_baseline(watch: Watch, feeds: Sequence[FeedView]) -> str:
    """Why a story without a development has none yet."""
    own = [feed for feed in feeds if feed.id in watch.feeds and feed.enabled]
    read = sum(feed.succeeded_at is not None for feed in own)
    if not own:
        return "No feed is followed for this story: its file names none that is configured."
    if read < len(own):
        failing = sum(feed.succeeded_at is None and feed.failures > 0 for feed in own)
        trouble = f" {failing} could not be read; Sources says why." if failing else ""
        return (
            f"{read} of {len(own)} feeds polled.{trouble} What a feed lists at its first poll is a baseline: "
            "it counts as known, and nothing is news yet."
        )
    followed = "1 feed is" if len(own) == 1 else f"{len(own)} feeds are"
    return f"{followed} followed. What was listed at first counts as known; nothing new has come since."
