"""What an edit of an article changes: meaning and mere wording told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.edits import Added, Altered, Removed, compare_versions


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("Solar arrays: nominal", "Solar arrays: lost", "word"),
        ("Radio silent", "Radio working", "word"),
        ("Радио: работает", "Радио: молчит", "word"),
        ("着陸船の状態：正常", "着陸船の状態：停止", "word"),
        ("Hall concert, July 4: on sale.", "Hall concert, July 4: gone, with refunds from the box office of the hall", "word"),
        ("Power: two of four panels lit.", "Power: three of four panels lit.", "figure"),
        ("The spill is put at 60 tonnes of oil.", "The spill is now put at 410 tonnes of oil.", "figure"),
        ("He keeps his stake of 48 per cent.", "He keeps his stake.", "figure"),
        ("The ship will dock on 3 March.", "The ship will dock on 17 March.", "day"),
        ("The captain of the ship is detained.", "The captain of the ship was released.", "status"),
        ("The council does declare an emergency.", "The council does not declare an emergency.", "negation"),
        ("The council does not declare an emergency.", "The council does declare an emergency.", "negation"),
        ("The bridge in the old town was built by Minister Carl Braun.", "The bridge in the old town was built by Minister Anna Stolz.", "name"),
    ],
)  # fmt: skip
def test_one_word_that_changes_the_meaning_is_seen(old: str, new: str, kind: str) -> None:
    """Figures, days, states, negations, names and the words of a board."""
    (found,) = compare_versions(["The first line stays.", old], ["The first line stays.", new])
    assert isinstance(found, Altered)
    assert (found.old, found.new, found.kind, found.means) == (old, new, kind, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("He said “yes” to it .", 'He said "yes" to it.'),
        ("The  TALKS go on", "The talks go on."),
        ("Updated 12:30", "Updated 13:30 on Monday"),
        ("更新：2月1日", "更新：2月2日"),
        ("１９ sailors", "19 sailors"),
    ],
)
def test_blanks_quotes_capitals_and_stamps_are_no_difference(old: str, new: str) -> None:
    """What a reader does not notice is not told."""
    assert compare_versions([old], [new]) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The comittee met on Monday in the town hall of the city.", "The committee met on Monday in the town hall of the city."),
        ("The report was written by Karl Schmidtt and published in the evening.", "The report was written by Karl Schmidt and published in the evening."),
        ("Two soldiers were seen near the bridge.", "A pair of soldiers were seen near the bridge."),
        ("The fire broke out in the late evening at the harbour.", "The fire broke out late in the evening near the harbour."),
    ],
)  # fmt: skip
def test_typing_errors_and_other_words_are_wording(old: str, new: str) -> None:
    """They are told, as what they are."""
    (found,) = compare_versions([old], [new])
    assert isinstance(found, Altered)
    assert not found.means


def test_sentences_come_go_and_move() -> None:
    """Order is no difference; what only one version has is added or removed, and told once."""
    old = ["A first thing happened.", "A second matter was heard.", "An old rumour went round."]
    new = [
        "A second matter was heard.",
        "A first thing happened.",
        "Firemen arrived at dawn.",
        "Firemen arrived at dawn.",
    ]
    assert compare_versions(old, new) == (Removed(old=old[2]), Added(new=new[2]))
    assert compare_versions(old, old) == ()
    assert compare_versions([], []) == ()
    assert compare_versions(["€ €"], ["% %"]) == (Removed(old="€ €"), Added(new="% %"))


def test_each_sentence_is_paired_with_its_own_earlier_version() -> None:
    """Inside a replaced block the likeliest pairs are found first."""
    old = ["The north gate holds 12 guards.", "The south tower holds 30 guards."]
    new = ["The south tower holds 31 guards.", "The north gate holds 14 guards."]
    found = compare_versions(old, new)
    assert [(one.old, one.new) for one in found if isinstance(one, Altered)] == [
        (old[1], new[0]),
        (old[0], new[1]),
    ]


@given(st.lists(st.text(max_size=60), max_size=8), st.lists(st.text(max_size=60), max_size=8))
def test_no_text_breaks_the_comparison(old: list[str], new: list[str]) -> None:
    """A version agrees with itself, and whatever is told of two stands in them."""
    assert compare_versions(old, old) == ()
    for one in compare_versions(old, new):
        assert not isinstance(one, Added | Altered) or one.new in new
        assert not isinstance(one, Removed | Altered) or one.old in old


def test_hundreds_of_sentences_end() -> None:
    """A block of any length is compared within bounds, and what is not paired is added or removed."""
    old, new = [f"alpha{at} bravo{at}" for at in range(700)], [f"charlie{at} delta{at}" for at in range(700)]
    found = compare_versions(old, new)
    assert len(found) == 1400
