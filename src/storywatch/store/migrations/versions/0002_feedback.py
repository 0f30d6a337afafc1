"""What the desk says of verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create its table."""
    op.create_table(
        "feedback",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("article_id", BIG_KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("off_topic", sa.Boolean(), nullable=False),
        sa.Column("development", sa.Text(), nullable=True),
        sa.Column("given_at", UTCDateTime(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=True),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="feedback_article_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="feedback_pkey"),
    )
    op.create_index("feedback_story", "feedback", ["watch", "id"])
