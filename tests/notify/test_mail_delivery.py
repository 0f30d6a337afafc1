from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_claim, linker_to, tidings
from mail_server import PASSWORD, Mailbox, mail_server, trusting

from storywatch.core.model import ChannelId, DeliveryId, Recipient
from storywatch.errors import Rejected, SendFailed, Unsent
from storywatch.notify.email import EmailChannel
from storywatch.notify.smtp import Patience, SmtpServer
from storywatch.notify.trial import send_test

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from storywatch.core.model import DeliveryClaim

PLAIN: dict[str, Any] = {"tls": "none"}
LOGIN: dict[str, Any] = {"tls": "starttls", "user": "desk", "password": PASSWORD.decode()}


def a_channel(
    mailbox: Mailbox, *, host: str = "127.0.0.1", trusted: bool = True, patience: Patience | None = None, **server: Any
) -> EmailChannel:
    return EmailChannel(
        ChannelId("desk"),
        sender="Harbour Desk <storywatch@example.org>",
        server=SmtpServer(host=host, port=mailbox.port, **server),
        linker=linker_to("http://127.0.0.1:8480"),
        trust=trusting() if trusted else None,
        patience=patience,
    )


def mail(channel: EmailChannel, **changes: Any) -> DeliveryClaim:
    told = tidings(**changes)
    return a_claim(id=told.delivery, recipient=told.recipient, message=channel.render(told))


def run(
    test: Callable[[EmailChannel], Awaitable[object]],
    *,
    mailbox: Mailbox | None = None,
    server: dict[str, Any] | None = None,
    **client: Any,
) -> Mailbox:
    """Run the test with a channel to a real server, and close both."""

    async def between() -> Mailbox:
        async with mail_server(mailbox or Mailbox(), **(server or {})) as box:
            channel = a_channel(box, **(client or PLAIN))
            try:
                await test(channel)
            finally:
                await channel.aclose()
            return box

    return asyncio.run(between())


async def send_one(channel: EmailChannel) -> None:
    await channel.send(mail(channel), now=NOON)


def fail(kind: type[SendFailed], **setting: Any) -> SendFailed:
    with pytest.raises(kind) as caught:
        run(send_one, **setting)
    return caught.value


def test_a_mail_arrives_as_it_was_rendered() -> None:
    """Envelope and bytes are those of the delivery."""
    box = run(send_one)
    [(sender, recipient, content)] = box.mails
    assert (sender, recipient) == ("storywatch@example.org", "desk@example.org")
    received = message_from_bytes(content, policy=policy.default)
    assert received["Message-ID"] == "<dlv_0123456789abcdef01234567@example.org>"
    assert received["Subject"] == "Harbour strike"


@pytest.mark.parametrize(
    ("server", "client"),
    [
        ({"implicit_tls": True}, {"tls": "implicit"}),
        ({"implicit_tls": True}, {"tls": "implicit", "host": "localhost"}),
        ({"starttls": True}, {"tls": "starttls"}),
        ({"starttls": True, "auth": True}, LOGIN),
    ],
)
def test_every_kind_of_encryption_works(server: dict[str, Any], client: dict[str, Any]) -> None:
    """TLS from the first byte, STARTTLS, and a login over it."""
    assert len(run(send_one, server=server, **client).mails) == 1


def test_mails_follow_each_other_on_one_connection() -> None:
    """A connection is kept for the next mail and asked whether it still lives."""

    async def three(channel: EmailChannel) -> None:
        for _ in range(3):
            await send_one(channel)

    box = run(three)
    assert (len(box.mails), box.connections) == (3, 1)
    assert box.commands.count("NOOP") == 2
    assert box.commands[-1] == "QUIT"


def test_mails_at_the_same_time_take_turns() -> None:
    """Many deliveries at once still make one orderly conversation."""

    async def many(channel: EmailChannel) -> None:
        await asyncio.gather(*(send_one(channel) for _ in range(8)))

    box = run(many)
    assert (len(box.mails), box.connections) == (8, 1)


def test_a_connection_that_died_is_replaced() -> None:
    """A server that closed meanwhile costs a new connection, not a try."""

    async def two(channel: EmailChannel) -> None:
        await send_one(channel)
        await send_one(channel)

    box = run(two, mailbox=Mailbox(answers={"NOOP": ["421 too long idle"]}))
    assert (len(box.mails), box.connections) == (2, 2)


def test_an_idle_connection_is_closed() -> None:
    """Nobody's server is kept waiting."""
    box = Mailbox()

    async def one_and_wait(channel: EmailChannel) -> None:
        await send_one(channel)
        await box.gone.wait()
        await send_one(channel)

    assert run(one_and_wait, mailbox=box, patience=Patience(idle=0.0), **PLAIN).connections == 2


@pytest.mark.parametrize(
    ("command", "answer", "kind", "code"),
    [
        ("MAIL", "451 try later", Unsent, 451),
        ("MAIL", "550 unwanted sender", Rejected, 550),
        ("RCPT", "450 greylisted", Unsent, 450),
        ("RCPT", "550 no such mailbox", Rejected, 550),
        ("DATA", "452 disk full", Unsent, 452),
        ("DATA", "554 looks like spam", Rejected, 554),
        ("DATA", "421 shutting down", Unsent, 421),
    ],
)
def test_the_servers_answer_decides_about_another_try(
    command: str, answer: str, kind: type[SendFailed], code: int
) -> None:
    """4xx is tried again, 5xx is not; the code and the server's words are kept."""
    error = fail(kind, mailbox=Mailbox(answers={command: [answer]}))
    assert error.code == code
    assert answer.partition(" ")[2] in str(error)
    assert "mail server 127.0.0.1:" in str(error)


@pytest.mark.parametrize(
    ("command", "answer", "refused"),
    [
        ("RCPT", "550 5.1.1 no such mailbox", True),
        ("RCPT", "552 5.2.2 mailbox full for good", True),
        ("RCPT", "553 no such mailbox", True),
        ("RCPT", "554 5.7.1 relay access denied", False),
        ("RCPT", "550 5.7.26 we don't know you", False),
        ("MAIL", "550 5.1.8 unwanted sender", False),
        ("DATA", "554 5.6.0 looks like spam", False),
    ],
)
def test_only_a_mailbox_that_is_refused_is_its_recipients_fault(command: str, answer: str, *, refused: bool) -> None:
    """What the server minds about us or the mail says nothing about the recipient, who is not stopped for it."""
    error = fail(Rejected, mailbox=Mailbox(answers={command: [answer]}))
    assert isinstance(error, Rejected)
    assert (error.recipient_refused, error.gone) == (refused, False)


@pytest.mark.parametrize("answer", ["530 5.7.0 authentication required", "535 5.7.8 wrong password"])
def test_a_server_that_wants_a_login_first_refuses_nobody(answer: str) -> None:
    """The operator mends the login; the mails wait."""
    assert fail(Unsent, mailbox=Mailbox(answers={"RCPT": [answer]})).code == int(answer[:3])


def test_a_refused_mail_does_not_spoil_the_next() -> None:
    """After a failure the next mail begins on a fresh connection."""

    async def two(channel: EmailChannel) -> None:
        with pytest.raises(Rejected):
            await send_one(channel)
        await send_one(channel)

    box = run(two, mailbox=Mailbox(answers={"RCPT": ["550 no such mailbox"]}))
    assert (len(box.mails), box.connections) == (1, 2)


def test_a_wrong_password_loses_no_mail() -> None:
    """The mail waits until the login is mended; the server's code is told, the password never."""
    error = fail(Unsent, server={"starttls": True, "auth": True}, **{**LOGIN, "password": "wrong horse"})
    assert error.code == 535
    assert "horse" not in str(error)
    assert "horse" not in repr(SmtpServer(host="h", port=1, **{**LOGIN, "password": "wrong horse"}))


def test_a_login_that_the_server_does_not_know_is_tried_again() -> None:
    """The operator mends the server or the config; the mails wait."""
    assert "AUTH" in str(fail(Unsent, **{**LOGIN, "tls": "none"}))


def test_starttls_is_never_left_out() -> None:
    """A server without STARTTLS gets nothing, neither mail nor password."""
    box = Mailbox()
    error = fail(Unsent, mailbox=box, **LOGIN)
    assert 'offers no STARTTLS, so it gets nothing: try smtps://, or tls = "none"' in str(error)
    assert box.commands == []


@pytest.mark.parametrize(("server", "tls"), [({"implicit_tls": True}, "implicit"), ({"starttls": True}, "starttls")])
def test_an_untrusted_certificate_is_refused(server: dict[str, Any], tls: str) -> None:
    """No mail goes to a server that can't prove who it is; once it can, the mails go out."""
    box = Mailbox()
    error = fail(Unsent, mailbox=box, server=server, tls=tls, trusted=False)
    assert "no trusted TLS connection" in str(error)
    assert "certificate" in str(error)
    assert box.mails == []


def test_no_server_is_no_answer() -> None:
    """A closed port is tried again."""

    async def to_nowhere() -> None:
        async with mail_server(Mailbox()) as box:
            pass
        await send_one(a_channel(box, **PLAIN))

    with pytest.raises(Unsent, match="mail server 127"):
        asyncio.run(to_nowhere())


def test_a_host_that_is_none_is_named() -> None:
    """The operator sees which host can't be one."""
    assert "mail server mail..example.org:" in str(fail(Unsent, host="mail..example.org", **PLAIN))


def test_a_server_that_hangs_up_is_tried_again() -> None:
    """A connection lost in the midst of a mail may repeat it, and never loses it."""
    fail(Unsent, mailbox=Mailbox(answers={"DATA": ["hang up"]}))


def test_a_server_that_never_answers_is_left() -> None:
    """The whole try is bounded, and so is the wait of those behind it."""
    patience = Patience(answer=0.2, turn=0.05)

    async def two(channel: EmailChannel) -> None:
        first, second = await asyncio.gather(send_one(channel), send_one(channel), return_exceptions=True)
        assert "no answer in time" in str(first)
        assert "other mails were still before this one" in str(second)

    run(two, mailbox=Mailbox(answers={"DATA": ["hang"]}), patience=patience, **PLAIN)


def test_a_cancelled_mail_leaves_no_half_conversation() -> None:
    """When the service stops in the midst of a mail, the next one begins anew."""

    box = Mailbox(answers={"DATA": ["hang"]})

    async def cancel_first(channel: EmailChannel) -> None:
        first = asyncio.create_task(send_one(channel))
        await box.hanging.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await send_one(channel)

    assert len(run(cancel_first, mailbox=box).mails) == 1


def test_closing_does_not_wait_for_a_hanging_server() -> None:
    """A mail under way is given a moment, then it is left for another try."""
    box = Mailbox(answers={"DATA": ["hang"]})

    async def close_midway(channel: EmailChannel) -> None:
        first = asyncio.create_task(send_one(channel))
        await box.hanging.wait()
        await channel.aclose()
        with pytest.raises(Unsent):
            await first

    run(close_midway, mailbox=box, patience=Patience(goodbye=0.05), **PLAIN)


@pytest.mark.parametrize("address", ["nobody", "a b@example.org", "a@b@example.org", "ж@example.org", "a@" + "x" * 300])
def test_an_address_that_cannot_be_written_is_rejected(address: str) -> None:
    """It would fail in the same way each time; the message names it."""

    async def send_to(channel: EmailChannel) -> None:
        recipient = Recipient(channel=ChannelId("desk"), address=address)
        await channel.send(a_claim(recipient=recipient), now=NOON)

    with pytest.raises(Rejected, match="no mail address") as caught:
        run(send_to)
    assert caught.value.recipient_refused


def test_the_login_can_be_checked() -> None:
    """A check connects, logs in and sends nothing; it tells the truth about a wrong password."""
    setting: dict[str, Any] = {"server": {"starttls": True, "auth": True}}
    box = run(lambda channel: channel.login_check(), **setting, **LOGIN)
    assert (box.mails, box.connections) == ([], 1)
    with pytest.raises(Unsent):
        run(lambda channel: channel.login_check(), **setting, **{**LOGIN, "password": "wrong"})


def test_a_test_mail_goes_the_way_of_alerts() -> None:
    """`test-channel` sends a mail that names the channel and the address."""
    recipient = Recipient(channel=ChannelId("desk"), address="desk@example.org")
    sent: list[DeliveryId] = []

    async def test(channel: EmailChannel) -> None:
        sent.append(await send_test(channel, recipient, now=NOON))

    [(_, to, content)] = run(test).mails
    received = message_from_bytes(content, policy=policy.default)
    assert (to, received["Subject"]) == ("desk@example.org", "Test of channel desk")
    assert received["Message-ID"] == f"<{sent[0]}@example.org>"
    text = received.get_body(("plain",))
    assert text is not None
    assert "desk@example.org" in text.get_content()
