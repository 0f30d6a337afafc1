"""Daily and weekly digests as rows: what waits is told once, with what was told and what is doubtful, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_judged, a_watch, an_article
from desks import DESK, LEASE
from desks import Desk as Store
from sqlalchemy import insert, select, update

from storywatch.core.alerting import ChannelRules, plan_deliveries
from storywatch.core.model import (
    AttemptOutcome,
    ChannelId,
    DeliveryState,
    DigestTidings,
    Hold,
    Label,
    Severity,
    SilenceKind,
    Tidings,
    WatchId,
)
from storywatch.core.moments import DigestTimes
from storywatch.errors import StorywatchError
from storywatch.ports import Desk
from storywatch.store.digests import Digests
from storywatch.store.tables import alert, delivery, feedback, silence
from storywatch.store.tables import article as article_table

if TYPE_CHECKING:
    from storywatch.core.model import Article, Message
    from storywatch.store.engine import Database

ANNA, BORIS = "anna@desk.test", "boris@desk.test"
EIGHT = DigestTimes(at=time(8), weekday=None, timezone="Europe/Kyiv", let_through=Severity.MAJOR)
TODAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # eight in Kyiv, six hours before NOON
TOMORROW, DAY = TODAY + timedelta(days=1), timedelta(days=1)
STRIKE, FERRY = WatchId("harbour-strike"), WatchId("ferry")


class Newsroom:
    """A store with one channel that has a digest, and two who read it."""

    def __init__(self, database: Database) -> None:
        self.store = Store(database)
        self.store.begin()
        self.database = database
        self.desk = Desk([a_watch(channels=(DESK,)), a_watch(id=FERRY, channels=(DESK,))], {})
        self.rule()
        self.start()

    def rule(self, **changes: Any) -> None:
        self.desk.rules = {DESK: ChannelRules(**{"recipients": (ANNA, BORIS), "digest": EIGHT, **changes})}

    def start(self) -> None:
        """A process that knows nothing but what is in the database."""
        self.digests = Digests(self.database, self.desk)

    def news(self, number: int = 1, *, at: datetime = NOON, watch: WatchId = STRIKE, **how: Any) -> Article:
        """A development is found, and told as the channel's rules say."""
        severity = how.pop("severity", Severity.MINOR)
        article = an_article(url=f"https://first.example/{watch}/{number}", title=f"News {number}", seen_at=at)
        judged = a_judged(article, watch=watch)
        assert judged.alert is not None
        planned = plan_deliveries(judged.alert, [DESK], severity=severity, rules=self.desk.rules, now=at)
        return self.store.judge(article, replace(judged, deliveries=planned))

    def doubt(self, number: int = 1, **how: Any) -> Article:
        """An article is found that may be news; at noon."""
        article = an_article(url=f"https://first.example/doubt/{number}", title=f"Perhaps {number}")
        return self.store.judge(article, a_judged(article, label=Label.POSSIBLE, **how))

    def read(self, at: datetime) -> dict[str, Message]:
        """What each recipient is sent now."""
        sent: dict[str, Message] = {}

        def render(message: Message) -> bytes:
            assert message.recipient.address not in sent, "two messages to one recipient"
            sent[message.recipient.address] = message
            return b"words"

        claim_deliveries = partial(self.store.outbox.claim_deliveries, rules=self.desk.rules[DESK], render=render)
        for claim in claim_deliveries([DESK], now=at, limit=100, lease=LEASE):
            self.store.outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.SENT, at=at))
        return sent

    def digest(self, at: datetime) -> dict[str, DigestTidings]:
        """What each recipient reads when the digests of a moment are made and sent."""
        self.digests.announce(now=at)
        read = self.read(at)
        for message in read.values():
            assert isinstance(message, DigestTidings)
        return read  # type: ignore[return-value]  # each one was asked

    def rows(self, *columns: Any) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(select(*columns).order_by(delivery.c.id))]

    def alerts(self) -> list[tuple[str, str | None]]:
        """The words of each digest, and why it was not sent."""
        query = select(alert.c.detail, alert.c.held).where(alert.c.kind == "digest").order_by(alert.c.id)
        with self.database.read() as connection:
            return [(row.detail["words"], row.held) for row in connection.execute(query)]

    def silence(self, watch: WatchId, kind: SilenceKind, *, address: str | None = None, **until: Any) -> None:
        values = {"watch": watch, "kind": kind, "created_at": NOON, "until_major": False, **until}
        with self.database.write() as connection:
            to = {"channel": DESK, "address": address} if address else {}
            connection.execute(insert(silence).values(values | to))


@pytest.fixture
def newsroom(database: Database) -> Newsroom:
    made = Newsroom(database)
    made.digests.announce(now=TODAY + timedelta(hours=1))
    return made


def titles(message: DigestTidings) -> list[str]:
    return [gist.development.headline for gist in message.gists]


def test_what_waited_is_told_once_to_each_recipient(newsroom: Newsroom) -> None:
    """All of it in one message at the digest's time; nothing before, and nothing again."""
    newsroom.news(1)
    newsroom.news(2, at=NOON + timedelta(hours=2), watch=FERRY)
    assert newsroom.digest(TOMORROW - timedelta(seconds=1)) == {}
    told = newsroom.digest(TOMORROW)
    assert {address: titles(message) for address, message in told.items()} == {
        ANNA: ["News 1", "News 2"],
        BORIS: ["News 1", "News 2"],
    }
    detail = told[ANNA].alert.detail
    assert detail == {
        "because": "digest",
        "words": "Daily digest of 3 March",
        "since": TODAY.isoformat(),
        "until": TOMORROW.isoformat(),
        "watches": [STRIKE, FERRY],
        "channel": DESK,
    }
    assert newsroom.digest(TOMORROW + timedelta(minutes=1)) == {}
    newsroom.start()
    assert newsroom.digest(TOMORROW + timedelta(minutes=2)) == {}
    assert newsroom.digest(TOMORROW + DAY) == {}


def test_every_row_says_what_became_of_it(newsroom: Newsroom) -> None:
    """Rows that waited are folded into the digest's own and say so; none is lost and none is left."""
    newsroom.news(1)
    assert set(newsroom.rows(delivery.c.state, delivery.c.hold)) == {(DeliveryState.WAITING, Hold.DIGEST)}
    newsroom.digest(TOMORROW)
    rows = newsroom.rows(delivery.c.address, delivery.c.state, delivery.c.folded_into, delivery.c.uid)
    carriers = {address: uid for address, state, _, uid in rows if state == DeliveryState.SENT}
    assert set(carriers) == {ANNA, BORIS}
    assert [(address, into) for address, state, into, _ in rows if state == DeliveryState.FOLDED] == [
        (ANNA, carriers[ANNA]),
        (BORIS, carriers[BORIS]),
    ]


def test_a_digest_that_was_missed_is_made_up_once(newsroom: Newsroom) -> None:
    """After days without the service there is one digest, of the last moment, with everything since the last one."""
    newsroom.news(1)
    newsroom.digest(TOMORROW)
    newsroom.news(2, at=TOMORROW + timedelta(hours=1))
    newsroom.news(3, at=TOMORROW + timedelta(days=2))
    newsroom.start()
    back = TOMORROW + timedelta(days=4, hours=3)
    told = newsroom.digest(back)[ANNA]
    assert titles(told) == ["News 2", "News 3"]
    assert told.alert.detail["since"] == TOMORROW.isoformat()
    assert told.alert.detail["until"] == (TOMORROW + timedelta(days=4)).isoformat()
    assert newsroom.digest(back + timedelta(minutes=1)) == {}


def test_what_is_found_after_the_moment_waits_for_the_next_one(newsroom: Newsroom) -> None:
    """A digest that is made up late does not tell what came after its time: that has a digest of its own."""
    newsroom.news(1)
    newsroom.news(2, at=TOMORROW + timedelta(minutes=30))
    assert titles(newsroom.digest(TOMORROW + timedelta(hours=1))[ANNA]) == ["News 1"]
    assert titles(newsroom.digest(TOMORROW + DAY)[ANNA]) == ["News 2"]


def test_what_was_told_at_once_and_what_is_doubtful_are_in_it(newsroom: Newsroom) -> None:
    """Without anything that waited there is still a digest; what it speaks of, it speaks of once."""
    newsroom.news(1, severity=Severity.MAJOR)
    assert set(newsroom.read(NOON)) == {ANNA, BORIS}
    newsroom.doubt()
    told = newsroom.digest(TOMORROW)[BORIS]
    assert titles(told) == []
    assert [gist.development.headline for gist in told.told] == ["News 1"]
    assert [doubt.report.title for doubt in told.doubts] == ["Perhaps 1"]
    assert newsroom.digest(TOMORROW + DAY) == {}


def test_what_was_told_to_one_is_in_the_digest_of_that_one(newsroom: Newsroom) -> None:
    """Who was told of nothing, and has nothing to wait for, gets no digest."""
    newsroom.rule(recipients=(ANNA,))
    newsroom.news(1, severity=Severity.MAJOR)
    newsroom.read(NOON)
    newsroom.rule()
    assert set(newsroom.digest(TOMORROW)) == {ANNA}


def test_with_nothing_to_tell_no_digest_is_sent_and_that_is_kept(newsroom: Newsroom) -> None:
    """The alert says why nothing went; the next digest begins where it ended."""
    assert newsroom.digest(TOMORROW) == {}
    assert newsroom.alerts()[-1] == ("Daily digest of 3 March", "nothing to tell")
    newsroom.news(1, at=TOMORROW + timedelta(hours=1))
    told = newsroom.digest(TOMORROW + DAY)[ANNA]
    assert told.alert.detail["since"] == TOMORROW.isoformat()


def test_the_first_digest_is_the_next_one(database: Database) -> None:
    """Who asks for digests at noon is not sent that of the morning, whatever happened yesterday."""
    newsroom = Newsroom(database)
    newsroom.doubt()
    later = NOON + timedelta(hours=1)
    newsroom.rule(digest=replace(EIGHT, at=time(14, 30)))
    assert newsroom.digest(later) == {}
    assert newsroom.alerts() == [
        ("Daily digest of 2 March", "it was due before there were digests: the next one is the first")
    ]
    newsroom.start()
    assert newsroom.digest(later + timedelta(minutes=1)) == {}


def test_what_waited_for_the_first_digest_is_told_though_nobody_was_at_work(database: Database) -> None:
    """A service that was down at the time of its very first digest makes up for it."""
    newsroom = Newsroom(database)
    newsroom.news(1)
    assert titles(newsroom.digest(TOMORROW + timedelta(hours=5))[ANNA]) == ["News 1"]


def test_a_doubt_that_the_desk_has_settled_makes_no_digest(newsroom: Newsroom) -> None:
    """What the desk has spoken of is no longer doubtful."""
    article = newsroom.doubt()
    with newsroom.database.write() as connection:
        key = connection.execute(select(article_table.c.id).where(article_table.c.uid == article.id)).scalar_one()
        said = {"watch": STRIKE, "article_id": key, "kind": "wrong", "off_topic": False, "given_at": NOON}
        connection.execute(insert(feedback).values(said))
    assert newsroom.digest(TOMORROW) == {}


def test_a_muted_story_is_left_out_and_a_snoozed_one_comes_later(newsroom: Newsroom) -> None:
    """What was silenced after it was planned says so in its row; its doubts are not told either."""
    newsroom.news(1)
    newsroom.news(2, watch=FERRY)
    newsroom.doubt(1, watch=STRIKE)
    newsroom.silence(STRIKE, SilenceKind.MUTE)
    newsroom.silence(FERRY, SilenceKind.SNOOZE, address=ANNA, until=TOMORROW + timedelta(hours=5))
    told = newsroom.digest(TOMORROW)
    assert {address: titles(message) for address, message in told.items()} == {BORIS: ["News 2"]}
    assert told[BORIS].doubts == ()
    states = newsroom.rows(delivery.c.watch, delivery.c.address, delivery.c.state, delivery.c.hold, delivery.c.reason)
    assert (STRIKE, ANNA, DeliveryState.MUTED, Hold.DIGEST, "muted until it is ended") in states
    assert (FERRY, ANNA, DeliveryState.WAITING, Hold.SNOOZE, None) in states


def test_a_mute_until_the_next_major_development_lets_that_one_through(newsroom: Newsroom) -> None:
    """A silence covers what it says it covers, in a digest too."""
    newsroom.rule(digest=replace(EIGHT, let_through=None))
    newsroom.news(1)
    newsroom.news(2, at=NOON + timedelta(hours=1), severity=Severity.MAJOR)
    newsroom.silence(STRIKE, SilenceKind.MUTE, until_major=True)
    assert titles(newsroom.digest(TOMORROW)[ANNA]) == ["News 2"]


def test_a_digest_that_is_moved_takes_along_what_waited_for_the_old_one(newsroom: Newsroom) -> None:
    """What waits is told in the next digest that there is, earlier or later than the one it waited for."""
    newsroom.rule(digest=replace(EIGHT, weekday=0))
    newsroom.news(1)
    newsroom.rule()
    assert titles(newsroom.digest(TOMORROW)[ANNA]) == ["News 1"]
    newsroom.news(2, at=TOMORROW + timedelta(hours=1))
    newsroom.rule(digest=replace(EIGHT, at=time(18)))
    assert newsroom.digest(TOMORROW + timedelta(hours=9)) == {}
    assert titles(newsroom.digest(TOMORROW + timedelta(hours=10))[ANNA]) == ["News 2"]


def test_where_the_digest_is_taken_away_what_waited_goes_all_the_same(newsroom: Newsroom) -> None:
    """At the time for which it waited, together."""
    newsroom.news(1)
    newsroom.news(2, at=NOON + timedelta(hours=1))
    newsroom.rule(digest=None)
    told = newsroom.digest(TOMORROW)
    assert {address: titles(message) for address, message in told.items()} == {
        ANNA: ["News 1", "News 2"],
        BORIS: ["News 1", "News 2"],
    }


def test_what_waited_for_an_address_that_is_taken_away_does_not_wait_for_ever(newsroom: Newsroom) -> None:
    """It goes to the sender with the others, who says what became of it."""
    newsroom.news(1)
    newsroom.rule(recipients=(ANNA,))
    assert set(newsroom.digest(TOMORROW)) == {ANNA, BORIS}


def test_what_somebody_is_working_on_is_left_to_him(newsroom: Newsroom) -> None:
    """A row that is claimed is not told in a digest as well."""
    newsroom.news(1)
    with newsroom.database.write() as connection:
        connection.execute(update(delivery).values(lease="a-lease", lease_until=TOMORROW + timedelta(hours=1)))
    assert newsroom.digest(TOMORROW) == {}


def test_a_clock_that_ran_ahead_keeps_no_digest_from_coming(newsroom: Newsroom) -> None:
    """What was made in a future that did not come does not stand in the way of what is due now."""
    newsroom.doubt()
    newsroom.digests.announce(now=NOON + timedelta(days=400))
    newsroom.news(1, at=NOON)
    newsroom.read(NOON + timedelta(days=400))
    newsroom.start()
    assert titles(newsroom.digest(TOMORROW)[ANNA]) == ["News 1"]


def test_other_channels_have_their_own_times(newsroom: Newsroom) -> None:
    """Each channel's digest goes by its own clock, and a channel without one has none."""
    york, plain = ChannelId("york"), ChannelId("plain")
    newsroom.desk.watches = [a_watch(channels=(DESK, york, plain))]
    newsroom.desk.rules = newsroom.desk.rules | {
        york: ChannelRules(recipients=(york,), digest=replace(EIGHT, timezone="America/New_York")),
        plain: ChannelRules(recipients=(plain,)),
    }
    newsroom.digests.announce(now=NOON)
    newsroom.doubt()
    assert len(newsroom.digests.announce(now=NOON + timedelta(minutes=59))) == 0
    assert len(newsroom.digests.announce(now=NOON + timedelta(hours=1))) == 1
    assert len(newsroom.digests.announce(now=TOMORROW)) == 2


def test_a_digest_that_could_not_be_written_is_tried_again(newsroom: Newsroom) -> None:
    """An error leaves nothing half made, and the moment is looked at anew."""
    newsroom.news(1)
    with newsroom.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE silence RENAME TO elsewhere")
    with pytest.raises(StorywatchError):
        newsroom.digests.announce(now=TOMORROW)
    with newsroom.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO silence")
    assert len(newsroom.digests.announce(now=TOMORROW + timedelta(seconds=5))) == 2


def test_what_a_moved_digest_has_left_holds_up_nothing(newsroom: Newsroom) -> None:
    """A reload makes it weekly: what waited for tomorrow waits on and says for when; a major one is told at once."""
    newsroom.news(1)
    newsroom.rule(digest=replace(EIGHT, weekday=4))
    friday = TODAY + 4 * DAY
    later = TOMORROW + timedelta(hours=1)
    newsroom.news(2, at=later, severity=Severity.MAJOR)
    assert newsroom.digest(later - timedelta(minutes=1)) == {}
    assert {type(message) for message in newsroom.read(later).values()} == {Tidings}
    with newsroom.database.read() as connection:
        waiting = connection.execute(select(delivery).where(delivery.c.state == DeliveryState.WAITING)).all()
    assert {(row.note, row.due_at) for row in waiting} == {
        ("waits for the digest of 2026-03-06 08:00 (Europe/Kyiv)", friday)
    }
    assert titles(newsroom.digest(friday)[ANNA]) == ["News 1"]


def test_a_digest_that_was_moved_forward_stands_in_the_line_where_it_is_made(newsroom: Newsroom) -> None:
    """It tells what was to wait for longer: what is found after it does not go before it."""
    newsroom.news(1)
    newsroom.rule(digest=replace(EIGHT, at=time(18)))
    evening = datetime(2026, 3, 2, 16, tzinfo=UTC)
    newsroom.digests.announce(now=evening)
    newsroom.news(2, at=evening + timedelta(minutes=1), severity=Severity.MAJOR)
    read = newsroom.read(evening + timedelta(minutes=1))
    assert {type(message) for message in read.values()} == {DigestTidings}
