"""A test email: an owner sees that the CRM's email arrives before a patron needs it."""

from __future__ import annotations

from sqlmodel import Session

from upstage_crm.mail import queries
from upstage_crm.mail.queries import MailSummary
from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.team.mails import AccountMailer, notice_key

_TEST = "test"


def send(context: StaffContext[AccountMailer]) -> None:
    """Queue a test email to the owner who asks; one a minute, however often it is asked for.

    Raises:
        Forbidden: the actor may not edit settings.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.EDIT_SETTINGS)
    context.notifier.notice(
        session,
        to=accounts.get_row(session, actor.id).email,
        staff_id=actor.id,
        greeting=actor.display_name,
        subject="this is a test email",
        lines=[
            "You can read this, so email from your CRM arrives.",
            "Check the sender’s name, the phone number and the postal address: patrons see them.",
        ],
        key=f"{_TEST}/{now:%Y%m%d%H%M}",
        button="Back to the set-up",
        path="/settings/?tab=set-up",
        now=now,
    )


def newest(session: Session, staff_id: str) -> MailSummary | None:
    """The newest test email to a staff member; None when none was sent."""
    return queries.newest_with_key(session, notice_key(staff_id, f"{_TEST}/"))
