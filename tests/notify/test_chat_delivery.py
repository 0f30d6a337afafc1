"""Chats, against doubles that refuse what the services refuse: sent, cut, told to wait, gone."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from builders import NOON, a_claim, a_development, a_report, linker_to, tidings
from chat_services import ChatServer
from hypothesis import given, settings
from hypothesis import strategies as st
from messages import a_digest, a_doubt, a_gist, a_sign, an_alert, trouble
from webhook_receiver import receiving

from storywatch.core.model import AlertKind, ChannelId, NewSentence, Recipient, Severity
from storywatch.errors import ConfigError, Rejected, SendFailed, Unsent
from storywatch.fetch.client import build_client
from storywatch.notify.chat.channel import ChatChannel
from storywatch.notify.chat.discord import Discord
from storywatch.notify.chat.ntfy import Ntfy
from storywatch.notify.chat.slack import Slack
from storywatch.notify.chat.teams import Teams
from storywatch.notify.chat.telegram import Telegram
from storywatch.notify.trial import send_test

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from storywatch.core.model import Message
    from storywatch.notify.chat.channel import Service

ROOM = Recipient(channel=ChannelId("newsdesk"), address="newsdesk")
SERVICES: dict[str, Callable[[str], Service]] = {
    "Slack": lambda base: Slack(url=f"{base}/services/T0/B0/very-secret"),
    "Discord": lambda base: Discord(webhook=f"{base}/api/webhooks/1/very-secret"),
    "Telegram": lambda base: Telegram(api=base, token="123456:very-secret", chat="-1001234567890"),
    "Teams": lambda base: Teams(url=f"{base}/workflows/1?sig=very-secret"),
    "ntfy": lambda base: Ntfy(url=base, topic="desk-alerts", token="very-secret"),
}
EVERY = pytest.mark.parametrize("name", SERVICES)
HOSTILE = (
    "<!channel> <@U123> @everyone @here <b>bold</b> *bold* _it_ ~no~ `code` [click](https://evil.example/) "
    "<https://evil.example|click> :smile: /leave #tag <at>All</at> &amp; <!--x--> </a> \\ || **x** \u202eesrever\u202c \x00\n\u2028"
)


def channel(service: Service, client: httpx.AsyncClient, **changes: Any) -> ChatChannel:
    values: dict[str, Any] = {"linker": linker_to("http://127.0.0.1:8480"), "timezone": "Europe/Kyiv", **changes}
    return ChatChannel(ROOM.channel, service=service, client=client, **values)


def run(
    name: str, *answers: str, message: Message | None = None, service: Service | None = None, **changes: Any
) -> ChatServer:
    """Post one message to the double of a service."""

    async def send(chat: ChatChannel) -> None:
        body = chat.render(message or tidings(recipient=ROOM))
        await chat.send(a_claim(recipient=ROOM, message=body), now=NOON)

    return between(name, answers, send, service=service, **changes)


def between(
    name: str,
    answers: tuple[str, ...],
    act: Callable[[ChatChannel], Awaitable[object]],
    *,
    service: Service | None = None,
    **changes: Any,
) -> ChatServer:
    async def play() -> ChatServer:
        async with (
            receiving(ChatServer(answers=list(answers))) as server,
            httpx.AsyncClient(trust_env=False) as client,
        ):
            assert isinstance(server, ChatServer)
            await act(channel(service or SERVICES[name](server.at("")), client, **changes))
            return server

    return asyncio.run(play())


def fail(kind: type[SendFailed], name: str, *answers: str, **changes: Any) -> SendFailed:
    with pytest.raises(kind) as caught:
        run(name, *answers, **changes)
    assert "very-secret" not in str(caught.value)
    assert str(caught.value).startswith(f"{name} at 127.0.0.1")
    return caught.value


def written(name: str, message: Message) -> Any:
    return json.loads(channel(SERVICES[name]("http://chat.example"), httpx.AsyncClient()).render(message))


def kinds() -> list[Any]:
    follow_up = {"words": "now reported by 4 independent owners", "owners": 4, "number": 2, "sentence": "It is shut."}
    of_one = [tidings(recipient=ROOM, alert=an_alert(kind, **follow_up)) for kind in list(AlertKind)[:4]]
    several = a_digest(a_gist(), told=(a_gist(),), doubts=(a_doubt(),))
    service = [
        trouble(a_sign(ended_at=end), kind=kind)
        for kind, end in ((AlertKind.TROUBLE, None), (AlertKind.RECOVERED, NOON))
    ]
    return [pytest.param(message, id=str(message.alert.kind)) for message in (*of_one, several, *service)]


@EVERY
@pytest.mark.parametrize("message", kinds())
def test_every_service_takes_every_kind_of_message(name: str, message: Message) -> None:
    """Within its limits, as JSON, and the same message gives the same bytes."""
    server = run(name, message=message)
    [payload] = server.taken
    [call] = server.calls
    assert call.headers["content-type"] == "application/json"
    assert payload == written(name, message)


@EVERY
def test_what_is_new_and_where_to_look_is_told(name: str) -> None:
    """Story, headline, sentence, change, outlet and links are in the text of each service."""
    text = json.dumps(run(name).taken, ensure_ascii=False).replace("\\", "")
    for said in (
        "Harbour strike",
        "Harbour reopens after the strike",
        "The harbour reopened on Monday",
        "closed → reopened",
    ):
        assert said in text
    assert "Harbor Times" in text
    assert "/stories/harbour-strike" in text
    assert text.count("/links/") == 2


@EVERY
def test_endless_messages_are_cut_and_the_headline_and_what_is_new_stay(name: str) -> None:
    """The end is left out with its number; the double of the service takes what is left."""
    new = tuple(NewSentence(sentence=f"{i} {'言葉' * 600}", lang="ja", old="17", new="18") for i in range(6))
    told = tidings(
        recipient=ROOM,
        development=a_development(headline="見出し" * 200, new=new),
        reports=tuple(a_report(outlet=f"Paper {i}", owner=f"p{i}", title="題" * 300) for i in range(40)),
        why=("理由" * 400,) * 8,
    )
    [payload] = run(name, message=told).taken
    text = json.dumps(payload, ensure_ascii=False)
    assert "見出し" in text
    assert all(f"{i} 言葉" in text for i in range(6))
    assert "… and " in text.replace("\\", "")


@EVERY
def test_a_digest_of_a_hundred_is_one_message(name: str) -> None:
    """As many developments as fit, the newest first as they come, and how many more there are."""
    gists = tuple(a_gist(development=a_development(headline=f"News {i}")) for i in range(100))
    [payload] = run(name, message=a_digest(*gists)).taken
    text = json.dumps(payload, ensure_ascii=False).replace("\\", "")
    assert "100 new developments" in text
    assert "News 0 (closed" in text
    assert "… and " in text


@EVERY
@settings(deadline=None, max_examples=15)
@given(text=st.text(st.characters(codec=None), max_size=60), times=st.sampled_from([1, 40]))
def test_any_text_is_taken(name: str, text: str, times: int) -> None:
    """Hostile text is text: the double finds no markup in it and no limit passed."""
    text = (HOSTILE + text) * times
    new = (NewSentence(sentence=text, lang="en", old=text, new=text),)
    told = tidings(
        recipient=ROOM,
        watch_name="Harbour " + text,
        development=a_development(headline=text, new=new),
        reports=(a_report(title=text, outlet=text, url="https://x.example/?a=<b>|" + text),),
        why=(text,),
    )
    assert len(run(name, message=told).taken) == 1


def test_slack_shows_foreign_text_as_text() -> None:
    """Nobody is called, nothing is linked but what we link; foreign text stands in plain text or is escaped."""
    told = tidings(recipient=ROOM, development=a_development(headline=HOSTILE))
    payload = written("Slack", told)
    assert "<!channel>" not in payload["text"]
    marked = [
        one
        for block in payload["blocks"]
        for one in block.get("elements", [block.get("text")])
        if one["type"] == "mrkdwn"
    ]
    assert marked
    assert all(one["verbatim"] for one in marked)
    assert not any("evil" in one["text"] for one in marked)


def test_slack_tames_headlines_in_digests() -> None:
    """Where a foreign headline is a link's text, it can't end the link, call anybody or be bold."""
    payload = written("Slack", a_digest(a_gist(development=a_development(headline=HOSTILE))))
    [line] = [block["text"]["text"] for block in payload["blocks"] if "evil" in json.dumps(block)]
    assert "&lt;!channel&gt;" in line
    assert "<!channel" not in line
    assert "*bold*" not in line


def test_discord_mentions_nobody_and_reads_no_markdown() -> None:
    """Every sign of Markdown is escaped; mentions are turned off besides."""
    payload = written("Discord", tidings(recipient=ROOM, development=a_development(headline=HOSTILE)))
    assert payload["allowed_mentions"] == {"parse": []}
    title = payload["embeds"][0]["title"]
    assert r"\@everyone" in title
    assert r"\*bold\*" in title


def test_telegram_calls_nobody() -> None:
    """Names, commands and tags in foreign text are broken up unseen; tags are escaped."""
    text = written("Telegram", tidings(recipient=ROOM, development=a_development(headline=HOSTILE)))["text"]
    assert "&lt;!channel&gt;" in text
    assert "@everyone" not in text
    assert "@\u2060everyone" in text
    assert "/\u2060leave" in text


def test_ntfy_says_how_loud_and_is_idempotent() -> None:
    """Priority by severity, a tap that opens the page, the delivery's id, and the token in a header."""
    server = run("ntfy")
    [payload] = server.taken
    assert (payload["priority"], payload["sequence_id"]) == (4, tidings().delivery)
    assert payload["click"].startswith("http://127.0.0.1:8480/stories/")
    assert [action["label"] for action in payload["actions"]] == ["Article", "Acknowledge", "Mute"]
    assert server.calls[0].headers["authorization"] == "Bearer very-secret"
    assert "very-secret" not in server.calls[0].body.decode()
    minor = tidings(recipient=ROOM, development=a_development(severity=Severity.MINOR))
    assert written("ntfy", minor)["priority"] == 3


@EVERY
def test_429_waits_as_long_as_the_service_wishes(name: str) -> None:
    """Retry-After, or what Discord and Telegram say in their JSON."""
    said = {
        "Discord": ('\n\n{"message": "You are being rate limited.", "retry_after": 2.5, "global": false}', 2.5),
        "Telegram": ('\n\n{"ok": false, "error_code": 429, "parameters": {"retry_after": 17}}', 17),
    }.get(name, ("\nretry-after: 30", 30))
    error = fail(Unsent, name, f"429 Too Many Requests{said[0]}")
    assert isinstance(error, Unsent)
    assert (error.code, error.retry_after) == (429, timedelta(seconds=said[1]))


GONE = [
    ("Slack", "404 Not Found\n\nno_service"),
    ("Slack", "410 Gone\n\nchannel_is_archived"),
    ("Slack", "403 Forbidden\n\naction_prohibited"),
    ("Discord", '404 Not Found\n\n{"message": "Unknown Webhook", "code": 10015}'),
    ("Telegram", '403 Forbidden\n\n{"ok": false, "description": "Forbidden: bot was kicked from the group chat"}'),
    ("Telegram", '400 Bad Request\n\n{"ok": false, "description": "Bad Request: chat not found"}'),
    (
        "Telegram",
        '400 Bad Request\n\n{"ok": false, "description": "x", "parameters": {"migrate_to_chat_id": -100987}}',
    ),
    ("Teams", '404 Not Found\n\n{"error": {"code": "WorkflowNotFound"}}'),
    ("Teams", "410 Gone\n\n"),
]


@pytest.mark.parametrize(("name", "answer"), GONE)
def test_a_room_that_is_gone_is_gone(name: str, answer: str) -> None:
    """Nothing more is sent there: services shut out who goes on calling."""
    error = fail(Rejected, name, answer)
    assert isinstance(error, Rejected)
    assert error.gone
    assert error.code == int(answer[:3])


NOT_THIS = [
    ("Slack", "400 Bad Request\n\ninvalid_payload"),
    ("Discord", '400 Bad Request\n\n{"code": 50035}'),
    ("Telegram", '400 Bad Request\n\n{"ok": false, "description": "Bad Request: can\'t parse entities"}'),
    ("Teams", "413 Request Entity Too Large\n\n"),
    ("ntfy", "413 Request Entity Too Large\n\n{}"),
]


@pytest.mark.parametrize(("name", "answer"), NOT_THIS)
def test_a_message_that_is_not_taken_is_dead_and_the_room_is_not(name: str, answer: str) -> None:
    """The next message may be taken."""
    error = fail(Rejected, name, answer)
    assert isinstance(error, Rejected)
    assert not error.gone


HEALS = [
    *((name, "500 Oops\n\n<html>very-secret</html>") for name in SERVICES),
    *((name, "302 Found\nlocation: http://127.0.0.1:1/") for name in SERVICES),
    *((name, "hang up") for name in SERVICES),
    ("Discord", "404 Not Found\n\nnot json"),
    ("Slack", "403 Forbidden\n\nsomething_else"),
    ("Telegram", '401 Unauthorized\n\n{"ok": false, "description": "Unauthorized"}'),
    ("Telegram", '200 OK\n\n{"ok": false}'),
    ("Teams", '400 Bad Request\n\n{"error": {"code": "WorkflowTriggerIsNotEnabled"}}'),
    ("ntfy", "403 Forbidden\n\n{}"),
    ("ntfy", "507 Insufficient Storage\n\n[]"),
]


@pytest.mark.parametrize(("name", "answer"), HEALS)
def test_what_may_heal_is_tried_again(name: str, answer: str) -> None:
    """Trouble of the service, of its login or on the way loses nothing; nothing that it wrote is repeated."""
    fail(Unsent, name, answer)


@EVERY
def test_a_service_that_does_not_answer_is_left(name: str) -> None:
    """The whole call is bounded in time."""
    assert "no answer within 0.2 s" in str(fail(Unsent, name, "hang", timeout=0.2))


@EVERY
def test_a_test_goes_the_way_of_alerts(name: str) -> None:
    """`test-channel` posts something that the service takes, and that names the channel."""

    async def test(chat: ChatChannel) -> None:
        await send_test(chat, ROOM, now=NOON)

    [payload] = between(name, (), test).taken
    assert "newsdesk" in json.dumps(payload)


@EVERY
def test_a_private_address_is_refused_at_connection(name: str) -> None:
    """Chats go over the guarded client: an address on this machine is called only if its range is allowed."""

    async def play() -> None:
        async with (
            receiving(ChatServer()) as server,
            build_client(user_agent="storywatch") as guarded,
        ):
            chat = channel(SERVICES[name](f"http://127.0.0.1:{server.port}"), guarded)
            with pytest.raises(Rejected, match=f"{name} at 127.0.0.1: "):
                await chat.send(a_claim(recipient=ROOM, message=chat.render(tidings())), now=NOON)
            assert server.calls == []

    asyncio.run(play())


def test_a_topic_of_a_telegram_group_is_named() -> None:
    """Groups with topics get messages in one of them."""
    service = Telegram(api="http://chat.example", token="1:x", chat="-1", thread=7)
    payload = json.loads(channel(service, httpx.AsyncClient()).render(tidings(recipient=ROOM)))
    assert payload["message_thread_id"] == 7


def test_an_address_that_is_none_is_a_config_error() -> None:
    """The message names the channel and never the address."""
    with pytest.raises(ConfigError, match="channel 'newsdesk'") as caught:
        channel(Slack(url="https://very-secret:port/"), httpx.AsyncClient())
    assert "very-secret" not in str(caught.value)


def test_a_token_that_no_header_can_hold_is_a_dead_letter_with_its_reason() -> None:
    """A slip in a secret file leaves no row that is tried for ever and never says why."""
    service = Ntfy(url="http://127.0.0.1:9", topic="desk-alerts", token="very-secret-\u00f6")
    error = fail(Rejected, "ntfy", service=service)
    assert str(error) == "ntfy at 127.0.0.1: a token of this channel holds signs that no header can"
