"""One GET over one connection: HTTP/1.1 as `h11` speaks it, behind the guard.

Nine of ten polls are a request and an answer without a body. Through httpx and httpcore's pool such a one costs four times
the CPU that it costs here: models of request, answer, cookies and sign-on, events for hooks, and a pool that keeps nothing, for
each feed is on a host of its own. What is posted goes through httpx all the same. Errors are httpx's, whichever way was taken.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote_to_bytes

import h11
import httpcore
import httpx

from storywatch.fetch.guard import DEFAULT_CONNECT_SECONDS, GuardBackend, told_as_httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

READ_BYTES = 64 * 1024
HEAD_BYTES = 100 * 1024  # of an answer, at most
MAX_CONNECTIONS = 64
SCHEMES = frozenset({"http", "https"})

Headers = httpx.Headers


class Incoming(Protocol):
    """An answer whose body is still on the way. `aclose` it, whatever happens."""

    @property
    def status(self) -> int:
        """As the server says."""
        ...

    @property
    def headers(self) -> Headers:
        """As the server says."""
        ...

    def parts(self) -> AsyncIterator[bytes]:
        """The body as it comes, still packed."""
        ...

    async def aclose(self) -> None:
        """Hang up."""
        ...


class Wire(Protocol):
    """Sends GETs."""

    async def get(self, url: str, headers: Mapping[str, str]) -> Incoming:
        """The answer to one request, no redirect followed. Raises httpx's exceptions, `AddressRefused` among them."""
        ...


class GuardedWire:
    """`Wire` over connections of their own, each to an address that `guard` let through."""

    def __init__(
        self,
        guard: GuardBackend,
        *,
        ssl_context: ssl.SSLContext,
        headers: Mapping[str, str],
        timeout: httpx.Timeout,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self._guard = guard
        self._ssl_context = ssl_context
        self._headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        self._timeout = timeout
        self._slots = asyncio.Semaphore(max_connections)

    async def get(self, url: str, headers: Mapping[str, str]) -> Incoming:
        """The answer to one request, no redirect followed. Raises httpx's exceptions, `AddressRefused` among them."""
        target = _target_of(url)
        with told_as_httpx():
            await self._slots.acquire()
            try:
                exchange = Exchange(await self._connect(target), self._slots, self._timeout)
            except BaseException:
                self._slots.release()
                raise
            try:
                await exchange.begin(target.path, [*target.headers, *self._headers, *_encoded(headers)])
            except BaseException:
                await exchange.aclose()
                raise
            return exchange

    async def _connect(self, target: _Target) -> httpcore.AsyncNetworkStream:
        seconds = self._timeout.connect
        stream = await self._guard.connect_tcp(target.host, target.port, seconds)
        if not target.is_secure:
            return stream
        return await stream.start_tls(self._ssl_context, server_hostname=target.host, timeout=seconds)


@dataclass(frozen=True, slots=True)
class _Target:
    """An address in the parts that a request needs. `headers`: `Host`, and the address's name and password, if any."""

    is_secure: bool
    host: str
    port: int
    path: bytes
    headers: tuple[tuple[bytes, bytes], ...]


@lru_cache(maxsize=4096)  # feeds are asked again and again
def _target_of(url: str) -> _Target:
    parts = httpx.URL(url)
    if parts.scheme not in SCHEMES:
        message = f"{parts.scheme!r} is not a protocol that is asked"
        raise httpx.UnsupportedProtocol(message)
    headers = [(b"Host", parts.netloc)]
    if parts.userinfo:
        name, _, password = parts.userinfo.partition(b":")
        sign = b64encode(unquote_to_bytes(name) + b":" + unquote_to_bytes(password))
        headers.append((b"Authorization", b"Basic " + sign))
    is_secure = parts.scheme == "https"
    return _Target(
        is_secure=is_secure,
        host=parts.raw_host.decode("ascii"),
        port=parts.port or (443 if is_secure else 80),
        path=parts.raw_path,
        headers=tuple(headers),
    )


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """As they go over the wire; what a server gave in UTF-8 goes back byte for byte."""
    return [(name.encode("ascii"), value.encode()) for name, value in headers.items()]


class Exchange:
    """`Incoming` from one connection, which is closed at the end: the next request goes to another host."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, slots: asyncio.Semaphore, timeout: httpx.Timeout) -> None:
        self._stream = stream
        self._slots: asyncio.Semaphore | None = slots
        self._timeout = timeout
        self._talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self.status = 0
        self.headers = Headers()

    async def begin(self, path: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Send the request and read the head of the answer."""
        try:
            asked = self._talk.send(h11.Request(method=b"GET", target=path, headers=headers))
            ended = self._talk.send(h11.EndOfMessage())
        except h11.LocalProtocolError as error:
            raise httpcore.LocalProtocolError(str(error)) from error
        with suppress(httpcore.WriteError):  # some servers answer and hang up at once: what they said counts
            await self._stream.write((asked or b"") + (ended or b""), self._timeout.write)
        event = await self._next()
        while type(event) is not h11.Response:
            if type(event) is not h11.InformationalResponse or event.status_code == 101:  # noqa: PLR2004
                message = "the server speaks another protocol"
                raise httpcore.RemoteProtocolError(message)
            event = await self._next()
        self.status, self.headers = event.status_code, Headers(event.headers.raw_items())

    async def parts(self) -> AsyncIterator[bytes]:
        """The body as it comes, still packed. Raises httpx's exceptions."""
        with told_as_httpx():
            while type(event := await self._next()) is h11.Data:
                yield bytes(event.data)

    async def _next(self) -> Any:
        while True:
            try:
                event = self._talk.next_event()
            except h11.RemoteProtocolError as error:
                raise httpcore.RemoteProtocolError(str(error)) from error
            if event is not h11.NEED_DATA:
                return event
            data = await self._stream.read(READ_BYTES, self._timeout.read)
            if not data and self._talk.their_state is h11.SEND_RESPONSE:
                message = "Server disconnected without sending a response."
                raise httpcore.RemoteProtocolError(message)
            self._talk.receive_data(data)

    async def aclose(self) -> None:
        """Hang up."""
        if self._slots is not None:
            self._slots.release()
            self._slots = None
            await self._stream.aclose()


# ---------------------------------------------------------------------- connections


class SocketBackend(httpcore.AsyncNetworkBackend):
    """httpcore's idea of a network over bare sockets. Connects to addresses only: names are the guard's affair."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's interface
        local_address: str | None = None,  # noqa: ARG002  any will do
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002  none are asked for
    ) -> httpcore.AsyncNetworkStream:
        """A connection to an address."""
        connection = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.get_running_loop().sock_connect(connection, (host, port))
        except BaseException as error:
            connection.close()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout from error
            if isinstance(error, OSError):
                message = "All connection attempts failed"
                raise httpcore.ConnectError(message) from error
            raise
        return PlainStream(connection)


class PlainStream(httpcore.AsyncNetworkStream):
    """One connection in the clear: three system calls, and no machinery between them and us."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  httpcore's interface
        """What has come; empty at the end."""
        try:
            async with asyncio.timeout(timeout):
                return await self._loop.sock_recv(self._connection, max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  httpcore's interface
        """Send all of it."""
        try:
            sent = self._send(buffer)
            if sent < len(buffer):
                async with asyncio.timeout(timeout):
                    await self._loop.sock_sendall(self._connection, buffer[sent:])
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError from error

    def _send(self, buffer: bytes) -> int:
        """As much as goes without waiting: nearly always all of it."""
        try:
            return self._connection.send(buffer)
        except (BlockingIOError, InterruptedError):
            return 0

    async def aclose(self) -> None:
        """At once."""
        self._connection.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's interface
    ) -> httpcore.AsyncNetworkStream:
        """The same connection, encrypted."""
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.open_connection(
                    sock=self._connection,
                    ssl=ssl_context,
                    server_hostname=server_hostname,
                    ssl_handshake_timeout=2 * (timeout or DEFAULT_CONNECT_SECONDS),  # ours is the one that counts
                )
        except BaseException as error:
            self._connection.close()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout from error
            if isinstance(error, ssl.SSLError):
                raise httpcore.ConnectError(str(error)) from error
            if isinstance(error, OSError):
                raise httpcore.ConnectError from error
            raise
        return SecureStream(reader, writer)


@dataclass(frozen=True, slots=True)
class SecureStream(httpcore.AsyncNetworkStream):
    """One encrypted connection, by asyncio's streams."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  httpcore's interface
        """What has come; empty at the end."""
        try:
            async with asyncio.timeout(timeout):
                return await self.reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  httpcore's interface
        """Send all of it."""
        try:
            self.writer.write(buffer)
            async with asyncio.timeout(timeout):
                await self.writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError from error

    async def aclose(self) -> None:
        """At once: nobody waits for the other side to say goodbye."""
        self.writer.transport.abort()
