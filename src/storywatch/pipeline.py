"""The way of the data, on one page. One function is one arrow; each ends in one transaction.

    feed --poll--> entry --read--> article --follow--> match, verdict, development
         --tell--> alert, deliveries --deliver--> attempt
    article --revisit--> another version of it

Decisions are made in `core`, effects happen behind the ports; this page only carries values from one
to the other. Whatever is to be done is a row before it is begun, so a process that dies between any
two lines loses nothing: `claim_*` takes rows for a while, `record_*` and `finish_*` give them back.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import structlog

from storywatch.core.alerting import plan_alert
from storywatch.core.cadence import plan_after_mishap, plan_earlier, plan_page_retry, plan_poll
from storywatch.core.developments import develop, judge
from storywatch.core.entries import article_of
from storywatch.core.identity import addresses_of
from storywatch.core.matching import glance, match
from storywatch.core.model import EntryState, Fetched, Judged, Listing, NoticeKind, NotModified, Reading, Sentence
from storywatch.core.opinion import fold, question_of, sentences_to_translate, with_translations
from storywatch.core.retention import Retention
from storywatch.core.retry import plan_attempt
from storywatch.core.revisits import Seen, Unseen, VisitOutcome, plan_revisit, plan_unfollowed
from storywatch.core.story import Story, watch_texts
from storywatch.core.text import lead_of, sentences_of
from storywatch.errors import (
    FetchFailed,
    Forbidden,
    LeaseLost,
    OutOfTurn,
    Rejected,
    SendFailed,
    StoryMoved,
    StorywatchError,
    Unreadable,
    Unsent,
)
from storywatch.gathering import Gathering
from storywatch.stories import Stories
from storywatch.turns import LEASE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from concurrent.futures import Executor

    from storywatch.core.alerting import ChannelRules
    from storywatch.core.model import (
        Article,
        AttemptOutcome,
        ChannelId,
        DeliveryClaim,
        Entry,
        FeedClaim,
        FeedId,
        Glance,
        Message,
        Page,
        PollOutcome,
        PollPlan,
        RawPage,
        Watch,
        WatchId,
    )
    from storywatch.core.revisits import Visit, VisitPlan
    from storywatch.core.weights import Weights
    from storywatch.hubs import Hubs
    from storywatch.ports import (
        Adviser,
        Channel,
        Clock,
        Encoder,
        FeedFetcher,
        Judgements,
        Outbox,
        PageFetcher,
        Polls,
        Revisits,
    )
    from storywatch.turns import Turns

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()

POLL_LEASE = timedelta(minutes=5)
READ_LEASE = timedelta(minutes=5)
SEND_LEASE = timedelta(minutes=2)
VISIT_LEASE = timedelta(minutes=5)
NOTICES_KEPT = timedelta(days=90)
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
RAW_BYTES = 4 * 1024**3  # of pages at most, as they are stored
FINISH_TRIES = 3  # each waits for a locked database as long as the store does


@dataclass(kw_only=True)
class Pipeline:
    """Everything one process needs to follow its watches. `app` builds it; tests build it with other arguments."""

    clock: Clock
    polls: Polls
    judgements: Judgements
    revisits: Revisits
    outbox: Outbox
    feeds: FeedFetcher
    pages: PageFetcher
    encoder: Encoder
    detect_language: Callable[[str], str]
    watches: Sequence[Watch]
    channels: Mapping[ChannelId, Channel]
    rules: Mapping[ChannelId, ChannelRules]
    writer: Executor  # the store's own thread: one writer
    thinker: Executor  # the encoder's and the matcher's own thread
    weights: Weights | None = None  # of the matcher; None: those in the package
    adviser: Adviser | None = None  # None: no second opinion is asked for
    hubs: Hubs | None = None  # None: nobody tells of news, feeds are polled
    turns: Turns | None = None  # None: nobody else judges, and what is read first is judged first
    newest: dict[WatchId, int] = field(default_factory=dict)  # the last verdict that each of them knows
    retention: Retention = field(default_factory=Retention)
    stories: Stories = field(default_factory=Stories)
    judging: asyncio.Lock = field(default_factory=asyncio.Lock)
    loading: asyncio.Lock = field(default_factory=asyncio.Lock)
    recording: Gathering[tuple[FeedClaim, PollPlan], PollOutcome] = field(init=False)

    def __post_init__(self) -> None:
        """Polls that end together are recorded together."""
        self.recording = Gathering(self.polls.record_polls, self.writer)

    def watches_of(self, feed: FeedId) -> frozenset[WatchId]:
        """The watches that follow a feed."""
        return frozenset(watch.id for watch in self.watches if feed in watch.feeds)

    async def reconfigure(
        self,
        *,
        watches: Sequence[Watch],
        channels: Mapping[ChannelId, Channel],
        rules: Mapping[ChannelId, ChannelRules],
        feeds: FeedFetcher,
        pages: PageFetcher,
        adviser: Adviser | None = None,
    ) -> None:
        """Go on with another configuration, between two judgements; stories are read anew."""
        async with self.judging, self.loading:
            self.watches, self.channels, self.rules = watches, channels, rules
            self.feeds, self.pages, self.adviser = feeds, pages, adviser
            self.stories.clear()

    # ------------------------------------------------------------------ feed -> entry

    async def claim_feeds(self, limit: int, *, due_by: datetime | None = None) -> list[FeedClaim]:
        """T1: the feeds that are due, or were at `due_by`."""
        now = due_by or self.clock.now()
        return await self._store(self.polls.claim_feeds, now=now, limit=limit, lease=POLL_LEASE)

    async def poll(self, claim: FeedClaim) -> PollOutcome:
        """Ask one feed; T2: what it lists, its validators and its next poll."""
        began_at = self.clock.now()
        with self.recording.place() as place:
            answer = await self.feeds.fetch_feed(claim)
            plan = plan_poll(claim, answer, now=self.clock.now())
            outcome = await place.put((claim, plan))
        if self.hubs is not None:
            await self.hubs.note_poll(claim, answer, plan, outcome, began_at=began_at)
        log.info(
            "feed_polled",
            feed_id=claim.feed.id,
            status=plan.status,
            new=outcome.new,
            changed=outcome.changed,
            known=outcome.known,
            held=outcome.held,
            failures=plan.failures,
            error=plan.error,
            next_poll_at=(outcome.next_poll_at or plan.next_poll_at).isoformat(),
        )
        for notice in outcome.notices:
            log.warning("feed_noticed", feed_id=claim.feed.id, kind=notice.kind, told=notice.told)
        if isinstance(answer, Listing) and any(notice.kind is NoticeKind.GAP for notice in outcome.notices):
            return replace(outcome, new=outcome.new + await self._catch_up(claim, answer))
        return outcome

    async def _catch_up(self, claim: FeedClaim, listing: Listing) -> int:
        """Look once for what was lost between two polls, where the feed keeps it; how many entries are new."""
        earlier = await self.feeds.fetch_earlier(claim, listing)
        if earlier is None:
            return 0
        plan = plan_earlier(claim, earlier, now=self.clock.now())
        caught = await self._store(self.polls.record_earlier, claim, plan)
        log.info("feed_caught_up", feed_id=claim.feed.id, listed=len(earlier.entries), new=caught)
        return caught

    # ------------------------------------------------------------------ entry -> article

    async def claim_entries(self, limit: int) -> list[Entry]:
        """The entries that wait to be looked at, the oldest first."""
        lease = READ_LEASE if self.turns is None else LEASE
        return await self._store(self.polls.claim_entries, now=self.clock.now(), limit=limit, lease=lease)

    async def take(self, entry: Entry) -> list[Judged]:
        """Read an entry and judge its article, in its turn where several workers judge.

        Whatever is decided is decided in turn, on what the stories know then; only the page is had before.
        """
        if self.turns is None:
            article = await self.read(entry)
            return [] if article is None else await self.judge(entry, article)
        async with self.turns.place(entry) as place:
            ahead = await self.look_ahead(entry)
            try:
                await self.turns.come(place)
            except OutOfTurn:
                await self._store(self.polls.release_entry, entry)
                return []
            await self._catch_up_with(place.watches)
            article = await self.read(entry, ahead=ahead)
            return [] if article is None else await self.judge(entry, article)

    async def look_ahead(self, entry: Entry) -> Fetched | NotModified | FetchFailed | Unreadable | None:
        """The page of an entry that is probably worth it, or why it could not be had; its sentences are encoded."""
        watches = [watch for watch in self.watches if entry.feed in watch.feeds]
        if not any(look.worth for look in await self._glance(entry, watches)):
            return None
        known = await self._store(self.judgements.load_known, entry.url_key) if entry.url_key else None
        if known is not None and known.answers(entry, (watch.id for watch in watches)):
            return None
        try:
            fetched = await self.pages.fetch_raw(entry.url, feed=entry.feed, title=entry.title)
        except (FetchFailed, Unreadable) as error:
            return error
        if isinstance(fetched, Fetched):
            article = article_of(entry, fetched.page, raw=None, known={}, detect_language=self.detect_language)
            await self._think(read_closely, article, self.encoder)  # the encoder remembers
        return fetched

    async def _catch_up_with(self, watches: Collection[WatchId]) -> None:
        """Forget the stories that other workers have told more; they are read anew when they are asked for."""
        newest = await self._store(self.judgements.load_newest, watches)
        for watch in watches:
            if self.newest.get(watch, 0) != newest.get(watch, 0):
                self.stories.pop(watch, None)

    async def read(
        self, entry: Entry, *, ahead: Fetched | NotModified | FetchFailed | Unreadable | None = None
    ) -> Article | None:
        """The article behind an entry, or None where nothing is to be judged. `ahead`: what `look_ahead` brought."""
        watches = [watch for watch in self.watches if entry.feed in watch.feeds]
        seen = await self._glance(entry, watches)
        if not any(look.worth for look in seen):
            note = "; ".join(look.words for look in seen) or "no watch follows this feed"
            await self._store(self.polls.settle_entry, entry, EntryState.PASSED_OVER, note=note)
            log.info("entry_passed_over", entry_id=entry.id, feed_id=entry.feed, note=note)
            return None
        if await self._is_known(entry, watches):
            return None
        fetched: Fetched | NotModified | None = None
        try:
            if isinstance(ahead, FetchFailed | Unreadable):
                raise ahead
            fetched = ahead or await self.pages.fetch_raw(entry.url, feed=entry.feed, title=entry.title)
        except (FetchFailed, Unreadable) as error:
            retry_at = plan_page_retry(entry, error, now=self.clock.now())
            log.info("page_failed", entry_id=entry.id, error=str(error), retry_at=retry_at and retry_at.isoformat())
            if retry_at is not None:
                await self._store(self.polls.postpone_entry, entry, until=retry_at, reason=str(error))
                return None
        page, raw = (fetched.page, fetched.raw) if isinstance(fetched, Fetched) else (None, None)
        return await self._article(entry, page, raw)

    async def _is_known(self, entry: Entry, watches: Sequence[Watch]) -> bool:
        """Does the entry lead to an article that was judged, by whatever feed and address it came? Then it is settled."""
        known = await self._store(self.judgements.load_known, entry.url_key) if entry.url_key else None
        if known is None or not known.answers(entry, (watch.id for watch in watches)):
            return False
        note = "the article at this address was judged before"
        await self._store(self.polls.settle_entry, entry, EntryState.KNOWN, note=note, article=known.id)
        log.info("entry_known", entry_id=entry.id, feed_id=entry.feed, article_id=known.id)
        return True

    async def _article(self, entry: Entry, page: Page | None, raw: RawPage | None) -> Article:
        """The article behind an entry, under the key by which any of its addresses is known."""
        keys = {address.url_key for address in addresses_of(entry, page)}
        known = await self._store(self.judgements.load_keys, keys)
        return article_of(entry, page, raw=raw, known=known, detect_language=self.detect_language)

    async def put_off(self, entry: Entry, reason: str) -> None:
        """Reading or judging it broke: the entry waits, longer each time, and says why."""
        until = plan_after_mishap(entry, now=self.clock.now())
        await self._store(self.polls.postpone_entry, entry, until=until, reason=reason)

    async def _glance(self, entry: Entry, watches: Sequence[Watch]) -> list[Glance]:
        """A first look for each watch. The vector is made once, and only where no watch's words settle it."""
        stories = [await self.story(watch) for watch in watches]
        looks = [glance(entry.title, entry.summary, entry.lang, story) for story in stories]
        if any(look.worth for look in looks) or all(look.worth is not None for look in looks):
            return looks
        [vector] = await self._think(self.encoder.encode, [f"{entry.title}. {entry.summary}"])
        return [
            glance(entry.title, entry.summary, entry.lang, story, vector=vector) if look.worth is None else look
            for look, story in zip(looks, stories, strict=True)
        ]

    # ------------------------------------------------------------------ article -> ... -> deliveries

    async def judge(
        self, entry: Entry, article: Article, *, visited: tuple[Visit, VisitPlan] | None = None
    ) -> list[Judged]:
        """What the article is to each story; T3: all of it, with the alerts and deliveries that follow.

        One at a time: two first reports of one development must not both be the first, and an article
        that two feeds list is judged once for each watch that follows one of them. `visited`: it is a
        version that such a visit found: it is for who follows any feed that listed the article, and in the place
        of the entry the visit is settled.
        """
        async with self.judging:
            while True:
                try:
                    told = await self._judge(entry, article, visited)
                    break
                except StoryMoved as moved:  # by another worker: decide again, on what is known now
                    log.info("story_moved", article_id=article.id, told=str(moved))
                    for watch in [known for known in self.stories if known in moved.watches]:
                        del self.stories[watch]
        for judged in told:
            log.info(
                "article_judged",
                article_id=article.id,
                watch_id=judged.watch,
                verdict=judged.verdict.verdict,
                score=judged.verdict.score,
                relevance=judged.match.relevance,
                deliveries=len(judged.deliveries),
                title=article.title,
            )
        self._make_room()
        return told

    async def _judge(self, entry: Entry, article: Article, visited: tuple[Visit, VisitPlan] | None) -> list[Judged]:
        judged_for = await self._store(self.judgements.load_judged, article.id)
        feeds = {entry.feed} if visited is None else visited[0].feeds
        watches = [watch for watch in self.watches if feeds & watch.feeds and watch.id not in judged_for]
        if judged_for and not watches:
            note = "the same text at the same address was judged before"
            if visited is not None:
                await self._store(self.revisits.record_visit, *visited)
            else:
                known = partial(self.judgements.record_known, note=note, now=self.clock.now())
                await self._store(known, entry, article)
            return []
        reading = await self._think(read_closely, article, self.encoder)
        now = self.clock.now()
        revisions = await self._store(self.judgements.load_revisions)
        stories: list[Story] = []
        knows: dict[WatchId, int] = {}
        for watch in watches:
            stories.append(await self.story(watch, revision=revisions.get(watch.id, 0)))
            knows[watch.id] = self.newest.get(watch.id, 0)  # at once: while the next one is read, it may be read anew
        judged_alone = [await self._think(follow, reading, story, now=now) for story in stories]
        advised = await self.advise(reading, list(zip(judged_alone, stories, strict=True)), now=now)
        told = [
            tell(judged, article, story.watch, rules=self.rules, now=now)
            for judged, story in zip(advised, stories, strict=True)
        ]
        record = partial(self.judgements.record_article, encoder=self.encoder.name, now=now, visited=visited)
        numbers = await self._store(record, entry, article, told, knows=knows)
        for judged in told:  # the story moves on only after the database has; if it can't, it is read anew
            self.stories.pop(judged.watch, None)
        for judged, story in zip(told, stories, strict=True):
            self.stories[judged.watch] = story.learn(judged)
        self.newest.update(numbers)
        return told

    async def advise(self, reading: Reading, judged: Sequence[tuple[Judged, Story]], *, now: datetime) -> list[Judged]:
        """What a language model makes of the doubtful ones, and its translations. Without one, nothing changes.

        No transaction is open meanwhile. All watches are asked about at once: one article holds the judging
        up for the adviser's limit at the most.
        """
        if self.adviser is None:
            return [alone for alone, _ in judged]
        until = asyncio.get_running_loop().time() + self.adviser.seconds
        try:
            async with asyncio.TaskGroup() as group:
                steps = [
                    group.create_task(self._advise(self.adviser, reading, alone, story, now=now, until=until))
                    for alone, story in judged
                ]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        return [step.result() for step in steps]

    async def _advise(
        self, adviser: Adviser, reading: Reading, judged: Judged, story: Story, *, now: datetime, until: float
    ) -> Judged:
        question = await self._think(question_of, judged, reading, story, band=adviser.band)
        if question is not None:
            heard = await adviser.ask(question, until=until)
            judged = fold(judged, reading, story, heard, question=question, now=now)
        lang = story.watch.translate_to
        foreign = sentences_to_translate(judged.development, lang) if judged.development and lang else ()
        if lang and foreign:
            translations = await adviser.translate(foreign, lang, until=until)
            judged = with_translations(judged, translations, lang=lang, by=adviser.model)
        return judged

    async def story(self, watch: Watch, *, revision: int | None = None) -> Story:
        """The watch's story as far as it is known, from memory or from the store.

        With `revision`, that of the desk's feedback: read anew where the one in memory is of another.
        Loaded by one at a time: a second load, begun before a commit and ended after it, would bring
        back the story as it was before. Who still holds a watch from before a reload gets the story of
        the watch as it is now: the next to ask would else find the old one.
        """
        async with self.loading:
            kept_story = self.stories.get(watch.id)
            if kept_story and revision is not None and kept_story.adjustment.revision != revision:
                del self.stories[watch.id]
            if watch.id not in self.stories:
                watch = next((one for one in self.watches if one.id == watch.id), watch)
                name = self.encoder.name
                kept = await self._store(self.judgements.load_vectors, watch.id, encoder=name)
                vectors = {text: kept[text] for text in watch_texts(watch) if text in kept}
                missing = [text for text in watch_texts(watch) if text not in vectors]
                if missing:
                    fresh = await self._think(self.encoder.encode, missing)
                    vectors |= dict(zip(missing, fresh, strict=True))
                    await self._store(self.judgements.record_vectors, watch.id, vectors, encoder=name)
                memory = await self._store(self.judgements.load_story, watch.id, encoder=name)
                lang = self.detect_language(watch.about)
                self.newest[watch.id] = memory.newest
                self.stories[watch.id] = Story.begin(watch, vectors, lang=lang, weights=self.weights).recall(memory)
            story = self.stories[watch.id]
            self._make_room()
            return story

    def _make_room(self) -> None:
        """While something is judged, all stay: what was read before it is stored, and read anew after, lacks nothing."""
        if not self.judging.locked() and (gone := self.stories.put_out()):
            log.info("stories_put_out", watches=gone, stories=len(self.stories))

    # ------------------------------------------------------------------ article -> another version of it

    async def claim_revisits(self, limit: int, *, due_by: datetime | None = None) -> list[Visit]:
        """The pages of articles that are due to be looked at again, or were at `due_by`."""
        now = due_by or self.clock.now()
        return await self._store(self.revisits.claim_revisits, now=now, limit=limit, lease=VISIT_LEASE)

    async def revisit(self, visit: Visit) -> tuple[VisitPlan, list[Judged]]:
        """Look at one page again; another version that says something else is judged like a new article."""
        now = self.clock.now()
        if not any(visit.feeds & watch.feeds for watch in self.watches):
            plan = plan_unfollowed(visit, now=now)
            await self._store(self.revisits.record_visit, visit, plan)
            return plan, []
        seen, raw = await self._look_again(visit)
        plan = await self._think(plan_revisit, visit, seen, now=self.clock.now())
        told: list[Judged] = []
        if plan.outcome is VisitOutcome.EDITED and isinstance(seen, Seen):
            entry = replace(visit.entry, title=plan.title, seen_at=plan.visited_at)
            known = {address.url_key: visit.url_key for address in addresses_of(entry, seen.page)}
            article = article_of(entry, seen.page, raw=raw, known=known, detect_language=self.detect_language)
            told = await self.judge(entry, article, visited=(visit, plan))
        else:
            await self._store(self.revisits.record_visit, visit, plan)
        log.info(
            "page_revisited",
            article_id=visit.article,
            outcome=plan.outcome,
            changes=list(plan.changes),
            note=plan.note,
            next_at=plan.next_at and plan.next_at.isoformat(),
        )
        return plan, told

    async def _look_again(self, visit: Visit) -> tuple[Seen | NotModified | Unseen, RawPage | None]:
        """What is there now, beside what the same reader makes of the version that is known."""
        feed, title = visit.entry.feed, visit.title
        try:
            fetched = await self.pages.fetch_raw(visit.url, feed=feed, title=title, validators=visit.validators)
        except Forbidden as error:
            return Unseen(reason=str(error), forbidden=True), None
        except FetchFailed as error:
            return Unseen(reason=str(error), status=error.status, retry_after=error.retry_after), None
        except Unreadable as error:
            return Unseen(reason=str(error)), None
        if isinstance(fetched, NotModified):
            return fetched, None
        before: Page | None = None
        if visit.raw_hash is not None and visit.raw_hash != fetched.raw.raw_hash:
            kept = await self._store(self.revisits.load_raw, visit.raw_hash)
            with suppress(Unreadable):  # read before, and by another reader: then the stored text serves
                before = await self.pages.read_raw(kept, feed=feed, title=title) if kept is not None else None
        return Seen(page=fetched.page, before=before, validators=fetched.raw.validators), fetched.raw

    async def put_off_visit(self, visit: Visit, reason: str) -> None:
        """Looking again broke: the page waits for its next turn, longer each time, and says why."""
        plan = plan_revisit(visit, Unseen(reason=reason), now=self.clock.now())
        await self._store(self.revisits.record_visit, visit, plan)

    async def tidy(self) -> int:
        """Drop the bytes of pages, and what was told of feeds, that are kept no longer; says how many pages."""
        kept = self.retention.pages
        before = self.clock.now() - kept if kept is not None else LONG_AGO
        await self._store(self.revisits.drop_notices, before=self.clock.now() - NOTICES_KEPT)
        dropped = await self._store(self.revisits.drop_raw_pages, before=before, most_bytes=RAW_BYTES)
        if dropped:
            log.info("raw_pages_dropped", pages=dropped)
        return dropped

    # ------------------------------------------------------------------ delivery -> attempt

    async def claim_deliveries(self, channel: ChannelId, limit: int) -> list[DeliveryClaim]:
        """T4: a channel's deliveries that are due, each with its final bytes."""
        claim = partial(self.outbox.claim_deliveries, limit=limit, lease=SEND_LEASE, rules=self.rules.get(channel))
        render = partial(rendered, self.channels[channel])
        return await self._store(claim, [channel], now=self.clock.now(), render=render)

    async def next_delivery_at(self, channel: ChannelId) -> datetime | None:
        """When more of a channel may become due; None: nothing that waits has a moment."""
        return await self._store(self.outbox.next_due, channel, now=self.clock.now(), rules=self.rules.get(channel))

    async def deliver(self, claim: DeliveryClaim) -> AttemptOutcome:
        """Try one delivery; T5: that it was sent, when to try again, or that it is dead."""
        failure: SendFailed | None = None
        try:
            await self._send(claim)
        except SendFailed as error:
            failure = error
        outcome = plan_attempt(claim, failure, now=self.clock.now())
        try:
            await self._finish(claim, outcome)
        except LeaseLost:
            log.warning("delivery_lease_lost", delivery_id=claim.id)
            return outcome
        log.info(
            "delivery_tried",
            delivery_id=claim.id,
            channel=claim.recipient.channel,
            attempt=claim.attempt,
            state=outcome.state,
            code=outcome.code,
            reason=outcome.reason,
        )
        return outcome

    async def _finish(self, claim: DeliveryClaim, outcome: AttemptOutcome) -> None:
        """T5, tried anew while the lease lasts: what was sent and can't be noted would be sent again."""
        for left in reversed(range(FINISH_TRIES)):
            try:
                await self._store(self.outbox.finish_delivery, claim, outcome)
            except LeaseLost:
                raise
            except StorywatchError as error:
                if not left:
                    raise
                log.warning("delivery_not_noted", delivery_id=claim.id, state=outcome.state, error=str(error))
            else:
                return

    async def _send(self, claim: DeliveryClaim) -> None:
        channel = self.channels.get(claim.recipient.channel)
        if channel is None:  # a reload came between claim and send
            message = f"channel {claim.recipient.channel!r} is no longer configured"
            raise Unsent(message)
        if claim.recipient.address not in self.rules[claim.recipient.channel].recipients:
            message = f"{claim.recipient.address} is no longer a recipient of channel {claim.recipient.channel!r}"
            raise Rejected(message)
        await channel.send(claim, now=self.clock.now())

    # ------------------------------------------------------------------ threads

    async def _store(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.writer, partial(step, *args, **kwargs))

    async def _think(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.thinker, partial(step, *args, **kwargs))


def rendered(channel: Channel, message: Message) -> bytes:
    """The final bytes. One that can't be made is refused for good: it must not hold up all others of its channel."""
    try:
        return channel.render(message)
    except Rejected:
        raise
    except Exception as error:
        log.exception("message_broke", delivery_id=message.delivery, channel=message.recipient.channel)
        told = f"the message can't be made: {type(error).__name__}: {error}"
        raise Rejected(told) from error


def read_closely(article: Article, encoder: Encoder) -> Reading:
    """The article sentence by sentence, with its vectors."""
    parts = sentences_of(article)
    vectors = encoder.encode([*(text for text, _ in parts), lead_of(article)])
    sentences = tuple(
        Sentence(text=text, place=place, vector=vector)
        for (text, place), vector in zip(parts, vectors[:-1], strict=True)
    )
    return Reading(article=article, sentences=sentences, lead=vectors[-1])


def follow(reading: Reading, story: Story, *, now: datetime) -> Judged:
    """Is it about the story, and is anything new in it? The whole of the decision, without any effect.

    `replay` walks a stream with this very function.
    """
    found = match(reading, story)
    verdict = judge(found, reading, story)
    development = develop(verdict, reading, story, now=now)
    return story.judged(reading, found, verdict, development)


def tell(
    judged: Judged, article: Article, watch: Watch, *, rules: Mapping[ChannelId, ChannelRules], now: datetime
) -> Judged:
    """The judgement with the alert and the deliveries that follow from it."""
    if judged.development is None:
        return judged
    alert, deliveries = plan_alert(judged.development, article, watch, rules=rules, now=now)
    return replace(judged, alert=alert, deliveries=deliveries)
