"""Servers that mean no good, or know no better: what each says, byte for byte, and what must come of it.

Used by the tests of `fetch` and by `benchmarks/bench_hostile.py`.
"""

from __future__ import annotations

import asyncio
import gzip
import ssl
import subprocess
import zlib
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import brotli

from storywatch.core.ids import digest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]

MIB = 1024 * 1024
ITEM = "<item><title>{}</title><link>/{}</link><guid>{}</guid></item>"
GOOD = f"<rss version='2.0'><channel><title>Harbor Times</title>{ITEM.format('Port', 1, 1)}</channel></rss>".encode()
TEXT = "<p>The harbour of Sandvik reopened on Monday after nine days of strike, the board said in the morning.</p>" * 6
PAGE = f"<html><head><title>Port</title></head><body><article><h1>Port</h1>{TEXT}</article></body></html>".encode()
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Case:
    """`words` is a pattern of what is said of it, or of what was read: "entries N" and "page STATE"."""

    name: str
    words: str
    serve: Serve | None = None
    page: bool = False
    scheme: str = "plain"  # or one of `TLS_KINDS`, or "secure-plain": TLS asked of a server that has none
    robots: Serve | None = None


def said(body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None) -> Serve:
    """An answer with a body; `length` is what it claims."""

    async def serve(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    return serve


def raw(*pieces: bytes, pause: float = 0.0, times: int = 1) -> Serve:
    """These bytes, so many times, with a pause after each."""

    async def serve(writer: asyncio.StreamWriter) -> None:
        for _ in range(times):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                if pause:
                    await asyncio.sleep(pause)

    return serve


async def silence(_: asyncio.StreamWriter) -> None:
    """Nothing, for longer than anybody waits."""
    await asyncio.sleep(60)


def after(first: bytes, then: bytes, *, times: int, pause: float = 0.0) -> Serve:
    """A beginning, and then the same piece again and again."""

    async def serve(writer: asyncio.StreamWriter) -> None:
        await raw(first)(writer)
        await raw(then, pause=pause, times=times)(writer)

    return serve


def brotli_bomb(size: int) -> bytes:
    """So many zeros."""
    packer, zeros = brotli.Compressor(quality=5), b"\0" * MIB
    return b"".join([*(packer.process(zeros) for _ in range(size // MIB)), packer.finish()])


def deflated(size: int, window: int) -> bytes:
    """So many zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    zeros = b"\0" * MIB
    return b"".join([*(packer.compress(zeros) for _ in range(size // MIB)), packer.flush()])


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
LAUGHS = (
    b"<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'ha'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(24))
    + b"]><rss version='2.0'><channel><title>&y;</title></channel></rss>"
)
INSIDE = (
    b"<?xml version='1.0'?><!DOCTYPE l [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    b"<rss version='2.0'><channel><title>&x;</title><item><title>a &x;</title><guid>1</guid></item></channel></rss>"
)
NESTED = b"<rss version='2.0'><channel>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</channel></rss>"
ATTRIBUTES = b"<rss version='2.0' " + b" ".join(b"a%d='1'" % n for n in range(100_000)) + b"><channel/></rss>"
MANY = "".join(ITEM.format(n, n, n) for n in range(30_000))
LONG_KEY = f"<item><title>x</title><link>/1</link><guid>{'k' * MIB}</guid></item>"


def channel(items: str) -> bytes:
    """A feed of these items."""
    return f"<rss version='2.0'><channel><title>Harbor Times</title>{items}</channel></rss>".encode()


FEEDS = (
    Case("gzip bomb, 200 MB", "unpacks to more than 10 MiB", said(deflated(200 * MIB, 31), "Content-Encoding: gzip")),
    Case("br bomb, 1 GB", "unpacks to more than 10 MiB", said(brotli_bomb(1024 * MIB), "Content-Encoding: br")),
    Case("deflate bomb", "unpacks to more than 10 MiB", said(deflated(200 * MIB, 15), "Content-Encoding: deflate")),
    Case("bare deflate bomb", "unpacks to more than 10", said(deflated(200 * MIB, -15), "Content-Encoding: deflate")),
    Case("50 MB", "larger than 5 MiB", after(HEAD + b"Content-Length: 52428800\r\n\r\n", b"x" * MIB, times=50)),
    Case("endless body", "larger than 5 MiB", after(CHUNKED, CHUNK, times=10_000)),
    Case("slow body", "no whole answer in", after(CHUNKED, b"1\r\nx\r\n", times=600, pause=0.05)),
    Case("slow head", "no whole answer in", after(HEAD, b"X-Slow: 1\r\n", times=600, pause=0.05)),
    Case("silence", "no answer in time|no whole answer", silence),
    Case("hangs up at once", "broke off or does not speak HTTP", raw(b"")),
    Case("length too long", "broke off or does not speak HTTP", said(GOOD, length=5_000)),
    Case("length too short", "entries|not a feed", said(GOOD, length=60)),
    Case("length of a galaxy", "broke off|larger than", said(GOOD, length=10**19)),
    Case("length is a word", "does not speak HTTP", raw(HEAD + b"Content-Length: many\r\n\r\n" + GOOD)),
    Case("two lengths", "does not speak HTTP", raw(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello")),
    Case("chunks without end", "broke off or does not speak", raw(CHUNKED + b"5\r\nhello\r\n")),
    Case("chunk of a wrong size", "does not speak HTTP", raw(CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n")),
    Case("chunk of 2^70 bytes", "broke off|does not speak HTTP", raw(CHUNKED + b"400000000000000000\r\nhello")),
    Case("a megabyte of head", "does not speak HTTP", raw(HEAD + b"X-Long: " + b"x" * MIB + b"\r\n\r\n")),
    Case("100,000 headers", "does not speak HTTP", raw(HEAD + b"X-A: b\r\n" * 100_000 + b"\r\n")),
    Case("HTTP/0.9", "does not speak HTTP", raw(GOOD)),
    Case("a mail server", "does not speak HTTP", raw(b"220 mail.example ESMTP\r\n")),
    Case("noise", "does not speak HTTP", raw(bytes(range(256)) * 40)),
    Case("status 999", "999: not an answer|does not speak HTTP", said(GOOD, status="999 Odd")),
    Case("status of a word", "does not speak HTTP", raw(b"HTTP/1.1 fine\r\n\r\n")),
    Case("100 Continue for ever", "no whole answer|does not speak|no answer", raw(b"HTTP/1.1 100 Continue\r\n\r\n", times=20_000)),
    Case("204", "an empty answer", raw(b"HTTP/1.1 204 No Content\r\n\r\n")),
    Case("304 to who knows nothing", "not modified", raw(b"HTTP/1.1 304 Not Modified\r\n\r\n")),
    Case("410", "410: the feed is gone for good", said(status="410 Gone")),
    Case("503", "503: the server is not available", said(status="503 Busy")),
    Case("says gzip, is plain", "damaged", said(GOOD, "Content-Encoding: gzip")),
    Case("says br, is plain", "damaged", said(GOOD, "Content-Encoding: br")),
    Case("half a gzip", "entries|not a feed|damaged|breaks off", said(gzip.compress(GOOD)[:60], "Content-Encoding: gzip")),
    Case("zstd", "packed as 'zstd', which we did not ask for", said(GOOD, "Content-Encoding: zstd")),
    Case("packed twice", "which we did not ask for", said(GOOD, "Content-Encoding: gzip, gzip")),
    Case("a loop", "more than 5 redirects", said(b"", "Location: /loop", status="302 Found")),
    Case("into a private network", "169.254.169.254 is a link-local address", said(b"", "Location: http://169.254.169.254/latest/", status="302 Found")),
    Case("into a file", "leads to 'file:///etc/passwd'", said(b"", "Location: file:///etc/passwd", status="301 Moved")),
    Case("to nowhere", "leads to 'nowhere'", said(b"", status="302 Found")),
    Case("to 60,000 characters", "more than 5 redirects|does not speak|failed", said(b"", f"Location: /{'x' * 60_000}", status="302 Found")),
    Case("HTML", "an HTML page, not a feed", said(PAGE, f"Content-Type: {HTML}")),
    Case("JSON of something else", "not a feed|no feed", said(b'{"error": "no such thing"}', "Content-Type: application/json")),
    Case("a picture", "not a feed", said(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "Content-Type: application/rss+xml")),
    Case("nothing", "an empty answer, not a feed", said()),
    Case("says utf-16, is utf-8", "entries 1", said(GOOD, "Content-Type: application/rss+xml; charset=utf-16")),
    Case("a charset that nobody knows", "entries 1", said(GOOD, "Content-Type: text/xml; charset=klingon")),
    Case("NUL bytes", "entries 1", said(GOOD.replace(b"Port", b"P\0ort"))),
    Case("an entity bomb", "declares 25 entities: refused", said(LAUGHS)),
    Case("an entity out of a file", "entries 1", said(INSIDE)),
    Case("nested 100,000 deep", "before the end of the first item: refused|nested more than", said(NESTED)),
    Case("100,000 attributes", "refused|entries 0|stopped|more than", said(ATTRIBUTES)),
    Case("30,000 entries", "entries 500", said(channel(MANY))),
    Case("a key of a megabyte", "without a blank: refused|entries 1", said(channel(LONG_KEY))),
    Case("TLS for another name", "[Hh]ostname mismatch|not valid for", said(GOOD), scheme="wrong-name"),
    Case("TLS that expired", "certificate has expired", said(GOOD), scheme="expired"),
    Case("TLS that it signed itself", "self-signed certificate|self signed", said(GOOD), scheme="self-signed"),
    Case("no TLS at the TLS port", "no connection in time", said(GOOD), scheme="secure-plain"),
)  # fmt: skip

DEEP_PAGE = b"<html><body>" + b"<div>" * 100_000 + b"text" + b"</div>" * 100_000 + b"</body></html>"
WIDE_PAGE = b"<html><body " + b" ".join(b"a%d='1'" % n for n in range(100_000)) + b"><p>text</p></body></html>"
STARS = b"User-agent: *\nDisallow: /" + b"*a" * 200 + b"$\n"
PAGES = (
    Case("page: br bomb", "unpacks to more than 5 MiB", said(brotli_bomb(1024 * MIB), "Content-Encoding: br", f"Content-Type: {HTML}"), page=True),
    Case("page: 50 MB", "larger than 5 MiB", after(HEAD + b"Content-Type: text/html\r\n\r\n", b"x" * MIB, times=50), page=True),
    Case("page: slow", "no whole answer in", after(CHUNKED, b"1\r\nx\r\n", times=600, pause=0.05), page=True),
    Case("page: nested 100,000 deep", "nested|stopped|refused|deep", said(DEEP_PAGE, f"Content-Type: {HTML}"), page=True),
    Case("page: 100,000 attributes", "attributes|stopped|refused", said(WIDE_PAGE, f"Content-Type: {HTML}"), page=True),
    Case("page: a PDF", "application/pdf, not a page", said(b"%PDF-1.7", "Content-Type: application/pdf"), page=True),
    Case("page: a loop", "more than 5 redirects", said(b"", "Location: /loop", status="302 Found"), page=True),
    Case("page: into a private network", "is a private or reserved address", said(b"", "Location: http://10.0.0.1/", status="302 Found"), page=True),
    Case("page: says utf-16", "page (read|partial)", said(PAGE, "Content-Type: text/html; charset=utf-16"), page=True),
    Case("page: noise", "page|no text|not a page|nothing", said(bytes(range(256)) * 400, f"Content-Type: {HTML}"), page=True),
    Case("robots.txt without end", "page (read|partial)", said(PAGE, f"Content-Type: {HTML}"), page=True, robots=after(CHUNKED, CHUNK, times=10_000)),
    Case("robots.txt of stars", "page (read|partial)|stopped", said(PAGE, f"Content-Type: {HTML}"), page=True, robots=said(STARS)),
    Case("robots.txt that fails", "robots.txt could not be had", said(PAGE), page=True, robots=said(status="500 Oh")),
    Case("robots.txt into a private network", "10.0.0.1 is a private", said(PAGE), page=True, robots=said(b"", "Location: http://10.0.0.1/", status="302 Found")),
)  # fmt: skip
CASES = FEEDS + PAGES
TLS_KINDS = {
    "wrong-name": ("other.test", 2, True),
    "expired": ("host.test", 0, True),
    "self-signed": ("host.test", 2, False),
}


def certificates(folder: Path) -> Path:
    """An authority and the certificates that `TLS_KINDS` names, by the openssl command; gives the authority's."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", *key, "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    for kind, (name, days, signed) in TLS_KINDS.items():
        (folder / "name.cnf").write_text(f"subjectAltName=DNS:{name}\n")
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", f"{kind}.key", "-out", f"{kind}.csr")
        by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial") if signed else ("-signkey", f"{kind}.key")
        openssl(
            "x509", "-req", "-in", f"{kind}.csr", *by, "-days", str(days), "-extfile", "name.cnf", "-out", f"{kind}.pem"
        )
    return folder / "ca.pem"


@asynccontextmanager
async def serving(case: Case, folder: Path) -> AsyncIterator[str]:
    """The server of one case; gives the address to ask."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            head = await reader.readuntil(b"\r\n\r\n")
            about_robots = head.startswith(b"GET /robots.txt")
            serve = (case.robots or said(status="404 None")) if about_robots else case.serve
            if serve is not None:
                await serve(writer)
            await writer.drain()

    answering: set[asyncio.Task[None]] = set()

    async def watched(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        answering.add(task)
        with suppress(asyncio.CancelledError):  # the case is over
            await answer(reader, writer)
        writer.close()
        answering.discard(task)

    async with AsyncExitStack() as closing:
        context = None
        if case.scheme in TLS_KINDS:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / f"{case.scheme}.pem", folder / f"{case.scheme}.key")
        server = await asyncio.start_server(watched, "127.0.0.1", 0, ssl=context)
        closing.callback(server.close)
        scheme = "http" if case.scheme == "plain" else "https"
        # Names of their own: a port may be one at which an earlier server was silent, and is left alone for a while.
        name = f"{digest('case', case.name).partition('_')[2]}.test" if case.scheme == "plain" else "host.test"
        yield f"{scheme}://{name}:{server.sockets[0].getsockname()[1]}/{'news/1' if case.page else 'feed'}"
        for task in tuple(answering):
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)
