"""A desk with stories in which much happens: its configuration, and the judged developments that the service records.

Pages are not read and nothing is matched: what an entry is to its story is said here. All else is storywatch itself,
from the claim of an entry to the note that a delivery was sent.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from builders import a_judged, a_listed, a_poll_plan, an_article
from newsroom import SECRET, SECRET_ENV, STRIKE, ConfigDir, email, webhook

from storywatch.app import SystemClock
from storywatch.config import load_config
from storywatch.core.model import EntryState, FeedId
from storywatch.pipeline import tell
from storywatch.store.engine import open_database
from storywatch.store.polls import Polls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from storywatch.app import App
    from storywatch.core.model import Article, Entry, Judged
    from storywatch.pipeline import Pipeline

FEED = FeedId("harbor-times")
ENVIRON = {SECRET_ENV: SECRET}
CHANNELS = {"mail": "desk", "webhook": "newsroom"}  # by kind of receiver
LEASE = timedelta(minutes=5)


def title_of(number: int) -> str:
    return f"Berth No. {number:05} of the harbour is open again"


def number_of(title: str) -> int:
    return int(title.split()[2])


def write_config(folder: Path, *, stories: int, mail_port: int, hook_port: int, url: str | None = None) -> Path:
    """Stories that are told at once to a mailbox and to a webhook. `url`: of a database that is no SQLite file."""
    watch = f'{STRIKE}channels = ["newsroom", "desk"]\n[alert]\nsettle = "0s"\n'
    return ConfigDir(
        folder,
        feeds={FEED: "http://127.0.0.1:9/feed.xml"},
        langs={FEED: "en"},
        channels=webhook(f"http://127.0.0.1:{hook_port}/hook") + email(mail_port),
        watches={f"story-{number:02}": watch for number in range(stories)},
        url=url,
    ).write()


def list_entries(config: Path, numbers: range) -> None:
    """The feed has listed these; nobody has looked at them yet."""
    loaded = load_config(config, environ=ENVIRON)
    database = open_database(loaded.service.database)
    try:
        polls, now = Polls(database), SystemClock().now()
        polls.sync_feeds(tuple(loaded.feeds.values()), now=now - timedelta(hours=2))
        plans = (
            a_poll_plan(state=EntryState.BASELINE, polled_at=now - timedelta(hours=1)),
            a_poll_plan(*(a_listed(f"{n:05}", title=title_of(n)) for n in numbers), polled_at=now),
        )
        for plan in plans:
            [claim] = polls.claim_feeds(now=plan.polled_at, limit=1, lease=LEASE)
            polls.record_poll(claim, plan)
    finally:
        database.dispose()


def judged_of(pipeline: Pipeline, article: Article, number: int) -> Judged:
    """The article breaks a development in the story whose turn it is, told to whom its watch says."""
    watch = pipeline.watches[number % len(pipeline.watches)]
    now = pipeline.clock.now()
    return tell(a_judged(article, watch=watch.id, recipients=()), article, watch, rules=pipeline.rules, now=now)


def take_judged_news(app: App, *, recorded: Callable[[int], None]) -> None:
    """Let the service record developments in the place of polling, reading and matching. `recorded`: T3 was committed."""
    pipeline: Any = app.pipeline

    async def read(entry: Entry, **_: object) -> Article:
        return an_article(
            url=entry.url, url_key=entry.url_key, title=entry.title, seen_at=entry.seen_at, published_at=entry.seen_at
        )

    async def judge(entry: Entry, article: Article) -> list[Judged]:
        async with pipeline.judging:
            number = number_of(article.title)
            told = [judged_of(pipeline, article, number)]
            name = pipeline.encoder.name
            await pipeline._store(partial(record, number), entry, article, told, encoder=name, now=pipeline.clock.now())
        return told

    def record(number: int, *facts: Any, **more: Any) -> None:
        pipeline.judgements.record_article(*facts, **more)
        recorded(number)

    async def nothing(*_: object, **__: object) -> list[Any]:
        return []

    async def not_ahead(*_: object) -> None:
        return None

    pipeline.read, pipeline.judge, pipeline.look_ahead = read, judge, not_ahead
    pipeline.claim_feeds = pipeline.claim_revisits = nothing  # there is no web
