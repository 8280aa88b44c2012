"""The page at `/patrons/[number]/`."""

from typing import Any, cast

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
from upstage_crm.admin.patrons.propose_dialog import propose_dialog
from upstage_crm.admin.patrons.propose_state import ProposeState
from upstage_crm.admin.patrons.record_rows import ProtectedView
from upstage_crm.admin.patrons.record_state import PatronRecordState as State
from upstage_crm.admin.patrons.reveal_dialog import reveal_dialog
from upstage_crm.admin.patrons.rows import TagLink
from upstage_crm.admin.patrons.tabs.contacts_part import contact_dialogs
from upstage_crm.admin.patrons.tabs.household_part import household_dialogs
from upstage_crm.admin.patrons.tabs.notes_part import note_dialogs
from upstage_crm.admin.patrons.tabs.overview_tab import reached
from upstage_crm.admin.patrons.tabs.preferences_part import preference_dialog
from upstage_crm.admin.patrons.tabs.record_tab import TabLink
from upstage_crm.admin.patrons.tabs.record_tabs import TABS
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button, copy_button, icon_button, link, link_button
from upstage_crm.ui.components.feedback import (
    empty_state,
    error_state,
    notice,
    skeleton_lines,
)
from upstage_crm.ui.components.page import beside, card, inline, page_header, stack
from upstage_crm.ui.components.records.record import definition, definitions, known
from upstage_crm.ui.components.records.status import chip, email_chip, request_chip
from upstage_crm.ui.components.tabs import link_tab, link_tabs
from upstage_crm.ui.components.text import breadcrumbs, reference

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
    tabs = rx.foreach(State.tabs, lambda tab: _tab(cast("TabLink", tab)))
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
            show_if(filled(State.free["note"]), _pinned()),
            erased_notice(),
            frozen_notice(),
            _obstacle(),
            erasure_notice(),
            waiting_changes(),
            show_if(State.head.is_flagged & ~filled(State.care.frozen.cause), _flagged()),
            beside(
                _identity(),
                stack(
                    link_tabs(tabs, label="Parts of this record"),
                    rx.match(
                        State.tab, *((tab.key, tab.view()) for tab in TABS[1:]), TABS[0].view()
                    ),
                ),
            ),
        ),
        propose_dialog(),
        reveal_dialog(),
        note_dialogs(),
        contact_dialogs(),
        household_dialogs(),
        preference_dialog(),
        care_dialogs(),
    )


def _tab(tab: TabLink) -> rx.Component:
    return link_tab(tab.label, href=tab.href, active=tab.is_open, count=tab.count)


def _identity() -> rx.Component:
    """Who this is and how to reach them; it stays beside every tab."""
    contacts = rx.foreach(State.contacts, lambda one: _contact(cast("ProtectedView", one)))
    tags = rx.el.span(
        rx.foreach(State.head.tags, lambda tag: _tag(cast("TagLink", tag))),
        class_name="u-inline",
    )
    return card(
        definitions(
            show_if(~State.care.is_erased, rx.fragment(contacts)),
            show_if(
                cast("Any", State.head.tags).length() > 0,
                definition("Tags", tags),
            ),
            known("Preferred name", State.free["preferred_name"]),
            known("Pronouns", State.free["pronouns"]),
            known("In the CRM since", State.head.since),
        ),
        title="Identity",
    )


def _tag(tag: TagLink) -> rx.Component:
    return link(tag.label, href=tag.href, class_name="u-chip")


def _contact(field: ProtectedView) -> rx.Component:
    """How the patron is reached, with the state of a mailbox and of a change that is open."""
    marked = rx.el.span(email_chip(field.mark), class_name="u-inline")
    pending = request_chip(field.state, field.state_words)
    pending = link(pending, href=f"/requests/{field.reference}/")
    return definition(
        field.label,
        stack(
            reached(field),
            show_if(filled(field.mark), marked),
            show_if(filled(field.reference), pending),
            gap="small",
        ),
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


def _pinned() -> rx.Component:
    """What every colleague should know before they act; staff wrote it, so it is told as theirs."""
    words = rx.el.span(State.free["note"], class_name="u-value u-lines")
    return notice(words, title="Pinned note", tone="warning", live=False)


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


def _loading() -> rx.Component:
    return rx.fragment(
        page_header("Patron", crumbs=breadcrumbs(TRAIL, here="…")),
        beside(card(skeleton_lines(5)), card(skeleton_lines(8))),
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
