"""Refusals of the evidence.

Conflict
├── RowNotProven       a row is not what the trail or its seal says: nothing may act on it
├── RowMoved           another transaction changed a row after it was proven: try again
├── TrailUnsigned      the trail has entries from before signing, which `migrate` has to seal
└── TrailKeyUnknown    the key that signs the trail is none of ours
"""

from __future__ import annotations

from upstage_crm.audit.findings import Problem
from upstage_crm.core.errors import Conflict


class RowNotProven(Conflict):
    """A row is not what the trail or its seal says. Facts: `subject`, `row_id`, `problem`."""

    code = "row_not_proven"

    def __init__(
        self,
        *,
        subject: str,
        row_id: str,
        problem: Problem,
        seq: int | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(
            subject=subject, row_id=row_id, problem=problem.value, seq=seq, detail=detail
        )
        self.subject = subject
        self.row_id = row_id
        self.problem = problem
        self.seq = seq
        self.detail = detail


class RowMoved(Conflict):
    """Another transaction changed a row between its proof and the entry about it.

    The entry would commit to what that one wrote.
    """

    code = "row_moved"


class TrailUnsigned(Conflict):
    """The trail has entries that no key of ours signed; `migrate` seals them once."""

    code = "trail_unsigned"


class TrailKeyUnknown(Conflict):
    """The key that signs the trail is not in the ring. Facts: `kid`.

    A key of that name with another secret is another key. Either the operator took it out before
    another one had entered, or an attacker entered it. A key of ours that simply took over would
    vouch for all that the attacker signed with it.
    """

    code = "trail_key_unknown"
