"""Draws the receipts of one reviewer from `templates/receipt.html`: one document, no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from upstage_crm.confirm import fixed_copy, plain_html
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.receipts import words
from upstage_crm.receipts.visibility import SeenReceipt
from upstage_crm.receipts.words import NoReceipt

_RULES: Final = """
article+article{margin-top:3rem;padding-top:1.5rem;border-top:3px solid var(--accent-ink)}
header{border-bottom:3px solid var(--accent-ink);padding-bottom:.75rem}
.s p,dd bdi{white-space:pre-line}
code{font:.8125rem/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
.d a{font-weight:600;margin-inline-end:1.5rem}
@media print{.d,footer{display:none}body{background:#fff}}
"""
STYLE: Final = plain_html.style(_RULES)
POLICY: Final = STYLE.policy(form_action="'self'", frame_ancestors="'none'")


def document(receipts: Sequence[SeenReceipt], *, link: str) -> str:
    """Return the page of at least one receipt, the newest first."""

    def file(form: str, receipt: SeenReceipt) -> str:
        return f"/confirm/receipt.{form}?{urlencode({'link': link, 'id': receipt.id})}"

    newest = receipts[0]
    drawn = [(receipt, words.words(receipt)) for receipt in receipts]
    answers = replace(newest.organisation, desk_phone=newest.desk_phone)
    return _render("receipt.html", answers, newest.language, receipts=drawn, file=file)


def without(missing: NoReceipt, organisation: OrganisationDetails, *, language: str) -> str:
    """Return the calm page in place of a receipt."""
    return _render("no_receipt.html", organisation, language, missing=missing)


def _render(name: str, organisation: OrganisationDetails, language: str, **values: object) -> str:
    return plain_html.TEMPLATES.render(
        name,
        lang=language,
        style=STYLE.css,
        organisation=organisation,
        questions=fixed_copy.QUESTIONS,
        words=words,
        **values,
    )
