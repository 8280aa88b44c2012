"""Keys that neither sign nor check: what signatures and seals cost is the rest."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from tests.support.keyring import SECRET
from upstage_crm.audit import signing, vouching
from upstage_crm.audit.signing import KeyRing, SigningKey
from upstage_crm.core.db import Database


class _Key(SigningKey):
    def sign(self, message: bytes) -> str:
        return "A" * 86


class _Ring(KeyRing):
    def __init__(self) -> None:
        super().__init__([("test-key", SECRET)])
        self.signer = _Key.derive("test-key", SECRET)

    def seal(self, message: bytes) -> str:
        return f"{self.signer.kid}:{'0' * 64}"

    def is_sealed(self, seal: str | None, message: bytes) -> bool:
        return True


def take_keys_from(database: Database) -> SigningKey:
    """Let `database` record without signing; the key with which receipts are not signed either."""
    ring = _Ring()
    vouching.give_keys(database.info, ring)
    return ring.signer


@contextmanager
def believing() -> Generator[None]:
    """No signature is checked."""
    checked = signing.verify
    signing.verify = lambda public_key, message, signature: True
    try:
        yield
    finally:
        signing.verify = checked
