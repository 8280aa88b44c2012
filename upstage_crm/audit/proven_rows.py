"""Which rows grant power, and how each is proven before it acts. Pure.

A *recorded* row is part of a subject: a patron with disputes and erasures, a request with its
fields, reviews and identifications, a staff member with factors. Whenever a transaction changes a
subject, the signed entry that it writes commits to all of the subject's deciding columns. The
newest entry about a subject decides, so an altered, older, copied or deleted row is found.

A *sealed* row carries a keyed hash over what was frozen at its birth: rows that are many, or that
live for hours, and that no plain SQL may add or turn to another purpose.

A house test sees that every table is named here or listed as granting nothing, and that every
column of a recorded table decides unless it is named in `rest`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table of a subject. `subject` is the column that holds the subject's id.

    `key` orders the rows. The columns in `rest` decide nothing. Those in `secrets` are committed
    to by their SHA-256 alone: the trail keeps no password hash.
    """

    table: str
    subject: str = "id"
    key: str = "id"
    rest: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is recorded together; the first part holds the subject's own row.

    `patron` is the column of that row that holds the patron's id: the values behind the commitments
    are erased with the patron. None where there is no patron. `name` is that of its first table.
    """

    parts: tuple[Part, ...]
    patron: str | None = None
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.parts[0].table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A sealed table: what identifies a row, and what is frozen besides."""

    table: str
    key: tuple[str, ...] = ("id",)
    frozen: tuple[str, ...]


_SUBJECTS = (
    Subject(
        parts=(
            Part(
                table="patron",
                rest=(
                    "preferred_name",
                    "pronouns",
                    "language",
                    "time_zone",
                    "note",
                    "updated_at",
                ),
            ),
            Part(table="patron_freeze", subject="patron_id"),
            Part(table="erasure", subject="patron_id"),
            Part(table="record_change", subject="patron_id"),
        ),
        patron="id",
    ),
    Subject(
        parts=(
            Part(table="change_request", rest=("last_sent_at", "sent_count", "next_reminder_at")),
            Part(table="field_change", subject="request_id"),
            Part(table="review", subject="request_id"),
            Part(table="desk_confirmation", subject="request_id"),
            Part(table="suppressed_address", subject="request_id"),
        ),
        patron="patron_id",
    ),
    Subject(
        parts=(
            Part(table="staff", secrets=("password_hash",)),
            Part(
                table="staff_totp",
                subject="staff_id",
                key="staff_id",
                rest=("last_step",),
                secrets=("sealed",),
            ),
            Part(table="staff_recovery_code", subject="staff_id"),
            Part(table="staff_passkey", subject="staff_id", rest=("sign_count", "last_used_at")),
        ),
    ),
    Subject(parts=(Part(table="staff_invitation"),)),
    Subject(parts=(Part(table="staff_alert"),)),
    Subject(parts=(Part(table="policy"),)),
    Subject(parts=(Part(table="security"),)),
    Subject(parts=(Part(table="organisation", rest=("next_patron_number",)),)),
    # Or an attacker could let everyone buy at prices that no staff member set.
    Subject(parts=(Part(table="price_list"), Part(table="price", subject="price_list_id"))),
    # Or an attacker could end what was found, or have staff restore what is as it should be.
    Subject(parts=(Part(table="integrity_finding"),)),
)
RECORDED: Mapping[str, Subject] = {subject.name: subject for subject in _SUBJECTS}

_SEALED = (
    Sealed(
        table="mail_outbox",
        frozen=(
            "dedupe_key",
            "kind",
            "language",
            "transport",
            "to_address",
            "audience",
            "subject",
            "request_id",
            "patron_id",
            "staff_id",
            "after_id",
            "payload",
            "links",
            "created_at",
        ),
    ),
    Sealed(
        table="mail_event",
        frozen=(
            "outbox_id",
            "provider_id",
            "kind",
            "detail",
            "is_permanent",
            "at",
            "received_at",
        ),
    ),
    Sealed(
        table="staff_session",
        frozen=("staff_id", "epoch", "created_at", "proven_at", "factor_at"),
    ),
    Sealed(table="staff_device", key=("staff_id", "device"), frozen=("first_at",)),
    Sealed(table="patron_session", frozen=("patron_id", "email_key", "created_at")),
    Sealed(
        table="patron_registration",
        frozen=(
            *("email", "email_key", "given_name", "family_name"),
            *("language", "created_at"),
        ),
    ),
    Sealed(
        table="patron_sign_in",
        frozen=("patron_id", "email_key", "browser", "jti", "kid", "created_at", "expires_at"),
    ),
    # Sealed again by each step, or an attacker could open one, or hide that it was lost.
    Sealed(
        table="payment_dispute",
        frozen=(
            *("payment_id", "amount", "currency", "state"),
            *("due_at", "opened_at", "closed_at"),
        ),
    ),
    # Or an attacker could be mailed the tickets of others. An offer is sealed again by its answer.
    Sealed(
        table="ticket_offer",
        frozen=(
            *("order_id", "state", "email", "email_key", "language"),
            *("created_at", "answered_at"),
        ),
    ),
    Sealed(table="ticket_transfer", frozen=("offer_id", "ticket_id")),
    Sealed(
        table="link_code",
        frozen=("request_id", "reviewer", "version", "code_hash", "claims"),
    ),
)
SEALED: Mapping[str, Sealed] = {table.table: table for table in _SEALED}
