"""How the programme refuses.

Invalid
├── EventTextMissing        facts: `text`
├── TimeUnreadable
├── TimeSkipped             facts: `day`
├── TimeDoubled             facts: `day`
├── SeriesEmpty
├── SeriesTooLong           facts: `limit`
└── HallTaken               facts: `day`
NotFound
├── UnknownEvent
└── UnknownPerformance
Conflict
├── EventChangedMeanwhile
└── PerformanceCancelled
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid, NotFound


class EventTextMissing(Invalid):
    """A text that every event needs is empty. Facts: `text`."""

    code = "event_text_missing"


class TimeUnreadable(Invalid):
    """A day or a time of day is none."""

    code = "performance_time_unreadable"


class TimeSkipped(Invalid):
    """On that day the clocks go forward over this time: there is no such moment. Facts: `day`."""

    code = "performance_time_skipped"


class TimeDoubled(Invalid):
    """On that day the clocks go back: this time comes twice. Facts: `day`."""

    code = "performance_time_doubled"


class SeriesEmpty(Invalid):
    """No day fits: the last is before the first, or none is on a chosen weekday."""

    code = "series_empty"


class SeriesTooLong(Invalid):
    """More performances than are made at once. Facts: `limit`."""

    code = "series_too_long"


class HallTaken(Invalid):
    """Another performance begins in the hall at that moment. Facts: `day`."""

    code = "hall_taken"


class UnknownEvent(NotFound):
    """There is no such event."""

    code = "event_unknown"


class UnknownPerformance(NotFound):
    """There is no such performance."""

    code = "performance_unknown"


class EventChangedMeanwhile(Conflict):
    """A colleague changed it after the form was opened; saving would undo that."""

    code = "event_changed_meanwhile"


class PerformanceCancelled(Conflict):
    """The performance is cancelled already, which is for good."""

    code = "performance_cancelled"
