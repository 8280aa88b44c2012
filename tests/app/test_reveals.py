"""A masked value is shown for a reason, and every look is in the trail."""

from __future__ import annotations

import pytest

from tests.support.factories import OLD, Desk, unchanged
from upstage_crm.audit.events import Action, Actor
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.patrons import marks
from upstage_crm.patrons.errors import (
    PatronErased,
    PatronIsProtected,
    RevealReasonMissing,
    UnknownField,
    UnknownPatron,
)
from upstage_crm.patrons.reveals import REASON_LIMIT, REASON_MINIMUM, may_reveal, reveal
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.privacy import erasure
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember

BORN, REASON = "1961-03-04", "A youth price is asked for"
MAY = [role for role in Role if Permission.REVEAL_VALUE in PERMISSIONS[role]]
FEW = [Role.OWNER, Role.MANAGER, Role.PRIVACY_LEAD]


def shown(
    desk: Desk,
    actor: StaffMember,
    patron: PatronRecord,
    field: str = "date_of_birth",
    reason: str = REASON,
) -> str:
    return desk.act(actor, reveal, patron_id=patron.id, field=field, reason=reason)


def protect(desk: Desk, patron: PatronRecord) -> None:
    desk.act(desk.owner, marks.protect, patron_id=patron.id, reason="a stalker")


def test_the_value_is_shown_and_the_look_is_recorded(desk: Desk) -> None:
    patron = desk.patron(date_of_birth=BORN)
    clerk = desk.staff("Cleo", Role.BOX_OFFICE)

    assert shown(desk, clerk, patron) == "March 4, 1961"

    line = desk.lines()[-1]
    assert (Action.VALUE_REVEALED, patron.id) == (line.action, line.patron_id)
    assert (Actor(clerk.as_actor().kind, "Cleo, box office", clerk.id)) == line.actor
    assert line.facts == {"field": "date_of_birth"}
    assert line.values == {"reason": REASON}
    assert desk.chain_is_whole()


@pytest.mark.parametrize("role", MAY)
def test_a_look_that_shows_nothing_is_recorded_too(desk: Desk, role: Role) -> None:
    """A value that is not known; and one that the member sees anyway."""
    patron, actor = desk.patron(), desk.staff("Cleo", role)

    assert shown(desk, actor, patron) == ""
    assert shown(desk, actor, patron, "email") == OLD

    assert desk.actions()[-2:] == [Action.VALUE_REVEALED] * 2


@pytest.mark.parametrize("role", [role for role in Role if role not in MAY])
def test_other_roles_are_shown_nothing(desk: Desk, role: Role) -> None:
    patron, actor = desk.patron(date_of_birth=BORN), desk.staff("Ray", role)

    unchanged(desk, lambda: shown(desk, actor, patron), Forbidden)


@pytest.mark.parametrize("reason", ["", "  \n ", "why", "x" * (REASON_MINIMUM - 1)])
def test_a_reason_has_to_say_something(desk: Desk, reason: str) -> None:
    patron = desk.patron(date_of_birth=BORN)

    error = unchanged(
        desk, lambda: shown(desk, desk.owner, patron, reason=reason), RevealReasonMissing
    )

    assert error.facts == {"minimum": REASON_MINIMUM}
    assert shown(desk, desk.owner, patron, reason="x" * REASON_MINIMUM)


def test_a_reason_is_no_novel(desk: Desk) -> None:
    patron = desk.patron(date_of_birth=BORN)

    unchanged(
        desk,
        lambda: shown(desk, desk.owner, patron, reason="x" * (REASON_LIMIT + 1)),
        InvalidText,
    )


@pytest.mark.parametrize("role", MAY)
def test_only_the_few_are_shown_anything_of_a_protected_patron(desk: Desk, role: Role) -> None:
    patron, actor = desk.patron(date_of_birth=BORN), desk.staff("Cleo", role)
    protect(desk, patron)

    if role in FEW:
        assert shown(desk, actor, patron) == "March 4, 1961"
    else:
        unchanged(desk, lambda: shown(desk, actor, patron), PatronIsProtected)
        unchanged(desk, lambda: shown(desk, actor, patron, "name"), PatronIsProtected)


@pytest.mark.parametrize(("field", "kind"), [("nonsense", UnknownField), ("note", UnknownField)])
def test_only_a_protected_field_is_shown(desk: Desk, field: str, kind: type[UpstageError]) -> None:
    patron = desk.patron()

    unchanged(desk, lambda: shown(desk, desk.owner, patron, field), kind)


def test_a_patron_who_is_not_there_or_erased_shows_nothing(desk: Desk) -> None:
    patron, second = desk.patron(date_of_birth=BORN), desk.staff("Una", Role.PRIVACY_LEAD)
    who = {"patron_id": patron.id}
    desk.act(desk.owner, erasure.request_erasure, reason="by letter", **who)
    desk.act(second, erasure.confirm_erasure, **who)

    unchanged(desk, lambda: shown(desk, desk.owner, patron), PatronErased)

    def of_nobody() -> str:
        return desk.act(desk.owner, reveal, patron_id="0" * 32, field="email", reason=REASON)

    unchanged(desk, of_nobody, UnknownPatron)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("is_protected", [False, True])
def test_who_is_offered_to_look_gets_an_answer(desk: Desk, role: Role, is_protected: bool) -> None:
    """The button and the command agree."""
    patron, actor = desk.patron(date_of_birth=BORN), desk.staff("Cleo", role)
    if is_protected:
        protect(desk, patron)
    access = FieldAccess(role, is_protected)

    if may_reveal(actor, access, "date_of_birth"):
        assert not access.sees("date_of_birth")
        assert shown(desk, actor, patron) == "March 4, 1961"
    elif not access.sees("date_of_birth"):
        with pytest.raises(Forbidden):
            shown(desk, actor, patron)
