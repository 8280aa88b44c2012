"""Seals what must be read again and must not be read in the database: authenticator secrets.

Beside `audit.signing` the only module that imports `cryptography`. AES-256-GCM under a key derived
from a link key (HKDF), so that an operator keeps one secret; every key of the ring opens.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_INFO = b"upstage-crm sealing v1"
_NONCE_BYTES = 12


class Unsealable(ValueError):
    """The key that sealed this is no longer in the ring, or the text was altered."""


class Sealer:
    """Seals and opens short secrets. The first key seals, every key opens."""

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        if not keys:
            raise ValueError("a sealer needs at least one key")
        self._keys = {kid: AESGCM(_derive(secret)) for kid, secret in keys}
        self._kid = keys[0][0]

    def seal(self, secret: str, *, for_: str) -> str:
        """`secret` as text for a column; it opens only for whom (`for_`) it was sealed."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._keys[self._kid].encrypt(nonce, secret.encode(), for_.encode())
        return f"{self._kid}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, for_: str) -> str:
        """The reverse of `seal`.

        Raises:
            Unsealable: see there.
        """
        kid, _, text = sealed.rpartition(":")
        key = self._keys.get(kid)
        if key is None:
            raise Unsealable
        try:
            raw = base64.urlsafe_b64decode(text)
            return key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], for_.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise Unsealable from error


def _derive(secret: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(secret)
