"""What a poll makes of a feed beyond its new entries: moves, ends, gaps, floods, lies, habits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from builders import NOON, a_feed, a_judged, a_listed, a_listing, an_article

from storywatch.core.cadence import plan_poll
from storywatch.core.model import (
    EntryState,
    Freshness,
    Label,
    NoticeKind,
    NotModified,
    PollFailure,
    Validators,
)
from storywatch.store.polls import MOST_UPDATES

if TYPE_CHECKING:
    from datetime import datetime

    from desks import Desk

    from storywatch.core.model import FeedAnswer, FeedClaim, ListedEntry, PollOutcome
    from storywatch.store.views import FeedView

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEASE = timedelta(minutes=5)
WHO = ("Dockers", "Pilots", "Nurses", "Farmers", "Bakers", "Miners", "Weavers", "Clerks", "Masons", "Cooks", "Maids")
TITLES = (*WHO, "Teachers")


def claim(desk: Desk, at: datetime) -> FeedClaim:
    desk.polls.make_all_due(now=at)
    [found] = desk.polls.claim_feeds(now=at, limit=1, lease=LEASE)
    return found


def poll(desk: Desk, answer: FeedAnswer, at: datetime = NOON) -> PollOutcome:
    found = claim(desk, at)
    return desk.polls.record_poll(found, plan_poll(found, answer, now=at))


def read_all(desk: Desk, at: datetime = NOON) -> int:
    """How many entries wait; they are read."""
    waiting = desk.entries(at)
    for entry in waiting:
        desk.polls.settle_entry(entry, EntryState.PASSED_OVER, note="about none")
    return len(waiting)


def listing(*entries: ListedEntry, **changes: Any) -> FeedAnswer:
    return a_listing(entries=entries, **changes)


def several(prefix: str, date: datetime | None = None, **changes: Any) -> list[ListedEntry]:
    return [
        a_listed(f"{prefix}{number}", title=f"{who} return to work at last", published_at=date, **changes)
        for number, who in enumerate(TITLES)
    ]


def view(desk: Desk) -> FeedView:
    [found] = desk.views.feeds()
    return found


def kinds(outcome: PollOutcome) -> list[NoticeKind]:
    return [notice.kind for notice in outcome.notices]


def test_a_move_is_kept_from_poll_to_poll_until_it_is_believed(desk: Desk) -> None:
    """The address is rewritten in the third poll over a day, and told once."""
    new = "https://new.example/feed"
    for hours in (0, 12):
        assert poll(desk, listing(a_listed(), moved_to=new), NOON + hours * HOUR).notices == ()
        assert (view(desk).moved_to, view(desk).moving_to) == (None, new)
    assert kinds(poll(desk, listing(a_listed(), moved_to=new), NOON + DAY)) == [NoticeKind.MOVED]
    assert (view(desk).moved_to, view(desk).moving_to) == (new, None)
    assert claim(desk, NOON + 2 * DAY).url == new
    [notice] = desk.views.notices()
    assert (notice.feed, notice.kind, notice.at) == ("harbor-times", "moved", NOON + DAY)
    assert view(desk).last_notice == notice


GONE = PollFailure(reason="410: the feed is gone for good", status=410)


def gone(desk: Desk, at: datetime) -> PollOutcome:
    poll(desk, GONE, at)
    [found] = desk.polls.claim_feeds(now=at + HOUR, limit=1, lease=LEASE)
    return desk.polls.record_poll(found, plan_poll(found, GONE, now=at + HOUR))


def test_a_feed_that_is_gone_is_asked_no_more(desk: Desk) -> None:
    """Until one round asks all, or the configuration has another address; it is told once."""
    assert kinds(gone(desk, NOON)) == [NoticeKind.GONE]
    assert desk.polls.claim_feeds(now=NOON + 99 * DAY, limit=1, lease=LEASE) == []
    assert (view(desk).gone_at, desk.views.gauges(now=NOON).feeds_gone) == (NOON + HOUR, 1)
    again = poll(desk, GONE, NOON + 2 * DAY)
    assert (again.failed, again.notices) == (True, ())
    assert view(desk).gone_at == NOON + 2 * DAY
    desk.polls.sync_feeds([a_feed(url="https://harbor-times.example/new.xml")], now=NOON + 3 * DAY)
    [found] = desk.polls.claim_feeds(now=NOON + 3 * DAY, limit=1, lease=LEASE)
    assert (found.first_poll, found.status) == (True, None)


def test_a_feed_that_came_back_may_go_again(desk: Desk) -> None:
    """Its second end is another one."""
    gone(desk, NOON)
    assert not poll(desk, listing(a_listed()), NOON + DAY).failed
    assert view(desk).gone_at is None
    assert kinds(gone(desk, NOON + 2 * DAY)) == [NoticeKind.GONE]


def test_a_lying_server_is_asked_for_the_whole_list_from_then_on(desk: Desk) -> None:
    """A day after the last whole body it is asked without validators, and what it hid is news."""
    same = Validators(etag='"x"')
    poll(desk, listing(a_listed("1"), validators=same))
    assert not claim(desk, NOON + 23 * HOUR).afresh
    poll(desk, NotModified(validators=same), NOON + 23 * HOUR + LEASE)
    assert claim(desk, NOON + DAY).afresh
    hidden = listing(a_listed("2"), a_listed("1"), validators=same, body_hash="1" * 64)
    outcome = poll(desk, hidden, NOON + DAY + LEASE)
    assert (outcome.new, kinds(outcome)) == (1, [NoticeKind.VALIDATORS_LIE])
    assert view(desk).validators_lie
    assert claim(desk, NOON + DAY + HOUR).afresh
    desk.polls.sync_feeds([a_feed(url="https://harbor-times.example/new.xml")], now=NOON + 2 * DAY)
    assert not view(desk).validators_lie


def test_a_gap_is_told_once(desk: Desk) -> None:
    """The list ran on between two polls: from, to, and a guess; the entries are news all the same."""
    poll(desk, listing(*[a_listed(f"o{n}", published_at=NOON - n * HOUR) for n in range(9)]))
    outcome = poll(desk, listing(*several("n", NOON + 8 * HOUR)), NOON + 9 * HOUR)
    assert (outcome.new, kinds(outcome)) == (12, [NoticeKind.GAP])
    assert "between 2026-03-02 12:00 and 2026-03-02 20:00 UTC" in outcome.notices[0].told
    assert read_all(desk, NOON + 9 * HOUR) == 21
    assert poll(desk, listing(*several("n", NOON + 8 * HOUR)), NOON + 10 * HOUR).notices == ()


def test_an_outlet_that_changes_its_software_makes_no_news(desk: Desk) -> None:
    """Other keys and other addresses for the same titles: held, told, and known from then on."""
    poll(desk, listing(*several("old")))
    assert read_all(desk)
    new = several("new", url="", url_key="")
    new = [replace(item, url=f"https://h.example/n/{item.key}", url_key=f"h.example/n/{item.key}") for item in new]
    new = [replace(item, summary="Other words of it.") for item in new]
    outcome = poll(desk, listing(*new), NOON + HOUR)
    assert (outcome.new, outcome.changed, outcome.known, kinds(outcome)) == (0, 0, 12, [NoticeKind.GUID_CHURN])
    again = poll(desk, listing(*new), NOON + 2 * HOUR)
    assert (again.new, again.changed, again.known, again.notices) == (0, 0, 12, ())
    elsewhere = [replace(item, url=f"{item.url}/amp", url_key=f"{item.url_key}/amp") for item in new]
    assert poll(desk, listing(*elsewhere), NOON + 3 * HOUR).known == 12
    assert read_all(desk, NOON + 3 * HOUR + 2 * MINUTE) == 0


def test_what_is_held_is_known_and_says_why(desk: Desk) -> None:
    """An archive that is listed all at once is not news, though it is new to us."""
    poll(desk, listing(a_listed("1", published_at=NOON)))
    assert read_all(desk)
    archive = [replace(item, title=f"{item.title} {item.key}") for item in several("old", NOON - 9 * DAY)]
    outcome = poll(desk, listing(*archive), NOON + HOUR)
    assert (outcome.new, outcome.held, kinds(outcome)) == (0, 12, [NoticeKind.GUID_CHURN])
    assert read_all(desk, NOON + HOUR) == 0
    [held] = desk.views.explain("harbor-times.example/old3").entries
    assert held.state == EntryState.HELD
    assert "two days older" in (held.note or "")
    assert poll(desk, listing(*archive), NOON + 2 * HOUR).known == 12


def test_the_next_of_a_series_is_news_though_its_title_is_known(desk: Desk) -> None:
    """Bulletins with the same titles each day, a later date and other words, beside old entries under new keys."""
    poll(desk, listing(*several("old", NOON - HOUR)))
    assert read_all(desk)
    new = [replace(item, url=f"{item.url}/n", url_key=f"{item.url_key}/n") for item in several("new", NOON - HOUR)]
    mixed = [
        *(replace(item, summary="Another bulletin.", published_at=NOON + 30 * MINUTE) for item in new[:3]),
        *new[3:],
    ]
    outcome = poll(desk, listing(*mixed), NOON + HOUR)
    assert (outcome.new, outcome.known, kinds(outcome)) == (3, 9, [NoticeKind.GUID_CHURN])
    assert {entry.summary for entry in desk.entries(NOON + HOUR)} == {"Another bulletin."}
    tomorrow = [
        replace(item, key=f"next{n}", url=f"{item.url}/2", url_key=f"{item.url_key}/2", summary="The day after.")
        for n, item in enumerate(replace(one, published_at=NOON + DAY) for one in new)
    ]
    outcome = poll(desk, listing(*tomorrow), NOON + DAY + HOUR)
    assert (outcome.new, outcome.held, kinds(outcome)) == (12, 0, [NoticeKind.GAP])


def test_one_address_for_one_thing_after_another_is_read_to_the_end(desk: Desk) -> None:
    """A feed of one entry whose key and words change, and whose address never does."""
    for number in range(2 * MOST_UPDATES + 9):
        at = NOON + number * HOUR
        item = a_listed(f"k{number}", title=f"State of the harbour number {number}", url="https://h.example/now")
        outcome = poll(desk, listing(replace(item, url_key="http://h.example/now")), at)
        assert outcome.new + outcome.changed == 1, number
        assert read_all(desk, at) == 1


def test_two_entries_of_one_title_are_not_both_the_known_one(desk: Desk) -> None:
    """Each known entry stands for one listed entry only."""
    poll(desk, listing(*several("old", NOON)))
    twins = [*several("new", NOON), a_listed("twin", title="Dockers return to work at last", published_at=NOON + HOUR)]
    outcome = poll(desk, listing(*twins), NOON + 2 * HOUR)
    assert (outcome.known, outcome.new, outcome.held) == (12, 1, 0)


def test_a_new_date_alone_is_no_news(desk: Desk) -> None:
    """An entry that is dated anew under its old key is not read again."""
    poll(desk, listing(*several("e", NOON - HOUR)))
    assert read_all(desk)
    outcome = poll(desk, listing(*several("e", NOON + HOUR)), NOON + HOUR)
    assert (outcome.known, outcome.changed) == (12, 0)
    assert read_all(desk, NOON + HOUR) == 0


def test_the_habit_is_learned_from_what_the_store_has_seen(desk: Desk) -> None:
    """A feed that dates its entries by the minute and lists one every two hours is worth asking every hour."""
    at = NOON
    for number in range(12):
        listed = [a_listed(str(n), published_at=at - n * MINUTE) for n in range(number, max(-1, number - 10), -1)]
        outcome = poll(desk, listing(*listed), at)
        at += 2 * HOUR
    assert view(desk).interval_seconds == HOUR.total_seconds()
    assert outcome.next_poll_at == view(desk).next_poll_at


def test_a_list_of_known_entries_makes_a_feed_rarer(desk: Desk) -> None:
    """Other bytes, the same entries."""
    poll(desk, listing(a_listed()))
    before = view(desk).interval_seconds or 0
    poll(desk, listing(a_listed()), NOON + HOUR)
    assert view(desk).interval_seconds == before * 1.25


def test_what_a_feed_says_of_its_pace_is_kept(desk: Desk) -> None:
    """Until it says something else, or nothing any more."""
    pace = Freshness(ttl=2 * HOUR, skip_hours=frozenset({3, 4}), skip_days=frozenset({6}))
    poll(desk, listing(a_listed(), freshness=replace(pace, max_age=HOUR)))
    poll(desk, NotModified(), NOON + HOUR)
    assert claim(desk, NOON + 2 * HOUR).pace == pace
    poll(desk, listing(a_listed()), NOON + 2 * HOUR + LEASE)
    assert claim(desk, NOON + 3 * HOUR).pace is None


def test_a_backfill_is_news_of_the_first_poll(desk: Desk) -> None:
    """Three days back; older and undated entries are the baseline. Another address begins with a baseline."""
    feed = a_feed(backfill=3 * DAY)
    desk.polls.sync_feeds([feed], now=NOON)
    with desk.database.write() as connection:
        connection.exec_driver_sql("UPDATE feed SET first_poll = true, succeeded_at = NULL")
    dated = [a_listed(str(days), published_at=NOON - days * DAY) for days in (1, 2, 4)]
    assert poll(desk, listing(*dated, a_listed("undated"))).new == 4
    waiting = desk.entries()
    assert [entry.title[-1] for entry in waiting] == ["2", "1"]
    for entry in waiting:
        desk.polls.settle_entry(entry, EntryState.PASSED_OVER, note="about none")
    desk.polls.sync_feeds([replace(feed, url="https://harbor-times.example/new.xml")], now=NOON + HOUR)
    poll(desk, listing(a_listed("new", published_at=NOON)), NOON + HOUR)
    assert read_all(desk, NOON + HOUR) == 0


def test_feeds_show_what_they_give(desk: Desk) -> None:
    """Of seven days: entries, articles that were about a story, and developments; one article counts once."""
    poll(desk, listing(a_listed("ancient")), NOON - 8 * DAY)
    assert read_all(desk)
    for number, label in enumerate((Label.DEVELOPMENT, Label.REPEAT, Label.OFF_TOPIC)):
        article = an_article(url=f"https://a.example/{number}", title=f"News {number}")
        watches = [a_judged(article, label=label), a_judged(article, label=Label.OFF_TOPIC, watch="other")]
        desk.judge(article, *watches)
    poll(desk, listing(a_listed("fresh")), NOON + HOUR)
    found = view(desk)
    assert (found.listed, found.about, found.developments, found.entries) == (4, 2, 1, 5)
    assert (found.kind, found.every_seconds, found.last_notice) == ("auto", None, None)


def test_notices_of_a_feed_in_use_come_last_first(desk: Desk) -> None:
    """As many as asked for; those of a feed that was taken out are not shown."""
    poll(desk, listing(*[a_listed(f"o{n}", published_at=NOON) for n in range(9)]))
    for hours in (2, 4, 6):
        at = NOON + hours * HOUR
        poll(desk, listing(*[a_listed(f"{hours}-{n}", published_at=at) for n in range(9)]), at)
    assert [notice.at for notice in desk.views.notices(limit=2)] == [NOON + 6 * HOUR, NOON + 4 * HOUR]
    desk.polls.sync_feeds([], now=NOON)
    assert desk.views.notices() == []
