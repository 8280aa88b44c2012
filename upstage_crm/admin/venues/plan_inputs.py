"""The inputs of the builder: one section of a seat plan."""

from collections.abc import Mapping
from typing import Any, Final

import reflex as rx

from upstage_crm.admin.venues.plan_state import KEY
from upstage_crm.admin.venues.plan_state import SeatPlanState as State
from upstage_crm.ui.components.base import Child, show_if
from upstage_crm.ui.components.forms.form import select_field, text_field
from upstage_crm.ui.components.page import halves, stack
from upstage_crm.venues.design import NAME_LIMIT, TEXT_LIMIT, Place, SectionForm
from upstage_crm.venues.labels import Numbering
from upstage_crm.venues.seat_plan import SeatKind

FORM_WORDS: Final[Mapping[SectionForm, str]] = {
    SectionForm.ROWS: "Seats in rows",
    SectionForm.TABLES: "Tables",
    SectionForm.STANDING: "Standing, without numbers",
}
PLACE_WORDS: Final[Mapping[Place, str]] = {
    Place.BEHIND: "Behind the one before",
    Place.LEFT: "To the left of it",
    Place.RIGHT: "To the right of it",
}
NUMBERING_WORDS: Final[Mapping[Numbering, str]] = {
    Numbering.LEFT: "From the left",
    Numbering.RIGHT: "From the right",
    Numbering.ODD_LEFT: "Odd, from the left",
    Numbering.ODD_RIGHT: "Odd, from the right",
    Numbering.EVEN_LEFT: "Even, from the left",
    Numbering.EVEN_RIGHT: "Even, from the right",
    Numbering.CENTRE: "From the centre out",
}


def section_inputs() -> rx.Component:
    """Return the inputs of the open section; a change of its form shows other ones."""
    return stack(
        rx.el.input(type="hidden", name=KEY, value=State.open_key),
        _text("name", "Name", max_length=NAME_LIMIT),
        halves(
            _choice("form", "What is there", FORM_WORDS),
            _choice("place", "Where", PLACE_WORDS),
        ),
        rx.match(
            State.form,
            (SectionForm.STANDING.value, _number("places", "People")),
            (SectionForm.TABLES.value, _tables()),
            _rows(),
        ),
    )


def _rows() -> rx.Component:
    return stack(
        halves(
            _number("rows", "Rows"),
            _text("seats", "Seats in a row", hint="20, or 20-34, or 20, 22, 24"),
            _text("first_row", "First row", hint="A letter or a number", max_length=4),
            _text("skip", "Letters to skip", optional=True, max_length=30),
            _choice("numbering", "Seat numbers", NUMBERING_WORDS),
            _number("first_number", "First number"),
        ),
        _text(
            "aisles",
            "Aisles after seat",
            hint="Counted from the left in the longest row: 7, 19",
            optional=True,
        ),
        halves(
            _number("curve", "Curve, %", hint="0 is straight"),
            _number("row_depth", "Row to row, cm"),
            _number("seat_width", "Seat to seat, cm"),
        ),
        *_painted("A-C, F1-6; numbered rows: 1-3, 6:1-6"),
    )


def _tables() -> rx.Component:
    return stack(
        halves(
            _number("rows", "Tables"),
            _number("seats", "Seats at each"),
            _number("tables_beside", "Tables in a line"),
            _text("first_row", "First table", hint="A letter or a number", max_length=4),
            _text("skip", "Letters to skip", optional=True, max_length=30),
            _number("first_number", "First number"),
            _number("seat_width", "Seat to seat, cm"),
            _number("row_depth", "Between tables, cm"),
        ),
        *_painted("A-C, F1-6; numbered tables: 1-3, 6:1-6"),
    )


def _painted(example: str) -> tuple[Child, ...]:
    ranges = {
        SeatKind.WHEELCHAIR: "Wheelchair spaces",
        SeatKind.COMPANION: "Companion seats",
        SeatKind.RESTRICTED: "Restricted view",
        SeatKind.REMOVABLE: "Removable seats",
    }
    return (
        halves(
            _text("zone", "Price zone", hint="A letter, A to H", max_length=1),
            _text("other_zones", "Other zones", hint="B: H-M; C: N-P", optional=True),
        ),
        rx.el.fieldset(
            rx.el.legend("Special seats", class_name="u-label"),
            rx.el.p("Rows or seats: ", example, class_name="u-hint"),
            halves(*(_text(kind.value, words, optional=True) for kind, words in ranges.items())),
            class_name="u-field u-fieldset",
        ),
    )


def _number(name: str, label: str, *, hint: str = "") -> Child:
    return _text(name, label, hint=hint, input_mode="numeric", max_length=6)


def _text(name: str, label: str, *, optional: bool = False, **more: Any) -> Child:
    return text_field(
        label,
        name,
        default_value=State.typed[name],
        error=State.errors[name],
        optional=optional,
        auto_complete="off",
        **{"max_length": TEXT_LIMIT, **more},
    )


def _choice(name: str, label: str, words: Mapping[Any, str]) -> Child:
    options = [(str(key), said) for key, said in words.items()]
    return select_field(
        label, name, options, default_value=State.typed[name], error=State.errors[name]
    )


def when_open(child: Child, otherwise: Child) -> Child:
    """Return `child` while a section is open."""
    return show_if(State.sections.length() > 0, child, otherwise)
