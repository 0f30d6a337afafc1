"""From alert to attempt: in time, once, with the same id and bytes, whatever happens on the way."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from at_work import ARREST, DEAL, AtWork, RecordingChannel, the_watch
from builders import linker_to
from desks import DESK
from newsroom import SECRET
from standardwebhooks import Webhook

from storywatch.core.alerting import ChannelRules
from storywatch.core.model import ChannelId
from storywatch.errors import Rejected, Unsent
from storywatch.notify.webhook import WebhookChannel
from storywatch.pipeline import SEND_LEASE

if TYPE_CHECKING:
    from storywatch.core.model import Tidings
    from storywatch.store.engine import Database

NEWSROOM = ChannelId("newsroom")


def test_a_channel_that_fails_is_tried_again_with_the_same_id_and_bytes(database: Database) -> None:
    """Tries follow the schedule; the message is rendered once, and each try is kept with its answer."""

    async def play() -> None:
        async with AtWork(database) as work:
            work.desk.answers = [Unsent("the receiver answered 500", code=500), Unsent("no answer within 20 s")]
            await work.baseline()
            await work.break_news(DEAL)
            [outcome] = await work.deliver()
            assert (outcome.state, outcome.code, outcome.reason) == ("waiting", 500, "the receiver answered 500")
            work.later(seconds=4)
            assert await work.deliver() == []
            work.later(seconds=3)
            assert [outcome.state for outcome in await work.deliver()] == ["waiting"]
            work.later(minutes=7)
            assert [outcome.state for outcome in await work.deliver()] == ["sent"]
            assert [claim.attempt for claim in work.desk.tried] == [1, 2, 3]
            assert len({(claim.id, claim.message, claim.first_try_at) for claim in work.desk.tried}) == 1
            assert work.desk.rendered == 1
            assert [(row.number, row.state, row.code) for row in work.rows("attempt")] == [
                (1, "waiting", 500),
                (2, "waiting", None),
                (3, "sent", None),
            ]

    asyncio.run(play())


def test_what_is_refused_for_good_is_a_dead_letter(database: Database) -> None:
    """A refusal ends the delivery with its reason, and the next development is sent all the same."""

    async def play() -> None:
        async with AtWork(database) as work:
            work.desk.answers = [Rejected("no such mailbox", code=550)]
            await work.baseline()
            await work.break_news(DEAL)
            assert [outcome.state for outcome in await work.deliver()] == ["dead"]
            work.later(days=3)
            assert await work.deliver() == []
            await work.break_news(ARREST)
            assert [outcome.state for outcome in await work.deliver()] == ["sent"]
            assert [(row.state, row.reason) for row in work.rows("delivery")] == [
                ("dead", "no such mailbox"),
                ("sent", None),
            ]

    asyncio.run(play())


@pytest.mark.parametrize("error", [Rejected("no such mailbox"), ValueError("a lone surrogate")])
def test_a_message_that_cannot_be_made_holds_nobody_up(database: Database, error: Exception) -> None:
    """A message that can't be rendered is a dead letter with its reason; the next one goes out."""

    class Unable(RecordingChannel):
        def render(self, tidings: Tidings) -> bytes:
            if tidings.development.headline == DEAL.title:
                raise error
            return super().render(tidings)

    async def play() -> None:
        async with AtWork(database, channels={DESK: Unable()}) as work:
            await work.baseline()
            for news in (DEAL, ARREST):
                await work.break_news(news)
            while [row for row in work.rows("delivery") if row.state == "waiting"]:
                claims = await work.pipeline.claim_deliveries(DESK, 10)
                for claim in claims:
                    await work.pipeline.deliver(claim)
            dead, sent = work.rows("delivery")
            assert (dead.state, sent.state) == ("dead", "sent")
            assert str(error) in dead.reason
            assert [ARREST.title.encode() in claim.message for claim in work.desk.sent] == [True]

    asyncio.run(play())


def test_a_send_that_outlives_its_lease_is_not_noted_twice(database: Database) -> None:
    """Who comes back too late finds the row taken over and leaves it alone; the message had the same id."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            await work.break_news(DEAL)
            [late] = await work.pipeline.claim_deliveries(DESK, 10)
            work.clock.advance(SEND_LEASE + timedelta(seconds=1))
            [fresh] = await work.pipeline.claim_deliveries(DESK, 10)
            assert (fresh.id, fresh.message) == (late.id, late.message)
            outcome = await work.pipeline.deliver(late)
            assert outcome.state == "sent"
            assert work.rows("attempt") == []
            assert (await work.pipeline.deliver(fresh)).state == "sent"
            assert len(work.rows("attempt")) == 1
            assert work.rows("delivery")[0].state == "sent"

    asyncio.run(play())


def test_deliveries_of_a_channel_that_was_taken_out_wait_for_its_return(database: Database) -> None:
    """Without the channel nothing is sent, lost or dead; when it is back, what waited goes out."""

    async def play() -> None:
        newsroom = RecordingChannel()
        both = {DESK: RecordingChannel(), NEWSROOM: newsroom}
        async with AtWork(database, channels=both, watches=[the_watch(channels=(DESK, NEWSROOM))]) as work:
            await work.baseline()
            await work.break_news(DEAL)
            await work.reconfigure(channels={DESK: both[DESK]})
            assert len(await work.deliver()) == 1
            await work.break_news(ARREST)
            await work.deliver()
            assert {row.state for row in work.rows("delivery") if row.channel == NEWSROOM} == {"waiting"}
            await work.reconfigure(channels=both)
            assert [outcome.state for outcome in await work.deliver()] == ["sent"]
            assert [DEAL.title.encode() in claim.message for claim in newsroom.sent] == [True]
            assert [row.state for row in work.rows("delivery")] == ["sent"] * 3

    asyncio.run(play())


def test_a_channel_that_was_taken_out_under_way_keeps_its_delivery(database: Database) -> None:
    """A reload between claim and send costs the try, not the delivery."""

    async def play() -> None:
        async with AtWork(database) as work:
            desk = work.desk
            await work.baseline()
            await work.break_news(DEAL)
            [claim] = await work.pipeline.claim_deliveries(DESK, 10)
            await work.reconfigure(channels={})
            outcome = await work.pipeline.deliver(claim)
            assert (outcome.state, outcome.reason) == ("waiting", "channel 'desk' is no longer configured")
            await work.reconfigure(channels={DESK: desk})
            work.later(minutes=3)
            assert [outcome.state for outcome in await work.deliver()] == ["sent"]

    asyncio.run(play())


def test_who_was_taken_out_of_a_channel_gets_nothing_more(database: Database) -> None:
    """A delivery that waits for somebody who is no recipient now becomes a dead letter, and says so."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            await work.break_news(DEAL)
            work.pipeline.rules = {name: ChannelRules(recipients=("new@desk.example",)) for name in work.pipeline.rules}
            [outcome] = await work.deliver()
            assert outcome.state == "dead"
            assert "is no longer a recipient of channel 'desk'" in str(outcome.reason)
            assert work.desk.sent == []

    asyncio.run(play())


def test_a_reload_keeps_what_is_known(database: Database) -> None:
    """After a reload the story is what it was: the same report elsewhere is no news."""

    async def play() -> None:
        async with AtWork(database) as work:
            await work.baseline()
            await work.break_news(DEAL)
            known = await work.pipeline.story(work.watches[0])
            await work.reconfigure(watches=[the_watch()])
            again = await work.pipeline.story(work.watches[0])
            assert again is not known
            assert [one.record.article for one in again.known] == [one.record.article for one in known.known]
            assert again.means.keys() == known.means.keys()

    asyncio.run(play())


def test_a_real_channel_at_the_end_of_the_line(database: Database) -> None:
    """The webhook that arrives is signed, carries the delivery's id, and tells the sentence that is new."""

    async def play() -> None:
        async with AtWork(database) as work:
            hook = "https://hooks.desk.test/storywatch"
            work.web.put(hook, status=503, retry_after="30")
            work.web.put(hook, status=204)
            channel = WebhookChannel(
                DESK, url=hook, secrets=(SECRET,), client=work._client, linker=linker_to("http://127.0.0.1:8480")
            )
            await work.baseline()
            await work.break_news(DEAL)
            work.pipeline.channels = {DESK: channel}
            assert [outcome.state for outcome in await work.deliver()] == ["waiting"]
            work.later(seconds=31)
            assert [outcome.state for outcome in await work.deliver()] == ["sent"]
            first, second = (request for request in work.web.requests if str(request.url) == hook)
            assert first.content == second.content
            assert {first.headers["webhook-id"], second.headers["webhook-id"]} == {work.rows("delivery")[0].uid}
            signed = Webhook(SECRET)
            told = second.content.decode()
            right = signed.sign(second.headers["webhook-id"], work.clock.now(), told)
            assert second.headers["webhook-signature"] == right
            assert "seven percent" in told

    asyncio.run(play())
