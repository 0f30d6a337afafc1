from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Answerer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Loopback:
    """A server on a port of its own that says exactly the bytes it is told to say."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []

    @asynccontextmanager
    async def serving(self, answer: Answerer) -> AsyncIterator[str]:
        """Serve for the length of the block; gives the base address."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                await answer(head, writer)
                await writer.drain()
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # the client has had enough: that is what some tests are about
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()


@pytest.fixture
def loopback() -> Loopback:
    return Loopback()
