"""Where a token will stand in a frozen message.

The payload in the outbox holds no token, only `@@token:<link>:<mail id>@@`. The mail's own id is
part of it so that no text a person typed can ever be filled with a live token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from upstage_crm.links.claims import LinkClaims

DEAD_TOKEN = "not-shown"  # noqa: S105  # stands where staff must not see a token


def link_url(public_url: str, name: str, mail_id: str) -> str:
    """The link `name` of mail `mail_id`, with a placeholder for its token."""
    return f"{public_url}/c/{_placeholder(name, mail_id)}"


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


def fill(payload: str, *, mail_id: str, tokens: Mapping[str, str]) -> str:
    """`payload` with every placeholder of mail `mail_id` replaced by its token.

    Tokens are base64url and dots, so they need no escaping in JSON, HTML or text.
    """
    for name, token in tokens.items():
        payload = payload.replace(_placeholder(name, mail_id), token)
    return payload


def tokens_of(links: Mapping[str, LinkClaims], mint: Callable[[LinkClaims], str]) -> dict[str, str]:
    """The token of each link by name, signed by `mint`; the same claims give the same bytes."""
    return {name: mint(claims) for name, claims in links.items()}


def _placeholder(name: str, mail_id: str) -> str:
    return f"@@token:{name}:{mail_id}@@"
