"""The page at `/patrons/`."""

from typing import Any, cast

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.patron_list.bulk_propose_dialog import propose_for_many_dialog
from upstage_crm.admin.patron_list.chips import CHOICES, Chip
from upstage_crm.admin.patron_list.chosen import TAG, UNTAG
from upstage_crm.admin.patron_list.list_state import PatronListState as State
from upstage_crm.admin.patron_list.narrowed import HIDDEN_BY
from upstage_crm.admin.patron_list.preview_part import patron_preview
from upstage_crm.admin.patron_list.save_view import save_view_dialog
from upstage_crm.admin.patron_list.save_view_state import SaveViewState
from upstage_crm.admin.patron_list.suggest_state import SuggestState as Suggest
from upstage_crm.admin.patron_list.tags_state import TAGS
from upstage_crm.admin.patron_list.tags_state import PatronTagsState as Tags
from upstage_crm.admin.patron_list.view_tabs import ViewTab
from upstage_crm.admin.patrons.add_dialog import add_dialog
from upstage_crm.admin.patrons.add_state import AddPatronState
from upstage_crm.admin.patrons.rows import ListRow, TagLink
from upstage_crm.pages.list_page import (
    Column,
    list_notice,
    list_table,
    list_tools,
    list_waiting,
)
from upstage_crm.pages.view import question
from upstage_crm.patrons.search.list_order import PatronSort
from upstage_crm.ui.components.base import Child, Text, filled, icon, show_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.feedback import empty_state
from upstage_crm.ui.components.forms.form import text_field
from upstage_crm.ui.components.menu import menu, menu_item
from upstage_crm.ui.components.page import inline, page_header, stack
from upstage_crm.ui.components.records.columns import columns_menu
from upstage_crm.ui.components.records.mark import (
    email_mark,
    one_line,
)
from upstage_crm.ui.components.records.selection import pick_all, pick_bar, pick_box
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.records.table import lead_cell
from upstage_crm.ui.components.records.toolbar import filter_chip, filter_select
from upstage_crm.ui.components.suggest import suggest_box
from upstage_crm.ui.components.tabs import link_tab, link_tabs
from upstage_crm.ui.components.text import address, when

_HIDEABLE = (
    (3, "Number"),
    (4, "Email"),
    (5, "Phone"),
    (6, "Town or city"),
    (7, "Tags"),
    (8, "Pending"),
    (9, "Updated"),
)
"""The columns by their places; the box and the name stay."""
TAGS_LENGTH = 400  # characters that are typed at once


def page() -> rx.Component:
    """Return the page."""
    columns = _columns()
    return framed(
        State,
        page_header("Patrons", actions=(_add("Add patron"),)),
        stack(
            what_became(State),
            link_tabs(rx.foreach(State.views, lambda view: _view(view=view)), label="Views"),
            list_tools(
                State,
                _filter_menu(),
                _type_ahead(),
                columns_menu(_HIDEABLE),
                label="Search patrons",
                placeholder="Name, email, phone, postcode or number",
            ),
            _chips(),
            list_notice(State),
            list_table(
                State, ListRow, columns, label="Patrons", empty=_empty(), nothing=_nothing()
            ),
            pick_bar(State.acts, on_act=Tags.ask, nouns=State.nouns),
        ),
        add_dialog(),
        save_view_dialog(),
        _tags_dialog(TAG, Tags.tag, title="Add tags", send="Add tags"),
        _tags_dialog(UNTAG, Tags.untag, title="Remove tags", send="Remove tags"),
        propose_for_many_dialog(),
        patron_preview(),
        active="patrons",
        waiting=stack(page_header("Patrons"), list_waiting(State, columns, label="Patrons")),
    )


@rx.memo
def _view(view: ObjectVar[ViewTab]) -> rx.Component:
    return link_tab(view.label, href=view.href, active=State.view == view.href, count=view.count)


def _filter_menu() -> rx.Component:
    """Return the menu of all filters that have fixed values."""
    groups: list[Child] = []
    for name, (heading, values) in CHOICES.items():
        items: list[Child] = [rx.el.p(heading, class_name="u-menu-heading")] if heading else []
        items += [
            menu_item(words, on_click=State.choose(name, value)) for value, words in values.items()
        ]
        group = rx.fragment(*items)
        hides = name in HIDDEN_BY
        groups.append(show_if(~State.hidden_filters.contains(name), group) if hides else group)
    trigger = rx.fragment(icon("funnel"), "Filter")
    return menu(*groups, label="Filter", trigger=trigger, variant="secondary")


def _type_ahead() -> rx.Component:
    """Return the box for what has too many values for a menu: tags and towns."""
    return suggest_box(
        "Filter by a tag or a town",
        placeholder=rx.cond(State.hidden_filters.contains("city"), "Tag…", "Tag or town…"),
        found=Suggest.found,
        asked=Suggest.asked,
        on_ask=Suggest.ask,
        on_pick=Suggest.pick,
        id="suggest",
    )


def _chips() -> Child:
    """Return what is chosen now: each filter with its cross, how they join, and what to do."""
    several = State.chips.length() > 1
    join = filter_select(
        "How the filters join",
        (("", "All of these"), ("1", "Any of these")),
        value=rx.cond(State.is_any, "1", ""),
        on_change=State.choose("any"),
        id="any",
    )
    own = rx.foreach(State.views, lambda view: _remove_view(view=view))
    return show_if(
        State.chips.length() > 0,
        rx.el.div(
            show_if(several, join),
            rx.foreach(State.chips, lambda chip: _chip(chip=chip)),
            button("Clear filters", size="small", variant="quiet", on_click=State.clear),
            button("Save view", size="small", variant="quiet", on_click=SaveViewState.open),
            own,
            class_name="u-toolbar",
            role="group",
            aria_label="Filters",
        ),
    )


@rx.memo
def _chip(chip: ObjectVar[Chip]) -> rx.Component:
    return filter_chip(chip.label, on_remove=State.choose(chip.name, chip.rest))


@rx.memo
def _remove_view(view: ObjectVar[ViewTab]) -> rx.Component:
    is_shown = (State.view == view.href) & view.can_remove
    remove = button(
        "Remove view", size="small", variant="quiet", on_click=State.forget_view(view.id)
    )
    return rx.fragment(show_if(is_shown, remove))


def _tags_dialog(name: str, on_submit: Any, *, title: str, send: str) -> rx.Component:
    field = text_field(
        "Tags", TAGS, id=f"{name}-tags", hint="Separate with commas.", max_length=TAGS_LENGTH
    )
    return question(
        Tags,
        name,
        stack(show_if(filled(Tags.effect), rx.el.p(Tags.effect)), field),
        title=title,
        on_submit=on_submit,
        send=send,
    )


def _columns() -> list[Column]:
    return [
        Column(heading=pick_all("Choose every patron on this page"), label="Choose", cell=_pick),
        Column(heading="Name", sort=PatronSort.NAME, cell=_name, is_lead=True),
        Column(heading="Number", sort=PatronSort.NUMBER, cell=lambda row: row.number),
        Column(
            heading="Email",
            sort=PatronSort.EMAIL,
            cell=_email,
            wide=True,
            sorts_not=State.hidden_orders.contains(PatronSort.EMAIL.value),
        ),
        Column(heading="Phone", cell=lambda row: _line(row.phone)),
        Column(
            heading="Town or city",
            label="Town",
            sort=PatronSort.CITY,
            cell=_city,
            sorts_not=State.hidden_orders.contains(PatronSort.CITY.value),
        ),
        Column(heading="Tags", cell=_tags),
        Column(heading="Pending", cell=_pending),
        Column(
            heading="Updated",
            sort=PatronSort.UPDATED,
            cell=lambda row: when(row.updated, iso=row.updated_iso),
        ),
    ]


def _pick(row: ListRow) -> rx.Component:
    return pick_box(row.number, label=f"Choose {row.name}")


def _name(row: ListRow) -> rx.Component:
    status = show_if(filled(row.status), chip(row.status, icon="circle-slash"))
    # The list is sorted by the family's name, wherever it stands in the whole one.
    parts = (row.name_before, rx.el.strong(row.family), row.name_after)
    return lead_cell(rx.el.bdi(*parts, class_name="u-name"), after=status, href=row.href)


def _email(row: ListRow) -> Child:
    mark = show_if(filled(row.email_state), email_mark(row.email_state))
    return show_if(filled(row.email), rx.el.span(address(row.email), mark))


def _line(text: Text) -> Child:
    return show_if(filled(text), one_line(text))


def _city(row: ListRow) -> Child:
    town = show_if(filled(row.city_href), link(row.city, href=row.city_href), row.city)
    return show_if(filled(row.city), rx.el.bdi(town))


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
        rx.cond(
            State.query,
            rx.el.p("Search finds names, emails, phones, towns, postcodes and patron numbers."),
            rx.el.p("No patron has all of these. Remove a filter, or ask for any of them."),
        ),
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
