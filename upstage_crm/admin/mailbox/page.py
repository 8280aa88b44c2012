"""The page at `/mailbox/`: the list of mails, and one of them open."""

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.mailbox.open_page import (
    masked_mail,
    missing_mail,
    opened_mail,
    waiting_mail,
)
from upstage_crm.admin.mailbox.rows import MailLine
from upstage_crm.admin.mailbox.state import MailboxState as State
from upstage_crm.admin.mailbox.url import TROUBLED
from upstage_crm.mail.delivery import MailState
from upstage_crm.pages.list_page import (
    Column,
    list_dates,
    list_failed,
    list_notice,
    list_select,
    list_table,
    list_tools,
    list_waiting,
)
from upstage_crm.pages.view import rows_here
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button, link, link_button
from upstage_crm.ui.components.feedback import empty_state, notice
from upstage_crm.ui.components.page import card, page_header, stack, tile, tiles
from upstage_crm.ui.components.records.status import (
    MAIL_LOOKS,
    mail_chip,
)
from upstage_crm.ui.components.records.table import (
    lead_cell,
    two_lines,
)
from upstage_crm.ui.components.text import address, reference, when
from upstage_crm.wording.mails import MAIL_KIND_WORDS

PLAY = "Open an email to see what its reader sees. Its buttons work: you play the patron."
_STATES = [
    ("", "Any state"),
    (TROUBLED, "Needs attention"),
    *((state.value, MAIL_LOOKS[state].label) for state in MailState),
]
_KINDS = [("", "Any kind"), *((kind.value, words) for kind, words in MAIL_KIND_WORDS.items())]


def page() -> rx.Component:
    """Return the page."""
    opened = rx.match(
        State.shown,
        ("mail", opened_mail()),
        ("missing", missing_mail()),
        ("masked", masked_mail()),
        ("failed", card(list_failed(State))),
        waiting_mail(),
    )
    one = rows_here(State, opened, waiting_mail())
    columns = _columns()
    return framed(
        State,
        rx.cond(filled(State.subject), one, _list(columns)),
        active="mailbox",
        waiting=stack(page_header("Mailbox"), list_waiting(State, columns, label="Emails")),
    )


def _list(columns: list[Column]) -> rx.Component:
    return rx.fragment(
        page_header(
            "Mailbox",
            actions=(
                show_if(
                    State.may_see_gallery,
                    link_button("Templates", href="/mailbox/gallery/", icon="mail"),
                ),
                show_if(
                    State.may_export,
                    link_button(
                        "Export list", href=State.export_href, icon="download", full_load=True
                    ),
                ),
            ),
        ),
        stack(
            show_if(State.is_demo, notice(PLAY, live=False)),
            what_became(State),
            _strip(),
            list_tools(
                State,
                list_select(State, "state", "State", _STATES),
                list_select(State, "kind", "Kind", _KINDS),
                list_dates(State, "Written"),
                label="Search emails",
                placeholder="Address, subject or reference",
            ),
            list_notice(State),
            list_table(
                State, MailLine, columns, label="Emails", empty=_empty(), nothing=_nothing()
            ),
        ),
    )


def _strip() -> rx.Component:
    """How the outbox does; a pause says why, and who mended its cause need not wait."""
    strip = State.strip
    return stack(
        tiles(
            tile("Queued", strip.waiting),
            tile("Oldest", strip.oldest),
            tile("Rate", strip.pace),
            tile("Uncertain", strip.unsure),
        ),
        show_if(
            filled(strip.paused),
            notice(
                strip.paused,
                " One email is tried at ",
                strip.paused_until,
                ".",
                tone="danger",
                live=False,
                action=show_if(
                    State.may_resume, button("Try again now", size="small", on_click=State.resume)
                ),
            ),
        ),
    )


def _columns() -> list[Column]:
    return [
        Column(heading="Subject", cell=_subject, is_lead=True),
        Column(heading="To", cell=lambda row: two_lines(address(row.address), row.audience)),
        Column(heading="State", cell=_state),
        Column(heading="Request", cell=lambda row: show_if(filled(row.reference), _request(row))),
        Column(heading="Written", cell=lambda row: when(row.time, iso=row.time_iso)),
    ]


def _subject(row: MailLine) -> rx.Component:
    return lead_cell(rx.el.bdi(row.subject), href=row.href, sub=row.kind)


def _state(row: MailLine) -> Child:
    note = show_if(filled(row.note), rx.el.div(row.note, class_name="u-sub"))
    return rx.el.div(mail_chip(row.state), note)


def _request(row: MailLine) -> rx.Component:
    return link(reference(row.reference), href=row.request_href)


def _empty() -> rx.Component:
    return empty_state(
        "No email yet",
        rx.el.p("Propose a change to a patron’s record, and the email about it is listed here."),
        icon="mail",
        action=link_button("Go to the patrons", href="/patrons/"),
    )


def _nothing() -> rx.Component:
    return empty_state(
        "No email fits",
        rx.el.p("Search by address, by words of the subject, or by a reference."),
        icon="search",
        action=button("Show all emails", on_click=State.clear),
    )
