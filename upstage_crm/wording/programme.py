"""The words of events and performances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import tzinfo

from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.programme.bulk_edit import BulkEdit, Preview
from upstage_crm.programme.copying import SeasonCopy
from upstage_crm.programme.views import Access, PerformanceState, PerformanceView
from upstage_crm.wording.consequences import counted

PROGRAMME_SENTENCES: Mapping[str, str] = {
    "event_text_missing": "Enter a title.",
    "event_minutes_unreadable": "Enter a whole number of minutes, {most} at most.",
    "picture_unreadable": "This file is no JPEG, PNG or WebP.",
    "picture_damaged": "This picture is damaged: it cannot be read to its end.",
    "picture_too_large": "This picture is too large. Up to {megabytes} MB and {megapixels} "
    "megapixels are taken.",
    "picture_too_small": "This picture is too small. It must be {least} pixels wide at least.",
    "picture_alt_missing": "Say what the picture shows.",
    "picture_unknown": "Choose a picture.",
    "performance_time_unreadable": "Enter a day and a time.",
    "performance_time_skipped": "On {day} the clocks go forward over this time: it does not exist. "
    "Choose another time.",
    "performance_time_doubled": "On {day} the clocks go back and this time comes twice. Choose "
    "another time.",
    "performance_shift_unreadable": "Enter a whole number of days, {most} at most; -7 for a week "
    "earlier.",
    "series_empty": "No day between the first and the last is on a chosen weekday.",
    "series_too_long": "These are more than {limit} performances. Add them in parts.",
    "season_copied_onto_itself": "Choose another season to copy it into.",
    "season_empty": "There is no event in this season.",
    "hall_taken": "Another performance begins in this hall on {day} at this time.",
    "event_unknown": "There is no such event.",
    "performance_unknown": "There is no such performance.",
    "event_changed_meanwhile": "A colleague has changed this since you opened it. Nothing was "
    "saved. Close it and open it again.",
    "performance_cancelled": "It is cancelled, which is for good.",
    "performance_over": "Its time is over.",
    "performance_not_on_sale": "It is not on sale.",
    "performance_on_sale": "It is on sale already.",
    "performance_not_ready": "Something has to be done before these can go on sale. Open this "
    "again to see what.",
    "performance_changed_meanwhile": "A colleague has changed this since. Nothing was changed: "
    "look at it again first.",
    "running_time_missing": "The event does not say how long it takes.",
    "hall_plan_missing": "The hall has no seat plan.",
}
PERFORMANCE_WORDS: Mapping[PerformanceState, str] = {
    PerformanceState.DRAFT: "Draft",
    PerformanceState.ON_SALE: "On sale",
    PerformanceState.PAUSED: "Paused",
    PerformanceState.PERFORMED: "Performed",
    PerformanceState.CANCELLED: "Cancelled",
}
ACCESS_WORDS: Mapping[Access, str] = {
    Access.CAPTIONED: "Captioned",
    Access.SIGNED: "Signed",
    Access.DESCRIBED: "Audio described",
    Access.RELAXED: "Relaxed",
}
EDITED_WORDS: Mapping[BulkEdit, str] = {
    BulkEdit.ON_SALE: "put on sale",
    BulkEdit.PAUSE: "paused",
    BulkEdit.CHANGE: "changed",
    BulkEdit.CANCEL: "cancelled",
}
_WILL: Mapping[BulkEdit, tuple[str, str]] = {
    BulkEdit.ON_SALE: ("goes on sale at once", "go on sale at once"),
    BulkEdit.PAUSE: ("is no longer sold", "are no longer sold"),
    BulkEdit.CHANGE: ("changes", "change"),
    BulkEdit.CANCEL: ("is cancelled for good", "are cancelled for good"),
}
_LEFT_OUT: Mapping[str, str] = {
    "hall_taken": "the hall is taken at that time",
    "performance_time_skipped": "the clocks go forward over that time",
    "performance_time_doubled": "that time comes twice when the clocks go back",
}
MOST_NAMED = 5  # performances that one line names


def running_words(minutes: str, interval: str) -> str:
    """How long an event takes: "2 h 20 min, with 20 min of interval"; "" when it is not said."""
    if not minutes:
        return ""
    hours, rest = divmod(int(minutes), 60)
    length = " ".join(filter(None, (f"{hours} h" if hours else "", f"{rest} min" if rest else "")))
    return f"{length}, with {interval} min of interval" if interval else f"{length}, no interval"


def edited_words(edit: BulkEdit, count: int) -> str:
    """What became of a press."""
    return f"{counted(count, 'performance')} {EDITED_WORDS[edit]}."


def preview_words(edit: BulkEdit, found: Preview, *, time_zone: tzinfo) -> list[str]:
    """What a press will do, and which performances it leaves as they are, and why."""
    on_sale = f", {found.on_sale:,} on sale" if found.on_sale else ""
    lines = [f"{counted(len(found.chosen), 'performance')}{on_sale}."]
    if found.applies:
        count = len(found.applies)
        lines.append(f"{count:,} {_WILL[edit][count != 1]}.")
    if found.stays:
        lines.append(f"{counted(len(found.stays), 'performance')} stay as they are.")
    by_reason: dict[str, list[PerformanceView]] = {}
    for one, refusals in found.left_out:
        by_reason.setdefault(" ".join(_reason(error) for error in refusals), []).append(one)
    return [
        *lines,
        *(f"Left out: {_named(some, time_zone)}. {why}" for why, some in by_reason.items()),
    ]


def _reason(error: UpstageError) -> str:
    facts = {name: str(value) for name, value in error.facts.items()}
    return PROGRAMME_SENTENCES[error.code].format_map(facts)


def _named(some: Sequence[PerformanceView], time_zone: tzinfo) -> str:
    """The first of them by day and time, and how many more."""
    named = [when.brief(one.starts_at, time_zone) for one in some[:MOST_NAMED]]
    more = len(some) - len(named)
    return "; ".join((*named, f"{more:,} more") if more else named)


def season_copy_words(found: SeasonCopy, *, target: str) -> list[str]:
    """What copying a season makes, and which performances it leaves out, and why."""
    lines = [f"{copied_words(found)} for the {target}."]
    if found.known:
        titles = ", ".join(found.known[:MOST_NAMED])
        lines.append(f"The {target} has events of the same title already: {titles}.")
    by_reason: dict[str, Counter[str]] = {}
    for one, why in found.left_out:
        by_reason.setdefault(_LEFT_OUT[why.code], Counter())[one.title] += 1
    for why, titles in by_reason.items():
        named = ", ".join(f"{title} ({count:,})" for title, count in titles.items())
        lines.append(f"Left out, because {why}: {named}.")
    return lines


def copied_words(found: SeasonCopy) -> str:
    """How much a copy of a season holds."""
    events = counted(len(found.events), "event")
    if not found.performances:
        return f"{events} without performances"
    return f"{events} with {counted(len(found.performances), 'performance')}"
