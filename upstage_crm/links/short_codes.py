"""Short codes: what a patron types or reads out who has no link at hand. Pure.

A code stands for one link of one mail. It is drawn from the link's claims and its signing key, so
a retry of the mail says the same code; the database keeps a keyed hash, which is worth nothing to
somebody who has the database alone.
"""

from __future__ import annotations

import hashlib
import hmac

from upstage_crm.core.ids import CROCKFORD, plain_code
from upstage_crm.links.claims import LinkClaims

LENGTH = 8  # characters: 40 bits, and five tries for one request
_CODE = b"upstage short code"
_HASH = b"upstage short code hash"


def code_of(claims: LinkClaims, secret: bytes) -> str:
    """The short code of a link, as it stands in the mail: "7QK2-M9XD"."""
    drawn = int.from_bytes(_mac(secret, _CODE, claims, "")[:LENGTH], "big")
    code = "".join(CROCKFORD[(drawn >> (5 * place)) & 31] for place in range(LENGTH))
    return f"{code[:4]}-{code[4:]}"


def hash_of(claims: LinkClaims, typed: str, secret: bytes) -> str:
    """The keyed hash, in hex, of what somebody `typed` as the code of a link.

    Case, blanks and the hyphen do not matter; O is read as 0, I and L as 1.
    """
    return _mac(secret, _HASH, claims, plain_code(typed)).hex()


def _mac(secret: bytes, purpose: bytes, claims: LinkClaims, text: str) -> bytes:
    link = f"{claims.request_id}|{claims.reviewer.value}|{claims.version}|{claims.jti}|{text}"
    return hmac.new(secret, purpose + b"|" + link.encode(), hashlib.sha256).digest()
