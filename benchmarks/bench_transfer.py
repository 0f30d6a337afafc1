"""From SQLite to PostgreSQL: how long it takes, what kill -9 in the middle does, and whether anything is told again.

    python benchmarks/bench_transfer.py [--articles 100000] [--to postgresql+psycopg://…]

Without an address it starts a server of its own; an address must be that of an empty database. The articles are
composed; the developments, their alerts and deliveries are made by the store's own methods. `storywatch migrate --from
--to` is killed when half of the rows are there, and run again. Then feeds list everything anew, and both databases
send for a day: what goes out must be what waited, the same from both.

Ends with 1 where a count differs, or anything that was known, sent or dead comes again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from builders import NOON, a_feed, a_judged, a_listed, a_poll_plan, an_article
from desks import LEASE, Desk
from loopback_postgres import loopback_postgres
from sqlalchemy import func, insert, select, update

from storywatch.core.ids import digest
from storywatch.core.model import AttemptOutcome, DeliveryState, FeedId, WatchId
from storywatch.errors import StorywatchError
from storywatch.store import tables
from storywatch.store.engine import open_database, release_leases
from storywatch.store.packing import pack_paragraphs

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from storywatch.store.engine import Database

WATCHES = 10
DEVELOPMENTS = 400
WAITING = 60
SLICE = 2_000  # articles made at once
LISTED = 50  # entries of a feed
DIM = 384
DRAW = random.Random(7)  # noqa: S311  made-up texts
LATER = NOON + timedelta(hours=6)
WORDS = [
    f"{start}{middle}{end}" for start in "bdfgklmnprstv" for middle in ("an", "er", "io", "u") for end in "aelnrst"
]


def main() -> int:
    """Fill, carry, kill, carry, compare."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder, loopback_postgres() as own:
        target = options.to or own
        if target is None:
            print("PostgreSQL is not installed here, and no address was given: nothing measured.")
            return 0
        source = f"sqlite:///{folder}/storywatch.db"
        began = time.perf_counter()
        filled = fill(source, options.articles)
        size = Path(f"{folder}/storywatch.db").stat().st_size / 1e6
        print(f"{options.articles:,} articles, {filled.rows:,} rows, {size:,.0f} MB; made in {_since(began)}")
        carried = carry(source, target, filled.rows)
        return 0 if carried and nothing_again(source, target, filled) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--to", metavar="ADDRESS")
    return parser.parse_args()


# --------------------------------------------------------------------------- a service's past


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the source."""

    rows: int
    feeds: int


def fill(url: str, articles: int) -> Filled:
    """A service that has worked for a while, and was killed while it sent."""
    database = open_database(url)
    desk = Desk(database)
    desk.begin()
    tell(desk)
    feeds = list_entries(desk, articles)
    with database.write() as connection:
        first = _last(connection, tables.article) + 1
        for begin in range(first, first + articles, SLICE):
            for name, rows in mass(min(SLICE, first + articles - begin), first=begin).items():
                if rows:
                    connection.execute(insert(tables.metadata.tables[name]), rows)
        connection.execute(update(tables.entry).where(tables.entry.c.id % 100 != 0).values(state="judged"))
    rows = sum(counts(database).values())
    database.dispose()
    return Filled(rows, feeds)


def tell(desk: Desk) -> None:
    """Developments with two recipients each; all but some are sent, one in twenty is dead, a few are being sent."""
    for number in range(DEVELOPMENTS):
        told = an_article(url=f"https://harbor-times.example/{number}", title=f"{_words(6)} {number}")
        watch = WatchId(f"story-{number % WATCHES}")
        desk.judge(told, a_judged(told, watch=watch, recipients=("one@desk.example", "two@desk.example")))
    for number in range(2 * DEVELOPMENTS - WAITING):
        [claim] = desk.claims(LATER, limit=1)
        state = DeliveryState.SENT if number % 20 else DeliveryState.DEAD
        desk.outbox.finish_delivery(claim, AttemptOutcome(state=state, at=LATER, reason="so"))
    desk.claims(LATER, limit=5)


def list_entries(desk: Desk, articles: int) -> int:
    """One entry for each article, as feeds list them."""
    feeds = [FeedId(f"feed-{number}") for number in range(articles // LISTED)]
    desk.polls.sync_feeds([a_feed(), *(a_feed(id=feed, url=f"https://{feed}.example/") for feed in feeds)], now=NOON)
    return poll_all(desk, now=LATER)[0]


def poll_all(desk: Desk, *, now: Any) -> tuple[int, int]:
    """Every due feed lists what it listed before: how many feeds, and how many entries were new."""
    feeds, new = 0, 0
    while claims := desk.polls.claim_feeds(now=now, limit=20, lease=LEASE):
        for claim in claims:
            listed = [
                a_listed(f"{claim.feed.id}-{number}", title=f"Harbour news {number}", summary="Ships sail. " * 12)
                for number in range(LISTED)
            ]
            plan = a_poll_plan(*listed, polled_at=now, next_poll_at=now + timedelta(hours=1))
            new += desk.polls.record_poll(claim, plan).new
            feeds += 1
    return feeds, new


def mass(articles: int, *, first: int) -> dict[str, list[dict[str, Any]]]:
    """Articles, each judged for two stories; one in thirty is about one, with what is kept of such."""
    made: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("article", "article_address", "raw_page", "verdict", "known_sentence", "revisit")
    }
    bodies = [pack_paragraphs(tuple(_words(95) for _ in range(4))) for _ in range(100)]
    pages = [zlib.compress(_words(6000).encode(), 6) for _ in range(5)]
    vectors = [np.random.default_rng(seed).random(DIM).astype("<f2").tobytes() for seed in range(200)]
    for key in range(first, first + articles):
        about = key % 30 == 0
        url_key = f"feed-{key % 2000}.example/{key}"
        made["article"].append(_article(key, url_key, bodies[key % 100]))
        made["article_address"].append(_address(url_key))
        made["verdict"] += [_verdict(key, f"story-{place}", vectors[key % 200], about=about) for place in (0, 1)]
        if about:
            made["known_sentence"] += [_sentence(key, position, vectors) for position in range(14)]
            made["raw_page"].append(_page(key, pages[key % 5]))
            made["revisit"].append(_revisit(key, url_key))
    return made


def _article(key: int, url_key: str, body: bytes) -> dict[str, Any]:
    texts = {"url": f"https://{url_key}", "url_key": url_key, "title": _words(9), "summary": _words(25)}
    whose = {"lang": "en", "outlet": f"feed-{key % 2000}", "outlet_name": "Harbor Times", "owner": f"owner-{key % 900}"}
    uid = {"uid": digest("art", str(key)), "raw_hash": digest("raw", str(key)), "state": "full"}
    return {"id": key, **uid, **texts, **whose, "body": body, "published_at": NOON, "seen_at": NOON}


def _address(url_key: str) -> dict[str, Any]:
    uid = digest("url", url_key)
    return {"url": f"https://{url_key}", "url_uid": uid, "article_key": url_key, "kind": "listed", "seen_at": NOON}


def _verdict(key: int, watch: str, lead: bytes, *, about: bool) -> dict[str, Any]:
    figures = {f"figure_{number}": DRAW.random() for number in range(30)}
    reasons = [{"name": "cosine", "figure": 0.81, "pull": 2.5, "words": _words(8)} for _ in range(4)]
    what = {"label": "repeat" if about else "off-topic", "score": DRAW.random(), "relevance": DRAW.random()}
    why = {"match_reasons": reasons, "match_features": figures, "reasons": reasons, "features": figures, "new": []}
    rest = {"rate_shift": 0.0, "encoder": "enc", "lead": lead, "judged_at": NOON, "about": about}
    empty = dict.fromkeys(("severity", "copy_of", "development", "nearest"))
    return {"article_id": key, "watch": watch, **what, **why, **rest, **empty}


def _sentence(key: int, position: int, vectors: list[bytes]) -> dict[str, Any]:
    where = {"watch": "story-0", "article_id": key, "encoder": "enc", "position": position, "place": "body"}
    return {**where, "text": _words(20), "lang": "en", "vector": vectors[(key + position) % len(vectors)]}


def _page(key: int, body: bytes) -> dict[str, Any]:
    address = f"https://feed-{key % 2000}.example/{key}"
    return {"raw_hash": digest("raw", str(key)), "url": address, "headers": {}, "body": body, "fetched_at": NOON}


def _revisit(key: int, url_key: str) -> dict[str, Any]:
    uids = {"uid": digest("visit", url_key), "article": digest("art", str(key)), "url_key": url_key}
    counts = {"visits": 2, "failures": 0, "first_at": NOON, "next_at": LATER, "visited_at": NOON}
    empty = dict.fromkeys(("etag", "last_modified", "raw_hash", "note", "lease", "lease_until"))
    return {"entry_id": 1, "url": f"https://{url_key}", **uids, **counts, **empty}


def _words(count: int) -> str:
    return " ".join(DRAW.choices(WORDS, k=count))


# --------------------------------------------------------------------------- carried, killed, carried


def carry(source: str, target: str, rows: int) -> bool:
    """Killed in the middle, and run again; whether all counts are right then."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "storywatch", "migrate", "--from", source, "--to", target, "--json"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as killed:  # noqa: S603  itself
        while _there(target) < rows / 2:
            with suppress(subprocess.TimeoutExpired):
                print(f"it ended by itself, with {killed.wait(timeout=0.05)}")
                return False
        killed.send_signal(signal.SIGKILL)
    seconds = time.perf_counter() - began
    there = _there(target)
    print(f"killed (status {killed.returncode}) after {seconds:.1f} s, with {there:,} rows there")
    print(f"a service started on it then: {_refusal(target)}")
    began = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True)  # noqa: S603  itself
    again = time.perf_counter() - began
    if done.returncode:
        print(done.stderr.decode())
        return False
    told = json.loads(done.stdout)
    print(f"run again: {again:.1f} s, what was there compared first, all of it at the end")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"both together: {rows / (seconds + again):,.0f} rows/s; {used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime:.0f} s of one core, ",
        end="",
    )
    print(f"{used.ru_maxrss // 1024} MB at most, on a machine with a load of {os.getloadavg()[1]:.0f}")
    return _same(told["tables"], source, target)


def _there(target: str) -> int:
    """Rows in tables that have a mark; there is none before the tables are made."""
    try:
        with closing(psycopg.connect(target.replace("+psycopg", ""))) as connection:
            names = [name for (name,) in connection.execute("SELECT table_name FROM transfer").fetchall()]
            found = [connection.execute(f'SELECT count(*) FROM "{name}"'.encode()).fetchone() for name in names]  # noqa: S608  our own
    except psycopg.errors.UndefinedTable:
        return 0
    return sum(row[0] for row in found if row)


def _refusal(target: str) -> str:
    try:
        open_database(target).dispose()
    except StorywatchError as error:
        return f"refused: {str(error).split(': ', 1)[-1]}"
    return "NOT refused"


def _same(carried: list[dict[str, Any]], source: str, target: str) -> bool:
    old, new = (_counts_at(url) for url in (source, target))
    print(f"\n{'table':20} {'SQLite':>9} {'PostgreSQL':>11}  checksum of both")
    for one in carried:
        if one["rows"]:
            print(f"{one['table']:20} {old[one['table']]:9,} {new[one['table']]:11,}  {one['checksum']}")
    return old == new == {one["table"]: one["rows"] for one in carried}


def _counts_at(url: str) -> dict[str, int]:
    database = open_database(url)
    try:
        return counts(database)
    finally:
        database.dispose()


def counts(database: Database) -> dict[str, int]:
    """Rows by table."""
    with database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables.metadata.sorted_tables
        }


def _last(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.max(table.c.id))).scalar() or 0


# --------------------------------------------------------------------------- nothing again


def nothing_again(source: str, target: str, filled: Filled) -> bool:
    """Both go on from here, and do the same."""
    old, new = open_database(source), open_database(target)
    with ExitStack() as closing_:
        closing_.callback(old.dispose)
        closing_.callback(new.dispose)
        release_leases(old)
        before = states(new)
        print(f"\ndeliveries: {_in_words(states(old))} on SQLite, {_in_words(before)} on PostgreSQL")
        waiting = uids(new, "waiting")
        sent = [send_for_a_day(database) for database in (old, new)]
        rest = [poll_all(Desk(new), now=LATER + timedelta(days=2))]
        alerts = [counts(database)["alert"] for database in (old, new)]
        twice = len(sent[1]) - len({uid for uid, _ in sent[1]})
        print(f"sent within a day: {len(sent[0])} from SQLite, {len(sent[1])} from PostgreSQL")
        print(f"sent that had not waited: {len({uid for uid, _ in sent[1]} - waiting)}, twice: {twice}")
        print(
            f"{rest[0][0]:,} feeds listed the same again: {rest[0][1]} new entries; alerts {alerts[0]} and {alerts[1]}"
        )
        story = [Desk(database).judgements.load_story(WatchId("story-0"), encoder="enc") for database in (old, new)]
        same = repr(story[0]) == repr(story[1])
        print(f"what a story knows is {'the same' if same else 'NOT the same'} in both")
        return (
            sent[0] == sent[1]
            and {uid for uid, _ in sent[1]} == waiting
            and rest[0] == (filled.feeds, 0)
            and alerts[0] == alerts[1]
            and same
        )


def states(database: Database) -> Counter[str]:
    """How many deliveries are in which state."""
    with database.read() as connection:
        return Counter(connection.execute(select(tables.delivery.c.state)).scalars())


def uids(database: Database, state: str) -> set[str]:
    """The deliveries in it."""
    with database.read() as connection:
        found = select(tables.delivery.c.uid).where(tables.delivery.c.state == state)
        return set(connection.execute(found).scalars())


def send_for_a_day(database: Database) -> list[tuple[str, bytes]]:
    """Whatever a service would send: id and bytes, in order."""
    desk, sent = Desk(database), []
    for minute in range(0, 24 * 60, 10):
        at = LATER + timedelta(minutes=minute)
        while claims := desk.claims(at):
            for claim in claims:
                desk.outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.SENT, at=at))
                sent.append((str(claim.id), claim.message))
    return sent


def _in_words(found: Counter[str]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(found.items()))


def _since(began: float) -> str:
    return f"{time.perf_counter() - began:.0f} s"


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
