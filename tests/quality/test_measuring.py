"""The measuring tools count what they say they count."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from builders import a_watch, plain_weights
from contact import first_of_each, measure_contact, termed_languages
from encoders import WordEncoder
from haystack import Followed, list_walks, load_followed, read_entries, search_needles, walk_entries
from level import BANDS, tally
from streams import Labelled, Stream

from storywatch.core.model import Terms
from storywatch.errors import StorywatchError
from storywatch.replay import parse_item

if TYPE_CHECKING:
    from pathlib import Path

STRIKE = "Dockers strike in the harbour"


def a_row(number: int, title: str = STRIKE, **changes: Any) -> dict[str, Any]:
    values = {
        "id": f"i{number:03}",
        "seen_at": f"2026-03-{2 + number // 24:02}T{number % 24:02}:00:00Z",
        "published_at": f"2026-03-{2 + number // 24:02}T{number % 24:02}:00:00Z",
        "lang": "en",
        "url": f"https://harbor-times.example/{number}",
        "title": title,
        "summary": f"Report {number}.",
        "paragraphs": [f"This is what report {number} says at length."],
    }
    return {**values, **changes}


def a_labelled(number: int, *developments: str, relevant: bool = True, **changes: Any) -> Labelled:
    return Labelled(
        item=parse_item(a_row(number, **changes), "here"),
        relevant=relevant,
        role="rewrite",
        developments=frozenset(developments),
        news=frozenset(),
    )


def a_stream(*items: Labelled, terms: tuple[str, ...] = ("strike",), seeded: tuple[str, ...] = ()) -> Stream:
    watch = a_watch(terms=Terms(any=terms), seeds=("The dockers of the harbour went on strike on Monday.",))
    named = sorted({one for labelled in items for one in labelled.developments})
    return Stream(
        name="strike",
        watch=watch,
        items=items,
        seeded=frozenset(seeded),
        major=frozenset(),
        developments=tuple(named),
    )


# --------------------------------------------------------------------------- first contact


def test_a_term_counts_for_the_language_that_it_is_written_in() -> None:
    """Scripts settle Korean and Japanese, articles of the stream the rest; a name that the seed has is no effort."""
    stream = a_stream(
        a_labelled(1, lang="uk", title="Докери оголосили страйк у порту"),
        a_labelled(2, lang="ru", title="Докеры объявили забастовку в порту"),
        a_labelled(3, lang="de", title="Hafenarbeiter im Ausstand, dockers say"),
        a_labelled(4, lang="ko", title="부두 노동자 파업"),
        a_labelled(5, lang="ja", title="港湾労働者がストライキ"),
        terms=("страйк*", "dockers", "파업", "забастовка моряков торгового флота"),
    )
    assert termed_languages(stream, {"en"}) == {"uk", "ru", "ko"}


def test_only_the_first_relevant_articles_of_other_languages_are_met() -> None:
    """Three of each language, in order; those of the seed's language and the irrelevant ones don't count."""
    items = [
        a_labelled(1),
        a_labelled(2, lang="de", relevant=False),
        *(a_labelled(number, lang="de") for number in range(3, 8)),
        a_labelled(8, lang="fr"),
    ]
    assert [one.item.id for one in first_of_each(items, besides={"en"})] == ["i003", "i004", "i005", "i008"]


def test_a_meeting_knows_nothing_of_the_articles_before_it() -> None:
    """The same article is found or not whatever came before it; the second half is measured by itself."""
    found = a_labelled(2, lang="fr", title="Grève des dockers, strike")
    lost = a_labelled(3, lang="fr", title="Recette de la tarte")
    meetings = measure_contact([(a_stream(a_labelled(1), found, lost, a_labelled(4)), plain_weights())], WordEncoder())
    assert [(one.item, one.late, one.found, one.hit) for one in meetings] == [
        ("i002", False, True, True),
        ("i003", False, False, False),
        ("i003", True, False, False),
    ]


# --------------------------------------------------------------------------- the level


def test_a_development_is_told_at_once_later_or_never() -> None:
    """Each counts where it was first reported, an alert where it was sent."""
    items = [
        a_labelled(1, "a"),
        a_labelled(2, "b"),
        *(a_labelled(number) for number in range(3, 6)),
        a_labelled(6, "b"),
        a_labelled(7, "c"),
        a_labelled(8, "a"),
    ]
    verdicts = ["development", "possible", *["repeat"] * 3, "development", "repeat", "development"]
    first, second, *others = tally(a_stream(*items), verdicts)
    assert (first.articles, first.due, first.at_once, first.ever, first.alerts, first.right) == (5, 2, 1, 2, 1, 1)
    assert (second.articles, second.due, second.at_once, second.ever, second.alerts, second.right) == (3, 1, 0, 0, 2, 1)
    assert first.possible == 1
    assert len(others) == len(BANDS) - 2
    assert not any(band.articles for band in others)


def test_what_the_seed_tells_is_no_development_that_is_due() -> None:
    """An alert for it is a wrong one."""
    [band, *_] = tally(a_stream(a_labelled(1, "a"), seeded=("a",)), ["development"])
    assert (band.due, band.alerts, band.right, band.f1) == (0, 1, 0, 0)


# --------------------------------------------------------------------------- haystack and needles


def test_a_walk_counts_found_missed_and_false(tmp_path: Path) -> None:
    """Entries about the story, near it and strange to it are told apart, and all of them can be read afterwards."""
    rows = [a_row(1), a_row(2, "Cats and dogs"), a_row(3, "A strike of lightning"), a_row(4, "Bowling strike record")]
    file = tmp_path / "entries.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    followed = Followed(
        watch=a_watch(terms=Terms(any=("strike",))), about=frozenset({"i001", "i002"}), near=frozenset({"i003"})
    )
    walk = walk_entries(followed, read_entries(file), WordEncoder(), plain_weights())
    assert [row["verdict"] for row in walk.rows] == ["development", "off-topic", "development", "development"]
    assert (walk.listed, walk.found) == (2, 1)
    assert [row["id"] for row in walk.false_alerts] == ["i004"]
    assert walk.by_words["en"] >= 3
    list_walks([walk], tmp_path / "data/listing.txt")
    listing = (tmp_path / "data/listing.txt").read_text("utf-8")
    assert [f"[{what}] i00{at}" in listing for at, what in enumerate(("about", "about", "near", "not listed"), 1)] == [
        True
    ] * 4


def test_a_needle_is_two_lines_seen_among_the_entries_around_it() -> None:
    """What the page says does not help, and each needle meets a story that is fresh."""
    found = a_labelled(1, "a", title="Harbour news", paragraphs=["The strike goes on."])
    other = a_labelled(2, "b")
    hay = read_rows(a_row(number, "Cats", url=f"https://c.example/{number}") for number in range(30, 40))
    hay += read_rows([a_row(41, "Bowling strike record")])
    [search] = search_needles([(a_stream(found, other), plain_weights())], hay, WordEncoder())
    verdicts = [(labelled.item.id, verdict) for labelled, verdict in search.needles]
    assert verdicts == [("i001", "off-topic"), ("i002", "development")]
    assert search.told == (1, 2)
    assert search.recall == 0.5
    assert (search.strange, [item.id for item in search.false_alerts]) == (11, ["i041"])


def read_rows(rows: Any) -> list[Any]:
    return [parse_item(row, "here") for row in rows]


def test_a_watch_is_a_file_or_a_folder_of_a_stream(tmp_path: Path) -> None:
    """Ids about the story are read where they stand beside it; what is no watch is named."""
    (tmp_path / "story.toml").write_text('name = "Strike"\nabout = "The strike."\nterms = ["strike"]\n', "utf-8")
    (tmp_path / "about.txt").write_text("# the strike\nr1\nr2 near\n\n", "utf-8")
    followed = load_followed(tmp_path)
    assert (followed.watch.terms.any, followed.about, followed.near) == (("strike",), {"r1"}, {"r2"})
    with pytest.raises(StorywatchError, match=r"nowhere: a watch file is needed"):
        load_followed(tmp_path / "nowhere")
    with pytest.raises(StorywatchError, match="no such file of entries"):
        read_entries(tmp_path / "none.jsonl")
