"""`redeliver`: send after all what is dead or was muted, beside a running service or before its next start."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storywatch.app import SystemClock, hold_database
from storywatch.cli.printing import print_json, print_table
from storywatch.cli.telling import short_id, to_whom
from storywatch.config import load_config
from storywatch.core.model import ChannelId, DeliveryState
from storywatch.errors import ConfigError
from storywatch.store.redelivering import Redelivery, Wanted

if TYPE_CHECKING:
    from argparse import Namespace

    from storywatch.store.redelivering import Redelivered

AGO = re.compile(r"([0-9]{1,6})([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def redeliver(options: Namespace) -> int:
    """`storywatch redeliver [DLV...] [--since T] [--channel X] [--dead] [--muted] [--again] [--dry-run] [--by NAME]`."""
    now = SystemClock().now()
    wanted = _wanted(options, now=now)
    with hold_database(load_config(options.config, environ=os.environ), alone=False) as database:
        done = Redelivery(database).redeliver(wanted, now=now, by=options.by, dry_run=options.dry_run)
    if options.json:
        print_json({"dry_run": options.dry_run, "deliveries": done.deliveries, "stopped": done.stopped})
    else:
        _tell(done, dry_run=options.dry_run)
    return 0


def _wanted(options: Namespace, *, now: datetime) -> Wanted:
    chosen = options.dead or options.muted or options.since or options.channel
    faults = []
    if options.delivery and chosen:
        faults.append("name deliveries, or choose them with --dead, --muted, --since and --channel; not both")
    if not options.delivery and not chosen:
        faults.append("which? Name deliveries, or choose them with --dead, --muted, --since or --channel")
    if options.again and not options.delivery:
        faults.append("--again goes with deliveries that are named, so that nothing is sent twice by mistake")
    since = _moment(options.since, now=now) if options.since else None
    if options.since and since is None:
        faults.append(f"--since {options.since!r}: expected a moment such as 2026-11-01T10:00 (UTC), or 3d ago: 3d")
    if faults:
        raise ConfigError(tuple(f"redeliver: {fault}" for fault in faults))
    states = [DeliveryState.DEAD] if options.dead or not options.muted else []
    return Wanted(
        named=options.delivery,
        states=[*states, *([DeliveryState.MUTED] if options.muted else [])],
        channel=ChannelId(options.channel) if options.channel else None,
        since=since,
        again=options.again,
    )


def _moment(text: str, *, now: datetime) -> datetime | None:
    """`3d` before now, or a day or moment in ISO 8601, in UTC unless it says otherwise; None for anything else."""
    ago = AGO.fullmatch(text)
    try:
        if ago:
            return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _tell(done: Redelivered, *, dry_run: bool) -> None:
    print_table(
        ("id", "was", "to", "story", "headline"),
        [(short_id(one.id), one.state, to_whom(one), one.watch or "-", one.headline) for one in done.deliveries],
        empty="",
        texts=("headline",),
        spare=("story",),
    )
    number = len(done.deliveries)
    what = "delivery" if number == 1 else "deliveries"
    verb = "would be" if dry_run else ("is" if number == 1 else "are")
    print(f"{number or 'no'} {what} {verb} sent again" if number else "nothing to send again")
    if done.stopped:
        print(f"no longer stopped: {', '.join(done.stopped)}" if not dry_run else f"stopped: {', '.join(done.stopped)}")
