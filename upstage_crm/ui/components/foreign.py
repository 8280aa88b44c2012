"""A document that is not a page of the app, such as a mail, in a frame that can run nothing.

foreign_frame(src, *, title)
"""

import reflex as rx

from upstage_crm.ui.components.base import Text

# No scripts, no forms, no access to us; a pressed link opens an ordinary tab of its own.
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"


def foreign_frame(src: Text, *, title: Text) -> rx.Component:
    """Return the frame; `title` names it for screen readers. It scrolls by itself."""
    return rx.el.iframe(src=src, title=title, sandbox=SANDBOX, class_name="u-foreign")
