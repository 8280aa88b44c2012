"""The page at `/sign-in/`: a plain form that the browser itself posts, script or no script."""

import reflex as rx

from upstage_crm.admin.sign_in.state import SignInState as State
from upstage_crm.ui.components.base import filled, show_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.forms.form import (
    form_actions,
    native_form,
    text_field,
)
from upstage_crm.ui.components.forms.saved_inputs import keep_typed
from upstage_crm.ui.components.page import page_header, stack
from upstage_crm.ui.components.records.record import definitions
from upstage_crm.ui.components.text import mono
from upstage_crm.ui.layout import auth_shell

ACTION = "/auth/sign-in"


def page() -> rx.Component:
    """Return the page."""
    return auth_shell(
        page_header("Sign in"),
        show_if(filled(State.problem), notice(State.problem, tone="danger")),
        show_if(filled(State.done), notice(State.done, tone="success")),
        _form(),
        show_if(filled(State.demo_email), _demo()),
        organisation=rx.cond(State.organisation, State.organisation, "UpStage CRM"),
        footer="No account? Ask an owner of this CRM for an invitation.",
    )


def _form() -> rx.Component:
    # Nothing here is controlled by a state: what is typed before the page is ready stays.
    return native_form(
        text_field(
            "Email",
            "email",
            type="email",
            auto_complete="username",
            auto_focus=True,
            max_length=254,
            spell_check=False,
        ),
        text_field(
            "Password",
            "password",
            type="password",
            auto_complete="current-password",
            max_length=1_000,
        ),
        _next(),
        keep_typed("field-email", is_refused=filled(State.problem)),
        form_actions(button("Sign in", type="submit", variant="primary")),
        rx.el.p(link("Forgotten your password?", href="/sign-in/forgot/")),
        action=ACTION,
    )


def _demo() -> rx.Component:
    return notice(
        stack(
            rx.el.p("Everybody in it is made up. You are its owner:"),
            definitions(
                ("Email", mono(State.demo_email)),
                ("Password", mono(State.demo_password)),
            ),
            native_form(
                rx.el.input(type="hidden", name="email", value=State.demo_email),
                rx.el.input(type="hidden", name="password", value=State.demo_password),
                _next(),
                form_actions(button("Use the demo account", type="submit")),
                action=ACTION,
            ),
            gap="small",
        ),
        title="This is a demo on your own machine",
        live=False,
    )


def _next() -> rx.Component:
    return rx.el.input(type="hidden", name="next", value=State.next_path)
