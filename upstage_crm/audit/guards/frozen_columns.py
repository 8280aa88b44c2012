"""What of a row stays as it was written, as part of `rules`. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.audit.guards.sql import Rule, any_differs, erasing, is_other, stands_already

FIXED = {
    "patron": ("id", "number", "created_at"),
    "change_request": (
        "id",
        "reference",
        "patron_id",
        "reason_code",
        "proposer_id",
        "proposer_label",
        "created_at",
        "policy",
        "path",
    ),
    "field_change": ("id", "request_id", "patron_id", "field", "kind"),
    "review": ("id", "field_change_id", "request_id", "reviewer"),
    "audit_head": ("id",),
    "desk_confirmation": (
        "id",
        "request_id",
        "kind",
        "method",
        "reviewer",
        "clerk_id",
        "clerk_label",
        "created_at",
    ),
    "patron_freeze": ("id", "patron_id", "request_id", "cause", "opened_at"),
    "erasure": ("id", "patron_id", "requested_by", "requested_label", "requested_at"),
    "staff_alert": ("id", "staff_id", "wire", "opened_at"),
    "integrity_finding": ("id", "subject", "row_id", "found_at"),
    "record_change": (
        "id",
        "patron_id",
        "kind",
        "status_from",
        "status_to",
        "needs_second",
        "requested_by",
        "requested_label",
        "requested_at",
    ),
    "staff": ("id", "created_at", "by_operator"),
    "suppressed_address": ("id", "patron_id", "cause", "request_id", "created_at"),
    "performance": ("id", "event_id", "created_at"),
    "price_type": ("id", "is_comp", "created_at"),
    "tax_rate": ("id", "name", "basis_points", "created_at"),
    "seating": ("performance_id", "created_at"),
    "seat_state": ("performance_id", "seat_id"),
    "pool": ("id", "performance_id", "name"),
    "pool_hold": ("pool_id", "holder"),
    "house_hold": (
        "id",
        "performance_id",
        "letter",
        "reason",
        "release_at",
        "pool_id",
        "places",
        "made_by",
        "created_at",
    ),
    "payment": (
        "id",
        "basket_id",
        "method",
        "amount",
        "currency",
        "public_name",
        "shift_id",
        "deadline_at",
        "created_at",
    ),
    "refund": ("id", "payment_id", "amount", "cause", "reason", "key", "created_at"),
    "ledger_transaction": (
        "id",
        "kind",
        "booked_at",
        "legs",
        "order_id",
        "step_id",
        "payment_id",
        "refund_id",
        "shift_id",
        "staff_id",
        "salt",
    ),
    "orders": (
        "id",
        "reference",
        "basket_id",
        "channel",
        "staff_id",
        "shift_id",
        "currency",
        "total",
        "tax_mode",
        "created_at",
    ),
    "order_contact": ("order_id", "language"),
    "ticket": (
        "id",
        "order_id",
        "line_id",
        "performance_id",
        "seat_id",
        "pool_id",
        "place",
        "zone",
        "type_id",
        "amount",
        "salt",
        "created_at",
    ),
    "disruption": (
        "id",
        "performance_id",
        "kind",
        "was_starts_at",
        "was_hall_id",
        "answer_days",
        "staff_id",
        "created_at",
    ),
    "disrupted_order": ("id", "disruption_id", "order_id"),
    "till": ("id", "created_at"),
    "till_gift": (
        "id",
        "basket_id",
        "shift_id",
        "type_id",
        "reason",
        "seats",
        "about",
        "asked_by_id",
        "asked_by",
        "created_at",
    ),
    "till_shift": (
        "id",
        "till_id",
        "staff_id",
        "staff_label",
        "is_training",
        "number",
        "currency",
        "float_amount",
        "opened_at",
    ),
}
# Fixed too, except that an erasure may empty them: the literal is what "empty" is.
_ERASABLE: Mapping[str, Mapping[str, str]] = {
    "change_request": {"reason_text": "''"},
    "field_change": {"current_value": "'{}'", "proposed_value": "'{}'", "proposed_key": "''"},
    "review": {"mailbox": "''"},
    "desk_confirmation": {"note": "''", "answers": "'{}'"},
    "erasure": {"reason": "''"},
    "record_change": {"reason": "''"},
    "suppressed_address": {"address_key": "''"},
}
_NEVER_DELETED = (
    "patron",
    "change_request",
    "field_change",
    "review",
    "audit_entry",
    "audit_head",
    "receipt",
    "link_code",
    "desk_confirmation",
    "patron_freeze",
    "erasure",
    "staff_alert",
    "recorded_row",
    "touched_row",
    "integrity_finding",
    "record_change",
    "suppressed_address",
    "seat_plan",
    "performance",
    "price_type",
    "tax_rate",
    "price_list",
    "price",
    "seating",
    "pool",
    "house_hold",
    "payment",
    "refund",
    "provider_event",
    "ledger_transaction",
    "ledger_entry",
    "ledger_seal",
    "orders",
    "order_contact",
    "order_step",
    "order_line",
    "ticket",
    "disruption",
    "disrupted_order",
    "cancellation_item",
    "till",
    "till_shift",
    "till_gift",
    "drawer_move",
    "scan",
)
NEVER_UPDATED = (
    "audit_entry",
    "audit_value",
    "receipt",
    "link_code",
    "recorded_row",
    "touched_row",
    "seat_plan",
    "price_list",
    "price",
    "provider_event",
    "ledger_entry",
    "ledger_seal",
    "order_step",
    "cancellation_item",
    "order_line",
    "drawer_move",
    "scan",
)
_NEVER_TRUNCATED = (*_NEVER_DELETED, "audit_value")
# What makes an INSERT an overwrite: SQLite's REPLACE deletes without asking delete triggers (unless
# `recursive_triggers` is on, which is the connection's choice). Every unique key belongs here.
_IDENTITY = {
    "patron": ("id", "number"),
    "change_request": ("id", "reference"),
    "field_change": ("id",),
    "review": ("id",),
    "audit_entry": ("seq", "hash"),
    "audit_value": ("seq, name",),
    "audit_head": ("id",),
    "receipt": ("id",),
    "link_code": ("id", "request_id, reviewer, version"),
    "desk_confirmation": ("id",),
    "patron_freeze": ("id",),
    "erasure": ("id",),
    "staff_alert": ("id",),
    "recorded_row": ("subject, row_id, seq",),
    "touched_row": ("n",),
    "integrity_finding": ("id",),
    "record_change": ("id",),
    "suppressed_address": ("id",),
    "seat_plan": ("id", "hall_id, version"),
    "performance": ("id",),
    "price_type": ("id", "name_key"),
    "tax_rate": ("id",),
    "price_list": ("id", "event_id, version"),
    "price": ("id", "price_list_id, zone, price_type_id"),
    "seating": ("performance_id",),
    "seat_state": ("performance_id, seat_id",),
    "pool": ("id", "performance_id, name"),
    "pool_hold": ("pool_id, holder",),
    "house_hold": ("id",),
    "basket": ("id",),
    "orders": ("id", "reference", "basket_id"),
    "order_contact": ("order_id",),
    "order_step": ("id", "order_id, n", "key"),
    "order_line": ("id",),
    "ticket": ("id", "line_id"),
    "disruption": ("id",),
    "disrupted_order": ("id", "disruption_id, order_id"),
    "cancellation_item": ("ticket_id",),
    "scan": ("id", "device, nonce"),
    "payment": ("id", "reference", "capture_reference", "public_name"),
    "refund": ("id", "key", "reference"),
    "provider_event": ("id",),
    "ledger_transaction": ("id",),
    "ledger_entry": ("transaction_id, n",),
    "ledger_seal": ("id",),
    "till": ("id",),
    "till_gift": ("id", "basket_id"),
    "till_shift": ("id", "till_id, number"),
    "drawer_move": ("id",),
}


def rules(dialect: str) -> list[Rule]:
    """Identities, overwriting, deleting."""
    found: list[Rule] = []
    for table, columns in FIXED.items():
        # SQLite numbers rows behind our back; `UPDATE OR REPLACE … SET rowid` overwrites another.
        fixed = (*columns, "rowid") if dialect == "sqlite" else columns
        found.append(Rule(f"{table}_identity", table, "UPDATE", any_differs(fixed, dialect)))
    for table, blanks in _ERASABLE.items():
        changed = " OR ".join(
            f"(NEW.{column} {is_other(dialect)} OLD.{column} "
            f"AND NOT (NEW.{column} = {blank} AND {erasing(table)}))"
            for column, blank in blanks.items()
        )
        found.append(Rule(f"{table}_words", table, "UPDATE", changed))
    found += [Rule(f"{table}_delete", table, "DELETE", "TRUE") for table in _NEVER_DELETED]
    found.append(
        Rule("audit_value_delete", "audit_value", "DELETE", f"NOT ({erasing('audit_value')})")
    )
    found += [Rule(f"{table}_update", table, "UPDATE", "TRUE") for table in NEVER_UPDATED]
    for table, keys in _IDENTITY.items():
        all_keys = (*keys, "rowid") if dialect == "sqlite" else keys
        stands = " OR ".join(stands_already(table, key) for key in all_keys)
        found.append(Rule(f"{table}_overwrite", table, "INSERT", stands))
    if dialect != "sqlite":
        found += [
            Rule(f"{table}_truncate", table, "TRUNCATE", "TRUE") for table in _NEVER_TRUNCATED
        ]
    return found
