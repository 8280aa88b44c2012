"""Tickets as a PDF: one A4 page each, in the words of the holder, with the code to scan.

Imports the library of PDFs, see `receipts.paper`: import this module only where one is asked for.
The same tickets give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from upstage_crm.core.languages import speaker
from upstage_crm.orders.files import ticket_words as w
from upstage_crm.orders.files.qr_code import MARGIN as QUIET
from upstage_crm.orders.files.qr_code import squares
from upstage_crm.orders.files.ticket_facts import TicketFacts
from upstage_crm.receipts.paper import ACCENT, HAIR, INNER, MARGIN, MUTED, TEXT, Ink, Paper

_CODE_SIDE = 66.0  # millimetres with its quiet margin; a phone reads it at arm's length
_GAP = 8.0
_LEFT = INNER - _CODE_SIDE - _GAP
_LABEL, _BODY, _STRONG = Ink(8, colour=MUTED), Ink(11), Ink(11, "B")
_SMALL = Ink(9, colour=MUTED)


def render(tickets: Sequence[TicketFacts]) -> bytes:
    """The PDF of these tickets, in their order; all are of one order and in one language.

    Raises:
        IndexError: there is no ticket.
    """
    first = tickets[0]
    say = speaker(first.language)
    title = f"{say(w.TICKETS if len(tickets) > 1 else w.TICKET)} {first.reference}"
    paper = Paper(
        language=first.language,
        title=title,
        author=first.organisation,
        made_at=max(ticket.issued_at for ticket in tickets),
        script="\n".join(_texts(tickets)),
        no_glyphs=say(w.NO_GLYPHS),
    )
    for number, ticket in enumerate(tickets, 1):
        paper.turn()
        place = f"{number} / {len(tickets)}" if len(tickets) > 1 else ""
        _draw(paper, ticket, place)
    return paper.finish()


def _draw(paper: Paper, ticket: TicketFacts, place: str) -> None:
    say = speaker(ticket.language)
    half = INNER / 2
    paper.write(ticket.organisation, 0, MARGIN, half, Ink(12, "B"))
    head = " ".join(filter(None, (say(w.TICKET), place)))
    paper.write(head, half, MARGIN, half, Ink(10, colour=MUTED), at_end=True)
    paper.rule(MARGIN + 8, thickness=0.9, colour=ACCENT)
    y = paper.write(ticket.event, 0, MARGIN + 14, INNER, Ink(22, "B")) + 1
    y = paper.write(ticket.when, 0, y, INNER, Ink(13, colour=TEXT)) + 6
    below = max(_facts(paper, ticket, y), _code(paper, ticket, y)) + 6
    paper.rule(below, thickness=0.3, colour=HAIR)
    below += 4
    for note in (*ticket.notes, say(w.FOR_ONE)):
        below = paper.write(note, 0, below, INNER, _SMALL) + 1.5


def _facts(paper: Paper, ticket: TicketFacts, y: float) -> float:
    """Seat, price and place beside the code; returns where they end."""
    say = speaker(ticket.language)
    if ticket.is_duplicate:
        y = paper.write(say(w.DUPLICATE).upper(), 0, y, _LEFT, Ink(11, "B", ACCENT)) + 3
    price = ", ".join(filter(None, (ticket.price_type, ticket.price)))
    for label, text, ink in (
        (say(w.SEAT), ticket.seat, Ink(16, "B")),
        (say(w.PRICE_ZONE), ticket.zone, _BODY),
        (say(w.PRICE), price, _BODY),
        ("", "\n".join(filter(None, (ticket.venue, ticket.hall))), _STRONG),
        ("", "\n".join(filter(None, (ticket.address, ticket.doors))), _BODY),
        (say(w.ORDER), ticket.reference, _STRONG),
    ):
        if text:
            y = paper.write(label, 0, y, _LEFT, _LABEL) + 0.4 if label else y
            y = paper.write(text, 0, y, _LEFT, ink) + 3.2
    return y


def _code(paper: Paper, ticket: TicketFacts, y: float) -> float:
    """The code at the other side; returns where it ends."""
    drawn = squares(ticket.code)
    quiet = _CODE_SIDE * QUIET / (len(drawn) + 2 * QUIET)
    paper.squares(drawn, INNER - _CODE_SIDE + quiet, y + quiet, _CODE_SIDE - 2 * quiet)
    return y + _CODE_SIDE


def _texts(tickets: Sequence[TicketFacts]) -> list[str]:
    """All that is set, by which the fonts are chosen."""
    found: list[str] = []
    for ticket in tickets:
        found += [value for value in ticket.as_json().values() if isinstance(value, str)]
        found += ticket.notes
    return found
