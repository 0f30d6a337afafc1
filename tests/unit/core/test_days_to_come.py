"""Days to come that a sentence names, from the day on which it was said."""

from __future__ import annotations

from datetime import date

import pytest

from storywatch.core.dates import days_to_come

MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("The court will hear the case tomorrow", [(12, 1)]),
        ("Heute entscheidet das Gericht", [(11, 30)]),
        ("L’audience est fixée au 9 décembre", [(12, 9)]),
        ("Приговор огласят послезавтра", [(12, 2)]),
        ("判決は20日に言い渡される", [(12, 20)]),
        ("선고는 12월 3일", [(12, 3)]),
        ("단식 10일째", []),
        ("停火已持续10日间", []),
        ("法院将于10日开庭", [(12, 10)]),
        ("The strike began on 28 November", []),
        ("The ruling came on 31 February", []),
        ("Elections are due on 2 January", [(1, 2)]),
        ("He was held for 12 years", []),
        ("At least 12 may be dead", []),
        ("The talks open on 12 May", [(5, 12)]),
        ("Am frühen Morgen kam die Polizei", []),
        ("Por la mañana llegó la policía", []),
        ("Décision après-demain", [(12, 2)]),
        ("とうきょうの会議", []),
        ("3일 동안 단식했다", []),
        ("5日前に死亡", []),
        ("10日ぶりに救出", []),
        ("核电站3号机组", []),
        ("地铁10号线", []),
    ],
)
def test_days_to_come(text: str, days: list[tuple[int, int]]) -> None:
    """By date or as tomorrow, in ten languages; what has been, and what is no day, is none."""
    found = sorted(days_to_come(text, MONDAY, weekdays=False))
    assert [(day.month, day.day) for day in found] == days
    assert all(day >= MONDAY for day in found)


@pytest.mark.parametrize(
    "text",
    [
        "Talks resume on Friday",
        "Am Freitag fällt das Urteil",
        "У п’ятницю суд",
        "周五开庭",
        "금요일 선고",
        "w piątek wyrok",
    ],
)
def test_weekdays_are_the_next_ones_where_they_are_asked_for(text: str) -> None:
    """A weekday may lie before or after: the caller says whether to look ahead."""
    assert days_to_come(text, MONDAY, weekdays=True) == {date(2026, 12, 4)}
    assert days_to_come(text, MONDAY, weekdays=False) == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "Среди погибших есть дети",
        "Средства массовой информации",
        "Серед загиблих є діти",
        "Środki finansowe",
        "Четверо поранених",
        "czwarta runda",
        "Piąty dzień",
        "一周一次的会议",
        "They met last Friday",
        "Vendredi dernier, la cour",
        "El viernes pasado",
        "в прошлую пятницу",
        "上周五开庭",
        "지난 금요일 선고",
    ],
)
def test_everyday_words_and_past_days_are_no_weekdays_to_come(text: str) -> None:
    """A stem is not enough, and a day that is said to be past is past."""
    assert days_to_come(text, MONDAY, weekdays=True) == frozenset()


def test_the_calendar_ends() -> None:
    """A day beyond the last one is none, whatever names it."""
    last = date(9999, 12, 31)
    assert days_to_come("Verdict tomorrow, on Monday or on the 5日", last, weekdays=True) == frozenset()
    assert days_to_come("Heute", last, weekdays=True) == {last}


def test_a_leap_day_is_found_in_leap_years_alone() -> None:
    """29 February."""
    assert days_to_come("on 29 February", date(2028, 1, 5), weekdays=False) == {date(2028, 2, 29)}
    assert days_to_come("on 29 February", date(2026, 1, 5), weekdays=False) == frozenset()


def test_the_year_turns() -> None:
    """A day of next year is found from the end of this one, and the last day of a month has no 31st after it."""
    assert days_to_come("on 5 January", date(2026, 12, 30), weekdays=False) == {date(2027, 1, 5)}
    assert days_to_come("31日に判決", date(2026, 11, 30), weekdays=False) == frozenset()
