"""explain and replay: why a verdict is what it is, and what a watch would have said."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_judged, an_article
from language_model import ModelServer, yes
from newsroom import STRIKE, beside
from rich.cells import cell_len
from webhook_receiver import Receiver, receiving

from storywatch.core.corrections import development_id
from storywatch.core.model import DevelopmentId, Label, Nearest, NewSentence, Reason, WatchId
from storywatch.core.urls import url_key

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Storywatch
    from desks import Desk
    from newsroom import ConfigDir

    from storywatch.core.model import Article

NEWS = """\
Sandvik dockers accept seven percent and return to work

The dockers of Sandvik accepted a pay rise of seven percent on Friday night and go back to work on Saturday.
The harbour board said that the forty ships at anchor would be unloaded within nine days.
Two crane drivers were arrested on Thursday after a fight at the gate.
"""
PAGE = (
    "<!doctype html><html lang='en'><head><title>{title}</title></head><body><main><article><h1>{title}</h1>{body}"
    "</article></main></body></html>"
)


def page(text: str) -> str:
    title, _, body = text.partition("\n")
    return PAGE.format(title=title, body="".join(f"<p>{line}</p>" for line in body.splitlines() if line))


def test_a_text_is_explained_with_verdict_evidence_and_what_is_nearest(storywatch: Storywatch, tmp_path: Path) -> None:
    """A saved text is judged against each story: its label and score, and every reason with its pull."""
    (tmp_path / "news.txt").write_text(NEWS)
    done = storywatch("explain", str(tmp_path / "news.txt"))
    assert (done.status, done.err) == (0, "")
    assert done.lines[0] == "Sandvik dockers accept seven percent and return to work  (en, read)"
    assert any(line.startswith("harbour-strike: ") and ", score 0." in line for line in done.lines)
    assert "  is it about the story?" in done.lines
    assert any(re.fullmatch(r"   [+-]\d\.\d\d  \S.*", line) for line in done.lines)
    assert "  what would have turned it?" in done.lines
    assert max(map(len, done.lines)) <= 80


def test_what_would_have_turned_it_has_the_same_numbers_in_json(storywatch: Storywatch, tmp_path: Path) -> None:
    """The score without the strongest evidence, in words and as a figure."""
    (tmp_path / "news.txt").write_text(NEWS)
    [judged] = storywatch("explain", str(tmp_path / "news.txt"), "--json").json["judged"]
    turns = [reason for reason in judged["verdict"]["reasons"] if reason["name"] == "turn"]
    text = " ".join(storywatch("explain", str(tmp_path / "news.txt")).out.split())
    assert len(turns) > 1
    for turn in turns:
        assert turn["words"] in text
        assert f"{turn['figure']:.2f}" in turn["words"]


def test_explaining_leaves_no_trace(storywatch: Storywatch, desk_files: ConfigDir, told: Desk) -> None:
    """Whoever asks twice gets the same answer, and nothing was judged by asking."""
    first = storywatch("explain", "-", "--json", stdin=NEWS.encode())
    again = storywatch("explain", "-", "--json", stdin=NEWS.encode())
    assert [row["verdict"] for row in first.json["judged"]] == [row["verdict"] for row in again.json["judged"]]
    assert first.json["article"]["title"] == NEWS.partition("\n")[0]
    assert told.views.stories() == []
    assert desk_files.database


def test_a_language_model_is_asked_only_when_it_is_asked_for(storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """With --opinion the answer is the first reason, and one call is counted; without it nobody is called."""
    server = ModelServer(answers=[yes()])
    with beside(receiving(server)):
        desk_files.channels = f'[opinion]\nurl = "{server.base}"\nmodel = "a-model"\nband = [0.0, 1.0]\n'
        [before] = storywatch("explain", "-", "--json", stdin=NEWS.encode()).json["judged"]
        assert server.calls == []
        [asked] = storywatch("explain", "-", "--json", "--opinion", stdin=NEWS.encode()).json["judged"]
        told = [row["told"] for row in storywatch("doctor", "--offline", "--json").json if row["what"] == "opinion"]
    assert len(server.calls) == 1
    assert server.data[0]["title"] == NEWS.partition("\n")[0]
    assert asked["verdict"]["reasons"][0]["words"].startswith("second opinion of a-model: it tells something new")
    assert asked["verdict"]["reasons"][1:] == before["verdict"]["reasons"]
    assert asked["verdict"]["verdict"] == "development"
    assert told == ["a-model: 1 of 200 calls made today"]


def test_an_opinion_of_nobody_is_an_error(storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """Without a language model that may be asked, the option says what is missing."""
    done = storywatch("explain", "-", "--opinion", stdin=NEWS.encode())
    assert (done.status, done.out) == (1, "")
    assert "nobody can be asked: storywatch.toml has no table [opinion]" in done.err
    desk_files.channels = '[opinion]\nurl = "http://10.0.0.7/v1"\nmodel = "a-model"\n'
    done = storywatch("explain", "-", "--opinion", stdin=NEWS.encode())
    assert done.status == 1
    assert "nobody can be asked: 10.0.0.7 is a private or reserved address" in done.err


def test_a_saved_page_is_read_as_a_page(storywatch: Storywatch, tmp_path: Path) -> None:
    """Of HTML the article counts, not the tags."""
    (tmp_path / "news.html").write_text(page(NEWS))
    told = storywatch("explain", str(tmp_path / "news.html"), "--json").json
    assert told["article"]["title"] == "Sandvik dockers accept seven percent and return to work"
    assert told["article"]["paragraphs"][0].startswith("The dockers of Sandvik accepted")


REASONS = (
    Reason(name="unlike", figure=1.0, pull=5.85, words="how unlike it is: 1.00, speaks for it (+5.9)"),
    Reason(name="about", figure=0.97, pull=0.0, words="about the story with a probability of 97%"),
    Reason(name="copy", figure=1.0, pull=0.0, words="a near copy of an article in the story"),
    Reason(name="feedback", figure=2.0, pull=0.31, words="your feedback on 2 articles moves the score by +0.3"),
    Reason(name="turn", figure=0.4, pull=0.0, words="without how unlike it is: score 0.40"),
)
NEAREST = Nearest(
    development=DevelopmentId("dev_of_old"),
    article=None,
    sentence="港湾労働者は賃上げを求めて月曜日にストライキに入った。" * 4,
    score=0.4,
    alike=0.71,
    outlet="harbor-times",
    day="2026-03-01",
)


def judged_before(told: Desk, url: str, **changes: Any) -> Article:
    """An article that the harbour strike's desk was told of, with every kind of evidence."""
    article = an_article(url=url, url_key=url_key(url), seen_at=NOON)
    judged = a_judged(article, **changes)
    new = (NewSentence(sentence="They get seven percent.", lang="en", old="5 %", new="7 %"),)
    told.judge(article, replace(judged, verdict=replace(judged.verdict, new=new, nearest=NEAREST, reasons=REASONS)))
    return article


def test_a_stored_verdict_comes_alone(storywatch: Storywatch, told: Desk, desk_files: ConfigDir) -> None:
    """An address that was judged, however it is written, is answered with its verdict, and not judged by its own story."""
    receiver = Receiver()
    with beside(receiving(receiver)):
        url = f"http://127.0.0.1:{receiver.port}/news/1"
        receiver.answers = ["404 Not Found\n\n", f"200 OK\ncontent-type: text/html\n\n{page(NEWS)}"] * 2
        article = judged_before(told, url)
        done = storywatch("explain", f"{url}?utm_source=mail")
        plain = storywatch("explain", url, "--json").json
    dev = development_id(WatchId("harbour-strike"), article.id)
    severity = a_judged(article).verdict.severity
    assert (done.status, done.err) == (0, "")
    assert done.lines[:7] == [
        f"{article.title}  (en, read)",
        f"article {article.id}",
        "",
        f"harbour-strike: development, {severity}, score 0.93; about the story, 0.97",
        "  judged 2026-03-02 12:00",
        f"  development {dev}",
        "  new: 5 % -> 7 %: “They get seven percent.”",
    ]
    assert done.lines[7].startswith("  nearest known (likeness 0.71, the same report with a chance of 40%):")
    assert "(harbor-times, 2026-03-01, dev_of_old)" in " ".join(done.out.split())
    at = done.lines.index("  is it about the story?")
    assert done.lines[at : at + 8] == [
        "  is it about the story?",
        "   +2.50  Close to what the watch describes.",
        "  is it new?",
        "          a near copy of an article in the story",
        "   +5.85  how unlike it is: 1.00",
        "   +0.31  your feedback on 2 articles moves the score",
        "  what would have turned it?",
        "  without how unlike it is: score 0.40",
    ]
    assert max(map(cell_len, done.lines)) <= 80
    assert [line for line in done.lines if line != line.rstrip()] == []
    assert (plain["judged"], plain["unread"]) == ([], None)
    assert plain["article"]["title"] == NEWS.partition("\n")[0]
    assert [(row["article"], row["development"]) for row in plain["stored"]] == [(article.id, dev)]
    assert any(line.startswith("judged 2026-03-02 12:00 for harbour-strike: development") for line in plain["before"])
    assert desk_files.port


def test_a_watch_without_a_verdict_judges_now(storywatch: Storywatch, told: Desk, desk_files: ConfigDir) -> None:
    """What is stored comes first; the other watches judge the page as it reads now."""
    desk_files.watches["ferry"] = 'name = "Ferry"\nabout = "The car ferry Astrid Lund."\nchannels = []\n'
    receiver = Receiver()
    with beside(receiving(receiver)):
        url = f"http://127.0.0.1:{receiver.port}/news/1"
        receiver.answers = ["404 Not Found\n\n", f"200 OK\ncontent-type: text/html\n\n{page(NEWS)}"] * 2
        judged_before(told, url)
        assert storywatch("reencode").status == 0
        done = storywatch("explain", url)
        plain = storywatch("explain", url, "--json").json
    assert done.status == 0
    told_of = [line.partition(":")[0] for line in done.lines if re.match(r"(ferry|harbour-strike|judged now)", line)]
    assert told_of[0] == "harbour-strike"
    assert told_of[1].startswith("judged now")
    assert told_of[2:] == ["ferry"]
    assert [row["watch"] for row in plain["judged"]] == ["ferry"]
    assert [row["watch"] for row in plain["stored"]] == ["harbour-strike"]


def test_a_page_that_is_gone_is_answered_from_the_store(storywatch: Storywatch, told: Desk) -> None:
    """A verdict needs no page: one line says that it was not read. Without a verdict it is an error."""
    receiver = Receiver()
    with beside(receiving(receiver)):
        url = f"http://127.0.0.1:{receiver.port}/news/1"
        receiver.answers = ["404 Not Found\n\n"] * 8
        article = judged_before(told, url)
        done = storywatch("explain", url)
        unknown = storywatch("explain", f"{url}/of-another")
    refused = storywatch("explain", url, "--json")
    assert (done.status, done.err) == (0, "")
    assert done.lines[1] == f"article {article.id}"
    assert " ".join(done.out.split()).endswith(
        f"The page could not be read now: 127.0.0.1:{receiver.port}: 404 for /news/1"
    )
    assert (unknown.status, unknown.out) == (1, "")
    assert refused.status == 0
    assert refused.json["unread"]
    assert refused.json["article"]["id"] == article.id
    assert [row["label"] for row in refused.json["stored"]] == ["development"]


def test_an_id_or_its_first_signs_name_a_judged_article(
    storywatch: Storywatch, told: Desk, desk_files: ConfigDir
) -> None:
    """As `feedback` takes them; what names nothing, or was not judged for the watch, is told."""
    desk_files.watches["ferry"] = 'name = "Ferry"\nabout = "The car ferry Astrid Lund."\nchannels = []\n'
    article = judged_before(told, "https://harbor-times.example/7", label=Label.REPEAT, repeats="dev_of_old")
    whole, short = storywatch("explain", article.id), storywatch("explain", article.id[:12])
    assert whole.status == 0
    assert whole.out == short.out
    assert "  one more report of development dev_of_old" in whole.lines
    assert not any(line.startswith("ferry") for line in whole.lines)
    other = storywatch("explain", article.id, "--watch", "ferry")
    assert (other.status, other.out) == (1, "")
    assert "was not judged in 'ferry', only in: harbour-strike" in other.err
    assert "no article 'art_0000000'" in storywatch("explain", "art_0000000").err


def test_only_one_watch_may_be_asked(storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """`--watch` picks one; an unknown one ends with 1 and names the others; so does an empty watchlist."""
    desk_files.watches["ferry"] = 'name = "Ferry"\nabout = "The car ferry Astrid Lund."\nchannels = []\n'
    told = storywatch("explain", "-", "--watch", "ferry", "--json", stdin=NEWS.encode()).json
    assert [row["watch"] for row in told["judged"]] == ["ferry"]
    done = storywatch("explain", "-", "--watch", "fery", stdin=NEWS.encode())
    assert (done.status, done.err) == (1, "storywatch: no watch 'fery'; there are: ferry, harbour-strike\n")
    desk_files.watches = {}
    done = storywatch("explain", "-", stdin=NEWS.encode())
    assert done.status == 1
    assert "watchlist" in done.err


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "-: there is no text in it"),
        (b"\xff\xfe\x00", "-: neither a page nor text in UTF-8"),
        (b"x" * 5_000_001, "-: longer than 5,000,000 bytes, that is no article"),
    ],
)
def test_what_is_no_article_is_told(storywatch: Storywatch, body: bytes, told: str) -> None:
    """Nothing, bytes that are no text, and far too much are refused in words."""
    done = storywatch("explain", "-", stdin=body)
    assert (done.status, done.err) == (1, f"storywatch: {told}\n")


def test_a_file_that_is_not_there_is_told_with_what_may_be_given(storywatch: Storywatch, tmp_path: Path) -> None:
    """A mistyped path says what else could be meant."""
    done = storywatch("explain", str(tmp_path / "nowhere.txt"))
    assert done.status == 1
    assert "nowhere.txt: No such file or directory; give an address that begins with https://" in done.err


# --------------------------------------------------------------------------- replay

ITEM = {
    "id": "i1",
    "seen_at": "2026-03-02T12:00:00Z",
    "published_at": "2026-03-02T11:55:00+00:00",
    "outlet": "harbor-times",
    "owner": "harbor",
    "lang": "en",
    "url": "https://harbor-times.example/1",
    "title": NEWS.splitlines()[0],
    "summary": "",
    "paragraphs": NEWS.splitlines()[2:],
    "unknown": ["keys", "are", "ignored"],
}
OFF_TOPIC = {
    **ITEM,
    "id": "i2",
    "url": "https://harbor-times.example/2",
    "title": "Choir sings at the lighthouse",
    "paragraphs": ["The choir of the village sang old songs.", "The mayor gave a cake to each singer."],
}
KEYS = ["id", "watch", "verdict", "score", "severity", "development", "new", "nearest", "reasons"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "watchlist").mkdir()
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "strike.txt").write_text("Dockers in Sandvik walk out\n\nForty ships are waiting.\n")
    (tmp_path / "watchlist" / "strike.toml").write_text(STRIKE + 'feeds = ["elsewhere"]\nchannels = ["nobody"]\n')
    return tmp_path


def replayed(storywatch: Storywatch, files: Path, *items: dict[str, Any] | str) -> tuple[Any, list[dict[str, Any]]]:
    lines = (item if isinstance(item, str) else json.dumps(item) for item in items)
    (files / "items.jsonl").write_text("".join(f"{line}\n" for line in lines))
    done = storywatch(
        "replay",
        *("--watch", str(files / "watchlist" / "strike.toml")),
        *("--items", str(files / "items.jsonl")),
        *("--decisions", str(files / "out.jsonl")),
    )
    rows = (files / "out.jsonl").read_text().splitlines() if (files / "out.jsonl").exists() else []
    return done, [json.loads(row) for row in rows]


def test_a_replay_decides_on_every_item_in_order(storywatch: Storywatch, files: Path) -> None:
    """One decision an item, with every key; a repeat of the very text names the first; the count is told."""
    again = {**ITEM, "id": "i3", "seen_at": "2026-03-03T12:00:00Z"}
    off_again = {**OFF_TOPIC, "id": "i4"}
    done, rows = replayed(storywatch, files, ITEM, OFF_TOPIC, again, "", off_again)
    assert done.status == 0
    assert [row["id"] for row in rows] == ["i1", "i2", "i3", "i4"]
    assert all(list(row) == KEYS and row["watch"] == "strike" for row in rows)
    assert rows[0]["verdict"] in {"development", "possible", "background"}
    assert rows[1]["verdict"] == "off-topic"
    assert (rows[2]["verdict"], rows[2]["nearest"]["item"]) == ("repeat", "i1")
    assert (rows[3]["verdict"], rows[3]["nearest"]) == ("off-topic", None)
    assert done.out.startswith("strike: 4 articles, ")
    assert not (files / "data").exists()


def test_what_the_glance_drops_is_off_topic_with_its_reason(storywatch: Storywatch, files: Path) -> None:
    """An item that would not be fetched is decided on all the same; one without text is judged by its summary."""
    watch = files / "watchlist" / "strike.toml"
    watch.write_text(watch.read_text() + '[terms]\nany = ["Sandvik"]\nnone = ["choir"]\n')
    brief = {**ITEM, "id": "i6", "url": "https://harbor-times.example/6", "paragraphs": None, "summary": NEWS}
    _, rows = replayed(storywatch, files, OFF_TOPIC, brief)
    assert rows[0]["reasons"] == ["passed over at a glance: has the excluded word 'choir'"]
    assert (rows[0]["verdict"], rows[0]["score"]) == ("off-topic", 0.0)
    assert rows[1]["verdict"] != "off-topic"


def test_the_same_stream_gives_the_same_bytes(storywatch: Storywatch, files: Path) -> None:
    """Two replays of one stream are equal, byte for byte."""
    changed = {
        **ITEM,
        "id": "i5",
        "seen_at": "2026-03-02T13:00:00Z",
        "paragraphs": [*ITEM["paragraphs"], "A ship sank."],
    }
    found = []
    for _ in range(2):
        replayed(storywatch, files, ITEM, OFF_TOPIC, changed)
        found.append((files / "out.jsonl").read_bytes())
    assert found[0] == found[1]
    assert found[0].count(b"\n") == 3


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "i2",', ":2:13: not JSON: "),
        ('["i2"]', ":2: an object is needed, with the keys id, seen_at, url, title"),
        ({**ITEM, "title": None}, ":2: 'title' is missing or not a text"),
        ({**ITEM, "lang": 3}, ":2: 'lang' is not a text"),
        ({**ITEM, "seen_at": "yesterday"}, ":2: 'seen_at' is not a time such as 2026-01-31T06:00:00Z: 'yesterday'"),
        ({**ITEM, "published_at": 1769839200}, ":2: 'published_at' is not a time"),
        ({**ITEM, "paragraphs": "one"}, ":2: 'paragraphs' is not a list of texts"),
    ],
)
def test_a_faulty_item_is_named_by_its_line(
    storywatch: Storywatch, files: Path, line: dict[str, Any] | str, told: str
) -> None:
    """What is wrong in a stream is told with file and line; the decisions of before are left as they were."""
    (files / "out.jsonl").write_text('{"id": "old"}\n')
    done, rows = replayed(storywatch, files, ITEM, line)
    assert done.status == 1
    assert done.err.startswith(f"storywatch: {files / 'items.jsonl'}{told}")
    assert rows == [{"id": "old"}]


def test_files_that_are_not_there_are_named(storywatch: Storywatch, files: Path) -> None:
    """A watch with faults ends with 2; items or decisions that can't be had end with 1; each names its file."""
    words = {"--watch": "watchlist/strike.toml", "--items": "items.jsonl", "--decisions": "out.jsonl"}
    (files / "items.jsonl").write_text(json.dumps(ITEM))
    for name, broken, status in (
        ("--watch", "watchlist/strik.toml", 2),
        ("--items", "item.jsonl", 1),
        ("--decisions", "nowhere/out.jsonl", 1),
    ):
        typed = [word for key, file in {**words, name: broken}.items() for word in (key, str(files / file))]
        done = storywatch("replay", *typed)
        assert done.status == status
        assert broken in done.err
    (files / "items.jsonl").write_bytes(b'{"id": "\xff"}\n')
    done = storywatch("replay", *(word for key, file in words.items() for word in (key, str(files / file))))
    assert done.status == 1
    assert "items.jsonl: not UTF-8" in done.err


def test_the_story_of_a_labelled_stream_is_told_from_a_watch_file(storywatch: Storywatch, files: Path) -> None:
    """Its faults come with what its keys are called in a watch file; the same faults elsewhere come alone."""
    story = files / "story.toml"
    items, decisions = files / "items.jsonl", files / "out.jsonl"
    words = ("replay", "--watch", str(story), "--items", str(items), "--decisions", str(decisions))
    for line in ('seed = "The ferry stays in port."', 'exclude = ["football"]', 'terms = ["ferry"]'):
        story.write_text(f'name = "Ferry"\nabout = "The ferry."\n{line}\n')
        items.unlink(missing_ok=True)
        alone = storywatch(*words)
        items.write_text(json.dumps(ITEM))
        hinted = storywatch(*words)
        assert (alone.status, hinted.status) == (2, 2)
        assert "labelled stream" not in alone.err
        assert hinted.err.startswith(alone.err)
        assert f"{story}: this looks like the story of a labelled stream, not a watch file" in hinted.err
    story.write_text('name = "Ferry"\nabout = "The ferry."\nfeds = []\n')
    done = storywatch(*words)
    assert done.status == 2
    assert "labelled stream" not in done.err
    assert not decisions.exists()
