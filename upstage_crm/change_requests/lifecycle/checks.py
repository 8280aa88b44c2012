"""Checks a proposal before anything is written: the same for the preview and for the command."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from upstage_crm.audit.trail import canonical
from upstage_crm.change_requests.model.errors import (
    AddressRecentlyProposed,
    NoMailbox,
    NothingProposed,
    NothingToChange,
    OwnRecord,
    PatronFrozen,
    PatronInactive,
    ReasonMissing,
    RecentlyRejected,
    StaffAddress,
)
from upstage_crm.change_requests.model.field_change import FieldChange
from upstage_crm.change_requests.model.policy import Policy
from upstage_crm.change_requests.model.reviewers import (
    desk_plan,
    plan,
)
from upstage_crm.change_requests.model.rules import (
    FieldOutcome,
    ReasonCode,
    RequestPath,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
)
from upstage_crm.change_requests.reads import evidence, requests
from upstage_crm.core import text
from upstage_crm.core.text import REMARK_LIMIT
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import fields, suppressions
from upstage_crm.patrons.fields import Context, ProtectedField
from upstage_crm.patrons.queries import ensure_unique, values_of
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may


def clean_reason(code: ReasonCode, words: str) -> str:
    """Return the cleaned free text of a reason.

    Raises:
        ReasonMissing: "another reason" without words, or one that is the patron's alone.
        InvalidText: too long, or a payment card number in it.
    """
    cleaned = text.clean_block(words, REMARK_LIMIT)
    text.ensure_no_card_number(cleaned)
    if (code is ReasonCode.OTHER and not cleaned) or code is ReasonCode.OWN_WISH:
        raise ReasonMissing
    return cleaned


def check(
    context: StaffContext[object],
    *,
    patron: PatronRow,
    changes: Mapping[str, Mapping[str, str]],
    parsing: Context,
    policy: Policy,
    override: bool,
    ask_both: bool = False,
    path: RequestPath = RequestPath.LINK,
) -> tuple[FieldChange, ...]:
    """Parse every proposed field and apply every rule that can refuse it; write nothing.

    A field whose value is what the record holds already is left out, unless none remains.

    Raises:
        Forbidden: OwnRecord, StaffAddress, or a permission is missing.
        Invalid: a value is refused, NothingProposed, NothingToChange.
        Conflict: PatronInactive, PatronFrozen, AddressTaken, AddressSuppressed,
            AddressRecentlyProposed, RecentlyRejected, NoMailbox.
    """
    session, now = context.session, context.now
    _ensure_may_be_asked(session, context.actor, patron, override=override)
    if not changes:
        raise NothingProposed
    parsed = parse(patron, changes, parsing)
    known = evidence.gather(session, patron, now=now)
    checked: list[FieldChange] = []
    for field, current, proposed in parsed:
        key = key_of(field, proposed)
        if field.is_mailbox:
            check_mailbox(session, patron, proposed, key, policy, override=override, now=now)
        if not override:
            check_rest(session, patron, field, proposed, key, policy, now)
        if path is RequestPath.DESK:
            asked = desk_plan(known, is_mailbox=field.is_mailbox)
        else:
            asked = plan(policy.of(field), known, is_mailbox=field.is_mailbox, ask_both=ask_both)
            if not asked.binding:
                raise NoMailbox(field=field.key)
        checked.append(
            FieldChange(
                field=field,
                current=current,
                proposed=proposed,
                asked=asked.asked,
                binding=asked.binding,
                needs_release=asked.needs_release,
            )
        )
    return tuple(checked)


def needs_second(policy: Policy, patron: PatronRow, parsed: Sequence[FieldChange]) -> bool:
    """Whether a second person has to release what is proposed."""
    if policy.second_person_protected and (patron.is_protected or patron.is_flagged):
        return True
    return any(policy.of(c.field).second_person or c.needs_release for c in parsed)


def _ensure_may_be_asked(
    session: Session, actor: StaffMember, patron: PatronRow, *, override: bool
) -> None:
    """This member may propose something for this patron, whatever it is."""
    ensure_may(actor, Permission.PROPOSE_CHANGE)
    if override:
        ensure_may(actor, Permission.OVERRIDE_COOLING_OFF)
    if patron.status is not PatronStatus.ACTIVE:
        raise PatronInactive
    if patron.email_key is not None and patron.email_key == actor.email_key:
        raise OwnRecord
    if evidence.is_frozen(session, patron.id):
        raise PatronFrozen


def key_of(field: ProtectedField, values: Mapping[str, str | None]) -> str:
    """What proposals of one value share, whatever their spelling: for looking them up, and limits.

    Whether two proposals say the same is for `ProtectedField.same`, which tells spellings apart.
    """
    if field.unique_column is not None:
        return values[field.unique_column] or ""
    folded = canonical([field.key, repr(field.fold(values))])
    return hashlib.sha256(folded.encode()).hexdigest()


def parse(
    patron: PatronRow, changes: Mapping[str, Mapping[str, str]], context: Context
) -> list[tuple[ProtectedField, dict[str, str | None], dict[str, str | None]]]:
    """Each field that would change, with its values of now and the parsed ones.

    Raises:
        Invalid: a value is refused, or NothingToChange.
    """
    held = values_of(patron)
    parsed: list[tuple[ProtectedField, dict[str, str | None], dict[str, str | None]]] = []
    for key, raw in changes.items():
        field = fields.field(key)
        values = field.parse(raw, context)
        current = {name: held[name] for name in (*field.columns, *field.derived)}
        if not field.same(current, values):
            parsed.append((field, current, values | field.derive(values)))
    if not parsed:
        raise NothingToChange
    return parsed


def check_mailbox(
    session: Session,
    patron: PatronRow,
    proposed: Mapping[str, str | None],
    key: str,
    policy: Policy,
    *,
    override: bool,
    now: datetime,
) -> None:
    """A proposed address may be asked.

    Raises:
        StaffAddress, AddressTaken, AddressSuppressed, AddressRecentlyProposed.
    """
    if accounts.is_staff_address(session, key):
        raise StaffAddress
    ensure_unique(session, proposed, besides=patron.id)
    suppressions.ensure_none(session, key, patron_id=patron.id)
    if override:
        return
    query = (
        select(ChangeRequestRow.reference)
        .join(FieldChangeRow, col(FieldChangeRow.request_id) == col(ChangeRequestRow.id))
        .where(
            FieldChangeRow.proposed_key == key,
            FieldChangeRow.patron_id != patron.id,
            ChangeRequestRow.created_at > now - policy.address_rest,
        )
        .limit(1)
    )
    reference = session.exec(query).first()
    if reference is not None:
        raise AddressRecentlyProposed(reference=reference)


def check_rest(
    session: Session,
    patron: PatronRow,
    field: ProtectedField,
    proposed: Mapping[str, str | None],
    key: str,
    policy: Policy,
    now: datetime,
) -> None:
    """A value rests after a rejection; another spelling of it is the correction of a mistake."""
    query = (
        select(ChangeRequestRow.reference, FieldChangeRow.settled_at, FieldChangeRow.proposed_value)
        .join(FieldChangeRow, col(FieldChangeRow.request_id) == col(ChangeRequestRow.id))
        .where(
            FieldChangeRow.patron_id == patron.id,
            FieldChangeRow.field == field.key,
            FieldChangeRow.proposed_key == key,
            col(FieldChangeRow.outcome).in_((FieldOutcome.REJECTED, FieldOutcome.OBJECTED)),
            col(FieldChangeRow.settled_at) > now - policy.rejected_rest,
        )
        .order_by(col(FieldChangeRow.settled_at).desc())
    )
    for reference, settled_at, rejected in session.exec(query):
        if field.same(requests.values(rejected), proposed):
            assert settled_at is not None
            until = (settled_at + policy.rejected_rest).astimezone(details(session).zone)
            raise RecentlyRejected(reference=reference, until=until)
