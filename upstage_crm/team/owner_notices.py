"""Tells every owner what could be used against all of them: no one does it unseen."""

from __future__ import annotations

from collections.abc import Sequence

from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.team.mails import AccountMailer


def tell(
    context: CommandContext[AccountMailer],
    *,
    subject: str,
    lines: Sequence[str],
    key: str,
    button: str,
    path: str,
    besides: str = "",
) -> None:
    """Queue a notice to every enabled owner, the one who acts included; one `key`, one mail.

    `besides` is the id of the member whom it is about, and who is no witness of it.
    """
    for owner in accounts.owners(context.session):
        if owner.id == besides:
            continue
        context.notifier.notice(
            context.session,
            to=owner.email,
            staff_id=owner.id,
            greeting=accounts.get_member(context.session, owner.id).display_name,
            subject=subject,
            lines=lines,
            key=key,
            button=button,
            path=path,
            now=context.now,
        )
