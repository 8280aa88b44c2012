"""Signs and reads links. The only module that imports `jwt`.

HS256 with a ring of keys; `kid` chooses the key from the ring and is never trusted further.
`typ`, `iss`, `aud` and every claim are required; anything else is one and the same refusal.

A short code stands for one link of one mail, for a patron who types it or reads it out. It is drawn
from the link's claims and its signing key, so a retry of the mail says the same code; the database
keeps a keyed hash, which is worth nothing to an attacker who has the database alone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from upstage_crm.core.ids import CROCKFORD, from_base64url, plain_code
from upstage_crm.links.claims import BY_DIGITS, REQUIRED, LinkClaims, LinkRefused

TYPE = "upstage-link+jwt"
ISSUER = "upstage-crm"
AUDIENCE = "upstage-crm/confirm"
ALGORITHM = "HS256"
MAX_TOKEN_LENGTH = 2_000
CODE_LENGTH = 8  # characters: 40 bits, and five tries for one request
DIGITS = 6  # of the code of a sign-in
_CODE = b"upstage short code"
_HASH = b"upstage short code hash"


@dataclass(frozen=True, slots=True)
class LinkKey:
    """One signing key: its public name and at least 32 secret bytes."""

    kid: str
    secret: bytes


class LinkCodec:
    """Turns claims into tokens and back. The first key signs, every key verifies."""

    def __init__(self, keys: Sequence[LinkKey]) -> None:
        if not keys:
            raise ValueError("a link codec needs at least one key")
        self._keys = {key.kid: key.secret for key in keys}
        self.signing_kid = keys[0].kid

    def knows(self, kid: str) -> bool:
        """Whether the key of that name is in the ring, so that its links still count."""
        return kid in self._keys

    def mint(self, claims: LinkClaims) -> str:
        """Sign `claims`; the same claims give the same token, byte for byte.

        Raises:
            LinkRefused: the key named by `claims.kid` is no longer in the ring.
        """
        secret = self._secret(claims)
        body = claims.to_json()
        kid = body.pop("kid")
        body |= {"iss": ISSUER, "aud": AUDIENCE}
        headers = {"typ": TYPE, "kid": kid}
        return jwt.encode(body, secret, algorithm=ALGORITHM, headers=headers)

    def short_code(self, claims: LinkClaims) -> str:
        """The short code that stands for a link; the same claims give the same code.

        Raises:
            LinkRefused: the key named by `claims.kid` is no longer in the ring.
        """
        return code_of(claims, self._secret(claims))

    def short_code_hash(self, claims: LinkClaims, typed: str) -> str:
        """The keyed hash of what a patron typed as the short code of a link.

        Raises:
            LinkRefused: the key named by `claims.kid` is no longer in the ring.
        """
        return hash_of(claims, typed, self._secret(claims))

    def made(self, claims: LinkClaims, code_hash: str) -> bool:
        """Whether the link was made with a key of the ring: one of that name and that secret.

        `code_hash` is the keyed hash of the link's short code, kept since it was made.
        """
        try:
            own = self.short_code_hash(claims, self.short_code(claims))
        except LinkRefused:
            return False
        return hmac.compare_digest(own, code_hash)

    def keyed_hash(self, text: str) -> str:
        """A hash, in hex, that no one without our key can compare a guess with."""
        secret = self._keys[self.signing_kid]
        return hmac.new(secret, b"upstage keyed hash|" + text.encode(), hashlib.sha256).hexdigest()

    def read(self, token: str) -> LinkClaims:
        """Return the claims of an authentic token, expired ones included.

        Expiry is the caller's business (`LinkClaims.is_expired`): an authentic link that is too
        late still opens a calm page.

        Raises:
            LinkRefused: for every other flaw, without saying which.
        """
        if len(token) > MAX_TOKEN_LENGTH:
            raise LinkRefused
        try:
            _ensure_one_spelling(token)
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            secret = self._keys.get(kid) if isinstance(kid, str) else None
            if secret is None or header.get("typ") != TYPE or header.get("alg") != ALGORITHM:
                raise LinkRefused
            body: dict[str, Any] = jwt.decode(
                token,
                secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                # When a link ends is the row's business, by the app's clock and not by this one.
                options={
                    "require": list(REQUIRED),
                    "verify_exp": False,
                    "verify_iat": False,
                    "strict_aud": True,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise LinkRefused from error
        return LinkClaims.from_json(body | {"kid": kid})

    def _secret(self, claims: LinkClaims) -> bytes:
        secret = self._keys.get(claims.kid)
        if secret is None:
            raise LinkRefused
        return secret


def _ensure_one_spelling(token: str) -> None:
    """Refuse what only a forgiving decoder reads: padding, line breaks, stray bits at the end.

    A token has one spelling, so what is logged, blocked or compared by it is one thing.

    Raises:
        ValueError: it is not three parts of strict base64url.
    """
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("a token has three parts")
    for part in parts:
        from_base64url(part)


def code_of(claims: LinkClaims, secret: bytes) -> str:
    """The short code of a link, as the email shows it: "7QK2-M9XD".

    One of `BY_DIGITS` is six digits, which people type from another device: "402918". It counts
    for minutes, in one browser, and for five tries.
    """
    drawn = int.from_bytes(_mac(secret, _CODE, claims, "")[:CODE_LENGTH], "big")
    if claims.purpose in BY_DIGITS:
        return f"{drawn % 10**DIGITS:0{DIGITS}}"
    code = "".join(CROCKFORD[(drawn >> (5 * place)) & 31] for place in range(CODE_LENGTH))
    return f"{code[:4]}-{code[4:]}"


def hash_of(claims: LinkClaims, typed: str, secret: bytes) -> str:
    """The keyed hash, in hex, of what a patron or a clerk `typed` as the code of a link.

    Case, blanks and the hyphen do not matter; O is read as 0, I and L as 1.
    """
    return _mac(secret, _HASH, claims, plain_code(typed)).hex()


def _mac(secret: bytes, purpose: bytes, claims: LinkClaims, text: str) -> bytes:
    link = f"{claims.request_id}|{claims.reviewer.value}|{claims.version}|{claims.jti}|{text}"
    return hmac.new(secret, purpose + b"|" + link.encode(), hashlib.sha256).digest()
