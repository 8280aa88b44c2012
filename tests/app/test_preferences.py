"""Contact preferences: what a patron answered, on what basis, and how each answer is proven."""

from __future__ import annotations

import pytest

from tests.support.erasing import erase
from tests.support.factories import Desk, days, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.patrons.details import edit_preferences
from upstage_crm.patrons.details.edit_preferences import Cell
from upstage_crm.patrons.details.preferences import (
    WORDING,
    Answer,
    Basis,
    ContactChannel,
    Preference,
    Purpose,
    Source,
    bases_of,
)
from upstage_crm.patrons.errors import BasisMissing, BasisRefused, PatronErased
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember

NEWS: Cell = (ContactChannel.EMAIL, Purpose.NEWS)
LETTERS: Cell = (ContactChannel.POST, Purpose.FUNDRAISING)


def say(
    desk: Desk,
    patron: PatronRecord,
    cell: Cell,
    said: Answer,
    basis: Basis | None = None,
    actor: StaffMember | None = None,
) -> None:
    who = actor or desk.owner
    desk.write(
        lambda session: edit_preferences.answer(
            desk.staff_context(session, who),
            patron_id=patron.id,
            cell=cell,
            answer=said,
            basis=basis,
            source=Source.PHONE,
        )
    )


def forget(desk: Desk, patron: PatronRecord, cell: Cell) -> None:
    desk.write(
        lambda session: edit_preferences.forget(
            desk.staff_context(session, desk.owner), patron_id=patron.id, cell=cell
        )
    )


def held(desk: Desk, patron: PatronRecord) -> dict[Cell, Preference]:
    return dict(desk.read(lambda session: edit_preferences.of_patron(session, patron.id)))


def test_an_answer_is_kept_with_all_that_proves_it(desk: Desk) -> None:
    patron = desk.patron()
    assert held(desk, patron) == {}

    say(desk, patron, NEWS, Answer.YES, Basis.CONSENT)
    say(desk, patron, LETTERS, Answer.NO, Basis.CONSENT)

    assert held(desk, patron) == {
        NEWS: Preference(
            channel=ContactChannel.EMAIL,
            purpose=Purpose.NEWS,
            answer=Answer.YES,
            basis=Basis.CONSENT,
            source=Source.PHONE,
            wording=WORDING,
            answered_at=desk.now,
        ),
        LETTERS: Preference(
            channel=ContactChannel.POST,
            purpose=Purpose.FUNDRAISING,
            answer=Answer.NO,
            basis=None,
            source=Source.PHONE,
            wording=WORDING,
            answered_at=desk.now,
        ),
    }


def test_every_change_of_an_answer_is_evidence(desk: Desk) -> None:
    patron = desk.patron()
    say(desk, patron, NEWS, Answer.YES, Basis.SOFT_OPT_IN)
    first = desk.now.isoformat(timespec="minutes")
    desk.clock.advance(days(3))
    say(desk, patron, NEWS, Answer.NO)
    forget(desk, patron, NEWS)

    told = [line.values for line in desk.lines(action=Action.PATRON_EDITED)]
    yes = f"news by email: yes, soft_opt_in, phone, wording {WORDING}, {first}"
    no = f"news by email: no, phone, wording {WORDING}, {desk.now.isoformat(timespec='minutes')}"
    never = "news by email: not asked"
    assert told == [
        {"preferences.old": never, "preferences.new": yes},
        {"preferences.old": yes, "preferences.new": no},
        {"preferences.old": no, "preferences.new": never},
    ]
    assert held(desk, patron) == {}
    assert desk.chain_is_whole()


def test_what_was_never_asked_is_not_forgotten_once_more(desk: Desk) -> None:
    patron = desk.patron()
    before = desk.dump()

    forget(desk, patron, NEWS)

    assert before == desk.dump()


@pytest.mark.parametrize(
    ("cell", "basis", "kind"),
    [
        (NEWS, None, BasisMissing),
        (NEWS, Basis.LEGITIMATE_INTEREST, BasisRefused),
        (LETTERS, Basis.SOFT_OPT_IN, BasisRefused),
        ((ContactChannel.POST, Purpose.RESEARCH), Basis.LEGITIMATE_INTEREST, BasisRefused),
    ],
)
def test_a_yes_needs_a_basis_that_fits(
    desk: Desk, cell: Cell, basis: Basis | None, kind: type[UpstageError]
) -> None:
    patron = desk.patron()

    unchanged(desk, lambda: say(desk, patron, cell, Answer.YES, basis), kind)


def test_consent_is_a_basis_everywhere() -> None:
    cells = [(channel, purpose) for channel in ContactChannel for purpose in Purpose]

    assert all(Basis.CONSENT in bases_of(*cell) for cell in cells)


def test_only_those_who_may_edit_a_record_note_answers(desk: Desk) -> None:
    patron = desk.patron()
    for role in Role:
        member = desk.staff(f"M{role.value}", role)
        if Permission.EDIT_PATRON not in PERMISSIONS[role]:
            unchanged(
                desk, lambda who=member: say(desk, patron, NEWS, Answer.NO, actor=who), Forbidden
            )


def test_answers_go_with_their_patron(desk: Desk) -> None:
    patron = desk.patron()
    say(desk, patron, NEWS, Answer.YES, Basis.CONSENT)

    erase(desk, patron)

    assert held(desk, patron) == {}
    unchanged(desk, lambda: say(desk, patron, NEWS, Answer.NO), PatronErased)
