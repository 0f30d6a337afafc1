from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import pytest

from storywatch.core.model import Listing, Page
from storywatch.errors import Unreadable
from storywatch.fetch.workers import Readers

RSS = b"<rss version='2.0'><channel><item><title>A</title><link>/1</link></item></channel></rss>"
URL = "https://harbor-times.example/feed.xml"
WORDS = "Words that were said here, and some more of them, for the sake of length <b>x</b>."
SLOW = f"<html><body><article>{f'<p>{WORDS}</p>' * 50_000}</article></body></html>".encode()  # six seconds


def children() -> set[int]:
    """The processes that we started and that are not over."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return {int(child) for child in listed.split()}


def test_a_worker_reads_and_stays_for_the_next_task() -> None:
    """One process for many tasks; what it can't read is said in words; in the end it is gone."""

    async def run() -> None:
        before = children()
        readers = Readers()
        assert children() == before  # nothing runs before it is needed
        listing = await readers.read("feed", body=RSS, url=URL)
        assert isinstance(listing, Listing)
        assert [entry.url for entry in listing.entries] == ["https://harbor-times.example/1"]
        started = children() - before
        with pytest.raises(Unreadable, match="an HTML page, not a feed"):
            await readers.read("feed", body=b"<html></html>", url=URL)
        page = await readers.read("page", body=b"<p>" + b"The harbour reopened on Monday. " * 20, url=URL)
        assert isinstance(page, Page)
        assert await readers.read("permission", body=b"", url=URL, agent="storywatch") is True
        assert children() - before == started
        assert len(started) == 1
        await readers.aclose()
        assert children() == before

    asyncio.run(run())


def test_a_worker_that_takes_too_long_is_stopped_and_replaced() -> None:
    """The task is told as unreadable, the next one is read."""

    async def run() -> None:
        readers = Readers(time_limit=0.5)
        with pytest.raises(Unreadable, match=r"the reader was stopped: it took more than 0\.5 s"):
            await readers.read("page", body=SLOW, url=URL)
        assert len((await readers.read("feed", body=RSS, url=URL)).entries) == 1
        await readers.aclose()

    asyncio.run(run())


def test_a_worker_that_falls_over_is_replaced() -> None:
    """Killed from outside, or stumbling over what it did not expect."""

    async def run() -> None:
        before = children()
        readers = Readers()
        await readers.read("feed", body=RSS, url=URL)
        reading = asyncio.ensure_future(readers.read("page", body=SLOW, url=URL))
        await asyncio.sleep(0)
        for child in children() - before:
            os.kill(child, signal.SIGKILL)
        with pytest.raises(Unreadable, match="crashed"):
            await reading
        with pytest.raises(Unreadable, match=r"stumbled over it .TypeError"):
            await readers.read("feed", body=RSS, url=7)
        assert len((await readers.read("feed", body=RSS, url=URL)).entries) == 1
        await readers.aclose()
        assert children() == before

    asyncio.run(run())


@pytest.mark.parametrize("steps", [1, 3, 30])
def test_a_task_cancelled_while_its_worker_starts_leaves_none(steps: int) -> None:
    """At whatever moment of the start."""

    async def run() -> None:
        before = children()
        readers = Readers()
        reading = asyncio.ensure_future(readers.read("feed", body=RSS, url=URL))
        for _ in range(steps):
            await asyncio.sleep(0)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        assert children() == before

    asyncio.run(run())


def test_a_cancelled_task_leaves_no_worker_behind() -> None:
    """Its process ends with it, since nobody waits for the answer."""

    async def run() -> None:
        before = children()
        readers = Readers()
        await readers.read("feed", body=RSS, url=URL)
        reading = asyncio.ensure_future(readers.read("page", body=SLOW, url=URL))
        await asyncio.sleep(0)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        assert children() == before
        await readers.aclose()

    asyncio.run(run())


PARENT = textwrap.dedent("""
    import asyncio, pathlib, os
    from storywatch.fetch.workers import Readers

    async def main():
        readers = Readers(time_limit=100)
        await readers.read("feed", body=b"<rss version='2.0'><channel></channel></rss>", url="https://a.example/")
        print(pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text(), flush=True)
        await readers.read("page", body=b"<html><article>" + b"<p>Words that were <b>said</b>, and more of them.</p>" * 80_000, url="https://a.example/")

    asyncio.run(main())
""")


def test_a_worker_ends_with_its_parent_even_in_the_middle_of_a_task() -> None:
    """kill -9 of the service leaves no process behind."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        watched = os.pidfd_open(worker)
        parent.kill()
        parent.wait()
    import select  # noqa: PLC0415  a process descriptor is readable when the process is over

    ended, _, _ = select.select([watched], [], [], 5)
    os.close(watched)
    assert ended
