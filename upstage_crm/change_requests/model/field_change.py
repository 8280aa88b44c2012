"""One field of a proposal, before it is stored and after: both values, and who decides. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from upstage_crm.change_requests.model.rules import FieldOutcome
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.fields import ProtectedField
from upstage_crm.patrons.values import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of a proposal; `id` is "" until it is stored. Values include derived columns.

    Every mailbox in `asked` is told or asked, each in `binding` has to say yes, those in `approved`
    have said it. `current_mailbox` is the current mailbox that was asked, as stored; None when
    none was. With `needs_release` a second staff member looks before a mailbox is asked.
    """

    id: str = ""
    field: ProtectedField
    current: Values
    proposed: Values
    outcome: FieldOutcome = FieldOutcome.PENDING
    asked: tuple[Reviewer, ...] = ()
    binding: tuple[Reviewer, ...] = ()
    approved: tuple[Reviewer, ...] = ()
    current_mailbox: str | None = None
    needs_release: bool = False
