"""Names inside sentences whose scripts have no spaces."""

from __future__ import annotations

import pytest

from storywatch.core.names import names_of, skeletons_of


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("泽连斯基周一在基辅表示", "Zelensky"),
        ("据乌克兰媒体报道", "Ukraine"),
        ("国务卿布林肯抵达", "Blinken"),
        ("以色列总理内塔尼亚胡称", "Netanyahu"),
        ("特朗普说", "Trump"),
        ("外长拉夫罗夫否认", "Lavrov"),
        ("切尔诺贝利核电站", "Chernobyl"),
        ("ゼレンスキー大統領は否定した", "Zelensky"),
        ("政府はルカシェンコ大統領と協議", "Lukashenko"),
    ],
)
def test_a_name_is_found_inside_a_chinese_or_japanese_sentence(sentence: str, name: str) -> None:
    """With words before and after it, and nothing between."""
    assert skeletons_of(sentence) & skeletons_of(name)


def test_plain_chinese_and_japanese_spell_no_name() -> None:
    """Words that are no names give none: a chance likeness would be evidence against the truth."""
    assert skeletons_of("中国外交部发言人在北京表示，双方达成协议") == frozenset()
    assert names_of("政府は会議を開き、対応を協議した") == frozenset()
