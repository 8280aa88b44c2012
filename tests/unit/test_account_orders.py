"""In what order an account shows what was bought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from upstage_crm.portal.account.account_page import still_to_come
from upstage_crm.portal.basket.order_words import OrderWords, VisitWords

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def order(reference: str, *days: int) -> OrderWords:
    """An order of visits so many days from now."""
    visits = [
        VisitWords(
            performance_id="p",
            event_id="e",
            title="Hamlet",
            starts_at=NOW + timedelta(days=each),
            minutes=None,
            whole="",
            iso="",
            hall="",
            venue="",
            address="",
            doors="",
            step_free="",
            is_off=False,
            access_notes="",
            tickets=[],
        )
        for each in days
    ]
    return OrderWords(reference=reference, sold_at=NOW, email="", total="", visits=visits)


def test_what_comes_next_is_first_and_what_is_over_is_left_out() -> None:
    bought = [order("LATE", 9), order("OVER", -1), order("BOTH", -3, 5), order("SOON", 1)]

    assert [one.reference for one in still_to_come(bought, NOW)] == ["SOON", "BOTH", "LATE"]
