"""The preview of a patron beside the list."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.patron_list.preview_state import Asked, Fact
from upstage_crm.admin.patron_list.preview_state import PatronPreviewState as State
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import icon_button, link, link_button
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.row_preview import preview_keys, preview_panel


def patron_preview() -> rx.Component:
    """Return the preview; Space on a row shows it, Escape puts it away."""
    preview = State.preview
    head = rx.el.div(
        rx.el.h2(link(rx.el.bdi(preview.name), href=preview.href), class_name="u-dialog-title"),
        show_if(filled(preview.status), chip(preview.status, icon="circle-slash")),
        icon_button("Close the preview", "x", size="small", on_click=State.shut),
        class_name="u-preview-head",
    )
    facts = rx.el.dl(
        _fact("Number", preview.number),
        rx.foreach(preview.facts, lambda fact: _lines(cast("Fact", fact))),
        _fact("Tags", preview.tags),
        _fact("Note", preview.note),
        _fact("Updated", preview.updated),
        class_name="u-preview-facts",
    )
    asked = rx.el.ul(rx.foreach(preview.requests, lambda one: _asked(cast("Asked", one))))
    return rx.fragment(
        preview_keys(shown=preview.number, on_show=State.show, on_shut=State.shut),
        show_if(
            filled(preview.number),
            preview_panel(
                head,
                facts,
                show_if(
                    preview.requests.length() > 0,
                    rx.fragment(rx.el.h3("Requests", class_name="u-preview-heading"), asked),
                ),
                link_button("Open the record", href=preview.href, icon="arrow-right"),
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
