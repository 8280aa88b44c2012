"""Passkeys (WebAuthn level 2). The only module that imports `webauthn`, and only when one is used:
it takes 24 MB and an eighth of a second, which a start need not pay.

A passkey is bound to this deployment's host by the browser, so a look-alike page gets nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upstage_crm.core.ids import from_base64url, to_base64url
from upstage_crm.staff.errors import PasskeyRefused

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

CHALLENGE_BYTES = 32  # WebAuthn asks for 16 at least

ANSWER_LIMIT = 20_000  # characters of what a browser answers; the largest real ones have a fifth


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Whom passkeys belong to: the host they are bound to, and the origins that may use them."""

    host: str
    origins: Sequence[str]
    name: str = "UpStage CRM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """What is kept of a passkey: its id and public key in base64url, and how often it signed."""

    id: str
    public_key: str
    sign_count: int


def new_challenge() -> str:
    """A fresh challenge in base64url; it is answered once."""
    return to_base64url(secrets.token_bytes(CHALLENGE_BYTES))


def creation_options(
    site: Site, *, staff_id: str, account: str, challenge: str, known: Collection[str]
) -> str:
    """What the browser is asked for to make a passkey, as JSON; `known` are not made again."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=staff_id.encode(),
        user_name=account,
        challenge=from_base64url(challenge),
        exclude_credentials=_descriptors(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    return webauthn.options_to_json(options)


def created(site: Site, *, answer: str, challenge: str) -> Passkey:
    """The passkey that the browser made.

    Raises:
        PasskeyRefused: the answer is not one to this challenge from this site.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        made = webauthn.verify_registration_response(
            credential=_checked(answer),
            expected_challenge=from_base64url(challenge),
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    return Passkey(
        id=to_base64url(made.credential_id),
        public_key=to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
    )


def request_options(site: Site, *, challenge: str, known: Collection[str]) -> str:
    """What the browser is asked for to use one of the passkeys `known`, as JSON."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=from_base64url(challenge),
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return webauthn.options_to_json(options)


def named_in(answer: str) -> str:
    """The id of the passkey that an answer says it comes from; verified by `used` alone.

    Raises:
        PasskeyRefused: the answer cannot be read.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        return webauthn.helpers.parse_authentication_credential_json(_checked(answer)).id
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error


def used(site: Site, *, passkey: Passkey, answer: str, challenge: str) -> int:
    """Check what a passkey signed and return its new count.

    Raises:
        PasskeyRefused: not signed by it, not this challenge, or its count went back (a copy).
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        checked = webauthn.verify_authentication_response(
            credential=_checked(answer),
            expected_challenge=from_base64url(challenge),
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
            credential_public_key=from_base64url(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    return checked.new_sign_count


def _checked(answer: str) -> str:
    if len(answer) > ANSWER_LIMIT:
        raise PasskeyRefused
    return answer


def _descriptors(known: Collection[str]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=from_base64url(one)) for one in known]
