"""The page at `/requests/`."""

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.frame import framed
from upstage_crm.admin.requests.queue_state import RequestQueueState as State
from upstage_crm.admin.requests.rows import QueueRow, QueueTab
from upstage_crm.change_requests.reads.dashboard import View
from upstage_crm.pages.view import rows_here
from upstage_crm.ui.components.base import Child, filled, show_if, text_for
from upstage_crm.ui.components.button import button, link, link_button
from upstage_crm.ui.components.choice import search_input
from upstage_crm.ui.components.deadline import deadline_chip
from upstage_crm.ui.components.feedback import empty_state, error_state, skeleton_rows
from upstage_crm.ui.components.page import card, inline, page_header, stack
from upstage_crm.ui.components.shortcut import focus_key
from upstage_crm.ui.components.status import mail_chip, request_chip
from upstage_crm.ui.components.table import (
    cell,
    column,
    data_table,
    empty_row,
    lead_cell,
    pagination,
    table_row,
    two_lines,
)
from upstage_crm.ui.components.tabs import link_tab, link_tabs
from upstage_crm.ui.components.text import reference, when
from upstage_crm.ui.components.toolbar import result_count, toolbar

SUBTITLE = "Changes that wait for a patron’s answer, or had one."
COLUMNS = 7
SEARCH_PAUSE_MS = 50
HEADINGS = (
    "Reference",
    "Patron",
    "Proposed",
    "State",
    "Time left",
    "Decision mail",
    "Proposed by",
)
EMPTY = {
    View.OPEN: ("Nobody is waiting", "Open a patron’s record to propose a change."),
    View.MINE: ("You have proposed nothing yet", "What you propose is listed here."),
    View.EXPIRING: ("Nothing expires in the next 48 hours", "Every patron still has time."),
    View.APPROVED: ("No approvals yet", "Changes that patrons approved are listed here."),
    View.REJECTED: ("No rejections", "Changes that patrons rejected are listed here."),
    View.ENDED: ("Nothing here", "Expired, withdrawn, replaced and undeliverable requests."),
    View.ALL: ("No requests yet", "Open a patron’s record to propose the first change."),
}


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        focus_key("/", "search"),
        page_header("Requests", subtitle=SUBTITLE),
        stack(
            link_tabs(rx.foreach(State.tabs, lambda tab: _tab(tab=tab)), label="Views"),
            toolbar(
                _search(), actions=(rows_here(State, result_count(State.count), rx.fragment()),)
            ),
            card(
                data_table(
                    _columns(),
                    rows_here(State, _body(), _waiting()),
                    label="Requests",
                    busy=State.is_busy,
                ),
                rows_here(
                    State,
                    show_if(
                        State.shown == "rows",
                        pagination(
                            summary=State.summary,
                            on_previous=State.previous_page,
                            on_next=State.next_page,
                            has_previous=State.page > 0,
                            has_next=State.has_next,
                        ),
                    ),
                    rx.fragment(),
                ),
                flush=True,
            ),
        ),
        active="requests",
        waiting=stack(
            page_header("Requests", subtitle=SUBTITLE),
            card(data_table(_columns(), _waiting(), label="Requests", busy=True), flush=True),
        ),
    )


@rx.memo
def _tab(tab: ObjectVar[QueueTab]) -> rx.Component:
    return link_tab(tab.label, href=tab.href, active=tab.is_active, count=tab.count)


def _search() -> rx.Component:
    # Uncontrolled, so that no answer of the server can take a letter from who types fast; the key
    # draws it anew when the address or "Clear" changes the words.
    return search_input(
        "Search requests",
        placeholder="Reference, patron or address",
        shortcut="/",
        on_change=State.search.debounce(SEARCH_PAUSE_MS),
        default_value=State.query,
        max_length=100,
        key=State.search_box,
    )


def _columns() -> list[rx.Component]:
    return [column(heading) for heading in HEADINGS]


def _waiting() -> rx.Component:
    return skeleton_rows(10, columns=COLUMNS)


def _body() -> Child:
    return rx.match(
        State.shown,
        ("loading", _waiting()),
        ("failed", empty_row(_failed(), columns=COLUMNS)),
        ("empty", empty_row(_empty(), columns=COLUMNS)),
        ("nothing", empty_row(_nothing(), columns=COLUMNS)),
        rx.fragment(rx.foreach(State.rows, lambda row: _row(row=row))),
    )


@rx.memo
def _row(row: ObjectVar[QueueRow]) -> rx.Component:
    return table_row(
        lead_cell(reference(row.reference), href=row.href, copy=row.reference),
        cell(
            two_lines(link(rx.el.bdi(row.patron), href=row.patron_href), row.patron_number),
            label="Patron",
        ),
        cell(
            two_lines(rx.el.bdi(row.proposed, class_name="u-value"), row.fields),
            label="Proposed",
            wide=True,
        ),
        cell(
            show_if(
                filled(row.state_more),
                two_lines(request_chip(row.state, row.state_words), row.state_more),
                request_chip(row.state),
            ),
            label="State",
        ),
        cell(
            show_if(
                filled(row.left),
                deadline_chip(row.left, absolute=row.left_absolute, urgent=row.is_urgent),
            ),
            label="Time left",
        ),
        cell(show_if(filled(row.mail), mail_chip(row.mail)), label="Mail"),
        cell(two_lines(row.proposer, when(row.age, iso=row.age_iso)), label="By"),
    )


def _failed() -> rx.Component:
    return error_state(
        "The requests could not be loaded",
        rx.el.p("Nothing was lost. The database did not answer."),
        action=button("Try again", icon="refresh-cw", on_click=State.refresh),
    )


def _empty() -> rx.Component:
    titles = {view.value: title for view, (title, _words) in EMPTY.items()}
    words = {view.value: text for view, (_title, text) in EMPTY.items()}
    return empty_state(
        text_for(State.view, titles, ""),
        rx.el.p(text_for(State.view, words, "")),
        icon="clipboard-check",
        action=link_button("Find a patron", href="/patrons/", icon="users"),
    )


def _nothing() -> rx.Component:
    return empty_state(
        rx.cond(State.query, f"No request found for “{State.query}”", "No request on this page"),
        rx.el.p("Found by reference, by the patron’s name or address, or by a proposed address."),
        icon="search",
        action=inline(
            button("Clear the search", on_click=State.clear),
            show_if(
                State.view != View.ALL.value,
                button("Search all requests", on_click=State.search_everywhere),
            ),
        ),
    )
