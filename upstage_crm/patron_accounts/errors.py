"""How a patron's sign-in is refused.

Conflict
└── SignInOver
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict


class SignInOver(Conflict):
    """The code or the link counts no more, for whatever cause: one refusal tells nothing."""

    code = "account_sign_in_over"
