"""A fake world for real code: a clock that tests move, a web that tests write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from storywatch.fetch.client import Client
from storywatch.fetch.workers import Readers
from storywatch.parse.worker import load_tasks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime, timedelta


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by


class _Body(httpx.AsyncByteStream):
    """A body that arrives in pieces, as from a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), 1000):
            yield self._content[start : start + 1000]


class _FakeIncoming:
    def __init__(self, response: httpx.Response) -> None:
        self.status, self.headers, self._response = response.status_code, response.headers, response

    def parts(self) -> AsyncIterator[bytes]:
        return self._response.aiter_raw()

    async def aclose(self) -> None:
        await self._response.aclose()


class _FakeWire:
    """No wire at all: the request goes straight to a function."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self._answer = answer

    async def get(self, url: str, headers: Mapping[str, str]) -> _FakeIncoming:
        return _FakeIncoming(self._answer(httpx.Request("GET", url, headers=dict(headers))))


class FakeWeb:
    """A web that a test writes. What was not written is 404; every request is kept."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._answers: dict[str, list[tuple[int, bytes, dict[str, str]] | Exception]] = {}

    def put(self, url: str, body: str | bytes = b"", *, status: int = 200, **headers: str) -> None:
        """What `url` answers; put again, the next answer. The last one stays."""
        content = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answers.setdefault(url, []).append((status, content, named))

    def change(self, url: str, body: str | bytes = b"", *, status: int = 200, **headers: str) -> None:
        """What `url` answers from now on, whatever was put before."""
        self._answers.pop(url, None)
        self.put(url, body, status=status, **headers)

    def break_off(self, url: str, error: Exception) -> None:
        """The next request for `url` fails on the way."""
        self._answers.setdefault(url, []).append(error)

    def asked(self) -> list[str]:
        """The addresses in the order in which they were asked."""
        return [str(request.url) for request in self.requests]

    def client(self) -> Client:
        transport = httpx.MockTransport(self._answer)
        return Client(wire=_FakeWire(self._answer), transport=transport, trust_env=False)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answers = self._answers.get(str(request.url), [(404, b"", {})])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, content, headers = answer
        return httpx.Response(status, headers=headers, stream=_Body(content))


class ReadersHere(Readers):
    """The readers without the processes around them: a test that is not about these needs not wait for them."""

    async def read(self, task: str, **arguments: Any) -> Any:
        return load_tasks()[task](**arguments)
