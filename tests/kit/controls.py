"""Samples on the kit page: buttons, fields, tabs, and what opens over the page."""

import reflex as rx

from upstage_crm.ui.components.button import (
    button,
    copy_button,
    icon_button,
    link,
    link_button,
)
from upstage_crm.ui.components.dialog import dialog, dialog_close
from upstage_crm.ui.components.forms.cells import cell_grid, cell_input
from upstage_crm.ui.components.forms.choice import (
    checkbox,
    radio_group,
)
from upstage_crm.ui.components.forms.form import (
    event_form,
    form_actions,
    select_field,
    text_area,
    text_field,
)
from upstage_crm.ui.components.menu import menu, menu_item, menu_line, menu_link
from upstage_crm.ui.components.page import card, halves, inline, stack
from upstage_crm.ui.components.records.table import cell, column, table_row
from upstage_crm.ui.components.tabs import link_tab, link_tabs, tab_panel, tabs, tooltip
from upstage_crm.ui.components.text import avatar, kbd

REASONS = (("typo", "Typing mistake"), ("asked", "The patron asked for it"))


def text_card() -> rx.Component:
    """Return the small pieces of text."""
    return card(
        inline(
            avatar("JO"),
            link("Jane Okafor", href="/patrons/"),
            kbd("Ctrl K"),
            copy_button("jane.okafor@gmail.com", label="Copy email"),
            tooltip("Shown to the patron in every email", "What is this?"),
        ),
        title="Text",
    )


PRICES = (
    ("A", (("Adult", "48.00"), ("Child", "24.00"))),
    ("B", (("Adult", "free"), ("Child", ""))),
)


def cells_card() -> rx.Component:
    """Return a table that is filled like a spreadsheet."""
    rows = [
        table_row(
            rx.el.th("Zone ", zone, scope="row", role="rowheader"),
            *(
                cell(
                    cell_input(
                        f"{kind}/{zone}",
                        id=f"cell-{row}-{place}",
                        row=str(row),
                        column=str(place),
                        label=f"{kind}, zone {zone}",
                        default_value=value,
                        invalid=value == "free",
                    ),
                    align="end",
                )
                for place, (kind, value) in enumerate(cells)
            ),
        )
        for row, (zone, cells) in enumerate(
            (
                ("A", (("Adult", "48.00"), ("Child", "24.00"))),
                ("B", (("Adult", "free"), ("Child", ""))),
            )
        )
    ]
    heads = [column("Zone"), column("Adult", align="end"), column("Child", align="end")]
    return card(cell_grid(heads, rx.fragment(*rows), label="Prices"), title="A table of inputs")


def button_card() -> rx.Component:
    """Return buttons in every variant, size and state."""
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


def overlay_card() -> rx.Component:
    """Return a dialog and a menu."""
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


def form_card() -> rx.Component:
    """Return fields in every state."""
    return card(
        event_form(
            halves(
                text_field("Given name", "given", default_value="Jane"),
                text_field(
                    "Email address",
                    "mail",
                    type="email",
                    default_value="jane@",
                    hint="The patron gets an email at this address.",
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


def tabs_card() -> rx.Component:
    """Return both kinds of tabs."""
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
