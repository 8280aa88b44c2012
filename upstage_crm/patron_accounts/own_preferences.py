"""A signed-in patron says by which ways, and for what, the house may contact them."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.audit.events import PATRON_AT_CURRENT, Channel
from upstage_crm.change_requests.reads import revert_windows
from upstage_crm.patron_accounts.errors import AccountWaits
from upstage_crm.patrons.details import edit_preferences
from upstage_crm.patrons.details.edit_preferences import Cell
from upstage_crm.patrons.details.preferences import Answer, Basis, Source
from upstage_crm.staff.command_context import CommandContext


def answer(
    context: CommandContext[object], *, patron_id: str, answers: Mapping[Cell, Answer]
) -> int:
    """Note the answers that differ from those of before; return how many.

    A patron's own yes is consent, to the words of today.

    Raises:
        AccountWaits: the record's details may still be put back, so it may be someone else's.
        UnknownPatron, PatronErased.
    """
    session, now = context.session, context.now
    if revert_windows.is_open(session, patron_id, now=now):
        raise AccountWaits
    held = edit_preferences.of_patron(session, patron_id)
    changed = {
        cell: said
        for cell, said in answers.items()
        if cell not in held or held[cell].answer is not said
    }
    for cell, said in changed.items():
        edit_preferences.note(
            context,
            patron_id=patron_id,
            cell=cell,
            answer=said,
            basis=Basis.CONSENT,
            source=Source.ACCOUNT,
            actor=PATRON_AT_CURRENT,
            channel=Channel.PATRON_PAGE,
        )
    return len(changed)
