"""What the database refuses, as one description for both dialects. Pure: it only writes SQL.

A rule names a table, an event and when the statement is refused; `triggers` makes it a trigger.
Erasure is the other way: confirmed by a second member and not done, it empties and only empties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upstage_crm.audit.guards import (
    account_moves,
    cancellation_moves,
    frozen_columns,
    money_moves,
    order_steps,
    payment_moves,
    seat_moves,
    shift_moves,
    touched_rows,
    transfer_moves,
    two_people,
)
from upstage_crm.audit.guards.sql import (
    Mark,
    Rule,
    any_differs,
    erasing,
    is_other,
    is_same,
    json_value,
    moves,
)
from upstage_crm.audit.guards.touched_rows import Columns

Protected = Mapping[str, Sequence[str]]

# States that a row may be born in, and where each may go from there.
FIELD_MOVES: Mapping[str, Sequence[str]] = {
    "held": ("pending", "waiting", "withdrawn", "superseded", "objected"),
    "pending": (
        "waiting",
        "approved",
        "rejected",
        "objected",
        "lapsed",
        "superseded",
        "withdrawn",
        "undeliverable",
    ),
    # A mailbox that took the place of the one that approved is asked anew.
    "waiting": ("pending", "approved", "rejected", "objected", "withdrawn"),
    "approved": ("applied",),
}
REQUEST_MOVES: Mapping[str, Sequence[str]] = {
    "held": ("pending", "waiting", "withdrawn", "superseded", "rejected"),
    "pending": (
        "waiting",
        "approved",
        "partly_approved",
        "rejected",
        "expired",
        "superseded",
        "withdrawn",
        "undeliverable",
    ),
    "waiting": ("pending", "approved", "partly_approved", "rejected", "withdrawn"),
    "approved": ("reverted",),
    "partly_approved": ("reverted",),
}
PERFORMANCE_MOVES: Mapping[str, Sequence[str]] = {
    "draft": ("on_sale", "cancelled"),
    "on_sale": ("paused", "performed", "cancelled"),
    "paused": ("on_sale", "performed", "cancelled"),
}
EMAIL_GUARD = "patron live email"  # how the refusal of a second live owner of an address reads


def rules(protected: Protected, dialect: str) -> list[Rule]:
    """Every refusal. `protected` maps a field key to its columns, derived ones included."""
    return [
        *frozen_columns.rules(dialect),
        *_steps_are_legal(dialect),
        *two_people.rules(dialect),
        *seat_moves.rules(dialect),
        *order_steps.rules(dialect),
        *cancellation_moves.rules(dialect),
        *transfer_moves.rules(dialect),
        *account_moves.rules(dialect),
        *payment_moves.rules(dialect),
        *money_moves.rules(dialect),
        *shift_moves.rules(dialect),
        *(rule for field, columns in protected.items() for rule in _field(field, columns, dialect)),
    ]


def marks(protected: Protected, dialect: str, columns: Columns) -> list[Mark]:
    """What a write brings with it: its field change is used up, a movement of money has its
    entries, and the log names the row.

    `columns` holds the columns of every table of the database.
    """
    return [
        *_applied(protected, dialect),
        *money_moves.marks(dialect),
        *touched_rows.marks(dialect, columns),
    ]


def _applied(protected: Protected, dialect: str) -> list[Mark]:
    """The field change behind a written value is applied."""
    return [
        Mark(
            f"patron_{field}_applied",
            any_differs(columns, dialect),
            "UPDATE field_change SET outcome = 'applied' WHERE field_change.patron_id = NEW.id "
            f"AND field_change.field = '{field}' AND field_change.outcome = 'approved'",
        )
        for field, columns in protected.items()
    ]


def _steps_are_legal(dialect: str) -> list[Rule]:
    """Births, transitions and what only ever grows."""
    live = EMAIL_GUARD.replace(" ", "_")
    said = any_differs(("decision", "channel", "decided_at"), dialect)
    place = any_differs(("day", "time", "zone", "starts_at", "hall_id", "access"), dialect)
    words = (
        f"NEW.comment {is_other(dialect)} OLD.comment "
        f"AND NOT (NEW.comment = '' AND {erasing('review')})"
    )
    return [
        Rule(f"{live}_insert", "patron", "INSERT", _LIVE_EMAIL_STANDS),
        Rule(f"{live}_update", "patron", "UPDATE", _LIVE_EMAIL_STANDS),
        Rule("patron_erased", "patron", "UPDATE", _ERASED_AGAINST_THE_RULES),
        Rule("patron_born_erased", "patron", "INSERT", "NEW.status = 'erased'"),
        Rule("field_change_second", "field_change", "INSERT", _OPEN_CHANGE_STANDS),
        Rule("audit_head_order", "audit_head", "UPDATE", "NEW.seq <= OLD.seq"),
        Rule("field_change_birth", "field_change", "INSERT", f"NOT ({_IS_BORN_OPEN})"),
        Rule(
            "change_request_birth",
            "change_request",
            "INSERT",
            "NEW.state NOT IN ('pending', 'held') OR (NEW.path = 'desk' AND NEW.state <> 'held')",
        ),
        Rule("change_request_own", "change_request", "INSERT", _OWN_WITHOUT_CODE),
        Rule(
            "change_request_links",
            "change_request",
            "UPDATE",
            "NEW.link_version < OLD.link_version OR NEW.code_tries < OLD.code_tries "
            "OR NEW.notice_version < OLD.notice_version",
        ),
        Rule("change_request_end", "change_request", "UPDATE", _ENDS_AGAINST_ITS_FIELDS),
        Rule("review_birth", "review", "INSERT", f"NOT ({_IS_BORN_UNDECIDED})"),
        Rule("review_second", "review", "INSERT", _COUNTING_REVIEW_STANDS),
        Rule("review_binding", "review", "UPDATE", "OLD.is_binding AND NOT NEW.is_binding"),
        Rule(
            "review_replaced",
            "review",
            "UPDATE",
            f"NEW.replaced_at {is_other(dialect)} OLD.replaced_at AND NOT ({_MAY_BE_REPLACED})",
        ),
        Rule(
            "review_once", "review", "UPDATE", f"OLD.decision IS NOT NULL AND ({said} OR {words})"
        ),
        Rule(
            "field_change_moves",
            "field_change",
            "UPDATE",
            f"OLD.outcome <> NEW.outcome AND NOT ({moves('outcome', FIELD_MOVES)})",
        ),
        Rule(
            "change_request_moves",
            "change_request",
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({moves('state', REQUEST_MOVES)})",
        ),
        Rule("price_complete", "price", "INSERT", _VERSION_IS_COMPLETE),
        Rule("performance_birth", "performance", "INSERT", "NEW.state <> 'draft'"),
        Rule(
            "performance_moves",
            "performance",
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({moves('state', PERFORMANCE_MOVES)})",
        ),
        Rule(
            "performance_ended",
            "performance",
            "UPDATE",
            f"OLD.state IN ('performed', 'cancelled') AND ({place})",
        ),
        Rule(
            "field_change_approval",
            "field_change",
            "UPDATE",
            "NEW.outcome = 'approved' AND OLD.outcome <> 'approved' AND NOT ("
            f"(NEW.kind = 'change' AND {_EVERY_REVIEW_SAYS_YES}) "
            f"OR (OLD.outcome = 'waiting' AND NEW.settled_at >= NEW.applies_at AND ({_MAY_WAIT})) "
            "OR NEW.kind = 'revert')",
        ),
        Rule(
            "field_change_waiting",
            "field_change",
            "UPDATE",
            f"NEW.outcome = 'waiting' AND OLD.outcome <> 'waiting' AND NOT ({_MAY_WAIT})",
        ),
        Rule(
            "field_change_clock",
            "field_change",
            "UPDATE",
            f"NEW.applies_at {is_other(dialect)} OLD.applies_at "
            "AND NEW.outcome <> 'waiting' AND NEW.applies_at IS NOT NULL",
        ),
        Rule(
            "field_change_displaced",
            "field_change",
            "UPDATE",
            f"({any_differs(('displaced_verified_at', 'displaced_bounced_at'), dialect)}) "
            "AND NOT (OLD.outcome <> 'approved' AND NEW.outcome = 'approved')",
        ),
    ]


def _field(field: str, columns: Sequence[str], dialect: str) -> list[Rule]:
    """One protected field: no write without its approval, no applied change without its write."""
    changed = any_differs(columns, dialect)
    emptied = " AND ".join(f"NEW.{column} IS NULL" for column in columns)
    holds = " AND ".join(
        f"{json_value('NEW.proposed_value', c, dialect)} {is_same(dialect)} p.{c}" for c in columns
    )
    return [
        Rule(
            f"patron_{field}",
            "patron",
            "UPDATE",
            f"({changed}) AND NOT EXISTS ({_approved_change(field, columns, dialect)}) "
            f"AND NOT ({emptied} AND {erasing('patron')})",
        ),
        Rule(
            f"field_change_applied_{field}",
            "field_change",
            "UPDATE",
            f"NEW.field = '{field}' AND NEW.outcome = 'applied' AND OLD.outcome <> 'applied' AND "
            f"NOT EXISTS (SELECT 1 FROM patron p WHERE p.id = NEW.patron_id AND {holds})",
        ),
    ]


def _reviews(which: str) -> str:
    """Whether the field change has a review that counts, and that is `which`."""
    return (
        "EXISTS (SELECT 1 FROM review r WHERE r.field_change_id = NEW.id "
        f"AND r.replaced_at IS NULL AND {which})"
    )


_YES, _NO = "r.decision = 'approve'", "r.decision IN ('reject', 'object')"
_NOT_YES = "(r.decision IS NULL OR r.decision <> 'approve')"
_EVERY_REVIEW_SAYS_YES = f"{_reviews(_YES)} AND NOT {_reviews(_NOT_YES)}"
_TWO_AT_THE_DESK = (
    "EXISTS (SELECT 1 FROM desk_confirmation d WHERE d.request_id = NEW.request_id "
    "AND d.kind = 'identity' AND d.confirmed_at IS NOT NULL AND d.second_id <> d.clerk_id)"
)
# Every needed yes has been said, and no one has said no: the silence of others lets it happen.
_MAY_WAIT = (
    f"((NEW.kind = 'change' AND {_reviews('r.is_binding')}) "
    f"OR (NEW.kind = 'desk' AND {_TWO_AT_THE_DESK})) "
    f"AND NOT {_reviews(f'r.is_binding AND {_NOT_YES}')} AND NOT {_reviews(_NO)}"
)
_LIVE_EMAIL_STANDS = (
    "NEW.email_key IS NOT NULL AND NEW.status = 'active' AND EXISTS (SELECT 1 FROM patron p "
    "WHERE p.email_key = NEW.email_key AND p.status = 'active' AND p.id <> NEW.id)"
)
_OPEN_CHANGE_STANDS = (
    "EXISTS (SELECT 1 FROM field_change f WHERE f.patron_id = NEW.patron_id "
    "AND f.field = NEW.field AND f.outcome IN ('pending', 'held', 'waiting'))"
)
_COUNTING_REVIEW_STANDS = (
    "EXISTS (SELECT 1 FROM review r WHERE r.field_change_id = NEW.field_change_id "
    "AND r.reviewer = NEW.reviewer AND r.replaced_at IS NULL)"
)
# No one but a staff member proposes, unless a code that was mailed to the patron is used up by it:
# there are no more wishes of one instant than codes that were used then.
_OWN_WITHOUT_CODE = (
    "(NEW.path = 'own') <> (NEW.proposer_id IS NULL) OR (NEW.path = 'own' AND ("
    "NEW.state <> 'pending' OR NEW.keeper_id IS NOT NULL OR "
    "(SELECT count(*) FROM change_request r WHERE r.patron_id = NEW.patron_id "
    "AND r.path = 'own' AND r.created_at = NEW.created_at) >= "
    "(SELECT count(*) FROM patron_sign_in s JOIN patron p ON p.id = s.patron_id "
    "WHERE s.patron_id = NEW.patron_id AND substr(s.browser, 1, 4) = 'own:' "
    "AND s.email_key = p.email_key AND s.used_at = NEW.created_at "
    "AND s.used_at < s.expires_at)))"
)
# Only a current mailbox can lose its place: the record holds another address, or it is out.
_MAY_BE_REPLACED = (
    "OLD.replaced_at IS NULL AND OLD.reviewer = 'current' AND EXISTS (SELECT 1 FROM patron p "
    "JOIN change_request c ON c.patron_id = p.id WHERE c.id = OLD.request_id "
    "AND (p.email IS NULL OR p.email <> OLD.mailbox OR EXISTS (SELECT 1 FROM suppressed_address s "
    "WHERE s.address_key = p.email_key AND s.lifted_at IS NULL "
    "AND (s.patron_id IS NULL OR s.patron_id = p.id))))"
)
# A version of prices takes as many as it was made with, and no price later.
_VERSION_IS_COMPLETE = (
    "(SELECT count(*) FROM price p WHERE p.price_list_id = NEW.price_list_id) "
    ">= (SELECT l.cells FROM price_list l WHERE l.id = NEW.price_list_id)"
)
# A field change belongs to an open request of the same patron, a review to its field's request:
# a yes cannot be lent to another patron's record. A revert belongs to a decided request and
# gives back exactly what an applied change of it replaced.
_IS_BORN_OPEN = (
    "(NEW.kind IN ('change', 'desk') AND NEW.outcome IN ('pending', 'held') AND EXISTS "
    "(SELECT 1 FROM change_request r WHERE r.id = NEW.request_id "
    "AND r.patron_id = NEW.patron_id AND r.state IN ('pending', 'held') "
    "AND ((NEW.kind = 'desk') = (r.path = 'desk')))) OR "
    "(NEW.kind = 'revert' AND NEW.outcome = 'pending' AND EXISTS "
    "(SELECT 1 FROM field_change f JOIN change_request r ON r.id = f.request_id "
    "WHERE f.request_id = NEW.request_id AND f.patron_id = NEW.patron_id "
    "AND f.field = NEW.field AND f.kind <> 'revert' AND f.outcome = 'applied' "
    "AND f.current_value = NEW.proposed_value AND f.proposed_value = NEW.current_value "
    "AND r.state IN ('approved', 'partly_approved')))"
)
_IS_BORN_UNDECIDED = (
    "NEW.decision IS NULL AND NEW.replaced_at IS NULL "
    "AND (NEW.is_binding OR NEW.reviewer = 'current') AND EXISTS (SELECT 1 FROM field_change f "
    "WHERE f.id = NEW.field_change_id AND f.request_id = NEW.request_id "
    "AND f.outcome IN ('pending', 'held', 'waiting'))"
)
_ENDS_AGAINST_ITS_FIELDS = (
    "NEW.state <> OLD.state AND ("
    "(NEW.state = 'waiting' AND (EXISTS (SELECT 1 FROM field_change f "
    "WHERE f.request_id = NEW.id AND f.outcome IN ('pending', 'held', 'approved')) "
    "OR NOT EXISTS (SELECT 1 FROM field_change f "
    "WHERE f.request_id = NEW.id AND f.outcome = 'waiting'))) OR "
    "(NEW.state NOT IN ('pending', 'held', 'waiting') AND EXISTS (SELECT 1 FROM field_change f "
    "WHERE f.request_id = NEW.id AND f.outcome IN ('pending', 'held', 'waiting', 'approved'))) OR "
    "(NEW.state IN ('approved', 'partly_approved') AND NOT EXISTS (SELECT 1 FROM field_change f "
    "WHERE f.request_id = NEW.id AND f.outcome = 'applied')) OR "
    "(NEW.state = 'reverted' AND NOT EXISTS (SELECT 1 FROM field_change f "
    "WHERE f.request_id = NEW.id AND f.kind = 'revert' AND f.outcome = 'applied')))"
)
_ERASED_AGAINST_THE_RULES = (
    "(OLD.status = 'erased' AND NEW.status <> 'erased') OR (NEW.status = 'erased' "
    "AND OLD.status <> 'erased' AND NOT EXISTS (SELECT 1 FROM erasure x "
    "WHERE x.patron_id = OLD.id AND x.confirmed_at IS NOT NULL AND x.done_at IS NULL))"
)


def _approved_change(field: str, columns: Sequence[str], dialect: str) -> str:
    def same(value: str, row: str) -> str:
        return " AND ".join(
            f"{json_value(f'f.{value}', column, dialect)} {is_same(dialect)} {row}.{column}"
            for column in columns
        )

    return (
        f"SELECT 1 FROM field_change f WHERE f.patron_id = OLD.id AND f.field = '{field}' "
        f"AND f.outcome = 'approved' AND {same('proposed_value', 'NEW')} "
        f"AND (f.kind <> 'revert' OR ({same('current_value', 'OLD')}))"
    )
