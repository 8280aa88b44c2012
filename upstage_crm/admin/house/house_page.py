"""The page at `/events/[eventid]/[performance]/`: the house map of a performance."""

from typing import Any

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.house.dialog_state import HOLD, RELEASE, HouseDialogState
from upstage_crm.admin.house.house_inputs import PLACE, inputs
from upstage_crm.admin.house.house_state import HouseState as State
from upstage_crm.admin.house.plan_moving_state import TAKE, PlanMoveState
from upstage_crm.admin.programme.list_state import EventListState
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.pages.view import kept, question, refusal_of, subject_dialog, subject_form
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.dialog import dialog_close
from upstage_crm.ui.components.feedback import empty_state, notice, skeleton_lines
from upstage_crm.ui.components.forms.form import select_field
from upstage_crm.ui.components.page import card, halves, inline, page_header, stack
from upstage_crm.ui.components.records.record import definition, definitions
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.records.table import cell, column, data_table, table_row
from upstage_crm.ui.components.text import breadcrumbs

CRUMB = list_crumb(EventListState, "Events")


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        rx.match(
            State.shown,
            ("house", _framed(_house())),
            ("empty", _framed(_empty())),
            ("missing", _missing()),
            skeleton_lines(6),
        ),
        *_dialogs(),
        active="events",
        waiting=stack(page_header("Performance"), card(skeleton_lines(12))),
        title=State.title,
    )


def _framed(content: Child) -> rx.Component:
    return rx.fragment(
        page_header(
            State.name,
            subtitle=rx.fragment(State.time, " · ", State.hall),
            crumbs=breadcrumbs(CRUMB, (State.name, State.event_path), here=State.time),
            chips=(
                show_if(
                    State.is_cancelled,
                    chip(State.state, icon="circle-slash", tone="danger"),
                ),
                show_if(State.is_rush, chip("On-sale", icon="clock", tone="warning")),
                show_if(filled(State.size), chip(State.size, icon="users")),
            ),
            actions=(show_if(State.shown == "house", _actions()),),
        ),
        stack(what_became(State), show_if(State.progress.length() > 0, _progress()), content),
    )


def _actions() -> Child:
    rush = rx.cond(
        State.is_rush,
        button("End the on-sale", on_click=State.rush(False)),
        button("Declare an on-sale", icon="clock", on_click=State.rush(True)),
    )
    hold = button(
        "Hold seats back", icon="lock", variant="primary", on_click=HouseDialogState.open_hold
    )
    return inline(show_if(State.may_rush, rush), show_if(State.may_hold, hold))


def _progress() -> rx.Component:
    """How far the orders of a cancelled or moved performance are."""
    return card(
        definitions(rx.foreach(State.progress, lambda row: definition(row[0], row[1]))),
        title=State.progress_title,
    )


def _missing() -> Child:
    name = "No such performance"
    return rx.fragment(
        page_header(name, crumbs=breadcrumbs(CRUMB, here=name)),
        empty_state(
            "There is no such performance", rx.el.p("The address may have a mistake in it.")
        ),
    )


def _empty() -> Child:
    lay_out = show_if(
        State.may_edit,
        button("Lay out the seats", variant="primary", on_click=State.lay_out),
    )
    return empty_state(
        "The seats are not laid out yet",
        rx.el.p("They follow the newest seat plan of the hall. Then seats can be held back."),
        icon="layout-dashboard",
        action=lay_out,
    )


def _house() -> Child:
    newer = notice(
        "The hall has a newer seat plan. What is sold keeps its seat, or its holder is asked.",
        live=False,
        action=show_if(
            State.may_edit,
            button("Look at the newest plan", size="small", on_click=PlanMoveState.open),
        ),
    )
    return stack(
        show_if(State.is_behind, newer),
        rx.el.div(
            rx.el.div(
                card(rx.html(State.picture), _counts(), title="House map"),
                class_name="u-plan-column",
            ),
            rx.el.div(_holds(), _waiting(), class_name="u-plan-column"),
            class_name="u-plan-columns",
        ),
        _rows(),
    )


def _counts() -> rx.Component:
    return rx.el.ul(rx.foreach(State.counts, _count), class_name="u-plan-legend")


def _count(row: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(aria_hidden="true", class_name=row.looks),
        row.name,
        show_if(filled(row.seats), rx.el.span(row.seats, class_name="u-muted u-num")),
        show_if(
            filled(row.places), rx.el.span(row.places, " standing", class_name="u-muted u-num")
        ),
        class_name="u-inline",
    )


def _waiting() -> Child:
    """How many wait, and what became of offers: counts, and no address."""
    rows = definitions(rx.foreach(State.waiting, lambda row: definition(row[0], row[1])))
    return show_if(State.waiting.length() > 0, card(rows, title="Waiting list"))


def _holds() -> rx.Component:
    table = data_table(
        [column("Letter"), column("Held back"), column("Actions", hidden=True)],
        rx.foreach(State.holds, _hold),
        label="Held back by the house",
    )
    nothing = empty_state(
        "Nothing is held back",
        rx.el.p("Seats for guests, the press or the sound desk have a letter and a reason."),
        icon="lock",
    )
    return card(show_if(State.holds.length() > 0, table, nothing), title="House holds", flush=True)


def _hold(row: Any) -> rx.Component:
    until = show_if(filled(row.until), rx.el.div("Until ", row.until, class_name="u-sub"))
    return table_row(
        rx.el.th(
            rx.el.strong(row.letter),
            rx.el.div(row.size, class_name="u-sub u-num"),
            scope="row",
            role="rowheader",
        ),
        cell(
            rx.el.div(
                rx.el.div(rx.el.bdi(row.which)),
                rx.el.div(rx.el.bdi(row.reason), class_name="u-sub"),
                rx.el.div(rx.el.bdi(row.made), class_name="u-sub"),
                until,
            ),
            label="Held back",
        ),
        cell(
            show_if(
                State.may_hold,
                button(
                    "Release",
                    hidden_text(" ", row.letter, " ", row.which),
                    size="small",
                    on_click=HouseDialogState.ask_release(row.id),
                ),
            )
        ),
    )


def _rows() -> rx.Component:
    headings = ("Row", "Free", "In a basket", "Sold", "Held back")
    return card(
        data_table(
            [column(words) for words in headings],
            rx.foreach(State.rows, _row),
            label="Seats by row",
        ),
        title="Seats by row",
        flush=True,
    )


def _row(row: Any) -> rx.Component:
    return table_row(
        rx.el.th(
            row.name,
            rx.el.div(rx.el.bdi(row.section), class_name="u-sub"),
            scope="row",
            role="rowheader",
        ),
        cell(row.free, label="Free"),
        cell(row.held, label="In a basket"),
        cell(row.sold, label="Sold"),
        cell(row.kept, label="Held back"),
    )


def _take_plan() -> rx.Component:
    state = PlanMoveState
    send = rx.cond(state.is_ready, "Take the newest plan", "Ask the holders")
    return subject_dialog(
        state,
        TAKE,
        subject_form(
            state,
            rx.el.div(stack(rx.foreach(state.lines, rx.el.p), gap="small"), role="status"),
            refusal_of(state),
            rx.el.div(
                dialog_close("Cancel", variant="quiet"),
                show_if(
                    state.is_ready | (state.asks > 0),
                    button(send, type="submit", variant="primary"),
                ),
                class_name="u-dialog-foot",
            ),
            on_submit=state.go,
            name=TAKE,
        ),
        title="Newest seat plan",
    )


def _dialogs() -> tuple[rx.Component, ...]:
    state = HouseDialogState
    places = rx.foreach(State.places, lambda place: rx.el.option(place[1], value=place[0]))
    seats, letter, reason, day, at = inputs(state, HOLD)
    return (
        _take_plan(),
        question(
            state,
            HOLD,
            select_field("Where", PLACE, rx.fragment(places), default_value=kept(state, PLACE)),
            seats,
            letter,
            reason,
            halves(day, at),
            title="Hold seats back",
            description="All of them or none. Seats in a basket stay there until its time is over.",
            on_submit=state.hold,
            send="Hold back",
        ),
        question(
            state,
            RELEASE,
            rx.el.p("The seats are free for sale then."),
            title="Release seats",
            on_submit=state.release,
            send="Release",
            size="small",
        ),
    )
