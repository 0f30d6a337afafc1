"""Answers of language models, how often they were asked, and how they do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create their tables."""
    op.create_table(
        "opinion_answer",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="opinion_answer_pkey"),
        sa.UniqueConstraint("uid", name="opinion_answer_uid_key"),
    )
    op.create_index("opinion_answer_answered_at", "opinion_answer", ["answered_at"])

    op.create_table(
        "opinion_day",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="opinion_day_pkey"),
        sa.UniqueConstraint("day", name="opinion_day_day_key"),
    )

    op.create_table(
        "opinion_endpoint",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", UTCDateTime(), nullable=True),
        sa.Column("last_failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="opinion_endpoint_pkey"),
        sa.UniqueConstraint("uid", name="opinion_endpoint_uid_key"),
    )
