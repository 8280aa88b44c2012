"""Programme: states of performances, numbers, languages and pictures of events

What was written of a running time is read as minutes; what says more stays in the description.

Revision: 0031, after 0030
"""

from __future__ import annotations

import re

import sqlalchemy as sa

from alembic import op

revision = "0031"
down_revision = "0030"

LONGEST = 1_440  # minutes
HOURS, MINUTES = re.compile(r"(\d+)\s*(?:h|hours?)\b"), re.compile(r"(\d+)\s*(?:m|min|minutes?)\b")
SELLS = sa.text("state IN ('on_sale', 'paused')")
EVENT = sa.table(
    "event",
    *(sa.column(name) for name in ("id", "running_time", "running_minutes", "description")),
)


def upgrade() -> None:
    op.add_column("performance", _column("version", sa.Integer, "1"))
    op.create_index(
        "ix_performance_sells",
        "performance",
        ["starts_at"],
        sqlite_where=SELLS,
        postgresql_where=SELLS,
    )
    op.add_column("event", sa.Column("running_minutes", sa.Integer, nullable=True))
    op.add_column("event", sa.Column("interval_minutes", sa.Integer, nullable=True))
    op.add_column("event", sa.Column("season", sa.Integer, nullable=True))
    op.add_column("event", _column("credits", sa.Text, ""))
    op.add_column("event", _column("picture_alt", sa.String(300), ""))
    op.add_column("event", _column("picture", sa.String(64), ""))
    op.add_column("event", _column("language", sa.String(16), "en"))
    op.execute(
        "UPDATE event SET language = (SELECT language FROM organisation WHERE id = 1) "
        "WHERE EXISTS (SELECT 1 FROM organisation WHERE id = 1)"
    )
    _read_running_times()
    op.drop_column("event", "running_time")
    op.create_table(
        "event_text",
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("age_advice", sa.String(160), nullable=False),
        sa.Column("content_notes", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("picture_alt", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_text_event_id")),
        sa.PrimaryKeyConstraint("event_id", "language", name=op.f("pk_event_text")),
    )
    op.create_table(
        "event_picture",
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_picture_event_id")),
        sa.PrimaryKeyConstraint("event_id", "width", name=op.f("pk_event_picture")),
    )


def downgrade() -> None:
    op.drop_table("event_picture")
    op.drop_table("event_text")
    op.execute("UPDATE performance SET state = 'draft' WHERE state <> 'cancelled'")
    op.drop_index("ix_performance_sells", "performance")
    op.drop_column("performance", "version")
    # As it was made, so that the column has no default that the revision of before does not know.
    with op.batch_alter_table("event") as table:
        table.add_column(_column("running_time", sa.String(160), ""))
    op.execute(
        "UPDATE event SET running_time = running_minutes || ' min' "
        "WHERE running_minutes IS NOT NULL"
    )
    with op.batch_alter_table("event") as table:
        table.alter_column("running_time", server_default=None)
        for name in ("language", "picture", "picture_alt", "credits", "season"):
            table.drop_column(name)
        table.drop_column("interval_minutes")
        table.drop_column("running_minutes")


def _column(name: str, kind: sa.types.TypeEngine | type[sa.types.TypeEngine], said: str):
    return sa.Column(name, kind, nullable=False, server_default=said)


def _read_running_times() -> None:
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(EVENT.c.id, EVENT.c.running_time, EVENT.c.description).where(
            EVENT.c.running_time != ""
        )
    ).all()
    for row in rows:
        hours, minutes = HOURS.search(row.running_time), MINUTES.search(row.running_time)
        read = 60 * int(hours[1] if hours else 0) + int(minutes[1] if minutes else 0)
        known = read if 0 < read <= LONGEST else None
        rest = MINUTES.sub("", HOURS.sub("", row.running_time)).strip(" ,.;")
        said = f"{row.running_time}\n{row.description}".strip() if rest or not known else None
        connection.execute(
            sa.update(EVENT)
            .where(EVENT.c.id == row.id)
            .values(
                running_minutes=known,
                description=row.description if said is None else said,
            )
        )
