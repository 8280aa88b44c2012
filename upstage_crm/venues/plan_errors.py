"""How seat plans refuse.

Invalid
├── PlanEmpty
├── PlanTooLarge            facts: `limit`, `seats`
├── SectionNameTwice        facts: `section`
├── ZoneTwice               facts: `zone`
├── SeatLabelTwice          facts: `section`, `row`, `number`
├── SeatIdTwice             facts: `id`
├── SeatWithoutZone         facts: `section`, `row`, `number`, `zone`
├── DesignRefused           facts: `section`, `field`, and those of one below
│   ├── DesignTextMissing
│   ├── NumberOutOfRange    facts: `least`, `most`
│   ├── SeatsUnreadable
│   ├── RowLabelUnreadable
│   ├── RangeUnreadable     facts: `text`
│   ├── RangeNotThere       facts: `text`
│   ├── ZoneUnreadable      facts: `text`
│   └── ChoiceUnknown
└── SeatingFileRefused      facts: `faults`
Conflict
└── PlanChangedMeanwhile
NotFound
└── UnknownPlan
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid, NotFound


class PlanEmpty(Invalid):
    """The plan has neither a seat nor a place."""

    code = "plan_empty"


class PlanTooLarge(Invalid):
    """The plan has more seats than we take. Facts: `limit`, `seats`."""

    code = "plan_too_large"


class SectionNameTwice(Invalid):
    """Two sections have one name. Facts: `section`."""

    code = "plan_section_twice"


class ZoneTwice(Invalid):
    """Two zones have one name. Facts: `zone`."""

    code = "plan_zone_twice"


class SeatLabelTwice(Invalid):
    """Two seats cannot be told apart. Facts: `section`, `row`, `number`."""

    code = "plan_label_twice"


class SeatIdTwice(Invalid):
    """Two seats have one id. Facts: `id`."""

    code = "plan_id_twice"


class SeatWithoutZone(Invalid):
    """A seat belongs to no zone of the plan. Facts: `section`, `row`, `number`, `zone`."""

    code = "plan_zone_missing"


class DesignRefused(Invalid):
    """What was typed about a section cannot be built. Facts: `section`, `field`."""

    code = "design_refused"


class DesignTextMissing(DesignRefused):
    """A text that a section needs is empty."""

    code = "design_text_missing"


class NumberOutOfRange(DesignRefused):
    """A number is none, or too small or too large. Facts: `least`, `most`."""

    code = "design_number_out_of_range"


class SeatsUnreadable(DesignRefused):
    """The seats of the rows are not written in a way that we read."""

    code = "design_seats_unreadable"


class RowLabelUnreadable(DesignRefused):
    """The first row is neither a number nor letters that are left after those to skip."""

    code = "design_row_unreadable"


class RangeUnreadable(DesignRefused):
    """A range of seats is not written in a way that we read. Facts: `text`."""

    code = "design_range_unreadable"


class RangeNotThere(DesignRefused):
    """A range names a row or a seat that the section does not have. Facts: `text`."""

    code = "design_range_not_there"


class ZoneUnreadable(DesignRefused):
    """A zone is not one of the letters. Facts: `text`."""

    code = "design_zone_unreadable"


class ChoiceUnknown(DesignRefused):
    """A choice is none of those offered."""

    code = "design_choice_unknown"


class SeatingFileRefused(Invalid):
    """A file is no seat plan that we can read. Facts: `faults`, sentences by place."""

    code = "seating_file_refused"


class PlanChangedMeanwhile(Conflict):
    """A colleague saved another version since this one was begun."""

    code = "plan_changed_meanwhile"


class UnknownPlan(NotFound):
    """The hall has no plan of this version."""

    code = "plan_unknown"
