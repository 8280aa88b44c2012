"""Names of members and desks are checked at every door, and old ones are shown clean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.engine import Engine
from tests.support.factories import CHEAP_HASH, NEW, unchanged
from tests.support.office import Office
from upstage_crm.audit.events import OPERATOR, Action, Channel
from upstage_crm.cli import commands
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.staff import accounts, member_admin
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.errors import NameRefused, NameWithAddress
from upstage_crm.staff.roles import Role
from upstage_crm.team import invitations

pytestmark = pytest.mark.each_database

BAD = "URGENT call +1 900 555"


class House(Office, Engine):
    """A venue whose staff sign in, with every second step."""


@pytest.fixture
def house(database: Database, clock: FrozenClock) -> House:
    return House(database, clock)


def added(house: House, name: str, desk: str) -> None:
    house.write(
        lambda s: accounts.add(
            s,
            email="nia@staff.example.org",
            display_name=name,
            desk=desk,
            role=Role.BOX_OFFICE,
            password_hash=CHEAP_HASH,
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            now=house.now,
        )
    )


def invited(house: House, name: str, desk: str) -> None:
    house.write(
        lambda s: invitations.invite(
            StaffContext(session=s, now=house.now, notifier=house.post, actor=house.owner),
            email="nia@staff.example.org",
            display_name=name,
            desk=desk,
            role=Role.BOX_OFFICE,
        )
    )


def renamed(house: House, name: str, desk: str) -> None:
    house.write(
        lambda s: member_admin.rename(
            StaffContext(session=s, now=house.now, notifier=None, actor=house.owner),
            staff_id=house.owner.id,
            display_name=name,
            desk=desk,
        )
    )


@pytest.mark.parametrize("door", [added, invited, renamed])
@pytest.mark.parametrize(
    ("name", "desk", "refusal"),
    [
        (BAD, "", NameRefused),
        ("Nia", "desk 3", NameRefused),
        ("see evil.example", "", NameWithAddress),
        ("Nia", "www.evil.example", NameWithAddress),
    ],
)
def test_every_door_asks_the_same_of_a_name(
    house: House,
    door: Callable[[House, str, str], None],
    name: str,
    desk: str,
    refusal: type[UpstageError],
) -> None:
    assert house.owner

    unchanged(house, lambda: door(house, name, desk), refusal)


def test_who_accepts_an_invitation_cannot_choose_another_kind_of_name(house: House) -> None:
    assert house.owner

    invited(house, "Nia", "")
    claims = [house.link_in(mail) for mail in house.deliver()][-1]

    def accept() -> None:
        house.write(
            lambda s: invitations.accept(
                CommandContext(session=s, now=house.now, notifier=house.post),
                claims,
                display_name=BAD,
                password_hash=CHEAP_HASH,
            )
        )

    unchanged(house, accept, NameRefused)


@pytest.mark.usefixtures("operator")
def test_the_command_line_asks_the_same(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert house.owner

    assert commands.main(["staff", "add", "nia@staff.example.org", "--name", BAD]) == 1

    assert "cannot be part of a name" in capsys.readouterr().err


def test_a_name_of_before_reaches_no_patron(house: House) -> None:
    """A label of 80 characters that stands in the database already."""
    patron, vic = house.patron(), house.staff("Vic", Role.BOX_OFFICE)
    words = {"id": vic.id, "name": BAD, "desk": "www.evil.example"}
    house.arrange("UPDATE staff SET display_name = :name, desk = :desk WHERE id = :id", words)
    old = house.read(lambda s: accounts.get_member(s, vic.id))
    assert (old.display_name, old.desk) == ("URGENT call", "www. evil. example")

    request = house.propose(patron, NEW, actor=old)
    house.arrange(
        "DROP TRIGGER guard_change_request_identity"
        + ("" if house.database.engine.dialect.name == "sqlite" else " ON change_request")
    )
    house.arrange(
        "UPDATE change_request SET proposer_label = :label WHERE id = :id",
        {"id": request.request_id, "label": f"{BAD}, www.evil.example"},
    )
    house.clock.advance(timedelta(hours=1))
    house.resend(request)

    said = [mail.text + mail.html for mail in house.deliver()[1:] if mail.to == NEW]
    assert said
    for text in said:
        assert "900" not in text
        assert "evil.example" not in text
    assert house.review(house.claims()).proposer == "URGENT call (www. evil. example)"


def test_an_owner_gives_another_name(house: House) -> None:
    vic = house.staff("Vic", Role.BOX_OFFICE)
    how = {"staff_id": vic.id, "display_name": "Victor", "desk": "bar"}

    house.act(house.owner, member_admin.rename, **how)
    house.act(house.owner, member_admin.rename, **how)

    assert house.read(lambda s: accounts.get_member(s, vic.id)).label == "Victor, bar"
    (line,) = house.lines(action=Action.STAFF_RENAMED)
    assert line.values == {
        "display_name.old": "Vic",
        "display_name.new": "Victor",
        "desk.old": "box office",
        "desk.new": "bar",
    }
    unchanged(house, lambda: house.act(vic, member_admin.rename, **how), Forbidden)
