"""More of delivery: what alerts and deliveries wait for and are folded into; silences, acknowledgements, troubles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add them. Deliveries that wait go on waiting, for no reason that has a name."""
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("development_id", existing_type=BIG_KEY, nullable=True)
        alert.add_column(sa.Column("watch", sa.Text(), nullable=True))
        alert.add_column(sa.Column("detail", sa.JSON(), nullable=False, server_default="{}"))
        alert.create_index("alert_kind", ["kind", "id"])
    op.execute("UPDATE alert SET watch = (SELECT watch FROM development WHERE development.id = alert.development_id)")
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("detail", server_default=None)

    with op.batch_alter_table("delivery") as delivery:
        delivery.alter_column("watch", existing_type=sa.Text(), nullable=True)
        delivery.add_column(sa.Column("severity", sa.Text(), nullable=True))
        delivery.add_column(sa.Column("hold", sa.Text(), nullable=True))
        delivery.add_column(sa.Column("folded_into", sa.Text(), nullable=True))
        folded = sa.text("folded_into IS NOT NULL")
        delivery.create_index("delivery_folded", ["folded_into"], sqlite_where=folded, postgresql_where=folded)
        sent = sa.text("state = 'sent'")
        delivery.create_index(
            "delivery_sent", ["channel", "address", "watch", "sent_at"], sqlite_where=sent, postgresql_where=sent
        )
    op.execute(
        "UPDATE delivery SET severity = (SELECT development.severity FROM development "
        "JOIN alert ON alert.development_id = development.id WHERE alert.id = delivery.alert_id)"
    )

    op.create_table(
        "silence",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("until_major", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="silence_pkey"),
    )
    op.create_index("silence_watch", "silence", ["watch", "id"])
    op.create_table(
        "acknowledgement",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("development_id", BIG_KEY, nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["development_id"], ["development.id"], name="acknowledgement_development_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="acknowledgement_pkey"),
        sa.UniqueConstraint("development_id", name="acknowledgement_development_id_key"),
    )
    op.create_table(
        "amendment",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("url_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("article", sa.Text(), nullable=True),
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="amendment_pkey"),
        sa.UniqueConstraint("uid", name="amendment_uid_key"),
    )
    op.create_index("amendment_found_at", "amendment", ["found_at"])
    op.create_table(
        "channel_state",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=True),
        sa.Column("tokens_at", UTCDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UTCDateTime(), nullable=True),
        sa.Column("succeeded_at", UTCDateTime(), nullable=True),
        sa.Column("last_failure", sa.Text(), nullable=True),
        sa.Column("not_before", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="channel_state_pkey"),
        sa.UniqueConstraint("channel", name="channel_state_channel_key"),
    )
    op.create_table(
        "recipient_state",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("stopped_at", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="recipient_state_pkey"),
        sa.UniqueConstraint("channel", "address", name="recipient_state_channel_address_key"),
    )
    op.create_table(
        "trouble",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("clear_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="trouble_pkey"),
    )
    going_on = sa.text("ended_at IS NULL")
    op.create_index(
        "trouble_open", "trouble", ["subject"], unique=True, sqlite_where=going_on, postgresql_where=going_on
    )
    op.create_table(
        "link_key",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="link_key_pkey"),
    )
