"""One SMTP server, kept connected for a little while: mails of one alert follow each other closely."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import aiosmtplib

from storywatch.errors import Rejected, Unsent
from storywatch.notify.text import line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from storywatch.errors import SendFailed

TlsMode = Literal["implicit", "starttls", "none"]

REASON_LIMIT: Final = 300
FOR_GOOD: Final = range(500, 600)
POLICY: Final = re.compile(r"5\.7\.\d")  # RFC 3463: what the server minds is us or the mail, not the mailbox
LOGIN_CODES: Final = frozenset({530, 534, 535, 538})  # RFC 4954: no login, or one that does not do


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mails are handed in. `starttls` is demanded, never tried: there is no falling back to plain text."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: TlsMode = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long we wait for a server, in seconds: `turn` and `answer` together stay below the lease of a delivery."""

    answer: float = 30.0  # for one mail, connecting included
    turn: float = 60.0  # until the mails before it are done
    idle: float = 30.0  # with an open connection for the next mail: a new one costs ten times as much as the mail
    goodbye: float = 1.0  # the whole service has five to stop in


class SmtpSession:
    """Sends one mail at a time to one server. Everything that goes wrong is `Unsent` or `Rejected`.

    `trust` replaces the system's certificate authorities.
    """

    def __init__(
        self, server: SmtpServer, *, trust: ssl.SSLContext | None = None, patience: Patience | None = None
    ) -> None:
        self._server = server
        self._patience = patience or Patience()
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password if server.user else None,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=trust,
            timeout=self._patience.answer,
        )

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand in one mail. Returns when the server has answered for it."""
        await self._in_turn(lambda: self._send(sender, recipient, message))

    async def check(self) -> None:
        """Connect anew, log in, and ask for nothing."""
        await self._in_turn(self._check)

    async def aclose(self) -> None:
        """Say goodbye to the server, if we are connected. A mail under way gets a moment to end."""
        self._stop_idling()
        with suppress(aiosmtplib.SMTPException, TimeoutError):
            async with asyncio.timeout(self._patience.goodbye), self._turn:
                if self._client.is_connected:
                    await self._client.quit()
        self._client.close()

    async def _in_turn(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(self._patience.turn):
                await self._turn.acquire()
        except TimeoutError as exc:
            message = f"{self._where}: other mails were still before this one after {self._patience.turn:g} s"
            raise Unsent(message) from exc
        try:
            await self._try(step)
        finally:
            self._turn.release()

    async def _try(self, step: Callable[[], Awaitable[None]]) -> None:
        self._stop_idling()
        done = False
        try:
            async with asyncio.timeout(self._patience.answer):
                await step()
            done = True
        except (aiosmtplib.SMTPException, OSError, UnicodeError) as exc:
            # TimeoutError and TLS errors are OSErrors; UnicodeError is a host name that DNS can't write
            raise self._failure(exc) from exc
        finally:
            self._leave(done=done)

    async def _send(self, sender: str, recipient: str, message: bytes) -> None:
        await self._ensure_connected()
        await self._client.sendmail(sender, [recipient], message)

    async def _check(self) -> None:
        self._client.close()
        await self._client.connect()
        await self._client.noop()

    async def _ensure_connected(self) -> None:
        if self._client.is_connected:
            with suppress(aiosmtplib.SMTPException):
                await self._client.noop()
                return
            self._client.close()
        await self._client.connect()

    def _leave(self, *, done: bool) -> None:
        """Keep the connection for the next mail; after trouble in the midst of a mail nothing is sure: drop it."""
        if done and self._client.is_connected:
            self._idle = asyncio.get_running_loop().call_later(self._patience.idle, self._client.close)
        else:
            self._client.close()

    def _stop_idling(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None

    @property
    def _where(self) -> str:
        return f"mail server {self._server.host}:{self._server.port}"

    def _failure(self, exc: Exception) -> SendFailed:
        """What a failure means for the mail: another try, or the end."""
        if isinstance(exc, aiosmtplib.SMTPRecipientsRefused):
            exc = exc.recipients[0]  # there is only one
        if isinstance(exc, ssl.SSLError) or isinstance(exc.__cause__, ssl.SSLError):
            return Unsent(f"{self._where}: no trusted TLS connection: {_words(exc)}")
        if isinstance(exc, aiosmtplib.SMTPResponseException):
            return self._answer(exc)
        if isinstance(exc, TimeoutError):
            return Unsent(f"{self._where}: no answer in time")
        if isinstance(exc.__cause__, ConnectionRefusedError):
            return Unsent(f"{self._where}: nothing answers at this port")
        if "STARTTLS extension" in _words(exc):
            return Unsent(
                f'{self._where} offers no STARTTLS, so it gets nothing: try smtps://, or tls = "none" on this machine'
            )
        return Unsent(f"{self._where}: {_words(exc)}")

    def _answer(self, exc: aiosmtplib.SMTPResponseException) -> SendFailed:
        message = f"{self._where} answered {exc.code}: {_words(exc)}"
        greeting = isinstance(exc, aiosmtplib.SMTPConnectResponseError)
        about_us = greeting or exc.code in LOGIN_CODES  # not about the mail, which goes once this is mended
        if exc.code in FOR_GOOD and not about_us:
            recipient_refused = isinstance(exc, aiosmtplib.SMTPRecipientRefused) and not POLICY.match(exc.message)
            return Rejected(message, code=exc.code, recipient_refused=recipient_refused)
        return Unsent(message, code=exc.code)


def _words(exc: Exception) -> str:
    return line(exc.message if isinstance(exc, aiosmtplib.SMTPException) else str(exc), REASON_LIMIT)
