"""A sale in words: its tickets on the screen and on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from upstage_crm.box_office.sale.cash_notes import likely_notes
from upstage_crm.box_office.sale.till_rows import (
    NoteChoice,
    PaidLine,
    PrintedTicket,
    SaleLine,
    TillChoice,
)
from upstage_crm.core import when
from upstage_crm.core.money import as_typed, in_words
from upstage_crm.orders.files.qr_code import svg
from upstage_crm.orders.files.ticket_code import TicketKeys
from upstage_crm.orders.views import BasketLine, Tender, TicketView
from upstage_crm.organisation.currency import currency
from upstage_crm.organisation.settings import details
from upstage_crm.payments.views import Method
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.tills.views import TillView

METHOD_WORDS: Mapping[Method, str] = {
    Method.CARD: "Card",
    Method.CASH: "Cash",
    Method.TERMINAL: "Card terminal",
    Method.INVOICE: "Invoice",
}


def sale_lines(session: Session, lines: Sequence[BasketLine], chosen: str) -> list[SaleLine]:
    """The tickets of a sale; those of another performance than the chosen one name it."""
    types, code = price_types(session), currency(session)
    others = programme.performances(
        session, {line.performance_id for line in lines if line.performance_id != chosen}
    )
    zone = when.zone(details(session).time_zone)
    titles = {one.id: f"{one.title}, {when.brief(one.starts_at, zone)}" for one in others}
    return [
        SaleLine(
            key=line.key,
            place=line.place,
            type=types[line.type_id].name,
            amount=in_words(line.amount, code),
            about=titles.get(line.performance_id, ""),
        )
        for line in lines
    ]


def till_choices(tills: Sequence[TillView]) -> list[TillChoice]:
    """The tills that a shift can be opened at, each with who has one open there."""
    return [
        TillChoice(id=one.id, name=one.name, by=one.shift.staff if one.shift else "")
        for one in tills
    ]


def settle_words(due: int, currency: str, *, is_exchange: bool) -> str:
    """What Enter does with what is due; below zero, an exchange gives it back."""
    if due:
        return f"{'Give back' if due < 0 else 'Cash'} {in_words(abs(due), currency)}"
    return "Exchange" if is_exchange else "Finish"


def paid_lines(tenders: Sequence[Tender], currency: str) -> list[PaidLine]:
    """What was paid so far, in words."""
    return [
        PaidLine(method=METHOD_WORDS[one.method], amount=in_words(one.amount, currency))
        for one in tenders
    ]


def note_choices(due: int, currency: str) -> list[NoteChoice]:
    """The sums that a buyer is likely to hand over, to be pressed."""
    return [
        NoteChoice(words=in_words(one, currency), typed=as_typed(one, currency))
        for one in likely_notes(due, currency)
    ]


def printed(
    session: Session,
    reference: str,
    pieces: Sequence[BasketLine] | Sequence[TicketView],
    keys: TicketKeys,
    *,
    is_duplicate: bool = False,
) -> list[PrintedTicket]:
    """What goes on paper: one piece for each ticket, with its code; a line of a training has none.

    A ticket that was printed before is marked as a duplicate.
    """
    types, code = price_types(session), currency(session)
    found = programme.performances(session, {one.performance_id for one in pieces})
    about = {one.id: one for one in found}
    return [
        PrintedTicket(
            id=f"{reference} {n}",
            title=about[one.performance_id].title,
            time=when.in_words(
                about[one.performance_id].starts_at, when.zone(about[one.performance_id].zone)
            ),
            hall=about[one.performance_id].hall,
            place=one.place,
            type=types[one.type_id].name,
            amount=in_words(one.amount, code),
            reference=reference,
            code=_code(one, keys),
            mark="DUPLICATE" if is_duplicate else "",
        )
        for n, one in enumerate(pieces, 1)
    ]


def _code(piece: BasketLine | TicketView, keys: TicketKeys) -> str:
    if isinstance(piece, BasketLine):
        return ""
    return str(
        svg(
            keys.draw(
                ticket_id=piece.id,
                version=piece.code_version,
                performance_id=piece.performance_id,
            )
        )
    )
