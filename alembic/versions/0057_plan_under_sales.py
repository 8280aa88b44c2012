"""A newer seat plan under what is sold: only the guards are others, which `env.py` installs

Revision: 0057, after 0055
"""

from __future__ import annotations

revision = "0057"
down_revision = "0055"


def upgrade() -> None:
    """The guard of the plan under sold seats looks for the seats in the plan."""


def downgrade() -> None:
    """The guard before is that of the code before."""
