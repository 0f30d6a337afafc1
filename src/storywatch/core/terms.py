"""The user's own words: found in a text whatever the script; `*` at the end of a word stands for any ending."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storywatch.core.model import Terms

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


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


def fold(text: str) -> str:
    """Text as terms are compared: one form of each character, no case, no typographic apostrophes."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def _hits(terms: tuple[str, ...], plain: str) -> tuple[str, ...]:
    return tuple(term for term in terms if _pattern(term).search(plain))


@lru_cache(maxsize=4096)
def _pattern(term: str) -> re.Pattern[str]:
    """Whole words, except where the script has no spaces: Japanese, Chinese, and Korean with its particles."""
    words = [re.escape(word).replace(r"\*", r"\w*") for word in fold(term).split()]
    body = r"[\s\-]+".join(words)
    if _UNSPACED.search(term):
        return re.compile(body.replace(r"[\s\-]+", r"\s*") or r"(?!)")
    return re.compile(rf"(?<!\w){body}(?!\w)" if body else r"(?!)")
