"""The user's own words: found in a text whatever the script; `*` at the end of a word stands for any ending."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storywatch.core.model import Terms

INFLECTED = 5  # letters: a shorter word has no ending to lose
_SCRIPTS = {
    "Latin": re.compile(r"[A-Za-z\u00c0-\u024f]"),
    "Cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "Hangul": re.compile(r"[\uac00-\ud7a3]"),
    "Han": re.compile(r"[\u3040-\u30ff\u3400-\u9fff]"),
}
_UNSPACED = re.compile(  # kana, Han, hangul; Thai, Lao, Burmese and Khmer
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)
_BREAK = re.compile(
    rf"(?<={_UNSPACED.pattern})\u200b+(?={_UNSPACED.pattern})"
)  # unseen: some Thai, Khmer and Burmese has it
_PARTICLES = (  # "and", "in", "like", "to": Arabic and Hebrew write them as one word with the next
    (re.compile(r"[\u0620-\u064a\u066e-\u06d3]{3}"), "[وف]?[بكل]?"),
    (re.compile(r"[\u05d0-\u05ea]{3}"), "ו?[הבכלמש]?"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermHits:
    """Which of the user's words a text holds."""

    any: tuple[str, ...] = ()
    groups: bool = False  # every group of `all_groups` is hit, and there is one
    vetoes: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """Did the user ask for a text with these words?"""
        return bool(self.any) or self.groups


def find_terms(terms: Terms, text: str) -> TermHits:
    """The user's words in a text, each named once, in the user's order."""
    plain = fold(text)
    groups = bool(terms.all_groups) and all(_hits(group, plain) for group in terms.all_groups)
    return TermHits(any=_hits(terms.any, plain), groups=groups, vetoes=_hits(terms.none, plain))


def count_inflected(terms: Terms, text: str) -> int:
    """How many of the wanted words stand in the text with another ending: "Хэсона" for "Хэсон", "jeńców" for "jeńcy".

    Evidence only, and weaker than a hit: a user who wants any ending writes `*`.
    """
    plain = fold(text)
    return sum(
        _inflected(term).search(plain) is not None and _pattern(term).search(plain) is None for term in terms.wanted
    )


@lru_cache(maxsize=4096)
def _inflected(term: str) -> re.Pattern[str]:
    """Each word of five letters and more without its last one or two, with up to four others after it."""
    words = [re.split(r"([\-'])", word.rstrip("*")) for word in fold(term).split()]
    if _UNSPACED.search(term) or not any(len(part) >= INFLECTED for word in words for part in word):
        return re.compile(r"(?!)")
    body = r"[\s\-]+".join("".join(_with_endings(part) for part in word) for word in words)
    return re.compile(rf"(?<!\w){body}(?!\w)")


def _with_endings(part: str) -> str:
    if len(part) < INFLECTED or not part.isalpha():
        return re.escape(part)
    stem = part[: -1 if len(part) == INFLECTED else -2]
    return re.escape(stem) + r"\w{0,4}"


def has_script_of(terms: Terms, text: str) -> bool:
    """Is one of the wanted words written in the script that prevails in the text?

    Then a text without any is a little less likely to be meant; where the user has no word in its script, not.
    """
    script = script_of(text)
    return bool(script) and script in {script_of(term) for term in terms.wanted}


def script_of(text: str) -> str:
    """The script that most letters of a text are of: Latin, Cyrillic, Hangul, or kana and Han as one.

    Empty where another script prevails, or none.
    """
    counts = {name: len(letters.findall(text)) for name, letters in _SCRIPTS.items()}
    most = max(counts, key=lambda name: counts[name])
    return most if 2 * counts[most] > sum(map(str.isalpha, text)) else ""


def fold(text: str) -> str:
    """Text as terms are compared: one form of each character, no case, no typographic apostrophes, no unseen breaks."""
    return _BREAK.sub("", unicodedata.normalize("NFKC", text).casefold().replace("’", "'"))


def _hits(terms: tuple[str, ...], plain: str) -> tuple[str, ...]:
    return tuple(term for term in terms if _pattern(term).search(plain))


@lru_cache(maxsize=4096)
def _pattern(term: str) -> re.Pattern[str]:
    """Whole words, except where the script has no spaces: Japanese, Chinese, Thai, and Korean with its particles.

    Before an Arabic or Hebrew word of three letters and more, particles of one letter may stand.
    """
    words = [re.escape(word).replace(r"\*", r"\w*") for word in fold(term).split()]
    body = r"[\s\-]+".join(words)
    if _UNSPACED.search(term):
        return re.compile(body.replace(r"[\s\-]+", r"\s*") or r"(?!)")
    particles = next((some for letters, some in _PARTICLES if letters.match(fold(term).lstrip())), "")
    return re.compile(rf"(?<!\w){particles}{body}(?!\w)" if body else r"(?!)")
