"""check, doctor, feeds check and test-channel: is everything as it should be?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import NOON
from mail_server import Mailbox, mail_server
from newsroom import SECRET, SECRET_ENV, beside, email, free_port, webhook
from sqlalchemy import insert
from standardwebhooks import Webhook
from webhook_receiver import Receiver, receiving

from storywatch.app import SystemClock
from storywatch.core.model import AttemptOutcome, DeliveryState
from storywatch.opinion import endpoint_id
from storywatch.store import tables
from storywatch.store.opinions import Opinions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Storywatch
    from desks import Desk
    from newsroom import ConfigDir

FEED = """\
<rss version="2.0"><channel><title>Harbor Times</title><link>http://x.test/</link><description>d</description>
<item><title>Dockers walk out</title><link>http://x.test/1</link><pubDate>Mon, 02 Mar 2026 12:00:00 GMT</pubDate></item>
</channel></rss>"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with beside(receiving(receiver)):
        yield receiver


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    with beside(mail_server(mailbox)):
        yield mailbox


def test_check_counts_what_it_read_and_passes_on_notices(storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """A sound configuration is one line, with a note for what will not work as it may seem."""
    desk_files.channels = webhook("https://hooks.desk.test/x").replace(SECRET_ENV, "NOBODY_SET_THIS")
    done = storywatch("check")
    assert (done.status, done.err) == (0, "")
    assert done.lines[0] == f"{desk_files.path}: no faults. 1 feed, 1 watch, 1 channel."
    assert any(line.startswith("note: ") and "NOBODY_SET_THIS" in line for line in done.lines[1:])
    told = storywatch("check", "--json").json
    assert (told["feeds"], told["watches"]) == (1, ["harbour-strike"])
    assert any("NOBODY_SET_THIS" in notice for notice in told["notices"])
    assert not (desk_files.folder / "data").exists()


def test_doctor_says_that_a_language_model_is_left_alone(
    storywatch: Storywatch, desk_files: ConfigDir, told: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the reason and the time; without its key it is disabled, and the service would run on."""
    desk_files.channels = '[opinion]\nurl = "https://models.test/v1"\nmodel = "a-model"\napi_key_env = "MODEL_KEY"\n'
    found = {row["what"]: row for row in storywatch("doctor", "--offline", "--json").json if not row["ok"]}
    assert found["configuration"]["told"] == "opinion is disabled: the environment variable MODEL_KEY is not set"
    monkeypatch.setenv("MODEL_KEY", "sk-1")
    opinions, now = Opinions(told.database), SystemClock().now()
    for _ in range(3):
        opinions.record_failure(endpoint_id("https://models.test/v1", "a-model"), "models.test answered 503", now=now)
    done = storywatch("doctor", "--offline")
    [line] = [line for line in done.lines if "a-model" in line]
    assert line.startswith("FAULT\topinion\ta-model: 0 of 200 calls made today; paused until ")
    assert line.endswith(": models.test answered 503")
    assert done.status == 1


def test_doctor_tells_troubles_stopped_recipients_and_dead_letters(
    storywatch: Storywatch, desk_files: ConfigDir, told: Desk
) -> None:
    """What goes on is a fault, a dead letter a note; what is over, and who is no longer configured, is neither."""
    desk_files.channels = email(free_port(), to="desk@desk.test")
    with told.database.write() as connection:
        row = {"words": "can't be read: 503, 5 tries in a row", "since": NOON, "times": 1}
        connection.execute(insert(tables.trouble).values(subject="feed:times", **row))
        connection.execute(insert(tables.trouble).values(subject="feed:over", clear_at=NOON, **row))
        for address in ("desk@desk.test", "gone@desk.test"):
            stopped = {"channel": "desk", "address": address, "refusals": 3, "stopped_at": NOON}
            connection.execute(insert(tables.recipient_state).values(stopped))
    told.judge()
    [claim] = told.claims()
    told.outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.DEAD, at=NOON, reason="550 unknown"))

    done = storywatch("doctor", "--offline")

    found = {line.split("\t")[1]: line.split("\t") for line in done.lines}
    assert found["trouble feed:times"][::2] == ["FAULT", "since 2026-03-02 12:00: can't be read: 503, 5 tries in a row"]
    assert "trouble feed:over" not in found
    assert found["stopped recipients"][0] == "FAULT"
    assert found["stopped recipients"][2].startswith("desk@desk.test on desk; ")
    assert found["dead letters"][0] == "note"
    assert found["dead letters"][2].startswith("1 on desk; ")
    assert done.status == 1


def test_doctor_marks_what_it_only_notes(storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """A notice of the configuration that needs nobody is no "ok"."""
    done = storywatch("doctor", "--offline")
    noted = [line.split("\t")[2] for line in done.lines if line.startswith("note\t")]
    assert noted == storywatch("check", "--json").json["notices"]
    assert len(noted) == 1
    assert done.status == 0


def test_doctor_offline_looks_at_everything_in_reach(storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """Configuration, database, disk, clock and encoder, without asking anybody outside."""
    done = storywatch("doctor", "--offline")
    found = {line.split("\t")[1]: line.split("\t") for line in done.lines}
    assert list(found)[-4:] == ["database", "disk", "clock", "encoder"]
    assert {row[0] for row in found.values() if row[1] != "configuration"} == {"ok"}
    assert found["database"][2] == f"{desk_files.database}, can be written"
    assert done.status == 0
    assert {row["what"] for row in storywatch("doctor", "--offline", "--json").json} == set(found)


def test_doctor_tells_a_database_that_cannot_be_opened(storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """What is wrong with the database is a finding like others, and ends with 1."""
    (desk_files.folder / "data").write_text("a file where a folder should be")
    done = storywatch("doctor", "--offline")
    assert done.status == 1
    assert done.lines[-1].startswith("FAULT\tdatabase\t")
    assert "can't be made" in done.lines[-1] or "can't be opened" in done.lines[-1]


def test_doctor_asks_feeds_and_mail_servers_but_calls_no_webhook(
    storywatch: Storywatch, desk_files: ConfigDir, receiver: Receiver, mailbox: Mailbox
) -> None:
    """A feed that answers is ok, one that does not is a fault; a mail server is logged in to; a webhook is left alone."""
    desk_files.feeds = {"good": f"http://127.0.0.1:{receiver.port}/feed", "gone": "http://127.0.0.1:9/feed"}
    receiver.answers = [f"200 OK\ncontent-type: application/rss+xml\n\n{FEED}"]
    desk_files.channels = (
        email(mailbox.port)
        + email(free_port(), "broken")
        + webhook(receiver.url)
        + webhook("http://127.0.0.1/x", "mute").replace(SECRET_ENV, "NOBODY_SET_THIS")
    )
    done = storywatch("doctor")
    found = {line.split("\t")[1]: (line.split("\t")[0], line.split("\t")[2]) for line in done.lines}
    assert done.status == 1
    assert found["feed good"] == ("ok", "1 entry, the newest of 2026-03-02 12:00")
    assert found["feed gone"][0] == "FAULT"
    assert found["channel desk"] == ("ok", f"127.0.0.1:{mailbox.port} lets us in")
    assert found["channel broken"][0] == "FAULT"
    assert found["channel newsroom"][0] == "ok"
    assert found["channel mute"] == ("FAULT", found["channel mute"][1])
    assert found["channel mute"][1].startswith("disabled: ")
    assert [call.line.split()[0] for call in receiver.calls] == ["GET"]
    assert mailbox.mails == []


def test_feeds_check_says_what_each_feed_gave(
    storywatch: Storywatch, desk_files: ConfigDir, receiver: Receiver
) -> None:
    """Each feed is asked once; what came is said, an empty or broken one is a fault; nothing is stored."""
    base = f"http://127.0.0.1:{receiver.port}"
    desk_files.feeds = {"one": f"{base}/1"}
    receiver.answers = ["304 Not Modified\n\n"]
    assert storywatch("feeds", "check").lines == ["ok\tfeed one\tanswers"]
    receiver.answers = [f"200 OK\n\n{FEED.replace('<pubDate>', '<x>').replace('</pubDate>', '</x>')}"]
    assert storywatch("feeds", "check").lines == ["ok\tfeed one\t1 entry, without dates"]
    receiver.answers = ["404 Not Found\n\n"]
    done = storywatch("feeds", "check", "--json")
    assert done.status == 1
    [told] = done.json
    assert told["ok"] is False
    assert told["told"] == f"404: there is no feed at this address ({base}/1)"
    assert not (desk_files.folder / "data").exists()


def test_a_test_message_goes_the_way_of_alerts(
    storywatch: Storywatch, desk_files: ConfigDir, receiver: Receiver, mailbox: Mailbox
) -> None:
    """test-channel sends a signed call, or a mail, that says it is a test, and tells its id."""
    desk_files.channels = webhook(receiver.url) + email(mailbox.port)
    done = storywatch("test-channel", "newsroom")
    [call] = receiver.calls
    assert done.lines == [f"ok\tto newsroom\taccepted, id {call.headers['webhook-id']}"]
    assert Webhook(SECRET).verify(call.body, call.headers)["type"] == "test"
    done = storywatch("test-channel", "desk", "--json")
    [(_, to, mail)] = mailbox.mails
    assert to == "desk@desk.test"
    assert done.status == 0
    assert done.json[0]["told"].removeprefix("accepted, id ").encode() in mail


def test_a_test_message_that_is_taken_lifts_the_stop_of_its_recipient(
    told: Desk, storywatch: Storywatch, desk_files: ConfigDir, receiver: Receiver
) -> None:
    """It is said once, with what sends the alerts that it missed; a database that can't be opened is said too."""
    desk_files.channels = webhook(receiver.url)
    to = {"channel": "newsroom", "address": "newsroom", "refusals": 1, "stopped_at": NOON, "reason": "410"}
    with told.database.write() as connection:
        connection.execute(tables.recipient_state.insert().values(to))
    accepted, lifted = storywatch("test-channel", "newsroom").lines
    assert accepted.startswith("ok\tto newsroom\taccepted, id dlv_")
    assert lifted == (
        "ok\tstop of newsroom\tlifted; `storywatch redeliver --channel newsroom --dead` sends what it missed"
    )
    assert len(storywatch("test-channel", "newsroom").lines) == 1
    told.database.dispose()
    assert told.database.path is not None
    told.database.path.write_bytes(b"no database")
    done = storywatch("test-channel", "newsroom")
    assert done.status == 1
    assert done.lines[1].startswith("FAULT\tstop of newsroom\tnot looked at: database ")


def test_a_channel_that_refuses_is_told_with_status_1(
    storywatch: Storywatch, desk_files: ConfigDir, receiver: Receiver
) -> None:
    """The receiver's answer is said; a channel without its secret and one that nobody knows are said too."""
    desk_files.channels = webhook(receiver.url) + webhook("http://127.0.0.1/x", "mute").replace(
        SECRET_ENV, "NOBODY_SET_THIS"
    )
    receiver.answers = ["503 Service Unavailable\n\n"]
    done = storywatch("test-channel", "newsroom")
    assert (done.status, done.lines) == (1, ["FAULT\tto newsroom\twebhook at 127.0.0.1 answered 503"])
    done = storywatch("test-channel", "mute")
    assert done.status == 1
    assert "NOBODY_SET_THIS" in done.out
    done = storywatch("test-channel", "newsroon")
    assert done.status == 1
    assert done.err == "storywatch: no channel 'newsroon'; there are: newsroom, mute\n"


def test_the_schema_can_be_brought_up_to_date_by_hand(storywatch: Storywatch) -> None:
    """migrate says which schema the database then has."""
    told = storywatch("migrate", "--json").json
    assert storywatch("migrate").lines == [f"The database's schema is {told['schema']}."]
