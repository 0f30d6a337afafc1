"""Quantities in ten languages: separators, scale words, east Asian compounds and number words; dates are left out."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|januar|märz|mai|okt|dez|janv|févr|avr|juin|juil|août|déc|ene|abr|ago|dic"
    r"|stycz|lut|kwie|maj|czerw|lip|sierp|wrze|paźd|listop|grud"
    r"|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|січ|лют|бер|кві|тра|чер|лип|сер|вер|жов|лис|гру)"
)
_DATE = re.compile(
    rf"\d{{4}}-\d\d?-\d\d?|\d{{1,2}}\.? (?:de |of )?\b{_MONTH}\w*\.?(?: (?:de )?\d{{4}})?"
    rf"|\b{_MONTH}\w*\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?:, \d{{4}})?|\d+\s?[年月日년월일]|\b(?:19|20)\d\d\b"
    r"|\d{1,2}:\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}",
    re.IGNORECASE,
)
_SCALES = (
    (re.compile(r"(?:million\w*|mio|millon\w*|millón|milion\w*|mln|млн|миллион\w*|мільйон\w*|백만)(?![a-z])"), 1e6),
    (re.compile(r"(?:billion|mrd|milliarden?|milliards?|miliard\w*|млрд|миллиард\w*|мільярд\w*)(?![a-z])"), 1e9),
    (re.compile(r"(?:thousand|tausend|mille|mil|tys\w*|тыс\w*|тис\w*|千|천)(?![a-z])"), 1e3),
    (re.compile(r"[万萬만]"), 1e4),
    (re.compile(r"[億亿억]"), 1e8),
)
_SPELLED = (
    (
        2,
        "two zwei deux dos два две двух двое двоих двоє двох дві two dwa dwie dwóch dwoje both beide beiden ambos оба обидва обидвоє",
    ),
    (3, "three drei trois tres три трех трёх троє трьох trzy trzech"),
    (4, "four vier quatre cuatro четыре четырёх четырех чотири чотирьох cztery czterech"),
    (5, "five fünf cinq cinco пять пяти п'ять п'яти pięć pięciu"),
    (6, "six sechs seis шесть шести шість шести sześć sześciu"),
    (7, "seven sieben sept siete семь семи сім семи siedem siedmiu"),
    (8, "eight acht huit ocho восемь восьми вісім восьми osiem ośmiu"),
    (9, "nine neun neuf nueve девять девяти дев'ять дев'яти dziewięć dziewięciu"),
    (10, "ten zehn dix diez десять десяти dziesięć dziesięciu"),
    (11, "eleven elf onze once одиннадцать одинадцять jedenaście"),
    (12, "twelve zwölf douze doce двенадцать дванадцять dwanaście"),
)
_WORD_VALUES = {word: float(value) for value, words in _SPELLED for word in words.split()}
_COUNTED = re.compile(r"(?P<native>[두세네])\s?(?:명|사람|개|곳)|(?P<sino>[二三四五六七八九十两兩])\s?(?:名|人|个|個)")
_COUNTED_VALUES = dict(zip("두세네二三四五六七八九十两兩", (2, 3, 4, 2, 3, 4, 5, 6, 7, 8, 9, 10, 2, 2), strict=True))
_UNITS = {
    "億": 1e8,
    "亿": 1e8,
    "억": 1e8,
    "万": 1e4,
    "萬": 1e4,
    "만": 1e4,
    "千": 1e3,
    "천": 1e3,
    "百": 1e2,
    "백": 1e2,
    "": 1.0,
}
_COMPOUND = re.compile(r"\d+(?:[.,]\d+)?[억億亿만万萬천千](?:\d+[만万萬천千백百]?)+(?!\d)")
_PART = re.compile(r"(\d+(?:[.,]\d+)?)([억億亿만万萬천千백百]?)")
_FIGURE = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d{3})+(?!\d)|\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"[.,\u00a0\u202f ]\d{3}$")
_LETTERS = re.compile(r"[^\W\d_]+(?:['’]\w+)?")
TAIL = 14
STEM = 5
SHORTEST_WORD = 3


@lru_cache(maxsize=4096)
def numbers_of(text: str) -> frozenset[float]:
    """The quantities that a sentence names, dates and times left out."""
    plain = _DATE.sub(" ", unicodedata.normalize("NFKC", text))
    found = {_compound(match.group()) for match in _COMPOUND.finditer(plain)}
    plain = _COMPOUND.sub(" ", plain)
    found.update(_figure(match, plain) for match in _FIGURE.finditer(plain))
    words = (word.replace("’", "'") for word in _LETTERS.findall(plain.lower()))
    found.update(_WORD_VALUES[word] for word in words if word in _WORD_VALUES)
    found.update(float(_COUNTED_VALUES[m["native"] or m["sino"]]) for m in _COUNTED.finditer(plain))
    return frozenset(found)


def _compound(text: str) -> float:
    return sum(float(digits.replace(",", "")) * _UNITS[unit] for digits, unit in _PART.findall(text))


def _figure(match: re.Match[str], text: str) -> float:
    digits = match.group()
    value = float(re.sub(r"\D", "", digits)) if _GROUPED.search(digits) else float(digits.replace(",", "."))
    tail = text[match.end() : match.end() + TAIL].lower().lstrip(" -\u00a0")
    for scale, factor in _SCALES:
        if scale.match(tail):
            return value * factor
    return value


def changed_figure(known: str, fresh: str) -> tuple[float, float] | None:
    """The one figure that two sentences give differently for the same counted thing, old and new; None if unsure.

    "19 sailors" and "three weeks" are no change, nor are two figures that could both be meant.
    """
    before, after = counted_things(known), counted_things(fresh)
    pairs = {
        (old, new) for old, thing in before for new, other in after if thing == other and (new, other) not in before
    }
    return pairs.pop() if len(pairs) == 1 else None


def counted_things(text: str) -> frozenset[tuple[float, str]]:
    """Each figure with the beginning of the word that it counts, where a word follows it at once."""
    plain = _DATE.sub(" | ", unicodedata.normalize("NFKC", text))
    found: set[tuple[float, str]] = set()
    for match in _FIGURE.finditer(plain):
        tail = plain[match.end() :].lstrip(" -\u00a0").lower()
        scale = next((hit for pattern, _ in _SCALES if (hit := pattern.match(tail))), None)
        found.add((_figure(match, plain), _counted_word(tail[scale.end() :] if scale else tail)))
    for match in _LETTERS.finditer(plain.lower()):
        value = _WORD_VALUES.get(match.group().replace("’", "'"))
        if value is not None:
            found.add((value, _counted_word(plain[match.end() :].lower())))
    return frozenset((value, word) for value, word in found if word)


def _counted_word(tail: str) -> str:
    """The stem of the word at the beginning of `tail`; empty where there is none of some length."""
    match = re.match(r"\s*([^\W\d_]+(?:['’]\w+)?)", tail)
    word = re.split(r"['’]", match[1])[-1] if match else ""
    return word[:STEM] if len(word) >= SHORTEST_WORD else ""


def as_text(value: float) -> str:
    """A quantity as people write it: 11000 becomes 11,000 and 2.5 stays."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,}"
