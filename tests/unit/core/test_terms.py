from __future__ import annotations

import pytest

from storywatch.core.model import Terms
from storywatch.core.terms import find_terms


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
        ("", "anything", False),
        ("*", "anything", True),
    ],
)
def test_a_term_is_found_as_a_user_means_it(term: str, text: str, *, found: bool) -> None:
    """Whole words with any case, space and apostrophe; `*` stands for an ending; scripts without spaces match inside."""
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
