"""Are the decisions the same however many workers share them? Whole streams through 1, 2 and 4 workers, row by row.

    PYTHONPATH=tests:training python benchmarks/check_workers.py [--workers 1,2,4] [STREAM ...]

Each run has a new PostgreSQL database and workers with connections, threads and memory of their own. All streams are
followed at once, by watches that share feeds; pages come in another order for each worker, some are missing. What is
compared is every verdict, sentence, mean, development, alert, delivery, article and entry, with all their columns but
the numbers that the database gives. Ends with 1 where anything differs.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import logging
import sys
import time
from pathlib import Path

import structlog
from conftest import postgres_server
from encoders import KeptEncoder
from sharing import STREAMS, Newsstand, decisions, names_of, opened, share

from storywatch.encode import CachedEncoder


def main() -> int:
    """Run it, and say whether all runs were the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("streams", nargs="*", type=Path, help="folders of streams; default: all of tests/data/streams")
    parser.add_argument("--workers", default="1,2,4")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    folders = options.streams or sorted(path.parent for path in STREAMS.glob("*/items.jsonl"))
    stand = Newsstand.of(*folders)
    encoder = CachedEncoder(KeptEncoder(STREAMS / "vectors.npz"))
    print(f"{len(folders)} streams, {len(stand.feeds)} feeds, {len(stand.articles)} articles")
    seen = set()
    with postgres_server() as server:
        for number, workers in enumerate(map(int, options.workers.split(","))):
            server.command(f"CREATE DATABASE run{number}")
            with opened(server.url(f"run{number}")) as database:
                stand.publish(database)
                began = time.perf_counter()
                services = asyncio.run(share(server.url(f"run{number}"), stand, encoder, workers=workers))
                seconds = time.perf_counter() - began
                found = decisions(database)
            broke = sum(len(service.observer.failures) for service in services)  # type: ignore[attr-defined]
            mark = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
            seen.add((mark, broke))
            rate = len(stand.articles) / seconds
            print(
                f"{workers} workers: {names_of(found)}; {broke} steps failed; {rate:.1f} articles/s; {mark}", flush=True
            )
    same = len(seen) == 1 and all(not broke for _, broke in seen)
    print("identical" if same else "NOT identical")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
