from __future__ import annotations

import io
import json
import logging
import re
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from storywatch.logs import Redactor, set_up_logs

if TYPE_CHECKING:
    from collections.abc import Iterator


CODES = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    """A stream that a person reads."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Logging belongs to the process: give it back as it was."""
    root = logging.getLogger()
    handlers, level, shown = root.handlers[:], root.level, warnings.showwarning
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level, warnings.showwarning = handlers, level, shown
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_step_is_one_line_of_json_that_begins_with_what_happened() -> None:
    """Programs read a line a step: when, how grave, what, and facts in their own types."""
    stream = io.StringIO()
    set_up_logs(stream=stream)

    structlog.get_logger().info("article_judged", score=0.91, deliveries=2, title="항만", held=None, watch_id="pow")

    [line] = lines(stream)
    assert list(line)[:3] == ["at", "level", "event"]
    assert line["at"].endswith("Z")
    assert {
        "level": "info",
        "event": "article_judged",
        "score": 0.91,
        "deliveries": 2,
        "held": None,
    }.items() <= line.items()
    assert "항만" in stream.getvalue()


def test_the_level_is_kept() -> None:
    """What is less grave than asked for is not written."""
    stream = io.StringIO()
    set_up_logs(stream=stream, level="warning")

    structlog.get_logger().info("feed_polled")
    structlog.get_logger().error("step_failed")

    assert [line["event"] for line in lines(stream)] == ["step_failed"]


def test_setting_up_again_moves_loggers_that_were_made_before() -> None:
    """A reload takes hold everywhere at once."""
    old, new = io.StringIO(), io.StringIO()
    log = structlog.get_logger()
    set_up_logs(stream=old)
    log.info("one")
    set_up_logs(stream=new, secrets=["hunter2-hunter2"])
    log.info("two", said="hunter2-hunter2")

    assert [line["event"] for line in lines(old)] == ["one"]
    assert lines(new)[0]["said"] == "***"


def test_libraries_speak_through_us_from_warning_on() -> None:
    """A library's warning is a line like ours; its chatter is not."""
    stream = io.StringIO()
    set_up_logs(stream=stream)
    library = logging.getLogger("some.library")

    library.info("chatter")
    library.warning("retrying %s", "https://user:pass@feeds.example/x")

    [line] = lines(stream)
    assert line["event"] == "library_spoke"
    assert line["library"] == "some.library"
    assert line["level"] == "warning"
    assert line["text"] == "retrying https://user:***@feeds.example/x"


def test_python_warnings_are_lines_too() -> None:
    """Nothing else writes between the lines of JSON."""
    stream = io.StringIO()
    set_up_logs(stream=stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        set_up_logs(stream=stream)
        warnings.warn("old habit", UserWarning, stacklevel=1)

    assert "old habit" in lines(stream)[0]["text"]


def test_an_exception_is_told_without_its_secrets() -> None:
    """A traceback shows where, never what the variables held."""
    stream = io.StringIO()
    set_up_logs(stream=stream, secrets=["s3cret-s3cret"])
    password = "s3cret-s3cret"

    try:
        _fail(password)
    except ValueError:
        structlog.get_logger().exception("step_broke")

    [line] = lines(stream)
    assert "ValueError: login with *** failed" in line["exception"]
    assert password not in stream.getvalue()


def _fail(password: str) -> None:
    message = f"login with {password} failed"
    raise ValueError(message)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("smtps://user:p%40ss@mail.example:465", "smtps://user:***@mail.example:465"),
        ("https://:pw@mail.example/x", "https://:***@mail.example/x"),
        ("secret whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD here", "secret whsec_*** here"),
        ("Authorization: Bearer abcdefgh12345", "Authorization: Bearer ***"),
        ("https://a.example/feed?token=abc&page=2", "https://a.example/feed?token=***&page=2"),
        ("https://a.example/feed?page=2&api_key=abc#top", "https://a.example/feed?page=2&api_key=***#top"),
        ("https://a.example:8080/a@b?keyword=ship", "https://a.example:8080/a@b?keyword=ship"),
        ("the bearer of news", "the bearer of news"),
    ],
)
def test_what_looks_like_a_secret_is_blotted_out(text: str, seen: str) -> None:
    """Passwords in addresses, webhook keys and tokens go; everything else stays."""
    assert Redactor().hide(text) == seen


def test_secrets_are_blotted_out_by_name_and_wherever_they_are_nested() -> None:
    """A key called password hides its value, a known secret is hidden in lists and tables too."""
    hide = Redactor(["topsecret", "topsecret-longer", "x"])
    event = {"smtp_password": "p", "token": "", "seen": ["a topsecret-longer x", {"deep": ("topsecret",)}], "count": 3}

    assert hide(None, "info", event) == {
        "smtp_password": "***",
        "token": "",
        "seen": ["a *** x", {"deep": ["***"]}],
        "count": 3,
    }


def test_foreign_text_in_json_cannot_steer_who_reads_it() -> None:
    """JSON escapes the first controls only; those above them, and reversed text, don't get into it either."""
    stream = io.StringIO()
    set_up_logs(stream=stream)

    structlog.get_logger().info("article_judged", title="news \x9b31m \u202eyawa \x1b[31m")

    [line] = lines(stream)
    assert line["title"] == "news \ufffd31m \ufffdyawa \ufffd[31m"


def test_a_person_is_not_told_what_says_nothing() -> None:
    """On a terminal a feed without anything new has no line, and a line no empty facts; programs get all of it."""
    on_terminal, piped = Terminal(), io.StringIO()
    for stream in (on_terminal, piped):
        set_up_logs(stream=stream)
        log = structlog.get_logger()
        log.info("feed_polled", feed_id="quiet", new=0, changed=0, known=3, error=None)
        log.info("feed_polled", feed_id="busy", new=2, changed=0, known=1, error=None)
        log.info("feed_polled", feed_id="broken", new=0, changed=0, known=0, error="no answer in time")
        log.info("service_stopped", drained=False)

    quiet, busy, broken, stopped = lines(piped)
    assert (quiet["feed_id"], busy["changed"], broken["known"], stopped["drained"]) == ("quiet", 0, 0, False)
    text = CODES.sub("", on_terminal.getvalue())
    assert len(text.splitlines()) == 3
    assert "feed_id=busy new=2 known=1\n" in text
    assert "no answer in time" in text
    assert "drained=False" in text


def test_on_a_terminal_a_line_is_prose_and_foreign_text_cannot_steer_it() -> None:
    """A headline with escape sequences or reversed text leaves the terminal as it was."""
    stream = Terminal()
    set_up_logs(stream=stream)

    structlog.get_logger().info("article_judged", title="news \x1b]0;owned\x07 \u202eyawa")
    try:
        _fail("x")
    except ValueError:
        structlog.get_logger().exception("step_broke")

    text = stream.getvalue()
    assert "article_judged" in text
    assert "\x1b]0;" not in text
    assert "\u202e" not in text
    assert "Traceback" in text
    assert not text.startswith("{")
