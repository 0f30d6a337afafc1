"""What the desk says reaches a service that runs, before its next judgement."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from at_work import ARREST, CHOIR, DEAL, ENCODER, AtWork, the_watch
from builders import plain_weights

from storywatch.core.alerting import ChannelRules
from storywatch.core.model import FeedbackKind, Label, Terms
from storywatch.store.engine import open_database
from storywatch.store.feedback import Feedback
from storywatch.teaching import Taken, Teacher

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

SAIL = replace(
    DEAL,
    path="/sail",
    title="The first ships leave Sandvik",
    summary="The harbour is open again.",
    paragraphs=("The first three ships left the harbour of Sandvik on Sunday morning.",),
)


def teacher(work: AtWork) -> Teacher:
    rules = {channel: ChannelRules(recipients=(f"{channel}@desk.test",)) for channel in work.channels}
    return Teacher(feedback=Feedback(work.database, work.waker), encoder=ENCODER, rules=rules)


def say(work: AtWork, path: str, kind: FeedbackKind, **more: Any) -> Taken:
    watch = work.pipeline.watches[0]
    return teacher(work).say(watch, f"https://harbor-times.example{path}", kind, now=work.clock.now(), **more)


def at_work(tmp_path: Path, step: Callable[[AtWork], Awaitable[None]]) -> None:
    async def play() -> None:
        database = open_database(f"sqlite:///{tmp_path}/storywatch.db")
        try:
            async with AtWork(database, weights=plain_weights()) as work:
                await work.baseline()
                await step(work)
        finally:
            database.dispose()

    asyncio.run(play())


def test_a_running_service_takes_it_up_at_its_next_judgement(tmp_path: Path) -> None:
    """Nothing is restarted: the next article is judged with the score that the desk moved, and says so."""

    async def step(work: AtWork) -> None:
        [told] = await work.break_news(DEAL)
        assert told.verdict.verdict is Label.DEVELOPMENT
        held = work.pipeline.stories[told.watch]
        taken = say(work, "/deal", FeedbackKind.WRONG)
        assert told.development
        assert taken.development == told.development.id
        [after] = await work.break_news(ARREST)
        story = work.pipeline.stories[told.watch]
        assert (held.adjustment.given, story.adjustment.given) == (0, 1)
        [reason] = [one for one in after.verdict.reasons if one.name == "feedback"]
        assert reason.words.startswith("your feedback on 1 article moves the score by -")
        assert after.verdict.score < told.verdict.score
        work.start()  # another process, on the same file
        again = await work.pipeline.story(work.pipeline.watches[0])
        assert [known.record.verdict for known in again.known] == [known.record.verdict for known in story.known]
        assert again.adjustment.novelty == story.adjustment.novelty

    at_work(tmp_path, step)


def test_an_undo_reaches_it_too(tmp_path: Path) -> None:
    """After it the story in memory is the one that would be without the correction."""

    async def step(work: AtWork) -> None:
        await work.break_news(DEAL)
        watch = work.pipeline.watches[0]
        say(work, "/deal", FeedbackKind.WRONG)
        await work.break_news(ARREST)
        assert work.pipeline.stories[watch.id].known[0].record.verdict is Label.BACKGROUND
        teacher(work).undo(watch, "https://harbor-times.example/deal", now=work.clock.now())
        await work.break_news(SAIL)
        story = work.pipeline.stories[watch.id]
        assert story.known[0].record.verdict is Label.DEVELOPMENT
        assert story.adjustment.given == 0

    at_work(tmp_path, step)


def test_what_was_missed_is_known_and_told_if_asked(tmp_path: Path) -> None:
    """An article that was off-topic becomes a development with its sentences, and its alert goes out like any other."""

    async def step(work: AtWork) -> None:
        await work.reconfigure(watches=[the_watch(terms=Terms(any=("dockers",)))])
        missed = replace(SAIL, path="/missed", paragraphs=("A light breeze, and three ships left Sandvik.",))
        judged = await work.break_news(missed)
        assert [one.verdict.verdict for one in judged] == [Label.OFF_TOPIC]
        quiet = say(work, "/missed", FeedbackKind.NEW)
        assert (quiet.alert, quiet.deliveries, await work.deliver()) == (None, 0, [])
        teacher(work).undo(work.pipeline.watches[0], quiet.case.article.id, now=work.clock.now())
        taken = say(work, "/missed", FeedbackKind.NEW, alert=True)
        assert taken.alert is not None
        assert taken.alert.held is None
        assert [outcome.state for outcome in await work.deliver()] == ["sent"]
        assert missed.title.encode() in work.desk.sent[0].message
        await work.break_news(DEAL)
        known = work.pipeline.stories[work.pipeline.watches[0].id].known[0]
        assert (known.record.verdict, known.told) == (Label.DEVELOPMENT, True)
        assert any("light breeze" in text for text in known.marks.texts)

    at_work(tmp_path, step)


def test_the_same_names_the_development_it_repeats(tmp_path: Path) -> None:
    """A second alert about one thing becomes a report of the first."""

    async def step(work: AtWork) -> None:
        [deal] = await work.break_news(DEAL)
        [arrest] = await work.break_news(ARREST)
        assert deal.development
        assert arrest.development
        taken = say(work, "/arrest", FeedbackKind.SAME_AS, development=deal.development.id[:12])
        assert taken.development == deal.development.id
        await work.break_news(CHOIR)
        await work.break_news(SAIL)
        known = {one.record.title: one.record for one in work.pipeline.stories[deal.watch].known}
        assert known[ARREST.title].development == deal.development.id
        assert known[ARREST.title].verdict is Label.REPEAT

    at_work(tmp_path, step)
