"""Row ids: in the order in which they were drawn, and not to be foreseen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from upstage_crm.core.ids import first_id, new_id

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = UUID(new_id(NOW))

    assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_ids_of_one_millisecond_are_in_the_order_in_which_they_were_drawn() -> None:
    """A frozen clock, or two rows of one transaction: what sorts by id must not draw lots."""
    drawn = [new_id(NOW) for _ in range(10_000)]

    assert drawn == sorted(drawn)


def test_ids_are_ordered_by_their_instant_first() -> None:
    later = NOW + timedelta(milliseconds=1)

    assert new_id(later) > new_id(NOW)
    assert new_id(NOW) < first_id(later) <= new_id(later)
