"""The words for staff accounts: roles, and a sentence for every way in which an account refuses."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.staff.roles import Role
from upstage_crm.wording.limits import WATCH_SENTENCES

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
_KEEPS_NOTES = (
    "Looks at patrons and requests; edits tags, notes and preferences. "
    "Cannot propose changes or see the mailbox."
)
ROLE_HINTS: Mapping[Role, str] = {
    Role.OWNER: "Everything: the team, the rules, the settings.",
    Role.MANAGER: (
        "All of the desk’s work, and every second step: release, confirm, clear. "
        "Cannot erase records, or change the team, the rules or the settings."
    ),
    Role.BOX_OFFICE: (
        "Looks up and adds patrons, proposes changes, identifies patrons at the desk. "
        "Cannot take second steps, or see the audit trail, the team or the settings."
    ),
    Role.MARKETING: _KEEPS_NOTES,
    Role.DEVELOPMENT: _KEEPS_NOTES,
    Role.PRIVACY_LEAD: (
        "As a manager; erases records too. Cannot change the team, the rules or the settings."
    ),
    Role.AUDITOR: "Looks at everything that proves what happened; changes nothing.",
    Role.READ_ONLY: "Looks at patrons and requests; changes nothing.",
}
STAFF_SENTENCES: Mapping[str, str] = {
    "sign_in_refused": "The email address or the password is wrong.",
    "password_too_short": "The password is too short: {minimum} characters at least.",
    "password_too_long": "The password is too long: {maximum} characters at most.",
    "password_too_easy": "Too easy to guess: {hint}. Choose another one.",
    "password_wrong": "This is not your password.",
    "second_factor_refused": "That code didn’t work. Wait for a new code and try again.",
    "passkey_refused": "This passkey was not accepted. Try again, or use a code.",
    "passwords_busy": (
        "Many people are signing in right now. Wait {seconds} seconds, then try again."
    ),
    "too_many_tries": "Too many attempts. Wait {minutes} minutes, then try again.",
    "own_account": "This is your own account. Ask a colleague to do it.",
    "staff_link_dead": "This link no longer works. Ask for a new one.",
    "invitation_open": "This address is invited already. Send that invitation again instead.",
    "invitation_over": "This invitation was accepted or withdrawn.",
    "second_factor_exists": "This account has an authenticator app. Remove it first.",
    "second_factor_needed": "Your role needs a second factor. Add another one first.",
    "too_many_passkeys": "This account has {limit} passkeys. Remove one first.",
    "staff_name_missing": "Enter a name.",
    "view_name_missing": "Give the view a name.",
    "not_your_view": "A colleague saved this view. Only they or a manager can remove it.",
    "too_many_views": "You have saved {limit} views of this list. Remove one first.",
    "staff_name_character": "Use letters only: “{character}” cannot be part of a name here.",
    "staff_name_address": "This looks like a web address. Put a space after the dot.",
    "staff_email_taken": "Another staff account uses this address.",
    "last_owner": "There must be an owner: make someone else an owner first.",
    **WATCH_SENTENCES,
}
"""Part of `sentences.SENTENCES`, which holds every code."""
