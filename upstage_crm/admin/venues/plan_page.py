"""The page at `/venues/[venue]/[hall]/`: a hall's seat plan, and the builder beside it."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.incoming_files import FILE
from upstage_crm.admin.venues.list_state import VenueListState
from upstage_crm.admin.venues.plan_files import AFTER
from upstage_crm.admin.venues.plan_inputs import section_inputs, when_open
from upstage_crm.admin.venues.plan_rows import LegendRow, SectionRow
from upstage_crm.admin.venues.plan_state import SeatPlanState as State
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button, link_button
from upstage_crm.ui.components.feedback import empty_state, notice, skeleton_lines
from upstage_crm.ui.components.forms.form import event_form, form_actions, native_form
from upstage_crm.ui.components.page import card, inline, page_header, stack
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.text import breadcrumbs, when

FROM_FILE = "This plan came from a file. A section that you add begins a new plan."
BEHIND = (
    "A colleague saved a version after you began. What you typed is kept: saving it makes a new "
    "version, Start over shows theirs."
)


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        rx.match(
            State.shown,
            ("hall", _hall()),
            ("missing", empty_state("There is no such hall")),
            skeleton_lines(6),
        ),
        active="venues",
        waiting=stack(page_header("Seat plan"), card(skeleton_lines(12))),
        title=State.title,
    )


def _hall() -> rx.Component:
    crumbs = breadcrumbs(
        list_crumb(VenueListState, "Venues"),
        (State.venue_name, State.venue_path),
        here=State.hall_name,
    )
    return rx.fragment(
        page_header(
            State.hall_name,
            crumbs=crumbs,
            chips=(show_if(filled(State.size), chip(State.size, icon="users")),),
        ),
        stack(
            what_became(State),
            rx.el.div(
                rx.el.div(_picture(), _versions(), class_name="u-plan-column"),
                show_if(
                    State.may_edit, rx.el.div(_builder(), _import(), class_name="u-plan-column")
                ),
                class_name="u-plan-columns",
            ),
        ),
    )


def _picture() -> rx.Component:
    drawing = rx.el.div(
        rx.html(State.picture),
        rx.el.ul(rx.foreach(State.legend, _legend), class_name="u-plan-legend"),
    )
    nothing = empty_state(
        "No seat plan yet",
        rx.el.p("Sections of rows, tables or standing room: each is drawn while it is typed."),
        icon="layout-dashboard",
    )
    unpriced = notice(
        rx.el.ul(rx.foreach(State.gaps, rx.el.li)),
        title="Zones without a price",
        tone="warning",
        live=False,
    )
    return card(
        stack(
            show_if(filled(State.picture), drawing, nothing),
            show_if(State.gaps.length() > 0, unpriced),
        ),
        title="Seat plan",
    )


def _legend(row: LegendRow) -> rx.Component:
    mark = show_if(
        filled(row.mark),
        rx.el.span(row.mark, aria_hidden="true", class_name="u-zone-mark"),
        rx.el.span(aria_hidden="true", class_name="u-zone-dot"),
    )
    return rx.el.li(
        rx.el.span(mark, class_name=row.looks),
        row.name,
        rx.el.span(row.count, class_name="u-muted u-num"),
        class_name="u-inline",
    )


def _versions() -> Child:
    return show_if(
        State.versions.length() > 0,
        card(
            rx.el.ul(rx.foreach(State.versions, _version), class_name="u-stack"),
            title="Versions",
        ),
    )


def _version(row: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(rx.el.strong(row.name), " · ", row.size),
            rx.el.div(when(row.made, iso=row.made_iso), " · ", row.maker, class_name="u-sub"),
        ),
        inline(
            show_if(
                State.may_edit & ~row.is_newest,
                button(
                    "Bring back",
                    hidden_text(" ", row.name),
                    icon="undo-2",
                    size="small",
                    on_click=State.bring_back(row.number),
                ),
            ),
            link_button(
                "Download",
                hidden_text(" ", row.name),
                href=row.href,
                icon="download",
                size="small",
                full_load=True,
            ),
        ),
        class_name="u-section-head",
    )


def _builder() -> rx.Component:
    return card(
        stack(
            show_if(State.is_behind, notice(BEHIND, tone="warning", live=False)),
            show_if(State.is_from_file, notice(FROM_FILE, live=False)),
            when_open(_sections(), rx.fragment()),
            inline(
                button("Add section", icon="plus", size="small", on_click=State.add),
                when_open(_tools(), rx.fragment()),
            ),
            rx.el.div(
                show_if(
                    State.problems.length() > 0,
                    notice(
                        rx.el.ul(rx.foreach(State.problems, rx.el.li)),
                        title="Not ready to be saved",
                        tone="warning",
                        live=False,
                    ),
                ),
                role="status",
            ),
            when_open(_form(), rx.fragment()),
        ),
        title="Builder",
        actions=(
            show_if(
                State.is_changed,
                button("Start over", size="small", variant="quiet", on_click=State.start_over),
            ),
        ),
    )


def _import() -> rx.Component:
    return card(
        native_form(
            rx.el.input(type="hidden", name=AFTER, value=State.newest),
            rx.el.label("Seat plan file", html_for="plan-file", class_name="u-label"),
            rx.el.p(
                "A seating plan from pretix, as JSON. It becomes the next version. If something "
                "is wrong with the file, you read here what it is.",
                class_name="u-hint",
            ),
            rx.el.input(
                type="file",
                id="plan-file",
                name=FILE,
                accept="application/json,.json",
                required=True,
                class_name="u-input",
            ),
            form_actions(button("Import", type="submit")),
            action=State.import_path,
            custom_attrs={"encType": "multipart/form-data"},
        ),
        title="Import",
    )


def _sections() -> rx.Component:
    rows = rx.foreach(State.sections, lambda row: _section(cast("SectionRow", row)))
    return rx.el.div(rows, role="group", aria_label="Sections", class_name="u-inline")


def _section(row: SectionRow) -> rx.Component:
    return rx.el.button(
        row.name,
        rx.el.span(row.size, class_name="u-count"),
        type="button",
        aria_pressed=State.open_key == row.key,
        on_click=State.choose(row.key),
        class_name="u-toggle",
    )


def _tools() -> rx.Component:
    return rx.fragment(
        button("Copy", icon="copy", size="small", on_click=State.copy_one),
        button("Earlier", icon="arrow-up", size="small", on_click=State.move_up),
        button("Remove", icon="trash-2", size="small", on_click=State.remove),
    )


def _form() -> rx.Component:
    return rx.el.div(
        event_form(
            section_inputs(),
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
    )
