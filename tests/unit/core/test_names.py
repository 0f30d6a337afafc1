"""Names inside sentences whose scripts have no spaces."""

from __future__ import annotations

import pytest

from storywatch.core.names import MAX_ROWS, names_of, skeleton_of, skeletons_of


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
        ("马克龙周二抵达", "Macron"),
        ("哈尔科夫遭袭", "Kharkov"),
        ("贝尔格莱德爆发抗议", "Belgrade"),
        ("阿尔巴尼亚总理", "Albania"),
        ("克里米亚半岛", "Crimea"),
        ("盧卡申科說", "Lukashenko"),
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


@pytest.mark.parametrize(
    "sentence",
    [
        "他被关押三年多",
        "三年生の生徒",
        "中南米の首脳",
        "中南米首脳会議",
        "年内三大",
        "多年内东南海",
        "门外大多",
        "俄罗斯外交部长发表讲话",
        "俄罗斯多地遭到袭击",
        "东南亚多国连日暴雨",
        "加大力度支持中小企业",
        "有利于加大投资",
        "三万多人连日来在广场集会",
        "胜利日阅兵",
        "雷达基地",
        "坦克开进城内",
        "央行宣布下调利率",
        "台灣東部海域發生地震",
        "日本海沿岸大雪",
        "大雨で新幹線が三日連続で運休",
        "伊丹莉奈さんが当選した",
    ],
)
def test_everyday_words_are_no_foreign_names(sentence: str) -> None:
    """Numbers, directions, sizes and times are written with syllables that names are written with too."""
    assert names_of(sentence) == frozenset()
    assert skeletons_of(sentence) == frozenset()


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("The minister met with 习近平 in Beijing on Monday", {"Beijing", "Monday"}),
        ("The minister・spoke in Beijing ー on Monday", {"Beijing", "Monday"}),
        ("The film ロッテルダム was shown in Beijing", {"Rotterdam", "Beijing"}),
        ("The envoy 卢卡申科 came to Hamburg", {"Lukashenko", "Hamburg"}),
        ("Министр встретился с 习近平 в Гамбурге", {"Гамбурге"}),
        ("Le ministre a vu 문재인 à Hambourg", {"문재인", "Hambourg"}),
        ("政府はrotterdamで会議を開いた", {"Rotterdam"}),
        ("정부 Rotterdam 에서 회의", {"Rotterdam"}),
        ("據Reuters報道", {"Reuters"}),
    ],
)
def test_a_word_in_another_script_does_not_change_how_the_rest_is_read(sentence: str, names: set[str]) -> None:
    """Capitals tell a name where most of the sentence has them; katakana, hangul and Han rows do anywhere."""
    assert names_of(sentence) == {skeleton_of(name) for name in names}


def test_a_page_of_syllables_is_read_within_bounds() -> None:
    """A row that is too long is no name, and of many rows only the first are read."""
    assert names_of("尔斯克拉" * 1250) == skeletons_of("尔斯克拉" * 1250) == frozenset()
    rows = "，".join(["卢卡申科"] * MAX_ROWS + ["哈尔科夫"])
    assert names_of(rows) == {skeleton_of("Lukashenko")}
    assert skeleton_of("Kharkov") not in skeletons_of(rows)
