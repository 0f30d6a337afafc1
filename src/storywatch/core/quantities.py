"""Quantities in sentences of ten languages: figures and number words with kind, unit and bound, and where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from storywatch.core.bounds import bound_after, bound_before
from storywatch.core.counted import counted_after, counted_east
from storywatch.core.eastern import eastern_numbers
from storywatch.core.habits import folded, habit_of, set_of
from storywatch.core.labels import without_labels
from storywatch.core.numerals import tidy
from storywatch.core.units import currency_before, is_past, unit_after
from storywatch.core.western import western_numbers

if TYPE_CHECKING:
    from storywatch.core.phrases import Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A quantity as a sentence gives it.

    `value` has the scale applied (1.5 million is 1500000). `unit` is a currency code, "%" or "points", a unit of measure
    ("km", "hours", "age"), or for counts the stem of the counted word or the one name it has in all languages; "" where
    nothing tells. `bound` says on which side the true value may lie; `most` is what a plural can stand for at the most
    ("dozens": value 20, most 99), else None. `span` is the place in the text, unit included, the counted word not.
    """

    value: float
    kind: str  # "count", "money", "percent", "measure" or "ordinal"
    unit: str
    bound: str  # "exact", "about", "over" or "under"
    span: tuple[int, int]
    most: float | None = None
    opens: bool = False  # the lower end of a range, whose upper end follows
    told: int = 0  # where the counted word ends, or else the span


_NOT_ONE = set_of("day thing another more side time way hand reason point such side. kind man's fell")
_FRACTIONS = re.compile(r"third|quart|fifths|dritt|viert|tiers|terci|cuart|трет|четверт|чверт|trzec|czwart")
_BETWEEN = re.compile(r"(?:between|zwischen|entre|między|между|між|поміж)\s\Z")
_AND = re.compile(r"\s(?:and|und|et|y|a|i|и|і|та)\s")
_RANGE = re.compile(r"\s?(?:-|–|—|~|〜|to|bis|à|a|do|до|по|내지|から|至|到|or|oder|ou|o|или|або|чи|lub)\s?")
_ORDINAL_MARK = re.compile(
    r"(?:st|nd|rd|th|º|ª|er|e|ème|-?(?:й|я|го|му))(?![^\W_])|회째|번째|라운드|回目|番目|차(?=[ 회례전])|位(?=[にでの])|위(?=[를에로 ])|级|급(?= |$)|級"
)
_ORDINAL_POINT = {"de": re.compile(r"\. (?=[A-ZÄÖÜ])"), "pl": re.compile(r"\. (?=[a-ząćęłńóśźż])")}
_GRADE = re.compile(
    r"(?<![^\W\d_])(category|level|phase|stage|grade|kategorie|stufe|phase|catégorie|niveau|categoría|nivel|fase|kategori[ai]|poziom|stopień"
    r"|категори[яию]|уровень|уровня|категорі[яюї]|рівень|рівня|カテゴリー|レベル|フェーズ|단계|第|제)[ ]?\Z"
)


@lru_cache(maxsize=8192)
def quantities_of(text: str) -> tuple[Quantity, ...]:
    """The quantities of a sentence in their order; dates, times, scores and numbers of things are left out."""
    plain, lower, places = folded(text)
    masked = without_labels(plain, lower)
    lang = habit_of(lower)
    phrases, rest = eastern_numbers(masked) if not masked.isascii() else ([], masked)
    phrases += western_numbers(rest, lang)
    phrases.sort(key=lambda phrase: phrase.start)
    found = _with_units(plain, masked, phrases, lang)
    if places is None:
        return tuple(found)
    return tuple(_placed(quantity, places) for quantity in found)


def _placed(quantity: Quantity, places: tuple[int, ...]) -> Quantity:
    start, end = quantity.span
    return Quantity(
        value=quantity.value,
        kind=quantity.kind,
        unit=quantity.unit,
        bound=quantity.bound,
        span=(places[start], max(places[end], places[end - 1] + 1)),
        most=quantity.most,
        opens=quantity.opens,
        told=max(places[min(quantity.told, len(places) - 1)], places[end]),
    )


# --------------------------------------------------------------------------- units and bounds


def _with_units(plain: str, masked: str, phrases: list[Phrase], lang: str) -> list[Quantity]:
    found: list[Quantity] = []
    following: tuple[Phrase, Quantity | None] | None = None
    for phrase in reversed(phrases):  # from the end, so that the first of a range can take after the second
        opens = following is not None and _is_range(masked, phrase, following[0])
        quantity = _opened(masked, phrase, following[1], following[0]) if opens and following else None
        if quantity and quantity.kind == "money" and found[-1].kind == "count":  # "$5-6bn": the sign stands once
            found[-1] = replace(found[-1], kind="money", unit=quantity.unit)
        quantity = quantity or _quantity(plain, masked, phrase, lang)
        if quantity:
            found.append(quantity)
        following = (phrase, quantity)
    return _apart(found[::-1])


def _is_range(masked: str, lower: Phrase, upper: Phrase) -> bool:
    """Are two numbers the ends of a range: "20 to 30", "between 30 and 40"?"""
    if _RANGE.fullmatch(masked, lower.end, upper.start):
        return True
    joined = _AND.fullmatch(masked, lower.end, upper.start)
    return bool(joined and _BETWEEN.search(masked, max(0, lower.start - 10), lower.start))


def _apart(found: list[Quantity]) -> list[Quantity]:
    """Without what was read inside the unit of another: the hundred of "pour cent"."""
    kept: list[Quantity] = []
    for quantity in found:
        if not kept or quantity.span[0] >= kept[-1].span[1]:
            kept.append(quantity)
    return kept


def _opened(masked: str, phrase: Phrase, upper: Quantity | None, last: Phrase) -> Quantity | None:
    """The lower end of a range: scale and unit stand behind the upper one only."""
    if upper is None or phrase.kind or upper.kind == "ordinal":
        return None
    value = phrase.value
    if phrase.scale == 1 and last.scale > 1 and value * last.scale < upper.value:
        value = tidy(value * last.scale)
    money = currency_before(masked, phrase.start)
    start = money[1] if money else phrase.start
    if money:
        return Quantity(
            value=value,
            kind="money",
            unit=money[0],
            bound="over",
            span=(start, phrase.end),
            opens=True,
            told=phrase.end,
        )
    if upper.kind == "count":
        return Quantity(
            value=value, kind="count", unit="", bound="over", span=(start, phrase.end), opens=True, told=phrase.end
        )
    return Quantity(
        value=value,
        kind=upper.kind,
        unit=upper.unit,
        bound="over",
        span=(start, phrase.end),
        opens=True,
        told=phrase.end,
    )


def _quantity(plain: str, masked: str, phrase: Phrase, lang: str) -> Quantity | None:
    kind, unit, factor, end, told = _unit(plain, masked, phrase, lang)
    if not kind:
        return None
    start = phrase.start
    if kind in {"count", "money"} and (money := currency_before(masked, start)):
        kind, unit, start = "money", money[0], money[1]
    bound = _bound(masked, phrase, start, end, lang)
    return Quantity(
        value=tidy(phrase.value * factor),
        kind=kind,
        unit=unit,
        bound=bound,
        span=(start, end),
        most=phrase.most,
        told=told,
    )


def _bound(masked: str, phrase: Phrase, start: int, end: int, lang: str) -> str:
    if phrase.bound:
        return phrase.bound
    before = bound_before(masked, start)
    if before and (lang == "pl" or masked[before[1] : before[1] + 3] != "do "):
        return before[0]
    after = bound_after(masked, phrase.end) or bound_after(masked, end)
    return after[0] if after else "exact"


def _unit(plain: str, masked: str, phrase: Phrase, lang: str) -> tuple[str, str, float, int, int]:
    """Kind, unit, factor, end, and where the counted word ends; kind "" where the number is no quantity after all."""
    end = phrase.end
    if phrase.kind == "percent":
        return "percent", "%", 1.0, end, end
    if grade := _GRADE.search(masked, max(0, phrase.start - 14), phrase.start):
        return "ordinal", _grade(grade[1]), 1.0, end, end
    if phrase.kind == "ordinal" or _ordinal_end(plain, masked, phrase, lang) > end:
        end = _ordinal_end(plain, masked, phrase, lang)
        word, told = counted_after(plain, masked, phrase.start, end, lang=lang, factor=False)
        third = masked.startswith(" of ", end) and masked.endswith(("a ", "one "), 0, phrase.start)
        return "" if third else "ordinal", word, 1.0, end, told
    bound = bound_after(masked, end)
    at = bound[1] if bound else end
    if found := unit_after(masked, end) or (unit_after(masked, at) if bound else None):
        past = found.kind == "measure" and is_past(masked, phrase.start, found)
        return "" if past else found.kind, found.name, found.factor, found.end, found.end
    if east := counted_east(masked, phrase.start, end, lang) or (
        counted_east(masked, phrase.start, at, lang) if bound else None
    ):
        return "count", east[0], 1.0, end, east[1]
    word, told = counted_after(plain, masked, phrase.start, end, lang=lang, factor=phrase.factor)
    return (*_count(plain, masked, phrase, word), told)


def _count(plain: str, masked: str, phrase: Phrase, word: str) -> tuple[str, str, float, int]:
    money = currency_before(masked, phrase.start)
    if word and phrase.spelled and _FRACTIONS.match(word):
        return "", "", 1.0, phrase.end
    if not word and masked[phrase.start : phrase.end] == "neuf":  # in French also "new"
        return "", "", 1.0, phrase.end
    if phrase.spelled and phrase.value == 1 and not phrase.factor and (not word or word in _NOT_ONE):
        return "", "", 1.0, phrase.end
    if not word and not money and not phrase.spelled and _names(plain, phrase):
        return "", "", 1.0, phrase.end
    return "count", word, 1.0, phrase.end


LARGEST_NAMED = 1000
_NAMED = re.compile(r"(?<=[^\W\d_] )(?P<name>[A-ZА-ЯІЇЄŁŚŻ][^\W\d_]{2,20}) \Z")


def _names(plain: str, phrase: Phrase) -> bool:
    """A small figure behind a name and before nothing counted is part of the name: Room 12, Section 31."""
    small = phrase.value == int(phrase.value) < LARGEST_NAMED
    return small and _NAMED.search(plain, max(0, phrase.start - 24), phrase.start) is not None


def _ordinal_end(plain: str, masked: str, phrase: Phrase, lang: str) -> int:
    """Where the mark behind the figure ends that makes it an ordinal; the figure's own end where there is none."""
    if phrase.spelled:
        return phrase.end
    if mark := _ORDINAL_MARK.match(masked, phrase.end):
        return mark.end()
    point = _ORDINAL_POINT.get(lang)
    return phrase.end + 1 if point and phrase.value < 100 and point.match(plain, phrase.end) else phrase.end  # noqa: PLR2004


_GRADES = {"cat": "category", "kat": "category", "кат": "category", "カテゴ": "category", "lev": "level", "niv": "level", "stu": "level",
           "poz": "level", "уро": "level", "рів": "level", "レベル": "level", "단계": "level", "pha": "phase", "fas": "phase", "フェー": "phase"}  # fmt: skip


def _grade(word: str) -> str:
    return _GRADES.get(word[:3], "")
