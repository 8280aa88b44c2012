"""Password hashing: argon2id with the library's own parameters (RFC 9106, low-memory profile)."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from upstage_crm.staff.errors import PasswordTooShort

MINIMUM_LENGTH = 12  # NIST SP 800-63B-4 asks 15 without, 8 with a second factor; we sit between
MAXIMUM_LENGTH = 256  # bounds the work an outsider can ask for

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password`; takes tens of milliseconds, on purpose.

    Raises:
        PasswordTooShort: fewer than 12 characters.
    """
    if len(password) < MINIMUM_LENGTH:
        raise PasswordTooShort(minimum=MINIMUM_LENGTH)
    return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether `password` belongs to `password_hash`.

    None (no such account) costs the same time as a wrong password, so that neither words nor
    timing tell an outsider which accounts exist.
    """
    if len(password) > MAXIMUM_LENGTH:
        password = password[:MAXIMUM_LENGTH]
    try:
        _hasher.verify(password_hash or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _decoy() -> str:
    return _hasher.hash("no account has this password")
