"""The words of events and performances, prices and sale windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import tzinfo

from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.money import in_words
from upstage_crm.pricing.views import PricedLine, Step, StepKind
from upstage_crm.programme.bulk_edit import BulkEdit, Preview
from upstage_crm.programme.copying import SeasonCopy
from upstage_crm.programme.prices.views import Audience, CompReason, SaleChannel
from upstage_crm.programme.views import Access, PerformanceState, PerformanceView
from upstage_crm.wording.consequences import counted

PRICE_SENTENCES: Mapping[str, str] = {
    "amount_unreadable": "Write the amount in digits, such as {example}.",
    "amount_negative": "A price cannot be below zero.",
    "amount_too_fine": "Amounts in {currency} have {digits} decimals. Leave the others out.",
    "amount_too_large": "The largest amount is {most}.",
    "currency_unknown": "Choose a currency from the list.",
    "currency_in_use": "There are prices in {currency} already, so the currency stays.",
    "price_text_missing": "Enter a name.",
    "price_type_name_taken": "There is a price type with this name already.",
    "price_quantity_unreadable": "Enter a whole number up to {most}, or nothing.",
    "price_quantities_backwards": "The fewest tickets are more than the most.",
    "tax_rate_unreadable": "Enter a percentage from 0 to 100, such as 7.5.",
    "fee_incomplete": "A fee needs a name and an amount.",
    "fee_name_twice": "Two fees have the same name.",
    "fees_above_price": "The fees are more than the price of {price_type} in zone {zone}.",
    "prices_empty": "Enter at least one price.",
    "comp_priced": "Complimentary tickets are free and have no price.",
    "price_zone_unknown": "No seat plan of this event has the zone {zone}.",
    "prices_backwards": "These prices would end before they begin.",
    "window_backwards": "The sale would end before it begins.",
    "windows_overlap": "Another window for the same people and channel is open at that time.",
    "window_without_channel": "Choose where they can buy.",
    "window_name_missing": "Enter the code.",
    "price_type_unknown": "There is no such price type.",
    "tax_rate_unknown": "Choose a tax rate.",
    "price_list_unknown": "There are no prices of this version.",
    "window_unknown": "This sale window is gone.",
    "price_type_changed_meanwhile": "A colleague has changed this since you opened it. Nothing "
    "was saved. Close it and open it again.",
    "prices_changed_meanwhile": "A colleague saved other prices meanwhile. Nothing was saved; "
    "what you typed is kept.",
    "basket_line_twice": "A seat is in the basket twice.",
    "basket_not_priced": "There is no such price in zone {zone}.",
    "basket_too_few": "Take {least} tickets or more of {price_type}.",
    "basket_too_many": "Take {most} tickets at most of {price_type}.",
    "comp_reason_missing": "Say why {price_type} is given.",
    "comp_not_allowed": "Your role does not allow complimentary tickets.",
    "not_on_sale": "These tickets are not on sale here.",
    "not_on_sale_yet": "These tickets are on sale from {opens}.",
    "basket_currencies_differ": "These tickets cannot be bought together: their prices are in two "
    "currencies.",
    "zone_unpriced": "Zone {zone} has no price.",
    "sale_window_missing": "No sale window is open, and none opens before it begins.",
    "price_type_retired": "A price type is no longer offered. Load the page again.",
}
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
    **PRICE_SENTENCES,
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
AUDIENCE_WORDS: Mapping[Audience, str] = {
    Audience.PUBLIC: "Everyone",
    Audience.MEMBERS: "Members",
    Audience.PACKAGE_HOLDERS: "Package holders",
    Audience.STAFF: "Staff",
    Audience.CODE: "With a code",
}
CHANNEL_WORDS: Mapping[SaleChannel, str] = {
    SaleChannel.PORTAL: "Online",
    SaleChannel.BOX_OFFICE: "Box office",
    SaleChannel.PHONE: "Phone",
}
COMP_WORDS: Mapping[CompReason, str] = {
    CompReason.PRESS: "Press",
    CompReason.COMPANY: "Company and crew",
    CompReason.SPONSOR: "Sponsor",
    CompReason.COMMUNITY: "Community",
    CompReason.GOODWILL: "Goodwill",
}


def audience_words(audience: Audience, named: str) -> str:
    """Whom a window is for: "Members: Friend", "Everyone"."""
    words = AUDIENCE_WORDS[audience]
    return f"{words}: {named}" if named else words


def price_words(line: PricedLine, currency: str) -> list[str]:
    """How a price came about, rule by rule, and what is in it."""
    rules = [_step_words(step, currency) for step in line.steps]
    fees = [f"{fee.name} {in_words(fee.amount, currency)}" for fee in line.fees]
    tax = [f"{line.tax_rate.name} {in_words(line.tax, currency)}"] if line.tax else []
    parts = [*fees, *tax]
    return [*rules, *([f"Includes {', '.join(parts)}"] if parts else [])]


def _step_words(step: Step, currency: str) -> str:
    if step.kind is StepKind.COMP:
        return f"{step.name}: free, {COMP_WORDS[CompReason(step.rule_id)].lower()}"
    if step.kind is StepKind.REDUCTION:
        return f"{step.name}: {in_words(-step.amount, currency)} off"
    return f"{step.name}: {in_words(step.amount, currency)}, version {step.version} of the prices"


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
        *(
            f"Left out: {_named(some, time_zone, with_title=found.is_mixed)}. {why}"
            for why, some in by_reason.items()
        ),
    ]


def _reason(error: UpstageError) -> str:
    facts = {name: str(value) for name, value in error.facts.items()}
    return PROGRAMME_SENTENCES[error.code].format_map(facts)


def _named(some: Sequence[PerformanceView], time_zone: tzinfo, *, with_title: bool) -> str:
    """The first of them by day and time, and how many more."""
    named = [
        f"{one.title}, {when.brief(one.starts_at, time_zone)}"
        if with_title
        else when.brief(one.starts_at, time_zone)
        for one in some[:MOST_NAMED]
    ]
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
