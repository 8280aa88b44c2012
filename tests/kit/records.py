"""Samples on the kit page: a record, its changes, its story."""

import reflex as rx

from upstage_crm.ui.components.button import (
    link,
)
from upstage_crm.ui.components.menu import menu, menu_item
from upstage_crm.ui.components.page import card, inline
from upstage_crm.ui.components.records.diff import (
    diff,
    diff_row,
    diff_text,
)
from upstage_crm.ui.components.records.record import (
    definitions,
    plain_row,
    protected_row,
    record,
)
from upstage_crm.ui.components.records.status import (
    email_chip,
    mail_chip,
    request_chip,
)
from upstage_crm.ui.components.records.timeline import (
    timeline,
    timeline_item,
)
from upstage_crm.ui.components.text import mono, reference, when


def record_card() -> rx.Component:
    """Return a record with rows of every kind."""
    return card(
        record(
            protected_row("Name", "Jane Okafor"),
            protected_row(
                "Email",
                "jane.okafor@gmial.com",
                pending=True,
                proposed="jane.okafor@gmail.com",
                request_href="/requests/K7-2FQ/",
                may_propose=False,
                note=email_chip("bounced"),
            ),
            protected_row("Phone", "+44 20 7946 0018"),
            protected_row("Address", ""),
            protected_row("Date of birth", "12 May 1984", may_propose=False),
            plain_row("Patron since", "3 March 2019"),
            label="Contact",
        ),
        title="Contact",
        actions=(menu(menu_item("Copy as text", icon="copy"), label="More about this contact"),),
        flush=True,
    )


def diff_card() -> rx.Component:
    """Return fields now and proposed."""
    return card(
        diff(
            diff_row(
                "Email",
                diff_text([("jane.okafor@gm", False), ("ia", True), ("l.com", False)]),
                diff_text([("jane.okafor@gm", False), ("ai", True), ("l.com", False)]),
                outcome=request_chip("pending"),
                now_note="Bounced on Tuesday 1 December 2026",
                proposed_note="Will be asked: this address",
            ),
            diff_row("Phone", "", "+44 20 7946 0018", outcome=request_chip("approved")),
            diff_row(
                "Address",
                "Flat 3, 27 Merchant Street, Bristol BS1 3EP",
                "The Old Customs House, 1 Quayside Walk, Bristol BS1 4QA",
                outcome=request_chip("rejected"),
            ),
        ),
        title="What changes",
        flush=True,
    )


def timeline_card() -> rx.Component:
    """Return a story with events of every tone."""

    def at(words: str) -> rx.Component:
        return when(words, iso="2026-12-01T14:02:00Z")

    return card(
        timeline(
            timeline_item(
                "Proposed a new email, because of a typing mistake",
                icon="pencil",
                time=at("Tue 1 Dec, 14:02"),
                actor="Dana Reyes, box office",
                channel="CRM",
            ),
            timeline_item(
                "Told the current address",
                icon="mail",
                time=at("14:02"),
                channel="Mail",
                tone="info",
                detail=inline(mail_chip("delivered"), link("Show the email", href="/mailbox/")),
            ),
            timeline_item(
                "The email to the current address bounced",
                icon="mail-x",
                time=at("14:03"),
                channel="Mail",
                tone="danger",
            ),
            timeline_item(
                "Approved by the new address",
                icon="circle-check",
                time=at("15:40"),
                actor="Jane Okafor",
                channel="Confirmation page",
                tone="success",
            ),
            timeline_item(
                "Open until Tue 8 Dec, 14:02",
                icon="hourglass",
                time="in 6 days",
                tone="warning",
            ),
        ),
        title="What happened",
    )


def facts_card() -> rx.Component:
    """Return facts beside a text."""
    return card(
        definitions(
            ("Reference", reference("K7-2FQ", copy=True)),
            ("Reason", "Typing mistake"),
            ("Asked", "jane.okafor@gmail.com"),
            (
                "Open until",
                when(
                    "in 6 days",
                    iso="2026-12-08T14:02:00Z",
                    absolute="Tue 8 Dec 2026, 14:02 CET",
                ),
            ),
            ("Receipt", mono("9f2c4a1be07d55c38a6f0e2d4b19c7a3")),
        ),
        title="Facts",
    )
