from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from builders import NOON, a_development, a_report, linker_to, tidings
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.model import ChannelId, DeliveryId, NewSentence, Recipient, Tidings, Translation, WatchId
from storywatch.errors import ConfigError
from storywatch.notify.email import EmailChannel
from storywatch.notify.links import LinkAction
from storywatch.notify.smtp import SmtpServer

DATA = Path(__file__).parents[2] / "data" / "notify"
HOSTILE = st.text(st.characters(codec=None), max_size=60)
NOWHERE = SmtpServer(host="127.0.0.1", port=1)


def a_channel(
    sender: str = "storywatch@example.org", timezone: str = "Europe/Kyiv", base_url: str = "http://127.0.0.1:8480"
) -> EmailChannel:
    return EmailChannel(ChannelId("desk"), sender=sender, server=NOWHERE, linker=linker_to(base_url), timezone=timezone)


CHANNEL = a_channel()


def read(raw: bytes) -> EmailMessage:
    """The mail as a mail program reads it; it must find nothing to repair."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    assert not any(part.defects for part in mail.iter_parts())
    return mail


def part(raw: bytes, kind: str) -> str:
    body = read(raw).get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def unsubscribe_link(told: Tidings, base_url: str = "http://127.0.0.1:8480") -> str:
    watch, at = told.development.watch, told.alert.created_at
    return linker_to(base_url).signed(LinkAction.UNSUBSCRIBE, watch, told.recipient, at=at)


def tokenless(text: str) -> str:
    """What signed links say is told apart by `read_link`: their letters depend on how the machine packs them."""
    return re.sub(r"/links/[\w.-]+", "/links/TOKEN", text)


def many_tongues() -> Tidings:
    """A development as it comes: three scripts, one of them from the right, several outlets, one owner twice."""
    korean = "정부는 월요일 항구가 다시 열렸으며 마흔 척의 배가 기다리고 있다고 밝혔다."
    arabic = "أعلنت السلطات إعادة فتح الميناء يوم الاثنين."
    chinese = "港口周一重新开放，四十艘船正在等待进港，工会说谈判将于周三继续，双方都没有透露细节。"
    return tidings(
        watch_name="Страйк у порту",
        development=a_development(
            headline="항구 파업 끝에 재개",
            lang="ko",
            new=(
                NewSentence(sentence=korean, lang="ko", old="closed", new="다시 열렸으며"),
                NewSentence(sentence=arabic, lang="ar"),
                NewSentence(sentence=chinese, lang="zh", new="四十艘船"),
                NewSentence(sentence="No more ships are kept outside.", lang="en", old="forty"),
            ),
        ),
        reports=(
            a_report(
                url="https://port.example/1?a=1&b=2",
                title="항구 파업 끝에 재개",
                outlet="항구일보",
                owner="p",
                lang="ko",
            ),
            a_report(title="Harbour <reopens> & sails", seen_at=NOON + timedelta(minutes=40)),
            a_report(
                title="إعادة فتح الميناء", outlet="الميناء", owner="p", lang="ar", seen_at=NOON + timedelta(hours=3)
            ),
        ),
        why=(
            "The status differs from a known sentence of 12 January: “The harbour stays closed until further notice.”",
        ),
    )


@pytest.mark.parametrize(("kind", "file"), [("plain", "alert.txt"), ("html", "alert.html")])
def test_an_alert_looks_as_designed(kind: str, file: str) -> None:
    """What changed, who says it, the headline, the source, who else reports it, and why: word for word."""
    assert tokenless(part(CHANNEL.render(many_tongues()), kind)) == (DATA / file).read_text(encoding="utf-8")


def test_a_translation_is_told_as_one() -> None:
    """Under the original and with the model's name, in both parts, as text; its language is named in the headers."""
    translation = Translation(lang="de", text="Der <b>Hafen</b> ist offen,\u202e sagt die Regierung.", by="a-model")
    new = (
        NewSentence(sentence="정부는 항구가 열렸다고 밝혔다.", lang="ko", translation=translation),
        NewSentence(sentence="Ships sail.", lang="en"),
    )
    mail = CHANNEL.render(tidings(development=a_development(lang="ko", new=new)))
    text, html = part(mail, "plain"), part(mail, "html")
    said = "  Machine translation by a-model: Der <b>Hafen</b> ist offen, sagt die\n  Regierung."
    assert said in text
    assert text.index("> 정부는") < text.index(said) < text.index("> Ships sail.")
    assert text.count("Machine translation") == 1
    assert "Machine translation by a-model:</span>" in html
    assert '<bdi lang="de">Der &lt;b&gt;Hafen&lt;/b&gt; ist offen, sagt die Regierung.</bdi>' in html
    assert read(mail)["Content-Language"] == "en, ko, de"


def test_the_headers_make_one_thread_a_story() -> None:
    """Subject and root are the story's, the id is the delivery's, and nobody answers automatically."""
    mail = read(CHANNEL.render(tidings()))
    assert {name: str(value) for name, value in mail.items()} == {
        "From": "storywatch <storywatch@example.org>",
        "To": "desk@example.org",
        "Subject": "Harbour strike",
        "Date": "Mon, 02 Mar 2026 12:00:30 +0000",
        "Message-ID": "<dlv_0123456789abcdef01234567@example.org>",
        "Auto-Submitted": "auto-generated",
        "In-Reply-To": "<story.harbour-strike@example.org>",
        "References": "<story.harbour-strike@example.org>",
        "List-Id": "<harbour-strike.storywatch.example.org>",
        "List-Unsubscribe": f"<{unsubscribe_link(tidings())}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Content-Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/alternative; boundary="=_dlv_0123456789abcdef01234567"',
    }


def test_every_language_in_the_mail_is_named() -> None:
    """A reader's program knows what it will have to show or speak."""
    mail = read(CHANNEL.render(many_tongues()))
    assert (mail["Content-Language"], mail["Subject"]) == ("en, ko, ar, zh", "Страйк у порту")


def test_the_same_tidings_are_the_same_bytes() -> None:
    """Nothing in a mail is drawn or asked from the clock, so it could be made again."""
    assert a_channel().render(many_tongues()) == a_channel().render(many_tongues())


def test_long_ids_are_never_folded() -> None:
    """A thread would fall apart if a header of ids were broken or encoded."""
    watch = WatchId("w" * 120)
    told = tidings(development=a_development(watch=watch))
    raw = a_channel("storywatch@" + "news-desk." * 8 + "example.org").render(told)
    domain = "news-desk." * 8 + "example.org"
    assert f"\r\nReferences: <story.{watch}@{domain}>\r\n".encode() in raw
    assert f"\r\nMessage-ID: <{told.delivery}@{domain}>\r\n".encode() in raw


@pytest.mark.parametrize("tongue", ["a", "й", "言", "🙂"])
def test_no_line_needs_repair_on_its_way(tongue: str) -> None:
    """All lines are short and ASCII, so no server re-encodes the mail and breaks its signature."""
    told = tidings(watch_name=tongue * 300, development=a_development(headline=(tongue * 9 + " ") * 50))
    lines = CHANNEL.render(told).split(b"\r\n")
    assert max(len(row) for row in lines if not row.startswith(b"List-Unsubscribe:")) <= 78
    assert max(map(len, lines)) <= 998
    assert all(row.isascii() for row in lines)
    assert b"8bit" not in b"".join(lines)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_any_headline_makes_a_mail(title: str, value: str, lang: str) -> None:
    """Whatever a feed holds, the mail is made, adds no header and says nothing in its own markup."""
    new = (NewSentence(sentence=title + value, lang=lang, old=value, new=value),)
    told = tidings(
        watch_name=title,
        development=a_development(headline=title, lang=lang, new=new),
        reports=(a_report(title=title, url=value, outlet=value, lang=lang),),
        why=(title,),
    )
    raw = CHANNEL.render(told)
    plain = CHANNEL.render(tidings())
    assert read(raw).keys() == read(plain).keys()
    assert part(raw, "html").count("<h1") == 1
    assert all(len(row) <= 78 for row in raw.split(b"\r\n") if not row.startswith(b"List-Unsubscribe:"))


def test_a_hostile_headline_is_harmless() -> None:
    """No second header, no markup, no text turned round, and an end to ten kilobytes."""
    hostile = "Ships\r\nBcc: victim@example.org\u2028\u202egpj.exe <script>alert(1)</script>" + "x" * 10_000
    told = tidings(watch_name=hostile, development=a_development(headline=hostile), reports=(a_report(title=hostile),))
    raw = CHANNEL.render(told)
    assert read(raw)["Bcc"] is None
    assert str(read(raw)["Subject"]).startswith("Ships Bcc: victim@example.org gpj.exe")
    html = part(raw, "html")
    assert "<script" not in html
    assert "\u202e" not in html
    assert "x…" in html
    assert len(raw) < 20_000


@pytest.mark.parametrize(
    "name",
    ["=?utf-8?q?Ships=0D=0ABcc=3A_x?=", "=?utf-8?b?DQpCY2M6IHg=?= sail", "=?utf-8?q?=?", "=?=?utf-8?q?x=0D=0AA?="],
)
def test_an_encoded_word_in_a_name_is_only_text(name: str) -> None:
    """Decoded, it would bring line ends, and with them headers of its own."""
    raw = a_channel(f'"{name}" <desk@example.org>').render(tidings(watch_name=name))
    assert read(raw).keys() == read(CHANNEL.render(tidings())).keys()
    assert read(raw)["Subject"] == name.replace("=?", "= ?")
    assert str(read(raw)["From"]).endswith(" <desk@example.org>")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "https://x.example/\r\nBcc: y"])
def test_an_address_that_is_none_is_not_linked(url: str) -> None:
    """Without a source that can be read, the mail still leads to the timeline."""
    raw = CHANNEL.render(tidings(reports=(a_report(url=url),)))
    for kind in ("plain", "html"):
        assert "Read the source" not in part(raw, kind)
        assert "http://127.0.0.1:8480/stories/harbour-strike#dev_0123456789abcdef01234567" in part(raw, kind)


def test_what_is_too_much_for_a_mail_is_counted() -> None:
    """The rest of the sentences and outlets is on the timeline, and the mail says how many."""
    new = tuple(NewSentence(sentence=f"Sentence {i}.", lang="en") for i in range(7))
    reports = tuple(a_report(outlet=f"outlet {i}", owner=f"owner {i}") for i in range(20))
    raw = CHANNEL.render(tidings(development=a_development(new=new), reports=reports))
    for kind in ("plain", "html"):
        body = part(raw, kind)
        assert "and 1 more new sentence, on the timeline" in body
        assert "Reported by 20 owners so far" in body
        assert "and 8 more" in body
        assert "Sentence 6." not in body


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("storywatch@example.org", "storywatch <storywatch@example.org>"),
        ("Harbour Desk <desk@example.org>", "Harbour Desk <desk@example.org>"),
        ('"Desk, harbour" <desk@example.org>', '"Desk, harbour" <desk@example.org>'),
        ("Порт <desk@порт.example>", "Порт <desk@xn--n1abei.example>"),
    ],
)
def test_the_sender_has_a_name(sender: str, shown: str) -> None:
    """The operator's name for it, else the program's; a domain is written as DNS knows it."""
    assert str(read(a_channel(sender).render(tidings()))["From"]) == shown


@pytest.mark.parametrize("sender", ["", "desk", "desk@", "@example.org", "de sk@example.org"])
def test_a_sender_that_is_none_is_a_config_error(sender: str) -> None:
    """The fault names the channel and shows what an address is."""
    with pytest.raises(ConfigError, match="channel 'desk': from = "):
        a_channel(sender)


@pytest.mark.parametrize(
    ("timezone", "time"),
    [
        ("UTC", "2 March, 12:00 UTC"),
        ("America/New_York", "2 March, 07:00 New York"),
        ("Asia/Seoul", "2 March, 21:00 Seoul"),
    ],
)
def test_times_are_the_readers(timezone: str, time: str) -> None:
    """A time is told with its place, so nobody has to guess."""
    assert time in part(a_channel(timezone=timezone).render(tidings()), "plain")


def test_the_test_mail_is_no_alert() -> None:
    """It belongs to no story's thread."""
    recipient = Recipient(channel=ChannelId("desk"), address="desk@example.org")
    raw = CHANNEL.render_test(recipient, DeliveryId("dlv_test"), now=NOON)
    mail: Any = read(raw)
    assert (mail["References"], mail["Subject"]) == (None, "Test of channel desk")
    for kind in ("plain", "html"):
        assert "alerts to desk@example.org will arrive like this mail" in " ".join(part(raw, kind).split())
