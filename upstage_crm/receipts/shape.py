"""A receipt as JSON: the record of ISO/IEC TS 27560:2023, and beside it the view of Kantara. Pure.

Both standards were written for consent. What a patron gives here is another thing, the
verification that data is right, and every place that names a legal basis says so. What neither
standard has, above all the proof, stands in `x_upstage`; `verifying` checks it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from upstage_crm.core import when
from upstage_crm.core.postal.countries import country_of_zone
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.receipts.facts import FORMAT
from upstage_crm.receipts.visibility import (
    SeenField,
    SeenReceipt,
    Shown,
    Side,
)

SCHEMA: Final = "ISO/IEC TS 27560:2023"
KANTARA: Final = "KI-CR-v1.1.0"
ALGORITHM: Final = "Ed25519"
LAWFUL_BASIS: Final = (
    "Accuracy and rectification, GDPR Article 5(1)(d) and Article 16. The decision verifies that "
    "data is right; it is not consent as a legal basis."
)
_PURPOSE_TYPE: Final = "Verification of accuracy"
_METHOD: Final = "Decision of the patron, asked for by a signed link or confirmed at the desk"
_RIGHTS: Final = (
    "Access, rectification, erasure, restriction and objection: contact the controller. A change "
    "that was not wanted can be objected to by the link in its emails."
)
_UNSTATED: Final = "not stated"

Json = dict[str, object]


def document(receipt: SeenReceipt) -> Json:
    """The receipt for a reader, as plain JSON values; the same receipt gives the same document."""
    return {
        "header": {
            "schema_version": SCHEMA,
            "record_id": receipt.id,
            "pii_principal_id": receipt.patron_id,
        },
        "pii_processing": {
            "privacy_notice": _notice(receipt),
            "language": receipt.language,
            "purposes": [_purpose(receipt, field) for field in receipt.fields],
        },
        "party_identification": [
            {
                "party_id": "controller",
                "party_role": "PII controller",
                "party_name": receipt.organisation.name,
                "party_contact": receipt.organisation.desk_phone,
                "party_email": receipt.organisation.reply_to,
                "party_address": receipt.organisation.postal_address,
                "party_url": receipt.organisation.website,
            },
            {"party_id": receipt.patron_id, "party_role": "PII principal"},
        ],
        "event": {
            "event_time": when.iso(receipt.decided_at),
            "event_type": _PURPOSE_TYPE,
            "event_state": receipt.event.value,
            "entity_id": receipt.reviewer,
            "validity_duration": "until the field is changed again",
        },
        "kantara": _kantara(receipt),
        "x_upstage": _extension(receipt),
    }


def jurisdiction(organisation: OrganisationDetails) -> str:
    """The controller's country, ISO 3166-1 alpha-2; "not stated" if it has named none.

    Receipts of before hold no country: theirs is the one of the time zone.
    """
    return organisation.country or country_of_zone(organisation.time_zone) or _UNSTATED


def _purpose(receipt: SeenReceipt, field: SeenField) -> Json:
    return {
        "purpose": f"Keeping the patron's record right: {field.label.lower()}",
        "purpose_type": _PURPOSE_TYPE,
        "lawful_basis": LAWFUL_BASIS,
        "pii_information": [
            {
                "pii_type": field.label,
                "pii_attribute_id": field.key,
                "pii_optional": False,
                "sensitive_pii_category": False,
                "special_pii_category": False,
            }
        ],
        "pii_controllers": ["controller"],
        "collection_method": _METHOD,
        "processing_method": "Kept on the patron's record",
        "storage_locations": ["The controller's ticketing system"],
        "retention_period": "As long as the patron's record is kept",
        "recipient_third_parties": [],
        "withdrawal_method": f"Contact the controller: {receipt.organisation.desk_phone}",
        "privacy_rights": _RIGHTS,
        "jurisdiction": jurisdiction(receipt.organisation),
    }


def _kantara(receipt: SeenReceipt) -> Json:
    organisation = receipt.organisation
    return {
        "version": KANTARA,
        "jurisdiction": jurisdiction(organisation),
        "consentTimestamp": int(receipt.decided_at.timestamp()),
        "collectionMethod": _METHOD,
        "consentReceiptID": receipt.id,
        "publicKey": receipt.public_key,
        "language": receipt.language,
        "piiPrincipalId": receipt.patron_id,
        "piiControllers": [
            {
                "piiController": organisation.name,
                "contact": organisation.name,
                "address": {"streetAddress": organisation.postal_address},
                "email": organisation.reply_to,
                "phone": organisation.desk_phone,
                "piiControllerUrl": organisation.website,
            }
        ],
        "policyUrl": _notice(receipt),
        "services": [
            {
                "service": "Ticketing record",
                "purposes": [
                    {
                        "purpose": f"Keeping the patron's record right: {field.label.lower()}",
                        "purposeCategory": [_PURPOSE_TYPE],
                        "consentType": f"{field.decision}; {LAWFUL_BASIS}",
                        "piiCategory": [field.label],
                        "primaryPurpose": True,
                        "termination": "until the field is changed again",
                        "thirdPartyDisclosure": False,
                    }
                    for field in receipt.fields
                ],
            }
        ],
        "sensitive": False,
        "spiCat": [],
    }


def _extension(receipt: SeenReceipt) -> Json:
    return {
        "format": FORMAT,
        "reader": receipt.reader.value,
        "request_reference": receipt.reference,
        "request_id": receipt.request_id,
        "request_state": receipt.state,
        "event": receipt.event.value,
        "reviewer": receipt.reviewer,
        "channel": receipt.channel,
        "actor": receipt.actor,
        "proposer": receipt.proposer,
        "reason_code": receipt.reason_code,
        "asked_at": _exact(receipt.asked_at),
        "decided_at": _exact(receipt.decided_at),
        "link_id": receipt.link_id,
        "fields": [
            {
                "field": field.key,
                "decision": field.decision,
                "outcome": field.outcome,
                "kind": "revert" if field.is_revert else "change",
                "old": _side(field.old),
                "new": _side(field.new),
            }
            for field in receipt.fields
        ],
        "evidence": {name: _side(side) for name, side in receipt.evidence.items()},
        **_trail(receipt),
        "how_to_verify": (
            "signature is the Ed25519 signature of the UTF-8 bytes of signed_body, under "
            "public_key (both base64url). A commitment is the SHA-256 of the JSON list "
            '[salt, name, value] without blanks; name is the column with ".old" or ".new".'
        ),
        "algorithm": ALGORITHM,
        "kid": receipt.kid,
        "public_key": receipt.public_key,
        "signature": receipt.signature,
        "signed_body": receipt.body,
    }


def _trail(receipt: SeenReceipt) -> Json:
    if receipt.head is None:
        return {}
    seq, head = receipt.head
    return {"trail": {"seq": seq, "head": head}}


def _side(side: Side) -> Json:
    found: Json = {"shown": side.shown.value, "commitments": dict(side.commitments)}
    if side.shown is Shown.FULL:
        found["values"] = {name: proof.value for name, proof in side.proofs.items()}
        found["salts"] = {name: proof.salt for name, proof in side.proofs.items()}
    if side.shown is Shown.MASKED:
        found["text"] = side.text
    return found


def _notice(receipt: SeenReceipt) -> str:
    """Where the controller says what it does with data: its website, or whom to ask."""
    website = receipt.organisation.website
    if not website:
        return f"mailto:{receipt.organisation.reply_to}"
    return website if "://" in website else f"https://{website}"


def _exact(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
