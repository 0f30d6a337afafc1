from __future__ import annotations

import pytest

from storywatch.parse.notices import correction_note

BEFORE = "The harbour reopened on Monday after nine days of strike. Ships left in the evening."

NOTES = {
    "en": [
        "Correction: An earlier version gave the number of ships as 14. It was 40.",
        "Correction, March 3, 2026: The strike lasted nine days, not ten.",
        "This article was amended on 3 March 2026 to give the right number of ships.",
        "An earlier version of this story incorrectly said that the mayor had resigned.",
        "Editor's note: this report has been corrected.",
    ],
    "de": [
        "Korrektur: In dem Text war zuerst von 14 Schiffen die Rede, es waren 40.",
        "In einer früheren Version hieß es, der Streik habe zehn Tage gedauert. Wir haben das geändert.",
        "Anm. d. Red.: Die Zahl der Schiffe wurde korrigiert.",
    ],
    "fr": [
        "Rectificatif : la grève a duré neuf jours et non dix.",
        "Une version précédente de cet article indiquait un nombre erroné de navires.",
    ],
    "es": [
        "Fe de errores: la huelga duró nueve días y no diez.",
        "Este artículo ha sido corregido para precisar el número de barcos.",
    ],
    "pl": [
        "Sprostowanie: strajk trwał dziewięć dni, a nie dziesięć.",
        "W poprzedniej wersji artykułu podaliśmy błędną liczbę statków.",
    ],
    "ru": [
        "Исправление: забастовка длилась девять дней, а не десять.",
        "В предыдущей версии этой статьи было неверно указано число судов.",
    ],
    "uk": [
        "Виправлення: страйк тривав дев’ять днів, а не десять.",
        "У попередній версії статті було неправильно вказано кількість суден.",
    ],
    "ja": ["【訂正】ストライキの期間は十日ではなく九日でした。", "記事中の船の数を訂正しました。"],
    "zh": ["更正:罢工持续九天,而不是十天。", "此前版本中船只数量有误,已更正。"],
    "ko": ["[정정보도] 파업은 열흘이 아니라 아흐레 동안 이어졌습니다.", "기사에서 배의 수를 바로잡습니다."],
}


@pytest.mark.parametrize(("lang", "note"), [(lang, note) for lang, notes in NOTES.items() for note in notes])
def test_a_correction_note_is_found(lang: str, note: str) -> None:
    """In ten languages, at the end of the text or at its beginning."""
    found = correction_note([BEFORE, note])
    assert found is not None, lang
    assert note.startswith(found[:20])
    assert correction_note([note, *[BEFORE] * 9]) == found


def test_only_the_sentence_is_told() -> None:
    """Where it stands in a longer paragraph."""
    note = "This article was corrected on 3 March."
    assert correction_note([f"{BEFORE} {note} Ships leave every hour."]) == note


@pytest.mark.parametrize(
    "line",
    [
        BEFORE,
        "See an error? Send corrections to desk@harbor-times.example.",
        "Corrections: found a mistake? Report an error here.",
        "Fehler gefunden? Korrektur: schreiben Sie uns, Fehler melden.",
        "Нашли ошибку? Исправление: выделите текст.",
        "The market saw a correction of nine percent after the strike.",
        "The ministry corrected its figures on Monday and spoke of forty ships.",
        "Die Polizei korrigierte die Zahl der Verletzten auf neun.",
        "El gobierno corrigió la cifra de barcos.",
        "Министерство исправило данные о числе судов.",
        "経済産業省は統計の訂正を検討している。",
        "统计局更正了去年的数据。",
        "정부는 통계를 정정할 계획이다.",
        "The house of correction stands by the harbour.",
        "Correction: " + "a very long paragraph that merely begins so goes on and on " * 20,
    ],
)
def test_what_only_speaks_of_corrections_is_none(line: str) -> None:
    """News of somebody else's corrections, and the standing invitation to report mistakes."""
    assert correction_note([BEFORE, line]) is None
