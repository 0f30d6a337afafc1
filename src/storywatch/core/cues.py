"""Words that betray the kind of a text in ten languages: background, what goes on or is about to happen, live tickers, roundups, a page's furniture, negation, a day named, who reports."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

# Alternatives of an expression by language. Where two languages share a word, it stands with one of them: a text is looked
# through for all of them, whatever language it is in.
_Words: TypeAlias = dict[str, str]
_UNSPACED = {"ja", "zh", "ko"}  # where a word has no borders to look for


def _any_of(words: _Words) -> str:
    return "|".join(words.values())


def _either(words: _Words, *, ends: str = r"\b") -> str:
    """Whole words where there are spaces between them, and anywhere where there are none."""
    spaced = "|".join(some for lang, some in words.items() if lang not in _UNSPACED)
    unspaced = "|".join(some for lang, some in words.items() if lang in _UNSPACED)
    return rf"\b(?:{spaced}){ends}|{unspaced}"


def _compiled(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


_START = r"(?:^\W*|[|｜:：/\[【(（<〈《「«]\s?|\s[-–—]\s|[.!?]\s)"  # where a headline or a part of it begins
_STOP = r"(?:\s?[|｜:：/\])）】>〉》」»]|\s[-–—]|[-–—]\s|\.\s|\s?$)"  # what follows a label
_OPEN, _CLOSE = r"[\[【(（<〈《「]", r"[\])）】>〉》」]"  # brackets around a label


# --------------------------------------------------------------------------- background

_QUESTION = _any_of(
    {  # but for what heads who reported something, or "at least"
        "en": r"why|how",
        "de": (
            r"warum|wieso|weshalb"
            r"|wie(?! [^,:?]{0,60}?(?:mitteil|mitgeteilt|bericht|meld|sagt|erklär|bestätig|bekannt|verlaut|heißt|hieß"
            r"|erwartet|geplant|angekünd))"
        ),
        "fr": r"pourquoi|comment",
        "es": r"por qué|cómo",
        "pl": (
            r"dlaczego"
            r"|jak(?! (?:[^,:?]{0,40} )?(?:poda|inform|poinform|przekaz|powied|donos|donio|twierdz|stwierdz|wynik|ustal"
            r"|dowied|pisz|zapowi|oświadcz|potwierdz|zaznacz|dotąd|dotychczas))"
        ),
        "ru": (
            r"почему|зачем"
            r"|как(?! (?:[^,:?]{0,40} )?(?:сообщ|заяв|переда|пиш|извест|стало|отме|утвержд|рассказ|уточн|говор|указ"
            r"|подчерк|выясн|ожида|минимум|только))"
        ),
        "uk": (
            r"чому"
            r"|як(?! (?:[^,:?]{0,40} )?(?:повідом|заяв|переда|пиш|відом|стало|зазнач|розпов|уточн|сказа|йдеться|інформ"
            r"|наголос|підкресл|очіку|мінімум|тільки))"
        ),
    }
)
_GENRE = _any_of(
    {  # plain nouns but for where they stand alone
        "en": (
            r"analysis|opinion|comment|commentary|column|editorial|essay|review|profile|interview|feature|portrait"
            r"|history|guide|background|lessons|photos|diary|explainer|explained|factbox|timeline"
        ),
        "de": (
            r"hintergr[uü]nde?|analyse|kommentar|chronik|porträt|meinung|leitartikel|überblick|kolumne|glosse|reportage"
        ),
        "fr": r"tribune|récit|décryptage|éditorial|chronique|enquête|carnet|entretien",
        "es": r"análisis|opinión|claves|reportaje|perfil|columna|crónica|entrevista",
        "pl": r"analiza|komentarz|opinia|reportaż|sylwetka|felieton|esej|przewodnik|wywiad",
        "ru": r"анализ|мнение|хроника|колонка|репортаж|справка|досье|интервью|очерк|монолог",
        "uk": r"аналіз|думка|довідка|досьє|інтерв.ю|нарис|репортаж|хроніка",
        "ja": r"コラム|検証|ルポ|まとめ|経緯|特集|手記|インタビュー",
        "zh": r"解读|评论|回顾|盘点|梳理|问答|特稿|专访|时评",
        "ko": r"기고|사설|칼럼|분석|해설|르포|일지|정리|기획|특집|논설|오피니언|인터뷰",
    }
)
_HEADING = _any_of(
    {  # where a part of the headline begins
        "en": (
            r"behind(?! (?:bars|schedule)\b)|lessons (?:from|of)|looking back|a look back|letter from"
            r"|an? (?:\w{1,12} )?(?:timeline|history|guide|profile|portrait)"
            r"|(?:timeline|history|guide|profile|portrait) (?:of|to)"
        ),
        "de": r"kommentar zu[mr]?|hintergründe zu[mr]?|chronik (?:der|des|einer|eines)",
        "es": r"(?:las |\w{1,8} )?claves (?:del?|para|sobre)",
    }
)
_EXPLAINING = {  # anywhere in a headline
    "en": (
        r"what we know|what(?:.s| is) known|what to (?:know|watch|expect)|who.s who|(?:in|by the) numbers|faq"
        r"|chronolog\w*|q&a|look back at|in pictures|podcast|timeline of"
    ),
    "de": r"was wir (?:wissen|nicht)|was bisher|wer ist wer|in zahlen|fragen und antworten|zeitleiste",
    "fr": r"qui est qui|en (?:\w{1,12} )?chiffres|ce que l.on sait|ce qu.il faut savoir",
    "es": r"cronología|quién es quién|en (?:cifras|datos)|lo que se sabe|preguntas y respuestas",
    "pl": r"kalendarium|kto jest kim|w liczbach|co (?:wiemy|wiadomo)|pytania i odpowiedzi",
    "ru": r"кто есть кто|в цифрах|что (?:известно|мы знаем)|вопросы и ответы|хронология",
    "uk": r"хронологія|хто є хто|[ву] цифрах|що (?:відомо|ми знаємо)|питання і відповіді",
    "ja": r"なぜ|解説(?!委員|者)|社説|年表|時系列",
    "zh": r"为何|为什么|社论|时间线|一文(?:读懂|看懂|了解|梳理|说清)|谁是谁",
    "ko": r"(?<![가-힣])왜(?![가-힣])|연표|타임라인|일문일답",
}
_BACKGROUND = _compiled(
    r"[?？]",
    rf"{_START}(?:(?:{_QUESTION})\b|(?:an? |the )?(?:\w{{1,12}} )?(?:{_GENRE}){_STOP}|(?:{_HEADING})\b)",
    rf"\b(?:(?!comment\b)(?:{_GENRE}))\s?[:：]",
    rf"{_OPEN}\w{{0,6}}(?:{_GENRE})[\s\d①-⑳]{{0,4}}{_CLOSE}",
    _either(_EXPLAINING),
)


# --------------------------------------------------------------------------- once more, on the eve, so long after

_AGAIN = _compiled(
    _either(
        {  # said or done before
            "en": r"again|once more|repeat(?:s|ed|ing)?|reiterat\w+|renew(?:s|ed)|still",
            "de": r"erneut|wieder|wiederhol\w+|abermals|nochmals|bekräftig\w+|weiterhin|immer noch",
            "fr": r"à nouveau|de nouveau|encore|réitèr\w+|réaffirm\w+|toujours",
            "es": r"de nuevo|otra vez|nuevamente|reiter\w+|insist\w+|sigue\w*|todavía|aún",
            "pl": r"ponownie|znowu|znów|powtórzy\w+|powtarza\w*|podtrzym\w+|nadal|wciąż",
            "ru": r"снова|вновь|опять|повтор\w+|по-прежнему|вс[её] еще|вс[её] ещё",
            "uk": r"знову|вкотре|досі|надалі",
            "ja": r"再び|改めて|再度|再三|繰り返|依然",
            "zh": r"再次|重申|仍",
            "ko": r"재차|다시|거듭|또다시|여전히|재확인",
        }
    )
)
_EVE = _compiled(
    _either(
        {  # about to happen
            "en": (
                r"tomorrow|tonight|on the eve|eve of|ahead of|(?:days?|hours?) to go|awaits?|awaiting|looms?|looming"
                r"|countdown|set to"
                r"|due to (?:be|appear|arrive|give|go|hold|launch|leave|return|sign|speak|stand|take)"
                r"|to (?:begin|start|open|meet|hear|resume|vote|rule|decide|end|expire)"
                r"|(?:begins?|starts?|opens?|ends?|expires?) (?:on (?:mon|tues|wednes|thurs|fri|satur|sun)day"
                r"|at (?:\d|noon|midnight)|next|in (?:\d|two|three))"
            ),
            "de": (
                r"(?-i:(?<!am )morgen)|bevorsteh\w+|steh(?:t|en) bevor|am vorabend|wartet|warten"
                r"|(?:beginnt|startet|endet|läuft) (?:am|um|in \w{1,12}|bald|nächste\w?)"
            ),
            "fr": (
                r"demain|à la veille|s.apprêt\w+|attendent|en attendant|(?:on|qui|l.)\s?attend"
                r"|attend (?:le|la|les|l.|une?|des|du|son|sa|ses|leurs?|toujours|encore|que|d.)|compte à rebours"
                r"|(?:s.ouvre|débute|commence|expire) (?:ce|dans|le \d\w*)"
            ),
            "es": (
                r"(?<!la )(?<!esta )mañana|vísperas?|espera|esperan|esperando|faltan? \w{1,12} (?:días?|horas?|semanas?)"
                r"|cuenta atrás|(?:vence|empieza|comienza|arranca) (?:este|dentro"
                r"|el (?:lunes|martes|miércoles|jueves|viernes|sábado|domingo|\d\w*))"
            ),
            "pl": r"jutro|w przeddzień|czeka|czekają|czekając|oczekuj\w+|odliczanie|rozpocznie|zacznie|mija termin",
            "ru": (
                r"завтра|накануне|(?:осталось|оста[её]тся) \w{1,12} (?:дн\w+|день|час\w*|недел\w+|сут\w+)"
                r"|ожида(?:ет|ют|ется|ются|нии)|предсто(?:ит|ят|ящ\w+)|начн[её]тся|состоится|истекает|ждут|жд[её]т"
            ),
            "uk": (
                r"напередодні|(?:лишилося|залишилося|залишається) \w{1,12} (?:дн\w+|день|годин\w*|тижн\w+|діб)"
                r"|очіку(?:є|ють|ється|ються|ванні)|почнеться|розпочнеться|відбудеться|спливає|чекають|чекає"
            ),
            "ja": r"明日|あす|今夜|前夜|前日|(?<!差し)控え(?![めろ室])|迫る|待つ|待ち|あと\d{1,4}(?:日|時間|週)",
            "zh": r"明天|今晚|前夕|在即|即将|倒计时|等待",
            "ko": r"내일|앞두고|앞둔|임박|전야|기다리|(?<![A-Za-z])D-\d",
        }
    ),
    r"^morgen\b",
)
_SPAN = _any_of(
    {
        "en": r"days?|weeks?|months?|years?",
        "de": r"tage?n?|wochen?|monate?n?|jahre?n?",
        "fr": r"jours?|semaines?|mois|ans?",
        "es": r"días?|semanas?|mes(?:es)?|años?",
        "pl": r"dni|dzień|tygodni\w*|tydzień|miesi\w+|rok|lata?",
        "ru": r"дн\w+|день|недел\w+|месяц\w*|лет|года?",
        "uk": r"тижн\w+|тиждень|місяц\w*|рік|рок\w*|років",
    }
)
_AFTER = _any_of(
    {  # behind a span
        "en": r"later|after(?! day| another| tomorrow| next)|since|into|on (?:from|since)|on(?=\s?(?:[,:;.|–—]|$))",
        "de": r"nach|später|danach",
        "fr": r"après",
        "es": r"después|tras(?! las rejas)",
        "pl": r"po|później|temu",
        "ru": r"спустя|после|потому|тому(?! що)|по тому",
        "uk": r"після",
    }
)
_FOR = _any_of(
    {  # before a number and a span
        "de": r"seit",
        "fr": r"depuis",
        "es": r"desde hace|lleva\w*",
        "pl": r"od",
        "ru": r"уже|спустя|минуло?",
        "uk": r"вже",
    }
)
_ANNIVERSARY = _any_of(
    {
        "en": r"anniversar\w+",
        "de": r"jahrest[aä]g\w*",
        "fr": r"anniversaires?",
        "es": r"aniversarios?",
        "pl": r"rocznic\w*",
        "ru": r"годовщин\w*",
        "uk": r"річниц\w*",
    }
)
_IN_A_ROW = _any_of(
    {  # the second day, the third week
        "en": r"(?:second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth) (?:day|week|month|year)",
        "de": r"(?:zweit|dritt|viert|fünft|sechst)e[nrs]? (?:tag|woche|monat|jahr)",
        "fr": r"(?:deux|trois|quatr|cinqu|six)ième (?:jour|semaine|mois|année)",
        "es": r"(?:segund[oa]|tercer[oa]?|cuart[oa]|quint[oa]|sext[oa]) (?:día|semana|mes|año)",
        "pl": r"(?:drugi|trzeci|czwarty|piąty|szósty) (?:dzień|tydzień|miesiąc|rok)",
        "ru": r"(?:второй|вторую|вторая|третий|третью|третья|четв[её]ртый|пятый) (?:день|недел[яюи]|месяц|год)",
        "uk": r"(?:другий|третій|четвертий|п.ятий) (?:день|тиждень|місяць|рік)",
    }
)
_NUMBERED = r"(?<!\d)\d{1,4}(?:(?:st|nd|rd|th|er?|º|-?[йи])|\.)"  # the 100th, den 10.
_ON_DAY = r"(?:day|tag|jour|dzień|день) \d{1,4}|día \d{1,4}(?! de)"
_ELAPSED = _compiled(  # so long after
    rf"\b(?:(?:{_SPAN}) (?:{_AFTER})|(?:{_FOR}) \w{{1,20}} (?:{_SPAN})|{_ANNIVERSARY}|{_IN_A_ROW}"
    rf"|{_NUMBERED} (?:{_SPAN})|{_ON_DAY})\b",
    _any_of(
        {
            "ja": (
                r"(?<!\d)\d{1,4}(?:日|週間?|か月|カ月|ヶ月|年)(?:目|余|たっ|経)"
                r"|から(?:\d{1,3}日(?!まで|に)|\d{1,3}(?:週間|か月|カ月|ヶ月)|\d{1,2}年)|周年"
            ),
            "zh": (
                r"第[\d一二三四五六七八九十百两]{1,4}(?:天|周|週|个月|年)"
                r"|[\d一二三四五六七八九十百两半](?:(?:个月|年)后|(?:天|周|个月|年)(?:来|以来|过去))"
            ),
            "ko": (
                r"(?<!\d)\d{1,4}(?:(?:일|주|개월|년) ?(?:째|만에|넘|지나)|(?:개월|년) ?(?:후|뒤))"
                r"|(?:이틀|사흘|나흘|닷새|열흘|보름|일주일) ?(?:째|만에)|주년|한 ?달 ?(?:째|만에|후|뒤|넘|지나)"
            ),
        }
    ),
)


# --------------------------------------------------------------------------- live tickers, roundups

_LIVE_LABEL = _any_of(
    {
        "en": r"live",
        "fr": r"en direct",
        "es": r"en directo|en vivo",
        "pl": r"(?:relacja )?na żywo",
        "ru": r"онлайн|прямой эфир|прямая трансляция",
        "uk": r"наживо|прямий ефір",
    }
)
_VIDEO_LABEL = _any_of(
    {
        "en": r"watch|video",
        "fr": r"direct|vidéo",
        "es": r"vídeo",
        "pl": r"wideo",
        "ru": r"видео",
        "uk": r"відео",
        "ja": r"動画|映像|ライブ|生中継|生配信",
        "zh": r"直播|视频|視頻",
        "ko": r"생방송|생중계|라이브|영상|동영상",
    }
)
_LIVE_HEAD = _any_of(
    {  # labels enough at the head of a headline, whatever follows
        "fr": r"en direct",
        "es": r"en directo|en vivo",
        "pl": r"na żywo",
        "ja": r"動画|映像|生中継|生配信",
        "zh": r"直播|视频",
        "ko": r"생방송|생중계|영상",
    }
)
_LIVE_BRACKETED = _any_of(
    {
        "ja": r"動画|映像|ライブ|生中継|生配信",
        "zh": r"直播|视频",
        "ko": r"생방송|생중계|라이브|영상",
    }
)
_LIVE = _compiled(  # the words are everyday ones but for where they stand as a label
    rf"{_START}(?:with |mit |avec |con |z |с |з |\+ ?)?(?:{_LIVE_LABEL}|{_VIDEO_LABEL}){_STOP}",
    rf"(?<!they )(?<!people )(?<!we )(?<!to )\b(?:{_LIVE_LABEL})\s?[:：|｜]",
    rf"^\W*(?:{_LIVE_HEAD})(?!\w)",
    rf"{_OPEN}\w{{0,6}}(?:{_LIVE_BRACKETED})(?:あり)?{_CLOSE}",
    r"\blive[- ]?(?:blog|ticker|updates?|coverage|reporting)",
    r"(?:онлайн|текстовая|текстова)[- ]трансляц[ияії]|ライブ更新|实时更新",
    r"(?-i:(?<![^\W_])LIVE(?![A-Za-z]|\s[A-Z]{2})(?!(?<=[A-Z] LIVE)\s?$))",  # in capitals where the rest is not
)
_ROUNDUP = _compiled(
    _either(
        {
            "en": (
                r"(?:morning|evening|daily|weekly|news|lunchtime) (?:briefing|digest|roundup|round-up|bulletin|wrap|update)"
                r"|news in brief|in brief|top stories|headlines|latest updates?"
                r"|what (?:happened|you need to know) (?:today|this week)"
            ),
            "de": (
                r"(?:nachrichten|news|meldungen) (?:kompakt|des tages|in kürze|im überblick)|kurz gemeldet|kurzmeldungen"
                r"|das wichtigste (?:des tages|am morgen)"
            ),
            "fr": r"l.essentiel (?:de l.actualité|du jour)|les titres du jour|en bref|les brèves",
            "es": r"noticias del día|lo más importante del día|resumen (?:del día|de noticias)|en breve",
            "pl": r"skrót (?:dnia|wiadomości)|najważniejsze (?:wydarzenia|wiadomości)|w skrócie",
            "ru": r"главное за (?:день|неделю|сутки|утро)|новости (?:дня|к этому часу)|коротко о главном",
            "uk": r"головне за (?:день|тиждень|добу|ранок)|новини (?:дня|за добу)|коротко про головне",
            "ja": r"今日のニュース|ニュースまとめ|主なニュース",
            "zh": r"今日要闻|新闻早报|每日新闻|新闻简报",
            "ko": r"오늘의 뉴스|주요 뉴스|뉴스 브리핑|간추린 뉴스",
        }
    )
)


# --------------------------------------------------------------------------- the page's own sentences

_FURNITURE = _compiled(
    _either(
        {
            "en": (
                r"follow us|sign up|subscribe (?:now|to|here|today)|(?:our|free|daily|weekly) newsletter"
                r"|all rights reserved|read (?:more|also|next)|click here|copyright ©"
                r"|this (?:live (?:blog|page)|blog) (?:is|has) (?:now )?(?:closed|over|ended)"
                r"|that.s (?:all|it) (?:for|from us)|we are (?:closing|wrapping up)"
                r"|thanks? (?:you )?for (?:reading|following)|our live coverage|additional reporting by|editing by"
                r"|reporting by|(?:photo|image|picture|video)s?(?: credit)?:|getty images|share this"
                r"|download (?:our|the) app|support our journalism"
                r"|this (?:article|story) (?:was|has been) (?:updated|amended|corrected)"
            ),
            "de": (
                r"folgen sie uns|abonnieren sie|alle rechte vorbehalten|lesen sie auch|mehr zum thema"
                r"|(?:foto|bild|quelle):|dieser (?:liveblog|ticker) (?:ist|wird) (?:jetzt |nun |hiermit )?(?:beendet|geschlossen)"
            ),
            "fr": (
                r"suivez-nous|abonnez-vous|inscrivez-vous|tous droits réservés|lire aussi|à lire aussi"
                r"|(?:crédit )?photo ?:|ce direct est (?:maintenant |désormais )?terminé|merci de nous avoir suivis"
            ),
            "es": (
                r"síguenos|síganos|suscríbete|suscríbase|todos los derechos reservados|lea también|lee también"
                r"|boletín de noticias|gracias por seguirnos|foto ?:"
            ),
            "pl": (
                r"śledź nas|obserwuj nas|zapisz się|subskrybuj|wszelkie prawa zastrzeżone"
                r"|czytaj (?:też|także|również|więcej)|zobacz też|fot\.|zdjęcie:|dziękujemy za śledzenie"
            ),
            "ru": (
                r"подписывайтесь|подпишитесь|следите за нами|читайте также|читайте нас|все права защищены|фото:"
                r"|мы завершаем (?:нашу )?(?:трансляцию|онлайн)"
            ),
            "uk": (
                r"підписуйтесь|підписуйтеся|підпишіться|стежте за нами|читайте також|читайте нас"
                r"|усі права захищено|всі права захищені|ми завершуємо (?:нашу )?(?:трансляцію|онлайн)"
            ),
            "ja": (
                r"無断転載|転載禁止|フォローして(?:ください|ね)|購読(?:はこちら|お申し込み)|関連記事|あわせて読みたい|【写真"
            ),
            "zh": r"版权所有|关注我们|订阅我们|延伸阅读|责任编辑|图片来源",
            "ko": (r"무단 ?전재|재배포 금지|구독(?:하기|해 ?주)|팔로우(?:하기|해 ?주)|기자 ?=|사진 ?=|제보는"),
        },
        ends="",  # many end in a colon
    )
)
FURNITURE_CHARS = 240  # a call to follow or subscribe is short; a report that has such words in it is not
_BY = _any_of(
    {
        "en": r"by|reporting|text",
        "de": r"von",
        "fr": r"par|texte",
        "es": r"por|texto",
        "pl": r"tekst",
        "ru": r"автор|текст",
        "uk": r"авторка",
    }
)
_BYLINE = _compiled(rf"^(?:{_BY})\b:?(?: [\w.’'-]+){{1,8}}$")


# --------------------------------------------------------------------------- reported, negated, dated

_REPORTED = _compiled(
    _either(
        {
            "en": r"said|says|told|announced|announces|confirmed|confirms|according|reported|reports|statement|spokes\w+",
            "de": r"sagte|teilte|erklärte|bestätigt\w*|laut",
            "fr": r"déclaré|annoncé|annonce|selon|confirmé|indiqué",
            "es": r"dijo|anunció|según|confirmó|informó|declaró",
            "pl": r"powiedział\w*|poinformował\w*|ogłosił\w*|oświadczył\w*|potwierdził\w*",
            "ru": r"сообщил\w*|заявил\w*|объявил\w*|подтвердил\w*",
            "uk": r"повідоми\w*|заяви\w*|оголоси\w*|підтверди\w*",
            "ja": r"発表|明らかに|述べ|表明",
            "zh": r"宣布|表示|证实",
            "ko": r"밝혔|발표|전했|확인",
        }
    )
)
_NEGATION = re.compile(  # on lower-case text: twice as fast as looking past the case
    _either(
        {
            "en": r"not?|never|neither|nor|cannot|den(?:ie[sd]|y|ying)|refus\w+|reject\w+|without",
            "de": r"nicht|nie|niemals|niemand|kein\w*|ohne|lehn\w+|dementier\w+",
            "fr": r"ne|pas|jamais|aucune?|sans|dément\w*",
            "es": r"nunca|ning[úu]n\w*|niega\w*|rechaz\w+|jamás",
            "pl": r"nigdy|żad\w+|odmów\w+|zaprzecz\w+",
            "ru": r"не|нет|ни|никто|никогда|без|отказ\w+|опроверг\w+",
            "uk": r"ні|немає|ніхто|ніколи|відмов\w+|спросту\w+",
            "ja": r"ない|なかった|ません|ず[、に]|否定|拒否|拒絶",
            "zh": r"[不未]|没有|沒有|否认|否認|拒绝|拒絕",
            "ko": r"[않없못]|아니|거부|부인",
        }
    )
    + r"|n['’](?:t\b|(?<=\bn['’])(?=[aeéhiouêy]))"  # isn't, n'a
)
_DAY = _compiled(
    _any_of(
        {
            "en": r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:today|yesterday)\b",
            "de": r"\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|heute|gestern)\w*",
            "fr": r"\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|aujourd.hui|hier)\b",
            "es": r"\b(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo|hoy|ayer)\b",
            # every case with its end: the stems begin "environment", "fourth", "fifth" and "among" too
            "pl": (
                r"\b(?:poniedział(?:ek|ku|kiem|kowi|ki|kow\w+)|wtor(?:ek|ku|kiem|kowi|ki|kow\w+)"
                r"|środ(?:a|y|ę|ą|zie|ow[yaeą]|owego|owej|owym|owych)|(?:czwart|piąt)(?:ek|ku|kiem|kowi|ki|kow\w+)"
                r"|sobo(?:ta|ty|tę|tą|cie|tni\w*)|niedziel(?:a|i|ę|ą|e|n\w+)|dziś|dzisiaj|dzisiejsz\w+|wczoraj|wczorajsz\w+)\b"
            ),
            "ru": (
                r"\b(?:(?:понедельник|вторник|четверг)(?:а|у|ом|е|и|ам|ах)?|среду|(?:до|со?|после|утром|вечером) среды"
                r"|пятниц(?:а|ы|у|е|ей|ам)|суббот(?:а|ы|у|е|ой|ам)|воскресень(?:е|я|ю|ем|ям)|(?:сегодня|вчера)(?:шн\w+)?)\b"
            ),
            "uk": (
                r"\b(?:(?:понеділ|вівтор)(?:ок|ка|ку|ком|ки)|серед(?:а|и|у|ою)|четвер(?:га|гу|гом|ги)?|п.ятниц(?:я|і|ю|ею)"
                r"|субот(?:а|и|у|і|ою)|неділ(?:я|і|ю|ею)|(?:сьогодні|[ву]чора)(?:шн\w+)?)\b"
            ),
            "ja": r"(?<!\d)\d{1,4}[日일]|今日|昨日",
            "zh": r"今天|昨天|周[一二三四五六日]",
            "ko": r"오늘|어제",
        }
    )
)


@lru_cache(maxsize=1024)
def is_background(text: str) -> bool:
    """Is a headline a question, or headed as an explainer, an opinion, a chronicle?

    Words that news uses too (comment, column, как, wie) count only where a part of the headline begins, or as a label.
    """
    return _BACKGROUND.search(text) is not None


@lru_cache(maxsize=4096)
def is_again(text: str) -> bool:
    """Does a sentence say that something was said or done once more, or goes on?"""
    return _AGAIN.search(text) is not None


@lru_cache(maxsize=4096)
def is_eve(text: str) -> bool:
    """Does a sentence look at what is just about to happen: tomorrow, on the eve, awaited, due? "Today" is not enough."""
    return _EVE.search(text) is not None


@lru_cache(maxsize=4096)
def is_elapsed(text: str) -> bool:
    """Does a sentence count the time since something happened: so long after, day 10, an anniversary?

    A span alone (a prison term, mourning, in three days) is not counted from anything.
    """
    return _ELAPSED.search(text) is not None


@lru_cache(maxsize=1024)
def is_live(text: str) -> bool:
    """Does a headline have the label of a live ticker or a video: at its head, before a colon, in brackets, after a dash?"""
    return _LIVE.search(text) is not None


@lru_cache(maxsize=4096)
def is_negated(text: str) -> bool:
    """Does a sentence negate, deny or refuse something? Never enough alone: French `ne` and Polish `nie` are common."""
    return _NEGATION.search(text.lower()) is not None


@lru_cache(maxsize=4096)
def names_day(text: str) -> bool:
    """Does a sentence name a weekday, a day of the month, today or yesterday? Sentences that tell news do."""
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
