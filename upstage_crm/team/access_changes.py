"""Members who join or come to be able to do more: each time every owner is told by mail.

The rows are `staff`'s; what is told here gives an honest owner a week to object, because an
account that was changed is no one's second person for so long (`staff.account_history`).
"""

from __future__ import annotations

from upstage_crm.audit.events import Actor, Channel
from upstage_crm.staff import accounts, member_admin
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Role
from upstage_crm.team import owner_notices
from upstage_crm.team.mails import AccountMailer


def join(
    context: CommandContext[AccountMailer],
    *,
    email: str,
    display_name: str,
    desk: str,
    role: Role,
    password_hash: str,
    actor: Actor,
    channel: Channel,
) -> str:
    """Add a member, tell every owner, and return the member's id.

    Raises:
        As `accounts.add`.
    """
    staff_id = accounts.add(
        context.session,
        email=email,
        display_name=display_name,
        desk=desk,
        role=role,
        password_hash=password_hash,
        actor=actor,
        channel=channel,
        now=context.now,
    )
    by = "The operator added them." if channel is Channel.COMMAND_LINE else "They were invited."
    _tell(context, staff_id, "has joined the team", f"{by} Their role: {{role}}.")
    return staff_id


def change_role(context: StaffContext[AccountMailer], *, staff_id: str, role: Role) -> None:
    """Give a member another role, and tell every owner; nothing when it was theirs already.

    Raises:
        As `staff.member_admin.change_role`.
    """
    if member_admin.change_role(context, staff_id=staff_id, role=role):
        said = f"{context.actor.label} gave them a new role: {{role}}."
        _tell(context, staff_id, "has a new role", said)


def enable(context: StaffContext[AccountMailer], *, staff_id: str) -> None:
    """Let a disabled member sign in again, and tell every owner.

    Raises:
        As `staff.member_admin.enable`.
    """
    if member_admin.enable(context, staff_id=staff_id):
        said = f"{context.actor.label} enabled their account. Their role: {{role}}."
        _tell(context, staff_id, "can sign in again", said)


def remove_factors(context: StaffContext[AccountMailer], *, staff_id: str) -> None:
    """Remove the second factors of a member who lost them, and tell every owner.

    Raises:
        As `staff.member_admin.take_factors`.
    """
    member_admin.take_factors(context, staff_id=staff_id)
    said = f"{context.actor.label} removed their second factors. Their role: {{role}}."
    _tell(context, staff_id, "no longer has a second factor", said)


def _tell(context: CommandContext[AccountMailer], staff_id: str, what: str, said: str) -> None:
    member = accounts.get_member(context.session, staff_id)
    role = member.role.value.replace("_", " ")
    owner_notices.tell(
        context,
        subject=f"{member.display_name} {what}",
        lines=[
            f"{member.label} ({member.email_key}) {what}. {said.format(role=role)}",
            "Was this not agreed? Disable the account, and talk to the other owners.",
        ],
        key=f"member/{staff_id}/{what.replace(' ', '_')}/{context.now.isoformat()}",
        button="Open the team",
        path="/team/",
        besides=staff_id,
    )
