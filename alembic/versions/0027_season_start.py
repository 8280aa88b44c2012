"""Season start: the day on which the organisation's seasons begin

Not chosen is empty, so what the trail says of the row still holds.

Revision: 0027, after 0026
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("organisation", sa.Column("season_start", sa.String(5), nullable=True))


def downgrade() -> None:
    op.drop_column("organisation", "season_start")
