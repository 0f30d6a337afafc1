from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_claim, a_judged, an_article
from newsdesk import NOW, fill
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from storywatch.core.model import AttemptOutcome, DeliveryState, FeedNotice, Label, NoticeKind, PollOutcome
from storywatch.store.opinions import Opinions, OpinionView
from storywatch.store.tables import channel_state, recipient_state, trouble
from storywatch.web.metrics import reason_class

if TYPE_CHECKING:
    from newsdesk import Newsdesk

DESK = ("channel", "desk")
REFERENCE = Path(__file__).parents[2] / "docs/reference/metrics.md"


def scraped(newsdesk: Newsdesk) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels."""
    answer = newsdesk.ask("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_the_service_tells_is_counted(newsdesk: Newsdesk) -> None:
    """Polls, judgements and tries come back with their outcomes and times."""
    metrics = newsdesk.metrics
    metrics.polled(PollOutcome(new=3, changed=1, known=40), seconds=0.2)
    metrics.polled(PollOutcome(known=40), seconds=0.1)
    gap = FeedNotice(kind=NoticeKind.GAP, told="nothing was known", at=NOON)
    metrics.polled(PollOutcome(held=12, notices=(gap,)), seconds=0.1)
    metrics.polled(PollOutcome(unchanged=True), seconds=0.1)
    metrics.polled(PollOutcome(failed=True), seconds=0.1)
    article = an_article(published_at=NOON - timedelta(minutes=10), seen_at=NOON)
    judged = a_judged(article)
    assert judged.alert
    metrics.judged(replace(judged, alert=replace(judged.alert, created_at=NOON + timedelta(seconds=4))), seconds=3.5)
    metrics.judged(a_judged(article, label=Label.REPEAT), seconds=0.5)
    for state in DeliveryState:
        claim = a_claim(seen_at=NOON - timedelta(seconds=20))
        metrics.tried(claim, AttemptOutcome(state=state, at=NOON + timedelta(seconds=7)), seconds=0.3)
    metrics.tried(a_claim(), AttemptOutcome(state=DeliveryState.SENT, at=NOON), seconds=0.3)
    metrics.step_failed("poll")
    metrics.pinged("heard")
    metrics.reloaded(ok=True, at=NOON)
    metrics.reloaded(ok=False, at=NOW)

    seen = scraped(newsdesk)

    assert seen["storywatch_build_info", (("version", "1.2.3"),)] == 1
    assert seen["storywatch_poll_seconds_count", (("outcome", "entries"),)] == 1
    assert seen["storywatch_poll_seconds_count", (("outcome", "nothing-new"),)] == 2
    assert seen["storywatch_poll_seconds_count", (("outcome", "not-modified"),)] == 1
    assert seen["storywatch_poll_seconds_count", (("outcome", "failed"),)] == 1
    assert seen["storywatch_entries_total", (("state", "held"),)] == 12
    assert seen["storywatch_feed_notices_total", (("kind", "gap"),)] == 1
    assert seen["storywatch_entries_total", (("state", "new"),)] == 3
    assert seen["storywatch_entries_total", (("state", "known"),)] == 80
    assert seen["storywatch_judge_seconds_count", ()] == 2
    assert seen["storywatch_alert_latency_seconds_sum", (("stage", "listed"),)] == 600
    assert seen["storywatch_alert_latency_seconds_sum", (("stage", "judged"),)] == 4
    assert seen["storywatch_alert_latency_seconds_sum", (("stage", "sent"),)] == 7
    assert seen["storywatch_alert_latency_seconds_sum", (("stage", "told"),)] == 27
    assert seen["storywatch_alert_latency_seconds_count", (("stage", "told"),)] == 1
    for outcome in ("sent", "retry", "dead"):
        labels = (("channel", "desk"), ("outcome", outcome), ("reason", "ok" if outcome == "sent" else "no-answer"))
        assert seen["storywatch_delivery_attempts_total", labels] == (2 if outcome == "sent" else 1)
    assert seen["storywatch_step_failures_total", (("step", "poll"),)] == 1
    assert seen["storywatch_pings_total", (("outcome", "heard"),)] == 1
    assert seen["storywatch_pings_total", (("outcome", "failed"),)] == 0
    assert seen["storywatch_config_last_reload_successful", ()] == 0
    assert seen["storywatch_config_last_reload_success_timestamp_seconds", ()] == NOON.timestamp()


def test_the_database_is_counted_at_the_scrape(newsdesk: Newsdesk) -> None:
    """A restart forgets nothing of what is kept."""
    fill(newsdesk)
    watch = ("watch", "harbour-strike")

    seen = scraped(newsdesk)

    assert seen["storywatch_articles_judged_total", (("verdict", "repeat"), watch)] == 5
    assert seen["storywatch_articles_judged_total", (("verdict", "off-topic"), watch)] == 1
    assert seen["storywatch_developments_total", (("severity", "major"), watch)] == 4
    assert seen["storywatch_deliveries", (("channel", "desk"), ("state", "dead"))] == 1
    depth = {labels: value for (name, labels), value in seen.items() if name == "storywatch_outbox_depth" and value}
    assert depth == {(DESK, ("state", "retrying")): 1, (("channel", "newsroom"), ("state", "retrying")): 1}
    assert seen["storywatch_outbox_oldest_seconds", (DESK,)] == 2 * 3600
    assert seen["storywatch_outbox_oldest_seconds", (("channel", "newsroom"),)] == 4 * 3600
    assert seen["storywatch_dead_letters", (DESK,)] == 1
    assert seen["storywatch_feeds", ()] == 3
    assert seen["storywatch_feeds_failing", ()] == 1
    assert seen["storywatch_feed_last_success_timestamp_seconds", (("feed", "harbor-times"),)] == NOW.timestamp() - 14
    assert seen["storywatch_last_tick_timestamp_seconds", ()] == NOW.timestamp()


def test_what_is_wrong_with_delivery_is_counted(newsdesk: Newsdesk) -> None:
    """Since when a channel fails, who is stopped, what goes on by kind; never by feed or address."""
    assert ("storywatch_channel_failing_since_timestamp_seconds", (DESK,)) not in scraped(newsdesk)
    with newsdesk.database.write() as connection:
        connection.execute(insert(channel_state).values(channel="desk", failures=3, failing_since=NOON))
        stopped = {"channel": "desk", "address": "desk@desk.example", "refusals": 3, "stopped_at": NOON}
        connection.execute(insert(recipient_state).values(stopped))
        going_on = [{"subject": f"feed:times-{number}", "words": "x", "since": NOON, "times": 1} for number in range(3)]
        connection.execute(insert(trouble), going_on)

    seen = scraped(newsdesk)

    assert seen["storywatch_channel_failing_since_timestamp_seconds", (DESK,)] == NOON.timestamp()
    assert seen["storywatch_recipients_stopped", (DESK,)] == 1
    assert seen["storywatch_troubles_open", (("kind", "feed"),)] == 3
    assert seen["storywatch_troubles_open", (("kind", "polls"),)] == 0


@pytest.mark.parametrize(
    ("code", "expected"),
    [(None, "no-answer"), (302, "3xx"), (410, "4xx"), (429, "429"), (550, "5xx"), (503, "5xx"), (100, "other")],
)
def test_what_a_try_came_to_is_one_of_a_few_words(code: int | None, expected: str) -> None:
    """A label that a server could make up would fill Prometheus."""
    assert reason_class(AttemptOutcome(state=DeliveryState.WAITING, at=NOON, code=code)) == expected


def test_the_asking_of_a_language_model_is_counted(newsdesk: Newsdesk) -> None:
    """Calls and failures of all days, what is left of this one, and whether it is left alone."""
    opinions = Opinions(newsdesk.database)
    for number in range(3):
        opinions.reserve_call("ept_1", f"opn_{number}", budget=5, now=NOW)
        opinions.record_failure("ept_1", "503", now=NOW)

    def view() -> OpinionView:
        return opinions.view("ept_1", budget=5, now=NOW)

    assert scraped(newsdesk)["storywatch_opinion_budget_left", ()] == 0
    text = newsdesk.ask("/metrics", given={"opinion": view}).text
    assert "\nstorywatch_opinion_calls_total 3.0\n" in text
    assert "\nstorywatch_opinion_failures_total 3.0\n" in text
    assert "\nstorywatch_opinion_budget_left 2.0\n" in text
    assert "\nstorywatch_opinion_paused 1.0\n" in text


def test_a_publisher_whose_clock_runs_ahead_does_not_make_us_early(newsdesk: Newsdesk) -> None:
    """No latency is below nothing; without a date of publication there is none."""
    newsdesk.metrics.judged(a_judged(an_article(published_at=NOON + timedelta(hours=1))), seconds=1)
    newsdesk.metrics.judged(a_judged(an_article(published_at=None)), seconds=1)

    seen = scraped(newsdesk)

    assert seen["storywatch_alert_latency_seconds_sum", (("stage", "listed"),)] == 0
    assert seen["storywatch_alert_latency_seconds_count", (("stage", "listed"),)] == 1


def test_before_the_first_tick_there_is_no_time_of_it(newsdesk: Newsdesk) -> None:
    """An engine that has not begun is absent, not stale since 1970."""
    answer = newsdesk.ask("/metrics", given={"ticked_at": lambda: None})

    assert "storywatch_last_tick_timestamp_seconds" not in answer.text


def test_the_reference_names_every_metric(newsdesk: Newsdesk) -> None:
    """Who writes an alert rule finds each metric in the reference, and nothing that does not exist."""
    told = re.findall(r"^\| `(storywatch_\w+)` \|", REFERENCE.read_text("utf-8"), re.MULTILINE)
    text = newsdesk.ask("/metrics").text
    given = {name for name in re.findall(r"^# TYPE (\w+)", text, re.MULTILINE) if not name.endswith("_created")}

    assert sorted(told) == sorted(given)


def test_health_says_that_the_loop_turns_and_readiness_what_is_missing(newsdesk: Newsdesk) -> None:
    """Alive is not ready: the faults of the service are told in words, with a status for probes."""
    assert newsdesk.ask("/healthz").text == "ok\n"
    assert newsdesk.ask("/readyz").text == "ready\n"

    newsdesk.faults += ["the database can't be written: disk full", "the engine stands still"]
    answer = newsdesk.ask("/readyz")

    assert answer.status_code == 503
    assert answer.text.splitlines() == ["not ready", *newsdesk.faults]
    assert newsdesk.ask("/healthz").status_code == 200
