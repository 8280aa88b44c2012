"""The dialog in which the filters of the patron list get a name."""

import reflex as rx

from upstage_crm.admin.patron_list.save_view_state import NAME, SAVE, SHARED
from upstage_crm.admin.patron_list.save_view_state import SaveViewState as State
from upstage_crm.pages.view import question
from upstage_crm.staff.saved_views import NAME_LIMIT
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import text_field
from upstage_crm.ui.components.page import stack


def save_view_dialog() -> rx.Component:
    """Return the dialog; `SaveViewState.open()` opens it."""
    return question(
        State,
        SAVE,
        stack(
            text_field("Name", NAME, max_length=NAME_LIMIT),
            checkbox("Share it with every staff member", SHARED),
        ),
        title="Save this view",
        description="It keeps the filters and the order, not the words that are searched.",
        on_submit=State.save,
        send="Save view",
        size="small",
    )
