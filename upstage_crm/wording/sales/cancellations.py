"""The words of cancelled and moved performances, as staff read them."""

from __future__ import annotations

from upstage_crm.core.money import in_words
from upstage_crm.orders.cancellations.views import DisruptionKind, DryRun, Progress
from upstage_crm.payments.views import Method
from upstage_crm.wording.consequences import counted

MAY_NOT_REFUND = "Tickets are sold, and your role does not give money back. Ask a manager."
_BY: dict[str, str] = {
    Method.CARD: "to the cards that paid",
    Method.CASH: "in cash, at the desk",
    Method.TERMINAL: "by the card terminal, at the desk",
    Method.INVOICE: "of invoices",
}


def cancelling_words(found: DryRun, *, days: int) -> list[str]:
    """What cancelling does to what is sold; nothing where nothing is."""
    if not found.tickets:
        return []
    what = f"{counted(found.tickets, 'ticket')} in {counted(found.orders, 'order')}"
    lines = [f"Cancels {what}, {in_words(found.amount, found.currency)} goes back."]
    if len(found.tenders) > 1 or any(one.by_desk for one in found.tenders):
        parts = [
            f"{in_words(one.amount, found.currency)} {_BY[one.method]}" for one in found.tenders
        ]
        lines.append(f"{'; '.join(parts)}.")
    reached = found.orders - found.unreachable
    if reached:
        get, have = ("gets", "has") if reached == 1 else ("get", "have")
        choice = f", and {have} {counted(days, 'day')} to choose another date" if days else ""
        lines.append(f"{counted(reached, 'buyer')} {get} an email{choice}.")
    if found.unreachable:
        anonymous = f", {found.anonymous:,} of them anonymous" if found.anonymous else ""
        lines.append(
            f"{counted(found.unreachable, 'order')} without an email address{anonymous}: the desk "
            "pays them back."
        )
    return lines


def moving_words(found: DryRun) -> list[str]:
    """Who is told of another time or hall; nothing where nothing is sold."""
    if not found.orders:
        return []
    reached = found.orders - found.unreachable
    told = f"{counted(reached, 'buyer')} {'gets' if reached == 1 else 'get'}"
    lines = [
        f"{counted(found.tickets, 'ticket')} stay valid.",
        f"If the time or the hall changes, {told} an email.",
    ]
    if found.unreachable:
        lines.append(f"{counted(found.unreachable, 'order')} without an email address.")
    return lines


def progress_title(found: Progress) -> str:
    """The heading of the card that shows how far it is."""
    if found.kind is DisruptionKind.MOVED:
        return "What buyers of the moved performance say"
    return "What becomes of the sold tickets"


def progress_rows(found: Progress) -> list[tuple[str, str]]:
    """How far it is, as pairs of label and words."""
    told = f"{found.told:,} of {counted(found.orders, 'order')}"
    rows = [("Told by email", told)]
    if found.unreachable:
        rows.append(("Without an email address", counted(found.unreachable, "order")))
    rows += [
        ("Answered", counted(found.answered, "order")),
        ("Settled", f"{found.settled:,} of {counted(found.orders, 'order')}"),
    ]
    sums = (
        ("Paid for these tickets", found.amount),
        ("Waiting for an answer", found.owed),
        ("Went into another date", found.rebooked),
        ("On its way back", found.pending - found.at_desk),
        ("To be paid out at the desk", found.at_desk),
        ("Given back", found.refunded),
    )
    return [*rows, *((label, in_words(amount, found.currency)) for label, amount in sums if amount)]
