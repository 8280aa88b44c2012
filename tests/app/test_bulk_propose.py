"""One value for many patrons: whom it can be asked of, what is held, and that each is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.engine import Engine
from tests.support.factories import unchanged
from upstage_crm.change_requests.lifecycle import bulk_propose
from upstage_crm.change_requests.lifecycle.bulk_propose import SHARED, SharedChange, SharedPreview
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.errors import (
    AlreadyProposed,
    FieldHidden,
    NoMailbox,
    NothingHeld,
    NothingProposed,
    NothingToChange,
    PatronInactive,
)
from upstage_crm.change_requests.model.rules import ReasonCode
from upstage_crm.core.errors import Invalid
from upstage_crm.patrons import marks
from upstage_crm.patrons.errors import UnknownField
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import StaffMember

HOME: dict[str, Any] = {
    "address_line1": "1 Main Street",
    "address_city": "Springfeild",
    "address_country": "US",
}
RIGHT: dict[str, Any] = {**HOME, "address_city": "Springfield"}
CHANGE = SharedChange(
    column="address_city", text="Springfield", reason_code=ReasonCode.TYPING_MISTAKE
)


def living(engine: Engine, count: int) -> list[PatronRecord]:
    return [engine.patron(f"p{n}@example.com", f"P{n}", **HOME) for n in range(count)]


def previewed(
    engine: Engine,
    patrons: Sequence[PatronRecord],
    change: SharedChange = CHANGE,
    *,
    actor: StaffMember | None = None,
) -> SharedPreview:
    who = actor or engine.owner
    return engine.read(
        lambda session: bulk_propose.preview(
            engine.staff_context(session, who),
            [patron.id for patron in patrons],
            change,
            parsing=engine.context,
        )
    )


def proposed(
    engine: Engine,
    patron: PatronRecord,
    change: SharedChange = CHANGE,
    *,
    actor: StaffMember | None = None,
) -> Proposed:
    who = actor or engine.owner
    return engine.write(
        lambda session: bulk_propose.propose(
            engine.staff_context(session, who),
            patron_id=patron.id,
            change=change,
            parsing=engine.context,
        )
    )


def test_only_parts_of_which_one_can_be_right_for_many_are_shared() -> None:
    assert list(SHARED) == ["address_city", "address_region", "address_country"]
    assert set(SHARED) < {column for entry in FIELDS.values() for column in entry.columns}


def test_each_patron_is_asked_for_the_one_part_and_keeps_the_rest(engine: Engine) -> None:
    first, second = living(engine, 2)

    made = [proposed(engine, first), proposed(engine, second)]

    assert len({request.reference for request in made}) == 2
    (field,) = engine.view(made[1]).fields
    assert field.proposed == "1 Main Street, Springfield, United States"
    assert engine.record(second).values["address_city"] == "Springfeild"
    assert sorted(mail.to for mail in engine.deliver()) == ["p0@example.com", "p1@example.com"]


def test_who_cannot_be_asked_is_named_with_the_reason(engine: Engine) -> None:
    fine, asked, gone = living(engine, 3)
    unwritten = engine.patron("", "Una", **HOME)
    homeless = engine.patron("hana@example.com", "Hana")
    right = engine.patron("rita@example.com", "Rita", **RIGHT)
    proposed(engine, asked)
    engine.set_status(gone, PatronStatus.INACTIVE)

    found = previewed(engine, [fine, right, asked, gone, unwritten, homeless])

    assert found.applies == (fine.id,)
    assert {one.number: type(one.error) for one in found.left_out} == {
        right.number: NothingToChange,
        asked.number: AlreadyProposed,
        gone.number: PatronInactive,
        unwritten.number: NoMailbox,
        homeless.number: NothingHeld,
    }


def test_what_the_member_may_not_read_is_not_told_by_the_answer(
    engine: Engine, vic: StaffMember
) -> None:
    (patron,) = living(engine, 1)
    engine.act(engine.owner, marks.protect, patron_id=patron.id, reason="Known on television")
    same = SharedChange(
        column="address_city", text="Springfeild", reason_code=ReasonCode.TYPING_MISTAKE
    )

    for change in (CHANGE, same):
        (left_out,) = previewed(engine, [patron], change, actor=vic).left_out
        assert isinstance(left_out.error, FieldHidden)
        assert "P0" not in left_out.name

    unchanged(engine, lambda: proposed(engine, patron, actor=vic), FieldHidden)


@pytest.mark.parametrize(
    ("column", "text", "refusal"),
    [
        ("email", "x@example.com", UnknownField),
        ("address_line1", "2 Main Street", UnknownField),
        ("nonsense", "x", UnknownField),
        ("address_city", "  ", NothingProposed),
        ("address_city", "x" * 10_000, Invalid),
        ("address_country", "Utopia", Invalid),
    ],
)
def test_a_value_that_is_right_for_no_patron_is_refused(
    engine: Engine, column: str, text: str, refusal: type[Exception]
) -> None:
    (patron,) = living(engine, 1)
    change = SharedChange(column=column, text=text, reason_code=ReasonCode.TYPING_MISTAKE)

    with pytest.raises(refusal):
        previewed(engine, [patron], change)
    with pytest.raises(refusal):
        proposed(engine, patron, change)
