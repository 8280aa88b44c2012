"""Marks of a record that decide about it: protection, status, dispute, and what its address proved.

Every mark is written to a patron that the caller has locked, and recorded in the trail with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.core.db import table_of
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.patrons.commands import lock_unerased
from upstage_crm.patrons.errors import ProtectionReasonMissing
from upstage_crm.patrons.queries import ensure_unique
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

PROVEN_LATELY = timedelta(days=30)  # a proof that is older is noted again

_patron = table_of(PatronRow)


def protect(context: StaffContext[object], *, patron_id: str, reason: str) -> None:
    """Mark a patron as protected; one that is already records nothing.

    A new address of a protected patron needs the yes of the current one, too. Removing the
    protection takes two people: `change_requests.disputes.record_changes`.

    Raises:
        Forbidden, UnknownPatron, PatronErased; ProtectionReasonMissing: without a reason.
        InvalidText: it is too long.
    """
    session = context.session
    ensure_may(context.actor, Permission.PROTECT_PATRON)
    words = clean_block(reason, REMARK_LIMIT)
    row = lock_unerased(session, patron_id)
    if row.is_protected:
        return
    if not words:
        raise ProtectionReasonMissing
    session.connection().execute(
        sa.update(_patron).where(_patron.c.id == patron_id).values(is_protected=True)
    )
    event = AuditEvent(
        action=Action.PATRON_PROTECTED,
        actor=context.actor.as_actor(),
        channel=Channel.CRM,
        patron_id=patron_id,
        values={"note": words},
    )
    trail.record(session, [event], now=context.now)


def unprotect(session: Session, *, patron_id: str) -> None:
    """Remove the protection of a locked patron, once two people have confirmed it."""
    session.connection().execute(
        sa.update(_patron).where(_patron.c.id == patron_id).values(is_protected=False)
    )


def change_status(session: Session, *, row: PatronRow, status: PatronStatus, now: datetime) -> None:
    """Give a locked patron another status.

    Raises:
        AddressTaken: the record would be live again, and another live patron has its address.
    """
    if status is PatronStatus.ACTIVE:
        ensure_unique(session, {"email_key": row.email_key}, besides=row.id)
    session.connection().execute(
        sa.update(_patron).where(_patron.c.id == row.id).values(status=status, updated_at=now)
    )


def prove_address(session: Session, *, patron_id: str, now: datetime) -> bool:
    """Note that the current address answered; False when that was noted lately."""
    lately = now - PROVEN_LATELY
    proven = session.connection().execute(
        sa.update(_patron)
        .where(
            _patron.c.id == patron_id,
            sa.or_(_patron.c.email_verified_at.is_(None), _patron.c.email_verified_at < lately),
        )
        .values(email_verified_at=now)
        .returning(_patron.c.id)
    )
    return proven.first() is not None


def note_bounce(session: Session, *, patron_id: str, now: datetime) -> bool:
    """Note that mail to the current address comes back; False when it was noted already."""
    noted = session.connection().execute(
        sa.update(_patron)
        .where(_patron.c.id == patron_id, _patron.c.email_bounced_at.is_(None))
        .values(email_bounced_at=now)
        .returning(_patron.c.id)
    )
    return noted.first() is not None


def unflag(session: Session, *, patron_id: str) -> None:
    """Remove the mark that a reader objected: the dispute is cleared."""
    session.connection().execute(
        sa.update(_patron).where(_patron.c.id == patron_id).values(is_flagged=False)
    )


def flag(session: Session, *, patron_id: str) -> None:
    """Mark the record as in dispute: a reader objected."""
    session.connection().execute(
        sa.update(_patron).where(_patron.c.id == patron_id).values(is_flagged=True)
    )
