"""The address guard, over the real client: every way to write a private address, on every way to one."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_claim, a_feed, a_feed_claim, linker_to
from fakes import FakeClock, ReadersHere

from storywatch.core.model import ChannelId, FeedKind, PollFailure, SitemapIndex
from storywatch.errors import Forbidden, Rejected
from storywatch.fetch.client import Web, build_client
from storywatch.fetch.feeds import HttpFeedFetcher
from storywatch.fetch.guard import resolve_name
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.pages import HttpPageFetcher
from storywatch.fetch.robots import Robots
from storywatch.notify.webhook import WebhookChannel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC = "127.0.0.2"  # the one address that stands for the open internet here: `allow_networks` lets it through
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

# Names as a hostile domain's own name server would give them.
NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "localhost.": ["127.0.0.1"],
    "LOCALHOST": ["127.0.0.1"],
    "printer.localhost": ["127.0.0.1"],
    "localhost.localdomain": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "metadata.google.internal": ["169.254.169.254"],
    "metadata": ["169.254.169.254"],
    "instance-data.ec2.internal": ["169.254.169.254"],
    "router.lan": ["192.168.1.1"],
    "intranet.harbor.example": ["10.20.30.40"],
    "rebound.example": ["127.0.0.1"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "six.example": ["fd12:3456::1"],
    "two.example": ["10.0.0.1", "169.254.169.254"],
    "dots.example.": ["172.31.255.255"],
    "shared.example": ["100.64.1.1"],
}
REFUSED = (
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001"),
    *("0.0.0.0", "0", "0.0.0.1", "10.0.0.1", "10.255.255.255", "172.16.0.1", "192.168.0.1", "3232235777", "0xc0a80101"),
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "168.63.129.16", "100.100.100.200"),
    *("100.64.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[::ffff:169.254.169.254]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a00:1]"),
    *("[2002:7f00:1::]", "[2002:c0a8:101::1]", "[2001:0:1::1]", "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]"),
    *("[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "[::ffff:0:10.0.0.1]"),
    *NAMES,
)  # fmt: skip


MISSPELT = ("0177.0.0.1", "0251.0376.0251.0376", "127.0.0.1.", "0127.0.0.01", "1.2.3.4.5", "127.0.0.1%00.example")


class IndexReaders(ReadersHere):
    """Reads an index of sitemaps in one line."""

    async def read(self, task: str, **arguments: Any) -> Any:
        body: bytes = arguments["body"]
        if task == "feed" and body.startswith(b"index "):
            return SitemapIndex(children=((body.decode().removeprefix("index "), None),))
        return await super().read(task, **arguments)


class World:
    """A server on the one address that may be asked, which leads astray, and one on an address that may not."""

    def __init__(self, outside: str, inside: int, allow: Sequence[str]) -> None:
        self.outside, self.inside = outside, inside
        self.client = build_client(user_agent="t", allow_networks=allow, ssl_context=TLS, resolve=self.resolve)
        clock, readers = FakeClock(NOON), IndexReaders()
        self.web = Web(self.client, Hosts(clock, spacing=timedelta()), clock)
        self.robots = Robots(self.web, readers, clock)
        self.feeds = HttpFeedFetcher(self.web, readers, clock, robots=self.robots)
        self.pages = HttpPageFetcher(self.web, self.robots, readers, clock)

    async def resolve(self, host: str, port: int) -> list[str]:
        return NAMES[host] if host in NAMES else await resolve_name(host, port)

    def target(self, host: str) -> str:
        return f"http://{host}:{self.inside}/x"

    async def poll(self, url: str, kind: FeedKind = FeedKind.FEED) -> str:
        answer = await self.feeds.fetch_feed(a_feed_claim(feed=a_feed(url=url, kind=kind)))
        assert isinstance(answer, PollFailure), answer
        return answer.reason

    async def page(self, url: str) -> str:
        with pytest.raises(Forbidden) as caught:
            await self.pages.fetch_page(url)
        return str(caught.value)

    async def call(self, url: str) -> str:
        channel = WebhookChannel(
            ChannelId("hook"), url=url, secrets=(SECRET,), client=self.client, linker=linker_to("https://desk.example")
        )
        with pytest.raises(Rejected) as caught:
            await channel.send(a_claim(), now=NOON)
        return str(caught.value)


@asynccontextmanager
async def world(allow: Sequence[str] = (f"{PUBLIC}/32",)) -> AsyncIterator[tuple[World, list[bytes]]]:
    """Gives the world, and all that the private server heard."""
    heard: list[bytes] = []

    async def private(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        body = b"<rss version='2.0'><channel><title>Inside</title></channel></rss>"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    async def public(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1]
        if path.startswith(b"/index/"):
            body = b"index http://" + path.removeprefix(b"/index/") + b"/x"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        elif path.startswith(b"/to/"):
            writer.write(b"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: http://" + path[4:] + b"/x\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    inside = await asyncio.start_server(private, "127.0.0.1", 0)
    outside = await asyncio.start_server(public, PUBLIC, 0)
    port = inside.sockets[0].getsockname()[1]
    made = World(f"http://{PUBLIC}:{outside.sockets[0].getsockname()[1]}", port, allow)
    try:
        async with made.client:
            yield made, heard
    finally:
        inside.close()
        outside.close()


def test_the_table_is_long_enough() -> None:
    """At least forty addresses and names, each once."""
    assert len(set(REFUSED)) == len(REFUSED) >= 40


@pytest.mark.parametrize("host", REFUSED)
def test_nobody_is_led_to_a_private_address(host: str) -> None:
    """As a feed's address, behind a redirect, in an index of sitemaps, for a page with its robots.txt, as a webhook."""

    async def run() -> None:
        async with world() as (at, heard):
            there = f"{host}:{at.inside}"
            told = [
                await at.poll(at.target(host)),
                await at.poll(f"{at.outside}/to/{there}"),
                await at.poll(f"{at.outside}/index/{there}", FeedKind.SITEMAP),
                await at.page(at.target(host)),
                await at.page(f"{at.outside}/to/{there}"),
                await at.call(at.target(host)),
            ]
            for words in told:
                assert "may not be asked" in words
                assert "not in allow_networks" in words
            assert heard == []

    asyncio.run(run())


@pytest.mark.parametrize("host", MISSPELT)
def test_what_is_an_address_for_some_and_a_name_for_others_is_not_asked(host: str) -> None:
    """Nothing is connected to on the strength of a guess."""

    async def run() -> None:
        async with world() as (at, heard):
            assert await at.poll(at.target(host))
            assert await at.poll(f"{at.outside}/to/{host}:{at.inside}")
            assert heard == []

    asyncio.run(run())


def test_a_robots_txt_that_leads_inside_is_not_followed() -> None:
    """It is a fetch like any other."""

    async def run() -> None:
        async with world() as (at, heard):
            with pytest.raises(Forbidden, match="may not be asked"):
                await at.web.fetch(f"{at.outside}/to/127.0.0.1:{at.inside}", headers={}, decoded_cap=1000)
            assert heard == []

    asyncio.run(run())


@pytest.mark.parametrize(
    ("allow", "host", "let_through"),
    [
        (["127.0.0.1/32"], "127.0.0.1", True),
        (["127.0.0.1/32"], "2130706433", True),
        (["127.0.0.1/32"], "localhost", True),
        (["127.0.0.1/32"], "rebound.example", True),
        (["127.0.0.1/32"], "[::ffff:127.0.0.1]", True),
        (["127.0.0.0/8"], "127.1", True),
        (["10.0.0.0/8"], "127.0.0.1", False),
        (["127.0.0.2/32"], "127.0.0.1", False),
        (["::1/128"], "127.0.0.1", False),
    ],
)  # fmt: skip
def test_what_the_operator_names_is_let_through(allow: list[str], host: str, let_through: bool) -> None:  # noqa: FBT001
    """That network, however the address in it is written; and nothing beside it."""

    async def run() -> None:
        async with world(allow) as (at, heard):
            answer = await at.feeds.fetch_feed(a_feed_claim(url=at.target(host)))
            assert isinstance(answer, PollFailure) is not let_through
            assert len(heard) == int(let_through)

    asyncio.run(run())


def test_a_name_that_changes_its_mind_is_asked_where_it_was_checked() -> None:
    """One look-up for each connection, and the connection goes to the address that was looked at: no rebinding."""

    async def run() -> None:
        async with world() as (at, heard):
            answers = iter([[PUBLIC], ["127.0.0.1"], [PUBLIC], ["127.0.0.1"]])
            lookups = []

            async def resolve(host: str, _port: int) -> list[str]:
                lookups.append(host)
                return next(answers)

            client = build_client(user_agent="t", allow_networks=[f"{PUBLIC}/32"], ssl_context=TLS, resolve=resolve)
            async with client:
                web = Web(client, Hosts(FakeClock(NOON), spacing=timedelta()), FakeClock(NOON))
                url = at.outside.replace(PUBLIC, "rebinding.example")
                assert (await web.fetch(url, headers={}, decoded_cap=1000)).status == 404
                with pytest.raises(Forbidden, match=r"rebinding\.example may not be asked: 127\.0\.0\.1 is a loopback"):
                    await web.fetch(url, headers={}, decoded_cap=1000)
            assert lookups == ["rebinding.example"] * 2
            assert heard == []

    asyncio.run(run())
