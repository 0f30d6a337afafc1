from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from storywatch.gathering import Gathering

if TYPE_CHECKING:
    from collections.abc import Sequence

LONG = 60.0  # nobody waits for it: where it is waited for, the test hangs


class BrokenPen(Exception):
    pass


class Book:
    """Writes words down, and says how long they are; "bad" is refused."""

    def __init__(self) -> None:
        self.pages: list[list[str]] = []

    def write(self, words: Sequence[str]) -> list[int | Exception]:
        self.pages.append(list(words))
        if "broken" in words:
            raise BrokenPen
        return [ValueError(word) if word == "bad" else len(word) for word in words]


async def bring(gathering: Gathering[str, int], word: str, after: asyncio.Event | None = None) -> int:
    with gathering.place() as place:
        await asyncio.sleep(0)  # the others are on their way too
        if after is not None:
            await after.wait()
        return await place.put(word)


def test_what_is_under_way_together_is_written_together() -> None:
    """And each gets its own answer, or its own error."""

    async def run() -> None:
        with ThreadPoolExecutor(1) as thread:
            gathering = Gathering(book.write, thread, seconds=LONG)
            told = await asyncio.gather(
                *(bring(gathering, word) for word in ("one", "bad", "three")), return_exceptions=True
            )
            assert (told[0], repr(told[1]), told[2]) == (3, "ValueError('bad')", 5)
            assert await bring(gathering, "later") == 5

    book = Book()
    asyncio.run(run())
    assert book.pages == [["one", "bad", "three"], ["later"]]


def test_who_leaves_with_nothing_is_not_waited_for() -> None:
    """A step that failed before it had anything to write holds nobody up."""

    async def leave(gathering: Gathering[str, int], told: asyncio.Event) -> None:
        with gathering.place():
            await told.wait()
            raise LookupError

    async def run() -> None:
        with ThreadPoolExecutor(1) as thread:
            gathering, told = Gathering(book.write, thread, seconds=LONG), asyncio.Event()
            leaving = asyncio.ensure_future(leave(gathering, told))
            await asyncio.sleep(0)
            bringing = asyncio.ensure_future(bring(gathering, "word"))
            for _ in range(3):
                await asyncio.sleep(0)
            assert book.pages == []
            told.set()
            assert await bringing == 4
            with pytest.raises(LookupError):
                await leaving

    book = Book()
    asyncio.run(run())


def test_who_takes_long_is_not_waited_for_longer_than_agreed() -> None:
    """A slow one is written by itself."""

    async def run() -> None:
        with ThreadPoolExecutor(1) as thread:
            gathering, told = Gathering(book.write, thread, seconds=0.01), asyncio.Event()
            slow = asyncio.ensure_future(bring(gathering, "slow", told))
            await asyncio.sleep(0)
            assert await bring(gathering, "quick") == 5
            told.set()
            assert await slow == 4

    book = Book()
    asyncio.run(run())
    assert book.pages == [["quick"], ["slow"]]


def test_where_nothing_can_be_written_everybody_hears_of_it() -> None:
    """A writing that breaks, and a thread that is gone already."""

    async def run() -> None:
        thread = ThreadPoolExecutor(1)
        gathering = Gathering(book.write, thread, seconds=LONG)
        told = await asyncio.gather(*(bring(gathering, word) for word in ("a", "broken")), return_exceptions=True)
        assert [repr(error) for error in told] == ["BrokenPen()"] * 2
        thread.shutdown()
        with pytest.raises(RuntimeError, match="shutdown"):
            await bring(gathering, "late")

    book = Book()
    asyncio.run(run())


def test_who_was_cancelled_hears_nothing_and_spoils_nothing() -> None:
    """Its item is written all the same; a writing that never began is no answer to anybody."""

    async def run() -> None:
        with ThreadPoolExecutor(1) as thread:
            gathering, told = Gathering(book.write, thread, seconds=LONG), asyncio.Event()
            gone = asyncio.ensure_future(bring(gathering, "gone"))
            stays = asyncio.ensure_future(bring(gathering, "stays", told))
            for _ in range(3):
                await asyncio.sleep(0)
            gone.cancel()
            told.set()
            assert await stays == 5
            assert gone.cancelled()

            held, holds = threading.Event(), threading.Event()
            holding = thread.submit(lambda: holds.set() or held.wait())
            holds.wait()
            waiting = asyncio.ensure_future(bring(gathering, "never"))
            for _ in range(3):
                await asyncio.sleep(0)
            thread.shutdown(wait=False, cancel_futures=True)
            held.set()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert holding.result()

    book = Book()
    asyncio.run(run())
    assert book.pages == [["gone", "stays"]]
