"""More of feeds: kinds, moves, gaps, hubs; of articles: addresses, raw pages, later visits; the base rate of verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from storywatch.core.ids import digest

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AT_ONCE = 10_000  # rows in memory
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add them. Feeds that are known go on as they did."""
    with op.batch_alter_table("feed") as feed:
        feed.add_column(sa.Column("kind", sa.Text(), nullable=False, server_default="auto"))
        feed.add_column(sa.Column("selector", sa.Text(), nullable=True))
        feed.add_column(sa.Column("backfill_seconds", sa.Float(), nullable=True))
        feed.add_column(sa.Column("moving_to", sa.Text(), nullable=True))
        feed.add_column(sa.Column("moving_since", UTCDateTime(), nullable=True))
        feed.add_column(sa.Column("moving_polls", sa.Integer(), nullable=False, server_default="0"))
        feed.add_column(sa.Column("gone_at", UTCDateTime(), nullable=True))
        feed.add_column(sa.Column("newest_at", UTCDateTime(), nullable=True))
        feed.add_column(sa.Column("afresh_at", UTCDateTime(), nullable=True))
        feed.add_column(sa.Column("validators_lie", sa.Boolean(), nullable=False, server_default=sa.false()))
        feed.add_column(sa.Column("pace", sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table("feed") as feed:  # what rows had till now; new ones say it themselves
        for name in ("kind", "moving_polls", "validators_lie"):
            feed.alter_column(name, server_default=None)

    op.create_index("entry_seen", "entry", ["feed_id", "seen_at"])
    judged = sa.text("article IS NOT NULL")
    op.create_index("entry_article", "entry", ["article"], sqlite_where=judged, postgresql_where=judged)

    with op.batch_alter_table("verdict") as verdict:
        verdict.add_column(sa.Column("rate_shift", sa.Float(), nullable=False, server_default="0"))
        verdict.create_index("verdict_flow", ["watch", "id"])
    with op.batch_alter_table("verdict") as verdict:
        verdict.alter_column("rate_shift", server_default=None)

    op.create_table(
        "feed_notice",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("feed_id", BIG_KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name="feed_notice_feed_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="feed_notice_pkey"),
        sa.UniqueConstraint("uid", name="feed_notice_uid_key"),
    )
    op.create_index("feed_notice_feed", "feed_notice", ["feed_id", "id"])
    op.create_index("feed_notice_at", "feed_notice", ["at"])

    op.create_table(
        "subscription",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("feed_id", BIG_KEY, nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=True),
        sa.Column("next_at", UTCDateTime(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("called_at", UTCDateTime(), nullable=True),
        sa.Column("checked_at", UTCDateTime(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("silent", sa.Integer(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name="subscription_feed_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="subscription_pkey"),
        sa.UniqueConstraint("feed_id", name="subscription_feed_id_key"),
        sa.UniqueConstraint("token", name="subscription_token_key"),
    )

    op.create_table(
        "article_address",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_uid", sa.Text(), nullable=False),
        sa.Column("article_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="article_address_pkey"),
        sa.UniqueConstraint("url_uid", "article_key", name="article_address_url_uid_article_key_key"),
    )
    op.create_index("article_address_article", "article_address", ["article_key"])
    op.create_index("article_url_key", "article", ["url_key"])
    _address_known_articles()

    op.create_table(
        "raw_page",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("raw_hash", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("fetched_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="raw_page_pkey"),
        sa.UniqueConstraint("raw_hash", name="raw_page_raw_hash_key"),
    )
    op.create_index("raw_page_fetched_at", "raw_page", ["fetched_at"])

    op.create_table(
        "revisit",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("entry_id", BIG_KEY, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_key", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("raw_hash", sa.Text(), nullable=True),
        sa.Column("first_at", UTCDateTime(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=True),
        sa.Column("visited_at", UTCDateTime(), nullable=True),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="revisit_entry_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="revisit_pkey"),
        sa.UniqueConstraint("uid", name="revisit_uid_key"),
    )
    op.create_index("revisit_due", "revisit", ["next_at", "id"])
    op.create_index("revisit_entry_id", "revisit", ["entry_id"])


def _address_known_articles() -> None:
    """What was judged till now is known under the address that it was listed under."""
    article = sa.table("article", sa.column("url"), sa.column("url_key"), sa.column("seen_at", UTCDateTime()))
    address = sa.table(
        "article_address",
        *(sa.column(name) for name in ("url", "url_uid", "article_key", "kind")),
        sa.column("seen_at", UTCDateTime()),
    )
    connection = op.get_bind()
    known = sa.select(sa.func.min(article.c.url).label("url"), article.c.url_key, sa.func.min(article.c.seen_at))
    known = known.group_by(article.c.url_key).order_by(article.c.url_key).limit(AT_ONCE)
    last: str | None = None
    while rows := connection.execute(known if last is None else known.where(article.c.url_key > last)).all():
        values = [
            {"url": url, "url_uid": digest("url", key), "article_key": key, "kind": "listed", "seen_at": seen_at}
            for url, key, seen_at in rows
        ]
        op.bulk_insert(address, values)
        last = rows[-1].url_key
