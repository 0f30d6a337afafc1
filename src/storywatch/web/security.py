"""Who may read the page: the host it is asked by, the token it is asked with, and what a browser may do with it.

Each guard is a layer around the next, outermost first: headers, host, token. The server speaks nothing but HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse

from storywatch.core.websub import is_callback

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "storywatch_session"
SIGN_IN = "/sign-in"
OPEN_PATHS = frozenset({"/healthz", "/readyz", SIGN_IN})
OPEN_PREFIX = "/static/"
LINKS = "/links/"  # signed: each does one thing for whoever was sent it
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
PRIVATE = "private, no-store"


@dataclass(frozen=True, slots=True)
class SafeHeaders:
    """Every answer tells the browser to load nothing from elsewhere, run nothing, frame nothing."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers as the answer begins."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", PRIVATE)
            await send(message)

        await self.app(scope, receive, send_safely)


@dataclass(frozen=True, slots=True)
class KnownHost:
    """Answers only to its own names: a foreign page can't reach a page without a password by a name of its own.

    With a token this is not needed, since such a page would come without it; `names` is None then.
    """

    app: ASGIApp
    names: Collection[str] | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what was asked by a known name."""
        if self.names is None or host_name(Headers(scope=scope)) in self.names:
            await self.app(scope, receive, send)
            return
        answer = PlainTextResponse(
            f"This page answers only to {', '.join(sorted(self.names))}. "
            "To reach it by another name, set base_url in [web] of storywatch.toml.\n",
            status_code=421,
        )
        await answer(scope, receive, send)


def known_names(base_url: str) -> frozenset[str]:
    """The names by which a page without a token may be asked."""
    return LOOPBACK_NAMES | {(urlsplit(base_url).hostname or "localhost").lower()}


def host_name(headers: Headers) -> str:
    """The name in the Host header, without its port; empty where it makes no sense."""
    try:
        return (urlsplit(f"//{headers.get('host', '')}").hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class TokenNeeded:
    """Lets in who shows the token, in a header or by the cookie that signing in has set."""

    app: ASGIApp
    token: str
    root: str  # the path under which browsers see us

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on who may see it; send browsers to the form, tell programs what is missing."""
        if is_open(scope["path"]) or shows_token(Headers(scope=scope), self.token):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "text/html" in headers.get("accept", ""):
            answer: PlainTextResponse | RedirectResponse = RedirectResponse(
                f"{self.root}{SIGN_IN}?{urlencode({'next': asked_for(scope)})}", status_code=303
            )
        else:
            answer = PlainTextResponse(
                "A token is needed: send it as `Authorization: Bearer ...`.\n",
                status_code=401,
                headers={"www-authenticate": 'Bearer realm="storywatch"'},
            )
        await answer(scope, receive, send)


def asked_for(scope: Scope) -> str:
    """The path and query of a request, to come back to after signing in."""
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


def is_own_path(path: str) -> bool:
    """Does it lead to a page of ours, and nowhere else?"""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()


def is_open(path: str) -> bool:
    """May anyone ask for it? It tells nothing about stories. A hub, and who was sent a link, show it by the address."""
    return path in OPEN_PATHS or path.startswith((OPEN_PREFIX, LINKS)) or is_callback(path)


def shows_token(headers: Headers, token: str) -> bool:
    """Does the request carry the token, or the cookie that follows from it?"""
    scheme, _, shown = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return same_secret(shown.strip(), token)
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and same_secret(cookie.value, session_of(token))


def session_of(token: str) -> str:
    """The value of the cookie: it proves the token and does not tell it; another token makes it void."""
    return hmac.new(token.encode(), b"storywatch session", hashlib.sha256).hexdigest()


def same_secret(shown: str, expected: str) -> bool:
    """Compare in a time that tells nothing about either."""
    shown_hash = hashlib.sha256(shown.encode("utf-8", "surrogatepass")).digest()
    return hmac.compare_digest(shown_hash, hashlib.sha256(expected.encode()).digest())


def comes_from_us(headers: Headers) -> bool:
    """Was the form that is posted one of our own pages'? What says nothing of its origin is not a browser."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin", "null")  # "null" is what our own referrer policy makes a browser say
    return origin == "null" or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
