"""Days that a sentence names, in ten languages: of the year, and those to come from the day on which it was said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from storywatch.core.habits import folded
from storywatch.core.labels import DAY_EAST, MONTH

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
    plain, lower, places = folded(text)
    found = []
    for match in _DATE.finditer(lower):
        word = match["month"] or match["month2"]
        if word == "may" and plain[match.start("month" if match["month"] else "month2")] == "m":
            continue  # the verb
        month = _month_of(word) if word else int(match["month3"])
        day = int(match["day"] or match["day2"] or match["day3"])
        if month in range(1, 13) and day in range(1, 32):
            start, end = match.span()
            found.append(Day(month, day, (places[start], places[end]) if places else (start, end)))
    return tuple(found)


def _month_of(word: str) -> int:
    lengths = range(min(_LONGEST, len(word)), 2, -1)
    return next((_MONTH_OF[word[:length]] for length in lengths if word[:length] in _MONTH_OF), 0)


UNSPACED_FROM = 0x3000  # kana, Han and hangul: a word may begin anywhere
_WEEKDAYS = (
    r"mondays?|montag\w*|lundis?|lunes|poniedział(?:ek|k\w+)|понедельник\w{0,3}|понеділ(?:ок|к\w+)|月曜|周一|星期一|월요일",
    r"tuesdays?|dienstag\w*|mardis?|martes|wtor(?:ek|k\w+)|вторник\w{0,3}|вівтор(?:ок|к\w+)|火曜|周二|星期二|화요일",
    r"wednesdays?|mittwoch\w*|mercredis?|miércoles|środ[aęyą]|środzie|сред[уы]|серед[ауи]|水曜|周三|星期三|수요일",
    r"thursdays?|donnerstag\w*|jeudis?|jueves|czwart(?:ek|k\w+)|четверг\w{0,2}|четвер|четверг[ау]|木曜|周四|星期四|목요일",
    r"fridays?|freitag\w*|vendredis?|viernes|piąt(?:ek|k\w+)|пятниц\w{1,2}|п['’ʼ]ятниц\w{1,2}|金曜|周五|星期五|금요일",
    r"saturdays?|samstag\w*|sonnabend\w*|samedis?|sábados?|sobot[aęyą]|sobocie|суббот\w{1,2}|субот\w{1,2}|土曜|周六|星期六|토요일",
    r"sundays?|sonntag\w*|dimanches?|domingos?|niedziel[aęią]|воскресень\w{1,2}|неділ\w{1,2}|日曜|周日|星期日|星期天|일요일",
)


def _has_ends(name: str) -> bool:
    """Is it written in a script whose words have a beginning and an end?"""
    return ord(name[0]) < UNSPACED_FROM


_WEEKDAY = re.compile(
    r"(?<![^\W\d_])(?:last|past|this past|letzt\w+|vergangen\w+|miniony|zesz[łl]\w+|ubieg[łl]\w+|прошл\w+|минул\w+)\s[^\W\d_]+"
    r"|(?:上|先|지난 ?)(?:周|週|주)?(?:[一二三四五六日天]|[^\W\d_]曜|[월화수목금토일]요일)|[^\W\d_]+ (?:dernier|pasado)(?![^\W\d_])"
    r"|一周[一二三四五六日]"  # once a week; so far all that is no day to come
    + "".join(
        rf"|(?P<d{number}>(?<![^\W\d_])(?:{'|'.join(one for one in names.split('|') if _has_ends(one))})(?![^\W\d_])"
        rf"|{'|'.join(one for one in names.split('|') if not _has_ends(one))})"
        for number, names in enumerate(_WEEKDAYS)
    )
)
_NEAR_DAYS = {
    0: r"\b(?:today|tonight|heute|aujourd.hui|ce soir|hoy|esta noche|dziś|dzisiaj|сегодня|сьогодні)\b|今日|(?<![ぁ-ん])きょう|今夜|今天|今晚|오늘",
    1: r"\b(?:tomorrow|(?<!am )(?<!frühen )(?<!heute )(?<!gestern )(?<!diesem )(?<!jeden )morgen|(?<!après.)demain|(?<!la )(?<!pasado )mañana|jutro|завтра)\b"
    r"|明日|(?<![ぁ-ん])あす|明天|내일",
    2: r"\b(?:übermorgen|après.demain|pasado mañana|pojutrze|послезавтра|післязавтра)\b|明後日|あさって|后天|모레",
}
_NEAR_DAY = {days: re.compile(pattern) for days, pattern in _NEAR_DAYS.items()}
_OF_MONTH = re.compile(rf"(?<![月월\d])(?<![月월] )(\d{{1,2}})(?:{DAY_EAST}|号(?!机|线|楼|馆|院|公路))")
MONTH_AHEAD = 25  # a bare day of the month lies this far ahead at the most, or else it has been
FAR_AHEAD = 250  # the same for a day without its year


@lru_cache(maxsize=16384)
def days_to_come(text: str, said: date, *, weekdays: bool) -> frozenset[date]:
    """The days from `said` on that a sentence names: by date, as today or tomorrow, with `weekdays` by their names.

    In Chinese, Japanese and Korean also by the bare day of the month. What can lie before and after is taken to lie
    after: whether it does, only the verb tells.
    """
    _, lower, _ = folded(text)
    ahead = [days for days, pattern in _NEAR_DAY.items() if pattern.search(lower)]
    if weekdays:
        named = [match.lastgroup for match in _WEEKDAY.finditer(lower) if match.lastgroup]
        ahead += [(int(name[1:]) - said.weekday()) % 7 for name in named]
    found = {_after(said, days) for days in ahead}
    for day in days_of(text):
        found |= {_date(year, day.month, day.day) for year in (said.year, said.year + 1)}
    for match in _OF_MONTH.finditer(lower):
        months = ((said.year, said.month), (said.year + said.month // 12, said.month % 12 + 1))
        dates = (_date(year, month, int(match[1])) for year, month in months)
        found |= {that for that in dates if that and (that - said).days <= MONTH_AHEAD}
    return frozenset(that for that in found if that and 0 <= (that - said).days <= FAR_AHEAD)


def _after(said: date, days: int) -> date | None:
    try:
        return said + timedelta(days)
    except OverflowError:  # the calendar ends with the year 9999
        return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
