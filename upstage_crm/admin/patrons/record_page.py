"""The page at `/patrons/[number]/`."""

from typing import cast

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.care_parts import (
    care_dialogs,
    erased_notice,
    erasure_notice,
    frozen_notice,
    more_menu,
    protection_chip,
    status_button,
    waiting_changes,
)
from upstage_crm.admin.patrons.free_fields import EDITED, LANGUAGE_OPTIONS, FreeField
from upstage_crm.admin.patrons.propose_dialog import propose_dialog
from upstage_crm.admin.patrons.propose_state import ProposeState
from upstage_crm.admin.patrons.record_rows import ProtectedView, RequestItem
from upstage_crm.admin.patrons.record_state import PatronRecordState as State
from upstage_crm.admin.patrons.reveal_dialog import reveal_button, reveal_dialog
from upstage_crm.admin.timeline import timeline_of
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.pages.view import subject_input
from upstage_crm.ui.components.base import Child, filled, show_if, text_if
from upstage_crm.ui.components.button import button, copy_button, icon_button, link, link_button
from upstage_crm.ui.components.feedback import (
    empty_state,
    error_state,
    notice,
    skeleton_lines,
)
from upstage_crm.ui.components.forms.edit_row import (
    block_input,
    edit_row,
    line_input,
    select_input,
)
from upstage_crm.ui.components.page import card, columns, inline, page_header, stack
from upstage_crm.ui.components.records.record import (
    protected_row,
    record,
)
from upstage_crm.ui.components.records.status import (
    chip,
    email_chip,
    request_chip,
)
from upstage_crm.ui.components.records.timeline import meta_line
from upstage_crm.ui.components.text import (
    breadcrumbs,
    reference,
    value,
    value_lines,
    when,
)

TRAIL = list_crumb(PatronListState, "Patrons")


def page() -> rx.Component:
    """Return the page."""
    shown = rx.match(
        State.shown,
        ("loading", _loading()),
        ("missing", _missing()),
        ("failed", _failed()),
        _record(),
    )
    return framed(State, shown, active="patrons", waiting=_loading(), title=State.title)


def _record() -> rx.Component:
    return rx.fragment(
        page_header(
            State.head.name,
            subtitle=rx.el.span(
                f"Patron {State.head.number}",
                copy_button(State.head.number, label="Copy the patron number"),
                class_name="u-inline",
            ),
            crumbs=breadcrumbs(TRAIL, here=State.head.name),
            chips=(
                show_if(filled(State.head.kind), chip(State.head.kind, icon="users")),
                show_if(filled(State.head.status), chip(State.head.status, icon="circle-slash")),
                show_if(State.head.is_flagged, chip("In dispute", icon="flag", tone="danger")),
                protection_chip(),
            ),
            actions=(_propose(), more_menu()),
        ),
        stack(
            what_became(State, after=_after()),
            erased_notice(),
            frozen_notice(),
            _obstacle(),
            erasure_notice(),
            waiting_changes(),
            show_if(State.head.is_flagged & ~filled(State.care.frozen.cause), _flagged()),
            columns(stack(_protected(), _free()), stack(_requests(), _history())),
        ),
        propose_dialog(),
        reveal_dialog(),
        care_dialogs(),
    )


def _propose() -> Child:
    """The usual reason to open a record; the dialog begins with the first field that can change."""
    propose = button(
        "Propose change",
        variant="primary",
        icon="pencil",
        on_click=ProposeState.open(State.first_field, State.subject),
    )
    return show_if(State.may_propose, propose)


def _after() -> rx.Component:
    """The way to the request that was just made, and the way to be rid of the words."""
    made = link(
        "View request",
        " ",
        reference(State.done_reference),
        href=f"/requests/{State.done_reference}/",
    )
    return inline(
        show_if(filled(State.done_reference), made),
        icon_button("Dismiss", "x", size="small", on_click=State.dismiss),
    )


def _flagged() -> rx.Component:
    return notice(
        "The owner of an address said that something here is wrong. "
        "Read the history before you change anything.",
        title="Something here was reported as wrong",
        tone="warning",
        live=False,
    )


def _obstacle() -> Child:
    """Why the patron cannot be asked as usual, with the way on."""
    obstacle = State.obstacle
    propose = button(
        obstacle.act, size="small", on_click=ProposeState.open(obstacle.field, State.subject)
    )
    return show_if(
        filled(obstacle.title),
        notice(
            obstacle.ways_on,
            title=obstacle.title,
            tone="warning",
            live=False,
            action=inline(
                show_if(filled(obstacle.act), propose),
                show_if(obstacle.is_status, status_button()),
            ),
        ),
    )


def _protected() -> rx.Component:
    rows = rx.foreach(State.protected, lambda field: _protected_row(cast("ProtectedView", field)))
    return card(
        record(rows, label="Details that only the patron can change"),
        title="Protected details",
        flush=True,
    )


def _protected_row(field: ProtectedView) -> rx.Component:
    marked = rx.fragment(email_chip(field.mark), rx.el.span(field.mark_words, class_name="u-muted"))
    return protected_row(
        field.label,
        on_propose=ProposeState.open(field.key, State.subject),
        value=_value(field),
        may_propose=filled(field.way),
        propose=text_if(field.way == "desk", "Confirm at the desk", "Propose change"),
        pending=filled(field.reference),
        pending_state=field.state,
        pending_words=field.state_words,
        proposed=field.proposed,
        request_href=f"/requests/{field.reference}/",
        note=rx.fragment(
            show_if(filled(field.mark), marked),
            reveal_button(field),
        ),
    )


def _value(field: ProtectedView) -> rx.Component:
    """The value; an address or a number is a link, with a button that copies it."""
    reached = rx.el.span(
        link(
            rx.el.bdi(field.lines[0]),
            href=field.href,
            full_load=True,
            class_name="u-value u-plain-link",
        ),
        copy_button(field.lines[0], label=f"Copy {field.label}"),
        class_name="u-inline",
    )
    return rx.fragment(show_if(filled(field.href), reached, value_lines(field.lines)))


def _free() -> rx.Component:
    return card(
        record(*(_free_row(field) for field in EDITED), label="Details that staff keep"),
        title="Staff details",
        flush=True,
    )


def _free_row(field: FreeField) -> rx.Component:
    return edit_row(
        field.label,
        value(State.free_words[field.name], empty=field.empty),
        rx.fragment(subject_input(State), _control(field)),
        name=field.name,
        editing=State.editing == field.name,
        on_edit=State.edit(field.name, State.subject),
        on_save=State.save,
        on_cancel=State.cancel,
        on_typed=State.keep,
        error=State.edit_error,
        may_edit=State.may_edit & ~State.fixed.contains(field.name),
    )


def _control(field: FreeField) -> rx.Component:
    name, label, kept, error = field.name, field.label, State.start, State.edit_error
    if field.kind == "block":
        return block_input(name, label, value=kept, error=error)
    if field.kind == "line":
        return line_input(name, label, value=kept, error=error, max_length=field.limit)
    if field.kind == "language":
        return select_input(name, label, LANGUAGE_OPTIONS, value=kept, error=error)
    zones = rx.fragment(
        rx.el.option(field.empty, value=""),
        rx.foreach(State.zones, lambda zone: rx.el.option(zone[1], value=zone[0])),
    )
    return select_input(name, label, zones, value=kept, error=error)


def _requests() -> rx.Component:
    rows = rx.foreach(State.requests, lambda item: _request(cast("RequestItem", item)))
    return card(
        rx.cond(
            State.requests.length() > 0,
            stack(rows),
            rx.el.p("No changes have been proposed yet.", class_name="u-muted"),
        ),
        title="Requests",
    )


def _request(item: RequestItem) -> rx.Component:
    return stack(
        inline(
            link(reference(item.reference), href=f"/requests/{item.reference}/"),
            request_chip(item.state, item.state_words),
        ),
        meta_line(item.fields, item.proposer, when(item.at, iso=item.at_iso)),
        gap="small",
    )


def _history() -> rx.Component:
    entries = timeline_of(State.events, label="History of this record", shows_values=True)
    return card(entries, title="History")


def _loading() -> rx.Component:
    return rx.fragment(
        page_header("Patron", crumbs=breadcrumbs(TRAIL, here="…")),
        columns(card(skeleton_lines(8)), card(skeleton_lines(5))),
    )


def _missing() -> rx.Component:
    return rx.fragment(
        page_header("No such patron", crumbs=breadcrumbs(TRAIL, here="Not found")),
        card(
            empty_state(
                "No patron has this number",
                rx.el.p("Check the number, or search by name, email or phone."),
                icon="search",
                action=link_button("Search patrons", href="/patrons/", variant="primary"),
            ),
        ),
    )


def _failed() -> rx.Component:
    return rx.fragment(
        page_header("Patron", crumbs=breadcrumbs(TRAIL, here="…")),
        card(
            error_state(
                "The record could not be loaded",
                rx.el.p("Nothing was lost. The database did not answer."),
                action=button("Try again", icon="refresh-cw", on_click=State.refresh),
            ),
        ),
    )
