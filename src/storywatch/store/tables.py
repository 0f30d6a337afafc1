"""The tables: one row for each thing that must outlive the process.

Ids that we compute stand in `uid` columns, whose UNIQUE makes a step done twice harmless. A row that
asks for work carries a lease: whoever finishes it must still hold it.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  SQLModel reads the annotations when the class is made
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

if TYPE_CHECKING:
    from typing import TypeAlias

    from sqlalchemy import Dialect, Select, Table
    from sqlalchemy import Row as FoundRow

    Found: TypeAlias = FoundRow[*tuple[Any, ...]]
    Query: TypeAlias = Select[*tuple[Any, ...]]

BigKey = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts only INTEGER keys up by itself


class CleanText(TypeDecorator[str]):
    """Text that every database takes: without NUL and without halves of surrogate pairs. Feeds contain both."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  SQLAlchemy's
        """Drop what can't be stored; everything else stays as it is."""
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _key() -> Any:
    return Field(default=None, sa_column=Column(BigKey, primary_key=True))


def _ref(target: str, *, nullable: bool = False, index: bool = False, unique: bool = False) -> Any:
    return Field(sa_column=Column(BigKey, ForeignKey(target), nullable=nullable, index=index, unique=unique or None))


def _words(*, nullable: bool = False, unique: bool = False) -> Any:
    return Field(sa_column=Column(CleanText, nullable=nullable, unique=unique))


def _bytes(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=nullable))


def _count() -> Any:
    return Field(sa_column=Column(BigInteger, nullable=False))


def _json(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(JSON(none_as_null=True), nullable=nullable))


class Row(SQLModel):
    """Every constraint has a name, so that a later migration can change it on SQLite too."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )


class FeedRow(Row, table=True):
    """A feed of the configuration, and what its polls gave. A feed that is configured no more keeps its row."""

    __tablename__ = "feed"
    __table_args__ = (Index("feed_due", "next_poll_at", "id"),)

    id: int | None = _key()
    uid: str = _words(unique=True)
    url: str = _words()
    owner: str = _words()
    lang: str | None = _words(nullable=True)
    every_seconds: float | None
    timezone: str | None = _words(nullable=True)
    kind: str = _words()
    selector: str | None = _words(nullable=True)
    backfill_seconds: float | None
    enabled: bool
    title: str | None = _words(nullable=True)
    moved_to: str | None = _words(nullable=True)  # for good, confirmed: asked from now on
    moving_to: str | None = _words(nullable=True)  # where redirects for good led lately
    moving_since: datetime | None
    moving_polls: int  # that led there, in a row
    gone_at: datetime | None  # the server said twice that it is gone for good
    etag: str | None = _words(nullable=True)
    last_modified: str | None = _words(nullable=True)
    body_hash: str | None = _words(nullable=True)
    interval_seconds: float | None
    failures: int
    status: int | None
    error: str | None = _words(nullable=True)
    first_poll: bool  # until a listing was had: what it lists is known, not news
    newest_at: datetime | None  # of the dates that it listed
    listed_at: datetime | None  # when it last gave a list
    afresh_at: datetime | None  # when it was last asked without validators
    validators_lie: bool  # it said "not modified" of what was: it is asked without them
    pace: Any = _json(nullable=True)  # how often it wants to be asked, as it said when it last listed something
    polled_at: datetime | None
    succeeded_at: datetime | None
    next_poll_at: datetime
    lease: str | None = _words(nullable=True)
    lease_until: datetime | None


class FeedNoticeRow(Row, table=True):
    """Something about a feed that people should know, once: a gap, a flood that was held, a move, an end."""

    __tablename__ = "feed_notice"
    __table_args__ = (Index("feed_notice_feed", "feed_id", "id"),)

    id: int | None = _key()
    uid: str = _words(unique=True)
    feed_id: int = _ref("feed.id")
    kind: str = _words()
    told: str = _words()
    at: datetime = Field(index=True)


class SubscriptionRow(Row, table=True):
    """A hub that was asked to call us when a feed has news (WebSub). Polling goes on, as the check on it."""

    __tablename__ = "subscription"

    id: int | None = _key()
    feed_id: int = Field(sa_column=Column(BigKey, ForeignKey("feed.id"), nullable=False, unique=True))
    hub: str = _words()
    topic: str = _words()
    token: str = _words(unique=True)  # of our own address that the hub calls
    secret: str = _words()  # with which it signs
    state: str = _words()
    asked_at: datetime | None
    next_at: datetime | None  # to ask, or to ask anew; None: no more
    expires_at: datetime | None
    called_at: datetime | None
    checked_at: datetime | None  # when the last poll began that was compared with its calls
    told: int  # news in a row of which it told before a poll found them
    silent: int  # news in a row that polls found without it
    base_url: str = _words()  # the beginning of the address that it was given
    failures: int
    note: str | None = _words(nullable=True)


class EntryRow(Row, table=True):
    """An item of a feed. `uid` follows from feed and key, `url_uid` from the canonical address."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("entry_url", "url_uid", "feed_id"),
        Index("entry_seen", "feed_id", "seen_at"),
        Index(
            "entry_article",
            "article",
            sqlite_where=text("article IS NOT NULL"),
            postgresql_where=text("article IS NOT NULL"),
        ),
        Index(
            "entry_waiting",
            "seen_at",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: int | None = _key()
    uid: str = _words(unique=True)
    feed_id: int = _ref("feed.id")
    url: str = _words()
    url_key: str = _words()
    url_uid: str = _words()
    title: str = _words()
    summary: str = _words()
    fingerprint: str = _words()
    published_at: datetime | None
    seen_at: datetime
    listed_at: datetime | None  # when it was last found on its feed's list, to the month; None: when it was seen
    state: str = _words()
    not_before: datetime
    tries: int
    updates: int
    note: str | None = _words(nullable=True)
    article: str | None = _words(nullable=True)
    lease: str | None = _words(nullable=True)
    lease_until: datetime | None


class ArticleRow(Row, table=True):
    """A judged text. `body` is its paragraphs, packed."""

    __tablename__ = "article"
    __table_args__ = (Index("article_url_key", "url_key"),)

    id: int | None = _key()
    uid: str = _words(unique=True)
    url: str = _words()
    url_key: str = _words()
    title: str = _words()
    summary: str = _words()
    body: bytes = _bytes()
    raw_hash: str | None = _words(nullable=True)
    lang: str = _words()
    outlet: str = _words()
    outlet_name: str = _words()
    owner: str = _words()
    state: str = _words()
    published_at: datetime | None
    seen_at: datetime = Field(index=True)


class ArticleAddressRow(Row, table=True):
    """An address of an article: as listed, as it finally answered, as its page calls it, of its AMP page."""

    __tablename__ = "article_address"
    __table_args__ = (UniqueConstraint("url_uid", "article_key"), Index("article_address_article", "article_key"))

    id: int | None = _key()
    url: str = _words()
    url_uid: str = _words()  # follows from the canonical form
    article_key: str = _words()  # the `url_key` under which the article is known
    kind: str = _words()
    seen_at: datetime


class RawPageRow(Row, table=True):
    """The bytes that an article was read from, packed, as evidence."""

    __tablename__ = "raw_page"

    id: int | None = _key()
    raw_hash: str = _words(unique=True)  # SHA-256 of the decoded body
    url: str = _words()
    headers: Any = _json()
    body: bytes = _bytes()
    fetched_at: datetime = Field(index=True)


class RevisitRow(Row, table=True):
    """A page of an article about a story that is looked at again, more rarely as it grows old."""

    __tablename__ = "revisit"
    __table_args__ = (Index("revisit_due", "next_at", "id"),)

    id: int | None = _key()
    uid: str = _words(unique=True)  # follows from the address
    entry_id: int = _ref("entry.id", index=True)
    url: str = _words()
    url_key: str = _words()
    article: str = _words()  # the version that is known
    etag: str | None = _words(nullable=True)
    last_modified: str | None = _words(nullable=True)
    raw_hash: str | None = _words(nullable=True)
    first_at: datetime
    next_at: datetime | None  # None: no more
    visited_at: datetime | None
    visits: int
    failures: int
    note: str | None = _words(nullable=True)
    lease: str | None = _words(nullable=True)
    lease_until: datetime | None


class WatchRow(Row, table=True):
    """The name of a watch, for alerts and pages that are made when its file is not at hand."""

    __tablename__ = "watch"

    id: int | None = _key()
    uid: str = _words(unique=True)
    name: str = _words()


class VerdictRow(Row, table=True):
    """What one article was to one watch, and why: the ledger. The ids follow the order of judging."""

    __tablename__ = "verdict"
    __table_args__ = (
        UniqueConstraint("article_id", "watch"),
        Index("verdict_story", "watch", "encoder", "id"),
        Index("verdict_flow", "watch", "id"),
        Index("verdict_label", "watch", "label", "id"),
        Index(
            "verdict_about",
            "watch",
            "encoder",
            "id",
            sqlite_where=text("label != 'off-topic'"),
            postgresql_where=text("label != 'off-topic'"),
        ),
        Index(
            "verdict_development",
            "watch",
            "development",
            sqlite_where=text("development IS NOT NULL"),
            postgresql_where=text("development IS NOT NULL"),
        ),
    )

    id: int | None = _key()
    article_id: int = _ref("article.id")
    watch: str = _words()
    label: str = _words()
    score: float
    severity: str | None = _words(nullable=True)
    relevance: float
    rate_shift: float  # what the watch's base rate added to its log-odds
    about: bool
    copy_of: str | None = _words(nullable=True)
    development: str | None = _words(nullable=True)  # its own, or the one that it repeats
    new: Any = _json()
    nearest: Any = _json(nullable=True)
    match_reasons: Any = _json()
    match_features: Any = _json()
    reasons: Any = _json()
    features: Any = _json()
    encoder: str = _words()
    lead: bytes = _bytes()
    judged_at: datetime


class TallyRow(Row, table=True):
    """How many articles were ever judged so in a watch: those that are kept no longer too."""

    __tablename__ = "tally"
    __table_args__ = (UniqueConstraint("watch", "label"),)

    id: int | None = _key()
    watch: str = _words()
    label: str = _words()
    verdicts: int = _count()


class DevelopmentRow(Row, table=True):
    """One new fact in a story, as it was first reported."""

    __tablename__ = "development"
    __table_args__ = (
        Index("development_timeline", "watch", "first_seen_at", "id"),
        Index("development_newest", "first_seen_at", "id"),
        Index("development_article", "article_id"),
    )

    id: int | None = _key()
    uid: str = _words(unique=True)
    watch: str = _words()
    article_id: int = _ref("article.id")
    headline: str = _words()
    lang: str = _words()
    severity: str = _words()
    first_seen_at: datetime
    new: Any = _json()


class FeedbackRow(Row, table=True):
    """What the desk said of one article in one watch. The last row that was not undone holds; none is ever deleted."""

    __tablename__ = "feedback"
    __table_args__ = (Index("feedback_story", "watch", "id"), Index("feedback_article", "article_id"))

    id: int | None = _key()
    watch: str = _words()
    article_id: int = _ref("article.id")
    kind: str = _words()
    off_topic: bool
    development: str | None = _words(nullable=True)  # of "same-as"
    given_at: datetime
    given_by: str | None = _words(nullable=True)
    undone_at: datetime | None


class KnownSentenceRow(Row, table=True):
    """A sentence that a story knows. Without an article: one of the watch's own texts."""

    __tablename__ = "known_sentence"
    __table_args__ = (
        Index("known_sentence_story", "watch", "encoder", "article_id", "position"),
        Index("known_sentence_article", "article_id"),
    )

    id: int | None = _key()
    watch: str = _words()
    article_id: int | None = _ref("article.id", nullable=True)
    encoder: str = _words()
    position: int
    place: str | None = _words(nullable=True)
    text: str = _words()
    lang: str | None = _words(nullable=True)
    vector: bytes = _bytes()


class StoryMeanRow(Row, table=True):
    """The running sum of the sentence vectors of one language in one story, in double precision."""

    __tablename__ = "story_mean"
    __table_args__ = (UniqueConstraint("watch", "encoder", "lang"),)

    id: int | None = _key()
    watch: str = _words()
    encoder: str = _words()
    lang: str = _words()
    total: bytes = _bytes()
    sentences: int


class AlertRow(Row, table=True):
    """What was decided to say, of a development, a story or the service; never changed."""

    __tablename__ = "alert"
    __table_args__ = (Index("alert_kind", "kind", "id"),)

    id: int | None = _key()
    uid: str = _words(unique=True)
    development_id: int | None = _ref("development.id", nullable=True, index=True)
    watch: str | None = _words(nullable=True)
    kind: str = _words()
    created_at: datetime
    held: str | None = _words(nullable=True)
    detail: Any = _json()


class DeliveryRow(Row, table=True):
    """One alert to one recipient. `due_at` is its place in the line; `not_before` moves with each retry.

    `hold` is what it waits for before its first try; `folded_into` the `uid` of the delivery that tells it instead.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("delivery_alert", "alert_id"),
        Index("delivery_state", "state", "channel", "id"),
        Index(
            "delivery_waiting",
            "channel",
            "address",
            "watch",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "delivery_folded",
            "folded_into",
            sqlite_where=text("folded_into IS NOT NULL"),
            postgresql_where=text("folded_into IS NOT NULL"),
        ),
        Index(
            "delivery_sent",
            "channel",
            "address",
            "watch",
            "sent_at",
            sqlite_where=text("state = 'sent'"),
            postgresql_where=text("state = 'sent'"),
        ),
    )

    id: int | None = _key()
    uid: str = _words(unique=True)
    alert_id: int = _ref("alert.id")
    watch: str | None = _words(nullable=True)
    severity: str | None = _words(nullable=True)
    channel: str = _words()
    address: str = _words()
    state: str = _words()
    hold: str | None = _words(nullable=True)
    folded_into: str | None = _words(nullable=True)
    note: str | None = _words(nullable=True)
    due_at: datetime
    not_before: datetime
    attempts: int
    message: bytes | None = _bytes(nullable=True)
    first_try_at: datetime | None
    sent_at: datetime | None
    reason: str | None = _words(nullable=True)
    lease: str | None = _words(nullable=True)
    lease_until: datetime | None


class AttemptRow(Row, table=True):
    """One try at a delivery that came to an end, good or bad."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("delivery_id", "number"),)

    id: int | None = _key()
    delivery_id: int = _ref("delivery.id")
    number: int
    at: datetime
    state: str = _words()
    code: int | None
    reason: str | None = _words(nullable=True)


class SilenceRow(Row, table=True):
    """A story that is not to be told of, to one recipient or to all; over when `ended_at` is set or `until` is past."""

    __tablename__ = "silence"
    __table_args__ = (Index("silence_watch", "watch", "id"),)

    id: int | None = _key()
    watch: str = _words()
    channel: str | None = _words(nullable=True)
    address: str | None = _words(nullable=True)
    kind: str = _words()
    created_at: datetime
    until: datetime | None
    until_major: bool
    by: str | None = _words(nullable=True)
    reason: str | None = _words(nullable=True)
    ended_at: datetime | None
    ended_by: str | None = _words(nullable=True)  # who, or the development, that ended it


class AcknowledgementRow(Row, table=True):
    """Somebody has taken notice of a development, for all."""

    __tablename__ = "acknowledgement"

    id: int | None = _key()
    development_id: int = _ref("development.id", unique=True)
    by: str | None = _words(nullable=True)
    at: datetime


class AmendmentRow(Row, table=True):
    """What a later visit to an article's page found: its outlet corrects it, takes it back, or has removed it; each once."""

    __tablename__ = "amendment"

    id: int | None = _key()
    uid: str = _words(unique=True)  # follows from the address and the kind
    url_key: str = _words()
    kind: str = _words()
    url: str = _words()
    sentence: str | None = _words(nullable=True)  # as the outlet says it
    article: str | None = _words(nullable=True)  # the version that says so
    found_at: datetime = Field(index=True)


class ChannelStateRow(Row, table=True):
    """How a channel does: its failures in a row, and how many messages its rate lets go at once."""

    __tablename__ = "channel_state"

    id: int | None = _key()
    channel: str = _words(unique=True)
    tokens: float | None
    tokens_at: datetime | None
    failures: int
    failing_since: datetime | None
    succeeded_at: datetime | None
    last_failure: str | None = _words(nullable=True)
    not_before: datetime | None  # the receiver asked for a pause


class RecipientStateRow(Row, table=True):
    """A recipient that refused what was sent: after so many refusals, or at once where it is gone, nothing more is tried."""

    __tablename__ = "recipient_state"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: int | None = _key()
    channel: str = _words()
    address: str = _words()
    refusals: int
    stopped_at: datetime | None
    reason: str | None = _words(nullable=True)


class TroubleRow(Row, table=True):
    """Something that keeps the service from its work, from when it was seen to when it ended; of one subject one at a time."""

    __tablename__ = "trouble"
    __table_args__ = (
        Index(
            "trouble_open",
            "subject",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: int | None = _key()
    subject: str = _words()
    words: str = _words()
    since: datetime
    told_at: datetime | None
    times: int
    clear_at: datetime | None  # since when no sign of it was seen; after a while it has ended
    ended_at: datetime | None


class LinkKeyRow(Row, table=True):
    """The key that signs the links in messages; the newest one signs, all are believed."""

    __tablename__ = "link_key"

    id: int | None = _key()
    key: bytes = _bytes()
    created_at: datetime


class OpinionAnswerRow(Row, table=True):
    """A valid answer of a language model. `uid` follows from endpoint, model and the whole question."""

    __tablename__ = "opinion_answer"

    id: int | None = _key()
    uid: str = _words(unique=True)
    answer: str = _words()
    answered_at: datetime = Field(index=True)


class OpinionDayRow(Row, table=True):
    """How often language models were called on one day (ISO, in UTC), and how often that gave nothing."""

    __tablename__ = "opinion_day"

    id: int | None = _key()
    day: str = _words(unique=True)
    calls: int
    failures: int


class OpinionEndpointRow(Row, table=True):
    """How an endpoint does: its failures in a row, and until when nothing is asked of it."""

    __tablename__ = "opinion_endpoint"

    id: int | None = _key()
    uid: str = _words(unique=True)
    failures: int
    paused_until: datetime | None
    last_failure: str | None = _words(nullable=True)


def _table(row: type[Row]) -> Table:
    return cast("Table", row.__table__)  # type: ignore[attr-defined]  # SQLModel adds it to table classes


feed = _table(FeedRow)
feed_notice = _table(FeedNoticeRow)
subscription = _table(SubscriptionRow)
entry = _table(EntryRow)
article = _table(ArticleRow)
article_address = _table(ArticleAddressRow)
raw_page = _table(RawPageRow)
revisit = _table(RevisitRow)
watch = _table(WatchRow)
verdict = _table(VerdictRow)
tally = _table(TallyRow)
development = _table(DevelopmentRow)
feedback = _table(FeedbackRow)
known_sentence = _table(KnownSentenceRow)
story_mean = _table(StoryMeanRow)
alert = _table(AlertRow)
delivery = _table(DeliveryRow)
attempt = _table(AttemptRow)
silence = _table(SilenceRow)
acknowledgement = _table(AcknowledgementRow)
amendment = _table(AmendmentRow)
channel_state = _table(ChannelStateRow)
recipient_state = _table(RecipientStateRow)
trouble = _table(TroubleRow)
link_key = _table(LinkKeyRow)
opinion_answer = _table(OpinionAnswerRow)
opinion_day = _table(OpinionDayRow)
opinion_endpoint = _table(OpinionEndpointRow)

metadata = Row.metadata
