from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from builders import NOON, a_feed, a_judged, a_listed, a_watch, an_article

from storywatch.core.model import AttemptOutcome, DeliveryState, EntryState, Label, WatchId
from storywatch.store.views import Explanation, Gauges

if TYPE_CHECKING:
    from desks import Desk

MINUTE = timedelta(minutes=1)


def test_an_empty_database_has_views_too(desk: Desk) -> None:
    """Before the first news every question has an answer."""
    assert desk.views.stories() == []
    assert desk.views.timeline() == []
    assert desk.views.timeline(WatchId("none")) == []
    assert desk.views.deliveries() == []
    assert desk.views.explain("https://nowhere.example/") == Explanation(entries=(), articles=())
    assert desk.views.gauges(now=NOON) == Gauges(
        deliveries_waiting=0,
        deliveries_sent=0,
        deliveries_dead=0,
        oldest_waiting_seconds=0.0,
        entries_waiting=0,
        feeds=1,
        feeds_failing=0,
        feeds_gone=0,
        last_success={"harbor-times": NOON - timedelta(hours=1)},
    )


def test_a_story_is_seen_at_a_glance(desk: Desk) -> None:
    """Each watch shows what its articles were and its last development; one without news is shown too."""
    desk.judgements.sync_watches([a_watch(), a_watch(id=WatchId("quiet"), name="Quiet")])
    labels = (Label.DEVELOPMENT, Label.DEVELOPMENT, Label.POSSIBLE, Label.REPEAT, Label.OFF_TOPIC)
    for number, label in enumerate(labels):
        article = an_article(url=f"https://a.example/{number}", title=f"News {number}")
        desk.judge(article, a_judged(article, label=label))
    story, quiet = desk.views.stories()
    assert (story.name, story.judged, story.about, story.developments, story.possible) == ("Harbour strike", 5, 4, 2, 1)
    assert (story.last_headline, story.last_severity, story.last_at) == ("News 1", "major", NOON)
    assert (quiet.name, quiet.judged, quiet.last_headline) == ("Quiet", 0, None)


def test_a_timeline_tells_the_newest_first_with_all_that_belongs_to_it(desk: Desk) -> None:
    """Each development shows what is new, who reports it, why it was told, and to whom, or why not."""
    told, held = an_article(title="Told"), an_article(title="Held", seen_at=NOON + MINUTE)
    desk.judge(told)
    judged = a_judged(held, watch=WatchId("other"), recipients=())
    assert judged.alert is not None
    object.__setattr__(judged.alert, "held", "below the minimum")
    desk.judge(held, judged)
    first, second = desk.views.timeline()
    assert (first.headline, first.held, first.deliveries) == ("Held", "below the minimum", ())
    assert (second.headline, second.held, [one.address for one in second.deliveries]) == (
        "Told",
        None,
        ["desk@example.org"],
    )
    assert (second.new[0].old, second.new[0].new) == ("closed", "reopened")
    assert desk.views.timeline(limit=1) == [first]
    assert desk.views.timeline(WatchId("harbour-strike")) == [second]


def test_the_gauges_show_what_is_late_dead_or_failing(desk: Desk) -> None:
    """Whoever watches the service sees trouble in its numbers."""
    for number in range(3):
        article = an_article(url=f"https://a.example/{number}")
        desk.judge(article, a_judged(article, recipients=(f"{number}@example.org",)))
    one, two, _ = desk.claims()
    desk.outbox.finish_delivery(one, AttemptOutcome(state=DeliveryState.SENT, at=NOON))
    desk.outbox.finish_delivery(two, AttemptOutcome(state=DeliveryState.DEAD, at=NOON, reason="no such user"))
    desk.poll(a_listed("x"), at=NOON + 20 * MINUTE)
    desk.poll(at=NOON + 40 * MINUTE, failures=1, error="503", status=503)
    gauges = desk.views.gauges(now=NOON + 41 * MINUTE)
    assert (gauges.deliveries_waiting, gauges.deliveries_sent, gauges.deliveries_dead) == (1, 1, 1)
    assert gauges.oldest_waiting_seconds == 41 * 60
    assert gauges.entries_waiting == 1
    assert (gauges.feeds, gauges.feeds_failing) == (1, 1)
    assert gauges.last_success == {"harbor-times": NOON + 20 * MINUTE}
    assert desk.views.gauges(now=NOON - MINUTE).oldest_waiting_seconds == 0.0


def test_feeds_show_their_health(desk: Desk) -> None:
    """Which feed is behind, failing or moved is seen at once."""
    desk.poll(a_listed("1"), a_listed("2"), title="Harbor Times", moved_to="https://moved.example/")
    [view] = desk.views.feeds()
    assert (view.id, view.title, view.moved_to, view.entries, view.waiting) == (
        "harbor-times",
        "Harbor Times",
        "https://moved.example/",
        2,
        2,
    )
    assert (view.enabled, view.first_poll, view.failures, view.next_poll_at) == (True, False, 0, NOON + 10 * MINUTE)


def test_deliveries_come_last_planned_first(desk: Desk) -> None:
    """The list of deliveries shows the newest, as many as asked for."""
    for number in range(3):
        article = an_article(url=f"https://a.example/{number}", title=f"News {number}")
        desk.judge(article)
    assert [view.headline for view in desk.views.deliveries(limit=2)] == ["News 2", "News 1"]


def test_every_view_is_plain_enough_for_json(desk: Desk) -> None:
    """A program that reads the output needs only times to be written as text."""
    desk.judge()
    desk.polls.settle_entry(desk.entry("2", NOON + 20 * MINUTE), EntryState.PASSED_OVER, note="about none")
    views = [
        *desk.views.stories(),
        *desk.views.timeline(),
        *desk.views.deliveries(),
        *desk.views.feeds(),
        desk.views.explain(an_article().id),
        desk.views.gauges(now=NOON),
    ]
    for view in views:
        assert json.dumps(asdict(view), default=lambda moment: moment.isoformat())


def test_feeds_show_no_password(desk: Desk) -> None:
    """An address may be configured with a password; whoever looks at the feeds does not see it."""
    desk.polls.sync_feeds([a_feed(url="https://desk:hunter2@harbor-times.example/feed.xml")], now=NOON)
    [feed] = desk.views.feeds()
    assert feed.url == "https://harbor-times.example/feed.xml"
