"""Staff accounts: read and change them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, Actor, ActorKind, AuditEvent, Channel
from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.errors import NotFound
from upstage_crm.core.ids import new_id
from upstage_crm.staff import names
from upstage_crm.staff.account_history import AccountHistory
from upstage_crm.staff.errors import LastOwner, StaffEmailTaken
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember
from upstage_crm.staff.tables import StaffRow, StaffSessionRow

_staff = table_of(StaffRow)
# Every decision runs these. Built once: building them anew takes longer than running them.
_BY_ID = sa.select(
    _staff.c.id,
    _staff.c.email,
    _staff.c.email_key,
    _staff.c.display_name,
    _staff.c.desk,
    _staff.c.role,
).where(_staff.c.id == sa.bindparam("staff"), _staff.c.disabled_at.is_(None))
_BY_ADDRESS = sa.select(_staff.c.id).where(
    _staff.c.email_key == sa.bindparam("key"), _staff.c.disabled_at.is_(None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """An enabled account, as far as mails to it need it."""

    id: str
    email: str
    name: str = ""


def add(
    session: Session,
    *,
    email: str,
    display_name: str,
    desk: str,
    role: Role,
    password_hash: str,
    actor: Actor,
    channel: Channel,
    now: datetime,
) -> str:
    """Add a staff account and return its id.

    Raises:
        InvalidEmail: the address is not one.
        InvalidText, NameMissing, NameRefused, NameWithAddress: name or desk, as `names` says.
        StaffEmailTaken: the address signs in already.
    """
    address = parse_email(email)
    name, at_desk = names.parse_name(display_name), names.parse_desk(desk)
    if find_by_email_key(session, address.key) is not None:
        raise StaffEmailTaken
    row = StaffRow(
        id=new_id(now),
        email=address.stored,
        email_key=address.key,
        display_name=name,
        desk=at_desk,
        role=role,
        password_hash=password_hash,
        created_at=now,
        by_operator=actor.kind is ActorKind.OPERATOR,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:  # a colleague added it since we looked
        if find_by_email_key(session, address.key) is None:
            raise
        raise StaffEmailTaken from error
    event = AuditEvent(
        action=Action.STAFF_ADDED,
        actor=actor,
        channel=channel,
        facts={"staff_id": row.id, "role": role.value},
        values={"staff.email": address.stored, "staff.name": row.display_name},
    )
    trail.record(session, [event], now=now)
    return row.id


def disable(session: Session, *, email: str, actor: Actor, channel: Channel, now: datetime) -> None:
    """Disable an account and end its sessions; a second time changes nothing.

    Raises:
        NotFound: no such account.
        LastOwner: no one else could run the place.
    """
    row = find_by_email_key(session, parse_email(email).key)
    if row is None:
        raise NotFound
    disable_row(session, row, actor=actor, channel=channel, now=now)


def disable_row(
    session: Session, row: StaffRow, *, actor: Actor, channel: Channel, now: datetime
) -> None:
    """The same for an account that was found already.

    Raises:
        LastOwner: no one else could run the place.
    """
    if not shut(session, row.id, now=now):
        return
    facts = {"staff_id": row.id}
    event = AuditEvent(action=Action.STAFF_DISABLED, actor=actor, channel=channel, facts=facts)
    trail.record(session, [event], now=now)


def shut(session: Session, staff_id: str, *, now: datetime) -> bool:
    """Disable an account, end its sessions, make its mailed links useless; recording is up to you.

    False when it was disabled already.

    Raises:
        NotFound: no such account.
        LastOwner: no one else could run the place.
    """
    row = get_row(session, staff_id)
    if row.disabled_at is not None:
        return False
    ensure_not_last_owner(session, row)
    row.disabled_at = now
    row.link_version += 1
    end_sessions(session, row.id, now)
    session.add(row)
    session.flush()
    return True


def ensure_not_last_owner(session: Session, row: StaffRow) -> None:
    """Refuse to take the last owner from a deployment; locks the owners.

    Raises:
        LastOwner: no one else could run the place.
    """
    owners = (
        select(StaffRow.id)
        .where(StaffRow.role == Role.OWNER, col(StaffRow.disabled_at).is_(None))
        # Not against rows that only refer to an owner: those are written under other locks.
        .with_for_update(key_share=True)
    )
    if row.role is Role.OWNER and session.exec(owners).all() == [row.id]:
        raise LastOwner


def reset_password(
    session: Session,
    *,
    email: str,
    password_hash: str,
    actor: Actor,
    channel: Channel,
    now: datetime,
) -> None:
    """Give an account a new password and end its sessions.

    Raises:
        NotFound: no such account.
    """
    row = find_by_email_key(session, parse_email(email).key)
    if row is None:
        raise NotFound
    row.password_hash, row.password_at = password_hash, now
    row.link_version += 1
    end_sessions(session, row.id, now)
    session.flush()
    facts = {"staff_id": row.id}
    event = AuditEvent(
        action=Action.STAFF_PASSWORD_RESET, actor=actor, channel=channel, facts=facts
    )
    trail.record(session, [event], now=now)


def find_by_email_key(session: Session, email_key: str) -> StaffRow | None:
    """The account that signs in with this address, disabled or not.

    Raises:
        RowNotProven: it is not what the trail says.
    """
    row = session.exec(select(StaffRow).where(StaffRow.email_key == email_key)).first()
    if row is not None:
        recorded.prove(session, "staff", row.id)
    return row


@dataclass(frozen=True, slots=True)
class Reachable:
    """An enabled account: who it is, and where mails to it go."""

    member: StaffMember
    email: str


def find_reachable(session: Session, staff_id: str) -> Reachable | None:
    """The member behind an id with the address for mails, unless gone or disabled.

    Raises:
        RowNotProven: the account is not what the trail says.
    """
    row = session.connection().execute(_BY_ID, {"staff": staff_id}).first()
    if row is None:
        return None
    recorded.prove(session, "staff", staff_id)
    member = StaffMember(
        id=row.id,
        display_name=names.shown_name(row.display_name),
        desk=names.shown_desk(row.desk),
        role=row.role,
        email_key=row.email_key,
    )
    return Reachable(member, row.email)


def find_active(session: Session, staff_id: str) -> StaffMember | None:
    """The member behind an id, unless the account is gone or disabled."""
    found = find_reachable(session, staff_id)
    return None if found is None else found.member


def who_may(session: Session, permission: Permission) -> tuple[Colleague, ...]:
    """Every enabled account that holds `permission`, in the order in which they were added."""
    roles = [role for role, held in PERMISSIONS.items() if permission in held]
    return colleagues(session, roles)


def colleagues(session: Session, roles: Collection[Role]) -> tuple[Colleague, ...]:
    """Every enabled account with one of `roles`, in the order in which they were added.

    An account that is not what the trail says is left out: no mail reaches its forger.
    """
    query = (
        select(StaffRow.id, StaffRow.email, StaffRow.display_name)
        .where(col(StaffRow.role).in_(roles), col(StaffRow.disabled_at).is_(None))
        .order_by(col(StaffRow.id))
    )
    return tuple(
        Colleague(id=found, email=email, name=name)
        for found, email, name in session.exec(query)
        if recorded.is_proven(session, "staff", found)
    )


def is_staff_address(session: Session, email_key: str) -> bool:
    """Whether an enabled account signs in with this address."""
    return session.connection().execute(_BY_ADDRESS, {"key": email_key}).first() is not None


def has_any(session: Session) -> bool:
    """Whether the deployment has a staff account at all."""
    return session.exec(select(StaffRow.id).limit(1)).first() is not None


def member_of(row: StaffRow) -> StaffMember:
    """The actor that a row stands for."""
    return StaffMember(
        id=row.id,
        display_name=names.shown_name(row.display_name),
        desk=names.shown_desk(row.desk),
        role=row.role,
        email_key=row.email_key,
    )


def labels_of(session: Session, ids: Collection[str]) -> dict[str, str]:
    """How people read the names of these members, disabled or not, by id."""
    if not ids:
        return {}
    rows = session.exec(select(StaffRow).where(col(StaffRow.id).in_(set(ids))))
    return {row.id: member_of(row).label for row in rows}


def get_member(session: Session, staff_id: str) -> StaffMember:
    """The member behind an id, disabled or not. Raises NotFound for an unknown one."""
    return member_of(get_row(session, staff_id))


def get_row(session: Session, staff_id: str) -> StaffRow:
    """The row behind an id, disabled or not.

    Raises:
        NotFound: there is none. RowNotProven: it is not what the trail says.
    """
    row = session.get(StaffRow, staff_id)
    if row is None:
        raise NotFound
    recorded.prove(session, "staff", staff_id)
    return row


def history_of(session: Session, staff_id: str) -> AccountHistory:
    """What decides since when an account may be a second person. Raises NotFound."""
    row = get_row(session, staff_id)
    return AccountHistory(
        made_at=row.created_at,
        by_operator=row.by_operator,
        enabled_at=row.enabled_at,
        address_at=row.address_at,
        role_at=row.role_at,
        password_at=row.password_at,
        factors_at=row.factors_at,
    )


def owners(session: Session) -> tuple[Colleague, ...]:
    """Every enabled owner, in the order in which they were added."""
    return colleagues(session, [Role.OWNER])


def end_sessions(session: Session, staff_id: str, now: datetime) -> None:
    """End every session of an account, for good: its epoch is over."""
    row = get_row(session, staff_id)
    row.epoch += 1
    session.add(row)
    session.flush()
    session.connection().execute(
        sa.update(StaffSessionRow)
        .where(col(StaffSessionRow.staff_id) == staff_id, col(StaffSessionRow.ended_at).is_(None))
        .values(ended_at=now)
    )
