"""The state of a subject: what is committed to, and what a later revision may add."""

from __future__ import annotations

import json
from typing import Any

import pytest

from upstage_crm.audit import states
from upstage_crm.audit.proven_rows import RECORDED
from upstage_crm.audit.states import GONE, committed_text, differences

STAFF, ORGANISATION = RECORDED["staff"], RECORDED["organisation"]
ROW: dict[str, Any] = {"id": "a", "role": "owner", "password_hash": "x", "disabled_at": None}
CODES = [{"id": "1", "used_at": None}, {"id": "2", "used_at": 7}]


def raw(*, codes: list[dict[str, Any]] | None = None, **columns: Any) -> str:
    """What the database gives for a member with these columns."""
    state = {"staff": [ROW | columns], "staff_totp": [], "staff_passkey": []}
    return json.dumps(state | {"staff_recovery_code": CODES if codes is None else codes})


def committed(**columns: Any) -> str:
    return committed_text(STAFF, raw(**columns))


def test_the_same_state_is_the_same_text_however_the_database_spells_it() -> None:
    spelled = json.dumps(json.loads(raw()), indent=3, sort_keys=True)

    assert committed_text(STAFF, spelled) == committed()
    assert differences(STAFF, committed(), committed_text(STAFF, spelled)) == []


def test_what_is_empty_is_no_part_of_the_text() -> None:
    said = json.loads(committed())

    assert "disabled_at" not in said["staff"][0]
    assert "staff_totp" not in said


def test_a_secret_is_committed_to_by_its_hash() -> None:
    said = json.loads(committed(password_hash="$argon2id$secret"))

    assert "secret" not in json.dumps(said)
    assert said["staff"][0]["password_hash"] == states.digest("$argon2id$secret")
    assert differences(STAFF, committed(password_hash="a"), committed(password_hash="b")) == [
        "staff a: password_hash"
    ]


def test_every_difference_is_named_by_table_row_and_column() -> None:
    after = committed(role="auditor", disabled_at=5, codes=[{"id": "2", "used_at": None}])

    assert differences(STAFF, committed(), after) == [
        "staff a: disabled_at, role",
        "staff_recovery_code 1: gone",
        "staff_recovery_code 2: used_at",
    ]


def test_a_row_that_came_is_named() -> None:
    after = committed(codes=[*CODES, {"id": "3"}])

    assert differences(STAFF, committed(), after) == ["staff_recovery_code 3: unknown"]


def test_what_is_gone_differs_from_what_was() -> None:
    assert differences(STAFF, committed(), GONE) == [
        "staff a: gone",
        "staff_recovery_code 1: gone",
        "staff_recovery_code 2: gone",
    ]
    assert committed_text(STAFF, "null") == GONE


# --- later revisions ------------------------------------------------------------------------------


def test_a_column_that_came_later_is_as_it_was_born_in_an_older_state() -> None:
    """`epoch` is born with 0 in rows that are older than it."""
    assert differences(STAFF, committed(), committed(epoch=0)) == []
    assert differences(STAFF, committed(), committed(epoch=1)) == ["staff a: epoch"]


@pytest.mark.parametrize(("born", "moved"), [(0, 1), (False, True)])  # SQLite, PostgreSQL
def test_a_flag_that_came_later_is_down_in_an_older_state(born: object, moved: object) -> None:
    assert differences(STAFF, committed(), committed(by_operator=born)) == []
    assert differences(STAFF, committed(), committed(by_operator=moved)) == ["staff a: by_operator"]
    assert differences(STAFF, committed(by_operator=moved), committed(by_operator=born)) == [
        "staff a: by_operator"
    ]


def test_an_empty_column_that_came_later_is_no_difference() -> None:
    assert differences(STAFF, committed(), committed(second_factor_at=None)) == []
    assert differences(STAFF, committed(), committed(second_factor_at=5)) == [
        "staff a: second_factor_at"
    ]


def test_a_column_without_a_default_that_came_later_has_to_be_empty() -> None:
    assert differences(STAFF, committed(), committed(desk="")) == ["staff a: desk"]


def test_a_table_that_came_later_is_no_difference_while_it_is_empty() -> None:
    older = json.dumps({"staff": [ROW]})
    empty = committed(codes=[])

    assert differences(STAFF, committed_text(STAFF, older), empty) == []
    assert differences(STAFF, committed_text(STAFF, older), committed()) == [
        "staff_recovery_code 1: unknown",
        "staff_recovery_code 2: unknown",
    ]


def test_a_column_that_went_is_a_difference_unless_it_decides_nothing() -> None:
    """`next_patron_number` was moved to what decides nothing: older states may still hold it."""
    row = {"id": 1, "name": "Lantern"}
    older = json.dumps({"organisation": [row | {"next_patron_number": 7}]})
    now = json.dumps({"organisation": [row]})

    assert differences(ORGANISATION, committed_text(ORGANISATION, older), now) == []
    assert differences(ORGANISATION, json.dumps({"organisation": [row | {"x": 1}]}), now) == [
        "organisation 1: x"
    ]
