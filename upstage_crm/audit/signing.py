"""Signatures that anybody can check offline: Ed25519. The only module that imports `cryptography`.

A signing key is derived from a link key, so that an operator keeps one secret and not two.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from upstage_crm.core.base64url import from_text, to_text

SEED_BYTES = 32
_INFO = b"upstage-crm ed25519 v1"


class SigningKey:
    """One Ed25519 key. `kid` is its public name, `public_key` what a signature is checked with."""

    def __init__(self, kid: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.kid = kid
        self.public_key = to_text(self._key.public_key().public_bytes_raw())

    @classmethod
    def derive(cls, kid: str, secret: bytes) -> SigningKey:
        """The key that belongs to a link key; the same secret always gives the same key.

        From neither key can the other be found, nor the secret from a signature.
        """
        hkdf = HKDF(algorithm=SHA256(), length=SEED_BYTES, salt=None, info=_INFO)
        return cls(kid, hkdf.derive(secret))

    def sign(self, message: bytes) -> str:
        """The signature of `message` in base64url; the same message gives the same text."""
        return to_text(self._key.sign(message))


def verify(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the owner of `public_key` signed exactly `message`. Never raises.

    Both texts have one spelling: base64url without padding; any other is refused.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(from_text(public_key))
        key.verify(from_text(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
