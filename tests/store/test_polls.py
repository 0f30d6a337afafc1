from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_feed, a_listed, a_poll_plan, an_article

from storywatch.core.model import EntryState, FeedId, PollOutcome, Validators
from storywatch.errors import LeaseLost, StorywatchError
from storywatch.store.polls import MOST_UPDATES, Polls

if TYPE_CHECKING:
    from datetime import datetime

    from desks import Desk

    from storywatch.core.model import FeedClaim
    from storywatch.store.engine import Database

LEASE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
SOON = NOON + 10 * MINUTE


def claim(polls: Polls, at: datetime = NOON, limit: int = 100) -> list[FeedClaim]:
    return polls.claim_feeds(now=at, limit=limit, lease=LEASE)


def test_a_new_feed_is_due_at_once_and_starts_with_a_baseline(database: Database) -> None:
    """A feed that was just configured is asked at once, and what it lists then is not news."""
    polls = Polls(database)
    polls.sync_feeds([a_feed(every=timedelta(minutes=3), timezone="Europe/Kyiv")], now=NOON)
    [found] = claim(polls)
    assert found.feed == a_feed(every=timedelta(minutes=3), timezone="Europe/Kyiv")
    assert found.first_poll
    assert polls.record_poll(found, a_poll_plan(a_listed(), state=EntryState.BASELINE)) == PollOutcome(new=1)
    assert polls.claim_entries(now=SOON, limit=9, lease=LEASE) == []
    [again] = claim(polls, SOON)
    assert not again.first_poll


def test_a_failed_first_poll_leaves_the_baseline_to_the_next(database: Database) -> None:
    """A feed that did not answer at first does not flood the desk when it does."""
    polls = Polls(database)
    polls.sync_feeds([a_feed()], now=NOON)
    [found] = claim(polls)
    polls.record_poll(found, a_poll_plan(failures=1, error="503", status=503))
    [again] = claim(polls, SOON)
    assert (again.first_poll, again.failures) == (True, 1)


def test_a_feed_is_claimed_by_one_until_the_lease_ends(desk: Desk) -> None:
    """Who holds a feed holds it alone; a dead holder's feed comes back, and the dead one can't write any more."""
    [first] = claim(desk.polls)
    assert claim(desk.polls, NOON + LEASE - MINUTE) == []
    [second] = claim(desk.polls, NOON + LEASE)
    with pytest.raises(LeaseLost, match="feed"):
        desk.polls.record_poll(first, a_poll_plan(a_listed()))
    assert desk.polls.record_poll(second, a_poll_plan(a_listed())) == PollOutcome(new=1)


def test_the_longest_overdue_feed_comes_first_and_the_limit_holds(database: Database) -> None:
    """A long list of feeds is worked off in the order in which they became due."""
    polls = Polls(database)
    for number in (2, 0, 1):
        feeds = [a_feed(id=FeedId(f"f{n}")) for n in (2, 0, 1)[: (2, 0, 1).index(number) + 1]]
        polls.sync_feeds(feeds, now=NOON + number * MINUTE)
    assert [found.feed.id for found in claim(polls, SOON, limit=2)] == ["f0", "f1"]
    assert [found.feed.id for found in claim(polls, SOON, limit=2)] == ["f2"]


def test_a_removed_feed_is_not_asked_and_keeps_its_row(desk: Desk) -> None:
    """Taking a feed out of the configuration and putting it back loses nothing."""
    desk.poll(a_listed())
    desk.polls.sync_feeds([], now=SOON)
    assert claim(desk.polls, SOON) == []
    assert [view.enabled for view in desk.views.feeds()] == [False]
    desk.polls.sync_feeds([a_feed()], now=SOON)
    [found] = claim(desk.polls, SOON)
    assert not found.first_poll


def test_changed_settings_reach_the_next_poll(desk: Desk) -> None:
    """Owner, language, rhythm and zone follow the configuration without a new start."""
    changed = a_feed(owner="harbor-group", lang="de", every=MINUTE, timezone="Europe/Berlin")
    desk.polls.sync_feeds([changed], now=NOON)
    [found] = claim(desk.polls)
    assert (found.feed, found.first_poll) == (changed, False)


def test_a_feed_with_a_new_address_starts_with_a_baseline_again(desk: Desk) -> None:
    """What another address lists is not news, and the old address's validators are not sent there."""
    desk.poll(validators=Validators(etag='"x"'), body_hash="h", moved_to="https://moved.example/feed")
    [old] = claim(desk.polls, SOON)
    assert (old.url, old.etag, old.body_hash) == ("https://moved.example/feed", '"x"', "h")
    desk.polls.sync_feeds([a_feed(url="https://harbor-times.example/new.xml")], now=SOON)
    [found] = claim(desk.polls, SOON)
    assert (found.url, found.etag, found.body_hash) == ("https://harbor-times.example/new.xml", None, None)
    assert found.first_poll
    with pytest.raises(LeaseLost):
        desk.polls.record_poll(old, a_poll_plan(a_listed()))


def test_what_a_poll_leaves_open_stays(desk: Desk) -> None:
    """A poll that failed forgets neither the validators nor the feed's name and new address."""
    desk.poll(
        validators=Validators(etag='"x"', last_modified="Mon"),
        body_hash="h",
        title="Harbor Times",
        moved_to="https://m/",
    )
    desk.poll(at=SOON, failures=1, error="timed out", status=None)
    [found] = claim(desk.polls, SOON + 10 * MINUTE)
    assert (found.etag, found.last_modified, found.body_hash, found.url) == ('"x"', "Mon", "h", "https://m/")
    assert (found.failures, found.interval) == (1, timedelta(minutes=10))
    [view] = desk.views.feeds()
    assert (view.title, view.error, view.polled_at, view.succeeded_at) == ("Harbor Times", "timed out", SOON, NOON)


def test_an_entry_listed_twice_is_one_entry(desk: Desk) -> None:
    """Polling again changes nothing, nor does a feed that lists a thing twice."""
    assert desk.poll(a_listed("1"), a_listed("1", title="Other words"), a_listed("2")) == PollOutcome(new=2)
    assert desk.poll(a_listed("1"), a_listed("2"), at=SOON) == PollOutcome(known=2)
    assert [entry.title for entry in desk.entries(SOON)] == ["Harbour news 2", "Harbour news 1"]


def test_entries_of_one_poll_come_in_the_order_of_their_news(desk: Desk) -> None:
    """The older of two reports in one listing is read first; undated ones from the end of the list, last."""
    dated = [a_listed("late", published_at=NOON - MINUTE), a_listed("early", published_at=NOON - 9 * MINUTE)]
    desk.poll(a_listed("u1"), *dated, a_listed("u2"))
    assert [entry.title.split()[-1] for entry in desk.entries()] == ["early", "late", "u2", "u1"]


def test_older_entries_come_before_newer_ones(desk: Desk) -> None:
    """A backlog is worked off from its beginning, and the limit holds."""
    desk.poll(a_listed("1"))
    desk.poll(a_listed("2"), at=SOON)
    assert [entry.title for entry in desk.entries(SOON, limit=1)] == ["Harbour news 1"]
    assert [entry.title for entry in desk.entries(SOON, limit=1)] == ["Harbour news 2"]
    assert desk.entries(SOON) == []


def test_an_entry_says_where_it_comes_from(desk: Desk) -> None:
    """What is read and judged carries its outlet, owner and language, and what the feed says of it."""
    desk.poll(a_listed("1", published_at=NOON - MINUTE), title="Harbor Times")
    [entry] = desk.entries()
    assert (entry.feed, entry.outlet_name, entry.owner, entry.lang) == (
        "harbor-times",
        "Harbor Times",
        "harbor-times",
        "en",
    )
    assert (entry.url, entry.url_key) == ("https://harbor-times.example/1?from=rss", "harbor-times.example/1")
    assert (entry.published_at, entry.seen_at, entry.tries) == (NOON - MINUTE, NOON, 0)


def test_a_feed_without_a_title_lends_its_id_as_name(desk: Desk) -> None:
    """An outlet is never nameless."""
    assert desk.entry().outlet_name == "harbor-times"


def test_a_changed_entry_is_read_again(desk: Desk) -> None:
    """An update under the same key is looked at anew, as of now, though the first version was judged."""
    desk.polls.settle_entry(desk.entry(), EntryState.PASSED_OVER, note="about none")
    assert desk.poll(a_listed("1", title="Harbour closes again"), at=SOON) == PollOutcome(changed=1)
    [entry] = desk.entries(SOON)
    assert (entry.title, entry.seen_at) == ("Harbour closes again", SOON)


def test_a_changed_entry_is_taken_from_who_reads_the_old_version(desk: Desk) -> None:
    """An update that comes while the old words are being judged is not lost."""
    old = desk.entry()
    desk.poll(a_listed("1", title="Harbour closes again"), at=SOON)
    with pytest.raises(LeaseLost, match="entry"):
        desk.polls.settle_entry(old, EntryState.PASSED_OVER, note="about none")
    assert [entry.title for entry in desk.entries(SOON)] == ["Harbour closes again"]


def test_a_page_that_never_rests_is_let_be(desk: Desk) -> None:
    """An entry whose words change at every poll is read a bounded number of times."""
    at, read = NOON, 0
    for number in range(MOST_UPDATES + 3):
        desk.poll(a_listed("1", title=f"Now {number}"), at=at)
        for entry in desk.entries(at):
            desk.polls.settle_entry(entry, EntryState.PASSED_OVER, note="about none")
            read += 1
        at += 10 * MINUTE
    assert read == MOST_UPDATES + 1


def test_a_change_at_a_baseline_is_no_news(desk: Desk) -> None:
    """While a feed starts afresh, changed words are noted and not read."""
    desk.polls.settle_entry(desk.entry(), EntryState.PASSED_OVER, note="about none")
    desk.polls.sync_feeds([a_feed(url="https://harbor-times.example/new.xml")], now=SOON)
    changed = a_listed("1", title="Harbour closes again")
    assert desk.poll(changed, at=SOON, state=EntryState.BASELINE) == PollOutcome(changed=1)
    assert desk.poll(changed, at=SOON + 10 * MINUTE) == PollOutcome(known=1)
    assert desk.entries(SOON + 10 * MINUTE) == []


def test_a_feed_that_renames_its_entries_brings_no_news(desk: Desk) -> None:
    """A new key for a known address is the same entry."""
    desk.poll(a_listed("1"))
    assert desk.poll(replace(a_listed("1"), key="renamed"), at=SOON) == PollOutcome(known=1)
    assert len(desk.entries(SOON)) == 1


def test_entries_that_share_an_address_stay_apart(desk: Desk) -> None:
    """Where a feed links all its entries to one page, or to none, each is an entry all the same."""
    shared = {"url": "https://harbor-times.example/live", "url_key": "harbor-times.example/live"}
    assert desk.poll(a_listed("1", **shared), a_listed("2", **shared)) == PollOutcome(new=2)
    three = [a_listed(key, **shared) for key in "123"]
    assert desk.poll(*three, at=SOON) == PollOutcome(new=1, known=2)
    two = [a_listed(key, **shared) for key in "45"]
    assert desk.poll(*two, at=SOON + 10 * MINUTE) == PollOutcome(new=2)
    nowhere = [a_listed(key, url="", url_key="") for key in "67"]
    assert desk.poll(nowhere[0], at=SOON + 20 * MINUTE) == PollOutcome(new=1)
    assert desk.poll(nowhere[1], at=SOON + 30 * MINUTE) == PollOutcome(new=1)


def test_the_same_key_in_two_feeds_is_two_entries(desk: Desk) -> None:
    """Feeds number their entries as they like."""
    desk.polls.sync_feeds([a_feed(), a_feed(id=FeedId("other"))], now=NOON)
    for found in claim(desk.polls):
        assert desk.polls.record_poll(found, a_poll_plan(a_listed())) == PollOutcome(new=1)


def test_a_postponed_entry_comes_back_when_it_is_time(desk: Desk) -> None:
    """A page that could not be had is tried again, not sooner than planned, and the tries are counted."""
    desk.polls.postpone_entry(desk.entry(), until=SOON, reason="503")
    assert desk.entries(SOON - MINUTE) == []
    [entry] = desk.entries(SOON)
    assert entry.tries == 1
    with pytest.raises(LeaseLost):
        desk.polls.postpone_entry(replace(entry, lease="another"), until=SOON, reason="503")


def test_a_settled_entry_says_why(desk: Desk) -> None:
    """What was not judged leaves its reason, and the article that was known."""
    desk.polls.settle_entry(desk.entry(), EntryState.KNOWN, note="judged before", article=an_article().id)
    [view] = desk.views.explain("harbor-times.example/1").entries
    assert (view.state, view.note, view.article) == ("known", "judged before", an_article().id)


def test_two_claimers_never_share_a_feed(database: Database) -> None:
    """However many ask at once, each due feed is given once."""
    polls = Polls(database)
    polls.sync_feeds([a_feed(id=FeedId(f"f{number}")) for number in range(60)], now=NOON)
    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda _: claim(polls, limit=7), range(16)))
    given = [found.feed.id for answer in answers for found in answer]
    assert len(given) == len(set(given)) == 60


def test_hostile_words_are_stored(desk: Desk) -> None:
    """NUL, half surrogate pairs, huge keys and every script pass through without harm."""
    listed = a_listed(
        "k" * 20_000 + "\0", title="평양 \0 Київ \ud800 🕊", summary="'; DROP TABLE entry; --", url_key="u" * 9000
    )
    assert desk.poll(listed) == PollOutcome(new=1)
    assert desk.poll(listed, at=SOON) == PollOutcome(known=1)
    [entry] = desk.entries(SOON)
    assert (entry.title, entry.summary) == ("평양  Київ ? 🕊", "'; DROP TABLE entry; --")


def test_ten_thousand_entries_are_taken_in_and_worked_off(desk: Desk) -> None:
    """A very long listing is stored once, and claimed piece by piece without a gap."""
    listed = [a_listed(str(number)) for number in range(10_000)]
    assert desk.poll(*listed).new == 10_000
    assert desk.poll(*listed, at=SOON) == PollOutcome(known=10_000)
    seen = {entry.id for _ in range(10) for entry in desk.entries(SOON, limit=1000)}
    assert len(seen) == 10_000


def test_one_round_may_ask_every_feed(desk: Desk) -> None:
    """On request all feeds are due at once, but for those that are being asked just now."""
    desk.polls.sync_feeds([a_feed(), a_feed(id=FeedId("other"))], now=SOON)
    assert [found.feed.id for found in claim(desk.polls)] == ["harbor-times"]
    desk.polls.make_all_due(now=NOON)
    assert [found.feed.id for found in claim(desk.polls)] == ["other"]


def test_a_feed_asked_in_a_time_yet_to_come_is_due(desk: Desk) -> None:
    """After the clock was set back, a start does not leave a feed unasked until the wrong time comes round again."""
    wrong = NOON + timedelta(days=300)
    desk.poll(at=wrong, next_poll_at=wrong + timedelta(minutes=10))
    assert desk.polls.claim_feeds(now=SOON, limit=1, lease=LEASE) == []
    desk.polls.sync_feeds([a_feed()], now=SOON)
    assert len(desk.polls.claim_feeds(now=SOON, limit=1, lease=LEASE)) == 1


def test_polls_that_are_recorded_together_stand_each_for_itself(desk: Desk) -> None:
    """News, a failure and "not modified" in one transaction; who lost the lease, or comes twice, changes nothing."""
    names = [FeedId(f"f{number}") for number in range(4)]
    desk.polls.sync_feeds([a_feed(id=name) for name in names], now=NOON)
    first, second, third, lost = claim(desk.polls)
    plans = [
        (first, a_poll_plan(a_listed())),
        (second, a_poll_plan(failures=1, error="503", status=503)),
        (third, a_poll_plan(validators=Validators(etag='"x"'))),
        (replace(lost, lease="another's"), a_poll_plan(a_listed("never"))),
        (first, a_poll_plan(a_listed("twice"))),
    ]
    outcomes = desk.polls.record_polls(plans)
    assert [outcome for outcome in outcomes[:3] if isinstance(outcome, PollOutcome)] == outcomes[:3]
    assert [(outcome.new, outcome.failed, outcome.unchanged) for outcome in outcomes[:3]] == [  # type: ignore[union-attr]
        (1, False, False),
        (0, True, False),
        (0, False, True),
    ]
    assert [type(outcome) for outcome in outcomes[3:]] == [LeaseLost, LeaseLost]
    again = {found.feed.id: found for found in claim(desk.polls, SOON)}
    assert (again[names[1]].failures, again[names[2]].etag) == (1, '"x"')
    assert again[lost.feed.id].polled_at is None
    assert [entry.title for entry in desk.entries(SOON)] == [a_listed().title]


def test_a_poll_that_cannot_be_recorded_spoils_no_other(desk: Desk) -> None:
    """The others are recorded, and it keeps its lease and its error."""
    desk.polls.sync_feeds([a_feed(id=FeedId(name)) for name in ("a", "b", "c")], now=NOON)
    a, b, c = claim(desk.polls)
    bad = a_poll_plan(a_listed("bad"), status=object())
    first, second, third = desk.polls.record_polls([(a, a_poll_plan(a_listed())), (b, bad), (c, a_poll_plan())])
    assert isinstance(first, PollOutcome)
    assert first.new == 1
    assert isinstance(second, StorywatchError)
    assert isinstance(third, PollOutcome)
    polled = {found.feed.id: found.polled_at for found in claim(desk.polls, SOON)}
    assert polled == {"a": NOON, "b": None, "c": NOON}
    assert [entry.feed for entry in desk.entries(SOON)] == [a.feed.id]
