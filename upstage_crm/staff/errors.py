"""How staff accounts refuse.

UpstageError
├── Invalid
│   ├── PasswordTooShort     facts: `minimum`
│   ├── PasswordTooLong      facts: `maximum`
│   ├── PasswordTooEasy      facts: `hint`
│   ├── PasswordWrong        the current one, asked for again
│   ├── NameMissing
│   ├── ViewNameMissing
│   ├── NameRefused          a character that no name has; facts: `character`
│   ├── NameWithAddress      a part of it reads as an address on the internet
│   └── SecondFactorRefused  one answer for every cause: wrong, used, expired
│       └── PasskeyRefused
├── Forbidden
│   ├── SignInRefused        one answer for every cause: unknown, wrong, disabled
│   ├── TooManyTries         facts: `minutes`
│   ├── NotYourView          a colleague named it
│   ├── OwnAccount           no one changes their own role or disables themselves
│   └── StaffLinkDead        one answer for every cause: unknown, used, withdrawn, expired
├── Conflict
│   ├── StaffEmailTaken
│   ├── InvitationOpen       a colleague invited that address already
│   ├── InvitationOver       accepted or withdrawn
│   ├── LastOwner            the last owner stays
│   ├── FactorExists         the account has an authenticator app
│   ├── SecondFactorNeeded   the role asks for one, so the last one stays
│   ├── TooManyPasskeys      facts: `limit`
│   └── TooManyViews         facts: `limit`
└── Busy
    └── PasswordsBusy        facts: `seconds`
"""

from __future__ import annotations

from upstage_crm.core.errors import Busy, Conflict, Forbidden, Invalid


class PasswordTooShort(Invalid):
    """The password has fewer characters than we accept. Facts: `minimum`."""

    code = "password_too_short"


class PasswordTooLong(Invalid):
    """The password has more characters than we hash. Facts: `maximum`."""

    code = "password_too_long"


class PasswordTooEasy(Invalid):
    """The password stands in lists of stolen ones, or is built from one. Facts: `hint`."""

    code = "password_too_easy"


class PasswordWrong(Invalid):
    """The password that was asked for again is not the account's."""

    code = "password_wrong"


class NameMissing(Invalid):
    """A staff member needs a display name."""

    code = "staff_name_missing"


class NameRefused(Invalid):
    """The name of a member or desk holds a character that no name has. Facts: `character`."""

    code = "staff_name_character"


class NameWithAddress(Invalid):
    """A part of the name of a member or desk reads as an address on the internet."""

    code = "staff_name_address"


class SecondFactorRefused(Invalid):
    """The code is wrong, was used already or belongs to another moment; we never say which."""

    code = "second_factor_refused"


class PasskeyRefused(SecondFactorRefused):
    """The passkey did not sign this challenge for this site."""

    code = "passkey_refused"


class SignInRefused(Forbidden):
    """The name or the password is wrong, or the account is disabled; we never say which."""

    code = "sign_in_refused"


class TooManyTries(Forbidden):
    """Too many wrong passwords from here lately. Facts: `minutes` to wait, rounded up."""

    code = "too_many_tries"


class OwnAccount(Forbidden):
    """No one changes their own role, and no one disables their own account."""

    code = "own_account"


class StaffLinkDead(Forbidden):
    """The link of a mail to staff is not one of ours, was used, was withdrawn, or is too old."""

    code = "staff_link_dead"


class StaffEmailTaken(Conflict):
    """Another staff account signs in with this address."""

    code = "staff_email_taken"


class InvitationOpen(Conflict):
    """A colleague has invited this address already."""

    code = "invitation_open"


class InvitationOver(Conflict):
    """The invitation was accepted or withdrawn."""

    code = "invitation_over"


class LastOwner(Conflict):
    """The last owner can neither be disabled nor become something else."""

    code = "last_owner"


class FactorExists(Conflict):
    """The account has an authenticator app already."""

    code = "second_factor_exists"


class SecondFactorNeeded(Conflict):
    """The member's role asks for a second factor, so the last one stays."""

    code = "second_factor_needed"


class TooManyPasskeys(Conflict):
    """The account has as many passkeys as it may. Facts: `limit`."""

    code = "too_many_passkeys"


class ViewNameMissing(Invalid):
    """A view of a list needs a name."""

    code = "view_name_missing"


class NotYourView(Forbidden):
    """A colleague named the view, so it is not this member's to remove."""

    code = "not_your_view"


class TooManyViews(Conflict):
    """The member has named as many views of this list as one may. Facts: `limit`."""

    code = "too_many_views"


class PasswordsBusy(Busy):
    """Too many passwords are being checked at once. Facts: `seconds` after which to try again."""

    code = "passwords_busy"
