"""The words for staff accounts: roles, and a sentence for every way in which an account refuses."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.staff.roles import Role
from upstage_crm.ui.watch_words import WATCH_SENTENCES

ROLE_WORDS: Mapping[Role, str] = {
    Role.OWNER: "Owner",
    Role.MANAGER: "Manager",
    Role.BOX_OFFICE: "Box office",
    Role.MARKETING: "Marketing",
    Role.DEVELOPMENT: "Development",
    Role.PRIVACY_LEAD: "Privacy lead",
    Role.AUDITOR: "Auditor",
    Role.READ_ONLY: "Read only",
}
STAFF_SENTENCES: Mapping[str, str] = {
    "sign_in_refused": "The email address or the password is wrong.",
    "password_too_short": "The password is too short: {minimum} characters at least.",
    "staff_name_missing": "Enter a name.",
    "staff_email_taken": "Another staff account uses this address.",
    "last_owner": "The last owner cannot be disabled.",
    **WATCH_SENTENCES,
}
"""Part of `copy.SENTENCES`, which holds every code."""
