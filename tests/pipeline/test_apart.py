"""What must not touch what: watches that share an article, a message that breaks, a reload and the work under way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from at_work import ARREST, DEAL, TIMES, AtWork, RecordingChannel, the_watch
from builders import a_feed
from desks import DESK

from storywatch.core.model import FeedId, WatchId
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from storywatch.core.model import AttemptOutcome, DeliveryClaim, Judged, Tidings
    from storywatch.core.story import Story
    from storywatch.store.engine import Database
    from storywatch.store.outbox import Outbox

GAZETTE = FeedId("gazette")
SECOND = WatchId("second")
TEN_MINUTES = timedelta(minutes=10)


def test_an_article_of_two_feeds_is_judged_for_each_watch(database: Database) -> None:
    """Where two watches follow a feed each, and both feeds list one article, each watch judges it, once."""

    async def play() -> None:
        feeds = [a_feed(every=TEN_MINUTES), a_feed(id=GAZETTE, url="https://gazette.example/rss", every=TEN_MINUTES)]
        watches = [the_watch(feeds=frozenset({TIMES})), the_watch(id=SECOND, feeds=frozenset({TIMES, GAZETTE}))]
        third = the_watch(id=WatchId("third"), feeds=frozenset({GAZETTE}))
        async with AtWork(database, watches=[*watches, third], feeds=feeds) as work:
            work.url = lambda news, _feed=TIMES: f"https://{TIMES}.example{news.path}"  # type: ignore[method-assign]  # one address for both
            await work.baseline()
            work.publish(DEAL)
            work.publish(DEAL, feed=GAZETTE)
            await work.poll()
            judged = await work.read_and_judge()
            assert sorted(one.watch for one in judged) == sorted(watch.id for watch in work.watches)
            assert sorted(state for _, state in _states(work)) == ["judged", "judged"]
            assert len(work.rows("article")) == 1
            assert len(work.rows("verdict")) == 3

    asyncio.run(play())


def _states(work: AtWork) -> list[tuple[int, str]]:
    return [(row.feed_id, row.state) for row in work.rows("entry")]


@dataclass
class StumblingChannel(RecordingChannel):
    """Can't make a message of one of the headlines."""

    over: str = ""

    def render(self, tidings: Tidings) -> bytes:
        if tidings.development.headline == self.over:
            raise KeyError(self.over)
        return super().render(tidings)


def test_a_message_that_breaks_holds_up_no_other(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """What can't be rendered is a dead letter that says why; what comes after it is sent."""

    async def play() -> None:
        desk = StumblingChannel(over=DEAL.title)
        async with AtWork(database, channels={DESK: desk}) as work:
            await work.baseline()
            await work.break_news(DEAL)
            await work.break_news(ARREST)
            await work.deliver()  # the first look finds the broken one at the head of the line,
            await work.deliver()  # the next one what stood behind it
            broken, fine = work.rows("delivery")
            assert broken.state == "dead"
            assert "the message can't be made: KeyError" in broken.reason
            assert [claim.id for claim in desk.sent] == [fine.uid]

    asyncio.run(play())
    assert "message_broke" in capsys.readouterr().out


def test_a_reading_from_before_a_reload_brings_no_old_story_back(database: Database) -> None:
    """An entry that was being looked at during a reload does not leave the watch's old text in use."""

    async def play() -> None:
        async with AtWork(database) as work:
            before = work.watches[0]
            await work.reconfigure(watches=[the_watch(name="Harbour talks")])
            story = await work.pipeline.story(before)
            assert story.watch.name == "Harbour talks"
            assert await work.pipeline.story(work.watches[0]) is story

    asyncio.run(play())


@dataclass
class LockedAtFirst:
    """An outbox that can't note anything for a while."""

    outbox: Outbox
    failures: int
    error: StorywatchError

    def __getattr__(self, name: str) -> object:
        return getattr(self.outbox, name)

    def finish_delivery(self, claim: DeliveryClaim, outcome: AttemptOutcome) -> None:
        if self.failures:
            self.failures -= 1
            raise self.error
        self.outbox.finish_delivery(claim, outcome)


def test_what_was_sent_is_noted_as_soon_as_that_is_possible(database: Database) -> None:
    """A database that is locked for a moment does not make a message go out twice."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            await work.break_news(DEAL)
            work.pipeline.outbox = LockedAtFirst(work.pipeline.outbox, 2, StorywatchError("database is locked"))  # type: ignore[arg-type, assignment]  # stands for the outbox
            [claim] = await work.pipeline.claim_deliveries(DESK, 10)
            assert (await work.pipeline.deliver(claim)).state == "sent"
            work.later(minutes=3)
            assert await work.deliver() == []
            assert len(work.desk.sent) == 1

    asyncio.run(play())


def test_what_can_never_be_noted_is_an_error(database: Database) -> None:
    """After a few tries the step fails in words; the lease runs out, and the delivery is tried again."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            await work.break_news(DEAL)
            work.pipeline.outbox = LockedAtFirst(work.pipeline.outbox, 3, StorywatchError("the disk is full"))  # type: ignore[arg-type, assignment]  # stands for the outbox
            [claim] = await work.pipeline.claim_deliveries(DESK, 10)
            with pytest.raises(StorywatchError, match="the disk is full"):
                await work.pipeline.deliver(claim)
            work.later(minutes=3)
            assert [outcome.state for outcome in await work.deliver()] == ["sent"]

    asyncio.run(play())


def test_a_story_that_could_not_learn_is_read_anew(database: Database) -> None:
    """What is in the database is known: a fault between the commit and the memory of it does not tell it twice."""

    class Forgetful:
        def __init__(self, story: Story) -> None:
            self.story = story

        def __getattr__(self, name: str) -> object:
            return getattr(self.story, name)

        def learn(self, judged: Judged) -> Story:
            raise MemoryError

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            [watch] = work.watches
            work.pipeline.stories[watch.id] = Forgetful(await work.pipeline.story(watch))  # type: ignore[assignment]  # stands for the story
            with pytest.raises(MemoryError):
                await work.break_news(DEAL)
            [article] = work.rows("article")
            story = await work.pipeline.story(watch)
            assert [known.record.article for known in story.known] == [article.uid]

    asyncio.run(play())
