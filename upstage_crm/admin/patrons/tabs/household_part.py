"""Household and relationships on a patron's record, drawn: the lists, and the dialogs."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs.household_state import (
    HEAD,
    JOIN,
    KIND,
    LEAVE,
    RELATE,
    UNRELATE,
    HouseholdState,
    KinView,
)
from upstage_crm.pages.view import question
from upstage_crm.ui.components.base import Text, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.forms.form import select_field
from upstage_crm.ui.components.page import card, inline, stack
from upstage_crm.ui.components.records.record import definitions
from upstage_crm.ui.components.suggest import suggest_box
from upstage_crm.ui.components.text import live_place
from upstage_crm.wording.households import RELATION_WORDS


def household_card(members: Any, relations: Any) -> rx.Component:
    """Return who lives with the patron, and who is related."""
    subject = PatronRecordState.subject
    add = inline(
        button("Add to household", size="small", on_click=HouseholdState.ask(JOIN, subject, "")),
        button("Add relationship", size="small", on_click=HouseholdState.ask(RELATE, subject, "")),
    )
    lives = rx.foreach(members, lambda one: _member(cast("KinView", one)))
    related = rx.foreach(relations, lambda one: _relation(cast("KinView", one)))
    rows = rx.el.dl(lives, related, aria_label="Household and relationships")
    is_alone = (members.length() == 0) & (relations.length() == 0)
    no_household = rx.el.p("No household and no relationships.", class_name="u-muted")
    return card(
        rx.cond(is_alone, no_household, rows),
        title="Household and relationships",
        actions=(show_if(PatronRecordState.may_edit, add),),
    )


def household_dialogs() -> rx.Component:
    """Return the dialogs; `HouseholdState.ask` opens one."""
    state = HouseholdState
    return rx.fragment(
        question(
            state,
            JOIN,
            _patron(),
            title="Add to the household",
            description="A patron lives in one household at most.",
            on_submit=state.join,
            send="Add",
        ),
        question(
            state,
            LEAVE,
            title="Leave the household?",
            description="The records stay. Where one person would be left, the household ends.",
            on_submit=state.leave,
            send="Leave household",
        ),
        question(
            state,
            HEAD,
            title="Make head of the household?",
            on_submit=state.make_head,
            send="Make head",
        ),
        question(
            state,
            RELATE,
            _patron(),
            select_field(
                "What they are to this patron",
                KIND,
                [(kind.value, words) for kind, words in RELATION_WORDS.items()],
            ),
            title="Add a relationship",
            on_submit=state.relate,
            send="Save",
        ),
        question(
            state,
            UNRELATE,
            title="Remove this relationship?",
            description="It is removed from both records.",
            on_submit=state.unrelate,
            send="Remove",
        ),
    )


def _patron() -> rx.Component:
    """The other patron: found by name, and shown before the form is sent."""
    state = HouseholdState
    box = suggest_box(
        "Patron",
        placeholder="Name, email or number",
        found=state.found,
        asked=state.asked,
        on_ask=state.find,
        on_pick=state.choose,
        id="household-patron",
        shows_label=True,
    )
    chosen = definitions(("Chosen", rx.fragment(rx.el.bdi(state.chosen), " · ", state.other)))
    return stack(box, live_place(show_if(filled(state.chosen), chosen)))


def _member(one: KinView) -> rx.Component:
    head = _act("Make head", HEAD, one)
    acts = inline(show_if(~cast("rx.Var[bool]", one.is_head), head), _act("Leave", LEAVE, one))
    return _row("Household", one, acts)


def _relation(one: KinView) -> rx.Component:
    return _row("Related", one, _act("Remove", UNRELATE, one))


def _row(label: Text, one: KinView, acts: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.dt(label, class_name="u-term"),
        rx.el.dd(
            rx.el.div(
                link(rx.el.bdi(one.name), href=one.href),
                show_if(filled(one.words), rx.el.span(one.words, class_name="u-muted")),
                class_name="u-value-line",
            ),
            class_name="u-detail",
        ),
        rx.el.dd(show_if(PatronRecordState.may_edit, acts), class_name="u-row-action"),
        class_name="u-row",
    )


def _act(words: str, dialog: str, one: KinView) -> rx.Component:
    return button(
        words,
        hidden_text(": ", one.name),
        size="small",
        variant="quiet",
        on_click=HouseholdState.ask(dialog, PatronRecordState.subject, one.number),
    )
