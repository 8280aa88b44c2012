"""Second factors: codes, passkeys, recovery codes, and what a session is good for without them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.support.factories import SECRET, unchanged
from tests.support.office import ORIGIN, Office
from tests.support.soft_passkey import SoftPasskey, b64
from upstage_crm.audit.events import OPERATOR, Action
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import Forbidden
from upstage_crm.staff.auth import passkeys, second_factor, security, sessions
from upstage_crm.staff.auth.sealing import (
    Sealer,
    Unsealable,
)
from upstage_crm.staff.auth.second_factor import (
    APP,
    CODES,
    PASSKEYS,
    RECOVERY_CODE,
)
from upstage_crm.staff.auth.security import SecurityPolicy
from upstage_crm.staff.auth.sessions import (
    HALF_OPEN_LIFE,
    Stage,
)
from upstage_crm.staff.auth.throttle import CODE_LIMIT
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.errors import (
    FactorExists,
    PasskeyRefused,
    SecondFactorNeeded,
    SecondFactorRefused,
    TooManyPasskeys,
)
from upstage_crm.staff.roles import Permission, Role, StaffMember, may


@pytest.fixture
def office(database: Database, clock: FrozenClock) -> Office:
    return Office(database, clock)


@pytest.fixture
def rosa(office: Office) -> StaffMember:
    return office.staff("Rosa", Role.MANAGER)


def require(office: Office, *roles: Role) -> None:
    policy, owner = SecurityPolicy(second_factor=frozenset(roles)), office.owner
    office.write(
        lambda s: security.change(
            StaffContext(session=s, now=office.now, notifier=None, actor=owner), proposed=policy
        )
    )


def prove(office: Office, token: str, factor: str | None = APP) -> str:
    return office.write(
        lambda s: sessions.prove(s, office.inside_of(s, token), with_factor=factor, now=office.now)
    )


def remove(office: Office, token: str, passkey_id: str | None = None) -> None:
    office.write(
        lambda s: second_factor.remove(
            s, office.inside_of(s, token), passkey_id=passkey_id, now=office.now
        )
    )


def factors(office: Office, member: StaffMember) -> second_factor.Factors:
    return office.read(lambda s: second_factor.of(s, member.id))


def challenge(office: Office, token: str) -> str:
    return office.write(
        lambda s: second_factor.new_challenge(s, office.inside_of(s, token), now=office.now)
    )


def creation(office: Office, token: str, **more: str) -> str:
    asked = {"staff_id": "0" * 32, "account": "rosa", "challenge": challenge(office, token)}
    return passkeys.creation_options(office.site, known=[], **(asked | more))


def add(office: Office, token: str, answer: str, label: str = "Blue key") -> None:
    office.write(
        lambda s: second_factor.add_passkey(
            s,
            office.inside_of(s, token),
            answer=answer,
            label=label,
            site=office.site,
            now=office.now,
        )
    )


def with_passkey(office: Office, member: StaffMember) -> SoftPasskey:
    key, token = SoftPasskey("localhost", ORIGIN), office.sign_in(member)
    add(office, token, key.create(creation(office, token)))
    return key


def use(office: Office, token: str, answer: str) -> bool:
    return office.write(
        lambda s: second_factor.give_passkey(
            s, office.inside_of(s, token), answer=answer, site=office.site, now=office.now
        )
    )


def asked_for(office: Office, token: str) -> str:
    return passkeys.request_options(office.site, challenge=challenge(office, token), known=[])


# --- sessions -------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing_once_there_is_a_second_factor(
    office: Office, rosa: StaffMember
) -> None:
    secret, _codes = office.enrol(office.sign_in(rosa))
    office.clock.advance(timedelta(seconds=60))

    token = office.sign_in(rosa)

    assert Stage.NEEDS_FACTOR is office.inside(token).stage
    assert office.read(lambda s: sessions.find(s, token, now=office.now)) is None
    assert office.give(token, office.code(secret)) == APP
    proven = prove(office, token)
    assert Stage.COMPLETE is office.inside(proven).stage
    assert office.found(token) is None, "the cookie of before is dead"


def test_a_half_open_session_ends_after_ten_minutes(office: Office, rosa: StaffMember) -> None:
    office.enrol(office.sign_in(rosa))
    token = office.sign_in(rosa)
    office.clock.advance(HALF_OPEN_LIFE - timedelta(seconds=1))
    assert office.found(token)

    office.clock.advance(timedelta(seconds=1))

    assert office.found(token) is None


def test_a_role_that_needs_one_sets_it_up_before_anything_else(
    office: Office, rosa: StaffMember
) -> None:
    token = office.sign_in(rosa)
    require(office, Role.MANAGER)
    assert Stage.MUST_ENROL is office.inside(token).stage
    assert office.read(lambda s: sessions.find(s, token, now=office.now)) is None

    office.enrol(token)

    assert Stage.COMPLETE is office.inside(token).stage


def test_setting_one_up_ends_every_other_session(office: Office, rosa: StaffMember) -> None:
    stolen, own = office.sign_in(rosa), office.sign_in(rosa)

    office.enrol(own)

    assert office.found(stolen) is None
    assert office.found(own)


def test_only_who_may_edits_the_policy(office: Office, rosa: StaffMember) -> None:
    policy = SecurityPolicy(second_factor=frozenset(Role))
    assert not may(rosa, Permission.EDIT_SECURITY)

    def change(actor: StaffMember) -> None:
        office.write(
            lambda s: security.change(
                StaffContext(session=s, now=office.now, notifier=None, actor=actor), proposed=policy
            )
        )

    owner = office.owner
    unchanged(office, lambda: change(rosa), Forbidden)
    change(owner)
    assert policy == office.read(security.current)
    (line,) = office.lines(action=Action.SECURITY_CHANGED)
    assert "box_office" in str(line.facts["second_factor.new"])
    change(owner)
    assert len(office.lines(action=Action.SECURITY_CHANGED)) == 1


# --- codes of an app ------------------------------------------------------------------------------


def test_a_code_works_once_and_half_a_minute_around_its_own(
    office: Office, rosa: StaffMember
) -> None:
    secret, _codes = office.enrol(office.sign_in(rosa))
    office.clock.advance(timedelta(minutes=2))
    token = office.sign_in(rosa)

    assert office.give(token, office.code(secret, later_s=-30)) == APP
    assert office.give(token, office.code(secret, later_s=-30)) is None, "used"
    assert office.give(token, office.code(secret, later_s=30)) == APP
    assert office.give(token, office.code(secret)) is None, "older than one that was used"


def test_a_code_of_a_minute_ago_is_too_old(office: Office, rosa: StaffMember) -> None:
    secret, _codes = office.enrol(office.sign_in(rosa))
    office.clock.advance(timedelta(minutes=5))
    token = office.sign_in(rosa)

    assert office.give(token, office.code(secret, later_s=-60)) is None
    assert office.give(token, office.code(secret, later_s=60)) is None


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 400])
def test_what_is_no_code_is_refused(office: Office, rosa: StaffMember, wrong: str) -> None:
    office.enrol(office.sign_in(rosa))
    token = office.sign_in(rosa)

    assert office.give(token, wrong) is None
    assert Action.SECOND_FACTOR_REFUSED in office.actions()


def test_five_wrong_codes_end_the_session(office: Office, rosa: StaffMember) -> None:
    secret, _codes = office.enrol(office.sign_in(rosa))
    token = office.sign_in(rosa)
    for _ in range(CODE_LIMIT - 1):
        office.give(token, "000000")
    assert office.found(token)

    office.give(token, "000000")

    assert office.found(token) is None
    assert secret


def test_an_app_counts_only_once_it_showed_the_right_code(
    office: Office, rosa: StaffMember
) -> None:
    token = office.sign_in(rosa)
    office.write(
        lambda s: second_factor.start_app(
            s, office.inside_of(s, token), sealer=office.sealer, now=office.now
        )
    )

    def confirm() -> None:
        office.write(
            lambda s: second_factor.confirm_app(
                s, office.inside_of(s, token), code="000000", sealer=office.sealer, now=office.now
            )
        )

    unchanged(office, confirm, SecondFactorRefused)
    assert factors(office, rosa).count == 0
    assert Stage.COMPLETE is office.inside(token).stage


def test_a_second_app_is_refused(office: Office, rosa: StaffMember) -> None:
    token = office.sign_in(rosa)
    office.enrol(token)

    unchanged(office, lambda: office.enrol(token), FactorExists)


def test_the_secret_is_sealed_for_its_owner(office: Office, rosa: StaffMember) -> None:
    secret, _codes = office.enrol(office.sign_in(rosa))
    stored = str(office.scalar("SELECT sealed FROM staff_totp"))

    assert secret not in repr(office.dump())
    assert secret == office.sealer.open(stored, for_=rosa.id)
    for sealer, owner in (
        (office.sealer, "another member"),
        (Sealer([("test-key", b"9" * 32)]), rosa.id),
        (Sealer([("new-key", b"9" * 32)]), rosa.id),
    ):
        with pytest.raises(Unsealable):
            sealer.open(stored, for_=owner)
    ring = Sealer([("new-key", b"9" * 32), ("test-key", SECRET)])
    assert secret == ring.open(stored, for_=rosa.id), "an older key of the ring still opens"


def test_a_revoked_key_makes_every_code_wrong(office: Office, rosa: StaffMember) -> None:
    secret, codes = office.enrol(office.sign_in(rosa))
    office.clock.advance(timedelta(minutes=2))
    office.sealer = Sealer([("another", b"9" * 32)])
    token = office.sign_in(rosa)

    assert office.give(token, office.code(secret)) is None
    assert office.give(token, codes[0]) == RECOVERY_CODE


# --- recovery codes -------------------------------------------------------------------------------


def test_a_recovery_code_works_once_however_it_is_typed(office: Office, rosa: StaffMember) -> None:
    _secret, codes = office.enrol(office.sign_in(rosa))
    assert CODES == len(set(codes)) == factors(office, rosa).codes_left
    token = office.sign_in(rosa)

    assert office.give(token, codes[0].lower().replace("-", " ")) == RECOVERY_CODE
    assert office.give(token, codes[0]) is None
    assert factors(office, rosa).codes_left == CODES - 1
    assert codes[1].replace("-", "") not in repr(office.dump())


def test_somebody_elses_recovery_code_is_none(office: Office, rosa: StaffMember) -> None:
    _secret, codes = office.enrol(office.sign_in(rosa))
    sam = office.staff("Sam", Role.MANAGER)
    office.enrol(office.sign_in(sam))

    assert office.give(office.sign_in(sam), codes[0]) is None


def test_new_recovery_codes_replace_the_old_ones(office: Office, rosa: StaffMember) -> None:
    own = office.sign_in(rosa)
    _secret, old = office.enrol(own)

    new = office.write(
        lambda s: second_factor.new_codes(s, office.inside_of(s, own), now=office.now)
    )

    token = office.sign_in(rosa)
    assert office.give(token, old[0]) is None
    assert office.give(token, new[0]) == RECOVERY_CODE


def test_there_is_nothing_to_recover_without_a_factor(office: Office, rosa: StaffMember) -> None:
    token = office.sign_in(rosa)

    def draw() -> None:
        office.write(
            lambda s: second_factor.new_codes(s, office.inside_of(s, token), now=office.now)
        )

    unchanged(office, draw, SecondFactorRefused)


# --- removing -------------------------------------------------------------------------------------


def test_the_last_factor_stays_where_the_role_needs_one(office: Office, rosa: StaffMember) -> None:
    token = office.sign_in(rosa)
    office.enrol(token)
    require(office, Role.MANAGER)

    unchanged(office, lambda: remove(office, token), SecondFactorNeeded)
    require(office)
    remove(office, token)

    assert factors(office, rosa) == second_factor.Factors(has_app=False, passkeys=(), codes_left=0)
    assert Stage.COMPLETE is office.inside(office.sign_in(rosa)).stage


def test_an_owner_takes_the_factors_of_who_lost_them(office: Office, rosa: StaffMember) -> None:
    token = office.sign_in(rosa)
    office.enrol(token)

    office.write(
        lambda s: second_factor.remove_all(s, staff_id=rosa.id, actor=OPERATOR, now=office.now)
    )

    assert factors(office, rosa).count == 0
    assert office.dump()["staff_recovery_code"] == []


# --- passkeys -------------------------------------------------------------------------------------


def test_a_passkey_opens_the_session(office: Office, rosa: StaffMember) -> None:
    key = with_passkey(office, rosa)
    token = office.sign_in(rosa)
    assert Stage.NEEDS_FACTOR is office.inside(token).stage

    assert use(office, token, key.use(asked_for(office, token)))

    (known,) = factors(office, rosa).passkeys
    assert ("Blue key", office.now) == (known.label, known.last_used_at)


def test_an_answer_is_good_for_its_challenge_once(office: Office, rosa: StaffMember) -> None:
    key = with_passkey(office, rosa)
    token = office.sign_in(rosa)
    answer = key.use(asked_for(office, token))
    assert use(office, token, answer)

    assert not use(office, token, answer), "replayed"
    challenge(office, token)
    assert not use(office, token, answer), "another challenge"


def test_a_challenge_is_good_for_five_minutes(office: Office, rosa: StaffMember) -> None:
    key = with_passkey(office, rosa)
    token = office.sign_in(rosa)
    answer = key.use(asked_for(office, token))
    office.clock.advance(second_factor.CHALLENGE_LIFE)

    assert not use(office, token, answer)


def test_a_look_alike_page_gets_nothing(office: Office, rosa: StaffMember) -> None:
    key = with_passkey(office, rosa)
    token = office.sign_in(rosa)
    for host, origin in (("localhost", "https://evil.example"), ("evil.example", ORIGIN)):
        key.host, key.origin = host, origin
        assert not use(office, token, key.use(asked_for(office, token))), origin
    key.host, key.origin = "localhost", ORIGIN
    assert use(office, token, key.use(asked_for(office, token)))


def test_somebody_elses_passkey_is_none(office: Office, rosa: StaffMember) -> None:
    with_passkey(office, rosa)
    other = with_passkey(office, office.staff("Sam", Role.MANAGER))
    token = office.sign_in(rosa)

    assert not use(office, token, other.use(asked_for(office, token)))


def test_a_copy_of_a_passkey_is_noticed(office: Office, rosa: StaffMember) -> None:
    key = with_passkey(office, rosa)
    token = office.sign_in(rosa)
    assert use(office, token, key.use(asked_for(office, token)))
    key.count = 0

    assert not use(office, token, key.use(asked_for(office, token)))


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", "{", '{"id": 7}', "x" * 30_000])
def test_what_no_browser_answers_is_refused(office: Office, rosa: StaffMember, answer: str) -> None:
    with_passkey(office, rosa)
    token = office.sign_in(rosa)
    challenge(office, token)

    assert not use(office, token, answer)


def test_a_forged_signature_is_refused(office: Office, rosa: StaffMember) -> None:
    key = with_passkey(office, rosa)
    token = office.sign_in(rosa)
    answer = json.loads(key.use(asked_for(office, token)))
    answer["response"]["signature"] = b64(b"0" * 70)

    assert not use(office, token, json.dumps(answer))


def test_a_passkey_is_made_for_its_own_challenge_and_site(
    office: Office, rosa: StaffMember
) -> None:
    token = office.sign_in(rosa)
    key = SoftPasskey("localhost", "https://evil.example")
    answer = key.create(creation(office, token))
    with pytest.raises(PasskeyRefused):
        add(office, token, answer)
    key = SoftPasskey("localhost", ORIGIN)
    other = key.create(creation(office, token, challenge=b64(b"another challenge")))
    with pytest.raises(PasskeyRefused):
        add(office, token, other)

    assert factors(office, rosa).count == 0


def test_there_is_an_end_to_passkeys(office: Office, rosa: StaffMember) -> None:
    token = office.sign_in(rosa)
    for _ in range(PASSKEYS):
        key = SoftPasskey("localhost", ORIGIN)
        add(office, token, key.create(creation(office, token)))

    with pytest.raises(TooManyPasskeys):
        add(office, token, SoftPasskey("localhost", ORIGIN).create(creation(office, token)))
    assert len(factors(office, rosa).passkeys) == PASSKEYS
