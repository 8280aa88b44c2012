"""The samples on the kit page, grouped as its cards."""

import reflex as rx

from upstage_crm.ui.components.base import Child
from upstage_crm.ui.components.button import (
    button,
    copy_button,
    icon_button,
    link,
    link_button,
)
from upstage_crm.ui.components.choice import checkbox, radio_group, search_input
from upstage_crm.ui.components.dialog import dialog, dialog_close
from upstage_crm.ui.components.diff import diff, diff_row, diff_text
from upstage_crm.ui.components.feedback import (
    empty_state,
    error_state,
    no_permission,
    notice,
    skeleton_lines,
    skeleton_rows,
)
from upstage_crm.ui.components.form import (
    event_form,
    form_actions,
    select_field,
    text_area,
    text_field,
)
from upstage_crm.ui.components.menu import menu, menu_item, menu_line, menu_link
from upstage_crm.ui.components.page import card, halves, inline, stack
from upstage_crm.ui.components.record import (
    definitions,
    free_row,
    plain_row,
    protected_row,
    record,
)
from upstage_crm.ui.components.status import (
    EMAIL_LOOKS,
    MAIL_LOOKS,
    REQUEST_LOOKS,
    email_chip,
    mail_chip,
    request_chip,
)
from upstage_crm.ui.components.table import (
    cell,
    column,
    data_table,
    empty_row,
    lead_cell,
    pagination,
    sort_column,
    table_row,
)
from upstage_crm.ui.components.tabs import link_tab, link_tabs, tab_panel, tabs, tooltip
from upstage_crm.ui.components.text import avatar, kbd, mono, reference, when
from upstage_crm.ui.components.timeline import timeline, timeline_item
from upstage_crm.ui.components.toolbar import (
    filter_button,
    filter_chip,
    filter_select,
    result_count,
    toolbar,
)

REASONS = (("typo", "Typing mistake"), ("asked", "The patron asked for it"))


def main_column() -> rx.Component:
    """Return the wide column: a record, a diff, a timeline."""
    return rx.fragment(_record(), _diff(), _timeline())


def side_column() -> rx.Component:
    """Return the narrow column: facts, text, buttons."""
    return rx.fragment(_facts(), _text(), _buttons(), _overlays())


def wide_cards() -> tuple[Child, ...]:
    """Return the cards over the whole width."""
    return (
        _list(),
        _other_tables(),
        _statuses(),
        _notices(),
        _forms(),
        _tabs(),
        _states(),
    )


def _record() -> rx.Component:
    return card(
        record(
            protected_row("Name", "Jane Okafor"),
            protected_row(
                "Email",
                "jane.okafor@gmial.com",
                pending=True,
                proposed="jane.okafor@gmail.com",
                request_href="/requests/K7-2FQ/",
                may_propose=False,
                note=email_chip("bounced"),
            ),
            protected_row("Phone", "+44 20 7946 0018"),
            protected_row("Address", ""),
            protected_row("Date of birth", "12 May 1984", may_propose=False),
            free_row("Access needs", "Wheelchair space", name="access", editing=False),
            free_row("Pronouns", "she/her", name="pronouns", editing=True),
            free_row(
                "Seat wish",
                "Aisle, please",
                name="seat",
                editing=True,
                error="At most 40 characters.",
            ),
            plain_row("Patron since", "3 March 2019"),
            label="Contact",
        ),
        title="Contact",
        actions=(menu(menu_item("Copy as text", icon="copy"), label="More about this contact"),),
        flush=True,
    )


def _diff() -> rx.Component:
    return card(
        diff(
            diff_row(
                "Email",
                diff_text([("jane.okafor@gm", False), ("ia", True), ("l.com", False)]),
                diff_text([("jane.okafor@gm", False), ("ai", True), ("l.com", False)]),
                outcome=request_chip("pending"),
                now_note="Bounced on Tuesday 1 December 2026",
                proposed_note="Will be asked: this address",
            ),
            diff_row("Phone", "", "+44 20 7946 0018", outcome=request_chip("approved")),
            diff_row(
                "Address",
                "Flat 3, 27 Merchant Street, Bristol BS1 3EP",
                "The Old Customs House, 1 Quayside Walk, Bristol BS1 4QA",
                outcome=request_chip("rejected"),
            ),
        ),
        title="What changes",
        flush=True,
    )


def _timeline() -> rx.Component:
    def at(words: str) -> rx.Component:
        return when(words, iso="2026-12-01T14:02:00Z")

    return card(
        timeline(
            timeline_item(
                "Proposed a new email, because of a typing mistake",
                icon="pencil",
                time=at("Tue 1 Dec, 14:02"),
                actor="Dana Reyes, box office",
                channel="CRM",
            ),
            timeline_item(
                "Told the current address",
                icon="mail",
                time=at("14:02"),
                channel="Mail",
                tone="info",
                detail=inline(mail_chip("delivered"), link("Show the mail", href="/mailbox/")),
            ),
            timeline_item(
                "The mail to the current address came back",
                icon="mail-x",
                time=at("14:03"),
                channel="Mail",
                tone="danger",
            ),
            timeline_item(
                "Approved by the new address",
                icon="circle-check",
                time=at("15:40"),
                actor="Jane Okafor",
                channel="Confirmation page",
                tone="success",
            ),
            timeline_item(
                "Open until Tue 8 Dec, 14:02",
                icon="hourglass",
                time="in 6 days",
                tone="warning",
            ),
        ),
        title="What happened",
    )


def _facts() -> rx.Component:
    return card(
        definitions(
            ("Reference", reference("K7-2FQ", copy=True)),
            ("Reason", "Typing mistake"),
            ("Asked", "jane.okafor@gmail.com"),
            (
                "Open until",
                when(
                    "in 6 days",
                    iso="2026-12-08T14:02:00Z",
                    absolute="Tue 8 Dec 2026, 14:02 CET",
                ),
            ),
            ("Receipt", mono("9f2c4a1be07d55c38a6f0e2d4b19c7a3")),
        ),
        title="Facts",
    )


def _text() -> rx.Component:
    return card(
        inline(
            avatar("JO"),
            link("Jane Okafor", href="/patrons/"),
            kbd("Ctrl K"),
            copy_button("jane.okafor@gmail.com", label="Copy email"),
            tooltip("Shown to the patron in every mail", "What is this?"),
        ),
        title="Text",
    )


def _buttons() -> rx.Component:
    return card(
        stack(
            inline(
                button("Primary", variant="primary"),
                button("Secondary"),
                button("Quiet", variant="quiet"),
                button("Danger", variant="danger"),
            ),
            inline(
                button("Save", variant="primary", busy=True),
                button("Save", busy=True),
                button("Disabled", variant="primary", disabled=True),
                button("Disabled", disabled=True),
            ),
            inline(
                button("Small", size="small", icon="plus"),
                button("Small", size="small", variant="primary"),
                icon_button("Refresh", "refresh-cw"),
                icon_button("Edit", "pencil", size="small", variant="secondary"),
                link_button("As a link", href="/patrons/", icon="users"),
            ),
            button("Large, on patron pages", size="large"),
        ),
        title="Buttons",
    )


def _overlays() -> rx.Component:
    return card(
        inline(
            dialog(
                event_form(
                    text_field("New email address", "new-email", type="email"),
                    select_field("Reason", "reason", REASONS),
                    on_submit=rx.noop(),
                ),
                title="Propose a new email",
                description="Nothing changes until the patron approves.",
                trigger="Open a dialog",
                footer=rx.fragment(
                    dialog_close("Cancel", variant="quiet"),
                    button("Send proposal", variant="primary"),
                ),
            ),
            menu(
                menu_link("Open the record", href="/patrons/", icon="users"),
                menu_item("Copy reference", icon="copy"),
                menu_item("Not possible now", disabled=True),
                menu_line(),
                menu_item("Withdraw request", icon="trash-2", danger=True),
                label="More",
            ),
        ),
        title="Over the page",
    )


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


def _list() -> rx.Component:
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


def _other_tables() -> rx.Component:
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


def _statuses() -> rx.Component:
    return card(
        stack(
            inline(*(request_chip(state) for state in REQUEST_LOOKS)),
            inline(*(mail_chip(state) for state in MAIL_LOOKS)),
            inline(*(email_chip(state) for state in EMAIL_LOOKS)),
        ),
        title="States",
    )


def _notices() -> rx.Component:
    return card(
        stack(
            notice("The patron was told by mail.", tone="info"),
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
            notice("Nothing to decide here any more.", tone="neutral"),
            gap="small",
        ),
        title="Notices",
    )


def _forms() -> rx.Component:
    return card(
        event_form(
            halves(
                text_field("Given name", "given", default_value="Jane"),
                text_field(
                    "Email address",
                    "mail",
                    type="email",
                    default_value="jane@",
                    hint="The patron gets a mail at this address.",
                    error="Write a whole address, like name@example.org.",
                ),
                text_field("Phone", "tel", optional=True, input_mode="tel"),
                text_field("Number", "number", default_value="P-10231", disabled=True),
                select_field("Reason", "why", REASONS, placeholder="Choose a reason"),
                text_area("Words for the patron", "words", hint="At most 300 characters."),
                radio_group(
                    "Who is asked?",
                    "who",
                    (
                        ("proposed", "The proposed address", ""),
                        (
                            "both",
                            "Both addresses",
                            "The change waits for two approvals.",
                        ),
                    ),
                    default_value="proposed",
                ),
                stack(
                    checkbox("Tell me about the outcome", "tell", default_checked=True),
                    checkbox(
                        "The patron asked for this in person",
                        "asked",
                        hint="Write where in the note.",
                        error="Tick this, or choose another reason.",
                    ),
                    checkbox("Not possible", "never", disabled=True),
                    gap="small",
                ),
            ),
            form_actions(button("Save", variant="primary", type="submit"), button("Cancel")),
            on_submit=rx.noop(),
        ),
        title="Form",
    )


def _tabs() -> rx.Component:
    return card(
        stack(
            link_tabs(
                link_tab("Needs you", href="/kit/", active=True, count="4"),
                link_tab("Waiting", href="/requests/", active=False, count="38"),
                link_tab("Closed", href="/requests/", active=False),
                label="Views",
            ),
            tabs(
                tab_panel("changes", "Changes", "Requests of this patron.", count="2"),
                tab_panel("mails", "Mails", "Mails to this patron."),
                label="Parts of the record",
            ),
        ),
        title="Tabs",
    )


def _states() -> rx.Component:
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
