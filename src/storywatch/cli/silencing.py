"""`mute`, `snooze`, `unmute`, `silences` and `acknowledge`: words about one story. A service may be at work meanwhile."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from storywatch.app import SystemClock
from storywatch.cli.printing import narrow, one_line, print_json, print_table, when
from storywatch.cli.telling import open_views
from storywatch.config import EmailSettings, load_config
from storywatch.config.values import read_duration
from storywatch.core.model import ChannelId, Recipient, SilenceKind, WatchId
from storywatch.core.silences import in_words
from storywatch.errors import ConfigError, StorywatchError
from storywatch.store.acknowledgements import Acknowledgements
from storywatch.store.silences import Silences

if TYPE_CHECKING:
    from argparse import Namespace

    from storywatch.config import Config
    from storywatch.store.silences import SilenceLine
    from storywatch.store.views import Views


def mute(options: Namespace) -> int:
    """`storywatch mute WATCH [--until TIME | --for DURATION] [--until-major]`."""
    return _begin(options, SilenceKind.MUTE)


def snooze(options: Namespace) -> int:
    """`storywatch snooze WATCH --until TIME | --for DURATION | --until-major`."""
    return _begin(options, SilenceKind.SNOOZE)


def _begin(options: Namespace, kind: SilenceKind) -> int:
    config, now = load_config(options.config, environ=os.environ), SystemClock().now()
    until = _until(options, config, now=now)
    recipient = _recipient(options, config)
    with open_views(config) as views:
        watch = _watch(options.watch, config, views)
        begun = Silences(views.database).begin(
            watch,
            kind,
            recipient=recipient,
            until=until,
            until_major=options.until_major,
            by=_line(options.by),
            reason=_line(options.reason),
            now=now,
        )
    if options.json:
        print_json(begun)
        return 0
    whose = _whose(recipient)
    print(one_line(f"{watch}: {in_words(begun)}"))
    if until is not None:
        zone = ZoneInfo(config.service.timezone)
        print(f"that is {until.astimezone(zone):%Y-%m-%d %H:%M} in {config.service.timezone}")
    print(
        "what is found meanwhile is on the page, and is not told later"
        if kind is SilenceKind.MUTE
        else "what is found meanwhile is told together when it is over"
    )
    print(f"to take it back: storywatch unmute {watch}{whose}")
    return 0


def unmute(options: Namespace) -> int:
    """`storywatch unmute WATCH [--recipient ADDRESS]`. Status 1 where nothing was muted or snoozed."""
    config, now = load_config(options.config, environ=os.environ), SystemClock().now()
    recipient = _recipient(options, config, former=True)
    with open_views(config) as views:
        watch = _watch(options.watch, config, views)
        silences = Silences(views.database)
        ended = silences.end(watch, recipient=recipient, by=_line(options.by), now=now)
        left = [line for line in silences.list_silences(now=now) if line.watch == watch]
    if options.json:
        print_json({"ended": ended, "left": left})
        return 0 if ended else 1
    if ended is None:
        message = f"{watch} is neither muted nor snoozed for {_named(recipient)}" + _others(left)
        raise StorywatchError(message)
    print(one_line(f"{watch}: over for {_named(recipient)}; it was {in_words(ended)}"))
    if ended.kind is SilenceKind.SNOOZE:
        print("what it held is told now, together")
    if left:
        print(one_line(f"still in force{_others(left)}"))
    return 0


def _others(left: list[SilenceLine]) -> str:
    named = ", ".join(f"{line.kind} for {line.address or 'everybody'}" for line in left)
    which = " (--recipient names one)" if any(line.address for line in left) else ""
    return f"; there is: {named}{which}" if left else ""


def silences(options: Namespace) -> int:
    """`storywatch silences [--all]`."""
    config = load_config(options.config, environ=os.environ)
    with open_views(config) as views:
        found = Silences(views.database).list_silences(ended=options.all, now=SystemClock().now())
    if options.json:
        print_json(found)
        return 0
    brief = narrow()
    print_table(
        ("story", "", "for", "since (UTC)", "until (UTC)", "by", "why", "kept back", "now"),
        [
            (
                line.watch,
                line.kind,
                line.address or "all",
                when(line.created_at),
                _end_of(line, brief=brief),
                line.by or "-",
                line.reason or "-",
                _kept(line),
                _state(line),
            )
            for line in found
        ],
        empty="No story is muted or snoozed.",
        texts=("why", "now"),
        spare=("since (UTC)", "by") if options.all else ("now", "since (UTC)", "by"),
    )
    return 0


def _end_of(line: SilenceLine, *, brief: bool) -> str:
    ends = [when(line.until)] if line.until else []
    ends += ["next major" if brief else "the next major development"] if line.until_major else []
    return " or ".join(ends) or "-"


def _kept(line: SilenceLine) -> str:
    return f"{line.muted} muted" if line.kind == SilenceKind.MUTE else f"{line.holds} held"


def _state(line: SilenceLine) -> str:
    if line.active:
        return "in force"
    return f"over since {when(line.ended_at)}" + (f", by {line.ended_by}" if line.ended_by else "")


def acknowledge(options: Namespace) -> int:
    """`storywatch acknowledge DEV [--by NAME]`."""
    config = load_config(options.config, environ=os.environ)
    with open_views(config) as views:
        notices = Acknowledgements(views.database)
        found = notices.find(options.development)
        stands, first = notices.acknowledge(found.id, by=_line(options.by), now=SystemClock().now())
    if options.json:
        print_json({"development": found.id, "watch": found.watch, "first": first, "by": stands.by, "at": stands.at})
        return 0
    print(one_line(f"{found.id} {found.headline}"))
    print(one_line(stands.in_words() + ("" if first else "; that was before, and it counts")))
    return 0


# --------------------------------------------------------------------------- what was typed


def _line(text: str | None) -> str | None:
    return one_line(text) or None if text else None


def _until(options: Namespace, config: Config, *, now: datetime) -> datetime | None:
    if options.span is not None:
        try:
            return now + read_duration(options.span)
        except ValueError as error:
            raise ConfigError((f"{options.command}: --for: {error}",)) from error
    if options.until is None:
        return None
    try:
        moment = datetime.fromisoformat(options.until)
    except ValueError as error:
        fault = f"{options.command}: --until {options.until!r}: expected a moment such as 2026-12-01T08:00, or --for 3d"
        raise ConfigError((fault,)) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(config.service.timezone))
    return moment.astimezone(UTC)


def _recipient(options: Namespace, config: Config, *, former: bool = False) -> Recipient | None:
    """Who is meant by --recipient and --channel; None: everybody. `former`: one that is configured no more will do."""
    if options.recipient is None and options.channel is None:
        return None
    there = [
        Recipient(channel=name, address=address)
        for name, settings in config.channels.items()
        for address in (settings.to if isinstance(settings, EmailSettings) else (name,))
    ]
    fits = [one for one in there if options.recipient in {None, one.address} and options.channel in {None, one.channel}]
    if len(fits) == 1:
        return fits[0]
    if not fits and former and options.recipient and options.channel:
        return Recipient(channel=ChannelId(options.channel), address=options.recipient)
    fault = "more than one recipient fits; name one of:" if fits else "no recipient fits; there are:"
    raise ConfigError((f"{options.command}: {fault}", *(f" {_whose(one)}" for one in fits or there)))


def _whose(recipient: Recipient | None) -> str:
    return f" --channel {recipient.channel} --recipient {recipient.address}" if recipient else ""


def _named(recipient: Recipient | None) -> str:
    return recipient.address if recipient else "everybody"


def _watch(wanted: str, config: Config, views: Views) -> WatchId:
    known = {str(watch.id) for watch in config.watches} | {story.watch for story in views.stories()}
    if wanted in known:
        return WatchId(wanted)
    message = f"no watch {wanted!r}; there are: {', '.join(sorted(known)) or 'none yet'}"
    raise StorywatchError(message)
