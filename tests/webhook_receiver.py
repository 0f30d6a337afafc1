"""A real HTTP server on loopback that answers as a test tells it to."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OK = "204 No Content"


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Takes calls. `answers` (a status line, perhaps with headers and a body) are used up one by one, then all is well.

    "hang" never answers, "hang up" closes, "drip" sends an endless header, "endless" accepts with a body without end.
    """

    answers: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=very-secret"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *rows = head.decode().strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.calls.append(Call(line, headers, body))
                await self._answer(writer, self.answers.pop(0) if self.answers else OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, answer: str) -> None:
        if answer == "hang":
            await asyncio.Event().wait()
        if answer == "hang up":
            raise ConnectionResetError
        if answer in {"drip", "endless"}:
            start = b"x-slow: " if answer == "drip" else b"content-length: 99999999\r\n\r\n"
            writer.write(b"HTTP/1.1 200 OK\r\n" + start)
            while True:
                writer.write(b"x" * (1 if answer == "drip" else 60_000))
                await writer.drain()
                await asyncio.sleep(0.01)
        head, _, body = answer.partition("\n\n")
        length = "" if head.startswith("204") else f"content-length: {len(body)}\r\n"
        writer.write(f"HTTP/1.1 {head.replace(chr(10), chr(13) + chr(10))}\r\n{length}\r\n{body}".encode())
        await writer.drain()


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    """The receiver, listening until the block ends."""
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(receiver.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
