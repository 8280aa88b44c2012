"""How the programme refuses.

Invalid
├── EventTextMissing        facts: `text`
├── MinutesUnreadable       facts: `most`
├── TimeUnreadable
├── TimeSkipped             facts: `day`
├── TimeDoubled             facts: `day`
├── PictureTextMissing
├── PictureUnreadable
├── PictureDamaged
├── PictureTooLarge         facts: `megapixels`, `megabytes`
├── PictureTooSmall         facts: `least`
├── ShiftUnreadable         facts: `most`
├── SeriesEmpty
├── SeasonCopiedOntoItself
├── NothingToCopy
├── SeriesTooLong           facts: `limit`
└── HallTaken               facts: `day`
NotFound
├── UnknownEvent
├── UnknownPerformance
└── UnknownPicture
Conflict
├── EventChangedMeanwhile
├── PerformanceChangedMeanwhile
├── PerformanceCancelled
├── PerformanceOver
├── PerformanceNotOnSale
├── PerformanceOnSale
├── NotReadyForSale         facts: `obstacles`
├── RunningTimeMissing
└── PlanMissing
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid, NotFound


class EventTextMissing(Invalid):
    """A text that every event needs is empty. Facts: `text`."""

    code = "event_text_missing"


class MinutesUnreadable(Invalid):
    """A number of minutes is none, or more than may be. Facts: `most`."""

    code = "event_minutes_unreadable"


class TimeUnreadable(Invalid):
    """A day or a time of day is none."""

    code = "performance_time_unreadable"


class TimeSkipped(Invalid):
    """On that day the clocks go forward over this time: there is no such moment. Facts: `day`."""

    code = "performance_time_skipped"


class TimeDoubled(Invalid):
    """On that day the clocks go back: this time comes twice. Facts: `day`."""

    code = "performance_time_doubled"


class PictureTextMissing(Invalid):
    """It is not said what the picture shows."""

    code = "picture_alt_missing"


class PictureUnreadable(Invalid):
    """A file is none of the formats of pictures that we take."""

    code = "picture_unreadable"


class PictureDamaged(Invalid):
    """A picture ends too early, or is broken inside."""

    code = "picture_damaged"


class PictureTooLarge(Invalid):
    """A picture has more bytes or pixels than we take. Facts: `megapixels`, `megabytes`."""

    code = "picture_too_large"


class PictureTooSmall(Invalid):
    """A picture is narrower than what we show. Facts: `least`, in pixels."""

    code = "picture_too_small"


class ShiftUnreadable(Invalid):
    """A number of days to move by is none, or more than is moved at once. Facts: `most`."""

    code = "performance_shift_unreadable"


class SeriesEmpty(Invalid):
    """No day fits: the last is before the first, or none is on a chosen weekday."""

    code = "series_empty"


class SeriesTooLong(Invalid):
    """More performances than are made at once. Facts: `limit`."""

    code = "series_too_long"


class SeasonCopiedOntoItself(Invalid):
    """A season is copied into another one."""

    code = "season_copied_onto_itself"


class NothingToCopy(Invalid):
    """The season has no event."""

    code = "season_empty"


class HallTaken(Invalid):
    """Another performance begins in the hall at that moment. Facts: `day`."""

    code = "hall_taken"


class UnknownEvent(NotFound):
    """There is no such event."""

    code = "event_unknown"


class UnknownPerformance(NotFound):
    """There is no such performance."""

    code = "performance_unknown"


class UnknownPicture(NotFound):
    """There is no such picture."""

    code = "picture_unknown"


class EventChangedMeanwhile(Conflict):
    """A colleague changed it after the form was opened; saving would undo that."""

    code = "event_changed_meanwhile"


class PerformanceChangedMeanwhile(Conflict):
    """A colleague changed the performance since; doing this would undo that."""

    code = "performance_changed_meanwhile"


class PerformanceCancelled(Conflict):
    """The performance is cancelled already, which is for good."""

    code = "performance_cancelled"


class PerformanceOver(Conflict):
    """The performance has begun, or is over."""

    code = "performance_over"


class PerformanceNotOnSale(Conflict):
    """Only what is on sale can be paused, and what is paused is so already."""

    code = "performance_not_on_sale"


class PerformanceOnSale(Conflict):
    """The performance is on sale already."""

    code = "performance_on_sale"


class NotReadyForSale(Conflict):
    """The checks before a sale found faults. Facts: `obstacles`, how many."""

    code = "performance_not_ready"


class RunningTimeMissing(Conflict):
    """It is not said how long the event takes."""

    code = "running_time_missing"


class PlanMissing(Conflict):
    """The hall has no seat plan, so that there is nothing to sell."""

    code = "hall_plan_missing"
