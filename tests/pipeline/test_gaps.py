"""A feed whose window ran over between two polls: people are told, and what was lost is looked for once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from at_work import AtWork
from builders import NOON, a_feed

from storywatch.core.model import NoticeKind

if TYPE_CHECKING:
    from storywatch.store.engine import Database

FEED = a_feed().url
OLDER = "https://harbor-times.example/older.xml"
HOUR = timedelta(hours=1)


def rss(*numbers: int, older: str | None = OLDER) -> str:
    """Entry `n` is published `n` minutes after noon."""
    items = "".join(
        f"<item><title>Harbour news of minute {number}</title><link>https://harbor-times.example/{number}</link>"
        f"<pubDate>{format_datetime(NOON + number * timedelta(minutes=1))}</pubDate></item>"
        for number in numbers
    )
    archive = (
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="prev-archive" href="{older}"/>' if older else ""
    )
    return f'<rss version="2.0"><channel><title>Harbor Times</title>{archive}{items}</channel></rss>'


@pytest.mark.parametrize(("older", "caught"), [(OLDER, 3), (None, 0), ("https://harbor-times.example/missing", 0)])
def test_what_was_lost_between_two_polls_is_looked_for_once(
    database: Database, *, older: str | None, caught: int
) -> None:
    """Where the feed keeps an archive, its entries of the gap are news; older ones of it are not."""

    async def play() -> None:
        async with AtWork(database) as work:
            work.web.put(OLDER, rss(6, 5, 4, -20, -30), content_type="application/rss+xml")
            work.web.change(FEED, rss(*range(-1, -7, -1), older=older), content_type="application/rss+xml")
            await work.poll()
            work.later(hours=1)
            work.web.change(FEED, rss(*range(12, 6, -1), older=older), content_type="application/rss+xml")
            [outcome] = await work.poll()
            assert [notice.kind for notice in outcome.notices] == [NoticeKind.GAP]
            assert outcome.new == 6 + caught
            assert len(await work.pipeline.claim_entries(20)) == outcome.new
            work.later(hours=1)
            [again] = await work.poll()
            assert (again.new, again.notices) == (0, ())
            assert work.web.asked().count(OLDER) == (older == OLDER)

    asyncio.run(play())
