"""Seat guard: a held seat passes to another holder only once its hold has lapsed

Nothing to do here: guards are remade by the code that runs.

Revision: 0035, after 0034
"""

from __future__ import annotations

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
