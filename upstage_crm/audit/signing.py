"""Keys that vouch for rows: Ed25519 signatures that anyone can check, and keyed seals.

Both are derived from the link keys, so that an operator keeps one secret. The only module, beside
`staff.auth.sealing`, that imports `cryptography`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from upstage_crm.core.ids import from_base64url, to_base64url

SEED_BYTES = 32
_SIGNING = b"upstage-crm ed25519 v1"
_SEALING = b"upstage-crm seal v1"
_TICKETS = b"upstage-crm ticket ed25519 v1"


class SigningKey:
    """One Ed25519 key. `kid` is its public name, `public_key` what a signature is checked with."""

    def __init__(self, kid: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.kid = kid
        self.public_key = to_base64url(self._key.public_key().public_bytes_raw())

    @classmethod
    def derive(cls, kid: str, secret: bytes) -> SigningKey:
        """The key that belongs to a link key; the same secret always gives the same key.

        From neither key can the other be found, nor the secret from a signature.
        """
        return cls(kid, _derive(secret, _SIGNING))

    @classmethod
    def for_tickets(cls, kid: str, secret: bytes) -> SigningKey:
        """The key of ticket codes that belongs to a link key: another one than `derive` gives.

        What it signs is no signature of a record, and the other way round.
        """
        return cls(kid, _derive(secret, _TICKETS))

    def sign(self, message: bytes) -> str:
        """The signature of `message` in base64url; the same message gives the same text."""
        return to_base64url(self._key.sign(message))


class KeyRing:
    """The keys of a deployment: the first signs and seals, every key verifies.

    Raises:
        ValueError: there is no key.
    """

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        if not keys:
            raise ValueError("a key ring needs at least one key")
        signing = [SigningKey.derive(kid, secret) for kid, secret in keys]
        self.signer = signing[0]
        self.public_keys: Mapping[str, str] = {key.kid: key.public_key for key in signing}
        self._seal_keys = {kid: _derive(secret, _SEALING) for kid, secret in keys}

    def seal(self, message: bytes) -> str:
        """The seal of `message` under the first key: its name and an HMAC-SHA256 in hex."""
        kid = self.signer.kid
        return f"{kid}:{self._mac(kid, message)}"

    def is_sealed(self, seal: str | None, message: bytes) -> bool:
        """Whether a key of the ring sealed exactly `message`. Never raises."""
        kid, _, _ = (seal or "").rpartition(":")
        if kid not in self._seal_keys:
            return False
        return hmac.compare_digest(
            f"{kid}:{self._mac(kid, message)}".encode(), (seal or "").encode()
        )

    def _mac(self, kid: str, message: bytes) -> str:
        # The key's name is part of what is sealed, so no seal passes under another name.
        return hmac.new(
            self._seal_keys[kid], kid.encode() + b"|" + message, hashlib.sha256
        ).hexdigest()


def verify(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the owner of `public_key` signed exactly `message`. Never raises.

    Both texts have one spelling: base64url without padding; any other is refused.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(from_base64url(public_key))
        key.verify(from_base64url(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=SEED_BYTES, salt=None, info=purpose).derive(secret)
