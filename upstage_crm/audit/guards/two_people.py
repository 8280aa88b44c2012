"""What the database asks a second staff member for, as part of `rules`. Pure."""

from __future__ import annotations

from upstage_crm.audit.guards.sql import (
    Rule,
    any_differs,
    erasing,
    is_other,
)


def rules(dialect: str) -> list[Rule]:
    """What needs two staff members: born without the second, who is another, and once."""
    held = any_differs(("held_for",), dialect)
    looked = any_differs(("closed_by", "closed_at"), dialect)
    second = any_differs(("second_id", "confirmed_at"), dialect)
    people = any_differs(("first_id", "second_id", "cleared_at", "finding", "method"), dialect)
    found = any_differs(("finding", "method"), dialect)
    lifted = any_differs(("first_id", "first_note", "second_id", "lifted_at"), dialect)
    period = any_differs(("period_ended_by",), dialect)
    words = any_differs(("first_note", "second_note"), dialect)
    ended = any_differs(("confirmed_by", "confirmed_at", "declined_at", "done_at"), dialect)
    emptied = f"NEW.first_note = '' AND NEW.second_note = '' AND {erasing('patron_freeze')}"
    return [
        Rule("change_request_release", "change_request", "UPDATE", _RELEASED_ALONE),
        # What cools down may come to need a second person, and nothing else ever changes.
        Rule(
            "change_request_held",
            "change_request",
            "UPDATE",
            f"({held}) AND NOT (OLD.held_for = 'cooling' AND NEW.held_for = 'quarantine')",
        ),
        Rule(
            "staff_alert_birth",
            "staff_alert",
            "INSERT",
            "NEW.closed_by IS NOT NULL OR NEW.closed_at IS NOT NULL",
        ),
        Rule(
            "staff_alert_second",
            "staff_alert",
            "UPDATE",
            f"(OLD.closed_at IS NOT NULL AND ({looked})) OR NEW.closed_by = OLD.staff_id "
            "OR (NEW.closed_at IS NOT NULL AND NEW.closed_by IS NULL)",
        ),
        Rule(
            "desk_confirmation_birth",
            "desk_confirmation",
            "INSERT",
            "NEW.second_id IS NOT NULL OR NEW.confirmed_at IS NOT NULL",
        ),
        Rule(
            "desk_confirmation_second",
            "desk_confirmation",
            "UPDATE",
            f"NEW.second_id = OLD.clerk_id OR (NEW.confirmed_at IS NOT NULL AND "
            f"(NEW.second_id IS NULL OR NEW.declined_at IS NOT NULL)) OR (({second}) AND "
            "(OLD.confirmed_at IS NOT NULL OR OLD.declined_at IS NOT NULL))",
        ),
        Rule(
            "patron_freeze_birth",
            "patron_freeze",
            "INSERT",
            "NEW.first_id IS NOT NULL OR NEW.second_id IS NOT NULL OR NEW.cleared_at IS NOT NULL",
        ),
        Rule(
            "patron_freeze_second",
            "patron_freeze",
            "UPDATE",
            f"(OLD.cleared_at IS NOT NULL AND (({people}) OR (({words}) AND NOT ({emptied})))) "
            f"OR (OLD.first_id IS NOT NULL AND (({found}) "
            f"OR NEW.first_id {is_other(dialect)} OLD.first_id)) "
            "OR (NEW.cleared_at IS NOT NULL AND (OLD.first_id IS NULL "
            "OR NEW.second_id IS NULL OR NEW.second_id = NEW.first_id))",
        ),
        Rule("record_change_birth", "record_change", "INSERT", _BORN_CONFIRMED),
        Rule(
            "record_change_second",
            "record_change",
            "UPDATE",
            f"((OLD.done_at IS NOT NULL OR OLD.declined_at IS NOT NULL) AND ({ended})) "
            "OR (NEW.confirmed_at IS NOT NULL AND (NEW.confirmed_by IS NULL "
            "OR NEW.confirmed_by = OLD.requested_by)) "
            "OR (NEW.done_at IS NOT NULL AND NEW.needs_second AND NEW.confirmed_at IS NULL)",
        ),
        Rule(
            "patron_protection",
            "patron",
            "UPDATE",
            f"OLD.is_protected AND NOT NEW.is_protected AND NOT ({erasing('patron')}) "
            f"AND NOT EXISTS ({_confirmed('unprotect')})",
        ),
        Rule(
            "patron_status",
            "patron",
            "UPDATE",
            "OLD.status <> NEW.status AND OLD.status <> 'erased' AND NEW.status <> 'erased' "
            f"AND NOT EXISTS ({_confirmed('status')} "
            "AND c.status_from = OLD.status AND c.status_to = NEW.status)",
        ),
        Rule("staff_since", "staff", "UPDATE", _since(dialect)),
        Rule(
            "change_request_period",
            "change_request",
            "UPDATE",
            f"({period}) AND (OLD.period_ended_by IS NOT NULL "
            "OR NEW.period_ended_by = OLD.proposer_id)",
        ),
        Rule(
            "suppressed_address_birth",
            "suppressed_address",
            "INSERT",
            "NEW.first_id IS NOT NULL OR NEW.second_id IS NOT NULL OR NEW.lifted_at IS NOT NULL",
        ),
        Rule(
            "suppressed_address_second",
            "suppressed_address",
            "UPDATE",
            f"(OLD.lifted_at IS NOT NULL AND ({lifted}) "
            f"AND NOT (NEW.first_note = '' AND {erasing('suppressed_address')})) "
            f"OR (OLD.first_id IS NOT NULL AND NEW.first_id {is_other(dialect)} OLD.first_id) "
            "OR (NEW.lifted_at IS NOT NULL AND (NEW.first_id IS NULL "
            "OR NEW.second_id IS NULL OR NEW.second_id = NEW.first_id))",
        ),
        Rule("erasure_birth", "erasure", "INSERT", f"NOT ({_IS_BORN_UNCONFIRMED})"),
        Rule(
            "erasure_second",
            "erasure",
            "UPDATE",
            f"((OLD.done_at IS NOT NULL OR OLD.declined_at IS NOT NULL) AND ({ended})) "
            "OR (NEW.confirmed_at IS NOT NULL AND (NEW.confirmed_by IS NULL "
            "OR NEW.confirmed_by = OLD.requested_by)) "
            "OR (NEW.done_at IS NOT NULL AND NEW.confirmed_at IS NULL)",
        ),
    ]


_BORN_CONFIRMED = (
    "NEW.confirmed_at IS NOT NULL OR NEW.confirmed_by IS NOT NULL OR NEW.done_at IS NOT NULL "
    "OR NEW.declined_at IS NOT NULL OR (NEW.kind = 'unprotect' AND NOT NEW.needs_second)"
)


def _confirmed(kind: str) -> str:
    """A change of the OLD row's record that may be carried out right now, as a subquery."""
    return (
        f"SELECT 1 FROM record_change c WHERE c.patron_id = OLD.id AND c.kind = '{kind}' "
        "AND c.done_at IS NULL AND c.declined_at IS NULL AND (NOT c.needs_second "
        "OR (c.confirmed_at IS NOT NULL AND c.confirmed_by <> c.requested_by))"
    )


# What cannot change without its instant: an account that was changed is no one's second for a
# week. `staff.account_history` has the rule.
_DATED = {
    "email_key": "address_at",
    "role": "role_at",
    "password_hash": "password_at",
}
_INSTANTS = (*_DATED.values(), "factors_at", "enabled_at")


def _since(dialect: str) -> str:
    """A change of an account without an instant, and an instant that goes back or goes away."""
    undated = [
        f"({any_differs((column,), dialect)} AND NEW.{at} IS NULL)" for column, at in _DATED.items()
    ]
    back = [
        f"NEW.{at} < OLD.{at} OR (OLD.{at} IS NOT NULL AND NEW.{at} IS NULL)" for at in _INSTANTS
    ]
    come_back = (
        "(OLD.disabled_at IS NOT NULL AND NEW.disabled_at IS NULL AND NEW.enabled_at IS NULL)"
    )
    return " OR ".join((*undated, *back, come_back))


_IS_BORN_UNCONFIRMED = (
    "NEW.confirmed_at IS NULL AND NEW.done_at IS NULL AND NOT EXISTS (SELECT 1 FROM field_change f "
    "WHERE f.patron_id = NEW.patron_id AND f.outcome IN ('pending', 'held', 'waiting', 'approved'))"
)
_RELEASED_ALONE = (
    "OLD.held_for IN ('second_person', 'quarantine') AND OLD.state = 'held' "
    "AND NEW.state = 'pending' "
    "AND (NEW.released_by IS NULL OR NEW.released_by = OLD.proposer_id)"
)
