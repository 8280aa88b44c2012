"""What was changed outside the CRM, above the trail: a card, and the dialog that restores."""

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.audit.finding_rows import FindingRow
from upstage_crm.admin.audit.restore_state import RESTORE
from upstage_crm.admin.audit.restore_state import RestoreState as State
from upstage_crm.admin.audit.state import AuditState
from upstage_crm.pages.view import question
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.page import card, stack
from upstage_crm.ui.components.records.table import (
    cell,
    column,
    data_table,
    table_row,
)
from upstage_crm.ui.components.text import when


def findings_card() -> Child:
    """Return the card; nothing where nothing was found."""
    headings = [column(words) for words in ("What was found", "Found", "Restore")]
    return show_if(
        AuditState.findings.length() > 0,
        card(
            stack(
                notice(
                    "These rows were changed outside the CRM. Nothing acts on them until they are "
                    "restored: two people agree, and the row is again what the trail says.",
                    tone="danger",
                    live=False,
                ),
                data_table(
                    headings,
                    rx.foreach(AuditState.findings, lambda row: _finding(row=row)),
                    label="Changed outside the CRM",
                ),
            ),
            title="Changed outside the CRM",
        ),
    )


def restore_dialog() -> rx.Component:
    """Return the dialog."""
    return question(
        State,
        RESTORE,
        rx.el.p("It gets back every value that the signed trail holds of it."),
        rx.el.p("A row that the trail does not know is removed."),
        rx.el.p(
            "Two people have to agree; both names are kept in the trail.", class_name="u-muted"
        ),
        title="Restore this row?",
        on_submit=State.restore,
        send="Restore",
        send_icon="shield-check",
        size="small",
    )


@rx.memo
def _finding(row: ObjectVar[FindingRow]) -> rx.Component:
    return table_row(
        cell(rx.el.bdi(row.words, class_name="u-value"), label="What was found"),
        cell(when(row.time, iso=row.time_iso), label="Found"),
        cell(
            stack(
                show_if(filled(row.note), rx.el.span(row.note, class_name="u-muted")),
                show_if(
                    row.may_restore,
                    button("Restore", size="small", on_click=State.ask(row.id)),
                ),
                gap="small",
            ),
            label="Restore",
        ),
    )
