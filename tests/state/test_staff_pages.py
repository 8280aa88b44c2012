"""The team page and one's own account, through the event pipeline."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.support.factories import CHEAP_HASH, CHEAP_PASSWORD
from tests.support.office import totp
from tests.support.pipeline import Client, Pipeline
from upstage_crm.admin.account.state import AccountState
from upstage_crm.admin.team.dialog_state import TeamDialogState
from upstage_crm.admin.team.state import TeamState
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model.thresholds import (
    Ruling,
    Verdict,
    Wire,
)
from upstage_crm.core.clock import FrozenClock
from upstage_crm.http import session_cookie as cookies
from upstage_crm.mail import queries
from upstage_crm.mail.message import MailKind
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import sessions
from upstage_crm.staff.auth.sessions import FRESH_FOR
from upstage_crm.staff.auth.throttle import PAIR_LIMIT
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sentences import SENTENCES

STRONG = "seven velvet lanterns burning"


@dataclass
class Scene:
    """A venue whose staff pages run."""

    parts: Runtime
    pipeline: Pipeline

    def member(self, role: Role, name: str) -> str:
        """Add a member; return the id."""
        with self.parts.database.transaction() as session:
            return accounts.add(
                session,
                email=f"{name.lower()}@desk.example",
                display_name=name,
                desk="box office",
                role=role,
                password_hash=CHEAP_HASH,
                actor=OPERATOR,
                channel=Channel.COMMAND_LINE,
                now=self.parts.clock.now(),
            )

    def cookie(self, staff_id: str) -> str:
        with self.parts.database.transaction() as session:
            token = sessions.begin(
                session,
                staff_id=staff_id,
                user_agent="Firefox/1 Windows",
                ip_prefix="192.0.2.0",
                now=self.parts.clock.now(),
            )
        return f"{cookies.NAME}={token}"

    async def team(self, role: Role = Role.OWNER, name: str = "Olga") -> Client:
        tab = self.pipeline.client(self.cookie(self.member(role, name)))
        await self.pipeline.send(tab, TeamState.load, "/team/")
        return tab

    async def account(self, cookie: str) -> Client:
        tab = self.pipeline.client(cookie)
        await self.pipeline.send(tab, AccountState.load, "/account/")
        return tab

    async def team_of(self, tab: Client) -> TeamState:
        return await self.pipeline.state(tab, TeamState)

    async def dialog_of(self, tab: Client) -> TeamDialogState:
        return await self.pipeline.state(tab, TeamDialogState)

    async def account_of(self, tab: Client) -> AccountState:
        return await self.pipeline.state(tab, AccountState)

    def mails(self, kind: MailKind) -> int:
        with self.parts.database.reading() as session:
            return queries.mails(session, kind=kind).total


@pytest.fixture
def scene(made: Runtime, pipeline: Pipeline) -> Scene:
    return Scene(made, pipeline)


def invitation(**typed: str) -> dict[str, str]:
    return {"email": "nia@desk.example", "display_name": "Nia", "role": "manager"} | typed


# --- the team -------------------------------------------------------------------------------------


async def test_an_invitation_is_refused_at_the_input_that_is_wrong(scene: Scene) -> None:
    tab = await scene.team()
    for typed, blamed in (
        ({"email": "nia"}, "email"),
        ({"email": "olga@desk.example"}, "email"),
        ({"display_name": " "}, "display_name"),
    ):
        await scene.pipeline.send(tab, TeamDialogState.open_invite)
        await scene.pipeline.submit(tab, TeamDialogState.invite, invitation(**typed))
        state = await scene.dialog_of(tab)
        assert [blamed] == [name for name, words in state.errors.items() if words]
        assert state.dialog == "invite"
    assert scene.mails(MailKind.STAFF_INVITATION) == 0


async def test_an_invitation_pressed_twice_is_one(scene: Scene) -> None:
    tab = await scene.team()
    await scene.pipeline.send(tab, TeamDialogState.open_invite)
    form = invitation() | await scene.pipeline.drawn(tab, TeamDialogState.invite)
    for _ in range(2):
        await scene.pipeline.send(tab, TeamDialogState.invite, form=form)
    state = await scene.team_of(tab)
    assert [row.name for row in state.invitations] == ["Nia"]
    assert (state.problem, bool(state.done)) == ("", True)
    assert scene.mails(MailKind.STAFF_INVITATION) == 1


async def test_a_role_that_is_none_gives_the_least(scene: Scene) -> None:
    """A form of our own offers eight; a forger who sends a ninth may only read."""

    sam = scene.member(Role.MANAGER, "Sam")
    tab = await scene.team()
    await scene.pipeline.send(tab, TeamDialogState.open_member, staff_id=sam)
    await scene.pipeline.submit(tab, TeamDialogState.change_role, {"role": "emperor"})
    with scene.parts.database.reading() as session:
        assert Role.READ_ONLY is accounts.get_row(session, sam).role


async def test_nobody_else_is_managed_than_who_was_opened(scene: Scene) -> None:
    scene.member(Role.MANAGER, "Sam")
    tab = await scene.team()
    for wanted in ("", "0" * 32, "' OR 1=1"):
        await scene.pipeline.send(tab, TeamDialogState.open_member, staff_id=wanted)
        await scene.pipeline.submit(tab, TeamDialogState.disable, {})
        assert SENTENCES["subject_moved"] == (await scene.team_of(tab)).problem
        assert (await scene.dialog_of(tab)).dialog == ""
    assert not any(row.is_disabled for row in (await scene.team_of(tab)).members)


async def test_a_manager_looks_and_freezes_but_manages_nobody(scene: Scene) -> None:
    sam = scene.member(Role.BOX_OFFICE, "Sam")
    tab = await scene.team(Role.MANAGER, "Max")
    state = await scene.team_of(tab)
    assert (state.may_manage, state.may_secure, state.may_freeze) == (False, False, True)
    await scene.pipeline.send(tab, TeamDialogState.open_member, staff_id=sam)
    await scene.pipeline.submit(tab, TeamDialogState.change_role, {"role": "owner"})
    assert SENTENCES["forbidden"] == (await scene.dialog_of(tab)).refusal

    await scene.pipeline.send(tab, TeamDialogState.ask_freeze, staff_id=sam)
    await scene.pipeline.submit(tab, TeamDialogState.freeze, {})

    with scene.parts.database.reading() as session:
        row = accounts.get_row(session, sam)
        assert (row.role, row.disabled_at is not None) == (Role.BOX_OFFICE, True)


@pytest.mark.parametrize("is_alarmed", [False, True])
async def test_freezing_needs_a_fresh_proof_unless_an_alert_is_open(
    scene: Scene, clock: FrozenClock, is_alarmed: bool
) -> None:
    """Every minute counts while a tripwire has tripped; otherwise a walk-up could freeze anyone."""

    sam = scene.member(Role.BOX_OFFICE, "Sam")
    other = scene.member(Role.BOX_OFFICE, "Ole")
    alarmed = sam if is_alarmed else other
    with scene.parts.database.transaction() as session:
        alerts.open_now(
            scene.parts.staff_context(
                session, accounts.get_member(session, alarmed), now=clock.now()
            ),
            ruling=Ruling(verdict=Verdict.QUARANTINE, wire=Wire.BURST, count=2, limit=1),
        )
    tab = await scene.team(Role.MANAGER, "Max")
    clock.advance(FRESH_FOR)

    await scene.pipeline.send(tab, TeamDialogState.ask_freeze, staff_id=sam)
    if is_alarmed:
        await scene.pipeline.submit(tab, TeamDialogState.freeze, {})

    with scene.parts.database.reading() as session:
        is_frozen = accounts.get_row(session, sam).disabled_at is not None
    assert is_frozen is is_alarmed
    assert tab.redirects() == ([] if is_alarmed else ["/sign-in/again/?next=/team/"])


async def test_an_owner_renames_a_member_and_reads_what_is_wrong(scene: Scene) -> None:
    sam = scene.member(Role.BOX_OFFICE, "Sam")
    tab = await scene.team()
    await scene.pipeline.send(tab, TeamDialogState.open_member, staff_id=sam)
    form = {"display_name": "Sam +1 900 555", "desk": "bar"}
    await scene.pipeline.submit(tab, TeamDialogState.rename, form)
    assert "cannot be part of a name" in (await scene.dialog_of(tab)).refusal

    await scene.pipeline.submit(tab, TeamDialogState.rename, form | {"display_name": "Samir"})

    state = await scene.team_of(tab)
    assert (await scene.dialog_of(tab)).dialog == ""
    assert ("Samir", "bar") in [(row.name, row.desk) for row in state.members]


async def test_an_invitation_says_whether_the_name_or_the_desk_is_wrong(scene: Scene) -> None:
    tab = await scene.team()
    for typed, blamed in (
        ({"display_name": "call 900", "desk": "bar 2"}, "display_name"),
        ({"desk": "www.evil.example"}, "desk"),
    ):
        await scene.pipeline.send(tab, TeamDialogState.open_invite)
        await scene.pipeline.submit(tab, TeamDialogState.invite, invitation(**typed))
        errors = (await scene.dialog_of(tab)).errors
        assert [name for name, words in errors.items() if words] == [blamed]


# --- one's own account ----------------------------------------------------------------------------


async def test_the_password_changes_for_who_knows_the_old_one(scene: Scene) -> None:
    sam = scene.member(Role.MANAGER, "Sam")
    stolen = scene.cookie(sam)
    tab = await scene.account(scene.cookie(sam))
    for form, blamed in (
        ({"old": "wrong", "new": STRONG}, "old"),
        ({"old": CHEAP_PASSWORD, "new": "short"}, "new"),
        ({"old": CHEAP_PASSWORD, "new": "sam@desk.example"}, "new"),
        ({"old": CHEAP_PASSWORD, "new": "x" * 300}, "new"),
    ):
        await scene.pipeline.submit(tab, AccountState.change_password, form)
        state = await scene.account_of(tab)
        assert [blamed] == [name for name, words in state.errors.items() if words], form

    form = {"old": CHEAP_PASSWORD, "new": STRONG}
    await scene.pipeline.submit(tab, AccountState.change_password, form)

    state = await scene.account_of(tab)
    assert state.done
    assert [row.is_this for row in state.browsers] == [True], "the stolen one is out"
    other = scene.pipeline.client(stolen)
    await scene.pipeline.send(other, AccountState.load, "/account/")
    assert other.doors() == ["/sign-in/"]


async def test_the_old_password_is_not_guessed_from_an_open_session(scene: Scene) -> None:
    tab = await scene.account(scene.cookie(scene.member(Role.MANAGER, "Sam")))
    form = {"old": "wrong", "new": STRONG}
    for _ in range(PAIR_LIMIT):
        await scene.pipeline.submit(tab, AccountState.change_password, form)
    form = {"old": CHEAP_PASSWORD, "new": STRONG}
    await scene.pipeline.submit(tab, AccountState.change_password, form)

    state = await scene.account_of(tab)
    assert state.errors["old"] == "Too many attempts. Wait 1 minutes, then try again."
    assert not state.done


async def test_secrets_are_shown_once(scene: Scene) -> None:
    tab = await scene.account(scene.cookie(scene.member(Role.MANAGER, "Sam")))
    await scene.pipeline.send(tab, AccountState.begin_app)
    secret = (await scene.account_of(tab)).secret
    await scene.pipeline.send(tab, AccountState.confirm_app, form={"code": "000000"})
    assert (await scene.account_of(tab)).app_error
    code = totp(secret, int(scene.parts.clock.now().timestamp()))
    await scene.pipeline.send(tab, AccountState.confirm_app, form={"code": code})
    state = await scene.account_of(tab)
    assert (
        len(state.new_codes),
        state.has_app,
        state.secret,
        state.picture,
    ) == (10, True, "", "")

    await scene.pipeline.send(tab, AccountState.load, "/account/")

    state = await scene.account_of(tab)
    assert (state.new_codes, state.codes_left) == ([], 10)


async def test_browsers_are_named_and_ended_one_by_one(scene: Scene) -> None:
    sam = scene.member(Role.MANAGER, "Sam")
    scene.cookie(sam)
    scene.cookie(sam)
    tab = await scene.account(scene.cookie(sam))
    state = await scene.account_of(tab)
    assert [row.words for row in state.browsers] == ["Firefox on Windows"] * 3
    await scene.pipeline.send(tab, AccountState.end_one, browser_id=state.browsers[1].id)
    assert len((await scene.account_of(tab)).browsers) == 2
    await scene.pipeline.send(tab, AccountState.end_others)
    assert len((await scene.account_of(tab)).browsers) == 1
    assert tab.redirects() == []


@pytest.mark.parametrize(
    ("role", "said"),
    [
        (Role.MANAGER, "You can be the second person from Monday 9 March at 10:00."),
        (Role.BOX_OFFICE, ""),  # whose role has no second steps
    ],
)
async def test_the_account_says_since_when_somebody_may_be_second(
    scene: Scene, role: Role, said: str
) -> None:
    cookie = scene.cookie(scene.member(role, "Sam"))
    tab = await scene.account(cookie)
    assert (await scene.account_of(tab)).second_from == ""
    form = {"old": CHEAP_PASSWORD, "new": STRONG}
    await scene.pipeline.submit(tab, AccountState.change_password, form)

    assert (await scene.account_of(tab)).second_from == said
