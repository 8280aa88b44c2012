"""Writes households and relationships. Every command locks its patrons in the order of their ids.

Each change is recorded in the trail of every patron whom it concerns.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.households.errors import (
    InHousehold,
    NotInHousehold,
    NotRelated,
    RelationThere,
    SamePatron,
)
from upstage_crm.households.rules import RelationKind, other_side
from upstage_crm.households.tables import HouseholdMemberRow, HouseholdRow, RelationshipRow
from upstage_crm.patrons.commands import lock_unerased
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_relationship = table_of(RelationshipRow)


def join(context: StaffContext[object], *, patron_id: str, other_id: str) -> None:
    """Add `other_id` to a patron's household; a patron without one becomes the head of a new one.

    Raises:
        Forbidden, UnknownPatron, PatronErased; SamePatron: both are one.
        InHousehold: the other lives in a household already.
    """
    session, now = context.session, context.now
    rows = _lock(context, patron_id, other_id)
    if session.get(HouseholdMemberRow, other_id, populate_existing=True) is not None:
        raise InHousehold
    own, joined = _locked_member(session, patron_id), [other_id]
    if own is None:
        joined = [patron_id, other_id]
        household_id = new_id(now)
        session.add(HouseholdRow(id=household_id, created_at=now))
        session.flush()
    else:
        household_id = own.household_id
    for each in joined:
        is_head = each == patron_id
        session.add(
            HouseholdMemberRow(
                patron_id=each, household_id=household_id, is_head=is_head, since=now
            )
        )
    session.flush()
    told = {
        each: {
            "household.old": "",
            "household.new": f"with patron {rows[other_id if each == patron_id else patron_id]}",
        }
        for each in joined
    }
    _record(context, told)


def leave(context: StaffContext[object], *, patron_id: str) -> None:
    """Let a patron leave their household; after the head, the member who joined first is head.

    Raises:
        Forbidden, UnknownPatron, PatronErased; NotInHousehold: the patron lives in none.
    """
    ensure_may(context.actor, Permission.EDIT_PATRON)
    row = lock_unerased(context.session, patron_id)
    gone = drop_member(context.session, patron_id)
    if not gone:
        raise NotInHousehold
    told = {
        each: {"household.old": f"with patron {row.number}", "household.new": ""} for each in gone
    }
    told[patron_id] = {"household.old": "with others", "household.new": ""}
    _record(context, told)


def make_head(context: StaffContext[object], *, patron_id: str) -> None:
    """Make a patron the head of their household. Nothing happens when the patron is it already.

    Raises:
        Forbidden, UnknownPatron, PatronErased; NotInHousehold: the patron lives in none.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_PATRON)
    lock_unerased(session, patron_id)
    own = _locked_member(session, patron_id)
    if own is None:
        raise NotInHousehold
    if own.is_head:
        return
    heads = select(HouseholdMemberRow).where(
        HouseholdMemberRow.household_id == own.household_id, col(HouseholdMemberRow.is_head)
    )
    for head in session.exec(heads):
        head.is_head = False
        session.add(head)
    own.is_head = True
    session.add(own)
    session.flush()
    _record(context, {patron_id: {"head_of_household.old": "no", "head_of_household.new": "yes"}})


def relate(
    context: StaffContext[object], *, patron_id: str, other_id: str, kind: RelationKind
) -> None:
    """Record that `other_id` is the `kind` of a patron, and the same from the other side.

    Raises:
        Forbidden, UnknownPatron, PatronErased; SamePatron: both are one.
        RelationThere: the two are related already.
    """
    session = context.session
    numbers = _lock(context, patron_id, other_id)
    if session.get(RelationshipRow, (patron_id, other_id), populate_existing=True) is not None:
        raise RelationThere
    sides = {(other_id, patron_id): kind, (patron_id, other_id): other_side(kind)}
    for (one, other), what in sides.items():
        session.add(RelationshipRow(patron_id=one, other_id=other, kind=what, since=context.now))
    session.flush()
    told = {
        one: {
            "relationship.old": "",
            "relationship.new": f"{what.value} of patron {numbers[other]}",
        }
        for (one, other), what in sides.items()
    }
    _record(context, told)


def unrelate(context: StaffContext[object], *, patron_id: str, other_id: str) -> None:
    """Remove a relationship from both records.

    Raises:
        Forbidden, UnknownPatron, PatronErased; SamePatron; NotRelated: the two are not related.
    """
    session = context.session
    numbers = _lock(context, patron_id, other_id)
    told: dict[str, Mapping[str, str]] = {}
    for one, other in ((patron_id, other_id), (other_id, patron_id)):
        row = session.get(RelationshipRow, (one, other), populate_existing=True)
        if row is None:
            raise NotRelated
        was = f"{row.kind.value} of patron {numbers[other]}"
        told[one] = {"relationship.old": was, "relationship.new": ""}
        session.delete(row)
    session.flush()
    _record(context, told)


def drop_member(session: Session, patron_id: str) -> list[str]:
    """Take a locked patron out of their household, and return everyone who left it.

    A household that would have one member ends. Empty when the patron lived in none.
    """
    own = _locked_member(session, patron_id)
    if own is None:
        return []
    others = (
        select(HouseholdMemberRow)
        .where(
            HouseholdMemberRow.household_id == own.household_id,
            HouseholdMemberRow.patron_id != patron_id,
        )
        .order_by(col(HouseholdMemberRow.since), col(HouseholdMemberRow.patron_id))
        .execution_options(populate_existing=True)
    )
    rest = list(session.exec(others))
    gone = [own, *rest] if len(rest) <= 1 else [own]
    household_id, ids = own.household_id, [member.patron_id for member in gone]
    if len(rest) > 1 and own.is_head:
        rest[0].is_head = True
        session.add(rest[0])
    for member in gone:
        session.delete(member)
    session.flush()
    if len(rest) <= 1:
        session.delete(session.get_one(HouseholdRow, household_id))
        session.flush()
    return ids


def forget(session: Session, *, patron_id: str) -> None:
    """Take an erased patron out of their household and out of every relationship."""
    drop_member(session, patron_id)
    session.connection().execute(
        sa.delete(_relationship).where(
            sa.or_(_relationship.c.patron_id == patron_id, _relationship.c.other_id == patron_id)
        )
    )


def _lock(context: StaffContext[object], patron_id: str, other_id: str) -> dict[str, int]:
    """Lock two patrons, and return their numbers by their ids."""
    ensure_may(context.actor, Permission.EDIT_PATRON)
    if patron_id == other_id:
        raise SamePatron
    both = sorted((patron_id, other_id))
    return {each: lock_unerased(context.session, each).number for each in both}


def _locked_member(session: Session, patron_id: str) -> HouseholdMemberRow | None:
    """A locked patron's place in a household that is locked with it; None when there is none."""
    own = session.get(HouseholdMemberRow, patron_id, populate_existing=True)
    if own is None:
        return None
    session.get(HouseholdRow, own.household_id, with_for_update=True, populate_existing=True)
    # Another member may have left meanwhile, and the household ended with that.
    return session.get(HouseholdMemberRow, patron_id, populate_existing=True)


def _record(context: StaffContext[object], told: Mapping[str, Mapping[str, str]]) -> None:
    """One entry for each patron whom it concerns."""
    events = [
        AuditEvent(
            action=Action.PATRON_EDITED,
            actor=context.actor.as_actor(),
            channel=context.channel,
            patron_id=patron_id,
            facts={"fields": next(iter(values)).partition(".")[0]},
            values=values,
        )
        for patron_id, values in told.items()
    ]
    trail.record(context.session, events, now=context.now)
