"""Passkeys (WebAuthn level 2). The only module that imports `webauthn`.

A passkey is bound to this deployment's host by the browser, so a look-alike page gets nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from upstage_crm.staff.errors import PasskeyRefused

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
    return bytes_to_base64url(webauthn.helpers.generate_challenge())


def creation_options(
    site: Site, *, staff_id: str, account: str, challenge: str, known: Collection[str]
) -> str:
    """What the browser is asked for to make a passkey, as JSON; `known` are not made again."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=staff_id.encode(),
        user_name=account,
        challenge=base64url_to_bytes(challenge),
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
    try:
        made = webauthn.verify_registration_response(
            credential=_checked(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    return Passkey(
        id=bytes_to_base64url(made.credential_id),
        public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
    )


def request_options(site: Site, *, challenge: str, known: Collection[str]) -> str:
    """What the browser is asked for to use one of the passkeys `known`, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=base64url_to_bytes(challenge),
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return webauthn.options_to_json(options)


def named_in(answer: str) -> str:
    """The id of the passkey that an answer says it comes from; verified by `used` alone.

    Raises:
        PasskeyRefused: the answer cannot be read.
    """
    try:
        return webauthn.helpers.parse_authentication_credential_json(_checked(answer)).id
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error


def used(site: Site, *, passkey: Passkey, answer: str, challenge: str) -> int:
    """Check what a passkey signed and return its new count.

    Raises:
        PasskeyRefused: not signed by it, not this challenge, or its count went back (a copy).
    """
    try:
        checked = webauthn.verify_authentication_response(
            credential=_checked(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
            credential_public_key=base64url_to_bytes(passkey.public_key),
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
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known]
