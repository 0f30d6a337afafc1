"""Text made comparable without losing places in it, and the language that its small words betray."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SMALL_WORDS = {
    "en": "the of and to in is was were are has have had that for with by from at been on not its this an after will would",
    "de": "der die das den dem des und ist war wurde wurden sind haben hat im nicht mit von auf für ein eine einen sich nach bei aus zum zur um zwei drei vier fünf sechs sieben neun zehn tausend",
    "fr": "le la les de des du et est dans pour que qui sur par avec une pas au aux ont été selon ce cette il sont plus ils en quatre vingt deux cinq huit dix onze douze mille centaines dizaines",
    "es": "el la los las de del y es en para que por con una un se al fue han ha según este esta son más su sus tras como entre dos tres cuatro cinco siete ocho nueve diez cien mil millones decenas",
    "pl": "w z na i do się nie jest że o to po przez ze oraz został zostali za od dla ma są było jak ten tej tego co we dwa trzy cztery sześć osiem",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _lang, _words in _SMALL_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_lang)
_LETTERS = {"pl": "ąęłżśćńź", "de": "ßäöü", "es": "ñ¿¡", "fr": "èêçœùâî"}
_LETTERS_OF = {letter: lang for lang, letters in _LETTERS.items() for letter in letters}
_LATIN_WORD = re.compile(r"[a-zà-ž]{1,16}")
_KANA, _HANGUL, _HAN = re.compile(r"[\u3040-\u30ff]"), re.compile(r"[\uac00-\ud7a3]"), re.compile(r"[\u3400-\u9fff]")
_CYRILLIC, _UKRAINIAN = re.compile(r"[\u0400-\u04ff]"), re.compile(r"[іїєґ]|\b(?:та|що|за|це|або|й)\b")
_SPANISH = re.compile(r"[a-z]{2}(?:os|as|dad|ción|ado|ada|aron)\b")
ENOUGH = 400  # characters tell the language
CLUSTER = 30


def set_of(words: str) -> frozenset[str]:
    """The words of a list that is written in one string."""
    return frozenset(words.split())


def list_of(words: str) -> list[str]:
    """The same in their order."""
    return words.split()


def habit_of(lower: str) -> str:
    """The language a lower-case sentence is most likely in, by its script and small words; "" where nothing tells."""
    head = lower[:ENOUGH]
    if _KANA.search(head):
        return "ja"
    if _HANGUL.search(head):
        return "ko"
    if _HAN.search(head):
        return "zh"
    if _CYRILLIC.search(head):
        return "uk" if _UKRAINIAN.search(head) else "ru"
    counts = dict.fromkeys(_SMALL_WORDS, 0)
    for word in _LATIN_WORD.findall(head):
        for lang in _LANGUAGES_OF.get(word, ()):
            counts[lang] += 2
    for letter in head:
        if letter in _LETTERS_OF:
            counts[_LETTERS_OF[letter]] += 1
    if counts["es"] == counts["fr"] and _SPANISH.search(head):
        counts["es"] += 1
    best = max(counts, key=counts.__getitem__)
    tied = sum(count == counts[best] for count in counts.values())
    return best if counts[best] and tied == 1 else ""


@lru_cache(maxsize=1024)
def folded(text: str) -> tuple[str, str, tuple[int, ...] | None]:
    """The text in NFKC, the same in lower case and equally long, and for each character where it stands in the text.

    The places are None where they are the same in both.
    """
    plain = unicodedata.normalize("NFKC", text)
    lower = plain.lower()
    if len(lower) != len(plain):
        lower = "".join(low if len(low := mark.lower()) == 1 else mark for mark in plain)
    if plain == text or (len(plain) == len(text) and _is_one_to_one(text, plain)):
        return plain, lower, None
    return plain, lower, _places(text, len(plain))


def _is_one_to_one(text: str, plain: str) -> bool:
    return all(a == b or unicodedata.normalize("NFKC", a) == b for a, b in zip(text, plain, strict=True))


def _places(text: str, length: int) -> tuple[int, ...]:
    """Clusters that compose are normalised together, so that nothing moves across their borders."""
    places: list[int] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or text[at].isascii() or at - start >= CLUSTER or _parts(text[start:at], text[at]):
            places += [start] * len(unicodedata.normalize("NFKC", text[start:at]))
            start = at
    places += [len(text)] * (length + 1 - len(places))
    return tuple(places[: length + 1])


def _parts(before: str, mark: str) -> bool:
    if not unicodedata.combining(mark) and not "\u1160" <= mark <= "\u11ff":
        return True
    joined = unicodedata.normalize("NFKC", before + mark)
    return joined == unicodedata.normalize("NFKC", before) + unicodedata.normalize("NFKC", mark)
