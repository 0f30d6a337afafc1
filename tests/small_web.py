"""A web site of a few pages on loopback, and what was asked of it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class Page:
    body: str | bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class SmallWeb:
    """`pages` by path; what is not there is 404. `asked` are the paths that were asked for, in order."""

    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    base: str = ""

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def feed(self, path: str, title: str, *headlines: str, lang: str = "en") -> str:
        """Put an RSS feed at a path; its address."""
        items = "".join(
            f"<item><title>{headline}</title><link>{self.base}/{number}-story</link>"
            f"<pubDate>Mon, 0{number} Mar 2026 12:00:00 GMT</pubDate></item>"
            for number, headline in enumerate(headlines, 1)
        )
        head = f"<title>{title}</title><link>{self.base}/</link><description>d</description><language>{lang}</language>"
        self.pages[path] = Page(
            body=f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>',
            kind="application/rss+xml",
        )
        return self.base + path


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    web: SmallWeb


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        web = self.server.web
        web.asked.append(self.path)
        page = web.pages.get(self.path, Page(status=404))
        body = page.body.encode() if isinstance(page.body, str) else page.body
        self.send_response(page.status)
        for name, value in {"content-type": page.kind, "content-length": str(len(body)), **page.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests look at what was asked."""


@contextmanager
def small_web() -> Iterator[SmallWeb]:
    web = SmallWeb()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.web = web
    web.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
