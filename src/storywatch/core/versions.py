"""What another version of an article changes: the two compared by their sentences, so that only meaning counts.

What belongs to the page and not to the report (times, boxes, calls to subscribe, advertisements, notices about
cookies) is left out before. `core.edits` says of two sentences what they differ in; here it is said of two pages.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from storywatch.core.cues import is_furniture
from storywatch.core.edits import Added, Altered, bare, compare_versions, is_stamp, is_typo
from storywatch.core.text import split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from storywatch.core.edits import Difference

FEWEST_WORDS = 4  # of a sentence that comes or goes; a shorter one is a label
FEWEST_SIGNS = 8  # same, where words have no spaces
SAME_TITLE = 0.75  # of the words of two titles: from here on only a word or two was polished
MOST_SENTENCES = 600  # of a version
LONGEST_TIME = 80
LONGEST_PAGE_LINE = 600  # the patterns below look ahead from each word of it
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
MOJIBAKE = re.compile(r"[ÃÂâÐÑ][\u0080-\u00bf\u2018-\u203a€‚ƒ„…†‡ˆ‰Š‹ŒŽ™š›œžŸ]")
DECORATION = re.compile(r"^\s*[|–—\-·•:»]\s*[^|]{2,40}$")
TIME_WORD = re.compile(
    r"[年月日時分秒间時間週周]|(?:更新|最終|公開|发布|發布|时间|小时|分钟|前|刚刚|今天|昨天|午前|午後|上午|下午|星期|曜)"
    r"|(?:입력|수정|업데이트|오전|오후|시간|분|시|일|월|년|초|전|방금|어제|오늘)"
    r"|\b(?:"
    r"updated?|modified|last|published|posted|ago|about|just|now|at|on|a|an|the|today|yesterday|am|pm|gmt|utc|cet|cest|est|edt|bst|et|pt|msk|eet"
    r"|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|h|m|s|d"
    r"|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    r"|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
    r"|vor|stand|aktualisiert|veröffentlicht|uhr|um|am|heute|gestern|gerade|eben|sekunden?|minuten?|stunden?|std|min|tag(?:en)?|wochen?|monat(?:en)?"
    r"|januar|jänner|februar|märz|mai|juni|juli|august|september|oktober|november|dezember|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
    r"|il|y|mis|mise|jour|publié|modifié|le|à|aujourd|hui|hier|heures?|jours?|semaines?|mois|secondes?"
    r"|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|hace|actualizado|publicado|el|la|las|los|de|del|hoy|ayer|segundos?|minutos?|horas?|días?|semanas?|meses|mes"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
    r"|temu|aktualizacja|zaktualizowano|opublikowano|dzisiaj|dziś|wczoraj|godz|godzin[aęy]?|minut[aęy]?|sekund[aęy]?|dni|dzień|tydzień|tygodni[ea]?|r"
    r"|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia"
    r"|poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela"
    r"|назад|обновлено|опубликовано|в|сегодня|вчера|только|что|секунд[аыу]?|минут[аыу]?|час(?:а|ов)?|день|дня|дней|недел[юиь]|мск|г"
    r"|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
    r"|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье"
    r"|тому|оновлено|опубліковано|о|об|сьогодні|вчора|щойно|хвилин[аиу]?|годин[аиу]?|дні|днів|тижн(?:і|ів)|р"
    r"|січня|лютого|березня|квітня|травня|червня|липня|серпня|вересня|жовтня|листопада|грудня"
    r"|понеділок|вівторок|середа|четвер|п'ятниця|субота|неділя"
    r")\b"
)
PAGE_LINE = re.compile(
    r"^\W*(?:advertisement|sponsored|anzeige|werbung|publicité|publicidad|reklama|реклама|広告|广告|廣告|광고|pr)\W*$"
    r"|^\W*(?:related(?: (?:articles|stories|topics))?|most read|more on this(?: story)?|more from|trending|editor.s picks|recommended|see also"
    r"|read more|mehr zum thema|verwandte (?:artikel|themen)|meistgelesen|das könnte sie auch interessieren|lesen sie auch"
    r"|à lire aussi|lire aussi|sur le même (?:sujet|thème)|les plus lus|lea también|le puede interesar|te puede interesar|más leídas|noticias relacionadas"
    r"|czytaj (?:też|także|również)|zobacz (?:też|także)|polecane|najczęściej czytane|читайте также|по теме|самое читаемое|рекомендуем"
    r"|читайте також|за темою|найпопулярніше|関連記事|あわせて読みたい|おすすめ|相关阅读|相关新闻|延伸阅读|推荐阅读|관련 ?기사|많이 본 뉴스|추천 ?기사)\b"
    r"|^\W*(?:comments?|shares?|views?|kommentare?|commentaires?|partages|comentarios|komentarz[ey]?|komentarzy|комментари\w+|просмотр\w*"
    r"|коментар\w*|перегляд\w*)\W{0,9}\d{1,9}\W{0,9}$"
    r"|^\W*\d[\d\s.,]{0,20}[km]?\s{0,3}(?:comments?|shares?|views?|kommentare?|commentaires?|partages?|comentarios?|komentarz\w*|комментари\w+|просмотр\w*"
    r"|коментар\w*|перегляд\w*|件のコメント|条评论|次阅读|개의 댓글|댓글)\W*$"
    r"|^\W*(?:댓글|评论|コメント|조회수?|공유)\W{0,9}\d[\d.,]{0,15}\W{0,9}$"
    r"|^\W*(?:reading time|lesezeit|temps de lecture|tiempo de lectura|czas czytania|время чтения|час читання|読了時間|阅读时间|읽는 ?시간)\b.{0,30}$"
    r"|\b(?:cookies?|куки|файлы cookie|файли cookie|クッキー|쿠키)\b.{0,200}\b(?:accept|consent|use|experience|policy|akzeptier|verwend|nutz|einwillig|acceptez|utilis"
    r"|aceptar|utiliza|usamos|akceptuj|używa|zgod|использу|соглас|використов|погод|使用|同意|사용|동의)"
    r"|\b(?:we use|wir verwenden|wir nutzen|nous utilisons|utilizamos|usamos|używamy|мы используем|ми використовуємо)\b.{0,60}cookie"
    r"|(?:本网站|当サイト|本サイト|이 사이트|본 사이트).{0,60}(?:cookie|クッキー|쿠키)"
    r"|^\W*share (?:this|on|via)\b.{0,40}$|この記事を(?:シェア|共有)|^\W*分享(?:到|至)|공유하기\W*$|^\W*(?:写真|照片|图片|圖片|사진)\s*[:：=]"
    r"|^\W*(?:listen to this (?:article|story)|diesen artikel (?:an)?hören|écouter (?:cet |l.)article|escuchar? (?:este |el )artículo)\b.{0,40}$"
    r"|^\W*(?:support (?:us|our journalism)|donate (?:now|today|to us)|unterstützen sie uns|faites un don|wesprzyj nas|поддержите нас|підтримайте нас)\b"
    r"|^\W*(?:©|\(c\)|copyright)\s?",
    re.IGNORECASE,
)
CORRECTED = re.compile(
    r"^\W*(?:correction|corrections|clarification|editor.s note|korrektur|berichtigung|richtigstellung|klarstellung|anmerkung der redaktion"
    r"|rectificatif|correctif|précision|note de la rédaction|corrección|rectificación|fe de errores|fe de erratas|aclaración|nota de la redacción"
    r"|sprostowanie|korekta|wyjaśnienie|od redakcji|исправление|уточнение|поправка|от редакции|виправлення|уточнення|спростування|від редакції"
    r"|訂正|お詫びと訂正|更正|勘误|编者按|정정|바로잡습니다|알려드립니다)\b\s?(?:[:：.–—(\-]|\d|$|は|が|합|$)"
    r"|\b(?:an earlier|a previous) version of this (?:article|story|report)|this (?:article|story) (?:was|has been) (?:amended|corrected)"
    r"|in einer früheren (?:version|fassung)|une (?:première )?version (?:précédente|antérieure) de cet article|(?:una )?versión anterior de este artículo"
    r"|(?:we )?wcześniejszej wersji (?:tego )?(?:artykułu|tekstu)|в (?:более ранней|предыдущей|первоначальной) версии|у (?:попередній|ранішій) версії"
    r"|以前の(?:記事|版)|(?:本文|报道|文章)(?:此前|先前|早前)(?:的)?版本|이전 (?:버전|기사)",
    re.IGNORECASE,
)
RETRACTED = re.compile(
    r"\b(?:this|the) (?:article|story|report) (?:has been|was|is) (?:retracted|withdrawn|taken down)|we (?:have )?(?:retract|withdraw|withdrew) (?:this|the|our)"
    r"|^\W*retraction\b|(?:dieser|der) (?:artikel|beitrag|bericht) wurde (?:zurückgezogen|entfernt)|wir ziehen (?:diesen|den|unseren) (?:artikel|bericht)"
    r"|cet article a été (?:retiré|dépublié)|nous retirons cet article|este artículo ha sido (?:retirado|eliminado)|retiramos este artículo"
    r"|(?:ten )?artykuł został (?:wycofany|usunięty)|wycofujemy (?:ten )?artykuł|(?:эта )?(?:статья|публикация) (?:отозвана|удалена|снята)"
    r"|(?:цю )?(?:стаття|статтю|публікацію) (?:відкликано|вилучено|знято)|記事を(?:取り消|撤回|削除)|(?:本文|文章|报道)已(?:被)?(?:撤回|撤销|删除)"
    r"|기사(?:를|가) (?:철회|취소|삭제)",
    re.IGNORECASE,
)


class Change(StrEnum):
    """What another version of a page changes. Only WORDING says nothing new."""

    TITLE = "title changed"
    NUMBER = "number changed"
    STATEMENT = "statement changed"  # a state, a negation, a name
    ADDED = "sentence added"
    REMOVED = "sentence removed"
    CORRECTION = "correction note"
    RETRACTION = "retracted"
    WORDING = "wording only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A text that an article had."""

    title: str
    paragraphs: tuple[str, ...]


def means(changes: Iterable[Change]) -> bool:
    """Does any of these change what the article says?"""
    return any(change is not Change.WORDING for change in changes)


def what_changed(
    before: Version,
    after: Version,
    *,
    titles: bool = True,
    live: bool = False,
    correction: str | None = None,
    corrected: str | None = None,
) -> tuple[Change, ...]:
    """The kinds of change from one version to the next, each once, in the order of `Change`.

    Without `titles` they are not compared. In a `live` blog old entries make room for new ones: what is gone is no
    change. `correction` is what the page says of a correction, `corrected` what it said before.
    """
    old, new = sentences_by_key(before.paragraphs), sentences_by_key(after.paragraphs)
    found: set[Change] = set()
    if titles and (kind := _title_change(before.title, after.title)):
        found.add(kind)
    if correction and bare(correction) != bare(corrected or "") and bare(correction) not in _joined(old):
        found.add(Change.CORRECTION)
    differences = compare_versions(list(old.values()), list(new.values()))
    old_text, new_text = _joined(old), _joined(new)
    for difference in differences:
        kind = _kind(difference, old_text, new_text)
        if kind is not Change.REMOVED or not live:
            found.add(kind)
    return tuple(change for change in Change if change in found)


def said_of(change: Change, before: Version, after: Version, *, correction: str | None = None) -> str | None:
    """The sentence in which a new version says that it is corrected, or taken back; None where none does.

    `correction` is what the page says of a correction.
    """
    old = sentences_by_key(before.paragraphs)
    if change is Change.CORRECTION and correction and bare(correction) not in _joined(old):
        return correction
    pattern = RETRACTED if change is Change.RETRACTION else CORRECTED
    new = sentences_by_key(after.paragraphs).items()
    return next((text for key, text in new if key not in old and pattern.search(text)), None)


def _kind(difference: Difference, before: str, after: str) -> Change:
    if isinstance(difference, Altered):
        return _kind_of_altered(difference)
    if isinstance(difference, Added):
        if _is_within(difference.new, before):
            return Change.WORDING
        return _kind_of_added(difference.new)
    return Change.WORDING if _is_within(difference.old, after) or not _says(difference.old) else Change.REMOVED


def _kind_of_added(sentence: str) -> Change:
    if RETRACTED.search(sentence):
        return Change.RETRACTION
    if CORRECTED.search(sentence):
        return Change.CORRECTION
    return Change.ADDED if _says(sentence) else Change.WORDING


def _kind_of_altered(altered: Altered) -> Change:
    for pattern, change in ((RETRACTED, Change.RETRACTION), (CORRECTED, Change.CORRECTION)):
        if pattern.search(altered.new) and not pattern.search(altered.old):
            return change
    if altered.kind in {"figure", "day"}:
        return Change.NUMBER
    return Change.WORDING if altered.kind == "wording" and not _other_word(altered) else Change.STATEMENT


def _other_word(altered: Altered) -> bool:
    """Does one content word stand in the place of another, or come or go, in a sentence that is else the same?

    Nobody but a reader can say whether "rejected" for "approved" is a matter of style. It is worth a judgement.
    """
    old, new = bare(altered.old).split(), bare(altered.new).split()
    if UNSPACED.search(altered.old):
        return False
    gone = [word for word in old if word not in new]
    come = [word for word in new if word not in old]
    if len(gone) != 1 or len(come) != 1 or min(len(gone[0]), len(come[0])) < FEWEST_WORDS:
        return False
    return not is_typo(gone[0], come[0])


def _title_change(before: str, after: str) -> Change | None:
    old, new = bare(_undecorated(before)), bare(_undecorated(after))
    if old == new or not old or not new:
        return None
    if old in new or new in old:
        longer, shorter = (before, after) if len(old) > len(new) else (after, before)
        if _is_decoration(longer, shorter):
            return None
    differences = compare_versions([before], [after])
    if any(isinstance(one, Altered) and _kind_of_altered(one) is not Change.WORDING for one in differences):
        return Change.TITLE
    words, other = set(old.split()), set(new.split())
    alike = 2 * len(words & other) / max(1, len(words) + len(other))
    come, gone = other - words, words - other
    polished = all(any(is_typo(one, two) for two in gone) for one in come) if gone else alike >= SAME_TITLE
    return Change.WORDING if alike >= SAME_TITLE and polished else Change.TITLE


def _is_decoration(longer: str, shorter: str) -> bool:
    """Is all that one title has more the name of its outlet, behind a bar or a dash?"""
    at = longer.casefold().find(shorter.casefold().strip())
    rest = longer[at + len(shorter.strip()) :] if at == 0 else ""
    return DECORATION.match(rest) is not None


def _undecorated(title: str) -> str:
    return html.unescape(title).strip()


def _is_within(sentence: str, text: str) -> bool:
    """Do its words stand in the other text in this order, though with other stops?"""
    return f" {bare(sentence)} " in text or (UNSPACED.search(sentence) is not None and bare(sentence) in text)


def _says(sentence: str) -> bool:
    """Is it long enough for a sentence, and more than a label?"""
    if UNSPACED.search(sentence):
        return sum(map(str.isalnum, sentence)) >= FEWEST_SIGNS
    return len(bare(sentence).split()) >= FEWEST_WORDS


def _joined(sentences: dict[str, str]) -> str:
    return f" {' '.join(sentences)} "


def sentences_by_key(paragraphs: Sequence[str]) -> dict[str, str]:
    """The sentences of the report by what they say, each once, without what belongs to the page."""
    found: dict[str, str] = {}
    for text in _reported(paragraphs):
        if len(found) >= MOST_SENTENCES:
            break
        found.setdefault(bare(text), text)
    return found


def _reported(paragraphs: Iterable[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        text = _mended(paragraph)
        if is_of_page(text):
            continue
        for sentence in split_sentences(text):
            if not is_of_page(sentence):
                yield sentence


@lru_cache(maxsize=4096)
def is_of_page(text: str) -> bool:
    """Is a line the page's and not the report's? A note of a correction never is, and none is as long as a paragraph."""
    if len(text) > LONGEST_PAGE_LINE:
        return False
    if CORRECTED.search(text) or RETRACTED.search(text):
        return False
    return is_stamp(text) or is_furniture(text) or is_time(text) or PAGE_LINE.search(text) is not None


def _mended(text: str) -> str:
    """Without entities that were escaped twice, and UTF-8 that was read as Latin letters."""
    plain = html.unescape(text)
    if not MOJIBAKE.search(plain):
        return plain
    try:
        return plain.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return plain


@lru_cache(maxsize=4096)
def is_time(text: str) -> bool:
    """Is a line nothing but a moment, a span of time or a count: "vor 3 Stunden", "14:05 Uhr", "1 243"?"""
    if len(text) > LONGEST_TIME:
        return False
    rest = TIME_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold())
    return not any(map(str.isalpha, rest))
