"""The two who are told: a mail server and a webhook receiver, each a process of its own that is never killed.

Each writes down what it took before it answers, so what a sender was told is always in the ledger.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mail_server import Mailbox, Visible
from newsroom import SECRET
from standardwebhooks import Webhook, WebhookVerificationError
from webhook_receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiosmtpd.smtp import SMTP, Envelope, Session

TESTS = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"No\. (\d{5})")
KINDS = ("mail", "webhook")


@dataclass(frozen=True)
class Receipt:
    """One message that was accepted. `number` is that of the development it tells, None where it tells none."""

    at: float  # the machine's monotonic clock, which all processes share
    id: str
    sha: str  # of all its bytes
    number: int | None
    signed: bool


class Ledger:
    """What one receiver took, in a file that the counting process reads while it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.receipts: list[Receipt] = []
        self._read = 0

    def write(self, *, id: str, content: bytes, text: str, signed: bool = True) -> None:  # noqa: A002
        found = NUMBER.search(text)
        receipt = Receipt(
            at=time.monotonic(),
            id=id,
            sha=hashlib.sha256(content).hexdigest(),
            number=int(found[1]) if found else None,
            signed=signed,
        )
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, json.dumps(asdict(receipt)).encode() + b"\n")
        finally:
            os.close(file)

    def read(self) -> list[Receipt]:
        """All that was taken by now."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._read)
                fresh = file.read()
            whole = fresh[: fresh.rfind(b"\n") + 1]
            self._read += len(whole)
            self.receipts += [Receipt(**json.loads(line)) for line in whole.splitlines()]
        return self.receipts


class WritingMailbox(Mailbox):
    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        plain = mail.get_body(("plain",))
        assert plain is not None
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        self._ledger.write(id=name, content=envelope.content, text=plain.get_content())
        return "250 OK"


class CheckingReceiver(Receiver):
    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self._signature = Webhook(SECRET)

    async def _answer(self, writer: asyncio.StreamWriter, answer: str) -> None:
        call = self.calls.pop()
        signed = True
        try:
            self._signature.verify(call.body, call.headers)
        except (WebhookVerificationError, ValueError):
            signed = False
        text = call.body.decode()
        self._ledger.write(id=call.headers["webhook-id"], content=call.body, text=text, signed=signed)
        await super()._answer(writer, answer)


async def serve(kind: str, path: Path, port: int) -> None:
    """Listen until whoever started us closes our standard input; the port is printed first."""
    loop, ledger, gone = asyncio.get_running_loop(), Ledger(path), asyncio.Event()
    if kind == "mail":
        mailbox = WritingMailbox(ledger)
        server: Any = await loop.create_server(
            lambda: Visible(mailbox, hostname="mail.example", loop=loop), "127.0.0.1", port
        )
    else:
        server = await asyncio.start_server(CheckingReceiver(ledger).serve, "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    loop.add_reader(0, gone.set)
    await gone.wait()
    os._exit(0)  # with all its connections, as they are


@dataclass
class Listening:
    """A receiver's process as its starter sees it."""

    kind: str
    ledger: Ledger
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Listen, on the port of before if there was one."""
        arguments = [sys.executable, "-m", "crash.receivers", self.kind, str(self.ledger.path), str(self.port)]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS / "e2e")))}
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        """End it; nobody listens then."""
        if self.process is None:
            return
        process, self.process = self.process, None
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        process.stdout.close()


@contextmanager
def listening(folder: Path) -> Iterator[dict[str, Listening]]:
    """Both receivers, by kind, until the block ends."""
    receivers = {kind: Listening(kind, Ledger(folder / f"{kind}.jsonl")) for kind in KINDS}
    try:
        for receiver in receivers.values():
            receiver.start()
        yield receivers
    finally:
        for receiver in receivers.values():
            receiver.stop()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
