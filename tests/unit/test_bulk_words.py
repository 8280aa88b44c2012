"""What waits of a proposal for many is told in the right number."""

from __future__ import annotations

import pytest

from upstage_crm.change_requests.model.rules import HeldFor
from upstage_crm.wording.bulk import shared_done_words


@pytest.mark.parametrize(
    ("why", "count", "told"),
    [
        (
            HeldFor.QUARANTINE,
            1,
            "1 request waits until a colleague has reviewed it, because many come at once.",
        ),
        (
            HeldFor.QUARANTINE,
            3,
            "3 requests wait until a colleague has reviewed them, because many come at once.",
        ),
        (HeldFor.SECOND_PERSON, 2, "2 requests wait until a colleague has approved them."),
        (HeldFor.COOLING, 1, "1 request waits for some minutes, because many come at once."),
    ],
)
def test_what_waits_is_told_in_the_right_number(why: HeldFor, count: int, told: str) -> None:
    words = shared_done_words(asked=3, held={why: count}, left_out=())

    assert words == f"3 patrons asked. {told}"
