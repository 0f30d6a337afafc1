"""A web of thousands of feeds on loopback, for the benchmarks: names, certificates, answers of all kinds, and a log.

Every name that ends in `.test` is this machine. The log is one JSON object a line: when a request came and was
answered, host, path, the validators and the names that came with it, the status, and what the answer asked for.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import multiprocessing
import ssl
import subprocess
import time
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path  # noqa: TC003  the spawned process needs it
from typing import TYPE_CHECKING, TextIO

import brotli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.queues import Queue

ENTRIES = 22
WHOLE_TEXTS = 4  # of ten feeds
NAMESPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}
REASONS = {200: "OK", 301: "Moved Permanently", 304: "Not Modified", 308: "Permanent Redirect"}
ROBOTS = b"User-agent: *\nDisallow: /secret/\n"
SLOW_SECONDS = 1.0
RETRY_SECONDS = 300
# What each of a hundred feeds is: where the number falls decides.
KINDS: tuple[tuple[int, str], ...] = (
    (34, "plain"), (52, "gzip"), (62, "br"), (66, "moved"), (68, "moved-308"), (70, "slow"), (78, "no-validators"),
    (84, "deflate"), (87, "404"), (89, "410"), (92, "429"), (94, "500"), (96, "503"), (98, "weak"), (100, "changing"),
)  # fmt: skip


@dataclass(frozen=True)
class Served:
    """Where the web is, and what is needed to ask it."""

    port: int
    tls_port: int
    authority: Path  # the certificate to trust
    log: Path


def kind_of(number: int) -> str:
    """What feed `number` answers like."""
    return next(kind for limit, kind in KINDS if number % 100 < limit)


def feed_body(number: int, version: int = 0) -> bytes:
    """A newspaper's feed of 22 entries. Four of ten carry whole texts, as WordPress does; the others a teaser."""
    items = "".join(_item(number, version, at) for at in range(ENTRIES))
    names = " ".join(f"xmlns:{name}='{uri}'" for name, uri in NAMESPACES.items())
    head = f"<title>Harbor Times {number}</title><link>http://f{number}.test/</link><language>en</language>"
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0' {names}><channel>{head}{items}</channel></rss>"
    ).encode()


def _item(number: int, version: int, at: int) -> str:
    teaser = (
        f"<p>The council of Sandvik voted on quay {at} on Monday &amp; heard the harbour board. <a href='/quay/{at}'>"
        f"Dockers</a> had asked for {at + 3} percent. The board offered {at} percent; talks go on in the old customs "
        "house, and ships wait at anchor outside the breakwater.</p>"
    )
    picture = (
        f"<figure><img src='/img/{at}.jpg' alt='Quay {at}' width='640'><figcaption>Quay {at}</figcaption></figure>"
    )
    whole = f"<content:encoded><![CDATA[{picture}{teaser * 8}]]></content:encoded>" if number % 10 < WHOLE_TEXTS else ""
    return (
        f"<item><title>Harbour report {number}-{version}-{at}: council of Sandvik votes on quay {at}</title>"
        f"<link>http://f{number}.test/news/{version}/{at}</link>"
        f"<guid isPermaLink='false'>urn:{number}:{version}:{at}</guid><dc:creator>Desk</dc:creator>"
        f"<description>{escape(teaser)}</description>{whole}"
        f"<category>Harbour</category><category>Sandvik</category>"
        f"<media:content url='http://f{number}.test/img/{at}.jpg' medium='image'/>"
        f"<pubDate>Mon, 02 Mar 2026 {at:02}:15:00 +0200</pubDate></item>"
    )


@contextmanager
def serving(folder: Path, *, all_new: bool = False) -> Iterator[Served]:
    """The web in a process of its own, until the block ends. `all_new`: every feed is a plain 200 at first."""
    authority = make_certificates(folder)
    log = folder / "server.jsonl"
    spawn = multiprocessing.get_context("spawn")
    ports: Queue[tuple[int, int]] = spawn.Queue()
    server = spawn.Process(target=_serve, args=(folder, log, all_new, ports), daemon=True)
    server.start()
    try:
        port, tls_port = ports.get(timeout=30)
        yield Served(port, tls_port, authority, log)
    finally:
        server.terminate()
        server.join()


def make_certificates(folder: Path) -> Path:
    """An authority of our own and a certificate for every `*.test` name, by the openssl command."""
    names = ",".join(["DNS:*.test", *(f"DNS:f{number}.test" for number in range(3_000))])
    (folder / "names.cnf").write_text(f"subjectAltName={names}\n")
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    steps = (
        [*new, "-x509", "-days", "2", "-subj", "/CN=benchmark authority", "-keyout", "ca.key", "-out", "ca.pem"],
        [*new, "-subj", "/CN=benchmark", "-keyout", "server.key", "-out", "server.csr"],
        ["openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
         "-days", "2", "-extfile", "names.cnf", "-out", "server.pem"],
    )  # fmt: skip
    for step in steps:
        subprocess.run(step, cwd=folder, check=True, capture_output=True)  # noqa: S603  our own words
    return folder / "ca.pem"


def _serve(folder: Path, log: Path, all_new: bool, ports: Queue[tuple[int, int]]) -> None:  # noqa: FBT001
    async def run() -> None:
        with log.open("w", buffering=1) as out:
            web = _Web(out, all_new=all_new)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "server.pem", folder / "server.key")
            plain = await asyncio.start_server(web.serve, "127.0.0.1", 0, backlog=500)
            web.port = plain.sockets[0].getsockname()[1]
            tls = await asyncio.start_server(web.serve, "127.0.0.1", 0, ssl=context, backlog=500)
            ports.put((web.port, tls.sockets[0].getsockname()[1]))
            await plain.serve_forever()

    asyncio.run(run())


class _Web:
    def __init__(self, out: TextIO, *, all_new: bool) -> None:
        self._out = out
        self._all_new = all_new
        self._asked: dict[str, int] = {}
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                came = time.time()
                target, headers = _parsed(head)
                status, extra, body, wait = self._answer(target, headers)
                if wait:
                    await asyncio.sleep(wait)
                lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Said')}", f"Content-Length: {len(body)}"]
                lines += [f"{name}: {value}" for name, value in extra.items()]
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                await writer.drain()
                self._note(came, headers, target, status, extra, len(body))
                if headers.get("connection", "").lower() == "close":
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    def _note(
        self, came: float, headers: dict[str, str], target: str, status: int, extra: dict[str, str], size: int
    ) -> None:
        said = {name: headers[name] for name in ("if-none-match", "if-modified-since", "user-agent") if name in headers}
        gave = {name.lower(): extra[name] for name in ("ETag", "Last-Modified", "Retry-After") if name in extra}
        line = {"came": came, "done": time.time(), "host": headers.get("host", ""), "path": target, "status": status}
        self._out.write(json.dumps({**line, "size": size, "said": said, "gave": gave}) + "\n")

    def _answer(self, target: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes, float]:
        """Status, headers, body, and the seconds until then."""
        if target == "/robots.txt":
            return 200, {"Content-Type": "text/plain"}, ROBOTS, 0
        if target.startswith("/news/"):
            return 200, {"Content-Type": "text/html"}, _page(target), 0
        number = int(target.rpartition("/")[2].partition(".")[0] or 0)
        kind = "plain" if self._all_new else kind_of(number)
        times = self._asked[target] = self._asked.get(target, 0) + 1
        if kind.isdecimal():
            busy = kind in {"429", "503"}
            return int(kind), {"Retry-After": str(RETRY_SECONDS)} if busy else {}, b"", 0
        if kind.startswith("moved") and not target.startswith("/new/"):
            status = 308 if kind.endswith("308") else 301
            return status, {"Location": f"/new/{number}.xml"}, b"", 0
        version = times if kind == "changing" else 0
        etag = f'W/"{number}-{version}"' if kind == "weak" else f'"{number}-{version}"'
        validators = {"ETag": etag, "Last-Modified": "Mon, 02 Mar 2026 12:00:00 GMT"}
        if kind == "no-validators":
            validators = {}
        elif headers.get("if-none-match") == etag:
            return 304, {"ETag": etag}, b"", 0
        body, packing = _packed(feed_body(number, version), kind)
        wait = SLOW_SECONDS if kind == "slow" else 0
        return 200, {"Content-Type": "application/rss+xml", **validators, **packing}, body, wait


def _parsed(head: str) -> tuple[str, dict[str, str]]:
    first, *lines = head.split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs}


def _packed(body: bytes, kind: str) -> tuple[bytes, dict[str, str]]:
    if kind in {"gzip", "weak"}:
        return gzip.compress(body, 5), {"Content-Encoding": "gzip"}
    if kind == "br":
        return brotli.compress(body, quality=3), {"Content-Encoding": "br"}
    if kind == "deflate":
        return zlib.compress(body), {"Content-Encoding": "deflate"}
    return body, {}


def _page(target: str) -> bytes:
    lines = "".join(
        f"<p>The council of Sandvik voted on quay {at} on Monday, and {target} told of it.</p>" for at in range(9)
    )
    return f"<html><head><title>Quay {target}</title></head><body><article>{lines}</article></body></html>".encode()
