"""What an owner does before the first patron is asked, and what of it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from upstage_crm.core import when
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.queries import MailSummary
from upstage_crm.organisation.details import FIRST_PHONE, OrganisationDetails
from upstage_crm.staff.member_admin import TeamMember
from upstage_crm.wording.mails import delivery_key, delivery_note

_ARRIVES = frozenset({MailState.SENT.value, MailState.CAPTURED.value, "delivered"})


@dataclass(frozen=True)
class SetupStep:
    """One step. `act` leads to `href`; without one the page has a button of its own for it."""

    title: str = ""
    why: str = ""
    is_done: bool = False
    note: str = ""
    act: str = ""
    href: str = ""


def setup_steps(
    details: OrganisationDetails,
    members: Sequence[TeamMember],
    test: MailSummary | None,
    *,
    has_factor: bool,
    now: datetime,
    time_zone: tzinfo,
) -> list[SetupStep]:
    """The steps, in the order in which they are best done."""
    colleagues = [member for member in members if not member.is_disabled]
    return [
        SetupStep(
            title="Enter your organisation’s details",
            why="Every email and every patron page shows them.",
            is_done=details.desk_phone != FIRST_PHONE,
            act="Edit details",
            href="/settings/",
        ),
        SetupStep(
            title="Send yourself a test email",
            why="It shows that our email reaches a mailbox, and what patrons will see.",
            is_done=test is not None and delivery_key(test) in _ARRIVES,
            note=_told(test, now, time_zone),
        ),
        SetupStep(
            title="Add a second factor to your account",
            why="An owner’s account can change the rules for everyone.",
            is_done=has_factor,
            act="Open your account",
            href="/account/",
        ),
        SetupStep(
            title="Invite a colleague",
            why="Some steps take two people.",
            is_done=len(colleagues) > 1,
            act="Open the team",
            href="/team/",
        ),
    ]


def _told(test: MailSummary | None, now: datetime, time_zone: tzinfo) -> str:
    """What became of the newest test email."""
    if test is None:
        return ""
    note = delivery_note(test, now=now, time_zone=time_zone)
    sent = when.ago(test.created_at, now=now, time_zone=time_zone)
    return note or f"Last sent to {test.to_address}, {sent}."
