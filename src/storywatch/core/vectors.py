"""What a store keeps that was made by an encoder, as values: for the day when another encoder takes over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.model import Article, Vector, WatchId


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What one story holds of other encoders' vectors."""

    watch: WatchId
    articles: int
    texts: int  # of these articles: sentences and leads
    means: int  # languages whose running mean is another encoder's
    encoders: tuple[str, ...]  # whose

    def __bool__(self) -> bool:
        return bool(self.articles or self.means)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptArticle:
    """A judged article with the texts that have vectors. `key` is the store's own, in judging order."""

    key: int
    article: Article
    sentences: tuple[str, ...]  # that the story knows; empty where it was not about it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reencoded:
    """New vectors for a kept article, in the order of its sentences."""

    key: int
    lead: Vector
    sentences: Vector  # a row each


def in_words(stale: Sequence[Stale], encoder: str) -> str:
    """What is the matter, and the way out."""
    others = sorted({name for one in stale for name in one.encoders})
    texts = sum(one.texts for one in stale)
    stories = "one story" if len(stale) == 1 else f"{len(stale)} stories"
    return (
        f"the vectors of {stories} ({texts:,} texts) were made by {', '.join(others)}, and the configured encoder is "
        f"{encoder}: run `storywatch reencode` while the service is stopped, or configure the former encoder again. "
        "As it is, everything that is known would be news again"
    )
