"""Another encoder takes over the stories of a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from at_work import ARREST, CHOIR, DEAL, AtWork, the_watch
from builders import a_feed
from encoders import WordEncoder

from storywatch.core.model import FeedId, Label, Terms, WatchId
from storywatch.core.text import lead_of
from storywatch.core.vectors import in_words
from storywatch.reencode import ARTICLES, reencode
from storywatch.store.engine import open_database
from storywatch.store.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from storywatch.core.model import StoryMemory, Vector, Watch
    from storywatch.ports import Encoder
    from storywatch.store.engine import Database

OLD, NEW = WordEncoder(dim=64, name="old"), WordEncoder(dim=48, name="new")
GAZETTE = FeedId("gazette")
TEN = timedelta(minutes=10)
FEEDS = [a_feed(every=TEN), a_feed(id=GAZETTE, url="https://gazette.example/feed.xml", owner="gazette", every=TEN)]
WATCH = replace(the_watch(), feeds=frozenset(feed.id for feed in FEEDS))
LIGHTHOUSE = replace(  # whatever it follows is read and judged for the other one too
    WATCH,
    id=WatchId("lighthouse"),
    name="Lighthouse",
    about="Songs at the lighthouse.",
    terms=Terms(any=("choir",)),
    seeds=(),
)
STAYS = ("article", "development", "alert", "delivery", "entry")


def at_work(database: Database, encoder: Encoder, *watches: Watch) -> AtWork:
    return AtWork(database, watches=watches or [WATCH], feeds=FEEDS, encoder=encoder)


async def two_developments(work: AtWork) -> None:
    """And one article that is judged for the story and is not about it, as theirs are not about the other one."""
    await work.baseline()
    await work.break_news(DEAL)
    await work.break_news(ARREST)
    await work.break_news(CHOIR)


def renewed(work: AtWork, encoder: Encoder, steps: int | None = None) -> int:
    """Texts that were given the encoder's vectors."""
    vectors = Vectors(work.database)
    stale = vectors.stale(encoder=encoder.name)
    todo = reencode(stale, work.watches, encoder, vectors=vectors, judgements=work.pipeline.judgements)
    return sum(step.texts for step in islice(todo, steps))


def remembered(memory: StoryMemory) -> list[tuple[Any, ...]]:
    """All that the story knows, with its bytes."""
    told = [
        (one.article, one.verdict, one.lead.tobytes(), [(s.text, s.place, s.vector.tobytes()) for s in one.sentences])
        for one in memory.remembered
    ]
    return [*told, *((mean.lang, mean.total.tobytes(), mean.count) for mean in memory.means)]


def rows_but_vectors(work: AtWork) -> dict[str, Any]:
    """Everything that is to stay as it is."""
    verdicts = [row._asdict() | {"lead": None, "encoder": None} for row in work.rows("verdict")]
    return {"verdict": verdicts, **{table: work.rows(table) for table in STAYS}}


def test_a_story_is_then_as_if_the_new_encoder_had_judged_all_along(database: Database, tmp_path: Path) -> None:
    """Texts, places, order and means to the last bit; of what was judged and told, nothing changes."""

    async def play() -> None:
        async with at_work(database, OLD, WATCH, LIGHTHOUSE) as work:
            await two_developments(work)
            before = rows_but_vectors(work)
            assert sorted(row["label"] for row in before["verdict"]) == [*["development"] * 3, *["off-topic"] * 3]
            strike, lighthouse = Vectors(database).stale(encoder="new")
            assert (strike.articles, strike.means, strike.encoders) == (2, 1, ("old",))
            assert (lighthouse.articles, lighthouse.means) == (1, 1)
            assert renewed(work, NEW) > strike.texts + lighthouse.texts
            assert rows_but_vectors(work) == before
            assert Vectors(database).stale(encoder="new") == []
            load = work.pipeline.judgements.load_story
            assert remembered(load(WATCH.id, encoder="old")) == []
            found = remembered(load(WATCH.id, encoder="new"))
            for one in load(WATCH.id, encoder="new").remembered:
                assert np.array_equal(one.lead, NEW.encode([lead_of(one)])[0])  # type: ignore[arg-type]
        other = open_database(f"sqlite:///{tmp_path}/other.db")
        async with at_work(other, NEW, WATCH, LIGHTHOUSE) as work:
            await two_developments(work)
            assert remembered(work.pipeline.judgements.load_story(WATCH.id, encoder="new")) == found
        other.dispose()

    asyncio.run(play())


def test_nothing_is_alerted_again_under_the_new_encoder(database: Database) -> None:
    """Another outlet's report of a known development is a repeat, and a new one is news."""

    async def play() -> None:
        async with at_work(database, OLD) as work:
            await work.baseline()
            await work.break_news(DEAL)
            renewed(work, NEW)
            work.encoder = NEW
            work.start()
            [again] = await work.break_news(DEAL, feed=GAZETTE)
            assert again.verdict.verdict is Label.REPEAT
            [news] = await work.break_news(ARREST, feed=GAZETTE)
            assert news.verdict.verdict is Label.DEVELOPMENT
            await work.deliver()
            assert len(work.desk.sent) == 2

    asyncio.run(play())


def test_what_was_cut_off_goes_on(database: Database) -> None:
    """Whichever step was the last: the rest is done, nothing twice, and the end is the same."""

    async def play() -> None:
        async with at_work(database, OLD) as work:
            await work.baseline()
            for number in range(2 * ARTICLES + 1):
                title = f"{ARREST.title}, day {number}"
                await work.break_news(replace(ARREST, path=f"/{number}", title=title))
            whole = Vectors(database).stale(encoder="new")[0].texts
            done = renewed(work, NEW, steps=2)  # the watch's own texts, then some articles
            [stale] = Vectors(database).stale(encoder="new")
            assert (stale.articles, stale.encoders) == (ARTICLES + 1, ("old",))
            assert stale.texts < whole
            done += renewed(work, NEW, steps=2)  # cut off before the means
            [stale] = Vectors(database).stale(encoder="new")
            assert (stale.articles, stale.texts, stale.means) == (0, 0, 1)
            assert bool(stale)
            assert renewed(work, NEW) == 0
            assert Vectors(database).stale(encoder="new") == []
            found = remembered(work.pipeline.judgements.load_story(WATCH.id, encoder="new"))
            assert renewed(work, OLD) == done  # and back again
            renewed(work, NEW)
            assert remembered(work.pipeline.judgements.load_story(WATCH.id, encoder="new")) == found

    asyncio.run(play())


class Failing(WordEncoder):
    """Can't encode one text."""

    def encode(self, texts: Sequence[str]) -> Vector:
        if any("seven percent" in text for text in texts):
            message = "the encoder can't encode it"
            raise RuntimeError(message)
        return super().encode(texts)


def test_a_failure_leaves_the_story_as_it_was(database: Database) -> None:
    """A transaction is all of its articles or none; the old vectors stay readable."""

    async def play() -> None:
        async with at_work(database, OLD) as work:
            await work.baseline()
            await work.break_news(DEAL)
            before = remembered(work.pipeline.judgements.load_story(WATCH.id, encoder="old"))
            with pytest.raises(RuntimeError):
                renewed(work, Failing(dim=48, name="new"))
            assert remembered(work.pipeline.judgements.load_story(WATCH.id, encoder="old")) == before

    asyncio.run(play())


def test_a_story_without_its_watch_file_is_renewed_too(database: Database) -> None:
    """If the file comes back, the story still knows what it knew."""

    async def play() -> None:
        async with at_work(database, OLD) as work:
            await work.baseline()
            await work.break_news(DEAL)
            work.watches = []
            assert renewed(work, NEW) > 0
            [known] = work.pipeline.judgements.load_story(WATCH.id, encoder="new").remembered
            assert known.title == DEAL.title

    asyncio.run(play())


def test_what_is_the_matter_is_told_with_the_way_out(database: Database) -> None:
    """Whose vectors, how many texts, and the command."""

    async def play() -> None:
        async with at_work(database, OLD) as work:
            await work.baseline()
            await work.break_news(DEAL)
            told = in_words(Vectors(database).stale(encoder="new"), "new")
            assert told.startswith("the vectors of one story (")
            assert "were made by old, and the configured encoder is new: run `storywatch reencode`" in told

    asyncio.run(play())
