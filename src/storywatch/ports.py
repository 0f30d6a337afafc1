"""What the pipeline asks of the world: small protocols, owned by the caller. Tests bring their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from storywatch.core.alerting import ChannelRules
    from storywatch.core.corrections import Case
    from storywatch.core.identity import KnownArticle
    from storywatch.core.model import (
        Ahead,
        Alert,
        Article,
        ArticleId,
        AttemptOutcome,
        ChannelId,
        Correction,
        DeliveryClaim,
        DeliveryId,
        Development,
        DevelopmentId,
        Entry,
        EntryState,
        FeedAnswer,
        FeedClaim,
        FeedId,
        Fetched,
        Judged,
        LanguageMean,
        Listing,
        Message,
        NotModified,
        Page,
        PlannedDelivery,
        PollOutcome,
        PollPlan,
        RawPage,
        Sentence,
        StoryMemory,
        Validators,
        Vector,
        Watch,
        WatchId,
    )
    from storywatch.core.opinion import Band, Heard, Question, Reservation
    from storywatch.core.retention import Mark, Stretch
    from storywatch.core.revisits import Visit, VisitPlan
    from storywatch.core.vectors import KeptArticle, Reencoded, Stale
    from storywatch.core.websub import Called, HubClaim, KnownCall


class Clock(Protocol):
    """The only way to know what time it is."""

    def now(self) -> datetime:
        """An aware moment in UTC."""
        ...


class FeedFetcher(Protocol):
    """Asks one feed. Never raises for what a server or a network does: that is an answer too."""

    async def fetch_feed(self, claim: FeedClaim) -> FeedAnswer:
        """Entries, "not modified", or the failure in words."""
        ...

    async def fetch_earlier(self, claim: FeedClaim, listing: Listing) -> Listing | None:
        """One page of what the feed listed before; None where there is none to be had."""
        ...


class PageFetcher(Protocol):
    """Reads the page behind an entry."""

    async def fetch_page(self, url: str, *, feed: FeedId | None = None, title: str = "") -> Page:
        """The page's text and metadata; raises `FetchFailed`, `Forbidden` or `Unreadable`. `title` is the feed's."""
        ...

    async def fetch_raw(
        self, url: str, *, feed: FeedId | None = None, title: str = "", validators: Validators | None = None
    ) -> Fetched | NotModified:
        """The same with its bytes, unless it is still what `validators` name. Raises the same."""
        ...

    async def read_raw(self, raw: RawPage, *, feed: FeedId | None = None, title: str = "") -> Page:
        """What the reader makes of these bytes now; raises `Unreadable`."""
        ...


class Encoder(Protocol):
    """Turns texts into vectors, the same for the same text whatever else is asked with it."""

    @property
    def name(self) -> str:
        """Names model and version; vectors of another name are not comparable."""
        ...

    @property
    def dim(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Vector:
        """float32[len(texts), dim], rows normalised and representable in float16."""
        ...


class Waker(Protocol):
    """Tells the engine that deliveries were planned, in the transaction that plans them."""

    def wake(self, connection: object, delivery_ids: Sequence[DeliveryId]) -> None:
        """Must not fail and must not block; a lost call costs time, never a delivery."""
        ...


@dataclass
class Desk:
    """Whom there is to tell, and when, as configured now; a reload puts other watches and rules in place."""

    watches: Sequence[Watch]
    rules: Mapping[ChannelId, ChannelRules]  # of the channels in use
    trouble: Sequence[ChannelId] = ()  # to be told of trouble; empty: the first one that works
    disabled: Mapping[ChannelId, str] = field(default_factory=dict)  # configured, and can't be used for this reason


class Announcement(Protocol):
    """A source of what is told without a new article."""

    def announce(self, *, now: datetime) -> list[DeliveryId]:
        """Write what there is to tell now, in one transaction on the store's thread; the deliveries that are new.

        The ids follow from what is told, so that looking again tells nothing twice.
        """
        ...


class Polls(Protocol):
    """Feeds and their entries, as rows. Each method is one transaction."""

    def claim_feeds(self, *, now: datetime, limit: int, lease: timedelta) -> list[FeedClaim]:
        """T1: up to `limit` due feeds become ours until `now + lease`."""
        ...

    def record_polls(self, polled: Sequence[tuple[FeedClaim, PollPlan]]) -> Sequence[PollOutcome | Exception]:
        """T2: of each poll entries, validators and the next poll, together; its outcome, or `LeaseLost` and the like."""
        ...

    def record_earlier(self, claim: FeedClaim, plan: PollPlan) -> int:
        """Entries that were lost between two polls and found in an archive; how many are new to us."""
        ...

    def claim_entries(self, *, now: datetime, limit: int, lease: timedelta) -> list[Entry]:
        """Up to `limit` waiting entries, the oldest first, become ours until `now + lease`."""
        ...

    def postpone_entry(self, entry: Entry, *, until: datetime, reason: str) -> None:
        """The page could not be had for now: try again later."""
        ...

    def release_entry(self, entry: Entry) -> None:
        """Nothing was done about it: it waits as it did before. Raises `LeaseLost`."""
        ...

    def renew_entries(self, claimed: Collection[Entry], *, until: datetime) -> None:
        """They are being worked on: their leases last until then."""
        ...

    def ahead_of(self, entry: Entry, *, now: datetime) -> list[Ahead]:
        """The entries that come before it in judging order and are due or being worked on, the first one first."""
        ...

    def settle_entry(self, entry: Entry, state: EntryState, *, note: str, article: ArticleId | None = None) -> None:
        """The entry needs no judging: passed over at the glance, or its article is known."""
        ...


class Judgements(Protocol):
    """Articles, verdicts and what a story knows, as rows. Each method is one transaction."""

    def load_story(self, watch: WatchId, *, encoder: str) -> StoryMemory:
        """What the watch's story remembers under this encoder, in judging order."""
        ...

    def load_newest(self, watches: Collection[WatchId]) -> dict[WatchId, int]:
        """For each of these watches the number of its last verdict; one without any is missing."""
        ...

    def load_vectors(self, watch: WatchId, *, encoder: str) -> dict[str, Vector]:
        """Vectors of the watch's own texts (name, about, seeds), by text."""
        ...

    def record_vectors(self, watch: WatchId, vectors: Mapping[str, Vector], *, encoder: str) -> None:
        """Keep the vectors of the watch's own texts; replaces those kept before."""
        ...

    def load_revisions(self) -> dict[WatchId, int]:
        """For each watch a number that grows with everything that the desk says or undoes; 0 where it is missing."""
        ...

    def load_judged(self, article: ArticleId) -> frozenset[WatchId]:
        """The watches for which exactly this text at this address was judged before."""
        ...

    def load_keys(self, keys: Collection[str]) -> dict[str, str]:
        """For the keys of addresses that lead to an article that was judged: the key of the article."""
        ...

    def load_known(self, key: str) -> KnownArticle | None:
        """The newest judged version of the article that an address leads to."""
        ...

    def record_known(self, entry: Entry, article: Article, *, note: str, now: datetime) -> None:
        """The article was judged before: the entry becomes KNOWN, and its addresses are kept. Raises `LeaseLost`."""
        ...

    def record_article(
        self,
        entry: Entry,
        article: Article,
        judged: Sequence[Judged],
        *,
        encoder: str,
        now: datetime,
        visited: tuple[Visit, VisitPlan] | None = None,
        knows: Mapping[WatchId, int] | None = None,
    ) -> Mapping[WatchId, int]:
        """T3: article, verdicts, developments, known sentences, alerts and deliveries, together.

        The entry becomes JUDGED, or the visit that found the version ends, and the engine is woken in the same
        transaction. Gives for each watch the number of its verdict. `knows`: the last verdict that each story knew as
        it decided. Raises `LeaseLost`, and `StoryMoved` where another worker has written one since.
        """
        ...


class Revisits(Protocol):
    """Later visits to the pages of articles, as rows. Each method is one transaction."""

    def claim_revisits(self, *, now: datetime, limit: int, lease: timedelta) -> list[Visit]:
        """Up to `limit` pages that are due become ours to look at until `now + lease`."""
        ...

    def record_visit(self, visit: Visit, plan: VisitPlan) -> None:
        """What a visit found where nothing is to be judged. Raises `LeaseLost`."""
        ...

    def load_raw(self, raw_hash: str) -> RawPage | None:
        """The bytes of a judged version; None: they are not kept, or no more."""
        ...

    def drop_notices(self, *, before: datetime) -> int:
        """Drop what was told of feeds before a moment; says how many."""
        ...

    def drop_raw_pages(self, *, before: datetime, most_bytes: int) -> int:
        """Drop the bytes that are too old, and the oldest of those that are too many; says how many."""
        ...


class Shelves(Protocol):
    """All that is kept, to be thinned out. Each method is one short transaction."""

    def load_floors(self) -> dict[str, int]:
        """By watch the oldest verdict of which its base rate is taken; 0 where all of them are."""
        ...

    def drop_articles(self, mark: Mark, *, before: datetime, floors: Mapping[str, int]) -> Stretch:
        """From the mark on, drop some of the articles that were seen before a moment and are about no story."""
        ...

    def drop_entries(self, mark: Mark, *, before: datetime) -> Stretch:
        """From the mark on, drop some of the entries that were seen before a moment, lead nowhere and are listed no more."""
        ...


class Adviser(Protocol):
    """A language model that is asked about doubtful articles. Never raises for what its endpoint does."""

    @property
    def model(self) -> str:
        """Its name, for people."""
        ...

    @property
    def band(self) -> Band | None:
        """The scores that it is asked about; None: none, it only translates."""
        ...

    @property
    def seconds(self) -> float:
        """How long all that is asked about one article may take."""
        ...

    async def ask(self, question: Question, *, until: float) -> Heard:
        """What it says, or why it says nothing. `until` is a time of the event loop."""
        ...

    async def translate(self, sentences: Sequence[str], lang: str, *, until: float) -> dict[str, str]:
        """A translation by its original, as far as there are any until then."""
        ...


class Opinions(Protocol):
    """Answers of language models, how often they were asked, and how they do. Each method is one transaction."""

    def reserve_call(self, endpoint: str, key: str, *, budget: int, now: datetime) -> Reservation:
        """The answer that is kept under `key`; else one call is counted for this day, if it may be made."""
        ...

    def record_answer(self, endpoint: str, key: str, answer: str, *, now: datetime) -> None:
        """Keep a valid answer; the endpoint does well."""
        ...

    def record_failure(self, endpoint: str, reason: str, *, now: datetime) -> datetime | None:
        """One more failure in a row; until when nothing is asked of it, or None."""
        ...

    def record_odd_answer(self, endpoint: str, *, now: datetime) -> None:
        """The endpoint answers, though not what was asked: a failure, and no reason to pause."""
        ...


class Vectors(Protocol):
    """What another encoder made, to be made anew. Each method is one transaction."""

    def stale(self, *, encoder: str) -> list[Stale]:
        """The stories that hold vectors of another encoder."""
        ...

    def load_stale(self, watch: WatchId, *, encoder: str, limit: int) -> list[KeptArticle]:
        """Remembered articles whose vectors are another encoder's, the newest first."""
        ...

    def load_before(self, watch: WatchId, *, key: int | None, limit: int) -> list[KeptArticle]:
        """The articles judged before the one of this key, or the last ones, the newest first."""
        ...

    def record_reencoded(self, watch: WatchId, done: Sequence[Reencoded], *, encoder: str) -> None:
        """New vectors in the place of the old ones."""
        ...

    def record_means(self, watch: WatchId, means: Iterable[LanguageMean], *, encoder: str) -> None:
        """New running means in the place of those of every encoder."""
        ...


class Feedback(Protocol):
    """What the desk says of verdicts, as rows. Each method is one transaction; all raise `StorywatchError`."""

    def find_case(self, watch: WatchId, reference: str) -> Case:
        """A judged article of the watch by its id, a prefix of it, or its address."""
        ...

    def find_development(self, watch: WatchId, reference: str) -> DevelopmentId:
        """A development of the watch that stands, by its id or a prefix of it."""
        ...

    def record_feedback(
        self,
        case: Case,
        said: Correction,
        *,
        sentences: Sequence[Sentence] = (),
        encoder: str,
        told: Development | None = None,
        alert: Alert | None = None,
        deliveries: Sequence[PlannedDelivery] = (),
    ) -> None:
        """What was said, and what follows from it, together."""
        ...

    def undo_feedback(self, case: Case, *, now: datetime) -> Correction:
        """Take back what was said last of an article."""
        ...


class HubCaller(Protocol):
    """Asks hubs to call us."""

    async def ask_hub(self, claim: HubClaim) -> None:
        """Returns when the hub has taken the request. Raises `FetchFailed`, `Forbidden`."""
        ...


class Subscriptions(Protocol):
    """Subscriptions at hubs, as rows. Each method is one transaction."""

    def note_poll(
        self, claim: FeedClaim, answer: FeedAnswer, plan: PollPlan, outcome: PollOutcome, *, began_at: datetime
    ) -> None:
        """After a poll is recorded: the hub that the feed names, and how what was found compares with its calls."""
        ...

    def claim_hubs(self, *, now: datetime, limit: int, base_url: str) -> list[HubClaim]:
        """Up to `limit` hubs that are to be asked now."""
        ...

    def record_asked(
        self, claim: HubClaim, *, failure: str | None, now: datetime, retry_after: timedelta | None = None
    ) -> None:
        """What the hub answered."""
        ...

    def find_call(self, token: str) -> KnownCall | None:
        """What is known about an address that is called; None where no hub has it."""
        ...

    def confirm(self, token: str, *, mode: str, topic: str, lease: str | None, now: datetime) -> bool:
        """The hub asks whether we asked it: did we?"""
        ...

    def deny(self, token: str, *, topic: str, reason: str | None, now: datetime) -> bool:
        """The hub refuses; False where it was not asked."""
        ...

    def take_call(self, token: str, *, now: datetime) -> Called:
        """The hub says that there is news: the feed is due."""
        ...


class Outbox(Protocol):
    """Deliveries and attempts, as rows. Each method is one transaction."""

    def claim_deliveries(
        self,
        channels: Collection[ChannelId],
        *,
        now: datetime,
        limit: int,
        lease: timedelta,
        render: Callable[[Message], bytes],
        rules: ChannelRules | None = None,
    ) -> list[DeliveryClaim]:
        """T4: due deliveries of these channels become ours, in order within a recipient's story.

        Before, what silences, stopped recipients and the channels' rules hold back is muted, ended, put off or folded.
        The first claim renders and stores the final bytes. Where `render` raises `Rejected`, the
        delivery becomes a dead letter with that reason and the rest go on.
        """
        ...

    def next_due(self, channel: ChannelId, *, now: datetime, rules: ChannelRules | None = None) -> datetime | None:
        """The next moment at which more of a channel may be claimed; None: none is known."""
        ...

    def finish_delivery(self, claim: DeliveryClaim, outcome: AttemptOutcome) -> None:
        """T5: note the attempt and what follows from it. Raises `LeaseLost`."""
        ...


class Channel(Protocol):
    """A configured place to send alerts. One file in `notify/` each."""

    def render(self, message: Message) -> bytes:
        """The final bytes of a message; the same message gives the same bytes."""
        ...

    async def send(self, claim: DeliveryClaim, *, now: datetime) -> None:
        """Hand the bytes over. Returns when they are accepted; raises `Unsent` or `Rejected`."""
        ...
