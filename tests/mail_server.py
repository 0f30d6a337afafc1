# ruff: noqa: N802  the names are those that aiosmtpd calls
"""A real mail server on loopback that does what a test tells it to."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CERTIFICATE = Path(__file__).parent / "data" / "notify" / "server.pem"
PASSWORD = b"right horse"


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def trusting() -> ssl.SSLContext:
    """What a client needs to trust the server's certificate."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


@dataclass
class Mailbox:
    """Takes mails, or answers as told: `answers` are used up one by one, then all is well."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    mails: list[tuple[str, str, bytes]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    def answer(self, command: str, otherwise: str) -> str:
        self.commands.append(command)
        queue = self.answers.get(command, [])
        return queue.pop(0) if queue else otherwise

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answer("MAIL", "250 OK")

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        answer = self.answer("RCPT", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        answer = self.answer("DATA", "250 OK")
        if answer == "hang":
            self.hanging.set()
            await asyncio.Event().wait()
        if answer == "hang up":
            server.transport.abort()
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append((str(envelope.mail_from), ",".join(envelope.rcpt_tos), envelope.content))
        return answer

    async def handle_NOOP(self, _server: SMTP, _session: Session, _envelope: Envelope, _arg: str) -> str:
        return self.answer("NOOP", "250 OK")

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        return self.answer("QUIT", "221 Bye")


class Visible(SMTP):
    """A server that tells when a client has gone."""

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.event_handler.gone.set()


def login(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=data.login == b"desk" and data.password == PASSWORD, handled=False)


@asynccontextmanager
async def mail_server(
    mailbox: Mailbox, *, implicit_tls: bool = False, starttls: bool = False, auth: bool = False
) -> AsyncIterator[Mailbox]:
    """The mailbox, behind a server that is there until the block ends."""
    protocols: list[SMTP] = []

    def connected() -> SMTP:
        mailbox.connections += 1
        tls = server_tls() if starttls else None
        wishes: dict[str, Any] = {"auth_required": True, "authenticator": login} if auth else {}
        protocols.append(Visible(mailbox, hostname="mail.example", tls_context=tls, loop=loop, **wishes))
        return protocols[-1]

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connected, "127.0.0.1", 0, ssl=server_tls() if implicit_tls else None)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        tasks = [protocol._handler_coroutine for protocol in protocols if protocol._handler_coroutine]
        for protocol in protocols:
            if protocol.transport and not protocol.transport.is_closing():  # Python 3.11.2 can't abort twice
                protocol.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
