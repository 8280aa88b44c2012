"""`upstage-crm audit` as its operator meets it: exit codes and plain sentences."""

from __future__ import annotations

import pytest

from tests.support.factories import Desk
from tests.support.proof import granting
from upstage_crm.audit.guards import triggers
from upstage_crm.cli import commands

PHONE = "phone = '+12125550{0}', phone_key = '+12125550{0}'"


@pytest.mark.usefixtures("operator")
def test_verify_says_what_it_checked(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.decide(desk.asked(desk.patron())[1])

    assert commands.main(["audit", "verify"]) == 0

    said = capsys.readouterr()
    assert (
        f"All {desk.entries} entries verified. All safeguards are in place.\n"
        "1 patron, 1 field change and 1 receipt agree with the trail.\n"
        f"{granting(desk)} rows that grant something are what was recorded or sealed.\n"
        "0 rows of orders and money are as they were sealed.\n"
    ) == said.out
    assert said.err == ""


@pytest.mark.usefixtures("operator")
def test_verify_names_each_difference_and_fails(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    mara = desk.patron(phone="+1 212 555 0101")
    desk.forge(f"UPDATE patron SET {PHONE.format('666')}", unguarded=True)

    assert commands.main(["audit", "verify"]) == 1

    said = capsys.readouterr()
    assert said.err.startswith(f"Patron {mara.number}, phone number: the record does not hold")
    assert said.err.count("\n") == 1
    assert "0666" not in said.err + said.out
    assert said.out == ""
    desk.forge(f"UPDATE patron SET {PHONE.format('101')}", unguarded=True)
    assert commands.main(["audit", "verify"]) == 0


@pytest.mark.usefixtures("operator")
def test_verify_names_a_missing_guard_and_the_first_broken_entry(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.patron()
    desk.as_owner(lambda session: triggers.drop(session.connection()))
    desk.forge("UPDATE audit_entry SET actor_label = 'x' WHERE seq = 2")

    assert commands.main(["audit", "verify"]) == 1

    said = capsys.readouterr().err
    assert "Guard missing or altered: guard_patron_email." in said
    assert "The trail is broken. Entry 2 was altered." in said
