"""The page at `/patrons/`."""

from typing import cast

import reflex as rx

from upstage_crm.admin.frame import framed
from upstage_crm.admin.patrons.add_dialog import add_dialog
from upstage_crm.admin.patrons.add_state import AddPatronState
from upstage_crm.admin.patrons.list_state import PatronListState as State
from upstage_crm.admin.patrons.rows import ListRow, TagLink
from upstage_crm.pages.list_page import (
    Column,
    list_table,
    list_tools,
    list_waiting,
    when_chosen,
)
from upstage_crm.patrons.queries import PatronSort
from upstage_crm.ui.components.base import Child, Text, filled, show_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.feedback import empty_state
from upstage_crm.ui.components.page import inline, page_header, stack
from upstage_crm.ui.components.records.mark import (
    email_mark,
    one_line,
)
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.records.table import lead_cell
from upstage_crm.ui.components.records.toolbar import filter_chip
from upstage_crm.ui.components.text import address, when


def page() -> rx.Component:
    """Return the page."""
    columns = _columns()
    return framed(
        State,
        page_header("Patrons", actions=(_add("Add patron"),)),
        stack(
            list_tools(
                State,
                when_chosen(
                    State,
                    "tag",
                    filter_chip(f"Tag: {State.chosen['tag']}", on_remove=State.choose("tag", "")),
                ),
                label="Search patrons",
                placeholder="Name, email, phone, town or number",
            ),
            list_table(
                State, ListRow, columns, label="Patrons", empty=_empty(), nothing=_nothing()
            ),
        ),
        add_dialog(),
        active="patrons",
        waiting=stack(page_header("Patrons"), list_waiting(State, columns, label="Patrons")),
    )


def _columns() -> list[Column]:
    return [
        Column(heading="Name", sort=PatronSort.NAME, cell=_name, is_lead=True),
        Column(heading="Number", sort=PatronSort.NUMBER, cell=lambda row: row.number),
        Column(heading="Email", sort=PatronSort.EMAIL, cell=_email, wide=True),
        Column(heading="Phone", cell=lambda row: _line(row.phone)),
        Column(heading="Town or city", label="Town", sort=PatronSort.CITY, cell=_city),
        Column(heading="Tags", cell=_tags),
        Column(heading="Pending", cell=_pending),
        Column(
            heading="Updated",
            sort=PatronSort.UPDATED,
            cell=lambda row: when(row.updated, iso=row.updated_iso),
        ),
    ]


def _name(row: ListRow) -> rx.Component:
    status = show_if(filled(row.status), chip(row.status, icon="circle-slash"))
    return lead_cell(rx.el.bdi(row.name), after=status, href=row.href)


def _email(row: ListRow) -> Child:
    mark = show_if(filled(row.email_state), email_mark(row.email_state))
    return show_if(filled(row.email), rx.el.span(address(row.email), " ", mark))


def _line(text: Text) -> Child:
    return show_if(filled(text), one_line(text))


def _city(row: ListRow) -> Child:
    return _line(row.city)


def _tags(row: ListRow) -> Child:
    tags = rx.el.span(
        rx.foreach(row.tags, lambda tag: _tag(cast("TagLink", tag))),
        rx.el.span(row.more_tags, class_name="u-muted"),
        class_name="u-when",
    )
    return show_if(row.has_tags, tags)


def _tag(tag: TagLink) -> rx.Component:
    return rx.fragment(link(tag.label, href=tag.href), " ")


def _pending(row: ListRow) -> Child:
    return show_if(filled(row.pending), chip(row.pending, icon="hourglass", tone="warning"))


def _empty() -> rx.Component:
    return empty_state(
        "No patrons yet",
        rx.el.p("A patron is a person or organisation whose record you hold."),
        icon="users",
        action=_add("Add the first patron"),
    )


def _nothing() -> rx.Component:
    return empty_state(
        rx.cond(State.query, f"No patron found for “{State.query}”", "No patrons found"),
        rx.el.p("Search matches the start of words in names, addresses and numbers."),
        show_if(State.has_masks, rx.el.p("Details hidden from you need the full value.")),
        icon="search",
        action=inline(
            button("Show all patrons", on_click=State.clear),
            show_if(filled(State.query), _add(f"Add “{State.query}”", State.query)),
        ),
    )


def _add(words: Text, query: Text = "") -> Child:
    return show_if(
        State.may_add,
        button(words, icon="plus", variant="primary", on_click=AddPatronState.open(query)),
    )
