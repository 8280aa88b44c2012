"""The words of events and performances, prices and sale windows."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.core.money import in_words
from upstage_crm.pricing.views import PricedLine, Step, StepKind
from upstage_crm.programme.prices.views import Audience, CompReason, SaleChannel
from upstage_crm.programme.views import Access, PerformanceState

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
    "price_type_retired": "A price type is no longer offered. Load the page again.",
}
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
