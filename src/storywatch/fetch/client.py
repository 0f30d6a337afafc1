"""One request and its redirects, within the caps of size and time. Everything the network does is told in words."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import httpx

from storywatch.core.addresses import networks_of
from storywatch.core.retry import http_date
from storywatch.core.urls import host_of, web_address
from storywatch.errors import FetchFailed, Forbidden
from storywatch.fetch.decoder import ACCEPT_ENCODING, TooLarge, decoder_for
from storywatch.fetch.guard import AddressRefused, GuardBackend, GuardedTransport
from storywatch.fetch.hosts import PATIENCE
from storywatch.fetch.wire import GuardedWire, SocketBackend

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from storywatch.core.addresses import Network
    from storywatch.fetch.guard import Resolver
    from storywatch.fetch.hosts import Hosts
    from storywatch.fetch.wire import Incoming, Wire
    from storywatch.ports import Clock

Headers = httpx.Headers
MIB = 1024 * 1024
WIRE_CAP = 5 * MIB
MAX_REDIRECTS = 5
OVERALL_SECONDS = 60.0
CHAIN_SECONDS = 120.0  # till the last redirect is asked: with its answer well below the leases
TIMEOUT = httpx.Timeout(connect=10, read=20, write=10, pool=30)
REDIRECTS = frozenset({301, 302, 303, 307, 308})
FOR_GOOD = frozenset({301, 308})
TOO_MANY = 429
BUSY = frozenset({TOO_MANY, 503})
OK = range(200, 300)
SHORTEST_REST, LONGEST_REST = timedelta(seconds=60), timedelta(hours=24)  # that Retry-After may ask for
SILENCE = (httpx.ConnectTimeout, httpx.ReadTimeout, httpx.WriteTimeout)


def user_agent(version: str, contact: str = "") -> str:
    """`storywatch/1.2.3 (+desk@example.org)`: who asks, and whom to tell when it is too much."""
    plain = re.sub(r"[^\x21-\x7e]+", " ", contact).strip()
    return f"storywatch/{version} (+{plain})" if plain else f"storywatch/{version}"


class Client(httpx.AsyncClient):
    """What everything is fetched and called with. Pages and feeds are fetched over `wire`, all else is httpx."""

    def __init__(self, *, wire: Wire, **options: Any) -> None:
        super().__init__(**options)
        self.wire = wire


def build_client(
    *,
    user_agent: str,
    allow_networks: Iterable[str | Network] = (),
    ssl_context: ssl.SSLContext | None = None,
    timeout: httpx.Timeout = TIMEOUT,
    resolve: Resolver | None = None,
) -> Client:
    """The client for everything that is fetched or called: guarded, without cookies, proxy or environment.

    `resolve` finds the addresses of a name; None: the machine's own resolver.
    """
    if ssl_context is None:
        ssl_context = httpx.create_ssl_context(trust_env=False)
        ssl_context.load_default_certs()  # the machine's own authorities too
    ssl_context.set_alpn_protocols(["http/1.1"])
    allowed = networks_of(allow_networks)
    headers = {"Accept-Encoding": ACCEPT_ENCODING, "Connection": "keep-alive", "User-Agent": user_agent}
    return Client(
        wire=GuardedWire(
            GuardBackend(allowed, resolve=resolve, backend=SocketBackend()),
            ssl_context=ssl_context,
            headers=headers,
            timeout=timeout,
        ),
        transport=GuardedTransport(ssl_context=ssl_context, allow_networks=allowed, resolve=resolve),
        headers=headers,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What finally came back. `moved_to` is set when every redirect on the way was for good."""

    url: str
    status: int
    headers: httpx.Headers
    body: bytes
    moved_to: str | None = None

    @property
    def content_type(self) -> str | None:
        """As the server claims."""
        claim: str | None = self.headers.get("content-type")
        return claim


class Web:
    """Asks addresses, one host politely after the other."""

    def __init__(
        self,
        client: Client,
        hosts: Hosts,
        clock: Clock,
        *,
        overall_seconds: float = OVERALL_SECONDS,
        chain_seconds: float = CHAIN_SECONDS,
    ) -> None:
        self._wire = client.wire
        self._hosts = hosts
        self._clock = clock
        self._overall_seconds = overall_seconds
        self._chain_seconds = chain_seconds

    async def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        decoded_cap: int,
        permit: Callable[[str], Awaitable[timedelta | None]] | None = None,
        patience: timedelta = PATIENCE,
    ) -> Answer:
        """The answer behind `url` and its redirects; a status is an answer, whatever it says.

        Raises `FetchFailed`, `Forbidden` or `Unreadable`. `permit` is asked before each address; it may
        raise too, and says how much time the site wants between two requests. `patience` is how long to wait
        for the site's turn. Only an answer of 2xx is read.
        """
        for_good = True
        address = url
        loop = asyncio.get_running_loop()
        until = loop.time() + self._chain_seconds
        for _ in range(MAX_REDIRECTS + 1):
            if web_address(address) is None:
                message = f"{address[:200]!r} is not an http or https address"
                raise Forbidden(message)
            delay = await permit(address) if permit is not None else None
            answer = await self._ask(address, headers, decoded_cap, delay=delay, patience=patience)
            if answer.status not in REDIRECTS:
                moved = answer.url if for_good and answer.url != url else None
                return Answer(
                    url=answer.url, status=answer.status, headers=answer.headers, body=answer.body, moved_to=moved
                )
            for_good = for_good and answer.status in FOR_GOOD
            address = _redirect_target(answer)
            left = timedelta(seconds=until - loop.time())
            if left <= timedelta():
                message = f"{in_host(url)}: its redirects led nowhere in {self._chain_seconds:g} s"
                raise FetchFailed(message)
            patience = min(patience, left)
        message = f"{in_host(url)}: more than {MAX_REDIRECTS} redirects"
        raise FetchFailed(message)

    async def _ask(
        self, url: str, headers: Mapping[str, str], decoded_cap: int, *, delay: timedelta | None, patience: timedelta
    ) -> Answer:
        async with self._hosts.turn(url, delay=delay, patience=patience):
            try:
                async with asyncio.timeout(self._overall_seconds):
                    answer = await self._exchange(url, headers, decoded_cap)
            except TimeoutError as error:
                self._hosts.note_silence(url)
                message = f"{in_host(url)}: no whole answer in {self._overall_seconds:g} s"
                raise FetchFailed(message) from error
            except AddressRefused as error:
                raise Forbidden(str(error)) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if isinstance(error, SILENCE):
                    self._hosts.note_silence(url)
                message = f"{in_host(url)}: {_in_words(error)}"
                raise FetchFailed(message) from error
            self._hosts.note_answer(url)
        wait = retry_after(answer, now=self._clock.now())
        if wait is None and answer.status == TOO_MANY:
            wait = SHORTEST_REST
        if wait is not None:
            self._hosts.hold(url, wait)
        return answer

    async def _exchange(self, url: str, headers: Mapping[str, str], decoded_cap: int) -> Answer:
        incoming = await self._wire.get(url, headers)
        try:
            body = await _read(incoming, decoded_cap) if incoming.status in OK else b""
        finally:
            await incoming.aclose()
        return Answer(url=url, status=incoming.status, headers=incoming.headers, body=body)


async def _read(incoming: Incoming, decoded_cap: int) -> bytes:
    decoder = decoder_for(incoming.headers.get("content-encoding"))
    plain = bytearray()
    wire = 0
    async for part in incoming.parts():
        wire += len(part)
        if wire > WIRE_CAP:
            message = f"the answer is larger than {WIRE_CAP // MIB} MiB"
            raise TooLarge(message)
        try:
            plain += decoder.feed(part, decoded_cap - len(plain))
        except TooLarge as error:
            message = f"the answer unpacks to more than {decoded_cap // MIB} MiB"
            raise TooLarge(message) from error
    return bytes(plain)


def _redirect_target(answer: Answer) -> str:
    location: str | None = answer.headers.get("location")
    target = web_address(location, answer.url) if location else None
    if target is None:
        message = f"{in_host(answer.url)}: {answer.status} leads to {(location or 'nowhere')[:200]!r}"
        raise FetchFailed(message, status=answer.status)
    return target.partition("#")[0]


def retry_after(answer: Answer, *, now: datetime) -> timedelta | None:
    """How long a busy server wants to be left alone; both forms of Retry-After, for 429 and 503 only.

    A minute at least, since a server in trouble that says "0" is no better off for it; a day at most.
    """
    said = answer.headers.get("retry-after", "").strip() if answer.status in BUSY else ""
    if not said:
        return None
    if re.fullmatch(r"\d{1,9}(?:\.\d+)?", said):
        return _within_a_day(timedelta(seconds=float(said)))
    moment = http_date(said)
    return _within_a_day(moment - now) if moment else None


def _within_a_day(wait: timedelta) -> timedelta:
    return min(max(wait, SHORTEST_REST), LONGEST_REST)


def _in_words(error: Exception) -> str:
    kinds = (
        (httpx.ConnectTimeout, "no connection in time"),
        (httpx.TimeoutException, "no answer in time"),
        (httpx.ConnectError, "no connection"),
        (httpx.RemoteProtocolError, "the server broke off or does not speak HTTP"),
        (httpx.TooManyRedirects, "too many redirects"),
    )
    said = next((words for kind, words in kinds if isinstance(error, kind)), "the request failed")
    detail = str(error)
    return f"{said} ({detail})" if detail else said


def in_host(url: str) -> str:
    """The host of an address for a message, without the port that everybody expects.

    The host only: an address may hold a password or a key, and messages are stored and shown.
    """
    return host_of(url).removesuffix(":443").removesuffix(":80")
