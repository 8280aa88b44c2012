"""The dialog in which staff add a patron."""

from typing import cast

import reflex as rx

from upstage_crm.admin.patrons.add_state import ADD, ANYWAY, KIND, ORDER, DuplicateView
from upstage_crm.admin.patrons.add_state import AddPatronState as State
from upstage_crm.admin.patrons.free_fields import LANGUAGE_OPTIONS, TAGS
from upstage_crm.admin.patrons.inputs import field_inputs
from upstage_crm.pages.view import kept, question
from upstage_crm.patrons.commands import PatronKind
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import link
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.forms.choice import (
    checkbox,
    radio_group,
)
from upstage_crm.ui.components.forms.form import (
    select_field,
    text_field,
)
from upstage_crm.ui.components.page import halves, stack
from upstage_crm.ui.components.text import live_place

KINDS = (
    (PatronKind.PERSON.value, "A person", ""),
    (PatronKind.ORGANISATION.value, "An organisation, such as a school", ""),
)


def add_dialog() -> rx.Component:
    """Return the dialog; `AddPatronState.open(query)` opens it."""
    return question(
        State,
        ADD,
        live_place(_taken(), assertive=True),
        _inputs(),
        live_place(_duplicates()),
        title="Add patron",
        description="A name is needed. The email stays unverified until its owner answers.",
        on_submit=State.add,
        send="Add patron",
        size="large",
    )


def _inputs() -> rx.Component:
    name, *others = (
        field_inputs(
            field,
            id_prefix="add",
            start=State.start,
            errors=State.errors,
            is_needed=field is ORDER[0],
        )
        for field in ORDER
    )
    language = select_field(
        "Language",
        "language",
        LANGUAGE_OPTIONS,
        default_value=State.start["language"],
    )
    tags = text_field(
        "Tags",
        "tags",
        default_value=kept(State, "tags"),
        hint="Separate with commas.",
        optional=True,
        max_length=TAGS.limit,
    )
    kind = radio_group(
        "Type of patron", KIND, KINDS, default_value=kept(State, KIND, PatronKind.PERSON.value)
    )
    details = (made for inputs in others for made in inputs)
    return stack(halves(*name), kind, halves(*details, language, tags))


def _taken() -> Child:
    return show_if(
        filled(State.taken_by),
        notice(
            "Another patron has this address.",
            tone="danger",
            live=False,
            action=link(f"Open patron {State.taken_by}", href=f"/patrons/{State.taken_by}/"),
        ),
    )


def _duplicates() -> Child:
    people = rx.foreach(State.duplicates, lambda found: _person(cast("DuplicateView", found)))
    warning = notice(
        stack(
            rx.el.ul(people),
            checkbox("None of them: add anyway", ANYWAY),
            gap="small",
        ),
        title="This may be someone we already know",
        tone="warning",
        live=False,
    )
    focused = rx.el.div(warning, id="add-duplicates", tab_index=-1)
    return show_if(State.duplicates.length() > 0, focused)


def _person(found: DuplicateView) -> rx.Component:
    return rx.el.li(
        link(rx.el.bdi(found.name), href=found.href),
        rx.el.span(f" · {found.number} · ", class_name="u-muted"),
        rx.el.bdi(found.email),
        rx.el.span(f" ({found.reasons})", class_name="u-muted"),
    )
