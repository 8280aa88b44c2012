"""How staff accounts refuse.

UpstageError
├── Invalid
│   ├── PasswordTooShort     facts: `minimum`
│   └── NameMissing
├── Forbidden
│   └── SignInRefused        one answer for every cause: unknown, wrong, disabled
└── Conflict
    ├── StaffEmailTaken
    └── LastOwner            the last owner stays
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Forbidden, Invalid


class PasswordTooShort(Invalid):
    """The password has fewer characters than we accept. Facts: `minimum`."""

    code = "password_too_short"


class NameMissing(Invalid):
    """A staff member needs a display name."""

    code = "staff_name_missing"


class SignInRefused(Forbidden):
    """The name or the password is wrong, or the account is disabled; we never say which."""

    code = "sign_in_refused"


class StaffEmailTaken(Conflict):
    """Another staff account signs in with this address."""

    code = "staff_email_taken"


class LastOwner(Conflict):
    """The last owner cannot be disabled."""

    code = "last_owner"
