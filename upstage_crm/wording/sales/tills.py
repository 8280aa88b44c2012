"""The words of tills, shifts and drawers, and of their refusals."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.tills.views import MoveKind

TILL_SENTENCES: Mapping[str, str] = {
    "till_name_missing": "Enter a name.",
    "till_name_taken": "There is a till with this name already.",
    "till_unknown": "There is no such till.",
    "till_changed_meanwhile": "A colleague has changed this till since you opened it. Nothing was "
    "saved. Close it and open it again.",
    "till_retired": "This till is retired. Choose another one.",
    "till_in_use": "A shift of {by} is open at {till}. Close it first.",
    "shift_unknown": "There is no such shift.",
    "shift_elsewhere": "You have an open shift at {till}. Close it first.",
    "shift_closed": "This shift is closed. Open a new one to go on.",
    "nothing_moved": "Enter an amount above zero.",
    "move_reason_missing": "Enter a reason.",
    "till_typed_unreadable": "Type a number of tickets, such as 2, 2A or 2A1C: “{text}” is none.",
    "till_typed_too_many": "Type a number of tickets from 1 to {most}.",
    "gift_unknown": "There are no such complimentary tickets.",
    "gift_decided": "It has been decided already, by {by}.",
    "gift_alone": "Complimentary tickets that need a second person are a sale of their own. Finish "
    "or clear this one first.",
    "till_no_shift": "Open a shift first.",
}
MOVE_WORDS: Mapping[MoveKind, str] = {
    MoveKind.DROP: "Drop to the safe",
    MoveKind.PAID_OUT: "Paid out",
    MoveKind.CASH_IN: "Cash in",
}
"""How cash moves without a sale."""
TENDER_WORDS: Mapping[str, str] = {
    "cash_drawer": "Cash",
    "card_clearing": "Card",
    "terminal_clearing": "Card terminal",
    "invoices_owed": "Invoice",
    "voucher_liability": "Gift voucher",
    "account_credit": "Account credit",
}
"""How a tender is called in a report, by its account."""
