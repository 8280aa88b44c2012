"""The page at `/account/`: one's own password, second factors and signed-in browsers."""

from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.account.dialog_state import MAKE_CODES, REMOVE_APP
from upstage_crm.admin.account.dialog_state import AccountDialogState as Dialogs
from upstage_crm.admin.account.dialogs import account_dialogs
from upstage_crm.admin.account.state import AccountState as State
from upstage_crm.admin.account.state import BrowserRow, PasskeyRow
from upstage_crm.admin.frame import framed, what_became
from upstage_crm.pages.view import subject_input
from upstage_crm.staff.account_history import REST
from upstage_crm.staff.auth.passwords import MINIMUM_LENGTH
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button, copy_button, print_button
from upstage_crm.ui.components.feedback import notice, skeleton_lines
from upstage_crm.ui.components.forms.form import (
    event_form,
    form_actions,
    text_field,
)
from upstage_crm.ui.components.forms.passkey import passkey_form, passkey_script
from upstage_crm.ui.components.page import card, columns, inline, page_header, stack
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.records.table import (
    cell,
    column,
    data_table,
    table_row,
)
from upstage_crm.ui.components.text import mono

PASSKEY_ACTION = "/auth/passkey"


def page() -> rx.Component:
    """Return the page."""
    return rx.fragment(passkey_script(), _framed())


def _framed() -> rx.Component:
    return framed(
        State,
        page_header("Your account", subtitle=State.email),
        stack(
            what_became(State),
            show_if(State.must_enrol, _must_enrol()),
            show_if(filled(State.second_from), _second_from()),
            show_if(State.new_codes.length() > 0, _new_codes()),
            show_if(
                State.is_loaded,
                stack(columns(stack(_app(), _passkeys(), _codes()), _password()), _browsers()),
                card(skeleton_lines(8), title="Your account"),
            ),
        ),
        account_dialogs(),
        active="",
        waiting=stack(page_header("Your account"), card(skeleton_lines(8), title="Your account")),
    )


def _second_from() -> rx.Component:
    return notice(
        rx.fragment(
            State.second_from,
            f" Your account, role, password or second factor changed in the last {REST.days} days.",
        ),
        live=False,
    )


def _must_enrol() -> rx.Component:
    return notice(
        "Add an authenticator app or a passkey. Everything else opens as soon as you have one.",
        title="Your role needs a second factor",
        tone="warning",
        live=False,
    )


def _new_codes() -> rx.Component:
    return notice(
        stack(
            rx.el.p("Keep them away from your phone. Each works once. They are shown only now."),
            rx.el.ul(
                rx.foreach(State.new_codes, lambda code: rx.el.li(mono(code))),
                class_name="u-codes u-print-alone",
                aria_label="Recovery codes",
            ),
            inline(
                copy_button(State.new_codes.join("\n"), label="Copy codes", shows_label=True),
                print_button("Print codes"),
                button("I have saved them", size="small", on_click=State.forget_codes),
            ),
            gap="small",
        ),
        title="Your recovery codes",
        tone="warning",
        live=False,
    )


def _app() -> rx.Component:
    is_setting_up = filled(State.picture)
    ready = inline(
        chip("In use", icon="shield-check", tone="success"),
        _remove(Dialogs.ask(REMOVE_APP)),
    )
    start = inline(button("Set up authenticator app", icon="smartphone", on_click=State.begin_app))
    return card(
        stack(
            rx.el.p("An app on your phone shows six digits that change every half minute."),
            show_if(State.has_app, ready, show_if(is_setting_up, _setting_up(), start)),
            gap="small",
        ),
        title="Authenticator app",
    )


def _setting_up() -> rx.Component:
    return stack(
        rx.el.p("Scan this with your app, then type the code that it shows."),
        inline(
            rx.el.img(
                src=State.picture,
                alt="QR code for your authenticator app",
                width="200",
                height="200",
            )
        ),
        rx.el.p("No camera? Type this key into the app: ", mono(State.secret)),
        event_form(
            text_field(
                "Code",
                "code",
                error=State.app_error,
                auto_complete="one-time-code",
                input_mode="numeric",
                max_length=10,
            ),
            form_actions(
                button("Confirm", type="submit", variant="primary"),
                button("Cancel", variant="quiet", on_click=State.cancel_app),
            ),
            on_submit=State.confirm_app,
        ),
        gap="small",
    )


def _passkeys() -> rx.Component:
    ready = passkey_form(
        "Create it now",
        text_field(
            "Name",
            "label",
            hint="So that you know it again: “Laptop”, “Blue key”.",
            optional=True,
            max_length=80,
        ),
        action=PASSKEY_ACTION,
        kind="create",
        options=State.passkey_options,
        primary=True,
    )
    rows = rx.foreach(State.passkeys, lambda row: _passkey(row=row))
    keys = rx.el.ul(rows, class_name="u-rows")
    start = inline(button("Add a passkey", icon="key-round", on_click=State.prepare_passkey))
    return card(
        stack(
            rx.el.p("Your phone, your computer or a key proves that it is you. No code to type."),
            show_if(State.passkeys.length() > 0, keys),
            show_if(filled(State.passkey_options), ready, start),
            gap="small",
        ),
        title="Passkeys",
    )


@rx.memo
def _passkey(row: ObjectVar[PasskeyRow]) -> rx.Component:
    return rx.el.li(
        inline(
            rx.el.bdi(row.label),
            rx.el.span(row.used, class_name="u-muted"),
            _remove(Dialogs.ask_passkey(row.id)),
        )
    )


def _codes() -> Child:
    left = rx.el.p(
        rx.el.strong(State.codes_left), " recovery codes are left, for when your phone is lost."
    )
    body = stack(
        left, inline(button("Make new codes", on_click=Dialogs.ask(MAKE_CODES))), gap="small"
    )
    return show_if(State.has_factor, card(body, title="Recovery codes"))


def _password() -> rx.Component:
    return card(
        rx.el.div(
            event_form(
                subject_input(State),
                rx.el.input(
                    type="hidden", name="email", value=State.email, auto_complete="username"
                ),
                text_field(
                    "Current password",
                    "old",
                    type="password",
                    error=State.errors["old"],
                    auto_complete="current-password",
                    max_length=256,
                ),
                text_field(
                    "New password",
                    "new",
                    type="password",
                    hint=f"At least {MINIMUM_LENGTH} characters. Several words are best.",
                    error=State.errors["new"],
                    auto_complete="new-password",
                    max_length=256,
                ),
                form_actions(button("Change password", type="submit")),
                on_submit=State.change_password,
            ),
            key=State.form,
        ),
        title="Password",
    )


def _browsers() -> rx.Component:
    table = data_table(
        [column("Browser"), column("Network"), column("Last used"), column("Actions", hidden=True)],
        rx.foreach(State.browsers, lambda row: _browser(row=row)),
        label="Where you are signed in",
    )
    return card(
        table,
        title="Where you are signed in",
        actions=(button("Sign out all others", size="small", on_click=State.end_others),),
        flush=True,
    )


@rx.memo
def _browser(row: ObjectVar[BrowserRow]) -> rx.Component:
    here = chip("This browser", icon="check", tone="success")
    end = button("Sign out", size="small", variant="quiet", on_click=State.end_one(row.id))
    return table_row(
        cell(row.words, label="Browser"),
        cell(mono(row.place), label="Network"),
        cell(row.seen, label="Last used"),
        cell(show_if(row.is_this, here, end), label=""),
    )


def _remove(ask: Any) -> rx.Component:
    return button("Remove", variant="quiet", size="small", on_click=ask)
