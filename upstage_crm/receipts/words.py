"""The words of a receipt's page and PDF. Pure.

They speak to the patron and to everyone who is shown the receipt later, so they call no one "you".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from upstage_crm.core import when
from upstage_crm.core.languages import Say, isolated, speaker
from upstage_crm.patrons import fields
from upstage_crm.patrons.views import FieldLine
from upstage_crm.receipts.facts import (
    AT_THE_DESK,
    BY_DISPLACED,
    BY_STAFF,
    NOT_PUT_BACK,
    ReceiptEvent,
)
from upstage_crm.receipts.visibility import (
    SeenField,
    SeenReceipt,
    Shown,
    Side,
)
from upstage_crm.staff.names import label_for_patrons

RECEIPT: Final = "Receipt"
HEADLINES: Mapping[ReceiptEvent, str] = {
    ReceiptEvent.APPROVED: "A change was approved",
    ReceiptEvent.PARTLY_APPROVED: "A change was partly approved",
    ReceiptEvent.REJECTED: "A change was rejected",
    ReceiptEvent.OBJECTED: "A change was objected to",
    ReceiptEvent.REVERTED: "A change was undone",
    ReceiptEvent.CONFIRMED_AT_DESK: "A change was confirmed at the box office",
}
DETAIL: Final = "Detail"
BEFORE: Final = "Before"
PROPOSED: Final = "Proposed"
DECISION: Final = "Decision"
DECIDED_ON: Final = "Decided on"
DECIDED_BY: Final = "Decided by"
DECIDED_WHERE: Final = "Where"
ASKED_BY: Final = "Asked by"
ASKER: Final = "{proposer} at {organisation}"
ASKED_ON: Final = "Asked on"
REFERENCE: Final = "Reference"
NUMBER: Final = "Receipt number"
BROWSER: Final = "Browser"
NETWORK: Final = "Network"
SIGNATURE: Final = "Signature"
PUBLIC_KEY: Final = "Public key"
PLACE: Final = "Place in the record of changes"
NOTHING: Final = "Nothing"
ERASED: Final = "Erased"
IN_PART: Final = "The other address is shown in part. Its owner sees it in full."
WHAT_IT_PROVES: Final = "What this receipt proves"
PROVES: Final = (
    "It shows who decided what, and when. Any change to the text breaks the signature.",
    (
        "A decision says whether details are right (GDPR Articles 5(1)(d) and 16). It is "
        "not consent to advertising or to any other use of personal data."
    ),
)
DOWNLOAD_PDF: Final = "Download as PDF, one page"
DOWNLOAD_JSON: Final = "Download as JSON, for programs"
HOW_TO_CHECK: Final = "How to check it"
CHECK_PDF: Final = (
    "The file receipt.json inside this PDF holds the signed text. Any Ed25519 program can "
    "check its signature with the public key below, offline and without us."
)
CHECK_PAGE: Final = (
    "The JSON file holds the signed text. Any Ed25519 program can check its signature with "
    "the public key below, offline and without us."
)
NO_GLYPHS: Final = "This file cannot show these characters. The web page of the receipt can."
WHO: Mapping[str, str] = {
    "proposed": "The person who opened our email at the proposed address",
    "current": "The person who opened our email at the current address",
    AT_THE_DESK: "The patron, identified at the box office by {actor}",
    BY_STAFF: "{actor} at {organisation}",
    BY_DISPLACED: "The person who opened our email at the earlier address",
}
DECISIONS: Mapping[str, str] = {
    "approve": "Approved",
    "reject": "Rejected",
    "object": "Objected to",
    "revert": "Undone",
}
CHANNELS: Mapping[str, str] = {
    "patron_page": "On the confirmation page",
    "simple_page": "On the simple confirmation page",
    "desk": "At the box office",
    "crm": "In the ticketing system",
}
STAYS: Final = "Nothing was changed."
HOLDS_AGAIN: Final = "Restored."
# What came of it; every outcome that is not here left the record as it was.
OUTCOMES: Mapping[str, str] = {
    "held": "Takes effect after a waiting period, unless there is an objection.",
    "pending": "Waiting for another answer.",
    "waiting": "Takes effect after a waiting period, unless there is an objection.",
    "applied": "In use since then.",
    NOT_PUT_BACK: "Not undone automatically. Two people will look into it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReceipt:
    """A calm page in place of a receipt."""

    title: str
    lead: tuple[str, ...]


NONE_HERE: Final = NoReceipt(
    title="There is no receipt here",
    lead=(
        "We issue a receipt when a change is approved, rejected or objected to.",
        "If that happened at the other address, only that address can open the receipt.",
    ),
)
TOO_OLD: Final = NoReceipt(
    title="This link no longer opens the receipt",
    lead=(
        "A link opens a receipt for 90 days.",
        "We still have it: call us, and we will send it to you.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptWords:
    """A receipt in words: what its page and its PDF say, in the receipt's language.

    Each of `rows` has both values of a field, one line below the other as on an envelope, what was
    decided as `outcome`, and what came of it as `note`. `is_masked`: an address is shown in part.
    """

    organisation: str
    contact: str
    headline: str
    facts: tuple[tuple[str, str], ...]
    evidence: tuple[tuple[str, str], ...]
    rows: tuple[FieldLine, ...]
    proves: tuple[str, ...]
    is_masked: bool


def words(receipt: SeenReceipt) -> ReceiptWords:
    """Return the words of a receipt, its instants in the patron's time zone."""
    zone = receipt.organisation.zone_of(receipt.time_zone)
    say = speaker(receipt.language)
    return ReceiptWords(
        organisation=receipt.organisation.name,
        contact=_contact(receipt),
        headline=say(HEADLINES[receipt.event]),
        facts=_facts(receipt, zone, say),
        evidence=_evidence(receipt, say),
        rows=tuple(_row(field, say) for field in receipt.fields),
        proves=tuple(say(line) for line in PROVES),
        is_masked=any(
            fields.field(one.key).is_mailbox and Shown.MASKED in (one.old.shown, one.new.shown)
            for one in receipt.fields
        ),
    )


def _contact(receipt: SeenReceipt) -> str:
    """Who answers questions about the receipt, on one line, each part in its own direction."""
    organisation = receipt.organisation
    place = ", ".join(organisation.postal_address.splitlines())
    parts = (organisation.name, place, receipt.desk_phone)
    return " · ".join(f"\u2068{part}\u2069" for part in parts if part)


def _facts(receipt: SeenReceipt, zone: tzinfo, say: Say) -> tuple[tuple[str, str], ...]:
    organisation = receipt.organisation.name
    who = say(WHO[receipt.reviewer]).format(actor=receipt.actor, organisation=organisation)
    return (
        (say(DECIDED_ON), when.in_words(receipt.decided_at, zone, receipt.language)),
        (say(DECIDED_BY), who),
        (say(DECIDED_WHERE), say(CHANNELS[receipt.channel])),
        (say(ASKED_BY), _asker(receipt, say)),
        (say(ASKED_ON), when.in_words(receipt.asked_at, zone, receipt.language)),
        (say(REFERENCE), receipt.reference),
        (say(NUMBER), receipt.id),
    )


def _asker(receipt: SeenReceipt, say: Say) -> str:
    proposer = isolated(label_for_patrons(receipt.proposer, say), receipt.language)
    return say(ASKER).format(proposer=proposer, organisation=receipt.organisation.name)


def _evidence(receipt: SeenReceipt, say: Say) -> tuple[tuple[str, str], ...]:
    """What is known of the browser, for those who may see it."""
    labels = (("ip_prefix", NETWORK), ("user_agent", BROWSER))
    return tuple(
        (say(label), side.text)
        for name, label in labels
        if (side := receipt.evidence.get(name)) is not None and side.text
    )


def _row(field: SeenField, say: Say) -> FieldLine:
    return FieldLine(
        label=say(field.label),
        now=_text(field.old, say),
        proposed=_text(field.new, say),
        outcome=say(DECISIONS[field.decision]),
        note=say(_outcome(field)),
    )


def _outcome(field: SeenField) -> str:
    if field.is_revert and field.outcome == "applied":
        return HOLDS_AGAIN
    return OUTCOMES.get(field.outcome, STAYS)


def _text(side: Side, say: Say) -> str:
    if side.shown is Shown.ERASED:
        return say(ERASED)
    return "\n".join(side.lines) or say(NOTHING)
