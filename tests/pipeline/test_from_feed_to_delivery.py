"""The way of the data, arrow by arrow."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from at_work import ARREST, CHOIR, DEAL, TIMES, AtWork, News, the_watch
from builders import NOON, a_feed
from desks import DESK

from storywatch.core.model import ChannelId, EntryState, FeedId, Label, PageState, Severity, Terms, WatchId
from storywatch.errors import LeaseLost, StorywatchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from storywatch.core.model import DeliveryId, Watch
    from storywatch.store.engine import Database

PAGES = Path(__file__).parents[1] / "data" / "pages"
GAZETTE = FeedId("gazette")


def test_what_a_feed_lists_at_its_first_poll_is_no_news(database: Database) -> None:
    """The first list is a baseline: nothing of it is read, judged or told."""

    async def play() -> None:
        async with AtWork(database) as work:
            work.publish(DEAL)
            [outcome] = await work.poll()
            assert (outcome.new, await work.read_and_judge(), await work.deliver()) == (1, [], [])
            assert work.entry_states() == {"/deal": ("baseline", None)}
            assert not any("/deal" in address for address in work.web.asked())

    asyncio.run(play())


def test_news_of_the_story_becomes_one_message(database: Database) -> None:
    """A new entry leads to article, verdict, development, alert and delivery, and is sent once."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            [judged] = await work.break_news(DEAL)
            assert judged.verdict.verdict is Label.DEVELOPMENT
            [article] = work.rows("article")
            assert (article.state, article.lang, article.outlet) == ("read", "en", TIMES)
            [verdict] = work.rows("verdict")
            assert (verdict.label, verdict.score) == ("development", judged.verdict.score)
            [development] = work.rows("development")
            assert development.headline == DEAL.title
            assert any("seven percent" in new["sentence"] for new in development.new)
            [outcome] = await work.deliver()
            assert outcome.state == "sent"
            assert await work.deliver() == []
            [sent] = work.desk.sent
            [row] = work.rows("delivery")
            assert (row.uid, row.state, row.message) == (sent.id, "sent", sent.message)
            assert work.entry_states() == {"/deal": ("judged", None)}
            assert work.waker.woken == [sent.id]

    asyncio.run(play())


@dataclass
class FailingWaker:
    """Stands in the middle of T3, after all was written, and lets it fail once."""

    failures: int = 1

    def wake(self, connection: object, delivery_ids: Sequence[DeliveryId]) -> None:
        if self.failures:
            self.failures -= 1
            message = "the disk is full"
            raise StorywatchError(message)


def test_what_follows_from_an_article_is_there_together_or_not_at_all(database: Database) -> None:
    """A judgement that could not be stored leaves nothing behind, in the database or in the story, and is made again."""

    async def play() -> None:
        async with AtWork(database, waker=FailingWaker()) as work:
            await work.baseline()
            with pytest.raises(StorywatchError, match="disk is full"):
                await work.break_news(DEAL)
            written = ("article", "verdict", "development", "alert", "delivery", "story_mean")
            assert [work.rows(table) for table in written] == [[]] * len(written)
            work.later(minutes=6)
            [judged] = await work.read_and_judge()
            assert judged.verdict.verdict is Label.DEVELOPMENT
            assert [len(work.rows(table)) for table in written] == [1] * len(written)

    asyncio.run(play())


# --------------------------------------------------------------------------- entry -> article


def test_what_concerns_no_story_is_passed_over_with_a_note(database: Database) -> None:
    """An entry about something else is settled at the glance; its page is not asked for, and the reason is kept."""

    async def play() -> None:
        async with AtWork(database, watches=[the_watch(terms=Terms(none=("choir",)))]) as work:
            await work.baseline()
            assert await work.break_news(CHOIR) == []
            [(state, note)] = work.entry_states().values()
            assert (state, note) == (EntryState.PASSED_OVER, "has the excluded word 'choir'")
            assert not any("/choir" in address for address in work.web.asked())

    asyncio.run(play())


def test_where_words_cannot_tell_the_vector_does(database: Database) -> None:
    """An entry without any name of the watch is looked at by its vector, and what that said is its note."""

    async def play() -> None:
        async with AtWork(database, watches=[the_watch(terms=Terms())]) as work:
            await work.baseline()
            far = News(
                path="/far", title="Neutrinos weigh less than thought", summary="Physicists measure.", paragraphs=()
            )
            await work.break_news(far)
            [(state, note)] = work.entry_states().values()
            assert state == EntryState.PASSED_OVER
            assert note not in {None, "has no name or word of the watch"}

    asyncio.run(play())


def test_a_feed_that_nobody_follows_is_passed_over(database: Database) -> None:
    """A feed outside of every watch is polled, and its entries say why nothing came of them."""

    async def play() -> None:
        async with AtWork(database, watches=[the_watch(feeds=frozenset())]) as work:
            await work.baseline()
            assert await work.break_news(DEAL) == []
            assert work.entry_states() == {"/deal": (EntryState.PASSED_OVER, "no watch follows this feed")}

    asyncio.run(play())


def test_a_page_that_fails_is_tried_again_and_then_the_feed_serves(database: Database) -> None:
    """A server error is waited out for half a minute and two minutes more; then what the feed says is judged."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            work.web.put(work.url(DEAL), status=503)
            work.publish(DEAL, page=False)
            await work.poll()
            assert await work.read_and_judge() == []
            [(state, note)] = work.entry_states().values()
            assert state == EntryState.WAITING
            assert note is not None
            assert "503" in note
            work.later(seconds=29)
            assert await work.pipeline.claim_entries(10) == []
            work.later(seconds=1)
            assert await work.read_and_judge() == []
            work.later(minutes=2)
            [judged] = await work.read_and_judge()
            assert judged.remembered.paragraphs == (DEAL.summary,)
            [article] = work.rows("article")
            assert article.state == PageState.FEED_ONLY
            assert work.web.asked().count(work.url(DEAL)) == 3

    asyncio.run(play())


def test_a_page_that_comes_at_last_is_read(database: Database) -> None:
    """A page that fails once and then answers is judged with its full text."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            work.publish(DEAL)
            work.web.change(work.url(DEAL), status=502)
            await work.poll()
            assert await work.read_and_judge() == []
            work.publish(DEAL)
            work.later(minutes=1)
            [judged] = await work.read_and_judge()
            assert judged.remembered.paragraphs == DEAL.paragraphs
            assert work.rows("entry")[0].note is None

    asyncio.run(play())


@pytest.mark.parametrize("kind", ["gone", "forbidden", "private", "no page"])
def test_a_page_that_cannot_be_had_is_not_waited_for(database: Database, kind: str) -> None:
    """Where asking again changes nothing, the feed's own text is judged at once."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            address = work.url(DEAL)
            match kind:
                case "gone":
                    work.web.put(address, status=404)
                case "forbidden":
                    work.web.put(f"https://{TIMES}.example/robots.txt", "User-agent: *\nDisallow: /\n")
                case "private":
                    work.web.put(address, status=302, location="file:///etc/passwd")
                case _:
                    work.web.put(address, b"%PDF-1.7", content_type="application/pdf")
            [judged] = await work.break_news(DEAL, page=False)
            assert judged.remembered.paragraphs == (DEAL.summary,)
            assert work.rows("article")[0].state == PageState.FEED_ONLY
            assert work.web.asked().count(address) == (0 if kind == "forbidden" else 1)

    asyncio.run(play())


def test_a_bot_check_is_no_article(database: Database) -> None:
    """Where a wall comes instead of the page, the feed's own text is judged, and the wall is noted."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            work.web.put(work.url(DEAL), (PAGES / "botcheck.html").read_bytes(), content_type="text/html")
            [judged] = await work.break_news(DEAL, page=False)
            assert judged.remembered.paragraphs == (DEAL.summary,)
            assert work.rows("article")[0].state == PageState.BLOCKED

    asyncio.run(play())


def test_the_same_text_again_is_not_judged_again(database: Database) -> None:
    """A second feed that lists the same address with the same text adds nothing but a note."""

    async def play() -> None:
        feeds = [a_feed(every=timedelta(minutes=10)), a_feed(id=GAZETTE, url="https://gazette.example/rss")]
        async with AtWork(database, feeds=feeds, watches=[the_watch(feeds=frozenset({TIMES, GAZETTE}))]) as work:
            await work.baseline()
            await work.break_news(DEAL)
            address = work.url(DEAL)
            work.url = lambda news, feed=TIMES: address  # type: ignore[method-assign]  # both list the one page
            work.later(minutes=30)
            assert await work.break_news(DEAL, feed=GAZETTE, page=False) == []
            first, second = work.rows("entry")
            assert (second.state, second.note) == ("known", "the article at this address was judged before")
            assert first.article == second.article
            assert len(work.rows("verdict")) == 1

    asyncio.run(play())


def test_another_text_at_the_same_address_is_judged_as_an_edit(database: Database) -> None:
    """An article that its outlet changed is read anew and compared with what it said before."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            await work.break_news(DEAL)
            body = tuple(text.replace("nine days", "four days") for text in DEAL.paragraphs)
            edit = replace(DEAL, summary="Voted on Friday night; updated.", paragraphs=body)
            [judged] = await work.break_news(edit)
            assert judged.match.about
            assert judged.match.copy_of is None
            assert judged.match.features["same_address"] == 1
            assert [row.url_key for row in work.rows("article")] == [judged.remembered.url_key] * 2
            assert len(work.rows("entry")) == 1

    asyncio.run(play())


# --------------------------------------------------------------------------- article -> verdict -> alert


def test_each_watch_judges_for_itself(database: Database) -> None:
    """One article, two watches on the feed, two verdicts; a watch on another feed is not asked."""

    async def play() -> None:
        other = the_watch(
            id=WatchId("lighthouse"),
            name="Lighthouse",
            about="The old lighthouse of Vik and its keeper.",
            seeds=(),
            terms=Terms(none=("dockers",)),
        )
        elsewhere = the_watch(id=WatchId("elsewhere"), feeds=frozenset({GAZETTE}))
        async with AtWork(database, watches=[the_watch(), other, elsewhere]) as work:
            await work.baseline()
            judged = await work.break_news(DEAL)
            assert [(one.watch, one.verdict.verdict) for one in judged] == [
                ("harbour-strike", Label.DEVELOPMENT),
                ("lighthouse", Label.OFF_TOPIC),
            ]
            assert [row.watch for row in work.rows("verdict")] == ["harbour-strike", "lighthouse"]
            assert [row.watch for row in work.rows("delivery")] == ["harbour-strike"]
            assert len(work.rows("article")) == 1

    asyncio.run(play())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"channels": ()}, "the watch has no channels: its developments are on the page only"),
        ({"channels": (ChannelId("mute"),)}, "none of the watch's channels is configured: mute"),
        ({"languages": frozenset({"ko"})}, "language not asked for"),
    ],
)
def test_an_alert_that_is_held_says_why_and_is_not_sent(
    database: Database, changes: dict[str, Any], reason: str
) -> None:
    """The development is kept, its alert has the reason, and nobody is told."""

    async def play() -> None:
        async with AtWork(database, watches=[the_watch(**changes)]) as work:
            await work.baseline()
            await work.break_news(DEAL)
            assert [row.held for row in work.rows("alert")] == [reason]
            assert len(work.rows("development")) == 1
            assert work.rows("delivery") == []
            assert await work.deliver() == []

    asyncio.run(play())


def test_a_lesser_development_is_held_where_only_major_ones_are_wanted(database: Database) -> None:
    """Severity is compared with the watch's minimum, and what is below it is held."""

    async def play() -> None:
        async with AtWork(database, watches=[the_watch(minimum=Severity.MAJOR)]) as work:
            await work.baseline()
            for news in (DEAL, ARREST):
                await work.break_news(news)
            for alert, development in zip(work.rows("alert"), work.rows("development"), strict=True):
                lesser = "severity minor is below the watch's minimum, major"
                assert alert.held == (lesser if development.severity == "minor" else None)

    asyncio.run(play())


def test_a_message_waits_until_the_news_has_settled(database: Database) -> None:
    """With `settle` a delivery waits for other reports of the same, and then tells all of them."""

    async def play() -> None:
        async with AtWork(database, watches=[the_watch(settle=timedelta(hours=1))]) as work:
            await work.baseline()
            await work.break_news(DEAL)
            assert await work.deliver() == []
            work.later(minutes=49)
            assert [outcome.state for outcome in await work.deliver()] == ["sent"]

    asyncio.run(play())


def test_an_entry_that_changed_meanwhile_is_judged_as_it_is_now(database: Database) -> None:
    """Who judges an outdated entry loses the lease, and the story does not learn from it."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            work.publish(DEAL)
            await work.poll()
            entry = await work.entry()
            article = await work.pipeline.read(entry)
            assert article is not None
            work.later(minutes=11)
            work.publish(replace(DEAL, title="Sandvik dockers accept seven and a half percent"))
            await work.poll()
            with pytest.raises(LeaseLost):
                await work.pipeline.judge(entry, article)
            assert work.rows("verdict") == []
            [judged] = await work.read_and_judge()
            assert judged.verdict.verdict is Label.DEVELOPMENT
            assert [row.headline for row in work.rows("development")] == [
                "Sandvik dockers accept seven and a half percent"
            ]

    asyncio.run(play())


def test_a_story_is_loaded_once_however_many_ask(database: Database) -> None:
    """Entries that are looked at together share one story."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            [watch] = work.watches
            first, second = await asyncio.gather(work.pipeline.story(watch), work.pipeline.story(watch))
            assert first is second
            assert len(work.rows("known_sentence")) > 3

    asyncio.run(play())


def test_a_changed_watch_encodes_only_what_is_new(database: Database) -> None:
    """Vectors of the watch's texts are kept; another description replaces only its own."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.pipeline.story(work.watches[0])
            before = {row.text: row.vector for row in work.rows("known_sentence")}
            changed: Watch = the_watch(about="What the dockers of Sandvik want.")
            await work.reconfigure(watches=[changed])
            await work.pipeline.story(changed)
            after = {row.text: row.vector for row in work.rows("known_sentence")}
            assert after.keys() - before.keys() == {"What the dockers of Sandvik want."}
            assert len(before.keys() - after.keys()) >= 1
            assert all(before[text] == after[text] for text in before.keys() & after.keys())

    asyncio.run(play())


def test_nothing_is_due_before_its_time(database: Database) -> None:
    """A feed is asked again when its time has come, or for one round that begins with what was due at a moment."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.poll()
            assert await work.pipeline.claim_feeds(10) == []
            [claim] = await work.pipeline.claim_feeds(10, due_by=NOON + timedelta(minutes=10))
            assert claim.feed.id == TIMES
            assert DESK in work.channels

    asyncio.run(play())


def test_an_entry_that_breaks_us_waits_and_is_tried_again(database: Database) -> None:
    """What we stumble over says so in its note, holds nobody up, and comes back later, longer each time."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            work.publish(DEAL)
            await work.poll()
            waits = []
            for _ in range(2):
                await work.pipeline.put_off(await work.entry(), "storywatch stumbled over it (ValueError)")
                assert work.entry_states() == {"/deal": ("waiting", "storywatch stumbled over it (ValueError)")}
                [row] = work.rows("entry")
                waits.append(row.not_before - work.clock.now())
                assert await work.pipeline.claim_entries(10) == []
                work.clock.advance(waits[-1])
            assert waits[0] < waits[1]
            [judged] = await work.read_and_judge()
            assert judged.verdict.verdict is Label.DEVELOPMENT

    asyncio.run(play())


def test_a_second_feed_brings_an_article_to_the_watches_that_follow_only_it(database: Database) -> None:
    """Two feeds list one article: each watch judges it once, by whichever feed it comes first."""

    async def play() -> None:
        feeds = [a_feed(every=timedelta(minutes=10)), a_feed(id=GAZETTE, url="https://gazette.example/rss")]
        second = the_watch(id=WatchId("second"), feeds=frozenset({TIMES, GAZETTE}))
        third = the_watch(id=WatchId("third"), feeds=frozenset({GAZETTE}))
        async with AtWork(database, feeds=feeds, watches=[the_watch(), second, third]) as work:
            await work.baseline()
            first = await work.break_news(DEAL)
            address = work.url(DEAL)
            work.url = lambda news, feed=TIMES: address  # type: ignore[method-assign]  # both list the one page
            work.later(minutes=30)
            again = await work.break_news(DEAL, feed=GAZETTE, page=False)
            assert [one.watch for one in first] == ["harbour-strike", "second"]
            assert [one.watch for one in again] == ["third"]
            assert [row.watch for row in work.rows("verdict")] == ["harbour-strike", "second", "third"]
            assert len(work.rows("article")) == 1

    asyncio.run(play())


def test_what_is_told_on_a_channel_that_is_disabled_waits_and_says_so(database: Database) -> None:
    """A secret that is missing after a restart loses nothing: once it is back, all that waited is sent."""

    async def play() -> None:
        async with AtWork(database) as work:
            desk, channel = work.pipeline.rules[DESK], work.channels[DESK]
            work.pipeline.channels = {}
            work.pipeline.rules = {DESK: replace(desk, disabled="the environment variable KEY is not set")}
            await work.baseline()
            await work.break_news(DEAL)
            [waiting] = work.rows("delivery")
            assert waiting.state == "waiting"
            assert waiting.note == "channel desk is disabled: the environment variable KEY is not set"
            work.pipeline.channels, work.pipeline.rules = {DESK: channel}, {DESK: desk}
            work.clock.advance(timedelta(days=1))
            assert len(await work.deliver()) == 1
            assert [row.state for row in work.rows("delivery")] == ["sent"]

    asyncio.run(play())
