"""The button behind which the browser makes or uses a passkey.

passkey_form(words, *children, action, kind, options)     kind: "create" or "get"
passkey_script()                                           once on every page with such a form

`assets/passkey.js` does the browser's part: our policy allows no inline script. The page loads the
script, not the form: a form appears after a press, and the button of a form whose script is still
on its way would do nothing.
"""

from typing import Literal

import reflex as rx

from upstage_crm.ui.components.base import Child, Text, icon
from upstage_crm.ui.components.forms.form import (
    form_actions,
    native_form,
)

SCRIPT = "/passkey.js"


def passkey_form(
    words: Text,
    *children: Child,
    action: str,
    kind: Literal["create", "get"],
    options: Text,
    primary: bool = False,
) -> rx.Component:
    """Return a form that posts `answer`, what the browser's passkey said, and its other inputs."""
    look = "primary" if primary else "secondary"
    return native_form(
        *children,
        rx.el.input(type="hidden", name="answer", default_value=""),
        form_actions(
            rx.el.button(
                icon("key-round"),
                words,
                type="button",
                class_name=f"u-btn u-btn-{look}",
                custom_attrs={"data-passkey": kind, "data-options": options},
            )
        ),
        rx.el.p(role="status", class_name="u-hint", custom_attrs={"data-passkey-says": ""}),
        action=action,
    )


def passkey_script() -> rx.Component:
    """Return the script that answers the buttons of all passkey forms of the page."""
    return rx.el.script(src=SCRIPT, custom_attrs={"async": True})
