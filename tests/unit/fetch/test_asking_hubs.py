from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from builders import NOON, a_hub_claim
from fakes import FakeClock
from hub import Hub
from webhook_receiver import receiving

from storywatch.errors import FetchFailed, Forbidden
from storywatch.fetch.client import build_client
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.websub import HttpHubCaller

if TYPE_CHECKING:
    from storywatch.core.websub import Mode

NO_CONNECTION = "no connection"
LOOPBACK = ("127.0.0.0/8",)


async def ask(
    hub: str,
    *,
    mode: Mode = "subscribe",
    allow: tuple[str, ...] = LOOPBACK,
    hosts: Hosts | None = None,
    seconds: float = 5,
) -> None:
    clock = FakeClock(NOON)
    async with build_client(user_agent="storywatch/test", allow_networks=allow) as client:
        caller = HttpHubCaller(client, hosts or Hosts(clock, spacing=timedelta(0)), clock, overall_seconds=seconds)
        await caller.ask_hub(a_hub_claim(hub=hub, mode=mode))


def test_a_hub_gets_a_form() -> None:
    """POST, urlencoded, with all that the recommendation wants; the end of it needs neither secret nor lease."""

    async def play() -> None:
        async with receiving(Hub()) as hub:
            await ask(hub.address)
            await ask(hub.address, mode="unsubscribe")
            first, second = hub.forms
            callback = "https://desk.example/websub/" + "t" * 43
            topic = "https://harbor-times.example/feed.xml?a=1&b=ü"
            assert first == {
                "hub.mode": "subscribe",
                "hub.topic": topic,
                "hub.callback": callback,
                "hub.lease_seconds": "864000",
                "hub.secret": "a-secret",
            }
            assert second == {"hub.mode": "unsubscribe", "hub.topic": topic, "hub.callback": callback}
            assert hub.calls[0].line == "POST /hub HTTP/1.1"
            assert hub.calls[0].headers["content-type"] == "application/x-www-form-urlencoded"
            assert hub.calls[0].headers["user-agent"] == "storywatch/test"

    asyncio.run(play())


@pytest.mark.parametrize("answer", ["202 Accepted\n\n", "204 No Content", "200 OK\n\nendless words"])
def test_any_success_is_an_acceptance(answer: str) -> None:
    """Hubs of the time before the recommendation say 204; what the body says is not read."""

    async def play() -> None:
        async with receiving(Hub(answers=[answer])) as hub:
            await ask(hub.address)

    asyncio.run(play())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("400 Bad Request\n\n<script>no</script>", r"the hub 127\.0\.0\.1:\d+ answered 400$"),
        ("500 Oh\n\n", r"answered 500$"),
        ("301 Moved\nlocation: /other\n\n", r"answered 301$"),
        ("307 Elsewhere\n\n", r"leads nowhere that may be asked|more than 3 redirects"),
        ("307 Elsewhere\nlocation: ftp://hub.example/\n\n", r"307 leads nowhere that may be asked"),
        ("hang up", r"the hub 127\.0\.0\.1:\d+: "),
    ],
)
def test_a_refusal_is_told_in_words(answer: str, said: str) -> None:
    """With the host and the status, and nothing of what the hub wrote."""

    async def play() -> None:
        async with receiving(Hub(answers=[answer] * 9)) as hub:
            with pytest.raises(FetchFailed, match=said) as caught:
                await ask(hub.address)
            assert "script" not in str(caught.value)

    asyncio.run(play())


@pytest.mark.parametrize("answer", ["307 Elsewhere\nlocation: /other?x=1\n\n", "308 Moved\nlocation: /other?x=1\n\n"])
def test_a_hub_may_send_us_to_another(answer: str) -> None:
    """307 and 308 keep method and form."""

    async def play() -> None:
        async with receiving(Hub(answers=[answer, "202 Accepted\n\n"])) as hub:
            await ask(hub.address)
            assert [call.line for call in hub.calls] == ["POST /hub HTTP/1.1", "POST /other?x=1 HTTP/1.1"]
            assert hub.forms[0] == hub.forms[1]

    asyncio.run(play())


def test_a_round_of_redirects_ends() -> None:
    """Three are enough."""

    async def play() -> None:
        async with receiving(Hub(answers=["307 Elsewhere\nlocation: /hub\n\n"] * 9)) as hub:
            with pytest.raises(FetchFailed, match="more than 3 redirects"):
                await ask(hub.address)
            assert len(hub.calls) == 4

    asyncio.run(play())


def test_a_hub_that_does_not_answer_is_given_up() -> None:
    """In a time that is ours."""

    async def play() -> None:
        async with receiving(Hub(answers=["hang"])) as hub:
            with pytest.raises(FetchFailed, match=r"no answer in 0\.2 s"):
                await ask(hub.address, seconds=0.2)

    asyncio.run(play())


def test_retry_after_holds_the_host() -> None:
    """What a hub says counts for all that is asked of its host."""

    async def play() -> None:
        hosts = Hosts(FakeClock(NOON), spacing=timedelta(0))
        async with receiving(Hub(answers=["503 Busy\nretry-after: 600\n\n"])) as hub:
            with pytest.raises(FetchFailed) as caught:
                await ask(hub.address, hosts=hosts)
            assert caught.value.retry_after == timedelta(minutes=10)
            with pytest.raises(FetchFailed, match="left alone"):
                await ask(hub.address, hosts=hosts)
            assert len(hub.calls) == 1

    asyncio.run(play())


@pytest.mark.parametrize(
    "hub",
    [
        "http://127.0.0.1:9/hub",
        "https://localhost/hub",
        "http://169.254.169.254/",
        "https://[::1]/",
        "http://10.0.0.1/",
    ],
)
def test_a_private_address_is_no_hub(hub: str) -> None:
    """A feed may name any address: those of our own network are not asked."""
    with pytest.raises(Forbidden, match="may not be asked"):
        asyncio.run(ask(hub, allow=()))


def test_a_hub_can_not_send_us_into_the_private_network() -> None:
    """The guard stands before each address."""

    async def play() -> None:
        async with receiving(Hub(answers=["307 Elsewhere\nlocation: http://10.0.0.1/\n\n"])) as hub:
            with pytest.raises(Forbidden, match=r"10\.0\.0\.1"):
                await ask(hub.address)

    asyncio.run(play())


def test_https_is_tried_before_http() -> None:
    """And http only where https gives nothing; from https nobody leads us back to http."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.host == "both.example":
            return httpx.Response(202)
        if request.url.host == "back.example":
            return httpx.Response(307, headers={"location": "http://back.example/"})
        if request.url.scheme == "https":
            raise httpx.ConnectError(NO_CONNECTION, request=request)
        return httpx.Response(202)

    async def play() -> None:
        clock = FakeClock(NOON)
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            caller = HttpHubCaller(client, Hosts(clock, spacing=timedelta(0)), clock)
            await caller.ask_hub(a_hub_claim(hub="http://both.example/"))
            await caller.ask_hub(a_hub_claim(hub="http://plain.example/"))
            with pytest.raises(FetchFailed, match="leads nowhere"):
                await caller.ask_hub(a_hub_claim(hub="https://back.example/"))

    asyncio.run(play())
    assert asked == [
        "https://both.example/",
        "https://plain.example/",
        "http://plain.example/",
        "https://back.example/",
    ]
