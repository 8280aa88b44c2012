"""The page at `/requests/`."""

from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.requests.bulk_state import RequestBulkState as Bulk
from upstage_crm.admin.requests.queue_state import RequestQueueState as State
from upstage_crm.admin.requests.rows import QueueRow, QueueTab
from upstage_crm.admin.requests.url import MINE
from upstage_crm.change_requests.reads.queue import ENDINGS, View
from upstage_crm.change_requests.reads.request_order import RequestSort
from upstage_crm.pages.list_page import (
    Column,
    list_dates,
    list_select,
    list_table,
    list_tools,
    list_waiting,
)
from upstage_crm.pages.view import refusal_of, subject_dialog, subject_form
from upstage_crm.ui.components.base import Child, filled, show_if, text_for, text_if
from upstage_crm.ui.components.button import button, link, link_button
from upstage_crm.ui.components.dialog import dialog_close
from upstage_crm.ui.components.feedback import empty_state
from upstage_crm.ui.components.page import inline, page_header, stack
from upstage_crm.ui.components.records.deadline import deadline_chip
from upstage_crm.ui.components.records.mark import one_line
from upstage_crm.ui.components.records.selection import Act, pick_all, pick_bar, pick_box
from upstage_crm.ui.components.records.status import (
    REQUEST_LOOKS,
    mail_chip,
    request_chip,
)
from upstage_crm.ui.components.records.table import (
    lead_cell,
    two_lines,
)
from upstage_crm.ui.components.records.toolbar import filter_chip
from upstage_crm.ui.components.tabs import link_tab, link_tabs
from upstage_crm.ui.components.text import address, reference, when

SUBTITLE = "Changes proposed to patrons, and what became of them."
EMPTY = {
    View.NEEDS_YOU: ("Nothing needs you", "You are up to date: every request waits for others."),
    View.OPEN: ("No patron is being asked", "Open a patron’s record to propose a change."),
    View.EXPIRING: ("Nothing expires in the next 48 hours", "Every patron still has time."),
    View.HELD: ("Nothing is on hold", "Requests that wait for a colleague are listed here."),
    View.UNDELIVERABLE: ("No email bounced", "Requests whose email could not be delivered."),
    View.OBJECTED: ("No objections", "Objections of the last 90 days, and open disputes."),
    View.CLOSED: ("Nothing is closed yet", "Requests that have ended are listed here."),
    View.APPROVED: ("No approvals yet", "Changes that patrons approved are listed here."),
    View.REJECTED: ("No rejections", "Changes that patrons rejected are listed here."),
    View.EXPIRED: ("Nothing has expired", "Requests that got no answer in time."),
    View.WITHDRAWN: ("Nothing was withdrawn", "Requests that staff or the system withdrew."),
    View.SUPERSEDED: ("Nothing was replaced", "Requests that a newer one replaced."),
    View.REVERTED: ("Nothing was undone", "Changes that were undone after they took effect."),
    View.ALL: ("No requests yet", "Open a patron’s record to propose the first change."),
}
_ENDINGS = [
    (View.CLOSED.value, "Any ending"),
    *((view.value, REQUEST_LOOKS[states[0].value].label) for view, states in ENDINGS.items()),
]
_ACTS = (
    Act("resend", "Send again", "e"),
    Act("withdraw", "Withdraw", "w"),
    Act("release", "Release", "r"),
)
_WHO = [("", "Anyone’s"), (MINE, "Mine")]


def page() -> rx.Component:
    """Return the page."""
    columns = _columns()
    return framed(
        State,
        page_header("Requests", subtitle=SUBTITLE),
        stack(
            link_tabs(rx.foreach(State.tabs, lambda tab: _tab(tab=tab)), label="Views"),
            list_tools(
                State,
                list_select(State, "who", "Who answers for it", _WHO),
                show_if(State.is_closed, list_select(State, "view", "Ending", _ENDINGS)),
                list_dates(State, text_if(State.is_finished, "Ended", "Proposed")),
                label="Search requests",
                placeholder="Reference, patron or address",
            ),
            show_if(
                filled(State.came),
                inline(filter_chip(State.came, on_remove=State.choose("came", ""))),
            ),
            what_became(State),
            list_table(
                State, QueueRow, columns, label="Requests", empty=_empty(), nothing=_nothing()
            ),
            pick_bar(_ACTS, on_act=Bulk.ask, nouns=State.nouns),
        ),
        _bulk("resend", Bulk.resend, title="Send these questions again?", send="Send again"),
        _bulk("withdraw", Bulk.withdraw, title="Withdraw these requests?", send="Withdraw"),
        _bulk("release", Bulk.release, title="Release these to the patrons?", send="Release"),
        active="requests",
        waiting=stack(
            page_header("Requests", subtitle=SUBTITLE),
            list_waiting(State, columns, label="Requests"),
        ),
    )


@rx.memo
def _tab(tab: ObjectVar[QueueTab]) -> rx.Component:
    return link_tab(tab.label, href=tab.href, active=tab.is_active, count=tab.count)


def _columns() -> list[Column]:
    time = text_if(State.is_finished, "Ended", "Time left")
    return [
        Column(heading=_lead_heading(), label="Reference", cell=_reference, is_lead=True),
        Column(heading="Patron", cell=_patron),
        Column(heading="Proposed", cell=_proposed, wide=True),
        Column(heading="State", cell=_state),
        Column(heading=time, sort=RequestSort.TIME, is_turned=State.is_finished, cell=_time),
        Column(heading="Decision email", label="Email", cell=_mail),
        Column(heading="Proposed by", label="By", sort=RequestSort.ASKED, cell=_proposer),
    ]


def _lead_heading() -> rx.Component:
    every = pick_all("Choose every request on this page")
    return rx.el.span(every, "Reference", class_name="u-row-lead")


def _reference(row: QueueRow) -> rx.Component:
    told = show_if(filled(row.comments), row.comments)
    return lead_cell(
        reference(row.reference),
        href=row.href,
        copy=row.reference,
        sub=told,
        before=pick_box(row.reference, label=f"Choose {row.reference}"),
    )


def _patron(row: QueueRow) -> Child:
    return two_lines(link(rx.el.bdi(row.patron), href=row.patron_href), row.patron_number)


def _proposed(row: QueueRow) -> Child:
    return two_lines(address(row.proposed), row.fields)


def _state(row: QueueRow) -> Child:
    chip = request_chip(row.state, row.state_words)
    return show_if(filled(row.state_more), two_lines(chip, row.state_more), chip)


def _time(row: QueueRow) -> Child:
    left = deadline_chip(row.left, absolute=row.left_absolute, urgent=row.is_urgent)
    ended = show_if(filled(row.ended), when(row.ended, iso=row.ended_iso))
    return show_if(filled(row.left), left, ended)


def _mail(row: QueueRow) -> Child:
    return show_if(filled(row.mail), mail_chip(row.mail))


def _proposer(row: QueueRow) -> Child:
    keeper = show_if(filled(row.answerable), rx.fragment(" · ", row.answerable, " answers for it"))
    return two_lines(one_line(row.proposer), rx.fragment(when(row.age, iso=row.age_iso), keeper))


def _bulk(name: str, on_submit: Any, *, title: str, send: str) -> rx.Component:
    """One dialog: what the press will do, and the press, if there is anything that it does."""
    return subject_dialog(
        Bulk,
        name,
        subject_form(
            Bulk,
            stack(rx.foreach(Bulk.lines, rx.el.p), gap="small"),
            refusal_of(Bulk),
            rx.el.div(
                dialog_close("Cancel", variant="quiet"),
                show_if(
                    Bulk.applies > 0,
                    button(
                        send, type="submit", variant="danger" if name == "withdraw" else "primary"
                    ),
                ),
                class_name="u-dialog-foot",
            ),
            on_submit=on_submit,
            name=name,
        ),
        title=title,
        size="small",
    )


def _empty() -> rx.Component:
    titles = {view.value: title for view, (title, _words) in EMPTY.items()}
    words = {view.value: text for view, (_title, text) in EMPTY.items()}
    view = State.chosen["view"].to(str)
    return empty_state(
        text_for(view, titles, EMPTY[View.OPEN][0]),
        rx.el.p(text_for(view, words, EMPTY[View.OPEN][1])),
        icon="clipboard-check",
        action=link_button("Find a patron", href="/patrons/", icon="users"),
    )


def _nothing() -> rx.Component:
    return empty_state(
        rx.cond(State.query, f"No request found for “{State.query}”", "No request fits"),
        rx.el.p("Search by reference, by the patron’s name or address, or by a proposed address."),
        icon="search",
        action=inline(
            button("Clear the search", on_click=State.clear),
            show_if(
                State.chosen["view"] != View.ALL.value,
                button("Search all requests", on_click=State.choose("view", View.ALL.value)),
            ),
        ),
    )
