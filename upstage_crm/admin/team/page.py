"""The page at `/team/`: members, invitations, and which roles need a second factor."""

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.team.dialog_state import TeamDialogState as Dialogs
from upstage_crm.admin.team.dialogs import team_dialogs
from upstage_crm.admin.team.rows import AlertRow, InvitationRow, MemberRow
from upstage_crm.admin.team.state import TeamState as State
from upstage_crm.ui.components.base import Child, show_if
from upstage_crm.ui.components.button import button, link_button
from upstage_crm.ui.components.feedback import notice, skeleton_lines
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import (
    event_form,
    form_actions,
)
from upstage_crm.ui.components.page import card, halves, inline, page_header, stack
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.records.table import (
    cell,
    column,
    data_table,
    table_row,
    two_lines,
)
from upstage_crm.wording.staff import (
    ROLE_HINTS,
    ROLE_WORDS,
)

SUBTITLE = "Who works here, and what they may do."


def page() -> rx.Component:
    """Return the page."""
    invite = button("Invite", variant="primary", icon="plus", on_click=Dialogs.open_invite)
    return framed(
        State,
        page_header("Team", subtitle=SUBTITLE, actions=(show_if(State.may_manage, invite),)),
        stack(
            what_became(State),
            rx.foreach(
                State.alerts,
                lambda row: _alert(row=row, may_freeze=State.may_freeze, may_close=State.may_close),
            ),
            show_if(
                State.is_loaded,
                stack(
                    card(_members(), title="Members", flush=True),
                    show_if(
                        State.invitations.length() > 0,
                        card(_invitations(), title="Invitations", flush=True),
                    ),
                    show_if(State.may_secure, _security()),
                    card(_roles(), title="What each role may do"),
                ),
                card(skeleton_lines(8), title="Members"),
            ),
        ),
        team_dialogs(),
        active="team",
        waiting=stack(
            page_header("Team", subtitle=SUBTITLE), card(skeleton_lines(8), title="Members")
        ),
    )


@rx.memo
def _alert(
    row: ObjectVar[AlertRow], may_freeze: rx.Var[bool], may_close: rx.Var[bool]
) -> rx.Component:
    freeze = button(
        "Freeze account",
        variant="danger",
        icon="circle-pause",
        on_click=Dialogs.ask_freeze(row.staff_id),
    )
    close = button("Close alert", on_click=Dialogs.ask_close_alert(row.staff_id))
    return notice(
        stack(
            rx.el.p(row.words, ", ", row.opened, ". ", rx.el.strong(row.held), " on hold."),
            inline(
                show_if(may_freeze & ~row.is_own, freeze),
                link_button("Review what is on hold", href="/requests/?view=held"),
                show_if(may_close & ~row.is_own, close),
            ),
            gap="small",
        ),
        title=f"Unusual proposals: {row.name}",
        tone="danger",
        live=False,
    )


def _members() -> rx.Component:
    return data_table(
        [
            column("Name"),
            column("Role"),
            column("Second factor"),
            column("Last active"),
            column("Actions", hidden=True),
        ],
        rx.foreach(State.members, lambda row: _member(row=row, may_manage=State.may_manage)),
        label="Members",
    )


@rx.memo
def _member(row: ObjectVar[MemberRow], may_manage: rx.Var[bool]) -> rx.Component:
    factor = rx.match(
        row.factor,
        ("on", chip("On", icon="shield-check", tone="success")),
        ("missing", chip("Missing", icon="triangle-alert", tone="warning")),
        chip("Off", icon="minus", tone="neutral"),
    )
    change = button("Manage", size="small", on_click=Dialogs.open_member(row.id))
    name = inline(
        rx.el.bdi(row.name),
        show_if(row.is_self, chip("You", icon="user", tone="info")),
        show_if(row.is_disabled, chip("Disabled", icon="circle-slash", tone="neutral")),
    )
    return table_row(
        cell(two_lines(name, rx.el.bdi(row.email)), label="Name", wide=True),
        cell(two_lines(row.role_words, rx.el.bdi(row.desk)), label="Role"),
        cell(factor, label="Second factor"),
        cell(row.active, label="Last active"),
        cell(show_if(may_manage, change), label="", align="end"),
    )


def _invitations() -> rx.Component:
    return data_table(
        [
            column("Invited"),
            column("Role"),
            column("By"),
            column("Link"),
            column("Actions", hidden=True),
        ],
        rx.foreach(
            State.invitations, lambda row: _invitation(row=row, may_manage=State.may_manage)
        ),
        label="Invitations",
    )


@rx.memo
def _invitation(row: ObjectVar[InvitationRow], may_manage: rx.Var[bool]) -> rx.Component:
    acts = inline(
        button("Send again", size="small", on_click=State.resend_invitation(row.id)),
        button(
            "Withdraw",
            size="small",
            variant="quiet",
            on_click=Dialogs.ask_withdraw(row.id),
        ),
    )
    link = show_if(
        row.is_expired,
        chip("Expired", icon="timer-off", tone="warning"),
        rx.el.span(row.left),
    )
    return table_row(
        cell(two_lines(rx.el.bdi(row.name), rx.el.bdi(row.email)), label="Invited", wide=True),
        cell(row.role_words, label="Role"),
        cell(two_lines(rx.el.bdi(row.invited_by), row.sent), label="By"),
        cell(link, label="Link"),
        cell(show_if(may_manage, acts), label="", align="end"),
    )


def _security() -> rx.Component:
    boxes = [
        checkbox(
            words,
            role.value,
            default_checked=State.second_factor.contains(role.value),
            id=f"factor-{role.value}",
        )
        for role, words in ROLE_WORDS.items()
    ]
    return card(
        rx.el.div(
            event_form(
                rx.el.fieldset(
                    rx.el.legend("Needed for these roles", class_name="u-label"),
                    rx.el.p(
                        "An authenticator app or a passkey. People without one are asked to set it "
                        "up before they can continue.",
                        class_name="u-hint",
                    ),
                    halves(*boxes),
                    class_name="u-field u-fieldset",
                ),
                form_actions(button("Save", type="submit", variant="primary")),
                on_submit=State.save_security,
            ),
            key=State.second_factor.join(","),
        ),
        title="Second factor",
    )


def _roles() -> Child:
    return rx.el.dl(
        *(
            rx.el.div(rx.el.dt(words), rx.el.dd(ROLE_HINTS[role]))
            for role, words in ROLE_WORDS.items()
        ),
        class_name="u-facts",
    )
