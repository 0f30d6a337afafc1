"""When two quantities can be the same, and what a property holds for every number a language can write."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.numbers import (
    Quantity,
    changed_figure,
    counted_things,
    numbers_of,
    quantities_of,
    replaced_in,
    same_quantity,
)


def the(text: str) -> Quantity:
    (found,) = quantities_of(text)
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("two soldiers", "a pair of soldiers"),
        ("1,100 soldiers", "more than a thousand soldiers"),
        ("about 300 prisoners", "297 prisoners"),
        ("half a dozen drones", "sechs Drohnen"),
        ("10 km", "6.2 miles"),
        ("a 48-hour truce", "two days"),
        ("two weeks", "14 Tage"),
        ("2 tonnes", "2,000 kilos"),
        ("1.2 million people", "1,204,000 people"),
        ("dozens of houses", "45 houses"),
        ("up to 40 ships", "38 ships"),
        ("$1.5 million", "1 500 000 dollars"),
        ("7.5%", "7,5 Prozent"),
        ("3億2000万円", "320 million yen"),
        ("1만1천 명", "11,000 people"),
        ("7割", "70 percent"),
        ("nearly 200 people", "190 people"),
    ],
)
def test_the_same_is_the_same_in_other_words(one: str, other: str) -> None:
    """Bounds, units, scale words and rounding make no other quantity, whichever is told first."""
    assert same_quantity(the(one), the(other))
    assert same_quantity(the(other), the(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("19 sailors", "21 sailors"),
        ("7%", "8%"),
        ("5 million euros", "5 million dollars"),
        ("more than 200 people", "500 people"),
        ("about 300 prisoners", "400 prisoners"),
        ("about 180 marines", "about 165 marines"),
        ("about 165 marines", "158 marines"),
        ("about 2.5 km", "2.7 km"),
        ("two weeks", "three weeks"),
        ("12 km", "12 miles"),
        ("12 km", "12 hours"),
        ("the third round", "three rounds"),
        ("4.8 billion won", "3.1 billion won"),
        ("1,649 children", "1,640 children"),
        ("hundreds of people", "45 people"),
    ],
)
def test_another_quantity_is_another(one: str, other: str) -> None:
    """What no bound, unit or rounding explains is a difference."""
    assert not same_quantity(the(one), the(other))
    assert not same_quantity(the(other), the(one))


@pytest.mark.parametrize(
    ("known", "fresh", "change"),
    [
        ("19 sailors were held.", "21 Matrosen sind in Haft.", (19, 21)),
        ("Погибли 7 человек.", "Eleven people were killed.", (7, 11)),
        ("A fine of 11 million euros.", "Мілкий штраф: 1,1 млн євро.", (11e6, 1.1e6)),
        ("It weighs 84 kg.", "Il pèse 77 kilos.", (84, 77)),
        ("포로 두 명", "捕虜3人", (2, 3)),
        ("More than a thousand troops.", "Some 1,100 troops.", None),
        ("Two soldiers.", "A pair of soldiers.", None),
        ("19 bridges were closed.", "21 Brücken sind gesperrt.", None),
        ("Prices rose by 7%.", "The rate fell to 5%.", (7, 5)),
        ("41 camps, up from 23 camps.", "23 camps.", None),
        ("23 camps.", "41 camps, up from 23 camps.", (23, 41)),
        ("12 km away", "7.5 miles away", None),
        ("12 km away", "84 kg", None),
        ("19 sailors", "a rise by 7%", None),
    ],
)
def test_a_change_is_told_across_languages_where_the_thing_is_the_same(
    known: str, fresh: str, change: tuple[float, float] | None
) -> None:
    """Things with one name in all languages, currencies and measures compare; other words only with themselves."""
    assert changed_figure(known, fresh) == change


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("There are 41 camps, up from 23.", (23, 41)),
        ("3,700 workers and not 4,100, as was thought", (4100, 3700)),
        ("Statt 48 Millionen Euro sind es 54 Millionen Euro.", (48e6, 54e6)),
        ("There are 41 camps and 23 houses.", None),
        ("There are 41 camps and 52 camps, up from 23 camps.", None),
        ("From 3 May on.", None),
    ],
)
def test_a_sentence_may_tell_old_and_new_itself(text: str, pair: tuple[float, float] | None) -> None:
    """What stands behind "up from" or "and not" is the old figure."""
    found = replaced_in(text)
    assert (tuple(quantity.value for quantity in found) if found else None) == pair


def test_counted_things_are_figures_with_what_they_count() -> None:
    """Units and words, without what counts nothing."""
    assert counted_things("Nine ships, $5m and 12.") == {(9, "ships"), (5e6, "USD")}


# --------------------------------------------------------------------------- properties

WRITTEN = {
    "en": lambda n: f"the {n:,} ships of the fleet",
    "de": lambda n: f"die {n:,} Schiffe der Flotte".replace(",", "."),
    "es": lambda n: f"los {n:,} barcos de la flota".replace(",", "."),
    "fr": lambda n: f"les {n:,} navires de la flotte".replace(",", "\u202f"),
    "pl": lambda n: f"{n:,} statków z floty".replace(",", "\u00a0"),
    "ru": lambda n: f"{n:,} судов из флота".replace(",", " "),
    "uk": lambda n: f"{n:,} суден із флоту".replace(",", "\u00a0"),
    "ko": lambda n: f"선박 {n:,}척",
    "ja": lambda n: f"船舶{n:,}隻",
    "zh": lambda n: f"{n:,}艘船",
    "swiss": lambda n: f"die {n:,} Schiffe der Flotte".replace(",", "’"),
}


def is_no_year(number: int) -> bool:
    return not 1900 <= number < 2100


@given(st.integers(2, 999_999_999).filter(is_no_year), st.sampled_from(sorted(WRITTEN)))
def test_every_number_is_read_back_from_the_separators_of_each_language(number: int, lang: str) -> None:
    """What a language writes with its separators is read as what was meant."""
    assert [(found.value, found.unit) for found in quantities_of(WRITTEN[lang](number))] == [(number, "ships")]


SCALES = {
    "en": {1e3: "thousand", 1e6: "million", 1e9: "billion"},
    "de": {1e3: "Tausend", 1e6: "Millionen", 1e9: "Milliarden"},
    "fr": {1e3: "mille", 1e6: "millions de", 1e9: "milliards de"},
    "es": {1e3: "mil", 1e6: "millones de", 1e9: "mil millones de"},
    "pl": {1e3: "tys.", 1e6: "mln", 1e9: "mld"},
    "ru": {1e3: "тыс.", 1e6: "млн", 1e9: "млрд"},
    "uk": {1e3: "тис.", 1e6: "млн", 1e9: "млрд"},
    "ko": {1e4: "만", 1e8: "억", 1e12: "조"},
    "ja": {1e4: "万", 1e8: "億", 1e12: "兆"},
    "zh": {1e4: "万", 1e8: "亿"},
}
EUROS = {"en": "euros", "fr": "euros", "es": "euros", "de": "Euro", "pl": "euro", "ru": "евро", "uk": "євро", "ko": "유로", "ja": "ユーロ", "zh": "欧元"}  # fmt: skip
BEGINNINGS = {"en": "the sum of ", "de": "die Summe von ", "fr": "la somme est de ", "es": "la suma es de los ", "pl": "kwota jest ", "ru": "это ", "uk": "це "}  # fmt: skip


@given(
    st.integers(2, 99), st.integers(0, 9), st.sampled_from([(lang, scale) for lang in SCALES for scale in SCALES[lang]])
)
def test_every_scale_word_multiplies_in_each_language(whole: int, tenth: int, scale: tuple[str, float]) -> None:
    """ "2.5 million", "2,5 млн" and "2.5억" are what they say, with the decimal mark of the language."""
    lang, factor = scale
    point = "." if lang in {"en", "ko", "ja", "zh"} else ","
    blank = "" if lang in {"ko", "ja", "zh"} else " "
    figure = f"{whole}{point}{tenth}" if tenth else str(whole)
    text = f"{BEGINNINGS.get(lang, '')}{figure}{blank}{SCALES[lang][factor]}{blank}{EUROS[lang]}"
    (found,) = quantities_of(text)
    assert (found.kind, found.unit) == ("money", "EUR")
    assert found.value == pytest.approx((whole + tenth / 10) * factor)


@given(st.integers(2, 9999).filter(is_no_year))
def test_chinese_numerals_are_read_back(number: int) -> None:
    """Numerals with their tens, hundreds and thousands, and with the zero that stands for a gap."""
    assert [found.value for found in quantities_of(f"约{chinese(number)}名士兵")] == [number]


def chinese(number: int) -> str:
    signs, units = "零一二三四五六七八九", ["千", "百", "十", ""]
    digits = f"{number:04d}"
    text = "".join(
        signs[int(digit)] + (unit if digit != "0" else "") for digit, unit in zip(digits, units, strict=True)
    )
    while "零零" in text:
        text = text.replace("零零", "零")
    return text.strip("零")


@given(st.integers(2, 999_999))
def test_korean_myriads_are_read_back(number: int) -> None:
    """A figure before 만 and one behind it are one number."""
    myriads, rest = divmod(number, 10_000)
    text = (f"{myriads}만" if myriads else "") + (str(rest) if rest else "")
    assert [found.value for found in quantities_of(f"병사 약 {text}명")] == [number]


@given(
    st.sampled_from(
        ["1,100 soldiers", "2.5% of 30 ships", "€3bn and 12 km", "포로 20명", "3億2000万円", "more than 19 people"]
    )
)
def test_width_and_blanks_change_nothing(text: str) -> None:
    """Full-width figures, no-break blanks and compatibility forms are read as the plain ones."""
    wide = "".join(chr(ord(mark) + 0xFEE0) if "0" <= mark <= "9" else mark for mark in text)
    plain = [(found.value, found.kind, found.unit, found.bound) for found in quantities_of(text)]
    assert plain
    for other in (
        wide,
        text.replace(" ", "\u00a0"),
        unicodedata.normalize("NFD", text),
        unicodedata.normalize("NFKC", text),
    ):
        assert [(found.value, found.kind, found.unit, found.bound) for found in quantities_of(other)] == plain


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_and_spans_lie_in_it(text: str) -> None:
    """Whatever comes, there are quantities with places inside the text, in order, or none."""
    found = quantities_of(text)
    assert all(0 <= one.span[0] < one.span[1] <= len(text) for one in found)
    assert [one.span for one in found] == sorted(one.span for one in found)
    assert numbers_of(text) == {one.value for one in found if one.kind != "ordinal"}


@given(st.text("0123456789,. '-:/%$€mбk万億천만백일이삼一二三十百", max_size=120))
def test_heaps_of_figures_break_nothing(text: str) -> None:
    """Every quantity agrees with itself, and comparing texts gives a change or none."""
    assert all(same_quantity(one, one) for one in quantities_of(text))
    assert changed_figure(text, text) is None


@pytest.mark.parametrize(
    ("unit", "count"),
    [
        ("1", 0),
        ("1,", 0),
        ("9.", 0),
        ("万", None),
        ("a1", 0),
        ("1 ", None),
        ("two ", None),
        ("一", None),
        ("e\u0301", 0),
        ("(", 0),
    ],
)
def test_a_hostile_text_of_a_hundred_kilobytes_ends(unit: str, count: int | None) -> None:
    """No expression goes back and forth over a long run of figures, marks or numerals; what is read is read to the end."""
    found = quantities_of((unit * 100_000)[:100_000] + " 19 sailors")
    assert (found[-1].value, found[-1].unit) == (19, "sailors")
    assert count is None or len(found) == 1 + count


def test_a_span_shows_the_words_of_the_text() -> None:
    """Places are those of the text as it was given, also where characters were taken apart."""
    text = "ﬁg: １９ sailors and 5 ㎞"
    assert [text[slice(*found.span)] for found in quantities_of(text)] == ["１９", "5 ㎞"]
    turkish = "İİİ 19 sailors"
    assert [turkish[slice(*found.span)] for found in quantities_of(turkish)] == ["19"]
    assert text[quantities_of(text)[0].span[0] : quantities_of(text)[0].told] == "１９ sailors"
