"""Chats at the end of the line: what their services answered, as rows of the outbox."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from at_work import ARREST, DEAL, AtWork
from builders import linker_to
from chat_services import ChatServer
from desks import DESK
from webhook_receiver import receiving

from storywatch.core.alerting import ChannelRules
from storywatch.notify.chat.apprise import AppriseChannel, recipients_of
from storywatch.notify.chat.channel import ChatChannel
from storywatch.notify.chat.discord import Discord
from storywatch.notify.chat.ntfy import Ntfy
from storywatch.notify.chat.slack import Slack
from storywatch.notify.chat.teams import Teams
from storywatch.notify.chat.telegram import Telegram

if TYPE_CHECKING:
    from collections.abc import Callable

    from storywatch.notify.chat.channel import Service
    from storywatch.store.engine import Database

SERVICES: dict[str, Callable[[str], Service]] = {
    "slack": lambda base: Slack(url=f"{base}/services/T0/B0/very-secret"),
    "discord": lambda base: Discord(webhook=f"{base}/api/webhooks/1/very-secret"),
    "telegram": lambda base: Telegram(api=base, token="123456:very-secret", chat="-1001234567890"),
    "teams": lambda base: Teams(url=f"{base}/workflows/1?sig=very-secret"),
    "ntfy": lambda base: Ntfy(url=base, topic="desk-alerts"),
}
WAIT = {
    "discord": '429 Too Many Requests\n\n{"retry_after": 30.0}',
    "telegram": '429 Too Many Requests\n\n{"ok": false, "parameters": {"retry_after": 30}}',
}


async def newsroom(work: AtWork, service: Service, client: httpx.AsyncClient) -> None:
    """The desk is told in a chat."""
    channel: Any = ChatChannel(DESK, service=service, client=client, linker=linker_to("http://127.0.0.1:8480"))
    work.pipeline.channels = {DESK: channel}
    await work.baseline()


@pytest.mark.parametrize("name", SERVICES)
def test_a_busy_service_gets_the_same_bytes_when_it_wishes(database: Database, name: str) -> None:
    """429 is a try with its code in the row; not before the time that was wished the same bytes go again, and are taken."""

    async def play() -> None:
        busy = WAIT.get(name, "429 Too Many Requests\nretry-after: 30")
        async with (
            receiving(ChatServer(answers=[busy])) as server,
            httpx.AsyncClient(trust_env=False) as client,
            AtWork(database) as work,
        ):
            await newsroom(work, SERVICES[name](f"http://127.0.0.1:{server.port}"), client)
            await work.break_news(DEAL)
            assert [outcome.state for outcome in await work.deliver()] == ["waiting"]
            work.later(seconds=29)
            assert await work.deliver() == []
            work.later(seconds=2)
            assert [outcome.state for outcome in await work.deliver()] == ["sent"]
            assert [(row.state, row.code) for row in work.rows("attempt")] == [("waiting", 429), ("sent", None)]
            first, second = server.calls
            assert first.body == second.body
            assert "seven percent" in second.body.decode()

    asyncio.run(play())


def test_a_deleted_webhook_is_called_no_more(database: Database) -> None:
    """The first refusal makes a dead letter with its reason; the next development is not even posted, and says why."""

    async def play() -> None:
        async with (
            receiving(ChatServer()) as server,
            httpx.AsyncClient(trust_env=False) as client,
            AtWork(database) as work,
        ):
            deleted = Discord(webhook=f"http://127.0.0.1:{server.port}/api/webhooks/1/deleted")
            await newsroom(work, deleted, client)
            await work.break_news(DEAL)
            assert [outcome.state for outcome in await work.deliver()] == ["dead"]
            await work.break_news(ARREST)
            await work.deliver()
            first, second = work.rows("delivery")
            assert (first.state, first.reason) == (
                "dead",
                "Discord at 127.0.0.1 answered 404: this webhook was deleted",
            )
            assert second.state == "dead"
            assert "stopped" in second.reason
            assert len(server.calls) == 1

    asyncio.run(play())


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # that Apprise imports
@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        ("200 OK\n\n", "sent", None),
        ("500 Oops\n\n", "waiting", "apprise: the service did not take the message; it does not say why"),
        ("302 Found\nlocation: /elsewhere\n\n", "waiting", "apprise: the service did not take the message"),
    ],
)
def test_apprise_is_one_more_channel(database: Database, answer: str, state: str, reason: str | None) -> None:
    """What it says is all that is known: taken, or not; a redirect is not taken for an acceptance."""
    pytest.importorskip("apprise")

    async def play() -> None:
        async with receiving(ChatServer(answers=[answer])) as server, AtWork(database) as work:
            url = f"json://127.0.0.1:{server.port}/hook"
            channel: Any = AppriseChannel(DESK, urls=(url,), linker=linker_to("http://127.0.0.1:8480"))
            work.pipeline.channels = {DESK: channel}
            work.pipeline.rules = {DESK: ChannelRules(recipients=recipients_of(DESK, 1))}
            await work.baseline()
            await work.break_news(DEAL)
            [outcome] = await work.deliver()
            assert outcome.state == state
            assert outcome.reason is None if reason is None else str(outcome.reason).startswith(reason)
            [call] = server.calls
            assert "seven percent" in call.body.decode()

    asyncio.run(play())


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # that Apprise imports
def test_who_took_it_by_apprise_does_not_get_it_again_for_another_one(database: Database) -> None:
    """Each address is a recipient of its own, called by its number."""
    pytest.importorskip("apprise")

    async def play() -> None:
        async with (
            receiving(ChatServer(answers=["200 OK\n\n"])) as good,
            receiving(ChatServer(answers=["500 Oops\n\n", "200 OK\n\n"])) as late,
            AtWork(database) as work,
        ):
            urls = tuple(f"json://127.0.0.1:{server.port}/hook" for server in (good, late))
            channel: Any = AppriseChannel(DESK, urls=urls, linker=linker_to("http://127.0.0.1:8480"))
            work.pipeline.channels = {DESK: channel}
            work.pipeline.rules = {DESK: ChannelRules(recipients=recipients_of(DESK, 2))}
            await work.baseline()
            await work.break_news(DEAL)
            await work.deliver()
            states = {row.address: row.state for row in work.rows("delivery")}
            assert states == {"desk-1": "sent", "desk-2": "waiting"}
            work.clock.advance(timedelta(minutes=1))
            await work.deliver()
            assert {row.state for row in work.rows("delivery")} == {"sent"}
            assert (len(good.calls), len(late.calls)) == (1, 2)

    asyncio.run(play())
