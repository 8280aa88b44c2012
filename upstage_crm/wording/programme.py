"""The words of events and performances."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.programme.views import Access, PerformanceState
from upstage_crm.wording.prices import PRICE_SENTENCES

PROGRAMME_SENTENCES: Mapping[str, str] = {
    "event_text_missing": "Enter a title.",
    "performance_time_unreadable": "Enter a day and a time.",
    "performance_time_skipped": "On {day} the clocks go forward over this time: it does not exist. "
    "Choose another time.",
    "performance_time_doubled": "On {day} the clocks go back and this time comes twice. Choose "
    "another time.",
    "series_empty": "No day between the first and the last is on a chosen weekday.",
    "series_too_long": "These are more than {limit} performances. Add them in parts.",
    "hall_taken": "Another performance begins in this hall on {day} at this time. Nothing was "
    "added.",
    "event_unknown": "There is no such event.",
    "performance_unknown": "There is no such performance.",
    "event_changed_meanwhile": "A colleague has changed this since you opened it. Nothing was "
    "saved. Close it and open it again.",
    "performance_cancelled": "This performance is cancelled already.",
    **PRICE_SENTENCES,
}
PERFORMANCE_WORDS: Mapping[PerformanceState, str] = {
    PerformanceState.DRAFT: "Draft",
    PerformanceState.CANCELLED: "Cancelled",
}
ACCESS_WORDS: Mapping[Access, str] = {
    Access.CAPTIONED: "Captioned",
    Access.SIGNED: "Signed",
    Access.DESCRIBED: "Audio described",
    Access.RELAXED: "Relaxed",
}
