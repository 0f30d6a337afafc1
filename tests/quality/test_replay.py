from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from builders import a_watch
from encoders import WordEncoder

from storywatch.core.model import Terms
from storywatch.encode import detect_language
from storywatch.errors import StorywatchError
from storywatch.replay import items_from, replay

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {"id", "watch", "verdict", "score", "severity", "development", "new", "nearest", "reasons"}


def a_row(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"i{number:03}",
        "seen_at": f"2026-03-02T{number:02}:00:00Z",
        "published_at": None,
        "outlet": "harbor-times",
        "owner": "harbor-times",
        "lang": "en",
        "url": f"https://harbor-times.example/{number}",
        "title": "Dockers strike in the harbour",
        "summary": "Forty ships wait.",
        "paragraphs": ["The dockers went on strike in the harbour.", "Talks on their demands broke down."],
        "kind": "article",
        **changes,
    }


def written(folder: Path, *rows: dict[str, Any] | str) -> Path:
    path = folder / "items.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def replayed(folder: Path, *rows: dict[str, Any], terms: Terms | None = None) -> list[dict[str, Any]]:
    watch = a_watch(terms=terms or Terms(any=("dockers",)), seeds=("The dockers went on strike.",))
    items = items_from(written(folder, *rows))
    return list(replay(watch, items, WordEncoder(), detect_language=detect_language))


def test_every_item_has_one_decision_with_the_promised_keys(tmp_path: Path) -> None:
    """One object an item, in the stream's order."""
    found = replayed(
        tmp_path, a_row(1), a_row(2, title="Dockers vote"), a_row(3, title="Cats", summary="", paragraphs=[])
    )
    assert [row["id"] for row in found] == ["i001", "i002", "i003"]
    assert all(set(row) == KEYS for row in found)
    assert all(row["watch"] == "harbour-strike" for row in found)


def test_the_same_text_at_the_same_address_is_a_repeat(tmp_path: Path) -> None:
    """Listed again, with whatever tracking parameters, it points to the first and is told no second time."""
    first, again = replayed(tmp_path, a_row(1), a_row(2, url="https://harbor-times.example/1?utm_source=rss"))
    assert first["verdict"] != "off-topic"
    assert again["verdict"] == "repeat"
    assert again["nearest"]["item"] == "i001"


def test_what_was_off_topic_stays_so_when_listed_again(tmp_path: Path) -> None:
    """A second listing of a strange article is no repeat of the story."""
    row = a_row(1, title="Football", summary="", paragraphs=["A match."])
    terms = Terms(none=("football",))
    found = replayed(tmp_path, row, {**row, "id": "i002"}, terms=terms)
    assert [one["verdict"] for one in found] == ["off-topic", "off-topic"]
    assert "football" in found[0]["reasons"][0]
    assert found[1]["nearest"] is None


def test_an_edit_at_a_known_address_is_judged(tmp_path: Path) -> None:
    """A known address with another text is an edit, not a repeat by rule."""
    edited = a_row(
        2, url="https://harbor-times.example/1", paragraphs=["A court in Hamburg banned the strike of the dockers."]
    )
    _, edit = replayed(tmp_path, a_row(1), edited)
    assert "the same text" not in " ".join(edit["reasons"])
    assert edit["nearest"]["item"] == "i001"


def test_a_feed_item_without_a_body_and_with_the_users_word_is_kept(tmp_path: Path) -> None:
    """Two lines are enough for the digest where the user's own word stands in them."""
    [row] = replayed(tmp_path, a_row(1, paragraphs=[], summary=""))
    assert row["verdict"] in {"possible", "development"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", ":2:"),
        ("[1]", ":2: an object is needed"),
        (a_row(id=None), ":2: 'id' is missing or not a text"),
        (a_row(title=3), ":2: 'title' is missing or not a text"),
        (a_row(lang=["en"]), ":2: 'lang' is not a text"),
        (a_row(seen_at="yesterday"), ":2: 'seen_at' is not a time such as"),
        (a_row(published_at=12), ":2: 'published_at' is not a time such as"),
        (a_row(paragraphs="text"), ":2: 'paragraphs' is not a list of texts"),
        (a_row(paragraphs=[1]), ":2: 'paragraphs' is not a list of texts"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, line: dict[str, Any] | str, message: str) -> None:
    """The error gives file, line and what is wrong; the items before it came."""
    items = items_from(written(tmp_path, a_row(), line))
    next(items)
    with pytest.raises(StorywatchError, match=r"items\.jsonl") as raised:
        next(items)
    assert message in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and one that is not UTF-8 are told apart."""
    with pytest.raises(StorywatchError, match="No such file"):
        next(items_from(tmp_path / "none.jsonl"))
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xe9"}\n')
    with pytest.raises(StorywatchError, match="not UTF-8"):
        next(items_from(tmp_path / "latin.jsonl"))


def test_times_without_a_zone_are_utc_and_unknown_keys_are_ignored(tmp_path: Path) -> None:
    """A stream from elsewhere works when it has the few keys that are needed; empty lines are nothing."""
    row = {"id": "x", "seen_at": "2026-03-02T06:00:00", "url": "https://a.example/1", "title": "T", "more": 1}
    [item] = items_from(written(tmp_path, row, ""))
    assert item.article.seen_at.isoformat() == "2026-03-02T06:00:00+00:00"
    assert item.article.owner == ""
