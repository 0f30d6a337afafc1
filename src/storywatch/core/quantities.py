"""Quantities in sentences of ten languages: figures and number words with kind, unit and bound, and where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from storywatch.core.bounds import bound_after, bound_before
from storywatch.core.counted import COUNTER, counted_after, counted_east
from storywatch.core.habits import folded, habit_of
from storywatch.core.labels import FILLER, blanked, without_labels
from storywatch.core.numerals import NATIVE, Numeral, Sum, east_value, figure_value, native_value, numeral_of, tidy
from storywatch.core.units import currency_before, is_past, unit_after


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


@dataclass(slots=True)
class _Phrase:
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


_GROUPED = r"\d{1,3}(?P<mark>[.,'’ ])\d{3}(?:(?P=mark)\d{3}){0,5}(?:[.,]\d{1,2})?(?![\d]|[.,']\d)|\d{1,2}(?:,\d\d){1,5},\d{3}(?!\d)"
_TOKEN = re.compile(
    rf"(?<![\d.,'])(?P<num>{_GROUPED}|\d{{1,15}}(?:[.,]\d{{1,9}})?(?![\d]|[.,]\d))|(?P<word>quatre-vingts?(?![^\W\d_])|[^\W\d_]+(?:['’ʼ][^\W\d_]+)*)"
)
_GAP = re.compile(r"[ \-\u2010]?\.? ?\Z")
_LINKS = {"en": {"and", "a"}, "fr": {"et"}, "es": {"y"}, "de": {"und"}, "": {"and", "et", "y"}}
_ONE = frozenset("un una une".split())
_OF = frozenset({"of", "de"})
_HALVES = frozenset("half halbe halbes halben demi demie media medio pół".split())
_SEVERAL = frozenset(
    """several few many mehrere einige plusieurs quelques varios varias unos unas algunos несколько нескольких кілька кількох декілька
    kilka kilku""".split()
)
_ABBREVIATED = frozenset("bn tn trn md mds mrd mio mln tsd tys тыс тис млн млрд mld bln mil dozen. cent".split()) - {"mil", "cent"}
_LETTER_SCALES = {"m": 1e6, "b": 1e9, "k": 1e3}
_LETTER = re.compile(r"(?P<letter>[mbk])(?![^\W_])(?= ?(?P<next>[^\W\d_]+|[€£])?)")
_ROUGH = frozenset("dizaine quinzaine vingtaine trentaine quarantaine cinquantaine soixantaine centaine millier quincena veintena treintena centenar".split())
_NOT_ONE = frozenset("day thing another more side time way hand reason point such side. kind man's fell".split())
_FRACTIONS = re.compile(r"third|quart|fifths|dritt|viert|tiers|terci|cuart|трет|четверт|чверт|trzec|czwart")
_RANGE = re.compile(r"\s?(?:-|–|—|~|〜|to|bis|à|a|do|до|по|내지|から|至|到|or|oder|ou|o|или|або|чи|lub|and)\s?")
_ORDINAL_MARK = re.compile(r"(?:st|nd|rd|th|º|ª|er|e|ème|-?(?:й|я|го|му))(?![^\W_])|회째|번째|라운드|回目|番目|차(?=[ 회례전])|位(?=[にでの])|위(?=[를에로 ])|级|급(?= |$)|級")
_ORDINAL_POINT = {"de": re.compile(r"\. (?=[A-ZÄÖÜ])"), "pl": re.compile(r"\. (?=[a-ząćęłńóśźż])")}
_GRADE = re.compile(
    r"(?<![^\W\d_])(category|level|phase|stage|grade|kategorie|stufe|phase|catégorie|niveau|categoría|nivel|fase|kategori[ai]|poziom|stopień"
    r"|категори[яию]|уровень|уровня|категорі[яюї]|рівень|рівня|カテゴリー|レベル|フェーズ|단계|第|제)[ ]?\Z"
)
_EAST_MULTIPLIER = "조兆억億亿만万萬천千백百십十"
_EAST_FIGURE = re.compile(
    rf"(?<![\d.,])\d{{1,15}}(?:[.,]\d{{1,9}}){{0,3}}\s?[{_EAST_MULTIPLIER}](?:\s?(?:\d{{1,4}}|\d,\d{{3}})?[{_EAST_MULTIPLIER}]){{0,6}}(?:\s?(?:\d{{1,4}}|\d,\d{{3}})(?![\d.,月月년年]))?"
)
_HAN = "〇零一二三四五六七八九十百千万億兆两兩萬亿"
_HAN_RUN = re.compile(rf"(?P<before>[数數几幾上成第百唯统統]|分之|好几)?(?P<run>[{_HAN}]{{1,14}})(?P<few>几|数|多)?")
_HAN_AFTER = re.compile(
    rf"\s?(?:{COUNTER}|天|周(?![年边日一二三四五六])|小时|小時|時間|分钟|分間|个月|個月|[かカヶ]月|週間|日間|年間|年间|円|元|美元|ドル|ユーロ|欧元|トン|吨|公里|キロ|メートル|米|歳|岁|成|割)|[余餘]り?(?={COUNTER})"
)
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


@lru_cache(maxsize=8192)
def quantities_of(text: str) -> tuple[Quantity, ...]:
    """The quantities of a sentence in their order; dates, times, scores and numbers of things are left out."""
    plain, lower, places = folded(text)
    masked = without_labels(plain, lower)
    lang = habit_of(lower)
    phrases, rest = _eastern(masked) if not masked.isascii() else ([], masked)
    phrases += _western(rest, lang)
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


# --------------------------------------------------------------------------- numbers of the alphabetic languages


def _western(masked: str, lang: str) -> list[_Phrase]:
    tokens = list(_TOKEN.finditer(masked))
    found: list[_Phrase] = []
    at = 0
    while at < len(tokens):
        phrase, after = _figure(masked, tokens, at, lang) if tokens[at]["num"] else _spelled(masked, tokens, at, lang)
        if phrase:
            found.append(phrase)
        at = after
    return found


def _figure(masked: str, tokens: list[re.Match[str]], at: int, lang: str) -> tuple[_Phrase, int]:
    """A figure with the scale words behind it."""
    token = tokens[at]
    first = figure_value(token["num"], decimal="." if lang in {"en", "ja", "ko", "zh"} else "")
    total = Sum()
    total.add(Numeral(first, "part"))
    end, after = token.end(), at + 1
    while after < len(tokens):
        if tokens[after]["num"]:
            if not _goes_on(masked, tokens, after, total, lang):
                break
            total.open += figure_value(tokens[after]["num"], decimal="")
        else:
            numeral = numeral_of(tokens[after]["word"], lang)
            if numeral is None or numeral.kind not in {"factor", "plural"} or not _GAP.match(masked, end, tokens[after].start()):
                break
            total.add(numeral)
        end, after = tokens[after].end(), after + 1
    if tokens[after - 1]["word"] in _ABBREVIATED and masked[end : end + 2] == ". ":
        end += 1
    scale = _letter_scale(masked, token.start(), end) if after == at + 1 else 1.0
    value = tidy(total.value * scale)
    phrase = _Phrase(token.start(), end + (scale > 1), value, scale=value / first if first else 1.0)
    phrase.factor = after > at + 1
    if scale > 1 and after < len(tokens) and tokens[after].start() == end:
        after += 1
    return phrase, after


def _goes_on(masked: str, tokens: list[re.Match[str]], at: int, total: Sum, lang: str) -> bool:
    """"1 million 200 thousand": a figure with a smaller scale word goes on with the number before it."""
    if total.scale == float("inf") or at + 1 >= len(tokens) or not tokens[at + 1]["word"]:
        return False
    numeral = numeral_of(tokens[at + 1]["word"], lang)
    if numeral is None or numeral.kind not in {"factor", "plural"} or numeral.value >= total.scale:
        return False
    return bool(_GAP.match(masked, tokens[at - 1].end(), tokens[at].start()) and _GAP.match(masked, tokens[at].end(), tokens[at + 1].start()))


def _letter_scale(masked: str, start: int, end: int) -> float:
    """m, b and k behind a figure are scales with money and in front of a plural; else m is metres."""
    letter = _LETTER.match(masked, end)
    if letter is None:
        return 1.0
    following = letter["next"] or ""
    money = currency_before(masked, start) is not None
    unit = unit_after(masked, letter.end()) if following else None
    if money or (unit and unit.kind == "money") or (following.endswith("s") and len(following) > 4) or following == "people":  # noqa: PLR2004
        return _LETTER_SCALES[letter["letter"]]
    return 1.0


def _spelled(masked: str, tokens: list[re.Match[str]], at: int, lang: str) -> tuple[_Phrase | None, int]:
    """A number in words; None and the next token where there is none."""
    word = tokens[at]["word"]
    first = numeral_of(word, lang)
    if first is None or (word in _ABBREVIATED):
        return None, at + 1
    total = Sum()
    start, last, ordinal = tokens[at].start(), at, first.kind == "ordinal"
    total.add(first if not ordinal else Numeral(first.value, "part"))
    kind = first.kind
    while not ordinal and (step := _next(masked, tokens, last, total, lang)):
        last, numeral = step
        ordinal = numeral.kind == "ordinal"
        total.add(Numeral(numeral.value, "part") if ordinal else numeral)
        kind = numeral.kind
    phrase = _Phrase(start, tokens[last].end(), tidy(total.value), spelled=True, factor=kind in {"factor", "plural", "vague"})
    phrase.factor = phrase.factor or word in {"pair", "couple", "paire"}
    phrase.kind = "ordinal" if ordinal else ""
    _bend(masked, tokens, at, phrase, total, first.kind)
    return phrase, last + 1


def _next(masked: str, tokens: list[re.Match[str]], last: int, total: Sum, lang: str) -> tuple[int, Numeral] | None:
    """The next word of the number with its place; small words such as "and" and "of" are stepped over."""
    at = last + 1
    if at >= len(tokens) or not _GAP.match(masked, tokens[last].end(), tokens[at].start()):
        return None
    word = tokens[at]["word"] or ""
    linked = word in _LINKS.get(lang, set()) or (word in _OF and total.vague)
    if linked:
        at += 1
        if at >= len(tokens) or not _GAP.match(masked, tokens[at - 1].end(), tokens[at].start()):
            return None
    numeral = numeral_of(tokens[at]["word"] or "", lang)
    if linked and tokens[at]["word"] in _ONE:
        numeral = Numeral(1.0, "part")
    if numeral is None or not total.takes(numeral):
        return None
    if linked and not (numeral.kind == "plural" if word in _OF else _links(word, total, numeral)):
        return None
    return at, numeral


def _links(word: str, total: Sum, numeral: Numeral) -> bool:
    """"treinta y dos", "vingt et un", "a hundred and five" are one number; "twenty and three" are two."""
    if numeral.kind not in {"part", "ordinal"}:
        return False
    if word in {"and", "und", "a"}:
        return total.room >= 100 or total.done > 0  # noqa: PLR2004
    if word == "et":
        return numeral.value in {1, 11}
    return total.room == 10 and total.open % 100 >= 30  # noqa: PLR2004  treinta and above


def _bend(masked: str, tokens: list[re.Match[str]], at: int, phrase: _Phrase, total: Sum, kind: str) -> None:
    """What the words before it make of a number: half a dozen, several hundred; and plurals that leave it open."""
    before = tokens[at - 1]["word"] if at else None
    if before in {"a", "an"} and at > 1:
        before = tokens[at - 2]["word"] if tokens[at - 2]["word"] in _HALVES | _SEVERAL else before
        skip = 2
    else:
        skip = 1
    if kind in {"factor", "plural"} and before in _HALVES:
        phrase.value, phrase.start = tidy(phrase.value / 2), tokens[at - skip].start()
    elif kind == "vague":
        low = {15.0: (11.0, 19.0), 30.0: (20.0, 99.0), 300.0: (200.0, 999.0)}
        base, top = low.get(total.open, (total.value, total.value * 10)) if not total.done else (phrase.value * 2, phrase.value * 10)
        phrase.value, phrase.most, phrase.bound = base, top, "over"
    elif total.vague or (kind in {"factor", "plural"} and before in _SEVERAL):
        _leave_open(phrase, 1)
        phrase.start = tokens[at - 1].start() if before in _SEVERAL else phrase.start
    elif tokens[at]["word"] in _ROUGH:
        phrase.bound = "about"


def _leave_open(phrase: _Phrase, one: float) -> None:
    """Several of it: at least twice, less than ten times as much; dozens are counted as tens."""
    unit = phrase.value * one
    unit = unit * 10 / 12 if unit % 12 == 0 and unit < 100 else unit  # noqa: PLR2004
    phrase.value, phrase.most, phrase.bound = tidy(unit * 2), tidy(unit * 10 - 1), "over"


# --------------------------------------------------------------------------- numbers of China, Japan and Korea


def _eastern(masked: str) -> tuple[list[_Phrase], str]:
    """Numbers written with east Asian numerals, and the text without them."""
    found: list[_Phrase] = []
    rest = _FRACTION_EAST.sub(lambda match: FILLER * len(match.group()) if "百分之" not in match.group() else match.group(), masked)
    for pattern, read in _EASTERN:
        if not any(mark in rest for mark in _SIGNS_OF[pattern]):
            continue
        phrases = [phrase for match in pattern.finditer(rest) if (phrase := read(match))]
        rest = blanked(rest, [(phrase.start, phrase.end) for phrase in phrases])
        found += phrases
    return found, rest


def _per_hundred(match: re.Match[str]) -> _Phrase:
    whole, _, part = match["value"].partition("点")
    value = figure_value(whole, decimal=".") if whole[0].isascii() else east_value(whole)
    value += east_value(part) / 10 ** len(part) if part else 0
    return _Phrase(match.start(), match.end(), tidy(value), kind="percent")


def _east_figure(match: re.Match[str]) -> _Phrase:
    text = match.group().rstrip()
    value = east_value(text)
    first = re.match(r"[\d.,]+", text)
    raw = figure_value(first.group(), decimal=".") if first else 1.0
    return _Phrase(match.start(), match.start() + len(text), value, scale=value / raw if raw else 1.0, factor=True)


def _han(match: re.Match[str]) -> _Phrase | None:
    run, before = match["run"], match["before"] or ""
    start, end = match.start("run"), match.end("run")
    after = _HAN_AFTER.match(match.string, match.end())
    if before in {"第", "百", "分之", "唯", "统", "統"}:
        return _Phrase(match.start(), end, east_value(run), kind="ordinal", spelled=True) if before == "第" else None
    phrase = _Phrase(start, end, east_value(run), spelled=True, factor=True)
    if before or match["few"] in {"几", "数"}:
        return _vague_han(phrase, match, before)
    if after is None and (_HAN_NOT.match(match.string, end) or not _is_sure(run)):
        return None
    if run == "一" and match.string[end : end + 1] != "人":  # 一名, 一位 and 一个 are articles
        return None
    if run in {"百", "千", "万", "億", "亿"} and (_EAST_LETTER.match(match.string[start - 1 : start]) or match.string[end : end + 1] in "歳岁"):
        return None
    return phrase


def _vague_han(phrase: _Phrase, match: re.Match[str], before: str) -> _Phrase | None:
    run = match["run"]
    if run[0] not in "十百千万萬億亿兆" and before:
        return None
    phrase.start, phrase.end = match.start(), match.end()
    if match["few"] in {"几", "数"}:
        phrase.bound, phrase.most, phrase.value = "over", phrase.value + 9, phrase.value + 1
    elif before in {"上", "成"}:
        phrase.bound, phrase.most = "over", phrase.value * 10
    else:
        _leave_open(phrase, 1)
    return phrase


def _is_sure(run: str) -> bool:
    """A numeral of several signs needs no counter behind it, if it is written as numbers are: 二十三, not 千万."""
    return bool(re.fullmatch(r"(?:[一二三四五六七八九两兩][十百千万億亿萬兆]|十(?=[一二三四五六七八九]))+(?:零?[一二三四五六七八九])?(?:[十百千万億亿萬])?", run))


def _native(match: re.Match[str]) -> _Phrase | None:
    ten, unit = match["ten"], match["unit"]
    if not (ten or unit) or (match["alone"] is not None and not (ten and unit)):
        return None
    if ten is None and unit == "한" and not re.match(r"\s?(?:명|사람|척|대|곳)", match.string[match.end() :][:4]):
        return None
    return _Phrase(match.start(), match.end(), native_value(ten, unit), spelled=True)


def _sino(match: re.Match[str]) -> _Phrase | None:
    run = match["run"]
    if not _KOREAN_SHAPE.fullmatch(run) or (match["alone"] is not None and not (len(run) > 1 and _SINO_ALONE.fullmatch(run) or match["vague"])):
        return None
    phrase = _Phrase(match.start(), match.end(), east_value(run), spelled=True, factor=True)
    if match["vague"]:
        _leave_open(phrase, 1)
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


# --------------------------------------------------------------------------- units and bounds


def _with_units(plain: str, masked: str, phrases: list[_Phrase], lang: str) -> list[Quantity]:
    found: list[Quantity] = []
    following: tuple[_Phrase, Quantity | None] | None = None
    for phrase in reversed(phrases):  # from the end, so that the first of a range can take after the second
        opens = following is not None and _RANGE.fullmatch(masked, phrase.end, following[0].start) is not None
        quantity = _opened(masked, phrase, following[1], following[0]) if opens and following else None
        quantity = quantity or _quantity(plain, masked, phrase, lang)
        if quantity:
            found.append(quantity)
        following = (phrase, quantity)
    return _apart(found[::-1])


def _apart(found: list[Quantity]) -> list[Quantity]:
    """Without what was read inside the unit of another: the hundred of "pour cent"."""
    kept: list[Quantity] = []
    for quantity in found:
        if not kept or quantity.span[0] >= kept[-1].span[1]:
            kept.append(quantity)
    return kept


def _opened(masked: str, phrase: _Phrase, upper: Quantity | None, last: _Phrase) -> Quantity | None:
    """The lower end of a range: scale and unit stand behind the upper one only."""
    if upper is None or phrase.kind or upper.kind == "ordinal":
        return None
    value = phrase.value
    if phrase.scale == 1 and last.scale > 1 and value * last.scale < upper.value:
        value = tidy(value * last.scale)
    money = currency_before(masked, phrase.start)
    start = money[1] if money else phrase.start
    if upper.kind == "count":
        return Quantity(value=value, kind="count", unit="", bound="over", span=(start, phrase.end), opens=True, told=phrase.end)
    return Quantity(value=value, kind=upper.kind, unit=upper.unit, bound="over", span=(start, phrase.end), opens=True, told=phrase.end)


def _quantity(plain: str, masked: str, phrase: _Phrase, lang: str) -> Quantity | None:
    kind, unit, factor, end, told = _unit(plain, masked, phrase, lang)
    if not kind:
        return None
    start = phrase.start
    if kind in {"count", "money"} and (money := currency_before(masked, start)):
        kind, unit, start = "money", money[0], money[1]
    bound = _bound(masked, phrase, start, end, lang)
    return Quantity(value=tidy(phrase.value * factor), kind=kind, unit=unit, bound=bound, span=(start, end), most=phrase.most, told=told)


def _bound(masked: str, phrase: _Phrase, start: int, end: int, lang: str) -> str:
    if phrase.bound:
        return phrase.bound
    before = bound_before(masked, start)
    if before and (lang == "pl" or masked[before[1] : before[1] + 3] != "do "):
        return before[0]
    after = bound_after(masked, phrase.end) or bound_after(masked, end)
    return after[0] if after else "exact"


def _unit(plain: str, masked: str, phrase: _Phrase, lang: str) -> tuple[str, str, float, int, int]:
    """Kind, unit, factor, end, and where the counted word ends; kind "" where the number is no quantity after all."""
    end = phrase.end
    if phrase.kind == "percent":
        return "percent", "%", 1.0, end, end
    if grade := _GRADE.search(masked, max(0, phrase.start - 14), phrase.start):
        return "ordinal", _grade(grade[1]), 1.0, end, end
    if phrase.kind == "ordinal" or _ordinal_end(plain, masked, phrase, lang) > end:
        end = _ordinal_end(plain, masked, phrase, lang)
        word, told = counted_after(plain, masked, end, lang=lang, factor=False)
        return "ordinal", word, 1.0, end, told
    bound = bound_after(masked, end)
    at = bound[1] if bound else end
    if found := unit_after(masked, end) or (unit_after(masked, at) if bound else None):
        past = found.kind == "measure" and is_past(masked, phrase.start, found)
        return "" if past else found.kind, found.name, found.factor, found.end, found.end
    if east := counted_east(masked, phrase.start, end, lang) or (counted_east(masked, phrase.start, at, lang) if bound else None):
        return "count", east[0], 1.0, end, east[1]
    word, told = counted_after(plain, masked, end, lang=lang, factor=phrase.factor)
    return (*_count(plain, masked, phrase, word), told)


def _count(plain: str, masked: str, phrase: _Phrase, word: str) -> tuple[str, str, float, int]:
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


_NAMED = re.compile(r"(?<=[^\W\d_] )(?P<name>[A-ZА-ЯІЇЄŁŚŻ][^\W\d_]{2,20}) \Z")


def _names(plain: str, phrase: _Phrase) -> bool:
    """A small figure behind a name and before nothing counted is part of the name: Room 12, Section 31."""
    return phrase.value == int(phrase.value) < 1000 and _NAMED.search(plain, max(0, phrase.start - 24), phrase.start) is not None  # noqa: PLR2004


def _ordinal_end(plain: str, masked: str, phrase: _Phrase, lang: str) -> int:
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
