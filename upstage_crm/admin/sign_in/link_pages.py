"""The pages behind mailed links (`/sign-in/join/`, `/sign-in/reset/`), and `/sign-in/forgot/`."""

import reflex as rx

from upstage_crm.admin.sign_in.link_state import StaffLinkState as State
from upstage_crm.staff import names
from upstage_crm.staff.auth.passwords import MINIMUM_LENGTH
from upstage_crm.ui.components.base import filled, show_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.forms.form import (
    form_actions,
    native_form,
    text_field,
)
from upstage_crm.ui.components.page import page_header
from upstage_crm.ui.components.records.record import definitions
from upstage_crm.ui.layout import auth_shell

_ORGANISATION = rx.cond(State.organisation, State.organisation, "UpStage CRM")
_PASSWORD_HINT = f"At least {MINIMUM_LENGTH} characters. Several words are easier to remember."


def join_page() -> rx.Component:
    """Return the page on which an invited colleague chooses a password."""
    form = native_form(
        definitions(
            ("Email", rx.el.bdi(State.email)),
            ("Role", rx.el.span(State.role)),
            ("Invited by", rx.el.bdi(State.invited_by)),
        ),
        text_field(
            "Your name",
            "display_name",
            default_value=State.name,
            hint="Patrons read it: a first name is enough.",
            auto_complete="name",
            max_length=names.LIMIT,
        ),
        _password("Password"),
        form_actions(button("Join the team", type="submit", variant="primary")),
        action="/auth/join",
    )
    return _page("Join the team", form)


def reset_page() -> rx.Component:
    """Return the page on which somebody sets a new password."""
    form = native_form(
        rx.el.input(type="hidden", name="email", value=State.email, auto_complete="username"),
        _password("New password"),
        form_actions(button("Set password", type="submit", variant="primary")),
        action="/auth/reset",
    )
    return _page("Set a new password", form)


def forgot_page() -> rx.Component:
    """Return the page that mails a link to a staff member who lost the password."""
    return auth_shell(
        page_header("Forgotten password", subtitle="We’ll email you a link to set a new one."),
        native_form(
            text_field(
                "Email",
                "email",
                type="email",
                auto_complete="username",
                auto_focus=True,
                max_length=254,
                spell_check=False,
            ),
            form_actions(button("Email me a link", type="submit", variant="primary")),
            action="/auth/forgot",
        ),
        rx.el.p(link("Back to sign-in", href="/sign-in/")),
        organisation="UpStage CRM",
        footer="The link works once, for half an hour. Your second factor stays as it is.",
    )


def _page(title: str, form: rx.Component) -> rx.Component:
    return auth_shell(
        page_header(title),
        show_if(filled(State.problem), notice(State.problem, tone="danger")),
        show_if(State.is_alive, form),
        organisation=_ORGANISATION,
        footer="Questions? Ask the colleague who invited you, or an owner of this CRM.",
    )


def _password(label: str) -> rx.Component:
    return text_field(
        label,
        "password",
        type="password",
        hint=_PASSWORD_HINT,
        auto_complete="new-password",
        max_length=256,
    )
