"""The one sign-in that the demo prints. It exists only in a demo database on this machine."""

from __future__ import annotations

from sqlmodel import Session

from upstage_crm.core.email_address import parse_email
from upstage_crm.staff.accounts import find_by_email_key

EMAIL = "morgan@lantern-street.example"
PASSWORD = "lantern-street-demo"  # noqa: S105  # printed on purpose; never on a reachable server


def stands(session: Session) -> bool:
    """Whether this database has the demo's accounts."""
    row = find_by_email_key(session, parse_email(EMAIL).key)
    return row is not None and row.disabled_at is None
