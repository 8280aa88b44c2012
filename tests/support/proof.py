"""What tests of the proof share: the key of the test's desk, and a whole check."""

from __future__ import annotations

import base64

from tests.support.factories import PROTECTED, SECRET, Desk
from upstage_crm.audit.signing import SigningKey
from upstage_crm.proof.verifying import Report, verify

KEY = SigningKey.derive("test-key", SECRET)
OTHER = SigningKey.derive("other", b"o" * 32)
KEYS = {KEY.kid: KEY.public_key}
# The same key as an operator would set it.
SECRET_KEYS = f"{KEY.kid}:{base64.b64encode(SECRET).decode()}"


def verified(desk: Desk) -> Report:
    """What `audit verify` finds."""
    return desk.read(lambda session: verify(session, protected=PROTECTED, public_keys=KEYS))
