"""A decision about all five fields, its receipt without a database, and how it is told apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from upstage_crm.audit.chain import canonical, commitment
from upstage_crm.audit.events import PATRON_AT_CURRENT, Channel
from upstage_crm.audit.signing import SigningKey
from upstage_crm.links.claims import Reviewer
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons.visibility import MailboxAccess
from upstage_crm.receipts import facts, visibility
from upstage_crm.receipts.facts import Decided, DecidedField, ReceiptEvent
from upstage_crm.receipts.visibility import (
    Reader,
    SeenReceipt,
)

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HEAD = (7, "a1" * 32)  # of the trail, when the receipts were issued
KEY = SigningKey.derive("test-key", b"k" * 32)
OLD, NEW = "mara@example.com", "mara.new@example.org"

LANTERN = OrganisationDetails(
    name="Lantern Theatre",
    desk_phone="+1 212 555 0100",
    reply_to="box@lantern.example",
    postal_address="1 Stage Door\nNew York, NY 10001",
    website="https://lantern.example/privacy",
    time_zone="America/New_York",
    language="en",
)
EMAIL = DecidedField(
    key="email",
    decision="approve",
    outcome="applied",
    current={"email": OLD},
    proposed={"email": NEW},
)
PHONE = DecidedField(
    key="phone",
    decision="reject",
    outcome="rejected",
    current={"phone": "+12125550101"},
    proposed={"phone": "+12125550199"},
)
NAME = DecidedField(
    key="name",
    decision="approve",
    outcome="applied",
    current={"given_name": "Mara", "family_name": "Smith"},
    proposed={"given_name": "Mara", "family_name": "Smith-Øster"},
)
ADDRESS = DecidedField(
    key="address",
    decision="approve",
    outcome="applied",
    current={
        "address_line1": "1 Main Street",
        "address_line2": None,
        "address_city": "Springfield",
        "address_region": "IL",
        "address_postcode": "62701",
        "address_country": "US",
    },
    proposed={
        "address_line1": "Am Alten Güterbahnhof 117b, Hinterhaus",
        "address_line2": "c/o Θεοδώρα Παπαδοπούλου",
        "address_city": "Mönchengladbach",
        "address_region": None,
        "address_postcode": "41061",
        "address_country": "DE",
    },
)
BIRTH = DecidedField(
    key="date_of_birth",
    decision="approve",
    outcome="pending",
    current={"date_of_birth": None},
    proposed={"date_of_birth": "1961-03-04"},
)
DECIDED = Decided(
    receipt_id="0195d3f2a4007b0c8e21aa50c1d2e3f4",
    request_id="0195d3f2a4007b0c8e21aa50c1d2e3f5",
    reference="K7-2FQ",
    patron_id="0195d3f2a4007b0c8e21aa50c1d2e3f6",
    reviewer="current",
    event=ReceiptEvent.PARTLY_APPROVED,
    state="pending",
    channel=Channel.PATRON_PAGE,
    actor=PATRON_AT_CURRENT,
    proposer="Dana, box office",
    language="en",
    organisation=LANTERN,
    reason_code="asked_by_phone",
    asked_at=NOW - timedelta(days=1),
    decided_at=NOW,
    notice_hash="a" * 64,
    link_id=facts.hashed_link("a jti"),
    ip_prefix="192.0.2.0/24",
    user_agent="Firefox",
    fields=(EMAIL, PHONE, NAME, ADDRESS, BIRTH),
)


def seen(
    decided: Decided = DECIDED,
    reader: Reader = Reader.STAFF,
    *,
    erased: bool = False,
    is_trusted: bool = True,
    time_zone: str = "",
) -> SeenReceipt | None:
    """The receipt of a decision as one reader sees it, with salts that never change."""
    is_staff = reader is Reader.STAFF
    address = NEW if reader is Reader.PROPOSED else OLD
    access = (
        None if is_staff else MailboxAccess(Reviewer(reader.value), address, is_trusted=is_trusted)
    )
    salts = {name: f"{number:032x}" for number, name in enumerate(decided.values)}
    commitments = {n: commitment(salts[n], n, v) for n, v in decided.values.items()}
    body = canonical(
        facts.body(decided, commitments, kid=KEY.kid, public_key=KEY.public_key, head=HEAD)
    )
    opened = [(name, value, salts[name]) for name, value in decided.values.items()]
    return visibility.see(
        body,
        signature=KEY.sign(body.encode()),
        opened=[] if erased else opened,
        access=access,
        time_zone=time_zone,
        desk_phone=decided.organisation.desk_phone,
    )


def shown(decided: Decided = DECIDED, reader: Reader = Reader.STAFF, **how: Any) -> SeenReceipt:
    """As `seen`, for a reader who may see it."""
    receipt = seen(decided, reader, **how)
    assert receipt is not None
    return receipt


def of_email(reviewer: str = "proposed", **other: Any) -> Decided:
    """The decision of the founding story: one address, one answer."""
    made = replace(
        DECIDED,
        reviewer=reviewer,
        event=ReceiptEvent.APPROVED,
        state="approved",
        fields=(EMAIL,),
    )
    return replace(made, **other)
