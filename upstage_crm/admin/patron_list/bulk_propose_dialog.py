"""The dialog that proposes one value for several patrons: what, why, and whom it would ask."""

from typing import Any

import reflex as rx

from upstage_crm.admin.patron_list.bulk_propose_state import PART, TEXT, TEXT_LIMIT
from upstage_crm.admin.patron_list.bulk_propose_state import BulkProposeState as State
from upstage_crm.admin.patron_list.chosen import PROPOSE
from upstage_crm.admin.patrons.inputs import error_at, part_input
from upstage_crm.admin.patrons.proposal import REASON, WORDS
from upstage_crm.change_requests.lifecycle.bulk_propose import SHARED
from upstage_crm.change_requests.model.reasons import STAFF_REASONS
from upstage_crm.core.text import REMARK_LIMIT
from upstage_crm.pages.view import kept, question
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.forms.form import select_field, text_area
from upstage_crm.ui.components.page import quote, section, stack
from upstage_crm.ui.components.text import live_place


def propose_for_many_dialog() -> rx.Component:
    """Return the dialog; `BulkProposeState.ask(numbers)` opens it."""
    return question(
        State,
        PROPOSE,
        select_field(
            "What changes",
            PART,
            [(name, part.label) for name, part in SHARED.items()],
            id=f"{PROPOSE}-{PART}",
            default_value=kept(State, PART),
            hint="The rest of each address stays as it is.",
        ),
        _value(),
        select_field(
            "Reason",
            REASON,
            [(code.value, reason.label) for code, reason in STAFF_REASONS.items()],
            id=f"{PROPOSE}-{REASON}",
            placeholder="Choose a reason",
            default_value=kept(State, REASON),
            error=error_at(State.errors, REASON),
        ),
        text_area(
            "Message to the patrons",
            WORDS,
            id=f"{PROPOSE}-{WORDS}",
            default_value=kept(State, WORDS),
            hint="Only verified mailboxes see it. Write nothing about one person.",
            error=error_at(State.errors, WORDS),
            optional=True,
            rows=2,
            max_length=REMARK_LIMIT,
        ),
        live_place(_preview()),
        title="Propose a change",
        description="Each patron is asked. Nothing changes until they approve.",
        on_submit=State.propose,
        send="Send proposals",
        send_icon="send",
        size="large",
    )


def _value() -> Child:
    """The input of the part that is chosen: every part has its own label and kind."""
    key = f"{PROPOSE}-{TEXT}"
    inputs: list[tuple[str, Any]] = [
        (
            name,
            part_input(
                part,
                key,
                start=kept(State, TEXT),
                error=error_at(State.errors, TEXT),
                name=TEXT,
                events={} if part.type == "country" else {"max_length": TEXT_LIMIT},
            ),
        )
        for name, part in SHARED.items()
    ]
    return rx.match(State.part, *inputs, rx.fragment())


def _preview() -> Child:
    lines = rx.el.ul(rx.foreach(State.lines, rx.el.li))
    why = show_if(filled(State.reads), quote(State.reads, source="The reason, as patrons read it"))
    return show_if(
        State.lines.length() > 0, section(stack(lines, why, gap="small"), title="Before you send")
    )
