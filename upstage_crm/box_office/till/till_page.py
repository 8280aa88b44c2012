"""The page at `/box-office/`: one screen for a whole sale, for keys and for fingers."""

from typing import Any

import reflex as rx

from upstage_crm.admin.frame import what_became
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.house.house_rows import LEGEND
from upstage_crm.box_office.shifts.shift_parts import shift_bar, shift_dialogs, tills_to_open
from upstage_crm.box_office.till.display_page import till_broadcast
from upstage_crm.box_office.till.order_parts import order_panel, parked_sales, return_dialog
from upstage_crm.box_office.till.parked_state import TillParkedState
from upstage_crm.box_office.till.patron_state import TillPatronState
from upstage_crm.box_office.till.seat_dots import seat_dots
from upstage_crm.box_office.till.till_frame import till_frame
from upstage_crm.box_office.till.till_keys import till_keys
from upstage_crm.box_office.till.till_order_state import TillOrderState
from upstage_crm.box_office.till.till_paper import paper, print_button
from upstage_crm.box_office.till.till_state import TillState as State
from upstage_crm.pages.view import page_here
from upstage_crm.programme.prices.views import CompReason
from upstage_crm.ui.components.arrival import focus_on
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button, icon_button
from upstage_crm.ui.components.feedback import empty_state, notice, skeleton_lines
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.suggest import suggest_box
from upstage_crm.wording.programme import COMP_WORDS
from upstage_crm.wording.venues import SEAT_WORDS

METHODS = [
    {"key": "F2", "name": "cash", "words": "Cash"},
    {"key": "F4", "name": "terminal", "words": "Card terminal", "ask": "Slip number, then Enter"},
    {"key": "F8", "name": "invoice", "words": "Invoice", "ask": "What it is for, then Enter"},
    {"key": "F9", "name": "park", "words": "Park", "ask": "Parked for whom, then Enter"},
]
"""How a sale is paid or put aside, by its key; `ask` where a note goes with it."""
TENDERS = [method for method in METHODS if method["name"] != "park"]
"""How the difference of an exchange is paid: it cannot be put aside."""
ACTS = ({"key": "F6", "name": "exchange"}, {"key": "F7", "name": "return"})
"""What is done with the chosen tickets of an order, by its key."""
REASONS = [{"name": reason.value, "words": COMP_WORDS[reason]} for reason in CompReason]


def page() -> rx.Component:
    """Return the page."""
    return till_frame(
        State,
        page_here(
            State,
            rx.match(
                State.shown,
                ("open", _sale()),
                ("closed", tills_to_open()),
                skeleton_lines(8),
            ),
            skeleton_lines(8),
        ),
        *shift_dialogs(),
        return_dialog(),
        focus_on(AdminState.focus_at),
        bar=shift_bar(),
    )


def _sale() -> Child:
    return rx.el.div(
        _performances(),
        rx.el.section(
            rx.el.h1(State.title, class_name="u-till-title"),
            _zones(),
            _house(),
            aria_label="Seats",
            class_name="u-till-house",
        ),
        rx.el.section(
            what_became(State),
            _sold(),
            till_keys(
                types=State.types,
                methods=rx.cond(
                    State.is_back, [], rx.cond(filled(State.exchange), TENDERS, METHODS)
                ),
                reasons=REASONS,
                notes=State.notes,
                acts=ACTS,
                holds=filled(State.total),
                fills=filled(State.exchange),
                turn=State.turn,
                settles=State.settles,
                on_add=[State.add, TillParkedState.look],
                on_pay=State.pay,
                on_step=[State.step, TillOrderState.step],
                on_scan=TillOrderState.scan,
                on_act=TillOrderState.act,
                on_park=TillParkedState.park,
            ),
            _exchange(),
            _basket(),
            order_panel(),
            parked_sales(),
            _finders(),
            aria_label="Sale",
            class_name="u-till-sale",
        ),
        paper(State.printed),
        till_broadcast(State.title, State.lines, State.due, State.sold, State.change),
        class_name="u-till",
    )


def _methods() -> Any:
    """What is pressed to pay; what an exchange gives back goes the way it came."""
    usual = rx.cond(filled(State.exchange), TENDERS, METHODS)
    return rx.cond(State.is_back, rx.Var.create([]), usual)


def _performances() -> Child:
    return rx.el.nav(
        rx.el.ul(rx.foreach(State.performances, _performance), class_name="u-till-list"),
        aria_label="Performances",
        class_name="u-till-performances",
    )


def _performance(one: Any) -> rx.Component:
    pick = rx.el.button(
        rx.el.span(one.time, class_name="u-num u-till-time"),
        rx.el.span(one.title, class_name="u-till-name"),
        rx.el.span(one.free, class_name="u-muted u-num"),
        type="button",
        on_click=State.choose(one.id),
        aria_current=rx.cond(one.id == State.chosen, "true", "false"),
        class_name="u-till-performance",
    )
    day = rx.el.h2(one.day, class_name="u-till-day")
    return rx.el.li(show_if(filled(one.day), day), pick, key=one.id)


def _zones() -> Child:
    return rx.el.div(
        rx.foreach(State.zones, _zone), role="group", aria_label="Zone", class_name="u-till-zones"
    )


def _zone(one: Any) -> rx.Component:
    return rx.el.button(
        one.name,
        rx.el.span(one.free, class_name="u-count"),
        type="button",
        on_click=State.choose_zone(one.key),
        aria_pressed=rx.cond(one.key == State.zone, "true", "false"),
        class_name="u-btn u-btn-secondary u-btn-small u-till-zone",
    )


def _house() -> Child:
    seats = seat_dots(State.rows, State.codes, State.backdrop, label="Seats of the performance")
    none = empty_state(
        "Nothing to sell here",
        rx.el.p("Choose a performance that is on sale and whose seats are laid out."),
        icon="ticket",
    )
    house = rx.fragment(seats, show_if(filled(State.codes), _legend()))
    return show_if(filled(State.codes) | (State.zones.length() > 0), house, none)


def _legend() -> Child:
    keys = [
        ("Yours", "u-house-key u-house-key-mine"),
        *((SEAT_WORDS[state], looks) for state, looks in LEGEND.items()),
    ]
    return rx.el.ul(
        *(
            rx.el.li(rx.el.span(aria_hidden="true", class_name=looks), words, class_name="u-inline")
            for words, looks in keys
        ),
        class_name="u-plan-legend",
    )


def _basket() -> Child:
    lines = rx.el.ul(rx.foreach(State.lines, _line), class_name="u-till-lines")
    paid = rx.el.ul(rx.foreach(State.paid, _paid), class_name="u-till-lines")
    words = rx.cond(State.paid.length() > 0, "Still to pay", "Total")
    words = rx.cond(filled(State.exchange), "Difference to pay", words)
    total = rx.el.div(
        rx.el.span(rx.cond(State.is_back, "To give back", words)),
        rx.el.output(State.due, class_name="u-till-total u-num"),
        aria_live="polite",
        class_name="u-till-sum",
    )
    back = show_if(State.is_back, rx.el.p(State.back, class_name="u-muted u-till-back"))
    return show_if(
        filled(State.total), rx.el.div(lines, paid, total, back, class_name="u-till-basket")
    )


def _line(one: Any) -> rx.Component:
    about = rx.el.span(one.about, class_name="u-muted")
    return rx.el.li(
        rx.el.div(
            rx.el.span(one.place, class_name="u-till-place"),
            rx.el.span(one.type, class_name="u-muted"),
            show_if(filled(one.about), about),
            class_name="u-till-what",
        ),
        rx.el.span(one.amount, class_name="u-num"),
        icon_button(f"Remove {one.place}", "x", size="small", on_click=State.remove(one.key)),
        key=one.key,
    )


def _paid(one: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(one.method, class_name="u-muted"),
        rx.el.span("−", one.amount, class_name="u-num"),
    )


def _exchange() -> Child:
    told = notice(
        rx.fragment("Exchange of ", State.exchange, ". Choose a performance; Enter takes as many."),
        tone="info",
        live=False,
    )
    return show_if(filled(State.exchange), told)


def _sold() -> Child:
    change = rx.el.p(
        "Change ", rx.el.strong(State.change, class_name="u-num"), class_name="u-till-change"
    )
    told = rx.el.div(
        rx.el.p(State.deed, " ", rx.el.strong(State.sold), class_name="u-till-reference"),
        show_if(filled(State.change), change),
        show_if(filled(State.back), rx.el.p("Give back ", rx.el.strong(State.back))),
        print_button(State.sold),
        role="status",
        class_name="u-till-sold",
    )
    return show_if(filled(State.sold), told)


def _finders() -> Child:
    box = suggest_box(
        "Patron",
        placeholder="Patron: / and name or phone",
        found=TillPatronState.found,
        asked=TillPatronState.asked,
        on_ask=TillPatronState.ask,
        on_pick=TillPatronState.pick,
        id="till-patron",
        then="till-typed",
    )
    chosen = rx.el.div(
        rx.el.strong(State.patron),
        rx.foreach(State.alerts, lambda words: chip(words, icon="triangle-alert", tone="warning")),
        button(
            "Sell without a patron",
            size="small",
            variant="quiet",
            on_click=TillPatronState.leave_out,
        ),
        class_name="u-inline",
    )
    order = suggest_box(
        "Order",
        placeholder="Order: * and name, reference or ticket",
        found=TillOrderState.found,
        asked=TillOrderState.asked,
        on_ask=TillOrderState.ask,
        on_pick=TillOrderState.pick,
        id="till-order",
        then="till-typed",
    )
    return rx.el.div(
        show_if(filled(State.patron), chosen),
        box,
        order,
        hidden_text("Without a patron the sale is anonymous."),
        class_name="u-till-patron",
    )
