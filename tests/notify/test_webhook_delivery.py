from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from builders import NOON, a_claim, linker_to, tidings
from standardwebhooks import Webhook, WebhookVerificationError
from webhook_receiver import Receiver, receiving

from storywatch.core.model import ChannelId, Recipient
from storywatch.core.retry import plan_attempt
from storywatch.errors import ConfigError, FetchFailed, Forbidden, Rejected, SendFailed, Unsent
from storywatch.notify.trial import send_test
from storywatch.notify.webhook import WebhookChannel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from storywatch.core.model import DeliveryClaim

SECRET = "whsec_" + "c3Rvcnl3YXRjaCBzZWNyZXQgb2YgMjQgYnl0ZXM="
NEXT_SECRET = "whsec_" + "YW5vdGhlciBzZWNyZXQgb2YgMjQgYnl0ZXMgYXQ="
OTHER_SECRET = "whsec_" + "bm90IHRoZSBzZWNyZXQgb2YgMjQgYnl0ZXMgLi4="


def a_channel(client: httpx.AsyncClient, url: str, **changes: Any) -> WebhookChannel:
    values: dict[str, Any] = {"secrets": (SECRET,), "linker": linker_to("http://127.0.0.1:8480"), **changes}
    return WebhookChannel(ChannelId("newsroom"), url=url, client=client, **values)


def a_call(channel: WebhookChannel) -> DeliveryClaim:
    recipient = Recipient(channel=ChannelId("newsroom"), address="newsroom")
    told = tidings(recipient=recipient, watch_name="북한군 포로")
    return a_claim(id=told.delivery, recipient=recipient, message=channel.render(told))


def run(
    *answers: str,
    test: Callable[[WebhookChannel], Awaitable[object]] | None = None,
    now: datetime = NOON,
    **changes: Any,
) -> Receiver:
    """Run the test (else: send one call) with a channel to a real receiver, and close both."""

    async def between() -> Receiver:
        async with receiving(Receiver(answers=list(answers))) as receiver, httpx.AsyncClient(trust_env=False) as client:
            channel = a_channel(client, receiver.url, **changes)
            if test:
                await test(channel)
            else:
                await channel.send(a_call(channel), now=now)
            return receiver

    return asyncio.run(between())


def fail(kind: type[SendFailed], *answers: str, **changes: Any) -> SendFailed:
    with pytest.raises(kind) as caught:
        run(*answers, **changes)
    assert "very-secret" not in str(caught.value)
    return caught.value


def the_real_time() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def test_a_call_arrives_as_it_was_rendered() -> None:
    """One POST with the delivery's id, of JSON that names the program that sent it."""
    [call] = run().calls
    assert call.line == "POST /hook?key=very-secret HTTP/1.1"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["user-agent"].startswith("storywatch/")
    assert call.headers["webhook-id"] == "dlv_0123456789abcdef01234567"
    assert call.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert json.loads(call.body)["data"]["story"] == "북한군 포로"


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=9)), timezone(-timedelta(hours=5))])
def test_a_receiver_can_verify_the_signature(zone: timezone) -> None:
    """The reference library accepts it, in whatever zone the time was given, and refuses another secret."""
    [call] = run(now=the_real_time().astimezone(zone)).calls
    assert Webhook(SECRET).verify(call.body, call.headers)["type"] == "development.reported"
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER_SECRET).verify(call.body, call.headers)


def test_both_secrets_sign_while_they_are_changed() -> None:
    """The receiver may already know the new secret, or only the old one."""
    [call] = run(now=the_real_time(), secrets=(SECRET, NEXT_SECRET)).calls
    for secret in (SECRET, NEXT_SECRET):
        Webhook(secret).verify(call.body, call.headers)


def test_a_repeated_call_is_the_same_but_for_its_time() -> None:
    """Each try carries the same id and bytes and is signed for its own moment."""

    async def thrice(channel: WebhookChannel) -> None:
        claim, now = a_call(channel), NOON
        for attempt in (1, 2, 3):
            failure: SendFailed | None = None
            try:
                await channel.send(claim, now=now)
            except Unsent as error:
                failure = error
            outcome = plan_attempt(a_claim(id=claim.id, attempt=attempt), failure, now=now)
            now = outcome.retry_at or now
        assert outcome.state == "sent"

    calls = run("500 Oops", "500 Oops", test=thrice).calls
    assert len(calls) == 3
    assert len({(call.headers["webhook-id"], call.body) for call in calls}) == 1
    assert len({call.headers["webhook-timestamp"] for call in calls}) == 3
    assert len({call.headers["webhook-signature"] for call in calls}) == 3


@pytest.mark.parametrize("answer", ["200 OK\n\nthanks", "201 Created", "202 Accepted\n\n", "204 No Content"])
def test_any_2xx_is_accepted(answer: str) -> None:
    """What the receiver says beyond that does not matter."""
    assert len(run(answer).calls) == 1


def test_calls_follow_each_other_on_one_connection() -> None:
    """A short answer is heard out, and the client may keep the connection."""

    async def thrice(channel: WebhookChannel) -> None:
        for _ in range(3):
            await channel.send(a_call(channel), now=NOON)

    receiver = run("200 OK\n\nthanks", test=thrice)
    assert (len(receiver.calls), receiver.connections) == (3, 1)


def test_an_endless_answer_is_not_read() -> None:
    """The call was accepted; a receiver can't make us read forever."""
    assert len(run("endless").calls) == 1


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "404 Not Found", "500 Oops", "503 Busy"])
def test_other_answers_are_tried_again(status: str) -> None:
    """A receiver that is being mended, or not yet there, loses nothing."""
    error = fail(Unsent, f"{status}\n\n<html>very-secret</html>")
    assert error.code == int(status[:3])
    assert str(error) == f"webhook at 127.0.0.1 answered {status[:3]}"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_is_not_followed(status: str) -> None:
    """The body goes where the operator said and nowhere else."""
    error = fail(Unsent, f"{status}\nlocation: http://127.0.0.1:1/very-secret")
    assert "redirects are not followed" in str(error)


def test_a_receiver_that_is_gone_is_not_called_again() -> None:
    """410 is the way to say: never again."""
    error = fail(Rejected, "410 Gone")
    assert isinstance(error, Rejected)
    assert error.gone
    assert (error.code, str(error)) == (410, "webhook at 127.0.0.1 answered 410: it takes no calls any more")


@pytest.mark.parametrize(
    ("header", "wish"),
    [
        ("\nretry-after: 120", timedelta(minutes=2)),
        ("\nretry-after: Mon, 02 Mar 2026 13:00:00 GMT", timedelta(hours=1)),
        ("\nretry-after: whenever", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Busy"])
def test_the_receivers_wish_is_kept(status: str, header: str, wish: timedelta | None) -> None:
    """Retry-After is understood in both forms."""
    error = fail(Unsent, status + header)
    assert isinstance(error, Unsent)
    assert error.retry_after == wish


@pytest.mark.parametrize("answer", ["hang", "drip"])
def test_a_slow_receiver_is_left(answer: str) -> None:
    """The whole call is bounded in time, however the receiver spends it."""
    assert str(fail(Unsent, answer, timeout=0.2)) == "webhook at 127.0.0.1: no answer within 0.2 s"


def test_a_receiver_that_hangs_up_is_tried_again() -> None:
    """A connection that is lost is no refusal."""
    assert "webhook at 127.0.0.1: " in str(fail(Unsent, "hang up"))


def test_no_receiver_is_tried_again() -> None:
    """A closed port is no refusal either."""

    async def to_nowhere() -> None:
        async with receiving(Receiver()) as receiver:
            pass
        async with httpx.AsyncClient(trust_env=False) as client:
            channel = a_channel(client, receiver.url)
            await channel.send(a_call(channel), now=NOON)

    with pytest.raises(Unsent, match="webhook at 127"):
        asyncio.run(to_nowhere())


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Forbidden("10.0.0.1 is a private address"), Rejected),
        (FetchFailed("the name could not be resolved"), Unsent),
        (httpx.ConnectError(""), Unsent),
        (httpx.ReadTimeout("slow"), Unsent),
    ],
)
def test_what_stands_between_us_and_the_receiver_is_told(refusal: Exception, kind: type[SendFailed]) -> None:
    """A forbidden address is refused for good, in the guard's words; trouble on the way is tried again."""

    def refuse(_request: httpx.Request) -> httpx.Response:
        raise refusal

    async def call() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as client:
            channel = a_channel(client, "http://hooks.example.org/very-secret")
            await channel.send(a_call(channel), now=NOON)

    with pytest.raises(kind, match="webhook at hooks") as caught:
        asyncio.run(call())
    assert "very-secret" not in str(caught.value)


def test_a_test_call_goes_the_way_of_alerts() -> None:
    """`test-channel` sends a signed body of its own type."""

    async def test(channel: WebhookChannel) -> None:
        await send_test(channel, Recipient(channel=ChannelId("newsroom"), address="newsroom"), now=the_real_time())

    [call] = run(test=test).calls
    body = Webhook(SECRET).verify(call.body, call.headers)
    assert (body["type"], body["data"]["channel"]) == ("test", "newsroom")


@pytest.mark.parametrize(
    "wrong", [{"secrets": ("whsec_",)}, {"secrets": ("whsec_%",)}, {"secrets": ()}, {"url": "https://x:port/"}]
)
def test_a_channel_that_cannot_work_is_a_config_error(wrong: dict[str, Any]) -> None:
    """The message names the channel and never the secret."""
    values: dict[str, Any] = {"url": "https://hooks.example.org/", "secrets": (SECRET,), **wrong}
    with pytest.raises(ConfigError, match="channel 'newsroom'"):
        WebhookChannel(
            ChannelId("newsroom"), client=httpx.AsyncClient(), linker=linker_to("http://127.0.0.1:8480"), **values
        )
