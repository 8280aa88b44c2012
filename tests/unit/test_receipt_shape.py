"""The JSON of a receipt has the shape of both standards, and verifies offline or not at all."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.support.receipts import DECIDED, KEY, LANTERN, NEW, NOW, OLD, of_email, shown
from upstage_crm.audit.signing import SigningKey
from upstage_crm.receipts.shape import document, jurisdiction
from upstage_crm.receipts.verifying import verify
from upstage_crm.receipts.visibility import Reader

TEXT = {"type": "string", "minLength": 1}
HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def made_of(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An object that has all of these and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }


SIDE = {
    "type": "object",
    "required": ["shown", "commitments"],
    "properties": {
        "shown": {"enum": ["full", "masked", "withheld", "erased"]},
        "commitments": {"type": "object", "additionalProperties": HASH, "minProperties": 1},
        "values": {"additionalProperties": {"type": ["string", "null"]}},
        "salts": {"additionalProperties": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
        "text": {"type": "string"},
    },
    "additionalProperties": False,
}
PURPOSE = made_of(
    {
        "purpose": TEXT,
        "purpose_type": TEXT,
        "lawful_basis": {"type": "string", "pattern": "5\\(1\\)\\(d\\).*not consent"},
        "pii_information": {
            "type": "array",
            "minItems": 1,
            "items": made_of(
                {
                    "pii_type": TEXT,
                    "pii_attribute_id": TEXT,
                    "pii_optional": {"type": "boolean"},
                    "sensitive_pii_category": {"type": "boolean"},
                    "special_pii_category": {"type": "boolean"},
                }
            ),
        },
        "pii_controllers": {"type": "array", "minItems": 1, "items": TEXT},
        "collection_method": TEXT,
        "processing_method": TEXT,
        "storage_locations": {"type": "array", "minItems": 1},
        "retention_period": TEXT,
        "recipient_third_parties": {"type": "array"},
        "withdrawal_method": TEXT,
        "privacy_rights": TEXT,
        "jurisdiction": TEXT,
    }
)
KANTARA = made_of(
    {
        "version": {"const": "KI-CR-v1.1.0"},
        "jurisdiction": TEXT,
        "consentTimestamp": {"type": "integer"},
        "collectionMethod": TEXT,
        "consentReceiptID": TEXT,
        "publicKey": TEXT,
        "language": TEXT,
        "piiPrincipalId": TEXT,
        "piiControllers": {
            "type": "array",
            "minItems": 1,
            "items": made_of(
                {
                    "piiController": TEXT,
                    "contact": TEXT,
                    "address": {"type": "object"},
                    "email": TEXT,
                    "phone": TEXT,
                    "piiControllerUrl": {"type": "string"},
                }
            ),
        },
        "policyUrl": TEXT,
        "services": {
            "type": "array",
            "minItems": 1,
            "items": made_of(
                {
                    "service": TEXT,
                    "purposes": {
                        "type": "array",
                        "minItems": 1,
                        "items": made_of(
                            {
                                "purpose": TEXT,
                                "purposeCategory": {"type": "array", "minItems": 1},
                                "consentType": TEXT,
                                "piiCategory": {"type": "array", "minItems": 1},
                                "primaryPurpose": {"type": "boolean"},
                                "termination": TEXT,
                                "thirdPartyDisclosure": {"type": "boolean"},
                            }
                        ),
                    },
                }
            ),
        },
        "sensitive": {"const": False},
        "spiCat": {"type": "array"},
    }
)
SCHEMA = made_of(
    {
        "header": made_of(
            {
                "schema_version": {"const": "ISO/IEC TS 27560:2023"},
                "record_id": TEXT,
                "pii_principal_id": TEXT,
            }
        ),
        "pii_processing": made_of(
            {
                "privacy_notice": TEXT,
                "language": TEXT,
                "purposes": {"type": "array", "minItems": 1, "items": PURPOSE},
            }
        ),
        "party_identification": {
            "type": "array",
            "minItems": 2,
            "items": {"type": "object", "required": ["party_id", "party_role"]},
        },
        "event": made_of(
            {
                "event_time": {"type": "string", "format": "date-time"},
                "event_type": TEXT,
                "event_state": TEXT,
                "entity_id": TEXT,
                "validity_duration": TEXT,
            }
        ),
        "kantara": KANTARA,
        "x_upstage": {
            "type": "object",
            "required": ["kid", "public_key", "signature", "signed_body", "request_reference"],
            "properties": {
                "fields": {
                    "type": "array",
                    "items": made_of(
                        {
                            "field": TEXT,
                            "decision": {"enum": ["approve", "reject", "object", "revert"]},
                            "outcome": TEXT,
                            "kind": {"enum": ["change", "revert"]},
                            "old": SIDE,
                            "new": SIDE,
                        }
                    ),
                },
                "evidence": {"additionalProperties": SIDE},
            },
        },
    }
)


def made(reader: Reader = Reader.STAFF, **how: Any) -> dict[str, Any]:
    """The document as it arrives: through JSON text and back."""
    return json.loads(json.dumps(document(shown(DECIDED, reader, **how))))


@pytest.mark.parametrize("reader", [Reader.STAFF, Reader.CURRENT])
@pytest.mark.parametrize("erased", [False, True])
def test_the_document_has_the_shape_of_both_standards(reader: Reader, erased: bool) -> None:
    Draft202012Validator(SCHEMA).validate(made(reader, erased=erased))


def test_the_document_of_the_proposed_address_has_it_too() -> None:
    Draft202012Validator(SCHEMA).validate(
        json.loads(json.dumps(document(shown(of_email(), Reader.PROPOSED))))
    )


def test_both_views_tell_the_same_story() -> None:
    receipt = made()

    assert NOW.timestamp() == receipt["kantara"]["consentTimestamp"]
    assert receipt["event"]["event_time"] == "2026-03-02T10:00:00+00:00"
    assert receipt["kantara"]["jurisdiction"] == "US"
    assert len(receipt["pii_processing"]["purposes"]) == 5
    assert len(receipt["kantara"]["services"][0]["purposes"]) == 5


@pytest.mark.parametrize(
    ("zone", "country"),
    [("Europe/Berlin", "DE"), ("Africa/Cairo", "EG"), ("Etc/UTC", "not stated")],
)
def test_the_jurisdiction_is_the_controllers_country(zone: str, country: str) -> None:
    organisation = replace(LANTERN, time_zone=zone)

    assert jurisdiction(organisation) == country
    assert jurisdiction(replace(organisation, country="GB")) == "GB"


@pytest.mark.parametrize("reader", [Reader.STAFF, Reader.CURRENT])
@pytest.mark.parametrize("erased", [False, True])
def test_every_readers_document_verifies_with_the_public_key_alone(
    reader: Reader, erased: bool
) -> None:
    assert verify(made(reader, erased=erased), KEY.public_key)


def test_another_key_does_not_verify_it() -> None:
    other = SigningKey.derive("test-key", b"o" * 32)
    receipt = made()

    assert not verify(receipt, other.public_key)

    # A forger signs the very same body with a key of their own and names that key in it.
    forged = copy.deepcopy(receipt)
    forged["x_upstage"]["public_key"] = other.public_key
    forged["x_upstage"]["signature"] = other.sign(receipt["x_upstage"]["signed_body"].encode())
    assert not verify(forged, other.public_key)
    assert not verify(forged, KEY.public_key)


@given(st.data())
def test_one_flipped_bit_of_the_signed_body_fails(data: st.DataObject) -> None:
    receipt = made()
    raw = bytearray(receipt["x_upstage"]["signed_body"].encode())
    at = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[at // 8] ^= 1 << (at % 8)
    receipt["x_upstage"]["signed_body"] = raw.decode("utf-8", errors="replace")

    assert not verify(receipt, KEY.public_key)


def leaves(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every plain value of a document stands."""
    items = part.items() if isinstance(part, dict) else enumerate(part)
    for name, value in items:
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name)


PROVEN = [
    path
    for path in leaves(made())
    if path[0] in ("header", "x_upstage")
    and path[-1] not in ("reader", "how_to_verify", "algorithm", "schema_version", "shown")
]


@pytest.mark.parametrize("path", PROVEN, ids=lambda path: ".".join(map(str, path)))
def test_no_proven_fact_beside_the_signed_body_can_be_changed(path: tuple[Any, ...]) -> None:
    receipt = made()
    part: Any = receipt
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = f"{part[path[-1]]}x"

    assert not verify(receipt, KEY.public_key)


CHANGES: list[Callable[[dict[str, Any]], object]] = [
    lambda r: r["event"].update(event_state="approved"),
    lambda r: r["event"].update(event_time="2026-03-02T10:00:01+00:00"),
    lambda r: r["event"].update(entity_id="desk"),
    lambda r: r["kantara"].update(consentTimestamp=1),
    lambda r: r["party_identification"][0].update(party_name="Another house"),
    lambda r: r["pii_processing"].update(language="de"),
    lambda r: r["x_upstage"]["fields"].pop(),
    lambda r: r["x_upstage"]["fields"].append(r["x_upstage"]["fields"][0]),
    lambda r: r["x_upstage"]["fields"][0]["new"]["values"].update(email=OLD),
    lambda r: r["x_upstage"]["fields"][0]["old"]["values"].update(email=None),
    lambda r: r["x_upstage"]["fields"][0]["new"]["salts"].clear(),
    lambda r: r["x_upstage"]["evidence"].pop("ip_prefix"),
    lambda r: r.pop("header"),
    lambda r: r["x_upstage"].pop("signature"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_no_part_can_be_changed_swapped_or_left_out(
    change: Callable[[dict[str, Any]], object],
) -> None:
    receipt = made()
    assert verify(receipt, KEY.public_key)

    change(receipt)

    assert not verify(receipt, KEY.public_key)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(NESTED)
def test_nonsense_is_no_receipt(nonsense: Any) -> None:
    assert not verify(nonsense, KEY.public_key)
    assert not verify({"x_upstage": nonsense}, KEY.public_key)


def test_the_signed_body_holds_no_personal_value() -> None:
    body = made()["x_upstage"]["signed_body"]

    for value in DECIDED.values.values():
        if value and len(value) > 2:
            assert value not in body
    assert NEW not in body
