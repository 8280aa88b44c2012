"""Growth: indexes by which no page and no check reads a table that grows from end to end

Revision: 0014, after 0013
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0014"
down_revision = "0013"

TROUBLED = sa.text(
    "state IN ('failed', 'uncertain') OR bounced_at IS NOT NULL "
    "OR suppressed_at IS NOT NULL OR complained_at IS NOT NULL"
)
OPEN = sa.text("confirmed_at IS NULL AND declined_at IS NULL")
INDEXES = (
    ("ix_mail_outbox_kind", "mail_outbox", ("kind", "id")),
    ("ix_change_request_ended", "change_request", ("ended_at", "id")),
    ("ix_change_request_state_ended", "change_request", ("state", "ended_at", "id")),
    ("ix_field_change_settled", "field_change", ("outcome", "settled_at")),
    ("ix_audit_entry_actor", "audit_entry", ("actor_kind", "seq")),
    ("ix_audit_entry_actor_action", "audit_entry", ("actor_kind", "action", "seq")),
)
STATES = ("queued", "sending", "sent", "captured", "failed", "cancelled", "uncertain")
PARTIAL = (
    *(
        (f"ix_mail_outbox_{state}", "mail_outbox", ("id",), sa.text(f"state = '{state}'"))
        for state in STATES
    ),
    ("ix_mail_outbox_troubled", "mail_outbox", ("id",), TROUBLED),
    ("ix_desk_confirmation_open", "desk_confirmation", ("request_id",), OPEN),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, list(columns))
    for name, table, columns, where in PARTIAL:
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, table, *_ in (*PARTIAL, *INDEXES):
        op.drop_index(name, table)
