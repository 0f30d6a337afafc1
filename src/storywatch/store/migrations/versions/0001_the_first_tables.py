"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "article",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("raw_hash", sa.Text(), nullable=True),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("outlet_name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="article_pkey"),
        sa.UniqueConstraint("uid", name="article_uid_key"),
    )
    op.create_index("article_seen_at", "article", ["seen_at"])

    op.create_table(
        "feed",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=True),
        sa.Column("every_seconds", sa.Float(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.Text(), nullable=True),
        sa.Column("interval_seconds", sa.Float(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("first_poll", sa.Boolean(), nullable=False),
        sa.Column("polled_at", UTCDateTime(), nullable=True),
        sa.Column("succeeded_at", UTCDateTime(), nullable=True),
        sa.Column("next_poll_at", UTCDateTime(), nullable=False),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="feed_pkey"),
        sa.UniqueConstraint("uid", name="feed_uid_key"),
    )

    op.create_table(
        "story_mean",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("total", sa.LargeBinary(), nullable=False),
        sa.Column("sentences", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="story_mean_pkey"),
        sa.UniqueConstraint("watch", "encoder", "lang", name="story_mean_watch_encoder_lang_key"),
    )
    op.create_table(
        "watch",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="watch_pkey"),
        sa.UniqueConstraint("uid", name="watch_uid_key"),
    )
    op.create_table(
        "development",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("article_id", BIG_KEY, nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("first_seen_at", UTCDateTime(), nullable=False),
        sa.Column("new", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="development_article_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="development_pkey"),
        sa.UniqueConstraint("uid", name="development_uid_key"),
    )
    op.create_index("development_timeline", "development", ["watch", "first_seen_at", "id"])

    op.create_table(
        "entry",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("feed_id", BIG_KEY, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_key", sa.Text(), nullable=False),
        sa.Column("url_uid", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("not_before", UTCDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("updates", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("article", sa.Text(), nullable=True),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name="entry_feed_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="entry_pkey"),
        sa.UniqueConstraint("uid", name="entry_uid_key"),
    )
    op.create_index("entry_url", "entry", ["feed_id", "url_uid"])
    op.create_index(
        "entry_waiting",
        "entry",
        ["seen_at", "id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )

    op.create_table(
        "known_sentence",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("article_id", BIG_KEY, nullable=True),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="known_sentence_article_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="known_sentence_pkey"),
    )
    op.create_index("known_sentence_story", "known_sentence", ["watch", "encoder", "article_id", "position"])

    op.create_table(
        "verdict",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("article_id", BIG_KEY, nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("relevance", sa.Float(), nullable=False),
        sa.Column("about", sa.Boolean(), nullable=False),
        sa.Column("copy_of", sa.Text(), nullable=True),
        sa.Column("development", sa.Text(), nullable=True),
        sa.Column("new", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("nearest", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("match_reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("match_features", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("features", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("lead", sa.LargeBinary(), nullable=False),
        sa.Column("judged_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="verdict_article_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="verdict_pkey"),
        sa.UniqueConstraint("article_id", "watch", name="verdict_article_id_watch_key"),
    )
    op.create_index("verdict_development", "verdict", ["watch", "development"])
    op.create_index("verdict_story", "verdict", ["watch", "encoder", "id"])

    op.create_table(
        "alert",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("development_id", BIG_KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("held", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["development_id"], ["development.id"], name="alert_development_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="alert_pkey"),
        sa.UniqueConstraint("uid", name="alert_uid_key"),
    )
    op.create_index("alert_development_id", "alert", ["development_id"])

    op.create_table(
        "delivery",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("alert_id", BIG_KEY, nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("not_before", UTCDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.Column("first_try_at", UTCDateTime(), nullable=True),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="delivery_alert_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="delivery_pkey"),
        sa.UniqueConstraint("uid", name="delivery_uid_key"),
    )
    op.create_index("delivery_alert", "delivery", ["alert_id"])
    op.create_index(
        "delivery_waiting",
        "delivery",
        ["channel", "address", "watch", "due_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )

    op.create_table(
        "attempt",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("delivery_id", BIG_KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="attempt_delivery_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="attempt_pkey"),
        sa.UniqueConstraint("delivery_id", "number", name="attempt_delivery_id_number_key"),
    )
