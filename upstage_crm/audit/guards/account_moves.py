"""Sessions end once, and a sign-in is used once. Pure.

It is a part of `rules`. A seal says nothing of what a row goes on changing, so the end of a session
and the tries of a code are kept here: an old cookie must not open anything again by plain SQL.
"""

from __future__ import annotations

from upstage_crm.audit.guards.sql import Rule, erasing, is_other


def rules(dialect: str) -> list[Rule]:
    """What is refused of sessions and of sign-ins."""
    return [
        _once("staff_session_ended", "staff_session", "ended_at", dialect),
        _once("patron_session_ended", "patron_session", "ended_at", dialect),
        # A row that goes could come back without its end; an erasure takes the patron with it.
        Rule(
            "patron_session_delete",
            "patron_session",
            "DELETE",
            f"NOT ({erasing('patron_session')})",
        ),
        _once("patron_sign_in_used", "patron_sign_in", "used_at", dialect),
        Rule("patron_sign_in_tries", "patron_sign_in", "UPDATE", "NEW.tries < OLD.tries"),
        # One whose time is over may go: what would come back is over as well, by its seal.
        Rule(
            "patron_sign_in_delete",
            "patron_sign_in",
            "DELETE",
            f"OLD.expires_at > (CURRENT_TIMESTAMP) AND NOT ({erasing('patron_sign_in')})",
        ),
    ]


def _once(name: str, table: str, column: str, dialect: str) -> Rule:
    changed = f"NEW.{column} {is_other(dialect)} OLD.{column}"
    return Rule(name, table, "UPDATE", f"OLD.{column} IS NOT NULL AND {changed}")
