from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import httpcore
import httpx
import pytest

from storywatch.fetch.client import build_client, user_agent
from storywatch.fetch.guard import TOLD_AS, AddressRefused, GuardBackend

if TYPE_CHECKING:
    from conftest import Loopback

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
LOOPBACK = ("127.0.0.0/8",)


async def hello(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\nhello")


def client(allow_networks: tuple[str, ...] = ()) -> httpx.AsyncClient:
    return build_client(
        user_agent=user_agent("1.0", "desk@example.org"), allow_networks=allow_networks, ssl_context=TLS
    )


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001",
     "100.64.0.1", "[fd00::1]", "[64:ff9b::7f00:1]"],
)  # fmt: skip
def test_a_private_address_is_never_connected_to(host: str) -> None:
    """However it is written; the message names it."""

    async def run() -> None:
        async with client() as web:
            with pytest.raises(AddressRefused, match=r"may not be asked: .* and not in allow_networks"):
                await web.get(f"http://{host}:9/")

    asyncio.run(run())


def test_the_server_behind_a_refused_address_hears_nothing(loopback: Loopback) -> None:
    """Not even a connection that says nothing."""

    async def run() -> None:
        async with loopback.serving(hello) as base, client() as web:
            with pytest.raises(AddressRefused):
                await web.get(base)
        assert loopback.heads == []

    asyncio.run(run())


def test_what_the_operator_allows_is_connected_to(loopback: Loopback) -> None:
    """With an honest User-Agent, without cookies, and only the packings that we can unpack."""

    async def run() -> None:
        async with loopback.serving(hello) as base, client(LOOPBACK) as web:
            for _ in range(2):
                answer = await web.get(base.replace("127.0.0.1", "localhost"))
                assert answer.text == "hello"
        for head in loopback.heads:
            assert b"User-Agent: storywatch/1.0 (+desk@example.org)\r\n" in head
            assert b"Accept-Encoding: gzip, deflate, br\r\n" in head
            assert b"cookie" not in head.lower()

    asyncio.run(run())


def test_the_environment_sets_no_proxy(monkeypatch: pytest.MonkeyPatch, loopback: Loopback) -> None:
    """A proxy would connect where we must not."""

    async def run() -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        async with loopback.serving(hello) as base, client(LOOPBACK) as web:
            assert (await web.get(base)).text == "hello"

    asyncio.run(run())


def test_a_name_with_one_public_address_is_asked_there_only() -> None:
    """Private addresses beside it are passed over; each allowed one is tried in turn."""
    tried: list[str] = []

    class Recorder(httpcore.AsyncNetworkBackend):
        async def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
            tried.append(host)
            message = "refused"
            raise httpcore.ConnectError(message)

    async def run() -> None:
        addresses = ["10.0.0.1", "1.1.1.1", "2606:4700::1111", "1.1.1.1"]

        async def resolve(*_: object) -> list[str]:
            return addresses

        backend = GuardBackend(resolve=resolve, backend=Recorder())
        with pytest.raises(httpcore.ConnectError, match="refused"):
            await backend.connect_tcp("a.example", 80)
        addresses.clear()
        with pytest.raises(httpcore.ConnectError, match="has no address"):
            await backend.connect_tcp("a.example", 80)

    asyncio.run(run())
    assert tried == ["1.1.1.1", "2606:4700::1111"]


def test_a_look_up_has_a_time_limit() -> None:
    """A name server that never answers holds nobody."""

    async def run() -> None:
        async def resolve(*_: object) -> list[str]:
            await asyncio.Event().wait()
            return []

        with pytest.raises(httpcore.ConnectTimeout, match=r"not resolved in 0\.01 s"):
            await GuardBackend(resolve=resolve).connect_tcp("a.example", 80, timeout=0.01)

    asyncio.run(run())


def test_names_that_do_not_resolve_are_a_failed_connection() -> None:
    """Unknown ones and impossible ones."""

    async def run() -> None:
        async with client() as web:
            for host in ("no-such-host.invalid", "a" * 70 + ".example"):
                with pytest.raises(httpx.ConnectError, match=r"^the name does not resolve \([^\[]+\)$"):
                    await web.get(f"http://{host}/")
            with pytest.raises(httpx.UnsupportedProtocol):
                await web.get("ftp://a.example/")

    asyncio.run(run())


def test_local_sockets_are_never_asked() -> None:
    """There is no way to name one, and no code to connect to it."""
    with pytest.raises(NotImplementedError):
        asyncio.run(GuardBackend().connect_unix_socket("/run/docker.sock"))


def test_a_server_that_breaks_off_is_told_in_httpx_words(loopback: Loopback) -> None:
    """In the head and in the body."""

    async def head(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200")

    async def body(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello")

    async def run() -> None:
        for answer in (head, body):
            async with loopback.serving(answer) as base, client(LOOPBACK) as web:
                with pytest.raises(httpx.RemoteProtocolError):
                    await web.get(base)

    asyncio.run(run())


def test_every_error_of_httpcore_has_its_word_in_httpx() -> None:
    """The first match is the most specific one."""
    for position, (kind, _) in enumerate(TOLD_AS):
        assert not any(issubclass(kind, earlier) for earlier, _ in TOLD_AS[:position])


def test_httpcore_can_wait_between_its_own_tries() -> None:
    """The backend's clock is asyncio's."""
    asyncio.run(GuardBackend().sleep(0))
