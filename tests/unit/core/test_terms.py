from __future__ import annotations

import pytest

from storywatch.core.model import Terms
from storywatch.core.terms import count_inflected, find_terms, has_script_of, script_of


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("North Korean", "north korean soldiers", True),
        ("North Korean", "North\nKorean soldiers", True),
        ("North Korean", "North-Korean soldiers", True),
        ("POW*", "three POWs", True),
        ("POW", "power", False),
        ("північнокорейськ*", "двох північнокорейських солдатів", True),
        ("북한군", "북한군이 도착했다", True),
        ("북한군 포로", "북한군포로 송환", True),
        ("北朝鮮兵", "捕虜の北朝鮮兵2人", True),
        ("C++", "a talk on C++ today", True),
        ("п'ять", "п’ять осіб", True),
        ("ＮＡＴＯ", "nato", True),
        ("รัฐบาล", "เมื่อวานรัฐบาลไทยประกาศ", True),
        ("ฝ่ายค้าน", "เมื่อวานรัฐบาลไทยประกาศ", False),
        ("น้ำท่วม", "เกิดน้ำท่วมหนัก", True),
        ("ລັດຖະບານ", "ມື້ວານນີ້ລັດຖະບານລາວ", True),
        ("ភ្នំពេញ", "នៅរាជធានីភ្នំពេញថ្ងៃនេះ", True),
        ("ភ្នំពេញ", "នៅរាជធានី\u200bភ្នំ\u200bពេញ\u200bថ្ងៃនេះ", True),
        ("ရန်ကုန်", "ယနေ့ရန်ကုန်မြို့တွင်", True),
        ("الحكومة", "والحكومة تقول", True),
        ("الحكومة", "تقول الحكومة", True),
        ("الحكومة", "وبالحكومة", True),
        ("رئيس الوزراء", "لرئيس الوزراء", True),
        ("الحكومة", "الحكومات", False),
        ("سلام", "إسلام", False),
        ("دم", "قدم", False),
        ("دم", "ودم", False),
        ("ממשלה", "הממשלה הודיעה", True),
        ("ירושלים", "ובירושלים", True),
        ("שלום", "ירושלום", False),
        ("port", "รัฐบาล airport", False),
        ("port", "the port\u200b", True),
        ("", "anything", False),
        ("*", "anything", True),
    ],
)
def test_a_term_is_found_as_a_user_means_it(term: str, text: str, *, found: bool) -> None:
    """Whole words with any case, space and apostrophe; `*` stands for an ending; scripts without spaces match inside.

    Arabic and Hebrew words are found after a particle, unless they are so short that it makes another word.
    """
    assert bool(find_terms(Terms(any=(term,)), text).any) is found


def test_groups_count_only_together() -> None:
    """A hit in every group asks for the text, a hit in one alone does not."""
    terms = Terms(all_groups=(("Kyiv",), ("captured", "POW*")))
    assert find_terms(terms, "POWs in Kyiv").wanted
    assert not find_terms(terms, "a walk in Kyiv").wanted
    assert not find_terms(Terms(), "POWs in Kyiv").wanted


def test_excluded_words_are_named() -> None:
    """The veto says which word it was."""
    assert find_terms(Terms(none=("football",)), "Football tonight").vetoes == ("football",)
    assert find_terms(Terms(none=("ฟุตบอล", "كرة")), "ผลฟุตบอลคืนนี้").vetoes == ("ฟุตบอล",)
    assert find_terms(Terms(none=("ฟุตบอล", "كرة")), "عن الرياضة وكرة القدم").vetoes == ("كرة",)


@pytest.mark.parametrize(
    ("term", "text", "count"),
    [
        ("Хэсон", "Похороны Хэсона прошли в среду", 1),
        ("Хэсон", "Хэсон вернулся", 0),
        ("jeńcy", "wymiana jeńców", 1),
        ("Hafenarbeiter", "Streik der Hafenarbeitern", 1),
        ("strike", "the striking dockers", 1),
        ("strike", "the strike goes on", 0),
        ("strike", "a strike, and the striking dockers", 0),
        ("harbour", "the harbourmasters' guild", 0),
        ("північнокорейський", "двох північнокорейських солдатів", 1),
        ("Ивано-Франковск", "в Ивано-Франковске", 1),
        ("North Korean", "two North Koreans", 1),
        ("North Korean", "two north\nkoreans", 1),
        ("North Korean", "Koreans of the north", 0),
        ("Kyiv", "Kyivan Rus", 0),
        ("pay deal", "pay deals", 0),
        ("dock*", "docks", 0),
        ("dockers*", "docker", 1),
        ("파업", "파업이 끝났다", 0),
        ("北朝鮮兵", "北朝鮮の兵士", 0),
        ("", "anything", 0),
        ("*", "", 0),
    ],
)
def test_a_wanted_word_with_another_ending_is_weaker_evidence(term: str, text: str, count: int) -> None:
    """Counted where the word itself is not there; short words and scripts without spaces have no endings to lose."""
    assert count_inflected(Terms(any=(term,)), text) == count


def test_each_wanted_word_counts_once() -> None:
    """However often it is named, in whichever list; an excluded word is not wanted."""
    terms = Terms(any=("strike", "docker"), all_groups=(("strike",), ("harbour",)), none=("ferry",))
    assert count_inflected(terms, "Striking dockers, striking pilots: harbours and ferries closed") == 3
    assert count_inflected(Terms(), "Striking dockers") == 0


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Dockers on strike", "Latin"),
        ("Żądają podwyżek", "Latin"),
        ("Докери страйкують", "Cyrillic"),
        ("Докеры компании MSC бастуют", "Cyrillic"),
        ("부두 노동자 파업", "Hangul"),
        ("港湾労働者がストライキ", "Han"),
        ("码头工人罢工", "Han"),
        ("They shouted 파업 and left", "Latin"),
    ],
)
def test_the_script_of_a_text_is_that_of_most_letters(text: str, script: str) -> None:
    """A quoted name in another script does not change it."""
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("terms", "text", "has"),
    [
        (Terms(any=("strike",)), "Dockers go home", True),
        (Terms(any=("strike",)), "Докеры бастуют", False),
        (Terms(any=("strike", "забастовка")), "Докеры идут домой", True),
        (Terms(all_groups=(("strike",), ("파업", "港"))), "부두 노동자", True),
        (Terms(all_groups=(("strike",), ("파업", "港"))), "港湾労働者", True),
        (Terms(none=("забастовка",)), "Докеры бастуют", False),
        (Terms(), "Dockers go home", False),
    ],
)
def test_missing_words_say_something_only_in_their_own_script(terms: Terms, text: str, *, has: bool) -> None:
    """Whoever wrote no word in a text's script can't miss one there; excluded words are not missed at all."""
    assert has_script_of(terms, text) is has


@pytest.mark.parametrize("text", ["الأسرى في كييف", "Οι αιχμάλωτοι στο Κίεβο", "12 345", ""])
def test_a_script_that_no_term_is_compared_in_is_none(text: str) -> None:
    assert script_of(text) == ""
    assert not has_script_of(Terms(any=("prisoner",)), text)
