"""The second of two people is really another person, at every step that takes two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, unchanged
from tests.support.office import Office
from upstage_crm.audit.events import Channel
from upstage_crm.change_requests.model.errors import (
    FirstNotSettled,
    NotYetSecond,
)
from upstage_crm.change_requests.model.policy import (
    DEFAULT,
    Asked,
    FieldPolicy,
)
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.change_requests.model.thresholds import Thresholds
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.organisation import settings
from upstage_crm.privacy import erasure
from upstage_crm.proof import integrity, repair
from upstage_crm.staff import accounts, member_admin
from upstage_crm.staff.account_history import REST
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.team import access_changes, offboarding, password_reset

PHONE = {"phone": {"phone": "+1 212 555 0199"}}
HELD = replace(DEFAULT, fields={"phone": FieldPolicy(asked=Asked.CURRENT, second_person=True)})
Step = Callable[[StaffMember], object]


class House(Office, Engine):
    """A venue whose staff sign in, with every second step."""


@pytest.fixture
def house(database: Database, clock: FrozenClock) -> House:
    made = House(database, clock)
    assert made.owner, "SQLite has one writer at a time: no one is added within a command"
    return made


@pytest.fixture
def rosa(house: House) -> StaffMember:
    return house.staff("Rosa", Role.PRIVACY_LEAD)


# --- every step that takes two ------------------------------------------------------------------


def released(house: House, first: StaffMember) -> Step:
    house.set_policy(HELD)
    request = house.propose(house.patron(), changes=PHONE, actor=first)
    return lambda second: house.release(request, second)


def quarantined(house: House, first: StaffMember) -> Step:
    house.is_watched = True
    house.set_policy(replace(DEFAULT, thresholds=Thresholds(at_once=1, burst=2)))
    for n in range(3):
        patron = house.patron(f"p{n}@example.com", f"P{n}")
        request = house.propose(patron, f"n{n}@p{n}.example", actor=first)
    return lambda second: house.release(request, second)


def alerted(house: House, first: StaffMember) -> Step:
    quarantined(house, first)
    return lambda second: house.close_alert(first, second)


def identified(house: House, first: StaffMember) -> Step:
    request = house.identify(house.patron(), first)
    return lambda second: house.vouch(request, second)


def identity_declined(house: House, first: StaffMember) -> Step:
    request = house.identify(house.patron(), first)
    return lambda second: house.decline(request, second)


def read_out(house: House, first: StaffMember, decline: bool = False) -> Step:
    request, _link = house.asked(house.patron(), actor=first)
    assert house.read_out(request, first, house.codes_in(NEW)[-1])
    act = house.decline_code if decline else house.confirm_code
    return lambda second: act(request, second)


def code_declined(house: House, first: StaffMember) -> Step:
    return read_out(house, first, decline=True)


def disputed(house: House, first: StaffMember) -> Step:
    patron = house.patron()
    _request, link = house.asked(patron)
    house.decide(link)
    house.deliver()
    house.decide(house.claims(OLD), Decision.OBJECT)
    house.clear(patron, first)
    return lambda second: house.clear(patron, second)


def erased(house: House, first: StaffMember) -> Step:
    patron = house.patron()
    about = {"patron_id": patron.id}
    house.act(first, erasure.request_erasure, reason="by letter", **about)
    return lambda second: house.act(second, erasure.confirm_erasure, **about)


def restored(house: House, first: StaffMember) -> Step:
    vic = house.staff("Vic", Role.BOX_OFFICE)
    house.forge(f"UPDATE staff SET desk = 'vault' WHERE id = '{vic.id}'")
    found = house.read(lambda s: list(integrity.examine(s, [("staff", vic.id)])))
    house.write(lambda s: integrity.note(s, found, (), now=house.now))
    (finding,) = house.read(integrity.standing)

    def agree(member: StaffMember) -> bool:
        return house.act(member, repair.agree, finding_id=finding.id)

    assert not agree(first)
    return agree


STEPS = (
    restored,
    released,
    quarantined,
    alerted,
    identified,
    identity_declined,
    read_out,
    code_declined,
    disputed,
    erased,
)


@pytest.mark.parametrize("begun", STEPS)
def test_a_new_account_is_nobodys_second(
    house: House, rosa: StaffMember, begun: Callable[..., Step]
) -> None:
    """Decision 21: the owner's second account can look, and waits a week for its first yes."""
    nia = house.invited("Nia", Role.PRIVACY_LEAD)
    step = begun(house, rosa)

    refused = unchanged(house, lambda: step(nia), NotYetSecond)
    assert refused.facts["since"] == house.now + REST


@pytest.mark.parametrize("begun", STEPS)
def test_an_owner_is_not_second_to_an_account_that_is_new(
    house: House, begun: Callable[..., Step]
) -> None:
    """The other way round: the second self proposes, and the owner says yes to it."""
    nia = house.invited("Nia", Role.PRIVACY_LEAD)
    step = begun(house, nia)

    unchanged(house, lambda: step(house.owner), FirstNotSettled)

    step(house.staff("Ola", Role.PRIVACY_LEAD))  # cannot make accounts, so there are two people


def test_after_a_week_both_may(house: House, rosa: StaffMember) -> None:
    nia = house.invited("Nia", Role.MANAGER)
    house.set_policy(HELD)
    mine, hers = house.patron(), house.patron("ole@example.com", "Ole")
    house.clock.advance(REST - timedelta(seconds=1))
    first = house.propose(mine, changes=PHONE, actor=rosa)
    second = house.propose(hers, changes=PHONE, actor=nia)
    unchanged(house, lambda: house.release(first, nia), NotYetSecond)
    unchanged(house, lambda: house.release(second, house.owner), FirstNotSettled)

    house.clock.advance(timedelta(seconds=1))

    house.release(first, nia)
    house.release(second, house.owner)


def test_the_refusal_says_the_day_at_the_organisation(house: House, rosa: StaffMember) -> None:
    """Late on a Monday in London is Tuesday in Sydney."""
    stored = house.read(settings.details)
    there = replace(stored, time_zone="Australia/Sydney", desk_phone="1", postal_address="x")
    house.act(house.owner, settings.change, proposed=there)
    house.clock.advance(timedelta(hours=5))  # Monday 2 March 2026, 15:00 UTC
    nia = house.invited("Nia", Role.MANAGER)
    step = identified(house, rosa)

    refused = unchanged(house, lambda: step(nia), NotYetSecond)

    assert refused.facts["day"] == "Tuesday 10 March"
    assert refused.facts["time"] == "2:00 am"


# --- what begins the week again -----------------------------------------------------------------


def new_role(house: House, member: StaffMember) -> None:
    for role in (Role.BOX_OFFICE, Role.PRIVACY_LEAD):
        house.write(
            lambda s, role=role: member_admin.change_role(
                StaffContext(session=s, now=house.now, notifier=None, actor=house.owner),
                staff_id=member.id,
                role=role,
            )
        )


def shut(house: House, member: StaffMember) -> None:
    to = member.email_key
    house.run(offboarding.let_go_as_operator, email=to)


def enabled(house: House, member: StaffMember) -> None:
    shut(house, member)
    house.write(
        lambda s: member_admin.enable(
            StaffContext(session=s, now=house.now, notifier=None, actor=house.owner),
            staff_id=member.id,
        )
    )


def password_by_link(house: House, member: StaffMember) -> None:
    to = member.email_key
    house.write(
        lambda s: password_reset.send_link(
            CommandContext(session=s, now=house.now, notifier=house.post), email=to
        )
    )
    claims = [house.link_in(mail) for mail in house.deliver() if mail.to == to][-1]
    house.write(
        lambda s: password_reset.set_by_link(
            CommandContext(session=s, now=house.now, notifier=house.post),
            claims,
            password_hash="new",
        )
    )


def password_by_itself(house: House, member: StaffMember) -> None:
    here = house.inside(house.sign_in(member))
    house.write(
        lambda s: password_reset.change(
            CommandContext(session=s, now=house.now, notifier=house.post), here, password_hash="new"
        )
    )


def password_by_operator(house: House, member: StaffMember) -> None:
    house.write(
        lambda s: accounts.reset_password(
            s,
            email=member.email_key,
            password_hash="new",
            actor=accounts.get_member(s, member.id).as_actor(),
            channel=Channel.COMMAND_LINE,
            now=house.now,
        )
    )


def factor_added(house: House, member: StaffMember) -> None:
    house.enrol(house.sign_in(member))


def factors_removed(house: House, member: StaffMember) -> None:
    house.write(
        lambda s: access_changes.remove_factors(
            StaffContext(session=s, now=house.now, notifier=house.post, actor=house.owner),
            staff_id=member.id,
        )
    )


CHANGES = (
    new_role,
    enabled,
    password_by_link,
    password_by_itself,
    password_by_operator,
    factor_added,
    factors_removed,
)


@pytest.mark.parametrize("change", CHANGES)
def test_an_account_that_was_changed_waits_again(
    house: House, rosa: StaffMember, change: Callable[..., None]
) -> None:
    sam = house.staff("Sam", Role.PRIVACY_LEAD)
    step = identified(house, rosa)
    house.clock.advance(timedelta(days=40))

    change(house, sam)

    refused = unchanged(house, lambda: step(sam), NotYetSecond)
    assert refused.facts["since"] == house.now + REST


def test_signing_in_and_using_a_factor_is_no_change(house: House, rosa: StaffMember) -> None:
    sam = house.staff("Sam", Role.PRIVACY_LEAD)
    secret, recovery_codes = house.enrol(house.sign_in(sam))
    house.clock.advance(REST)
    token = house.sign_in(sam)
    assert house.give(token, house.code(secret))
    assert house.give(house.sign_in(sam), recovery_codes[0])

    identified(house, rosa)(sam)


# --- what the owners hear -----------------------------------------------------------------------


def test_every_owner_is_told_of_each_new_member(house: House) -> None:
    ola, gone = house.staff("Ola", Role.OWNER), house.staff("Gus", Role.OWNER)
    house.staff("Rosa", Role.MANAGER)
    shut(house, gone)

    house.invited("Nia", Role.OWNER)

    told = [mail for mail in house.deliver() if "has joined" in mail.subject]
    assert sorted(mail.to for mail in told) == sorted((ola.email_key, house.owner.email_key))
    said = "has joined the team. They were invited. Their role: owner."
    assert f"Nia (nia@staff[.]example[.]org) {said}" in told[0].text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("role", "Rosa has a new role"),
        ("enable", "Rosa can sign in again"),
        ("factors", "Rosa no longer has a second factor"),
    ],
)
def test_every_owner_is_told_when_a_member_comes_to_be_able_to_do_more(
    house: House, rosa: StaffMember, change: str, said: str
) -> None:
    ola = house.staff("Ola", Role.OWNER)
    owner = house.owner
    if change == "enable":
        shut(house, rosa)

    def act(session: accounts.Session) -> None:
        context = house.team_context(session, owner)
        if change == "role":
            access_changes.change_role(context, staff_id=rosa.id, role=Role.OWNER)
        elif change == "enable":
            access_changes.enable(context, staff_id=rosa.id)
        else:
            access_changes.remove_factors(context, staff_id=rosa.id)

    house.write(act)

    told = [mail for mail in house.deliver() if said in mail.subject]
    assert sorted(mail.to for mail in told) == sorted((ola.email_key, house.owner.email_key))


def test_nothing_that_changes_nothing_is_told(house: House, rosa: StaffMember) -> None:
    owner = house.owner

    def act(session: accounts.Session) -> None:
        context = house.team_context(session, owner)
        access_changes.change_role(context, staff_id=rosa.id, role=rosa.role)
        access_changes.enable(context, staff_id=rosa.id)

    house.write(act)

    assert house.deliver() == []


# --- what the database says ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE staff SET by_operator = NOT by_operator",
        "UPDATE staff SET created_at = '2001-01-01 00:00:00'",
        "UPDATE staff SET role = 'owner'",
        "UPDATE staff SET password_hash = 'mine'",
        "UPDATE staff SET email_key = 'mine@example.org'",
        "UPDATE staff SET disabled_at = NULL",
    ],
)
def test_the_database_refuses_a_change_without_its_date(
    house: House, rosa: StaffMember, statement: str
) -> None:
    shut(house, rosa)

    with pytest.raises(Exception, match=r"upstage guard: staff (identity|since)"):
        house.arrange(f"{statement} WHERE id = :id", {"id": rosa.id})


@pytest.mark.parametrize("to", ["NULL", "'2001-01-01 00:00:00'"])
def test_no_date_of_an_account_goes_back(house: House, rosa: StaffMember, to: str) -> None:
    new_role(house, rosa)

    with pytest.raises(Exception, match="upstage guard: staff since"):
        house.arrange(f"UPDATE staff SET role_at = {to} WHERE id = :id", {"id": rosa.id})
