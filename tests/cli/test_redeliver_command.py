"""`redeliver`, and `deliveries` of one: as people and programs use them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_judged, an_article
from newsroom import email
from rich.cells import cell_len
from terminals import shown, without_style

from storywatch.core.model import AttemptOutcome, Blame, DeliveryState
from storywatch.store import tables

if TYPE_CHECKING:
    from conftest import Storywatch
    from desks import Desk
    from newsroom import ConfigDir

MINUTE = timedelta(minutes=1)


def tell(desk: Desk, *, to: str = "desk@example.org", end: AttemptOutcome) -> None:
    """One development to one recipient, and what became of it at its first try."""
    article = an_article(url=f"https://harbor-times.example/{to}", title=f"News for {to}")
    desk.judge(article, a_judged(article, recipients=(to,)))
    [claim] = desk.claims()
    desk.outbox.finish_delivery(claim, end)


def dead(blame: Blame | None = None) -> AttemptOutcome:
    return AttemptOutcome(state=DeliveryState.DEAD, at=NOON, code=550, reason="no such user", blame=blame)


SENT = AttemptOutcome(state=DeliveryState.SENT, at=NOON, code=250)
LATER = AttemptOutcome(state=DeliveryState.WAITING, at=NOON, retry_at=NOON + 5 * MINUTE, code=451, reason="greylisted")


def test_dead_letters_of_a_channel_are_sent_again(told: Desk, storywatch: Storywatch) -> None:
    """They wait again, beside a service or without one; who was stopped is named; nothing else is touched."""
    tell(told, end=dead(Blame.GONE))
    tell(told, to="ben@example.org", end=SENT)
    tried = storywatch("redeliver", "--channel", "desk", "--dead", "--dry-run")
    uid = told.views.deliveries()[1].id
    assert tried.lines == [
        f"{uid}\tdead\tdesk desk@example.org\tharbour-strike\tNews for desk@example.org",
        "1 delivery would be sent again",
        "stopped: desk@example.org",
    ]
    assert [view.state for view in told.views.deliveries()] == ["sent", "dead"]
    done = storywatch("redeliver", "--channel", "desk", "--by", "anna", "--json")
    assert (done.json["dry_run"], [one["id"] for one in done.json["deliveries"]]) == (False, [uid])
    assert done.json["stopped"] == ["desk@example.org"]
    assert [view.state for view in told.views.deliveries()] == ["sent", "waiting"]
    assert str(told.views.deliveries()[1].why).startswith("asked for by anna 20")
    assert len(told.claims(datetime.now(UTC))) == 1  # noqa: TID251  the command takes the time of the machine
    assert storywatch("redeliver", "--dead").lines == ["nothing to send again"]


def test_what_is_chosen_by_time(told: Desk, storywatch: Storywatch) -> None:
    """So long ago, or a moment, in UTC unless it says otherwise; muted ones only if they are meant."""
    tell(told, end=dead())
    tell(told, to="ben@example.org", end=dead())
    with told.database.write() as connection:
        muted = tables.delivery.c.address == "ben@example.org"
        connection.execute(tables.delivery.update().where(muted).values(state=DeliveryState.MUTED))
    for since, number in (
        ("2026-03-02T12:01", "nothing"),
        ("2026-03-02T12:00", "1 delivery"),
        ("2026-03-02T13:00+01:00", "1 delivery"),
        ("2026-03-02", "1 delivery"),
    ):
        assert storywatch("redeliver", "--since", since, "--dry-run").lines[-1].startswith(number)
    assert storywatch("redeliver", "--muted", "--dry-run").lines[-1] == "1 delivery would be sent again"
    done = storywatch("redeliver", "--muted", "--dead", "--since", "99999d")
    assert done.lines[-1] == "2 deliveries are sent again"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((), "redeliver: which? Name deliveries, or choose them with --dead, --muted, --since or --channel"),
        (
            ("dlv_1", "--dead"),
            "redeliver: name deliveries, or choose them with --dead, --muted, --since and --channel; not both",
        ),
        (
            ("--dead", "--again"),
            "redeliver: --again goes with deliveries that are named, so that nothing is sent twice by mistake",
        ),
        (
            ("--since", "soon"),
            "redeliver: --since 'soon': expected a moment such as 2026-11-01T10:00 (UTC), or 3d ago: 3d",
        ),
        (
            ("--since", "999999d"),
            "redeliver: --since '999999d': expected a moment such as 2026-11-01T10:00 (UTC), or 3d ago: 3d",
        ),
    ],
)
def test_what_makes_no_sense_is_said(storywatch: Storywatch, arguments: tuple[str, ...], fault: str) -> None:
    """Wrong usage ends with 2 and the way out."""
    done = storywatch("redeliver", *arguments)
    assert (done.status, done.err) == (2, fault + "\n")


def test_a_sent_one_goes_again_only_when_that_is_said(told: Desk, storywatch: Storywatch) -> None:
    """By name and with --again."""
    tell(told, end=SENT)
    uid = told.views.deliveries()[0].id
    done = storywatch("redeliver", uid)
    assert (done.status, done.err) == (
        1,
        f"storywatch: {uid} was sent 2026-03-02 12:00 UTC: --again sends it once more\n",
    )
    assert storywatch("redeliver", uid[:10], "--again").lines[-1] == "1 delivery is sent again"


def test_all_about_one_delivery(told: Desk, desk_files: ConfigDir, storywatch: Storywatch) -> None:
    """Where it is and why, what it says, and each try."""
    desk_files.channels = email(2525)
    tell(told, end=LATER)
    [view] = told.views.deliveries()
    done = storywatch("deliveries", view.id[:9])
    assert done.lines == [
        view.id,
        "  state: waiting, greylisted",
        "  to: desk desk@example.org",
        "  story: harbour-strike",
        f"  development: {view.development}",
        "  says: development.reported: News for desk@example.org",
        "  was to go: 2026-03-02 12:00 UTC",
        "  next try: 2026-03-02 12:05 UTC",
        "1\t2026-03-02 12:00:00\twaiting\t451\tgreylisted",
    ]
    program = storywatch("deliveries", view.id, "--json").json
    assert program["delivery"]["why"] == "greylisted"
    assert program["attempts"] == [
        {"number": 1, "at": "2026-03-02T12:00:00Z", "state": "waiting", "code": 451, "reason": "greylisted"}
    ]
    [claim] = told.claims(NOON + 5 * MINUTE)
    told.outbox.finish_delivery(claim, SENT)
    assert "  sent: 2026-03-02 12:00 UTC" in storywatch("deliveries", view.id).lines
    assert storywatch("deliveries", "dlv_no").err.startswith(
        "storywatch: no delivery 'dlv_no'; `storywatch deliveries`"
    )


def test_deliveries_are_found_by_channel_and_story(told: Desk, storywatch: Storywatch) -> None:
    """And by each state that there is."""
    tell(told, end=SENT)
    assert len(storywatch("deliveries", "--channel", "desk", "--watch", "harbour-strike").lines) == 1
    for nothing in (("--channel", "x"), ("--watch", "x"), ("--state", "folded"), ("--state", "muted")):
        assert storywatch("deliveries", *nothing).lines == []


def test_why_questions_fit_a_narrow_terminal(
    told: Desk, desk_files: ConfigDir, storywatch: Storywatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In 80 columns a row is a block; what was told together leads to what told it."""
    desk_files.channels = email(2525)
    for number in (1, 2):
        article = an_article(url=f"https://harbor-times.example/{number}", title=f"News {number} " + "항만 " * 40)
        told.judge(article, a_judged(article, watch="a-story-with-a-long-name" if number == 1 else "other"))
    with told.database.write() as connection:
        connection.execute(tables.delivery.update().values(hold="quiet"))
    [claim] = told.claims()
    told.outbox.finish_delivery(claim, LATER)
    config = str(desk_files.write())
    for command in (("deliveries",), ("deliveries", claim.id), ("redeliver", claim.id, "--dry-run")):
        status, text = shown(*command, "--config", config, cwd=desk_files.folder)
        assert status == 0
        assert max(cell_len(line) for line in without_style(text).splitlines()) <= 80
    words = " ".join(storywatch("deliveries").out.split())
    assert f"told with 1 other in {claim.id}, which waits: greylisted" in words
    assert f"2 together greylisted {claim.id}" in words
    assert storywatch("deliveries", claim.id).out.count("tells: dlv_") == 2
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "not tried yet" in storywatch("deliveries", told.views.deliveries(state=DeliveryState.FOLDED)[0].id).out
