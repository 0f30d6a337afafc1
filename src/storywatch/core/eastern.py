"""Numbers in the numerals of China, Japan and Korea, alone and mixed with figures."""

from __future__ import annotations

import re

from storywatch.core.counted import COUNTER
from storywatch.core.labels import FILLER, blanked
from storywatch.core.numerals import NATIVE, east_value, figure_value, native_value, tidy
from storywatch.core.phrases import Phrase, leave_open

_EAST_MULTIPLIER = "조兆억億亿만万萬천千백百십十"
_EAST_FIGURE = re.compile(
    rf"(?<![\d.,])\d{{1,15}}(?:[.,]\d{{1,9}}){{0,3}}\s?[{_EAST_MULTIPLIER}](?:\s?(?:\d{{1,4}}|\d,\d{{3}})?[{_EAST_MULTIPLIER}]){{0,6}}(?:\s?(?:\d{{1,4}}|\d,\d{{3}})(?![\d.,月月년年]))?"
)
_HAN = "〇零一二三四五六七八九十百千万億兆两兩萬亿"
_HAN_RUN = re.compile(
    rf"(?P<before>成千上|[数數几幾上成第唯统統]|分之|好几)?(?P<run>[{_HAN}]{{1,14}})(?P<few>几|数|多)?"
)
_HAN_AFTER = re.compile(
    rf"\s?(?:{COUNTER}|天|周(?![年边日一二三四五六])|小时|小時|時間|分钟|分間|个月|個月|[かカヶ]月|週間|日間|年間|年间|円|元|美元|ドル|ユーロ|欧元|トン|吨|公里|キロ|メートル|米|歳|岁|成|割)|[余餘]り?(?={COUNTER})"
)
_TWO_OR_THREE = re.compile(r"(?:[两兩二]三|三四|四五|五六|六七|七八|八九)[十百千万萬]")
_MULTIPLIERS = "十百千万萬億亿兆"
_EAST_LETTER = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_HAN_NOT = re.compile(r"[月日年号時时点分]|一[些起样般定切直旦边致]")
_KOREAN_COUNTERS = rf"(?:{COUNTER}|개월|주|달러|원|살|시간|배)"
_NATIVE_RUN = re.compile(rf"(?<![가-힣])(?:{NATIVE.pattern})(?=\s?(?:여\s?)?{_KOREAN_COUNTERS}|(?P<alone>[ ,.]|\Z))")
_SINO_RUN = re.compile(
    rf"(?<![가-힣])(?P<vague>수|몇\s?)?(?P<run>[영일이삼사오육칠팔구십백천만억조]{{1,12}})(?=\s?(?:여\s?)?(?:{_KOREAN_COUNTERS}|퍼센트|%)|(?P<alone>[ ,.]|\Z))"
)
_KOREAN_SHAPE = re.compile(r"(?:[일이삼사오육칠팔구]?[십백천만억조])+[일이삼사오육칠팔구]?")
_SINO_ALONE = re.compile(r"[일이삼사오육칠팔구]?[백십](?:[일이삼사오육칠팔구]?[십])?[일이삼사오육칠팔구]?")
_PER_HUNDRED = re.compile(rf"百分之\s?(?P<value>\d{{1,3}}(?:\.\d{{1,4}})?|[{_HAN}]{{1,5}}(?:点[{_HAN}]{{1,4}})?)")
_FRACTION_EAST = re.compile(rf"[{_HAN}\d]{{1,4}}分[之の][{_HAN}\d]{{1,4}}|\d{{1,4}}분의\s?\d{{1,4}}")


def eastern_numbers(masked: str) -> tuple[list[Phrase], str]:
    """Numbers written with east Asian numerals, and the text without them."""
    found: list[Phrase] = []
    rest = _FRACTION_EAST.sub(
        lambda match: FILLER * len(match.group()) if "百分之" not in match.group() else match.group(), masked
    )
    for pattern, read in _EASTERN:
        if not any(mark in rest for mark in _SIGNS_OF[pattern]):
            continue
        phrases = [phrase for match in pattern.finditer(rest) if (phrase := read(match))]
        rest = blanked(rest, [(phrase.start, phrase.end) for phrase in phrases])
        found += phrases
    return found, rest


def _per_hundred(match: re.Match[str]) -> Phrase:
    whole, _, part = match["value"].partition("点")
    value = figure_value(whole, decimal=".") if whole[0].isascii() else east_value(whole)
    value += east_value(part) / 10 ** len(part) if part else 0
    return Phrase(match.start(), match.end(), tidy(value), kind="percent")


def _east_figure(match: re.Match[str]) -> Phrase:
    text = match.group().rstrip()
    value = east_value(text)
    first = re.match(r"[\d.,]+", text)
    raw = figure_value(first.group(), decimal=".") if first else 1.0
    return Phrase(match.start(), match.start() + len(text), value, scale=value / raw if raw else 1.0, factor=True)


def _han(match: re.Match[str]) -> Phrase | None:
    run, before = match["run"], match["before"] or ""
    start, end = match.start("run"), match.end("run")
    if before in {"第", "分之", "唯", "统", "統"}:
        return Phrase(match.start(), end, east_value(run), kind="ordinal", spelled=True) if before == "第" else None
    phrase = Phrase(start, end, east_value(run), spelled=True, factor=True)
    if _TWO_OR_THREE.fullmatch(run):
        phrase.value, phrase.most, phrase.bound = east_value(run[0] + run[2]), east_value(run[1:]), "over"
        return phrase
    if (before and run[0] in _MULTIPLIERS) or match["few"] in {"几", "数"}:
        return _vague_han(phrase, match, before)
    return phrase if _is_number(match, run, end) else None


def _is_number(match: re.Match[str], run: str, end: int) -> bool:
    """Is the run a number, and not part of a word or a date? One sign alone needs a counter."""
    text, start = match.string, match.start("run")
    if _HAN_AFTER.match(text, match.end()) is None and (_HAN_NOT.match(text, end) or not _is_sure(run)):
        return False
    if run == "一":
        return text[end : end + 1] == "人"  # 一名, 一位 and 一个 are articles
    inside = _EAST_LETTER.match(text[start - 1 : start]) or text[end : end + 1] in {"歳", "岁"}
    return not (run in {"百", "千", "万", "億", "亿"} and inside)


def _vague_han(phrase: Phrase, match: re.Match[str], before: str) -> Phrase:
    """数十, 上百, 十几: what the sign before or behind it leaves open."""
    phrase.start, phrase.end = match.start(), match.end()
    if match["few"] in {"几", "数"}:
        phrase.bound, phrase.most, phrase.value = "over", phrase.value + 9, phrase.value + 1
    elif before in {"上", "成", "成千上"}:
        phrase.bound, phrase.most = "over", phrase.value * 10
    else:
        leave_open(phrase, 1)
    return phrase


def _is_sure(run: str) -> bool:
    """A numeral of several signs needs no counter behind it, if it is written as numbers are: 二十三, not 千万."""
    return bool(
        re.fullmatch(
            r"(?:[一二三四五六七八九两兩][十百千万億亿萬兆]|十(?=[一二三四五六七八九]))+(?:零?[一二三四五六七八九])?(?:[十百千万億亿萬])?",
            run,
        )
    )


def _native(match: re.Match[str]) -> Phrase | None:
    ten, unit = match["ten"], match["unit"]
    if not (ten or unit) or (match["alone"] is not None and not (ten and unit)):
        return None
    if ten is None and unit == "한" and not re.match(r"\s?(?:명|사람|척|대|곳)", match.string[match.end() :][:4]):
        return None
    return Phrase(match.start(), match.end(), native_value(ten, unit), spelled=True)


def _sino(match: re.Match[str]) -> Phrase | None:
    run = match["run"]
    whole = match["vague"] or (len(run) > 1 and _SINO_ALONE.fullmatch(run))
    if not _KOREAN_SHAPE.fullmatch(run) or (match["alone"] is not None and not whole):
        return None
    phrase = Phrase(match.start(), match.end(), east_value(run), spelled=True, factor=True)
    if match["vague"]:
        leave_open(phrase, 1)
    return phrase


_EASTERN = (
    (_PER_HUNDRED, _per_hundred),
    (_EAST_FIGURE, _east_figure),
    (_HAN_RUN, _han),
    (_NATIVE_RUN, _native),
    (_SINO_RUN, _sino),
)
_SIGNS_OF = {
    _PER_HUNDRED: "百",
    _EAST_FIGURE: _EAST_MULTIPLIER,
    _HAN_RUN: _HAN,
    _NATIVE_RUN: "열스서마쉰예일여아하한둘두셋세석넷네넉다덟홉",
    _SINO_RUN: "십백천만억조",
}
