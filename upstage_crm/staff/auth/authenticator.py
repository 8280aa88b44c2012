"""Codes of an authenticator app (TOTP, RFC 6238). The only module that imports `pyotp` and `segno`,
and only when one is used: together they take 17 MB, which a start need not pay.

Six digits, half a minute each, SHA-1: what every app reads from a QR code.
"""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

STEP_S = 30
_DRIFT = (-1, 0, 1)  # steps: a phone's clock may be half a minute off (RFC 6238, 5.2)


def new_secret() -> str:
    """A fresh secret: 160 bits in base32, as RFC 4226 recommends."""
    from pyotp import random_base32

    return random_base32()


def matching_step(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """The time step whose code this is; None for a wrong one.

    A step at or before `after` no longer counts: a code that was used once is no code.
    """
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit() and len(typed) == 6):
        return None
    from pyotp.totp import TOTP

    current = int(now.timestamp()) // STEP_S
    generator = TOTP(secret)
    for drift in _DRIFT:
        step = current + drift
        if step > after and compare_digest(generator.at(step * STEP_S), typed):
            return step
    return None


def address(secret: str, *, account: str, organisation: str) -> str:
    """What an authenticator app reads: an `otpauth://` address."""
    from pyotp.totp import TOTP

    return TOTP(secret).provisioning_uri(name=account, issuer_name=organisation)


def picture(address_: str) -> str:
    """The address as a QR code: an SVG in a `data:` address. Dark on white in every theme."""
    import segno

    code = segno.make(address_, error="m", micro=False)
    return code.svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
