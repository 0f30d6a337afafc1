from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_feed, a_listed, a_listing, a_poll_plan
from desks import LEASE, Desk
from sqlalchemy import event, select, update

from storywatch.core.cadence import LONGEST
from storywatch.core.model import EntryState, FeedId, FeedNotice, NoticeKind, NotModified, PollOutcome
from storywatch.core.websub import AFTER_DENIAL, Called, HubState
from storywatch.store import tables
from storywatch.store.engine import open_database
from storywatch.store.subscriptions import Subscriptions

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.core.model import FeedAnswer
    from storywatch.core.websub import HubClaim
    from storywatch.store.engine import Database

HUB = "https://hub.example/"
TOPIC = "https://harbor-times.example/feed.xml"
BASE = "https://desk.example"
TIMES = FeedId("harbor-times")
DAYS = timedelta(days=1)
MINUTES = timedelta(minutes=1)


@dataclass
class HubDesk:
    """A store, a clock that tests move, and the moves of polls and hubs."""

    database: Database
    now: datetime = NOON
    keys: int = 0
    interval: timedelta = timedelta(minutes=20)
    feed: Any = field(default_factory=a_feed)

    def __post_init__(self) -> None:
        self.desk = Desk(self.database)
        self.desk.polls.sync_feeds([self.feed], now=NOON - timedelta(hours=1))
        self.desk.poll(at=NOON - timedelta(hours=1), state=EntryState.BASELINE)
        self.hubs = Subscriptions(self.database)

    def later(self, by: timedelta) -> None:
        self.now += by

    def poll(
        self,
        *,
        news: int = 0,
        hub: str | None = HUB,
        topic: str | None = TOPIC,
        answer: FeedAnswer | None = None,
        called: bool = False,
        **plan: Any,
    ) -> None:
        """One poll, due or not, with `news` new entries; `called`: the hub calls while the feed is asked."""
        with self.database.write() as connection:
            connection.execute(update(tables.feed).values(next_poll_at=self.now))
        [claim] = self.desk.polls.claim_feeds(now=self.now, limit=1, lease=LEASE)
        began_at = self.now
        if called:
            assert self.call() is not Called.UNKNOWN
            self.later(timedelta(seconds=1))
        listed = [a_listed(str(self.keys + number)) for number in range(news)]
        self.keys += news
        values = {"polled_at": self.now, "interval": self.interval, "next_poll_at": self.now + self.interval, **plan}
        planned = a_poll_plan(*listed, **values)
        outcome = self.desk.polls.record_poll(claim, planned)
        heard = answer or a_listing(hub=hub, topic=topic)
        self.hubs.note_poll(claim, heard, planned, outcome, began_at=began_at)

    def asked(self, base_url: str = BASE) -> list[HubClaim]:
        return self.hubs.claim_hubs(now=self.now, limit=9, base_url=base_url)

    def subscribe(self, *, lease: str | None = "864000") -> HubClaim:
        """The feed names a hub, it is asked, and verifies."""
        self.poll()
        [claim] = self.asked()
        self.hubs.record_asked(claim, failure=None, now=self.now)
        assert self.confirm(claim, lease=lease)
        return claim

    def confirm(self, claim: HubClaim, **changes: Any) -> bool:
        values = {"mode": claim.mode, "topic": claim.topic, "lease": "864000", "now": self.now, **changes}
        return self.hubs.confirm(values.pop("token", claim.token), **values)

    def call(self) -> Called:
        [token] = [row.token for row in self.rows()]
        return self.hubs.take_call(token, now=self.now)

    def news(self, *, told: bool) -> None:
        """An hour later something is published; the hub says so, or does not, before the poll finds it."""
        self.later(timedelta(hours=1))
        if told:
            assert self.call() is not Called.UNKNOWN
            self.later(timedelta(seconds=1))
        self.poll(news=1)

    def rows(self) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(select(tables.subscription)))

    @property
    def state(self) -> HubState:
        return self.hubs.views()[TIMES].state

    @property
    def wait(self) -> timedelta:
        """Until the next poll."""
        with self.database.read() as connection:
            at: datetime = connection.execute(select(tables.feed.c.next_poll_at)).scalar_one()
        return at - self.now


@pytest.fixture
def at(database: Database) -> HubDesk:
    return HubDesk(database)


# --------------------------------------------------------------------- asking


def test_a_feed_that_names_a_hub_is_subscribed_to(at: HubDesk) -> None:
    """Wanted, asked, confirmed; each once, with a token and a secret that nobody can guess."""
    at.poll()
    assert at.state is HubState.WANTED
    [claim] = at.asked()
    assert at.state is HubState.ASKED
    assert at.asked() == []
    assert (claim.hub, claim.topic, claim.mode, claim.asks) == (HUB, TOPIC, "subscribe", 1)
    assert claim.callback == f"{BASE}/websub/{claim.token}"
    assert len(claim.token) == 43
    assert 32 <= len(claim.secret.encode()) < 200
    assert at.confirm(claim)
    assert at.state is HubState.CONFIRMED
    assert at.hubs.views()[TIMES].expires_at == NOON + 10 * DAYS


@pytest.mark.parametrize(("hub", "topic"), [(None, TOPIC), (HUB, None), (None, None), ("ftp://hub.example/", TOPIC)])
def test_a_feed_that_names_none_is_only_polled(at: HubDesk, hub: str | None, topic: str | None) -> None:
    """A hub is nothing without the feed's own address."""
    at.poll(hub=hub, topic=topic)

    assert at.rows() == []


def test_a_hub_is_asked_anew_at_four_fifths_of_its_lease(at: HubDesk) -> None:
    """And stays confirmed meanwhile; the new lease counts from the new confirmation."""
    first = at.subscribe(lease="864000")
    at.later(8 * DAYS - MINUTES)
    assert at.asked() == []
    at.later(MINUTES)
    [again] = at.asked()
    assert again == first
    assert at.state is HubState.CONFIRMED
    assert at.confirm(again, lease="86400")
    assert at.hubs.views()[TIMES].expires_at == at.now + DAYS


def test_a_lease_that_was_not_renewed_is_expired_and_asked_for_again(at: HubDesk) -> None:
    """After a week without a process, say: the hub may not call any more, and is asked until it confirms."""
    at.subscribe(lease="86400")
    at.later(2 * DAYS)
    [claim] = at.asked()
    assert at.state is HubState.EXPIRED
    at.hubs.record_asked(claim, failure="the hub hub.example answered 503", now=at.now)
    assert at.state is HubState.FAILED
    at.later(10 * MINUTES)
    [claim] = at.asked()
    assert at.confirm(claim)
    assert at.state is HubState.CONFIRMED


def test_a_hub_that_can_not_be_asked_is_tried_again_ever_more_rarely(at: HubDesk) -> None:
    """Twice as long each time, a day at the most, with the reason; Retry-After makes it longer, a day at the most."""
    at.poll()
    waits = []
    for _ in range(12):
        [claim] = at.asked()
        at.hubs.record_asked(claim, failure="the hub hub.example answered 503", now=at.now)
        view = at.hubs.views()[TIMES]
        assert (view.state, view.note) == (HubState.FAILED, "the hub hub.example answered 503")
        assert view.next_at
        waits.append(view.next_at - at.now)
        at.now = view.next_at
    assert waits[:3] == [5 * MINUTES, 10 * MINUTES, 20 * MINUTES]
    assert waits[-1] == DAYS
    at.later(-timedelta(seconds=1))
    assert at.asked() == []


def test_retry_after_of_a_hub_is_kept(at: HubDesk) -> None:
    """An hour is an hour, a year is a day."""
    for wish, wait in ((timedelta(hours=1), timedelta(hours=1)), (timedelta(days=366), DAYS)):
        at.poll()
        [claim] = at.asked()
        at.hubs.record_asked(claim, failure="429", now=at.now, retry_after=wish)
        view = at.hubs.views()[TIMES]
        assert view.next_at
        assert view.next_at - at.now == wait
        at.now = view.next_at


def test_a_hub_that_never_verifies_says_what_may_be_wrong(at: HubDesk) -> None:
    """It took the request and did not call: the address is probably out of its reach."""
    at.poll()
    [claim] = at.asked()
    at.hubs.record_asked(claim, failure=None, now=at.now)
    at.later(5 * MINUTES)
    at.asked()

    assert "base_url of [web]" in str(at.hubs.views()[TIMES].note)


def test_a_hub_that_verifies_before_it_answers_is_confirmed(at: HubDesk) -> None:
    """Even where its answer is then lost."""
    at.poll()
    [claim] = at.asked()
    assert at.confirm(claim)
    at.hubs.record_asked(claim, failure="no answer in 30 s", now=at.now)

    view = at.hubs.views()[TIMES]
    assert (view.state, view.note) == (HubState.CONFIRMED, None)


def test_nothing_is_forgotten_by_a_restart(database_url: str) -> None:
    """Between asking and verifying, and between verifying and calling."""
    first = HubDesk(open_database(database_url))
    first.poll()
    [claim] = first.asked()
    first.database.dispose()

    database = open_database(database_url)
    second = Subscriptions(database)
    asked = {"mode": "subscribe", "topic": TOPIC, "lease": "60"}
    assert second.claim_hubs(now=NOON, limit=9, base_url=BASE) == []
    assert second.confirm(claim.token, **asked, now=NOON + MINUTES)  # type: ignore[arg-type]  # a mapping of words
    assert second.take_call(claim.token, now=NOON + MINUTES) is not Called.UNKNOWN
    database.dispose()


def test_another_base_url_is_told_to_the_hubs(at: HubDesk) -> None:
    """They would call the old address for days."""
    first = at.subscribe()
    [again] = at.asked("https://new.example/desk")

    assert again.callback == f"https://new.example/desk/websub/{first.token}"
    assert at.asked("https://new.example/desk") == []


# --------------------------------------------------------------------- verifying


def test_only_what_was_asked_is_confirmed(at: HubDesk) -> None:
    """Another token, topic or mode is not ours; nor is a verification before anything was asked, or a day after."""
    at.poll()
    [row] = at.rows()
    early = {"mode": "subscribe", "topic": TOPIC, "lease": "60", "now": at.now}
    assert not at.hubs.confirm(row.token, **early)
    [claim] = at.asked()
    assert not at.confirm(claim, token="x" * 43)
    assert not at.confirm(claim, topic="https://evil.example/")
    assert not at.confirm(claim, mode="unsubscribe")
    assert not at.confirm(claim, mode="publish")
    assert not at.confirm(claim, now=at.now + DAYS + MINUTES)
    assert at.state is HubState.ASKED
    assert at.confirm(claim)
    assert at.confirm(claim), "the answer may have been lost on the way"


def test_what_is_told_of_a_hub_holds_no_password(at: HubDesk) -> None:
    """The feed may name it with one."""
    at.poll(hub="https://user:geheim@hub.example/")
    [claim] = at.asked()
    assert at.hubs.deny(claim.token, topic=TOPIC, reason=None, now=at.now)
    with at.database.read() as connection:
        [notice] = connection.execute(select(tables.feed_notice)).all()
    assert notice.told.startswith("the hub https://hub.example/ refuses")


def test_a_denial_is_told_and_ends_the_asking_for_a_month(at: HubDesk) -> None:
    """With the hub's reason, cleaned and cut; and once, however often it is said."""
    at.poll()
    [claim] = at.asked()
    assert not at.hubs.deny(claim.token, topic="https://evil.example/", reason=None, now=at.now)
    for _ in range(2):
        assert at.hubs.deny(claim.token, topic=TOPIC, reason="not\nfor you" + "x" * 999, now=at.now)

    view = at.hubs.views()[TIMES]
    assert view.state is HubState.DENIED
    assert str(view.note).startswith("not for youxx")
    assert len(str(view.note)) == 200
    assert view.next_at == at.now + AFTER_DENIAL
    with at.database.read() as connection:
        [notice] = connection.execute(select(tables.feed_notice)).all()
    assert notice.kind == "hub-denied"
    assert notice.told.startswith(f"the hub {HUB} refuses to tell of its news (not for you")
    assert at.call() is Called.UNKNOWN
    assert not at.confirm(claim)
    at.later(AFTER_DENIAL)
    assert len(at.asked()) == 1


def test_a_denial_without_a_reason_says_so(at: HubDesk) -> None:
    """And a token that nobody has denies nothing."""
    at.subscribe()
    [row] = at.rows()
    assert at.hubs.deny(row.token, topic=TOPIC, reason=None, now=at.now)

    assert at.hubs.views()[TIMES].note == "without a reason"
    assert not at.hubs.deny("x" * 43, topic=TOPIC, reason=None, now=at.now)


# --------------------------------------------------------------------- calls


def test_a_call_makes_the_feed_due_now(at: HubDesk) -> None:
    """Whatever was planned."""
    at.subscribe()
    at.later(5 * MINUTES)

    assert at.call() is Called.DUE
    assert at.wait == timedelta(0)
    assert at.hubs.views()[TIMES].called_at == at.now


def test_a_storm_of_calls_is_one_poll(at: HubDesk) -> None:
    """Half a minute between two polls, and the calls between are folded into the second."""
    at.subscribe()
    at.later(5 * MINUTES)
    assert [at.call() for _ in range(20)] == [Called.DUE, *[Called.FOLDED] * 19]
    at.later(timedelta(seconds=1))
    at.poll(news=1)
    at.later(timedelta(seconds=10))
    assert [at.call() for _ in range(20)] == [Called.DUE, *[Called.FOLDED] * 19]
    assert at.wait == timedelta(seconds=20)


def test_a_folded_call_is_not_written(at: HubDesk) -> None:
    """A storm only reads."""
    at.subscribe()
    at.later(5 * MINUTES)
    at.call()
    first = at.rows()
    at.later(timedelta(seconds=5))

    assert at.call() is Called.FOLDED
    assert at.rows() == first


def test_a_call_while_the_feed_is_asked_leads_to_another_poll(at: HubDesk) -> None:
    """The answer that was on its way may not have had it."""
    at.subscribe()
    at.later(5 * MINUTES)
    at.poll(called=True)

    assert at.wait == timedelta(seconds=30)


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_does_not_take_back_what_a_busy_server_asked_for(at: HubDesk, status: int) -> None:
    """It is asked when it said, and calls until then change nothing."""
    at.subscribe()
    at.poll(status=status, error="busy", failures=1)

    assert at.call() is Called.FOLDED
    [row] = at.rows()
    assert at.call() is Called.FOLDED
    assert at.rows() == [row]
    assert at.wait == at.interval


def test_nobody_is_heard_at_an_address_that_was_never_given(at: HubDesk) -> None:
    """Nor at one that was given back."""
    assert at.hubs.find_call("x" * 43) is None
    assert at.hubs.take_call("x" * 43, now=NOON) is Called.UNKNOWN
    claim = at.subscribe()
    assert at.hubs.find_call(claim.token)
    at.hubs.drop_all()
    assert at.hubs.find_call(claim.token) is None


def test_a_call_that_comes_as_the_subscription_ends_is_told_so(at: HubDesk) -> None:
    """It ends between two statements of taking the call."""
    claim = at.subscribe()
    event.listen(at.database.readers, "commit", lambda _: at.hubs.drop_all())

    assert at.hubs.take_call(claim.token, now=at.now) is Called.UNKNOWN


def test_whether_a_call_comes_over_https_follows_from_the_address_given(at: HubDesk) -> None:
    """sha1 depends on it."""
    at.poll()
    [claim] = at.asked("http://desk.example")
    known = at.hubs.find_call(claim.token)
    assert known
    assert (known.secret, known.secure) == (claim.secret, False)
    at.later(5 * MINUTES)
    at.asked("HTTPS://desk.example")
    known = at.hubs.find_call(claim.token)
    assert known
    assert known.secure


# --------------------------------------------------------------------- the end


def test_a_hub_that_is_named_no_more_is_left(at: HubDesk) -> None:
    """It is asked to end it, verifies that, and the new one is subscribed to after the next poll."""
    first = at.subscribe()
    at.poll(hub="https://other.example/")
    assert at.state is HubState.LEAVING
    assert at.call() is Called.UNKNOWN
    [leave] = at.asked()
    assert (leave.mode, leave.hub, leave.callback) == ("unsubscribe", HUB, first.callback)
    assert not at.confirm(leave, mode="subscribe")
    assert at.confirm(leave)
    assert at.rows() == []
    at.poll(hub="https://other.example/")
    [row] = at.rows()
    assert (row.hub, row.state) == ("https://other.example/", HubState.WANTED)
    assert first.token != row.token
    assert first.secret != row.secret


def test_a_hub_that_does_not_verify_the_end_is_asked_twice(at: HubDesk) -> None:
    """Then it is forgotten: its calls get the answer that nobody is here."""
    at.subscribe()
    at.poll(hub=None, topic=None)
    for _ in range(2):
        [claim] = at.asked()
        assert claim.mode == "unsubscribe"
        at.hubs.record_asked(claim, failure="410", now=at.now)
        assert at.state is HubState.LEAVING
        at.poll(hub=None, topic=None)
        at.later(15 * MINUTES)
    assert at.asked() == []
    assert at.rows() == []


def test_a_denial_of_what_is_left_ends_it(at: HubDesk) -> None:
    """It is what we wanted."""
    claim = at.subscribe()
    at.poll(hub=None)

    assert at.hubs.deny(claim.token, topic=TOPIC, reason=None, now=at.now)
    assert at.rows() == []


def test_a_hub_that_was_never_asked_is_forgotten_at_once(at: HubDesk) -> None:
    """There is nothing to end."""
    at.poll()
    at.poll(hub=None)

    assert at.rows() == []


def test_a_truncated_document_loses_no_hub(at: HubDesk) -> None:
    """The line that names it may have been in the part that is missing."""
    at.subscribe()
    at.poll(answer=a_listing(complete=False))

    assert at.state is HubState.CONFIRMED


@pytest.mark.parametrize("how", ["not configured", "gone for good"])
def test_the_hub_of_a_feed_that_goes_is_left(at: HubDesk, how: str) -> None:
    """Nobody asks for news of a feed that nobody reads."""
    at.subscribe()
    if how == "not configured":
        at.desk.polls.sync_feeds([], now=at.now)
    else:
        with at.database.write() as connection:
            connection.execute(update(tables.feed).values(gone_at=at.now))

    [claim] = at.asked()
    assert claim.mode == "unsubscribe"
    assert at.confirm(claim)
    assert at.asked() == []


# --------------------------------------------------------------------- trust


def test_polls_become_rarer_where_the_hub_tells_first(at: HubDesk) -> None:
    """Twice as long for each time, six hours at the most."""
    at.subscribe()
    at.poll()
    assert at.wait == at.interval
    waits = []
    for _ in range(6):
        at.news(told=True)
        waits.append(at.wait)
    assert waits[:3] == [40 * MINUTES, 80 * MINUTES, 160 * MINUTES]
    assert waits[-1] == LONGEST
    assert at.hubs.views()[TIMES].trusted
    assert at.hubs.tally()[1] == 1


def test_a_hub_that_is_silent_twice_is_trusted_no_more(at: HubDesk) -> None:
    """Its calls still count as calls, but polls are as frequent as without it, until it is renewed."""
    at.subscribe()
    at.poll()
    at.news(told=True)
    at.news(told=False)
    assert at.wait == at.interval
    at.news(told=False)
    at.news(told=True)
    assert at.wait == at.interval
    assert not at.hubs.views()[TIMES].trusted
    at.later(8 * DAYS)
    [claim] = at.asked()
    assert at.confirm(claim)
    at.poll()
    at.news(told=True)
    assert at.wait == 2 * at.interval


def test_what_was_published_before_the_hub_knew_us_is_no_silence(at: HubDesk) -> None:
    """The first poll after the confirmation is where the comparing begins."""
    at.subscribe()
    at.news(told=False)
    [row] = at.rows()
    assert (row.told, row.silent) == (0, 0)
    at.news(told=False)
    [row] = at.rows()
    assert (row.told, row.silent) == (0, 1)


def test_a_call_that_comes_minutes_after_the_poll_was_only_late(at: HubDesk) -> None:
    """The poll happened to be quicker."""
    at.subscribe()
    at.poll()
    at.news(told=False)
    at.later(2 * MINUTES)
    at.call()

    [row] = at.rows()
    assert row.silent == 0


def test_a_call_in_vain_does_not_make_polls_rarer(at: HubDesk) -> None:
    """The page behind a cache may show the news only at the next poll."""
    at.subscribe()
    at.poll()
    at.news(told=True)
    assert at.wait == 2 * at.interval
    at.later(MINUTES)
    at.call()
    at.later(timedelta(seconds=1))
    at.poll(answer=NotModified())
    assert at.wait == at.interval


def test_nothing_new_leaves_the_trust_as_it_is(at: HubDesk) -> None:
    """Silence where there is nothing to tell is what one expects."""
    at.subscribe()
    at.poll()
    at.news(told=True)
    at.later(timedelta(hours=1))
    at.poll(answer=NotModified())
    assert at.wait == 2 * at.interval


def test_where_a_feed_ran_over_its_polls_become_no_rarer(at: HubDesk) -> None:
    """More was published than it lists: a hub that tells of each piece is no help where polls come too late."""
    at.subscribe()
    at.poll()
    at.news(told=True)
    at.later(timedelta(hours=1))
    [claim] = at.desk.polls.claim_feeds(now=at.now, limit=1, lease=LEASE)
    plan = a_poll_plan(a_listed("new"), polled_at=at.now, next_poll_at=at.now + at.interval)
    outcome = at.desk.polls.record_poll(claim, plan)
    gap = FeedNotice(kind=NoticeKind.GAP, told="a gap", at=at.now)
    at.hubs.note_poll(claim, NotModified(), plan, replace(outcome, notices=(gap,)), began_at=at.now)

    assert at.wait == (outcome.next_poll_at or plan.next_poll_at) - at.now


def test_an_interval_that_the_desk_set_is_kept(database: Database) -> None:
    """`every` is an order."""
    at = HubDesk(database, feed=a_feed(every=timedelta(minutes=20)))
    at.subscribe()
    at.poll()
    at.news(told=True)

    assert at.hubs.views()[TIMES].trusted
    assert at.wait == at.interval


def test_a_hub_whose_lease_is_over_makes_nothing_rarer(at: HubDesk) -> None:
    """Nor does a poll that failed."""
    at.subscribe(lease="86400")
    at.poll()
    at.news(told=True)
    at.later(timedelta(hours=1))
    at.poll(error="500", failures=1)
    assert at.wait == at.interval
    at.later(2 * DAYS)
    at.poll(news=1)
    assert at.wait == at.interval


def test_a_feed_that_is_asked_again_already_is_left_alone(at: HubDesk) -> None:
    """Another poll was planned between the recording and the comparing: it stays."""
    at.subscribe()
    at.poll()
    at.news(told=True)
    [claim] = at.desk.polls.claim_feeds(now=at.now + LONGEST, limit=1, lease=LEASE)
    plan = a_poll_plan(polled_at=at.now, next_poll_at=at.now + at.interval)
    outcome = at.desk.polls.record_poll(claim, plan)
    at.call()
    at.hubs.note_poll(claim, NotModified(), plan, outcome, began_at=at.now - MINUTES)

    assert at.wait == timedelta(seconds=30)


def test_a_feed_that_is_gone_from_the_store_is_nothing(at: HubDesk) -> None:
    """The rows were cleaned up while it was asked."""
    at.poll()
    [claim] = at.desk.polls.claim_feeds(now=at.now + DAYS, limit=1, lease=LEASE)
    at.hubs.drop_all()
    with at.database.write() as connection:
        connection.execute(tables.entry.delete())
        connection.execute(tables.feed.delete())
    plan = a_poll_plan()
    at.hubs.note_poll(claim, a_listing(hub=HUB, topic=TOPIC), plan, PollOutcome(), began_at=NOON)

    assert at.rows() == []


def test_the_states_are_counted(at: HubDesk) -> None:
    """Every state is named, also those that no subscription is in."""
    at.subscribe()
    states, trusted = at.hubs.tally()

    assert set(states) == set(HubState)
    assert states[HubState.CONFIRMED] == 1
    assert sum(states.values()) == 1
    assert trusted == 0
