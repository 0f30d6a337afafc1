"""States that flip, with their polarity, and what is announced for a day, in ten languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.statuses import Status, flipped, planned_for, statuses_of


@pytest.mark.parametrize(
    ("text", "axis", "told"),
    [
        ("Two prisoners were released on Friday", "custody", "released"),
        ("The prisoners have not been released", "custody", "held"),
        ("They will be released", "custody", "to be released"),
        ("They were set free at dawn", "custody", "released"),
        ("The ministry denied that the captain had been arrested", "custody", "not held"),
        ("Die Geiseln wurden nicht freigelassen", "custody", "held"),
        ("Die Geiseln sollen freigelassen werden", "custody", "to be released"),
        ("Les otages n'ont pas été libérés", "custody", "held"),
        ("Los rehenes fueron liberados", "custody", "released"),
        ("Zakładnicy nie zostali uwolnieni", "custody", "held"),
        ("Пленных освободили", "custody", "released"),
        ("Полонених не звільнили", "custody", "held"),
        ("포로들이 석방됐다", "custody", "released"),
        ("포로들은 석방되지 않았다", "custody", "held"),
        ("포로들이 석방될 예정이다", "custody", "to be released"),
        ("捕虜が釈放された", "custody", "released"),
        ("捕虜は釈放されていない", "custody", "held"),
        ("战俘尚未获释", "custody", "held"),
        ("战俘将获释", "custody", "to be released"),
        ("The agreement has not been signed", "signing", "unsigned"),
        ("Угода не підписана", "signing", "unsigned"),
        ("Сделка подписана", "signing", "signed"),
        ("Der Vertrag ist unterzeichnet", "signing", "signed"),
        ("Sąd odroczył, rozprawę przełożono", "course", "postponed"),
        ("裁判は延期された", "course", "postponed"),
        ("El concierto fue cancelado", "course", "cancelled"),
        ("Le procès a été reporté", "course", "postponed"),
        ("협상은 중단됐다", "course", "paused"),
        ("The vaccine trial has resumed", "course", "resumed"),
        ("He was acquitted", "verdict", "acquitted"),
        ("被告人は無罪", "verdict", "acquitted"),
        ("Міністерство спростувало це", "word", "denied"),
        ("The report was retracted", "claim", "withdrawn"),
        ("Kontakt do sondy utracono", "contact", "lost"),
        ("The order was lifted", "order", "lifted"),
        ("学校已停课", "access", "closed"),
        ("The minister resigned", "office", "resigned"),
    ],
)
def test_states_are_read_with_their_polarity(text: str, axis: str, told: str) -> None:
    """Negations and denials turn a state round, and what is still to come is told apart."""
    assert [str(status) for status in statuses_of(text) if status.axis == axis] == [told]


@pytest.mark.parametrize(
    "text", ["Talks were held in Geneva", "He held a speech", "Parliament voted", "", "今日は晴れ"]
)
def test_sentences_without_a_state_give_none(text: str) -> None:
    """A talk that is held is no prisoner."""
    assert not [status for status in statuses_of(text) if status.axis == "custody"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("The men are detained.", "The men were released.", ("held", "released")),
        ("The treaty is unsigned: it was not signed.", "The treaty was signed.", ("unsigned", "signed")),
        ("Seoul confirmed the report.", "Seoul denied the report.", ("confirmed", "denied")),
        ("They will be released.", "They were released.", ("to be released", "released")),
        ("They were released.", "They will be released.", None),
        ("They were released.", "Los rehenes fueron liberados.", None),
        ("They were released.", "The treaty was signed.", None),
        ("Полонених не звільнили", "포로들이 석방됐다", ("held", "released")),
        ("The trial began.", "The trial was postponed.", ("begun", "postponed")),
    ],
)
def test_a_flip_is_told_with_both_answers(old: str, new: str, told: tuple[str, str] | None) -> None:
    """Another answer to the same question is a flip, in whatever language; the same answer is none."""
    found = flipped(statuses_of(old), statuses_of(new))
    assert (tuple(map(str, found)) if found else None) == told


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("The hearing will be held on Friday.", "on Friday"),
        ("The talks resume tomorrow.", "tomorrow"),
        ("Обмін заплановано на 12 травня", "12 травня"),
        ("Суд состоится в пятницу", "в пятницу"),
        ("Am Freitag sollen die Gefangenen freikommen.", "Am Freitag"),
        ("L'audience aura lieu mardi", "mardi"),
        ("La audiencia se celebrará el martes", "el martes"),
        ("Rozprawa odbędzie się w piątek", "w piątek"),
        ("회담은 다음 주 열릴 예정이다", "다음 주"),
        ("会談は12日に開かれる予定だ", "12日"),
        ("会谈将于周五举行", "周五"),
        ("The exchange took place on Friday.", None),
        ("The minister said on Friday that the talks will go on.", None),
        ("The treaty will be signed, the ministry said.", None),
        ("Министр сообщил в пятницу, что обмен состоялся", None),
        ("The offer was for tomorrow, and had lapsed.", None),
    ],
)
def test_what_is_announced_is_told_from_what_happened(text: str, when: str | None) -> None:
    """A day to come with a word of the future is a plan; the day on which somebody spoke is none."""
    plan = planned_for(text)
    assert (plan.when if plan else None) == when


@given(st.text(max_size=200))
def test_no_text_breaks_the_readers(text: str) -> None:
    """Whatever comes, the answers are values."""
    assert all(isinstance(status, Status) for status in statuses_of(text))
    assert flipped(statuses_of(text), statuses_of(text)) is None
    planned_for(text)
