"""The team: invitations, roles, members who go and come back, and new passwords by mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.factories import CHEAP_HASH, together, unchanged
from tests.support.office import Office
from upstage_crm.audit.events import Action
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.email_address import InvalidEmail
from upstage_crm.core.errors import Forbidden, NotFound
from upstage_crm.core.text import InvalidText
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.mail.message import MailMessage
from upstage_crm.staff import accounts, member_admin
from upstage_crm.staff.auth import sessions
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.errors import (
    InvitationOpen,
    InvitationOver,
    LastOwner,
    NameMissing,
    OwnAccount,
    StaffEmailTaken,
    StaffLinkDead,
)
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember
from upstage_crm.team import (
    invitations,
    offboarding,
    password_reset,
)

NIA = "nia@staff.example.org"
OUTSIDERS = [role for role in Role if Permission.MANAGE_TEAM not in PERMISSIONS[role]]


@pytest.fixture
def office(database: Database, clock: FrozenClock) -> Office:
    return Office(database, clock)


def invite(
    office: Office,
    *,
    actor: StaffMember | None = None,
    email: str = NIA,
    name: str = "Nia",
    role: Role = Role.BOX_OFFICE,
) -> str:
    by = actor or office.owner
    return office.write(
        lambda s: invitations.invite(
            StaffContext(session=s, now=office.now, notifier=office.post, actor=by),
            email=email,
            display_name=name,
            desk="bar",
            role=role,
        )
    )


def resend(office: Office, invitation_id: str, actor: StaffMember | None = None) -> None:
    by = actor or office.owner
    office.write(
        lambda s: invitations.resend(
            StaffContext(session=s, now=office.now, notifier=office.post, actor=by),
            invitation_id=invitation_id,
        )
    )


def withdraw(office: Office, invitation_id: str, actor: StaffMember | None = None) -> None:
    by = actor or office.owner
    office.write(
        lambda s: invitations.withdraw(
            StaffContext(session=s, now=office.now, notifier=None, actor=by),
            invitation_id=invitation_id,
        )
    )


def accept(office: Office, claims: LinkClaims, name: str = "Nia") -> str:
    return office.write(
        lambda s: invitations.accept(
            CommandContext(session=s, now=office.now, notifier=office.post),
            claims,
            display_name=name,
            password_hash=CHEAP_HASH,
        )
    )


def mailed(office: Office, to: str = NIA) -> MailMessage:
    """The newest mail to an address."""
    return [message for message in office.deliver() if message.to == to][-1]


def link(office: Office, to: str = NIA) -> LinkClaims:
    return office.link_in(mailed(office, to))


def ask(office: Office, email: str) -> bool:
    return office.write(
        lambda s: password_reset.send_link(
            CommandContext(session=s, now=office.now, notifier=office.post), email=email
        )
    )


def set_password(office: Office, claims: LinkClaims) -> str:
    return office.write(
        lambda s: password_reset.set_by_link(
            CommandContext(session=s, now=office.now, notifier=office.post),
            claims,
            password_hash="new",
        )
    )


# --- invitations ----------------------------------------------------------------------------------


def test_an_invitation_becomes_an_account_by_the_link_in_its_mail(office: Office) -> None:
    invite(office, role=Role.MANAGER)
    message = mailed(office)
    claims = office.link_in(message)
    assert "Dana (box office) invites you" in message.text
    assert (claims.purpose, claims.version) == (Purpose.INVITATION, 1)
    seen = office.read(lambda s: invitations.of_link(s, claims, now=office.now))
    assert (seen.email, seen.display_name, seen.role) == (NIA, "Nia", Role.MANAGER)

    staff_id = accept(office, claims, "Nia B")

    member = office.read(lambda s: accounts.find_active(s, staff_id))
    assert member is not None
    assert (member.label, member.role) == ("Nia B, bar", Role.MANAGER)
    assert office.read(invitations.still_open) == ()
    told = [Action.INVITATION_ACCEPTED, Action.STAFF_ADDED, Action.STAFF_INVITED]
    assert told == office.actions()[:3] or set(told) <= set(office.actions())
    assert office.chain_is_whole()


def test_a_link_works_once(office: Office) -> None:
    invite(office)
    claims = link(office)
    results = together(*[lambda: accept(office, claims)] * 3)

    assert len([result for result in results if isinstance(result, str)]) == 1
    unchanged(office, lambda: accept(office, claims), StaffLinkDead)


def test_a_link_works_for_seven_days(office: Office) -> None:
    invite(office)
    claims = link(office)
    office.clock.advance(invitations.LIFE - timedelta(seconds=1))
    assert office.read(lambda s: invitations.of_link(s, claims, now=office.now))

    office.clock.advance(timedelta(seconds=1))

    unchanged(office, lambda: accept(office, claims), StaffLinkDead)
    (shown,) = office.read(invitations.still_open)
    assert shown.is_expired(office.now)


def test_sent_again_the_old_link_is_dead(office: Office) -> None:
    invitation_id = invite(office)
    old = link(office)
    office.clock.advance(timedelta(days=8))

    resend(office, invitation_id)

    new = link(office)
    unchanged(office, lambda: accept(office, old), StaffLinkDead)
    assert accept(office, new)


def test_withdrawn_it_is_dead_and_a_mail_that_waits_never_leaves(office: Office) -> None:
    invitation_id = invite(office)

    withdraw(office, invitation_id)

    assert [message for message in office.deliver() if message.to == NIA] == []
    unchanged(office, lambda: withdraw(office, invitation_id), InvitationOver)
    unchanged(office, lambda: resend(office, invitation_id), InvitationOver)
    assert invite(office), "the address may be invited again"


def test_one_address_is_invited_once(office: Office) -> None:
    invite(office)

    unchanged(office, lambda: invite(office, email=NIA.upper()), InvitationOpen)
    taken = office.owner.email_key
    unchanged(office, lambda: invite(office, email=taken), StaffEmailTaken)
    results = together(*[lambda: invite(office, email="zoe@staff.example.org")] * 3)
    assert len([found for found in results if isinstance(found, InvitationOpen)]) == 2


def test_what_cannot_be_an_account_is_not_invited(office: Office) -> None:
    assert office.owner
    unchanged(office, lambda: invite(office, email="nia"), InvalidEmail)
    unchanged(office, lambda: invite(office, name="  "), NameMissing)
    unchanged(office, lambda: invite(office, name="Nia\r\nBcc: x@example.org"), InvalidText)
    unchanged(office, lambda: resend(office, "0" * 32), NotFound)


@pytest.mark.parametrize("role", OUTSIDERS)
def test_only_who_looks_after_the_team_changes_it(office: Office, role: Role) -> None:
    invitation_id = invite(office)
    other = office.staff("Sam", Role.BOX_OFFICE)
    actor = office.staff("Rosa", role)
    steps: list[Callable[[], object]] = [
        lambda: invite(office, actor=actor, email="zoe@staff.example.org"),
        lambda: resend(office, invitation_id, actor),
        lambda: withdraw(office, invitation_id, actor),
        lambda: change_role(office, other.id, Role.OWNER, actor),
        lambda: disable(office, other.id, actor),
        lambda: office.write(
            lambda s: member_admin.enable(
                StaffContext(session=s, now=office.now, notifier=None, actor=actor),
                staff_id=other.id,
            )
        ),
        lambda: office.write(
            lambda s: member_admin.take_factors(
                StaffContext(session=s, now=office.now, notifier=None, actor=actor),
                staff_id=other.id,
            )
        ),
    ]
    for step in steps:
        unchanged(office, step, Forbidden)


# --- members --------------------------------------------------------------------------------------


def change_role(
    office: Office, staff_id: str, role: Role, actor: StaffMember | None = None
) -> bool:
    by = actor or office.owner
    return office.write(
        lambda s: member_admin.change_role(
            StaffContext(session=s, now=office.now, notifier=None, actor=by),
            staff_id=staff_id,
            role=role,
        )
    )


def disable(office: Office, staff_id: str, actor: StaffMember | None = None) -> None:
    by = actor or office.owner
    office.act(by, offboarding.let_go, staff_id=staff_id, to_id=None)


def test_a_new_role_counts_at_the_next_sign_in_which_is_at_once(office: Office) -> None:
    sam = office.staff("Sam", Role.MANAGER)
    token = office.sign_in(sam)

    assert change_role(office, sam.id, Role.READ_ONLY)

    assert office.found(token) is None
    assert Role.READ_ONLY is office.inside(office.sign_in(sam)).member.role
    (line,) = office.lines(action=Action.STAFF_ROLE_CHANGED)
    assert (line.facts["role.old"], line.facts["role.new"]) == ("manager", "read_only")
    assert not change_role(office, sam.id, Role.READ_ONLY), "the same again is nothing"


def test_nobody_changes_their_own_role_or_disables_themselves(office: Office) -> None:
    office.staff("Olga", Role.OWNER)
    own = office.owner.id

    unchanged(office, lambda: change_role(office, own, Role.READ_ONLY), OwnAccount)
    unchanged(office, lambda: disable(office, own), OwnAccount)
    take = lambda: office.write(  # noqa: E731  # one line of three alike
        lambda s: member_admin.take_factors(
            StaffContext(session=s, now=office.now, notifier=None, actor=office.owner), staff_id=own
        )
    )
    unchanged(office, take, OwnAccount)


def test_the_last_owner_stays_whoever_asks(office: Office) -> None:
    first, second = office.owner, office.staff("Olga", Role.OWNER)
    assert change_role(office, first.id, Role.MANAGER, second)

    unchanged(office, lambda: disable(office, second.id, first), LastOwner)


def test_two_owners_who_disable_each_other_leave_one(office: Office) -> None:
    first, second = office.owner, office.staff("Olga", Role.OWNER)

    together(lambda: disable(office, second.id, first), lambda: disable(office, first.id, second))

    enabled = "SELECT count(*) FROM staff WHERE role = 'owner' AND disabled_at IS NULL"
    assert office.scalar(enabled) == 1


def test_a_disabled_member_is_out_and_can_come_back(office: Office) -> None:
    sam = office.staff("Sam", Role.MANAGER)
    token = office.sign_in(sam)
    ask(office, "sam@staff.example.org")
    claims = link(office, "sam@staff.example.org")

    disable(office, sam.id)

    assert office.found(token) is None
    unchanged(office, lambda: set_password(office, claims), StaffLinkDead)
    assert not ask(office, "sam@staff.example.org")
    office.write(
        lambda s: member_admin.enable(
            StaffContext(session=s, now=office.now, notifier=None, actor=office.owner),
            staff_id=sam.id,
        )
    )
    assert office.found(office.sign_in(sam))
    assert office.found(token) is None


def test_the_page_lists_who_was_last_here(office: Office) -> None:
    sam = office.staff("Sam", Role.MANAGER)
    gone = office.staff("Abe", Role.MANAGER)
    disable(office, gone.id)
    office.enrol(office.sign_in(sam))

    listed = {member.display_name: member for member in office.read(member_admin.members)}

    assert list(listed) == ["Dana", "Sam", "Abe"], "who may sign in first"
    assert (office.now, True) == (listed["Sam"].last_active_at, listed["Sam"].has_factor)
    assert listed["Abe"].is_disabled
    assert listed["Dana"].last_active_at is None


# --- new passwords --------------------------------------------------------------------------------


def test_a_forgotten_password_is_set_by_a_link_that_works_once(office: Office) -> None:
    sam = office.staff("Sam", Role.MANAGER)
    old = office.sign_in(sam)
    assert ask(office, " Sam@STAFF.example.org ")
    claims = link(office, "sam@staff.example.org")

    assert sam.id == set_password(office, claims)

    assert office.read(lambda s: accounts.get_row(s, sam.id).password_hash) == "new"
    assert office.found(old) is None, "a thief who was inside is out"
    unchanged(office, lambda: set_password(office, claims), StaffLinkDead)
    assert (
        mailed(office, "sam@staff.example.org").subject
        == "Your organisation: your password was changed"
    )


def test_a_newer_link_kills_the_older_one(office: Office) -> None:
    office.staff("Sam", Role.MANAGER)
    ask(office, "sam@staff.example.org")
    first = link(office, "sam@staff.example.org")
    ask(office, "sam@staff.example.org")

    unchanged(office, lambda: set_password(office, first), StaffLinkDead)
    assert set_password(office, link(office, "sam@staff.example.org"))


def test_a_link_lives_for_half_an_hour(office: Office) -> None:
    office.staff("Sam", Role.MANAGER)
    ask(office, "sam@staff.example.org")
    claims = link(office, "sam@staff.example.org")
    office.clock.advance(password_reset.LIFE)

    unchanged(office, lambda: set_password(office, claims), StaffLinkDead)


def test_nobody_is_mailed_who_has_no_account(office: Office) -> None:
    assert office.owner
    for email in ("nobody@example.org", "", "not an address", "x" * 400):
        assert not ask(office, email)
    assert office.deliver() == []


def test_a_link_for_one_thing_opens_nothing_else(office: Office) -> None:
    """Cases 10 and 12: an invitation sets no password, a password link makes no account."""
    invite(office)
    invited = link(office)
    ask(office, office.owner.email_key)
    forgotten = link(office, office.owner.email_key)

    unchanged(office, lambda: set_password(office, invited), StaffLinkDead)
    unchanged(office, lambda: accept(office, forgotten), StaffLinkDead)


def test_a_changed_password_ends_every_other_session(office: Office) -> None:
    sam = office.staff("Sam", Role.MANAGER)
    stolen, own = office.sign_in(sam), office.sign_in(sam)

    office.write(
        lambda s: password_reset.change(
            CommandContext(session=s, now=office.now, notifier=office.post),
            office.inside_of(s, own),
            password_hash="new",
        )
    )

    assert office.found(own)
    assert office.found(stolen) is None


# --- where a member is signed in ------------------------------------------------------------------


def test_sessions_are_listed_and_ended_by_their_owner_alone(office: Office) -> None:
    sam, rosa = office.staff("Sam", Role.MANAGER), office.staff("Rosa", Role.MANAGER)
    first, second, hers = (office.sign_in(who) for who in (sam, sam, rosa))
    listed = office.read(lambda s: sessions.browsers(s, office.inside_of(s, first), now=office.now))
    assert [browser.is_this for browser in listed] == [True, False]
    assert first not in repr(listed)
    assert office.inside(first).session_id not in repr(listed)
    (other,) = office.read(
        lambda s: sessions.browsers(s, office.inside_of(s, hers), now=office.now)
    )

    office.write(
        lambda s: sessions.end_one(s, office.inside_of(s, first), other.id, now=office.now)
    )
    assert office.found(hers)
    office.write(
        lambda s: sessions.end_one(s, office.inside_of(s, first), listed[1].id, now=office.now)
    )
    assert office.found(second) is None
    assert (
        office.write(lambda s: sessions.end_others(s, office.inside_of(s, first), now=office.now))
        == 0
    )
    assert office.found(first)
