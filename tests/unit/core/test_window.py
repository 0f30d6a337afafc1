from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_feed_claim, a_listed, a_poll_plan

from storywatch.core.model import NoticeKind, Validators
from storywatch.core.window import Sighting, asks_for_titles, same_title, sift

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.core.window import Sifted

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOURLY = [NOON - number * HOUR for number in range(10, 20)]


def seen(count: int, *, start: int = 0, date: datetime | None = None, **how: Any) -> list[Sighting]:
    return [Sighting(listed=a_listed(str(start + n), published_at=date), **how) for n in range(count)]


def sifted(sightings: list[Sighting], *, moments: Any = (), plan: Any = None, **claim: Any) -> Sifted:
    values = {"newest_at": NOON - 10 * HOUR, "succeeded_at": NOON - 9 * HOUR, **claim}
    return sift(a_feed_claim(**values), plan or a_poll_plan(), sightings, knows=True, moments=moments)


def kinds(found: Sifted) -> list[NoticeKind]:
    return [notice.kind for notice in found.notices]


# ---------------------------------------------------------------------- gaps


def test_a_list_of_nothing_known_tells_of_a_gap_and_how_much_it_may_be() -> None:
    """From the newest that was known to the oldest that is listed, with a guess by the feed's habit."""
    found = sifted(seen(5, date=NOON - 2 * HOUR), moments=HOURLY)
    assert kinds(found) == [NoticeKind.GAP]
    assert "between 2026-03-02 02:00 and 2026-03-02 10:00 UTC" in found.notices[0].told
    assert "about 8 entries" in found.notices[0].told
    assert (found.rename, found.held, found.lied) == (False, frozenset(), False)


def test_a_gap_is_marked_by_its_beginning() -> None:
    """Told again of the same gap, it is the same notice."""
    one = sifted(seen(5, date=NOON)).notices[0]
    two = sifted(seen(5, date=NOON - HOUR), plan=a_poll_plan(polled_at=NOON + HOUR)).notices[0]
    assert one.mark == two.mark
    assert sifted(seen(5), newest_at=NOON - DAY).notices[0].mark != one.mark


@pytest.mark.parametrize(
    ("sightings", "gap"),
    [
        (seen(5), True),
        (seen(4), False),
        (seen(2, date=NOON), True),
        (seen(1, date=NOON), False),
        (seen(2, date=NOON - 10 * HOUR + MINUTE), False),
        (seen(9, date=NOON) + seen(1, start=9, known=True), False),
    ],
)
def test_a_short_list_of_news_is_no_gap_and_one_known_entry_closes_it(*, sightings: list[Sighting], gap: bool) -> None:
    """Five undated ones, or two that are later than all that was known."""
    assert (NoticeKind.GAP in kinds(sifted(sightings))) is gap


def test_a_gap_needs_something_to_be_apart_from() -> None:
    """A first list, or the first one that is not empty, is no gap."""
    assert sifted(seen(9), first_poll=True).notices == ()
    assert sift(a_feed_claim(), a_poll_plan(), seen(9), knows=False, moments=()).notices == ()
    assert sifted([]).notices == ()


@pytest.mark.parametrize(
    ("moments", "words"),
    [
        ([], "can't be told"),
        ([NOON], "can't be told"),
        ([NOON - 40 * DAY, NOON - 20 * DAY], "less than one entry"),
        ([NOON - 18 * HOUR, NOON - 10 * HOUR], "about 1 entry"),
    ],
)
def test_the_guess_is_as_good_as_the_habit(moments: Any, words: str) -> None:
    """Without a habit there is no number."""
    assert words in sifted(seen(5, date=NOON - 2 * HOUR), moments=moments).notices[0].told


def test_without_dates_a_gap_lies_between_two_polls() -> None:
    """From the last good one to this one; the list's own pace helps where the habit is unknown."""
    found = sifted(seen(5), newest_at=None)
    assert "between 2026-03-02 03:00 and 2026-03-02 12:00 UTC" in found.notices[0].told
    assert sifted(seen(5), newest_at=None, succeeded_at=None).notices[0].mark == NOON.isoformat()


def test_very_many_new_entries_are_told() -> None:
    """They are looked at all the same."""
    known = seen(1, start=90, known=True)
    assert kinds(sifted(seen(31) + seen(40, start=50, known=True))) == [NoticeKind.MANY_NEW]
    assert kinds(sifted(seen(30) + known)) == []


# ---------------------------------------------------------------------- old entries in new clothes


def test_known_entries_under_new_keys_are_renamed_and_told_once() -> None:
    """An outlet that changes its software makes no news; one that does so at every poll is told of once."""
    found = sifted(seen(6, known=True, renamed=True) + seen(4, start=6, known=True))
    assert (found.rename, found.held, kinds(found)) == (True, frozenset(), [NoticeKind.GUID_CHURN])
    later = sifted(seen(6, known=True, renamed=True), plan=a_poll_plan(polled_at=NOON + 9 * DAY))
    assert later.notices[0].mark == found.notices[0].mark


def test_among_renamed_entries_what_is_later_than_all_is_news() -> None:
    """And what bears no date, or an old one, is held."""
    strangers = [
        *seen(1, start=20, date=NOON),
        *seen(1, start=21),
        *seen(1, start=22, date=NOON - 11 * HOUR),
    ]
    found = sifted([*seen(3, known=True, renamed=True), *seen(3, start=3, familiar=True), *strangers])
    assert found.rename
    assert found.held == {"21", "22"}
    assert found.note == "held: 6 of 9 entries are known ones under new keys"


def test_a_title_that_comes_again_with_a_later_date_and_other_words_is_news() -> None:
    """Warnings and bulletins bear the same titles each day. Old entries that change clothes keep what they say, or their date."""
    for how in ({"familiar": True}, {"known": True, "renamed": True}):
        bulletins = seen(8, date=NOON - HOUR, changed=True, **how)
        found = sifted(bulletins + seen(2, start=8, known=True))
        assert (found.rename, found.held) == (False, frozenset())
        assert sifted(seen(8, date=NOON - HOUR, **how)).rename
        assert sifted(seen(8, date=NOON - 11 * HOUR, changed=True, **how)).rename
        assert sifted(seen(8, changed=True, **how)).rename
        among_others = sifted(seen(2, date=NOON - HOUR, changed=True, **how) + seen(6, start=2, **how))
        assert (among_others.rename, among_others.news) == (True, {"0", "1"})


def test_what_appeared_late_is_held_only_where_it_is_old() -> None:
    """A date somewhat before the newest one: outlets release an entry a while after the moment that it bears."""
    old = NOON - 10 * HOUR - 2 * DAY - MINUTE
    found = sifted(seen(6, date=old) + seen(1, start=6, date=NOON - 10 * HOUR - 50 * MINUTE))
    assert found.held == {str(number) for number in range(6)}


def test_a_few_new_keys_are_no_churn() -> None:
    """Five of them, and half of the list."""
    assert not sifted(seen(4, known=True, renamed=True)).rename
    assert not sifted(seen(5, known=True, renamed=True) + seen(6, start=5, known=True)).rename
    assert sifted(seen(5, known=True, renamed=True) + seen(5, start=5, known=True)).rename


def test_new_keys_of_news_are_news() -> None:
    """A lively feed is no churn: less than 60 % of its new keys are known by address, title or age."""
    found = sifted(seen(5, known=True, renamed=True) + seen(5, start=5, date=NOON))
    assert (found.rename, found.held, found.notices) == (False, frozenset(), ())


def test_a_dump_of_old_entries_is_held() -> None:
    """Two days older than the newest known, and most of what is new: an archive, not news."""
    old = NOON - 10 * HOUR - 2 * DAY - MINUTE
    found = sifted(seen(6, date=old) + seen(4, start=6, date=NOON))
    assert found.held == {str(number) for number in range(6)}
    assert kinds(found) == [NoticeKind.GUID_CHURN]
    assert not sifted(seen(5, date=old) + seen(5, start=5, date=NOON)).held
    assert not sifted(seen(6, date=old), newest_at=None).held


def test_old_entries_with_the_date_of_this_moment_are_held() -> None:
    """Ten known titles at once, all of now, in a long list."""
    known = seen(40, start=50, known=True)
    found = sifted(seen(10, date=NOON - 4 * MINUTE, familiar=True) + known)
    assert (found.rename, kinds(found)) == (True, [NoticeKind.REDATED])
    assert not sifted(seen(9, date=NOON, familiar=True) + known).rename
    assert not sifted(seen(10, date=NOON - 6 * MINUTE, familiar=True) + known).rename


def test_titles_are_compared_only_where_it_may_matter() -> None:
    """Not for the few new entries of an ordinary poll, and not at a first one."""
    known = seen(40, start=50, known=True)
    now = seen(10, date=NOON)
    assert not asks_for_titles(a_feed_claim(), a_poll_plan(), seen(9) + known)
    assert asks_for_titles(a_feed_claim(), a_poll_plan(), now + known)
    assert asks_for_titles(a_feed_claim(), a_poll_plan(), seen(5))
    assert not asks_for_titles(a_feed_claim(first_poll=True), a_poll_plan(), seen(5))


def test_short_titles_tell_nothing() -> None:
    """ "Weather" comes again every day."""
    assert same_title("Weather") is None
    assert same_title(" Harbour  REOPENS today ") == same_title("Harbour reopens today")


# ---------------------------------------------------------------------- lies

HID: Any = {"afresh": True, "status": 304, "polled_at": NOON - HOUR, "etag": '"x"'}
OTHER = a_poll_plan(validators=Validators(etag='"y"'))
SAME = a_poll_plan(validators=Validators(etag='"x"'))


@pytest.mark.parametrize(
    ("sightings", "plan", "claim"),
    [
        (seen(1), SAME, HID),
        (seen(1, known=True, changed=True), SAME, HID),
        (seen(1, date=NOON - 3 * HOUR), OTHER, HID),
        (seen(1, date=NOON - 3 * HOUR), SAME, HID),
    ],
)
def test_a_server_that_hid_news_behind_not_modified_is_caught(sightings: Any, plan: Any, claim: Any) -> None:
    """The same validators for another list, or news from well before it said "not modified"."""
    found = sifted(sightings, plan=plan, **claim)
    assert found.lied
    assert NoticeKind.VALIDATORS_LIE in kinds(found)


@pytest.mark.parametrize(
    ("sightings", "plan", "claim"),
    [
        (seen(1), OTHER, HID),
        (seen(1, date=NOON - 90 * MINUTE), OTHER, HID),
        (seen(1, date=NOON - 30 * MINUTE) + seen(1, start=1, date=NOON - 9 * HOUR), OTHER, HID),
        (seen(1, known=True), SAME, HID),
        (seen(1), SAME, HID | {"afresh": False}),
        (seen(1), SAME, HID | {"status": 200}),
        (seen(1), a_poll_plan(validators=Validators()), HID | {"etag": None}),
        (seen(1), a_poll_plan(validators=None), HID),
    ],
)
def test_what_may_have_come_up_since_is_no_lie(sightings: Any, plan: Any, claim: Any) -> None:
    """News of the last hour, a list with other bytes and the same entries, a server that never said "not modified"."""
    found = sifted(sightings, plan=plan, **claim)
    assert not found.lied
    assert NoticeKind.VALIDATORS_LIE not in kinds(found)
