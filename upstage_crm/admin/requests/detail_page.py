"""The page at `/requests/[reference]/`."""

from typing import Any, cast

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.requests.detail_state import RequestDetailState as State
from upstage_crm.admin.requests.field_rows import FieldRow, Said
from upstage_crm.admin.requests.mail_rows import MailRow
from upstage_crm.admin.requests.queue_state import RequestQueueState
from upstage_crm.admin.requests.receipt_rows import ReceiptItem
from upstage_crm.admin.requests.spans import Span
from upstage_crm.admin.requests.task_page import (
    assign_button,
    code_button,
    comment_button,
    resend_button,
    revert_button,
    task_card,
    task_dialogs,
    withdraw_button,
)
from upstage_crm.admin.timeline import timeline_of
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import link, link_button
from upstage_crm.ui.components.feedback import empty_state, notice, skeleton_lines
from upstage_crm.ui.components.page import (
    card,
    columns,
    inline,
    page_header,
    quote,
    stack,
)
from upstage_crm.ui.components.records.deadline import deadline_chip
from upstage_crm.ui.components.records.diff import (
    diff,
    diff_row,
    diff_text,
)
from upstage_crm.ui.components.records.record import definition, definitions, known
from upstage_crm.ui.components.records.status import (
    field_chip,
    mail_chip,
    request_chip,
)
from upstage_crm.ui.components.records.table import (
    cell,
    column,
    data_table,
    table_row,
    two_lines,
)
from upstage_crm.ui.components.text import (
    address,
    address_part,
    breadcrumbs,
    live_place,
    reference,
    when,
)

REQUEST = State.detail
TRAIL = list_crumb(RequestQueueState, "Requests")


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        rx.match(
            State.shown,
            ("request", _request()),
            ("missing", _missing()),
            _loading(),
        ),
        active="requests",
        waiting=_loading(),
        title=State.title,
    )


def _request() -> rx.Component:
    return rx.fragment(
        page_header(
            f"Request {REQUEST.reference}",
            subtitle=_subtitle(),
            crumbs=breadcrumbs(TRAIL, here=REQUEST.reference),
            chips=(request_chip(REQUEST.state, REQUEST.state_words), _deadline()),
            actions=(code_button(), _again(), resend_button(), revert_button(), withdraw_button()),
        ),
        stack(
            what_became(State),
            _news(),
            show_if(filled(REQUEST.next_step), notice(REQUEST.next_step, title="Next", live=False)),
            show_if(filled(REQUEST.holder), _conflict()),
            task_card(),
            columns(
                rx.fragment(_changes(), _story(), _mails()),
                rx.fragment(_facts(), _reason(), _receipts()),
            ),
            gap="medium",
        ),
        task_dialogs(),
    )


def _subtitle() -> Child:
    return rx.fragment(
        "For ",
        link(rx.el.bdi(REQUEST.patron), href=REQUEST.patron_href),
        f" ({REQUEST.patron_number}), proposed by {REQUEST.proposer}, ",
        when(REQUEST.created, iso=REQUEST.created_iso),
    )


def _again() -> Child:
    """The way to the record's dialog, filled in with what this request proposes."""
    is_offered = filled(REQUEST.again_href) & filled(REQUEST.again)
    opener = link_button(REQUEST.again, href=REQUEST.again_href, icon="pencil")
    return show_if(is_offered, opener)


def _deadline() -> Child:
    chip = deadline_chip(REQUEST.left, absolute=REQUEST.expires, urgent=REQUEST.is_urgent)
    return show_if(filled(REQUEST.left), chip)


def _news() -> Child:
    """What a colleague, the patron or the clock did while the page was open."""
    return live_place(show_if(filled(State.news), notice(State.news, live=False)))


def _conflict() -> rx.Component:
    return notice(
        "Compare the two records: they may be the same person. ",
        link(f"Patron {REQUEST.patron_number}", href=REQUEST.patron_href),
        " · ",
        link(f"Patron {REQUEST.holder}", href=REQUEST.holder_href),
        title=f"Conflict: patron {REQUEST.holder} has this address",
        tone="warning",
        live=False,
    )


def _changes() -> rx.Component:
    return card(
        diff(rx.foreach(REQUEST.fields, lambda row: _field(row=row))),
        title="The change",
        flush=True,
    )


@rx.memo
def _field(row: ObjectVar[FieldRow]) -> rx.Component:
    said = rx.foreach(row.said, lambda said: _said(said=said))
    return diff_row(
        row.label,
        _side(row.now, row.now_spans),
        _side(row.proposed, row.proposed_spans),
        now_heading=row.now_heading,
        proposed_heading=row.proposed_heading,
        is_kept=row.is_kept,
        outcome=rx.cond(
            row.is_kept,
            request_chip("reverted", "Undone"),
            field_chip(row.outcome, row.outcome_words),
        ),
        proposed_note=stack(
            show_if(filled(row.asked), rx.el.p("Asked: ", rx.el.bdi(row.asked))),
            said,
            show_if(filled(row.comment), quote(row.comment, source="The patron’s words")),
            gap="small",
        ),
    )


def _side(value: Any, spans: Any) -> Child:
    """A value with its differing letters marked; screen readers get it in one piece."""
    pieces = rx.foreach(spans, lambda span: _span(span=span))
    marked = diff_text(rx.fragment(hidden_text(value), rx.el.span(pieces, aria_hidden="true")))
    plain = rx.cond(value, address(value), rx.el.span("Nothing", class_name="u-muted"))
    return rx.fragment(rx.cond(spans.length() > 0, marked, plain))


@rx.memo
def _span(span: ObjectVar[Span]) -> rx.Component:
    mark, plain = (address_part(span.text, tag=tag) for tag in ("mark", "span"))
    return rx.fragment(rx.cond(span.differs, mark, plain))


@rx.memo
def _said(said: ObjectVar[Said]) -> rx.Component:
    return rx.el.p(rx.el.bdi(said.words), ", ", when(said.time, iso=said.time_iso))


def _story() -> rx.Component:
    return card(
        timeline_of(REQUEST.story, label="What happened"),
        title="What happened",
        actions=(comment_button(),),
    )


def _mails() -> Child:
    headings = [column(words) for words in ("Email", "To", "State", "When")]
    rows = rx.foreach(REQUEST.mails, lambda mail: _mail(mail=mail))
    told = card(
        data_table(headings, rows, label="Who was asked and told"),
        title="Who was asked and told",
        flush=True,
    )
    return show_if(cast("Any", REQUEST.mails).length() > 0, told)


@rx.memo
def _mail(mail: ObjectVar[MailRow]) -> rx.Component:
    opened = link(mail.kind, href=mail.href)
    return table_row(
        cell(show_if(filled(mail.href), opened, rx.el.span(mail.kind)), label="Email"),
        cell(
            two_lines(address(mail.address), mail.audience),
            label="To",
            wide=True,
        ),
        cell(mail_chip(mail.state), label="State"),
        cell(rx.el.span(mail.times, class_name="u-num"), label="When"),
    )


def _facts() -> rx.Component:
    return card(
        definitions(
            ("Reference", reference(REQUEST.reference, copy=True)),
            ("Patron", link(rx.el.bdi(REQUEST.patron), href=REQUEST.patron_href)),
            ("Proposed by", REQUEST.proposer),
            definition("Answers for it", inline(REQUEST.answerable, assign_button())),
            ("Proposed on", when(REQUEST.created_absolute, iso=REQUEST.created_iso)),
            known(REQUEST.expires_label, REQUEST.expires),
            show_if(
                filled(REQUEST.ended),
                definition("Ended", two_lines(REQUEST.ended, REQUEST.cause)),
            ),
            known("Question sent", REQUEST.sent),
            known("Last sent", REQUEST.last_sent),
            known("Next reminder", REQUEST.reminder),
        ),
        show_if(
            filled(REQUEST.resend_refusal),
            rx.el.p(REQUEST.resend_refusal, id="resend-hint", class_name="u-hint"),
        ),
        title="Facts",
    )


def _reason() -> rx.Component:
    return card(
        stack(
            rx.el.p(REQUEST.reason),
            rx.el.p(
                "The patron reads: ",
                rx.el.span(f"“{REQUEST.reason_sentence}”"),
                class_name="u-muted",
            ),
            show_if(
                filled(REQUEST.reason_text),
                quote(REQUEST.reason_text, source=REQUEST.proposer),
            ),
            gap="small",
        ),
        title="Reason",
    )


def _receipts() -> Child:
    """The signed evidence; nothing before somebody has decided."""
    rows = rx.foreach(REQUEST.receipts, lambda item: _receipt(item=item))
    return rx.cond(REQUEST.has_receipts, card(stack(rows, gap="small"), title="Receipts"), None)


@rx.memo
def _receipt(item: ObjectVar[ReceiptItem]) -> rx.Component:
    return stack(
        rx.el.p(item.words, ", ", when(item.time, iso=item.time_iso)),
        inline(
            link("PDF", hidden_text(f": {item.words}"), href=item.pdf, full_load=True),
            link("JSON", hidden_text(f": {item.words}"), href=item.json, full_load=True),
        ),
        gap="small",
    )


def _missing() -> rx.Component:
    return rx.fragment(
        page_header("No such request", crumbs=breadcrumbs(TRAIL, here="Not found")),
        card(
            empty_state(
                f"There is no request “{State.typed}”",
                rx.el.p(
                    "A reference has five letters or digits, such as K7-2FQ. "
                    "The letter O is read as zero, I and L as one."
                ),
                icon="search",
                action=inline(
                    link_button("All requests", href="/requests/?view=all", icon="clipboard-check"),
                    link_button("Find a patron", href="/patrons/", icon="users"),
                ),
            )
        ),
    )


def _loading() -> rx.Component:
    return rx.fragment(
        page_header("Request", crumbs=breadcrumbs(TRAIL, here="…")), card(skeleton_lines(8))
    )
