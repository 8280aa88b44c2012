"""`upstage-crm staff` as its operator meets it: no one is locked out, and nothing is orphaned."""

from __future__ import annotations

import re

import pytest

from tests.support.office import Office
from upstage_crm.audit.events import Action, Channel
from upstage_crm.change_requests.model.rules import (
    Cause,
    RequestState,
)
from upstage_crm.cli import commands
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.settings import STAFF_PASSWORD
from upstage_crm.staff.auth import passwords, second_factor, sessions
from upstage_crm.staff.roles import Role

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture
def office(database: Database, clock: FrozenClock) -> Office:
    return Office(database, clock)


def test_an_owner_who_lost_everything_gets_in_again(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = office.owner
    token = office.sign_in(owner)
    office.enrol(token)

    assert commands.main(["staff", "reset", owner.email_key, "--factors"]) == 0

    said = capsys.readouterr().out
    assert "Its second factors are removed." in said
    assert office.read(lambda s: second_factor.of(s, owner.id)).count == 0
    assert office.found(token) is None
    line = office.lines(action=Action.SECOND_FACTOR_REMOVED)[0]
    assert (line.channel, line.facts["factor"]) == (Channel.COMMAND_LINE, "all")
    assert commands.main(["staff", "reset", "nobody@staff.example.org", "--factors"]) == 1


def test_a_new_password_leaves_the_second_factor_alone(office: Office) -> None:
    owner = office.owner
    office.enrol(office.sign_in(owner))

    assert commands.main(["staff", "reset", owner.email_key]) == 0

    assert office.read(lambda s: second_factor.of(s, owner.id)).count == 1


@pytest.mark.parametrize(
    "password",
    ["password12345", "aaaaaaaaaaaaaaaa", "Konstantina2026", "short", "x" * 257],
    ids=["known", "repeated", "of the account", "short", "long"],
)
@pytest.mark.parametrize("step", ["add", "reset"])
def test_the_operator_gives_no_easier_password_than_others(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    step: str,
    password: str,
) -> None:
    monkeypatch.setenv(STAFF_PASSWORD, password)
    clerk = office.staff("Konstantina", Role.BOX_OFFICE)
    address = {"add": "new@staff.example.org", "reset": clerk.email_key}[step]
    named = ["--name", "Konstantina"] if step == "add" else []
    before = office.scalar("SELECT max(password_hash) || count(*) FROM staff")

    assert commands.main(["staff", step, address, *named]) == 1

    said = capsys.readouterr()
    assert re.search(r"easy to guess|characters", said.err)
    assert said.out == ""
    assert office.scalar("SELECT max(password_hash) || count(*) FROM staff") == before


def test_a_good_password_from_the_environment_is_taken_and_not_shown(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    password = "correct horse battery staple lamp"
    monkeypatch.setenv(STAFF_PASSWORD, password)

    assert commands.main(["staff", "add", "new@staff.example.org", "--name", "Noa"]) == 0

    assert password not in "".join(capsys.readouterr())
    found = office.read(lambda s: sessions.credentials(s, "new@staff.example.org"))
    assert passwords.matches(found.password_hash, password)


def test_who_is_disabled_leaves_no_request_to_nobody(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    vic = office.staff("Vic", Role.BOX_OFFICE)
    request, _link = office.asked(office.patron(), actor=vic)

    assert commands.main(["staff", "disable", vic.email_key]) == 0

    assert "1 requests withdrawn" in capsys.readouterr().out
    view = office.view(request)
    assert (view.state, view.cause) == (RequestState.WITHDRAWN, Cause.PROPOSER_GONE)
    assert office.chain_is_whole()
    assert commands.main(["staff", "disable", vic.email_key]) == 0, "a second time changes nothing"
    assert len(office.lines(action=Action.STAFF_DISABLED)) == 1
