"""Samples on the kit page: the pieces that only patrons' pages use."""

import reflex as rx

from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.page import card, inline, stack
from upstage_crm.ui.components.patron import disclosure, fact, facts, outcome_mark, steps


def patron_card() -> rx.Component:
    """Return the card of the patron's pieces."""
    return card(
        stack(
            inline(
                outcome_mark("circle-check", "success"),
                outcome_mark("shield-alert", "warning"),
                outcome_mark("timer-off"),
            ),
            facts(rx.fragment(fact("Who asks", "Dana, box office"), fact("For", "J••• O•••"))),
            steps(rx.fragment(rx.el.li("Close this page."), rx.el.li("Or call the desk."))),
            disclosure(
                "This is not my address", rx.el.p("We stop it."), button("Yes", size="large")
            ),
            button("Marked", variant="strong", size="large", data_marked="true"),
        ),
        title="Patrons' pages",
    )
