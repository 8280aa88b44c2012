"""The page at `/settings/`: whose CRM this is, and by which rules requests run."""

from typing import Any

import reflex as rx

from upstage_crm.admin.frame import framed
from upstage_crm.admin.settings.form import (
    DETAILS,
    Detail,
    country_choices,
    language_choices,
)
from upstage_crm.admin.settings.policy_part import policy_part
from upstage_crm.admin.settings.state import SettingsState as State
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import notice, skeleton_lines
from upstage_crm.ui.components.forms.form import (
    event_form,
    form_actions,
    select_field,
    text_area,
    text_field,
)
from upstage_crm.ui.components.page import card, page_header, stack
from upstage_crm.ui.components.records.record import (
    plain_row,
    record,
)
from upstage_crm.ui.components.tabs import tab_panel, tabs
from upstage_crm.ui.components.text import value

SUBTITLE = "Organisation details and request rules."
_ZONES = "time-zones"
_MORE: dict[str, dict[str, Any]] = {
    "name": {"auto_complete": "organization"},
    "desk_phone": {"type": "tel", "auto_complete": "tel"},
    "reply_to": {"type": "email", "auto_complete": "email"},
    "website": {"type": "url", "auto_complete": "url", "optional": True},
    "time_zone": {"list": _ZONES, "auto_complete": "off", "spell_check": False},
}


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        page_header("Settings", subtitle=SUBTITLE),
        stack(
            show_if(filled(State.problem), notice(State.problem, tone="danger")),
            show_if(filled(State.done), notice(State.done, tone="success")),
            tabs(
                tab_panel(
                    "organisation",
                    "Organisation",
                    show_if(
                        State.is_loaded,
                        show_if(State.may_edit, card(_form(), title="Organisation"), _read_only()),
                        card(skeleton_lines(10), title="Organisation"),
                    ),
                ),
                tab_panel("rules", "Rules of requests", policy_part()),
                label="Settings",
            ),
        ),
        active="settings",
        waiting=stack(
            page_header("Settings", subtitle=SUBTITLE),
            card(skeleton_lines(10), title="Organisation"),
        ),
    )


def _form() -> rx.Component:
    return rx.el.div(
        event_form(
            *(_field(detail) for detail in DETAILS),
            rx.el.datalist(
                rx.foreach(State.zones, lambda zone: rx.el.option(value=zone)), id=_ZONES
            ),
            form_actions(button("Save", type="submit", variant="primary")),
            on_submit=State.save,
            class_name="u-form u-measure",
        ),
        key=State.form_number,
    )


def _field(detail: Detail) -> Child:
    words: dict[str, Any] = {
        "hint": detail.used,
        "default_value": State.shown[detail.name],
        "error": State.errors[detail.name],
    }
    if detail.name == "postal_address":
        return text_area(detail.label, detail.name, max_length=detail.limit, rows=3, **words)
    if detail.name == "language":
        return select_field(detail.label, detail.name, language_choices(), **words)
    if detail.name == "country":
        return select_field(detail.label, detail.name, country_choices(), **words)
    more = {"max_length": detail.limit} if detail.limit else {}
    return text_field(detail.label, detail.name, **words, **more, **_MORE.get(detail.name, {}))


def _read_only() -> rx.Component:
    return stack(
        notice("Your role may read these details. An owner of this CRM changes them.", live=False),
        card(
            record(*(_row(detail) for detail in DETAILS), label="Organisation"),
            title="Organisation",
            flush=True,
        ),
    )


def _row(detail: Detail) -> rx.Component:
    words = {"language": State.language, "country": State.country}
    text = words.get(detail.name, State.shown[detail.name])
    return plain_row(
        detail.label,
        rx.el.div(
            rx.el.div(value(text), class_name="u-lines"),
            rx.el.p(detail.used, class_name="u-hint"),
        ),
    )
