"""First tables

Revision: 0001, after
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0001"
down_revision = None


def _bytewise(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(32), nullable=False),
        sa.Column("actor_id", sa.String(32), nullable=True),
        sa.Column("actor_label", sa.String(200), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("patron_id", sa.String(32), nullable=True),
        sa.Column("request_id", sa.String(32), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("commitments", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_entry_hash")),
    )
    op.create_index("ix_audit_entry_action", "audit_entry", ["action"], unique=False)
    op.create_index("ix_audit_entry_actor_id", "audit_entry", ["actor_id"], unique=False)
    op.create_index("ix_audit_entry_patron_id", "audit_entry", ["patron_id"], unique=False)
    op.create_index("ix_audit_entry_request_id", "audit_entry", ["request_id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "mail_gate",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_slot", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_reason", sa.String(64), nullable=True),
        sa.Column("settled_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_gate")),
    )
    op.create_table(
        "mail_outbox",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("dedupe_key", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("transport", sa.String(32), nullable=False),
        sa.Column("to_address", sa.String(320), nullable=False),
        sa.Column("audience", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(998), nullable=False),
        sa.Column("request_id", sa.String(32), nullable=True),
        sa.Column("patron_id", sa.String(32), nullable=True),
        sa.Column("staff_id", sa.String(32), nullable=True),
        sa.Column("after_id", sa.String(32), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.String(32), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.String(128), nullable=True),
        sa.Column("last_code", sa.Integer(), nullable=True),
        sa.Column("last_type", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("complained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suppressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["after_id"], ["mail_outbox.id"], name=op.f("fk_mail_outbox_after_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_mail_outbox_dedupe_key")),
    )
    op.create_index(
        "ix_mail_outbox_after",
        "mail_outbox",
        ["after_id"],
        unique=False,
        sqlite_where=sa.text("after_id IS NOT NULL"),
        postgresql_where=sa.text("after_id IS NOT NULL"),
    )
    op.create_index(
        "ix_mail_outbox_due",
        "mail_outbox",
        ["priority", "next_at"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_mail_outbox_lease",
        "mail_outbox",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_mail_outbox_patron_id", "mail_outbox", ["patron_id"], unique=False)
    op.create_index(
        "ix_mail_outbox_provider",
        "mail_outbox",
        ["provider_id"],
        unique=False,
        sqlite_where=sa.text("provider_id IS NOT NULL"),
        postgresql_where=sa.text("provider_id IS NOT NULL"),
    )
    op.create_index("ix_mail_outbox_request_id", "mail_outbox", ["request_id"], unique=False)
    op.create_index("ix_mail_outbox_staff_id", "mail_outbox", ["staff_id"], unique=False)

    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("desk_phone", sa.String(40), nullable=False),
        sa.Column("reply_to", sa.String(254), nullable=False),
        sa.Column("postal_address", sa.Text(), nullable=False),
        sa.Column("website", sa.String(200), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("next_patron_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "patron",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("email_key", sa.String(254), nullable=True),
        sa.Column("phone", sa.String(20), nullable=True),
        sa.Column("phone_key", sa.String(20), nullable=True),
        sa.Column("given_name", sa.String(100), nullable=True),
        sa.Column("family_name", sa.String(100), nullable=True),
        sa.Column("sort_name", _bytewise(210), nullable=True),
        sa.Column("address_line1", sa.String(120), nullable=True),
        sa.Column("address_line2", sa.String(120), nullable=True),
        sa.Column("address_city", sa.String(80), nullable=True),
        sa.Column("address_region", sa.String(80), nullable=True),
        sa.Column("address_postcode", sa.String(20), nullable=True),
        sa.Column("address_country", sa.String(2), nullable=True),
        sa.Column("date_of_birth", sa.String(10), nullable=True),
        sa.Column("preferred_name", sa.String(100), nullable=False),
        sa.Column("pronouns", sa.String(40), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("tags", sa.String(400), nullable=False),
        sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("email_bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_flagged", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patron")),
        sa.UniqueConstraint("number", name=op.f("uq_patron_number")),
    )
    op.create_index("ix_patron_created", "patron", ["created_at", "id"], unique=False)
    op.create_index("ix_patron_name", "patron", ["sort_name", "id"], unique=False)
    op.create_index("ix_patron_phone_key", "patron", ["phone_key"], unique=False)
    op.create_index(
        "uq_patron_live_email_key",
        "patron",
        ["email_key"],
        unique=True,
        sqlite_where=sa.text("status = 'active' AND email_key IS NOT NULL"),
        postgresql_where=sa.text("status = 'active' AND email_key IS NOT NULL"),
    )

    op.create_table(
        "staff",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("display_name", sa.String(80), nullable=False),
        sa.Column("desk", sa.String(80), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email_key", name=op.f("uq_staff_email_key")),
    )
    op.create_table(
        "audit_value",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["audit_entry.seq"], name=op.f("fk_audit_value_seq")),
        sa.PrimaryKeyConstraint("seq", "name", name=op.f("pk_audit_value")),
    )
    op.create_table(
        "change_request",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(12), nullable=False),
        sa.Column("patron_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("cause", sa.String(32), nullable=True),
        sa.Column("reason_code", sa.String(32), nullable=False),
        sa.Column("reason_text", sa.String(500), nullable=False),
        sa.Column("proposer_id", sa.String(32), nullable=False),
        sa.Column("proposer_label", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("last_sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patron_id"], ["patron.id"], name=op.f("fk_change_request_patron_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposer_id"], ["staff.id"], name=op.f("fk_change_request_proposer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_change_request_reference")),
    )
    op.create_index(
        "ix_change_request_due", "change_request", ["state", "expires_at"], unique=False
    )
    op.create_index("ix_change_request_patron_id", "change_request", ["patron_id"], unique=False)
    op.create_index(
        "ix_change_request_proposer_id", "change_request", ["proposer_id"], unique=False
    )
    op.create_index(
        "ix_change_request_state", "change_request", ["state", "created_at"], unique=False
    )

    op.create_table(
        "patron_term",
        sa.Column("term", _bytewise(100), nullable=False),
        sa.Column("patron_id", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["patron_id"], ["patron.id"], name=op.f("fk_patron_term_patron_id")
        ),
        sa.PrimaryKeyConstraint("term", "patron_id", name=op.f("pk_patron_term")),
    )
    op.create_index("ix_patron_term_patron", "patron_term", ["patron_id"], unique=False)

    op.create_table(
        "staff_session",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(200), nullable=False),
        sa.Column("ip_prefix", sa.String(64), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
    )
    op.create_index("ix_staff_session_staff_id", "staff_session", ["staff_id"], unique=False)

    op.create_table(
        "field_change",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("request_id", sa.String(32), nullable=False),
        sa.Column("patron_id", sa.String(32), nullable=False),
        sa.Column("field", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("current_value", sa.Text(), nullable=False),
        sa.Column("proposed_value", sa.Text(), nullable=False),
        sa.Column("proposed_key", sa.String(254), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["patron_id"], ["patron.id"], name=op.f("fk_field_change_patron_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["change_request.id"], name=op.f("fk_field_change_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_change")),
    )
    op.create_index("ix_field_change_proposed_key", "field_change", ["proposed_key"], unique=False)
    op.create_index("ix_field_change_request_id", "field_change", ["request_id"], unique=False)
    op.create_index(
        "uq_field_change_open",
        "field_change",
        ["patron_id", "field"],
        unique=True,
        sqlite_where=sa.text("outcome IN ('pending', 'held')"),
        postgresql_where=sa.text("outcome IN ('pending', 'held')"),
    )

    op.create_table(
        "suppressed_address",
        sa.Column("address_key", sa.String(254), nullable=False),
        sa.Column("request_id", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["change_request.id"], name=op.f("fk_suppressed_address_request_id")
        ),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_suppressed_address")),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("field_change_id", sa.String(32), nullable=False),
        sa.Column("request_id", sa.String(32), nullable=False),
        sa.Column("reviewer", sa.String(32), nullable=False),
        sa.Column("mailbox", sa.String(254), nullable=False),
        sa.Column("decision", sa.String(32), nullable=True),
        sa.Column("channel", sa.String(32), nullable=True),
        sa.Column("comment", sa.String(500), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["field_change_id"], ["field_change.id"], name=op.f("fk_review_field_change_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["change_request.id"], name=op.f("fk_review_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint(
            "field_change_id", "reviewer", name=op.f("uq_review_field_change_id_reviewer")
        ),
    )
    op.create_index("ix_review_field_change_id", "review", ["field_change_id"], unique=False)
    op.create_index("ix_review_request_id", "review", ["request_id"], unique=False)
    op.execute("INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '" + "0" * 64 + "')")
    op.execute("INSERT INTO mail_gate (id, settled_count) VALUES (1, 0)")
    op.execute(
        "INSERT INTO organisation (id, name, desk_phone, reply_to, postal_address, website, "
        "time_zone, language, next_patron_number) VALUES (1, 'Your organisation', "
        "'+1 555-0100', 'box-office@example.org', 'Your postal address', '', 'UTC', 'en', 10001)"
    )


def downgrade() -> None:
    op.drop_table("review")
    op.drop_table("suppressed_address")
    op.drop_table("field_change")
    op.drop_table("staff_session")
    op.drop_table("patron_term")
    op.drop_table("change_request")
    op.drop_table("audit_value")
    op.drop_table("staff")
    op.drop_table("patron")
    op.drop_table("organisation")
    op.drop_table("mail_outbox")
    op.drop_table("mail_gate")
    op.drop_table("audit_head")
    op.drop_table("audit_entry")
