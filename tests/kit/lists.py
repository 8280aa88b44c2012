"""Samples on the kit page: lists, states, notices."""

import reflex as rx

from upstage_crm.ui.components.button import (
    button,
    link_button,
)
from upstage_crm.ui.components.feedback import (
    empty_state,
    error_state,
    no_permission,
    notice,
    skeleton_lines,
    skeleton_rows,
)
from upstage_crm.ui.components.forms.choice import search_input
from upstage_crm.ui.components.page import card, halves, inline, stack
from upstage_crm.ui.components.records.status import (
    EMAIL_LOOKS,
    MAIL_LOOKS,
    PERFORMANCE_LOOKS,
    REQUEST_LOOKS,
    email_chip,
    mail_chip,
    performance_chip,
    request_chip,
)
from upstage_crm.ui.components.records.table import (
    cell,
    column,
    data_table,
    empty_row,
    lead_cell,
    pagination,
    sort_column,
    table_row,
)
from upstage_crm.ui.components.records.toolbar import (
    filter_button,
    filter_chip,
    filter_select,
    result_count,
    toolbar,
)
from upstage_crm.ui.components.suggest import suggest_box

_PEOPLE = (
    (
        "Adeyemi, Tolu",
        "P-10231",
        "tolu.adeyemi@example.org",
        "verified",
        "2",
        "£ 1,240.00",
    ),
    (
        "Brandt, Maximilian",
        "P-10877",
        "max.brandt@example.net",
        "pending",
        "14",
        "£ 310.50",
    ),
    (
        "O’Sullivan-Fairweather, Caoimhe",
        "P-9002",
        "caoimhe@example.org",
        "bounced",
        "0",
        "£ 0.00",
    ),
    (
        "Pérez, Lucía",
        "P-11940",
        "lucia.perez@example.com",
        "unverified",
        "31",
        "£ 12,018.00",
    ),
)


def list_card() -> rx.Component:
    """Return a list with its tools, one row selected."""
    rows = [
        table_row(
            lead_cell(name, href="/patrons/"),
            cell(number, label="Number"),
            cell(email, label="Email"),
            cell(email_chip(state), label="State"),
            cell(orders, label="Orders", align="end"),
            cell(value, label="Value", align="end"),
            selected=name.startswith("Brandt"),
        )
        for name, number, email, state, orders, value in _PEOPLE
    ]
    return card(
        rx.el.div(
            toolbar(
                search_input(
                    "Search patrons",
                    placeholder="Name, email, phone or number",
                    shortcut="/",
                ),
                filter_select("State", (("all", "All states"), ("open", "Open")), id="kit-state"),
                filter_button("Pending", active=True, count="12"),
                filter_button("Bounced", active=False, count="3"),
                actions=(button("New patron", icon="plus"),),
            ),
            inline(
                suggest_box(
                    "Filter by a tag or a town",
                    placeholder="Tag or town…",
                    found=[],
                    asked="",
                    on_ask=rx.noop(),
                    on_pick=rx.noop(),
                    id="kit-suggest",
                ),
                filter_chip("Town: Bristol"),
                filter_chip("Since 2019"),
                result_count("1,204 patrons"),
            ),
            class_name="u-card-tools",
        ),
        data_table(
            (
                sort_column("Name", sort="ascending"),
                column("Number"),
                sort_column("Email", sort="none"),
                column("State"),
                sort_column("Orders", sort="none", align="end"),
                column("Value", align="end"),
            ),
            rows,
            label="Patrons",
        ),
        pagination(summary="1–50 of 1,204", has_previous=False),
        title="Patrons",
        flush=True,
    )


def table_cards() -> rx.Component:
    """Return a table that loads and one without a row."""
    heads = (
        column("Reference"),
        column("Patron"),
        column("State"),
        column("Open until"),
    )
    empty = empty_state(
        "No request matches “zzz”",
        "Search by reference, name or email.",
        icon="search",
        action=button("Clear the search"),
    )
    return rx.el.div(
        card(
            data_table(heads, skeleton_rows(4, columns=4), label="Requests, loading", busy=True),
            title="Loading",
            flush=True,
        ),
        card(
            data_table(heads, [empty_row(empty, columns=4)], label="Requests, none"),
            title="Nothing found",
            flush=True,
        ),
    )


def status_card() -> rx.Component:
    """Return every chip."""
    return card(
        stack(
            inline(*(request_chip(state) for state in REQUEST_LOOKS)),
            inline(*(mail_chip(state) for state in MAIL_LOOKS)),
            inline(*(email_chip(state) for state in EMAIL_LOOKS)),
            inline(*(performance_chip(state) for state in PERFORMANCE_LOOKS)),
        ),
        title="States",
    )


def notice_card() -> rx.Component:
    """Return notices in every tone."""
    return card(
        stack(
            notice("The patron was told by email.", tone="info"),
            notice("The proposal is on its way to jane.okafor@gmail.com.", tone="success"),
            notice(
                "The current address bounced, so only the proposed one is asked.",
                tone="warning",
                title="One reviewer only",
                action=button("Change", size="small"),
            ),
            notice(
                "This address belongs to another patron.",
                tone="danger",
                title="Not proposed",
            ),
            notice("There is nothing left to decide.", tone="neutral"),
            gap="small",
        ),
        title="Notices",
    )


def state_cards() -> rx.Component:
    """Return the empty, failed, refused and loading states."""
    return halves(
        card(
            empty_state(
                "No requests yet",
                "Open a patron and propose a change; it waits here for the patron’s answer.",
                icon="clipboard-check",
                action=link_button("Find a patron", href="/patrons/", variant="primary"),
            )
        ),
        card(error_state(action=button("Try again", icon="refresh-cw"))),
        card(no_permission("Ask an owner of this installation for access to the audit trail.")),
        card(skeleton_lines(5)),
    )
