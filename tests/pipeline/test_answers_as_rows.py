"""What receivers answer, and what is in the database after it: real channels, real servers, a clock that is moved."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from at_work import ARREST, CHOIR, DEAL, AtWork, News, the_watch
from builders import NOON, a_judged, an_article, linker_to
from desks import DESK, Desk
from mail_server import Mailbox, mail_server
from newsroom import SECRET
from webhook_receiver import Receiver, receiving

from storywatch.core.alerting import ChannelRules
from storywatch.core.model import ChannelId, WatchId
from storywatch.errors import Unsent
from storywatch.notify.email import EmailChannel
from storywatch.notify.smtp import SmtpServer
from storywatch.notify.webhook import WebhookChannel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from storywatch.store.engine import Database

PAGE = linker_to("http://127.0.0.1:8480")
NEWSROOM = ChannelId("newsroom")


@asynccontextmanager
async def a_webhook(work: AtWork, *answers: str, patience: float = 5.0) -> AsyncIterator[Receiver]:
    """The desk's channel is a webhook to a real receiver, which answers so."""
    async with receiving(Receiver(answers=list(answers))) as receiver, httpx.AsyncClient(trust_env=False) as client:
        hook = WebhookChannel(DESK, url=receiver.url, secrets=(SECRET,), client=client, linker=PAGE, timeout=patience)
        work.pipeline.channels = {DESK: hook}
        work.pipeline.rules = {DESK: ChannelRules(recipients=(DESK,))}
        yield receiver


async def until_nothing_waits(work: AtWork) -> None:
    """The clock goes from one moment that is due to the next."""
    while True:
        await work.deliver()
        moment = await work.pipeline.next_delivery_at(DESK)
        if moment is None:
            return
        work.clock.advance(moment - work.clock.now())


def tries(work: AtWork) -> list[tuple[int, str, int | None]]:
    return [(row.number, row.state, row.code) for row in work.rows("attempt")]


def waits(work: AtWork) -> list[timedelta]:
    """Between the tries."""
    moments = [row.at for row in work.rows("attempt")]
    return [after - before for before, after in pairwise(moments)]


WELL = (3, "sent", None)


@pytest.mark.parametrize(
    ("answers", "expected", "least"),
    [
        (["500 Oh"] * 2, [(1, "waiting", 500), (2, "waiting", 500), WELL], [5, 300]),
        (["429 Slow\nretry-after: 900", "503 Busy"], [(1, "waiting", 429), (2, "waiting", 503), WELL], [900, 300]),
        (["502 Bad\nretry-after: 60", "504 Late\nretry-after: 1800"], [(1, "waiting", 502), (2, "waiting", 504), WELL], [60, 1800]),
        (["302 Found\nlocation: /other", "302 Found\nlocation: /other"], [(1, "waiting", 302), (2, "waiting", 302), WELL], [5, 300]),
        (["hang", "hang up"], [(1, "waiting", None), (2, "waiting", None), WELL], [5, 300]),
    ],
    ids=["500 twice", "429", "502 and 504", "302", "no answer"],
)  # fmt: skip
def test_what_is_not_taken_is_tried_again(
    database: Database, answers: list[str], expected: list[tuple[int, str, int | None]], least: list[int]
) -> None:
    """By the schedule, or later where the receiver says so; in the same bytes under the same id; then all is well."""

    async def play() -> None:
        async with AtWork(database) as work, a_webhook(work, *answers, patience=0.2) as receiver:
            await work.baseline()
            await work.break_news(DEAL)
            await until_nothing_waits(work)
            assert tries(work) == expected
            for wait, seconds in zip(waits(work), least, strict=True):
                assert timedelta(seconds=seconds) <= wait <= timedelta(seconds=1.2 * seconds)
            [row] = work.rows("delivery")
            assert (row.state, row.attempts, row.reason) == ("sent", 3, None)
            assert {call.line for call in receiver.calls} == {"POST /hook?key=very-secret HTTP/1.1"}
            assert len({(call.headers["webhook-id"], call.body) for call in receiver.calls}) == 1
            [state] = work.rows("channel_state")
            assert (state.failures, state.failing_since, state.succeeded_at) == (0, None, row.sent_at)
            assert "very-secret" not in f"{work.rows('attempt')} {state}"

    asyncio.run(play())


def test_a_receiver_that_is_gone_is_called_no_more(database: Database) -> None:
    """410: the delivery is a dead letter, the next one is too, without a call, and says how to try again."""

    async def play() -> None:
        async with AtWork(database) as work, a_webhook(work, "410 Gone") as receiver:
            await work.baseline()
            await work.break_news(DEAL)
            await until_nothing_waits(work)
            await work.break_news(ARREST)
            await until_nothing_waits(work)
            assert len(receiver.calls) == 1
            assert tries(work) == [(1, "dead", 410)]
            refused, stopped = work.rows("delivery")
            assert (refused.state, stopped.state) == ("dead", "dead")
            assert "410" in refused.reason
            assert stopped.reason.startswith("desk is stopped since 2026-03-02 ")
            assert stopped.reason.endswith("`storywatch redeliver --channel desk --dead` tries again")
            [state] = work.rows("recipient_state")
            assert (state.address, state.stopped_at) == (DESK, work.rows("attempt")[0].at)

    asyncio.run(play())


def test_too_many_requests_hold_the_whole_channel(database: Database) -> None:
    """429: no other story is tried before the receiver's time is over."""

    async def play() -> None:
        other = the_watch(id=WatchId("other"), name="Other")
        slow = "429 Slow\nretry-after: 600"
        async with AtWork(database, watches=[the_watch(), other]) as work, a_webhook(work, slow) as receiver:
            await work.baseline()
            await work.break_news(DEAL)
            [first] = await work.pipeline.claim_deliveries(DESK, 1)
            await work.pipeline.deliver(first)
            began = work.clock.now()
            assert await work.deliver() == []
            assert await work.pipeline.next_delivery_at(DESK) == began + timedelta(minutes=10)
            await until_nothing_waits(work)
            assert {row.state for row in work.rows("delivery")} == {"sent"}
            assert len(receiver.calls) == 3
            assert all(row.at >= began + timedelta(minutes=10) for row in work.rows("attempt")[1:])

    asyncio.run(play())


def test_a_refused_recipient_among_three_keeps_nobody_from_the_mail(database: Database) -> None:
    """Two get everything; the third is a dead letter each time, and after the third time nothing is tried any more."""

    async def play() -> None:
        names = ("anna@desk.test", "ben@desk.test", "clara@desk.test")
        refused = ["250 OK", "550 no such user", "250 OK"] * 3
        async with AtWork(database) as work, mail_server(Mailbox(answers={"RCPT": refused})) as mailbox:
            server = SmtpServer(host="127.0.0.1", port=mailbox.port, tls="none")
            channel = EmailChannel(DESK, sender="storywatch@desk.test", server=server, linker=PAGE)
            work.pipeline.channels, work.pipeline.rules = {DESK: channel}, {DESK: ChannelRules(recipients=names)}
            await work.baseline()
            try:
                for news in news_of_the_talks(4):
                    await work.break_news(news)
                    await until_nothing_waits(work)
            finally:
                await channel.aclose()
            rows = work.rows("delivery")
            told = len(rows) // 3
            assert told >= 4
            assert [row.state for row in rows] == ["sent", "dead", "sent"] * told
            assert [mail[1] for mail in mailbox.mails] == ["anna@desk.test", "clara@desk.test"] * told
            reasons = [row.reason for row in rows if row.address == "ben@desk.test"]
            assert all("no such user" in reason for reason in reasons)
            assert ["is stopped since" in reason for reason in reasons] == [False] * 3 + [True] * (told - 3)
            assert [(row.state, row.code) for row in work.rows("attempt")].count(("dead", 550)) == 3
            assert [row.failures for row in work.rows("channel_state")] == [0]
            stopped = next(row for row in work.rows("recipient_state") if row.stopped_at)
            assert (stopped.address, stopped.refusals) == ("ben@desk.test", 3)

    asyncio.run(play())


def news_of_the_talks(count: int) -> list[News]:
    """Developments of the strike."""
    more = (
        replace(
            CHOIR,
            path="/ships",
            title="Ships leave Sandvik for other harbours",
            summary="Twelve ships left the roads of Sandvik on Tuesday.",
            paragraphs=("Twelve ships left the roads of Sandvik on Tuesday. Their owners send them to Norrfjord.",),
        ),
        replace(
            CHOIR,
            path="/army",
            title="Government sends soldiers to unload medicine in Sandvik",
            summary="Eighty soldiers unload medicine in the harbour of Sandvik.",
            paragraphs=("Eighty soldiers began to unload medicine in the harbour of Sandvik on Friday.",),
        ),
    )
    return [DEAL, ARREST, *more][:count]


class Down:
    """A channel that takes nothing while it is down, and writes down what arrives."""

    def __init__(self) -> None:
        self.down = False
        self.arrived: list[tuple[str, str]] = []  # story and delivery

    def render(self, tidings: Any) -> bytes:
        return f"{tidings.development.watch} {tidings.development.headline}".encode()

    async def send(self, claim: Any, *, now: object) -> None:
        if self.down:
            message = "connection refused"
            raise Unsent(message)
        self.arrived.append((claim.message.decode().partition(" ")[0], claim.id))


@pytest.mark.timeout(120)
def test_a_channel_that_was_down_for_an_hour_tells_everything_in_order(database: Database) -> None:
    """200 alerts of five stories: none lost, none twice, in their order, all as soon as one planned try shows that the
    channel works again; the other channel sent its own at once."""

    async def play() -> None:
        broken, other = Down(), Down()
        broken.down = True
        async with AtWork(database, channels={DESK: broken, NEWSROOM: other}) as work:
            recipients = {DESK: f"{DESK}@desk.test", NEWSROOM: f"{NEWSROOM}@desk.test"}
            desk = Desk(database)
            for number in range(200):
                article = an_article(url=f"https://t.example/{number}", title=f"News {number}", seen_at=NOON)
                judged = a_judged(article, watch=WatchId(f"story-{number % 5}"), recipients=tuple(recipients.values()))
                planned = tuple(
                    replace(one, recipient=replace(one.recipient, channel=channel), not_before=work.clock.now())
                    for one, channel in zip(judged.deliveries, recipients, strict=True)
                )
                desk.judge(article, replace(judged, deliveries=planned))
            assert len(await work.deliver()) == 5 + 200  # of each story the first fails, and the others stand behind it
            assert len(other.arrived) == 200
            ends = work.clock.now() + timedelta(hours=1)
            while (moment := await work.pipeline.next_delivery_at(DESK)) and moment < ends:
                work.clock.advance(moment - work.clock.now())
                await work.deliver()
            assert broken.arrived == []
            broken.down = False
            await until_nothing_waits(work)
            for channel in (broken, other):
                assert len({uid for _, uid in channel.arrived}) == len(channel.arrived) == 200
            rows = work.rows("delivery")
            for channel, ids in ((broken, DESK), (other, NEWSROOM)):
                for story in range(5):
                    planned_order = [row.uid for row in rows if (row.channel, row.watch) == (ids, f"story-{story}")]
                    assert [uid for watch, uid in channel.arrived if watch == f"story-{story}"] == planned_order
            assert {row.state for row in rows} == {"sent"}
            assert max(row.sent_at for row in rows if row.channel == NEWSROOM) < ends - timedelta(minutes=59)
            sent = {row.sent_at for row in rows if row.channel == DESK}
            assert len(sent) == 1, "the other stories do not wait for tries of their own"
            assert sent.pop() - ends <= timedelta(hours=2.4)


def test_one_message_that_a_receiver_minds_is_not_tried_more_often_for_others_that_it_takes(database: Database) -> None:
    """Only a channel that failed several times in a row was down."""

    async def play() -> None:
        picky = Down()
        async with AtWork(database, channels={DESK: picky}) as work:
            desk = Desk(database)
            picky.down = True
            await _tell(desk, work, "minded")
            picky.down = False
            planned = work.rows("delivery")[0].not_before
            await _tell(desk, work, "taken")
            first, second = work.rows("delivery")
            assert (first.state, first.not_before, second.state) == ("waiting", planned, "sent")

    asyncio.run(play())


async def _tell(desk: Desk, work: AtWork, story: str) -> None:
    article = an_article(url=f"https://t.example/{story}", title=f"News of {story}", seen_at=NOON)
    judged = a_judged(article, watch=WatchId(story), recipients=(f"{DESK}@desk.test",))
    planned = tuple(
        replace(one, recipient=replace(one.recipient, channel=DESK), not_before=work.clock.now())
        for one in judged.deliveries
    )
    desk.judge(article, replace(judged, deliveries=planned))
    await work.deliver()
