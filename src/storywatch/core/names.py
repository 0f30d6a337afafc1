"""Names across scripts: Rotterdam, Роттердам, 로테르담 and ロッテルダム have one skeleton.

A skeleton is the word in Latin letters without vowels, with letters that transliterations confuse made one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

from storywatch.core.text import tokens_of

SHORTEST = 3
SURE = 4  # skeletons of four letters and more may match by their beginning: endings and particles follow
ENDING = 3

_CLUSTERS = (
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
)
_LETTERS = str.maketrans({"c": "k", "q": "k", "w": "v", "j": "z", "r": "l", "y": "i"})
_KATAKANA = re.compile(r"[\u30a0-\u30ff]{3,}")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,}")
_HANGUL = re.compile(r"[\uac00-\ud7a3]{3,}")
_UNCASED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_CASED = re.compile(r"(?<!^)(?<![.!?:\"«“„—] )(?<![\"«“„])\b[^\W\d_a-z][^\W_]{2,}(?:['’-][^\W_]+)*")


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
    """Skeletons of all words of a text, the shortest left out."""
    return frozenset(bones for word in tokens_of(text) if len(bones := skeleton_of(word)) >= SHORTEST)


@lru_cache(maxsize=4096)
def names_of(text: str) -> frozenset[str]:
    """Skeletons of what looks like a name: capitals inside a sentence, katakana, Latin letters among others, long hangul."""
    if _UNCASED.search(text):
        words = [*_KATAKANA.findall(text), *_LATIN.findall(text), *_HANGUL.findall(text)]
    else:
        words = [word for word in _CASED.findall(text) if word[0].isupper()]
    return frozenset(bones for word in words if len(bones := skeleton_of(word)) >= SHORTEST)


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
