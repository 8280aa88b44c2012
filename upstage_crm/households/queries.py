"""Reads households and relationships."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from upstage_crm.households.rules import RelationKind
from upstage_crm.households.tables import HouseholdMemberRow, RelationshipRow
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A patron who lives in a household, named as the reader may read it."""

    patron_id: str
    number: int
    name: str
    is_head: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """A household with its members, the head first."""

    id: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What another patron is to this one, the other named as the reader may read it."""

    patron_id: str
    number: int
    name: str
    kind: RelationKind


def household_of(session: Session, patron_id: str, *, reader: Role) -> Household | None:
    """The household in which a patron lives; None when it is none."""
    own = session.get(HouseholdMemberRow, patron_id)
    if own is None:
        return None
    query = (
        select(HouseholdMemberRow, PatronRow)
        .where(
            HouseholdMemberRow.household_id == own.household_id,
            col(PatronRow.id) == col(HouseholdMemberRow.patron_id),
        )
        .order_by(
            col(HouseholdMemberRow.is_head).desc(),
            col(HouseholdMemberRow.since),
            col(HouseholdMemberRow.patron_id),
        )
    )
    members = tuple(
        Member(
            patron_id=patron.id,
            number=patron.number,
            name=patrons.seen_name(patron, reader),
            is_head=member.is_head,
        )
        for member, patron in session.exec(query)
    )
    return Household(id=own.household_id, members=members)


def relations_of(session: Session, patron_id: str, *, reader: Role) -> tuple[Relation, ...]:
    """What other patrons are to this one, in the order of their numbers."""
    query = (
        select(RelationshipRow, PatronRow)
        .where(
            RelationshipRow.other_id == patron_id,
            col(PatronRow.id) == col(RelationshipRow.patron_id),
        )
        .order_by(col(PatronRow.number))
    )
    return tuple(
        Relation(
            patron_id=patron.id,
            number=patron.number,
            name=patrons.seen_name(patron, reader),
            kind=row.kind,
        )
        for row, patron in session.exec(query)
    )
