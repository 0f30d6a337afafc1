from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING

import httpcore
import httpx
import pytest

from storywatch.fetch.client import Client, build_client
from storywatch.fetch.wire import GuardedWire, PlainStream, SocketBackend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conftest import Loopback

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client(**options: float) -> Client:
    timeout = httpx.Timeout(options.get("timeout", 5))
    return build_client(user_agent="t/1", allow_networks=["127.0.0.0/8", "::1/128"], ssl_context=TLS, timeout=timeout)


async def body_of(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in parts])


async def hello(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    writer.write(b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "path", ["/feed?a=b c&d=%20", "/straße/ü.xml", "/a/../b#fragment", "", "/%zz;x=[1]|{2}?q='\"<>"]
)
def test_what_is_asked_is_what_httpx_would_ask(path: str, loopback: Loopback) -> None:
    """The same first line and the same headers, name and password of the address among them."""

    async def run() -> None:
        async with loopback.serving(hello) as base, client() as web:
            url = base.replace("http://", "http://desk:p%40ss@") + path
            headers = {"Accept": "x/y", "If-None-Match": '"1-ä"'.encode().decode()}
            incoming = await web.wire.get(url, headers)
            assert (incoming.status, await body_of(incoming.parts())) == (200, b"hello!")
            await incoming.aclose()
            await web.get(url, headers={"Accept": "x/y", "If-None-Match": '"1-ä"'.encode()})

    asyncio.run(run())
    ours, theirs = ({*head.split(b"\r\n")} for head in loopback.heads)
    assert ours == theirs
    assert b"Authorization: Basic " + b64encode(b"desk:p@ss") in ours


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (b"", httpx.RemoteProtocolError, "Server disconnected without sending a response."),
        (b"HTTP/1.1 200 OK\r\nA: " + b"a" * 200_000, httpx.RemoteProtocolError, "Receive buffer too long"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            httpx.RemoteProtocolError,
            ".",
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", httpx.RemoteProtocolError, "illegal status line"),
    ],
)
def test_what_is_no_answer_is_told_as_httpx_would(
    said: bytes, kind: type[Exception], words: str, loopback: Loopback
) -> None:
    """Nothing at all, a head without end, another protocol."""

    async def say(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async def run() -> None:
        async with loopback.serving(say) as base, client() as web:
            with pytest.raises(kind, match=words):
                await web.wire.get(base, {})

    asyncio.run(run())


def test_a_header_that_would_be_two_is_not_sent(loopback: Loopback) -> None:
    """Whoever it comes from."""

    async def run() -> None:
        async with loopback.serving(hello) as base, client() as web:
            with pytest.raises(httpx.LocalProtocolError):
                await web.wire.get(base, {"If-None-Match": "a\r\nX: y"})
            with pytest.raises(httpx.UnsupportedProtocol, match="'ftp'"):
                await web.wire.get("ftp://a.example/", {})
        assert loopback.heads == []

    asyncio.run(run())


def test_silence_has_its_limits(loopback: Loopback) -> None:
    """In the head and in the body; TLS with a server that says nothing."""

    over = asyncio.Event()

    async def nothing(_: bytes, __: asyncio.StreamWriter) -> None:
        await over.wait()

    async def half(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
        await over.wait()

    async def run() -> None:
        async with loopback.serving(nothing) as base, client(timeout=0.05) as web:
            with pytest.raises(httpx.ReadTimeout):
                await web.wire.get(base, {})
            with pytest.raises(httpx.ConnectTimeout):
                await web.wire.get(base.replace("http:", "https:"), {})
        async with loopback.serving(half) as base, client(timeout=0.05) as web:
            incoming = await web.wire.get(base, {})
            with pytest.raises(httpx.ReadTimeout):
                await body_of(incoming.parts())
            await incoming.aclose()
            await incoming.aclose()  # once more is no harm
            over.set()
            await asyncio.sleep(0)

    asyncio.run(run())


def test_what_went_wrong_on_the_way_is_given_up_for_the_next(loopback: Loopback) -> None:
    """With one connection at a time, a failed one must not keep its place."""

    async def run() -> None:
        async with loopback.serving(hello) as base, client() as web:
            assert isinstance(web.wire, GuardedWire)
            web.wire._slots = asyncio.Semaphore(1)
            for url in ("http://127.0.0.1:1/", "http://10.0.0.1/"):
                with pytest.raises(httpx.ConnectError):
                    await web.wire.get(url, {})
            incoming = await web.wire.get(base, {})
            await incoming.aclose()
            assert not web.wire._slots.locked()

    asyncio.run(run())


def test_a_long_request_goes_in_pieces_and_not_for_ever() -> None:
    """Where the other side reads slowly, the rest waits; where it does not read, the time runs out."""

    async def run() -> None:
        here, there = socket.socketpair()
        here.setblocking(False)
        there.setblocking(False)
        stream, long = PlainStream(here), b"a" * 4_000_000
        sending = asyncio.ensure_future(stream.write(long, 5))
        came = 0
        while came < len(long):
            came += len(await asyncio.get_running_loop().sock_recv(there, 1_000_000))
        await sending
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(long, 0.01)
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(long, 0.01)  # now not even the first byte goes
        there.close()
        with pytest.raises(httpcore.WriteError):
            await stream.write(long, 1)
        await stream.aclose()
        with pytest.raises(httpcore.ReadError):
            await stream.read(10, 1)

    asyncio.run(run())


def test_a_connection_that_does_not_come_about_has_its_limit() -> None:
    """A machine that drops what it is sent."""

    async def run() -> None:
        with pytest.raises(httpcore.ConnectTimeout):
            await SocketBackend().connect_tcp("127.0.0.1", 9, timeout=0)
        with pytest.raises(httpcore.ConnectError):
            await SocketBackend().connect_tcp("::1", 1, timeout=5)

    asyncio.run(run())
