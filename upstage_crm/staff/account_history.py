"""Since when an account may take the second step of two people. Pure.

A second person must really be another person. An owner can make an account, change its role or
remove its factors, and a thief can change a password: so an account that was touched lately is
no one's second, and every owner has had a week to notice the mail about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

REST = timedelta(days=7)  # how long an account has to be left as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHistory:
    """When the account was made and what was changed of it last; None for what never was.

    `by_operator` says that the operator made it on the command line. Such an account counts at
    once: who has the server needs no second account to get around a colleague.
    """

    made_at: datetime
    by_operator: bool
    enabled_at: datetime | None = None
    address_at: datetime | None = None
    role_at: datetime | None = None
    password_at: datetime | None = None
    factors_at: datetime | None = None


def settled_at(history: AccountHistory) -> datetime:
    """The instant from which the account may be second."""
    made = history.made_at if history.by_operator else history.made_at + REST
    changes = (
        history.enabled_at,
        history.address_at,
        history.role_at,
        history.password_at,
        history.factors_at,
    )
    return max([made, *(at + REST for at in changes if at is not None)])
