"""Guard paths: on PostgreSQL every guard names its schema and types, and trusts no search path

Nothing to do here: guards are remade by the code that runs.

Revision: 0010, after 0008
"""

from __future__ import annotations

revision = "0010"
down_revision = "0008"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
