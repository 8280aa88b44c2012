"""Draws the receipts of one reviewer: one document, no script, every value escaped. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final
from urllib.parse import urlencode

from upstage_crm.confirm import fixed_copy, plain_html
from upstage_crm.core.languages import Say, direction, speaker
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.receipts import words as w
from upstage_crm.receipts.downloads import Form
from upstage_crm.receipts.visibility import SeenReceipt
from upstage_crm.receipts.words import NoReceipt, Row, words

_RULES: Final = """
article+article{margin-top:3rem;padding-top:1.5rem;border-top:3px solid var(--accent-ink)}
header{border-bottom:3px solid var(--accent-ink);padding-bottom:.75rem}
.s p,dd bdi{white-space:pre-line}
code{font:.8125rem/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
.d a{font-weight:600;margin-inline-end:1.5rem}
@media print{.d,footer{display:none}body{background:#fff}}
"""
STYLE: Final = plain_html.style(_RULES)
POLICY: Final = plain_html.policy(STYLE)


def document(receipts: Sequence[SeenReceipt], *, link: str) -> str:
    """Return the page of at least one receipt, the newest first."""
    newest = receipts[0]
    body = "".join(_receipt(receipt, link=link) for receipt in receipts)
    return _page(body, organisation=newest.organisation, language=newest.language)


def without(said: NoReceipt, organisation: OrganisationDetails, *, language: str) -> str:
    """Return the calm page in place of a receipt."""
    say = speaker(language)
    lead = "".join(f"<p>{escape(say(line))}</p>" for line in said.lead)
    body = f"<h1>{escape(say(said.title))}</h1>{lead}"
    return _page(body, organisation=organisation, language=language)


def _page(body: str, *, organisation: OrganisationDetails, language: str) -> str:
    name, say = escape(organisation.name), speaker(language)
    way = direction(language)
    phone = escape(organisation.desk_phone)
    return (
        f'<!doctype html><html lang="{escape(language)}" dir="{way}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex"><link rel="icon" href="data:,">'
        f"<title>{escape(say(w.RECEIPT))} · {name}</title><style>{STYLE}</style></head>"
        f'<body><div class="c"><header><p class="org"><bdi>{name}</bdi></p></header>'
        f"<main>{body}</main>"
        f'<footer class="m"><p>{say(fixed_copy.QUESTIONS)} <bdi>{phone}</bdi>.</p></footer>'
        "</div></body></html>"
    )


def _receipt(receipt: SeenReceipt, *, link: str) -> str:
    said, say = words(receipt), speaker(receipt.language)
    masked = f'<p class="m">{escape(say(w.IN_PART))}</p>' if said.is_masked else ""
    proves = "".join(f"<p>{escape(sentence)}</p>" for sentence in said.proves)
    return (
        f"<article><h1>{escape(said.headline)}</h1>{_list(said.facts)}"
        f'<p class="d">{_download(receipt, link, Form.PDF, say(w.DOWNLOAD_PDF))}'
        f"{_download(receipt, link, Form.JSON, say(w.DOWNLOAD_JSON))}</p>"
        f"{''.join(_row(row, say) for row in said.rows)}{masked}"
        f"<h2>{escape(say(w.WHAT_IT_PROVES))}</h2>{proves}"
        f"<h2>{escape(say(w.HOW_TO_CHECK))}</h2><p>{escape(say(w.CHECK_PAGE))}</p>"
        f"{_list(said.evidence)}"
        f"<dl><dt>{escape(say(w.PUBLIC_KEY))} ({escape(receipt.kid)})</dt>"
        f'<dd><code dir="ltr">{escape(receipt.public_key)}</code></dd>'
        f"<dt>{escape(say(w.SIGNATURE))}</dt>"
        f'<dd><code dir="ltr">{escape(receipt.signature)}</code></dd>'
        f"{_place(receipt, say)}</dl>"
        "</article>"
    )


def _place(receipt: SeenReceipt, say: Say) -> str:
    if receipt.head is None:
        return ""
    seq, head = receipt.head
    return f'<dt>{escape(say(w.PLACE))}</dt><dd><code dir="ltr">{seq} {escape(head)}</code></dd>'


def _row(row: Row, say: Say) -> str:
    sides = (("", escape(say(w.BEFORE)), row.before), (" n", escape(say(w.PROPOSED)), row.proposed))
    drawn = "".join(
        f'<div class="s{kind}"><p class="m">{heading}</p>'
        f'<p><bdi dir="auto">{escape(value)}</bdi></p></div>'
        for kind, heading, value in sides
    )
    return (
        f"<section><h2>{escape(row.label)}</h2>"
        f"<p><strong>{escape(row.decision)}.</strong> {escape(row.note)}</p>{drawn}</section>"
    )


def _list(facts: Iterable[tuple[str, str]]) -> str:
    lines = "".join(
        f'<dt>{escape(label)}</dt><dd><bdi dir="auto">{escape(text)}</bdi></dd>'
        for label, text in facts
    )
    return f"<dl>{lines}</dl>" if lines else ""


def _download(receipt: SeenReceipt, link: str, form: Form, label: str) -> str:
    query = escape(urlencode({"link": link, "id": receipt.id}))
    return f'<a href="/confirm/receipt.{form}?{query}">{escape(label)}</a>'
