"""One mail, open: the part of the page at `/mailbox/` behind `?mail=`."""

import reflex as rx

from upstage_crm.admin.frame import what_became
from upstage_crm.admin.mailbox.reading import Links
from upstage_crm.admin.mailbox.rows import EventLine, FileLine, HeaderLine
from upstage_crm.admin.mailbox.state import MailboxState as State
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.ui.components.base import Text, filled, show_if
from upstage_crm.ui.components.button import button, link, link_button
from upstage_crm.ui.components.feedback import empty_state, no_permission, notice, skeleton_lines
from upstage_crm.ui.components.foreign import foreign_frame
from upstage_crm.ui.components.page import card, columns, page_header, stack
from upstage_crm.ui.components.records.record import (
    definitions,
    plain_row,
    record,
)
from upstage_crm.ui.components.records.status import mail_chip
from upstage_crm.ui.components.tabs import tab_panel, tabs
from upstage_crm.ui.components.text import breadcrumbs, reference, value, when

LIVE = "The links work: open one to see what the patron sees."
AGAIN = "A colleague sent this again, because it may not have arrived the first time."
TWICE = "Sending it again makes a second email: if the first one was sent, it arrives twice."
HIDDEN = "The links in this email are not shown to staff. They work for its reader only."
UNSENT = "This is a rehearsal: the email was not sent, and its links work for no one."


def missing_mail() -> rx.Component:
    """Return what stands where an address names no mail."""
    return rx.fragment(
        page_header("No such email", crumbs=_crumbs("No such email")),
        empty_state(
            "There is no such email",
            rx.el.p("The address may be old or mistyped."),
            icon="mail",
            action=link_button("Back to the mailbox", href=State.list_href),
        ),
    )


def masked_mail() -> rx.Component:
    """Return what stands where a mail holds more than this member may see."""
    return rx.fragment(
        page_header("No access", crumbs=_crumbs("No access")),
        no_permission(
            rx.el.p(
                "This email shows details of a patron that are masked for your role. "
                "The mailbox and its request say what became of it."
            )
        ),
    )


def waiting_mail() -> rx.Component:
    """Return what is shown until the mail has been read."""
    return rx.fragment(
        page_header("Email", crumbs=_crumbs("…")),
        columns(skeleton_lines(8), card(skeleton_lines(5), title="About this email")),
    )


def opened_mail() -> rx.Component:
    """Return the mail that is open: its content in a frame, and what became of it."""
    mail = State.mail
    return rx.fragment(
        page_header(
            mail.subject,
            crumbs=_crumbs(mail.kind),
            chips=(mail_chip(mail.state),),
            actions=(
                show_if(
                    mail.can_send_again & State.may_send,
                    button("Send again", icon="send", on_click=State.send_again(State.subject)),
                ),
                link_button(
                    "Download .eml", href=f"{mail.raw}?format=eml", icon="download", full_load=True
                ),
            ),
        ),
        stack(
            what_became(State),
            columns(
                stack(
                    rx.match(
                        mail.links,
                        (Links.LIVE.value, notice(LIVE, live=False)),
                        (Links.UNSENT.value, notice(UNSENT, tone="neutral", live=False)),
                        (Links.HIDDEN.value, notice(HIDDEN, tone="neutral", live=False)),
                        rx.fragment(),
                    ),
                    rx.cond(filled(mail.raw), _content(), skeleton_lines(8)),
                ),
                stack(
                    card(_facts(), title="About this email"),
                    show_if(mail.has_files, card(_files(), title="Files")),
                    show_if(mail.has_events, card(_events(), title="Delivery reports")),
                ),
            ),
        ),
    )


def _files() -> rx.Component:
    return stack(rx.foreach(State.mail.files, _file), gap="small")


def _file(line: FileLine) -> rx.Component:
    return rx.el.p(
        show_if(
            filled(line.href),
            link(line.name, href=line.href, full_load=True),
            rx.el.span(line.name),
        )
    )


def _events() -> rx.Component:
    return stack(rx.foreach(State.mail.events, _event), gap="small")


def _event(line: EventLine) -> rx.Component:
    return rx.el.p(line.words, ", ", when(line.time, iso=line.time_iso))


def _crumbs(here: Text) -> rx.Component:
    return breadcrumbs(list_crumb(State, "Mailbox"), here=here)


def _content() -> rx.Component:
    mail = State.mail
    return tabs(
        tab_panel("html", "As shown", foreign_frame(mail.raw, title=f"Mail: {mail.subject}")),
        tab_panel(
            "text",
            "Plain text",
            foreign_frame(
                f"{mail.raw}?format=text", title=f"Plain text of the email: {mail.subject}"
            ),
        ),
        tab_panel(
            "headers",
            "Headers",
            card(record(rx.foreach(mail.headers, _header), label="Headers"), flush=True),
        ),
        label="Parts of the email",
    )


def _header(line: HeaderLine) -> rx.Component:
    return plain_row(line.name, rx.el.bdi(line.value, class_name="u-value"))


def _facts() -> rx.Component:
    mail = State.mail
    return stack(
        show_if(filled(mail.note), rx.el.p(mail.note)),
        show_if(mail.is_again, rx.el.p(AGAIN)),
        show_if(mail.can_send_again & State.may_send, rx.el.p(TWICE, class_name="u-muted")),
        definitions(
            ("To", value(mail.address)),
            ("Recipient", mail.audience),
            ("Kind", mail.kind),
            ("Written", mail.created),
            ("Finished", value(mail.settled, empty="Not yet")),
            ("Attempts", mail.attempts),
            ("Provider ID", value(mail.provider_id, empty="None yet")),
            (
                "Request",
                show_if(
                    filled(mail.reference),
                    link(reference(mail.reference), href=mail.request_href),
                    value("", empty="None"),
                ),
            ),
        ),
    )
