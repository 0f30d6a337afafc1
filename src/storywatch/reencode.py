"""Another encoder takes over: the texts that stories keep get its vectors, in place, and nothing is judged or told anew.

Story by story and a few articles at a time, each in one short transaction: what was cut off goes on where it stopped.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.model import LanguageMean
from storywatch.core.story import RUNNING_CAP, watch_texts
from storywatch.core.text import lead_of, sentences_of
from storywatch.core.vectors import Reencoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from storywatch.core.model import Watch, WatchId
    from storywatch.core.vectors import KeptArticle, Stale
    from storywatch.ports import Encoder, Judgements, Vectors

ARTICLES = 8  # in one transaction
LOOKED_AT = 2_000  # articles at the most for a story's means
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was done and is kept: texts of one story."""

    watch: WatchId
    texts: int


def reencode(
    stale: Sequence[Stale], watches: Sequence[Watch], encoder: Encoder, *, vectors: Vectors, judgements: Judgements
) -> Iterator[Step]:
    """Give every text that the stories keep the encoder's vector; one step for each transaction.

    Raises `StorywatchError` where the encoder can't encode a text; what was done till then is kept.
    """
    for watch in watches:
        yield from _own_texts(watch, encoder, judgements)
    for story in stale:
        yield from _articles(story.watch, encoder, vectors)
        if story.means:
            vectors.record_means(story.watch, _means(story.watch, encoder, vectors), encoder=encoder.name)


def _own_texts(watch: Watch, encoder: Encoder, judgements: Judgements) -> Iterator[Step]:
    """Name, description and seeds of a watch."""
    kept = judgements.load_vectors(watch.id, encoder=encoder.name)
    texts = watch_texts(watch)
    missing = [text for text in texts if text not in kept]
    if missing:
        fresh = {**kept, **dict(zip(missing, encoder.encode(missing), strict=True))}
        judgements.record_vectors(watch.id, {text: fresh[text] for text in texts}, encoder=encoder.name)
        yield Step(watch=watch.id, texts=len(missing))


def _articles(watch: WatchId, encoder: Encoder, vectors: Vectors) -> Iterator[Step]:
    while batch := vectors.load_stale(watch, encoder=encoder.name, limit=ARTICLES):
        texts = [text for kept in batch for text in (*kept.sentences, lead_of(kept.article))]
        rows = encoder.encode(texts)
        done, at = [], 0
        for kept in batch:
            end = at + len(kept.sentences)
            done.append(Reencoded(key=kept.key, sentences=rows[at:end], lead=rows[end]))
            at = end + 1
        vectors.record_reencoded(watch, done, encoder=encoder.name)
        yield Step(watch=watch, texts=len(texts))


def _means(watch: WatchId, encoder: Encoder, vectors: Vectors) -> list[LanguageMean]:
    """The running mean of each language, from the newest articles judged: as many sentences as it ever counts for.

    Articles that were not about the story are part of it: a mean of the story alone would be its topic.
    """
    counts: defaultdict[str, int] = defaultdict(int)
    chosen: list[tuple[str, list[str]]] = []
    for kept in _newest(watch, vectors):
        lang = kept.article.lang
        if counts[lang] < RUNNING_CAP:
            texts = [text for text, _ in sentences_of(kept.article)]
            counts[lang] += len(texts)
            chosen.append((lang, texts))
    totals: dict[str, npt.NDArray[np.float64]] = {}
    for lang, texts in reversed(chosen):  # in the order in which they were judged: sums are the same to the last bit
        total = encoder.encode(texts).sum(axis=0, dtype=np.float64)
        totals[lang] = totals[lang] + total if lang in totals else total
    return [LanguageMean(lang=lang, total=total, count=counts[lang]) for lang, total in sorted(totals.items())]


def _newest(watch: WatchId, vectors: Vectors) -> Iterator[KeptArticle]:
    key, seen = None, 0
    while seen < LOOKED_AT and (page := vectors.load_before(watch, key=key, limit=PAGE)):
        yield from page
        key, seen = page[-1].key, seen + len(page)
