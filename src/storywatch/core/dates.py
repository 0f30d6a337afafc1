"""Days of the year that a sentence names, in ten languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from storywatch.core.habits import folded
from storywatch.core.labels import MONTH

_BEGINNINGS = """
1 jan ene stycz янв січ
2 feb fév lut фев лют
3 mar mär март берез
4 apr avr abr kwie апр квіт
5 may mai maj май мая мае трав
6 jun juin czerw июн черв
7 jul juil lip июл лип
8 aug août ago sierp авг серп
9 sep wrze сен верес
10 oct okt paźd окт жовт
11 nov listop ноя листоп
12 dec dez déc dic grud дек груд
"""
_MONTH_OF = {
    word: int(number)
    for number, *words in (line.split() for line in _BEGINNINGS.strip().splitlines())
    for word in words
}
_LONGEST = max(map(len, _MONTH_OF))
_DATE = re.compile(
    rf"(?<![\d.,])(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º)?\.?(?: (?:de |of )?| ?)(?P<month>(?<![^\W\d_]){MONTH})"
    rf"|(?<![^\W\d_])(?P<month2>{MONTH})\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]|[.,]\d)"
    r"|(?P<month3>\d{1,2})\s?[月월]\s?(?P<day3>\d{1,2})\s?[日일号號]"
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of some year: month and day, and where the text names it."""

    month: int
    day: int
    span: tuple[int, int]


@lru_cache(maxsize=4096)
def days_of(text: str) -> tuple[Day, ...]:
    """The days that are named with their month, in their order; weekdays and days of a month left open are not read."""
    _, lower, places = folded(text)
    found = []
    for match in _DATE.finditer(lower):
        word = match["month"] or match["month2"]
        month = _month_of(word) if word else int(match["month3"])
        day = int(match["day"] or match["day2"] or match["day3"])
        if month in range(1, 13) and day in range(1, 32):
            start, end = match.span()
            found.append(Day(month, day, (places[start], places[end]) if places else (start, end)))
    return tuple(found)


def _month_of(word: str) -> int:
    lengths = range(min(_LONGEST, len(word)), 2, -1)
    return next((_MONTH_OF[word[:length]] for length in lengths if word[:length] in _MONTH_OF), 0)
