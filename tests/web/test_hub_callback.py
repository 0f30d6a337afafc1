"""What hubs may do on the web port, and that nobody else may do more by it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from builders import a_listed, a_listing, a_poll_plan
from hub import CHALLENGE, Hub
from newsdesk import LEASE, NOW, Newsdesk
from sqlalchemy import select
from structlog.testing import capture_logs
from webhook_receiver import receiving

from storywatch.core.model import FeedId
from storywatch.core.websub import HubClaim, HubState
from storywatch.errors import FetchFailed, StorywatchError
from storywatch.fetch.client import build_client
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.websub import HttpHubCaller
from storywatch.hubs import Hubs
from storywatch.store import tables
from storywatch.store.subscriptions import HubView, Subscriptions
from storywatch.web.websub import LARGEST_CALL, HubCallback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    import httpx

TOPIC = "https://harbor-times.example/feed.xml"
BASE = "https://desk.example"
TIMES = FeedId("harbor-times")
TOKEN = "correct horse battery staple"


class Post:
    """Hands requests to the hub as they are, without a network."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.refuses = False

    async def ask_hub(self, claim: HubClaim) -> None:
        if self.refuses:
            message = "the hub hub.example answered 503"
            raise FetchFailed(message)
        self.hub.requests.append(
            {
                "hub.mode": claim.mode,
                "hub.topic": claim.topic,
                "hub.callback": claim.callback,
                "hub.secret": claim.secret,
            }
        )


@dataclass
class Wire(Hub):
    """A hub whose requests come by `Post`."""

    def __post_init__(self) -> None:
        self.requests: list[dict[str, str]] = []

    @property
    def forms(self) -> list[dict[str, str]]:
        return self.requests


@dataclass
class Line:
    """A page, a hub that was asked by it, and the service's part between them."""

    desk: Newsdesk
    hub: Wire
    hubs: Hubs
    post: Post

    @property
    def view(self) -> HubView:
        return Subscriptions(self.desk.database).views()[TIMES]

    @property
    def due_at(self) -> datetime:
        with self.desk.database.read() as connection:
            at: datetime = connection.execute(select(tables.feed.c.next_poll_at)).scalar_one()
            return at

    def calls(self, outcome: str) -> float:
        return self.desk.metrics.registry.get_sample_value("storywatch_websub_calls_total", {"outcome": outcome}) or 0


@asynccontextmanager
async def a_line(newsdesk: Newsdesk, *, base_url: str = BASE, token: str | None = None) -> AsyncIterator[Line]:
    """A hub was asked, and has not called yet."""
    hub = Wire()
    post = Post(hub)
    subscriptions = Subscriptions(newsdesk.database)
    with ThreadPoolExecutor(1) as writer:
        hubs = Hubs(
            clock=newsdesk.clock, subscriptions=subscriptions, caller=post, writer=writer, base_url=base_url, on=True
        )
        hub.page = newsdesk.app(hubs=hubs, base_url=base_url, token=token)
        [claim] = newsdesk.polls.claim_feeds(now=NOW, limit=1, lease=LEASE)
        plan = a_poll_plan(a_listed("1"), polled_at=NOW.replace(hour=NOW.hour - 1))
        outcome = newsdesk.polls.record_poll(claim, plan)
        listing = a_listing(hub="https://hub.example/", topic=TOPIC)
        await hubs.note_poll(claim, listing, plan, outcome, began_at=NOW)
        for asked in await hubs.claim(9):
            await hubs.ask(asked)
        yield Line(newsdesk, hub, hubs, post)


def on_the_line(newsdesk: Newsdesk, play: Any, **how: Any) -> None:
    async def between() -> None:
        async with a_line(newsdesk, **how) as line:
            await play(line)

    asyncio.run(between())


@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_hub_verifies_and_gets_its_challenge_back(newsdesk: Newsdesk, token: str | None) -> None:
    """Word for word, as plain text that no browser takes for more; with a password or without one."""

    async def play(line: Line) -> None:
        answer = await line.hub.verify()
        assert (answer.status_code, answer.text) == (200, CHALLENGE)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert line.view.state is HubState.CONFIRMED

    on_the_line(newsdesk, play, token=token)


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": "https://evil.example/feed"},
        {"mode": "unsubscribe"},
        {"mode": "publish"},
        {"mode": ""},
        {"challenge": ""},
        {"challenge": "x" * 1025},
        {"challenge": "a\nb"},
        {"challenge": "é"},
        {"mode": "denied", "topic": "https://evil.example/feed"},
    ],
)
def test_what_was_not_asked_is_not_found(newsdesk: Newsdesk, changes: dict[str, str]) -> None:
    """Another topic or mode, or no sensible challenge: 404, and nothing changes."""

    async def play(line: Line) -> None:
        answer = await line.hub.verify(**changes)
        assert answer.status_code == 404
        assert answer.text == "Nobody waits for a call at this address.\n"
        assert line.view.state is HubState.ASKED

    on_the_line(newsdesk, play)


def test_a_stranger_learns_nothing(newsdesk: Newsdesk) -> None:
    """A token that was never given is 404 to a question and 410 to a call, and is not worth a line in the log."""

    async def play(line: Line) -> None:
        guess = {**line.hub.forms[0], "hub.callback": f"{BASE}/websub/{'x' * 43}"}
        with capture_logs() as logs:
            assert (await line.hub.verify(guess)).status_code == 404
            assert (await line.hub.verify(guess, mode="denied")).status_code == 404
            assert (await line.hub.call(guess)).status_code == 410
        assert logs == []
        assert line.calls("unknown") == 1

    on_the_line(newsdesk, play)


def test_a_denial_is_taken_note_of(newsdesk: Newsdesk) -> None:
    """And calls after it are told that nobody is here."""

    async def play(line: Line) -> None:
        answer = await line.hub.verify(mode="denied", reason="not for you")
        assert answer.status_code == 204
        assert (line.view.state, line.view.note) == (HubState.DENIED, "not for you")
        assert (await line.hub.call()).status_code == 410

    on_the_line(newsdesk, play)


@pytest.mark.parametrize("method", ["sha256", "sha384", "sha512", "sha1"])
def test_a_signed_call_makes_the_feed_due(newsdesk: Newsdesk, method: str) -> None:
    """In any algorithm of the recommendation, since our address is https."""

    async def play(line: Line) -> None:
        await line.hub.verify()
        line.desk.clock.advance(LEASE)
        assert (await line.hub.call(method=method)).status_code == 204
        assert line.due_at <= line.desk.clock.now()
        assert line.view.called_at == line.desk.clock.now()
        assert line.calls("due") + line.calls("folded") == 1

    on_the_line(newsdesk, play)


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        ({"secret": "another"}, "wrong"),
        ({"signature": "sha256=00"}, "wrong"),
        ({"signature": "md5=00"}, "wrong"),
        ({"signature": None}, "missing"),
    ],
)
def test_a_call_that_is_not_the_hubs_is_ignored_without_a_word(
    newsdesk: Newsdesk, how: dict[str, Any], outcome: str
) -> None:
    """Answered as a right one, counted, and nothing follows from it."""

    async def play(line: Line) -> None:
        await line.hub.verify()
        planned = line.due_at
        answer = await line.hub.call(**how)
        assert (answer.status_code, answer.content) == (204, b"")
        assert line.due_at == planned
        assert line.view.called_at is None
        assert line.calls(outcome) == 1

    on_the_line(newsdesk, play)


def test_the_old_algorithm_is_ignored_where_our_address_is_plain(newsdesk: Newsdesk) -> None:
    """Then the signature is all that there is, and sha1 is too weak for that; sha256 will do."""

    async def play(line: Line) -> None:
        await line.hub.verify()
        assert (await line.hub.call(method="sha1")).status_code == 204
        assert (line.calls("too-weak"), line.view.called_at) == (1, None)
        assert (await line.hub.call(method="sha256")).status_code == 204
        assert line.view.called_at == line.desk.clock.now()

    on_the_line(newsdesk, play, base_url="http://desk.example:8480")


def test_what_a_hub_sends_is_never_news(newsdesk: Newsdesk) -> None:
    """A call brings no entry, whatever is in it: only the poll finds some."""

    async def play(line: Line) -> None:
        await line.hub.verify()
        body = b"<rss><channel><item><title>Forged</title><link>https://evil.example/</link></item></channel></rss>"
        await line.hub.call(body=body)
        with line.desk.database.read() as connection:
            assert [row.title for row in connection.execute(select(tables.entry))] == ["Harbour news 1"]

    on_the_line(newsdesk, play)


def test_a_call_may_be_large_and_not_endless(newsdesk: Newsdesk) -> None:
    """Five MiB are heard; one byte more is refused, and nothing follows from it."""

    async def play(line: Line) -> None:
        await line.hub.verify()
        assert (await line.hub.call(body=b"x" * (LARGEST_CALL + 1))).status_code == 413
        assert (line.calls("too-large"), line.view.called_at) == (1, None)
        assert (await line.hub.call(body=b"x" * LARGEST_CALL)).status_code == 204
        assert line.view.called_at is not None

    on_the_line(newsdesk, play)


def test_a_call_that_never_ends_is_cut_off(newsdesk: Newsdesk) -> None:
    """Its place is for others."""

    async def play(line: Line) -> None:
        callback = HubCallback(hubs=line.hubs, metrics=line.desk.metrics, patience_seconds=0.05)
        path = line.hub.forms[0]["hub.callback"].removeprefix(BASE)
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
        [route] = callback.routes()
        _, found = route.matches(cast("Any", scope))
        await route.handle(cast("Any", {**scope, **found}), cast("Any", receive), cast("Any", send))
        assert sent[0]["status"] == 408
        assert line.calls("too-slow") == 1

    on_the_line(newsdesk, play)


def test_a_storm_of_calls_is_one_poll(newsdesk: Newsdesk) -> None:
    """All of them are answered, and the feed is due once."""

    async def play(line: Line) -> None:
        await line.hub.verify()
        answers = await asyncio.gather(*(line.hub.call() for _ in range(40)))
        assert {answer.status_code for answer in answers} == {204}
        assert line.calls("due") <= 1
        assert line.calls("due") + line.calls("folded") == 40

    on_the_line(newsdesk, play)


@pytest.mark.parametrize("verb", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_hub_reads_and_calls_and_does_nothing_else(newsdesk: Newsdesk, verb: str) -> None:
    """405 in a line, also to what says that it is a browser: no page of ours is shown without the password."""

    async def play(line: Line) -> None:
        address = line.hub.forms[0]["hub.callback"]
        answer: httpx.Response = await line.hub.request(verb, address, headers={"accept": "text/html"})
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, POST"
        assert answer.headers["content-type"].startswith("text/plain")

    on_the_line(newsdesk, play, token=TOKEN)


@pytest.mark.parametrize(
    "path",
    [
        "/websub",
        "/websub/",
        "/websub/short",
        "/websub/../ledger",
        "/websub/{}/x",
        "/websub//{}",
        "/x/websub/{}",
        "/ledger",
    ],
)
def test_the_way_for_hubs_opens_no_other(newsdesk: Newsdesk, path: str) -> None:
    """Only an address of exactly the right shape passes without the password, for reading and for posting."""

    async def play(line: Line) -> None:
        address = BASE + path.format("x" * 43)
        for verb in ("GET", "POST"):
            answer = await line.hub.request(verb, address, headers={"accept": "*/*"})
            assert answer.status_code == 401

    on_the_line(newsdesk, play, token=TOKEN)


@pytest.mark.parametrize("path", ["/websub/short", "/websub/{}/x", "/websub/"])
def test_where_there_is_no_password_other_addresses_are_not_found(newsdesk: Newsdesk, path: str) -> None:
    """They are no hub's, and nothing is looked up for them."""

    async def play(line: Line) -> None:
        for verb in ("GET", "POST"):
            answer = await line.hub.request(verb, BASE + path.format("x" * 43))
            assert answer.status_code == 404
        assert line.calls("unknown") == 0

    on_the_line(newsdesk, play)


def test_another_sites_form_does_no_more_than_a_stranger(newsdesk: Newsdesk) -> None:
    """A browser that is made to post there has no signature; and a foreign name leads nowhere."""

    async def play(line: Line) -> None:
        await line.hub.verify()
        address = line.hub.forms[0]["hub.callback"]
        origin = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        await line.hub.request("POST", address, data={"a": "b"}, headers=origin)
        assert line.view.called_at is None
        answer = await line.hub.request("POST", address, headers={"host": "evil.example"})
        assert answer.status_code == 421

    on_the_line(newsdesk, play)


def test_while_it_is_off_nobody_is_here(newsdesk: Newsdesk) -> None:
    """A reload that takes it out counts at once; hubs hear that they may forget us."""

    async def play(line: Line) -> None:
        await line.hub.verify()
        line.hubs.reconfigure(caller=line.post, base_url=BASE, on=False)
        assert (await line.hub.verify()).status_code == 404
        assert (await line.hub.verify(mode="denied")).status_code == 404
        assert (await line.hub.call()).status_code == 410
        assert await line.hubs.claim(9) == []

    on_the_line(newsdesk, play)


def test_a_database_that_is_not_there_is_told_to_nobody_outside(newsdesk: Newsdesk) -> None:
    """The hub is told to come again, and the log says why."""

    class Broken:
        def find_call(self, token: str) -> None:
            message = "the database /srv/secret/storywatch.db is locked"
            raise StorywatchError(message)

    async def play(line: Line) -> None:
        line.hubs.subscriptions = cast("Any", Broken())
        for asked in (line.hub.verify, line.hub.call):
            with capture_logs() as logs:
                answer = await asked()
            assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (503, "Not now.\n", "60")
            assert [line["error"] for line in logs] == ["the database /srv/secret/storywatch.db is locked"]

    on_the_line(newsdesk, play)


def test_hubs_are_looked_for_every_ten_seconds(newsdesk: Newsdesk) -> None:
    """Not at each tick; and a clock that is set back stops nothing. A hub that refuses is written down."""

    async def play(line: Line) -> None:
        line.post.refuses = True
        line.hubs.base_url = "https://new.example"
        assert await line.hubs.claim(9) == []
        line.desk.clock.advance(LEASE)
        [claim] = await line.hubs.claim(9)
        await line.hubs.ask(claim)
        assert (line.view.state, line.view.note) == (HubState.FAILED, "the hub hub.example answered 503")
        line.hubs.base_url = "https://newer.example"
        line.desk.clock.advance(-LEASE)
        assert len(await line.hubs.claim(9)) == 1

    on_the_line(newsdesk, play)


def test_without_hubs_there_is_no_such_page(newsdesk: Newsdesk) -> None:
    """Where nothing was put together for them, the address is one that does not exist."""
    assert newsdesk.ask(f"/websub/{'x' * 43}").status_code == 404


def test_a_hub_on_loopback_goes_the_whole_way(newsdesk: Newsdesk) -> None:
    """Over real HTTP in one direction: the request that the client sends is the one that is verified and called for."""

    async def play(line: Line) -> None:

        async with (
            receiving(Hub(page=line.hub.page)) as hub,
            build_client(user_agent="storywatch/test", allow_networks=("127.0.0.0/8",)) as client,
        ):
            with line.desk.database.write() as connection:
                connection.execute(tables.subscription.update().values(hub=hub.address, next_at=NOW))
            hosts = Hosts(line.desk.clock, spacing=timedelta(0))
            line.hubs.reconfigure(caller=HttpHubCaller(client, hosts, line.desk.clock), base_url=BASE, on=True)
            line.desk.clock.advance(LEASE)
            for claim in await line.hubs.claim(9):
                await line.hubs.ask(claim)
            assert (await hub.verify()).text == CHALLENGE
            assert (await hub.call()).status_code == 204
            assert line.view.state is HubState.CONFIRMED
            assert line.view.called_at == line.desk.clock.now()

    on_the_line(newsdesk, play)
