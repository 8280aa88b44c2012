"""Second factors: an authenticator app, passkeys, and recovery codes for when both are lost.

Commands like all others. What is given wrong does not raise: the failure is counted, and counting
must be committed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import seals, trail
from upstage_crm.audit.events import Action, Actor, AuditEvent, Channel
from upstage_crm.core.ids import CROCKFORD, plain_code
from upstage_crm.core.text import clean_line
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import authenticator, passkeys, security, throttle
from upstage_crm.staff.auth.passkeys import Site
from upstage_crm.staff.auth.sealing import (
    Sealer,
    Unsealable,
)
from upstage_crm.staff.auth.sessions import (
    SignedIn,
    end_others,
    hash_of,
    own_row,
)
from upstage_crm.staff.errors import (
    FactorExists,
    PasskeyRefused,
    SecondFactorNeeded,
    SecondFactorRefused,
    TooManyPasskeys,
)
from upstage_crm.staff.tables import (
    StaffPasskeyRow,
    StaffRecoveryCodeRow,
    StaffRow,
    StaffTotpRow,
)

CODES = 10
CODE_LENGTH = 10  # Crockford characters: 50 bits, and each code is good once
PASSKEYS = 10  # per account
CHALLENGE_LIFE = timedelta(minutes=5)
LABEL_LIMIT = 80

APP, PASSKEY, RECOVERY_CODE = "authenticator app", "passkey", "recovery code"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPasskey:
    """A passkey as its owner sees it."""

    id: str
    label: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What an account can prove itself with, beside its password."""

    has_app: bool
    passkeys: tuple[KnownPasskey, ...]
    codes_left: int

    @property
    def count(self) -> int:
        """How many there are; recovery codes are no factor of their own."""
        return int(self.has_app) + len(self.passkeys)


def of(session: Session, staff_id: str) -> Factors:
    """The factors of an account."""
    totp = session.get(StaffTotpRow, staff_id)
    keys = session.exec(
        select(StaffPasskeyRow)
        .where(StaffPasskeyRow.staff_id == staff_id)
        .order_by(col(StaffPasskeyRow.created_at))
    )
    return Factors(
        has_app=totp is not None and totp.confirmed_at is not None,
        passkeys=tuple(
            KnownPasskey(
                id=row.id,
                label=row.label,
                created_at=row.created_at,
                last_used_at=row.last_used_at,
            )
            for row in keys
        ),
        codes_left=len(_unused(session, staff_id)),
    )


def start_app(session: Session, signed_in: SignedIn, *, sealer: Sealer, now: datetime) -> str:
    """Draw the secret of a new authenticator app and return it; it counts once it is confirmed.

    Raises:
        FactorExists: the account has one.
    """
    staff_id = signed_in.member.id
    accounts.get_row(session, staff_id)
    row = session.get(StaffTotpRow, staff_id)
    if row is not None and row.confirmed_at is not None:
        raise FactorExists
    secret = authenticator.new_secret()
    row = row or StaffTotpRow(staff_id=staff_id, sealed="", created_at=now)
    row.sealed, row.created_at, row.last_step = sealer.seal(secret, for_=staff_id), now, 0
    session.add(row)
    trail.record(session, [], now=now)
    return secret


def confirm_app(
    session: Session, signed_in: SignedIn, *, code: str, sealer: Sealer, now: datetime
) -> tuple[str, ...]:
    """Take an authenticator app into use once it shows the right code; return new recovery codes.

    Every other session of the member ends. None are returned when there are some already.

    Raises:
        FactorExists: the account has one; SecondFactorRefused: the code is wrong.
    """
    accounts.get_row(session, signed_in.member.id)
    row = session.get(StaffTotpRow, signed_in.member.id)
    if row is None:
        raise SecondFactorRefused
    if row.confirmed_at is not None:
        raise FactorExists
    step = authenticator.matching_step(_secret(row, sealer), code, now=now, after=row.last_step)
    if step is None:
        raise SecondFactorRefused
    row.confirmed_at, row.last_step = now, step
    session.add(row)
    _added(session, signed_in, APP, now)
    if _unused(session, signed_in.member.id):
        return ()
    return _draw_codes(session, signed_in.member.as_actor(), signed_in.member.id, now)


def new_challenge(session: Session, signed_in: SignedIn, *, now: datetime) -> str:
    """What a passkey has to sign next in this session; an older one is dead."""
    challenge = passkeys.new_challenge()
    row = own_row(session, signed_in)
    row.challenge, row.challenge_at = challenge, now
    session.add(row)
    session.flush()
    return challenge


def add_passkey(
    session: Session, signed_in: SignedIn, *, answer: str, label: str, site: Site, now: datetime
) -> None:
    """Take into use the passkey that the browser made; every other session of the member ends.

    Raises:
        PasskeyRefused, TooManyPasskeys; InvalidText: the label is too long or of several lines.
    """
    name = clean_line(label, LABEL_LIMIT) or "Passkey"
    accounts.get_row(session, signed_in.member.id)
    known = of(session, signed_in.member.id)
    if len(known.passkeys) >= PASSKEYS:
        raise TooManyPasskeys(limit=PASSKEYS)
    challenge = _take_challenge(session, signed_in, now)
    made = passkeys.created(site, answer=answer, challenge=challenge)
    if session.get(StaffPasskeyRow, made.id) is not None:
        raise PasskeyRefused
    session.add(
        StaffPasskeyRow(
            id=made.id,
            staff_id=signed_in.member.id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            label=name,
            created_at=now,
        )
    )
    _added(session, signed_in, PASSKEY, now)


def remove(session: Session, signed_in: SignedIn, *, passkey_id: str | None, now: datetime) -> None:
    """Remove one passkey, or the authenticator app with None; what is gone already is no error.

    Raises:
        SecondFactorNeeded: it is the last one, and the member's role asks for one.
    """
    member = signed_in.member
    accounts.get_row(session, member.id)
    held = of(session, member.id)
    is_held = held.has_app if passkey_id is None else passkey_id in {p.id for p in held.passkeys}
    if not is_held:
        return
    if held.count == 1 and member.role in security.current(session).second_factor:
        raise SecondFactorNeeded
    if passkey_id is None:
        session.delete(session.get_one(StaffTotpRow, member.id))
    else:
        session.delete(session.get_one(StaffPasskeyRow, passkey_id))
    session.get_one(StaffRow, member.id).factors_at = now
    session.flush()
    if held.count == 1:
        _forget_all(session, member.id, now)
    _note(
        session,
        Action.SECOND_FACTOR_REMOVED,
        member.as_actor(),
        member.id,
        now,
        factor=APP if passkey_id is None else PASSKEY,
    )


def remove_all(
    session: Session,
    *,
    staff_id: str,
    actor: Actor,
    now: datetime,
    channel: Channel = Channel.CRM,
) -> None:
    """Take every second factor from an account, for a colleague who lost them; the caller may."""
    _forget_all(session, staff_id, now)
    facts = {"staff_id": staff_id, "factor": "all"}
    event = AuditEvent(
        action=Action.SECOND_FACTOR_REMOVED, actor=actor, channel=channel, facts=dict(facts)
    )
    trail.record(session, [event], now=now)


def new_codes(session: Session, signed_in: SignedIn, *, now: datetime) -> tuple[str, ...]:
    """Draw new recovery codes and return them; the old ones are dead.

    Raises:
        SecondFactorRefused: the account has no second factor to recover.
    """
    accounts.get_row(session, signed_in.member.id)
    if of(session, signed_in.member.id).count == 0:
        raise SecondFactorRefused
    return _draw_codes(session, signed_in.member.as_actor(), signed_in.member.id, now)


def give_code(
    session: Session, signed_in: SignedIn, *, code: str, sealer: Sealer, now: datetime
) -> str | None:
    """Check a code of the app or a recovery code; return which it was, None for a wrong one.

    After five wrong ones the session has ended.
    """
    staff_id = signed_in.member.id
    accounts.get_row(session, staff_id)
    # Locked, so that of two presses at once only one finds the code unused.
    row = session.get(StaffTotpRow, staff_id, with_for_update=True)
    if row is not None and row.confirmed_at is not None:
        step = authenticator.matching_step(_secret(row, sealer), code, now=now, after=row.last_step)
        if step is not None:
            row.last_step = step
            session.add(row)
            session.flush()
            return APP
    found = session.get(StaffRecoveryCodeRow, _code_id(staff_id, code), with_for_update=True)
    if found is not None and found.staff_id == staff_id and found.used_at is None:
        found.used_at = now
        session.add(found)
        session.flush()
        member = signed_in.member
        _note(session, Action.RECOVERY_CODE_USED, member.as_actor(), staff_id, now)
        return RECOVERY_CODE
    _count_wrong(session, signed_in, now)
    return None


def give_passkey(
    session: Session, signed_in: SignedIn, *, answer: str, site: Site, now: datetime
) -> bool:
    """Check what a passkey of the member signed; False when it proves nothing."""
    accounts.get_row(session, signed_in.member.id)
    try:
        challenge = _take_challenge(session, signed_in, now)
        row = session.get(StaffPasskeyRow, passkeys.named_in(answer))
        if row is None or row.staff_id != signed_in.member.id:
            raise PasskeyRefused
        key = passkeys.Passkey(id=row.id, public_key=row.public_key, sign_count=row.sign_count)
        count = passkeys.used(site, passkey=key, answer=answer, challenge=challenge)
    except PasskeyRefused:
        _count_wrong(session, signed_in, now)
        return False
    row.sign_count, row.last_used_at = count, now
    session.add(row)
    session.flush()
    return True


def _take_challenge(session: Session, signed_in: SignedIn, now: datetime) -> str:
    row = own_row(session, signed_in)
    challenge, at = row.challenge, row.challenge_at
    row.challenge = row.challenge_at = None
    session.add(row)
    session.flush()
    if challenge is None or at is None or now >= at + CHALLENGE_LIFE:
        raise PasskeyRefused
    return challenge


def _count_wrong(session: Session, signed_in: SignedIn, now: datetime) -> None:
    row = own_row(session, signed_in)
    row.wrong_codes += 1
    if row.wrong_codes >= throttle.CODE_LIMIT:
        row.ended_at = now
    session.add(row)
    session.flush()
    member = signed_in.member
    _note(session, Action.SECOND_FACTOR_REFUSED, member.as_actor(), member.id, now)


def _added(session: Session, signed_in: SignedIn, factor: str, now: datetime) -> None:
    member = signed_in.member
    staff = session.get_one(StaffRow, member.id)
    staff.second_factor_at = staff.second_factor_at or now
    staff.factors_at = now
    row = own_row(session, signed_in)
    row.factor_at = row.proven_at = now  # the member at this browser has just used it
    seals.put(session, row)
    session.add(staff)
    session.add(row)
    session.flush()
    end_others(session, signed_in, now=now)
    _note(session, Action.SECOND_FACTOR_ADDED, member.as_actor(), member.id, now, factor=factor)


def _draw_codes(session: Session, actor: Actor, staff_id: str, now: datetime) -> tuple[str, ...]:
    _delete_codes(session, staff_id)
    drawn = tuple(
        "".join(secrets.choice(CROCKFORD) for _ in range(CODE_LENGTH)) for _ in range(CODES)
    )
    for code in drawn:
        session.add(StaffRecoveryCodeRow(id=_code_id(staff_id, code), staff_id=staff_id))
    session.get_one(StaffRow, staff_id).factors_at = now  # their holder can come in with them
    session.flush()
    _note(session, Action.RECOVERY_CODES_MADE, actor, staff_id, now)
    return tuple(f"{code[:5]}-{code[5:]}" for code in drawn)


def _forget_all(session: Session, staff_id: str, now: datetime) -> None:
    staff = accounts.get_row(session, staff_id)
    connection = session.connection()
    connection.execute(sa.delete(StaffTotpRow).where(col(StaffTotpRow.staff_id) == staff_id))
    connection.execute(sa.delete(StaffPasskeyRow).where(col(StaffPasskeyRow.staff_id) == staff_id))
    _delete_codes(session, staff_id)
    staff.second_factor_at, staff.factors_at = None, now
    session.add(staff)
    session.flush()


def _delete_codes(session: Session, staff_id: str) -> None:
    session.connection().execute(
        sa.delete(StaffRecoveryCodeRow).where(col(StaffRecoveryCodeRow.staff_id) == staff_id)
    )


def _unused(session: Session, staff_id: str) -> list[str]:
    query = select(StaffRecoveryCodeRow.id).where(
        StaffRecoveryCodeRow.staff_id == staff_id, col(StaffRecoveryCodeRow.used_at).is_(None)
    )
    return list(session.exec(query))


def _code_id(staff_id: str, code: str) -> str:
    return hash_of(f"{staff_id}/{plain_code(code[:40])}")


def _secret(row: StaffTotpRow, sealer: Sealer) -> str:
    try:
        return sealer.open(row.sealed, for_=row.staff_id)
    except Unsealable:
        return authenticator.new_secret()  # its key was revoked: no code is right any more


def _note(
    session: Session, action: Action, actor: Actor, staff_id: str, now: datetime, **facts: str
) -> None:
    event = AuditEvent(
        action=action, actor=actor, channel=Channel.CRM, facts={"staff_id": staff_id, **facts}
    )
    trail.record(session, [event], now=now)
