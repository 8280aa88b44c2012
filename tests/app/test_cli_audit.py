"""`upstage-crm audit` as its operator meets it: exit codes and plain sentences."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from tests.support.factories import PROTECTED, Desk
from upstage_crm import cli
from upstage_crm.audit import guards


def unguarded(desk: Desk, statement: str) -> None:
    """What the owner of the database can do, and leaves no trace of in the guards."""

    def write(session: Session) -> None:
        guards.drop(session.connection())
        session.connection().exec_driver_sql(statement)
        guards.install(session.connection(), PROTECTED)

    desk.as_owner(write)


@pytest.mark.usefixtures("operator")
def test_verify_says_what_it_checked(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.decide(desk.asked(desk.patron())[1])

    assert 0 == cli.main(["audit", "verify"])

    said = capsys.readouterr()
    count = len(desk.lines())
    assert (
        f"{count} entries, unbroken. Every guard stands.\n"
        "1 patron, 1 field change and 1 receipt agree with the trail.\n"
    ) == said.out
    assert "" == said.err


@pytest.mark.usefixtures("operator")
def test_verify_names_each_difference_and_fails(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    mara = desk.patron(phone="+1 212 555 0101")
    unguarded(desk, "UPDATE patron SET phone = '+12125550666', phone_key = '+12125550666'")

    assert 1 == cli.main(["audit", "verify"])

    said = capsys.readouterr()
    assert said.err.startswith(f"Patron {mara.number}, phone number: the record does not hold")
    assert said.err.count("\n") == 1
    assert "0666" not in said.err + said.out
    assert "" == said.out
    unguarded(desk, "UPDATE patron SET phone = '+12125550101', phone_key = '+12125550101'")
    assert 0 == cli.main(["audit", "verify"])


@pytest.mark.usefixtures("operator")
def test_verify_names_a_missing_guard_and_the_first_broken_entry(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.patron()
    desk.as_owner(lambda session: guards.drop(session.connection()))
    desk.run("UPDATE audit_entry SET actor_label = 'x' WHERE seq = 2")

    assert 1 == cli.main(["audit", "verify"])

    said = capsys.readouterr().err
    assert "Guard missing or altered: guard_patron_email." in said
    assert "The trail is broken. Entry 2 was altered." in said
