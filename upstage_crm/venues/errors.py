"""How venues and halls refuse.

Invalid
├── VenueTextMissing      facts: `text`
├── VenueNameTaken
└── HallNameTaken
NotFound
├── UnknownVenue
└── UnknownHall
Conflict
└── VenueChangedMeanwhile
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid, NotFound


class VenueTextMissing(Invalid):
    """A text that every venue or hall needs is empty. Facts: `text`."""

    code = "venue_text_missing"


class VenueNameTaken(Invalid):
    """Another venue has this name, in this or another spelling."""

    code = "venue_name_taken"


class HallNameTaken(Invalid):
    """Another hall of the venue has this name, in this or another spelling."""

    code = "hall_name_taken"


class UnknownVenue(NotFound):
    """There is no such venue."""

    code = "venue_unknown"


class UnknownHall(NotFound):
    """There is no such hall."""

    code = "hall_unknown"


class VenueChangedMeanwhile(Conflict):
    """A colleague changed it after the form was opened; saving would undo that."""

    code = "venue_changed_meanwhile"
