"""feeds list: how each feed does, at a glance on 80 columns and in full for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_listed
from rich.cells import cell_len
from terminals import shown, without_style

from storywatch.cli.feeding import span
from storywatch.core.model import FeedNotice, NoticeKind

if TYPE_CHECKING:
    from conftest import Storywatch
    from desks import Desk
    from newsroom import ConfigDir

GAP = "at least 12 articles came and went between two polls, from 10:00 to 11:00"


def on_a_terminal(files: ConfigDir, columns: int = 80) -> list[str]:
    status, text = shown("feeds", "--config", str(files.write()), cwd=files.folder, columns=columns)
    assert status == 0
    return without_style(text).splitlines()


def test_what_a_feed_gave_and_what_was_told_of_it_is_in_the_list(
    told: Desk, storywatch: Storywatch, desk_files: ConfigDir
) -> None:
    """Its interval, the yield of a week and the last notice, in a pipe, on a terminal and as JSON."""
    told.judge()
    gap = FeedNotice(kind=NoticeKind.GAP, told=GAP, at=NOON)
    told.poll(a_listed("8"), at=NOON + timedelta(hours=1), interval=timedelta(minutes=20), notices=(gap,))
    [line] = storywatch("feeds").lines
    cells = line.split("\t")
    assert cells[:4] == ["harbor-times", "en", "ok", "2"]
    assert cells[7:] == ["20m", "2", "1", "1", GAP]
    [feed] = storywatch("feeds", "--json").json
    assert (feed["interval_seconds"], feed["every_seconds"]) == (1200, None)
    assert (feed["listed"], feed["about"], feed["developments"]) == (2, 1, 1)
    assert feed["last_notice"] == {"feed": "harbor-times", "kind": "gap", "told": GAP, "at": "2026-03-02T12:00:00Z"}
    lines = on_a_terminal(desk_files)
    assert max(map(cell_len, lines)) <= 80
    assert "2/1/1" in "\n".join(lines)
    assert "12 articles came and went" in " ".join(" ".join(lines).split())


def test_why_a_feed_fails_comes_before_what_was_told_of_it(
    told: Desk, storywatch: Storywatch, desk_files: ConfigDir
) -> None:
    """The note is what needs a person first."""
    gap = FeedNotice(kind=NoticeKind.GAP, told=GAP, at=NOON)
    told.poll(at=NOON, failures=2, error="503: the server is not available", status=503, notices=(gap,))
    assert storywatch("feeds").lines[0].split("\t")[2] == "failing (2)"
    text = " ".join(" ".join(on_a_terminal(desk_files)).split())
    assert "503: the server is not available" in text
    assert "came and went" not in text


def test_a_feed_that_is_gone_is_never_asked_again(told: Desk, storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """And says since when by its notice."""
    gone = FeedNotice(kind=NoticeKind.GONE, told="the server says that it is gone for good", at=NOON)
    told.poll(at=NOON, gone_at=NOON, notices=(gone,))
    assert storywatch("feeds").lines[0].split("\t")[2] == "gone"
    text = " ".join(" ".join(on_a_terminal(desk_files)).split())
    assert " never " in text
    assert "ago: the server says that it is gone for good" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0s"), (0, "0s"), (89, "89s"), (90, "1m"), (5_999, "99m"), (6_000, "1h"), (172_799, "47h"), (172_800, "2d")],
)
def test_a_span_is_one_figure(seconds: int, words: str) -> None:
    """Of the unit that says enough in a narrow column."""
    assert span(timedelta(seconds=seconds)) == words
