"""Numbers in figures and words of the languages that are written in letters, with their scale words."""

from __future__ import annotations

import re

from storywatch.core.habits import list_of, set_of
from storywatch.core.numerals import Numeral, Sum, figure_value, numeral_of, tidy
from storywatch.core.phrases import Phrase, leave_open
from storywatch.core.units import currency_before, unit_after

_GROUPED = r"\d{1,3}(?P<mark>[.,'’ ])\d{3}(?:(?P=mark)\d{3}){0,5}(?:[.,]\d{1,2})?(?![\d]|[.,']\d)|\d{1,2}(?:,\d\d){1,5},\d{3}(?!\d)"
_AFTER_CODE = "|".join(f"(?<={code})" for code in list_of("usd eur gbp uah pln krw chf rub jpy cny"))
_TOKEN = re.compile(
    rf"(?<![\d.,'])(?:(?<![a-z\u00df-\u024f\u0400-\u04ff])|{_AFTER_CODE})(?P<num>{_GROUPED}|\d{{1,15}}(?:[.,]\d{{1,9}})?(?![\d]|[.,]\d))|(?P<word>quatre-vingts?(?![^\W\d_])|[^\W\d_]+(?:['’ʼ][^\W\d_]+)*)"
)
_GAP = re.compile(r"[ \-\u2010]?\.? ?\Z")
_LINKS = {"en": {"and", "a"}, "fr": {"et"}, "es": {"y"}, "de": {"und"}, "": {"and", "et", "y"}}
_ONE = set_of("un una une")
_HALF_MORE = re.compile(r" (?:and a half|et demie?|y medi[oa]|с половиной|з половиною|i pół)(?![^\W\d_])")
_OF = frozenset({"of", "de"})
_HALVES = set_of("half halbe halbes halben demi demie media medio pół пів пол")
_SEVERAL = set_of("""several few many mehrere einige plusieurs quelques varios varias unos unas algunos несколько нескольких кілька кількох декілька
    kilka kilku""")
_ABBREVIATED = set_of("bn tn trn md mds mrd mio mln tsd tys тыс тис млн млрд mld bln mil dozen. cent") - {"mil", "cent"}
_LETTER_SCALES = {"m": 1e6, "b": 1e9, "k": 1e3}
_LETTER = re.compile(r"(?P<letter>[mbk])(?![^\W_])(?= ?(?P<next>[^\W\d_]+|[€£])?)")
_ROUGH = set_of(
    "dizaine quinzaine vingtaine trentaine quarantaine cinquantaine soixantaine centaine millier quincena veintena treintena centenar"
)


def western_numbers(masked: str, lang: str) -> list[Phrase]:
    """The numbers of a lower-case text without labels, in their order."""
    tokens = list(_TOKEN.finditer(masked))
    found: list[Phrase] = []
    at = 0
    while at < len(tokens):
        phrase, after = _figure(masked, tokens, at, lang) if tokens[at]["num"] else _spelled(masked, tokens, at, lang)
        if phrase:
            found.append(phrase)
        at = after
    return found


def _figure(masked: str, tokens: list[re.Match[str]], at: int, lang: str) -> tuple[Phrase, int]:
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
            if (
                numeral is None
                or numeral.kind not in {"factor", "plural"}
                or not _GAP.match(masked, end, tokens[after].start())
            ):
                break
            total.add(numeral)
        end, after = tokens[after].end(), after + 1
    if tokens[after - 1]["word"] in _ABBREVIATED and masked[end : end + 2] == ". ":
        end += 1
    scale = _letter_scale(masked, token.start(), end) if after == at + 1 else 1.0
    value = tidy(total.value * scale)
    phrase = Phrase(token.start(), end + (scale > 1), value, scale=value / first if first else 1.0)
    phrase.factor = after > at + 1
    if scale > 1 and after < len(tokens) and tokens[after].start() == end:
        after += 1
    return phrase, after


def _goes_on(masked: str, tokens: list[re.Match[str]], at: int, total: Sum, lang: str) -> bool:
    """A figure with a smaller scale word goes on with the number before it: "1 million 200 thousand"."""
    if total.scale == float("inf") or at + 1 >= len(tokens) or not tokens[at + 1]["word"]:
        return False
    numeral = numeral_of(tokens[at + 1]["word"], lang)
    if numeral is None or numeral.kind not in {"factor", "plural"} or numeral.value >= total.scale:
        return False
    return bool(
        _GAP.match(masked, tokens[at - 1].end(), tokens[at].start())
        and _GAP.match(masked, tokens[at].end(), tokens[at + 1].start())
    )


def _letter_scale(masked: str, start: int, end: int) -> float:
    """m, b and k behind a figure are scales with money and in front of a plural; else m is metres."""
    letter = _LETTER.match(masked, end)
    if letter is None:
        return 1.0
    following = letter["next"] or ""
    money = currency_before(masked, start) is not None
    unit = unit_after(masked, letter.end()) if following else None
    plural = re.fullmatch(r"[^\W\d_]{4,}s|people", following) is not None
    if money or plural or (unit and unit.kind == "money"):
        return _LETTER_SCALES[letter["letter"]]
    return 1.0


def _spelled(masked: str, tokens: list[re.Match[str]], at: int, lang: str) -> tuple[Phrase | None, int]:
    """A number in words; None and the next token where there is none."""
    word = tokens[at]["word"]
    first = numeral_of(word, lang)
    if word == "par" and lang in {"es", ""} and masked.startswith(" de ", tokens[at].end()):
        first = Numeral(2.0, "part")
    if first is None or (word in _ABBREVIATED):
        return None, at + 1
    total = Sum()
    start, last, ordinal = tokens[at].start(), at, first.kind == "ordinal"
    total.add(first if not ordinal else Numeral(first.value, "part"))
    kind = first.kind
    last = _half_more(masked, tokens, last, total)
    while not ordinal and (step := _next(masked, tokens, last, total, lang)):
        last, numeral = step
        ordinal = numeral.kind == "ordinal"
        total.add(Numeral(numeral.value, "part") if ordinal else numeral)
        kind = numeral.kind
        last = _half_more(masked, tokens, last, total)
    phrase = Phrase(
        start, tokens[last].end(), tidy(total.value), spelled=True, factor=kind in {"factor", "plural", "vague"}
    )
    phrase.factor = phrase.factor or word in {"pair", "couple", "paire", "par"}
    phrase.kind = "ordinal" if ordinal else ""
    _bend(tokens, at, phrase, total, first.kind)
    return phrase, last + 1


def _half_more(masked: str, tokens: list[re.Match[str]], last: int, total: Sum) -> int:
    """Takes in "and a half", of one or of the scale word before it; the last token of the number."""
    half = _HALF_MORE.match(masked, tokens[last].end())
    if half is None:
        return last
    if total.open:
        total.open, total.room = total.open + 0.5, 0.0
    else:
        total.done += total.scale / 2
    return next(at for at in range(len(tokens) - 1, last, -1) if tokens[at].start() < half.end())


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
    if linked and not (numeral.kind in {"factor", "plural"} if word in _OF else _links(word, total, numeral)):
        return None
    return at, numeral


def _links(word: str, total: Sum, numeral: Numeral) -> bool:
    """One number are "treinta y dos", "vingt et un", "a hundred and five"; "twenty and three" are two."""
    if numeral.kind not in {"part", "ordinal"}:
        return False
    if word in {"and", "und", "a"}:
        return total.room >= 100 or total.done > 0  # noqa: PLR2004
    if word == "et":
        return numeral.value in {1, 11}
    return total.room == 10 and total.open % 100 >= 30  # noqa: PLR2004  treinta and above


def _bend(tokens: list[re.Match[str]], at: int, phrase: Phrase, total: Sum, kind: str) -> None:
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
        base, top = (
            low.get(total.open, (total.value, total.value * 10))
            if not total.done
            else (phrase.value * 2, phrase.value * 10)
        )
        phrase.value, phrase.most, phrase.bound = base, top, "over"
    elif total.vague or (kind in {"factor", "plural"} and before in _SEVERAL):
        leave_open(phrase, 1)
        phrase.start = tokens[at - 1].start() if before in _SEVERAL else phrase.start
    elif tokens[at]["word"] in _ROUGH:
        phrase.bound = "about"
