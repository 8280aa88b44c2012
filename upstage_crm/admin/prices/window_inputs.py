"""The dialogs over sale windows, drawn."""

from __future__ import annotations

import reflex as rx

from upstage_crm.admin.prices.prices_state import EventPricesState
from upstage_crm.admin.prices.window_dialogs import ADD, CHANGE, REMOVE, WindowDialogState
from upstage_crm.pages.view import kept, question
from upstage_crm.programme.prices.views import NAME_LIMIT
from upstage_crm.ui.components.base import Child
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import select_field, text_field
from upstage_crm.ui.components.page import halves, stack
from upstage_crm.wording.programme import AUDIENCE_WORDS, CHANNEL_WORDS

State = WindowDialogState
_AUDIENCES = [(audience.value, words) for audience, words in AUDIENCE_WORDS.items()]


def window_dialogs() -> tuple[rx.Component, ...]:
    """Return the three dialogs."""
    return (
        question(
            State,
            ADD,
            _add_inputs(),
            title="Add sale window",
            description="When these people may buy there.",
            on_submit=State.add,
            send="Add",
            size="large",
        ),
        question(
            State,
            CHANGE,
            _times(is_stored=True),
            title="Change sale window",
            on_submit=State.change,
            send="Save",
        ),
        question(
            State,
            REMOVE,
            rx.el.p("Nothing more is sold by it. Tickets that were sold stay as they are."),
            title="Remove sale window",
            on_submit=State.remove,
            send="Remove",
            send_variant="danger",
            cancel="Keep it",
            size="small",
        ),
    )


def _add_inputs() -> rx.Component:
    each = rx.foreach(EventPricesState.performances, lambda one: rx.el.option(one[1], value=one[0]))
    everything = rx.el.option("All performances", value="")
    return stack(
        halves(
            select_field("Who", "audience", _AUDIENCES, default_value=kept(State, "audience")),
            text_field(
                "Level, package or code",
                "named",
                optional=True,
                hint="Nothing means every member, or every package.",
                default_value=kept(State, "named"),
                auto_complete="off",
                max_length=NAME_LIMIT,
            ),
        ),
        rx.el.fieldset(
            rx.el.legend("Where", class_name="u-label"),
            halves(*(_box(words, kind.value) for kind, words in CHANNEL_WORDS.items())),
            class_name="u-field u-fieldset",
        ),
        select_field(
            "For",
            "performance",
            rx.fragment(everything, each),
            hint="A performance with windows of its own goes by those alone.",
            default_value=kept(State, "performance"),
            id="window-performance",
        ),
        _times(is_stored=False),
    )


def _times(*, is_stored: bool) -> rx.Component:
    def value(name: str) -> rx.Var[str]:
        return State.times[name] if is_stored else kept(State, name)

    return halves(
        text_field(
            "Opens",
            "opens-day",
            type="date",
            hint="By the clocks of the house.",
            default_value=value("opens-day"),
        ),
        text_field(
            "Time",
            "opens-time",
            type="time",
            optional=True,
            hint="Nothing means midnight.",
            default_value=value("opens-time"),
        ),
        text_field(
            "Closes",
            "closes-day",
            type="date",
            optional=True,
            hint="Nothing means when the performance begins.",
            default_value=value("closes-day"),
        ),
        text_field(
            "Time",
            "closes-time",
            type="time",
            optional=True,
            hint="Nothing means midnight.",
            default_value=value("closes-time"),
        ),
    )


def _box(words: str, name: str) -> Child:
    return checkbox(words, name, default_checked=State.draft.contains(name))
