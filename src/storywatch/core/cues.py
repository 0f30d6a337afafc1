"""Words that betray the kind of a text in ten languages: background, what goes on or is about to happen, live tickers, roundups, a page's furniture, negation, a day named, who reports."""

from __future__ import annotations

import re
from functools import lru_cache

_START = r"(?:^\W*|[|｜:：/\[【(（<〈《「«]\s?|\s[-–—]\s|[.!?]\s)"  # where a headline or a part of it begins
_STOP = r"(?:\s?[|｜:：/\])）】>〉》」»]|\s[-–—]|[-–—]\s|\.\s|\s?$)"  # what follows a label
_QUESTION = (  # but for what heads who reported something, or "at least"
    r"why|how|warum|wieso|weshalb|wie(?! [^,:?]{0,60}?(?:mitteil|mitgeteilt|bericht|meld|sagt|erklär|bestätig|bekannt|verlaut|heißt|hieß|erwartet|geplant|angekünd))"
    r"|pourquoi|comment|por qué|cómo|dlaczego"
    r"|jak(?! (?:[^,:?]{0,40} )?(?:poda|inform|poinform|przekaz|powied|donos|donio|twierdz|stwierdz|wynik|ustal|dowied|pisz|zapowi|oświadcz|potwierdz|zaznacz|dotąd|dotychczas))"
    r"|почему|зачем|как(?! (?:[^,:?]{0,40} )?(?:сообщ|заяв|переда|пиш|извест|стало|отме|утвержд|рассказ|уточн|говор|указ|подчерк|выясн|ожида|минимум|только))"
    r"|чому|як(?! (?:[^,:?]{0,40} )?(?:повідом|заяв|переда|пиш|відом|стало|зазнач|розпов|уточн|сказа|йдеться|інформ|наголос|підкресл|очіку|мінімум|тільки))"
)
_GENRE = (  # plain nouns but for where they stand alone
    r"analysis|opinion|comment|commentary|column|editorial|essay|review|profile|interview|feature|portrait|history|guide|background|lessons|photos|diary|explainer|explained|factbox|timeline"
    r"|hintergr[uü]nde?|analyse|kommentar|chronik|porträt|meinung|leitartikel|überblick|kolumne|glosse|reportage"
    r"|tribune|récit|décryptage|éditorial|chronique|enquête|carnet|entretien|análisis|opinión|claves|reportaje|perfil|columna|crónica|entrevista"
    r"|analiza|komentarz|opinia|reportaż|sylwetka|felieton|esej|przewodnik|wywiad|анализ|мнение|хроника|колонка|репортаж|справка|досье|интервью|очерк|монолог"
    r"|аналіз|думка|довідка|досьє|інтерв.ю|нарис|репортаж|хроніка"
    r"|コラム|検証|ルポ|まとめ|経緯|特集|手記|インタビュー|解读|评论|回顾|盘点|梳理|问答|特稿|专访|时评"
    r"|기고|사설|칼럼|분석|해설|르포|일지|정리|기획|특집|논설|오피니언|인터뷰"
)
_BACKGROUND = re.compile(
    rf"[?？]|{_START}(?:(?:{_QUESTION})\b|(?:an? |the )?(?:\w{{1,12}} )?(?:{_GENRE}){_STOP}"
    r"|(?:behind(?! (?:bars|schedule)\b)|lessons (?:from|of)|looking back|a look back|letter from|an? (?:\w{1,12} )?(?:timeline|history|guide|profile|portrait)|(?:timeline|history|guide|profile|portrait) (?:of|to)"
    r"|kommentar zu[mr]?|hintergründe zu[mr]?|chronik (?:der|des|einer|eines)|(?:las |\w{1,8} )?claves (?:del?|para|sobre))\b)"
    rf"|\b(?:(?!comment\b)(?:{_GENRE}))\s?[:：]|[\[【(（<〈《「]\w{{0,6}}(?:{_GENRE})[\s\d①-⑳]{{0,4}}[\])）】>〉》」]"
    r"|\b(?:what we know|what(?:.s| is) known|what to (?:know|watch|expect)|who.s who|(?:in|by the) numbers|faq|chronolog\w*|q&a|look back at|in pictures|podcast|timeline of"
    r"|was wir (?:wissen|nicht)|was bisher|wer ist wer|in zahlen|fragen und antworten|zeitleiste|qui est qui|en (?:\w{1,12} )?chiffres|ce que l.on sait|ce qu.il faut savoir"
    r"|cronología|quién es quién|en (?:cifras|datos)|lo que se sabe|preguntas y respuestas|kalendarium|kto jest kim|w liczbach|co (?:wiemy|wiadomo)|pytania i odpowiedzi"
    r"|кто есть кто|в цифрах|что (?:известно|мы знаем)|вопросы и ответы|хронология|хронологія|хто є хто|[ву] цифрах|що (?:відомо|ми знаємо)|питання і відповіді)\b"
    r"|なぜ|解説(?!委員|者)|社説|年表|時系列|为何|为什么|社论|时间线|一文(?:读懂|看懂|了解|梳理|说清)|谁是谁|(?<![가-힣])왜(?![가-힣])|연표|타임라인|일문일답",
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
    r"\b(?:tomorrow|tonight|on the eve|eve of|ahead of|(?:days?|hours?) to go|awaits?|awaiting|looms?|looming|countdown|set to"
    r"|due to (?:be|appear|arrive|give|go|hold|launch|leave|return|sign|speak|stand|take)|to (?:begin|start|open|meet|hear|resume|vote|rule|decide|end|expire)"
    r"|(?:begins?|starts?|opens?|ends?|expires?) (?:on (?:mon|tues|wednes|thurs|fri|satur|sun)day|at (?:\d|noon|midnight)|next|in (?:\d|two|three))"
    r"|(?-i:(?<!am )morgen)|bevorsteh\w+|steh(?:t|en) bevor|am vorabend|wartet|warten|(?:beginnt|startet|endet|läuft) (?:am|um|in \w{1,12}|bald|nächste\w?)"
    r"|demain|à la veille|s.apprêt\w+|attendent|en attendant|(?:on|qui|l.)\s?attend|attend (?:le|la|les|l.|une?|des|du|son|sa|ses|leurs?|toujours|encore|que|d.)|compte à rebours|(?:s.ouvre|débute|commence|expire) (?:ce|dans|le \d\w*)"
    r"|(?<!la )(?<!esta )mañana|vísperas?|espera|esperan|esperando|faltan? \w{1,12} (?:días?|horas?|semanas?)|cuenta atrás|(?:vence|empieza|comienza|arranca) (?:este|dentro|el (?:lunes|martes|miércoles|jueves|viernes|sábado|domingo|\d\w*))"
    r"|jutro|w przeddzień|czeka|czekają|czekając|oczekuj\w+|odliczanie|rozpocznie|zacznie|mija termin"
    r"|завтра|накануне|(?:осталось|оста[её]тся) \w{1,12} (?:дн\w+|день|час\w*|недел\w+|сут\w+)|ожида(?:ет|ют|ется|ются|нии)|предсто(?:ит|ят|ящ\w+)|начн[её]тся|состоится|истекает|ждут|жд[её]т"
    r"|напередодні|(?:лишилося|залишилося|залишається) \w{1,12} (?:дн\w+|день|годин\w*|тижн\w+|діб)|очіку(?:є|ють|ється|ються|ванні)|почнеться|розпочнеться|відбудеться|спливає|чекають|чекає)\b"
    r"|^morgen\b|明日|あす|今夜|前夜|前日|(?<!差し)控え(?![めろ室])|迫る|待つ|待ち|あと\d{1,4}(?:日|時間|週)|明天|今晚|前夕|在即|即将|倒计时|等待|내일|앞두고|앞둔|임박|전야|기다리|(?<![A-Za-z])D-\d",
    re.IGNORECASE,
)
_SPAN = r"(?:days?|weeks?|months?|years?|tage?n?|wochen?|monate?n?|jahre?n?|jours?|semaines?|mois|ans?|años?|días?|semanas?|mes(?:es)?|dni|dzień|tygodni\w*|tydzień|miesi\w+|rok|lata?|дн\w+|день|недел\w+|месяц\w*|лет|года?|тижн\w+|тиждень|місяц\w*|рік|рок\w*|років)"
_ELAPSED = re.compile(  # so long after
    rf"\b(?:{_SPAN} (?:later|after(?! day| another| tomorrow| next)|since|into|on (?:from|since)|on(?=\s?(?:[,:;.|–—]|$))|nach|später|danach|après|después|tras(?! las rejas)|po|później|temu|спустя|после|після|потому|тому(?! що)|по тому)"
    rf"|(?:seit|depuis|desde hace|lleva\w*|od|уже|вже|спустя|минуло?) \w{{1,20}} {_SPAN}"
    r"|anniversar\w+|jahrest[aä]g\w*|anniversaires?|aniversarios?|rocznic\w*|годовщин\w*|річниц\w*"
    r"|(?:second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth) (?:day|week|month|year)|(?:zweit|dritt|viert|fünft|sechst)e[nrs]? (?:tag|woche|monat|jahr)|(?:deux|trois|quatr|cinqu|six)ième (?:jour|semaine|mois|année)"
    r"|(?:segund[oa]|tercer[oa]?|cuart[oa]|quint[oa]|sext[oa]) (?:día|semana|mes|año)|(?:drugi|trzeci|czwarty|piąty|szósty) (?:dzień|tydzień|miesiąc|rok)"
    r"|(?:второй|вторую|вторая|третий|третью|третья|четв[её]ртый|пятый) (?:день|недел[яюи]|месяц|год)|(?:другий|третій|четвертий|п.ятий) (?:день|тиждень|місяць|рік)"
    rf"|(?<!\d)\d{{1,4}}(?:(?:st|nd|rd|th|er?|º|-?[йи])|\.) {_SPAN}|(?:day|tag|jour|dzień|день) \d{{1,4}}|día \d{{1,4}}(?! de))\b"
    r"|(?<!\d)\d{1,4}(?:日|週間?|か月|カ月|ヶ月|年)(?:目|余|たっ|経)|から(?:\d{1,3}日(?!まで|に)|\d{1,3}(?:週間|か月|カ月|ヶ月)|\d{1,2}年)|周年"
    r"|第[\d一二三四五六七八九十百两]{1,4}(?:天|周|週|个月|年)|[\d一二三四五六七八九十百两半](?:(?:个月|年)后|(?:天|周|个月|年)(?:来|以来|过去))"
    r"|(?<!\d)\d{1,4}(?:(?:일|주|개월|년) ?(?:째|만에|넘|지나)|(?:개월|년) ?(?:후|뒤))|(?:이틀|사흘|나흘|닷새|열흘|보름|일주일) ?(?:째|만에)|주년|한 ?달 ?(?:째|만에|후|뒤|넘|지나)",
    re.IGNORECASE,
)
_LIVE_LABEL = (
    r"live|(?:relacja )?na żywo|онлайн|наживо|en direct|en directo|en vivo|прямой эфир|прямая трансляция|прямий ефір"
)
_LABEL = rf"{_LIVE_LABEL}|direct|watch|video|vidéo|vídeo|wideo|видео|відео|動画|映像|ライブ|生中継|生配信|直播|视频|視頻|생방송|생중계|라이브|영상|동영상"
_LIVE = re.compile(  # the words are everyday ones but for where they stand as a label
    rf"{_START}(?:with |mit |avec |con |z |с |з |\+ ?)?(?:{_LABEL}){_STOP}|(?<!they )(?<!people )(?<!we )(?<!to )\b(?:{_LIVE_LABEL})\s?[:：|｜]"
    r"|^\W*(?:en direct|en directo|en vivo|na żywo|動画|映像|生中継|生配信|直播|视频|생방송|생중계|영상)(?!\w)"
    r"|[\[【(（<〈《「]\w{0,6}(?:動画|映像|ライブ|生中継|生配信|直播|视频|생방송|생중계|라이브|영상)(?:あり)?[\])）】>〉》」]"
    r"|\blive[- ]?(?:blog|ticker|updates?|coverage|reporting)|(?:онлайн|текстовая|текстова)[- ]трансляц[ияії]|ライブ更新|实时更新"
    r"|(?-i:(?<![^\W_])LIVE(?![A-Za-z]|\s[A-Z]{2})(?!(?<=[A-Z] LIVE)\s?$))",  # in capitals where the rest is not
    re.IGNORECASE,
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
    # every case with its end: the stems begin "environment", "fourth", "fifth" and "among" too
    r"|\b(?:poniedział(?:ek|ku|kiem|kowi|ki|kow\w+)|wtor(?:ek|ku|kiem|kowi|ki|kow\w+)|środ(?:a|y|ę|ą|zie|ow[yaeą]|owego|owej|owym|owych)"
    r"|(?:czwart|piąt)(?:ek|ku|kiem|kowi|ki|kow\w+)|sobo(?:ta|ty|tę|tą|cie|tni\w*)|niedziel(?:a|i|ę|ą|e|n\w+)|dziś|dzisiaj|dzisiejsz\w+|wczoraj|wczorajsz\w+)\b"
    r"|\b(?:(?:понедельник|вторник|четверг)(?:а|у|ом|е|и|ам|ах)?|среду|(?:до|со?|после|утром|вечером) среды|пятниц(?:а|ы|у|е|ей|ам)|суббот(?:а|ы|у|е|ой|ам)|воскресень(?:е|я|ю|ем|ям)|(?:сегодня|вчера)(?:шн\w+)?"
    r"|(?:понеділ|вівтор)(?:ок|ка|ку|ком|ки)|серед(?:а|и|у|ою)|четвер(?:га|гу|гом|ги)?|п.ятниц(?:я|і|ю|ею)|субот(?:а|и|у|і|ою)|неділ(?:я|і|ю|ею)|(?:сьогодні|[ву]чора)(?:шн\w+)?)\b"
    r"|(?<!\d)\d{1,4}[日일]|今日|昨日|今天|昨天|周[一二三四五六日]|오늘|어제",
    re.IGNORECASE,
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
