"""The set-up on the settings page: a list of steps, each with its way."""

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.settings.setup_state import SetupState as State
from upstage_crm.admin.settings.setup_steps import SetupStep
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button, link_button
from upstage_crm.ui.components.feedback import skeleton_lines
from upstage_crm.ui.components.page import card
from upstage_crm.ui.components.records.status import chip


def setup_part() -> Child:
    """Return the part."""
    steps = rx.el.ol(
        rx.foreach(State.steps, lambda step: _step(step=step)), class_name="u-setup-steps"
    )
    return card(show_if(State.steps.length() > 0, steps, skeleton_lines(8)), title="Set-up")


@rx.memo
def _step(step: ObjectVar[SetupStep]) -> rx.Component:
    done = chip("Done", icon="circle-check", tone="success")
    to_do = chip("To do", icon="clock", tone="neutral")
    way = link_button(step.act, href=step.href, size="small")
    send = button("Send a test email", size="small", icon="send", on_click=State.send_test)
    return rx.el.li(
        rx.el.div(
            rx.el.p(step.title, class_name="u-label"),
            rx.el.p(step.why, class_name="u-hint"),
            show_if(filled(step.note), rx.el.p(step.note, class_name="u-hint")),
        ),
        rx.el.div(show_if(step.is_done, done, to_do), class_name="u-setup-state"),
        rx.el.div(show_if(filled(step.href), way, send), class_name="u-setup-way"),
        class_name="u-setup-step",
    )
