"""The service as it runs: another process, real servers on loopback, signals."""

from __future__ import annotations

import email
import json
import os
import random
import signal
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from newsroom import SECRET
from newsweb import WATCH, Running, load_stream, storywatch, wait_until
from standardwebhooks import Webhook

if TYPE_CHECKING:
    from mail_server import Mailbox
    from newsweb import Call, NewsWeb

KILLS = int(os.environ.get("STORYWATCH_KILLS", "6"))
FERRY = """\
name = "The ferry Astrid Lund"
about = "The car ferry Astrid Lund, held in the port of Sarnik."
channels = []
"""


def is_genuine(call: Call) -> bool:
    signed_at = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
    return Webhook(SECRET).sign(call.id, signed_at, call.body.decode()) == call.headers["webhook-signature"]


def play(running: Running, web: NewsWeb) -> None:
    """The whole stream: first what was there, then all the rest, until everything is judged and sent."""
    stream = load_stream()
    running.start()
    wait_until(running.has_baseline, "every feed was polled once")
    web.stand.show(*stream[3:])
    wait_until(lambda: running.is_done(len(stream)), "all is judged and sent", seconds=60)


def test_news_arrives_by_webhook_and_by_mail_and_once(running: Running, web: NewsWeb, mailbox: Mailbox) -> None:
    """Each alert comes as a signed call and as a mail of one thread; the page shows it; a restart sends nothing again."""
    play(running, web)
    sent = dict(running.rows("SELECT uid, channel FROM delivery WHERE state = 'sent'"))
    assert len(sent) == running.count("delivery") >= 2
    assert sorted(call.id for call in web.calls) == sorted(uid for uid in sent if sent[uid] == "newsroom")
    assert all(is_genuine(call) for call in web.calls)
    headlines = {json.loads(call.body)["data"]["development"]["headline"] for call in web.calls}
    assert headlines == {row[0] for row in running.rows("SELECT headline FROM development")}

    mails = [email.message_from_bytes(body, policy=policy.default) for _, _, body in mailbox.mails]
    assert {to for _, to, _ in mailbox.mails} == {"desk@desk.test"}
    ids = {f"<{uid}@desk.test>" for uid, channel in sent.items() if channel == "desk"}
    assert sorted(str(mail["message-id"]) for mail in mails) == sorted(ids)
    assert {str(mail["references"]) for mail in mails} == {"<story.harbour-strike@desk.test>"}

    assert running.ask("/healthz") == (200, "ok\n")
    assert running.ask("/readyz") == (200, "ready\n")
    status, metrics = running.ask("/metrics")
    assert status == 200
    assert f'storywatch_deliveries{{channel="desk",state="sent"}} {len(ids)}.0' in metrics
    status, page = running.ask("/")
    assert status == 200
    assert "Harbour strike" in page
    told = storywatch(
        "timeline", "harbour-strike", "--json", "--config", str(running.files.path), cwd=running.files.folder
    )
    assert {row["headline"] for row in json.loads(told.stdout)} == headlines

    second = storywatch("run", "--config", str(running.files.path), cwd=running.files.folder)
    assert running.process is not None
    assert second.returncode == 1
    assert f"is in use by another storywatch (process {running.process.pid}); stop it first" in second.stderr

    assert running.stop() == 0
    polls = len(running.said("feed_polled"))
    running.start()
    wait_until(lambda: len(running.said("feed_polled")) >= polls + 3, "every feed was polled again")
    assert running.stop() == 0
    assert (len(web.calls), len(mailbox.mails)) == (len(ids), len(ids))
    assert running.said("step_broke") == running.said("step_failed") == []


def test_sigterm_ends_at_once_while_a_send_hangs(running: Running, web: NewsWeb) -> None:
    """A receiver that does not answer holds nobody up: exit 0 within 5 s, and the same call again by the next process."""
    web.held.set()
    running.start()
    wait_until(running.has_baseline, "every feed was polled once")
    web.stand.show(*load_stream()[3:])
    wait_until(lambda: web.calls, "a call hangs")
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 5
    assert running.said("service_stopped")[-1]["drained"] is False
    [hung] = web.calls
    assert running.rows(f"SELECT state, attempts FROM delivery WHERE uid = '{hung.id}'") == [("waiting", 0)]
    web.release()
    running.start()
    wait_until(lambda: running.is_done(len(load_stream())), "all is judged and sent", seconds=60)
    again = [call for call in web.calls if call.id == hung.id]
    assert [call.body for call in again] == [hung.body] * 2
    assert len(web.calls) == running.count("delivery WHERE channel = 'newsroom'") + 1


def test_sighup_takes_what_is_new_and_keeps_the_old_where_it_is_broken(running: Running) -> None:
    """A new watch is followed without a restart; with a fault the old configuration stays, and log and metric say so."""
    running.start()
    wait_until(running.has_baseline, "every feed was polled once")
    running.files.watches["ferry"] = FERRY
    running.files.write()
    running.signal(signal.SIGHUP)
    wait_until(lambda: len(running.said("config_loaded")) == 2, "the configuration is read anew")
    assert running.said("config_loaded")[-1]["watches"] == ["ferry", "harbour-strike"]
    assert "The ferry Astrid Lund" in running.ask("/")[1]

    running.files.watches["ferry"] = FERRY.replace("about", "abuot")
    running.files.write()
    running.signal(signal.SIGHUP)
    wait_until(lambda: running.said("config_rejected"), "the fault is told")
    [told] = running.said("config_rejected")
    assert any('ferry.toml:2:1 abuot: unknown key, did you mean "about"?' in fault for fault in told["faults"])
    assert "storywatch_config_last_reload_successful 0.0" in running.ask("/metrics")[1]
    assert "The ferry Astrid Lund" in running.ask("/")[1]

    del running.files.watches["ferry"]
    running.files.watches["harbour-strike"] = WATCH.replace("Harbour strike", "Sandvik's strike")
    running.files.write()
    running.signal(signal.SIGHUP)
    wait_until(lambda: len(running.said("config_loaded")) == 3, "the configuration is read anew")
    assert "storywatch_config_last_reload_successful 1.0" in running.ask("/metrics")[1]
    assert "The ferry Astrid Lund" not in running.ask("/")[1]
    assert running.stop() == 0


def test_a_taken_web_port_is_told(running: Running, web: NewsWeb) -> None:
    """Another program on the port: status 1 and one line that names it."""
    running.files.port = int(web.base.rpartition(":")[2])
    done = storywatch("run", "--config", str(running.files.write()), cwd=running.files.folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last == (
        f"storywatch: web.listen: 127.0.0.1:{running.files.port} can't be opened (Address already in use); "
        "does another program use it?"
    )


def test_once_does_what_is_due_and_nothing_twice(running: Running, web: NewsWeb, mailbox: Mailbox) -> None:
    """One round polls, judges and sends, and says what it did; the next one finds nothing new."""
    config = ("--config", str(running.files.write()))
    first = storywatch("once", "--json", *config, cwd=running.files.folder)
    assert (first.returncode, json.loads(first.stdout)["new"]) == (0, 3)
    web.stand.show(*load_stream()[3:6])
    second = storywatch("once", "--all", "--json", *config, cwd=running.files.folder)
    told = json.loads(second.stdout)
    assert (second.returncode, told["new"], told["unsent"], told["failures"]) == (0, 3, 0, 0)
    assert told["sent"] == len(web.calls) + len(mailbox.mails) == running.count("delivery WHERE state = 'sent'")
    third = storywatch("once", "--all", *config, cwd=running.files.folder)
    assert third.returncode == 0
    assert third.stdout == (
        "3 feeds polled: 0 new entries, 0 changed. 0 articles judged: 0 developments. 0 messages sent, 0 not yet.\n"
    )
    assert third.stderr == ""


@pytest.mark.timeout(100 + 8 * KILLS)
def test_a_killed_process_loses_nothing_and_doubles_nothing(running: Running, web: NewsWeb, mailbox: Mailbox) -> None:
    """kill -9 at random moments: every delivery arrives, under one id, and what comes again comes with the same bytes."""
    kills_at_random(running, web)
    assert running.rows("SELECT count(*) FROM article GROUP BY url_key HAVING count(*) > 1") == []
    channels = defaultdict(set)
    for uid, channel, alert in running.rows("SELECT uid, channel, alert_id FROM delivery WHERE state = 'sent'"):
        channels[alert].add(channel)
        assert uid
    assert all(told == {"desk", "newsroom"} for told in channels.values())
    assert len(channels) == running.count("development") == running.count("alert") >= 1
    planned = {uid for (uid,) in running.rows("SELECT uid FROM delivery WHERE channel = 'newsroom'")}
    bodies = defaultdict(set)
    for call in web.calls:
        assert is_genuine(call)
        bodies[call.id].add(call.body)
    assert bodies.keys() == planned
    assert len(web.calls) > len(planned)  # the one that was under way came again
    assert all(len(same) == 1 for same in bodies.values())
    assert len({json.loads(body)["data"]["development"]["id"] for (body,) in bodies.values()}) == len(planned)
    letters = defaultdict(set)
    for _, _, body in mailbox.mails:
        letters[str(email.message_from_bytes(body)["message-id"])].add(body)
    assert len(letters) == running.count("delivery WHERE channel = 'desk'")
    assert all(len(same) == 1 for same in letters.values())


def kills_at_random(running: Running, web: NewsWeb) -> None:
    """Many short lives while the stream appears, one that ends within a call, and one that may end its work."""
    stream = load_stream()
    fate = random.Random(11)
    running.start()
    wait_until(running.has_baseline, "every feed was polled once")
    running.kill()
    web.before_answer = running.die
    shown = 3
    for life in range(1, KILLS + 1):
        upto = 3 + life * (len(stream) - 3) // KILLS
        web.stand.show(*stream[shown:upto])
        shown = upto
        running.start(wait=life % 3 > 0)
        threading.Event().wait(fate.uniform(0.1, 1.6))
        pid = running.kill()
        wait_until(lambda pid=pid: not children_of(pid), "its readers ended with it")
    while not running.is_done(len(stream)):
        running.start(wait=False)
        wait_until(lambda: running.has_ended() or running.is_done(len(stream)), "all is judged and sent", seconds=60)
        running.kill()


def children_of(pid: int) -> list[str]:
    """Reader processes that were started by this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"storywatch.parse.worker" in words and str(pid).encode() in words:
            found.append(folder.name)
    return found
