"""Dialogs.

dialog(*body, title, about, description, trigger, open, on_open_change, footer, size, close_label)
dialog_close(*children, variant)        a button inside that only closes
dialog_form(*children, on_submit)       body and footer of a dialog that asks for something

Uncontrolled: give `trigger`, the words or content of the button that opens it. Controlled: give
`open` and `on_open_change` (a handler that takes one bool). Focus goes to the first field, stays
inside, and returns to where it was; Escape and a press beside the dialog close it.

`about` names whom the dialog is about. It is part of the heading, so a screen reader says it with
the title. Pages of the CRM do not call `dialog`: `pages.view` does it for them.
"""

from typing import Any, Literal

import reflex as rx

from upstage_crm.ui.components.base import (
    Child,
    Flag,
    Text,
    absent,
    filled,
    given,
    icon,
    show_if,
)
from upstage_crm.ui.components.base_ui import DialogPart, DialogRoot, part
from upstage_crm.ui.components.button import Size, Variant
from upstage_crm.ui.components.forms.form import event_form


def dialog(
    *body: Child,
    title: Text,
    about: Text = "",
    description: Text = "",
    trigger: Child | None = None,
    trigger_variant: Variant = "secondary",
    trigger_size: Size = "medium",
    open: Flag | None = None,
    on_open_change: Any = None,
    default_open: bool = False,
    footer: Child | None = None,
    size: Literal["small", "medium", "large"] = "medium",
    close_label: str = "Close",
) -> rx.Component:
    """Return a modal dialog, at most 26, 34 or 48 rem wide; full width on a phone."""
    opener = (
        []
        if trigger is None
        else [
            part(
                DialogPart,
                "Dialog.Trigger",
                trigger,
                class_name=f"u-btn u-btn-{trigger_variant} u-btn-{trigger_size}",
            )
        ]
    )
    words = (
        [part(DialogPart, "Dialog.Description", description, class_name="u-muted")]
        if not absent(description)
        else []
    )
    named = rx.el.bdi(about, class_name="u-dialog-about")
    heading = (title,) if absent(about) else (title, " ", show_if(filled(about), named))
    popup = part(
        DialogPart,
        "Dialog.Popup",
        rx.el.div(
            part(DialogPart, "Dialog.Title", *heading, class_name="u-dialog-title"),
            *words,
            class_name="u-dialog-head",
        ),
        rx.el.div(*body, class_name="u-dialog-body"),
        *([] if footer is None else [rx.el.div(footer, class_name="u-dialog-foot")]),
        # Last in the order of the document, so that the first field gets the focus, not this.
        part(
            DialogPart,
            "Dialog.Close",
            icon("x"),
            aria_label=close_label,
            class_name="u-btn u-btn-quiet u-btn-small u-btn-icon u-dialog-x",
        ),
        data_size=size,
        class_name="u-dialog",
    )
    return DialogRoot.create(
        *opener,
        part(
            DialogPart,
            "Dialog.Portal",
            part(DialogPart, "Dialog.Backdrop", class_name="u-backdrop"),
            popup,
        ),
        **given(
            open=open,
            on_open_change=on_open_change,
            default_open=True if default_open else None,
        ),
    )


def dialog_close(*children: Child, variant: Variant = "secondary") -> rx.Component:
    """Return a button that closes the dialog it stands in."""
    return part(
        DialogPart,
        "Dialog.Close",
        *children,
        class_name=f"u-btn u-btn-{variant}",
    )


def dialog_form(*children: Child, on_submit: Any, actions: Child) -> rx.Component:
    """Return a form as a dialog's body, with `actions` set at the dialog's foot."""
    return event_form(
        *children,
        rx.el.div(actions, class_name="u-dialog-foot"),
        on_submit=on_submit,
    )
