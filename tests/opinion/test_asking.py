"""The language model asked for real: HTTP on loopback, a real database, and answers good, bad, late and hostile."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON
from fakes import FakeClock
from language_model import REFUSED, ModelServer, no, raw, said, yes
from webhook_receiver import receiving

from storywatch.core.model import NewSentence
from storywatch.core.opinion import Answer, Band, Kind, NoOpinion, Opinion, Question
from storywatch.fetch.client import build_client
from storywatch.opinion import ChatEndpoint, LanguageModel, endpoint_id
from storywatch.store.engine import open_database
from storywatch.store.opinions import Opinions, OpinionView

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from storywatch.core.opinion import Heard
    from storywatch.store.engine import Database

MODEL = "a-model"
KEY = "sk-very-secret"
LATE = 0.3


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = open_database(sqlite_url)
    yield opened
    opened.dispose()


def a_question(number: int = 1) -> Question:
    sentence = f"Article {number}: the union accepted 7.5 percent."
    return Question(
        story="Harbour strike",
        about="The dockers' strike.",
        told=(),
        known=("The board offers three percent.",),
        title=f"Headline {number}",
        day="2026-03-02",
        sentences=(sentence,),
        picked=(NewSentence(sentence=sentence, lang="en"),),
    )


@dataclass
class Asking:
    """A model behind a real server, and what is asked of it."""

    server: ModelServer
    model: LanguageModel
    clock: FakeClock
    heard: list[Any] = field(default_factory=list)

    async def ask(self, number: int = 1, *, seconds: float = 10) -> Heard:
        until = asyncio.get_running_loop().time() + seconds
        heard = await self.model.ask(a_question(number), until=until)
        self.heard.append(heard)
        return heard

    async def translate(self, *sentences: str) -> dict[str, str]:
        return await self.model.translate(sentences, "en", until=asyncio.get_running_loop().time() + 10)

    def view(self) -> OpinionView:
        opinions = self.model.opinions
        assert isinstance(opinions, Opinions)
        return opinions.view(endpoint_id(self.server.base, MODEL), budget=self.model.budget, now=self.clock.now())


def asking(
    database: Database,
    test: Callable[[Asking], Awaitable[object]],
    *answers: str,
    key: str | None = KEY,
    budget: int = 50,
    allow: tuple[str, ...] = ("127.0.0.0/8",),
    clock: FakeClock | None = None,
) -> Asking:
    """Run the test with a model whose server gives these answers."""

    async def between() -> Asking:
        time = clock or FakeClock(NOON)
        client = build_client(user_agent="a-user-agent", allow_networks=allow)
        with ThreadPoolExecutor(1) as writer:
            async with receiving(ModelServer(answers=list(answers))) as server, client:
                assert isinstance(server, ModelServer)
                model = LanguageModel(
                    endpoint=ChatEndpoint(url=server.base, model=MODEL, client=client, key=key),
                    opinions=Opinions(database),
                    writer=writer,
                    clock=time,
                    budget=budget,
                    seconds=10,
                    band=Band(),
                )
                made = Asking(server=server, model=model, clock=time)
                await test(made)
                return made

    return asyncio.run(between())


def test_a_question_goes_out_as_documented(database: Database) -> None:
    """One POST with the key, the schema, no chance in it; the question is data in the user's message."""
    done = asking(database, Asking.ask, yes(value="7.5 percent", old="three percent"))
    [call], [asked] = done.server.calls, done.server.asked
    assert call.line == "POST /v1/chat/completions HTTP/1.1"
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["user-agent"].startswith("storywatch/")
    assert (asked["model"], asked["temperature"], asked["stream"]) == (MODEL, 0, False)
    assert isinstance(asked["seed"], int)
    assert asked["max_tokens"] <= 2000
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert "tools" not in asked
    assert done.server.data[0]["title"] == "Headline 1"
    assert done.heard == [
        Opinion(
            new=Answer.YES,
            about=Answer.YES,
            by=MODEL,
            sentence=0,
            kind=Kind.NEW_FACT,
            old="three percent",
            value="7.5 percent",
        )
    ]
    assert done.view() == OpinionView(calls_today=1, calls=1, budget=50)


def test_without_a_key_none_is_sent(database: Database) -> None:
    """A model on this machine needs none."""
    done = asking(database, Asking.ask, no(), key=None)
    assert "authorization" not in done.server.calls[0].headers


def test_the_same_question_is_asked_once(database: Database) -> None:
    """A crash between answer and verdict costs no second call, and gives the same verdict; another article is another question."""

    async def test(one: Asking) -> None:
        await one.ask(1)
        await one.ask(1)
        await one.ask(2)

    done = asking(database, test, yes(), no())
    assert [heard.new for heard in done.heard] == ["yes", "yes", "no"]
    assert (len(done.server.calls), done.view().calls) == (2, 2)


def test_the_budget_of_a_day_is_kept(database: Database) -> None:
    """What is left of it survives a restart; at midnight in UTC there is a new one."""

    async def test(one: Asking) -> None:
        for number in range(3):
            await one.ask(number)

    clock = FakeClock(NOON)
    first = asking(database, test, yes(), yes(), yes(), budget=2, clock=clock)
    assert first.heard[2] == NoOpinion(reason="all 2 calls of this day are made")
    assert (len(first.server.calls), first.view().left) == (2, 0)
    clock.advance(timedelta(hours=11, minutes=59))
    assert asking(database, Asking.ask, yes(), budget=2, clock=clock).server.calls == []
    clock.advance(timedelta(minutes=1))
    last = asking(database, Asking.ask, no(), budget=2, clock=clock)
    assert (last.view().calls_today, last.view().calls) == (1, 3)


@pytest.mark.parametrize(
    ("answers", "reason", "calls"),
    [
        (("503 Busy", "500 Broken"), "the server answered 500", 2),
        (("401 No",), "the server answered 401", 1),
        (("429 Slow down",), "the server answered 429", 1),
        (("302 Found\nlocation: http://127.0.0.1/",), "the server answered 302", 1),
        (("hang up", "hang up"), "no connection", 2),
        (("endless",), "an odd answer: larger than", 1),
        (("200 OK\n\nnot json",), "an odd answer: not a chat completion", 1),
        (("200 OK\n\n[]",), "an odd answer: not a chat completion", 1),
        (('200 OK\n\n{"choices": []}',), "an odd answer: not a chat completion", 1),
        ((f"200 OK\n\n{'[' * 50_000}",), "an odd answer: not a chat completion", 1),
        ((raw(None),), "an odd answer: no text in it", 1),
        ((raw([{"type": "tool"}]),), "an odd answer: no text in it", 1),
        ((raw("x" * 20_001),), "an odd answer: longer than 20,000 characters", 1),
        ((raw("Yes, this is new."),), "an odd answer", 1),
        ((said(new="yes"),), "an odd answer", 1),
        ((said(verdict="development", score=1),), "an odd answer", 1),
        (("200 OK\ncontent-encoding: gzip\n\nxx",), "an odd answer: it is packed", 1),
    ],
)
def test_whatever_goes_wrong_is_told_in_words(
    database: Database, answers: tuple[str, ...], reason: str, calls: int
) -> None:
    """No opinion, the reason without anything secret, at most one more call, and each of them counted."""
    done = asking(database, Asking.ask, *answers)
    [heard] = done.heard
    assert isinstance(heard, NoOpinion)
    assert heard.reason.startswith(reason)
    assert not any(secret in heard.reason for secret in (KEY, "127.0.0.1", str(done.server.port)))
    assert (len(done.server.calls), done.view().calls, done.view().failures) == (calls, calls, calls)


def test_an_answer_that_comes_too_late_is_none(database: Database) -> None:
    """Judging goes on when the time is over, and is not held up by a second try."""

    async def test(one: Asking) -> None:
        await one.ask(seconds=LATE)

    done = asking(database, test, "hang")
    assert done.heard == [NoOpinion(reason="timed out")]
    assert (len(done.server.calls), done.view().failures) == (1, 1)


def test_where_no_time_is_left_no_call_is_spent(database: Database) -> None:
    """What was asked before about the same article took all of it; the model is not to blame."""

    async def test(one: Asking) -> None:
        await one.ask(seconds=0)

    done = asking(database, test, yes())
    assert done.heard == [NoOpinion(reason="timed out")]
    assert (done.server.calls, done.view()) == ([], OpinionView(budget=50))


def test_who_is_broken_once_is_asked_once_more(database: Database) -> None:
    """The second answer counts."""
    done = asking(database, Asking.ask, "502 Bad gateway", yes())
    assert (done.heard[0].new, done.view().calls, done.view().failures) == ("yes", 2, 1)
    assert done.view().paused_until is None


def test_a_server_that_knows_no_schema_is_asked_without(database: Database) -> None:
    """Once it has refused; the form is kept by the instructions alone."""

    async def test(one: Asking) -> None:
        await one.ask(1)
        await one.ask(2)

    done = asking(database, test, REFUSED, raw('```json\n{"new": "yes", "about": "yes"}\n```'), no())
    assert ["response_format" in asked for asked in done.server.asked] == [True, False, False]
    assert [heard.new for heard in done.heard] == ["yes", "no"]


def test_a_private_address_needs_leave(database: Database) -> None:
    """The operator's own address follows the rule of webhooks; the message says what is in the way."""
    done = asking(database, Asking.ask, yes(), allow=())
    assert done.heard == [NoOpinion(reason="its address may not be asked")]
    assert "127.0.0.1 may not be asked" in (done.view().last_failure or "")
    assert done.server.connections == 0


def test_after_three_failures_it_is_left_alone(database: Database) -> None:
    """No connection is tried for ten minutes; a restart changes nothing; one success ends it."""

    async def fail(one: Asking) -> None:
        for number in range(4):
            await one.ask(number)

    clock = FakeClock(NOON)
    done = asking(database, fail, *["403 No"] * 4, clock=clock)
    assert len(done.server.calls) == 3
    assert done.heard[3] == NoOpinion(reason="paused until 12:10 UTC after 3 failures in a row")
    assert done.view().last_failure == f"127.0.0.1:{done.server.port} answered 403"
    assert done.view().paused_until == NOON + timedelta(minutes=10)
    paused = Opinions(database)
    name = endpoint_id(done.server.base, MODEL)
    assert paused.reserve_call(name, "another", budget=50, now=NOON + timedelta(minutes=9)).refused is not None
    assert paused.reserve_call(name, "another", budget=50, now=NOON + timedelta(minutes=10)).refused is None
    assert paused.record_failure(name, "403", now=NOON + timedelta(minutes=10)) == NOON + timedelta(minutes=30)
    paused.record_answer(name, "key", "{}", now=NOON + timedelta(minutes=31))
    assert paused.view(name, budget=50, now=NOON + timedelta(minutes=31)).paused_until is None


def test_odd_answers_about_some_articles_are_no_reason_to_leave_others_alone(database: Database) -> None:
    """Who writes an article that confuses the model can't keep it from the next one."""

    async def test(one: Asking) -> None:
        for number in range(6):
            await one.ask(number)

    done = asking(database, test, *[raw("I refuse.")] * 5, yes())
    assert [isinstance(heard, NoOpinion) for heard in done.heard] == [True] * 5 + [False]


def test_a_hostile_answer_moves_nothing_but_its_words(database: Database) -> None:
    """What is not in the form is not read: keys, numbers, texts, commands."""
    hostile = said(
        new="yes",
        about="yes",
        sentence=99,
        kind="development",
        old="<script>",
        value="https://evil.example",
        tool_calls=[{"name": "send"}],
        verdict="development",
        band=[0, 1],
        question="Is it major?",
    )
    done = asking(database, Asking.ask, hostile)
    assert done.heard == [Opinion(new=Answer.YES, about=Answer.YES, by=MODEL)]


def test_sentences_are_translated_under_the_same_rules(database: Database) -> None:
    """One call, counted and kept; what doesn't fit is left out."""

    async def test(one: Asking) -> None:
        for _ in range(2):
            told = await one.translate("항구가 열렸다.", "둘.")
            assert told == {"항구가 열렸다.": "The harbour is open."}
        assert await one.translate("셋.") == {}

    rows = [{"sentence": 1, "text": "The harbour is open."}, {"sentence": 2, "text": "See https://evil.example"}]
    done = asking(database, test, said(translations=rows), "500 Broken", "500 Broken")
    assert done.server.data[0] == {"language": "en", "sentences": {"1": "항구가 열렸다.", "2": "둘."}}
    assert done.server.asked[0]["response_format"]["json_schema"]["name"] == "translation"
    assert done.view().calls == 3


def test_no_connection_is_told_like_the_rest(database: Database) -> None:
    """A server that is not there is a failure, tried twice."""

    async def test(one: Asking) -> None:
        one.model.endpoint.url = "http://127.0.0.1:9/v1"
        await one.ask()

    done = asking(database, test)
    assert done.heard == [NoOpinion(reason="no connection")]
    assert (done.view().calls, done.view().failures) == (2, 2)
