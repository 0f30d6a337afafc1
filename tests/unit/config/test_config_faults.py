from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from broken_configs import PAGE, Case, cases, page
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storywatch.config import load_config
from storywatch.config.document import Document
from storywatch.config.tables import EmailTable, FeedTable, FetchTable, ServiceTable, WatchFile, WebhookTable, WebTable
from storywatch.errors import ConfigError


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title)
def test_a_broken_configuration_is_told_where_and_why(case: Case, tmp_path: Path) -> None:
    """Every fault of a configuration is named at once: file, line, column, key, what was expected."""
    assert case.complaints(tmp_path) == case.faults


def test_the_good_configuration_has_no_fault(tmp_path: Path) -> None:
    """What the broken ones are made from is good, so their faults are their own."""
    assert Case(title="good", faults=[]).complaints(tmp_path) == []


def test_the_page_of_broken_configurations_is_current() -> None:
    """docs/reference/config-errors.md shows what the program says today."""
    assert PAGE.read_text("utf-8") == page()


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title)
def test_no_fault_repeats_a_secret(case: Case, tmp_path: Path) -> None:
    """A password or key in the wrong place is refused without being shown."""
    said = "\n".join(case.complaints(tmp_path))
    assert "hunter2" not in said
    assert "whsec_a" not in said


def test_a_directory_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    """A mistyped --config says so, rather than that every file in it is missing."""
    with pytest.raises(ConfigError, match="no such directory; name the right one with --config") as caught:
        load_config(tmp_path / "confg", environ={})
    assert len(caught.value.faults) == 1


def test_a_file_for_a_directory_is_one_fault(tmp_path: Path) -> None:
    """--config names the directory, not one of its files."""
    (tmp_path / "storywatch.toml").touch()
    with pytest.raises(ConfigError, match="is not a directory"):
        load_config(tmp_path / "storywatch.toml", environ={})


def test_a_missing_watchlist_is_a_fault(tmp_path: Path) -> None:
    """Without the folder nothing would be followed, and nobody would know."""
    config = Case(title="", faults=[]).write(tmp_path)
    (config / "watchlist/harbour-strike.toml").unlink()
    (config / "watchlist").rmdir()
    with pytest.raises(ConfigError, match="watchlist: no such directory: each file in it is a watch"):
        load_config(config, environ={})


def test_a_file_for_the_watchlist_is_a_fault(tmp_path: Path) -> None:
    """The watchlist is a folder."""
    config = Case(title="", faults=[]).write(tmp_path)
    (config / "watchlist/harbour-strike.toml").unlink()
    (config / "watchlist").rmdir()
    (config / "watchlist").touch()
    with pytest.raises(ConfigError, match="watchlist: is not a directory"):
        load_config(config, environ={})


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    """The system's reason is passed on."""
    config = Case(title="", faults=[], missing=["feeds.toml"]).write(tmp_path)
    (config / "feeds.toml").symlink_to("feeds.toml")
    with pytest.raises(ConfigError, match=f"feeds.toml: can't be read: {os.strerror(errno.ELOOP)}"):
        load_config(config, environ={})


def test_a_file_too_large_to_be_a_configuration_is_a_fault(tmp_path: Path) -> None:
    """A log or a database in the place of a file does not fill the memory."""
    config = Case(title="", faults=[]).write(tmp_path)
    with (config / "feeds.toml").open("wb") as file:
        file.truncate(5_000_000)
    with pytest.raises(ConfigError, match=r"feeds\.toml: can't be read: larger than 4 MB"):
        load_config(config, environ={})


@pytest.mark.parametrize("text", ["a = " + "[" * 20_000, "a = " + "1" * 5_000, "a = [1,"])
def test_hostile_toml_is_a_fault(text: str, tmp_path: Path) -> None:
    """Whatever stands in a file, there is a fault and no crash."""
    config = Case(title="", faults=[], files={"feeds.toml": text}).write(tmp_path)
    with pytest.raises(ConfigError, match=r"feeds.toml(:\d+:\d+)?: not TOML"):
        load_config(config, environ={})


SCALARS = st.one_of(
    st.text(), st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.datetimes(), st.dates(), st.times()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5
)
MODELS = (ServiceTable, FetchTable, WebTable, EmailTable, WebhookTable, FeedTable, WatchFile)


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first value takes seconds on a busy machine
@given(model=st.sampled_from(MODELS), data=st.data())
def test_no_value_makes_the_check_crash(model: Any, data: st.DataObject) -> None:
    """Any value at any key is either taken or a fault."""
    keys = [info.alias or name for name, info in model.model_fields.items()]
    written = data.draw(st.dictionaries(st.sampled_from(keys), VALUES))
    document = Document(file=Path("any.toml"), data=written)
    table = document.check(model, written)
    assert (table is None) == bool(document.faults)


SECRET = "correct-horse-battery"
SECRET_SHAPES = st.sampled_from(
    [
        f"smtps://user:{SECRET}@mail.example",
        f"user:{SECRET}@mail.example",
        f"https://user:{SECRET}@example.org/feed",
        f"htps:/user:{SECRET}@example.org/feed",
        f"postgresql+psycopg://u:{SECRET}@h/db",
        f"postgresql://u:{SECRET}@h/db?sslmode=require",
        f"postgresql+psycopg://u@h/db?password={SECRET}",
        f"https://user:{SECRET}@[::1",
        f"whsec_{SECRET}",
    ]
)


@given(model=st.sampled_from(MODELS), secret=SECRET_SHAPES, data=st.data())
def test_no_fault_of_any_key_repeats_a_password(model: Any, secret: str, data: st.DataObject) -> None:
    """Wherever an address with a password is pasted to, the fault does not print it."""
    keys = [info.alias or name for name, info in model.model_fields.items()]
    value = data.draw(st.sampled_from([secret, [secret], {"a": secret}, {secret: 1}]))
    written = {
        data.draw(st.sampled_from([*keys, "elsewhere"])): value,
        **({"type": "email"} if model is EmailTable else {}),
    }
    document = Document(file=Path("any.toml"), data=written)
    document.check(model, written)
    assert SECRET not in "\n".join(map(str, document.faults))


def test_faults_follow_the_files_from_top_to_bottom(tmp_path: Path) -> None:
    """A long list is worked through in the order of the editor."""
    feeds = tomlkit.dumps({"feeds": {f"feed-{n}": {"url": n} for n in range(12)}})
    config = Case(title="", faults=[], files={"feeds.toml": feeds}).write(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_config(config, environ={})
    lines = [int(fault.split(":")[1]) for fault in caught.value.faults]
    assert len(lines) == 12
    assert lines == sorted(lines)
