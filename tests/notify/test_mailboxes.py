"""Mails as they arrive: sent by SMTP to a real server, and read back from its mailbox."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_claim, a_development, a_report, linker_to, tidings
from jwz import threads
from mail_server import Mailbox, mail_server, trusting
from mailbag import DESK, FERRY, HARBOUR, a_digest, a_gist, every_kind, trouble
from postfix import postfix

from storywatch.core.model import AlertKind, ChannelId, DeliveryId, NewSentence, Recipient
from storywatch.errors import Rejected
from storywatch.notify.email import EmailChannel
from storywatch.notify.smtp import SmtpServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from postfix import Postfix

    from storywatch.core.model import DeliveryClaim, Message

BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
HEADLINES = {
    "CR and LF": "Ships\r\nBcc: victim@example.org\r\n\r\nsail",
    "line ends of Unicode": "Ships\u2028Bcc: victim@example.org\u2029\x85sail",
    "controls": "Ships \x1b[31m\x07\x08\x0b\x0c sail",
    "NUL": "Ships\x00 sail",
    "a dot alone": "Ships\r\n.\r\nQUIT\r\nsail",
    "ten kilobytes": "Ships sail " * 930,
    "a lone surrogate": "Ships \ud83d sail",
    "direction overrides": "Ships \u202egnp.exe\u202c \u2066\u2067sail",
    "Arabic": "السفن تبحر من جديد بعد انتهاء الإضراب",
    "Hebrew": "האוניות מפליגות שוב אחרי השביתה",
    "Chinese": "罢工结束后船只再次起航，四十艘船正在等待进港",
    "Japanese": "スト終結、四十隻の船が再び出港へ",
    "Korean": "파업이 끝나고 배들이 다시 출항한다",
    "emoji with joiners": "Ships 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 sail",
    "combining marks": "S" + "\u0301" * 60 + "hips sail",
    "template syntax": "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7} <%= 7*7 %> %s sail",
    "HTML": "</title></style><script>alert(1)</script><img src=x onerror=alert(1)> & sail",
    "an encoded word": "=?utf-8?q?Ships=0D=0ABcc=3A_victim?= sail",
    "a very long word": "w" * 3000,
    "a boundary": "--=_dlv_0123456789abcdef01234567-- sail",
}
SAFE = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "In-Reply-To", "References", "List-Id",
    "List-Unsubscribe", "List-Unsubscribe-Post", "Content-Language", "MIME-Version", "Content-Type",
    "Return-Path", "X-Original-To", "Delivered-To", "Received", "X-Peer", "X-MailFrom", "X-RcptTo",
}  # fmt: skip


def a_channel(port: int, *, tls: bool = False) -> EmailChannel:
    return EmailChannel(
        ChannelId("desk"),
        sender="storywatch@example.org",
        server=SmtpServer(host="127.0.0.1", port=port, tls="starttls" if tls else "none"),
        linker=linker_to("https://desk.example.org"),
        trust=trusting(),
    )


async def send(channel: EmailChannel, claims: Sequence[DeliveryClaim]) -> None:
    try:
        for claim in claims:
            await channel.send(claim, now=NOON)
    finally:
        await channel.aclose()


def claims_of(channel: EmailChannel, messages: Sequence[Message]) -> list[DeliveryClaim]:
    return [a_claim(id=told.delivery, recipient=told.recipient, message=channel.render(told)) for told in messages]


def through_aiosmtpd(messages: Sequence[Message]) -> list[bytes]:
    """The mails as aiosmtpd took them."""

    async def between() -> list[bytes]:
        async with mail_server(Mailbox()) as box:
            channel = a_channel(box.port)
            await send(channel, claims_of(channel, messages))
            return [content for _, _, content in box.mails]

    return asyncio.run(between())


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    with postfix() as server:
        yield server


def through_postfix(server: Postfix, messages: Sequence[Message]) -> list[bytes]:
    """The mails that came into the maildir, over STARTTLS."""

    async def between() -> list[bytes]:
        before = len(list(server.maildir.glob("new/*")))
        channel = a_channel(server.port, tls=True)
        await send(channel, claims_of(channel, messages))
        return (await server.mails(before + len(messages)))[before:]

    return asyncio.run(between())


def hostile(number: int, headline: str) -> Message:
    """The headline wherever a feed's text goes, and as the story's name too."""
    new = NewSentence(sentence=headline, lang="und", old=headline[:40], new=headline[:40])
    return tidings(
        delivery=DeliveryId(f"dlv_hostile{number}"),
        watch_name=headline,
        development=a_development(headline=headline, lang="x\r\nBcc: y", new=(new,)),
        reports=(a_report(title=headline, outlet=headline, url=headline, lang=headline),),
        why=(headline,),
    )


def read(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    assert not body.defects
    return str(body.get_content())


def check(raw: bytes, headline: str) -> None:
    """Headers, lines and both parts are safe, and what the headline says can be read."""
    mail = read(raw)
    assert not mail.defects
    assert set(mail.keys()) <= SAFE
    assert all(len(mail.get_all(name) or ()) == 1 for name in SAFE & set(mail.keys()) - {"Received"})
    rows = raw.replace(b"\r\n", b"\n").split(b"\n")
    assert raw.isascii()
    assert max(map(len, rows)) <= 998
    assert not re.search(rb"encoding: 8bit", raw, re.IGNORECASE)
    text, html = part(mail, "plain"), part(mail, "html")
    for body in (text, html):
        assert not BIDI.search(body)
        assert not [char for char in body if unicodedata.category(char) in {"Cc", "Cs"} and char not in "\r\n"]
        assert "\u2028" not in body
        assert "\u2029" not in body
        assert "\u0301" * 7 not in body
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("<title>") == html.count("</title>") == html.count("<h1") == 1
    assert re.search(r'<h1 lang="und" dir="auto">', html)
    assert re.search(r'<blockquote lang="und" dir="auto">', html)
    word = max(re.findall(r"\w+", headline), key=lambda word: (word not in {"victim", "example"}, word == "sail"))
    readable = word[:40] in re.sub(r"\s", "", text)
    assert readable
    assert word[:40] in html


@pytest.mark.parametrize("name", HEADLINES)
def test_a_hostile_headline_arrives_and_is_safe(name: str) -> None:
    """Of each sort one, through a real SMTP conversation."""
    [raw] = through_aiosmtpd([hostile(1, HEADLINES[name])])
    check(raw, HEADLINES[name])


def test_hostile_headlines_arrive_safely_in_a_maildir(server: Postfix) -> None:
    """All of them, through Postfix: it adds its own headers and finds nothing to mend."""
    mails = through_postfix(server, [hostile(i, text) for i, text in enumerate(HEADLINES.values())])
    by_id = {read(raw)["Message-ID"]: raw for raw in mails}
    assert len(by_id) == len(HEADLINES)
    for i, text in enumerate(HEADLINES.values()):
        check(by_id[f"<dlv_hostile{i}@example.org>"], text)


def test_letters_and_joiners_arrive_whole() -> None:
    """Nothing is lost of scripts that need what lies between their letters."""
    for name in ("Arabic", "Hebrew", "Chinese", "Japanese", "Korean", "emoji with joiners"):
        [raw] = through_aiosmtpd([hostile(1, HEADLINES[name])])
        assert read(raw)["Subject"] == HEADLINES[name]
        assert HEADLINES[name] in part(read(raw), "html")


def conversation() -> list[Message]:
    """What a desk gets in a day: two stories, digests of several, trouble and its end, in no good order."""
    other = tidings(
        delivery=DeliveryId("dlv_ferry"), watch_name="Паромна лінія", development=a_development(watch=FERRY)
    )
    later = a_digest(a_gist(7), a_gist(8, watch=FERRY), number=9)
    again = trouble(number=8)
    messages = [*every_kind().values(), other, later, again]
    return messages[::2] + messages[1::2]


def expected_threads() -> set[frozenset[str]]:
    """Story by story, the digests of several, and what is said of the service."""
    found: dict[str, set[str]] = {}
    for told in conversation():
        kind = told.alert.kind
        service = kind in {AlertKind.TROUBLE, AlertKind.RECOVERED}
        found.setdefault("service" if service else told.alert.watch or "digest", set()).add(str(told.delivery))
    assert set(found) == {"service", "digest", HARBOUR, FERRY}
    return {frozenset(one) for one in found.values()}


def found_threads(mails: Sequence[bytes], *, by_subject: bool) -> list[frozenset[str]]:
    found = threads([read(raw) for raw in mails], by_subject=by_subject)
    return [frozenset(str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in one) for one in found]


@pytest.mark.parametrize("by_subject", [False, True])
def test_each_story_is_one_thread(*, by_subject: bool) -> None:
    """In a program that goes by references, and in one that goes by subjects too; however the mails are ordered."""
    found = found_threads(through_aiosmtpd(conversation()), by_subject=by_subject)
    assert len(found) == len(set(found)) == 4
    assert set(found) == expected_threads()


def test_each_story_is_one_thread_in_a_maildir(server: Postfix) -> None:
    """What Postfix delivered is threaded in the same way."""
    found = found_threads(through_postfix(server, conversation()), by_subject=True)
    assert len(found) == 4
    assert set(found) == expected_threads()


def test_a_mail_is_in_the_maildir_as_it_was_rendered(server: Postfix) -> None:
    """Postfix puts its own headers before it and changes no byte of it but the line ends, as a maildir has them."""
    told = every_kind()["digest-daily"]
    [raw] = through_postfix(server, [told])
    assert raw.endswith(a_channel(1).render(told).replace(b"\r\n", b"\n"))


def test_postfix_refuses_a_recipient_for_good(server: Postfix) -> None:
    """A mailbox that is not there: told as the recipient's fault, so that it alone is stopped."""

    async def refused() -> Rejected:
        channel = a_channel(server.port)
        recipient = Recipient(channel=DESK.channel, address="nobody@example.org")
        told = tidings(recipient=recipient)
        with pytest.raises(Rejected) as caught:
            await send(channel, claims_of(channel, [told]))
        return caught.value

    error = asyncio.run(refused())
    assert (error.code, error.recipient_refused, error.gone) == (550, True, False)


def test_postfix_forbids_a_relay(server: Postfix) -> None:
    """That is about us, not about the recipient: it is refused, and nobody is stopped for it."""

    async def refused() -> Rejected:
        channel = a_channel(server.port)
        told = tidings(recipient=Recipient(channel=DESK.channel, address="desk@elsewhere.example"))
        with pytest.raises(Rejected) as caught:
            await send(channel, claims_of(channel, [told]))
        return caught.value

    error = asyncio.run(refused())
    assert error.recipient_refused is False
