"""Words that betray the kind of a text in ten languages: background, what goes on or is about to happen, live tickers, roundups, a page's furniture, negation, a day named, who reports."""

from __future__ import annotations

import re
from functools import lru_cache

_BACKGROUND = re.compile(
    r"[?？]|\b(?:why|how|what we know|what(?:.s| is) known|what to (?:know|watch|expect)|who.s who|(?:in|by the) numbers|factbox|faq|explain\w*|analysis|opinion|commentary|timeline"
    r"|chronolog\w*|q&a|column|editorial|essay|review|profile|behind|lessons?|interview|feature|portrait|history|guide|background|look back|in pictures|photos|podcast|diary|letter from"
    r"|warum|wie|hintergrund|analyse|kommentar|chronik|porträt|meinung|leitartikel|was wir|was bisher|wer ist wer|in zahlen|überblick|fragen und antworten|kolumne|glosse|zeitleiste|reportage|essay"
    r"|pourquoi|comment|tribune|chronologie|récit|portrait|reportage|décryptage|qui est qui|en (?:\w+ )?chiffres|ce que l.on sait|ce qu.il faut savoir|éditorial|chronique|enquête|carnet"
    r"|por qué|cómo|análisis|opinión|cronología|claves|reportaje|perfil|quién es quién|en (?:cifras|datos)|lo que se sabe|preguntas y respuestas|columna|crónica"
    r"|dlaczego|jak|analiza|komentarz|kalendarium|opinia|reportaż|sylwetka|kto jest kim|w liczbach|co (?:wiemy|wiadomo)|pytania i odpowiedzi|felieton|esej|przewodnik"
    r"|почему|как|анализ|мнение|хроника|колонка|репортаж|кто есть кто|в цифрах|что (?:известно|мы знаем)|вопросы и ответы|хронология|справка|досье|интервью|очерк|монолог"
    r"|чому|як|аналіз|думка|хронологія|хто є хто|[ву] цифрах|що (?:відомо|ми знаємо)|питання і відповіді|довідка|досьє|інтерв.ю|нарис)\b"
    r"|なぜ|解説|社説|コラム|検証|ルポ|年表|まとめ|経緯|時系列|特集|手記|インタビュー|为何|为什么|解读|评论|社论|回顾|时间线|盘点|梳理|一文|谁是谁|问答|特稿|专访|时评"
    r"|왜|기고|사설|칼럼|분석|해설|르포|일지|연표|정리|문답|기획|특집|논설|오피니언|인터뷰|타임라인",
    re.IGNORECASE,
)
_AGAIN = re.compile(  # said or done before
    r"\b(?:again|once more|repeat(?:s|ed|ing)?|reiterat\w+|renew(?:s|ed)|still|erneut|wieder|wiederhol\w+|abermals|nochmals|bekräftig\w+|weiterhin|immer noch"
    r"|à nouveau|de nouveau|encore|réitèr\w+|réaffirm\w+|toujours|de nuevo|otra vez|nuevamente|reiter\w+|insist\w+|sigue\w*|todavía|aún"
    r"|ponownie|znowu|znów|powtórzy\w+|powtarza\w*|podtrzym\w+|nadal|wciąż|снова|вновь|опять|повтор\w+|по-прежнему|вс[её] еще|вс[её] ещё|знову|вкотре|досі|надалі)\b"
    r"|再び|改めて|再度|再三|繰り返|依然|再次|重申|再度|仍|依然|재차|다시|거듭|또다시|여전히|재확인",
    re.IGNORECASE,
)
_EVE = re.compile(  # about to happen
    r"\b(?:tomorrow|tonight|today|on the eve|ahead of|(?:days?|hours?) to go|awaits?|awaiting|looms?|countdown|set to|due to|faces?|to (?:begin|start|open|meet|hear|resume|vote|rule|decide|end|expire)"
    r"|begins?|starts?|ends? at|expires?|morgen|heute|bevorsteh\w+|steht bevor|am vorabend|beginnt|wartet|warten|läuft ab|endet"
    r"|demain|aujourd.hui|à la veille|s.apprêt\w+|attend\w*|compte à rebours|s.ouvre|débute|expire|mañana|hoy|víspera|vísperas|espera\w*|faltan?|cuenta atrás|vence|empieza|comienza|arranca"
    r"|jutro|dziś|dzisiaj|w przeddzień|czeka\w*|odliczanie|rozpoczyna|mija|завтра|сегодня|накануне|осталось|ожида\w+|предсто\w+|начинается|истекает|ждут|ждет|ждёт"
    r"|сьогодні|напередодні|лишилося|залишилося|очіку\w+|починається|спливає|чекають|чекає)\b"
    r"|明日|あす|きょう|今日|今夜|前夜|前日|控え|迫る|待つ|待ち|あと\d+|明天|今天|今晚|前夕|在即|即将|倒计时|等待|내일|오늘|앞두고|앞둔|임박|전야|기다리|D-\d",
    re.IGNORECASE,
)
_SPAN = r"(?:days?|weeks?|months?|years?|tage?n?|wochen?|monaten?|jahren?|jours?|semaines?|mois|ans|años?|días?|semanas?|mes(?:es)?|dni|tygodni\w*|miesi\w+|lata?|дн\w+|день|недел\w+|месяц\w*|лет|года?|тижн\w+|місяц\w*|рок\w*|років)"
_ELAPSED = re.compile(  # so long after
    rf"\b(?:{_SPAN} (?:on|later|after|since|into|nach|später|danach|après|después|sin|tras|po|później|спустя|без|потому|тому)|(?:since|seit|depuis|desde hace|lleva\w*|od|уже|вже|через|спустя|минуло?|за|après) \w+ {_SPAN}"
    rf"|anniversar\w+|jahrestag\w*|anniversaire|aniversario|rocznic\w+|годовщин\w+|річниц\w+|\d+(?:st|nd|rd|th|e|er|º|-[йи]|\.)? {_SPAN}|(?:second|third|fourth|fifth|sixth) (?:day|week|month)|day \d+|tag \d+|jour \d+|día \d+|dzień \d+|день \d+)\b"
    r"|\d+(?:日|週間|か月|カ月|ヶ月|年)(?:目|余|ぶり|たっ|経)|から\d+(?:日|週間|か月|カ月|年)|周年|第\w+天|[\d一二三四五六七八九十]+(?:天|周|个月|年)(?:后|来|以来|过去)|\d+(?:일|주|개월|년) ?(?:째|만에|후|뒤|넘)|주년|한 ?달",
    re.IGNORECASE,
)
_LIVE = re.compile(
    r"\blive\b|\bwatch:|\bvideo\b|en direct|en vivo|liveticker|na żywo|онлайн|відео|видео|動画|视频|영상", re.IGNORECASE
)
_ROUNDUP = re.compile(
    r"\b(?:(?:morning|evening|daily|weekly|news|lunchtime) (?:briefing|digest|roundup|round-up|bulletin|wrap|update)|news in brief|in brief"
    r"|top stories|headlines|latest updates?|what (?:happened|you need to know) (?:today|this week)"
    r"|(?:nachrichten|news|meldungen) (?:kompakt|des tages|in kürze|im überblick)|kurz gemeldet|kurzmeldungen|das wichtigste (?:des tages|am morgen)"
    r"|l.essentiel (?:de l.actualité|du jour)|les titres du jour|en bref|les brèves|noticias del día|lo más importante del día|resumen (?:del día|de noticias)"
    r"|en breve|skrót (?:dnia|wiadomości)|najważniejsze (?:wydarzenia|wiadomości)|w skrócie|главное за (?:день|неделю|сутки|утро)|новости (?:дня|к этому часу)"
    r"|коротко о главном|головне за (?:день|тиждень|добу|ранок)|новини (?:дня|за добу)|коротко про головне)\b"
    r"|今日のニュース|ニュースまとめ|主なニュース|今日要闻|新闻早报|每日新闻|新闻简报|오늘의 뉴스|주요 뉴스|뉴스 브리핑|간추린 뉴스",
    re.IGNORECASE,
)
_FURNITURE = re.compile(
    r"\b(?:follow us|sign up|subscribe (?:now|to|here|today)|(?:our|free|daily|weekly) newsletter|all rights reserved|read (?:more|also|next)|click here|copyright ©|this (?:live (?:blog|page)|blog) (?:is|has) (?:now )?(?:closed|over|ended)"
    r"|that.s (?:all|it) (?:for|from us)|we are (?:closing|wrapping up)|thanks? (?:you )?for (?:reading|following)|our live coverage|additional reporting by|editing by|reporting by"
    r"|(?:photo|image|picture|video)s?(?: credit)?:|getty images|share this|download (?:our|the) app|support our journalism|this (?:article|story) (?:was|has been) (?:updated|amended|corrected)"
    r"|folgen sie uns|abonnieren sie|alle rechte vorbehalten|lesen sie auch|mehr zum thema|(?:foto|bild|quelle):|dieser (?:liveblog|ticker) (?:ist|wird) (?:jetzt |nun |hiermit )?(?:beendet|geschlossen)"
    r"|suivez-nous|abonnez-vous|inscrivez-vous|tous droits réservés|lire aussi|à lire aussi|(?:crédit )?photo ?:|ce direct est (?:maintenant |désormais )?terminé|merci de nous avoir suivis"
    r"|síguenos|síganos|suscríbete|suscríbase|todos los derechos reservados|lea también|lee también|boletín de noticias|gracias por seguirnos|foto ?:"
    r"|śledź nas|obserwuj nas|zapisz się|subskrybuj|wszelkie prawa zastrzeżone|czytaj (?:też|także|również|więcej)|zobacz też|fot\.|zdjęcie:|dziękujemy za śledzenie"
    r"|подписывайтесь|подпишитесь|следите за нами|читайте также|читайте нас|все права защищены|фото:|мы завершаем (?:нашу )?(?:трансляцию|онлайн)"
    r"|підписуйтесь|підписуйтеся|підпишіться|стежте за нами|читайте також|читайте нас|усі права захищено|всі права захищені|ми завершуємо (?:нашу )?(?:трансляцію|онлайн))"
    r"|無断転載|転載禁止|フォローして(?:ください|ね)|購読(?:はこちら|お申し込み)|関連記事|あわせて読みたい|【写真|版权所有|关注我们|订阅我们|延伸阅读|责任编辑|图片来源|무단 ?전재|재배포 금지|구독(?:하기|해 ?주)|팔로우(?:하기|해 ?주)|기자 ?=|사진 ?=|제보는",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"^(?:by|von|par|por|автор|авторка|reporting|text|texte|texto|tekst|текст)\b:?(?: [\w.’'-]+){1,8}$", re.IGNORECASE
)
_REPORTED = re.compile(
    r"\b(?:said|says|told|announced|announces|confirmed|confirms|according|reported|reports|statement|spokes\w+|sagte|teilte|erklärte|bestätigt\w*|laut"
    r"|déclaré|annoncé|annonce|selon|confirmé|indiqué|dijo|anunció|según|confirmó|informó|declaró|powiedział\w*|poinformował\w*|ogłosił\w*|oświadczył\w*"
    r"|potwierdził\w*|сообщил\w*|заявил\w*|объявил\w*|подтвердил\w*|повідоми\w*|заяви\w*|оголоси\w*|підтверди\w*)\b"
    r"|発表|明らかに|述べ|表明|宣布|表示|证实|밝혔|발표|전했|확인",
    re.IGNORECASE,
)
FURNITURE_CHARS = 240  # a call to follow or subscribe is short; a report that has such words in it is not
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


@lru_cache(maxsize=4096)
def is_again(text: str) -> bool:
    """Does a sentence say that something was said or done once more, or goes on?"""
    return _AGAIN.search(text) is not None


@lru_cache(maxsize=4096)
def is_eve(text: str) -> bool:
    """Does a sentence look at what is just about to happen?"""
    return _EVE.search(text) is not None


@lru_cache(maxsize=4096)
def is_elapsed(text: str) -> bool:
    """Does a sentence count the time since something happened?"""
    return _ELAPSED.search(text) is not None


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


@lru_cache(maxsize=1024)
def is_roundup(text: str) -> bool:
    """Does a headline head a roundup of several matters, and so none of them?"""
    return _ROUNDUP.search(text) is not None


@lru_cache(maxsize=4096)
def is_furniture(text: str) -> bool:
    """Is a sentence of the page and not of the report: a byline, a credit, a call to follow, the end of a live ticker?"""
    return len(text) <= FURNITURE_CHARS and (_FURNITURE.search(text) or _BYLINE.search(text)) is not None


@lru_cache(maxsize=4096)
def is_reported(text: str) -> bool:
    """Does a sentence say that somebody said, announced or confirmed something?"""
    return _REPORTED.search(text) is not None
