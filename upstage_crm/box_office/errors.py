"""How the box office refuses what is typed.

Invalid
├── TypedUnreadable         facts: `text`
└── TypedTooMany            facts: `most`
Conflict
└── NoShift
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid


class TypedUnreadable(Invalid):
    """What was typed is no number of tickets. Facts: `text`."""

    code = "till_typed_unreadable"


class TypedTooMany(Invalid):
    """More tickets than one sale takes. Facts: `most`."""

    code = "till_typed_too_many"


class NoShift(Conflict):
    """The staff member has no open shift, so nothing is sold here."""

    code = "till_no_shift"
