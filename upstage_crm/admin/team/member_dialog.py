"""The dialog in which an owner manages one member."""

import reflex as rx

from upstage_crm.admin.team.state import TeamState as State
from upstage_crm.staff import names
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.dialog import dialog, dialog_close
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.form import event_form, form_actions, select_field, text_field
from upstage_crm.ui.components.page import halves, inline, stack
from upstage_crm.ui.components.text import live_place
from upstage_crm.ui.staff_words import ROLE_WORDS

MEMBER = State.opened
_ROLES = [(role.value, words) for role, words in ROLE_WORDS.items()]


def member_dialog() -> rx.Component:
    """Return the dialog; `TeamState.open_member(id)` opens it."""
    return dialog(
        live_place(
            show_if(
                filled(State.opened_problem),
                notice(State.opened_problem, tone="danger", live=False),
            ),
            assertive=True,
        ),
        rx.fragment(
            stack(_name(), show_if(~MEMBER.is_self, stack(_role(), _access(), _leaving()))),
            key=State.form,
        ),
        title=MEMBER.name,
        description=MEMBER.email,
        open=filled(MEMBER.id),
        on_open_change=State.turn_member,
        footer=dialog_close("Close"),
    )


def _name() -> rx.Component:
    return event_form(
        halves(
            text_field(
                "Name",
                "display_name",
                default_value=MEMBER.name,
                hint="As patrons read it.",
                max_length=names.LIMIT,
                id="member-name",
            ),
            text_field(
                "Desk",
                "desk",
                default_value=MEMBER.desk,
                hint="Such as “box office”.",
                optional=True,
                max_length=names.LIMIT,
                id="member-desk",
            ),
        ),
        form_actions(button("Change name", type="submit")),
        on_submit=State.rename,
    )


def _role() -> rx.Component:
    return event_form(
        select_field(
            "Role",
            "role",
            _ROLES,
            default_value=MEMBER.role,
            hint="A new role counts at once: they are signed out and sign in again.",
            id="member-role",
        ),
        form_actions(button("Change role", type="submit")),
        on_submit=State.change_role,
    )


def _access() -> Child:
    link = button("Mail a link for a new password", icon="mail", on_click=State.send_link)
    factors = button("Remove their second factors", icon="key-round", on_click=State.take_factors)
    return show_if(
        MEMBER.is_disabled,
        rx.fragment(),
        stack(
            rx.el.h3("Access", class_name="u-label"),
            inline(link, show_if(MEMBER.factor == "on", factors)),
            gap="small",
        ),
    )


def _leaving() -> Child:
    go = event_form(
        rx.el.h3("Leaving", class_name="u-label"),
        rx.el.p("No sign-in any more. What they did stays in the trail."),
        select_field(
            "Their open requests",
            "keeper",
            rx.foreach(State.keepers, lambda row: rx.el.option(f"Go to {row.name}", value=row.id)),
            placeholder="Are withdrawn",
            optional=True,
            id="member-keeper",
        ),
        form_actions(
            button("Disable account", type="submit", variant="danger", icon="circle-slash")
        ),
        on_submit=State.disable,
    )
    come = inline(button("Enable account", icon="undo-2", on_click=State.enable))
    return show_if(MEMBER.is_disabled, come, go)
