"""The pages at `/sign-in/second/` (after the password) and `/sign-in/again/` (a fresh proof)."""

import reflex as rx

from upstage_crm.admin.sign_in.second_state import SecondState as State
from upstage_crm.ui.components.base import filled, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.forms.form import (
    form_actions,
    native_form,
    text_field,
)
from upstage_crm.ui.components.forms.passkey import passkey_form, passkey_script
from upstage_crm.ui.components.page import page_header
from upstage_crm.ui.layout import auth_shell

ACTION = "/auth/prove"


def second_page() -> rx.Component:
    """Return the page that asks for the second factor."""
    return _page("One more step", "Your account has a second factor.")


def again_page() -> rx.Component:
    """Return the page that asks a staff member again who they are."""
    return _page("Is it still you?", "What comes next is sensitive. Confirm it’s you to continue.")


def _page(title: str, why: str) -> rx.Component:
    return auth_shell(
        page_header(title, subtitle=why),
        show_if(filled(State.problem), notice(State.problem, tone="danger")),
        passkey_script(),
        show_if(State.wants_code, _code()),
        show_if(
            filled(State.passkey_options),
            passkey_form(
                "Use a passkey", _next(), action=ACTION, kind="get", options=State.passkey_options
            ),
        ),
        show_if(State.wants_password, _password()),
        native_form(button("Sign out", type="submit", variant="quiet"), action="/auth/sign-out"),
        organisation=rx.cond(State.organisation, State.organisation, "UpStage CRM"),
        footer="Lost your phone? A recovery code works too. Without one, ask an owner of this CRM.",
    )


def _code() -> rx.Component:
    return native_form(
        text_field(
            "Code",
            "code",
            hint="Six digits from your authenticator app, or a recovery code.",
            auto_complete="one-time-code",
            auto_focus=True,
            max_length=40,
            spell_check=False,
        ),
        _next(),
        form_actions(button("Continue", type="submit", variant="primary")),
        action=ACTION,
    )


def _password() -> rx.Component:
    return native_form(
        text_field(
            "Password",
            "password",
            type="password",
            auto_complete="current-password",
            auto_focus=True,
            max_length=1_000,
        ),
        _next(),
        form_actions(button("Continue", type="submit", variant="primary")),
        action=ACTION,
    )


def _next() -> rx.Component:
    return rx.el.input(type="hidden", name="next", value=State.next_path)
