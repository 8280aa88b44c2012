"""Reports as they are drawn: amounts in words, and where each number leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlmodel import Session

from upstage_crm.admin.reports.report_lines import Line
from upstage_crm.admin.reports.url import Of, dates_of, entries_href, one_day, sales_by
from upstage_crm.core import when
from upstage_crm.core.money import in_words
from upstage_crm.ledger.views import Account
from upstage_crm.pages.list_url import ListUrl
from upstage_crm.pages.periods import Period
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.reporting.views import (
    BookedEntry,
    Deferred,
    Sales,
    SalesBy,
    Takings,
    TakingsBy,
)
from upstage_crm.staff.accounts import labels_of
from upstage_crm.wording.programme import CHANNEL_WORDS
from upstage_crm.wording.sales.ledger import ACCOUNT_WORDS, POSTING_WORDS
from upstage_crm.wording.sales.reports import UNNAMED


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number of a report, and the entries that it sums."""

    words: str = ""
    href: str = ""


NOTHING = Number()


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesRow:
    """One line of sales."""

    name: str = ""
    sub: str = ""
    href: str = ""
    tickets: Number = NOTHING
    returned: str = ""
    gross: Number = NOTHING
    income: Number = NOTHING
    fees: Number = NOTHING
    tax: Number = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingsRow:
    """One line of takings."""

    name: str = ""
    sub: str = ""
    href: str = ""
    taken: Number = NOTHING
    given_back: Number = NOTHING
    net: Number = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredRow:
    """One performance with deferred income."""

    name: str = ""
    sub: str = ""
    href: str = ""
    income: Number = NOTHING
    fees: Number = NOTHING
    total: Number = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRowView:
    """One entry of the books."""

    time: str = ""
    time_iso: str = ""
    what: str = ""
    who: str = ""
    account: str = ""
    order: str = ""
    about: str = ""
    price: str = ""
    amount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One sum over a whole report."""

    label: str = ""
    words: str = ""
    href: str = ""


def sales_row(line: Line[Sales], by: SalesBy, url: ListUrl, currency: str) -> SalesRow:
    """One line of sales."""
    about = sales_filters(line.key, by, url)
    return SalesRow(
        name=line.name,
        sub=line.sub,
        href=_deeper(line.key, by, url) or entries_href(of=Of.SALES.value, **about),
        tickets=Number(words=f"{line.amounts.tickets:,}", href=_of(about)),
        returned=f"{line.amounts.returned:,} returned" if line.amounts.returned else "",
        **_sale_numbers(line.amounts, about, currency),
    )


def takings_row(line: Line[Takings], by: TakingsBy, url: ListUrl, currency: str) -> TakingsRow:
    """One line of takings; each number leads to what was taken and given back."""
    about = takings_filters(line.key, by, url)
    href = entries_href(of=Of.TAKINGS.value, **about)
    amounts = line.amounts
    return TakingsRow(
        name=line.name,
        sub=line.sub,
        href=href,
        taken=Number(words=in_words(amounts.taken, currency), href=href),
        given_back=Number(words=in_words(amounts.given_back, currency), href=href),
        net=Number(words=in_words(amounts.net, currency), href=href),
    )


def deferred_row(line: Line[Deferred], url: ListUrl, currency: str) -> DeferredRow:
    """One performance with deferred income."""
    about = deferred_filters(line.key, url)
    href = entries_href(of=Of.DEFERRED.value, **about)

    def number(amount: int, account: Account | None = None) -> Number:
        more = {"of": Of.DEFERRED.value} if account is None else {"account": account.value}
        return Number(words=in_words(amount, currency), href=entries_href(**more, **about))

    return DeferredRow(
        name=line.name,
        sub=line.sub,
        href=href,
        income=number(line.amounts.income, Account.DEFERRED_INCOME),
        fees=number(line.amounts.fees, Account.DEFERRED_FEES),
        total=number(line.amounts.total),
    )


def sales_totals(amounts: Sales, url: ListUrl, currency: str) -> list[Total]:
    """The sums of a report on sales."""
    about = _narrowing(url)
    numbers = _sale_numbers(amounts, about, currency)
    words = {"gross": "Gross", "income": "Income", "fees": "Fees", "tax": "Tax"}
    return [
        Total(label="Tickets", words=f"{amounts.tickets:,}", href=_of(about)),
        *(
            Total(label=words[name], words=number.words, href=number.href)
            for name, number in numbers.items()
        ),
    ]


def takings_totals(amounts: Takings, url: ListUrl, currency: str) -> list[Total]:
    """The sums of a report on takings."""
    href = entries_href(of=Of.TAKINGS.value, **dates_of(url))
    return [
        Total(label="Taken", words=in_words(amounts.taken, currency), href=href),
        Total(label="Given back", words=in_words(amounts.given_back, currency), href=href),
        Total(label="Net", words=in_words(amounts.net, currency), href=href),
    ]


def deferred_totals(amounts: Deferred, url: ListUrl, currency: str) -> list[Total]:
    """The sums of a report on deferred income."""
    href = entries_href(of=Of.DEFERRED.value, **deferred_filters("", url))
    return [
        Total(label="Deferred", words=in_words(amounts.total, currency), href=href),
        Total(label="Income", words=in_words(amounts.income, currency), href=href),
        Total(label="Fees", words=in_words(amounts.fees, currency), href=href),
    ]


def entry_rows(
    session: Session, found: Sequence[BookedEntry], *, currency: str, zone: tzinfo
) -> list[EntryRowView]:
    """Entries as they are drawn."""
    shown = {
        one.id: f"{one.title}, {when.short(one.starts_at, when.zone(one.zone))}"
        for one in programme.performances(
            session, {one.performance_id for one in found if one.performance_id}
        )
    }
    people = labels_of(session, {one.staff_id for one in found if one.staff_id})
    kinds = price_types(session)

    def row(one: BookedEntry) -> EntryRowView:
        type_name = kinds[one.type_id].name if one.type_id in kinds else ""
        channel = CHANNEL_WORDS[one.channel] if one.channel else ""
        return EntryRowView(
            time=when.short(one.booked_at, zone),
            time_iso=when.iso(one.booked_at),
            what=POSTING_WORDS[one.kind],
            who=people.get(one.staff_id, "") or channel,
            account=ACCOUNT_WORDS[one.account],
            order=one.reference,
            about=shown.get(one.performance_id, UNNAMED if one.performance_id else ""),
            price=", ".join(filter(None, (one.zone, type_name))),
            amount=in_words(one.amount, currency),
        )

    return [row(one) for one in found]


def sales_filters(key: str, by: SalesBy, url: ListUrl) -> dict[str, str]:
    """The filters that leave the entries of one line of sales."""
    about = _narrowing(url)
    return about | (one_day(key) if by is SalesBy.DAY else {by.value: key})


def takings_filters(key: str, by: TakingsBy, url: ListUrl) -> dict[str, str]:
    """The filters that leave the entries of one line of takings."""
    if by is TakingsBy.DAY:
        return one_day(key)
    name = "account" if by is TakingsBy.TENDER else by.value
    return dates_of(url) | {name: key}


def deferred_filters(performance_id: str, url: ListUrl) -> dict[str, str]:
    """The filters that leave the entries of what is deferred of a performance, or of all."""
    until = url.chosen.get("until", "")
    dates = {"when": Period.DATES.value, "to": until} if until else {}
    return {"performance": performance_id, **dates}


def _narrowing(url: ListUrl) -> dict[str, str]:
    return dates_of(url) | {name: url.chosen.get(name, "") for name in ("event", "performance")}


def _deeper(key: str, by: SalesBy, url: ListUrl) -> str:
    """Where a line of sales is told in parts: an event by performance, that by price type."""
    if by is SalesBy.EVENT and key:
        return sales_by(SalesBy.PERFORMANCE, event=key, **dates_of(url))
    if by is SalesBy.PERFORMANCE:
        return sales_by(SalesBy.PRICE_TYPE, performance=key, **dates_of(url))
    return ""


def _of(about: Mapping[str, str]) -> str:
    return entries_href(**{"of": Of.SALES.value, **about})


def _sale_numbers(amounts: Sales, about: Mapping[str, str], currency: str) -> dict[str, Any]:
    def number(amount: int, account: Account) -> Number:
        href = entries_href(**{"of": Of.SALES.value, "account": account.value, **about})
        return Number(words=in_words(amount, currency), href=href)

    return {
        "gross": Number(words=in_words(amounts.gross, currency), href=_of(about)),
        "income": number(amounts.income, Account.DEFERRED_INCOME),
        "fees": number(amounts.fees, Account.DEFERRED_FEES),
        "tax": number(amounts.tax, Account.TAX),
    }
