"""Quantities in sentences, and when two of them are a change."""

from __future__ import annotations

import pytest

from storywatch.core.numbers import changed_figure, numbers_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,100 soldiers and 2.5 million euros", {1100, 2.5e6}),
        ("1 100 солдат, 2,5 млн евро", {1100, 2.5e6}),
        ("병력 1만1천 명", {11000}),
        ("two prisoners on 12 January 2025 at 14:30", {2}),
        ("двоє полонених", {2}),
        ("no figure", set()),
    ],
)
def test_quantities_are_read_as_people_write_them(text: str, found: set[float]) -> None:
    """Separators, scale words and number words count; dates and times do not."""
    assert numbers_of(text) == found


@pytest.mark.parametrize(
    ("known", "fresh", "change"),
    [
        ("The strike hit 120 ships.", "The strike hit 150 ships.", (120, 150)),
        ("Three sailors were freed.", "Five sailors were freed.", (3, 5)),
        (
            "Une caution de 2,4 millions d'euros.",
            "Une caution de 3,1 millions d'euros, et non 2,4 millions d'euros.",
            (2.4e6, 3.1e6),
        ),
        ("Its 19 sailors were held.", "It was seized three weeks ago.", None),
        ("Its 19 sailors were held.", "11 of the 19 sailors are free.", None),
        ("Some 10 to 12 ships wait.", "Now 15 ships wait.", (12, 15)),
        ("10 ships wait, 12 ships sail.", "15 ships wait.", None),
        ("On 3 May 120 ships waited.", "On 4 May 120 ships waited.", None),
        ("120 ships", "150", None),
    ],
)
def test_a_change_is_told_only_of_what_is_counted_alike(
    known: str, fresh: str, change: tuple[float, float] | None
) -> None:
    """Old and new value belong to one thing, or none is told."""
    assert changed_figure(known, fresh) == change
