"""Days that a sentence names, in ten languages: of the year, and those to come from the day on which it was said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
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


_WEEKDAYS = """
monday montag lundi lunes poniedział понедельник понеділ 月曜 周一 星期一 월요일
tuesday dienstag mardi martes wtor вторник вівтор 火曜 周二 星期二 화요일
wednesday mittwoch mercredi miércoles środ сред серед 水曜 周三 星期三 수요일
thursday donnerstag jeudi jueves czwart четверг четвер 木曜 周四 星期四 목요일
friday freitag vendredi viernes piąt пятниц п'ятниц п’ятниц 金曜 周五 星期五 금요일
saturday samstag sonnabend samedi sábado sobot суббот субот 土曜 周六 星期六 토요일
sunday sonntag dimanche domingo niedziel воскресен неділ 日曜 周日 星期日 星期天 일요일
"""
UNSPACED_FROM = 0x3000  # kana, Han and hangul: a word may begin anywhere
_WEEKDAY_OF = {word: number for number, line in enumerate(_WEEKDAYS.strip().splitlines()) for word in line.split()}
_WEEKDAY = re.compile(
    "|".join(
        (rf"(?<![^\W\d_]){re.escape(word)}" if word[0].isalpha() and ord(word[0]) < UNSPACED_FROM else word)
        for word in sorted(_WEEKDAY_OF, key=lambda word: -len(word))
    )
)
_NEAR_DAYS = {
    0: r"\b(?:today|tonight|heute|aujourd.hui|ce soir|hoy|esta noche|dziś|dzisiaj|сегодня|сьогодні)\b|今日|きょう|今夜|今天|今晚|오늘",
    1: r"\b(?:tomorrow|morgen|demain|mañana|jutro|завтра)\b|明日|あす|明天|내일",
    2: r"\b(?:übermorgen|après-demain|pasado mañana|pojutrze|послезавтра|післязавтра)\b|明後日|あさって|后天|모레",
}
_NEAR_DAY = {days: re.compile(pattern) for days, pattern in _NEAR_DAYS.items()}
_OF_MONTH = re.compile(r"(?<![月월\d])(?<![月월] )(\d{1,2})(?:日|일|号)(?! ?(?:間|目|余|째|만에|간))")
MONTH_AHEAD = 25  # a bare day of the month lies this far ahead at the most, or else it has been
FAR_AHEAD = 250  # the same for a day without its year


@lru_cache(maxsize=16384)
def days_to_come(text: str, said: date, *, weekdays: bool) -> frozenset[date]:
    """The days from `said` on that a sentence names: by date, as today or tomorrow, with `weekdays` by their names.

    In Chinese, Japanese and Korean also by the bare day of the month. What can lie before and after is taken to lie
    after: whether it does, only the verb tells.
    """
    _, lower, _ = folded(text)
    found = {said + timedelta(days) for days, pattern in _NEAR_DAY.items() if pattern.search(lower)}
    for day in days_of(text):
        found |= {that for year in (said.year, said.year + 1) if (that := _date(year, day.month, day.day))}
    for match in _OF_MONTH.finditer(lower):
        months = (said.replace(day=1), (said.replace(day=1) + timedelta(32)).replace(day=1))
        dates = (_date(month.year, month.month, int(match[1])) for month in months)
        found |= {that for that in dates if that and (that - said).days <= MONTH_AHEAD}
    if weekdays:
        found |= {said + timedelta((_WEEKDAY_OF[match[0]] - said.weekday()) % 7) for match in _WEEKDAY.finditer(lower)}
    return frozenset(that for that in found if 0 <= (that - said).days <= FAR_AHEAD)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
