"""Counts that cost the same however long a table grows: a list says "1,000+" of more."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

COUNTED = 1_000


def count_some(session: Session, rows: sa.Select[Any], *, at_least: int = 0) -> int:
    """How many rows there are, or one more than `at_least` (and than `COUNTED`)."""
    few = rows.limit(max(at_least, COUNTED) + 1).subquery()
    counted = sa.select(sa.func.count()).select_from(few)
    return session.connection().execute(counted).scalar_one()


def some(count: int) -> str:
    """A count in digits: "12", "1,000+"."""
    return f"{count:,}" if count <= COUNTED else f"{COUNTED:,}+"
