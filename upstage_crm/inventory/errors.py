"""How inventory refuses.

Invalid
├── NothingWanted
├── SeatUnknown             facts: `seats`, `words`
├── LetterUnreadable
├── ReasonMissing
├── ReleasePassed
└── HallWithoutPlan
NotFound
├── NotLaidOut
├── UnknownPool
└── UnknownHouseHold
Conflict
├── SeatsTaken              facts: `seats`, `words`
├── SeatsLost               facts: `seats`, `words`
├── NoSeatsTogether         facts: `size`
├── PlacesTaken             facts: `pool`, `left`
├── PlacesLost
├── HoldLapsed
├── HoldAtItsEnd
├── NotSold                 facts: `seats`, `words`
├── PlanSold                facts: `seats`, `words`
├── HallLaidOut
└── PlanWithoutSeats        facts: `seats`, `words`
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid, NotFound


class NothingWanted(Invalid):
    """Neither a seat nor a place was chosen, or fewer than one of a pool."""

    code = "nothing_wanted"


class SeatUnknown(Invalid):
    """The performance has no such seats. Facts: `seats`, their ids; `words`."""

    code = "seat_unknown"


class LetterUnreadable(Invalid):
    """A house hold is named by one letter from A to Z."""

    code = "house_letter_unreadable"


class ReasonMissing(Invalid):
    """The house keeps nothing back without saying why."""

    code = "house_reason_missing"


class ReleasePassed(Invalid):
    """The time at which a house hold ends is over already."""

    code = "house_release_passed"


class HallWithoutPlan(Invalid):
    """The hall has no seat plan to lay a performance out by."""

    code = "hall_without_plan"


class NotLaidOut(NotFound):
    """The performance is not laid out: nothing of it can be held."""

    code = "not_laid_out"


class UnknownPool(NotFound):
    """There are no such places."""

    code = "pool_unknown"


class UnknownHouseHold(NotFound):
    """There is no such house hold, or it is released already."""

    code = "house_hold_unknown"


class SeatsTaken(Conflict):
    """Some of the seats are another's. Facts: `seats`, their ids; `words` name them."""

    code = "seats_taken"


class SeatsLost(Conflict):
    """Some of the seats are no longer held by this holder. Facts: `seats`, `words`."""

    code = "seats_lost"


class NoSeatsTogether(Conflict):
    """Too few seats are left for a party without one person alone. Facts: `size`."""

    code = "no_seats_together"


class PlacesTaken(Conflict):
    """A pool has fewer places left. Facts: `pool`, its name; `left`."""

    code = "places_taken"


class PlacesLost(Conflict):
    """The holder does not hold exactly these places any more."""

    code = "places_lost"


class HoldLapsed(Conflict):
    """The holder's time is over; what is still free can be held again."""

    code = "hold_lapsed"


class HoldAtItsEnd(Conflict):
    """The holder has had all the time that there is."""

    code = "hold_at_its_end"


class NotSold(Conflict):
    """Some of the seats or places were not sold by this sale. Facts: `seats`, `words`."""

    code = "not_sold"


class HallLaidOut(Conflict):
    """Some of the performance's seats are held, kept back or sold, so it stays in its hall."""

    code = "hall_laid_out"


class PlanSold(Conflict):
    """The new version lacks seats or places that are sold. Facts: `seats`, `words`."""

    code = "plan_sold"


class PlanWithoutSeats(Conflict):
    """The new version lacks seats or places that are held. Facts: `seats`, `words`."""

    code = "plan_without_seats"
