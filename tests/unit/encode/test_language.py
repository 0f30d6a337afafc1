from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.encode import detect_language


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The soldiers were captured near the border on Monday.", "en"),
        ("Полонених солдатів доправили до Києва, повідомив президент.", "uk"),
        ("Пленных солдат доставили в Киев, сообщил президент.", "ru"),
        ("북한군 포로", "ko"),
        ("捕虜の兵士", "ja"),
        ("ゼレンスキー", "ja"),
        ("朝鲜士兵被俘", "zh"),
        ("Die Soldaten wurden am Montag gefangen genommen.", "de"),
        ("Les soldats ont été capturés lundi, a dit le président.", "fr"),
        ("Los soldados fueron capturados el lunes, dijo el presidente.", "es"),
        ("Żołnierze zostali schwytani w poniedziałek, powiedział prezydent.", "pl"),
        ("", "und"),
        ("12:30 — 7", "und"),
        ("\x00\ud800", "und"),
    ],
)
def test_languages_are_told_apart(text: str, lang: str) -> None:
    """Short east Asian headlines are told by their script, the rest by the bundled model, nothing by guessing."""
    assert detect_language(text) == lang


@given(st.text(max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    """Whatever a page holds, a code comes back."""
    assert detect_language(text)
