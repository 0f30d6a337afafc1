"""A number found in a text, before its unit is known; east and west find them, `quantities` reads their units."""

from __future__ import annotations

from dataclasses import dataclass

from storywatch.core.numerals import tidy


@dataclass(slots=True)
class Phrase:
    """A number found, before its unit is known."""

    start: int
    end: int
    value: float
    kind: str = ""  # where the number itself tells: "ordinal", "percent"
    scale: float = 1.0
    most: float | None = None
    bound: str = ""
    spelled: bool = False
    factor: bool = False  # ends in a factor word


def leave_open(phrase: Phrase, one: float) -> None:
    """Several of it: at least twice, less than ten times as much; dozens are counted as tens."""
    unit = phrase.value * one
    unit = unit * 10 / 12 if unit % 12 == 0 and unit < 100 else unit  # noqa: PLR2004
    phrase.value, phrase.most, phrase.bound = tidy(unit * 2), tidy(unit * 10 - 1), "over"
