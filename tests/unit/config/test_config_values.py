from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.config import values
from storywatch.config.faults import Fault, dotted, found


@given(st.integers(0, 366), st.sampled_from("smhd"))
def test_a_duration_is_its_number_of_units(number: int, unit: str) -> None:
    """`5m` is five minutes, for every number and unit up to a year."""
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert values.read_duration(f"{number}{unit}") == timedelta(seconds=number * seconds)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.text())))
def test_what_is_no_duration_is_refused_in_words(value: Any) -> None:
    """Anything else says what was expected; nothing but a ValueError comes of it."""
    if isinstance(value, str) and re.fullmatch(r"\d+[smhd]", value, re.ASCII):
        return
    with pytest.raises(ValueError, match='expected a duration such as "5m"'):
        values.read_duration(value)


@pytest.mark.parametrize("text", ["367d", "999999999d", "8785h"])
def test_a_duration_beyond_a_year_is_refused(text: str) -> None:
    """A slip of the finger does not silence a feed for ever."""
    with pytest.raises(ValueError, match="at most 366d"):
        values.read_duration(text)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:8480", "127.0.0.1", 8480), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65535)],
)
def test_an_address_to_listen_on(text: str, host: str, port: int) -> None:
    """Host and port come apart, IPv6 without its brackets."""
    assert values.read_listen(text) == (host, port)


@pytest.mark.parametrize("text", ["8480", ":8480", "127.0.0.1", "127.0.0.1:65536", "::1:8480", "a b:1", 8480])
def test_what_cannot_be_listened_on(text: Any) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="expected host and port"):
        values.read_listen(text)


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("Localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("desk.example", False),
    ],
)
def test_which_hosts_only_this_machine_reaches(host: str, inside: bool) -> None:  # noqa: FBT001  a parameter of the table
    """A name that is not localhost may be anybody's."""
    assert values.is_loopback(host) is inside


@pytest.mark.parametrize("name", ["Europe", "../etc/passwd", "", "Mars/Olympus", "Europe/Kyiv\0"])
def test_what_is_no_time_zone(name: str) -> None:
    """Directories and paths of the zone database are no zones."""
    with pytest.raises(ValueError, match="expected a time zone"):
        values.read_zone(name)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://[::1",
        "https://",
        "https:///x",
        "https://a b/",
        "https://a/\n",
    ],
)
def test_what_is_no_address(url: str) -> None:
    """An address that no request could be made of is refused here, not at three in the morning."""
    with pytest.raises(ValueError, match="expected an address"):
        values.read_feed_url(url)


def test_a_user_without_a_password_in_an_address_is_refused() -> None:
    """There is no login for feeds, so none may seem to be there."""
    with pytest.raises(ValueError, match="must not hold a login"):
        values.read_feed_url("https://reader@example.org/feed")


def test_a_webhook_address_with_a_password_is_refused_as_such() -> None:
    """The way out is named, the password is not."""
    with pytest.raises(ValueError, match="must not hold a password"):
        values.read_webhook_url("https://a:secret@example.org/hook")


@pytest.mark.parametrize("url", ["http://desk.example/?a=1", "http://desk.example/#top"])
def test_a_base_url_is_only_the_beginning_of_links(url: str) -> None:
    """A question mark or fragment in it would break every link."""
    with pytest.raises(ValueError, match="without \\? and #"):
        values.read_base_url(url)


@pytest.mark.parametrize("text", ["desk@example.org", "https://example.org/contact", "root@localhost"])
def test_a_contact_is_an_address_or_a_page(text: str) -> None:
    """Both let a site's owner reach the desk."""
    assert values.read_contact(text) == text


@pytest.mark.parametrize(
    "text", ["desk", "desk@example.org\r\nX-Evil: 1", "https://exämple.org", "https://example.org/(a)", ""]
)
def test_a_contact_cannot_break_the_header(text: str) -> None:
    """It is put between parentheses into the User-Agent."""
    with pytest.raises(ValueError, match="expected an e-mail address"):
        values.read_contact(text)


@pytest.mark.parametrize("text", ["smtp://mail.example/path", "smtps://a%0Ab@mail.example"])
def test_a_mail_server_is_a_host_and_nothing_more(text: str) -> None:
    """A path or a line break in the user has no meaning there."""
    with pytest.raises(ValueError, match="expected an address"):
        values.read_smtp(text)


@pytest.mark.parametrize("text", ["sqlite:///:memory:", "sqlite:///", "sqlite:///a.db?mode=ro", "sqlite://a.db", 5])
def test_a_database_outlives_the_process(text: Any) -> None:
    """In memory nothing would be remembered."""
    with pytest.raises(ValueError, match="sqlite:///data"):
        values.read_database(text)


def test_a_postgresql_address_is_taken_as_it_is() -> None:
    """The driver reads the rest."""
    assert values.read_database("postgresql+psycopg://user@host/db") == "postgresql+psycopg://user@host/db"


@pytest.mark.parametrize("value", ["a\nb", "x" * 200])
def test_a_line_is_one_line(value: str) -> None:
    """Names go into subjects."""
    if "\n" in value:
        with pytest.raises(ValueError, match="on one line"):
            values.read_line(value)
    else:
        assert values.read_line(f" {value} ") == value


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (values.read_secret_path, "a\0b"),
        (values.read_secret_path, 5),
        (values.read_seed_path, "a\0b"),
        (values.read_id, 5),
        (values.read_zone, 5),
        (values.read_network, 5),
    ],
)
def test_values_of_another_kind_are_refused(read: Any, value: Any) -> None:
    """Every reader takes anything and refuses it in words."""
    with pytest.raises(ValueError, match="expected"):
        read(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (5, "5"),
        (2.5, "2.5"),
        ("a\tb", '"a\\u0009b"'),
        ("x" * 70, '"' + "x" * 60 + '…"'),
        ("smtp://a:b@c", "a text that may hold a secret (not shown)"),
        ([], "an empty list"),
        ([1], "a list"),
        ({}, "a table"),
        (datetime(2026, 3, 2, 12), "the date or time 2026-03-02T12:00:00"),  # noqa: DTZ001  as TOML gives it
        (date(2026, 3, 2), "the date or time 2026-03-02"),
        (time(6, 30), "the date or time 06:30:00"),
    ],
)
def test_a_wrong_value_is_shown_short_and_on_one_line(value: Any, shown: str) -> None:
    """The reader sees what stands there, unless it could be a password."""
    assert found(value) == shown


def test_paths_are_written_as_toml_writes_keys() -> None:
    """A key that needs quotes has them."""
    assert dotted(("feeds", "a b", "every")) == 'feeds."a b".every'
    assert dotted(("terms", "all_groups", 1, 0)) == "terms.all_groups[1][0]"


def test_a_fault_of_a_whole_file_has_no_line() -> None:
    """Nothing is pretended."""
    assert str(Fault(file="config/feeds.toml", message="no such file")) == "config/feeds.toml: no such file"
