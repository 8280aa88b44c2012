"""Where a token and its short code will stand in a frozen message.

The payload in the outbox holds neither, only `@@token:<link>:<mail id>@@` and `@@code:…@@`. The
mail's own id is part of it so that no text a person typed can ever be filled with a live one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from upstage_crm.links.claims import FOR_ORDERS, FOR_STAFF, LinkClaims, Purpose

STAFF_PATH = "/auth/link/"
PATRON_PATH = "/c/"
ORDER_PATH = "/tickets/link/"
SIGN_IN_PATH = "/my/link/"
WAITING_PATH = "/tickets/waiting/link/"
DEAD_TOKEN = "not-shown"  # noqa: S105  # stands where staff must not see a token
DEAD_CODE = "••••-••••"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What goes into one mail when it leaves: its tokens and short codes, by the link's name."""

    tokens: Mapping[str, str]
    codes: Mapping[str, str]


class Signer(Protocol):
    """Makes a link's token and its short code: the same claims, the same bytes."""

    def mint(self, claims: LinkClaims) -> str:
        """The token."""
        ...

    def short_code(self, claims: LinkClaims) -> str:
        """The short code."""
        ...


def link_url(public_url: str, name: str, mail_id: str) -> str:
    """The link `name` of mail `mail_id`, with a placeholder for its token."""
    path = PATRON_PATH
    if name in FOR_STAFF:
        path = STAFF_PATH
    elif name in FOR_ORDERS:
        path = ORDER_PATH
    elif name == Purpose.SIGN_IN:
        path = SIGN_IN_PATH
    elif name == Purpose.WAITING:
        path = WAITING_PATH
    return f"{public_url}{path}{_token_mark(name, mail_id)}"


def code_mark(name: str, mail_id: str) -> str:
    """The placeholder for the short code of link `name` in mail `mail_id`."""
    return f"@@code:{name}:{mail_id}@@"


def freeze_links(links: Mapping[str, LinkClaims]) -> str:
    """The claims as canonical JSON for the outbox row."""
    frozen = [{"name": name, **links[name].to_json()} for name in sorted(links)]
    return json.dumps(frozen, separators=(",", ":"), sort_keys=True)


def thaw_links(frozen: str) -> dict[str, LinkClaims]:
    """The reverse of `freeze_links`.

    Raises:
        LinkRefused: a claim is missing or malformed.
    """
    return {entry["name"]: LinkClaims.from_json(entry) for entry in json.loads(frozen)}


def fill(payload: str, *, mail_id: str, secrets: Secrets) -> str:
    """`payload` with every placeholder of mail `mail_id` replaced.

    Tokens and codes are letters, digits, dots and hyphens: they need no escaping anywhere.
    """
    for name, token in secrets.tokens.items():
        payload = payload.replace(_token_mark(name, mail_id), token)
    for name, code in secrets.codes.items():
        payload = payload.replace(code_mark(name, mail_id), code)
    return payload


def secrets_of(links: Mapping[str, LinkClaims], signer: Signer) -> Secrets:
    """The tokens and codes of a mail's links.

    Raises:
        LinkRefused: the key that one was signed with is no longer there.
    """
    return Secrets(
        tokens={name: signer.mint(claims) for name, claims in links.items()},
        codes={name: signer.short_code(claims) for name, claims in links.items()},
    )


def dead_secrets(links: Collection[str]) -> Secrets:
    """What staff are shown in place of the real ones."""
    return Secrets(tokens=dict.fromkeys(links, DEAD_TOKEN), codes=dict.fromkeys(links, DEAD_CODE))


def _token_mark(name: str, mail_id: str) -> str:
    return f"@@token:{name}:{mail_id}@@"
