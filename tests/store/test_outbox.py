from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_judged, a_watch, an_article
from desks import DESK, LEASE, render

from storywatch.core.model import AttemptOutcome, ChannelId, DeliveryState, Label, Recipient, WatchId
from storywatch.errors import LeaseLost, Rejected, StorywatchError
from storywatch.store import tables

if TYPE_CHECKING:
    from desks import Desk

    from storywatch.core.model import Article, Tidings

MINUTE = timedelta(minutes=1)
SENT = AttemptOutcome(state=DeliveryState.SENT, at=NOON, code=250)
DEAD = AttemptOutcome(state=DeliveryState.DEAD, at=NOON, code=550, reason="no such user")


def again(minutes: int) -> AttemptOutcome:
    return AttemptOutcome(
        state=DeliveryState.WAITING, at=NOON, retry_at=NOON + minutes * MINUTE, code=451, reason="greylisted"
    )


def articles(count: int) -> list[Article]:
    return [
        an_article(url=f"https://harbor-times.example/{n}", title=f"News {n}", seen_at=NOON + n * MINUTE)
        for n in range(count)
    ]


def test_a_delivery_waits_for_its_moment(desk: Desk) -> None:
    """Nothing is sent before the siblings had time to come, and nothing is lost after."""
    desk.judge(an_article(), a_judged(not_before=NOON + MINUTE))
    assert desk.claims(NOON + timedelta(seconds=59)) == []
    [claim] = desk.claims(NOON + MINUTE)
    assert claim.recipient == Recipient(channel=DESK, address="desk@example.org")
    assert (claim.attempt, claim.first_try_at) == (1, NOON + MINUTE)


def test_the_first_claim_renders_what_is_known_then(desk: Desk) -> None:
    """An alert tells the development, who reports it by now, why, and in which watch."""
    first, second, other, background = articles(4)
    desk.judgements.sync_watches([a_watch(name="The strike")])
    judged = a_judged(first)
    desk.judge(first, judged)
    assert judged.development is not None
    for article, label in ((other, Label.REPEAT), (second, Label.REPEAT), (background, Label.BACKGROUND)):
        desk.judge(article, a_judged(article, label=label, repeats=judged.development.id))
    seen: list[Tidings] = []

    def look(tidings: Tidings) -> bytes:
        seen.append(tidings)
        return b"x"

    desk.outbox.claim_deliveries([DESK], now=NOON + MINUTE, limit=9, lease=LEASE, render=look)
    [told] = seen
    assert (told.alert, told.development, told.delivery) == (judged.alert, judged.development, judged.deliveries[0].id)
    assert (told.watch_name, told.score, told.rendered_at) == ("The strike", 0.9312, NOON + MINUTE)
    assert told.why == ("Unlike every known sentence.", "Close to what the watch describes.")
    assert [report.title for report in told.reports] == ["News 0", "News 1", "News 2"]
    assert (told.reports[0].outlet, told.reports[0].owner, told.reports[0].url) == (
        "Harbor Times",
        "harbor-times",
        first.url,
    )


def test_the_article_that_broke_it_stands_first(desk: Desk) -> None:
    """Who was judged first is named first, though another was seen before."""
    early, late = articles(2)
    judged = a_judged(late)
    desk.judge(late, judged)
    assert judged.development is not None
    desk.judge(early, a_judged(early, label=Label.REPEAT, repeats=judged.development.id))
    [view] = desk.views.timeline()
    assert [report.title for report in view.reports] == ["News 1", "News 0"]


def test_a_watch_without_a_known_name_is_called_by_its_id(desk: Desk) -> None:
    """An alert is never nameless."""
    names: list[str] = []
    desk.judge()
    desk.outbox.claim_deliveries(
        [DESK], now=NOON, limit=9, lease=LEASE, render=lambda tidings: bytes(names.append(tidings.watch_name) or 1)
    )
    assert names == ["harbour-strike"]


def test_a_message_never_changes_once_it_is_rendered(desk: Desk) -> None:
    """A retry and a restart send the very same bytes under the very same id, whatever became known meanwhile."""
    first, second = articles(2)
    judged = a_judged(first)
    desk.judge(first, judged)
    [claim] = desk.claims()
    desk.outbox.finish_delivery(claim, again(5))
    assert judged.development is not None
    desk.judge(second, a_judged(second, label=Label.REPEAT, repeats=judged.development.id))
    [retry] = desk.claims(NOON + 5 * MINUTE)
    [after_death] = desk.claims(NOON + 5 * MINUTE + LEASE)
    assert claim.message == retry.message == after_death.message
    assert claim.id == retry.id == after_death.id
    assert b"1 reports" in claim.message
    assert [(one.attempt, one.first_try_at) for one in (claim, retry, after_death)] == [(1, NOON), (2, NOON), (2, NOON)]


def test_a_sent_delivery_is_never_claimed_again(desk: Desk) -> None:
    """Once told is told, and the attempt is noted."""
    desk.judge()
    [claim] = desk.claims()
    desk.outbox.finish_delivery(claim, SENT)
    assert desk.claims(NOON + timedelta(days=99)) == []
    [view] = desk.views.deliveries()
    assert (view.state, view.attempts, view.sent_at) == ("sent", 1, NOON)
    with desk.database.read() as connection:
        [row] = connection.execute(tables.attempt.select()).all()
    assert (row.number, row.state, row.code, row.at) == (1, "sent", 250, NOON)


def test_finishing_twice_changes_nothing(desk: Desk) -> None:
    """The second end of one try is refused."""
    desk.judge()
    [claim] = desk.claims()
    desk.outbox.finish_delivery(claim, SENT)
    with pytest.raises(LeaseLost, match="delivery"):
        desk.outbox.finish_delivery(claim, DEAD)
    assert [view.state for view in desk.views.deliveries()] == ["sent"]


def test_who_lost_the_lease_can_not_finish(desk: Desk) -> None:
    """A worker that slept through its lease can't undo what another did."""
    desk.judge()
    [slow] = desk.claims()
    [quick] = desk.claims(NOON + LEASE)
    with pytest.raises(LeaseLost):
        desk.outbox.finish_delivery(slow, DEAD)
    desk.outbox.finish_delivery(quick, SENT)


def test_a_retry_waits_and_says_why(desk: Desk) -> None:
    """What was not accepted for now is tried again at the planned time."""
    desk.judge()
    desk.outbox.finish_delivery(desk.claims()[0], again(7))
    assert desk.claims(NOON + 6 * MINUTE) == []
    [view] = desk.views.deliveries(state=DeliveryState.WAITING)
    assert (view.reason, view.attempts, view.not_before) == ("greylisted", 1, NOON + 7 * MINUTE)
    [claim] = desk.claims(NOON + 7 * MINUTE)
    assert claim.attempt == 2


def test_one_recipient_hears_a_story_in_its_order(desk: Desk) -> None:
    """While an earlier message of the same story waits, the later ones do; a dead one blocks nobody."""
    for article in articles(3):
        desk.judge(article)
    [first] = desk.claims(NOON + 9 * MINUTE)
    assert b"News 0" in first.message
    desk.outbox.finish_delivery(first, again(30))
    assert desk.claims(NOON + 10 * MINUTE) == []
    [first] = desk.claims(NOON + 30 * MINUTE)
    desk.outbox.finish_delivery(first, DEAD)
    [second] = desk.claims(NOON + 30 * MINUTE)
    assert b"News 1" in second.message
    desk.outbox.finish_delivery(second, SENT)
    [third] = desk.claims(NOON + 30 * MINUTE)
    assert b"News 2" in third.message


def test_other_recipients_and_other_stories_do_not_wait(desk: Desk) -> None:
    """A broken mailbox holds up nobody but itself, and only its own story."""
    first, second = articles(2)
    desk.judge(first, a_judged(first, recipients=("a@example.org", "b@example.org")))
    broken = next(claim for claim in desk.claims() if claim.recipient.address == "a@example.org")
    desk.outbox.finish_delivery(broken, again(60))
    recipients = ("a@example.org", "c@example.org")
    desk.judge(
        second, a_judged(second, recipients=recipients), a_judged(second, watch=WatchId("other"), recipients=recipients)
    )
    told = [(claim.recipient.address, claim.message[-30:]) for claim in desk.claims(NOON + 2 * MINUTE)]
    assert sorted(address for address, _ in told) == ["a@example.org", "c@example.org", "c@example.org"]


def test_a_major_development_passes_those_that_wait_for_the_morning(desk: Desk) -> None:
    """What is let through in quiet hours is not held up by the minor news before it."""
    minor, major = articles(2)
    desk.judge(minor, a_judged(minor, not_before=NOON + 600 * MINUTE))
    desk.judge(major)
    [claim] = desk.claims(NOON + MINUTE)
    assert b"News 1" in claim.message
    desk.outbox.finish_delivery(claim, again(700))
    [morning] = desk.claims(NOON + 800 * MINUTE)
    assert b"News 1" in morning.message  # the one that failed keeps its place in the line


def test_what_can_not_be_rendered_is_a_dead_letter(desk: Desk) -> None:
    """A message that can't be made is put aside with its reason, and the others go on."""
    first, second = articles(2)
    desk.judge(first, a_judged(first, recipients=("bad", "good@example.org")))
    desk.judge(second, a_judged(second, recipients=("bad",)))

    def picky(tidings: Tidings) -> bytes:
        if tidings.recipient.address == "bad" and "0" in tidings.development.headline:
            message = "'bad' is no address"
            raise Rejected(message)
        return render(tidings)

    def claims() -> list[str]:
        now = NOON + MINUTE
        found = desk.outbox.claim_deliveries([DESK], now=now, limit=9, lease=LEASE, render=picky)
        return [claim.recipient.address for claim in found]

    assert claims() == ["good@example.org"]
    [dead] = desk.views.deliveries(state=DeliveryState.DEAD)
    assert (dead.address, dead.reason, dead.attempts) == ("bad", "'bad' is no address", 0)
    assert claims() == ["bad"]


def test_a_channel_that_is_not_asked_for_waits(desk: Desk) -> None:
    """Deliveries of a channel that is not in use stay, and go when it is again."""
    desk.judge()
    assert desk.outbox.claim_deliveries([], now=NOON, limit=9, lease=LEASE, render=render) == []
    assert desk.outbox.claim_deliveries([ChannelId("x")], now=NOON, limit=9, lease=LEASE, render=render) == []
    assert len(desk.claims()) == 1


def test_a_dead_senders_delivery_comes_back_after_the_lease(desk: Desk) -> None:
    """A delivery whose sender was killed is sent by another, and not while the first may still be sending."""
    desk.judge()
    desk.claims()
    assert desk.claims(NOON + LEASE - MINUTE) == []
    assert len(desk.claims(NOON + LEASE)) == 1


def test_two_claimers_never_share_a_delivery(desk: Desk) -> None:
    """However many ask at once, each delivery is given once."""
    article = an_article()
    desk.judge(article, a_judged(article, recipients=tuple(f"{n}@example.org" for n in range(60))))
    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda _: desk.claims(limit=7), range(16)))
    given = [claim.id for answer in answers for claim in answer]
    assert len(given) == len(set(given)) == 60


def test_times_without_a_zone_are_refused(desk: Desk) -> None:
    """A naive time is a mistake that must not reach the database."""
    desk.judge()
    [claim] = desk.claims()
    with pytest.raises(StorywatchError, match="timezone"):
        desk.outbox.finish_delivery(claim, replace(SENT, at=datetime(2026, 3, 2)))  # noqa: DTZ001  that is the point
