"""The transport under every request: an address is checked in the moment of connecting to it.

There is no second look-up between check and connection, so a name can't change its mind in between,
and a redirect can't lead around it. Documented pieces only: `httpx.AsyncBaseTransport` over
`httpcore.AsyncConnectionPool(network_backend=...)`.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import httpcore
import httpx

from storywatch.core.addresses import refusal
from storywatch.errors import Forbidden

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence

    from storywatch.core.addresses import Network

    Resolver = Callable[[str, int], Awaitable[list[str]]]

DEFAULT_CONNECT_SECONDS = 10.0

# httpcore tries to import sniffio six times for each request. Where it is not installed, each try looks through the
# whole path: that was half of what a request cost. Noted once as missing, it is asyncio, which is what we run on.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # Python's own sign for "is not there"

# The most specific first: an httpcore error is told as the first of these that it is.
TOLD_AS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.TimeoutException, httpx.TimeoutException),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.NetworkError, httpx.NetworkError),
    (httpcore.ProxyError, httpx.ProxyError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
    (httpcore.ProtocolError, httpx.ProtocolError),
)


class AddressRefused(httpx.ConnectError, Forbidden):
    """The guard did not connect: the address is private. The message names it; asking again changes nothing."""


class _Refused(httpcore.ConnectError):
    """`AddressRefused`, on its way through httpcore."""


class GuardBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that may be asked, and to nothing else."""

    def __init__(
        self,
        allow_networks: Sequence[Network] = (),
        *,
        resolve: Resolver | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allowed = tuple(allow_networks)
        self._resolve = resolve or resolve_name
        self._backend = backend or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first of the name's addresses that may be asked and answers."""
        deadline = timeout if timeout is not None else DEFAULT_CONNECT_SECONDS
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in self._permitted(host, await self._addresses(host, port, deadline)):
            try:
                return await self._backend.connect_tcp(address, port, deadline, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError("the name has no address")

    # A socket file is no address on the internet: connect_unix_socket stays what it is in the base, not implemented.

    async def sleep(self, seconds: float) -> None:
        """Wait, for httpcore's own retries."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int, seconds: float) -> list[str]:
        try:
            async with asyncio.timeout(seconds):
                return list(dict.fromkeys(await self._resolve(host, port)))
        except TimeoutError as error:
            message = f"the name was not resolved in {seconds:g} s"
            raise httpcore.ConnectTimeout(message) from error
        except (OSError, UnicodeError) as error:
            message = f"the name does not resolve ({getattr(error, 'strerror', None) or error})"
            raise httpcore.ConnectError(message) from error

    def _permitted(self, host: str, addresses: Sequence[str]) -> list[str]:
        refusals = {address: refusal(address, self._allowed) for address in addresses}
        permitted = [address for address, reason in refusals.items() if reason is None]
        if refusals and not permitted:
            reasons = "; ".join(reason for reason in refusals.values() if reason)
            message = f"{host} may not be asked: {reasons}"
            raise _Refused(message)
        return permitted


async def resolve_name(host: str, port: int) -> list[str]:
    """All addresses of a name, as the machine's resolver knows it. Raises OSError or UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class GuardedTransport(httpx.AsyncBaseTransport):
    """What httpx sends its requests through."""

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext,
        allow_networks: Sequence[Network] = (),
        max_connections: int = 64,
        resolve: Resolver | None = None,
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=max_connections,
            max_keepalive_connections=0,  # over thousands of hosts an idle connection only costs
            network_backend=GuardBackend(allow_networks, resolve=resolve),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises httpx's own exceptions, `AddressRefused` among them."""
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = httpcore.Request(
            method=request.method,
            url=target,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with told_as_httpx(request):
            answer = await self._pool.handle_async_request(sent)
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Stream(answer, request),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with told_as_httpx(self._request):
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        with told_as_httpx(self._request):
            await self._answer.aclose()


@contextmanager
def told_as_httpx(request: httpx.Request | None = None) -> Iterator[None]:
    """Turn what httpcore raises into httpx's own exceptions."""
    try:
        yield
    except _Refused as error:
        raise AddressRefused(str(error), request=request) from error
    except tuple(kind for kind, _ in TOLD_AS) as error:
        told = next(told for kind, told in TOLD_AS if isinstance(error, kind))
        raise told(str(error) or type(error).__name__, request=request) from error
