"""A new password: by a mailed link for who forgot it, or on one's own page."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, select

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.mail import outbox
from upstage_crm.mail.message import MailKind
from upstage_crm.staff import accounts
from upstage_crm.staff.accounts import member_of
from upstage_crm.staff.auth import sessions
from upstage_crm.staff.auth.sessions import SignedIn
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.staff.errors import StaffLinkDead
from upstage_crm.staff.roles import StaffMember
from upstage_crm.staff.tables import StaffRow
from upstage_crm.team.mails import AccountMailer, letter_key

LIFE = timedelta(minutes=30)  # OWASP's forgot-password sheet: short, and used once


def send_link(context: CommandContext[AccountMailer], *, email: str) -> bool:
    """Mail a link to set a new password if the address has an account; False: nothing was sent.

    The caller answers alike in both cases. An older link is dead.
    """
    session, now = context.session, context.now
    try:
        row = accounts.find_by_email_key(session, parse_email(email).key)
    except InvalidEmail:
        return False
    if row is None or row.disabled_at is not None:
        return False
    row.link_version += 1
    session.add(row)
    session.flush()
    outbox.cancel_letters(session, key=letter_key(MailKind.STAFF_PASSWORD_LINK, row.id), now=now)
    context.notifier.link(
        session,
        MailKind.STAFF_PASSWORD_LINK,
        purpose=Purpose.PASSWORD,
        subject_id=row.id,
        version=row.link_version,
        to=row.email,
        staff_id=row.id,
        greeting=member_of(row).display_name,
        subject="set a new password",
        headline="Set a new password",
        lines=[
            "Someone asked for a new password for your account.",
            "Your second factor stays as it is, and you need it to sign in.",
        ],
        expires_at=now + LIFE,
        now=now,
    )
    _note(context, Action.STAFF_RESET_ASKED, member_of(row))
    return True


def of_link(session: Session, claims: LinkClaims, *, now: datetime) -> StaffMember:
    """Whose password a link sets; reading it changes nothing.

    Raises:
        StaffLinkDead: for every cause, without saying which.
    """
    return member_of(_row_of(session, claims, now))


def set_by_link(
    context: CommandContext[AccountMailer], claims: LinkClaims, *, password_hash: str
) -> str:
    """Set a new password by a mailed link; every session ends. Return the member's id.

    Raises:
        StaffLinkDead.
    """
    row = _row_of(context.session, claims, context.now)
    accounts.end_sessions(context.session, row.id, context.now)
    _set(context, row, password_hash)
    return row.id


def change(
    context: CommandContext[AccountMailer], signed_in: SignedIn, *, password_hash: str
) -> None:
    """Set a new password for a member who proved the old one; every other session ends."""
    row = accounts.get_row(context.session, signed_in.member.id)
    _set(context, row, password_hash)
    sessions.end_others(context.session, signed_in, now=context.now)


def _set(context: CommandContext[AccountMailer], row: StaffRow, password_hash: str) -> None:
    session, now = context.session, context.now
    row.password_hash, row.password_at = password_hash, now
    row.link_version += 1
    session.add(row)
    session.flush()
    context.notifier.notice(
        session,
        to=row.email,
        staff_id=row.id,
        greeting=member_of(row).display_name,
        subject="your password was changed",
        lines=["The password of your account was changed just now."],
        key=f"password/{row.link_version}",
        now=now,
    )
    _note(context, Action.STAFF_PASSWORD_CHANGED, member_of(row))


def _row_of(session: Session, claims: LinkClaims, now: datetime) -> StaffRow:
    query = select(StaffRow).where(StaffRow.id == claims.request_id)
    row = session.exec(query.with_for_update()).first()
    if row is not None:
        recorded.prove(session, "staff", row.id)
    if (
        claims.purpose is not Purpose.PASSWORD
        or row is None
        or row.disabled_at is not None
        or row.link_version != claims.version
        or claims.is_expired(now)
    ):
        raise StaffLinkDead
    return row


def _note(context: CommandContext[object], action: Action, member: StaffMember) -> None:
    event = AuditEvent(
        action=action,
        actor=member.as_actor(),
        channel=Channel.CRM,
        facts={"staff_id": member.id},
    )
    trail.record(context.session, [event], now=context.now)
