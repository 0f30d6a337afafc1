"""Names across scripts: Rotterdam, Роттердам, 로테르담 and ロッテルダム have one skeleton.

A skeleton is the word in Latin letters without vowels, with letters that transliterations confuse made one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from anyascii import anyascii

from storywatch.core.text import tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST = 3
SURE = 4  # skeletons of four letters and more may match by their beginning: endings and particles follow
ENDING = 3

_CLUSTERS = (
    ("dzh", "z"),
    ("dj", "z"),
    ("dz", "z"),
    ("tsch", "s"),
    ("sch", "s"),
    ("shch", "s"),
    ("sh", "s"),
    ("sz", "s"),
    ("cz", "s"),
    ("ch", "s"),
    ("zh", "z"),
    ("kh", "h"),
    ("ph", "f"),
    ("ts", "s"),
    ("tz", "s"),
    ("ck", "k"),
    ("mb", "nb"),
    ("mp", "np"),
)
_LETTERS = str.maketrans({"c": "k", "q": "k", "w": "v", "j": "z", "r": "l", "y": "i"})
_KATAKANA = re.compile(r"[\u30a0-\u30ff]{3,}")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,}")
_HANGUL = re.compile(r"[\uac00-\ud7a3]{3,}")
_UNCASED = re.compile(r"[\u3040-\u30fa\u30fd-\u30ff\u3400-\u9fff\uac00-\ud7a3]")  # without the dot and the long bar
_UNCASED_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")
WEIGHT = 3  # letters that a character without case stands for, where the prevailing script is told
_CASED = re.compile(r"(?<!^)(?<![.!?:\"«“„—] )(?<![\"«“„])\b[^\W\d_a-z][^\W_]{2,}(?:['’-][^\W_]+)*")


_KANA = re.compile(r"[\u3040-\u30ff]")
_KANA_OR_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_KANA_OR_HAN_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
_SYLLABLES = (  # Han that foreign names are written with
    "阿埃艾爱安昂奥澳巴拜班邦保鲍贝本比彼别宾波伯博布查柴达大戴丹当道德登邓迪蒂丁东杜敦多顿厄恩尔法凡范方菲费芬丰佛夫弗福富盖甘冈岗高戈格葛贡古瓜圭哈海汉翰豪何赫亨洪胡华怀惠霍基吉季加贾简"
    "江杰金京喀卡凯坎康考柯科克肯孔库夸奎昆拉腊莱赖兰朗劳勒雷黎里理利莉丽连良列林琳留柳隆娄卢鲁路吕伦罗洛马玛迈麦满曼芒毛茅梅门蒙孟米密敏明缪莫墨默姆穆拿纳娜奈南内尼年涅宁牛纽农努诺欧帕派"
    "潘庞培佩彭皮匹平珀普齐奇恰钱强乔切钦琴丘屈让热仁日容荣茹儒瑞若萨塞赛三桑瑟森沙莎珊山尚绍舍申生圣施什史寿舒朔斯思丝松苏孙索塔泰坦唐陶特滕提田铁廷通图屯托陀瓦外宛万旺威韦维卫魏温文翁沃"
    "乌吾武伍西希锡熙席夏香肖谢辛欣兴休雄修许逊雅亚延扬杨尧耶叶伊依易因英永尤于裕约云宰赞早泽曾扎詹张章兆哲珍真芝治智中朱卓孜兹子宗祖佐"
    "龙愛貝別賓達當東鄧爾豐費蓋岡貢華懷賈簡傑開龍羅魯呂倫馬瑪邁麥滿門納內寧紐農歐齊錢強喬欽讓榮薩賽聖壽蘇孫圖衛溫烏錫謝興許遜亞揚楊堯葉約雲贊澤張烏維韋蘭萊賴勞連盧"
)
_HAN_NAME = re.compile(f"[{_SYLLABLES}]{{3,}}")
_RARE = frozenset("尔爾斯克茨蒂弗埃娜莎菲赫穆缪涅兹迪伦倫卢盧鲁魯伊尼翰逊遜")  # hardly ever in other words
_UNCOMMON = frozenset(
    "阿艾澳奥巴波伯贝貝德杜夫戈葛古哈卡凯柯肯库拉莱萊兰蘭朗勒利莉丽林罗羅洛玛瑪曼蒙莫奈诺欧佩普珀瑞萨薩塞瑟桑沙圣聖塔坦托瓦沃乌烏雅亚亞耶泽澤扎"
)
_EVERYDAY = (
    "三万年日早曾中内內外大多东東南西海山生门門道当當提希易因于由让讓若通真永方法开开別别本高考约約理连連满滿为思安何"
)
FOREIGN = 2  # a rare syllable, or two uncommon ones
LONGEST_HAN = 7  # syllables
LONGEST_ROW = 14  # syllables: a longer row is no name, nor two
MAX_ROWS = 40  # of a text: a page of nothing but syllables costs little
_HAN_SOUNDS = str.maketrans(  # where a foreign sound is written by a syllable that is read otherwise today
    dict.fromkeys("基", "ki")
    | dict.fromkeys("夫", "v")
    | dict.fromkeys("朗郎", "lan")
    | dict.fromkeys("汤唐湯", "tan")
    | dict.fromkeys("庞龐", "pan")
    | dict.fromkeys("隆龙龍", "lon")
    | dict.fromkeys("加", "ga")
    | dict.fromkeys("乌武吾伍烏", "u")
    | dict.fromkeys("西希锡席熙錫", "si")
    | dict.fromkeys("夏谢許许休肖谢謝雄", "sha")
    | dict.fromkeys("辛欣兴香逊興遜", "san")
    | dict.fromkeys("齐奇恰切乔丘齊喬", "cha")
    | dict.fromkeys("钦琴钱强欽錢強", "chan")
)


@lru_cache(maxsize=65536)
def skeleton_of(word: str) -> str:
    """The consonants that survive transliteration; empty where nothing does."""
    latin = re.sub(r"[^a-z]", "", anyascii(word).lower())
    for cluster, letter in _CLUSTERS:
        latin = latin.replace(cluster, letter)
    latin = latin.translate(_LETTERS)
    bare = re.sub(r"[aeiou]", "", latin)
    if latin[:1] in {"a", "e", "i", "o", "u"}:
        bare = "a" + bare
    return re.sub(r"(.)\1+", r"\1", bare)


@lru_cache(maxsize=4096)
def skeletons_of(text: str) -> frozenset[str]:
    """Skeletons of all words of a text, the shortest left out; of Chinese and Japanese those of foreign names."""
    found: set[str] = set()
    for token in tokens_of(text):
        if _KANA_OR_HAN.search(token):
            found.update(_foreign_in(token))
        elif len(bones := skeleton_of(token)) >= SHORTEST:
            found.add(bones)
    for row in _han_rows(text):
        found.update(_parts_of(row))
    return frozenset(found)


def _foreign_in(token: str) -> Iterator[str]:
    """What a run without spaces spells by letters: its katakana and its Latin words."""
    for word in (*_KATAKANA.findall(token), *_LATIN.findall(token)):
        if len(bones := skeleton_of(word)) >= SHORTEST:
            yield bones


def _han_rows(text: str) -> Iterator[str]:
    """The rows of Han syllables that spell something foreign. Not beside kana: Japanese spells with katakana."""
    runs = (run for run in _KANA_OR_HAN_RUN.findall(text) if not _KANA.search(run))
    rows = (row for run in runs for row in _HAN_NAME.findall(run))
    return islice((row for row in rows if len(row) <= LONGEST_ROW and _is_foreign(row)), MAX_ROWS)


def _is_foreign(syllables: str) -> bool:
    """Is it more than everyday words, whose syllables serve for names too ("三年多", "中东南海")?"""
    core = syllables.strip(_EVERYDAY)
    return len(core) >= SHORTEST and sum(2 * (one in _RARE) + (one in _UNCOMMON) for one in core) >= FOREIGN


def _parts_of(row: str) -> Iterator[str]:
    """Where a name in Han begins and ends, nothing tells: the whole row may be one, and every part of four consonants."""
    for start in range(len(row) - 2):
        for end in range(start + 3, min(len(row), start + LONGEST_HAN) + 1):
            part = row[start:end]
            if _is_foreign(part) and len(bones := _sounded(part)) >= (SHORTEST if part == row else SURE):
                yield bones


def _sounded(syllables: str) -> str:
    return skeleton_of(syllables.translate(_HAN_SOUNDS))


@lru_cache(maxsize=4096)
def names_of(text: str) -> frozenset[str]:
    """Skeletons of what looks like a name.

    In any text katakana, long hangul and Han rows; capitals inside a sentence where a script with capitals prevails,
    and all Latin words where one without does.
    """
    rows = [row.translate(_HAN_SOUNDS) for row in _han_rows(text)]
    words = [*_KATAKANA.findall(text), *_HANGUL.findall(text), *rows]
    if _prevail_cased(text):
        words += [word for word in _CASED.findall(_UNCASED_RUN.sub(" ", text)) if word[0].isupper()]
    else:
        words += _LATIN.findall(text)
    return frozenset(bones for word in words if len(bones := skeleton_of(word)) >= SHORTEST)


def _prevail_cased(text: str) -> bool:
    """Is more of the text in letters that may be capitals than in kana, Han and hangul?"""
    uncased = len(_UNCASED.findall(text))
    return not uncased or sum(map(str.isalpha, text)) - uncased > WEIGHT * uncased


def beginnings_of(names: frozenset[str]) -> frozenset[str]:
    """The names and their beginnings, for `is_among`."""
    short = {name[:end] for name in names for end in range(max(SURE, len(name) - ENDING), len(name))}
    return names | short


def is_among(name: str, known: frozenset[str]) -> bool:
    """Is a name, with another ending perhaps, among these (made by `beginnings_of`)?"""
    return any(name[:end] in known for end in range(max(min(SURE, len(name)), len(name) - ENDING), len(name) + 1))


def share_named(names: frozenset[str], known: frozenset[str]) -> float:
    """The share of `names` found in `known` (made by `beginnings_of`); 0 where there are no names."""
    return sum(is_among(name, known) for name in names) / len(names) if names else 0.0
