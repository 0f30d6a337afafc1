"""Alerts by e-mail: one thread a story, one mail a recipient, the same bytes at every try."""

from __future__ import annotations

import re
from email import policy
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from storywatch.core.model import DigestTidings, Tidings
from storywatch.errors import ConfigError, Rejected
from storywatch.notify.letters import TrialLetter
from storywatch.notify.render import NAME_LIMIT, digest_letter, letter_of, templates, trouble_letter
from storywatch.notify.smtp import SmtpSession
from storywatch.notify.text import line

if TYPE_CHECKING:
    import ssl
    from datetime import datetime

    from storywatch.core.model import ChannelId, DeliveryClaim, DeliveryId, Message, Recipient, TroubleTidings, WatchId
    from storywatch.notify.letters import DigestLetter, Letter, TroubleLetter
    from storywatch.notify.links import Linker
    from storywatch.notify.smtp import Patience, SmtpServer

    AnyLetter = Letter | DigestLetter | TroubleLetter | TrialLetter

DISPLAY_NAME: Final = "storywatch"
MAIL_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
HEADER_LIMIT: Final = 998  # of a line, as RFC 5322 has it
MOSTLY_ASCII: Final = 0.75  # of a text: quoted-printable is shorter and can be read as it stands


class _Unfolded(BaseHeader):
    """A header of ids or addresses: one line whatever its length, for a folded or encoded id would be another one."""

    max_count = 1

    @classmethod
    def parse(cls, string: str, kwds: dict[str, Any]) -> None:
        kwds["decoded"] = string
        kwds["parse_tree"] = None

    def fold(self, *, policy: policy.Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _mail_policy() -> policy.EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    for name in ("message-id", "in-reply-to", "references", "list-id", "list-unsubscribe", "list-unsubscribe-post"):
        registry.map_to_type(name, _Unfolded)
    return policy.SMTP.clone(header_factory=registry)


class EmailChannel:
    """A mail server and the address that mails come from. `timezone` is the reader's, for times in the text."""

    def __init__(
        self,
        id: ChannelId,  # noqa: A002  the word that all values use
        *,
        sender: str,
        server: SmtpServer,
        linker: Linker,
        timezone: str = "UTC",
        trust: ssl.SSLContext | None = None,
        patience: Patience | None = None,
    ) -> None:
        name, address = parseaddr(sender)
        self._id = id
        try:
            self._sender = _ascii_address(address)
        except ValueError as exc:
            fault = f"channel {id!r}: from = {sender!r} is no mail address such as desk@example.org"
            raise ConfigError((fault,)) from exc
        self._name = _plain(line(name, NAME_LIMIT)) or DISPLAY_NAME
        self._linker = linker
        self._zone = ZoneInfo(timezone)
        self._session = SmtpSession(server, trust=trust, patience=patience)
        self._templates = templates()
        self._policy = _mail_policy()

    def render(self, message: Message) -> bytes:
        """The mail; the same message gives the same bytes."""
        if isinstance(message, Tidings):
            return self._alert(message)
        if isinstance(message, DigestTidings):
            return self._digest(message)
        return self._trouble(message)

    def _alert(self, tidings: Tidings) -> bytes:
        letter = letter_of(tidings, linker=self._linker, zone=self._zone)
        mail = self._begin(tidings.recipient, tidings.delivery, subject=letter.story, at=tidings.rendered_at)
        self._join_story(mail, letter.watch, unsubscribe=letter.links.unsubscribe)
        return self._finish(mail, "alert", letter, languages=letter.languages)

    def _digest(self, tidings: DigestTidings) -> bytes:
        letter = digest_letter(tidings, linker=self._linker, zone=self._zone)
        subject = letter.story if letter.watch else f"Digest for {letter.channel}"
        mail = self._begin(tidings.recipient, tidings.delivery, subject=subject, at=tidings.rendered_at)
        if letter.watch:
            self._join_story(mail, letter.watch, unsubscribe=letter.unsubscribe)
        else:
            self._join(mail, f"digest.{tidings.recipient.channel}", list_id=f"{tidings.recipient.channel}.channel")
        return self._finish(mail, "digest", letter, languages=letter.languages)

    def _trouble(self, tidings: TroubleTidings) -> bytes:
        letter = trouble_letter(tidings, linker=self._linker, zone=self._zone)
        subject = "storywatch has recovered" if letter.recovered else "Trouble with storywatch"
        mail = self._begin(tidings.recipient, tidings.delivery, subject=subject, at=tidings.rendered_at)
        self._join(mail, "service", list_id=f"{tidings.recipient.channel}.channel")
        return self._finish(mail, "trouble", letter, languages=("en",))

    def _join_story(self, mail: EmailMessage, watch: WatchId, *, unsubscribe: str) -> None:
        """All mails about a story are one thread and one list, which can be left."""
        self._join(mail, f"story.{watch}", list_id=watch)
        if len(f"List-Unsubscribe: <{unsubscribe}>") > HEADER_LIMIT or not unsubscribe.isascii():
            return  # the link in the text does the same
        mail["List-Unsubscribe"] = f"<{unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"

    def _join(self, mail: EmailMessage, thread: str, *, list_id: str) -> None:
        root = f"<{thread}@{self._domain}>"  # no mail has this id: it is what the mails of a thread have in common
        mail["In-Reply-To"] = root
        mail["References"] = root
        mail["List-Id"] = f"<{list_id}.storywatch.{self._domain}>"

    def render_test(self, recipient: Recipient, delivery: DeliveryId, *, now: datetime) -> bytes:
        """A mail that says that the channel works."""
        letter = TrialLetter(
            channel=self._id, address=recipient.address, page_url=self._linker.page(), delivery=delivery
        )
        mail = self._begin(recipient, delivery, subject=f"Test of channel {self._id}", at=now)
        return self._finish(mail, "test", letter, languages=("en",))

    async def send(self, claim: DeliveryClaim, *, now: datetime) -> None:  # noqa: ARG002  a port's argument
        """Hand the mail to the server. Raises `Unsent` or `Rejected`."""
        await self._session.send(self._sender, _recipient(claim.recipient), claim.message)

    async def login_check(self) -> None:
        """Connect, log in and leave the server in peace. Raises `Unsent` or `Rejected`."""
        await self._session.check()

    async def aclose(self) -> None:
        """Close the connection that was kept for the next mail."""
        await self._session.aclose()

    @property
    def _domain(self) -> str:
        return self._sender.rpartition("@")[2]

    def _finish(self, mail: EmailMessage, name: str, letter: AnyLetter, *, languages: tuple[str, ...]) -> bytes:
        """The mail's bytes. Both parts are encoded to lines that no server on the way has to rewrite."""
        text = self._templates.get_template(f"{name}.txt.j2").render(letter=letter)
        html = self._templates.get_template(f"{name}.html.j2").render(letter=letter)
        mail.set_content(text, cte=_encoding(text))
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
        mail.set_boundary(f"=_{letter.delivery}")  # quoted-printable and base64 never hold "=_"
        mail["Content-Language"] = ", ".join(languages)  # after the parts: it would have gone with the first
        return mail.as_bytes()

    def _begin(self, recipient: Recipient, delivery: DeliveryId, *, subject: str, at: datetime) -> EmailMessage:
        mail = EmailMessage(policy=self._policy)
        mail["From"] = _address(self._sender, name=self._name)
        mail["To"] = _address(_recipient(recipient))
        mail["Subject"] = _plain(subject)
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{delivery}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        return mail


def _encoding(text: str) -> str:
    ascii_share = sum(char.isascii() for char in text) / len(text)
    return "quoted-printable" if ascii_share > MOSTLY_ASCII else "base64"


def _recipient(recipient: Recipient) -> str:
    try:
        return _ascii_address(recipient.address)
    except ValueError as exc:
        message = f"{recipient.address!r} is no mail address that can be written to"
        raise Rejected(message, recipient_refused=True) from exc


def _plain(text: str) -> str:
    """The text for a header. What looks like an encoded word would be decoded on the way, line ends and all."""
    return text.replace("=?", "= ?")


def _address(address: str, *, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)


def _ascii_address(address: str) -> str:
    """The address with its domain as DNS writes it. Raises `ValueError` where it is none, or its local part is foreign."""
    local, _, domain = address.rpartition("@")
    written = f"{local}@{domain.encode('idna').decode('ascii')}"
    if not MAIL_ADDRESS.fullmatch(written):
        message = f"no mail address: {address!r}"
        raise ValueError(message)
    return written
