"""Refusals of the evidence.

Conflict
├── RowNotProven     a row is not what the trail or its seal says: nothing may act on it
└── TrailUnsigned    the trail has entries from before signing, which `migrate` has to seal
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


class TrailUnsigned(Conflict):
    """The trail has entries that no key of ours signed; `migrate` seals them once."""

    code = "trail_unsigned"
