from __future__ import annotations

import asyncio
import gzip
import ssl
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import brotli
import httpx
import pytest
from builders import NOON
from fakes import FakeClock, FakeWeb

from storywatch.core.retry import http_date
from storywatch.errors import FetchFailed, Forbidden, StorywatchError
from storywatch.fetch.client import MIB, Answer, Web, build_client, retry_after, user_agent
from storywatch.fetch.decoder import TooLarge
from storywatch.fetch.hosts import Hosts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from conftest import Loopback

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
A = "https://a.example/feed"


def fetch(web: FakeWeb, url: str = A, *, cap: int = 10 * MIB, chain_seconds: float = 60, **options: Any) -> Answer:
    async def run() -> Answer:
        clock = FakeClock(NOON)
        async with web.client() as client:
            asked = Web(client, Hosts(clock, spacing=timedelta()), clock, chain_seconds=chain_seconds)
            return await asked.fetch(url, headers={"Accept": "x/y"}, decoded_cap=cap, **options)

    return asyncio.run(run())


def fetch_from(answer: Callable[..., Awaitable[None]], loopback: Loopback, **options: Any) -> StorywatchError:
    """The error that a real server on loopback gives rise to."""

    async def run() -> StorywatchError:
        clock = FakeClock(NOON)
        client = build_client(
            user_agent="storywatch/1.0",
            allow_networks=["127.0.0.0/8"],
            ssl_context=TLS,
            timeout=httpx.Timeout(options.get("timeout", 5)),
        )
        async with loopback.serving(answer) as base, client:
            web = Web(client, Hosts(clock, spacing=timedelta()), clock, overall_seconds=options.get("overall", 5))
            with pytest.raises(StorywatchError) as caught:
                await web.fetch(f"{base}/", headers={}, decoded_cap=10 * MIB)
            return caught.value

    return asyncio.run(run())


def test_who_asks_is_said_honestly() -> None:
    """With whom to write to; what can't stand in a header is left out."""
    assert user_agent("1.2", "desk@example.org") == "storywatch/1.2 (+desk@example.org)"
    assert user_agent("1.2", "дежурный desk@example.org\r\nX: y") == "storywatch/1.2 (+desk@example.org X: y)"
    assert user_agent("1.2") == "storywatch/1.2"


def test_the_machines_own_authorities_are_trusted_too() -> None:
    """A client can be built with nothing but a name."""

    async def run() -> None:
        async with build_client(user_agent="storywatch/1.0") as client:
            assert client.follow_redirects is False

    asyncio.run(run())


def test_an_answer_comes_with_its_address_and_body() -> None:
    """A status is an answer, but only a good one is read."""
    web = FakeWeb()
    web.put(A, "text", content_type="text/xml")
    web.put("https://a.example/gone", "x" * 1000, status=410)
    good, gone = fetch(web), fetch(web, "https://a.example/gone")
    assert (good.url, good.status, good.body, good.content_type, good.moved_to) == (A, 200, b"text", "text/xml", None)
    assert (gone.status, gone.body) == (410, b"")
    assert web.requests[0].headers["accept"] == "x/y"


def test_redirects_are_followed_by_hand() -> None:
    """Relative ones too; a move for good is told, a move for now is not."""
    web = FakeWeb()
    web.put(A, status=301, location="/new")
    web.put("https://a.example/new", status=308, location="https://b.example/feed#part")
    web.put("https://b.example/feed", "text")
    web.put("https://a.example/now", status=302, location=A)
    assert fetch(web).moved_to == "https://b.example/feed"
    for_now = fetch(web, "https://a.example/now")
    assert (for_now.url, for_now.moved_to) == ("https://b.example/feed", None)


def test_five_redirects_are_enough() -> None:
    """A loop ends, and says so."""
    web = FakeWeb()
    web.put(A, status=302, location=A)
    with pytest.raises(FetchFailed, match="more than 5 redirects"):
        fetch(web)
    assert len(web.requests) == 6


def test_redirects_end_in_time() -> None:
    """A chain of slow servers must not outlast the lease on what is read; an answer without a redirect is never too late."""
    web = FakeWeb()
    web.put(A, status=302, location="https://b.example/feed")
    web.put("https://b.example/feed", "text")
    with pytest.raises(FetchFailed, match=r"a\.example: its redirects led nowhere in 0 s"):
        fetch(web, chain_seconds=0)
    assert fetch(web, "https://b.example/feed", chain_seconds=0).body == b"text"


@pytest.mark.parametrize("location", ["javascript:alert(1)", "file:///etc/passwd", "http://[::1", ""])
def test_a_redirect_to_nowhere_is_a_failure(location: str) -> None:
    """Only http and https are asked."""
    web = FakeWeb()
    web.put(A, status=302, location=location)
    with pytest.raises(FetchFailed, match=r"302 leads to|request failed|in location header"):
        fetch(web)


def test_only_web_addresses_are_asked() -> None:
    """A feed's link may be anything."""
    with pytest.raises(Forbidden, match="not an http or https address"):
        fetch(FakeWeb(), "file:///etc/passwd")


def test_each_address_on_the_way_needs_permission() -> None:
    """Not only the first one."""
    web = FakeWeb()
    web.put(A, status=302, location="https://b.example/x")
    asked = []

    async def permit(url: str) -> None:
        asked.append(url)
        if "b.example" in url:
            message = "no"
            raise Forbidden(message)

    with pytest.raises(Forbidden, match="no"):
        fetch(web, permit=permit)
    assert asked == [A, "https://b.example/x"]
    assert web.asked() == [A]


def test_a_redirect_to_a_private_address_is_forbidden(loopback: Loopback) -> None:
    """The guard sits under every hop."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data\r\nContent-Length: 0\r\n\r\n"
        )

    error = fetch_from(answer, loopback)
    assert isinstance(error, Forbidden)
    assert "169.254.169.254 is a link-local address" in str(error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectTimeout("x"), "no connection in time"),
        (httpx.ReadTimeout(""), "no answer in time"),
        (httpx.ConnectError("refused"), r"no connection \(refused\)"),
        (httpx.RemoteProtocolError("x"), "the server broke off"),
        (httpx.ReadError("x"), "the request failed"),
    ],
)
def test_what_the_network_does_is_told_in_words(error: Exception, words: str) -> None:
    """No httpx exception passes."""
    web = FakeWeb()
    web.break_off(A, error)
    with pytest.raises(FetchFailed, match=f"^a.example: {words}"):
        fetch(web)


@pytest.mark.parametrize("error", [httpx.ReadTimeout("x"), httpx.ConnectTimeout("x")])
def test_who_waits_for_a_silent_host_does_not_wait_in_vain_again(error: Exception) -> None:
    """After a time-out the host's other addresses are not asked for a while; a refused connection holds up nobody."""

    async def run() -> list[str]:
        web, clock = FakeWeb(), FakeClock(NOON)
        web.break_off(A, error)
        web.break_off("https://b.example/", httpx.ConnectError("refused"))
        told = []
        async with web.client() as client:
            asked = Web(client, Hosts(clock, spacing=timedelta()), clock)
            for url in (A, "https://a.example/other", "https://b.example/", "https://b.example/other"):
                with suppress(FetchFailed):
                    await asked.fetch(url, headers={}, decoded_cap=10 * MIB)
                told = web.asked()
        return told

    assert asyncio.run(run()) == [A, "https://b.example/", "https://b.example/other"]


def test_a_password_in_an_address_is_not_told() -> None:
    """Messages are stored and shown: they name the host, and nothing else of the address."""
    web = FakeWeb()
    address = "https://desk:hunter2@a.example/feed?key=s3cret"
    web.break_off(address, httpx.ConnectError("refused"))
    with pytest.raises(FetchFailed) as caught:
        fetch(web, address)
    assert str(caught.value) == "a.example: no connection (refused)"


def test_a_slow_drip_ends_with_the_overall_time(loopback: Loopback) -> None:
    """Each byte comes in time, the answer never does."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(100):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    error = fetch_from(answer, loopback, overall=0.3)
    assert isinstance(error, FetchFailed)
    assert "no whole answer in 0.3 s" in str(error)


def test_a_silent_server_is_given_up(loopback: Loopback) -> None:
    """It took the request and says nothing."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        writer.write(b"")

    assert "no answer in time" in str(fetch_from(answer, loopback, timeout=0.1))


def test_an_endless_body_is_cut_off(loopback: Loopback) -> None:
    """At 5 MiB on the wire, whatever it claimed before."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1_000):
            writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            await writer.drain()

    error = fetch_from(answer, loopback)
    assert isinstance(error, TooLarge)
    assert "larger than 5 MiB" in str(error)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(bytes(64 * MIB), 1)), ("br", brotli.compress(bytes(64 * MIB), quality=1))],
    ids=["gzip", "br"],
)
def test_a_bomb_over_the_wire_is_stopped(encoding: str, body: bytes, loopback: Loopback) -> None:
    """The unpacked size counts."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)

    error = fetch_from(answer, loopback)
    assert isinstance(error, TooLarge)
    assert "unpacks to more than 10 MiB" in str(error)


def test_packed_answers_are_unpacked() -> None:
    """gzip and br, as advertised."""
    web = FakeWeb()
    web.put(A, gzip.compress(b"text"), content_encoding="gzip")
    web.put("https://a.example/b", brotli.compress(b"text"), content_encoding="br")
    assert fetch(web).body == fetch(web, "https://a.example/b").body == b"text"


@pytest.mark.parametrize(
    ("status", "said", "wait"),
    [
        (429, "120", timedelta(minutes=2)),
        (503, "Mon, 02 Mar 2026 12:05:00 GMT", timedelta(minutes=5)),
        (503, "Mon, 02 Mar 2026 11:05:00 GMT", timedelta(minutes=1)),
        (503, "0", timedelta(minutes=1)),
        (503, "1.5", timedelta(minutes=1)),
        (429, "999999999", timedelta(days=1)),
        (503, "Mon, 02 Mar 2099 12:05:00 GMT", timedelta(days=1)),
        (429, "soon", None),
        (429, "", None),
        (500, "120", None),
        (200, "120", None),
    ],
)
def test_a_busy_server_says_how_long(status: int, said: str, wait: timedelta | None) -> None:
    """In seconds or as a date, with 429 and 503 only; a minute at least, a day at most."""
    answer = Answer(url=A, status=status, headers=httpx.Headers({"retry-after": said}), body=b"")
    assert retry_after(answer, now=NOON) == wait


def test_a_busy_servers_wish_holds_its_whole_host() -> None:
    """Another address there is not asked either."""

    async def run() -> None:
        clock, web = FakeClock(NOON), FakeWeb()
        web.put(A, status=429, retry_after="60")
        async with web.client() as client:
            asked = Web(client, Hosts(clock, spacing=timedelta()), clock)
            assert (await asked.fetch(A, headers={}, decoded_cap=MIB)).status == 429
            with pytest.raises(FetchFailed) as caught:
                await asked.fetch("https://a.example/other", headers={}, decoded_cap=MIB)
            assert caught.value.retry_after == timedelta(minutes=1)
        assert web.asked() == [A]

    asyncio.run(run())


def test_a_date_without_a_zone_is_gmt_in_http() -> None:
    """As the standard has it; anything else is no date."""
    assert http_date("Mon, 02 Mar 2026 12:00:00 -0000") == NOON
    assert http_date("0") is None


def test_who_is_asked_too_often_is_left_alone_even_if_it_does_not_say_how_long() -> None:
    """A minute, for the whole site."""

    async def run() -> None:
        clock, web = FakeClock(NOON), FakeWeb()
        web.put(A, status=429)
        async with web.client() as client:
            asked = Web(client, Hosts(clock, spacing=timedelta()), clock)
            assert (await asked.fetch(A, headers={}, decoded_cap=MIB)).status == 429
            with pytest.raises(FetchFailed, match="left alone"):
                await asked.fetch("https://www.a.example/other", headers={}, decoded_cap=MIB)

    asyncio.run(run())
