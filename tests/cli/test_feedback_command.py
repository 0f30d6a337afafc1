"""`feedback`, as typed: what is said is kept, listed, undone; and `replay --with-feedback` tells what it changes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from builders import a_judged, a_watch, an_article
from rich.cells import cell_len
from terminals import shown, without_style

from storywatch.core.corrections import development_id
from storywatch.core.model import Label, WatchId

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Storywatch
    from desks import Desk
    from newsroom import ConfigDir

    from storywatch.core.model import Article

HARBOUR = WatchId("harbour-strike")
FIRST = an_article()
SECOND = an_article(url="https://harbor-times.example/2", title="Ships sail again")
THIRD = an_article(url="https://harbor-times.example/3", title="Union signs")


@pytest.fixture
def judged(told: Desk) -> Desk:
    """Two developments and a repeat."""
    told.judgements.sync_watches([a_watch()])
    for article, label in ((FIRST, Label.DEVELOPMENT), (SECOND, Label.DEVELOPMENT), (THIRD, Label.REPEAT)):
        told.judge(article, a_judged(article, label=label))
    return told


def dev(article: Any) -> str:
    return development_id(HARBOUR, article.id)


def test_wrong_is_said_listed_and_taken_back(storywatch: Storywatch, judged: Desk) -> None:
    """Each command says what it did and how to go back."""
    done = storywatch("feedback", "--watch", HARBOUR, FIRST.url, "wrong", "--by", "Ana")
    assert done.status == 0
    assert done.lines[0] == f"{FIRST.id} {FIRST.title}"
    assert done.lines[1].startswith("judged development, score 0.93; the desk said on ")
    assert done.lines[1].endswith("(Ana): wrong")
    assert done.lines[2] == f"{dev(FIRST)} is withdrawn"
    assert done.lines[3] == f"to take it back: storywatch feedback --watch {HARBOUR} {FIRST.id} undo"
    listed = storywatch("feedback", "--watch", HARBOUR)
    assert listed.lines[0].split("\t")[1:] == [FIRST.id, FIRST.title, "development", "wrong", "Ana", "holds"]
    assert "withdrawn: the desk said on" in storywatch("timeline", HARBOUR).out
    undone = storywatch("feedback", "--watch", HARBOUR, FIRST.id[:12], "undo")
    assert (undone.status, undone.lines[1].startswith("taken back: the desk said")) == (0, True)
    [line] = storywatch("feedback", "--watch", HARBOUR, "--json").json
    assert (line["article"], line["feedback"], line["by"], line["holds"]) == (FIRST.id, "wrong", "Ana", False)
    assert "withdrawn" not in storywatch("timeline", HARBOUR).out
    assert storywatch("feedback", "--watch", HARBOUR).lines[0].split("\t")[-1].startswith("undone ")


def test_new_makes_a_development_and_says_that_nobody_is_alerted(storywatch: Storywatch, judged: Desk) -> None:
    """With --alert the ordinary way is gone, and where that holds it back the reason is told.

    What was taken back is shown as such where there is an alert of it, until the desk says it anew.
    """
    done = storywatch("feedback", "--watch", HARBOUR, THIRD.id, "new")
    assert done.lines[2:4] == [f"{dev(THIRD)} stands on the timeline", "nobody is alerted; --alert does that"]
    assert THIRD.title in storywatch("timeline", HARBOUR).out
    storywatch("feedback", "--watch", HARBOUR, THIRD.id, "undo")
    assert THIRD.title not in storywatch("timeline", HARBOUR).out
    held = storywatch("feedback", "--watch", HARBOUR, THIRD.id, "new", "--alert")
    assert held.lines[3] == "its alert is held: the watch has no channels: its developments are on the page only"
    storywatch("feedback", "--watch", HARBOUR, THIRD.id, "undo")
    shown = storywatch("timeline", HARBOUR).out
    assert shown.count("withdrawn: ") == 1
    assert re.search(rf"{THIRD.title}\n(?: .*\n)*  withdrawn: the desk said on .*: new; taken back on ", shown)
    storywatch("feedback", "--watch", HARBOUR, THIRD.id, "new")
    assert "withdrawn" not in storywatch("timeline", HARBOUR).out


def test_same_as_makes_it_a_report(storywatch: Storywatch, judged: Desk) -> None:
    """A program reads what was said; a person which development has one more report."""
    done = storywatch("feedback", "--watch", HARBOUR, SECOND.id, "same-as", dev(FIRST)[:14], "--json")
    assert {key: done.json[key] for key in ("article", "feedback", "development", "alerted")} == {
        "article": SECOND.id,
        "feedback": "same-as",
        "development": dev(FIRST),
        "alerted": False,
    }
    undone = storywatch("feedback", "--watch", HARBOUR, SECOND.id, "undo", "--json").json
    assert (undone["undone"], undone["holds"]) == (True, None)
    assert storywatch("feedback", "--watch", HARBOUR, SECOND.id, "same-as", dev(FIRST)).lines[2] == (
        f"it is one more report of {dev(FIRST)}"
    )


@pytest.mark.parametrize(
    ("article", "words"),
    [
        (SECOND, ("same-as", dev(FIRST))),
        (SECOND, ("wrong",)),
        (SECOND, ("wrong", "--off-topic")),
        (THIRD, ("new",)),
    ],
)
def test_the_same_is_not_said_twice(
    storywatch: Storywatch, judged: Desk, article: Article, words: tuple[str, ...]
) -> None:
    """One undo takes it back; the refusal names what holds and how to undo it, and keeps nothing."""
    said = storywatch("feedback", "--watch", HARBOUR, article.id, *words, "--by", "Ana").lines[1].split("; ")[1]
    again = storywatch("feedback", "--watch", HARBOUR, article.id, *words)
    assert again.status == 1
    assert f"{article.id} is corrected so already, and it holds: {said};" in again.err
    assert f"to take it back: storywatch feedback --watch {HARBOUR} {article.id} undo" in again.err
    assert len(storywatch("feedback", "--watch", HARBOUR).lines) == 1
    undone = storywatch("feedback", "--watch", HARBOUR, article.id, "undo")
    assert undone.lines[1:] == [
        f"taken back: {said}",
        f"its verdict holds again: {'repeat' if article is THIRD else 'development'}",
    ]
    assert storywatch("feedback", "--watch", HARBOUR, article.id, *words).status == 0


def test_an_undo_tells_what_was_said_before_and_holds_now(storywatch: Storywatch, judged: Desk) -> None:
    """The listing of a second word on one article shows which holds; taking the second back leaves the first."""
    first = storywatch("feedback", "--watch", HARBOUR, SECOND.id, "same-as", dev(FIRST)).lines[1].split("; ")[1]
    storywatch("feedback", "--watch", HARBOUR, SECOND.id, "wrong", "--off-topic")
    states = [line.split("\t")[-1] for line in storywatch("feedback", "--watch", HARBOUR).lines]
    assert states == ["holds", "said anew since"]
    undone = storywatch("feedback", "--watch", HARBOUR, SECOND.id, "undo")
    assert undone.lines[2] == f"what was said before holds now: {first}"
    assert undone.lines[3] == (f"to take that back too: storywatch feedback --watch {HARBOUR} {SECOND.id} undo")
    storywatch("feedback", "--watch", HARBOUR, SECOND.id, "wrong", "--off-topic")
    holds = storywatch("feedback", "--watch", HARBOUR, SECOND.id, "undo", "--json").json["holds"]
    assert (holds["feedback"], holds["development"]) == ("same-as", dev(FIRST))


def test_ids_can_be_copied_from_80_columns(judged: Desk, storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """No id is broken, however long the title; what is undone and what holds is still told."""
    long = an_article(url="https://harbor-times.example/4", title="항만 파업 " * 20 + "x" * 90)
    judged.judge(long, a_judged(long))
    storywatch("feedback", "--watch", HARBOUR, SECOND.id, "same-as", dev(FIRST), "--by", "Ana of the night desk")
    storywatch("feedback", "--watch", HARBOUR, long.id, "wrong")
    storywatch("feedback", "--watch", HARBOUR, long.id, "undo")
    status, text = shown(
        "feedback", "--watch", HARBOUR, "--config", str(desk_files.write()), cwd=desk_files.folder, columns=80
    )
    plain = without_style(text)
    assert status == 0
    assert max(cell_len(line) for line in plain.splitlines()) <= 80
    assert {SECOND.id, long.id, dev(FIRST), "holds", "undone"} <= set(plain.split())


def test_another_matter_is_put_out_of_the_story(storywatch: Storywatch, judged: Desk) -> None:
    """What was not told may be put out too, and the list says so."""
    done = storywatch("feedback", "--watch", HARBOUR, THIRD.id, "wrong", "--off-topic")
    assert done.lines[1].endswith("wrong, it is about another matter")
    assert done.lines[2].startswith("to take it back")
    assert storywatch("feedback", "--watch", HARBOUR).lines[0].split("\t")[4] == "wrong, off-topic"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((FIRST.id,), "Say wrong, same-as DEV, new, or undo"),
        ((FIRST.id, "same-as"), "a development stands after same-as"),
        ((FIRST.id, "wrong", "dev_1"), "a development stands after same-as, and only there"),
        ((FIRST.id, "new", "--off-topic"), "--off-topic goes with `wrong` only"),
        ((FIRST.id, "wrong", "--alert"), "--alert goes with `new` only"),
        ((FIRST.id, "bad"), "invalid choice"),
    ],
)
def test_wrong_usage_is_told_at_once(storywatch: Storywatch, words: tuple[str, ...], said: str) -> None:
    """Exit status 2, before anything is opened."""
    done = storywatch("feedback", "--watch", HARBOUR, *words)
    assert (done.status, said in done.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--watch", "nothing", FIRST.id, "wrong"), "no watch 'nothing'; there are: harbour-strike"),
        (("--watch", HARBOUR, "art_ffffff", "wrong"), "no article 'art_ffffff'"),
        (("--watch", HARBOUR, FIRST.id, "same-as", "dev_ffffff"), "no development 'dev_ffffff'"),
        (("--watch", HARBOUR, FIRST.id, "same-as", dev(FIRST)), "was broken by this very article"),
        (("--watch", HARBOUR, FIRST.id, "new"), "is a development already"),
        (("--watch", HARBOUR, FIRST.id, "undo"), "nothing was said of"),
    ],
)
def test_what_can_not_be_is_told_with_its_reason(
    storywatch: Storywatch, judged: Desk, words: tuple[str, ...], said: str
) -> None:
    """Exit status 1 and one line; nothing is kept."""
    done = storywatch("feedback", *words)
    assert (done.status, said in done.err) == (1, True)
    assert storywatch("feedback", "--watch", HARBOUR, "--json").json == []


# --------------------------------------------------------------------------- replay


def items(folder: Path) -> Path:
    def row(number: int, title: str, *paragraphs: str) -> dict[str, Any]:
        return {
            "id": f"i{number}",
            "seen_at": f"2026-03-02T{number:02}:00:00Z",
            "published_at": None,
            "outlet": "harbor-times",
            "owner": "harbor-times",
            "lang": "en",
            "url": f"https://harbor-times.example/{number}",
            "title": title,
            "summary": "",
            "paragraphs": list(paragraphs),
        }

    rows = [
        row(1, "Dockers of Sandvik accept seven percent", "The dockers of Sandvik accepted seven percent on Friday."),
        row(
            2,
            "Police arrest leader of Sandvik's dockers",
            "Police in Sandvik arrested the dockers' leader Mats Ekberg.",
        ),
        row(3, "Ships leave Sandvik's harbour", "The first three ships left the harbour of Sandvik on Sunday."),
    ]
    path = folder / "items.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    return path


@pytest.fixture
def stream(storywatch: Storywatch, desk_files: Any, tmp_path: Path) -> list[str]:
    desk_files.write()
    watch = str(desk_files.path / "watchlist" / "harbour-strike.toml")
    return ["replay", "--watch", watch, "--items", str(items(tmp_path)), "--decisions", str(tmp_path / "out.jsonl")]


def decisions(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]


def test_replay_tells_what_feedback_changes(storywatch: Storywatch, stream: list[str], tmp_path: Path) -> None:
    """The file holds the decisions with feedback; both counts and each difference are printed; the first stays as it was."""
    assert storywatch(*stream).status == 0
    without = decisions(tmp_path)
    told = without[0]["verdict"] == "development"
    said = tmp_path / "said.jsonl"
    said.write_text(json.dumps({"id": "i1", "feedback": "wrong" if told else "new"}) + "\n", "utf-8")
    done = storywatch(*stream, "--with-feedback", str(said))
    taught = decisions(tmp_path)
    assert done.status == 0
    assert taught[0] == without[0]
    assert taught[1:] != without[1:]
    assert any("your feedback on 1 article moves the score by" in reason for reason in taught[1]["reasons"])
    alerts = [sum(row["verdict"] == "development" for row in rows) for rows in (without, taught)]
    assert done.lines[1] == f"feedback on 1 articles: {alerts[0]} alerts without it, {alerts[1]} with it"
    changed = [old["id"] for old, new in zip(without, taught, strict=True) if old["verdict"] != new["verdict"]]
    assert done.lines[2] == f"decided otherwise: {len(changed)} of 3 articles"
    assert [line.split()[0] for line in done.lines[3:]] == changed


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", ":1:2: not JSON"),
        ("[]", "an object is needed, with the keys id, feedback, development"),
        ('{"id": "i9", "feedback": "new"}', "no item 'i9' in the stream"),
        ('{"id": "i1", "feedback": "bad"}', "'feedback' is one of wrong, same-as, new, not 'bad'"),
        ('{"id": "i1", "feedback": "same-as"}', "'development' is needed with same-as"),
        ('{"id": "i1", "feedback": "new", "off_topic": true}', "true only with wrong"),
    ],
)
def test_faulty_feedback_is_named_by_its_line(
    storywatch: Storywatch, stream: list[str], tmp_path: Path, line: str, said: str
) -> None:
    """File and line, and what is wrong."""
    path = tmp_path / "said.jsonl"
    path.write_text(line + "\n", "utf-8")
    done = storywatch(*stream, "--with-feedback", str(path))
    assert (done.status, f"{path}:1" in done.err, said in done.err) == (1, True, True)


def test_feedback_that_has_nothing_to_hold_on_to_is_left_out(
    storywatch: Storywatch, stream: list[str], tmp_path: Path
) -> None:
    """The stream is judged all the same, and it is said what was left out, and why."""
    path = tmp_path / "said.jsonl"
    path.write_text('{"id": "i2", "feedback": "same-as", "development": "dev_1"}\n', "utf-8")
    done = storywatch(*stream, "--with-feedback", str(path))
    assert done.status == 0
    assert done.lines[1].startswith("feedback on 0 articles:")
    assert done.lines[-1].startswith(f"left out: {path}:1: i2: 'dev_1' is no other development by then")


def test_replay_takes_the_databases_feedback(
    storywatch: Storywatch, stream: list[str], judged: Desk, desk_files: Any, tmp_path: Path
) -> None:
    """Without a file, what the desk said of the same addresses counts; what was undone does not."""
    storywatch("feedback", "--watch", HARBOUR, FIRST.id, "wrong")
    done = storywatch.typed(*stream, "--with-feedback", "--config", str(desk_files.path))
    assert done.lines[1].startswith("feedback on 1 articles:")
    assert "your feedback on 1 article" in json.dumps(decisions(tmp_path))
    storywatch("feedback", "--watch", HARBOUR, FIRST.id, "undo")
    done = storywatch.typed(*stream, "--with-feedback", "--config", str(desk_files.path))
    assert done.lines[1].startswith("feedback on 0 articles:")
    assert "your feedback" not in json.dumps(decisions(tmp_path))
