"""The page at `/events/[eventid]/prices/`."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.prices.event_tabs import event_tabs
from upstage_crm.admin.prices.price_form import TAX
from upstage_crm.admin.prices.price_rows import FeeRow, PriceCell, WindowRow, ZoneRow
from upstage_crm.admin.prices.prices_state import ERRORS
from upstage_crm.admin.prices.prices_state import EventPricesState as State
from upstage_crm.admin.prices.url import TYPES
from upstage_crm.admin.prices.window_dialogs import WindowDialogState
from upstage_crm.admin.prices.window_inputs import window_dialogs
from upstage_crm.admin.programme.list_state import EventListState
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.programme.prices.grid import FEE_NAME_LIMIT
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button, link_button
from upstage_crm.ui.components.feedback import empty_state, notice, skeleton_lines
from upstage_crm.ui.components.forms.cells import cell_grid, cell_input
from upstage_crm.ui.components.forms.form import (
    event_form,
    form_actions,
    select_field,
    text_field,
)
from upstage_crm.ui.components.page import card, halves, inline, page_header, stack
from upstage_crm.ui.components.plots import span_plot
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.records.table import cell, column, data_table, table_row, two_lines
from upstage_crm.ui.components.text import breadcrumbs, when

BEHIND = (
    "A colleague saved other prices after you began. What you typed is kept: saving it makes a new "
    "version, Start over shows theirs."
)


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        rx.match(
            State.shown,
            ("event", _event()),
            ("missing", empty_state("There is no such event")),
            skeleton_lines(6),
        ),
        *window_dialogs(),
        active="events",
        waiting=stack(page_header("Prices"), card(skeleton_lines(12))),
        title=State.title,
    )


def _event() -> rx.Component:
    crumbs = breadcrumbs(list_crumb(EventListState, "Events"), here=State.name)
    return rx.fragment(
        page_header(State.name, crumbs=crumbs),
        stack(
            event_tabs(State.subject, here="prices"),
            what_became(State),
            show_if(
                State.gaps.length() > 0,
                notice(
                    rx.el.ul(rx.foreach(State.gaps, rx.el.li)),
                    title="Not everything has a price",
                    tone="warning",
                    live=False,
                ),
            ),
            _prices(),
            _windows(),
            _versions(),
        ),
    )


def _prices() -> rx.Component:
    types = link_button("Price types", href=TYPES, size="small", icon="settings")
    again = button("Start over", size="small", variant="quiet", on_click=State.start_over)
    return card(
        stack(
            show_if(State.is_behind, notice(BEHIND, tone="warning", live=False)),
            show_if(
                State.rows.length() > 0,
                show_if(
                    State.columns.length() > 0,
                    show_if(State.may_edit, _form(), _grid(_shown_cell)),
                    _no_types(),
                ),
                _no_zones(),
            ),
        ),
        title=rx.fragment("Prices in ", State.currency),
        actions=(show_if(State.is_changed, again), types),
    )


def _no_zones() -> rx.Component:
    return empty_state(
        "No seat plan yet",
        rx.el.p("Prices are for the zones of the halls in which this is performed."),
        icon="layout-dashboard",
    )


def _no_types() -> rx.Component:
    return empty_state(
        "No price types yet",
        rx.el.p("Say first who pays: adults, children, members."),
        icon="users",
        action=link_button("Add price types", href=TYPES),
    )


def _form() -> rx.Component:
    everything = rx.el.option("All performances", value="")
    each = rx.foreach(State.performances, lambda one: rx.el.option(one[1], value=one[0]))
    return stack(
        rx.el.div(
            select_field(
                "For",
                "performance",
                rx.fragment(everything, each),
                value=State.chosen,
                on_change=State.choose,
                hint="A performance can have prices of its own. Without a price in any cell it has "
                "those of the event again.",
            ),
            class_name="u-measure",
        ),
        rx.el.div(
            event_form(
                _grid(_typed_cell),
                rx.el.p(
                    "With all fees and tax. An empty cell is not sold. Enter goes down, Tab goes "
                    "right.",
                    class_name="u-hint",
                ),
                _fees(),
                _beside(),
                rx.el.div(
                    show_if(
                        State.errors.length() > 0,
                        notice(
                            rx.el.ul(rx.foreach(State.errors, rx.el.li)),
                            title="Not saved yet",
                            tone="danger",
                            live=False,
                        ),
                    ),
                    role="status",
                    id=ERRORS,
                    tab_index=-1,
                ),
                form_actions(
                    button(
                        rx.fragment("Save as version ", State.version),
                        type="submit",
                        variant="primary",
                    ),
                ),
                on_submit=State.save,
                on_typed=State.type_in,
            ),
            key=State.form_number,
        ),
    )


def _grid(draw: Any) -> rx.Component:
    def row(one: ZoneRow) -> rx.Component:
        return table_row(
            rx.el.th(
                two_lines(rx.el.strong("Zone ", one.zone), one.size),
                scope="row",
                role="rowheader",
            ),
            rx.foreach(one.cells, lambda each: draw(cast("PriceCell", each))),
        )

    heads = rx.foreach(State.columns, lambda name: column(name, align="end"))
    rows = rx.foreach(State.rows, lambda one: row(cast("ZoneRow", one)))
    return cell_grid([column("Zone"), heads], rows, label="Prices by zone and price type")


def _typed_cell(one: PriceCell) -> rx.Component:
    return cell(
        cell_input(
            one.name,
            id=one.id,
            row=one.row,
            column=one.column,
            label=one.label,
            default_value=one.typed,
            invalid=one.is_refused,
        ),
        label=one.kind,
        align="end",
    )


def _shown_cell(one: PriceCell) -> rx.Component:
    return cell(show_if(filled(one.words), one.words, "–"), label=one.kind, align="end")


def _fees() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend("Fees in every price", class_name="u-label"),
        rx.el.p("A part of the price that is named, never added to it.", class_name="u-hint"),
        rx.foreach(State.fees, lambda row: _fee(cast("FeeRow", row))),
        class_name="u-field u-fieldset",
    )


def _fee(row: FeeRow) -> rx.Component:
    return rx.el.div(
        rx.el.input(
            name=row.name_input,
            default_value=row.name,
            placeholder="Name",
            aria_label=f"{row.label} name",
            auto_complete="off",
            max_length=FEE_NAME_LIMIT,
            class_name="u-input",
        ),
        rx.el.input(
            name=row.amount_input,
            default_value=row.amount,
            placeholder="Amount",
            aria_label=f"{row.label} amount",
            auto_complete="off",
            input_mode="decimal",
            max_length=16,
            class_name="u-input",
        ),
        class_name="u-fees",
    )


def _beside() -> rx.Component:
    rates = rx.foreach(State.rates, lambda rate: rx.el.option(rate[1], value=rate[0]))
    return halves(
        select_field("Tax in the prices", TAX, rx.fragment(rates), default_value=State.fields[TAX]),
        rx.el.div(),
        _moment("from", "Valid from", "Empty means now."),
        _moment("until", "Valid until", "Empty means no end."),
    )


def _moment(name: str, label: str, hint: str) -> Child:
    day, time = f"{name}-day", f"{name}-time"
    return halves(
        text_field(
            label,
            day,
            type="date",
            optional=True,
            hint=hint,
            default_value=State.fields[day],
            id=f"field-{day}",
        ),
        text_field(
            "Time",
            time,
            type="time",
            optional=True,
            hint="Local time.",
            default_value=State.fields[time],
            id=f"field-{time}",
        ),
    )


def _windows() -> rx.Component:
    table = data_table(
        [
            column("Who"),
            column("Where"),
            column("For"),
            column("Opens"),
            column("Closes"),
            column("State"),
            column("Actions"),
        ],
        rx.foreach(State.windows, lambda row: _window(cast("WindowRow", row))),
        label="Sale windows",
    )
    plot = rx.el.div(
        span_plot(State.bars, scale=State.scale, label="Sale windows over time, listed below"),
        rx.el.p("The dotted line is now.", aria_hidden="true", class_name="u-hint"),
        class_name="u-card-body",
    )
    return card(
        show_if(
            State.windows.length() > 0,
            rx.fragment(plot, table),
            empty_state(
                "Not on sale",
                rx.el.p("A sale window says who may buy where, from when until when."),
                icon="clock",
            ),
        ),
        title="Sale windows",
        actions=(
            show_if(
                State.may_edit,
                button(
                    "Add sale window",
                    icon="plus",
                    size="small",
                    on_click=WindowDialogState.open_add,
                ),
            ),
        ),
        flush=True,
    )


def _window(row: WindowRow) -> rx.Component:
    told = rx.fragment(" ", row.audience, ", ", row.channel)
    state = rx.cond(
        row.is_open,
        chip(row.state, icon="check", tone="success"),
        chip(row.state, icon=rx.cond(row.is_over, "timer-off", "clock")),
    )
    acts = inline(
        button(
            "Change",
            hidden_text(told),
            size="small",
            on_click=WindowDialogState.open_change(row.id),
        ),
        button(
            "Remove",
            hidden_text(told),
            size="small",
            on_click=WindowDialogState.ask_remove(row.id),
        ),
    )
    return table_row(
        cell(row.audience, label="Who"),
        cell(row.channel, label="Where"),
        cell(row.of, label="For"),
        cell(when(row.opens, iso=row.opens_iso), label="Opens"),
        cell(row.closes, label="Closes"),
        cell(state, label="State"),
        cell(show_if(State.may_edit, acts)),
    )


def _versions() -> Child:
    return show_if(
        State.versions.length() > 0,
        card(
            rx.el.ul(rx.foreach(State.versions, _version), class_name="u-stack"), title="Versions"
        ),
    )


def _version(row: Any) -> rx.Component:
    again = button(
        "Bring back",
        hidden_text(" ", row.name),
        icon="undo-2",
        size="small",
        on_click=State.bring_back(row.number),
    )
    return rx.el.li(
        rx.el.div(
            inline(
                rx.el.strong(row.name),
                show_if(row.holds, chip("Holds now", icon="check", tone="success")),
                show_if(row.is_later, chip("Later", icon="clock")),
            ),
            rx.el.div(row.of, " · ", row.prices),
            rx.el.div(
                row.validity,
                " · saved ",
                when(row.made, iso=row.made_iso),
                " · ",
                row.maker,
                class_name="u-sub",
            ),
        ),
        show_if(State.may_edit & ~row.holds, again),
        class_name="u-section-head",
    )
