from __future__ import annotations

import shutil
import tempfile
from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_feed, a_judged, a_listed, a_poll_plan, an_article
from desks import DESK, LEASE, Desk, render
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import event, select, text

from storywatch.core.alerting import ChannelRules
from storywatch.core.model import AttemptOutcome, DeliveryState, EntryState, FeedId
from storywatch.errors import StorywatchError
from storywatch.store import tables
from storywatch.store.engine import open_database, release_leases
from storywatch.store.migrate import migrate_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from storywatch.core.model import Article, DeliveryClaim, Entry, ListedEntry

Doom = tuple[str, int]

OTHER = FeedId("other")
RECIPIENTS = ("a@example.org", "b@example.org")
RULES = ChannelRules(recipients=RECIPIENTS, min_interval=timedelta(minutes=15))  # what comes sooner is told together
STEPS = ("claim feeds", "record poll", "claim entries", "record article", "claim deliveries", "send", "finish")
# In which step the process is killed, and after how many statements, commits and lines from its beginning.
DOOMS = st.tuples(st.sampled_from(STEPS), st.one_of(st.integers(0, 5), st.integers(0, 14)))


class Killed(BaseException):
    """Nobody catches this, as nobody catches kill -9."""


class Fuse:
    """Counts statements, commits and the lines between them; at the end of it the connection is gone."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.burnt = False

    def burn(self, connection: Any = None, *_: object) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left, self.burnt = None, True
            if connection is not None:
                connection.connection.driver_connection.close()
            raise Killed


class Crashes(RuleBasedStateMachine):
    """Feeds list, entries are judged, deliveries are sent; and at any moment the process is killed."""

    make_url: Callable[[], str]
    folded = 0

    def __init__(self) -> None:
        super().__init__()
        self.url = type(self).make_url()
        self.now = NOON
        self.listed = 0
        self.fuse = Fuse()
        self.doom: Doom | None = None
        self.sent: Counter[str] = Counter()
        self.rendered: defaultdict[str, set[bytes]] = defaultdict(set)
        self.unsure = 0  # kills after something was sent and before that was noted
        self.open()

    def open(self) -> None:
        self.desk = Desk(open_database(self.url))
        event.listen(self.desk.database.writer, "before_cursor_execute", self.fuse.burn)
        event.listen(self.desk.database.writer, "commit", self.fuse.burn)

    def live(self, life: Callable[[], None], doom: Doom | None) -> None:
        """One stretch of a process's life, which may end in any of its steps."""
        self.doom = doom
        try:
            life()
        except Killed:
            self.die()
        except StorywatchError:  # closing what was torn off failed as well
            assert self.fuse.burnt
            self.die()
        finally:
            self.doom, self.fuse.left = None, None

    def begin(self, step: str) -> None:
        """The process is alive and goes on to this step."""
        self.fuse.burn()
        if self.doom is not None and self.doom[0] == step:
            (_, self.fuse.left), self.doom = self.doom, None

    def die(self) -> None:
        self.fuse.burnt = False
        self.desk.database.dispose()
        self.open()

    @initialize()
    def configure(self) -> None:
        self.desk.polls.sync_feeds([a_feed(), a_feed(id=OTHER)], now=NOON)
        for claim in self.desk.polls.claim_feeds(now=NOON, limit=9, lease=LEASE):
            self.desk.polls.record_poll(claim, a_poll_plan(state=EntryState.BASELINE))

    @rule(new=st.integers(1, 2), doom=DOOMS, refused=st.booleans())
    def work(self, new: int, doom: Doom | None, *, refused: bool) -> None:
        self.now += timedelta(minutes=8)
        self.listed += new

        def life() -> None:
            self._poll()
            self._read()
            self._deliver(refused=refused)

        self.live(life, doom)

    @rule()
    def work_for_a_while(self) -> None:
        """What is held is told together only by who lives for a while."""
        for _ in range(3):
            self.work(new=1, doom=None, refused=False)

    @rule(doom=DOOMS)
    def deliver(self, doom: Doom) -> None:
        self.live(self._deliver, doom)

    def _poll(self) -> None:
        self.begin("claim feeds")
        for claim in self.desk.polls.claim_feeds(now=self.now, limit=9, lease=LEASE):
            self.begin("record poll")
            listing = listing_of(claim.feed.id, self.listed)
            self.desk.polls.record_poll(claim, a_poll_plan(*listing, polled_at=self.now))

    def _read(self) -> None:
        self.begin("claim entries")
        for entry in self.desk.polls.claim_entries(now=self.now, limit=4, lease=LEASE):
            article = article_of(entry)
            judged = a_judged(article, recipients=RECIPIENTS, not_before=self.now)
            self.begin("record article")
            self.desk.judgements.record_article(entry, article, [judged], encoder="enc", now=self.now)

    def _deliver(self, *, refused: bool = False) -> None:
        self.begin("claim deliveries")
        claims = self.desk.outbox.claim_deliveries(
            [DESK], now=self.now, limit=4, lease=LEASE, render=render, rules=RULES
        )
        for claim in claims:
            self.rendered[claim.id].add(claim.message)
            if refused:
                retry_at = self.now + timedelta(minutes=1)
                self._finish(claim, AttemptOutcome(state=DeliveryState.WAITING, at=self.now, retry_at=retry_at))
            else:
                self._send(claim)

    def _send(self, claim: DeliveryClaim) -> None:
        self.begin("send")
        self.sent[claim.id] += 1
        self.unsure += 1
        self._finish(claim, AttemptOutcome(state=DeliveryState.SENT, at=self.now))
        self.unsure -= 1

    def _finish(self, claim: DeliveryClaim, outcome: AttemptOutcome) -> None:
        self.begin("finish")
        self.desk.outbox.finish_delivery(claim, outcome)

    @rule()
    def wait(self) -> None:
        self.now += timedelta(minutes=6)

    @rule()
    def start_anew(self) -> None:
        self.die()
        release_leases(self.desk.database)

    def teardown(self) -> None:
        try:
            self.now += timedelta(minutes=20)
            self._poll()
            for _ in range(2 * self.listed + 2):
                self.now += timedelta(minutes=16)  # more than the interval
                self._read()
                self._deliver()
            self.check()
        finally:
            self.desk.database.dispose()

    def check(self) -> None:
        expected = {
            planned.id: article.title
            for article in articles(self.listed)
            for planned in a_judged(article, recipients=RECIPIENTS).deliveries
        }
        with self.desk.database.read() as connection:
            states = Counter(connection.execute(select(tables.entry.c.state)).scalars())
            rows = {row.uid: row for row in connection.execute(select(tables.delivery))}
            attempts = connection.execute(select(tables.attempt.c.state)).scalars().all()
        assert states == Counter({EntryState.JUDGED: 2 * self.listed}), "an entry was lost, or never judged"
        folded = {uid: row.folded_into for uid, row in rows.items() if row.state == DeliveryState.FOLDED}
        carriers = set(folded.values())
        assert rows.keys() == expected.keys() | carriers, "a delivery was lost, or planned under two ids"
        assert not carriers & expected.keys()
        assert all(list(folded.values()).count(uid) > 1 for uid in carriers), "one that waited alone was folded"
        assert self.sent.keys() == rows.keys() - folded.keys(), "a delivery was never sent, or sent and folded too"
        assert all(len(messages) == 1 for messages in self.rendered.values()), "a message changed"
        assert self.sent.total() - len(self.sent) <= self.unsure, "a delivery was repeated without need"
        assert Counter(attempts)[DeliveryState.SENT] == len(self.sent)
        type(self).folded += len(folded)


def article_of(entry: Entry) -> Article:
    return an_article(url=entry.url, url_key=entry.url_key, title=entry.title, seen_at=NOON)


def listing_of(feed: FeedId, count: int) -> list[ListedEntry]:
    """Both feeds carry every third report; the others they have for themselves."""
    return [a_listed(f"{feed if number % 3 else 'both'}-{number}") for number in range(count)]


def articles(count: int) -> Iterator[Article]:
    for feed in (a_feed().id, OTHER):
        for listed in listing_of(feed, count):
            yield an_article(url=listed.url, url_key=listed.url_key, title=listed.title, seen_at=NOON)


def run(make_url: Callable[[], str]) -> None:
    machine = type("Crashes", (Crashes,), {"make_url": staticmethod(make_url)})
    few = settings(
        max_examples=25,
        stateful_step_count=12,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # making a failure small would take minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=few)
    assert machine.folded, "nothing was ever told together"


def test_a_process_killed_anywhere_on_sqlite_loses_nothing_and_repeats_only_what_was_under_way(tmp_path: Path) -> None:
    """Whenever it is killed, each entry is judged once and each delivery is sent, under one id and in the same bytes."""
    template = tmp_path / "template.db"
    migrate_database(f"sqlite:///{template}")

    def make_url() -> str:
        folder = tempfile.mkdtemp(dir=tmp_path)
        return f"sqlite:///{shutil.copy(template, folder)}"

    run(make_url)


@pytest.mark.timeout(240)
def test_a_process_killed_anywhere_on_postgresql_loses_nothing(postgres_url: str) -> None:
    """The same on PostgreSQL, where the connection is torn off."""
    migrate_database(postgres_url)
    names = ", ".join(f'"{table.name}"' for table in tables.metadata.sorted_tables)

    def make_url() -> str:
        database = open_database(postgres_url)
        with database.write() as connection:
            connection.execute(text(f"TRUNCATE {names}"))
        database.dispose()
        return postgres_url

    run(make_url)
