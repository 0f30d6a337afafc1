"""Words that betray the kind of a text in ten languages: background, live tickers, negation, a day named."""

from __future__ import annotations

import re
from functools import lru_cache

_BACKGROUND = re.compile(
    r"[?？]|\b(?:why|how|what we know|explain\w*|analysis|opinion|commentary|timeline|chronolog\w*|q&a|column|editorial|essay"
    r"|review|profile|behind|lessons?|interview|feature|portrait|history|guide|background|look back|in pictures|photos|podcast"
    r"|warum|wie|hintergrund|analyse|kommentar|chronik|porträt|meinung|leitartikel|was wir"
    r"|pourquoi|comment|tribune|chronologie|récit|portrait|reportage|décryptage"
    r"|por qué|cómo|análisis|opinión|cronología|claves|reportaje|perfil"
    r"|dlaczego|jak|analiza|komentarz|kalendarium|opinia|reportaż|sylwetka"
    r"|почему|как|анализ|мнение|хроника|колонка|репортаж|чому|як|аналіз|думка|хронологія)\b"
    r"|なぜ|解説|社説|コラム|検証|ルポ|年表|为何|为什么|解读|评论|社论|回顾|时间线|왜|기고|사설|칼럼|분석|해설|르포|일지",
    re.IGNORECASE,
)
_LIVE = re.compile(
    r"\blive\b|\bwatch:|\bvideo\b|en direct|en vivo|liveticker|na żywo|онлайн|відео|видео|動画|视频|영상", re.IGNORECASE
)
_NEGATION = re.compile(  # on lower-case text: twice as fast as looking past the case
    r"\b(?:n(?:ot?|e|ever|either|or|icht|ie|iemals|iemand|unca|ing[úu]n\w*|iega\w*|igdy)|cannot|den(?:ie[sd]|y|ying)|re(?:fus|ject|chaz)\w+|without"
    r"|kein\w*|ohne|lehn\w+|dementier\w+|pas|jamais|jamás|aucune?|sans|dément\w*|żad\w+|odmów\w+|zaprzecz\w+"
    r"|н(?:е|ет|и|икто|икогда|і|емає|іхто|іколи)|без|отказ\w+|опроверг\w+|відмов\w+|спросту\w+)\b|n['’](?:t\b|(?<=\bn['’])(?=[aeéhiouêy]))"
    r"|[않없못不未]|아니|거부|부인|ない|なかった|ません|ず[、に]|否定|拒否|拒絶|没有|沒有|否认|否認|拒绝|拒絕"
)
_DAY = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:today|yesterday)\b"
    r"|\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|heute|gestern)\w*"
    r"|\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|aujourd.hui|hier)\b"
    r"|\b(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo|hoy|ayer)\b"
    r"|\b(?:poniedział|wtor|środ|czwart|piąt|sobot|niedziel|dziś|dzisiaj|wczoraj)\w*"
    r"|\b(?:понедельник|вторник|сред[уы]|четверг|пятниц|суббот|воскресень|сегодня|вчера|понеділ|вівтор|серед[уи]|четвер"
    r"|п.ятниц|субот|неділ|сьогодні|вчора)\w*|\d+日|\d+일|今日|昨日|今天|昨天|周[一二三四五六日]|오늘|어제",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def is_background(text: str) -> bool:
    """Does a headline sound like an explainer, an opinion or a question?"""
    return _BACKGROUND.search(text) is not None


@lru_cache(maxsize=1024)
def is_live(text: str) -> bool:
    """Does a headline announce a live ticker or a video?"""
    return _LIVE.search(text) is not None


@lru_cache(maxsize=4096)
def is_negated(text: str) -> bool:
    """Does a sentence negate, deny or refuse something? Never enough alone: French `ne` and Polish `nie` are common."""
    return _NEGATION.search(text.lower()) is not None


@lru_cache(maxsize=4096)
def names_day(text: str) -> bool:
    """Does a sentence name a weekday, today or yesterday? Sentences that tell news do."""
    return _DAY.search(text) is not None
