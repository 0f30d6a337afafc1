"""A small news web on loopback: a feed and article pages for each outlet, and an address that takes webhooks.

GET  /OUTLET/feed.xml   RSS 2.0, with an ETag and 304
GET  /OUTLET/PATH       an article's page, as last edited
POST /hook              a webhook call; 204 if its signature and time are right, else 401
"""

from __future__ import annotations

import json
import re
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from hmac import compare_digest
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from standardwebhooks import Webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from storywatch.demo.stream import Item
    from storywatch.ports import Clock

TOLERANCE = timedelta(minutes=5)
SIZE = re.compile("[0-9]{1,6}")  # bytes of a call, under a megabyte
SECONDS = re.compile("[0-9]{1,10}")  # since 1970
SECTIONS = ("World", "Ports", "Weather", "Sport", "Opinion")


class Newsstand:
    """What the outlets show so far. Shown from one thread, read by the server's."""

    def __init__(self) -> None:
        self._shown: tuple[Item, ...] = ()

    def show(self, *items: Item) -> None:
        """From now on these are published."""
        self._shown += items

    def feed(self, outlet: str, base: str) -> bytes | None:
        """The outlet's feed, its newest item first; None for an outlet that has shown nothing."""
        newest = {item.path: item for item in self._shown if item.outlet == outlet}
        if not newest:
            return None
        entries = "".join(self._entry(item, base) for item in reversed(newest.values()))
        name = escape(outlet_name(outlet))
        return (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
            f"<title>{name}</title><link>{base}/{outlet}/</link><description>{name}</description>{entries}"
            "</channel></rss>"
        ).encode()

    def page(self, path: str, base: str) -> bytes | None:
        """The article's page, or None where there is none."""
        found = [item for item in self._shown if item.path == path]
        return self._html(found[-1], base).encode() if found else None

    def _entry(self, item: Item, base: str) -> str:
        return (
            f"<item><title>{escape(item.title)}</title><link>{base}{item.path}</link>"
            f'<guid isPermaLink="false">{item.path}</guid><description>{escape(item.summary)}</description>'
            f"<pubDate>{format_datetime(item.published_at)}</pubDate></item>"
        )

    def _html(self, item: Item, base: str) -> str:
        name = escape(outlet_name(item.outlet))
        sections = "".join(f'<li><a href="#">{section}</a></li>' for section in SECTIONS)
        others = [other for other in self._shown if other.outlet == item.outlet and other.path != item.path][-4:]
        more = "".join(f'<li><a href="{other.path}">{escape(other.title)}</a></li>' for other in others)
        return (
            f'<!doctype html><html lang="{item.lang}"><head><meta charset="utf-8">'
            f"<title>{escape(item.title)} | {name}</title>"
            f'<meta property="og:title" content="{escape(item.title)}"><meta property="og:site_name" content="{name}">'
            f'<meta property="article:published_time" content="{item.published_at.isoformat()}">'
            f'<link rel="canonical" href="{base}{item.path}"></head><body>'
            f"<header><b>{name}</b><nav><ul>{sections}</ul></nav></header>"
            f"<main><article><h1>{escape(item.title)}</h1>"
            + "".join(f"<p>{escape(paragraph)}</p>" for paragraph in item.paragraphs)
            + f"</article><aside><h2>{name}</h2><ul>{more}</ul></aside></main>"
            "<footer>All rights reserved. Privacy. Contact.</footer></body></html>"
        )


def outlet_name(outlet: str) -> str:
    """`harbour-gazette` as its readers know it."""
    return outlet.replace("-", " ").title()


class Receiver:
    """The other end of a webhook: checks that a call is genuine and hands its body on."""

    def __init__(self, secret: str, clock: Clock, take: Callable[[dict[str, Any]], None]) -> None:
        self._webhook, self._clock, self._take = Webhook(secret), clock, take

    def receive(self, body: bytes, *, call_id: str, timestamp: str, signatures: str) -> HTTPStatus:
        """204 and the body is handed on, or 401. The same call twice is taken once more: its id says so."""
        if not SECONDS.fullmatch(timestamp):
            return HTTPStatus.UNAUTHORIZED
        sent_at = datetime.fromtimestamp(int(timestamp), UTC)
        right = self._webhook.sign(call_id, sent_at, body.decode("utf-8", "replace"))
        genuine = any(compare_digest(right.encode(), given.encode()) for given in signatures.split(" "))
        if not genuine or abs(self._clock.now() - sent_at) > TOLERANCE:
            return HTTPStatus.UNAUTHORIZED
        self._take(json.loads(body))
        return HTTPStatus.NO_CONTENT


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, stand: Newsstand, receiver: Receiver) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stand, self.receiver = stand, receiver
        self.base = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that hangs up is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        outlet, _, rest = self.path.lstrip("/").partition("/")
        stand, base = self.server.stand, self.server.base
        is_feed = rest == "feed.xml"
        body = stand.feed(outlet, base) if is_feed else stand.page(self.path, base)
        if body is None:
            self._answer(HTTPStatus.NOT_FOUND, b"not found", kind="text/plain")
            return
        etag = f'"{sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            self._answer(HTTPStatus.NOT_MODIFIED, etag=etag)
        else:
            kind = "application/rss+xml" if is_feed else "text/html"
            self._answer(HTTPStatus.OK, body, kind=f"{kind}; charset=utf-8", etag=etag)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/hook" or not SIZE.fullmatch(length):
            self.close_connection = True
            self._answer(HTTPStatus.NOT_FOUND, b"not found", kind="text/plain")
            return
        status = self.server.receiver.receive(
            self.rfile.read(int(length)),
            call_id=self.headers.get("webhook-id", ""),
            timestamp=self.headers.get("webhook-timestamp", ""),
            signatures=self.headers.get("webhook-signature", ""),
        )
        self._answer(status)

    def _answer(self, status: HTTPStatus, body: bytes = b"", *, kind: str = "", etag: str = "") -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if etag:
            self.send_header("ETag", etag)
        if status not in {HTTPStatus.NOT_MODIFIED, HTTPStatus.NO_CONTENT}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The show prints what matters."""


@contextmanager
def open_newsstand(stand: Newsstand, receiver: Receiver) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 until the block ends; gives the address."""
    server = _Server(stand, receiver)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="newsstand", daemon=True
    )
    thread.start()
    try:
        yield server.base
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
