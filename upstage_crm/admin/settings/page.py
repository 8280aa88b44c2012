"""The page at `/settings/`: whose CRM this is, and by which rules requests run."""

from typing import Any

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.settings.answer_days_part import answer_days_part
from upstage_crm.admin.settings.contact_months_part import contact_months_part
from upstage_crm.admin.settings.form import (
    DETAILS,
    Detail,
    country_choices,
    language_choices,
)
from upstage_crm.admin.settings.policy_part import policy_part
from upstage_crm.admin.settings.return_hours_part import return_hours_part
from upstage_crm.admin.settings.season_part import season_part
from upstage_crm.admin.settings.setup_part import setup_part
from upstage_crm.admin.settings.state import SettingsState as State
from upstage_crm.admin.settings.url import Tab, href_of
from upstage_crm.ui.components.base import Child, show_if
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
from upstage_crm.ui.components.tabs import link_tab, link_tabs
from upstage_crm.ui.components.text import value

SUBTITLE = "Organisation details and request rules."
_MORE: dict[str, dict[str, Any]] = {
    "name": {"auto_complete": "organization"},
    "desk_phone": {"type": "tel", "auto_complete": "tel"},
    "reply_to": {"type": "email", "auto_complete": "email"},
    "website": {"type": "url", "auto_complete": "url", "optional": True},
}


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        page_header("Settings", subtitle=SUBTITLE),
        stack(
            what_became(State),
            link_tabs(
                _tab(Tab.ORGANISATION, "Organisation"),
                _tab(Tab.RULES, "Request rules"),
                show_if(State.may_edit, _tab(Tab.SETUP, "Set-up")),
                label="Settings",
            ),
            rx.match(
                State.tab,
                (Tab.RULES.value, policy_part()),
                (Tab.SETUP.value, setup_part()),
                stack(
                    _organisation(),
                    season_part(),
                    answer_days_part(),
                    return_hours_part(),
                    contact_months_part(),
                ),
            ),
        ),
        active="settings",
        waiting=stack(
            page_header("Settings", subtitle=SUBTITLE),
            card(skeleton_lines(10), title="Organisation"),
        ),
    )


def _tab(tab: Tab, label: str) -> rx.Component:
    return link_tab(label, href=href_of(tab), active=State.tab == tab.value)


def _organisation() -> Child:
    return show_if(
        State.is_loaded,
        show_if(State.may_edit, card(_form(), title="Organisation"), _read_only()),
        card(skeleton_lines(10), title="Organisation"),
    )


def _form() -> rx.Component:
    return rx.el.div(
        event_form(
            *(_field(detail) for detail in DETAILS),
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
    if detail.name == "time_zone":
        zones = rx.foreach(State.zones, lambda zone: rx.el.option(zone[1], value=zone[0]))
        return select_field(detail.label, detail.name, rx.fragment(zones), **words)
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
    words = {"language": State.language, "country": State.country, "time_zone": State.time_zone}
    text = words.get(detail.name, State.shown[detail.name])
    return plain_row(
        detail.label,
        rx.el.div(
            rx.el.div(value(text), class_name="u-lines"),
            rx.el.p(detail.used, class_name="u-hint"),
        ),
    )
