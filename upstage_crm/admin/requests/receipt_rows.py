"""The receipts of one request as a list: what each is the evidence of, and where its files are."""

from dataclasses import dataclass
from datetime import tzinfo

from upstage_crm.admin.requests.receipt import PATH
from upstage_crm.core import when
from upstage_crm.mail.message import Audience
from upstage_crm.receipts.facts import AT_THE_DESK, BY_STAFF
from upstage_crm.receipts.queries import ReceiptLine
from upstage_crm.wording.mails import AUDIENCE_WORDS
from upstage_crm.wording.sentences import RECEIPT_WORDS

_BY = {BY_STAFF: "by staff", AT_THE_DESK: "by two staff members"}


@dataclass(frozen=True)
class ReceiptItem:
    """The evidence of one decision, with the addresses of its files."""

    words: str = ""
    time: str = ""
    time_iso: str = ""
    pdf: str = ""
    json: str = ""


def receipt_item(line: ReceiptLine, time_zone: tzinfo) -> ReceiptItem:
    """Return the row of one receipt."""
    whose = _BY.get(line.reviewer) or f"by {AUDIENCE_WORDS[Audience(line.reviewer)]}"
    return ReceiptItem(
        words=f"{RECEIPT_WORDS[line.event]} {whose}",
        time=when.short(line.at, time_zone),
        time_iso=when.iso(line.at),
        pdf=f"{PATH}/{line.id}.pdf",
        json=f"{PATH}/{line.id}.json",
    )
