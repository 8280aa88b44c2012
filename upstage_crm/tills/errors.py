"""How tills and shifts refuse.

Invalid
├── TillNameMissing
├── TillNameTaken
├── NothingMoved
└── MoveReasonMissing
NotFound
├── UnknownTill
├── UnknownShift
└── UnknownGift
Conflict
├── TillChangedMeanwhile
├── TillRetired
├── TillInUse               facts: `till`, `by`
├── ShiftElsewhere          facts: `till`
├── ShiftClosed
└── GiftDecided             facts: `by`
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid, NotFound


class TillNameMissing(Invalid):
    """A till has no name."""

    code = "till_name_missing"


class TillNameTaken(Invalid):
    """Another till that is not retired has this name, in this or another spelling."""

    code = "till_name_taken"


class NothingMoved(Invalid):
    """An amount of nothing is put into a drawer, or taken out of it."""

    code = "nothing_moved"


class MoveReasonMissing(Invalid):
    """Money leaves a drawer, or enters it, without a reason."""

    code = "move_reason_missing"


class UnknownTill(NotFound):
    """There is no such till."""

    code = "till_unknown"


class UnknownShift(NotFound):
    """There is no such shift."""

    code = "shift_unknown"


class UnknownGift(NotFound):
    """There are no such complimentary tickets to be given."""

    code = "gift_unknown"


class TillChangedMeanwhile(Conflict):
    """A colleague changed the till after the form was opened."""

    code = "till_changed_meanwhile"


class TillRetired(Conflict):
    """The till is not used any more."""

    code = "till_retired"


class TillInUse(Conflict):
    """A shift is open at the till. Facts: `till`, its name; `by`, whose shift it is."""

    code = "till_in_use"


class ShiftElsewhere(Conflict):
    """The staff member has an open shift at another till. Facts: `till`, its name."""

    code = "shift_elsewhere"


class ShiftClosed(Conflict):
    """The shift is closed: nothing is sold, moved or booked in it any more."""

    code = "shift_closed"


class GiftDecided(Conflict):
    """The complimentary tickets were given or declined before. Facts: `by`."""

    code = "gift_decided"
