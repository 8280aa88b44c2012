"""Mail events: what the provider tells of a mail later, each noted once

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "mail_event",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("outbox_id", sa.String(32), nullable=True),
        sa.Column("provider_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(64), nullable=False),
        sa.Column("is_permanent", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["mail_outbox.id"], name=op.f("fk_mail_event_outbox_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_event")),
    )
    op.create_index("ix_mail_event_outbox", "mail_event", ["outbox_id", "at"], unique=False)
    op.create_index("ix_mail_event_provider", "mail_event", ["provider_id"], unique=False)


def downgrade() -> None:
    op.drop_table("mail_event")
