"""Why another seat is proposed, as its holder reads it. Pure; in English, see `locales/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upstage_crm.orders.transfers.views import SeatMoveReason

SEAT_REASONS: Final[Mapping[SeatMoveReason, str]] = {
    SeatMoveReason.SEAT_PLAN: "The seats of the hall are arranged differently.",
    SeatMoveReason.EQUIPMENT: "The place is needed for equipment of the performance.",
    SeatMoveReason.BROKEN: "Your seat cannot be used at the moment.",
    SeatMoveReason.ACCESS: "Your seat is needed for someone who depends on it.",
    SeatMoveReason.AS_ASKED: "You asked us for another seat.",
}
