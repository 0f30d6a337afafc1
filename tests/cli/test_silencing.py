"""`mute`, `snooze`, `unmute`, `silences` and `acknowledge`, as typed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from builders import a_judged, a_watch, an_article
from newsroom import email, webhook
from rich.cells import cell_len
from terminals import shown, without_style

from storywatch.app import SystemClock
from storywatch.core.ids import digest

if TYPE_CHECKING:
    from conftest import Storywatch
    from desks import Desk
    from newsroom import ConfigDir

HARBOUR = "harbour-strike"
KYIV = ZoneInfo("Europe/Kyiv")


@pytest.fixture
def judged(told: Desk, desk_files: ConfigDir) -> Desk:
    """A development that waits for one mailbox; two channels are configured."""
    channels = email(2525) + webhook("https://hooks.example.org/x")
    desk_files.channels = channels + email(2525, name="night").replace(
        '["desk@desk.test"]', '["a@desk.test", "b@desk.test"]'
    )
    told.judgements.sync_watches([a_watch()])
    article = an_article(seen_at=SystemClock().now() + timedelta(hours=1))
    told.judge(article, a_judged(article))
    return told


def in_days(days: int, hour: int = 8) -> datetime:
    """That hour on the clock of Kyiv, some days from now."""
    local = SystemClock().now().astimezone(KYIV) + timedelta(days=days)
    return local.replace(hour=hour, minute=0, second=0, microsecond=0)


def test_a_story_is_muted_listed_and_told_again(storywatch: Storywatch, judged: Desk) -> None:
    """Who, why, since when and until when; each command says how to go back."""
    done = storywatch("mute", HARBOUR, "--by", "Olena", "--reason", "the court's recess")
    assert done.status == 0
    assert done.lines[0] == f"{HARBOUR}: muted by Olena until it is ended: the court's recess"
    assert done.lines[-1] == f"to take it back: storywatch unmute {HARBOUR}"
    [line] = storywatch("silences", "--json").json
    assert (line["watch"], line["kind"], line["by"], line["reason"], line["active"]) == (
        HARBOUR, "mute", "Olena", "the court's recess", True,
    )  # fmt: skip
    assert "0 muted" in storywatch("silences").lines[0]
    undone = storywatch("unmute", HARBOUR, "--by", "Piotr")
    assert undone.lines == [
        f"{HARBOUR}: over for everybody; it was muted by Olena until it is ended: the court's recess"
    ]
    assert storywatch("silences").lines == []
    [over] = storywatch("silences", "--all", "--json").json
    assert (over["active"], over["ended_by"]) == (False, "Piotr")
    nothing = storywatch("unmute", HARBOUR)
    assert (nothing.status, nothing.err) == (1, f"storywatch: {HARBOUR} is neither muted nor snoozed for everybody\n")


def test_a_moment_without_a_zone_is_of_the_services(
    storywatch: Storywatch, judged: Desk, desk_files: ConfigDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a desk in Kyiv types is what its clock shows; with a zone it is that one's."""
    written = desk_files._main

    def main() -> str:
        return written().replace("[service]\n", '[service]\ntimezone = "Europe/Kyiv"\n')

    monkeypatch.setattr(desk_files, "_main", main)
    until = in_days(3)
    done = storywatch("snooze", HARBOUR, "--until", f"{until:%Y-%m-%dT%H:%M}")
    assert done.lines[1] == f"that is {until:%Y-%m-%d} 08:00 in Europe/Kyiv"
    [line] = storywatch("silences", "--json").json
    assert datetime.fromisoformat(line["until"]) == until
    assert line["holds"] == 1
    [waits] = storywatch("deliveries", "--json").json
    assert datetime.fromisoformat(waits["not_before"]) == until
    storywatch("snooze", HARBOUR, "--until", f"{until:%Y-%m-%dT%H:%M}Z")
    [line] = storywatch("silences", "--json").json
    assert datetime.fromisoformat(line["until"]) == until.replace(tzinfo=UTC)


def test_a_snooze_that_is_ended_early_gives_back_what_it_held(storywatch: Storywatch, judged: Desk) -> None:
    """What waits is due at once, and says why it comes now."""
    storywatch("snooze", HARBOUR, "--for", "3d")
    [waits] = storywatch("deliveries", "--json").json
    assert "snoozed until" in waits["note"]
    assert storywatch("unmute", HARBOUR).lines[1] == "what it held is told now, together"
    [goes] = storywatch("deliveries", "--json").json
    assert goes["note"] == "the snooze is over"
    assert datetime.fromisoformat(goes["not_before"]) <= SystemClock().now()


def test_one_recipient_may_be_spared(storywatch: Storywatch, judged: Desk) -> None:
    """Named by address, by channel, or by both where one is not enough."""
    assert "muted for desk@desk.test" in storywatch("mute", HARBOUR, "--recipient", "desk@desk.test").lines[0]
    assert "muted for newsroom" in storywatch("mute", HARBOUR, "--channel", "newsroom").lines[0]
    many = storywatch("mute", HARBOUR, "--channel", "night")
    assert many.status == 2
    assert "\n  --channel night --recipient a@desk.test\n  --channel night --recipient b@desk.test\n" in many.err
    none = storywatch("mute", HARBOUR, "--recipient", "nobody@desk.test")
    assert (none.status, "no recipient fits; there are:\n  --channel desk" in none.err) == (2, True)
    assert storywatch("mute", HARBOUR).lines[-1] == f"to take it back: storywatch unmute {HARBOUR}"
    ended = storywatch("unmute", HARBOUR)
    assert (
        ended.lines[1] == "still in force; there is: mute for desk@desk.test, mute for newsroom (--recipient names one)"
    )
    taken_back = storywatch("unmute", HARBOUR, "--channel", "desk", "--recipient", "desk@desk.test")
    assert taken_back.status == 0
    gone = storywatch("unmute", HARBOUR, "--channel", "gone", "--recipient", "x@desk.test", "--json")
    assert (gone.status, gone.json["ended"]) == (1, None)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("mute", "elsewhere"), 1, "no watch 'elsewhere'; there are: harbour-strike"),
        (("snooze", HARBOUR), 1, "a snooze needs an end"),
        (("mute", HARBOUR, "--until", "2020-01-01T08:00"), 1, "2020-01-01 08:00 UTC is past"),
        (("mute", HARBOUR, "--until", "tomorrow"), 2, "expected a moment such as 2026-12-01T08:00"),
        (("mute", HARBOUR, "--for", "3 days"), 2, 'mute: --for: expected a duration such as "5m"'),
        (("mute", HARBOUR, "--for", "3d", "--until", "2030-01-01"), 2, "not allowed with argument"),
        (("mute", HARBOUR, "--reason", "x" * 300), 1, "at most 200 signs"),
        (("acknowledge", "dev_0"), 1, "the first 4 signs of it"),
        (("acknowledge", "zzzzzzzz"), 1, "no development 'zzzzzzzz'"),
    ],
)
def test_what_makes_no_sense_is_told_in_words(
    storywatch: Storywatch, judged: Desk, words: tuple[str, ...], status: int, says: str
) -> None:
    """And nothing is kept."""
    done = storywatch(*words)
    assert (done.status, says in done.err) == (status, True), done.err
    assert storywatch("silences", "--all", "--json").json == []


def test_a_development_is_acknowledged_by_the_first_signs_of_its_id(storywatch: Storywatch, judged: Desk) -> None:
    """The first one counts, whoever comes after."""
    uid = storywatch("timeline", HARBOUR, "--json").json[0]["id"]
    first = storywatch("acknowledge", uid[4:9], "--by", "Olena")
    assert first.lines[0] == f"{uid} Harbour reopens after the strike"
    assert first.lines[1].startswith("acknowledged by Olena on ")
    assert first.lines[1] in storywatch("timeline", HARBOUR).out
    second = storywatch("acknowledge", uid, "--by", "Piotr")
    assert second.lines[1].endswith("; that was before, and it counts")
    told = storywatch("acknowledge", uid, "--json").json
    assert (told["first"], told["by"], told["development"]) == (False, "Olena", uid)


def test_an_id_that_begins_like_another_is_not_guessed(storywatch: Storywatch, judged: Desk) -> None:
    """Both are named."""
    by_start: dict[str, list[Any]] = {}
    for number in range(3000):
        article = an_article(url=f"https://harbor-times.example/n{number}")
        found = by_start.setdefault(digest("dev", HARBOUR, article.id)[:8], [])
        found.append(article)
        if len(found) > 1:
            break
    start, twins = next((start, found) for start, found in by_start.items() if len(found) > 1)
    for article in twins:
        judged.judge(article, a_judged(article))
    done = storywatch("acknowledge", start)
    assert (done.status, "is more than one development: dev_" in done.err) == (1, True)


@pytest.mark.parametrize("command", [("silences",), ("silences", "--all")])
def test_the_list_fits_eighty_columns(
    storywatch: Storywatch, judged: Desk, desk_files: ConfigDir, command: tuple[str, ...]
) -> None:
    """Why and until when are read on any terminal."""
    storywatch("mute", HARBOUR, "--by", "Olena Kovalenko", "--reason", "the hearing is postponed until the spring")
    storywatch("snooze", HARBOUR, "--for", "3d", "--until-major", "--by", "Olena Kovalenko", "--reason", "a long week")
    storywatch("mute", HARBOUR, "--recipient", "desk@desk.test", "--until-major", "--reason", "判決まで" * 6)
    status, written = shown(*command, "--config", str(desk_files.path), cwd=desk_files.folder, columns=80)
    lines = without_style(written).splitlines()
    assert status == 0
    assert max(map(cell_len, lines)) <= 80
    assert any("a long" in line for line in lines)
    assert any("next major" in line for line in lines)
    assert ("postponed" in written) == ("--all" in command)
