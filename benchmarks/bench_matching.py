"""Milliseconds for a glance, a match with its verdict, and a restart, with a story of many remembered articles."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.ids import digest
from storywatch.core.matching import glance
from storywatch.core.model import Article, ArticleId, Label, Match, StoryMemory, Verdict, Watch, WatchId
from storywatch.core.story import REMEMBERED, Story, watch_texts
from storywatch.pipeline import follow, read_closely

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storywatch.core.model import Vector

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BODY = (
    "Report {n} from Hamburg says that {n} ships are waiting outside the harbour while talks go on. A union spokesman,"
    " Mr. Rossi, said on Monday that {n} dockers had voted. The court will rule next week, an official said."
)


class RandomEncoder:
    """Vectors that cost nothing: what is measured is everything but the model."""

    name = "random"
    dim = 384

    def __init__(self) -> None:
        self._random = np.random.default_rng(7)

    def encode(self, texts: Sequence[str]) -> Vector:
        """Normalised noise around one direction."""
        rows = self._random.normal(size=(len(texts), self.dim)) + 3
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows.astype(np.float16).astype(np.float32)


def an_article(number: int) -> Article:
    """One short report."""
    paragraphs = tuple(BODY.format(n=number + part) for part in range(3))
    return Article(
        id=ArticleId(digest("art", str(number))),
        url=f"https://a.example/{number}",
        url_key=f"http://a.example/{number}",
        title=f"Harbour strike, day {number}",
        summary="Ships are waiting.",
        paragraphs=paragraphs,
        lang="en",
        outlet="a",
        outlet_name="A",
        owner="a",
        published_at=START,
        seen_at=START + timedelta(hours=number),
    )


def timed(step: Callable[[int], object], *, times: int) -> float:
    """Milliseconds a call."""
    begin = time.perf_counter()
    for number in range(times):
        step(number)
    return (time.perf_counter() - begin) / times * 1000


def main() -> None:
    """Measure and print."""
    encoder = RandomEncoder()
    watch = Watch(id=WatchId("strike"), name="Harbour strike", about="The dockers' strike in Hamburg: talks and ships.")
    texts = watch_texts(watch)
    story = empty = Story.begin(watch, dict(zip(texts, encoder.encode(texts), strict=True)), lang="en")
    records = []
    for number in range(REMEMBERED):
        reading = read_closely(an_article(number), encoder)
        judged = story.judged(reading, Match(relevance=0.9, about=True), Verdict(verdict=Label.REPEAT, score=0.1), None)
        records.append(judged.remembered)
        story = story.learn(judged)
    readings = [read_closely(an_article(REMEMBERED + number), encoder) for number in range(20)]
    memory = StoryMemory(remembered=tuple(records))
    print(f"glance, no vector   {timed(lambda n: glance(f'Title {n}', 'Two lines.', 'en', story), times=500):8.3f} ms")
    print(f"follow, new story   {timed(lambda n: follow(readings[n], empty, now=START), times=20):8.1f} ms")
    print(f"follow, {REMEMBERED} known   {timed(lambda n: follow(readings[n], story, now=START), times=20):8.1f} ms")
    print(f"recall of {REMEMBERED}      {timed(lambda _: empty.recall(memory).memory, times=1):8.1f} ms")


if __name__ == "__main__":
    main()
