"""The dialogs of the team page, drawn."""

import reflex as rx

from upstage_crm.admin.team.dialog_state import CLOSE_ALERT, FREEZE, INVITE, MEMBER, WITHDRAW
from upstage_crm.admin.team.dialog_state import TeamDialogState as State
from upstage_crm.pages.view import kept, question, refusal_of, subject_dialog, subject_form
from upstage_crm.staff import names
from upstage_crm.staff.roles import Role
from upstage_crm.ui.components.base import Child, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.dialog import dialog_close
from upstage_crm.ui.components.forms.form import (
    form_actions,
    select_field,
    text_field,
)
from upstage_crm.ui.components.page import halves, inline, stack
from upstage_crm.ui.components.text import live_place
from upstage_crm.wording.staff import ROLE_WORDS

ROLES = [(role.value, words) for role, words in ROLE_WORDS.items()]
NOT_BACK = (
    "An owner can enable the account again. That does not bring withdrawn requests back: "
    "each would have to be proposed again."
)


def team_dialogs() -> Child:
    """Return the dialogs; one at most is open."""
    return rx.fragment(_invite(), _member(), _freeze(), _close_alert(), _withdraw())


def _invite() -> rx.Component:
    return question(
        State,
        INVITE,
        halves(
            text_field(
                "Email",
                "email",
                type="email",
                default_value=kept(State, "email"),
                error=State.errors["email"],
                auto_complete="off",
                max_length=254,
                spell_check=False,
            ),
            text_field(
                "Name",
                "display_name",
                default_value=kept(State, "display_name"),
                error=State.errors["display_name"],
                hint="Shown to patrons.",
                auto_complete="off",
                max_length=names.LIMIT,
            ),
            text_field(
                "Desk",
                "desk",
                default_value=kept(State, "desk"),
                error=State.errors["desk"],
                hint="Such as “box office”.",
                optional=True,
                max_length=names.LIMIT,
            ),
            select_field(
                "Role", "role", ROLES, default_value=kept(State, "role", Role.BOX_OFFICE.value)
            ),
        ),
        title="Invite a colleague",
        description="They get an email with a link that works once, for seven days.",
        on_submit=State.invite,
        send="Send invitation",
        size="large",
    )


def _freeze() -> rx.Component:
    return question(
        State,
        FREEZE,
        rx.el.p("Every session ends at once, and the account can no longer sign in."),
        rx.el.p(rx.el.strong(State.ending)),
        rx.el.p(NOT_BACK, class_name="u-muted"),
        title="Freeze this account?",
        on_submit=State.freeze,
        send="Freeze account",
        send_variant="danger",
        send_icon="circle-pause",
    )


def _close_alert() -> rx.Component:
    return question(
        State,
        CLOSE_ALERT,
        rx.el.p("New proposals of this account go their normal way again."),
        rx.el.p("What is on hold stays on hold until it is released or withdrawn, one by one."),
        title="Close this alert?",
        on_submit=State.close_alert,
        send="Close alert",
        cancel="Keep it open",
        size="small",
    )


def _withdraw() -> rx.Component:
    return question(
        State,
        WITHDRAW,
        rx.el.p("The link in their email stops working at once. You can invite them again."),
        title="Withdraw this invitation?",
        on_submit=State.withdraw_invitation,
        send="Withdraw invitation",
        send_variant="danger",
        cancel="Keep it",
        size="small",
    )


def _member() -> rx.Component:
    return subject_dialog(
        State,
        MEMBER,
        live_place(refusal_of(State), assertive=True),
        stack(_name(), show_if(~State.member.is_self, stack(_role(), _access(), _leaving()))),
        title="Manage account",
        footer=dialog_close("Close"),
    )


def _name() -> rx.Component:
    return subject_form(
        State,
        halves(
            text_field(
                "Name",
                "display_name",
                default_value=State.member.name,
                hint="Shown to patrons.",
                max_length=names.LIMIT,
                id="member-name",
            ),
            text_field(
                "Desk",
                "desk",
                default_value=State.member.desk,
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
    return subject_form(
        State,
        select_field(
            "Role",
            "role",
            ROLES,
            default_value=State.member.role,
            hint="A new role counts at once: they are signed out and sign in again.",
            id="member-role",
        ),
        form_actions(button("Change role", type="submit")),
        on_submit=State.change_role,
    )


def _access() -> Child:
    link = subject_form(
        State,
        button("Mail a link for a new password", icon="mail", type="submit"),
        on_submit=State.send_link,
    )
    factors = subject_form(
        State,
        rx.el.p(
            "For a colleague who lost the phone. They are signed out, and the password alone opens "
            "the account until they set up a new factor.",
            class_name="u-hint",
        ),
        form_actions(button("Remove their second factors", icon="key-round", type="submit")),
        on_submit=State.take_factors,
    )
    return show_if(
        State.member.is_disabled,
        rx.fragment(),
        stack(
            rx.el.h3("Access", class_name="u-label"),
            inline(link),
            show_if(State.member.factor == "on", factors),
            gap="small",
        ),
    )


def _leaving() -> Child:
    go = subject_form(
        State,
        rx.el.h3("Leaving", class_name="u-label"),
        rx.el.p("They can no longer sign in. What they did stays in the trail."),
        select_field(
            "Their open requests",
            "keeper",
            rx.foreach(
                State.keepers, lambda row: rx.el.option(f"Hand over to {row.name}", value=row.id)
            ),
            placeholder="Withdraw them",
            hint=State.ending,
            optional=True,
            id="member-keeper",
        ),
        rx.el.p(NOT_BACK, class_name="u-hint"),
        form_actions(
            button("Disable account", type="submit", variant="danger", icon="circle-slash")
        ),
        on_submit=State.disable,
    )
    come = subject_form(
        State,
        rx.el.p(
            "They sign in with their old password and second factors. Requests that were "
            "withdrawn stay withdrawn."
        ),
        form_actions(button("Enable account", icon="undo-2", type="submit")),
        on_submit=State.enable,
    )
    return show_if(State.member.is_disabled, come, go)
