"""Invitations to the team: a mail with a link that makes one account, once, within seven days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, Actor, ActorKind, AuditEvent, Channel
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.errors import NotFound
from upstage_crm.core.ids import new_id
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.mail import outbox
from upstage_crm.mail.message import MailKind
from upstage_crm.organisation import settings
from upstage_crm.patrons import suppressions
from upstage_crm.staff import accounts, names
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.errors import (
    InvitationOpen,
    InvitationOver,
    StaffEmailTaken,
    StaffLinkDead,
)
from upstage_crm.staff.roles import Permission, Role, ensure_may
from upstage_crm.staff.tables import StaffInvitationRow
from upstage_crm.team import access_changes
from upstage_crm.team.mails import AccountMailer, letter_key

LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation that is open, as the team page and the invited person see it."""

    id: str
    email: str
    display_name: str
    desk: str
    role: Role
    invited_label: str
    sent_at: datetime
    expires_at: datetime

    def is_expired(self, now: datetime) -> bool:
        """Whether its link is too old; sending it again makes a new one."""
        return now >= self.expires_at


def invite(
    context: StaffContext[AccountMailer], *, email: str, display_name: str, desk: str, role: Role
) -> str:
    """Invite a colleague by email and return the invitation's id.

    Raises:
        Forbidden; InvalidEmail; what `names` raises.
        StaffEmailTaken: the address has an account; InvitationOpen: it is invited already.
        AddressSuppressed: its reader has asked for no more mail.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.MANAGE_TEAM)
    address = parse_email(email)
    name, at_desk = names.parse_name(display_name), names.parse_desk(desk)
    if accounts.find_by_email_key(session, address.key) is not None:
        raise StaffEmailTaken
    suppressions.ensure_none(session, address.key)
    row = StaffInvitationRow(
        id=new_id(now),
        email=address.stored,
        email_key=address.key,
        display_name=name,
        desk=at_desk,
        role=role,
        invited_by=actor.id,
        invited_label=actor.label,
        created_at=now,
        sent_at=now,
        expires_at=now + LIFE,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise InvitationOpen from error
    _send(context, row)
    _note(context, Action.STAFF_INVITED, actor.as_actor(), row, email=row.email)
    return row.id


def resend(context: StaffContext[AccountMailer], *, invitation_id: str) -> None:
    """Send an invitation again with a new link and seven new days; the old link is dead.

    Raises:
        Forbidden, NotFound; InvitationOver: accepted or withdrawn.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.MANAGE_TEAM)
    row = _open(session, invitation_id)
    row.version += 1
    row.sent_at, row.expires_at = now, now + LIFE
    session.add(row)
    session.flush()
    _send(context, row)
    _note(context, Action.INVITATION_RESENT, actor.as_actor(), row)


def withdraw(context: StaffContext[object], *, invitation_id: str) -> None:
    """Take an invitation back; its link is dead.

    Raises:
        Forbidden, NotFound; InvitationOver.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.MANAGE_TEAM)
    row = _open(session, invitation_id)
    row.withdrawn_at = now
    session.add(row)
    session.flush()
    outbox.cancel_letters(session, key=_key(row), now=now)
    _note(context, Action.INVITATION_WITHDRAWN, actor.as_actor(), row)


def still_open(session: Session) -> tuple[Invitation, ...]:
    """The open invitations, the newest first; expired ones included."""
    query = (
        select(StaffInvitationRow)
        .where(
            col(StaffInvitationRow.accepted_at).is_(None),
            col(StaffInvitationRow.withdrawn_at).is_(None),
        )
        .order_by(col(StaffInvitationRow.sent_at).desc())
    )
    return tuple(_seen(row) for row in session.exec(query))


def of_link(session: Session, claims: LinkClaims, *, now: datetime) -> Invitation:
    """The invitation that a link opens; reading it changes nothing.

    Raises:
        StaffLinkDead: for every cause, without saying which.
    """
    return _seen(_row_of(session, claims, now))


def accept(
    context: CommandContext[AccountMailer],
    claims: LinkClaims,
    *,
    display_name: str,
    password_hash: str,
) -> str:
    """Make the account that an invitation is for, and return its id; every owner is told.

    The invited person may spell their own name; role and address are as invited.

    Raises:
        StaffLinkDead; what `names` raises; StaffEmailTaken: an account was made meanwhile.
    """
    session, now = context.session, context.now
    row = _row_of(session, claims, now)
    actor = Actor(ActorKind.STAFF, names.shown_name(row.display_name))
    staff_id = access_changes.join(
        context,
        email=row.email,
        display_name=display_name,
        desk=names.shown_desk(row.desk),
        role=row.role,
        password_hash=password_hash,
        actor=actor,
        channel=Channel.CRM,
    )
    row.accepted_at, row.staff_id = now, staff_id
    session.add(row)
    session.flush()
    _note(context, Action.INVITATION_ACCEPTED, actor, row)
    return staff_id


def _row_of(session: Session, claims: LinkClaims, now: datetime) -> StaffInvitationRow:
    row = _lock(session, claims.request_id)
    if (
        claims.purpose is not Purpose.INVITATION
        or row is None
        or row.version != claims.version
        or row.accepted_at is not None
        or row.withdrawn_at is not None
        or now >= row.expires_at
    ):
        raise StaffLinkDead
    return row


def _open(session: Session, invitation_id: str) -> StaffInvitationRow:
    row = _lock(session, invitation_id)
    if row is None:
        raise NotFound
    if row.accepted_at is not None or row.withdrawn_at is not None:
        raise InvitationOver
    return row


def _lock(session: Session, invitation_id: str) -> StaffInvitationRow | None:
    query = select(StaffInvitationRow).where(StaffInvitationRow.id == invitation_id)
    row = session.exec(query.with_for_update()).first()
    if row is not None:
        recorded.prove(session, "staff_invitation", invitation_id)
    return row


def _send(context: CommandContext[AccountMailer], row: StaffInvitationRow) -> None:
    session, now = context.session, context.now
    outbox.cancel_letters(session, key=_key(row), now=now)
    name = settings.details(session).name
    role, by = row.role.value.replace("_", " "), names.label_for_patrons(row.invited_label, str)
    context.notifier.link(
        session,
        MailKind.STAFF_INVITATION,
        purpose=Purpose.INVITATION,
        subject_id=row.id,
        version=row.version,
        to=row.email,
        staff_id=None,
        greeting=names.shown_name(row.display_name),
        subject="join the team",
        headline="You are invited",
        lines=[f"{by} invites you to the CRM of {name}. Your role: {role}."],
        expires_at=row.expires_at,
        now=now,
    )


def _key(row: StaffInvitationRow) -> str:
    return letter_key(MailKind.STAFF_INVITATION, row.id)


def _seen(row: StaffInvitationRow) -> Invitation:
    return Invitation(
        id=row.id,
        email=row.email,
        display_name=names.shown_name(row.display_name),
        desk=names.shown_desk(row.desk),
        role=row.role,
        invited_label=names.shown_label(row.invited_label),
        sent_at=row.sent_at,
        expires_at=row.expires_at,
    )


def _note(
    context: CommandContext[object],
    action: Action,
    actor: Actor,
    row: StaffInvitationRow,
    *,
    email: str | None = None,
) -> None:
    event = AuditEvent(
        action=action,
        actor=actor,
        channel=Channel.CRM,
        facts={"invitation": row.id, "role": row.role.value},
        values={} if email is None else {"staff.email": email},
    )
    trail.record(context.session, [event], now=context.now)
