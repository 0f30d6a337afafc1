"""The words of storywatch as values: what each stage hands to the next.

    feed -> entry -> article -> match -> verdict -> development -> alert -> delivery

All values are frozen. Times are aware and in UTC, names of times end in `_at`. Vectors are float32 of
the encoder's length, normalised, and hold only values that float16 can hold, so that a vector read
back from the database is the very vector that was judged with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NewType

import numpy as np
import numpy.typing as npt

from storywatch.core.ids import digest

FeedId = NewType("FeedId", str)
WatchId = NewType("WatchId", str)
ChannelId = NewType("ChannelId", str)
ArticleId = NewType("ArticleId", str)
DevelopmentId = NewType("DevelopmentId", str)
AlertId = NewType("AlertId", str)
DeliveryId = NewType("DeliveryId", str)

Vector = npt.NDArray[np.float32]


class Label(StrEnum):
    """What an article is to a story. Only a development alerts; what is possible goes to the digest."""

    DEVELOPMENT = "development"
    POSSIBLE = "possible"
    REPEAT = "repeat"
    BACKGROUND = "background"
    OFF_TOPIC = "off-topic"


class Severity(StrEnum):
    """How much a development changes, not how loudly it is told."""

    MINOR = "minor"
    MAJOR = "major"


class Sensitivity(StrEnum):
    """Where the desk wants the cut: fewer and surer alerts, or more and sooner."""

    STRICT = "strict"
    BALANCED = "balanced"
    EAGER = "eager"


class PageState(StrEnum):
    """What became of the page behind an entry."""

    READ = "read"  # its text was extracted
    PARTIAL = "partial"  # a paywall's teaser or a very short text
    LIVE = "live"  # a live blog: its blocks are the text, the newest first
    MEDIA = "media"  # a film, a recording or pictures, with hardly a text
    FEED_ONLY = "feed-only"  # the page could not be had: the feed's own text serves
    BLOCKED = "blocked"  # a bot check came instead: the feed's own text serves
    CONSENT = "consent"  # a consent wall came instead: same
    GONE = "gone"  # the front page, a section or "not found" came instead: same

    @property
    def is_unread(self) -> bool:
        """Is nothing of the article known but what the feed says?"""
        return self in {PageState.FEED_ONLY, PageState.BLOCKED, PageState.CONSENT, PageState.GONE}


# --------------------------------------------------------------------------- feed -> entry


class FeedKind(StrEnum):
    """What is at a feed's address."""

    AUTO = "auto"  # RSS, RDF, Atom, JSON Feed or a sitemap: the document tells
    FEED = "feed"  # RSS, RDF, Atom or JSON Feed
    SITEMAP = "sitemap"  # of news or of pages, or an index of sitemaps
    PAGE = "page"  # a page with a list of links to articles


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRules:
    """CSS selectors for the pages of one outlet; what is not given is found without."""

    body: str | None = None  # the elements that hold the text
    drop: str | None = None  # taken out before
    title: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One configured feed."""

    id: FeedId
    url: str
    owner: str
    lang: str | None = None
    every: timedelta | None = None  # None: learned from the feed's habit
    timezone: str | None = None  # IANA zone of dates that come without one
    kind: FeedKind = FeedKind.AUTO
    select: str | None = None  # CSS selector of the links to articles, for a page
    article: ArticleRules | None = None  # how to read the pages that it leads to
    backfill: timedelta | None = None  # how far back the first poll is news


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where redirects for good lead, since when, and how many polls in a row found it so."""

    to: str
    since: datetime
    polls: int = 1


class NoticeKind(StrEnum):
    """What people are told about a feed."""

    MOVED = "moved"  # for good, confirmed: it is asked at its new address
    GONE = "gone"  # for good, confirmed: it is asked no more
    VALIDATORS_LIE = "validators-lie"  # it said "not modified" of what was: its validators are sent no more
    GAP = "gap"  # more was published between two polls than it lists
    GUID_CHURN = "guid-churn"  # it listed old entries under new keys: they are no news
    REDATED = "redated"  # it gave old entries new dates: they are no news
    MANY_NEW = "many-new"  # very many new ones at one poll
    HUB_DENIED = "hub-denied"  # the hub that it names refuses to call us: it is polled as before


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedNotice:
    """Something about a feed that people should know. What has the same kind and mark is told once."""

    kind: NoticeKind
    told: str  # for people
    at: datetime
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedClaim:
    """A due feed that is ours to poll until the lease runs out."""

    feed: Feed
    url: str  # where to ask: the configured address, or where it moved for good
    lease: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    failures: int = 0
    interval: timedelta | None = None  # the last planned one
    first_poll: bool = True
    afresh: bool = False  # to be asked without validators
    status: int | None = None  # of the last answer
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    newest_at: datetime | None = None  # of the dates that it listed till now
    move: Move | None = None  # seen, not confirmed yet
    pace: Freshness | None = None  # what the feed itself said when it last listed something


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """One item as a feed lists it, before we know whether it is new. Text is plain text."""

    key: str  # guid, else normalised link, else hash of title and date
    url: str  # absolute, as listed
    url_key: str  # canonical form, for identity only
    title: str
    summary: str
    published_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Changes when what the reader sees changes; dates do not count."""
        return digest("fp", self.title, self.summary)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server wants to hear again next time, byte for byte."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How long the server, or the feed itself, says that nothing new will come."""

    max_age: timedelta | None = None
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()  # of the day in GMT, 0 to 23
    skip_days: frozenset[int] = frozenset()  # of the week in GMT, Monday is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A feed that answered with entries."""

    url: str  # the address that finally answered
    moved_to: str | None  # set when every redirect on the way was permanent
    title: str | None
    lang: str | None
    entries: tuple[ListedEntry, ...]
    body_hash: str
    validators: Validators = Validators()
    freshness: Freshness = Freshness()
    complete: bool = True  # False: truncated document, its validators must not be kept
    dropped: int = 0  # entries beyond the cap
    status: int = 200
    hub: str | None = None  # where the feed offers to tell of news by itself (WebSub), and under which address
    topic: str | None = None
    earlier: str | None = None  # where the feed keeps what went before this (RFC 5005, JSON Feed)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapIndex:
    """A sitemap that only names others: they are to be asked for, the newest first."""

    children: tuple[tuple[str, datetime | None], ...]  # address and last change
    dropped: int = 0  # children beyond the cap


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed or a sitemap that a page names."""

    url: str
    title: str
    kind: FeedKind
    how: str  # in words: what on the page named it


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What an address has to offer to somebody who wants to follow it."""

    kind: FeedKind | None  # FEED or SITEMAP where the address itself is one; None for a page
    title: str | None = None
    feeds: tuple[FoundFeed, ...] = ()  # likely ones first
    select: str | None = None  # a guess: the CSS selector of the page's links to articles
    samples: tuple[tuple[str, str], ...] = ()  # title and address of the first few that it finds
    hub: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304, or a body that we have seen."""

    validators: Validators = Validators()
    freshness: Freshness = Freshness()
    status: int = 304
    moved_to: str | None = None  # set when every redirect on the way was permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFailure:
    """A poll that gave nothing; `reason` is for people."""

    reason: str
    status: int | None = None
    retry_after: timedelta | None = None


FeedAnswer = Listing | NotModified | PollFailure


class EntryState(StrEnum):
    """Where an entry is on its way. WAITING is the only one that asks for work."""

    BASELINE = "baseline"  # listed at the feed's first poll: known, never news
    WAITING = "waiting"  # new, to be looked at
    PASSED_OVER = "passed-over"  # the glance said: about none of the stories
    KNOWN = "known"  # the article behind it was already judged
    HELD = "held"  # an old one that the feed listed as new: known, never news
    JUDGED = "judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPlan:
    """What one poll changes in the store, in one transaction (T2)."""

    polled_at: datetime
    next_poll_at: datetime
    interval: timedelta
    failures: int
    error: str | None = None
    status: int | None = None
    state: EntryState = EntryState.WAITING  # of entries that are new to us
    entries: tuple[ListedEntry, ...] = ()
    validators: Validators | None = None  # None: keep the old ones
    body_hash: str | None = None  # None: keep the old one
    title: str | None = None
    moved_to: str | None = None  # confirmed: asked from now on; None: as before
    move: Move | None = None  # seen, to be confirmed; None: none
    gone_at: datetime | None = None  # confirmed: asked no more
    afresh_at: datetime | None = None  # the whole body came; None: as before
    newest_at: datetime | None = None  # of the dates that it listed; None: as before
    news_since: datetime | None = None  # of a baseline: what is dated later is news all the same
    pace: Freshness | None = None  # what the feed itself says, for when it says nothing; None: as before
    learns_from: Freshness | None = None  # set: the interval follows from the habit that the store knows, beside this
    notices: tuple[FeedNotice, ...] = ()

    def state_of(self, listed: ListedEntry) -> EntryState:
        """Of an entry that is new to us."""
        since, published_at = self.news_since, listed.published_at
        return EntryState.WAITING if since and published_at and published_at >= since else self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOutcome:
    """What T2 found. `failed`: the feed could not be read; `unchanged`: it said or showed that nothing is new.

    `held`: old entries that were listed as new ones. `notices` are those that were not told before.
    """

    new: int = 0
    changed: int = 0
    known: int = 0
    held: int = 0
    failed: bool = False
    unchanged: bool = False
    notices: tuple[FeedNotice, ...] = ()
    next_poll_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A claimed entry, ours until its lease runs out."""

    id: int
    lease: str
    feed: FeedId
    outlet_name: str
    owner: str
    url: str
    url_key: str
    title: str
    summary: str
    lang: str | None  # as the feed or the config says
    published_at: datetime | None
    seen_at: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """An entry before another one in judging order. `free`: nobody works on it."""

    feed: FeedId
    free: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A first look at an entry: could this be about the story? `None`: its words can't tell, a vector must."""

    worth: bool | None
    figure: float
    words: str


# --------------------------------------------------------------------------- entry -> article


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One entry of a live blog. `id` is stable: its own, else its address."""

    id: str
    url: str | None = None
    headline: str = ""
    text: str = ""  # paragraphs joined by \n
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the reader made of the bytes behind an address."""

    state: PageState
    url: str  # the address that finally answered
    title: str = ""
    paragraphs: tuple[str, ...] = ()
    published_at: datetime | None = None
    dated_to_the_day: bool = False  # the page names a day but no zoned time: midnight UTC stands for it
    authors: tuple[str, ...] = ()
    lang: str | None = None
    canonical_url: str | None = None  # as the page claims it, whoever's it is
    outlet_name: str | None = None
    raw_hash: str | None = None
    ms: float = 0.0
    amp_url: str | None = None
    is_amp: bool = False
    syndicated_from: str | None = None  # the registered domain that a foreign canonical address names
    correction: str | None = None  # the sentence in the text that says what was corrected
    blocks: tuple[Block, ...] = ()  # of a live blog, the newest first
    read_by: str = ""  # what found the text: rules, both, thorough, plain, json-ld, script, live
    notes: tuple[str, ...] = ()  # why it has this state, and which rules found nothing, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """The bytes that a page was read from, unpacked, and what its server said with them: the evidence."""

    raw_hash: str  # SHA-256 of `body`
    url: str  # the address that finally answered
    headers: dict[str, str]  # names in lower case, without cookies
    body: bytes

    @property
    def validators(self) -> Validators:
        """What the server wants to hear again."""
        return Validators(etag=self.headers.get("etag"), last_modified=self.headers.get("last-modified"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A page with the bytes that it was read from."""

    page: Page
    raw: RawPage


class AddressKind(StrEnum):
    """What an address is to an article. All but SYNDICATED stand for the article itself."""

    LISTED = "listed"  # as a feed lists it
    FINAL = "final"  # where its redirects ended
    CANONICAL = "canonical"  # as its page calls itself
    AMP = "amp"  # of its page for AMP, for telephones or for printing
    SYNDICATED = "syndicated"  # of the article that it says it is a copy of, at another outlet


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One of an article's addresses."""

    url: str
    url_key: str
    kind: AddressKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What one reader by itself made of a page. `agreement` is the F1 of its words and those of the text taken."""

    name: str
    text: str
    agreement: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The readable text behind an entry; another text at the same address is another version of it."""

    id: ArticleId
    url: str
    url_key: str
    title: str
    summary: str
    paragraphs: tuple[str, ...]
    lang: str
    outlet: str
    outlet_name: str
    owner: str
    published_at: datetime | None
    seen_at: datetime
    state: PageState = PageState.READ
    raw_hash: str | None = None
    addresses: tuple[Address, ...] = ()  # the one that it is listed under among them
    raw: RawPage | None = field(default=None, repr=False, compare=False)  # where it was read just now

    @property
    def text(self) -> str:
        """The body, a paragraph a line."""
        return "\n".join(self.paragraphs)

    @property
    def unread(self) -> bool:
        """Is no more of it known than the feed's lines, whether its page was refused or not asked for?"""
        return self.state.is_unread or not self.paragraphs


# --------------------------------------------------------------------------- the watch and its story


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A user's own words; `*` at the end of a word stands for any ending."""

    any: tuple[str, ...] = ()
    all_groups: tuple[tuple[str, ...], ...] = ()
    none: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every word that speaks for a text, each once."""
        return tuple(dict.fromkeys((*self.any, *(term for group in self.all_groups for term in group))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One file of the watchlist: what to follow, where, and whom to tell."""

    id: WatchId
    name: str
    about: str
    seeds: tuple[str, ...] = ()
    feeds: frozenset[FeedId] = frozenset()
    channels: tuple[ChannelId, ...] = ()
    languages: frozenset[str] = frozenset()
    terms: Terms = Terms()
    minimum: Severity = Severity.MINOR
    sensitivity: Sensitivity = Sensitivity.BALANCED
    settle: timedelta = timedelta(seconds=20)
    corroborate: tuple[int, ...] = ()  # numbers of independent owners at which a follow-up is told, ascending
    remind: timedelta | None = None  # told again after this time until it is acknowledged
    translate_to: str | None = None  # language in which new sentences are told beside their own


class Place(StrEnum):
    """Where in its article a sentence stands."""

    TITLE = "title"
    SUMMARY = "summary"
    LEAD = "lead"
    BODY = "body"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sentence:
    """One sentence of an article with its vector."""

    text: str
    place: Place
    vector: Vector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """An article as the matcher sees it: sentence by sentence, and title with lead as one vector."""

    article: Article
    sentences: tuple[Sentence, ...]
    lead: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One piece of evidence: what was measured, how much, which way it pulled, and in words."""

    name: str  # the feature's name, for programs
    figure: float
    pull: float  # > 0: towards "about the story" or "new"; in log-odds
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How well an article fits a story, and why. `relevance` is a probability, four places.

    `rate_shift` is what the watch's base rate adds to its log-odds: where next to nothing is about the story, as in the
    feeds of a whole country, what only resembles it is so much the likelier to be something else.
    """

    relevance: float
    about: bool
    rate_shift: float = 0.0
    copy_of: ArticleId | None = None
    reasons: tuple[Reason, ...] = ()
    features: dict[str, float] = field(default_factory=dict)

    @property
    def chance(self) -> float:
        """The relevance at the watch's base rate; four places."""
        return at_rate(self.relevance, self.rate_shift)


def at_rate(relevance: float, shift: float) -> float:
    """A probability whose log-odds are moved; four places."""
    if not shift or not 0 < relevance < 1:
        return relevance
    odds = relevance / (1 - relevance) * math.exp(shift)
    return round(odds / (1 + odds), 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A sentence as a machine put it into another language: plain text, never more than a help beside the original."""

    lang: str
    text: str
    by: str  # the model


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSentence:
    """A sentence that says what is new, with the value it changes where there is one.

    `old_by` is the owner of the outlet that said the old value. `conflict`: another owner, at about the same time, so
    that both values stand.
    """

    sentence: str
    lang: str
    old: str | None = None
    new: str | None = None
    old_by: str | None = None
    conflict: bool = False
    translation: Translation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The known report that resembles the article most, with its sentence that does.

    `score` is the chance that it reports the same, `alike` the cosine of that sentence and the nearest one of the article.
    """

    development: DevelopmentId | None
    article: ArticleId | None
    sentence: str | None
    score: float
    alike: float | None = None
    outlet: str | None = None
    day: str | None = None  # on which it was seen, as 2026-01-31


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an article is to a story, how sure we are, and why. `score` is a probability, four places."""

    verdict: Label
    score: float
    severity: Severity | None = None
    new: tuple[NewSentence, ...] = ()
    nearest: Nearest | None = None
    reasons: tuple[Reason, ...] = ()
    features: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """One new fact in a story."""

    id: DevelopmentId
    watch: WatchId
    article: ArticleId  # the one that broke it
    headline: str
    lang: str
    severity: Severity
    first_seen_at: datetime
    new: tuple[NewSentence, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Remembered:
    """A judged article as its story remembers it.

    `sentences` are empty where the article is off-topic: only its lead vector is kept, to tell what
    the story is not.
    """

    article: ArticleId
    url_key: str
    title: str
    summary: str
    paragraphs: tuple[str, ...]
    lang: str
    owner: str
    outlet: str
    published_at: datetime | None
    seen_at: datetime
    lead: Vector
    sentences: tuple[Sentence, ...]
    relevance: float  # at the watch's base rate
    verdict: Label
    score: float
    development: DevelopmentId | None  # its own, or the one that it repeats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LanguageMean:
    """The running sum of all sentence vectors seen in one language: float64 of the encoder's length."""

    lang: str
    total: npt.NDArray[np.float64]
    count: int


class FeedbackKind(StrEnum):
    """What the desk says of a verdict."""

    WRONG = "wrong"  # nothing new in it, or not about the story at all
    SAME_AS = "same-as"  # one more report of a development that was told
    NEW = "new"  # a development that was not told as one


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the desk said of one article in one watch. The last one that was not undone holds."""

    article: ArticleId
    kind: FeedbackKind
    development: DevelopmentId | None = None  # of "same-as"
    off_topic: bool = False  # of "wrong": about another matter
    given_at: datetime
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Precedent:
    """An earlier judgement to learn from: as it was judged, and what the desk said of it. None: left as it was."""

    article: ArticleId
    lang: str
    lead: Vector
    verdict: Label
    score: float
    match_features: dict[str, float]
    features: dict[str, float]
    answer: Correction | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoryMemory:
    """Everything about a story that a restart must give back, in judging order.

    `precedents`: what the desk corrected, and of what it left as it was the newest that it had before it when it
    last did. `remembered` is as it was judged: `Story.recall` corrects it. `revision` counts what was said and undone.
    """

    remembered: tuple[Remembered, ...] = ()
    total: int = 0  # articles about it, those before `remembered` included
    means: tuple[LanguageMean, ...] = ()
    precedents: tuple[Precedent, ...] = ()
    revision: int = 0
    flow: tuple[bool, ...] = ()  # of the last articles that were judged: was it probably about the story?
    newest: int = 0  # the number of the last verdict that is in all this


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """One article judged for one watch: all that T3 writes about it."""

    watch: WatchId
    match: Match
    verdict: Verdict
    remembered: Remembered
    mean: LanguageMean | None  # of the article's language, the article included; None: unchanged
    development: Development | None = None
    alert: Alert | None = None
    deliveries: tuple[PlannedDelivery, ...] = ()


# --------------------------------------------------------------------------- alert -> delivery


class AlertKind(StrEnum):
    """What an alert says; the webhook's `type`."""

    REPORTED = "development.reported"
    CORROBORATED = "development.corroborated"
    CORRECTED = "development.corrected"
    REMINDER = "development.reminder"
    DIGEST = "digest"
    TROUBLE = "service.trouble"
    RECOVERED = "service.recovered"


class Hold(StrEnum):
    """What a delivery waits for, beside its channel."""

    SETTLE = "settle"  # other reports of the same
    QUIET = "quiet"
    DIGEST = "digest"
    INTERVAL = "interval"  # the story was told of a moment ago
    SNOOZE = "snooze"
    ASKED = "asked"  # nothing more: somebody wants it sent, whatever else would hold it


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What we decided to say; immutable. `held` is the reason for saying nothing.

    `watch` and `development` are those that it is about; a digest of several stories and what is said of the service
    itself have none. `detail` is what the kind needs beside, as JSON: of a corroboration `owners` and `words`, of a
    correction `words` and `url`, of a reminder `number`, of a digest `because`, `since` and `until`, of trouble
    `signs`.
    """

    id: AlertId
    watch: WatchId | None
    development: DevelopmentId | None
    kind: AlertKind
    created_at: datetime
    held: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One address of one channel: an e-mail address, or the channel itself for a webhook."""

    channel: ChannelId
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDelivery:
    """A delivery as decided: one alert to one recipient, not before a moment.

    `hold` is what it waits for and `note` the same in words. What several hold back together is told together.
    """

    id: DeliveryId
    recipient: Recipient
    not_before: datetime
    note: str | None = None
    hold: Hold | None = None
    severity: Severity | None = None  # of the development; None: of none


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One article that carries a development, as an alert tells it."""

    url: str
    title: str
    outlet: str
    owner: str
    lang: str
    published_at: datetime | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidings:
    """Everything an alert about one development says, ready to be rendered.

    The development, who reports it, and why it was told. `alert.kind` tells whether it is told for the first time,
    corroborated, corrected, or told again as a reminder.
    """

    alert: Alert
    delivery: DeliveryId
    recipient: Recipient
    watch_name: str
    development: Development
    reports: tuple[Report, ...]  # the first one broke it
    why: tuple[str, ...]
    score: float
    rendered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gist:
    """One development among several in a message."""

    watch: WatchId
    watch_name: str
    development: Development
    reports: tuple[Report, ...]  # the first one broke it
    kind: AlertKind = AlertKind.REPORTED
    words: str | None = None  # of a follow-up: what it says


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """An article that may tell something new: only digests tell of it."""

    watch: WatchId
    watch_name: str
    article: ArticleId
    report: Report
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestTidings:
    """Several developments told together: of a day or a week, or after quiet hours, a snooze or an interval.

    `gists` were not told before; `told` were, one by one, in the same time. `doubts` are of a daily or weekly digest
    only. With a `watch` in its alert it is about this story alone and belongs in its thread.
    """

    alert: Alert
    delivery: DeliveryId
    recipient: Recipient
    gists: tuple[Gist, ...]
    told: tuple[Gist, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    rendered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Something that keeps storywatch from doing its work, or has done so until `ended_at`."""

    subject: str  # "feed:ID", "channel:ID", "polls"
    words: str
    since: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubleTidings:
    """What is told of the service itself: trouble, or that it is over."""

    alert: Alert
    delivery: DeliveryId
    recipient: Recipient
    signs: tuple[Sign, ...]
    rendered_at: datetime


Message = Tidings | DigestTidings | TroubleTidings


class SilenceKind(StrEnum):
    """How a story is silenced: told never, or later."""

    MUTE = "mute"  # what is found meanwhile is on the page only
    SNOOZE = "snooze"  # what is found meanwhile is told together at its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A story that is not to be told of for a while; to one recipient or to all.

    It ends at `until`, with the next major development if `until_major`, or when somebody ends it.
    """

    id: int
    watch: WatchId
    recipient: Recipient | None
    kind: SilenceKind
    created_at: datetime
    until: datetime | None = None
    until_major: bool = False
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryClaim:
    """A delivery that is ours to try until the lease runs out. `message` never changes once rendered."""

    id: DeliveryId
    lease: str
    recipient: Recipient
    message: bytes
    attempt: int  # this one, from 1
    first_try_at: datetime
    seen_at: datetime | None = None  # the development that it is the first to tell of


class Blame(StrEnum):
    """What a try that failed says of more than its message."""

    CHANNEL = "channel"  # it takes nothing for now
    RECIPIENT = "recipient"  # is refused, though the channel works
    GONE = "gone"  # there is nothing any more where the recipient was


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptOutcome:
    """How a try ended: sent, to be tried again at a time, or dead. `pause_until`: nothing more on this channel before."""

    state: DeliveryState
    at: datetime
    retry_at: datetime | None = None
    code: int | None = None
    reason: str | None = None
    blame: Blame | None = None
    pause_until: datetime | None = None


class DeliveryState(StrEnum):
    """Where a delivery is. WAITING is the only one that asks for work."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    FOLDED = "folded"  # told within another delivery, whose fate is its own
    MUTED = "muted"  # the story, or this recipient of it, is silenced
