"""Every table is recorded, sealed, or known to grant nothing; `proven_rows` names what there is."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import sqlalchemy as sa

from upstage_crm.audit.proven_rows import RECORDED, SEALED
from upstage_crm.tables import metadata

# A new table belongs into `proven_rows`, unless an attacker who writes it gains nothing.
GRANTS_NOTHING = {
    "audit_entry": "it is signed",
    "audit_value": "signed entries commit to it",
    "audit_head": "signatures chain what it only orders",
    "receipt": "it is signed, and its entry commits to it",
    "recorded_row": "it only says which entry to look at, and a check of everything reads them all",
    "touched_row": "it only says what to look at",
    "patron_term": "it only finds a record, whose own row is proven before anything acts",
    "patron_tag": "it only groups records; no rule and no mail asks for a tag",
    "saved_view": "it only says how a list is filtered; its reader's role decides what is shown",
    "contact_preference": "no mail asks for it yet; the signed trail tells each answer",
    "patron_contact": "it finds a record; no decision and no mail goes by it",
    "household": "staff read it; no rule and no mail asks for it",
    "household_member": "staff read it; no rule and no mail asks for it",
    "relationship": "staff read it; no rule and no mail asks for it",
    "patron_note": "staff read it; no rule and no mail asks for it",
    "basket": "what it holds is inventory's, and a sale prices it again by proven prices",
    "basket_line": "a sale compares its price with the proven one",
    "orders": "guards keep it as it was sold; nothing acts on its words",
    "order_contact": "guards let nothing but its erasure change it",
    "day_of_mail": "tickets go to a proven record's address, or the order's own",
    "order_letter": "a letter goes to the address of its order",
    "order_step": "guards keep it as it was written",
    "order_line": "guards keep it as it was written",
    "scan": "guards keep it as it was written",
    "ticket": "guards let it only end, and the trail will hold its seal",
    "mail_gate": "it only says when mails leave",
    "heartbeat": "it only says that the server writes",
    "sign_in_failure": "it only counts wrong passwords; a thief who empties it may go on",
    "request_comment": "it is what staff tell each other, and nothing acts on it",
    "venue": "it only says where something is performed",
    "hall": "it only says where something is performed",
    "event": "it only says what is performed",
    "event_text": "it only says what is performed",
    "event_picture": "it only shows what is performed",
    "performance": "it only says what is performed when and where",
    "price_type": "it only says who may pay a price",
    "tax_rate": "it only names a tax, whose rate never changes",
    "sale_window": "it only says when tickets are sold, and the signed trail tells each change",
    "seat_plan": "it only says where seats are, and no version of it ever changes",
    "seating": "it only says which plan a performance is seated by; its guards keep what is sold",
    "seat_state": "guards say how a seat changes hands, and a ticket is proven by its sale",
    "pool": "it only counts, and its counters never pass the capacity",
    "waiting_place": "it only says whom to ask; what is offered is bought at proven prices",
    "pool_hold": "it only says how long places are kept",
    "house_hold": "it only says why seats are kept back; the signed trail tells of each",
    "payment": "guards say how it moves, the provider what was captured",
    "refund": "guards say how it moves, and that its payment counts it",
    "provider_event": "it only says what was heard; what is true is asked of the provider",
    "ledger_transaction": "guards keep it as it was written, and the trail holds its seal",
    "ledger_entry": "it is what its transaction says, which a guard compares",
    "ledger_seal": "the trail holds its root",
    "disruption": "guards keep it as it was written, and the signed trail tells of it",
    "disrupted_order": "guards say how it moves; money goes back to its payments alone",
    "cancellation_item": "guards keep it as it was written",
    "seat_move": "guards let a seat be moved by its offer's yes alone; tickets are sealed",
    "till": "it only says where money is taken",
    "till_shift": "guards keep it as it was closed, and the ledger has its money",
    "till_gift": "guards say who decides; what is given is a sale of its own",
    "drawer_move": "it never changes, and the ledger has its money",
    "rolled_day": "it only says of which days sums are kept",
    "sales_day": "it only sums the ledger up, and is remade from it every night",
    "price_day": "it only sums the ledger up, and is remade from it every night",
    "account_day": "it only sums the ledger up, and is remade from it every night",
    "acquirer_page": "the test acquirer moves no money",
    "acquirer_refund": "the test acquirer moves no money",
    "acquirer_event": "the test acquirer moves no money",
    "proposal_attempt": "it only counts; emptied, it lets one propose more, and each is recorded",
}
# What a sealed row goes on changing: when it was last tried or used, and what came back.
LIVES_ON = {
    "mail_outbox": {
        *("attempts", "cancelled_at", "first_at", "last_code", "last_type", "lease_token"),
        *("lease_until", "next_at", "priority", "provider_id", "settled_at", "state"),
        *("bounced_at", "complained_at", "delivered_at", "suppressed_at"),
    },
    "staff_session": {
        *("challenge", "challenge_at", "ended_at", "ip_prefix", "last_seen_at", "user_agent"),
        "wrong_codes",
    },
    "staff_device": {"last_at"},
    "patron_session": {"browser", "ended_at", "last_seen_at"},
    "patron_sign_in": {"tries", "used_at"},
    "ticket_transfer": {"state"},
}
PARTS = [(subject, part) for subject in RECORDED.values() for part in subject.parts]


def columns(table: str) -> sa.ColumnCollection[str, sa.Column[object]]:
    return metadata.tables[table].columns


def test_every_table_is_recorded_or_sealed_or_grants_nothing() -> None:
    recorded = [part.table for _subject, part in PARTS]

    placed = [*recorded, *SEALED, *GRANTS_NOTHING]

    assert sorted(placed) == sorted(metadata.tables)
    assert all(GRANTS_NOTHING.values())


def test_the_registry_names_columns_that_there_are() -> None:
    for subject, part in PARTS:
        named = {part.subject, part.key, *part.rest, *part.secrets}
        named |= {subject.patron} if subject.patron and part is subject.parts[0] else set()
        assert named <= set(columns(part.table).keys()), part.table
    for sealed in SEALED.values():
        named = {*sealed.key, *sealed.frozen, "seal"}
        assert named <= set(columns(sealed.table).keys()), sealed.table


def test_what_makes_the_parts_of_a_process_knows_every_table() -> None:
    """An empty database is opened before any page has brought its tables along."""
    told = """
from sqlmodel import SQLModel
import upstage_crm.wiring
from upstage_crm.audit.proven_rows import RECORDED, SEALED
parts = {part.table for subject in RECORDED.values() for part in subject.parts}
print(sorted(parts.union(SEALED) - set(SQLModel.metadata.tables)))
"""
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


def test_no_key_is_among_what_decides_nothing() -> None:
    for _subject, part in PARTS:
        assert not {part.key, part.subject} & {*part.rest, *part.secrets}, part.table
        assert not {*part.rest} & {*part.secrets}, part.table


def test_every_column_of_a_sealed_row_is_frozen_or_known_to_live_on() -> None:
    for name, sealed in SEALED.items():
        rest = set(columns(name).keys()) - {*sealed.key, *sealed.frozen, "seal"}
        assert rest == LIVES_ON.get(name, set()), name


def test_a_subject_is_named_by_its_own_row() -> None:
    for subject in RECORDED.values():
        root = subject.parts[0]
        assert (root.subject, root.key) == ("id", "id"), subject.name
        assert [column.name for column in metadata.tables[root.table].primary_key] == ["id"]


def test_a_part_is_found_by_the_key_that_leads_to_its_subject() -> None:
    for subject, part in PARTS:
        if part is not subject.parts[0]:
            (reference,) = columns(part.table)[part.subject].foreign_keys
            assert reference.column.table.name == subject.name, part.table


def length(table: str, column: str) -> int:
    """How long a text in this column may be; a number needs 20 characters at most."""
    kind: Any = columns(table)[column].type
    return kind.length or 0 if hasattr(kind, "length") else 20


def test_a_name_of_a_subject_fits_where_it_is_kept() -> None:
    """In the pointers, the log, and the name of its commitment."""
    for subject in RECORDED.values():
        key = length(subject.name, "id")
        assert len(subject.name) <= length("recorded_row", "subject")
        assert key <= length("recorded_row", "row_id")
        assert len(f"row:{subject.name}:") + key <= length("audit_value", "name")
    for sealed in SEALED.values():
        keys = [length(sealed.table, name) for name in sealed.key]
        assert len("/".join("x" * key for key in keys)) <= length("touched_row", "row_id")


def test_a_subject_has_an_index_for_each_of_its_parts() -> None:
    """A proof reads them all: it must not grow with the table."""
    for subject, part in PARTS:
        if part is subject.parts[0]:
            continue
        table = metadata.tables[part.table]
        firsts = {next(iter(index.columns)).name for index in table.indexes}
        firsts |= {next(iter(table.primary_key.columns)).name}
        assert part.subject in firsts, part.table
