"""The policy that the owners chose: read by every proposal, changed on the settings page."""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.policy import Policy, from_json
from upstage_crm.change_requests.tables import PolicyRow
from upstage_crm.core.db import table_of

_policy = table_of(PolicyRow)
_CURRENT = sa.select(_policy.c.settings).where(_policy.c.id == 1)

# Few policies ever stand at once, and every decision asks for the one of its request.
read = lru_cache(maxsize=64)(from_json)


def current(session: Session) -> Policy:
    """The policy as it stands; a new proposal is made under it."""
    return read(session.connection().execute(_CURRENT).scalar_one())
