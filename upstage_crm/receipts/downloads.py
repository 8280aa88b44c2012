"""A receipt as a file to keep: rendered when it is asked for, never stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from upstage_crm.receipts.shape import document
from upstage_crm.receipts.visibility import SeenReceipt


class Form(StrEnum):
    """What kind of file."""

    JSON = "json"
    PDF = "pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFile:
    """A file; `name` has only characters that a header can hold."""

    name: str
    media_type: str
    content: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an answer with this file: kept by the reader, and by no one between.

        A file runs nothing and loads nothing.
        """
        return {
            "content-disposition": f'attachment; filename="{self.name}"',
            "content-security-policy": (
                "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
            ),
            "x-frame-options": "DENY",  # for browsers without frame-ancestors
            "cache-control": "no-store",
            "referrer-policy": "same-origin",
            "x-robots-tag": "noindex",
        }


def file_of(receipt: SeenReceipt, form: Form) -> ReceiptFile:
    """The receipt as its reader sees it, as JSON or as a PDF of one page."""
    name = f"receipt-{receipt.reference}.{form}"
    if form is Form.JSON:
        text = json.dumps(document(receipt), ensure_ascii=False, indent=2)
        return ReceiptFile(name=name, media_type="application/json", content=text.encode())
    # Loading the library takes a quarter of a second and 30 MB: only who asks for it pays.
    from upstage_crm.receipts import pdf

    return ReceiptFile(name=name, media_type="application/pdf", content=pdf.render(receipt))
