"""What a signed link says, and how a link is refused.

A token carries no personal data and decides nothing by itself: the row it points to decides.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from upstage_crm.core.errors import UpstageError

KEY_LENGTH = 12  # characters of `jti` that name the cookie; 12 of base64url are 72 bits
REQUIRED = ("iss", "aud", "sub", "purpose", "reviewer", "ver", "jti", "iat", "exp")


class Purpose(StrEnum):
    """What a link is for. A token for one purpose is refused everywhere else."""

    DECISION = "decision"
    OBJECTION = "objection"
    RECEIPT = "receipt"
    INVITATION = "invitation"
    CHOICE = "choice"
    PASSWORD = "password"  # noqa: S105  # a purpose, not a password
    ORDER = "order"
    ORDERS = "orders"
    TRANSFER = "transfer"
    SEAT_MOVE = "seat_move"
    SIGN_IN = "sign_in"
    OWN_CHANGE = "own_change"
    WAITING = "waiting"


FOR_STAFF = frozenset({Purpose.INVITATION, Purpose.PASSWORD})
"""What opens something of a staff account; `request_id` is then an invitation's or a member's."""
FOR_ORDERS = frozenset({Purpose.ORDER, Purpose.ORDERS})
"""What opens an order, or all that were bought with its address; `request_id` is the order's."""


BY_DIGITS = frozenset({Purpose.SIGN_IN, Purpose.OWN_CHANGE})
"""What a code of six digits is typed for, within minutes, in the browser that asked."""


class Reviewer(StrEnum):
    """Which mailbox a link was sent to."""

    PROPOSED = "proposed"
    CURRENT = "current"


class LinkRefused(UpstageError):
    """The link is not one of ours, or not for this. One code for every cause, on purpose."""

    code = "link_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClaims:
    """The claims of one signed link.

    `kid` names the key that signs it, frozen so that a retry signs the same bytes. `version` must
    equal the request's `link_version`; raising that revokes every link sent before.
    """

    request_id: str
    purpose: Purpose
    reviewer: Reviewer
    version: int
    jti: str
    issued_at: datetime
    expires_at: datetime
    kid: str

    @property
    def key(self) -> str:
        """The short name of the link: part of its cookie's name and of `?link=`."""
        return self.jti[:KEY_LENGTH]

    def is_expired(self, now: datetime) -> bool:
        """Whether the link's own life is over at `now`."""
        return now >= self.expires_at

    def to_json(self) -> dict[str, Any]:
        """The claims as plain JSON values, for the outbox row."""
        return {
            "kid": self.kid,
            "sub": self.request_id,
            "purpose": self.purpose.value,
            "reviewer": self.reviewer.value,
            "ver": self.version,
            "jti": self.jti,
            "iat": int(self.issued_at.timestamp()),
            "exp": int(self.expires_at.timestamp()),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LinkClaims:
        """The reverse of `to_json`. Raises LinkRefused when a claim is missing or malformed."""
        try:
            if not isinstance(data["jti"], str) or len(data["jti"]) < KEY_LENGTH:
                raise LinkRefused
            # `type`, not `isinstance`: true is a whole number to Python.
            if type(data["ver"]) is not int or not isinstance(data["sub"], str):
                raise LinkRefused
            return cls(
                request_id=data["sub"],
                purpose=Purpose(data["purpose"]),
                reviewer=Reviewer(data["reviewer"]),
                version=data["ver"],
                jti=data["jti"],
                issued_at=datetime.fromtimestamp(data["iat"], UTC),
                expires_at=datetime.fromtimestamp(data["exp"], UTC),
                kid=str(data["kid"]),
            )
        except (KeyError, ValueError, TypeError, OverflowError, OSError) as error:
            raise LinkRefused from error


def new_jti() -> str:
    """A fresh, unguessable link id: 16 random bytes in base64url."""
    return secrets.token_urlsafe(16)
