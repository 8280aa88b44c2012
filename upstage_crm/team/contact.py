"""The organisation's details as an owner changes them: every owner hears of a way to reach people.

Patrons call the phone number of a mail, answer it, or write to its address. A thief with these
takes over what patrons say, so no owner does it alone in silence.
"""

from __future__ import annotations

from upstage_crm.organisation import settings
from upstage_crm.organisation.details import CONTACT, OrganisationDetails
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.team import owner_notices
from upstage_crm.team.mails import AccountMailer

_LABELS = {
    "desk_phone": "Phone number",
    "reply_to": "Reply-to address",
    "postal_address": "Postal address",
}


def changed_contact(before: OrganisationDetails, after: OrganisationDetails) -> tuple[str, ...]:
    """The names of the contact details that differ."""
    return tuple(name for name in CONTACT if getattr(before, name) != getattr(after, name))


def change(
    context: StaffContext[AccountMailer], *, proposed: OrganisationDetails
) -> OrganisationDetails:
    """Store details and return them; every owner is told of each contact detail that is new.

    Raises:
        As `organisation.settings.change`.
    """
    by, before = context.actor.label, settings.details(context.session)
    stored = settings.change(context, proposed=proposed)
    if changed := changed_contact(before, stored):
        owner_notices.tell(
            context,
            subject="contact details were changed",
            lines=[
                f"{by} changed how patrons reach {stored.name}. Every email shows it.",
                *(_line(name, before, stored) for name in changed),
                "Was this not agreed? Change it back under Settings, and talk to the other owners.",
            ],
            key=f"contact/{context.now.isoformat()}",
            button="Open the settings",
            path="/settings/",
        )
    return stored


def _line(name: str, before: OrganisationDetails, after: OrganisationDetails) -> str:
    old, new = (", ".join(str(getattr(one, name)).splitlines()) for one in (before, after))
    return f"{_LABELS[name]}: now {new}, before {old}."
