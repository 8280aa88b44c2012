"""The page at `/prices/`: price types, tax rates, the currency."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.prices.types_state import (
    ADD_RATE,
    ADD_TYPE,
    CODE,
    COMP,
    EDIT_TYPE,
    RETIRED,
    PriceTypeDialogState,
    RateRow,
    TypeRow,
)
from upstage_crm.admin.prices.types_state import PriceTypesState as State
from upstage_crm.pages.view import kept, question
from upstage_crm.programme.prices.price_types import LEAST, MOST, NAME, PROOF, PROOF_LIMIT, RATE
from upstage_crm.programme.prices.views import NAME_LIMIT
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import empty_state, skeleton_lines
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import (
    event_form,
    form_actions,
    select_field,
    text_field,
)
from upstage_crm.ui.components.page import card, halves, inline, page_header, stack
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.records.table import cell, column, data_table, table_row

Dialogs = PriceTypeDialogState


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        page_header("Price types"),
        stack(
            what_became(State),
            show_if(State.is_loaded, stack(_types(), _rates(), _currency()), skeleton_lines(8)),
        ),
        *_dialogs(),
        active="prices",
        waiting=stack(page_header("Price types"), card(skeleton_lines(8))),
    )


def _types() -> rx.Component:
    table = data_table(
        [column("Who pays"), column("Proof"), column("In one order"), column("Actions")],
        rx.foreach(State.types, lambda row: _type(cast("TypeRow", row))),
        label="Price types",
    )
    nothing = empty_state(
        "No price types yet",
        rx.el.p("Every price is for a type: adults, children, members."),
        icon="tag",
    )
    return card(
        show_if(State.types.length() > 0, table, nothing),
        title="Who pays",
        actions=(_act("Add price type", Dialogs.open_add),),
        flush=True,
    )


def _type(row: TypeRow) -> rx.Component:
    marks = inline(
        row.name,
        show_if(row.is_comp, chip("Free", icon="ticket")),
        show_if(row.is_retired, chip("Retired", icon="circle-slash")),
    )
    change = button(
        "Change", hidden_text(" ", row.name), size="small", on_click=Dialogs.open_edit(row.id)
    )
    return table_row(
        cell(marks, label="Who pays"),
        cell(show_if(filled(row.proof), row.proof, "–"), label="Proof"),
        cell(show_if(filled(row.bounds), row.bounds, "Any number"), label="In one order"),
        cell(show_if(State.may_edit, change)),
    )


def _rates() -> rx.Component:
    table = data_table(
        [column("Name"), column("Rate"), column("Actions")],
        rx.foreach(State.rates, lambda row: _rate(cast("RateRow", row))),
        label="Tax rates",
    )
    nothing = empty_state(
        "No tax rates yet", rx.el.p("Prices hold their tax. Without tax the rate is 0 %.")
    )
    return card(
        show_if(State.rates.length() > 0, table, nothing),
        title="Tax in prices",
        actions=(_act("Add tax rate", Dialogs.open_rate),),
        flush=True,
    )


def _rate(row: RateRow) -> rx.Component:
    retire = button(
        "Retire", hidden_text(" ", row.name), size="small", on_click=State.retire(row.id)
    )
    marks = inline(row.name, show_if(row.is_retired, chip("Retired", icon="circle-slash")))
    return table_row(
        cell(marks, label="Name"),
        cell(row.rate, label="Rate"),
        cell(show_if(State.may_edit, show_if(row.is_retired, rx.fragment(), retire))),
    )


def _currency() -> rx.Component:
    options = rx.foreach(State.currencies, lambda one: rx.el.option(one[1], value=one[0]))
    form = rx.el.div(
        event_form(
            select_field(
                "Currency",
                CODE,
                rx.fragment(options),
                default_value=State.code,
                hint="It can be changed until there are prices.",
            ),
            form_actions(button("Save currency", type="submit")),
            on_submit=State.choose_currency,
        ),
        key=State.form_number,
        class_name="u-measure",
    )
    return card(show_if(State.may_choose, form, rx.el.p(State.currency)), title="Currency")


def _act(words: str, on_click: Any) -> Child:
    return show_if(State.may_edit, button(words, icon="plus", size="small", on_click=on_click))


def _dialogs() -> tuple[rx.Component, ...]:
    return (
        question(
            Dialogs,
            ADD_TYPE,
            stack(
                *_type_inputs(ADD_TYPE),
                checkbox(
                    "Complimentary: free, and given with a reason",
                    COMP,
                    default_checked=Dialogs.draft.contains(COMP),
                ),
            ),
            title="Add price type",
            on_submit=Dialogs.add,
            send="Add",
        ),
        question(
            Dialogs,
            EDIT_TYPE,
            stack(
                *_type_inputs(EDIT_TYPE),
                checkbox(
                    "Retired: no longer offered",
                    RETIRED,
                    default_checked=Dialogs.is_retired,
                ),
            ),
            title="Change price type",
            on_submit=Dialogs.edit,
            send="Save",
        ),
        question(
            Dialogs,
            ADD_RATE,
            halves(
                _text(ADD_RATE, NAME, "Name", max_length=NAME_LIMIT),
                _text(ADD_RATE, RATE, "Percent of the net price", input_mode="decimal"),
            ),
            title="Add tax rate",
            description="A rate never changes: when the law does, add another one.",
            on_submit=Dialogs.add_rate,
            send="Add",
        ),
    )


def _type_inputs(dialog: str) -> tuple[Child, ...]:
    return (
        _text(dialog, NAME, "Who pays", max_length=NAME_LIMIT),
        _text(
            dialog,
            PROOF,
            "Proof at the door",
            optional=True,
            hint="Student card, membership card.",
            max_length=PROOF_LIMIT,
        ),
        halves(
            _text(dialog, LEAST, "Fewest in one order", optional=True, input_mode="numeric"),
            _text(dialog, MOST, "Most in one order", optional=True, input_mode="numeric"),
        ),
    )


def _text(dialog: str, name: str, label: str, *, optional: bool = False, **more: Any) -> Child:
    return text_field(
        label,
        name,
        default_value=kept(Dialogs, name, Dialogs.stored[name]),
        error=Dialogs.errors[name],
        optional=optional,
        auto_complete="off",
        id=f"{dialog}-{name}",
        **{"max_length": 6, **more},
    )
