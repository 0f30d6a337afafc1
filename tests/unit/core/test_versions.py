"""Two versions of a page: what changed in meaning, and what in looks. The pairs go through the reader of pages."""

from __future__ import annotations

from collections import Counter

import pytest
from edit_pairs import TONGUES, change_of, meaning_pairs, noise_pairs

from storywatch.core.versions import Change, Version, is_of_page, is_time, means, what_changed

NOISE, MEANING = 100, 100
LEAST_FOUND = 95
KINDS = {
    "number": Change.NUMBER,
    "money": Change.NUMBER,
    "day": Change.NUMBER,
    "added": Change.ADDED,
    "correction": Change.CORRECTION,
    "title": Change.TITLE,
}


def version(*paragraphs: str, title: str = "Fire at the terminal") -> Version:
    return Version(title=title, paragraphs=paragraphs)


def test_no_change_of_looks_is_taken_for_news() -> None:
    """Times, boxes, advertisements, quotes, markup, cookies, links and charsets, in ten languages: not one of a hundred."""
    pairs = noise_pairs()
    false = [(pair.lang, pair.kind, change_of(pair)) for pair in pairs if means(change_of(pair))]
    assert len(pairs) == NOISE
    assert false == []


def test_changes_of_meaning_are_found() -> None:
    """Figures, days, negations, states, names, sentences that come and go, corrections, titles: 95 of a hundred at least."""
    pairs = meaning_pairs()
    missed = [(pair.lang, pair.kind) for pair in pairs if not means(change_of(pair))]
    assert len(pairs) == MEANING
    assert len(pairs) - len(missed) >= LEAST_FOUND, missed


def test_most_changes_are_called_what_they_are() -> None:
    """A figure a figure, an added sentence an added one, a correction a correction, in nine languages of ten."""
    right = Counter(pair.kind for pair in meaning_pairs() if pair.kind in KINDS and KINDS[pair.kind] in change_of(pair))
    assert {kind: right[kind] >= len(TONGUES) - 1 for kind in KINDS} == dict.fromkeys(KINDS, True)


@pytest.mark.parametrize(
    "line",
    [
        "Updated 14:05", "3 hours ago", "Tuesday, 3 March 2026, 14:05 GMT", "vor 5 Minuten", "Gestern, 18:30 Uhr", "il y a 2 jours",
        "hace 20 minutos", "2 dni temu", "5 минут назад", "2 години тому", "10分前", "2026年3月3日 14時05分", "昨天 14:05", "5분 전", "2026. 3. 3. 14:05",
        "1 243",
    ],
)  # fmt: skip
def test_a_line_that_is_only_a_time_is_the_pages(line: str) -> None:
    """Whatever the time, nothing was said."""
    assert is_time(line)
    assert what_changed(version("The harbour is open."), version(line, "The harbour is open.")) == ()


@pytest.mark.parametrize(
    "line",
    [
        "Three ships left at 14:05", "Am Dienstag wurden 14 Arbeiter verletzt", "Le 12 mai, le port rouvre", "14名工人受伤", "May resigned on Tuesday",
    ],
)  # fmt: skip
def test_a_line_with_a_time_in_it_may_say_something(line: str) -> None:
    """A sentence is no stamp because it names a day."""
    assert not is_time(line)
    assert not is_of_page(line)


@pytest.mark.parametrize(
    "line",
    [
        "Advertisement", "23 comments", "Read more: The choir", "Lesezeit: 3 Minuten", "Das könnte Sie auch interessieren: Der Chor",
        "We use cookies to make this site better. Accept", "Подписывайтесь на наш канал", "© 2026 Harbor Times", "많이 본 뉴스",
        "この記事をシェア", "写真：ノルビク通信", "Listen to this article, 5 minutes", "Last modified on Monday 3 March 2026 at 14.05",
    ],
)  # fmt: skip
def test_lines_of_the_page_are_no_change(line: str) -> None:
    """Boxes and calls come and go."""
    assert is_of_page(line)
    assert what_changed(version("The harbour is open."), version("The harbour is open.", line)) == ()


@pytest.mark.parametrize("line", ["Kommentare (12)", "Comments: 12", "1 204 comments", "댓글 12"])
def test_counters_are_no_change(line: str) -> None:
    """With their number before or behind them. A sentence that ends in such a word is none."""
    assert is_of_page(line)
    assert not is_of_page("The harbour board has declined to comment")
    assert not is_of_page("The minister had no time for any comments")


@pytest.mark.parametrize("mark", ["comments{}x", "1{}x", "댓글1{}x", "{} comments x"])
def test_a_line_without_end_is_read_in_no_time(mark: str) -> None:
    """An expression that goes through it over and over would keep the judging of all other articles waiting."""
    for filler in (".", " ", "1"):
        assert not is_of_page(mark.format(filler * 300_000))
        assert not is_of_page(mark.format(filler * 500))


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("Harbour opens after strike", "Harbour opens after strike | Harbor Times", None),
        ("Harbour opens after strike - Harbor Times", "Harbour opens after strike", None),
        ("Harbour “opens” after strike", 'Harbour "opens" after strike', None),
        ("Tom &amp; Anna win", "Tom & Anna win", None),
        ("The comittee of the harbour meets", "The committee of the harbour meets", Change.WORDING),
        ("Harbour opens after strike", "Strike over: the harbour has opened", Change.TITLE),
        ("Fire injures 14 workers", "Fire injures 19 workers", Change.TITLE),
        ("Harbour opens", "Harbour opens, union leader resigns", Change.TITLE),
        ("", "Harbour opens", None),
    ],
)
def test_titles(old: str, new: str, change: Change | None) -> None:
    """The outlet's name and typing errors aside, another title is a change."""
    found = what_changed(version("Text.", title=old), version("Text.", title=new))
    assert found == ((change,) if change else ())
    assert what_changed(version("Text.", title=old), version("Text.", title=new), titles=False) == ()


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        (["The council rejected the plan for the bridge."], ["The council approved the plan for the bridge."], {Change.STATEMENT}),
        (["The comittee met on Monday in the town hall."], ["The committee met on Monday in the town hall."], {Change.WORDING}),
        (["One sentence here. Another one there."], ["One sentence here.", "Another one there."], set()),
        (["A long sentence that goes on and on."], ["A long sentence", "that goes on and on."], {Change.WORDING}),
        (["Stays as it is."], ["Stays as it is.", "Share"], {Change.WORDING}),
        (["Stays as it is.", "Share"], ["Stays as it is."], {Change.WORDING}),
        (["Stays as it is."], ["Stays as it is.", "This article has been retracted."], {Change.RETRACTION}),
        (["The article about the fire stands."], ["The article has been withdrawn about the fire."], {Change.RETRACTION}),
        (["Stays.", "The port is shut, the board said."], ["Stays.", "Correction: the port is open, the board said."], {Change.CORRECTION}),
        (["MÃ¼nchen und KÃ¶ln feiern das Fest am Hafen."], ["München und Köln feiern das Fest am Hafen."], set()),
        (["港の人々は静かに祭りを祝って家に帰った。"], ["港の人々は静かにお祭りを祝って家に帰った。"], {Change.WORDING}),
        (["Ships left the harbour. 3 hours ago. Boats stay there."], ["Ships left the harbour. 5 hours ago. Boats stay there."], set()),
        (["Ð is a letter of old Norse."], ["Ð is a letter of old Norse."], set()),
    ],
)  # fmt: skip
def test_sentences(old: list[str], new: list[str], changes: set[Change]) -> None:
    """What comes, goes and changes, by its kind."""
    assert set(what_changed(version(*old), version(*new))) == changes


def test_a_live_blog_loses_its_oldest_entries() -> None:
    """What makes room is no change; what is new is one."""
    old, new = (
        ("Ten ships left the harbour at noon.", "The strike began on Monday morning."),
        ("Ten ships left the harbour at noon.",),
    )
    assert what_changed(version(*old), version(*new), live=True) == ()
    assert what_changed(version(*old), version(*new)) == (Change.REMOVED,)


def test_a_correction_that_was_there_is_not_new() -> None:
    """Only what the page says of a correction for the first time counts."""
    note, text = "Correction: it was the second silo.", version("It was the second silo.")
    assert what_changed(text, text, correction=note) == (Change.CORRECTION,)
    assert what_changed(text, text, correction=note, corrected=note) == ()
    assert what_changed(version(note), version(note), correction=note) == ()


def test_a_text_without_end_is_compared_as_far_as_anybody_reads() -> None:
    """Thousands of sentences cost no more than hundreds."""
    many = version(*(f"Sentence number {number} of a very long text." for number in range(3000)))
    assert what_changed(many, many) == ()


def test_broken_letters_that_are_no_utf8_stay() -> None:
    """Only what is UTF-8 read as Latin letters is mended."""
    odd = version("Ã¼ and Ð‡Ð and a\ufffd and more words behind.")
    assert what_changed(odd, odd) == ()
