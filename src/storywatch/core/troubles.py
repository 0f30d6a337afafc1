"""What keeps storywatch from its work, told from how things stand; when it is told, again, and when it is over.

A sign is seen each time that is looked; a trouble is a sign that lasts. All of it is read from rows: a database that
can't be read or an engine that stands still can't be told this way, only by who misses the ping.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from storywatch.core.cadence import HABIT, START
from storywatch.core.model import ChannelId, FeedId, Sign

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from storywatch.core.alerting import ChannelRules
    from storywatch.core.model import Recipient

# ---------------------------------------------------------------------- what counts as trouble

LEAST_FAILURES = 3  # of a feed in a row; fewer heal by themselves nearly always
UNREAD = timedelta(hours=2)  # a feed that was not had for so long: servers are restarted and moved in less
MOST_DOUBLINGS = 20
LONG_SILENCE = timedelta(days=4)  # of a feed that answers; a long weekend is no trouble
SILENCE_TIMES = 3  # the longest pause among the feed's last entries
LEAST_MOMENTS = 5  # at which entries came up: fewer are no habit
NETWORK_FEEDS = 3  # that do not answer, when none else does: it is the network and not they,
LIVELY = timedelta(days=2)  # if they did answer so shortly before
STANDSTILL = timedelta(minutes=15)  # in which no feed was asked, though some are due; or none answered
UNJUDGED = timedelta(hours=1)  # that entries wait while none is judged
CHANNEL_FAILURES = 3  # in a row
CHANNEL_FAILING = timedelta(minutes=5)

# ---------------------------------------------------------------------- when it is told

CLEAR = timedelta(minutes=10)  # without any sign of it: then it is over. What comes back sooner is the same trouble
AGAIN = timedelta(days=1)  # after which it is told once more; then after twice as long, and so on,
MOST_SELDOM = timedelta(days=7)  # but each week
AGAIN_WITH = timedelta(hours=2)  # what would be told again so soon is told along with another
APART = timedelta(hours=1)  # between two messages about troubles of which there are often many
ONE_BY_ONE = 5  # more of a kind are told in one line
NAMED = 5  # of them

NETWORK, POLLS, JUDGING = "network", "polls", "judging"
FEED, SILENT_FEED, CHANNEL, RECIPIENT = "feed", "silent-feed", "channel", "recipient"
KINDS = (NETWORK, POLLS, JUDGING, FEED, SILENT_FEED, CHANNEL, RECIPIENT)
MANY = {  # kinds of which there are often many, and what several of them are called
    FEED: "feeds can't be read",
    SILENT_FEED: "feeds list nothing new, against their habit",
    RECIPIENT: "recipients are sent nothing any more",
}
REASON_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """A feed as its last poll left it. `status` is that of the answer; None: there was none."""

    id: FeedId
    followed: bool  # by a watch
    interval: timedelta | None  # as configured or learned; None: not known yet
    failures: int
    error: str | None
    status: int | None
    polled_at: datetime | None
    succeeded_at: datetime | None
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSilence:
    """A feed that answers and lists nothing new, for longer than is its habit."""

    id: FeedId
    since: datetime
    habit: timedelta  # the longest pause among its last entries


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """How a channel does."""

    id: ChannelId
    failures: int
    failing_since: datetime | None
    last_failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedRecipient:
    """Somebody to whom nothing is sent any more."""

    recipient: Recipient
    stopped_at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How everything stands at one moment. `network_back_at` is when the last failure of the network ended."""

    feeds: Sequence[FeedHealth] = ()  # those in use whose last poll failed, or that are gone
    answered_at: datetime | None = None  # when any feed in use last answered,
    asked_at: datetime | None = None  # and when one was last asked
    overdue: int = 0  # feeds that should have been asked `STANDSTILL` ago or earlier
    overdue_since: datetime | None = None
    silences: Sequence[FeedSilence] = ()
    channels: Sequence[ChannelHealth] = ()
    stopped: Sequence[StoppedRecipient] = ()
    disabled: Mapping[ChannelId, str] = field(default_factory=dict)  # of those that are meant to tell something
    unjudged: int = 0  # entries that wait for too long
    unjudged_since: datetime | None = None
    network_back_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A sign that was seen before. `clear_at`: since when it is not seen any more."""

    id: int
    subject: str
    words: str
    since: datetime
    told_at: datetime | None
    times: int
    clear_at: datetime | None

    @property
    def kind(self) -> str:
        """What sort of thing it is about."""
        return self.subject.partition(":")[0]


# ---------------------------------------------------------------------- the signs


def signs_of(health: Health, *, known: Collection[str], watched_since: datetime, now: datetime) -> list[Sign]:
    """What is wrong, the gravest first.

    `known` are the subjects of troubles that go on. `watched_since` is when this process began to look: what has not
    happened for a while may not have had the time to.
    """
    network = _network(health, now)
    signs = [network, _polls(health, watched_since, now), _judging(health, watched_since, now)]
    back_at = now if network or NETWORK in known else health.network_back_at
    return [
        *(sign for sign in signs if sign is not None),
        *(_disabled(channel, reason, now) for channel, reason in health.disabled.items()),
        *(_failing_channel(one) for one in health.channels if _is_down(one, now)),
        *map(_stopped, health.stopped),
        *(_feed(one) for one in health.feeds if one.followed and _is_trouble(one, back_at=back_at, known=known)),
        *map(_silent, health.silences),
    ]


def is_failing(failures: int, interval: timedelta | None) -> bool:
    """Has a feed failed so often in a row that it was not had for hours?

    The time follows from the number, because each wait is twice as long as the one before: with the shortest learned
    interval, ten minutes, it is the fifth failure, with half an hour the fourth, with a minute the eighth.
    """
    return failures >= LEAST_FAILURES and _failing_for(failures, interval) >= UNREAD


def _failing_for(failures: int, interval: timedelta | None) -> timedelta:
    return (interval or START) * ((1 << min(failures - 1, MOST_DOUBLINGS)) - 1)


def silence_of(feed: FeedId, moments: Iterable[datetime], *, succeeded_at: datetime) -> FeedSilence | None:
    """Is a feed silent beyond its habit? `moments` are when its last entries came up, `cadence.first_known`.

    The longest pause counts and not the usual one: many feeds rest at night and on Sundays.
    """
    newest = sorted(set(moments), reverse=True)[:HABIT]
    if len(newest) < LEAST_MOMENTS:
        return None
    longest = max(newer - older for newer, older in pairwise(newest))
    if succeeded_at - newest[0] < max(LONG_SILENCE, SILENCE_TIMES * longest):
        return None
    return FeedSilence(id=feed, since=newest[0], habit=longest)


def is_broken(channel: ChannelHealth) -> bool:
    """Should nothing that matters be told on this channel for now?"""
    return channel.failures >= CHANNEL_FAILURES


def _is_down(channel: ChannelHealth, now: datetime) -> bool:
    since = channel.failing_since
    return is_broken(channel) and since is not None and now - since >= CHANNEL_FAILING


def _is_trouble(feed: FeedHealth, *, back_at: datetime | None, known: Collection[str]) -> bool:
    """What failed for want of a network, and was not asked since, says nothing of the feed."""
    if feed.gone_at is not None:
        return True
    if not is_failing(feed.failures, feed.interval):
        return False
    unheard = feed.status is None and back_at is not None and feed.polled_at is not None and feed.polled_at <= back_at
    return not unheard or f"{FEED}:{feed.id}" in known


def _network(health: Health, now: datetime) -> Sign | None:
    """None answers: of several that were asked since one last did, and that were not dead by then."""
    last = health.answered_at
    asked = [(one.polled_at, one) for one in health.feeds if one.failures and one.status is None and one.polled_at]
    silent = [(at, one) for at, one in asked if last is None or (at > last and _was_lively(one, last))]
    if len(silent) < NETWORK_FEEDS:
        return None
    since = last or min(at for at, _ in silent)
    if now - since < STANDSTILL:
        return None
    reason = max(silent, key=lambda pair: pair[0])[1].error
    told = f"none of {len(silent)} feeds that were asked could be reached: {_short(reason) or 'no answer'}"
    return Sign(subject=NETWORK, words=told, since=since)


def _was_lively(feed: FeedHealth, at: datetime) -> bool:
    return feed.succeeded_at is not None and at - feed.succeeded_at <= LIVELY


def _polls(health: Health, watched_since: datetime, now: datetime) -> Sign | None:
    since = health.asked_at or health.overdue_since
    if since is None or not health.overdue or now - max(since, watched_since) < STANDSTILL:
        return None
    word = "1 feed is" if health.overdue == 1 else f"{health.overdue} feeds are"
    told = f"{word} due, and none is asked: the service stands still; look at its log and start it anew"
    return Sign(subject=POLLS, words=told, since=since)


def _judging(health: Health, watched_since: datetime, now: datetime) -> Sign | None:
    since = health.unjudged_since
    if since is None or not health.unjudged or now - watched_since < STANDSTILL:
        return None
    word = "1 entry waits" if health.unjudged == 1 else f"{health.unjudged} entries wait"
    told = f"{word} to be read, and none was judged since; `storywatch doctor` and the log may say why"
    return Sign(subject=JUDGING, words=told, since=since)


def _disabled(channel: ChannelId, reason: str, now: datetime) -> Sign:
    return Sign(subject=f"{CHANNEL}:{channel}", words=f"the channel is disabled: {_short(reason)}", since=now)


def _failing_channel(channel: ChannelHealth) -> Sign:
    assert channel.failing_since is not None
    told = f"nothing can be sent on it: {_short(channel.last_failure) or 'it does not answer'}"
    return Sign(subject=f"{CHANNEL}:{channel.id}", words=told, since=channel.failing_since)


def _stopped(one: StoppedRecipient) -> Sign:
    channel, address = one.recipient.channel, one.recipient.address
    told = (
        f"nothing is sent there any more: {_short(one.reason) or 'it was refused'}; "
        f"`storywatch redeliver --channel {channel} --dead` tries again"
    )
    return Sign(subject=f"{RECIPIENT}:{channel}:{address}", words=told, since=one.stopped_at)


def _feed(feed: FeedHealth) -> Sign:
    subject = f"{FEED}:{feed.id}"
    if feed.gone_at is not None:
        told = "gone for good, its server says: it is asked no more; give feeds.toml its new address or take it out"
        return Sign(subject=subject, words=told, since=feed.gone_at)
    assert feed.polled_at is not None
    since = feed.succeeded_at or feed.polled_at - _failing_for(feed.failures, feed.interval)
    told = f"can't be read: {_short(feed.error) or 'no answer'}, {feed.failures} tries in a row"
    return Sign(subject=subject, words=told, since=since)


def _silent(silence: FeedSilence) -> Sign:
    told = f"it answers, and lists nothing new; before, it never paused for longer than {_span(silence.habit)}"
    return Sign(subject=f"{SILENT_FEED}:{silence.id}", words=told, since=silence.since)


def _short(reason: str | None) -> str:
    said = " ".join((reason or "").split())
    return said if len(said) <= REASON_LIMIT else f"{said[: REASON_LIMIT - 1]}…"


def _span(time: timedelta) -> str:
    hours = time / timedelta(hours=1)
    if hours >= 48:  # noqa: PLR2004  two days
        return f"{round(hours / 24)} days"
    return f"{round(hours)} hours" if hours >= 2 else f"{max(1, round(hours * 60))} minutes"  # noqa: PLR2004


# ---------------------------------------------------------------------- what is told of them


def to_tell(troubles: Sequence[Trouble], *, told_apart: Mapping[str, datetime], now: datetime) -> list[Trouble]:
    """Those of the troubles that are to be told now: new ones, and those that last.

    `told_apart` says when troubles of a kind were last told, for kinds of which there are often many: such a new one
    waits for others, unless something else is told anyway.
    """
    there = [one for one in troubles if one.clear_at is None]
    due = [one for one in there if _is_new(one, told_apart, now) or _is_due_again(one, now)]
    if not due:
        return []
    return [one for one in there if one.told_at is None or _is_due_again(one, now + AGAIN_WITH)]


def _is_new(trouble: Trouble, told_apart: Mapping[str, datetime], now: datetime) -> bool:
    last = told_apart.get(trouble.kind)
    return trouble.told_at is None and (last is None or not timedelta() <= now - last < APART)  # a clock may go back


def _is_due_again(trouble: Trouble, now: datetime) -> bool:
    if trouble.told_at is None:
        return False
    return now - trouble.told_at >= min(AGAIN * (1 << min(trouble.times - 1, MOST_DOUBLINGS)), MOST_SELDOM)


def is_over(trouble: Trouble, now: datetime) -> bool:
    """Was no sign of it seen for long enough?"""
    return trouble.clear_at is not None and now - trouble.clear_at >= CLEAR


def told_together(troubles: Sequence[Trouble]) -> list[Sign]:
    """The troubles as a message tells them: of more than a few of a kind there is one line, which names some."""
    by_kind: defaultdict[str, list[Trouble]] = defaultdict(list)
    for one in troubles:
        by_kind[one.kind].append(one)
    signs: list[Sign] = []
    for kind, alike in by_kind.items():
        if kind in MANY and len(alike) > ONE_BY_ONE:
            signs.append(_in_one_line(kind, alike))
        else:
            signs += [
                Sign(subject=one.subject, words=one.words, since=one.since, ended_at=one.clear_at) for one in alike
            ]
    return signs


def _in_one_line(kind: str, troubles: Sequence[Trouble]) -> Sign:
    names = [one.subject.partition(":")[2] for one in troubles]
    ended = [one.clear_at for one in troubles if one.clear_at]
    return Sign(
        subject=f"{kind}s",
        words=f"{len(names)} {MANY[kind]}: {', '.join(names[:NAMED])} and {len(names) - NAMED} more",
        since=min(one.since for one in troubles),
        ended_at=max(ended) if len(ended) == len(troubles) else None,
    )


def channels_to_tell(
    wanted: Sequence[ChannelId],
    rules: Mapping[ChannelId, ChannelRules],
    *,
    broken: Collection[ChannelId],
    stopped: Collection[Recipient],
) -> dict[ChannelId, tuple[str, ...]]:
    """Where trouble is told, and to whom there: on the wanted channels that work, else on the first one that does.

    Of equals the first in `rules`, the channels in use. One of whose recipients is stopped comes after all others.
    """
    refused = {(one.channel, one.address) for one in stopped}
    reached = {
        channel: tuple(address for address in those.recipients if (channel, address) not in refused)
        for channel, those in rules.items()
        if channel not in broken
    }
    working = {channel: addresses for channel, addresses in reached.items() if addresses}
    if chosen := {channel: working[channel] for channel in wanted if channel in working}:
        return chosen
    whole = [channel for channel in working if len(working[channel]) == len(rules[channel].recipients)]
    return {channel: working[channel] for channel in (whole or list(working))[:1]}
