"""Dead letters and what was muted are sent after all: under their ids, in their bytes, in their order."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_judged, an_article
from desks import DESK

from storywatch.core.model import AttemptOutcome, Blame, ChannelId, DeliveryState, SilenceKind, WatchId
from storywatch.errors import StorywatchError
from storywatch.store import tables
from storywatch.store.redelivering import Redelivery, Wanted
from storywatch.store.silences import Silences

if TYPE_CHECKING:
    from desks import Desk

    from storywatch.core.model import DeliveryClaim

HOUR = timedelta(hours=1)
STRIKE = WatchId("harbour-strike")
DEAD = AttemptOutcome(state=DeliveryState.DEAD, at=NOON, code=550, reason="no such user", blame=Blame.RECIPIENT)


def tell(desk: Desk, *numbers: int) -> None:
    for number in numbers:
        article = an_article(
            url=f"https://harbor-times.example/{number}", title=f"News {number}", seen_at=NOON + number * HOUR
        )
        desk.judge(article, a_judged(article, not_before=NOON))


def end(desk: Desk, outcome: AttemptOutcome, at: int = 0) -> list[DeliveryClaim]:
    """All that is due at an hour ends so, one after the other."""
    ended = []
    while claims := desk.claims(NOON + at * HOUR):
        for claim in claims:
            desk.outbox.finish_delivery(claim, outcome)
        ended += claims
    return ended


def sent(desk: Desk, at: int) -> list[DeliveryClaim]:
    return end(desk, AttemptOutcome(state=DeliveryState.SENT, at=NOON + at * HOUR), at)


def test_dead_letters_go_in_their_order_and_bytes(desk: Desk) -> None:
    """The schedule begins anew, the tries are counted on, and a stopped recipient is written to again."""
    tell(desk, 0, 1, 2, 3)
    first = end(desk, DEAD)
    assert [view.state for view in desk.views.deliveries()] == ["dead"] * 4
    redelivery = Redelivery(desk.database)
    wanted = Wanted()
    tried = redelivery.redeliver(wanted, now=NOON + HOUR, dry_run=True)
    assert [view.state for view in desk.views.deliveries()] == ["dead"] * 4
    done = redelivery.redeliver(wanted, now=NOON + HOUR, by="anna")
    assert (done.stopped, [view.state for view in done.deliveries]) == (("desk@example.org",), ["dead"] * 4)
    assert done == tried
    assert desk.views.deliveries()[3].why == "asked for by anna 2026-03-02 13:00 UTC"
    again = sent(desk, 1)
    assert [claim.id for claim in again] == [view.id for view in reversed(desk.views.deliveries())]
    assert [(claim.id, claim.message) for claim in again[:3]] == [(claim.id, claim.message) for claim in first]
    assert [claim.attempt for claim in again] == [1, 1, 1, 1]
    fate = desk.views.delivery(again[0].id)
    assert [(one.number, one.state, one.code) for one in fate.attempts] == [(1, "dead", 550), (2, "sent", None)]
    assert redelivery.redeliver(wanted, now=NOON + HOUR).deliveries == ()


def test_only_what_was_chosen_goes(desk: Desk) -> None:
    """By channel and by the moment at which it was to go."""
    tell(desk, 0)
    end(desk, DEAD)
    redelivery = Redelivery(desk.database)
    for wanted in (
        Wanted(channel=ChannelId("other")),
        Wanted(since=NOON + HOUR),
        Wanted(states=[DeliveryState.MUTED]),
    ):
        assert redelivery.redeliver(wanted, now=NOON).deliveries == ()
    assert len(redelivery.redeliver(Wanted(channel=DESK, since=NOON), now=NOON).deliveries) == 1


def test_what_was_muted_goes_though_the_story_still_is(desk: Desk) -> None:
    """Somebody asked for it: the mute is for the others."""
    silences = Silences(desk.database)
    silences.begin(STRIKE, SilenceKind.MUTE, until=NOON + 9 * HOUR, now=NOON - HOUR)
    tell(desk, 0)
    assert [view.state for view in desk.views.deliveries()] == ["muted"]
    Redelivery(desk.database).redeliver(Wanted(states=[DeliveryState.MUTED]), now=NOON)
    assert len(sent(desk, 1)) == 1


def test_what_was_sent_goes_again_only_by_name_and_when_that_is_said(desk: Desk) -> None:
    """A slip of the hand sends nothing twice; a waiting one goes now."""
    tell(desk, 0)
    [claim] = sent(desk, 0)
    redelivery = Redelivery(desk.database)
    assert redelivery.redeliver(Wanted(), now=NOON).deliveries == ()
    with pytest.raises(StorywatchError, match=r"was sent 2026-03-02 12:00 UTC: --again sends it once more"):
        redelivery.redeliver(Wanted(named=[claim.id]), now=NOON)
    redelivery.redeliver(Wanted(named=[claim.id[:12], claim.id], again=True), now=NOON)
    [held] = desk.claims(NOON)
    assert (held.id, held.message) == (claim.id, claim.message)
    with pytest.raises(StorywatchError, match="is being sent just now"):
        redelivery.redeliver(Wanted(named=[claim.id]), now=NOON)
    retry = AttemptOutcome(state=DeliveryState.WAITING, at=NOON, retry_at=NOON + 9 * HOUR, reason="busy")
    desk.outbox.finish_delivery(held, retry)
    redelivery.redeliver(Wanted(named=[claim.id]), now=NOON + HOUR)
    assert len(sent(desk, 1)) == 1


def test_a_name_must_be_one(desk: Desk) -> None:
    """What names no delivery, or more than one, is said with those that it may mean."""
    tell(desk, *range(7))
    redelivery = Redelivery(desk.database)
    with pytest.raises(StorywatchError, match="no delivery 'dlv_x'; `storywatch deliveries` names them"):
        redelivery.redeliver(Wanted(named=["dlv_x"]), now=NOON)
    with pytest.raises(StorywatchError, match=r"'dlv' is more than one delivery: (dlv_\w+, ){4}dlv_\w+ and more; say"):
        desk.views.delivery("dlv")


def test_what_was_folded_goes_with_what_told_it(desk: Desk) -> None:
    """The message is the one of the carrier: that is to be named."""
    tell(desk, 0, 1)
    with desk.database.write() as connection:
        connection.execute(tables.delivery.update().values(hold="quiet"))
    [carrier] = end(desk, DEAD)
    folded = desk.views.deliveries()[-1]
    assert folded.why == f"told with 1 other in {carrier.id}, which is dead: no such user"
    with pytest.raises(StorywatchError, match=f"{folded.id} was told in {carrier.id}: name that one"):
        Redelivery(desk.database).redeliver(Wanted(named=[folded.id]), now=NOON)
    Redelivery(desk.database).redeliver(Wanted(), now=NOON)
    [again] = sent(desk, 0)
    assert again.message == carrier.message
    fate = desk.views.delivery(carrier.id)
    assert [told.headline for told in fate.tells] == ["News 0", "News 1"]
