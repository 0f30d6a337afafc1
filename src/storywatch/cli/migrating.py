"""`migrate --from --to`: all that a database holds is carried to another one."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from storywatch.cli.printing import console, print_json, print_table
from storywatch.config.values import read_database
from storywatch.errors import ConfigError
from storywatch.store.transfer import open_transfer

if TYPE_CHECKING:
    from argparse import Namespace

    from storywatch.store.transfer import Transfer


def carry(options: Namespace) -> int:
    """`storywatch migrate --from --to`: again, it goes on where it was cut off. The configuration is not read."""
    source, target = _address("--from", options.source), _address("--to", options.target)
    with open_transfer(source, target) as transfer:
        _show_steps(transfer)
    if options.json:
        print_json({"resumed": transfer.resumed, "redone": transfer.redone, "tables": transfer.carried})
        return 0
    rows = [(carried.table, f"{carried.rows}", carried.checksum) for carried in transfer.carried]
    print_table(("table", "rows", "checksum"), rows, empty="no tables")
    print(f"{transfer.rows:,} rows are in {target}: counts and checksums are those of {source}.")
    if transfer.redone:
        print(f"Changed since the first try, and carried anew: {', '.join(transfer.redone)}.")
    print("Name the new one as `database` under [service], and put the old file away: nothing may run on it any more.")
    return 0


def _address(option: str, address: str | None) -> str:
    if address is None:
        raise ConfigError((f"migrate: {option} is missing: --from and --to belong together",))
    try:
        return read_database(address)
    except ValueError as error:
        raise ConfigError((f"migrate: {option}: {error}",)) from error


def _show_steps(transfer: Transfer) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    terminal = sys.stderr.isatty()
    progress = Progress(*columns, console=console(error=True), transient=True, disable=not terminal)
    with progress, closing(transfer.steps()) as steps:
        names = ("checking", "carrying", "comparing")
        tasks = {name: progress.add_task(name, total=transfer.rows, visible=False) for name in names}
        for step in steps:
            words = f"{step.doing} {step.table}"
            progress.update(tasks[step.doing], description=words, completed=step.rows, visible=True)
