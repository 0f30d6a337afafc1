"""Several workers on one PostgreSQL database: one judging order a story, nothing lost, nothing told twice."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import a_feed
from encoders import KeptEncoder
from fakes import FakeClock
from sharing import STREAMS, Newsstand, a_worker, decisions, opened, read_all, share

from storywatch.app import kept_in_line
from storywatch.core.model import EntryState, FeedId, Label, WatchId
from storywatch.encode import CachedEncoder
from storywatch.errors import OutOfTurn, StorywatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.model import Article, Judged, Watch
    from storywatch.core.story import Story

FIRST_REPORT = "/2025/12/04/red-cross-visit"


@pytest.fixture(scope="module")
def encoder() -> CachedEncoder:
    return CachedEncoder(KeptEncoder(STREAMS / "vectors.npz"))


def test_any_number_of_workers_decides_the_same(postgres_urls: list[str], encoder: CachedEncoder) -> None:
    """One, two and four workers on two stories that share feeds: every row is the same, to the last bit."""
    stand = Newsstand.of(STREAMS / "pow-exchange", most=40)
    [watch] = stand.watches
    twin = replace(watch, id=WatchId("every-other-feed"), feeds=frozenset(sorted(watch.feeds)[::2]))
    stand = replace(stand, watches=(watch, twin))
    told = []
    for workers, url in zip((1, 2, 4), postgres_urls, strict=True):
        with opened(url) as database:
            stand.publish(database)
            services = asyncio.run(share(url, stand, encoder, workers=workers))
            told.append(decisions(database))
        assert [service.observer.failures for service in services] == [[]] * workers  # type: ignore[attr-defined]
    one, *more = told
    assert len({row["watch"] for row in one["developments"]}) == 2
    assert len(one["developments"]) > 5
    for other in more:
        for name, rows in one.items():
            assert other[name] == rows, name


def test_the_rows_of_one_worker_differ_where_the_order_does(postgres_urls: list[str], encoder: CachedEncoder) -> None:
    """The comparison can fail: the same news in another order give other rows."""
    stand = Newsstand.of(STREAMS / "captured-sailors", most=12)
    backwards = replace(stand, articles=tuple(mirrored(stand.articles)))
    told = []
    for url, one in zip(postgres_urls, (stand, backwards), strict=False):
        with opened(url) as database:
            one.publish(database)
            asyncio.run(share(url, one, encoder, workers=1))
            told.append(decisions(database)["verdicts"])
    assert told[0] != told[1]


def mirrored(articles: Sequence[Article]) -> list[Article]:
    """The last one is seen first."""
    moments = [article.seen_at for article in articles]
    return [replace(article, seen_at=at) for article, at in zip(reversed(articles), moments, strict=True)]


async def two_at_once(url: str, stand: Newsstand, encoder: CachedEncoder) -> list[list[Judged]]:
    """Two workers have each claimed and read an entry, and have both decided before either is recorded."""
    both = threading.Barrier(2, timeout=60)
    async with a_worker(url, stand, encoder) as one, a_worker(url, stand, encoder, number=1) as other:
        steps = []
        for pipeline in (one.pipeline, other.pipeline):
            [entry] = await pipeline.claim_entries(1)
            article = await pipeline.read(entry)
            assert article is not None
            pipeline.judgements = Together(pipeline.judgements, both)  # type: ignore[assignment]  it has them all
            steps.append(pipeline.judge(entry, article))
        return list(await asyncio.gather(*steps))


class Together:
    """Its first T3 waits until the other worker has come as far."""

    def __init__(self, kept: Any, both: threading.Barrier) -> None:
        self._kept, self._both = kept, both

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kept, name)

    def record_article(self, *args: Any, **kwargs: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            self._both.wait()
        self._both.abort()  # only once
        return self._kept.record_article(*args, **kwargs)


def the_same_news_twice() -> Newsstand:
    """Two outlets report one development at the same time."""
    stand = Newsstand.of(STREAMS / "captured-sailors")
    first = next(article for article in stand.articles if article.url.endswith(FIRST_REPORT))
    again = replace(
        first, url=first.url.replace("https://", "https://www2."), outlet="second-wire", owner="second-wire"
    )
    feeds = (*stand.feeds, a_feed(id=FeedId("second-wire"), url="https://second-wire.example/feed"))
    [watch] = stand.watches
    watches = (replace(watch, feeds=watch.feeds | {FeedId("second-wire")}),)
    return replace(stand, articles=(first, again), watches=watches, feeds=feeds)


def test_two_first_reports_at_once_make_one_alert(postgres_url: str, encoder: CachedEncoder) -> None:
    """Both workers have decided that theirs is the first: the second one's T3 is refused, and it decides again."""
    stand = the_same_news_twice()
    with opened(postgres_url) as database:
        stand.publish(database)
        told = asyncio.run(two_at_once(postgres_url, stand, encoder))
        found = decisions(database)
    labels = sorted(judged.verdict.verdict for [judged] in told)
    assert labels == [Label.DEVELOPMENT, Label.REPEAT]
    assert len(found["developments"]) == len(found["alerts"]) == len(found["deliveries"]) == 1


def test_a_story_that_is_read_anew_while_another_is_read_is_decided_on_anew(
    postgres_url: str, encoder: CachedEncoder
) -> None:
    """An article of two stories, found by a later visit, has no place in line: what it was decided on is what is checked."""
    stand = the_same_news_twice()
    [watch] = stand.watches
    twin = replace(watch, id=WatchId("twin"))
    stand = replace(stand, watches=(watch, twin))

    async def play() -> list[list[Judged]]:
        async with a_worker(postgres_url, stand, encoder) as one, a_worker(postgres_url, stand, encoder) as other:
            told: list[list[Judged]] = []
            read = []
            for pipeline in (one.pipeline, other.pipeline):
                [entry] = await pipeline.claim_entries(1)
                article = await pipeline.read(entry)
                assert article is not None
                read.append((entry, article))
            story_of = one.pipeline.story

            async def story(asked: Watch, *, revision: int | None = None) -> Story:
                if asked == twin and not told:
                    told.append(await other.pipeline.judge(*read[1]))
                    await one.pipeline._catch_up_with([watch.id, twin.id])  # as for another entry that has its turn
                    await story_of(watch)
                return await story_of(asked, revision=revision)

            one.pipeline.story = story  # type: ignore[method-assign]  the moment at which it happens
            return [await one.pipeline.judge(*read[0]), *told]

    with opened(postgres_url) as database:
        stand.publish(database)
        told = asyncio.run(play())
        found = decisions(database)
    labels = sorted(judged.verdict.verdict for both in told for judged in both)
    assert labels == [Label.DEVELOPMENT, Label.DEVELOPMENT, Label.REPEAT, Label.REPEAT]
    assert len(found["developments"]) == 2


def test_an_entry_waits_for_the_earlier_one_of_its_story(postgres_url: str, encoder: CachedEncoder) -> None:
    """The later report is judged after the earlier one though it was ready long before, and by another worker."""
    stand = the_same_news_twice()

    async def play() -> list[list[Judged]]:
        async with a_worker(postgres_url, stand, encoder) as one, a_worker(postgres_url, stand, encoder) as other:
            [first], [second] = [await service.pipeline.claim_entries(1) for service in (one, other)]
            later = asyncio.create_task(other.pipeline.take(second))
            await asyncio.wait({later}, timeout=0.3)
            assert not later.done()
            return [await one.pipeline.take(first), await later]

    with opened(postgres_url) as database:
        stand.publish(database)
        told = asyncio.run(play())
    assert [judged.verdict.verdict for [judged] in told] == [Label.DEVELOPMENT, Label.REPEAT]


def test_what_a_dead_worker_held_comes_first_after_its_lease(postgres_url: str, encoder: CachedEncoder) -> None:
    """Nobody overtakes it: who has the next entry of the story waits for the lease, gives its own back, and takes it up."""
    stand = the_same_news_twice()
    clock = FakeClock(stand.closes_at)

    async def play() -> None:
        async with a_worker(postgres_url, stand, encoder, clock=clock) as dead:
            await dead.pipeline.claim_entries(1)
        async with a_worker(postgres_url, stand, encoder, clock=clock) as living:
            [second] = await living.pipeline.claim_entries(1)
            clock.advance(timedelta(seconds=61))
            assert living.pipeline.turns is not None
            async with living.pipeline.turns.place(second) as place:
                with pytest.raises(OutOfTurn):
                    await living.pipeline.turns.come(place)
            assert await living.pipeline.take(second) == []
            await read_all(living)

    with opened(postgres_url) as database:
        stand.publish(database)
        asyncio.run(play())
        found = decisions(database)
    first, second = (article.url for article in stand.articles)
    urls = {row["uid"]: row["url"] for row in found["articles"]}
    judged = [(urls[row["of_article"]], row["label"]) for row in found["verdicts"]]
    assert judged == [(first, Label.DEVELOPMENT), (second, Label.REPEAT)]


def test_who_is_told_to_stop_gives_back_what_waits(postgres_url: str, encoder: CachedEncoder) -> None:
    """A worker that drains holds no entry whose turn has not come; another one has it at once."""
    stand = the_same_news_twice()

    async def play() -> list[int]:
        async with a_worker(postgres_url, stand, encoder) as one, a_worker(postgres_url, stand, encoder) as other:
            await one.pipeline.claim_entries(1)
            await other.tick_readings()
            assert await other.drain()
            return [entry.id for entry in await one.pipeline.claim_entries(9)]

    with opened(postgres_url) as database:
        stand.publish(database)
        assert len(asyncio.run(play())) == 1
        assert {row["state"] for row in decisions(database)["entries"]} == {EntryState.WAITING}


def test_leases_are_renewed_while_a_worker_lives(postgres_url: str, encoder: CachedEncoder) -> None:
    """What stands in line stays its worker's, however long it waits."""
    stand = the_same_news_twice()
    clock = FakeClock(stand.closes_at)

    async def play() -> None:
        async with a_worker(postgres_url, stand, encoder, clock=clock) as one:
            [entry] = await one.pipeline.claim_entries(1)
            turns = one.pipeline.turns
            assert turns is not None
            async with turns.place(entry):
                for _ in range(3):
                    clock.advance(timedelta(seconds=45))
                    await turns.renew()
                assert entry.id not in [other.id for other in await one.pipeline.claim_entries(9)]

    with opened(postgres_url) as database:
        stand.publish(database)
        asyncio.run(play())


def test_a_single_round_renews_its_leases_too(postgres_url: str, encoder: CachedEncoder) -> None:
    """`once` on a shared database: nobody else takes up what it is at, and a database that is away ends nothing."""
    stand = the_same_news_twice()
    clock = FakeClock(stand.closes_at)

    async def play() -> None:
        async with a_worker(postgres_url, stand, encoder, clock=clock) as one:
            turns = one.pipeline.turns
            assert turns is not None
            [entry] = await one.pipeline.claim_entries(1)
            renew, renewed, tries = turns.renew, asyncio.Event(), []

            async def stumble() -> None:
                tries.append("a try")
                if len(tries) == 1:
                    message = "the database is away"
                    raise StorywatchError(message)
                await renew()
                renewed.set()

            turns.renew = stumble  # type: ignore[method-assign]  it fails once
            async with turns.place(entry), kept_in_line(turns, every=0.01):
                clock.advance(timedelta(minutes=2))
                await asyncio.wait_for(renewed.wait(), 60)
                assert entry.id not in [other.id for other in await one.pipeline.claim_entries(9)]
        async with kept_in_line(None):
            pass

    with opened(postgres_url) as database:
        stand.publish(database)
        asyncio.run(play())
