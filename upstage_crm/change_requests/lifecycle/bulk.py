"""One command for several requests: what it would do, said before it is done.

The command itself runs once for each request, in a transaction of its own, with every check and
limit that it has: see `COMMANDS`. What is counted here may have changed by then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session, col, select

from upstage_crm.change_requests.lifecycle import staff_commands
from upstage_crm.change_requests.lifecycle.consequences import of_withdrawing
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.errors import UpstageError
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.command_context import StaffContext


class BulkAct(StrEnum):
    """What can be done to several requests at once."""

    RESEND = "resend"
    WITHDRAW = "withdraw"
    RELEASE = "release"


COMMANDS: Mapping[BulkAct, Callable[..., object]] = {
    BulkAct.RESEND: staff_commands.resend,
    BulkAct.WITHDRAW: staff_commands.withdraw,
    BulkAct.RELEASE: staff_commands.release,
}
_CHECKS = {
    BulkAct.RESEND: staff_commands.ensure_resendable,
    BulkAct.WITHDRAW: staff_commands.ensure_withdrawable,
    BulkAct.RELEASE: staff_commands.ensure_releasable,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """To which requests a command applies, how many emails it sends, and why others are left out.

    `left_out` holds the refusal of each other request, by its reference.
    """

    applies: tuple[str, ...]
    mails: int
    left_out: Mapping[str, UpstageError]


def preview(context: StaffContext[Notifier], act: BulkAct, references: Collection[str]) -> Preview:
    """Return what a command would do to these requests now; nothing is locked or changed.

    A reference that is no request's is left out without a word.
    """
    query = (
        select(ChangeRequestRow, PatronRow)
        .where(
            col(ChangeRequestRow.reference).in_(references),
            col(PatronRow.id) == col(ChangeRequestRow.patron_id),
        )
        .order_by(col(ChangeRequestRow.id))
    )
    applies: list[ChangeRequestRow] = []
    left_out: dict[str, UpstageError] = {}
    for request, patron in context.session.exec(query).all():
        try:
            _CHECKS[act](context, request, patron)
        except UpstageError as error:
            left_out[request.reference] = error
        else:
            applies.append(request)
    return Preview(
        applies=tuple(request.reference for request in applies),
        mails=_mails(context.session, act, applies),
        left_out=left_out,
    )


def _mails(session: Session, act: BulkAct, applies: Collection[ChangeRequestRow]) -> int:
    if act is BulkAct.WITHDRAW:
        return of_withdrawing(session, [request.id for request in applies]).mails
    asked = 0
    for request in applies:
        changes = requests.get(session, request.reference).fields
        open_changes = [change for change in changes if change.outcome.is_open]
        asked += len({mailbox for change in open_changes for mailbox in change.unanswered})
    return asked
