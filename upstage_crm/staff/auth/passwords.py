"""Passwords: hashed with argon2id (the library's own parameters: RFC 9106, low-memory profile).

New ones are measured against lists of stolen passwords that come with `zxcvbn`: nothing is asked
over the network. The only module that imports `argon2` and `zxcvbn`.
"""

from __future__ import annotations

from collections.abc import Collection

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from upstage_crm.staff.errors import PasswordTooEasy, PasswordTooLong, PasswordTooShort

MINIMUM_LENGTH = 12  # NIST SP 800-63B-4 asks 15 without, 8 with a second factor; we sit between
MAXIMUM_LENGTH = 256  # bounds the work an outsider can ask for

GUESSES = 10**8  # "safely unguessable" begins here for attackers who must ask us each time (zxcvbn)
_MEASURED = 72  # characters; the library's time grows with the length, its answer does not

_hasher = PasswordHasher()
# Of a drawn password that was thrown away. Written down, so that the first stranger after a start
# waits no longer than the next one; a test sees that it costs what ours cost.
_DECOY = (
    "$argon2id$v=19$m=65536,t=3,p=4$R6uXpzWdl29bV/yKOeo"
    "lEw$26FFVrTu6Zrm4zQ42TIFZxAY5Ft9gApzaXz3Qtkx7jQ"
)


def ensure_strong(password: str, *, about: Collection[str] = ()) -> None:
    """Refuse a new password that is easy to guess; `about` are words that belong to its owner.

    Stolen passwords, words, names, dates, rows of keys, and all of these with digits at the end.

    Raises:
        PasswordTooShort: fewer than 12 characters; PasswordTooLong: more than 256.
        PasswordTooEasy: in the lists, or built from them. Facts: `hint`.
    """
    from zxcvbn import zxcvbn  # its lists take 14 MB, which a start need not pay

    _ensure_length(password)
    found = zxcvbn(password[:_MEASURED], user_inputs=[word for word in about if word])
    if found["guesses"] < GUESSES:
        said = found["feedback"]
        hint = said["warning"] or next(iter(said["suggestions"]), "")
        raise PasswordTooEasy(hint=hint.rstrip(".").lower() or "it is built from known words")


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password`; takes tens of milliseconds, on purpose.

    Raises:
        PasswordTooShort: fewer than 12 characters; PasswordTooLong: more than 256.
    """
    _ensure_length(password)
    return _hasher.hash(password)


def hash_strong_password(password: str, *, about: Collection[str] = ()) -> str:
    """Hash a new password unless an attacker would guess it; see `ensure_strong`.

    Raises:
        PasswordTooShort, PasswordTooLong, PasswordTooEasy.
    """
    ensure_strong(password, about=about)
    return hash_password(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether `password` belongs to `password_hash`.

    None (no such account) costs the same time as a wrong password, so that neither words nor
    timing tell an outsider which accounts exist.
    """
    is_too_long = len(password) > MAXIMUM_LENGTH
    try:
        _hasher.verify(password_hash or _DECOY, "" if is_too_long else password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None and not is_too_long


def _ensure_length(password: str) -> None:
    if len(password) < MINIMUM_LENGTH:
        raise PasswordTooShort(minimum=MINIMUM_LENGTH)
    if len(password) > MAXIMUM_LENGTH:
        raise PasswordTooLong(maximum=MAXIMUM_LENGTH)
