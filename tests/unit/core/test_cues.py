from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from storywatch.core.cues import is_background, is_elapsed, is_eve, is_live, names_day

if TYPE_CHECKING:
    from collections.abc import Callable

LABELLED = [
    "LIVE: harbour closed", "Live: harbour closed", "Harbour fire live: latest updates", "Harbour fire – live",
    "Harbour fire | Live", "WINDOW LIVE: one day to go", "Watch LIVE as the ship leaves", "Harbour fire: live updates",
    "Live blog on the harbour", "Liveticker", "Lage im Hafen im Live-Ticker", "Video: ship leaves", "Watch: ship leaves",
    "Ship leaves (video)", "En direct", "En direct, incendie au port : le bilan", "EN DIRECT - Incendie au port",
    "En vivo: incendio en el puerto", "Incendio en el puerto | Vídeo", "Pożar w porcie. Relacja na żywo",
    "Пожар в порту. Онлайн", "Видео: судно уходит", "Відео: судно йде", "Пожежа в порту: наживо",
    "動画 船が出港", "【動画】船が出港", "【ライブ】港の火災", "【直播】港口火灾", "视频：船只离港", "[생방송] 항구 화재", "항구 화재 (영상)",
]  # fmt: skip
UNLABELLED = [
    "Thousands live in tents after quake", "THOUSANDS LIVE IN TENTS", "Hostage video shows captured sailors alive",
    "Harbour lives on", "Where they live: a map", "Storm watch extended", "Live music returns to harbour", "Live-action film opens",
    "Sänger gibt Live-Konzert", "Video-Plattform gesperrt", "Un train direct pour le port", "Il est tombé en direct à la télévision",
    "Discutieron en vivo por televisión", "Wypadek na żywo w telewizji", "Онлайн-магазин закрылся", "На видео попал взрыв",
    "На відео потрапив вибух", "動画サイトが停止", "警察が動画を公開", "网红直播时被捕", "警方公布视频", "경찰이 영상을 공개했다",
]  # fmt: skip
COUNTED = [
    "A month on, families wait", "A year on", "Two years after the flood", "Six weeks later, no answer", "second week", "Strike: day 10",
    "The 100th day of the strike", "anniversary", "100 Tage nach der Flut", "seit drei Wochen", "Jahrestag", "am 10. Tag",
    "zweite Woche", "Deux ans après la crue", "depuis trois mois", "anniversaire", "deuxième semaine", "Dos años después",
    "Un año tras la riada", "aniversario", "segunda semana", "Rok po powodzi", "rocznica", "drugi tydzień",
    "Три месяца спустя семьи ждут", "через год после наводнения", "годовщина", "вторая неделя", "за місяць після повені",
    "річниця", "другий тиждень", "ストライキ10日目", "発生から3年", "10周年", "一年后", "第二周", "周年", "단식 10일째", "사고 3년 뒤", "10주년",
]  # fmt: skip
UNCOUNTED = [
    "sentenced to 12 years in prison", "5 days of mourning declared", "They spent five days on board", "The storm lasts 3 days", "The vote is the day after tomorrow",
    "zu 12 Jahren Haft verurteilt", "in drei Tagen", "condamné à 12 ans de prison", "dans 3 jours", "condenado a 12 años",
    "12 años tras las rejas", "el día 10 de marzo", "za 3 dni", "skazany na 12 lat", "Суд состоится через 3 дня",
    "приговорён к 12 годам", "суд відбудеться через 3 дні", "засуджений до 12 років", "懲役12年の判決", "3日から5日まで", "被判12年", "징역 12년 선고",
]  # fmt: skip
AWAITED = [
    "The trial is tomorrow", "On the eve of the vote", "Ahead of the summit", "Court awaits report", "Two days to go", "Bridge set to close",
    "Trial due to begin", "Bridge due to open", "Court to hear appeal", "Der Prozess ist morgen", "Morgen beginnt der Prozess",
    "Familien warten", "Le procès est demain", "La famille attend le verdict", "Les familles attendent", "En attendant le verdict",
    "El juicio es mañana", "Faltan dos días", "en vísperas del juicio", "Proces jutro", "Rodzina czeka", "Суд завтра", "Накануне суда",
    "Семьи ждут", "Суд завтра", "Напередодні суду", "Родини чекають", "公判を控え", "明日開廷", "开庭在即", "大选前夕", "명절을 앞두고", "재판 D-3",
]  # fmt: skip
PAST = [
    "The minister attended the funeral", "Thousands attend funeral", "The court ruled today", "Company faces fine", "Delays due to rain",
    "Heute hat das Gericht entschieden", "Am Morgen brannte es", "Le tribunal a tranché aujourd'hui", "Un verdict attendu est tombé",
    "Hoy falló el tribunal", "Crece la esperanza", "Murió por la mañana", "La falta de agua", "Sąd orzekł dziś", "Сегодня суд решил",
    "От дома осталось немного", "Сьогодні суд вирішив", "今日判決が出た", "コメントを差し控えた", "今天法院作出判决", "오늘 판결이 나왔다",
]  # fmt: skip
BACKGROUND = [
    "Will the bridge hold?", "橋は安全か？", "Why the bridge fell", "How the bridge fell", "Opinion | How the bridge fell", "Analysis: the bridge",
    "Opinion", "The bridge | Opinion", "Guest column: the bridge", "Q&A on the bridge", "A timeline of the collapse", "Who's who", "The bridge in numbers",
    "Behind the collapse", "Lessons from the collapse", "Comment: the bridge", "What we know about the bridge",
    "Wie die Brücke fiel", "Kommentar: Die Brücke", "Fragen und Antworten", "Die Brücke in Zahlen", "Comment le pont est tombé",
    "Enquête. Le pont", "Décryptage : le pont", "Le pont en chiffres", "Cómo cayó el puente", "Análisis: el puente", "Las claves del derrumbe",
    "Jak upadł most", "Komentarz: most", "Kto jest kim", "Как упал мост", "Мост: как это было", "Мнение: мост", "Кто есть кто",
    "Як упав міст", "Думка: міст", "[연표] 다리", "[뉴스분석] 다리", "【解説】橋", "橋の崩落を解説", "なぜ橋は落ちた", "【検証】橋", "【评论】大桥", "大桥为何倒塌",
]  # fmt: skip
NEWS = [
    "Ministry declines to comment", "Ministry declines to comment: spokesman", "Journalist back behind bars", "Column of tanks enters city",
    "Review of bridges begins", "Worst flood in history", "Analysis of wreckage finds crack", "Minister explains delay",
    "Wie die Polizei mitteilte, starben drei", "So hoch wie nie", "Minister ohne Kommentar", "Le ministre refuse tout comment",
    "La police ouvre une enquête", "Une maladie chronique", "Testigos claves declaran", "Una columna de tanques", "Jak podało ministerstwo, zginęły trzy osoby",
    "Jak w piątek poinformowała policja, trwa akcja", "Wyższy niż kiedykolwiek, jak w górach", "Как сообщает МИД, погибли трое", "Как минимум трое погибли",
    "Анализ воды показал норму", "Як повідомила поліція, загинули троє", "Не такий, як торік", "検証委員会が発足", "合意をまとめた", "外交部拒绝评论",
    "기획재정부 발표", "정리해고 철회", "역사 왜곡 규탄",
]  # fmt: skip
DAYS = [
    "on Monday", "am Montag", "lundi", "el lunes", "w poniedziałek", "we wtorek", "w środę", "w czwartek", "do piątku", "w piątek",
    "w sobotę", "niedzielny", "w niedzielę", "в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье",
    "у понеділок", "у вівторок", "у середу", "у четвер", "у п’ятницю", "в суботу", "у неділю", "вчора", "3日", "3일", "周三", "오늘",
]  # fmt: skip
NO_DAYS = [
    "серед людей", "в середині міста", "czwarta runda", "piąty dzień", "piąta próba", "środowisko", "środki", "среди людей", "защита окружающей среды",
    "четверо погибли", "четвертий раунд", "the fourth round",
]  # fmt: skip


def _cases(cue: Callable[[str], bool], fires: list[str], silent: list[str]) -> list[object]:
    expected = [(text, True) for text in fires] + [(text, False) for text in silent]
    return [pytest.param(cue, text, told, id=f"{cue.__name__}-{text}") for text, told in expected]


@pytest.mark.parametrize(
    ("cue", "text", "told"),
    [
        *_cases(is_live, LABELLED, UNLABELLED),
        *_cases(is_elapsed, COUNTED, UNCOUNTED),
        *_cases(is_eve, AWAITED, PAST),
        *_cases(is_background, BACKGROUND, NEWS),
        *_cases(names_day, DAYS, NO_DAYS),
    ],
)
def test_a_cue_is_heard_where_it_is_one(cue: Callable[[str], bool], text: str, told: bool) -> None:  # noqa: FBT001
    """The same words in plain news are no cue."""
    assert cue(text) is told


@pytest.mark.parametrize("cue", [is_live, is_elapsed, is_eve, is_background, names_day])
@pytest.mark.parametrize(
    "piece", ["1", "一", "第一", " ", "wie ", "jak ", "как ", "| ", "[", "live ", "- ", "uno ", "day "]
)
def test_a_long_hostile_text_takes_no_time(cue: Callable[[str], bool], piece: str) -> None:
    """Twenty thousand times the same is read in one go: a quadratic reading would take many seconds."""
    began = time.perf_counter()
    cue(piece * 20_000)
    assert time.perf_counter() - began < 2
