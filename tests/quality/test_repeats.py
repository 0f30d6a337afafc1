"""The same stream gives the same verdicts to the last digit: a second time, and with a restart in between."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desks import Desk
from encoders import KeptEncoder
from observe import begin
from streams import Stream, load_stream

from storywatch.core.weights import shipped_weights
from storywatch.pipeline import follow, read_closely
from storywatch.store.engine import open_database
from storywatch.store.migrate import migrate_database

if TYPE_CHECKING:
    from collections.abc import Callable

    from storywatch.core.model import Article, Judged
    from storywatch.core.story import Story

STREAMS = Path(__file__).resolve().parents[1] / "data/streams"
STEP = 7  # judgements between two restarts: no divisor of anything in the stream


@pytest.fixture(scope="module")
def encoder() -> KeptEncoder:
    return KeptEncoder(STREAMS / "vectors.npz")


@pytest.fixture(scope="module")
def stream() -> Stream:
    return load_stream(STREAMS / "hurricane-odile")


def judged_along(stream: Stream, encoder: KeptEncoder, keep: Callable[[Story, Article, Judged], Story]) -> list[str]:
    """Everything that was decided about each text of the stream; `keep` gives the story that goes on."""
    story = begin(stream, encoder, shipped_weights())
    seen = set()
    told = []
    for article in (labelled.article for labelled in stream.items):
        if article.id in seen:
            continue
        seen.add(article.id)
        judged = follow(read_closely(article, encoder), story, now=article.seen_at)
        told.append(json.dumps([asdict(judged.match), asdict(judged.verdict)], ensure_ascii=False))
        story = keep(story, article, judged)
    return told


def in_memory(story: Story, article: Article, judged: Judged) -> Story:
    return story.learn(judged)


def test_a_stream_judged_twice_gives_the_same_bytes(stream: Stream, encoder: KeptEncoder) -> None:
    """Verdicts, features and reasons depend on nothing but the watch and the articles."""
    once = judged_along(stream, encoder, in_memory)
    assert len({json.loads(line)[1]["verdict"] for line in once}) >= 3
    assert judged_along(stream, encoder, in_memory) == once


def test_a_restart_in_the_middle_gives_the_same_bytes(stream: Stream, encoder: KeptEncoder, tmp_path: Path) -> None:
    """What a database gives back is what was known, to the last bit, whenever the process ended."""
    url = f"sqlite:///{tmp_path}/storywatch.db"
    migrate_database(url)
    desk = Desk(open_database(url))
    desk.begin()
    count = 0

    def through_the_store(story: Story, article: Article, judged: Judged) -> Story:
        nonlocal count
        count += 1
        desk.judge(article, judged)
        if count % STEP:
            return story.learn(judged)
        memory = desk.judgements.load_story(stream.watch.id, encoder="enc")
        return begin(stream, encoder, shipped_weights()).recall(memory)

    broken = judged_along(stream, encoder, through_the_store)
    desk.database.dispose()
    assert count // STEP >= 5
    assert broken == judged_along(stream, encoder, in_memory)
