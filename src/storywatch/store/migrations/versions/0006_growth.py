"""Growth: an index for each question that is asked often, what tells which entries are listed no more, counts that stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add them. Nothing of a feed is dropped before it has given a list once more."""
    op.add_column("feed", sa.Column("listed_at", UTCDateTime(), nullable=True))
    op.add_column("entry", sa.Column("listed_at", UTCDateTime(), nullable=True))
    op.create_index("feed_due", "feed", ["next_poll_at", "id"])
    op.drop_index("entry_url", "entry")
    op.create_index("entry_url", "entry", ["url_uid", "feed_id"])

    about, carries = sa.text("label != 'off-topic'"), sa.text("development IS NOT NULL")
    op.create_index("verdict_label", "verdict", ["watch", "label", "id"])
    op.create_index("verdict_about", "verdict", ["watch", "encoder", "id"], sqlite_where=about, postgresql_where=about)
    op.drop_index("verdict_development", "verdict")
    op.create_index(
        "verdict_development", "verdict", ["watch", "development"], sqlite_where=carries, postgresql_where=carries
    )
    op.create_index("development_newest", "development", ["first_seen_at", "id"])
    op.create_index("development_article", "development", ["article_id"])
    op.create_index("feedback_article", "feedback", ["article_id"])
    op.create_index("known_sentence_article", "known_sentence", ["article_id"])
    op.create_index("delivery_state", "delivery", ["state", "channel", "id"])

    op.create_table(
        "tally",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("verdicts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="tally_pkey"),
        sa.UniqueConstraint("watch", "label", name="tally_watch_label_key"),
    )
    op.execute(
        "INSERT INTO tally (watch, label, verdicts) "
        "SELECT watch, label, count(*) FROM verdict GROUP BY watch, label ORDER BY watch, label"
    )
