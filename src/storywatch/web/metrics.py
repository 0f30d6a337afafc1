"""What an operator's Prometheus may ask: counters of this process, and the state of the database at the scrape."""

from __future__ import annotations

from collections import Counter as Counted
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from storywatch.core.model import DeliveryState
from storywatch.core.troubles import KINDS
from storywatch.store.opinions import OpinionView

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from prometheus_client.metrics_core import Metric

    from storywatch.core.model import AttemptOutcome, DeliveryClaim, Judged, PollOutcome
    from storywatch.core.revisits import VisitOutcome
    from storywatch.store.ledger import Tally
    from storywatch.store.troubles import DeliveryHealth
    from storywatch.store.views import Gauges

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PINGS = ("heard", "failed", "withheld")
WAITING_FOR = ("due", "held", "retrying")
TOO_MANY = 429
REFUSALS = range(3, 6)  # hundreds
ENTRY_STATES = ("new", "changed", "known", "held")
SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
LONG = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)


class Metrics:
    """Is told by the service what happened, and writes it down in Prometheus' text format."""

    def __init__(self, *, version: str) -> None:
        self.registry = CollectorRegistry()
        Info("storywatch_build", "The version that runs.", registry=self.registry).info({"version": version})
        self._poll_seconds = Histogram(
            "storywatch_poll_seconds",
            "Time from asking a feed to having its entries in the database, by what came of it "
            "(entries, nothing-new, not-modified, failed).",
            ["outcome"],
            buckets=SHORT,
            registry=self.registry,
        )
        self._entries = Counter(
            "storywatch_entries_total",
            "Entries that feeds listed, by whether they were new to us.",
            ["state"],
            registry=self.registry,
        )
        for state in ENTRY_STATES:  # at 0 from the start
            self._entries.labels(state)
        self._notices = Counter(
            "storywatch_feed_notices_total",
            "What people were told about feeds, by kind.",
            ["kind"],
            registry=self.registry,
        )
        self._judge_seconds = Histogram(
            "storywatch_judge_seconds",
            "Time from taking up an entry to its verdict, the reading of its page included.",
            buckets=SHORT,
            registry=self.registry,
        )
        self._visits = Counter(
            "storywatch_revisits_total",
            "Later visits to the pages of articles about a story, by what came of them.",
            ["outcome"],
            registry=self.registry,
        )
        self._tries = Counter(
            "storywatch_delivery_attempts_total",
            "Tries to deliver, by channel, outcome (sent, retry, dead) and what the answer was.",
            ["channel", "outcome", "reason"],
            registry=self.registry,
        )
        self._try_seconds = Histogram(
            "storywatch_delivery_attempt_seconds",
            "Time one try took.",
            ["channel"],
            buckets=SHORT,
            registry=self.registry,
        )
        self._latency = Histogram(
            "storywatch_alert_latency_seconds",
            "How late an alert is, by stage: listed (published until seen), judged (seen until decided), "
            "sent (first try until accepted), told (seen until accepted, whatever it waited for).",
            ["stage"],
            buckets=LONG,
            registry=self.registry,
        )
        self._failures = Counter(
            "storywatch_step_failures_total",
            "Steps that ended in an error nobody expected.",
            ["step"],
            registry=self.registry,
        )
        self._hub_calls = Counter(
            "storywatch_websub_calls_total",
            "Calls of hubs, by what came of them.",
            ["outcome"],
            registry=self.registry,
        )
        self._pings = Counter(
            "storywatch_pings_total",
            "Pings that all is well (heard, failed), and those that were withheld because it was not.",
            ["outcome"],
            registry=self.registry,
        )
        for outcome in PINGS:
            self._pings.labels(outcome)
        self._reload_ok = Gauge(
            "storywatch_config_last_reload_successful",
            "1 if the configuration was last read without a fault.",
            registry=self.registry,
        )
        self._reloaded = Gauge(
            "storywatch_config_last_reload_success_timestamp_seconds",
            "When the configuration in use was read.",
            registry=self.registry,
        )

    # ------------------------------------------------------------------ what the service tells

    def polled(self, outcome: PollOutcome, *, seconds: float) -> None:
        """One feed was asked."""
        self._poll_seconds.labels(_came_of(outcome)).observe(seconds)
        for state in ENTRY_STATES:
            if count := getattr(outcome, state):  # most polls bring nothing
                self._entries.labels(state).inc(count)
        for notice in outcome.notices:
            self._notices.labels(notice.kind).inc()

    def judged(self, judged: Judged, *, seconds: float) -> None:
        """One article was judged for one watch."""
        self._judge_seconds.observe(seconds)
        if judged.alert is not None:
            article = judged.remembered
            self._latency.labels("judged").observe(_between(article.seen_at, judged.alert.created_at))
            if article.published_at is not None:
                self._latency.labels("listed").observe(_between(article.published_at, article.seen_at))

    def visited(self, outcome: VisitOutcome, told: Sequence[Judged], *, seconds: float) -> None:
        """One page was looked at again."""
        self._visits.labels(outcome).inc()
        for _ in told:
            self._judge_seconds.observe(seconds)

    def tried(self, claim: DeliveryClaim, outcome: AttemptOutcome, *, seconds: float) -> None:
        """One delivery was tried."""
        channel = claim.recipient.channel
        came_of = "retry" if outcome.state == DeliveryState.WAITING else outcome.state
        self._tries.labels(channel, came_of, reason_class(outcome)).inc()
        self._try_seconds.labels(channel).observe(seconds)
        if outcome.state == DeliveryState.SENT:
            self._latency.labels("sent").observe(_between(claim.first_try_at, outcome.at))
            if claim.seen_at is not None:
                self._latency.labels("told").observe(_between(claim.seen_at, outcome.at))

    def step_failed(self, step: str) -> None:
        """A step ended in an error that nobody expected."""
        self._failures.labels(step).inc()

    def hub_called(self, outcome: str) -> None:
        """A hub, or somebody who pretends to be one, called."""
        self._hub_calls.labels(outcome).inc()

    def pinged(self, outcome: str) -> None:
        """Whoever waits for a sign of life was told that all is well, or was not."""
        self._pings.labels(outcome).inc()

    def reloaded(self, *, ok: bool, at: datetime) -> None:
        """The configuration was read; where it had a fault, the one of before stays in use."""
        self._reload_ok.set(ok)
        if ok:
            self._reloaded.set(at.timestamp())

    # ------------------------------------------------------------------ what Prometheus asks

    def expose(
        self,
        gauges: Gauges,
        tally: Tally,
        delivery: DeliveryHealth,
        *,
        now: datetime,
        ticked_at: datetime | None,
        opinion: OpinionView | None = None,
        hubs: tuple[Mapping[str, int], int] = ({}, 0),
    ) -> bytes:
        """Everything in Prometheus' text format: what this process has seen, and what the database says."""
        stored = CollectorRegistry()
        stored.register(Stored(gauges, tally, ticked_at, opinion or OpinionView(), *hubs))
        stored.register(StoredDelivery(delivery, now))
        return generate_latest(self.registry) + generate_latest(stored)


@dataclass(frozen=True, slots=True, eq=False)
class Stored(Collector):
    """The state of the database at one moment, as metrics."""

    gauges: Gauges
    tally: Tally
    ticked_at: datetime | None
    opinion: OpinionView
    hubs: Mapping[str, int]
    trusted_hubs: int

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        yield _of_pairs(
            CounterMetricFamily(
                "storywatch_articles_judged", "Articles judged, by watch and verdict.", labels=["watch", "verdict"]
            ),
            self.tally.judged,
        )
        yield _of_pairs(
            CounterMetricFamily(
                "storywatch_developments", "Developments found, by watch and severity.", labels=["watch", "severity"]
            ),
            self.tally.developments,
        )
        yield _of_pairs(
            GaugeMetricFamily(
                "storywatch_deliveries",
                "Deliveries that are kept, by channel and state (waiting, sent, dead, folded, muted).",
                labels=["channel", "state"],
            ),
            self.tally.deliveries,
        )
        subscriptions = GaugeMetricFamily(
            "storywatch_websub_subscriptions", "Subscriptions at hubs of feeds, by state.", labels=["state"]
        )
        for state, count in self.hubs.items():
            subscriptions.add_metric([state], count)
        yield subscriptions
        for name, words, value in self._numbers():
            yield GaugeMetricFamily(name, words, value=value)
        yield CounterMetricFamily(
            "storywatch_opinion_calls", "Calls of language models, translations included.", value=self.opinion.calls
        )
        yield CounterMetricFamily(
            "storywatch_opinion_failures",
            "Calls of language models that gave nothing to be used.",
            value=self.opinion.failures,
        )
        success = GaugeMetricFamily(
            "storywatch_feed_last_success_timestamp_seconds", "When a feed was last read.", labels=["feed"]
        )
        for feed, at in self.gauges.last_success.items():
            success.add_metric([feed], at.timestamp())
        yield success

    def _numbers(self) -> Iterator[tuple[str, str, float]]:
        gauges = self.gauges
        yield "storywatch_entries_waiting", "Entries that wait to be looked at.", gauges.entries_waiting
        yield "storywatch_feeds", "Feeds in use.", gauges.feeds
        yield "storywatch_feeds_failing", "Feeds in use whose last poll failed.", gauges.feeds_failing
        yield "storywatch_feeds_gone", "Feeds in use that are gone for good and asked no more.", gauges.feeds_gone
        yield "storywatch_websub_trusted", "Hubs that told of news before polls found them.", self.trusted_hubs
        yield (
            "storywatch_opinion_budget_left",
            "Calls of language models that may still be made this day.",
            self.opinion.left,
        )
        yield (
            "storywatch_opinion_paused",
            "1 while a language model is not asked, because it failed several times in a row.",
            float(self.opinion.paused_until is not None),
        )
        if self.ticked_at is not None:
            yield (
                "storywatch_last_tick_timestamp_seconds",
                "When the engine last looked for due work.",
                self.ticked_at.timestamp(),
            )


@dataclass(frozen=True, slots=True, eq=False)
class StoredDelivery(Collector):
    """How delivery stands at one moment, by channel."""

    delivery: DeliveryHealth
    now: datetime

    def collect(self) -> Iterator[Metric]:
        """All of it."""
        channels = self.delivery.channels
        depth = GaugeMetricFamily(
            "storywatch_outbox_depth",
            "Deliveries that wait: due, held until a moment, or for another try.",
            labels=["channel", "state"],
        )
        oldest = GaugeMetricFamily(
            "storywatch_outbox_oldest_seconds",
            "How long the oldest of them should have been gone.",
            labels=["channel"],
        )
        dead = GaugeMetricFamily("storywatch_dead_letters", "Deliveries that are tried no more.", labels=["channel"])
        failing = GaugeMetricFamily(
            "storywatch_channel_failing_since_timestamp_seconds",
            "Since when nothing could be sent on a channel.",
            labels=["channel"],
        )
        for channel in channels:
            for state in WAITING_FOR:
                depth.add_metric([channel.id, state], channel.waiting.get(state, 0))
            due_at = channel.oldest_due_at
            oldest.add_metric([channel.id], _between(due_at, self.now) if due_at else 0)
            dead.add_metric([channel.id], channel.dead)
            if channel.failing_since is not None:
                failing.add_metric([channel.id], channel.failing_since.timestamp())
        yield from (depth, oldest, dead, failing)
        stopped = Counted(str(one.recipient.channel) for one in self.delivery.stopped)
        yield _of_one(
            GaugeMetricFamily(
                "storywatch_recipients_stopped", "Recipients to whom nothing is sent any more.", labels=["channel"]
            ),
            stopped,
        )
        troubles = Counted(dict.fromkeys(KINDS, 0))
        troubles.update(one.kind for one in self.delivery.troubles if one.kind in KINDS)
        yield _of_one(
            GaugeMetricFamily("storywatch_troubles_open", "Troubles that go on, by kind.", labels=["kind"]), troubles
        )


def reason_class(outcome: AttemptOutcome) -> str:
    """Of a try: `ok`, the class of the refusal (`429`, `3xx`, `4xx`, `5xx`, `other`), or `no-answer`."""
    if outcome.state == DeliveryState.SENT:
        return "ok"
    if outcome.code is None:
        return "no-answer"
    if outcome.code == TOO_MANY:
        return "429"
    hundreds = outcome.code // 100
    return f"{hundreds}xx" if hundreds in REFUSALS else "other"


def _came_of(outcome: PollOutcome) -> str:
    if outcome.failed:
        return "failed"
    if outcome.new or outcome.changed:
        return "entries"
    return "not-modified" if outcome.unchanged else "nothing-new"


Family = TypeVar("Family", CounterMetricFamily, GaugeMetricFamily)


def _of_pairs(family: Family, counts: Mapping[tuple[str, str], int]) -> Family:
    for labels, count in counts.items():
        family.add_metric(labels, count)
    return family


def _of_one(family: GaugeMetricFamily, counts: Mapping[str, int]) -> GaugeMetricFamily:
    for label, count in counts.items():
        family.add_metric([label], count)
    return family


def _between(earlier: datetime, later: datetime) -> float:
    """Seconds, and never fewer than none: publishers' clocks run ahead."""
    return max(0.0, (later - earlier).total_seconds())
