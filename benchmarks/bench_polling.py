"""How many feeds a second are polled and parsed, from a server on loopback, and how long the event loop is held.

bench_polling.py [--feeds 300] [--entries 30]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storywatch.core.model import Feed, FeedClaim, FeedId, Listing
from storywatch.fetch.client import Web, build_client, user_agent
from storywatch.fetch.feeds import HttpFeedFetcher
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.workers import Readers

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

IN_FLIGHT = 20
LOOK_EVERY = 0.01


class StandingClock:
    """The time does not matter here."""

    def now(self) -> datetime:
        """Noon."""
        return datetime(2026, 3, 2, 12, tzinfo=UTC)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, default=300)
    arguments.add_argument("--entries", type=int, default=30)
    options = arguments.parse_args()
    spawn = multiprocessing.get_context("spawn")
    ports: Queue[int] = spawn.Queue()
    server = spawn.Process(target=serve, args=(feed_of(options.entries), ports), daemon=True)
    server.start()
    try:
        asyncio.run(measure(ports.get(timeout=30), feeds=options.feeds))
    finally:
        server.terminate()


def feed_of(entries: int) -> bytes:
    """A feed such as an agency's."""
    items = "".join(
        f"<item><title>Harbour news {number}</title><link>/{number}</link>"
        f"<description>&lt;p&gt;{'Dockers return to work. ' * 8}&lt;/p&gt;</description>"
        f"<pubDate>Mon, 02 Mar 2026 12:{number % 60:02}:00 +0200</pubDate></item>"
        for number in range(entries)
    )
    return f"<rss version='2.0'><channel><title>Harbor Times</title>{items}</channel></rss>".encode()


def serve(body: bytes, ports: Queue[int]) -> None:
    """The same feed at every address, until the process is ended."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        ports.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


async def measure(port: int, *, feeds: int) -> None:
    """Poll every feed once."""
    clock, readers, lags = StandingClock(), Readers(), [0.0]
    client = build_client(user_agent=user_agent("benchmark"), allow_networks=["127.0.0.0/8"])
    hosts = Hosts(clock, spacing=timedelta(), parallel=IN_FLIGHT)
    fetcher = HttpFeedFetcher(Web(client, hosts, clock), readers, clock)
    turns = asyncio.Semaphore(IN_FLIGHT)

    async def poll(number: int) -> None:
        feed = Feed(id=FeedId(f"feed-{number}"), url=f"http://127.0.0.1:{port}/{number}", owner="harbor")
        async with turns:
            answer = await fetcher.fetch_feed(FeedClaim(feed=feed, url=feed.url, lease="benchmark"))
        assert isinstance(answer, Listing), answer

    async def watch_the_loop() -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(LOOK_EVERY)
            lags.append(time.perf_counter() - begun - LOOK_EVERY)

    await poll(0)  # the worker starts
    watching = asyncio.ensure_future(watch_the_loop())
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(poll(number) for number in range(feeds)))
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    watching.cancel()
    await readers.aclose()
    await client.aclose()
    reader = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{feeds} feeds in {wall:.1f} s: {feeds / wall:.0f} a second")
    print(f"CPU {cpu:.1f} s here and {reader.ru_utime + reader.ru_stime:.1f} s in the reader")
    print(
        f"event loop held {sorted(lags)[int(len(lags) * 0.95)] * 1000:.1f} ms (95 of 100), {max(lags) * 1000:.1f} ms at most"
    )
    print(f"peak memory of the reader {reader.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
