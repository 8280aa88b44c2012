"""Members who join or come to be able to do more: each time every owner is told by mail.

The rows are `staff`'s; what is told here gives an honest owner a week to object, because an
account that was changed is no one's second person for so long (`staff.account_history`).
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from upstage_crm.audit.events import Actor, Channel
from upstage_crm.staff import accounts, member_admin
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.team import owner_notices
from upstage_crm.team.mails import AccountMailer


def join(
    session: Session,
    *,
    email: str,
    display_name: str,
    desk: str,
    role: Role,
    password_hash: str,
    actor: Actor,
    channel: Channel,
    post: AccountMailer,
    now: datetime,
) -> str:
    """Add a member, tell every owner, and return the member's id.

    Raises:
        As `accounts.add`.
    """
    staff_id = accounts.add(
        session,
        email=email,
        display_name=display_name,
        desk=desk,
        role=role,
        password_hash=password_hash,
        actor=actor,
        channel=channel,
        now=now,
    )
    by = "The operator added them." if channel is Channel.COMMAND_LINE else "They were invited."
    _tell(session, post, staff_id, "has joined the team", f"{by} Their role: {{role}}.", now)
    return staff_id


def change_role(
    session: Session,
    *,
    actor: StaffMember,
    staff_id: str,
    role: Role,
    post: AccountMailer,
    now: datetime,
) -> None:
    """Give a member another role, and tell every owner; nothing when it was theirs already.

    Raises:
        As `staff.member_admin.change_role`.
    """
    if member_admin.change_role(session, actor=actor, staff_id=staff_id, role=role, now=now):
        said = f"{actor.label} gave them a new role: {{role}}."
        _tell(session, post, staff_id, "has a new role", said, now)


def enable(
    session: Session, *, actor: StaffMember, staff_id: str, post: AccountMailer, now: datetime
) -> None:
    """Let a disabled member sign in again, and tell every owner.

    Raises:
        As `staff.member_admin.enable`.
    """
    if member_admin.enable(session, actor=actor, staff_id=staff_id, now=now):
        said = f"{actor.label} enabled their account. Their role: {{role}}."
        _tell(session, post, staff_id, "can sign in again", said, now)


def remove_factors(
    session: Session, *, actor: StaffMember, staff_id: str, post: AccountMailer, now: datetime
) -> None:
    """Remove the second factors of a member who lost them, and tell every owner.

    Raises:
        As `staff.member_admin.take_factors`.
    """
    member_admin.take_factors(session, actor=actor, staff_id=staff_id, now=now)
    said = f"{actor.label} removed their second factors. Their role: {{role}}."
    _tell(session, post, staff_id, "no longer has a second factor", said, now)


def _tell(
    session: Session, post: AccountMailer, staff_id: str, what: str, said: str, now: datetime
) -> None:
    member = accounts.get_member(session, staff_id)
    role = member.role.value.replace("_", " ")
    owner_notices.tell(
        session,
        post,
        subject=f"{member.display_name} {what}",
        lines=[
            f"{member.label} ({member.email_key}) {what}. {said.format(role=role)}",
            "Was this not agreed? Disable the account, and talk to the other owners.",
        ],
        key=f"member/{staff_id}/{what.replace(' ', '_')}/{now.isoformat()}",
        button="Open the team",
        path="/team/",
        now=now,
        besides=staff_id,
    )
