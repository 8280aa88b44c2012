"""Staff accounts and their sessions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session

from tests.support.factories import CHEAP_HASH, CHEAP_PASSWORD, Desk, together, unchanged
from upstage_crm.audit.events import OPERATOR, Action, ActorKind, Channel
from upstage_crm.core.email_address import InvalidEmail
from upstage_crm.core.errors import NotFound
from upstage_crm.core.text import InvalidText
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import passwords, sessions
from upstage_crm.staff.errors import LastOwner, NameMissing, PasswordTooShort, StaffEmailTaken
from upstage_crm.staff.roles import Role, StaffMember

ROSA = "rosa@staff.example.org"


def add(desk: Desk, *, email: str = ROSA, name: str = "Rosa", at_desk: str = "bar") -> str:
    return desk.write(
        lambda session: accounts.add(
            session,
            email=email,
            display_name=name,
            desk=at_desk,
            role=Role.BOX_OFFICE,
            password_hash=CHEAP_HASH,
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            now=desk.now,
        )
    )


def disable(desk: Desk, email: str) -> None:
    desk.write(
        lambda session: accounts.disable(
            session, email=email, actor=OPERATOR, channel=Channel.COMMAND_LINE, now=desk.now
        )
    )


def reset(desk: Desk, email: str) -> None:
    desk.write(
        lambda session: accounts.reset_password(
            session,
            email=email,
            password_hash="another",
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            now=desk.now,
        )
    )


def begin(desk: Desk, member: StaffMember) -> str:
    return desk.write(
        lambda session: sessions.begin(
            session, staff_id=member.id, user_agent="B" * 500, ip_prefix="192.0.2.0", now=desk.now
        )
    )


def signed_in(desk: Desk, token: str) -> sessions.SignedIn | None:
    return desk.read(lambda session: sessions.find(session, token, now=desk.now))


# --- accounts ------------------------------------------------------------------------------------


def test_an_added_account_signs_in_and_stands_in_the_trail(desk: Desk) -> None:
    staff_id = add(desk, email=" Rosa@Staff.Example.org ", name=" Rosa ")

    member = desk.read(lambda session: accounts.find_active(session, staff_id))
    assert member is not None
    assert (member.label, member.email_key, member.role) == ("Rosa, bar", ROSA, Role.BOX_OFFICE)
    line = desk.lines(action=Action.STAFF_ADDED)[0]
    assert {"staff_id": staff_id, "role": "box_office"} == line.facts
    assert (line.actor.kind, line.channel) == (ActorKind.OPERATOR, Channel.COMMAND_LINE)
    assert line.values == {"staff.email": "Rosa@staff.example.org", "staff.name": "Rosa"}


def test_a_second_account_for_one_address_is_refused(desk: Desk) -> None:
    add(desk)

    unchanged(desk, lambda: add(desk, email=ROSA.upper()), StaffEmailTaken)


def test_one_address_added_twice_at_one_moment_is_one_account(desk: Desk) -> None:
    results = together(*[lambda: add(desk)] * 3)

    assert len([result for result in results if isinstance(result, StaffEmailTaken)]) == 2
    assert desk.scalar("SELECT count(*) FROM staff") == 1
    assert desk.chain_is_whole()


def test_what_cannot_be_an_account_is_refused(desk: Desk) -> None:
    """Case 25: a name with a line break would stand in mails to patrons."""
    unchanged(desk, lambda: add(desk, email="rosa"), InvalidEmail)
    unchanged(desk, lambda: add(desk, name=" \u200b "), NameMissing)
    unchanged(desk, lambda: add(desk, name="Rosa\r\nBcc: evil@example.org"), InvalidText)
    unchanged(desk, lambda: add(desk, name="R" * 81), InvalidText)
    unchanged(desk, lambda: add(desk, at_desk="b" * 81), InvalidText)


def test_a_disabled_account_is_out_at_once(desk: Desk) -> None:
    rosa = desk.staff("Rosa", Role.MANAGER)
    token = begin(desk, rosa)
    assert signed_in(desk, token)

    disable(desk, ROSA)

    assert signed_in(desk, token) is None
    assert desk.read(lambda session: accounts.find_active(session, rosa.id)) is None
    assert desk.read(lambda session: accounts.find_reachable(session, rosa.id)) is None
    assert not desk.read(lambda session: accounts.is_staff_address(session, ROSA))
    credentials = desk.read(lambda session: sessions.credentials(session, ROSA))
    assert sessions.Credentials(None, None) == credentials
    assert [rosa.id] == [
        line.facts["staff_id"] for line in desk.lines(action=Action.STAFF_DISABLED)
    ]


def test_disabling_twice_changes_nothing_more(desk: Desk) -> None:
    desk.staff("Rosa", Role.MANAGER)
    disable(desk, ROSA)
    before = desk.dump()

    disable(desk, ROSA)

    assert before == desk.dump()


def test_the_last_owner_stays(desk: Desk) -> None:
    assert desk.owner

    unchanged(desk, lambda: disable(desk, "dana@staff.example.org"), LastOwner)


def test_two_owners_disabled_at_one_moment_leave_one(desk: Desk) -> None:
    assert desk.owner
    desk.staff("Rosa", Role.OWNER)

    results = together(lambda: disable(desk, "dana@staff.example.org"), lambda: disable(desk, ROSA))

    assert len([result for result in results if isinstance(result, LastOwner)]) == 1
    assert desk.scalar("SELECT count(*) FROM staff WHERE disabled_at IS NULL") == 1


def test_an_unknown_account_is_no_account(desk: Desk) -> None:
    unchanged(desk, lambda: disable(desk, ROSA), NotFound)
    unchanged(desk, lambda: reset(desk, ROSA), NotFound)


def test_a_new_password_ends_every_session(desk: Desk) -> None:
    rosa = desk.staff("Rosa", Role.MANAGER)
    token = begin(desk, rosa)

    reset(desk, ROSA)

    assert signed_in(desk, token) is None
    credentials = desk.read(lambda session: sessions.credentials(session, ROSA))
    assert sessions.Credentials(rosa.id, "another") == credentials
    assert Action.STAFF_PASSWORD_RESET in desk.actions()


# --- sessions ------------------------------------------------------------------------------------


def test_a_session_is_found_by_its_cookie_and_kept_as_a_hash(desk: Desk) -> None:
    token = begin(desk, desk.owner)

    found = signed_in(desk, token)

    assert found is not None
    assert desk.owner == found.member
    assert token not in repr(desk.dump())
    assert Action.STAFF_SIGNED_IN in desk.actions()


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 1_000, "é"])
def test_an_unknown_cookie_is_nobody(desk: Desk, token: str) -> None:
    begin(desk, desk.owner)

    assert signed_in(desk, token) is None


def test_a_session_ends_when_idle_and_after_a_day_of_work(desk: Desk) -> None:
    token = begin(desk, desk.owner)
    desk.clock.advance(sessions.IDLE_LIFE - timedelta(seconds=1))
    assert signed_in(desk, token)
    desk.clock.advance(timedelta(seconds=1))
    assert signed_in(desk, token) is None

    worked = begin(desk, desk.owner)
    for _ in range(11):
        desk.clock.advance(timedelta(hours=1))
        found = signed_in(desk, worked)
        assert found is not None
        assert found.is_stale
        session_id = found.session_id
        desk.write(lambda session, it=session_id: sessions.touch(session, it, now=desk.now))
    desk.clock.advance(timedelta(hours=1))
    assert signed_in(desk, worked) is None


def test_signing_out_ends_this_session_alone(desk: Desk) -> None:
    one, other = begin(desk, desk.owner), begin(desk, desk.owner)

    desk.write(lambda session: sessions.end(session, one, now=desk.now))
    before = desk.dump()
    desk.write(lambda session: sessions.end(session, one, now=desk.now))

    assert before == desk.dump()
    assert signed_in(desk, one) is None
    assert signed_in(desk, other)
    assert desk.actions().count(Action.STAFF_SIGNED_OUT) == 1


def test_a_refused_sign_in_is_noted_without_the_name_in_the_chain(desk: Desk) -> None:
    tried = "someone@example.org" + "x" * 500

    def note(session: Session) -> None:
        sessions.record_refusal(session, email=tried, now=desk.now)

    desk.write(note)

    line = desk.lines(action=Action.SIGN_IN_REFUSED)[0]
    assert (ActorKind.OUTSIDER, tried[:254]) == (line.actor.kind, line.values["tried"])
    assert "someone@" not in repr(desk.dump()["audit_entry"])


@pytest.mark.parametrize("email", ["nobody@example.org", "not an address", ""])
def test_an_unknown_name_looks_like_a_disabled_one(desk: Desk, email: str) -> None:
    found = desk.read(lambda session: sessions.credentials(session, email))

    assert sessions.Credentials(None, None) == found


# --- passwords: the only tests that hash ---------------------------------------------------------


def test_a_password_is_told_from_every_other() -> None:
    assert passwords.matches(CHEAP_HASH, CHEAP_PASSWORD)
    assert not passwords.matches(CHEAP_HASH, CHEAP_PASSWORD + "x")
    assert not passwords.matches("not a hash", CHEAP_PASSWORD)


def test_a_hash_is_argon2id_and_never_twice_the_same() -> None:
    one, other = passwords.hash_password("twelve chars"), passwords.hash_password("twelve chars")

    assert one != other
    assert one.startswith("$argon2id$")
    assert passwords.matches(one, "twelve chars")
    assert not passwords.matches(None, "twelve chars")


def test_a_short_password_is_refused_with_the_minimum() -> None:
    with pytest.raises(PasswordTooShort) as caught:
        passwords.hash_password("x" * 11)

    assert caught.value.facts["minimum"] == 12


def test_the_decoy_costs_what_an_accounts_password_costs() -> None:
    """Else the time of a refusal would tell who has an account."""
    assert not passwords._hasher.check_needs_rehash(passwords._DECOY)
    assert not passwords.matches(None, "whatever")
