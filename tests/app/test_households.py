"""Households and relationships: each is the same from both sides, and ends with a patron."""

from __future__ import annotations

import pytest

from tests.support.erasing import erase
from tests.support.factories import NEW, Desk, days, together, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden
from upstage_crm.households import commands, queries
from upstage_crm.households.errors import (
    InHousehold,
    NotInHousehold,
    NotRelated,
    RelationThere,
    SamePatron,
)
from upstage_crm.households.rules import RelationKind, other_side
from upstage_crm.patrons import marks
from upstage_crm.patrons.errors import PatronErased
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember


def three(desk: Desk) -> tuple[PatronRecord, PatronRecord, PatronRecord]:
    return (
        desk.patron(given_name="Mara"),
        desk.patron(NEW, "Ola"),
        desk.patron("third@example.com", "Kim"),
    )


def join(
    desk: Desk, patron: PatronRecord, other: PatronRecord, actor: StaffMember | None = None
) -> None:
    who = actor or desk.owner
    desk.write(
        lambda session: commands.join(
            desk.staff_context(session, who), patron_id=patron.id, other_id=other.id
        )
    )


def leave(desk: Desk, patron: PatronRecord) -> None:
    desk.write(
        lambda session: commands.leave(desk.staff_context(session, desk.owner), patron_id=patron.id)
    )


def head(desk: Desk, patron: PatronRecord) -> None:
    desk.write(
        lambda session: commands.make_head(
            desk.staff_context(session, desk.owner), patron_id=patron.id
        )
    )


def relate(desk: Desk, patron: PatronRecord, other: PatronRecord, kind: RelationKind) -> None:
    desk.write(
        lambda session: commands.relate(
            desk.staff_context(session, desk.owner),
            patron_id=patron.id,
            other_id=other.id,
            kind=kind,
        )
    )


def unrelate(desk: Desk, patron: PatronRecord, other: PatronRecord) -> None:
    desk.write(
        lambda session: commands.unrelate(
            desk.staff_context(session, desk.owner), patron_id=patron.id, other_id=other.id
        )
    )


def members(desk: Desk, patron: PatronRecord, reader: Role = Role.OWNER) -> list[tuple[str, bool]]:
    found = desk.read(lambda session: queries.household_of(session, patron.id, reader=reader))
    return [(one.name, one.is_head) for one in found.members] if found else []


def relations(desk: Desk, patron: PatronRecord) -> list[tuple[str, str]]:
    found = desk.read(lambda session: queries.relations_of(session, patron.id, reader=Role.OWNER))
    return [(one.name, one.kind.value) for one in found]


# --- households ------------------------------------------------------------------------------


def test_a_household_is_the_same_from_every_member(desk: Desk) -> None:
    mara, ola, kim = three(desk)
    join(desk, mara, ola)
    desk.clock.advance(days(1))
    join(desk, ola, kim)

    expected = [("Mara Smith", True), ("Ola Smith", False), ("Kim Smith", False)]
    for patron in (mara, ola, kim):
        assert members(desk, patron) == expected
    told = [line.values for line in desk.lines(action=Action.PATRON_EDITED)]
    assert told == [
        {"household.old": "", "household.new": f"with patron {ola.number}"},
        {"household.old": "", "household.new": f"with patron {mara.number}"},
        {"household.old": "", "household.new": f"with patron {ola.number}"},
    ]


def test_a_patron_lives_in_one_household(desk: Desk) -> None:
    mara, ola, kim = three(desk)
    other = desk.patron("fourth@example.com", "Lin")
    join(desk, mara, ola)
    join(desk, kim, other)

    unchanged(desk, lambda: join(desk, mara, kim), InHousehold)
    unchanged(desk, lambda: join(desk, mara, mara), SamePatron)


def test_the_head_passes_on_and_the_last_one_lives_in_no_household(desk: Desk) -> None:
    mara, ola, kim = three(desk)
    join(desk, mara, ola)
    desk.clock.advance(days(1))
    join(desk, mara, kim)

    leave(desk, mara)
    assert members(desk, kim) == [("Ola Smith", True), ("Kim Smith", False)]
    assert members(desk, mara) == []
    head(desk, kim)
    assert members(desk, ola) == [("Kim Smith", True), ("Ola Smith", False)]
    leave(desk, kim)

    assert members(desk, ola) == members(desk, kim) == []
    assert desk.scalar("SELECT count(*) FROM household") == 0
    for patron in (ola, kim):
        unchanged(desk, lambda who=patron: leave(desk, who), NotInHousehold)
        unchanged(desk, lambda who=patron: head(desk, who), NotInHousehold)


def test_two_members_who_leave_at_once_leave_no_one_alone(desk: Desk) -> None:
    mara, ola, kim = three(desk)
    join(desk, mara, ola)
    join(desk, mara, kim)

    together(lambda: leave(desk, mara), lambda: leave(desk, ola))

    assert [members(desk, patron) for patron in (mara, ola, kim)] == [[], [], []]
    assert desk.scalar("SELECT count(*) FROM household") == 0


# --- relationships ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(RelationKind))
def test_a_relationship_is_read_from_both_sides(desk: Desk, kind: RelationKind) -> None:
    mara, ola, _kim = three(desk)

    relate(desk, mara, ola, kind)

    assert relations(desk, mara) == [("Ola Smith", kind.value)]
    assert relations(desk, ola) == [("Mara Smith", other_side(kind).value)]
    assert other_side(other_side(kind)) is kind
    told = {line.patron_id: line.values for line in desk.lines(action=Action.PATRON_EDITED)}
    assert told[ola.id]["relationship.new"] == f"{kind.value} of patron {mara.number}"
    unchanged(desk, lambda: relate(desk, ola, mara, kind), RelationThere)
    unrelate(desk, ola, mara)
    assert relations(desk, mara) == relations(desk, ola) == []
    unchanged(desk, lambda: unrelate(desk, mara, ola), NotRelated)


def test_no_patron_is_related_to_themselves(desk: Desk) -> None:
    mara, _ola, _kim = three(desk)

    unchanged(desk, lambda: relate(desk, mara, mara, RelationKind.FRIEND), SamePatron)


# --- who may, masks and erasure --------------------------------------------------------------


def test_only_those_who_may_edit_a_record_write_households(desk: Desk) -> None:
    mara, ola, _kim = three(desk)
    for role in Role:
        member = desk.staff(f"M{role.value}", role)
        if Permission.EDIT_PATRON not in PERMISSIONS[role]:
            unchanged(desk, lambda who=member: join(desk, mara, ola, who), Forbidden)


def test_a_protected_member_is_masked_for_those_who_may_not_know(desk: Desk) -> None:
    mara, ola, _kim = three(desk)
    join(desk, mara, ola)
    desk.write(
        lambda session: marks.protect(
            desk.staff_context(session, desk.owner), patron_id=ola.id, reason="In the press"
        )
    )

    names = [name for name, _is_head in members(desk, mara, Role.BOX_OFFICE)]
    assert names[0] == "Mara Smith"
    assert "Ola" not in names[1]


def test_an_erased_patron_leaves_household_and_relationships(desk: Desk) -> None:
    mara, ola, kim = three(desk)
    join(desk, mara, ola)
    desk.clock.advance(days(1))
    join(desk, mara, kim)
    relate(desk, mara, ola, RelationKind.PARTNER)

    erase(desk, mara)

    assert members(desk, ola) == [("Ola Smith", True), ("Kim Smith", False)]
    assert relations(desk, ola) == []
    unchanged(desk, lambda: join(desk, ola, mara), PatronErased)
