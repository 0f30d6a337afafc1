"""Figures that are no quantities: dates, clock times, years, telephone numbers, scores, laws, models, addresses."""

from __future__ import annotations

import re

MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    "|januar|jänner|februar|märz|mai|juni|juli|oktober|okt|dezember|dez"
    "|janv(?:ier)?|févr?(?:ier)?|mars|avr(?:il)?|juin|juil(?:let)?|août|septembre|octobre|novembre|déc(?:embre)?"
    "|enero|ene|febrero|marzo|abril|abr|mayo|junio|julio|agosto|ago|septiembre|octubre|noviembre|diciembre|dic"
    "|stycz(?:eń|nia|niu)|lut(?:y|ego|ym)|mar(?:zec|ca|cu)|kwie(?:cień|tnia|tniu)|maj(?:a|u)?|czerw(?:iec|ca|cu)|lip(?:iec|ca|cu)"
    "|sierp(?:ień|nia|niu)|wrze(?:sień|śnia|śniu)|październik(?:a|u)?|listopad(?:a|zie)?|grud(?:zień|nia|niu)"
    "|январ[ьяе]|феврал[ьяе]|март[ае]?|апрел[ьяе]|ма[йяе]|июн[ьяе]|июл[ьяе]|август[ае]?|сентябр[ьяе]|октябр[ьяе]|ноябр[ьяе]|декабр[ьяе]"
    "|янв|фев|апр|авг|сен|окт|ноя|дек|січ(?:ень|ня|ні)|лют(?:ий|ого|ому)|берез(?:ень|ня|ні)|квіт(?:ень|ня|ні)|трав(?:ень|ня|ні)"
    "|черв(?:ень|ня|ні)|лип(?:ень|ня|ні)|серп(?:ень|ня|ні)|верес(?:ень|ня|ні)|жовт(?:ень|ня|ні)|листопад[аі]?|груд(?:ень|ня|ні)"
)
DAY_EAST = r"(?:日(?!間|间|ぶり|連続|目|以内|前|後|后|余)|일(?!\s?(?:간|동안|째|만에|만 |연속|이내|내|전|후|뒤|넘)))"
MAY = re.compile(r"(?<![^\W\d_])may(?![^\W\d_])")  # in small letters it is a verb: "12 may be dead"
MONTH = rf"(?:{MONTHS})(?![^\W\d_])"
_DAY = r"\d{1,2}(?:st|nd|rd|th|er|º|-?[а-яіїє]{1,3})?"
_LAWS = (
    r"article|art\.?|section|sec\.|§{1,2}|paragraph|para|resolution|rule|order|annex|protocol|flight|route|highway|channel|unit|room|colony|prison"
    r"|no\.?|nos\.?|number|nr\.?|n°|nº|№|núm\.?|artikel|absatz|paragraf|artículo|apartado|artykuł\w{0,3}|ust\.|paragraf\w{0,3}|résolution|resolución"
    r"|rezolucj\w{1,3}|стат(?:ья|ьи|ье|ті|тя|тею|ьёй|ьей)|ст\.|ч\.|п\.|пункт\w{0,3}|резолюц\w{1,3}|параграф\w{0,3}|колони\w{1,3}|школ\w{1,3}"
    r"|version|versión|версия|chapter|kapitel|chapitre|capítulo|глав\w{1,2}|розділ\w{0,2}|boeing|airbus|apollo|windows|iphone|saison|season|sezon\w{0,2}"
    r"|page|seite|pages|página|стор\.|стр\.|str\."
)
_AT_DIGIT = (
    rf"\d{{4}}-\d\d?-\d\d?(?:t\d\d:\d\d[\d:.z+]{{0,12}})?|\d{{1,2}}[/.]\d{{1,2}}[/.](?:\d{{4}}|\d\d)(?![\d])"
    r"|\d{1,3}(?:\.\d{1,3}){2,4}(?!\d|[.,]\d)(?<!\.\d\d\d)|\d{1,2}/\d{1,2}(?![\d/])"
    rf"|{_DAY}\.?(?:\s?[-–—/]\s?{_DAY}\.?| (?:and|und|et|y|i|и|і|to|au|al|bis) {_DAY}\.?)?\s(?:of |de |d')?\b{MONTH}\b\.?(?:,? (?:de |del )?\d{{4}})?"
    r"|\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]\.?m\.?)?|\d{1,2}(?:\.\d\d)?\s?(?:a\.m\.|p\.m\.|am\b|pm\b|uhr\b|local time|gmt\b|cet\b)|\d{1,2}\s?h(?:\s?\d\d)?\b(?!\w)"
    r"|\d{1,2}[時时](?!間|间)(?:\s?\d{1,2}分)?|\d{1,2}시(?!간)(?:\s?\d{1,2}분)?|\d{1,2}[点點](?=[半整前后後左]|\d|钟)(?:\d{1,2}分)?"
    r"|(?:19|20)\d\d\s?[年년](?!間|间|간)(?:\s?\d{1,2}[月월](?:\s?\d{1,2}[日일])?)?|'?\d\d년대|(?:19|20)\d\d年代"
    rf"|\d{{1,2}}[月월](?!間|间|간)(?:\s?\d{{1,2}}[日일号號])?|\d{{1,2}}{DAY_EAST}|\d{{1,2}}[号號]"
    r"|\d{1,4}(?:条|條|조(?=[ 의에가를에제,.)]|$)(?!\s?(?:원|\d|달러))|号機|號機|호기|호(?= |$))"
    r"|0\d\.\d\d(?!\d)"
    r"|(?:19|20)\d\d(?:s\b|[-–/](?:\d{4}|\d\d))(?![\d])"
    r"|\(\d{2,5}\)\s?\d[\d -]{4,12}|\d{3}-\d{3,4}-\d{4}|\d{3,4}-\d{4}-\d{4}"
    r"|\d{1,3}[-–:]\d{1,3}(?=[\s,.;)!?]|$)(?=[,.;)!?]|$|\s(?:win|victory|defeat|loss|lead|draw|sieg|niederlage|victoire|défaite|victoria|derrota|побед|перемо|пораж|пораз|zwycię))"
)
_AT_WORD = (
    rf"{MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?(?:\s?[-–]\s?\d{{1,2}})?\b(?![.,]?\d*\s?(?:million|people|%))(?:,? \d{{4}}\b)?|{MONTH}\.? (?:de |del )?(?:19|20)\d\d\b"
    rf"|(?:{_LAWS})\s?\d[\d./-]{{0,9}}|godz\.\s?\d{{1,2}}(?:[.:]\d\d)?|[ову] \d{{1,2}}[.:]\d\d\b|um \d{{1,2}}(?:\.\d\d)?(?= uhr)"
    r"|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{1,9}[-‑–]\d{1,6}(?:[./-]\d{1,5})?(?:[^\W\d_]{1,2}\b)?"
    r"|(?:https?://|www\.)\S{1,400}|\S{1,60}@\S{1,60}"
    r"|a las? \d{1,2}\.\d\d"
)
_AT_SIGN = r"\+\d[\d ()-]{6,16}\d|\(\d{1,2}\)|#\d{1,6}|§{1,2}\s?\d{1,4}\w?|[第제]\s?\d{1,5}\s?[条條조項项号號호](?!\w)|n°\s?\d{1,5}|№\s?\d{1,6}|(?:令和|平成|昭和|民国|民國)\d{1,3}年"
_LABEL = re.compile(
    rf"(?<![A-Za-z\u00c0-\u024f\u0400-\u04ff\d_.,])(?:{_AT_WORD})|(?<![\d.,])(?:{_AT_DIGIT})|(?:{_AT_SIGN})|(?<![\d.,])(?:19|20)\d\d(?![\d%]|[.,]\d|\s?(?:[人名명個个件艘億亿万萬억만천円元원]|%))"
)
_COUNTED_AFTER = re.compile(r"\s(?P<word>[^\W\d_]{3,})")
_YEAR_WORDS = re.compile(
    r"год|рок|роц|rok|року|bis|and|und|the|that|for|was|has|had|war|ist|est|это|при|для|как|que|con|para|pour|avec|nach|mit|von"
)
_HUNDREDS = re.compile(r"(?:19|20)00")
_LETTERED = re.compile(
    r"(?<![^\W_])(?:[A-Za-zА-Яа-яІЇЄ]{1,12}\d[\w-]{0,12}|\d{1,4}[A-Z]{1,3}\d\w{0,6}|\d{1,2}[DGK])(?![\w%])"
)
_CURRENCY_LETTERS = re.compile(r"(?:us|eur|usd|gbp|pln|uah|krw|chf|rub)\d", re.IGNORECASE)
FILLER = "|"


def without_labels(text: str, lower: str) -> str:
    """The lower-case text in the same length, with bars where figures name or date something."""
    if not any(mark.isdigit() for mark in text):
        return lower
    models = [match.span() for match in _LETTERED.finditer(text) if not _CURRENCY_LETTERS.match(match.group())]
    verbs = [match.span() for match in MAY.finditer(text)]
    found = _LABEL.sub(_filled, _with(blanked(lower, models), verbs, "m_y"))
    return _with(found, verbs, "may")


def _with(text: str, spans: list[tuple[int, int]], word: str) -> str:
    """The text with a word in the places named, which are in order and as long as it."""
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], word]
        at = end
    return "".join([*parts, text[at:]])


def blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with bars in the places named, which are in order and apart."""
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], FILLER * (end - start)]
        at = end
    return "".join([*parts, text[at:]])


def _filled(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) == 4 and found.isdigit() and _counts(match):  # noqa: PLR2004  as long as a year
        return found
    return FILLER * len(found)


def _counts(match: re.Match[str]) -> bool:
    """2000 soldiers are no year: a round figure directly before a word that is not of dates."""
    word = _COUNTED_AFTER.match(match.string, match.end())
    return bool(_HUNDREDS.fullmatch(match.group()) and word and not _YEAR_WORDS.match(word["word"]))
