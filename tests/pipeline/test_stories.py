"""Stories in memory: as many as there is room for; decisions do not depend on it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from at_work import ARREST, CHOIR, DEAL, AtWork, the_watch

from storywatch.core.model import WatchId
from storywatch.store.engine import open_database
from storywatch.stories import Stories

if TYPE_CHECKING:
    from pathlib import Path

STREAM = (CHOIR, ARREST, DEAL, replace(DEAL, path="/again", title="Strike in Sandvik's harbour ends after nine days"))


def three() -> list[Any]:
    return [the_watch(id=WatchId(one), name=f"Harbour {one}") for one in ("one", "two", "three")]


def play(url: str, stories: Stories) -> tuple[list[Any], list[int]]:
    async def follow() -> tuple[list[Any], list[int]]:
        database = open_database(url)
        held = []
        try:
            async with AtWork(database, watches=three()) as work:
                work.pipeline.stories = stories
                await work.baseline()
                for news in STREAM:
                    await work.break_news(news)
                    held.append(len(work.pipeline.stories))
                told = [
                    (row.watch, row.label, row.score, row.relevance, row.development, row.features)
                    for row in work.rows("verdict")
                ]
        finally:
            database.dispose()
        return told, held

    return asyncio.run(follow())


def test_decisions_do_not_depend_on_how_many_stories_are_in_memory(tmp_path: Path) -> None:
    """With room for one of three, each is read anew again and again: the verdicts are the same, to the last digit."""
    all_of_them, held = play(f"sqlite:///{tmp_path}/all.db", Stories())
    assert held[-1] == 3
    few, held = play(f"sqlite:///{tmp_path}/few.db", Stories(most=1))
    assert set(held) == {1}
    assert few == all_of_them
    one_article, held = play(f"sqlite:///{tmp_path}/one.db", Stories(most_articles=1))
    assert held[-1] == 1
    assert one_article == all_of_them


def test_what_was_asked_for_longest_ago_is_put_out_first() -> None:
    """To ask for a story is to keep it; the last one stays even where it alone is too large."""

    class Big:
        known = (1, 2, 3)

    stories = Stories(most=2)
    for name in ("a", "b", "c"):
        stories[WatchId(name)] = Big()  # type: ignore[assignment]
    assert stories[WatchId("a")].known == (1, 2, 3)
    assert stories.put_out() == ["b"]
    stories.most_articles = 1
    assert stories.put_out() == ["c"]
    assert stories.put_out() == []
    assert list(stories) == ["a"]
