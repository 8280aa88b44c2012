"""How the page of a request shows a field change: what its two values are called, and when."""

from __future__ import annotations

from datetime import UTC

import pytest

from tests.support.views import request_view
from upstage_crm.admin.requests.field_rows import field_row
from upstage_crm.change_requests.model.rules import FieldOutcome


@pytest.mark.parametrize(
    ("outcome", "is_reverted", "headings"),
    [
        (FieldOutcome.PENDING, False, ("Now", "Proposed")),
        (FieldOutcome.APPLIED, False, ("Before", "Proposed")),
        (FieldOutcome.REJECTED, False, ("Before", "Proposed")),
        (FieldOutcome.APPLIED, True, ("Restored", "Used briefly")),
        # Of a request that was undone: this field never changed.
        (FieldOutcome.REJECTED, True, ("Before", "Proposed")),
    ],
)
def test_a_change_that_was_undone_is_not_shown_as_applied(
    outcome: FieldOutcome, is_reverted: bool, headings: tuple[str, str]
) -> None:
    (view,) = request_view(outcome=outcome).fields

    row = field_row(view, (), (), UTC, is_reverted=is_reverted)

    assert (row.now_heading, row.proposed_heading) == headings
    assert row.is_kept == (headings[0] == "Restored")
