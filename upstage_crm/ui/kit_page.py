"""The page at `/kit/`: every component in every state, for the eye and for the browser tests.

`patron_sample` and `auth_sample` show the two other frames. Nothing here has a handler: menus,
dialogs and tabs keep their own state in the browser.
"""

import reflex as rx

from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.feedback import banner, notice
from upstage_crm.ui.components.forms.form import (
    form_actions,
    native_form,
    text_field,
)
from upstage_crm.ui.components.page import (
    card,
    columns,
    equal_buttons,
    page_header,
    quote,
    stack,
    tile,
    tiles,
)
from upstage_crm.ui.components.records.diff import (
    diff,
    diff_row,
)
from upstage_crm.ui.components.records.status import request_chip
from upstage_crm.ui.components.text import breadcrumbs, reference
from upstage_crm.ui.layout import admin_shell, auth_shell, menu_place, patron_shell
from upstage_crm.ui.samples import controls, lists, patron, records


def kit_page() -> rx.Component:
    """Return the page of all components, in the staff frame."""
    return admin_shell(
        page_header(
            "The kit",
            subtitle="Every component in every state. Switch the theme at the foot of the side.",
            crumbs=breadcrumbs(("Dashboard", "/"), here="The kit"),
            chips=(request_chip("pending"),),
            actions=(
                button("Add note", icon="message-square"),
                button("Propose change", variant="primary"),
            ),
        ),
        stack(
            tiles(
                tile(
                    "Waiting on patrons",
                    "38",
                    href="/requests/",
                    note="3 expire today",
                    tone="warning",
                ),
                tile(
                    "Approved this week",
                    "112",
                    note="94 % of those decided",
                    tone="success",
                ),
                tile(
                    "Undeliverable",
                    "2",
                    href="/requests/",
                    note="Needs attention",
                    tone="danger",
                ),
                tile("Patrons", "50,214"),
            ),
            columns(
                rx.fragment(records.record_card(), records.diff_card(), records.timeline_card()),
                rx.fragment(
                    records.facts_card(),
                    controls.text_card(),
                    controls.button_card(),
                    controls.overlay_card(),
                ),
            ),
            lists.list_card(),
            lists.table_cards(),
            lists.status_card(),
            lists.notice_card(),
            controls.form_card(),
            controls.tabs_card(),
            patron.patron_card(),
            lists.state_cards(),
            gap="large",
        ),
        places=(
            menu_place("Dashboard", href="/", mark="layout-dashboard", is_active=False),
            menu_place("Patrons", href="/patrons/", mark="users", is_active=True),
        ),
        organisation="Playhouse on the Quay",
        user_name="Dana Reyes",
        user_role="Box office",
        user_initials="DR",
        banners=banner(
            rx.el.strong("Mail is not being sent. "),
            "This installation keeps every message in the local mailbox.",
            action=button("Open the mailbox", size="small"),
        ),
    )


def patron_sample() -> rx.Component:
    """Return the patron's frame with a decision in it."""
    return patron_shell(
        page_header(
            "Is this email address right?",
            subtitle="Dana from the box office asks you to check a change to your record. "
            "Nothing changes unless you approve it.",
        ),
        card(
            diff(diff_row("Email", "j•••@gmial.com", "jane.okafor@gmail.com", level=2)),
            flush=True,
        ),
        quote(
            "Your tickets for Friday bounced. I think there is a typing mistake.",
            source="Dana, box office",
        ),
        equal_buttons(
            button("Approve", variant="strong", size="large", icon="check"),
            button("Reject", variant="strong", size="large", icon="x"),
        ),
        rx.el.p(link("This is not my address", href="/kit/")),
        organisation="Playhouse on the Quay",
        footer=rx.el.p(
            "Reference ",
            reference("K7-2FQ"),
            ". You can decide until Friday 4 December 2026, 18:00 (CET). "
            "Questions? Call us on 01 555 0142.",
        ),
    )


def auth_sample() -> rx.Component:
    """Return the sign-in frame with its form, after a wrong password."""
    return auth_shell(
        page_header("Sign in"),
        notice("The email address or the password is not right.", tone="danger", live=False),
        native_form(
            text_field("Email address", "email", type="email", auto_complete="username"),
            text_field(
                "Password",
                "password",
                type="password",
                auto_complete="current-password",
            ),
            form_actions(button("Sign in", variant="primary", type="submit")),
            action="/auth/sign-in",
        ),
        organisation="Playhouse on the Quay",
    )
