"""A process may end between any two steps: what follows is what would have followed without it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from at_work import ARREST, CHOIR, DEAL, AtWork, News
from builders import plain_weights

from storywatch.store.engine import open_database, release_leases

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from storywatch.core.weights import Weights

TALKS = News(
    path="/talks",
    title="Verhandlungen über den Hafenstreik in Sandvik gescheitert",
    summary="Die Gewerkschaft lehnt fünf Prozent ab.",
    paragraphs=(
        "Die Verhandlungen über den Streik im Hafen von Sandvik sind am Mittwoch gescheitert.",
        "Die Gewerkschaft lehnte ein Angebot von fünf Prozent ab und fordert weiter acht Prozent.",
    ),
)
STREAM = (
    TALKS,
    CHOIR,
    ARREST,
    replace(TALKS, path="/talks-en", title="Talks on Sandvik's harbour strike fail", summary="The union says no."),
    DEAL,
    replace(DEAL, paragraphs=tuple(text.replace("nine days", "four days") for text in DEAL.paragraphs), summary="Upd."),
)


async def follow(work: AtWork, between: Callable[[], Awaitable[None]]) -> None:
    """The whole stream, one step at a time, with something happening between any two."""
    await work.baseline()
    for news in STREAM:
        work.publish(news)
        for claim in await work.pipeline.claim_feeds(10):
            await between()
            await work.pipeline.poll(claim)
        await between()
        await work.read_and_judge_with(between)
        await between()
        for channel in work.channels:
            for delivery in await work.pipeline.claim_deliveries(channel, 10):
                await work.pipeline.deliver(delivery)
                await between()
        work.later(minutes=11)


def judged(work: AtWork) -> list[tuple[Any, ...]]:
    return [
        (row.label, row.score, row.relevance, row.development, row.match_features, row.features, bytes(row.lead))
        for row in work.rows("verdict")
    ]


async def play(url: str, between: Callable[[AtWork], Awaitable[None]], weights: Weights | None) -> tuple[Any, ...]:
    database = open_database(url)
    try:
        async with AtWork(database, weights=weights) as work:
            await follow(work, lambda: between(work))
            sent = [(claim.id, claim.message) for claim in work.desk.sent]
            return judged(work), sent, [(row.uid, row.state, row.attempts) for row in work.rows("delivery")]
    finally:
        database.dispose()


async def nothing(work: AtWork) -> None:
    """Goes on as it is."""


async def restart(work: AtWork) -> None:
    """Another process, on the same file."""
    work.start()


@pytest.mark.parametrize("weights", [None, plain_weights()], ids=["shipped", "plain"])
def test_a_restart_between_any_two_steps_changes_no_verdict(tmp_path: Path, weights: Weights | None) -> None:
    """The same verdicts with the same figures to the last place, the same messages, each sent once."""
    straight = asyncio.run(play(f"sqlite:///{tmp_path}/straight.db", nothing, weights))
    broken = asyncio.run(play(f"sqlite:///{tmp_path}/broken.db", restart, weights))
    assert len(straight[0]) >= 5
    assert len(straight[1]) >= (2 if weights else 0)
    assert [row[:4] for row in broken[0]] == [row[:4] for row in straight[0]]
    assert broken == straight


@pytest.mark.parametrize("dies_in", ["poll", "read", "judge", "send before", "send after"])
def test_a_step_that_died_is_made_again(tmp_path: Path, dies_in: str) -> None:
    """Whatever was under way is taken up by the next process, and ends as it would have."""

    class Died(BaseException):
        """The process ended here."""

    async def play() -> None:
        database = open_database(f"sqlite:///{tmp_path}/storywatch.db")
        async with AtWork(database) as work:
            await work.baseline()
            work.publish(DEAL)
            if dies_in == "poll":
                await work.pipeline.claim_feeds(10)
                release_leases(database)
                work.start()
            await work.poll()
            if dies_in in {"read", "judge"}:
                entry = await work.entry()
                if dies_in == "judge":
                    assert await work.pipeline.read(entry)
                release_leases(database)
                work.start()
            await work.read_and_judge()
            send = work.desk.send

            async def fall(claim: Any, **how: Any) -> None:
                if dies_in == "send after":
                    await send(claim, **how)
                raise Died

            if dies_in.startswith("send"):
                work.desk.send = fall  # type: ignore[method-assign]  # the process dies in it
                with pytest.raises(Died):
                    await work.deliver()
                work.desk.send = send  # type: ignore[method-assign]
                release_leases(database)
                work.start()
            assert [outcome.state for outcome in await work.deliver()] == ["sent"]
            assert len({(claim.id, claim.message) for claim in work.desk.sent}) == 1
            assert len(work.desk.sent) == (2 if dies_in == "send after" else 1)
            assert [row.label for row in work.rows("verdict")] == ["development"]
            assert [row.attempts for row in work.rows("delivery")] == [1]
        database.dispose()

    asyncio.run(play())
