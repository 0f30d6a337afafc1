"""`migrate`: the schema, and everything to PostgreSQL, as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from every_table import fill
from terminals import shown, without_style

from storywatch.store import tables
from storywatch.store.engine import lock_database, open_database
from storywatch.store.transfer import open_transfer

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Storywatch
    from desks import Desk
    from newsroom import ConfigDir

ALL = tables.metadata.sorted_tables


@pytest.fixture
def filled(told: Desk, desk_files: ConfigDir) -> str:
    """The address of an SQLite file with three rows more in every table."""
    with told.database.write() as connection:
        fill(connection, rows=3, first=101)
    return desk_files.database


def test_everything_is_carried_and_each_table_is_told(storywatch: Storywatch, filled: str, postgres_url: str) -> None:
    """Rows and checksum by table, where it is now, and what to do next; the configuration need not be there."""
    done = storywatch.typed("migrate", "--from", filled, "--to", postgres_url)
    assert (done.status, done.err) == (0, "")
    *listed, told, todo = done.lines
    assert [line.split("\t")[0] for line in listed] == [table.name for table in ALL]
    assert [line.split("\t")[1] for line in listed if line.startswith(("feed\t", "watch\t"))] == ["4", "3"]
    assert told.startswith(f"{3 * len(ALL) + 1} rows are in {postgres_url}: counts and checksums are those of {filled}")
    assert "put the old file away" in todo
    open_database(postgres_url).dispose()
    again = storywatch.typed("migrate", "--from", filled, "--to", postgres_url)
    assert again.status == 1
    assert "Name an empty database" in again.err


def cut_off_and_changed(told: Desk, source: str, target: str) -> None:
    """All is carried and not compared yet; then one table's rows change."""
    with open_transfer(source, target) as transfer:
        next(step for step in transfer.steps() if step.doing == "comparing")
    with told.database.write() as connection:
        connection.execute(tables.opinion_day.update().values(calls=5))


def test_programs_get_the_figures(storywatch: Storywatch, told: Desk, filled: str, postgres_url: str) -> None:
    """Whether it was resumed, which tables had changed since, and all tables."""
    cut_off_and_changed(told, filled, postgres_url)
    done = storywatch.typed("migrate", "--from", filled, "--to", postgres_url, "--json").json
    assert (done["resumed"], done["redone"]) == (True, ["opinion_day"])
    assert {one["table"]: one["rows"] for one in done["tables"]}["opinion_day"] == 3
    assert {len(one["checksum"]) for one in done["tables"]} == {16}


def test_people_are_told_what_was_carried_anew(
    storywatch: Storywatch, told: Desk, filled: str, postgres_url: str
) -> None:
    """What they did between two tries is there."""
    cut_off_and_changed(told, filled, postgres_url)
    lines = storywatch.typed("migrate", "--from", filled, "--to", postgres_url).lines
    assert lines[-2] == "Changed since the first try, and carried anew: opinion_day."


def test_a_terminal_shows_how_far_it_is(filled: str, postgres_url: str, tmp_path: Path) -> None:
    """And keeps only the table."""
    status, screen = shown("migrate", "--from", filled, "--to", postgres_url, cwd=tmp_path, columns=120)
    screen = without_style(screen)
    assert status == 0
    assert f"comparing {ALL[-1].name}" in screen
    assert "checksum" in screen


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "sqlite:///a.db"], "migrate: --to is missing: --from and --to belong together"),
        (["--to", "postgresql+psycopg://h/d"], "migrate: --from is missing"),
        (["--from", "a.db", "--to", "postgresql+psycopg://h/d"], "migrate: --from: "),
        (["--from", "sqlite:///a.db", "--to", "postgresql+psycopg://u:hunter2@h/d"], "must not hold a password"),
    ],
)
def test_addresses_are_asked_for_before_anything_is_opened(storywatch: Storywatch, words: list[str], said: str) -> None:
    """Exit status 2; a password would stand in the list of processes for all to see, and is not repeated."""
    refused = storywatch.typed("migrate", *words)
    assert refused.status == 2
    assert said in refused.err
    assert "hunter2" not in refused.err


def test_a_running_service_is_not_carried(
    storywatch: Storywatch, desk_files: ConfigDir, filled: str, postgres_url: str
) -> None:
    """It says how to stop it."""
    with lock_database(desk_files.folder / "data" / "storywatch.db"):
        refused = storywatch.typed("migrate", "--from", filled, "--to", postgres_url)
    assert refused.status == 1
    assert "stop it first: `systemctl stop storywatch`" in refused.err
