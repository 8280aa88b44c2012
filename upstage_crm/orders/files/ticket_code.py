"""A ticket code: the right to enter, signed, as 212 digits that a door without a network can check.

Digits are the densest mode of a QR code, and the only characters that a keyboard scanner types in a
way that can be read back whatever layout the computer has. A code says which ticket it opens, in
which version, and for which performance; 24 bytes, and an Ed25519 signature over them. Nothing of
it is stored: the same ticket always gives the same code. Whether the version still counts, and who
came in with it before, is what the door knows, not the signature.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from upstage_crm.audit.signing import SigningKey, verify
from upstage_crm.core.ids import from_base64url, to_base64url

DIGITS: Final = 212  # of 88 bytes
LAST_VERSION: Final = 0xFFFF
PREFIX: Final = b"upstage-ticket"  # before what is signed: no other text of ours begins so
BYTES: Final = 88
_FORM = 1
_HEAD = struct.Struct(">BB16sHI")  # form, key, ticket, version, performance
_FEWEST = 100  # digits; a scanner may drop zeros at the front, and nothing else

LAYOUTS: Final[tuple[str, ...]] = (
    "1234567890",
    "&é\"'(-è_çà",  # French
    "&é\"'(§è!çà",  # Belgian
    "+ěščřžýáíé",  # Czech
    "+ľščťžýáíé",  # Slovak
    "123456789ö",  # Hungarian
    "!@#$%^&*()",  # any, with the shift key stuck
)
"""What the keys 1 to 0 type on the layouts on which they type no digits, beside those that do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeClaims:
    """What a code says. `performance` is the number of a performance, see `performance_number`."""

    ticket_id: str
    version: int
    performance: int


class TicketKeys:
    """The keys of a deployment that sign ticket codes: the first signs, every key verifies.

    Raises:
        ValueError: there is no key.
    """

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        if not keys:
            raise ValueError("ticket codes need at least one key")
        self._keys = {kid: SigningKey.for_tickets(kid, secret) for kid, secret in keys}
        self.kid = keys[0][0]
        self.public_keys: Mapping[str, str] = {
            kid: key.public_key for kid, key in self._keys.items()
        }

    def draw(self, *, ticket_id: str, version: int, performance_id: str, kid: str = "") -> str:
        """The code of a ticket in this version (1 to 65,535): 212 digits.

        With `kid` it is signed by that key, though another one signs now: what was drawn before
        stays the same.

        Raises:
            KeyError: there is no such key any longer.
            ValueError: an id is none of ours, or there is no such version.
        """
        if not 1 <= version <= LAST_VERSION:
            raise ValueError("no such version of a ticket code")
        signer = self._keys[kid or self.kid]
        body = _HEAD.pack(
            _FORM,
            key_number(signer.kid),
            _id_bytes(ticket_id),
            version,
            performance_number(performance_id),
        )
        signature = from_base64url(signer.sign(PREFIX + body))
        return str(int.from_bytes(body + signature, "big")).zfill(DIGITS)

    def read(self, text: str) -> CodeClaims | None:
        """What a scanned or typed code says; None for every text that is no code of ours."""
        for digits in _as_digits(text):
            found = self._claims(int(digits))
            if found is not None:
                return found
        return None

    def _claims(self, number: int) -> CodeClaims | None:
        if number.bit_length() > BYTES * 8:
            return None
        raw = number.to_bytes(BYTES, "big")
        body, signature = raw[: _HEAD.size], to_base64url(raw[_HEAD.size :])
        form, key, ticket, version, performance = _HEAD.unpack(body)
        is_ours = form == _FORM and any(
            verify(public_key, PREFIX + body, signature)
            for kid, public_key in self.public_keys.items()
            if key_number(kid) == key
        )
        if not is_ours:
            return None
        return CodeClaims(ticket_id=ticket.hex(), version=version, performance=performance)


def key_number(kid: str) -> int:
    """The byte by which a code names its key; two keys may share one."""
    return hashlib.sha256(kid.encode()).digest()[0]


def performance_number(performance_id: str) -> int:
    """The number by which a code names its performance: the last 32 bits of its id, all random.

    Raises:
        ValueError: the id is none of ours.
    """
    return int.from_bytes(_id_bytes(performance_id)[-4:], "big")


def _id_bytes(id_: str) -> bytes:
    raw = bytes.fromhex(id_)
    if len(raw) != 16:
        raise ValueError("an id is 32 hex digits")
    return raw


def _as_digits(text: str) -> Iterator[str]:
    """The digits that a scanner may have meant, by each layout of the keyboard."""
    typed = "".join(text.split())
    if not _FEWEST < len(typed) <= DIGITS:
        return
    for layout in LAYOUTS:
        digits = typed.translate(str.maketrans(layout, LAYOUTS[0]))
        if digits.isdecimal():  # in any script: `int` reads them all
            yield digits
