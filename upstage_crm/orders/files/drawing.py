"""Draws the files that mails carry, from what was frozen with the mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from upstage_crm.mail.attachments import Drawing, FileNotDrawn, MailFile
from upstage_crm.orders.files.ticket_code import TicketKeys
from upstage_crm.orders.files.ticket_facts import CodedTicket, TicketFacts, VisitFacts

TICKETS: Final = "tickets"
VISIT: Final = "visit"
PDF: Final = "application/pdf"


def tickets_drawing(name: str, tickets: Sequence[CodedTicket]) -> Drawing:
    """The PDF of these tickets under a file name, to be frozen with a mail."""
    facts = {"tickets": [ticket.as_json() for ticket in tickets]}
    return Drawing(kind=TICKETS, name=name, facts=facts)


def visit_drawing(name: str, visit: VisitFacts) -> Drawing:
    """The calendar file of a visit under a file name, to be frozen with a mail."""
    return Drawing(kind=VISIT, name=name, facts=visit.as_json())


def coded(ticket: CodedTicket, keys: TicketKeys) -> TicketFacts:
    """A ticket with its code.

    Raises:
        KeyError: its key is no longer there.
        ValueError: an id is none of ours.
    """
    code = keys.draw(
        ticket_id=ticket.ticket_id,
        version=ticket.version,
        performance_id=ticket.performance_id,
        kid=ticket.kid,
    )
    return replace(ticket.facts, code=code)


class FileDrawer:
    """Draws what this deployment's mails carry. Thread-safe."""

    def __init__(self, keys: TicketKeys) -> None:
        self._keys = keys
        self._kinds: Mapping[str, Callable[[Drawing], MailFile]] = {
            TICKETS: self._tickets,
            VISIT: _visit,
        }

    def __call__(self, drawing: Drawing) -> MailFile:
        """The file; the same drawing gives the same bytes.

        Raises:
            FileNotDrawn: its kind or its facts are not what we freeze, or its key is gone.
        """
        draw = self._kinds.get(drawing.kind)
        if draw is None:
            raise FileNotDrawn(kind=drawing.kind)
        try:
            return draw(drawing)
        except (KeyError, TypeError, ValueError) as error:
            raise FileNotDrawn(kind=drawing.kind) from error

    def _tickets(self, drawing: Drawing) -> MailFile:
        # Loading the library of PDFs costs 0.3 s and 30 MB, which only the first ticket needs.
        from upstage_crm.orders.files import ticket_pdf

        frozen: Sequence[Mapping[str, Any]] = drawing.facts["tickets"]
        tickets = [coded(CodedTicket.of_json(each), self._keys) for each in frozen]
        return MailFile(name=drawing.name, media_type=PDF, content=ticket_pdf.render(tickets))


def _visit(drawing: Drawing) -> MailFile:
    from upstage_crm.orders.files import calendar_file  # likewise, 0.1 s

    visit = VisitFacts.of_json(drawing.facts)
    return MailFile(
        name=drawing.name,
        media_type=calendar_file.media_type(visit),
        content=calendar_file.render(visit),
    )
