"""Stories, timelines, deliveries and feeds, as people and programs read them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_development, a_judged, a_listed, a_watch, an_article
from desks import LEASE
from rich.cells import cell_len
from terminals import shown, without_style

from storywatch.core.model import AttemptOutcome, DeliveryState, NewSentence, WatchId

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Storywatch
    from desks import Desk
    from newsroom import ConfigDir

FIRST = "Harbour reopens after the strike"
HOSTILE = "Harbour\x1b[2J\x1b[31m reopens\r\nFAKE LINE\x07\u202e\x9b5A [bold red]now[/] :smile:"


def tell(desk: Desk) -> None:
    """One development that was sent, one of which the mail waits, one held back."""
    desk.judgements.sync_watches([a_watch()])
    desk.judge()
    [claim] = desk.claims()
    desk.outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.SENT, at=NOON + timedelta(minutes=1)))
    later = NOON + timedelta(hours=1)
    second = an_article(url="https://harbor-times.example/2", title="Ships sail again", seen_at=later)
    desk.judge(second, a_judged(second, not_before=later + timedelta(days=9)))
    third = an_article(url="https://harbor-times.example/3", title="Union signs", seen_at=later)
    held = a_judged(third, recipients=())
    desk.judge(third, held)


@pytest.mark.parametrize(
    ("command", "empty"),
    [
        (("stories",), "No story is followed yet"),
        (("deliveries",), "No delivery yet."),
        (("feeds",), "No feed was polled yet"),
        (("timeline", "harbour-strike"), "No development yet."),
    ],
)
def test_before_the_first_news_each_command_says_so(
    storywatch: Storywatch, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], empty: str
) -> None:
    """An empty database is no error: on a terminal it is said, for a program it is an empty list."""
    assert storywatch(*command, "--json").json == []
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = storywatch(*command)
    assert (done.status, empty in done.out) == (0, True)


def test_who_looks_in_the_wrong_directory_is_told(
    storywatch: Storywatch, desk_files: ConfigDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative database is looked for where one is: an empty one that was not there before is named in full."""
    config = desk_files.write()
    service = config / "storywatch.toml"
    service.write_text(service.read_text().replace(desk_files.database, "sqlite:///here/storywatch.db"))
    monkeypatch.chdir(tmp_path)
    for command in ("stories", "feeds"):
        done = storywatch.typed(command, "--config", str(config))
        assert (done.status, done.out) == (0, "")
        assert done.err == f"note: {tmp_path}/here/storywatch.db was not there; is it here that the service runs?\n"
        assert storywatch.typed(command, "--config", str(config)).err == ""
        shutil.rmtree(tmp_path / "here")


@pytest.mark.usefixtures("told")
def test_a_watch_that_nobody_knows_is_told_with_those_that_are_known(storywatch: Storywatch) -> None:
    """A mistyped watch ends with 1 and names those that there are."""
    done = storywatch("timeline", "harbor-strike")
    assert done.status == 1
    assert done.err == "storywatch: no watch 'harbor-strike'; there are: harbour-strike\n"


def test_a_feed_that_was_just_added_is_named(
    told: Desk, storywatch: Storywatch, desk_files: ConfigDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no row before its first poll, and must not look lost. A program sees rows only."""
    tell(told)
    config = desk_files.write()
    with (config / "feeds.toml").open("a") as file:
        file.write('\n[feeds.lighthouse-post]\nurl = "https://lighthouse-post.example/feed.xml"\n')
    assert "lighthouse-post" not in storywatch.typed("feeds", "--config", str(config)).out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert storywatch.typed("feeds", "--config", str(config)).lines[-1] == "not polled yet: lighthouse-post"


def test_in_a_pipe_a_row_is_a_line_of_cells_with_tabs(told: Desk, storywatch: Storywatch) -> None:
    """Other programs get one line a row, cells with tabs between, and no heads."""
    tell(told)
    assert storywatch("stories").lines == ["harbour-strike\t3\t0\t3\t3\tUnion signs\t2026-03-02 13:00"]
    waiting, sent = [view.id for view in told.views.deliveries()]
    gone = "channel desk is not in storywatch.toml any more; waits until it is there again"
    assert storywatch("deliveries").lines == [
        f"waiting\t2026-03-11 13:00\tdesk desk@example.org\t0\tharbour-strike\tShips sail again\t{gone}\t{waiting}",
        "sent\t2026-03-02 12:01\tdesk desk@example.org\t1\tharbour-strike\t" + FIRST + "\t\t" + sent,
    ]
    assert storywatch("deliveries", "--state", "sent", "--limit", "1").lines[0].startswith("sent\t")
    assert storywatch("deliveries", "--state", "dead").lines == []
    assert f"  state: waiting, {gone}" in storywatch("deliveries", waiting).lines
    assert storywatch("feeds").lines[0].split("\t")[:4] == ["harbor-times", "en", "ok", "3"]


def test_a_timeline_tells_what_is_new_who_says_it_and_whom_it_reached(told: Desk, storywatch: Storywatch) -> None:
    """Each development: when, how grave, the sentence with old and new value, the outlet, the deliveries."""
    tell(told)
    done = storywatch("timeline", "harbour-strike", "--limit", "3")
    assert "2026-03-02 12:00  major  Harbour reopens after the strike" in done.lines
    assert "  closed -> reopened: “The harbour reopened on Monday.” (en)" in done.lines
    assert "  reported by Harbor Times: https://harbor-times.example/1" in done.lines
    assert "  deliveries: desk sent" in done.lines
    assert "  deliveries: desk waiting" in done.lines
    assert "  no delivery" in done.lines
    assert storywatch("timeline", "harbour-strike", "--limit", "1").out.count("reported by") == 1


def test_why_an_alert_was_held_back_is_on_the_timeline(told: Desk, storywatch: Storywatch) -> None:
    """An alert without deliveries says why."""
    article = an_article()
    judged = a_judged(article, recipients=())
    assert judged.alert is not None
    told.judge(article, replace(judged, alert=replace(judged.alert, held="language not asked for")))
    assert "  not sent: language not asked for" in storywatch("timeline", "harbour-strike").lines


@pytest.mark.parametrize("command", [("stories",), ("timeline", "harbour-strike"), ("deliveries",), ("feeds",)])
def test_json_is_one_document_with_times_in_utc(told: Desk, storywatch: Storywatch, command: tuple[str, ...]) -> None:
    """`--json` prints a list of objects; moments end in Z."""
    tell(told)
    done = storywatch(*command, "--json")
    assert (done.status, done.err) == (0, "")
    assert isinstance(done.json, list)
    assert all(isinstance(row, dict) for row in done.json)
    assert '"2026-03-02T12:00:00Z"' in done.out or '"2026-03-02T13:00:00Z"' in done.out
    assert "+00:00" not in done.out


def test_a_terminal_of_80_columns_is_enough(told: Desk, desk_files: ConfigDir) -> None:
    """Tables have heads there, and no line is longer than the terminal is wide."""
    tell(told)
    long = an_article(url="https://harbor-times.example/9", title="항만 파업 " * 30, seen_at=NOON + timedelta(hours=2))
    told.judge(long)
    config = str(desk_files.write())
    for command in (("timeline", "harbour-strike"), ("deliveries",)):
        status, text = shown(*command, "--config", config, cwd=desk_files.folder)
        lines = without_style(text).splitlines()
        assert status == 0
        assert max(cell_len(line) for line in lines) <= 80
    waiting = told.views.deliveries()[1]
    assert f"waiting  2026-03-11 13:00  desk desk@example.org  {waiting.id[:12]}" in lines
    assert "  harbour-strike: Ships sail again" in lines


@pytest.mark.parametrize("columns", [80, 99, 120])
def test_names_are_whole_on_a_terminal(told: Desk, desk_files: ConfigDir, columns: int) -> None:
    """The headline takes the wrap; a watch's name, the heads and the moment stay in one piece."""
    tell(told)
    watch = WatchId("ferry-detained-off-the-coast")
    told.judgements.sync_watches([a_watch(id=watch, name="Ferry")])
    long = an_article(url="https://harbor-times.example/9", title="항만 파업 " * 30 + "x" * 90)
    told.judge(long, a_judged(long, watch=watch))
    config = str(desk_files.write())
    for command in ("stories", "deliveries"):
        status, text = shown(command, "--config", config, cwd=desk_files.folder, columns=columns)
        plain = without_style(text)
        assert status == 0
        assert max(cell_len(line) for line in plain.splitlines()) <= columns
        assert {watch, "harbour-strike"} <= {word.removesuffix(":") for word in plain.split()}
    _, text = shown("stories", "--config", config, cwd=desk_files.folder, columns=columns)
    plain = without_style(text)
    assert {"story", "developments"} <= set(plain.split())
    assert ("judged" in plain.split()) == (columns >= 100)
    assert "2026-03-02 12:00" in plain


def test_a_table_on_a_terminal_has_heads(told: Desk, storywatch: Storywatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """People get the names of the columns, and every row."""
    tell(told)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    heads, *rows = without_style(storywatch("deliveries").out).splitlines()
    assert heads.split() == ["state", "when", "(UTC)", "to", "tries", "story", "headline", "why", "id"]
    assert len(rows) == 2


def test_foreign_text_cannot_steer_the_terminal(told: Desk, desk_files: ConfigDir, storywatch: Storywatch) -> None:
    """Titles and sentences with control characters, directions or markup show as harmless text on one line."""
    article = an_article(title=HOSTILE)
    new = (NewSentence(sentence=HOSTILE, lang="en", old=HOSTILE, new=HOSTILE),)
    judged = a_judged(
        article, development=a_development(article=article.id, headline=HOSTILE, new=new), alert=None, deliveries=()
    )
    told.judge(article, judged)
    told.judgements.sync_watches([a_watch()])
    config = str(desk_files.write())
    status, text = shown("timeline", "harbour-strike", "--config", config, cwd=desk_files.folder)
    plain = without_style(text)
    assert status == 0
    assert not [sign for sign in plain if not sign.isprintable() and sign != "\n"]
    assert "\nFAKE LINE" not in plain
    for command in (("stories",), ("timeline", "harbour-strike"), ("deliveries",)):
        done = storywatch(*command)
        assert not [sign for sign in done.out if not sign.isprintable() and sign not in "\n\t"]
    assert "[bold red]now[/] :smile:" in " ".join(storywatch("timeline", "harbour-strike").out.split())


def test_a_reader_that_goes_away_is_no_error(told: Desk, desk_files: ConfigDir) -> None:
    """`storywatch deliveries | head -1`: no traceback, nothing on standard error."""
    told.judgements.sync_watches([a_watch()])
    article = an_article()
    told.judge(article, a_judged(article, recipients=tuple(f"reader-{n}@desk.test" for n in range(3000))))
    words = [sys.executable, "-m", "storywatch", "deliveries", "--limit", "3000", "--config", str(desk_files.write())]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        os.read(process.stdout.fileno(), 10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 1


def test_feeds_can_be_chosen(told: Desk, desk_files: ConfigDir, storywatch: Storywatch) -> None:
    """`--feed` picks; a feed that fails shows its failures and its error; an unknown one ends with 1."""
    desk_files.feeds["gazette"] = "http://127.0.0.1:9/rss"
    told.poll(at=NOON, failures=2, error="404: there is no feed at this address", status=404)
    told.judgements.sync_watches([a_watch()])
    assert [line.split("\t")[0] for line in storywatch("feeds", "--feed", "harbor-times").lines] == ["harbor-times"]
    assert "failing (2)" in storywatch("feeds").out
    assert "404: there is no feed at this address" in storywatch("feeds").out
    done = storywatch("feeds", "--feed", "harbor-time")
    assert (done.status, done.out) == (1, "")
    assert done.err == f"storywatch: no feed harbor-time in {desk_files.path / 'feeds.toml'}\n"


def test_a_database_that_is_none_is_named(desk_files: ConfigDir, storywatch: Storywatch) -> None:
    """A file that is no database ends with 1 and says which it is."""
    path = desk_files.folder / "data" / "storywatch.db"
    path.parent.mkdir()
    path.write_bytes(b"no database, a shopping list\n" * 50)
    done = storywatch("stories")
    assert done.status == 1
    assert done.err.startswith(f"storywatch: database sqlite:///{path}: file is not a database")


def test_json_of_deliveries_names_what_mail_and_webhook_name(told: Desk, storywatch: Storywatch) -> None:
    """The id in the list is the one that went out."""
    tell(told)
    told.poll(a_listed("9"), at=NOON + timedelta(hours=3))
    [waiting, sent] = storywatch("deliveries", "--json").json
    claims = told.outbox.claim_deliveries(
        {waiting["channel"]}, now=NOON + timedelta(days=30), limit=9, lease=LEASE, render=lambda tidings: b""
    )
    assert [claim.id for claim in claims] == [waiting["id"]]
    assert json.dumps(sent["sent_at"]) == '"2026-03-02T12:01:00Z"'
