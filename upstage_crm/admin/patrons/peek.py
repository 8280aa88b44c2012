"""The preview of a patron beside the list."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.patrons.peek_state import Asked, Fact
from upstage_crm.admin.patrons.peek_state import PatronPeekState as State
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import icon_button, link, link_button
from upstage_crm.ui.components.peek import peek_keys, peek_panel
from upstage_crm.ui.components.records.status import chip


def patron_peek() -> rx.Component:
    """Return the preview; Space on a row shows it, Escape puts it away."""
    peek = State.peek
    head = rx.el.div(
        rx.el.h2(link(rx.el.bdi(peek.name), href=peek.href), class_name="u-dialog-title"),
        show_if(filled(peek.status), chip(peek.status, icon="circle-slash")),
        icon_button("Close the preview", "x", size="small", on_click=State.shut),
        class_name="u-peek-head",
    )
    facts = rx.el.dl(
        _fact("Number", peek.number),
        rx.foreach(peek.facts, lambda fact: _lines(cast("Fact", fact))),
        _fact("Tags", peek.tags),
        _fact("Note", peek.note),
        _fact("Updated", peek.updated),
        class_name="u-peek-facts",
    )
    asked = rx.el.ul(rx.foreach(peek.requests, lambda one: _asked(cast("Asked", one))))
    return rx.fragment(
        peek_keys(shown=peek.number, on_show=State.show, on_shut=State.shut),
        show_if(
            filled(peek.number),
            peek_panel(
                head,
                facts,
                show_if(
                    peek.requests.length() > 0,
                    rx.fragment(rx.el.h3("Requests", class_name="u-peek-heading"), asked),
                ),
                link_button("Open the record", href=peek.href, icon="arrow-right"),
                label="Preview",
            ),
        ),
    )


def _fact(label: str, value: rx.Var[str]) -> Child:
    shown = rx.el.div(rx.el.dt(label), rx.el.dd(rx.el.bdi(value)))
    return show_if(filled(value), shown)


def _lines(fact: Fact) -> Child:
    lines = rx.foreach(
        cast("rx.Var[list[str]]", fact.lines), lambda line: rx.el.div(rx.el.bdi(line))
    )
    shown = rx.el.div(rx.el.dt(fact.label), rx.el.dd(lines))
    return show_if(cast("Any", fact.lines).length() > 0, shown)


def _asked(one: Asked) -> rx.Component:
    return rx.el.li(
        link(one.reference, href=one.href), rx.el.span(" ", one.words, class_name="u-muted")
    )
