"""The tab "Communications": what a patron allows, and the emails with what became of each."""

from dataclasses import replace
from typing import Any, Final, cast

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.mailbox.rows import MailLine, mail_line
from upstage_crm.admin.patrons.tabs.preferences_part import matrix
from upstage_crm.admin.patrons.tabs.preferences_state import MatrixRow, read_matrix
from upstage_crm.admin.patrons.tabs.record_tab import Reading, RecordTabMixin
from upstage_crm.change_requests.reads.references import references
from upstage_crm.mail import queries as mails
from upstage_crm.staff.roles import Permission, may
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import link
from upstage_crm.ui.components.page import card, stack
from upstage_crm.ui.components.records.status import mail_chip
from upstage_crm.ui.components.records.table import cell, column, data_table, table_row, two_lines
from upstage_crm.ui.components.text import address, when
from upstage_crm.ui.components.text import reference as reference_

KEY: Final = "communications"
SHOWN = 50


class CommunicationsTabState(RecordTabMixin, AdminState):
    """What the tab shows."""

    mails: rx.Field[list[MailLine]] = rx.field(default_factory=list)
    preferences: rx.Field[list[MatrixRow]] = rx.field(default_factory=list)

    def _take(self, found: tuple[list[MailLine], list[MatrixRow]]) -> None:
        self.mails, self.preferences = found


def read(reading: Reading) -> tuple[list[MailLine], list[MatrixRow]]:
    """Read the newest emails about the patron, and what the patron allows."""
    return _mails(reading), read_matrix(reading)


def _mails(reading: Reading) -> list[MailLine]:
    """The newest emails about the patron, to staff too; a subject may tell a name."""
    session, access = reading.session, reading.access
    page = mails.mails(session, patron_id=reading.record.id, size=SHOWN, is_counted=False)
    named = references(session, [mail.request_id for mail in page.items if mail.request_id])
    may_open = may(reading.viewer, Permission.VIEW_MAILBOX) and access.sees_all
    lines = (
        mail_line(
            mail,
            href=f"/mailbox/?mail={mail.id}" if may_open else "",
            references=named,
            access=access,
            now=reading.now,
            time_zone=reading.time_zone,
        )
        for mail in page.items
    )
    return [replace(line, subject="") for line in lines]


def count(session: Session, patron_id: str) -> int:
    """How many emails there are about a patron."""
    return mails.mails(session, patron_id=patron_id, size=1).total


def view() -> rx.Component:
    """Return the tab."""
    headings = [column(words) for words in ("Email", "To", "State", "When", "Request")]
    rows = rx.foreach(CommunicationsTabState.mails, lambda one: _row(cast("MailLine", one)))
    empty = card(rx.el.p("No email has been sent yet.", class_name="u-muted"), title="Emails")
    table = card(data_table(headings, rows, label="Emails"), title="Emails", flush=True)
    return stack(
        matrix(CommunicationsTabState.preferences),
        rx.cond(cast("Any", CommunicationsTabState.mails).length() > 0, table, empty),
    )


def _row(mail: MailLine) -> rx.Component:
    opened = link(mail.kind, href=mail.href)
    state = rx.fragment(mail_chip(mail.state), show_if(filled(mail.note), _note(mail)))
    request = link(reference_(mail.reference), href=mail.request_href)
    return table_row(
        cell(show_if(filled(mail.href), opened, rx.el.span(mail.kind)), label="Email"),
        cell(two_lines(address(mail.address), mail.audience), label="To", wide=True),
        cell(state, label="State"),
        cell(when(mail.time, iso=mail.time_iso), label="When"),
        cell(show_if(filled(mail.reference), request), label="Request"),
    )


def _note(mail: MailLine) -> Child:
    return rx.el.span(" ", mail.note, class_name="u-muted")
