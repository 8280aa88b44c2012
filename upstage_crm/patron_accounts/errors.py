"""How a patron's sign-in is refused.

Conflict
├── AccountWaits
└── SignInOver
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict


class AccountWaits(Conflict):
    """A change of the record may still be put back, so it may not be this person's."""

    code = "account_waits"


class SignInOver(Conflict):
    """The code or the link counts no more, for whatever cause: one refusal tells nothing."""

    code = "account_sign_in_over"
