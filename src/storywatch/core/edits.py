"""What an edit of an article changes: its two versions compared sentence by sentence, so that one word in a list is seen.

Only what changes the meaning counts as more than wording: a figure, a state, a negation, a name, a day, or sentences
that come or go. Blanks, quotes, typing errors, order and the time of an update are wording.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

from storywatch.core.cues import is_negated
from storywatch.core.dates import days_of
from storywatch.core.names import names_of
from storywatch.core.numbers import changed_quantity, quantities_of, same_quantity
from storywatch.core.statuses import flipped, statuses_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.numbers import Quantity

ALTERED = 0.5  # of the words in common: from here on a sentence is another version of the other one, not a new one
TYPO = 0.8  # of the letters of two words: from here on one is a misspelling of the other
MAX_PAIRED = 60  # sentences of a replaced block that are compared each with each
MAX_COMPARED = 600  # characters of a sentence
SHORT = 4  # words: of so short a line any other word changes what it says


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A sentence that only the new version has."""

    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A sentence that only the old version has."""

    old: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """A sentence that says something else, or the same in other words.

    `kind`: "figure", "day", "status", "negation", "name", "word" (a content word of a short line, as on a board of
    states) or "wording".
    """

    old: str
    new: str
    kind: str

    @property
    def means(self) -> bool:
        """Does the meaning change?"""
        return self.kind != "wording"


Difference = Added | Removed | Altered

_STAMP = re.compile(
    r"^\W{0,3}(?:updated?|last updated|published|corrected|stand|aktualisiert|mis à jour|publié|actualizado|publicado|aktualizacja|zaktualizowano"
    r"|обновлено|опубликовано|оновлено|опубліковано|更新|最終更新|公開|发布|更新时间|입력|수정|업데이트)\b.{0,60}$",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[^\w%€$£¥₩₴+]+")
_LABELLED = re.compile(r"[^\W\d][^:：.!?]{1,40}[:：]\s?(?=\S)")
_TOKEN = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_WORDS_OF = {  # small words that carry no meaning of their own where one is put for another
    "a", "an", "the", "of", "in", "on", "at", "to", "and", "is", "was", "has", "its", "der", "die", "das", "den", "dem", "ein", "eine", "und",
    "le", "la", "les", "un", "une", "des", "de", "du", "et", "el", "los", "las", "y", "en", "w", "z", "i", "na", "в", "и", "на", "с", "у", "з", "та", "і", "до",
}  # fmt: skip


def compare_versions(old_sentences: Sequence[str], new_sentences: Sequence[str]) -> tuple[Difference, ...]:
    """What the new version changes, in its order; sentences that stand in both, wherever they stand, are no difference."""
    before = [(bare(text), text) for text in old_sentences if not is_stamp(text)]
    after = [(bare(text), text) for text in new_sentences if not is_stamp(text)]
    kept = {bare for bare, _ in before} & {bare for bare, _ in after}
    before = [pair for pair in before if pair[0] and pair[0] not in kept]
    after = [pair for pair in after if pair[0] and pair[0] not in kept]
    found: list[Difference] = []
    matcher = SequenceMatcher(a=[bare for bare, _ in before], b=[bare for bare, _ in after], autojunk=False)
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        found += _block([text for _, text in before[start:end]], [text for _, text in after[new_start:new_end]])
    return tuple(dict.fromkeys(found))  # a live ticker repeats its lines as its summary


def bare(text: str) -> str:
    """A sentence without blanks, quotes, marks and capitals: what is left is what it says. Signs in figures stay."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_MARKS.sub(" ", re.sub(r"(?<=\d)[.,:](?=\d)", "_", plain)).split())


def is_stamp(text: str) -> bool:
    """Is a line the time of an update?"""
    return _STAMP.match(text.strip()) is not None


def _block(before: list[str], after: list[str]) -> list[Difference]:
    """The sentences of a replaced block, each with the one that it most likely was."""
    pairs = _paired(before, after)
    taken = set(pairs.values())
    gone = [Removed(old=text) for at, text in enumerate(before) if at not in taken]
    told = [_altered(before[pairs[at]], text) if at in pairs else Added(new=text) for at, text in enumerate(after)]
    return [*gone, *told]


def _paired(before: list[str], after: list[str]) -> dict[int, int]:
    """The place in `after` of each sentence with its place in `before`, the likeliest pairs first."""
    scored = sorted(
        (
            (-_likeness(old, new), at, was)
            for at, new in enumerate(after[:MAX_PAIRED])
            for was, old in enumerate(before[:MAX_PAIRED])
        ),
    )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for likeness, at, was in scored:
        if -likeness >= ALTERED and at not in pairs and was not in taken:
            pairs[at] = was
            taken.add(was)
    return pairs


def _likeness(old: str, new: str) -> float:
    """The share of words, or of characters where words have no spaces, that both have, 0 to 1.

    Lines with one label are the same entry of a list ("Weight: 61 kg").
    """
    label = _LABELLED.match(old)
    if label and new.startswith(label[0]):
        return 1.0
    one, other = _tokens(old), _tokens(new)
    total = len(one) + len(other)
    if not total:
        return 0.0
    counts = dict.fromkeys(one, 0)
    for token in one:
        counts[token] += 1
    shared = 0
    for token in other:
        if counts.get(token, 0) > 0:
            counts[token] -= 1
            shared += 1
    return 2 * shared / total


@lru_cache(maxsize=2048)
def _tokens(text: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKC", text[:MAX_COMPARED]).casefold()
    if _UNSPACED.search(plain):
        return tuple(mark for mark in plain if mark.isalnum())
    return tuple(_TOKEN.findall(plain))


def _altered(old: str, new: str) -> Altered:
    """What kind of change it is; the surest comes first."""
    kind = next((kind for kind, differ in _KINDS if differ(old, new)), "wording")
    return Altered(old=old, new=new, kind=kind)


def _figures(old: str, new: str) -> bool:
    if changed_quantity(old, new):
        return True
    before, after = quantities_of(old), quantities_of(new)
    gone = any(not any(_meets(quantity, other) for other in after) for quantity in before)
    return gone or any(not any(_meets(other, quantity) for other in before) for quantity in after)


def _meets(old: Quantity, new: Quantity) -> bool:
    """The same figure, whatever word stands behind it now."""
    return same_quantity(old, new) or (old.kind != new.kind and old.value == new.value)


def _days(old: str, new: str) -> bool:
    """Does the new version name a day that the old one does not?"""
    before = {(day.month, day.day) for day in days_of(old)}
    return any((day.month, day.day) not in before for day in days_of(new))


def _states(old: str, new: str) -> bool:
    return bool(flipped(statuses_of(old), statuses_of(new)))


def _negation(old: str, new: str) -> bool:
    return is_negated(old) != is_negated(new)


def _names(old: str, new: str) -> bool:
    """A name that the old version does not have; one that is only misspelt is none."""
    before, after = names_of(old), names_of(new)
    come, gone = after - before, before - after
    return bool(come) and not any(is_typo(one, other) for one in come for other in gone)


def _words(old: str, new: str) -> bool:
    """In a short line, a board of states for one, another content word says something else."""
    label = _LABELLED.match(old)
    labelled = label is not None and new.startswith(label[0])
    before, after = _TOKEN.findall(old.casefold()), _TOKEN.findall(new.casefold())
    longest = len(before) if labelled else max(len(before), len(after))
    if longest > 2 * SHORT or not before or not after:
        return False
    gone = [word for word in before if word not in after and word not in _WORDS_OF]
    come = [word for word in after if word not in before and word not in _WORDS_OF]
    return bool(gone and come) and not any(is_typo(one, other) for one in gone for other in come)


def is_typo(one: str, other: str) -> bool:
    """Is one word a misspelling of the other?"""
    return SequenceMatcher(a=one[:60], b=other[:60], autojunk=False).ratio() >= TYPO


_KINDS = (
    ("figure", _figures),
    ("day", _days),
    ("status", _states),
    ("negation", _negation),
    ("name", _names),
    ("word", _words),
)
