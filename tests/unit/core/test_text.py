from __future__ import annotations

import pytest
from builders import an_article
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.cues import is_background, is_live, is_negated, names_day
from storywatch.core.model import Place
from storywatch.core.names import beginnings_of, is_among, names_of, share_named, skeleton_of
from storywatch.core.numbers import numbers_of
from storywatch.core.text import (
    MAX_SENTENCE_CHARS,
    MAX_SENTENCES,
    lead_of,
    runs_of,
    sentences_of,
    share_within,
    split_sentences,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Gen. Smith met Mr. Lee on Monday. They left.", 2),
        ("J. Doe spoke on 3. March. Nobody else did.", 2),
        ("Il a dit « non ». Puis il est parti!", 2),
        ("Около 5 тыс. человек вышли. Полиция молчит.", 2),
        ("Він прибув до м. Київ. Далі поїхав.", 2),
        ("Er kam am 5. Mai an. Sie blieb.", 2),
        ("捕虜は二人だ。東京で会う。", 2),
        ("他们被俘。没有回应！", 2),
        ("그는 말했다. 아무도 없었다.", 2),
        ("¿Quién lo dijo? Nadie.", 2),
        ("Przybył ok. godz. 5 rano. Potem wyjechał.", 2),
        ("one line\nanother line", 2),
        ("", 0),
        ("   \n ", 0),
    ],
)
def test_sentences_end_where_people_end_them(text: str, count: int) -> None:
    """Abbreviations, initials and ordinals do not end a sentence in any of the ten languages; stops and lines do."""
    assert len(split_sentences(text)) == count


@given(st.text(max_size=300))
def test_no_text_breaks_the_splitter_or_loses_letters(text: str) -> None:
    """Whatever comes, every letter is in some sentence, and no sentence is empty."""
    found = split_sentences(text)
    assert all(found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_an_article_is_read_from_title_to_body() -> None:
    """Each sentence knows its place, the summary gives three at most, and forty are enough."""
    article = an_article(summary="One. Two. Three. Four.", paragraphs=("First. Second.", *["More here."] * 60))
    parts = sentences_of(article)
    assert parts[0] == (article.title, Place.TITLE)
    assert [text for text, place in parts if place is Place.SUMMARY] == ["One.", "Two.", "Three."]
    assert [text for text, place in parts if place is Place.LEAD] == ["First.", "Second."]
    assert len(parts) == MAX_SENTENCES


def test_an_article_without_text_is_read_by_its_address() -> None:
    """There is always one sentence at least, so that nothing later meets an empty article."""
    article = an_article(title="", summary="", paragraphs=())
    assert sentences_of(article) == [(article.url, Place.TITLE)]


def test_a_paragraph_without_any_stop_is_cut() -> None:
    """A hostile page of one endless sentence costs little."""
    assert len(split_sentences("a " * 5000)[0]) <= MAX_SENTENCE_CHARS


@pytest.mark.parametrize("stops", [".", "…", "!", "?!", ".…", ".)", "。", "！」"])
def test_an_endless_run_of_stops_is_one_sentence_end(stops: str) -> None:
    """Stops without a blank between them are passed in one go, where trying each would take minutes."""
    run = stops * (200_000 // len(stops))
    assert split_sentences(f"Dockers walked out{run} They came back.")[-1] == "They came back."
    assert split_sentences(f"Dockers walked out.{run}x")[0].startswith("Dockers walked out.")
    parts = sentences_of(an_article(summary=run, paragraphs=(run, "More here.", f"{run} {run}x")))
    assert ("More here.", Place.BODY) in parts
    assert Place.SUMMARY not in [place for _, place in parts]


def test_an_article_of_a_million_sentences_is_read_to_the_fortieth() -> None:
    """What comes after enough sentences is not split, and those before it are the same as ever."""
    article = an_article(summary="Yes. " * 100_000, paragraphs=("First. " * 500_000, "Last."))
    parts = sentences_of(article)
    assert [place for _, place in parts] == [Place.TITLE, *[Place.SUMMARY] * 3, *[Place.LEAD] * 36]


def test_the_lead_is_short() -> None:
    """Title, summary and the first words of the body, cut where the encoder has enough."""
    assert lead_of(an_article(paragraphs=("word " * 500,))).startswith("Harbour reopens")
    assert len(lead_of(an_article(paragraphs=("word " * 500,)))) == 450


def test_words_compare_across_endings_and_without_spaces() -> None:
    """Stems match inflected words, and Chinese compares by pairs of characters, Korean by the beginning."""
    assert words_of("prisoners") & words_of("prisoner")
    assert words_of("北朝鮮兵士") & words_of("北朝鮮兵")
    assert words_of("포로가") & words_of("포로를")
    assert words_of("of a 7") == {"7"}


def test_near_copies_share_their_runs() -> None:
    """A copy with a dropped paragraph shares all of its runs, another text none."""
    one = runs_of("Title", ["The quick brown fox jumps over the lazy dog.", "Another sentence follows here."])
    copy = runs_of("Title", ["The quick brown fox jumps over the lazy dog."])
    assert share_within(copy, one) > 0.9
    assert share_within(runs_of("x", ["entirely different words in this one"]), one) == 0
    assert runs_of("", []) == runs_of("", [])
    assert share_within(runs_of("北朝鮮兵の捕虜", []), runs_of("北朝鮮兵の捕虜", ["東京"])) > 0.9


def test_half_a_character_breaks_no_fingerprint() -> None:
    """JSON can hold one half of a pair of surrogates: such a text has its runs as any other, spaced or not."""
    broken = runs_of("", ["中国\ud83d外交部"])
    assert len(broken) == 4
    assert runs_of("外交部", []) < broken
    assert runs_of("Talks \ud83d in Hamburg", []) == runs_of("Talks in Hamburg", [])


@pytest.mark.parametrize("spelling", ["Zelensky", "Зеленський", "Зеленский", "Selenskyj", "젤렌스키", "ゼレンスキー"])
def test_a_name_is_the_same_in_every_script(spelling: str) -> None:
    """The user writes a name once; articles in any script are matched with it."""
    known = beginnings_of(frozenset({skeleton_of("Zelensky"), skeleton_of("Selenskyj")}))
    assert is_among(skeleton_of(spelling), known)


def test_names_are_found_where_writing_shows_them() -> None:
    """Capitals inside a sentence, katakana, hangul words and Latin letters among others are taken for names."""
    assert skeleton_of("Hamburg") in names_of("The talks in Hamburg went on.")
    assert skeleton_of("The") not in names_of("The talks went on.")
    assert skeleton_of("ゼレンスキー") in names_of("ゼレンスキー大統領")
    assert skeleton_of("Reuters") in names_of("據Reuters報道")
    assert names_of("젤렌스키 대통령")
    assert share_named(frozenset(), frozenset()) == 0.0
    assert skeleton_of("…") == ""


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("11,000 soldiers and 2.5 million shells", {11000, 2_500_000}),
        ("1,5 млн снарядів", {1_500_000}),
        ("Zwei Soldaten, drei Mrd Euro", {2, 3e9}),
        ("5 Milliarden Euro", {5e9}),
        ("북한군 1만1천 명", {11000}),
        ("포로 두 명", {2}),
        ("二人が死亡、1万1000人が避難", {2, 11000}),
        ("两名士兵", {2}),
        ("on 11 January 2025 at 14:30, 7 men", {7}),
        ("2025-01-11 and 11.01.2025", set()),
        ("10 000 hommes", {10000}),
        ("trzech żołnierzy", {3}),
        ("п’ять полонених", {5}),
        ("nothing", set()),
    ],
)
def test_quantities_are_read_in_ten_languages(text: str, numbers: set[float]) -> None:
    """Separators, scale words, east Asian compounds and number words give the value; dates are no quantities."""
    assert numbers_of(text) == numbers


def test_cues_are_heard_in_several_languages() -> None:
    """Questions and explainers, tickers, denials and weekdays are told by their words."""
    assert all(map(is_background, ["Why it matters", "Was wir wissen", "Почему это важно", "【解説】", "사설"]))
    assert not is_background("Harbour reopens on Monday")
    assert is_live("Liveticker: Lage im Hafen")
    assert not is_live("Harbour lives on")
    assert all(map(is_negated, ["He did not", "Er kam nicht", "Він не прийшов", "否認した"]))
    assert all(map(names_day, ["on Monday", "am Montag", "в понедельник", "오늘"]))
